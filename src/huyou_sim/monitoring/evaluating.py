"""A measure evaluated from a file of observations: read, checked, projected, held against the counterfactual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem, closest, suggest
from huyou_sim.inference.observations import MODEL_BASE
from huyou_sim.inference.posterior import SEED
from huyou_sim.monitoring.alternatives import GROUPS, other_measures, switched_off, variance_shares
from huyou_sim.monitoring.conditioning import Seen, truth
from huyou_sim.monitoring.effect import adds_up, affected_share, effect_of, together
from huyou_sim.monitoring.evaluation import Case, Question, case_of, effect_table, placebo_table
from huyou_sim.monitoring.nowcast import Figure
from huyou_sim.pack import load_pack
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.observed import Observed, read_observed
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.periods import parse_day
from huyou_sim.planning.targets import BASE_YEAR
from huyou_sim.planning.vintages import counting
from huyou_sim.policy import Scenario, load_scenarios

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.pack import Pack

AGAINST, DRAWS, SERIES = "no_new_policy", 1000, "births"
"""Counterfactual, draws and series unless told otherwise."""

REVISION_COLUMNS = ("year", "published", "value", "revision", "effect_q05", "effect_q50", "effect_q95", "p_value")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a measure did to a published series, as far as can be told, and what else could explain it.

    Parameters
    ----------
    fit : Fit
    scenarios : tuple of Scenario
        The counterfactual, and that of the measure where one is named.
    question : Question
    posterior : xarray.Dataset, optional
    draws, seed : int
    case : Case
        Figures and counterfactual.
    mark : str
        What must stand beside every probability.
    effects, placebos : DataFrame
        From `effect_table` and `placebo_table`.
    sources : DataFrame
        From `variance_shares`, of all years together.
    measures : DataFrame
        From `other_measures`.
    revisions : DataFrame
        `REVISION_COLUMNS`: every published value of a figure, and the effect that it would show.
    problems : tuple of Problem
        Rows of the file that were left out.
    """

    fit: Fit
    scenarios: tuple[Scenario, ...]
    question: Question
    posterior: xr.Dataset | None
    draws: int
    seed: int
    case: Case
    mark: str
    effects: pd.DataFrame
    placebos: pd.DataFrame
    sources: pd.DataFrame
    measures: pd.DataFrame
    revisions: pd.DataFrame
    problems: tuple[Problem, ...]


