"""Births that are not published yet, from marriages that are: married this year, first births next year.

Marriages of a year are known before its births. A draw with fewer marriages than were published has fewer first births
in that year and the next ones; how many fewer is the model's lag (`huyou_sim.monitoring.lags`). The nowcast is the
ensemble given all figures so far, and beside it the ensemble given all but the marriages of the year: what the
marriages tell is the difference. A back-test on histories of the model itself says what that is worth: how much
narrower the bands are, and whether they hold what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.priors import generator
from huyou_sim.inference.updating import weighted_quantile
from huyou_sim.monitoring.conditioning import conditioned_by, truth

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.monitoring.conditioning import Seen
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

MARRIAGES = "first_marriages"

NOWCAST = ("births", "births_order_1", "births_order_2", "births_order_3", "tfr")
"""What is told."""

GIVEN = ("nothing", "others", "marriages")
"""No figure after the fit; all but the marriages of the year; these too."""

HISTORIES = 200
"""Of a back-test: a coverage of 90 % has a standard error of 2 points."""

REGISTER_ERROR = 0.01
"""Standard error of a full count of marriages, as a share of it: what a back-test holds the stated error against."""

COLUMNS = ("variable", "year", "given", "figures", "q05", "q50", "q95", "gain", "effective", "moved")
TEST_COLUMNS = ("marriage_error", "variable", "year", "width_others", "width_marriages", "gain", "coverage_others",
                "coverage_marriages", "error_others", "error_marriages", "histories")  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A published figure; see `huyou_sim.monitoring.conditioning.Seen`."""

    variable: str
    year: int
    value: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class Nowcast:
    """Births of a year and the next one, before and after the marriages of the year are known.

    Parameters
    ----------
    year : int
        Of the marriages.
    marriages : Seen
        Their figure.
    space : str
        State space that tells.
    scenario : Scenario
    draws, seed : int
    mark : str
        What must stand beside every probability.
    table : DataFrame
        From `nowcast_table`.
    back_test : DataFrame
        From `back_test`.
    lags : DataFrame
        From `lag_table`, of one state space or several.
    """

    year: int
    marriages: Seen
    space: str
    scenario: Scenario
    draws: int
    seed: int
    mark: str
    table: pd.DataFrame
    back_test: pd.DataFrame
    lags: pd.DataFrame


def last_marriages(seen: Sequence[Seen]) -> Seen:
    """Return the latest figure of first marriages.

    Raises
    ------
    ArgumentError
        When there is none.
    """
    found = [one for one in seen if one.variable == MARRIAGES]
    if not found:
        known = ", ".join(sorted({one.variable for one in seen})) or "no figure"
        expected = f"a figure of {MARRIAGES}: births are told from marriages"
        raise ArgumentError(Problem("observations", known, expected, f"Add a row of {MARRIAGES}."))
    return max(found, key=lambda one: one.year)


