"""Ranks of true values are uniform where all is right, and bent where something is wrong on purpose."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from huyou_sim.inference.posterior import place_density
from huyou_sim.inference.sbc import calibration_ranks, uniformity


def test_ranks_of_a_linear_problem_are_uniform(linear_density):
    density, _, _ = linear_density()
    table = uniformity(calibration_ranks(density, datasets=300, steps=40))
    assert table.attrs["p_all"] > 0.01, table


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda d: dataclasses.replace(d, likelihood=dataclasses.replace(
            d.likelihood, covariance=d.likelihood.covariance / 6.0)), id="errors taken as too small"),
        pytest.param(lambda d: dataclasses.replace(d, likelihood=dataclasses.replace(
            d.likelihood, covariance=d.likelihood.covariance * 9.0)), id="errors taken as too large"),
        pytest.param(lambda d: dataclasses.replace(d, simulate=lambda v: 0.5 + d.simulate(v)), id="model off"),
    ],
)  # fmt: skip
def test_a_likelihood_that_is_wrong_on_purpose_shows(wrong, linear_density):
    density, _, _ = linear_density()
    found = calibration_ranks(wrong(density), datasets=300, steps=40, truth=density)
    table = uniformity(found)
    assert table.attrs["p_all"] < 1e-3, table


def test_a_prior_that_is_wrong_on_purpose_shows(linear_density):
    density, _, _ = linear_density()

    def shifted(one):
        params = {**one.prior.params, "mean": one.prior.params["mean"] + 1.0}
        return dataclasses.replace(one, prior=dataclasses.replace(one.prior, params=params))

    wrong = dataclasses.replace(density, parameters=tuple(shifted(one) for one in density.parameters))
    found = calibration_ranks(wrong, datasets=300, steps=40, truth=density)
    assert uniformity(found).attrs["p_all"] < 1e-3


def test_the_statistic_is_as_strict_as_it_says():
    """Uniform ranks give p below 5 % one time in twenty, heaped ones always."""
    rng = np.random.default_rng(4)
    uniform = xr.Dataset(
        {"rank": (("dataset", "parameter"), rng.integers(0, 64, (200, 200)))},
        coords={"parameter": [f"p{i}" for i in range(200)]},
        attrs={"draws": 63},
    )
    table = uniformity(uniform)
    for column in ("p_chi_square", "p_ecdf"):
        assert 0.01 < (table[column] < 0.05).mean() < 0.1
    heaped = uniform.assign(rank=uniform["rank"] // 2 + 16)
    assert (uniformity(heaped)["p"] < 1e-3).all()


def test_the_same_seed_gives_the_same_ranks(linear_density):
    density, _, _ = linear_density()
    one, two = (calibration_ranks(density, datasets=20, steps=6, seed=7) for _ in range(2))
    assert one.identical(two)


@pytest.mark.slow
def test_ranks_of_huzhou_over_200_data_sets_are_uniform(pack, baseline):
    """The whole of it: priors, model, likelihood and moves of the place itself."""
    found = calibration_ranks(place_density(pack, baseline), datasets=200, steps=40)
    table = uniformity(found)
    print(table.to_string(index=False, float_format=lambda x: f"{x:.3f}"))
    print(f"all parameters: p = {table.attrs['p_all']:.3f}; acceptance {float(found['acceptance'].mean()):.2f}")
    assert table.attrs["p_all"] > 0.01
    assert float(found["acceptance"].min()) > 0.1
