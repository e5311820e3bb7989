"""With what probability each target is reached: truly, and as the published figures will show it.

Two probabilities, since the two differ: a rate of a sample survey may miss a target that the truth reaches, and show
one that it misses. Every probability stands with its Monte Carlo standard error and with the mark of a sampler that
has not converged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.monte_carlo import bands, probability_error, quantile_error
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.published import error_of, publication_noise
from huyou_sim.inference.trends import FURTHEST_YEAR, LAST_YEAR
from huyou_sim.pack import load_pack
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.targets import BASE_YEAR, RULES, TARGET_YEAR, Target, load_targets, target_series
from huyou_sim.policy import Scenario, load_scenarios
from huyou_sim.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]
    Truths = NDArray[np.bool_]

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
"""Columns of the 90 % band of a value."""

COLUMNS = (
    "scenario", "indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance",
    "probability", "probability_error", "probability_seen", "probability_seen_error",
    "probability_2025", "probability_2025_error", "published_2021", "q05", "q50", "q95",
    "q05_error", "q50_error", "q95_error", "seen_q05", "seen_q95", "distance_q05", "distance_q50", "distance_q95",
    "publication_error", "unit", "population_base", "bridged", "definition", "reason",
    "draws", "effective_draws", "mark",
)  # fmt: skip
"""Of the table of `reach_table`, for a place without targets too."""

JOINT_COLUMNS = (
    "scenario", "level", "indicator_ids",
    "probability", "probability_error", "probability_seen", "probability_seen_error",
    "draws", "effective_draws", "mark",
)  # fmt: skip


DRAWS = 2000
"""Of a run, unless told otherwise: an error of one point at a probability of a half."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """One target in every draw of every scenario.

    Parameters
    ----------
    target : Target
    bridged : bool
        Whether the series is carried onto the published figure of another population.
    scenarios : tuple of str
    values, seen_values : (scenario, draw) [unit]
        True and published figure of the target year.
    distance, seen_distance : (scenario, draw) [unit]
        From being reached; 0 when it is.
    """

    target: Target
    bridged: bool
    scenarios: tuple[str, ...]
    values: Array
    seen_values: Array
    distance: Array
    seen_distance: Array

    @property
    def reached(self) -> Truths:
        """Return whether the target is truly reached, (scenario, draw)."""
        found: Truths = self.distance == 0.0
        return found

    @property
    def seen(self) -> Truths:
        """Return whether the published figures show it as reached, (scenario, draw)."""
        found: Truths = self.seen_distance == 0.0
        return found

    @property
    def last(self) -> Truths:
        """Return whether the true figure of the target year alone would do, (scenario, draw)."""
        lower, upper = bounds(self.target)
        found: Truths = (self.values >= lower) & (self.values <= upper)
        return found


def bounds(target: Target) -> tuple[float, float]:
    """Return the lowest and the highest figure of the target year that a target allows."""
    if target.rule == "at_most":
        return -np.inf, target.threshold
    return target.threshold, target.threshold_upper


def outcomes(pack: Pack, dataset: xr.Dataset) -> tuple[Outcome, ...]:
    """Return every target at every level in every draw of every scenario, for the place as a whole.

    A published series starts at the known figure of the baseline year; the years after it have the error of their
    survey. A figure without error is the truth, in the baseline year too.

    Parameters
    ----------
    pack : Pack
    dataset : xarray.Dataset
        From `Ensemble.project`, up to the target year or beyond.

    Raises
    ------
    ArgumentError
        When the dataset ends before the target year or does not say whether the sampler converged.
    PackError
        For a rule that is not known, or a target whose figure has no standard error.
    """
    if not {"mark", "seed", "effective_draws"} <= set(dataset.attrs):
        found = f"attributes {sorted(map(str, dataset.attrs))}"
        expected = "mark, seed and effective_draws: no probability goes without the mark of convergence"
        raise ArgumentError(Problem("ensemble", found, expected, "Use what Ensemble.project returns."))
    if TARGET_YEAR not in dataset["year"].values:
        last = int(dataset["year"].values[-1])
        expected = f"{TARGET_YEAR}, the target year, or later"
        raise ArgumentError(Problem("--until", str(last), expected, f"Type --until {TARGET_YEAR}."))
    targets = load_targets(pack)
    names = dict.fromkeys(target.variable for target in targets)
    noise = {name: publication_noise(pack, name, dataset, known=BASE_YEAR) for name in names}
    return tuple(_outcome(pack, target, dataset, noise[target.variable]) for target in targets)


def _outcome(pack: Pack, target: Target, dataset: xr.Dataset, noise: xr.DataArray) -> Outcome:
    true, seen, bridged = true_and_seen(pack, target, dataset, noise)
    rule = RULES[target.rule]
    return Outcome(
        target=target,
        bridged=bridged,
        scenarios=tuple(str(key) for key in dataset["scenario"].values),
        values=true[..., -1],
        seen_values=seen[..., -1],
        distance=rule(true, target),
        seen_distance=rule(seen, target),
    )


def true_and_seen(
    pack: Pack, target: Target, dataset: xr.Dataset, noise: xr.DataArray | None = None
) -> tuple[Array, Array, bool]:
    """Return the true and the published series of a target, and whether they are bridged to another population.

    Parameters
    ----------
    pack, dataset
        As for `outcomes`.
    noise : (draw, year) [unit], optional
        From `publication_noise`, where many targets share it.

    Returns
    -------
    true, seen : (scenario, draw, year) [unit]
        From the baseline to the target year.
    bridged : bool
    """
    series, bridged = target_series(target, dataset, pack.place.code)
    true = series.transpose("scenario", "draw", "year").values
    if noise is None:
        noise = publication_noise(pack, target.variable, dataset, known=BASE_YEAR)
    off = noise.sel(year=series["year"]).transpose("draw", "year").values
    seen = true + off
    if off.any():
        seen[..., 0] = target.baseline
    return true, seen, bridged


def reach_table(pack: Pack, dataset: xr.Dataset) -> pd.DataFrame:
    """Return the reachability of every target at every level under every scenario.

    Parameters
    ----------
    pack, dataset
        As for `outcomes`.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. ``probability``: share of draws that truly reach the target; ``probability_seen``: share in which
        the published figures show it; ``probability_2025``: share in which the true figure of the target year alone
        would do, whatever the years before it; each with its Monte Carlo standard error. ``q05``, ``q50``, ``q95``:
        the true figure of the target year, with the errors of these quantiles; ``seen_q05``, ``seen_q95``: the
        published one.
        ``distance_*``: from being truly reached, 0 when it is. ``mark``: what must stand beside every probability.

    Raises
    ------
    ArgumentError, PackError
        As for `outcomes`.
    """
    found = outcomes(pack, dataset)
    rows = [_row(pack, one, i, dataset) for one in found for i in range(len(one.scenarios))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(pack: Pack, one: Outcome, i: int, dataset: xr.Dataset) -> dict[str, object]:
    target, ordered, effective = one.target, np.sort(one.values[i]), float(dataset.attrs["effective_draws"])
    plain = ("indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance")
    row: dict[str, object] = {"scenario": one.scenarios[i], **{name: getattr(target, name) for name in plain}}
    row |= probabilities(one.reached[i], one.seen[i], dataset)
    row["probability_2025"] = float(one.last[i].mean())
    row["probability_2025_error"] = float(probability_error(one.last[i].mean(), effective))
    for name, level in QUANTILES.items():
        row[name] = float(np.quantile(ordered, level))
        row[f"{name}_error"] = float(quantile_error(ordered, level, effective))
        row[f"distance_{name}"] = float(np.quantile(one.distance[i], level))
    row["seen_q05"], row["seen_q95"] = np.quantile(one.seen_values[i], [0.05, 0.95]).tolist()
    return row | {
        "published_2021": target.baseline,
        "publication_error": error_of(pack, target.variable).standard_error,
        "unit": target.unit,
        "population_base": target.population_base,
        "bridged": one.bridged,
        "definition": variable(target.variable).definition_en,
        "reason": target.reason,
    }


def probabilities(reached: Truths, seen: Truths, dataset: xr.Dataset) -> dict[str, object]:
    """Return both probabilities with their Monte Carlo standard errors and the mark, of truths by draw, (draw,)."""
    effective = float(dataset.attrs["effective_draws"])
    true, shown = float(reached.mean()), float(seen.mean())
    return {
        "probability": true,
        "probability_error": float(probability_error(true, effective)),
        "probability_seen": shown,
        "probability_seen_error": float(probability_error(shown, effective)),
        "draws": len(reached),
        "effective_draws": effective,
        "mark": str(dataset.attrs["mark"]),
    }


def joint_table(pack: Pack, dataset: xr.Dataset, indicators: Collection[int] | None = None) -> pd.DataFrame:
    """Return the probability that several targets are reached together, by scenario and level.

    Parameters
    ----------
    pack, dataset
        As for `outcomes`.
    indicators : collection of int, optional
        Numbers of the plan's indicators; all demographic targets when omitted.

    Returns
    -------
    table : DataFrame
        `JOINT_COLUMNS`.

    Raises
    ------
    ArgumentError
        When an indicator has no target, or as for `outcomes`.
    PackError
        As for `outcomes`.
    """
    found = outcomes(pack, dataset)
    known = sorted({one.target.indicator_id for one in found})
    _check_indicators(indicators, known)
    chosen = known if indicators is None else sorted(set(indicators))
    together = [one for one in found if one.target.indicator_id in chosen]
    rows = []
    for level in dict.fromkeys(one.target.level for one in together):
        same = [one for one in together if one.target.level == level]
        reached = np.all([one.reached for one in same], axis=0)
        seen = np.all([one.seen for one in same], axis=0)
        rows += [
            {"scenario": key, "level": level, "indicator_ids": " ".join(str(number) for number in chosen)}
            | probabilities(reached[i], seen[i], dataset)
            for i, key in enumerate(same[0].scenarios)
        ]
    return pd.DataFrame(rows, columns=list(JOINT_COLUMNS))


def _check_indicators(chosen: Collection[int] | None, known: Sequence[int]) -> None:
    """Raise ArgumentError when indicators to be reached together have no target, or there are none."""
    if chosen is None:
        return
    unknown = [number for number in sorted(set(chosen)) if number not in known]
    if unknown or not chosen:
        found = ", ".join(str(number) for number in unknown) or "none"
        expected = f"some of {', '.join(str(number) for number in known)}" if known else "a place that has targets"
        raise ArgumentError(Problem("--joint", found, expected, "Type numbers of indicators that have a target."))


@dataclass(frozen=True, eq=False)
class Reach:
    """The reachability of a place's targets under scenarios.

    Parameters
    ----------
    fit : Fit
    scenarios : tuple of Scenario
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    indicators : xarray.Dataset
        Of the place, (scenario, draw, area, year).
    bands : xarray.Dataset
        Of every indicator, from `bands`.
    targets, joint : DataFrame
        From `reach_table` and `joint_table`.
    """

    fit: Fit
    scenarios: tuple[Scenario, ...]
    posterior: xr.Dataset | None
    indicators: xr.Dataset
    bands: xr.Dataset
    targets: pd.DataFrame
    joint: pd.DataFrame


def run_reach(
    place: str | Path,
    scenarios: Sequence[str | Path] = (),
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    until: int = LAST_YEAR,
    together: Collection[int] | None = None,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Reach:
    """Return with what probability the targets of a place are reached under policy packages.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    scenarios : sequence
        Names that ship or paths of TOML files; the packages that ship when empty.
    draws, seed : int
    until : int
        Last year of the bands.
    together : collection of int, optional
        Indicators that are to be reached together; all demographic targets when omitted.
    prior_only : bool
        Draw the levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show progress bars on standard error.

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        When there are no draws, the target year is not reached, or an indicator has no target.
    """
    _check(draws, until)
    pack = load_pack(place)
    chosen = load_scenarios(scenarios, areas=list(pack.areas["area"]))
    _check_indicators(together, sorted({target.indicator_id for target in load_targets(pack)}))
    with progress_bar("huyou", 4, shown=progress) as bar:
        futures = prepare_futures(pack, bar, draws=draws, seed=seed, until=until, prior_only=prior_only, folder=folder)
        indicators = futures.ensemble.project(chosen, progress=progress)
        bar.update()
        bar.set_postfix_str("bands")
        tables = reach_table(pack, indicators), joint_table(pack, indicators, together)
        around = bands(indicators)
        bar.update()
    return Reach(futures.fit, chosen, futures.posterior, indicators, around, *tables)


def _check(draws: int, until: int) -> None:
    """Raise ArgumentError with everything that is wrong with numbers, before any work."""
    problems = []
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if not TARGET_YEAR <= until <= FURTHEST_YEAR:
        expected = f"a year from {TARGET_YEAR}, the target year, to {FURTHEST_YEAR}"
        problems.append(Problem("--until", str(until), expected, f"Type --until {TARGET_YEAR}."))
    if problems:
        raise ArgumentError(problems)
