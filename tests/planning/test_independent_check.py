"""The course of no new policy against a rough projection made another way: a constant total fertility rate.

The rough one is a classical cohort-component projection (one state, births on the mean of women at both ends of
the year) with age-specific rates held at a total of 0.89. By 2025 it gives a natural increase near -2.1 per 1,000
and a total dependency near 59 % (15-59/60+) or 41 % (15-64/65+): the large cohorts of 1962-1970 pass 60 and the
women of 25-34 become fewer.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.projection import Rates, Stock, project, with_total
from huyou_sim.demography.schedules import fertility_shapes
from huyou_sim.demography.states import state_space
from huyou_sim.inference.calibration import calibrated_levels
from huyou_sim.inference.parameters import level_multipliers
from huyou_sim.planning.packages import fit_place, project_scenarios
from huyou_sim.policy import load_scenarios


@pytest.fixture(scope="module")
def fit():
    return fit_place("huzhou")


@pytest.fixture(scope="module")
def rough(fit):
    """Return the indicators of the classical projection at a constant total fertility rate of 0.89."""
    space = state_space("classical")
    start, rates = fit.baseline.stock, fit.baseline.rates
    ages = list(space.ages)
    schedule = fertility_shapes(fit.pack, np.array(ages))["fuzhou_2020"].sum(axis=0)
    schedule *= 0.89 / schedule.sum()
    level, migration = level_multipliers(fit.baseline, fit.calibration.parameters, calibrated_levels(fit.calibration))
    common = ["mortality", "infant_mortality", "migration"]
    log = level.sel(channel=common).reindex(channel=list(space.channels), fill_value=0.0)
    result = project(
        Stock(
            start.year,
            start.population,
            start.women.sum(["marital", "parity"]).expand_dims(marital=["any"], parity=["any"])
            .transpose("area", "age_fertile", "marital", "parity"),
        ),
        Rates(
            rates.death_hazard,
            xr.DataArray(schedule[None], dims=("schedule", "age_fertile"),
                         coords={"schedule": ["fertility"], "age_fertile": ages}),
            rates.net_migrants,
            rates.male_share.isel(birth_order=[0]),
        ),
        space,
        years=list(range(2021, 2026)),
        log_multipliers=log,
        migration_level=migration,
        births="ends",
    )  # fmt: skip
    return indicators(with_total(result, "330500")).sel(area="330500", year=2025).isel(scenario=0, draw=0)


@pytest.fixture(scope="module")
def course(fit):
    _, table = project_scenarios(fit, load_scenarios(["no_new_policy", "constant_rates"]), until=2025)
    return table.sel(area="330500").isel(draw=0)


def test_rough_projection_is_where_it_was_said_to_be(rough):
    assert float(rough["natural_increase_rate"]) == pytest.approx(-2.1, abs=0.25)
    assert float(rough["total_dependency_60"]) == pytest.approx(59.5, abs=1.5)
    assert float(rough["total_dependency_65"]) == pytest.approx(41.0, abs=1.0)


def test_no_new_policy_is_near_it(course, rough):
    now = course.sel(scenario="no_new_policy", year=2025)
    assert float(now["natural_increase_rate"]) == pytest.approx(float(rough["natural_increase_rate"]), abs=0.5)
    assert float(now["total_dependency_60"]) == pytest.approx(float(rough["total_dependency_60"]), abs=0.5)
    assert float(now["total_dependency_65"]) == pytest.approx(float(rough["total_dependency_65"]), abs=0.5)


def test_constant_hazards_are_not_a_constant_rate(course, rough):
    """Women who did not marry or bear in 2021 are still there in 2022: at constant hazards the rate recovers."""
    constant = course.sel(scenario="constant_rates", year=2025)
    assert float(constant["tfr"]) > float(course.sel(scenario="constant_rates", year=2021)["tfr"])
    assert float(constant["natural_increase_rate"]) > float(rough["natural_increase_rate"])
