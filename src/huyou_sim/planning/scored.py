"""How each indicator of the plan is projected to its target year: one function for each method of the scorecard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import poisson

from huyou_sim.errors import PackError, Problem
from huyou_sim.planning.board import Board
from huyou_sim.planning.course import ROUNDING, SPREAD_90, CourseAnswer, Pace, course_probability
from huyou_sim.planning.progress import of_indicator
from huyou_sim.planning.supply import FORMULAS, supply
from huyou_sim.planning.targets import BASE_YEAR, TARGET_YEAR
from huyou_sim.policy import policy_context
from huyou_sim.policy.measures import by_year
from huyou_sim.policy.profiles import years_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]
    Truths = NDArray[np.bool_]
    Row = Mapping[Any, Any]

YEARS = float(TARGET_YEAR - BASE_YEAR)
"""From baseline to target."""

JEFFREYS = 0.5
"""Shape that the prior of Jeffreys adds to the deaths of a Poisson count."""


@dataclass(frozen=True, eq=False)
class Score:
    """One indicator in every draw of every scenario.

    Parameters
    ----------
    values, seen_values : (scenario, draw) [unit]
        True and published figure of the target year.
    reached, seen : (scenario, draw)
        Whether the true and the published figures reach the target.
    fixed : (scenario,)
        Whether the figure is a setting of the scenario and no forecast.
    course : CourseAnswer, optional
        Of an indicator that runs a course.
    """

    values: Array
    seen_values: Array
    reached: Truths
    seen: Truths
    fixed: tuple[bool, ...]
    course: CourseAnswer | None = None


def ensemble(board: Board, row: Row) -> Score:
    """Return an indicator that the model has: the outcome of `outcomes`, not computed again."""
    one = board.outcomes[int(row["indicator_id"])]
    fixed = [
        row["variable"] == "ideal_children" and s.levers.ideals.ideal_children is not None for s in board.scenarios
    ]
    return Score(one.values, one.seen_values, one.reached, one.seen, tuple(fixed))


def supply_over_people(board: Board, row: Row) -> Score:
    """Return planned supply over projected people (`huyou_sim.planning.supply`)."""
    found = FORMULAS[str(row["path"])](board, row)
    care = [s.levers.childcare for s in board.scenarios]
    ruled = [c.places_per_1000 or c.new_places_converted or c.new_places_built or c.places_closed for c in care]
    fixed = tuple(bool(path) and row["path"] == "places_per_resident" for path in ruled)
    return judged(board, row, found, fixed)


def scenario(board: Board, row: Row) -> Score:
    """Return the setting of a lever in the target year; where no scenario sets it, the baseline stays.

    A scenario of some areas moves the whole by their share of residents.
    """
    values, fixed = [], []
    for one in board.scenarios:
        own, there = LEVERS[str(row["path"])](board, row, one)
        value = own if there is None else own + applied_share(board.pack, one) * (there - own)
        values.append(np.full(board.shape[1], value))
        fixed.append(there is not None)
    return judged(board, row, np.stack(values), tuple(fixed))


def applied_share(pack: Pack, scenario: Scenario) -> float:
    """Return the share of residents at the start who live where a scenario applies."""
    if scenario.areas is None:
        return 1.0
    people = pack.population_single_age
    residents = people[people["area"].isin(pack.areas["area"])].groupby("area")["population"].sum()
    return float(residents[list(scenario.areas)].sum() / residents.sum())


def _path(path: Mapping[str, float] | None, own: float) -> float | None:
    """Return a lever's course in the target year, or nothing where it is not set."""
    known = by_year(path)
    return float(years_between(known, range(TARGET_YEAR, TARGET_YEAR + 1), own)[0]) if known else None


def _inclusive_share(board: Board, _row: Row, one: Scenario) -> tuple[float, float | None]:
    own = policy_context(board.pack).inclusive_share
    return own, _path(one.levers.childcare.inclusive_share_percent, own)


def _events(board: Board, _row: Row, one: Scenario) -> tuple[float, float | None]:
    own = policy_context(board.pack).campaign_events
    return own, _path(one.levers.ideals.campaign_events_per_year, own)


def _services(_board: Board, row: Row, one: Scenario) -> tuple[float, float | None]:
    """Return the baseline, and what a package of services brings: as much of the way as its intensity."""
    own, target = float(row["base_2021"]), float(row["target_2025"])
    services = one.levers.marriage_services
    if services is None or services.start > TARGET_YEAR:
        return own, None
    return own, own + services.intensity * (target - own)


LEVERS: Mapping[str, Callable[[Board, Row, Scenario], tuple[float, float | None]]] = {
    "childcare.inclusive_share_percent": _inclusive_share,
    "ideals.campaign_events_per_year": _events,
    "marriage_services.intensity": _services,
}
"""Lever to what stands without it and what it brings in the target year [unit]."""


