"""Net migration after the calibration year: what is added, to whom, and that the calibration year has none of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.demography.baseline import age_shift
from huyou_sim.demography.projection import project
from huyou_sim.inference.draws import ensemble_draws
from huyou_sim.inference.later_migration import (
    lasting,
    migration_levels,
    residents_in_thousands,
    shifted_rates,
    shifts_of,
)
from huyou_sim.inference.parameters import ages_of, parameters_of
from huyou_sim.inference.trends import damped_years, migrant_trends
from huyou_sim.policy.measures import Trends

YEARS = [2021, 2022, 2023]


@pytest.fixture(scope="module")
def rates(pack, baseline):
    return shifted_rates(baseline, parameters_of(pack))


def names(rates):
    return [str(name) for name in rates.net_migrants["component"].values]


def test_a_shift_moves_one_person_into_its_ages_and_changes_no_sum(pack, baseline, rates):
    oldest = int(baseline.stock.population["age"][-1])
    shifts = shifts_of(parameters_of(pack), oldest)
    assert names(rates) == ["observed", "more", *(one.name for one in shifts)]
    covered = [age for one in shifts for age in range(ages_of(one.ages)[0], ages_of(one.ages)[1] + 1)]
    assert covered == list(range(oldest + 1)), "every age belongs to one broad group"
    for one in shifts:
        part = rates.net_migrants.sel(component=one.name).sum("sex")
        lower, upper = ages_of(one.ages)
        np.testing.assert_allclose(part.sum("age"), 0.0, atol=1e-12)
        np.testing.assert_allclose(part.sel(age=slice(lower, upper)).sum("age"), 1.0)
        assert (part.sel(age=slice(lower, upper)) >= 0).all()


def test_those_who_come_more_are_like_the_residents_of_their_ages(baseline):
    more = baseline.rates.net_migrants.sel(component="more", drop=True)
    shift = age_shift(baseline.stock.population, more, 65, 100).sel(area="330503")
    people = baseline.stock.population.sel(area="330503", age=slice(65, None))
    np.testing.assert_allclose(shift.sel(age=slice(65, None)), people / people.sum())


def test_the_years_after_the_first_have_their_level_ages_trend_and_shocks(pack, baseline, rates):
    draws = ensemble_draws(pack, None, 3)
    components = names(rates)
    later = lasting(baseline, draws, components)
    thousands = residents_in_thousands(baseline)
    np.testing.assert_allclose(
        later[..., components.index("more")], np.outer(draws.values["later_migrants_level"], thousands)
    )
    first = np.stack([np.ones((3, 5)), np.arange(15.0).reshape(3, 5)], axis=-1)
    moved = np.array([[[0.0, 1.0, -20.0]] * 3])
    levels = migration_levels(
        baseline, first, moved, components, scenarios=["s"], years=YEARS, later=later
    ).isel(scenario=0)  # fmt: skip
    at_first = levels.sel(year=2021)
    assert np.array_equal(at_first.sel(component=["observed", "more"]).values, first)
    assert not at_first.values[..., 2:].any()
    second = levels.sel(year=2022, component="more").values
    np.testing.assert_allclose(second, first[..., 1] + later[..., 1] + thousands)
    assert (levels.sel(year=2023, component="more") < 0).any(), "a bad year may turn net migration"
    assert np.array_equal(levels.sel(year=2022).values[..., 2:], levels.sel(year=2023).values[..., 2:])


def test_a_trend_is_added_damped_and_left_out_where_a_scenario_says_so(baseline):
    parameters = {"migration_trend": np.array([0.5, -1.0]), "trend_half_life": np.array([8.0, 4.0])}
    found = migrant_trends(baseline, parameters, {"on": Trends(), "off": Trends(migration=0.0)}, YEARS)
    assert found.shape == (2, 2, 3)
    assert not found[1].any()
    for draw, life in enumerate((8.0, 4.0)):
        np.testing.assert_allclose(
            found[0, draw], parameters["migration_trend"][draw] * damped_years(YEARS, 2021, life)
        )


def test_shifts_leave_the_number_of_migrants_and_move_their_ages(baseline, rates):
    components = names(rates)
    first = np.ones((2, 5, 2))
    first[..., 1] = 0.0
    later = np.zeros((2, 5, len(components)))
    later[1, :, components.index("later_migrants_65_100")] = 300.0
    levels = migration_levels(
        baseline, first, np.zeros((1, 2, 3)), components, scenarios=["s"], years=YEARS, later=later
    )
    result = project(
        baseline.stock, rates, baseline.space, years=YEARS, draws=2, migration_level=levels, scenarios=["s"]
    ).isel(scenario=0)  # fmt: skip
    plain, moved = (result["net_migrants"].isel(draw=i).sum(["area", "sex"]) for i in (0, 1))
    np.testing.assert_allclose(moved.sum("age"), plain.sum("age"), rtol=1e-9)
    more = (moved - plain).sel(age=slice(66, None)).sum("age").values
    assert more[0] == 0.0
    assert more[1:] == pytest.approx(1500.0, rel=0.12)


def test_levels_by_year_are_those_of_years_projected_one_by_one(baseline):
    rng = np.random.default_rng(4)
    first = rng.normal(1.0, 0.3, (2, 5, 2))
    moved = np.concatenate([np.zeros((1, 2, 1)), rng.normal(0.0, 5.0, (1, 2, 2))], axis=-1)
    levels = migration_levels(baseline, first, moved, ["observed", "more"], scenarios=["s"], years=YEARS)
    whole = project(baseline.stock, baseline.rates, baseline.space, years=YEARS, draws=2, migration_level=levels,
        scenarios=["s"])  # fmt: skip
    same = project(
        baseline.stock, dataclasses.replace(
            baseline.rates,
            net_migrants=(baseline.rates.net_migrants * levels.isel(scenario=0, draw=1, drop=True)).sum("component")
            .transpose("year", "area", "sex", "age"),
        ),
        baseline.space, years=YEARS,
    )  # fmt: skip
    np.testing.assert_allclose(whole["population"].isel(draw=1), same["population"].isel(draw=0), rtol=1e-10)
