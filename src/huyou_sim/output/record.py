"""A finished run as a value: what tables, workbook, figures and terminal are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from huyou_sim.errors import OutputError, Problem, suggest
from huyou_sim.output.labels import local_label
from huyou_sim.policy.costs import COLUMNS as COST_COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Floats = NDArray[np.float64]

QUANTILES: Mapping[str, float] = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
"""Columns that stand in place of ``value`` when there is more than one trajectory."""


class ScenarioText(Protocol):
    """A scenario as far as this room needs it: its key and its words."""

    @property
    def key(self) -> str:
        """Name in files and options."""
        ...

    def label(self, lang: str) -> str:
        """Return the name for people."""
        ...

    def description(self, lang: str) -> str:
        """Return a sentence on what the scenario does."""
        ...


@dataclass(frozen=True)
class SavedScenario:
    """The key and words of a scenario, as kept in a manifest."""

    key: str
    labels: Mapping[str, str]
    descriptions: Mapping[str, str]

    def label(self, lang: str) -> str:
        """Return the name for people."""
        return self.labels.get(lang) or self.key

    def description(self, lang: str) -> str:
        """Return a sentence on what the scenario does."""
        return self.descriptions.get(lang, "")


@dataclass(frozen=True)
class Run:
    """A finished run.

    Parameters
    ----------
    result : xarray.Dataset
        Counts, dimensions scenario, draw, area, year or time, sex, age, marital, parity.
    indicators : xarray.Dataset
        Every variable (scenario, draw, area, year); the last area is the whole place.
    fit, targets : pandas.DataFrame
        One row per observation; one row per scenario, indicator and level.
    costs : pandas.DataFrame
        One row per scenario, measure, payer and year that has any.
    contradictions : sequence of str
        Sentences on baselines that cannot all be true, in the language of the run.
    scenarios : sequence of ScenarioText
        In the order of tables and figures.
    area_labels : mapping
        Area code -> language -> name.
    manifest : mapping
        See `huyou_sim.output.manifest`.
    """

    result: xr.Dataset
    indicators: xr.Dataset
    fit: pd.DataFrame
    contradictions: Sequence[str]
    targets: pd.DataFrame
    costs: pd.DataFrame
    scenarios: Sequence[ScenarioText]
    area_labels: Mapping[str, Mapping[str, str]]
    manifest: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Code of the whole place: the last area."""
        return place_code(self.indicators)

    @property
    def scenario_keys(self) -> list[str]:
        """Keys of the scenarios in the indicators, in the order of `scenarios`."""
        return [scenario.key for scenario in self.scenarios]

    def scenario_label(self, key: str, lang: str) -> str:
        """Return the name of a scenario."""
        return scenario_label(self.scenarios, key, lang)

    def area_label(self, code: str, lang: str) -> str:
        """Return the name of an area."""
        return local_label(self.area_labels, code, lang)


def scenario_label(scenarios: Sequence[ScenarioText], key: str, lang: str) -> str:
    """Return the name of the scenario `key`, or the key when it is not among `scenarios`."""
    return next((scenario.label(lang) for scenario in scenarios if scenario.key == key), key)


def place_code(dataset: xr.Dataset) -> str:
    """Return the code of the whole place: the last label of the dimension area."""
    return str(dataset["area"].values[-1])


def check_run(run: Run) -> None:
    """Raise one OutputError that lists every scenario without words and every missing dimension or column."""
    problems = []
    keys = set(run.scenario_keys)
    for name, dataset in (("result", run.result), ("indicators", run.indicators)):
        for dimension in ("scenario", "draw", "area"):
            if dimension not in dataset.dims:
                problems.append(
                    Problem(f"dataset {name}", f"no dimension {dimension}", "scenario, draw, area, ...",
                            "Pass the Dataset as the projection returned it.")
                )  # fmt: skip
        if "scenario" in dataset.coords:
            for key in dataset["scenario"].values.tolist():
                if str(key) not in keys:
                    problems.append(
                        Problem(f"dataset {name}", f"scenario {key!r}", "a scenario among those passed",
                                suggest(str(key), keys))
                    )  # fmt: skip
    for name, needed in COLUMNS.items():
        problems += [
            Problem(f"table {name}", f"no column {column}", ", ".join(needed), f"Add the column {column}.")
            for column in needed
            if column not in getattr(run, name).columns
        ]
    if problems:
        raise OutputError(problems)


FIT_COLUMNS = (
    "id", "variable", "area", "period", "observed", "fitted", "residual_se", "standard_error", "unit",
    "population_base", "definition", "use", "bridged", "note",
)  # fmt: skip
TARGET_COLUMNS = (
    "scenario", "indicator_id", "variable", "level", "rule", "threshold", "threshold_upper", "tolerance",
    "value_2025", "baseline_2021", "distance", "met", "population_base", "bridged", "unit",
)  # fmt: skip
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"fit": FIT_COLUMNS, "targets": TARGET_COLUMNS, "costs": COST_COLUMNS}
)
"""Table of a run -> columns that it must have."""


def summary(array: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the one trajectory as ``value``, or the quantiles of many as q05, q50 and q95.

    The dimension draw is gone in what comes back.
    """
    if "draw" not in array.dims:
        return {"value": array}
    if array.sizes["draw"] == 1:
        return {"value": array.isel(draw=0, drop=True)}
    return {name: array.quantile(level, dim="draw").drop_vars("quantile") for name, level in QUANTILES.items()}


def central(array: xr.DataArray) -> xr.DataArray:
    """Return the one trajectory, or the median of many."""
    parts = summary(array)
    return parts.get("value", parts.get("q50", array))


def calendar(array: xr.DataArray, dimension: str) -> list[int]:
    """Return the years of a dimension of years, or of dates of which the year counts."""
    values = array[dimension].values
    if np.issubdtype(values.dtype, np.datetime64):
        return [int(year) for year in values.astype("datetime64[Y]").astype(int) + 1970]
    return [int(year) for year in values]


# --- targets ---------------------------------------------------------------------------------------------

LEVELS = ("lenient", "central", "strict")


def finite(value: object) -> float:
    """Return a number, or NaN for whatever is none."""
    if value is None or isinstance(value, str):
        return float(value) if isinstance(value, str) and value.strip() else float("nan")
    return float(value)  # type: ignore[arg-type]


def target_bounds(row: Mapping[Any, Any]) -> tuple[float, float]:
    """Return the lowest and highest value of 2025 that meet a target; infinite where there is no bound.

    Parameters
    ----------
    row : mapping
        A row of the targets table. Rules: ``at_least`` and ``at_most`` the threshold, ``within`` the threshold
        and the upper one, ``rise_steady`` at least the threshold with no marked fall on the way. NaN for a rule
        not known here.
    """
    threshold = finite(row["threshold"])
    bounds = {
        "at_least": (threshold, np.inf),
        "rise_steady": (threshold, np.inf),
        "at_most": (-np.inf, threshold),
        "within": (threshold, finite(row["threshold_upper"])),
    }
    return bounds.get(str(row["rule"]), (np.nan, np.nan))
