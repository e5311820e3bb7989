"""Sobol indices: of functions whose indices are known, and of the model."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import sobol_indices, uniform

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.sensitivity import COLUMNS, designed, factors_of, sobol_of, sobol_table
from huyou_sim.policy import load_scenario


def ishigami(x):
    return np.sin(x[..., 0]) + 7.0 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


def on_cube(cube, second):
    """Return Ishigami's function, and a constant, of points of the unit cube."""
    value = ishigami(np.pi * (2.0 * cube - 1.0))
    return np.stack([value, np.ones_like(value)], axis=-1)


# a = 7, b = 0.1. Source: Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, section 4.
FIRST, TOTAL = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]


def test_indices_of_ishigami():
    found = sobol_of(on_cube, 3, points=2048, resamples=100)
    np.testing.assert_allclose(found["first_order"][0], FIRST, atol=0.02)
    np.testing.assert_allclose(found["total"][0], TOTAL, atol=0.02)
    for name, exact in (("first_order", FIRST), ("total", TOTAL)):
        assert (found[f"{name}_low"][0] <= np.array(exact) + 0.01).all()
        assert (found[f"{name}_high"][0] >= np.array(exact) - 0.01).all()
    assert (found["total"][0] >= found["first_order"][0] - 0.01).all()
    assert found["mean"][0] == pytest.approx(3.5, abs=0.02)


def test_an_output_that_does_not_vary_has_no_indices():
    found = sobol_of(on_cube, 3, points=16, resamples=5)
    assert np.isnan(found["total"][1]).all()
    assert found["sd"][1] == 0.0


def test_indices_are_near_those_of_scipy_s_own_design():
    dists = [uniform(-np.pi, 2.0 * np.pi)] * 3
    scipys = sobol_indices(func=lambda x: ishigami(x.T), n=1024, dists=dists, rng=np.random.default_rng(3))
    found = sobol_of(on_cube, 3, points=1024, resamples=5)
    np.testing.assert_allclose(found["total"][0], scipys.total_order, atol=0.05)


def test_results_repeat_themselves():
    first, second = (sobol_of(on_cube, 3, points=64, resamples=20) for _ in range(2))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


@pytest.mark.parametrize(("points", "fix"), [(100, "Type 128"), (1, "Type 2"), (0, "Type 2")])
def test_points_are_a_power_of_two(points, fix):
    with pytest.raises(ArgumentError, match=f"a power of two, 2 or more. {fix}"):
        sobol_of(on_cube, 3, points=points)


@pytest.fixture(scope="module")
def made_up(small):
    """Return a posterior of three parameters, two of which are correlated."""
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(1, 600))
    logs = {
        "first_birth_level": 0.1 * shared + 0.05 * rng.normal(size=(1, 600)),
        "higher_birth_level": -0.1 * shared + 0.05 * rng.normal(size=(1, 600)),
        "mortality_level": 0.05 * rng.normal(size=(1, 600)),
    }
    data = {name: (("chain", "draw"), 0.7 * np.exp(value)) for name, value in logs.items()}
    return xr.Dataset(data, attrs={"converged": 1, "effective_size": 600.0})


@pytest.fixture(scope="module")
def table(fitted, made_up):
    ensemble = prepare_ensemble(fitted, made_up, 4, until=2025)
    return ensemble, sobol_table(ensemble, load_scenario("plan_as_written"), made_up, points=32, resamples=20)


def test_every_parameter_stands_in_the_table_once_for_each_target(table):
    ensemble, found = table
    assert list(found.columns) == list(COLUMNS)
    names = sorted(one.name for one in ensemble.draws.parameters)
    for _, rows in found[found["kind"] != "yearly"].groupby("variable"):
        assert sorted(" ".join(rows["members"]).split()) == names
    assert found["variable"].nunique() == 7
    assert found.attrs["evaluations"] == 32 * (found["factor"].nunique() + 2)


def test_parameters_that_are_correlated_share_a_group(table):
    _, found = table
    groups = found[found["kind"] == "group"]["members"].unique()
    assert groups.tolist() == ["first_birth_level higher_birth_level"]
    assert found.attrs["largest_left"] < 0.1


def test_what_cannot_move_a_figure_has_no_share_in_it(table):
    _, found = table
    rows = found.set_index(["variable", "factor"])["total"]
    assert abs(rows["infant_mortality_rate", "A1"]) < 1e-9
    assert abs(rows["married_share_20_29", "E1"]) < 1e-9
    assert rows["infant_mortality_rate", "infant_mortality_level"] > 0.3
    assert np.isnan(rows["ideal_children", "D1"])


def test_factors_are_sorted_within_a_target(table):
    _, found = table
    assert (found.dropna().groupby("variable")["total"].diff().dropna() <= 1e-12).all()
    assert found["label_zh"].str.len().min() > 0
    assert found["indicator_id"].is_monotonic_increasing


def test_the_difference_of_two_scenarios_is_of_the_levers(fitted, base):
    ensemble = prepare_ensemble(fitted, None, 4, until=2025)
    found = sobol_table(ensemble, load_scenario("marriage_strong"), None, against=base, points=32, resamples=5)
    first = found[found["variable"] == "married_share_20_29"].iloc[0]
    assert first["factor"] in ("C1", "C4")
    assert first["sd"] < 1.0


def test_the_design_takes_whole_rows_and_other_years(table, made_up):
    ensemble, _ = table
    rows = {str(name): made_up[name].values.ravel() for name in made_up.data_vars}
    factors, _ = factors_of(ensemble.draws.parameters, rows)
    cube = np.random.default_rng(5).random((1, 8, len(factors))).repeat(2, axis=0)
    second = np.zeros((2, len(factors)), dtype=bool)
    second[1] = [factor.key == "births_yearly_shock: years" for factor in factors]
    made = designed(ensemble, factors, rows, cube, second, seed=1)
    pairs = set(zip(rows["first_birth_level"], rows["higher_birth_level"], strict=True))
    drawn = made.draws.values
    assert set(zip(drawn["first_birth_level"], drawn["higher_birth_level"], strict=True)) <= pairs
    assert (made.first[:8] == made.first[8:]).all()
    changed = {
        channel
        for k, channel in enumerate(ensemble.baseline.space.channels)
        if (made.shocks[:8, k] != made.shocks[8:, k]).any()
    }
    assert changed == {c for c in ensemble.baseline.space.channels if c.startswith(("birth_1", "birth_2", "birth_3"))}
