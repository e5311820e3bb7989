"""What the model says where something was observed: the same variable, area, date and definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import CalibrationError, Problem
from huyou_sim.inference.parameters import line_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

MODEL_BASE = "resident"
"""The population that the model projects."""


@dataclass(frozen=True)
class Observation:
    """One published figure.

    Parameters
    ----------
    id, variable, area : str
    year : int
    date, period : str
        Day of a stock, ISO; what the figure covers, in words.
    value, standard_error : float [unit]
    unit, population_base, definition, note : str
    use : {"fit", "check", "bridge", "context"}
        Enters the fit; is compared only; belongs to another population or survey and is bridged; is told only.
    """

    id: str
    variable: str
    area: str
    year: int
    date: str
    period: str
    value: float
    standard_error: float
    unit: str
    population_base: str
    definition: str
    note: str
    use: str


def observations(pack: Pack) -> tuple[Observation, ...]:
    """Return all observations of a pack."""
    return tuple(
        Observation(
            **{name: text(row[name]) for name in Observation.__dataclass_fields__ if name not in _NUMBERS},
            year=int(row["year"]),
            value=float(row["value"]),
            standard_error=float(row["standard_error"]),
        )
        for row in pack.observations.to_dict("records")
    )


_NUMBERS = ("year", "value", "standard_error")


def text(value: object) -> str:
    """Return a table's cell as text, a day in ISO form, an empty cell as the empty string."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    return "" if value is None or value != value else str(value)


def fitted_observations(pack: Pack, year: int) -> tuple[Observation, ...]:
    """Return the observations of `year` that enter the fit.

    Raises
    ------
    CalibrationError
        When one has no standard error above zero, or none is there at all.
    """
    file = str(pack.path / "observations.csv")
    chosen = tuple(o for o in observations(pack) if o.use == "fit" and o.year == year)
    problems = [
        Problem(
            f"standard error of observation '{o.id}'",
            f"{o.standard_error}",
            f"a number above 0 [{o.unit}]",
            "Type the standard error; a figure without one cannot be weighed against the others.",
            file=file,
            line=line_of(pack.path / "observations.csv", "id", o.id),
        )
        for o in chosen
        if not o.standard_error > 0
    ]
    if not chosen:
        problems.append(
            Problem(
                "observations to fit",
                f"none for {year}",
                f"at least one row with use = fit and year {year}",
                "Add the place's figures of that year.",
                file=file,
            )
        )
    if problems:
        raise CalibrationError(problems)
    return chosen


def predict(indicators: xr.Dataset, seen: Sequence[Observation]) -> Array:
    """Return what a projection says for each observation, (draw, observation), in the observation's unit."""
    columns = []
    for one in seen:
        if one.variable not in indicators:
            raise CalibrationError(
                Problem(
                    f"observation '{one.id}'",
                    f"variable {one.variable}",
                    "an indicator of the model",
                    "Set use = context, or correct the variable.",
                )
            )
        columns.append(indicators[one.variable].sel(area=one.area, year=one.year).isel(scenario=0).values.astype(float))
    return np.stack(columns, axis=-1)


def census_predictions(pack: Pack, baseline: Baseline) -> dict[str, float]:
    """Return what the baseline says at its own dates, by observation id: census structure and the carried start.

    These figures do not depend on the fitted parameters: they were used to build the start, or follow from it.
    """
    census = pack.population_single_age
    result: dict[str, float] = {}
    for one in observations(pack):
        if one.variable in baseline.construction and one.area == baseline.code:
            result[one.id] = baseline.construction[one.variable]
        if one.variable.startswith("total_dependency_") and one.date == pack.census_date.isoformat():
            inside = census["area"].isin(baseline.areas) if one.area == baseline.code else census["area"] == one.area
            result[one.id] = dependency(census[inside], old=int(one.variable.rsplit("_", 1)[1]))
        elif one.variable == "population_total" and one.date == pack.start_date.isoformat():
            stock = baseline.stock.population
            result[one.id] = float((stock if one.area == baseline.code else stock.sel(area=one.area)).sum())
    return result


def dependency(people: pd.DataFrame, *, old: int) -> float:
    """Return the total dependency ratio [%] of a single-age table: (0-14 and `old`+) over 15 to `old` - 1."""
    ages = people["age"]
    working = people.loc[(ages >= 15) & (ages < old), "population"].sum()
    return float(100.0 * (people["population"].sum() - working) / working)
