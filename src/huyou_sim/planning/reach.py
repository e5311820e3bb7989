"""With what probability each target is reached: truly, and as the published figures will show it.

Two probabilities, since the two differ: a rate of a sample survey may miss a target that the truth reaches, and show
one that it misses. Every probability stands with its Monte Carlo standard error and with the mark of a sampler that
has not converged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.monte_carlo import probability_error, quantile_error
from huyou_sim.inference.published import error_of, publication_noise
from huyou_sim.planning.targets import BASE_YEAR, RULES, TARGET_YEAR, Target, load_targets, target_series
from huyou_sim.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
"""Columns of the 90 % band of a value."""

COLUMNS = (
    "scenario", "indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance",
    "probability", "probability_error", "probability_seen", "probability_seen_error",
    "published_2021", "q05", "q50", "q95", "q05_error", "q50_error", "q95_error", "seen_q05", "seen_q95",
    "distance_q05", "distance_q50", "distance_q95", "publication_error", "unit", "population_base", "bridged",
    "definition", "reason", "draws", "mark",
)  # fmt: skip
"""Of the table of `reach_table`, for a place without targets too."""

JOINT_COLUMNS = (
    "scenario", "level", "indicator_ids",
    "probability", "probability_error", "probability_seen", "probability_seen_error", "draws", "mark",
)  # fmt: skip


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


def outcomes(pack: Pack, dataset: xr.Dataset, targets: Sequence[Target] | None = None) -> tuple[Outcome, ...]:
    """Return targets in every draw of every scenario, for the place as a whole.

    A published series starts at the known figure of the baseline year; the years after it have the error of their
    survey. A figure without error is the truth, in the baseline year too.

    Parameters
    ----------
    pack : Pack
    dataset : xarray.Dataset
        From `Ensemble.project`, up to the target year or beyond.
    targets : sequence of Target, optional
        Every target of the pack at every level when omitted.

    Raises
    ------
    ArgumentError
        When the dataset ends before the target year or does not say whether the sampler converged.
    PackError
        For a rule that is not known, or a target whose figure has no standard error.
    """
    if "mark" not in dataset.attrs or "seed" not in dataset.attrs:
        found = f"attributes {sorted(map(str, dataset.attrs))}"
        expected = "mark and seed: no probability goes without the mark of convergence"
        raise ArgumentError(Problem("ensemble", found, expected, "Use what Ensemble.project returns."))
    if TARGET_YEAR not in dataset["year"].values:
        last = int(dataset["year"].values[-1])
        expected = f"{TARGET_YEAR}, the target year, or later"
        raise ArgumentError(Problem("--until", str(last), expected, f"Type --until {TARGET_YEAR}."))
    return tuple(_outcome(pack, one, dataset) for one in (load_targets(pack) if targets is None else targets))


def _outcome(pack: Pack, target: Target, dataset: xr.Dataset) -> Outcome:
    series, bridged = target_series(target, dataset, pack.place.code)
    true = series.transpose("scenario", "draw", "year").values
    noise = publication_noise(pack, target.variable, dataset, known=BASE_YEAR)
    seen = true + noise.sel(year=series["year"]).transpose("draw", "year").values
    if error_of(pack, target.variable).standard_error > 0.0:
        seen[..., 0] = target.baseline
    rule = RULES[target.rule]
    return Outcome(
        target=target,
        bridged=bridged,
        scenarios=tuple(str(key) for key in series["scenario"].values),
        values=true[..., -1],
        seen_values=seen[..., -1],
        distance=rule(true, target),
        seen_distance=rule(seen, target),
    )


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
        the published figures show it; each with its Monte Carlo standard error. ``q05``, ``q50``, ``q95``: the true
        figure of the target year, with the errors of these quantiles; ``seen_q05``, ``seen_q95``: the published one.
        ``distance_*``: from being truly reached, 0 when it is. ``mark``: what must stand beside every probability.

    Raises
    ------
    ArgumentError, PackError
        As for `outcomes`.
    """
    mark = str(dataset.attrs.get("mark"))
    rows = [_row(pack, one, i, mark) for one in outcomes(pack, dataset) for i in range(len(one.scenarios))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(pack: Pack, one: Outcome, i: int, mark: str) -> dict[str, object]:
    target, ordered = one.target, np.sort(one.values[i])
    plain = ("indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance")
    row: dict[str, object] = {"scenario": one.scenarios[i], **{name: getattr(target, name) for name in plain}}
    row |= probabilities(one.distance[i] == 0.0, one.seen_distance[i] == 0.0)
    for name, level in QUANTILES.items():
        row[name] = float(np.quantile(ordered, level))
        row[f"{name}_error"] = float(quantile_error(ordered, level))
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
        "mark": mark,
    }


def probabilities(reached: Array, seen: Array) -> dict[str, object]:
    """Return both probabilities with their Monte Carlo standard errors, of truths by draw, (draw,)."""
    draws = len(reached)
    true, shown = float(reached.mean()), float(seen.mean())
    return {
        "probability": true,
        "probability_error": float(probability_error(true, draws)),
        "probability_seen": shown,
        "probability_seen_error": float(probability_error(shown, draws)),
        "draws": draws,
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
    chosen = known if indicators is None else sorted(set(indicators))
    unknown = [number for number in chosen if number not in known]
    if unknown or (not chosen and indicators is not None):
        asked = ", ".join(str(number) for number in unknown) or "none"
        expected = f"some of {', '.join(str(number) for number in known)}"
        raise ArgumentError(Problem("indicators", asked, expected, "Type numbers of indicators that have a target."))
    together = [one for one in found if one.target.indicator_id in chosen]
    rows = []
    for level in dict.fromkeys(one.target.level for one in together):
        same = [one for one in together if one.target.level == level]
        reached = np.all([one.distance == 0.0 for one in same], axis=0)
        seen = np.all([one.seen_distance == 0.0 for one in same], axis=0)
        rows += [
            {"scenario": key, "level": level, "indicator_ids": " ".join(str(number) for number in chosen)}
            | probabilities(reached[i], seen[i])
            | {"mark": dataset.attrs["mark"]}
            for i, key in enumerate(same[0].scenarios)
        ]
    return pd.DataFrame(rows, columns=list(JOINT_COLUMNS))
