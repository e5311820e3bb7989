"""An ensemble's draws: whole rows of the posterior, priors for the rest, stable against every addition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES
from huyou_sim.demography.projection import project
from huyou_sim.errors import ArgumentError
from huyou_sim.inference.draws import draw_multipliers, ensemble_draws, evidence_of
from huyou_sim.inference.parameters import parameters_of
from huyou_sim.inference.posterior import Plan, sample_place
from huyou_sim.inference.trends import damped_years, trend_multipliers, trend_parameters
from huyou_sim.planning.packages import fit_pack, project_scenarios
from huyou_sim.policy import load_scenarios
from huyou_sim.policy.measures import Trends


@pytest.fixture(scope="module")
def posterior(pack, baseline):
    return sample_place(pack, baseline, plan=Plan(chains=2, walkers=32, steps=12, most_steps=12))


@pytest.fixture(scope="module")
def draws(pack, posterior):
    return ensemble_draws(pack, posterior, 300)


def test_values_of_a_draw_are_one_row_of_the_posterior(draws, posterior):
    rows = np.stack([posterior[name].values.reshape(-1) for name in posterior.data_vars], axis=1)
    found = np.stack([draws.values[str(name)] for name in posterior.data_vars], axis=1)
    known = {row.tobytes() for row in np.ascontiguousarray(rows)}
    assert all(row.tobytes() in known for row in np.ascontiguousarray(found))
    assert draws.from_posterior == {str(name) for name in posterior.data_vars}
    assert "not converged" in draws.mark, "the mark goes along"


def test_no_row_comes_twice_before_all_have_come(pack, posterior):
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    index = posterior.assign(mortality_level=(("chain", "draw"), np.arange(size, dtype=float).reshape(2, -1)))
    found = ensemble_draws(pack, index, size + 5).values["mortality_level"]
    assert sorted(found[:size]) == list(range(size))
    assert np.array_equal(found[size:], found[:5])


def test_a_larger_ensemble_begins_like_a_smaller_one(pack, posterior, draws):
    more = ensemble_draws(pack, posterior, 500)
    for name, values in draws.values.items():
        assert np.array_equal(more.values[name][:300], values), name
    part = more.part(range(100, 300))
    assert len(part) == 200
    assert np.array_equal(part.values["C5"], draws.values["C5"][100:300])


def test_another_parameter_changes_no_draw(pack, posterior, draws):
    fewer = pack.parameters[pack.parameters["name"] != "third_birth_trend"].reset_index(drop=True)
    found = ensemble_draws(dataclasses.replace(pack, parameters=fewer), posterior, 300)
    assert "third_birth_trend" not in found.values
    for name, values in found.values.items():
        assert np.array_equal(values, draws.values[name]), name


def test_what_is_not_sampled_follows_its_prior(pack):
    found = ensemble_draws(pack, None, 3000)
    assert found.mark == ""
    for one in found.parameters:
        assert stats.kstest(found.values[one.name], one.distribution.cdf).pvalue > 1e-4, one.name


def test_priors_of_different_parameters_are_independent(pack):
    found = ensemble_draws(pack, None, 3000)
    ranks = np.stack([stats.rankdata(values) for values in found.values.values()])
    off = np.corrcoef(ranks) - np.eye(len(ranks))
    assert np.abs(off).max() < 0.09


def test_the_shock_is_of_the_first_year_only(baseline, draws):
    log, migration = draw_multipliers(baseline, draws, [2021, 2022, 2023])
    assert log.dims == ("draw", "area", "channel", "year")
    at = {"area": "330502", "channel": "birth_1_15_29"}
    first, later = (log.sel(**at, year=year).values for year in (2021, 2022))
    assert np.allclose(first - later, draws.values["births_2021_shock"])
    assert np.allclose(later, np.log(draws.values["first_birth_level"]))
    assert np.array_equal(later, log.sel(**at, year=2023).values)
    deaths = log.sel(area="330502", channel="mortality")
    assert float(np.ptp(deaths.values, axis=deaths.get_axis_num("year")).max()) == 0.0
    more = migration.sel(area="330503", component="more").values
    assert np.array_equal(more, draws.values["more_migrants_330503"])
    assert (migration.sel(component="observed") == 1.0).all()


def test_trends_of_a_draw_are_its_own(baseline, draws):
    evidence = evidence_of(draws)
    parameters = trend_parameters(baseline, evidence)
    shift = evidence["mortality_trend_shift"]
    assert np.allclose(parameters["mortality_trend"], baseline.mortality_trend + shift)
    years = [2021, 2022, 2025]
    log = trend_multipliers(baseline, parameters, {"s": Trends()}, years).sel(scenario="s")
    assert (log.sel(year=2021) == 0.0).all()
    for draw in (0, 7):
        passed = damped_years(years, 2021, float(evidence["trend_half_life"][draw]))
        found = log.sel(draw=draw, channel="birth_3_15_29").values
        assert np.allclose(found, evidence["third_birth_trend"][draw] * passed)


def test_central_values_have_the_trends_of_the_assumptions(pack, baseline):
    central = {name: np.array([value]) for name, value in (("C5", -0.05), ("C6", -0.03), ("C7", 0.0), ("X3", -0.02))}
    parameters = trend_parameters(baseline, central)
    assert parameters["third_birth_trend"].tolist() == [0.0]
    assert parameters["trend_half_life"].tolist() == [8.0]
    starts = {one.name: one.start for one in parameters_of(pack)}
    for name in ("first_birth_trend", "infant_mortality_trend", "migration_trend", "trend_half_life"):
        assert parameters[name].tolist() == [starts[name]]


def test_an_ensemble_lies_around_the_central_run_and_widens(pack, baseline, draws):
    """The bands of 2022-2025 hold the central run, and what is uncertain grows with the years."""
    years = list(range(2021, 2026))
    chosen = draws.part(range(200))
    trends = trend_parameters(baseline, evidence_of(chosen))
    log, migration = draw_multipliers(baseline, chosen, years)
    log = log + trend_multipliers(baseline, trends, {"s": Trends()}, years).sel(scenario="s", drop=True)
    result = project(
        baseline.stock, baseline.rates, baseline.space, years=years, log_multipliers=log, migration_level=migration,
        draws=len(chosen), keep=AGGREGATES, total=baseline.code,
    )  # fmt: skip
    found = indicators(result, baseline.death_rates).sel(area=baseline.code).isel(scenario=0)
    central, _ = project_scenarios(fit_pack(pack), load_scenarios(["no_new_policy"], areas=baseline.areas), until=2025)
    middle = indicators(central, baseline.death_rates).sel(area=baseline.code).isel(scenario=0, draw=0)
    for name in ("tfr", "births", "deaths", "natural_increase_rate", "share_second_third", "population_total"):
        low, high = found[name].quantile([0.05, 0.95], "draw").transpose("quantile", "year").values
        assert ((low < middle[name]) & (middle[name] < high)).all(), name
        assert name in ("deaths", "share_second_third") or (high - low)[-1] > 1.3 * (high - low)[0], name


def test_a_foreign_posterior_and_no_draws_are_refused(pack, posterior):
    with pytest.raises(ArgumentError, match="1 or more"):
        ensemble_draws(pack, posterior, 0)
    foreign = xr.Dataset({"something": (("chain", "draw"), np.zeros((1, 3)))}, attrs=posterior.attrs)
    with pytest.raises(ArgumentError, match="something"):
        ensemble_draws(pack, foreign, 10)