def run_evaluation(
    place: str | Path,
    observations: str | Path,
    since: str,
    *,
    series: str = SERIES,
    against: str | Path = AGAINST,
    measure: str | Path | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Evaluation:
    """Return what a measure did to a published series of a place.

    Parameters
    ----------
    place : str or path
    observations : path
        CSV file of observations (`huyou_sim.planning.observed.read_observed`).
    since : str
        First day of the measure, ISO.
    series : str
        Variable that it is to have moved.
    against, measure : str or path
        Scenarios: the counterfactual, and the measure where its levers are to be held against what was observed.
    draws, seed : int
    prior_only : bool
        Draw levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        With everything that is wrong with file, day, series or draws.
    PackError, ScenarioError, CalibrationError
    """
    pack = load_pack(place)
    start = _day(since, draws)
    observed, problems = read_observed(observations, pack)
    check_series(pack, observed, series, start, str(observations))
    names = [against] if measure is None else [against, measure]
    scenarios = load_scenarios(names, areas=list(pack.areas["area"]))
    question = Question(series, start, scenarios[0].key, None if measure is None else scenarios[1].key)
    seen = seen_of(pack, observed)
    until = max(one.year for one in seen)
    with progress_bar("huyou", 4, shown=progress) as bar:
        futures = prepare_futures(pack, bar, draws=draws, seed=seed, until=until, prior_only=prior_only, folder=folder)
        fit, ensemble = futures.fit, futures.ensemble
        dataset = ensemble.project(scenarios, variables=sorted({one.variable for one in seen}))
        bar.update()
        case = case_of(dataset, seen, question)
        sources = source_table(ensemble, scenarios[0], dataset, case, question.before(seen))
        bar.update()
    return Evaluation(
        fit,
        scenarios,
        question,
        futures.posterior,
        draws,
        seed,
        case,
        str(dataset.attrs["mark"]),
        effect_table(case),
        placebo_table(dataset, seen, question),
        sources,
        other_measures(scenarios[0], scenarios[1] if measure is not None else None, start.year, case.years[-1]),
        revision_table(pack, observed, case),
        problems,
    )


def _day(since: str, draws: int) -> date:
    """Return the first day of a measure; raise ArgumentError for no day, one before figures, or no draws."""
    problems = []
    start = parse_day(since)
    fix = f"Type --since {BASE_YEAR + 2}-01-01."
    if start is None:
        problems.append(Problem("--since", f"'{since}'", "a day, as year-month-day", fix))
    elif start.year <= BASE_YEAR:
        expected = f"a day after {BASE_YEAR}, whose figures the model is fitted to: there is no earlier observation"
        problems.append(Problem("--since", f"'{since}'", expected, fix))
    if draws < 2:
        problems.append(Problem("--draws", str(draws), "2 or more", f"Type --draws {DRAWS}."))
    if problems or start is None:
        raise ArgumentError(problems)
    return start


def usable(pack: Pack, one: Observed) -> bool:
    """Return whether a figure is one that the model has: of residents of the place, of a whole year or at its end."""
    timed = one.period.whole or (one.period.start == one.period.end == date(one.period.year, 12, 31))
    return bool(one.variable) and one.area == pack.place.code and one.population_base == MODEL_BASE and timed


def seen_of(pack: Pack, observed: Sequence[Observed]) -> list[Seen]:
    """Return the last published figures that the model has, one of each variable and year."""
    latest = counting(observed, date.max)
    return [
        Figure(one.variable, one.period.year, one.value, one.standard_error)
        for one in latest
        if usable(pack, one) and one.period.year > BASE_YEAR and one.standard_error > 0.0
    ]


def check_series(pack: Pack, observed: Sequence[Observed], series: str, start: date, file: str) -> None:
    """Raise ArgumentError when there is no figure of a series that the measure can have touched."""
    seen = seen_of(pack, observed)
    known = sorted({one.variable for one in seen})
    years = sorted(one.year for one in seen if one.variable == series)
    if not years:
        fix = suggest(series, known) if known else "Add yearly figures of residents of the place as a whole."
        if closest(series, known) is None and known:
            fix = f"Type --series {known[0]}."
        expected = f"one of {', '.join(known) or 'none'}, which have yearly figures of residents after {BASE_YEAR}"
        raise ArgumentError(Problem("--series", f"'{series}'", expected, fix, file))
    touched = [year for year in years if affected_share(series, start, year) > 0.0]
    if not touched:
        found = f"'{start.isoformat()}', after what {series} of {years[-1]} can have followed from"
        expected = f"a day that lies nine months before the end of a year up to {years[-1]} where births are asked for"
        if start > date(years[-1], 12, 31):
            found, expected = f"'{start.isoformat()}'", f"a day before the last figure of {series}, of {years[-1]}"
        raise ArgumentError(Problem("--since", found, expected, f"Type --since {years[-1]}-01-01.", file))


def source_table(
    ensemble: Ensemble, scenario: Scenario, dataset: xr.Dataset, case: Case, before: Sequence[Seen]
) -> pd.DataFrame:
    """Return where the variance of the counterfactual comes from, of all years together.

    A source is switched off with the same random numbers; what it adds is moved or weighted by the figures from before
    the start like the counterfactual itself.

    Parameters
    ----------
    ensemble : Ensemble
    scenario : Scenario
        The counterfactual.
    dataset : xarray.Dataset
        Projected with all sources.
    case : Case
    before : sequence of Seen
        Figures from before the start.

    Returns
    -------
    table : DataFrame
        From `variance_shares`.
    """
    total = adds_up(case.question.series)

    def at_once(figures: np.ndarray) -> np.ndarray:
        return together(figures, case.shares, total=total)

    names = [case.question.series]
    bare = truth(dataset, scenario.key, case.seen)
    parts = {"publication": at_once(case.errors)}
    for group in GROUPS:
        without = switched_off(ensemble, group).project([scenario], variables=names)
        parts[group] = at_once(case.draws.of(bare - truth(without, scenario.key, case.seen)))
    return variance_shares(at_once(case.counterfactual), parts, case.draws.weights)


def revision_table(pack: Pack, observed: Sequence[Observed], case: Case) -> pd.DataFrame:
    """Return every published value of the figures since the start, and the effect that it shows."""
    rows = []
    place = {year: i for i, year in enumerate(case.years)}
    own = [one for one in observed if one.variable == case.question.series and usable(pack, one)]
    last: dict[int, float] = {}
    for one in sorted(own, key=lambda one: (one.period.year, one.known_from)):
        year = one.period.year
        if year not in place:
            continue
        found = effect_of(one.value, case.counterfactual[:, place[year]], case.draws.weights, case.draws.effective)
        rows.append(
            {"year": year, "published": "" if one.published is None else one.published.isoformat(),
             "value": one.value, "revision": one.value - last.get(year, float("nan")), **found}
        )  # fmt: skip
        last[year] = one.value
    return pd.DataFrame(rows, columns=list(REVISION_COLUMNS))