def poisson_over_births(board: Board, row: Row) -> Score:
    """Return maternal mortality: the risk of the registered as its truth, deaths on their births as what is published.

    The risk has the posterior of Jeffreys' prior and the deaths of the baseline year, gamma with shape deaths + 1/2
    and rate births; deaths of the target year are Poisson on registered births, which move as those of residents do.

    Raises
    ------
    PackError
        When the pack has no registered births of the baseline year.

    Source
    ------
    Gelman et al. (2013), Bayesian Data Analysis, third edition, section 2.6.
    """
    deaths, births = maternal_deaths(board.pack, float(row["base_2021"]))
    risk = gammaincinv(deaths + JEFFREYS, board.uniform("maternal risk")) / births
    later = births * board.series("births", TARGET_YEAR) / board.series("births", BASE_YEAR)
    died = poisson.ppf(board.uniform("maternal deaths"), risk * later)
    true = np.broadcast_to(1e5 * risk, board.shape)
    seen = 1e5 * died / later
    return Score(true, seen, _reaches(board, row, true), _reaches(board, row, seen), (False,) * board.shape[0])


def maternal_deaths(pack: Pack, ratio: float) -> tuple[int, float]:
    """Return deaths of mothers and registered live births of the baseline year, of their ratio per 100,000.

    Deaths are the whole number that fits the registered births of the pack; births are then what the ratio says.
    """
    rows = pack.observations
    chosen = rows[
        (rows["variable"] == "births") & (rows["population_base"] == "household_registered")
        & (rows["year"] == BASE_YEAR) & (rows["area"] == pack.place.code)
    ]  # fmt: skip
    if len(chosen) != 1:
        expected = f"one row of births of the household-registered population of the place in {BASE_YEAR}"
        where, file = "births, household_registered", str(pack.path / "observations.csv")
        raise PackError(Problem(where, f"{len(chosen)} rows", expected, "Add the row, with use context.", file))
    deaths = max(round(ratio * float(chosen["value"].iloc[0]) / 1e5), 1)
    return deaths, 1e5 * deaths / ratio


def course(board: Board, row: Row) -> Score:
    """Return an indicator that runs a course to its target; every scenario has the same, since no lever moves it."""
    number, error = int(row["indicator_id"]), float(row["measurement_error"])
    if row["path"]:
        sizes = supply(board, str(row["path"]))
        each = [answer(board, row, 100.0 / size) for size in sizes]
        means, sds = np.array([one.mean for one in each]), np.array([one.sd for one in each])
        middle = answer(board, row, 100.0 / float(np.median(sizes)))
    else:
        middle = answer(board, row, 1.0)
        means, sds = np.full(board.shape[1], middle.mean), np.full(board.shape[1], middle.sd)
    true = bounded(row, means + sds * board.normal(f"course {number}"))
    seen = bounded(row, true + error * board.normal(f"figure {number}"))
    both = (np.broadcast_to(values, board.shape) for values in (true, seen))
    true, seen = both
    reached, shown = _reaches(board, row, true), _reaches(board, row, seen)
    return Score(true, seen, reached, shown, (False,) * board.shape[0], middle)


def answer(board: Board, row: Row, scale: float) -> CourseAnswer:
    """Return the course of an indicator whose figures are multiplied by `scale`: 1, or 100 over a denominator.

    Without a baseline the prior is one of the figure itself, which then stays where it is but for irregular steps.
    """
    low, central, high = (float(row[name]) for name in ("prior_low", "prior_central", "prior_high"))
    spread, step, error = (high - low) / SPREAD_90, float(row["step_sd"]), float(row["measurement_error"])
    seen = [(one.years, scale * one.value) for one in of_indicator(board.progress, int(row["indicator_id"]))]
    falls, cap = row["rule"] == "at_most", 100.0 if row["unit"] == "%" else np.inf
    start, threshold = scale * float(row["base_2021"]), float(row[board.level])
    if np.isnan(start):
        pace = Pace(0.0, 0.0, step * spread, start_sd=spread, error=error)
        return course_probability(central, threshold, seen, YEARS, pace=pace, falls=falls, cap=cap)
    way = (destination(row) - start) / YEARS
    pace = Pace(central * way, spread * abs(way), step * abs(way), start_sd=error, error=error)
    return course_probability(start, threshold, seen, YEARS, pace=pace, falls=falls, cap=cap)


def destination(row: Row) -> float:
    """Return the figure that the plan's course leads to: its number, or all of it."""
    return 100.0 if row["target_kind"] == "full_coverage" else float(row["target_2025"])


def bounded(row: Row, values: Array) -> Array:
    """Return figures that no share exceeds and no count falls below."""
    found: Array = np.clip(values, 0.0, 100.0 if row["unit"] == "%" else np.inf)
    return found


def judged(board: Board, row: Row, values: Array, fixed: tuple[bool, ...]) -> Score:
    """Return the score of true figures of the target year, (scenario, draw) [unit]."""
    error = float(row["measurement_error"])
    true = bounded(row, values)
    seen = bounded(row, true + error * board.normal(f"figure {int(row['indicator_id'])}"))
    return Score(true, seen, _reaches(board, row, true), _reaches(board, row, seen), fixed)


def _reaches(board: Board, row: Row, values: Array) -> Truths:
    side = 1.0 if row["rule"] == "at_least" else -1.0
    found: Truths = side * (values - float(row[board.level])) >= -ROUNDING
    return found


METHODS: Mapping[str, Callable[[Board, Row], Score]] = {
    "ensemble": ensemble,
    "supply_over_people": supply_over_people,
    "poisson_over_births": poisson_over_births,
    "scenario": scenario,
    "course": course,
}
"""Method of a row of scorecard.csv to how it is projected; what has method `none` is not."""