def nowcast(
    ensemble: Ensemble,
    scenario: Scenario,
    seen: Sequence[Seen],
    *,
    lags: pd.DataFrame | None = None,
    histories: int = HISTORIES,
    progress: bool = False,
) -> Nowcast:
    """Return births of the last year whose marriages are known, and of the next, with a back-test.

    Parameters
    ----------
    ensemble : Ensemble
        Up to the year after the marriages, in the state space that is to tell: that with durations of marriage has the
        sharper lag.
    scenario : Scenario
    seen : sequence of Seen
        Figures after the fit, one of each variable and year.
    lags : DataFrame, optional
        From `huyou_sim.monitoring.lags.lag_table`, in one state space or several, to stand beside the nowcast.
    histories : int
        Of the back-test; at most a quarter of the draws.

    Raises
    ------
    ArgumentError
        When no marriages are known, or the ensemble ends before the year after them.
    """
    marriages = last_marriages(seen)
    until = marriages.year + 1
    if until not in ensemble.years:
        expected = f"{until} or later, the year after the marriages"
        raise ArgumentError(Problem("until", str(ensemble.years[-1]), expected, f"Type {until}."))
    known = [one for one in seen if one.year <= until]
    names = dict.fromkeys((*NOWCAST, *(one.variable for one in known)))
    dataset = ensemble.project([scenario], until=until, variables=list(names), progress=progress)
    return Nowcast(
        marriages.year,
        marriages,
        ensemble.baseline.space.name,
        scenario,
        len(ensemble),
        ensemble.seed,
        str(dataset.attrs["mark"]),
        nowcast_table(dataset, scenario.key, known, marriages.year),
        back_test(dataset, scenario.key, known, marriages.year, histories=min(histories, len(ensemble) // 4)),
        pd.DataFrame() if lags is None else lags,
    )


def given(seen: Sequence[Seen], year: int) -> dict[str, list[Seen]]:
    """Return the figures that are known at each stage of `GIVEN`."""
    others = [one for one in seen if not (one.variable == MARRIAGES and one.year >= year)]
    return dict(zip(GIVEN, ([], others, list(seen)), strict=True))


def nowcast_table(dataset: xr.Dataset, scenario: str, seen: Sequence[Seen], year: int) -> pd.DataFrame:
    """Return births of a year and the next one, with what is known at each stage.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project`, of one area.
    scenario : str
    seen : sequence of Seen
    year : int
        Of the marriages.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. True figures, without error of publication; ``gain``: by how much the band is narrower than that
        given all others [1], not a number at earlier stages.
    """
    asked = [Figure(name, each, 0.0, 0.0) for name in NOWCAST for each in (year, year + 1)]
    rows, widths = [], {}
    for stage, known in given(seen, year).items():
        draws = conditioned_by(dataset, scenario, known)
        values = draws.of(truth(dataset, scenario, asked))
        for i, one in enumerate(asked):
            low, middle, high = (
                float(value) for value in weighted_quantile(values[:, i], draws.weights, [0.05, 0.5, 0.95])
            )
            widths[stage, i] = high - low
            gain = 1.0 - widths[stage, i] / widths["others", i] if stage == "marriages" else float("nan")
            rows.append((one.variable, one.year, stage, draws.figures, low, middle, high, gain, draws.effective,
                         draws.moved))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values(["variable", "year"], kind="stable", key=_order, ignore_index=True)


def _order(values: pd.Series) -> pd.Series:
    """Return variables in the order of `NOWCAST`, years as they are."""
    return values.map({name: i for i, name in enumerate(NOWCAST)}) if values.name == "variable" else values


def back_test(
    dataset: xr.Dataset, scenario: str, seen: Sequence[Seen], year: int, *, histories: int = HISTORIES
) -> pd.DataFrame:
    """Return what the marriages of a year are worth, on histories that the model itself drew.

    The first draws are the histories: their figures, with errors of publication, are held against the other draws.

    Parameters
    ----------
    dataset, scenario, seen, year
        As for `nowcast_table`; of the figures only which they are and their errors count.
    histories : int

    Returns
    -------
    table : DataFrame
        `TEST_COLUMNS`, once with the stated error of the marriages and once with that of a full count
        (`REGISTER_ERROR`). ``width_*``: mean width of bands of 90 % [unit]; ``gain``: by how much that given the
        marriages is narrower [1]; ``coverage_*``: share of histories inside the band [1]; ``error_*``: mean distance of
        the median from the truth [unit].
    """
    truths = dataset.isel(draw=slice(0, histories))
    others = dataset.isel(draw=slice(histories, None))
    share = others.sizes["draw"] / dataset.sizes["draw"]
    others = others.assign_attrs(effective_draws=share * float(dataset.attrs["effective_draws"]))
    asked = [Figure(name, each, 0.0, 0.0) for name in NOWCAST for each in (year, year + 1)]
    came = truth(truths, scenario, asked)
    stated = next(one for one in seen if one.variable == MARRIAGES and one.year == year)
    frames = []
    for error in dict.fromkeys((stated.standard_error, REGISTER_ERROR * stated.value)):
        known = [replace(_figure(one), standard_error=error) if one is stated else _figure(one) for one in seen]
        found = {stage: _tested(truths, others, scenario, known, asked, stage, year) for stage in GIVEN[1:]}
        table = pd.DataFrame({"variable": [one.variable for one in asked], "year": [one.year for one in asked]})
        for stage, bands in found.items():
            low, middle, high = bands
            table[f"width_{stage}"] = (high - low).mean(axis=0)
            table[f"coverage_{stage}"] = ((low <= came) & (came <= high)).mean(axis=0)
            table[f"error_{stage}"] = np.abs(middle - came).mean(axis=0)
        frames.append(table.assign(marriage_error=error, histories=histories))
    joined = pd.concat(frames, ignore_index=True)
    return joined.assign(gain=1.0 - joined["width_marriages"] / joined["width_others"])[list(TEST_COLUMNS)]


def _figure(one: Seen) -> Figure:
    return Figure(one.variable, one.year, one.value, one.standard_error)


def _tested(
    truths: xr.Dataset, others: xr.Dataset, scenario: str, known: Sequence[Figure], asked: Sequence[Figure], stage: str,
    year: int,
) -> Array:  # fmt: skip
    """Return lower end, median and upper end of what is asked, given the figures of each history, (3, draw, asked)."""
    seed, exact, values = int(others.attrs["seed"]), truth(truths, scenario, known), truth(others, scenario, asked)
    drawn = [generator(seed, f"back-test {one.variable} {one.year}").standard_normal(len(exact)) for one in known]
    seen = exact + np.stack(drawn, axis=1) * np.array([one.standard_error for one in known])
    found = []
    for history in seen:
        figures = [replace(one, value=float(value)) for one, value in zip(known, history, strict=True)]
        draws = conditioned_by(others, scenario, given(figures, year)[stage])
        found.append(weighted_quantile(draws.of(values).T, draws.weights, [0.05, 0.5, 0.95]))
    bands: Array = np.stack(found, axis=1)
    return bands
