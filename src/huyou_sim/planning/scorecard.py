"""The plan's scorecard: every indicator with its course to the target, both probabilities and a verdict in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.published import error_of
from huyou_sim.pack import load_pack
from huyou_sim.pack.plan_checks import LEVELS, SUPPLY
from huyou_sim.planning.board import Board
from huyou_sim.planning.course import ROUNDING
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.observed import read_observed
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.progress import Progress, of_indicator, progress_of
from huyou_sim.planning.reach import outcomes, probabilities
from huyou_sim.planning.scored import METHODS, YEARS, Score, destination
from huyou_sim.planning.supply import supply_range
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy import Scenario, load_scenarios
from huyou_sim.variables import variable

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.pack import Pack

    Row = Mapping[Any, Any]

SCENARIOS = ("no_new_policy", "plan_as_written")
"""Packages of a scorecard that names none."""

DRAWS = 1000
"""Of a run, unless told otherwise."""

REACHED, LIKELY, MISSED = 0.95, 0.66, 0.05
"""Probability from which a target is called reached and likely, and up to which it is called missed [1]."""

COLUMNS = (
    "scenario", "indicator_id", "group_en", "group_zh", "name_en", "name_zh", "unit", "unit_zh", "baseline",
    "target_written", "target_kind", "level", "rule", "threshold", "threshold_upper", "tolerance", "q05", "q50", "q95",
    "probability", "probability_error", "probability_seen", "probability_seen_error", "verdict", "basis", "bridged",
    "required_pace", "observed_value", "observed_date", "observed_pace", "covered", "probability_at_pace",
    "definition_en", "definition_zh", "population_base", "denominator_en", "denominator_zh",
    "department_en", "department_zh", "method", "path", "data_en", "data_zh", "measurement_error", "kind", "reason",
    "threshold_reason", "draws", "effective_draws", "mark",
)  # fmt: skip
"""Of `Scorecard.table`."""

METHOD_COLUMNS = (
    "indicator_id", "name_en", "name_zh", "definition_en", "definition_zh", "department_en", "department_zh",
    "base_2021", "method", "path", "population_base", "denominator_en", "denominator_zh", "data_en", "data_zh",
    "supply", "prior_low", "prior_central", "prior_high", "step_sd", "measurement_error", "kind", "reason",
)  # fmt: skip
"""Of `Scorecard.methods`."""


@dataclass(frozen=True, eq=False)
class Scorecard:
    """All indicators of a plan under scenarios, at one level of strictness.

    Parameters
    ----------
    fit : Fit
    scenarios : tuple of Scenario
    level : {"lenient", "central", "strict"}
    posterior : xarray.Dataset, optional
        Whose rows the levels of the model are; None when every parameter comes from its prior.
    draws, seed : int
    progress : tuple of Progress
        Observed figures that have updated the courses.
    table : DataFrame
        `COLUMNS`, a row for each scenario and indicator. ``verdict``: see `verdict_of`. ``basis``: set, a setting
        of the scenario; kept, at its baseline since nothing in the scenario moves it; projected; none.
        ``required_pace``: from the baseline to the threshold [unit per year]. ``probability_at_pace``: that the
        target is reached if the observed pace goes on.
    methods : DataFrame
        `METHOD_COLUMNS`, a row for each indicator: how it is projected, from which data, what is assumed.
    left_out : tuple of Problem
        Why rows of the file of observations are not used.
    """

    fit: Fit
    scenarios: tuple[Scenario, ...]
    level: str
    posterior: xr.Dataset | None
    draws: int
    seed: int
    progress: tuple[Progress, ...]
    table: pd.DataFrame
    methods: pd.DataFrame
    left_out: tuple[Problem, ...] = ()


def verdict_of(probability: float) -> str:
    """Return the word for the probability that a target is truly reached.

    Returns
    -------
    verdict : {"reached", "likely", "open", "missed", "untested"}
        reached from 0.95 on, likely from 0.66, missed up to 0.05, open between; untested without a probability.
    """
    if np.isnan(probability):
        return "untested"
    if probability >= REACHED:
        return "reached"
    if probability >= LIKELY:
        return "likely"
    return "missed" if probability <= MISSED else "open"


def plan_rows(pack: Pack) -> tuple[Row, ...]:
    """Return the indicators of a pack's plan with what its scorecard says of each, in the order of the plan.

    Raises
    ------
    ArgumentError
        When the place has no plan, or its plan no scorecard.
    """
    if pack.indicators.empty or pack.scorecard.empty:
        lacks = "indicators.csv" if pack.indicators.empty else "scorecard.csv"
        found = f"'{pack.name}', whose pack has no {lacks}"
        fix = "Type --place huzhou, or add the tables of a plan to the pack (see data/README.md)."
        raise ArgumentError(Problem("--place", found, "a place with a plan: there is nothing to score", fix))
    plan = pack.indicators.drop(columns="unit").rename(columns={"id": "indicator_id", "source_zh": "department_zh"})
    merged = plan.merge(pack.scorecard, on="indicator_id", validate="one_to_one")
    return tuple(merged.sort_values("indicator_id").to_dict("records"))


def score_table(board: Board) -> pd.DataFrame:
    """Return the table of a scorecard: every scenario and indicator of the plan, `COLUMNS`.

    Raises
    ------
    ArgumentError
        When the place has no plan.
    PackError
        When a figure that an indicator rests on is missing.
    """
    rows: list[dict[str, object]] = []
    scores = [(row, METHODS[str(row["method"])](board, row) if row["method"] in METHODS else None)
              for row in plan_rows(board.pack)]  # fmt: skip
    for i, scenario in enumerate(board.scenarios):
        rows += [{"scenario": scenario.key} | _row(board, row, score, i) for row, score in scores]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(board: Board, row: Row, score: Score | None, i: int) -> dict[str, object]:
    nothing = float("nan")
    found: dict[str, object] = {name: row[name] for name in COLUMNS if name in row}
    found |= {
        "baseline": _scale(board, row) * float(row["base_2021"]), "target_written": row["target_2025"],
        "level": board.level,
        "draws": board.shape[1], "effective_draws": float(board.dataset.attrs["effective_draws"]),
        "mark": str(board.dataset.attrs["mark"]), "basis": "none", "bridged": False,
        "threshold_upper": nothing, "tolerance": nothing, "threshold": nothing,
    }  # fmt: skip
    found |= _asked(board, row)
    found |= _observed(board, row, score)
    names = ("probability", "probability_error", "probability_seen", "probability_seen_error", "q05", "q50", "q95")
    if score is None:
        return found | dict.fromkeys(names, nothing) | {"verdict": verdict_of(nothing), "required_pace": nothing}
    chances = probabilities(score.reached[i], score.seen[i], board.dataset)
    basis = _basis(score, i)
    if basis != "projected":
        # A setting is no draw; only its published figure may miss it.
        chances["probability_error"] = 0.0
        chances["probability_seen_error"] = chances["probability_seen_error"] if found["measurement_error"] else 0.0
    low, middle, high = np.quantile(score.values[i], [0.05, 0.5, 0.95])
    return (
        found
        | chances
        | {"q05": float(low), "q50": float(middle), "q95": float(high), "basis": basis}
        | {"verdict": verdict_of(float(score.reached[i].mean())), "required_pace": _required(found)}
    )


def _basis(score: Score, i: int) -> str:
    """Return whether a figure is set by the scenario, kept since nothing moves it, or projected."""
    if score.fixed[i]:
        return "set"
    forecast = score.course is not None or score.values.shape[1] == 1
    return "projected" if forecast or np.ptp(score.values[i]) > ROUNDING else "kept"


def _asked(board: Board, row: Row) -> dict[str, object]:
    """Return rule and thresholds of an indicator, with what of its definition the model has."""
    number = int(row["indicator_id"])
    if row["method"] != "ensemble":
        return {"threshold": float(row[board.level])}
    one = board.outcomes[number]
    target, name = one.target, variable(one.target.variable)
    return {
        "rule": target.rule, "threshold": target.threshold, "threshold_upper": target.threshold_upper,
        "tolerance": target.tolerance, "threshold_reason": target.reason, "bridged": one.bridged,
        "definition_en": name.definition_en, "definition_zh": name.definition_zh,
        "measurement_error": error_of(board.pack, target.variable).standard_error,
    }  # fmt: skip


def _required(found: Mapping[str, object]) -> float:
    """Return the yearly pace from the baseline to the threshold, 0 where the baseline is beyond it already."""
    start, threshold = float(str(found["baseline"])), float(str(found["threshold"]))
    if found["rule"] == "within":
        return float("nan")
    gap = threshold - start
    return (min(gap, 0.0) if found["rule"] == "at_most" else max(gap, 0.0)) / YEARS if np.isfinite(gap) else gap


def _observed(board: Board, row: Row, score: Score | None) -> dict[str, object]:
    """Return the last observed figure of an indicator, and where its pace leads if it runs a course."""
    seen, scale = of_indicator(board.progress, int(row["indicator_id"])), _scale(board, row)
    found: dict[str, object] = {"observed_value": float("nan"), "observed_date": ""}
    if seen:
        found = {"observed_value": scale * seen[-1].value, "observed_date": seen[-1].date.isoformat()}
    names = ("observed_pace", "covered", "probability_at_pace")
    course = None if score is None or np.isnan(float(row["base_2021"])) else score.course
    if course is None:
        return found | dict.fromkeys(names, float("nan"))
    way = destination(row) - scale * float(row["base_2021"])
    gone = scale * (seen[-1].value - float(row["base_2021"])) if seen else float("nan")
    return found | {
        "observed_pace": course.observed_pace, "covered": gone / way if way else float("nan"),
        "probability_at_pace": course.probability_at_pace,
    }  # fmt: skip


def _scale(board: Board, row: Row) -> float:
    """Return by what figures of the plan are multiplied: a count over an assumed denominator is shown as its share."""
    if row["method"] != "course" or not row["path"]:
        return 1.0
    return 100.0 / supply_range(board.pack, str(row["path"]))[1]


def method_table(pack: Pack) -> pd.DataFrame:
    """Return how each indicator of a place's plan is projected, from which data, and what is assumed.

    Raises
    ------
    ArgumentError
        When the place has no plan.
    """
    supplies = pack.supply.set_index("name")
    rows = []
    for row in plan_rows(pack):
        names = [name for name in SUPPLY.get(str(row["path"]), ()) if name in supplies.index]
        found = {name: row[name] for name in METHOD_COLUMNS if name in row} | {"supply": " ".join(names)}
        if row["method"] == "ensemble":
            model = variable(str(row["variable"]))
            found |= {"definition_en": model.definition_en, "definition_zh": model.definition_zh}
        rows.append(found)
    return pd.DataFrame(rows, columns=list(METHOD_COLUMNS))


def run_scorecard(
    place: str | Path,
    scenarios: Sequence[str | Path] = SCENARIOS,
    *,
    level: str = "central",
    draws: int = DRAWS,
    seed: int = SEED,
    observations: str | Path | None = None,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Scorecard:
    """Return the scorecard of a place's plan under scenarios.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    scenarios : sequence
        Names that ship or paths of TOML files; no new policy and the plan as written when empty.
    level : {"lenient", "central", "strict"}
    draws, seed : int
    observations : path, optional
        CSV file of observations (`read_observed`), which updates the courses; what is wrong with single rows stands
        in `left_out`.
    prior_only : bool
        Draw the levels of the model from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        When the place has no plan, the level is unknown, there are no draws, or no observation can be used.
    """
    _check(level, draws)
    pack = load_pack(place)
    methods = method_table(pack)
    chosen = load_scenarios(scenarios or SCENARIOS, areas=list(pack.areas["area"]))
    today = date.today()
    rows, left_out = ((), ()) if observations is None else read_observed(observations, pack, today=today)
    seen = progress_of(rows, pack, today)
    with progress_bar("huyou", 4, shown=progress) as bar:
        futures = prepare_futures(
            pack, bar, draws=draws, seed=seed, until=TARGET_YEAR, prior_only=prior_only, folder=folder
        )
        dataset = futures.ensemble.project(chosen, progress=progress)
        bar.update()
        board = board_of(pack, chosen, dataset, seen, level)
        table = score_table(board)
        bar.update()
    return Scorecard(futures.fit, chosen, level, futures.posterior, draws, seed, seen, table, methods, left_out)


def board_of(
    pack: Pack, scenarios: Sequence[Scenario], dataset: xr.Dataset, progress: Sequence[Progress], level: str
) -> Board:
    """Return what the indicators of a plan are projected from; demographic ones are those of `outcomes`."""
    targets = {one.target.indicator_id: one for one in outcomes(pack, dataset) if one.target.level == level}
    return Board(pack, scenarios, dataset, targets, progress, level)


def _check(level: str, draws: int) -> None:
    """Raise ArgumentError with everything that is wrong with level and draws, before any work."""
    problems = []
    if level not in LEVELS:
        problems.append(Problem("--level", f"'{level}'", f"one of {', '.join(LEVELS)}", suggest(level, LEVELS)))
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if problems:
        raise ArgumentError(problems)
