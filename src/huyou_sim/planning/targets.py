"""The plan's demographic targets: explicit thresholds at three levels, verdict and distance for every scenario."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.inference.bridge import bridge
from huyou_sim.inference.calibration import base_differs

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

BASE_YEAR = 2021
TARGET_YEAR = 2025
"""Baseline and target year of the plan."""


@dataclass(frozen=True)
class Target:
    """One threshold: an indicator of the plan at one level of strictness.

    Parameters
    ----------
    indicator_id : int
        Number in the plan's annex.
    variable : str
    level : {"lenient", "central", "strict"}
    rule : {"at_least", "at_most", "within", "rise_steady"}
    baseline, threshold, threshold_upper, tolerance : float [unit]
        `threshold_upper` closes `within`; `tolerance` is the fall that `rise_steady` allows in any one year.
    unit, population_base, reason : str
    """

    indicator_id: int
    variable: str
    level: str
    rule: str
    baseline: float
    threshold: float
    threshold_upper: float
    tolerance: float
    unit: str
    population_base: str
    reason: str


def _below(series: Array, target: Target) -> Array:
    return np.maximum(target.threshold - series[..., -1], 0.0)


def _above(series: Array, target: Target) -> Array:
    return np.maximum(series[..., -1] - target.threshold, 0.0)


def _outside(series: Array, target: Target) -> Array:
    return np.maximum(_below(series, target), np.maximum(series[..., -1] - target.threshold_upper, 0.0))


def _unsteady(series: Array, target: Target) -> Array:
    """Distance of a steady rise: too low at the end, or a year that falls back by more than the tolerance."""
    fall: Array = np.maximum(-np.diff(series, axis=-1).min(axis=-1) - target.tolerance, 0.0)
    return np.maximum(_below(series, target), fall)


RULES: Mapping[str, Callable[[Array, Target], Array]] = {
    "at_least": _below,
    "at_most": _above,
    "within": _outside,
    "rise_steady": _unsteady,
}
"""Rule to the distance of a series (..., year from baseline to target year) from being met [unit], 0 when met."""


def load_targets(pack: Pack) -> tuple[Target, ...]:
    """Return the targets of a pack.

    Raises
    ------
    PackError
        For a rule that is not known.
    """
    rows = pack.targets
    unknown = sorted(set(rows["rule"]) - set(RULES))
    if unknown:
        raise PackError(
            Problem(
                "column rule",
                ", ".join(unknown),
                f"one of {', '.join(RULES)}",
                suggest(unknown[0], RULES),
                file=str(pack.path / "targets.csv"),
            )
        )
    return tuple(_target(row) for row in rows.to_dict("records"))


def _target(row: Mapping[Hashable, Any]) -> Target:
    """Return one row as a target; an empty upper threshold is no bound, an empty tolerance none at all."""

    def number(name: str, empty: float) -> float:
        value = float(row[name])
        return empty if np.isnan(value) else value

    return Target(
        indicator_id=int(row["indicator_id"]),
        variable=str(row["variable"]),
        level=str(row["level"]),
        rule=str(row["rule"]),
        baseline=float(row["baseline"]),
        threshold=float(row["threshold"]),
        threshold_upper=number("threshold_upper", np.inf),
        tolerance=number("tolerance", 0.0),
        unit=str(row["unit"]),
        population_base=str(row["population_base"]),
        reason=str(row["reason"]),
    )


def target_series(
    target: Target,
    indicators: xr.Dataset,
    area: str,
    *,
    base_year: int = BASE_YEAR,
    last_year: int = TARGET_YEAR,
) -> tuple[xr.DataArray, bool]:
    """Return the indicator from baseline to target year, and whether it is bridged to another population.

    The series is the model's own for residents. For another population the published baseline moves as the
    model's residents do (`bridge`).
    """
    series = indicators[target.variable].sel(area=area, year=slice(base_year, last_year))
    if not base_differs(target.population_base):
        return series, False
    return bridge(series, target.baseline, base_year, unit=target.unit), True


COLUMNS = (
    "scenario", "indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance", "unit",
    "population_base", "reason", "published_2021", "baseline_2021", "value_2025", "distance", "met", "bridged",
)  # fmt: skip
"""Columns of the table of verdicts, for a place or a run that has none."""


def assess_targets(pack: Pack, indicators: xr.Dataset) -> pd.DataFrame:
    """Return the verdict on every target, level and scenario, for the place as a whole.

    Parameters
    ----------
    indicators : xarray.Dataset
        By (scenario, draw, area, year), the place among the areas.

    Returns
    -------
    table : DataFrame
        scenario, indicator_id, variable, level, rule, threshold, threshold_upper, tolerance, baseline_2021,
        value_2025, distance (0 when met), met, probability (share of draws that meet it), unit,
        population_base, bridged, reason. With more than one draw also q05 and q95; value and distance are the
        medians.
    """
    rows = []
    # A run that ends before the target year says nothing of the targets.
    asked = load_targets(pack) if TARGET_YEAR in indicators["year"].values else ()
    for target in asked:
        series, bridged = target_series(target, indicators, pack.place.code)
        values = series.transpose("scenario", "draw", "year").values
        distance = RULES[target.rule](values, target)
        for i, scenario in enumerate(series["scenario"].values):
            last = values[i, :, -1]
            row = {
                "scenario": str(scenario),
                **{name: getattr(target, name) for name in Target.__dataclass_fields__ if name != "baseline"},
                "published_2021": target.baseline,
                "baseline_2021": float(np.median(values[i, :, 0])),
                "value_2025": float(np.median(last)),
                "distance": float(np.median(distance[i])),
                "met": bool(np.median(distance[i]) == 0.0),
                "bridged": bridged,
            }
            if values.shape[1] > 1:
                row |= {
                    "q05": float(np.quantile(last, 0.05)),
                    "q95": float(np.quantile(last, 0.95)),
                    "probability": float((distance[i] == 0.0).mean()),
                }
            rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else list(COLUMNS))
