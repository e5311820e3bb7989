"""The monitor: a file of observations held against the course that a place says it is on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.inference.ensemble import Ensemble
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.trends import FURTHEST_YEAR
from huyou_sim.monitoring.board import board_table
from huyou_sim.monitoring.predicted import Predicted, predict
from huyou_sim.monitoring.revised import revised_table
from huyou_sim.monitoring.revision import Course, Revision, revise
from huyou_sim.monitoring.warning import BAND, figure_table, series_of, series_table
from huyou_sim.pack import load_pack
from huyou_sim.pack.plan_checks import LEVELS
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.observed import Observed, read_observed
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.periods import Period, whole_year
from huyou_sim.planning.reach import outcomes
from huyou_sim.planning.scorecard import plan_rows
from huyou_sim.planning.subjects import default_error, subjects
from huyou_sim.planning.targets import BASE_YEAR, TARGET_YEAR, load_targets
from huyou_sim.planning.vintages import counting, vintage_table
from huyou_sim.policy import Scenario, load_scenarios

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.pack import Pack

SCENARIO = "plan_as_written"
"""The course that the city says it is on."""

DRAWS = 1000
"""Of a run, unless told otherwise."""

BAND_COLUMNS = ("name", "area", "population_base", "year", "q05", "q50", "q95")
"""Of the table of bands: published figures of whole years, or of year ends."""


@dataclass(frozen=True, eq=False)
class Monitor:
    """Observations held against a course.

    Parameters
    ----------
    fit : Fit
    scenario : Scenario
        The course.
    level : {"lenient", "central", "strict"}
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    draws, seed : int
    as_of : date
        Day on which the monitor stands: what became known later is hidden.
    observed : tuple of Observed
        Figures that count.
    revision : Revision
        What the revised probabilities rest on.
    figures, series, board, targets, bands, vintages : DataFrame
        From `figure_table`, `series_table`, `board_table`, `revised_table`; `BAND_COLUMNS`; `vintage_table`.
    left_out : tuple of Problem
        Why rows of the file are not used.
    """

    fit: Fit
    scenario: Scenario
    level: str
    posterior: xr.Dataset | None
    draws: int
    seed: int
    as_of: date
    observed: tuple[Observed, ...]
    revision: Revision
    figures: pd.DataFrame
    series: pd.DataFrame
    board: pd.DataFrame
    targets: pd.DataFrame
    bands: pd.DataFrame
    vintages: pd.DataFrame
    left_out: tuple[Problem, ...]


def run_monitor(
    place: str | Path,
    observations: str | Path,
    scenario: str | Path = SCENARIO,
    *,
    as_of: date | None = None,
    level: str = "central",
    draws: int = DRAWS,
    seed: int = SEED,
    prior_only: bool = False,
    refit: bool | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> Monitor:
    """Return a file of observations held against the course of a scenario.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    observations : path
        CSV file, see `read_observed`.
    scenario : str or path
        The course that the place says it is on: a name that ships or a TOML file.
    as_of : date, optional
        Figures that became known later are hidden; the day of the run when omitted.
    level : {"lenient", "central", "strict"}
        Of the targets.
    draws, seed : int
    prior_only : bool
        Draw the levels of the model from their priors too.
    refit : bool, optional
        Whether to draw anew given the figures, for the revised probabilities: up to a minute or so. When omitted, where
        weights of the draws, and of those of a stored refit, rest on too few; False never, but what is stored is used.
    folder : path, optional
        Where posteriors and refits are kept and found again.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        When the level is unknown, there are no draws, or no observation can be used.
    """
    check(level, draws)
    pack = load_pack(place)
    plan_rows(pack)  # which says so where the place has no plan, before any work
    chosen = load_scenarios([scenario], areas=list(pack.areas["area"]))[0]
    today = max(date.today(), as_of or date.today())
    rows, left_out = read_observed(observations, pack, today=today)
    day = as_of or today
    seen = counting(rows, day)
    with progress_bar("monitor", 3, shown=progress) as bar:
        futures = prepare_futures(
            pack, bar, draws=draws, seed=seed, until=last_year(seen), prior_only=prior_only, folder=folder
        )
        course = course_of(futures.ensemble, chosen, seen)
        dataset = course.dataset
        bar.update()
    predicted = predict(pack, dataset, by_period(one for one in seen if one.variable))
    revision = revise(course, predicted, new=refit, folder=folder, progress=progress)
    goals = {one.variable: one for one in load_targets(pack) if one.level == level}
    figures = figure_table(predicted, goals, mark=str(dataset.attrs["mark"]))
    series = series_table(predicted, figures)
    reached = {one.target.indicator_id: one for one in outcomes(pack, dataset) if one.target.level == level}
    board = board_table(predicted, figures, series, reached, place=pack.place.code)
    targets = revised_table(pack, chosen, dataset, revision.update, seen, as_of=day, level=level, later=revision.later)
    return Monitor(
        futures.fit, chosen, level, futures.posterior, draws, seed, day, seen, revision, figures, series, board,
        targets, course_bands(pack, dataset, predicted), vintage_table(rows, day), left_out,
    )  # fmt: skip


def check(level: str, draws: int) -> None:
    """Raise ArgumentError with everything that is wrong with level and draws, before any work."""
    problems = []
    if level not in LEVELS:
        problems.append(Problem("--level", f"'{level}'", f"one of {', '.join(LEVELS)}", suggest(level, LEVELS)))
    if draws < 2:
        problems.append(Problem("--draws", str(draws), "2 or more: a band needs them", f"Type --draws {DRAWS}."))
    if problems:
        raise ArgumentError(problems)


def by_period(figures: Iterable[Observed]) -> tuple[Observed, ...]:
    """Return figures by series, those of a series by the end of their period."""
    return tuple(sorted(figures, key=lambda one: (one.key[:3], one.period.end, one.period.start)))


def last_year(figures: Sequence[Observed]) -> int:
    """Return the year to which a course is projected: that of the targets, or of the last figure."""
    return min(max([TARGET_YEAR, *(one.period.year for one in figures)]), FURTHEST_YEAR)


def course_of(ensemble: Ensemble, scenario: Scenario, figures: Sequence[Observed]) -> Course:
    """Return a course with its indicators for the place and every area that was observed."""
    place = ensemble.baseline.code
    areas = list(dict.fromkeys([place, *sorted(one.area for one in figures)]))
    return Course(ensemble, scenario, ensemble.project([scenario], areas=areas))


def project_course(ensemble: Ensemble, scenario: Scenario, figures: Sequence[Observed]) -> xr.Dataset:
    """Return the indicators of a course for the place and every area that was observed."""
    return course_of(ensemble, scenario, figures).dataset


def course_bands(pack: Pack, dataset: xr.Dataset, predicted: Predicted) -> pd.DataFrame:
    """Return the 90 % band of the published figures of each observed series, year by year, `BAND_COLUMNS`."""
    known = subjects(pack)
    rows = []
    for (name, area, base), at in series_of(predicted).items():
        first = predicted.figures[at[0]]
        years = [int(year) for year in dataset["year"].values if year > BASE_YEAR]
        figures = [_of_year(pack, first, known[name].measure, year) for year in years]
        bands = predict(pack, dataset, figures).quantiles(BAND)
        rows += [
            dict(zip(BAND_COLUMNS, (name, area, base, year, *bands[:, i].tolist()), strict=True))
            for i, year in enumerate(years)
        ]
    return pd.DataFrame(rows, columns=list(BAND_COLUMNS))


def _of_year(pack: Pack, one: Observed, measure: str, year: int) -> Observed:
    """Return what a figure of a whole year would be, with the error of the pack; that of the row where it has none."""
    end = date(year, 12, 31)
    period = Period(end, end) if measure == "day" else whole_year(year)

    def missing(*_: str) -> None:
        """Say nothing: where the error stands in the row alone, it is the best that is known of other years."""

    error = default_error(pack, subjects(pack)[one.variable], one.population_base, one.area, period, missing)
    return replace(one, period=period, standard_error=one.standard_error if error != error else error)
