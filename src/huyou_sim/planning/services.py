"""How much of each service so many people need, and how much there is: arithmetic of norms, draw by draw.

Everything is a count that is linear in people, so areas add up to the place in every draw. Norms are data
(`service_norms.csv`, `service_supply.csv`); their range is no distribution, and so is kept apart from the band of
the draws, which is that of the population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim.planning.structure import WITHOUT
from huyou_sim.policy.measures import by_year
from huyou_sim.policy.profiles import years_between

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd
    from numpy.typing import NDArray

    from huyou_sim.policy import PolicyContext, Scenario

    Array = NDArray[np.float64]

LEVELS = ("low", "central", "high")
"""Of a norm or a supply."""

AGES = (0, 3, 4, 5, 6, 15, 18)
"""Lowest ages of the groups that norms are of."""

CHILDCARE = ("childcare_places", "childcare_places_plan", "inclusive_places")
"""Services whose supply is what a scenario offers."""

DIMS = ("scenario", "draw", "area", "year")


def people(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the numbers of people that norms are of, (scenario, draw, area, year) [persons].

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project` with `AGES`.
    """
    stock = dataset["population"].sum("sex").isel(time=slice(1, None)).rename(time="year")

    def aged(lower: int, upper: int) -> xr.DataArray:
        return stock.sel(age=slice(lower, upper)).sum("age").transpose(*DIMS)

    spans = {"0_2": (0, 2), "3": (3, 3), "4": (4, 4), "5": (5, 5), "3_5": (3, 5), "0_14": (0, 14), "0_17": (0, 17)}
    found = {f"children_{name}": aged(*span) for name, span in spans.items()}
    return {"residents": stock.sum("age").transpose(*DIMS), "births": dataset["births"].transpose(*DIMS)} | found


def needs_of(norms: pd.DataFrame, counts: Mapping[str, xr.DataArray], level: str) -> dict[str, xr.DataArray]:
    """Return the need for each service, in the order of the norms, (scenario, draw, area, year) [unit of the service].

    Parameters
    ----------
    norms : DataFrame
        As `service_norms.csv`.
    counts : mapping
        From `people`.
    level : {"low", "central", "high"}
        `low` is the norm by which less is needed: of children per class it is the larger number.
    """
    of = dict(counts)
    found: dict[str, xr.DataArray] = {}
    years = counts["births"]["year"]
    for (service, base), rows in norms.groupby(["service", "of"], sort=False):
        rule = str(rows["rule"].iloc[0])
        ordered = rows.sort_values("year")
        column = {"low": "high", "high": "low"}.get(level, level) if rule == "people_per" else level
        values = np.interp(years.values, ordered["year"], ordered[column])
        part = of[str(base)] * years.copy(data=_factor(rule, values))
        part = part.transpose(*DIMS)
        found[str(service)] = found[str(service)] + part if service in found else part
        of[str(service)] = found[str(service)]
        if service == "kindergarten_places" and str(base) in ("children_3", "children_4", "children_5"):
            of[f"pupils_{str(base)[-1]}"] = part
    return found


def _factor(rule: str, values: Array) -> Array:
    """Return what one person, or one of another service, needs."""
    if rule == "people_per":
        return 1.0 / values
    return values / {"share": 100.0, "per_1000": 1000.0, "each": 1.0}[rule]


def supply_of(
    rows: pd.DataFrame, counts: Mapping[str, xr.DataArray], level: str, place: str
) -> dict[str, xr.DataArray]:
    """Return what there is of each service of a table of supply, (scenario, draw, area, year).

    What there is keeps its number from its year on, so that people and not places change; what is planned is added
    year by year, save in the counterfactual `WITHOUT`.

    Parameters
    ----------
    rows : DataFrame
        As `service_supply.csv`.
    counts : mapping
        From `people`, of the areas alone.
    level : {"low", "central", "high"}
    place : str
        Code of the place, whose rows are spread over the areas.
    """
    found: dict[str, xr.DataArray] = {}
    for service, mine in rows.groupby("service", sort=False):
        there = mine[mine["last_year"].isna()].sort_values("year")
        total = xr.zeros_like(counts["births"])
        for _, same in there.groupby("area", sort=False):
            known = xr.full_like(total, np.nan)
            for row in same.to_dict("records"):
                known = known.where(known["year"] < row["year"], _at(row, counts, level, place))
            total = total + known.transpose(*DIMS)
        for row in mine[mine["last_year"].notna()].to_dict("records"):
            years = total["year"]
            passed = (years.clip(max=row["last_year"]) - row["year"] + 1).clip(min=0)
            plan = total["scenario"] != WITHOUT
            total = total + (_at(row, counts, level, place) * passed * plan).transpose(*DIMS)
        found[str(service)] = total
    return found


def _at(row: Mapping[Hashable, Any], counts: Mapping[str, xr.DataArray], level: str, place: str) -> xr.DataArray:
    """Return the number of a row by (scenario, draw, area), 0 in areas that it is not of."""
    base = counts[str(row["of"])]
    years = base["year"].values
    year = int(np.clip(int(row["year"]), years[0], years[-1]))
    people_then = base.sel(year=year, drop=True)
    here = people_then["area"] == row["area"]
    value = float(row[level])
    if row["rule"] == "per_1000":
        per_head = people_then * (value / 1000.0)
        return per_head if row["area"] == place else per_head.where(here, 0.0)
    if row["area"] != place:
        return xr.zeros_like(people_then).where(~here, value)
    first = base.isel(year=0, drop=True)
    return value * first / first.sum("area")


def childcare_supply(
    dataset: xr.Dataset, scenarios: Sequence[Scenario], context: PolicyContext
) -> dict[str, xr.DataArray]:
    """Return the places that scenarios offer to children under 3, and the inclusive ones among them.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project`, of the areas alone.
    scenarios : sequence of Scenario
    context : PolicyContext
        Whose inclusive share holds where a scenario sets none.
    """
    places = dataset["childcare_places"].transpose(*DIMS)
    areas = [str(code) for code in dataset["area"].values]
    last = int(dataset["year"].values[-1])
    years = range(context.base_year, last + 1)
    shares = np.empty((len(scenarios), len(areas), len(years)))
    for i, scenario in enumerate(scenarios):
        course = by_year(scenario.levers.childcare.inclusive_share_percent)
        mine = np.array([scenario.areas is None or area in scenario.areas for area in areas])
        shares[i] = np.where(
            mine[:, None], years_between(course, years, context.inclusive_share), context.inclusive_share
        )
    labels = {"scenario": dataset["scenario"], "area": dataset["area"], "year": list(years)}
    inclusive = xr.DataArray(shares / 100.0, dims=("scenario", "area", "year"), coords=labels)
    inclusive = (places * inclusive.sel(year=dataset["year"])).transpose(*DIMS)
    return {"childcare_places": places, "childcare_places_plan": places, "inclusive_places": inclusive}


__all__ = ["AGES", "CHILDCARE", "LEVELS", "childcare_supply", "needs_of", "people", "supply_of"]
