"""Errors of an ensemble of finite size, against repeated ensembles, scipy and known formulas."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mstats

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.monte_carlo import bands, effective_draws, probability_error, quantile_error

VALUES = arrays(np.float64, st.tuples(st.integers(2, 60), st.just(2)), elements=st.floats(-1e6, 1e6))


def dataset(values, **attrs):
    coords = {"draw": np.arange(len(values)), "year": [2021, 2022]}
    return xr.Dataset({"x": (("draw", "year"), values, {"units": "persons"})}, coords, attrs)


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.95])
def test_the_error_of_a_quantile_is_what_repeated_ensembles_show(probability):
    rng = np.random.default_rng(1)
    samples = np.sort(rng.normal(size=(1000, 3000)), axis=0)
    true = np.quantile(samples, probability, axis=0).std()
    assert quantile_error(samples, probability).mean() == pytest.approx(true, rel=0.08)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_the_error_of_a_quantile_agrees_with_scipy(probability):
    sample = np.random.default_rng(2).normal(3e6, 2e4, 2000)
    expected = mstats.mjci(sample, prob=[probability])[0]
    assert float(quantile_error(np.sort(sample), probability)) == pytest.approx(expected, rel=0.02)


@given(VALUES)
def test_bands_are_quantiles_and_do_not_cross(values):
    found = bands(dataset(values), levels=[0.9, 0.5])
    assert found["quantile"].values.tolist() == [0.05, 0.25, 0.5, 0.75, 0.95]
    value, error = found["x"].sel(figure="value"), found["x"].sel(figure="mc_error")
    assert (value.diff("quantile") >= 0.0).all()
    assert np.allclose(value.sel(quantile=0.05), np.quantile(values, 0.05, axis=0))
    assert (error >= 0.0).all()
    assert (error <= np.ptp(values, axis=0) + 1e-9).all()
    assert found["x"].attrs["units"] == "persons"


@given(VALUES, st.permutations(range(5)))
def test_bands_do_not_depend_on_the_order_of_draws(values, order):
    five = np.resize(values, (5, 2))
    xr.testing.assert_identical(bands(dataset(five)), bands(dataset(five[list(order)])))


def test_draws_that_are_worth_less_have_larger_errors():
    values = np.random.default_rng(3).normal(size=(200, 2))
    plain, fewer = bands(dataset(values)), bands(dataset(values, effective_draws=50.0))
    ratio = fewer["x"].sel(figure="mc_error") / plain["x"].sel(figure="mc_error")
    assert np.allclose(ratio, 2.0)


def test_a_single_draw_has_no_error_to_tell():
    found = bands(dataset(np.array([[1.0, 2.0]])))["x"].sel(figure="mc_error")
    assert np.isnan(found).all()


def test_a_level_outside_is_refused():
    with pytest.raises(ArgumentError, match=r"0\.9 for 90 %"):
        bands(dataset(np.zeros((3, 2))), levels=[90])


@given(st.floats(0.0, 1.0), st.integers(1, 10**6))
def test_the_error_of_a_probability_is_never_none_and_near_the_binomial(share, draws):
    error = float(probability_error(share, draws))
    assert 0.0 < error <= 0.5
    assert float(probability_error(1.0 - share, draws)) == pytest.approx(error)
    if draws * min(share, 1.0 - share) > 100.0:
        assert error == pytest.approx(np.sqrt(share * (1.0 - share) / draws), rel=0.01)


def test_rows_of_a_chain_are_worth_less_than_independent_draws():
    chain = xr.Dataset(attrs={"effective_size": 2000.0})
    assert effective_draws(2000, None) == 2000.0
    assert effective_draws(2000, chain) == pytest.approx(1000.0)
    assert effective_draws(10**9, chain) == pytest.approx(2000.0, rel=1e-5)
