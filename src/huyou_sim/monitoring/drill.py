"""A drill of the early warning: simulated histories, on course and off it, and how often each rule raises an alarm.

Histories are draws of the ensemble that the band does not hold: published figures of whole years with errors, shocks
and everything else that a draw has. Those under the course that is monitored give the rate of false alarms; those under
another truth give the rate of detection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.ensemble import Ensemble
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.posterior import SEED
from huyou_sim.monitoring.board import ALL
from huyou_sim.monitoring.monitor import DRAWS, SCENARIO, project_course
from huyou_sim.monitoring.predicted import Predicted, predict
from huyou_sim.monitoring.warning import AMBER, RED, either_side, series_of, together
from huyou_sim.pack import load_pack
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.observed import Observed
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.periods import whole_year
from huyou_sim.planning.subjects import default_error, subjects
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy import Scenario, load_scenarios

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

HISTORIES = 1000
"""Of a drill, unless told otherwise."""

FIRST, SHIFT = 2022, 2023
"""First year with figures, and the year from which a truth is off course."""

SERIES = ("tfr", "births", "crude_marriage_rate", "crude_divorce_rate")
"""What an office is taken to publish each year."""

BOARD = ("tfr", "crude_marriage_rate", "crude_divorce_rate")
"""Of which the board is made."""

NO_POLICY = "no_new_policy"

SHIFTS: Mapping[str, tuple[tuple[str, ...], float]] = MappingProxyType(
    {
        "births_10": (("birth_",), 0.9),
        "births_20": (("birth_",), 0.8),
        "births_30": (("birth_",), 0.7),
        "marriages_20": (("marriage_",), 0.8),
    }
)
"""Truth to the channels whose hazards are lower from `SHIFT` on, and by what they are multiplied [1]."""

COLUMNS = (
    "truth", "rule", "subject", "until", "amber", "amber_error", "red", "red_error", "histories", "draws", "mark",
)  # fmt: skip
"""Of the table of a drill. ``rule``: ``figure``, a single figure of the year; ``any_figure``, at least one figure up to
the year; ``series`` and ``board``, all figures of a series, or of the three rates, up to it together; ``ever_series``
and ``ever_board``, at least one such alarm at a look at the end of this year or of one before. ``amber``: share of
histories with that colour or red; ``red``: with red."""


@dataclass(frozen=True, eq=False)
class Drill:
    """How often the early warning warns.

    Parameters
    ----------
    fit : Fit
    scenario : Scenario
        The course that is monitored.
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    histories, draws, seed : int
    table : DataFrame
        `COLUMNS`.
    """

    fit: Fit
    scenario: Scenario
    posterior: xr.Dataset | None
    histories: int
    draws: int
    seed: int
    table: pd.DataFrame


def run_drill(
    place: str | Path,
    scenario: str | Path = SCENARIO,
    *,
    histories: int = HISTORIES,
    draws: int = DRAWS,
    seed: int = SEED,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Drill:
    """Return rates of false alarms and of detection of the early warning, from simulated histories.

    Parameters
    ----------
    place, scenario
        As for `run_monitor`.
    histories : int
        Of each truth; none of them is among the draws of the band.
    draws, seed : int
        Of the band.
    prior_only, folder, progress
        As for `run_monitor`.

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        When there are fewer than two draws or histories.
    """
    few = [Problem(name, str(count), "2 or more", f"Type {name} 1000.")
           for name, count in (("--draws", draws), ("--histories", histories)) if count < 2]  # fmt: skip
    if few:
        raise ArgumentError(few)
    pack = load_pack(place)
    areas = list(pack.areas["area"])
    course, other = (load_scenarios([one], areas=areas)[0] for one in (scenario, NO_POLICY))
    with progress_bar("drill", 4 + len(SHIFTS), shown=progress) as bar:
        futures = prepare_futures(
            pack, bar, draws=draws + histories, seed=seed, until=TARGET_YEAR, prior_only=prior_only, folder=folder
        )
        ensemble = futures.ensemble
        figures = yearly_figures(pack)
        whole = predict(pack, project_course(ensemble, course, figures), figures)
        band = whole.of_draws(slice(0, draws))
        bar.update()
        truths: dict[str, Array] = {course.key: whole.published()[draws:]}
        if other.key != course.key:
            truths[other.key] = _held_out(pack, ensemble, other, figures, draws)
        bar.update()
        for name, (channels, factor) in SHIFTS.items():
            truths[name] = _held_out(pack, shifted(ensemble, channels, factor), course, figures, draws)
            bar.update()
    mark = ensemble.draws.mark
    rows = [row for name, values in truths.items() for row in alarms(band, values, name)]
    table = pd.DataFrame([row | {"draws": draws, "mark": mark} for row in rows], columns=list(COLUMNS))
    return Drill(futures.fit, course, futures.posterior, histories, draws, seed, table)


def yearly_figures(pack: Pack) -> tuple[Observed, ...]:
    """Return the figures that an office is taken to publish, without values: `SERIES` of whole years."""
    known = subjects(pack)
    place = pack.place.code

    def missing(where: str, found: str, expected: str, fix: str) -> None:
        raise ArgumentError(Problem(where, found, expected, fix, str(pack.path / "publication_errors.csv")))

    made = []
    for name in SERIES:
        for year in range(FIRST, TARGET_YEAR + 1):
            period = whole_year(year)
            error = default_error(pack, known[name], "resident", place, period, missing)
            made.append(Observed(known[name].indicator_id, name, place, period, float("nan"), known[name].unit,
                                 "resident", error, date(year + 1, 3, 1), "", "", 0))  # fmt: skip
    return tuple(made)


def shifted(ensemble: Ensemble, channels: Sequence[str], factor: float) -> Ensemble:
    """Return an ensemble whose hazards of some channels are multiplied by a factor from `SHIFT` on.

    Parameters
    ----------
    channels : sequence of str
        Beginnings of names of channels.
    factor : float [1]
    """
    moved = [name.startswith(tuple(channels)) for name in ensemble.baseline.space.channels]
    late = np.array(ensemble.years) >= SHIFT
    shocks = ensemble.shocks + np.log(factor) * np.outer(moved, late)
    shocks.flags.writeable = False
    return replace(ensemble, shocks=shocks)


def _held_out(pack: Pack, ensemble: Ensemble, scenario: Scenario, figures: Sequence[Observed], draws: int) -> Array:
    """Return published figures under another truth in the draws that the band does not hold, (history, figure)."""
    found = predict(pack, project_course(ensemble, scenario, figures), figures)
    return found.published()[draws:]


def alarms(band: Predicted, values: Array, truth: str) -> list[dict[str, object]]:
    """Return how often each rule raises each colour in histories, a row for each rule, subject and year.

    Parameters
    ----------
    band : Predicted
        Of the course that is monitored.
    values : (history, figure) [unit of each figure]
    truth : str
    """
    years = np.array([one.period.year for one in band.figures])
    names = np.array([one.name for one in band.figures])
    single = either_side(band.below(values)[0])
    rows: list[dict[str, object]] = []
    least: dict[str, Array] = {}

    def add(rule: str, subject: str, until: int, chance: Array) -> None:
        row: dict[str, object] = {"truth": truth, "rule": rule, "subject": subject, "until": until}
        for colour, limit in (("amber", AMBER), ("red", RED)):
            share = float((chance < limit).mean())
            row |= {colour: share, f"{colour}_error": float(probability_error(share, len(values)))}
        rows.append(row | {"histories": len(values)})

    for year in sorted(set(years.tolist())):
        upto = years <= year
        for i in np.flatnonzero(years == year):
            add("figure", str(names[i]), year, single[:, i])
        add("any_figure", "", year, single[:, upto].min(axis=1))
        joint = {key[0]: _together(band, values, [i for i in at if upto[i]]) for key, at in series_of(band).items()}
        for name, chance in joint.items():
            add("series", name, year, chance)
        three = _together(band, values, np.flatnonzero(upto & np.isin(names, BOARD)).tolist())
        add("board", ALL, year, three)
        for rule, chance in (("ever_series", np.min(list(joint.values()), axis=0)), ("ever_board", three)):
            least[rule] = np.minimum(least.get(rule, chance), chance)
            add(rule, "", year, least[rule])
    return rows


def _together(band: Predicted, values: Array, at: Sequence[int]) -> Array:
    """Return how likely figures as far off together are while the course is right, (history,)."""
    return together(band.part(at), values[:, list(at)])[0]
