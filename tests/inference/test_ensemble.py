"""Ensembles: the same random numbers for every scenario, whatever the parts, the order, the size or the last year."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from huyou_sim.errors import ArgumentError
from huyou_sim.inference import ensemble as module
from huyou_sim.inference.draws import Draws
from huyou_sim.inference.ensemble import prepare_ensemble, project_ensemble
from huyou_sim.inference.parameters import YEARLY, all_parameters
from huyou_sim.inference.posterior import Plan, sample_place
from huyou_sim.planning.packages import fit_pack, project_scenarios
from huyou_sim.policy import load_scenarios

DRAWS = 40


@pytest.fixture(scope="module")
def place(pack, baseline):
    return SimpleNamespace(pack=pack, baseline=baseline)


@pytest.fixture(scope="module")
def scenarios(baseline):
    return load_scenarios(["no_new_policy", "everything_together"], areas=baseline.areas)


@pytest.fixture(scope="module")
def ensemble(place):
    return prepare_ensemble(place, None, DRAWS, until=2025)


@pytest.fixture(scope="module")
def found(ensemble, scenarios):
    return ensemble.project(scenarios)


def test_it_has_every_indicator_of_the_place_and_says_what_it_rests_on(found, baseline):
    assert found["tfr"].dims == ("scenario", "draw", "area", "year")
    assert found["area"].values.tolist() == [baseline.code]
    assert found["year"].values.tolist() == [2021, 2022, 2023, 2024, 2025]
    assert {"tfr", "life_expectancy", "ideal_children", "childcare_coverage"} <= set(found.data_vars)
    assert (found.attrs["mark"], found.attrs["posterior"], found.attrs["effective_draws"]) == ("", "", DRAWS)
    assert all(np.isfinite(array.values).all() for array in found.data_vars.values())


def test_equal_scenarios_differ_by_nothing_at_all(ensemble, scenarios):
    twin = dataclasses.replace(scenarios[1], key="twin")
    both = ensemble.project([scenarios[1], twin])
    for name, array in both.data_vars.items():
        assert float(np.abs(array.diff("scenario")).max()) == 0.0, name


def test_same_random_numbers_make_differences_nearly_free_of_noise(found):
    tfr = found["tfr"].sel(year=2025).squeeze("area")
    assert float(tfr.diff("scenario").std()) < 0.2 * float(tfr.std("draw").mean())
    first = found.sel(year=2021)
    assert float(np.abs(first["births"].diff("scenario")).max()) == 0.0, "no lever acts in the calibration year"


def test_order_of_scenarios_and_other_scenarios_change_nothing(ensemble, scenarios, found):
    turned = ensemble.project(scenarios[::-1])
    alone = ensemble.project(scenarios[1:])
    for name in found.data_vars:
        assert np.array_equal(turned[name].sel(scenario=found["scenario"]), found[name]), name
        assert np.array_equal(alone[name], found[name].isel(scenario=[1])), name


@pytest.mark.parametrize("trajectories", [1, 14])
def test_parts_change_no_bit(ensemble, scenarios, found, monkeypatch, trajectories):
    monkeypatch.setattr(module, "TRAJECTORIES", trajectories)
    parts = ensemble.project(scenarios, until=2023)
    xr.testing.assert_identical(parts["births"], found["births"].sel(year=slice(None, 2023)))


def test_threads_change_no_bit(ensemble, scenarios, found):
    assert np.array_equal(ensemble.project(scenarios, threads=1)["tfr"], found["tfr"])


def test_a_larger_ensemble_begins_like_a_smaller_one_and_a_longer_like_a_shorter(place, scenarios, found):
    small = prepare_ensemble(place, None, 3, until=2027).project(scenarios)
    for name, array in small.data_vars.items():
        if name != "tempo_adjusted_tfr":  # whose last year is a one-sided difference
            expected = found[name].isel(draw=slice(3))
            assert np.allclose(array.sel(year=slice(None, 2025)), expected, rtol=1e-11, atol=1e-11), name


def test_another_seed_is_another_ensemble(place, scenarios, found):
    other = project_ensemble(place, scenarios, draws=3, seed=5, until=2025)
    assert not np.isclose(other["tfr"], found["tfr"].isel(draw=slice(3))).any()


def test_areas_and_variables_that_are_asked_for(ensemble, scenarios, found, baseline):
    asked = ensemble.project(scenarios, until=2022, areas=[*baseline.areas, baseline.code], variables=["births"])
    assert list(asked.data_vars) == ["births"]
    whole = asked["births"].sel(area=baseline.code)
    assert np.allclose(asked["births"].sel(area=list(baseline.areas)).sum("area"), whole)
    assert np.array_equal(whole, found["births"].sel(year=[2021, 2022]).squeeze("area"))


def test_without_anything_unknown_it_is_the_central_run(pack, place, monkeypatch):
    """One draw with every parameter at its start, the levels as fitted and no shock: the run of `huyou run`."""
    fit = fit_pack(pack)
    parameters = all_parameters(pack)
    fitted = dict(zip((p.name for p in fit.calibration.parameters), fit.calibration.values, strict=True))
    values = {p.name: np.array([0.0 if p.role == YEARLY else fitted.get(p.name, p.start)]) for p in parameters}
    drawn = Draws(parameters, MappingProxyType(values))
    monkeypatch.setattr(module, "ensemble_draws", lambda *_, **__: drawn)
    scenarios = load_scenarios(["everything_together"], areas=place.baseline.areas)
    one = prepare_ensemble(place, None, 1, until=2026).project(scenarios)
    _, central = project_scenarios(fit, scenarios, until=2026)
    for name, array in one.data_vars.items():
        expected = central[name].sel(area=[place.baseline.code])
        assert np.allclose(array, expected, rtol=1e-6, atol=1e-6), name


def test_bands_widen_and_shocks_of_single_years_are_a_part_of_them(pack, baseline, place, scenarios):
    wide = prepare_ensemble(place, None, 200, until=2025).project(scenarios[:1], variables=["tfr"])
    calm = pack.parameters[pack.parameters["role"] != YEARLY].reset_index(drop=True)
    without = SimpleNamespace(pack=dataclasses.replace(pack, parameters=calm), baseline=baseline)
    narrow = prepare_ensemble(without, None, 200, until=2025).project(scenarios[:1], variables=["tfr"])

    assert np.array_equal(wide["tfr"].sel(year=2021), narrow["tfr"].sel(year=2021)), "it has a shock of its own"

    def spread(dataset):
        return np.log(dataset["tfr"] / dataset["tfr"].sel(year=2021)).std("draw").squeeze().values

    assert (spread(wide)[1:] > spread(narrow)[1:]).all()
    assert (np.diff(spread(wide)) > 0.0).all()


def test_rows_of_a_posterior_bring_its_mark_and_its_memory(pack, baseline, place, scenarios):
    posterior = sample_place(pack, baseline, plan=Plan(chains=2, walkers=32, steps=12, most_steps=12))
    found = prepare_ensemble(place, posterior, 20, until=2021).project(scenarios[:1])
    assert "not converged" in found.attrs["mark"]
    assert found.attrs["effective_draws"] < 20
    assert set(found.attrs["posterior"].split()) == {str(name) for name in posterior.data_vars}


def test_mistakes_say_what_to_type(place, ensemble, scenarios):
    with pytest.raises(ArgumentError, match="1 or more"):
        prepare_ensemble(place, None, 0)
    with pytest.raises(ArgumentError, match="a year from 2021 to 2100"):
        prepare_ensemble(place, None, 2, until=2101)
    with pytest.raises(ArgumentError, match="a year from 2021 to 2025"):
        ensemble.project(scenarios, until=2026)
    with pytest.raises(ArgumentError, match="at least one"):
        ensemble.project([])
    with pytest.raises(ArgumentError, match="no_new_policy, no_new_policy"):
        ensemble.project([scenarios[0], scenarios[0]])
