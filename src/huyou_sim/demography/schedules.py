"""Rates of the larger area, read from a data pack and turned into what a projection of the place takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from huyou_sim.demography import women as states_of_women
from huyou_sim.demography.inputs import SEX
from huyou_sim.demography.lifetable import survivorship
from huyou_sim.demography.states import StateSpace
from huyou_sim.errors import PackError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

AGES = np.arange(101)
HIGHEST_RATE = 1.5
"""Cap of a marital birth rate [births per woman-year] where hardly a woman is left in the state."""


def cube(table: pd.DataFrame, value: str, dims: tuple[str, ...], labels: Mapping[str, object]) -> xr.DataArray:
    """Return a long table as an array over `labels`, which must be complete."""
    series = table.set_index(list(dims))[value]
    array: xr.DataArray = series.to_xarray()
    return array.reindex({dim: labels[dim] for dim in dims}).transpose(*dims)


def national_mortality(pack: Pack) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the latest national death rates and their mean yearly log change, both (sex, age)."""
    table = pack.schedules["mortality"]
    years = [int(table["year"].min()), int(table["year"].max())]
    rates = cube(table, "mx", ("year", "sex", "age"), {"year": years, "sex": list(SEX), "age": AGES})
    first, last = (rates.sel(year=year, drop=True) for year in years)
    return last, last.copy(data=np.log(last.values / first.values) / (years[1] - years[0]))


def death_hazard(death_rates: xr.DataArray) -> xr.DataArray:
    """Return minus the log of survivorship by age reached, (sex, age_reached), of single-age death rates."""
    hazard = np.stack([-np.log(survivorship(death_rates.sel(sex=sex).values, sex)) for sex in SEX])
    reached = np.arange(death_rates.sizes["age"] + 1)
    return xr.DataArray(
        hazard,
        dims=("sex", "age_reached"),
        coords={"sex": list(SEX), "age_reached": reached},
        name="death_hazard",
    )


def long_form(pack: Pack, area: str, column: str) -> float:
    """Return a share of women 15 and over of the area's long form."""
    table = pack.marital_status
    rows = table[(table["area"] == area) & (table["sex"] == "female")]
    if rows.empty:
        raise PackError(
            Problem(
                f"marital_status.csv, area {area}",
                "no row of women",
                "women 15 and over by marital status (never_married, married, divorced, widowed)",
                f"Add the rows of area {area}.",
                file=str(pack.path / "marital_status.csv"),
            )
        )
    counts = rows.groupby("status")["count"].sum()
    return float(counts[column] / counts.sum())


def national_status(pack: Pack, status: str, ages: Array, *, census: int = -1, of_ever: bool = False) -> Array:
    """Return the national share of women in a marital status by single age.

    Parameters
    ----------
    status : str
        never_married, married, divorced or widowed.
    census : int
        Which of the censuses in the pack, in order of time: -1 the latest, -2 the one before.
    of_ever : bool
        Share among the ever married instead of among all women.
    """
    table = pack.schedules["marital_status"]
    year = sorted(table["census_year"].unique())[census]
    rows = table[(table["census_year"] == year) & (table["sex"] == "female")]
    wide = rows.pivot_table(index="age_lower", columns="status", values="share", aggfunc="sum")
    upper = rows.groupby("age_lower")["age_upper"].first().astype(float).fillna(80.0)
    share = wide[status] / (1.0 - wide["never_married"]) if of_ever else wide[status]
    share = share.clip(1e-6, 1 - 1e-6)
    return states_of_women.share_by_age(
        share.to_numpy(float), share.index.to_numpy(float), upper.loc[share.index].to_numpy(float), ages
    )


def never_married(pack: Pack, women: Array, share: float) -> tuple[states_of_women.NeverMarried, float]:
    """Return the never-married shares of women 15..100 of one area, and the years from their origin to the start."""
    ages = AGES[15:].astype(float)
    censuses = sorted(pack.schedules["marital_status"]["census_year"].unique())[-2:]
    earlier, later = (national_status(pack, "never_married", ages, census=i) for i in (-2, -1))
    since = float(pack.start_date.year - censuses[1])
    return states_of_women.never_married(women, earlier, later, float(censuses[1] - censuses[0]), since, share), since


def fertility_shapes(pack: Pack, ages: Array) -> dict[str, Array]:
    """Return smoothed fertility rates (order, age) of each source of schedules by order, the latest last."""
    table = pack.schedules["fertility_by_order"]
    shapes = {}
    for source in fertility_years(pack):
        rows = table[table["source_id"] == source]
        found = cube(rows, "rate", ("birth_order", "age"), {"birth_order": [1, 2, 3], "age": ages})
        shapes[source] = smooth(found.fillna(0.0).values)
    return shapes


def fertility_years(pack: Pack) -> dict[str, int]:
    """Return the year in which the period of each source of schedules by order ends, in order of time."""
    ends = pack.schedules["fertility_by_order"].groupby("source_id")["period"].first().str.split("/").str[-1]
    return {str(source): int(end[:4]) for source, end in ends.sort_values().items()}


def smooth(rates: Array) -> Array:
    """Return rates by age (last axis) smoothed with triangular weights over five ages; sums are kept."""
    weights = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    padded = np.apply_along_axis(lambda row: np.convolve(row, weights, mode="same"), -1, rates)
    scale = rates.sum(-1, keepdims=True) / np.maximum(padded.sum(-1, keepdims=True), 1e-300)
    scaled: Array = padded * scale
    return scaled


def fertility_of_year(pack: Pack, ages: Array) -> Callable[[int], Array]:
    """Return a function of the calendar year to fertility rates (order, age) of the province.

    The total follows the provincial series, linear between its years. Order shares and age patterns are those
    of the first and the last schedule by order, linear in time between their years and constant outside; the
    order shares of the last are those of the census table of births by order.
    """
    shapes = fertility_shapes(pack, ages)
    series = pack.schedules["vital_series"].query("variable == 'tfr' and level == 'province'")
    total = series.set_index("year")["value"].sort_index()
    early, late = (list(shapes.values())[i] for i in (0, -1))
    first, last = (list(fertility_years(pack).values())[i] for i in (0, -1))
    orders = pack.schedules["births_by_order_sex"].groupby("birth_order")["births"].sum()
    late_shares = (orders.groupby(np.minimum(orders.index, 3)).sum() / orders.sum()).to_numpy(float)
    early = early / early.sum()
    late = late / late.sum(axis=1, keepdims=True) * late_shares[:, None]

    def rates(year: int) -> Array:
        weight = float(np.clip((year - first) / max(last - first, 1), 0.0, 1.0))
        level = float(np.interp(year, total.index.to_numpy(float), total.to_numpy(float)))
        mixed: Array = level * ((1.0 - weight) * early + weight * late)
        return mixed

    return rates


def event_schedules(
    pack: Pack,
    population: xr.DataArray,
    women: xr.DataArray,
    space: StateSpace,
    death_rates: xr.DataArray,
    assumptions: Mapping[str, float],
) -> xr.DataArray:
    """Return occurrence-exposure rates of all events, (schedule, age_fertile) [events per woman-year].

    - first marriage: the cohort's loss of never-married women from the start to a year later, had postponement
      kept its pace;
    - marital births of order j: the latest fertility rates by age and order over the share of women who are
      married with one child less, at the start;
    - divorce, remarriage, births outside marriage: assumed levels; widowhood: death rates of men a few years older.
    """
    ages = np.array(space.ages)
    total = women.sum("area")
    all_women = population.sel(sex="female").sum("area").values
    first = first_marriage_rates(pack, all_women, ages)
    late = list(fertility_shapes(pack, ages).values())[-1]
    married = total.sel(marital="married")
    wives = [
        married.sel(parity="0").values,
        married.sel(parity="1").values,
        married.sel(parity=["2", "3"]).sum("parity").values,
    ]
    by_name = {
        "first_marriage": first,
        "divorce": np.where(ages >= 20, assumptions["divorce_rate"], 0.0),
        "widowhood": np.interp(ages + assumptions["husband_age_gap"], AGES, death_rates.sel(sex="male").values),
        "remarriage": np.where(ages >= 20, assumptions["remarriage_rate"], 0.0),
        "birth_outside_marriage": np.where(ages < 40, assumptions["birth_outside_marriage_rate"], 0.0),
    }
    for order, base in enumerate(wives, start=1):
        rate = late[order - 1] * all_women[ages] / np.maximum(base, 1e-9)
        by_name[f"marital_birth_{order}"] = np.minimum(rate, HIGHEST_RATE)
    return xr.DataArray(
        np.stack([by_name[name] for name in space.schedules]),
        dims=("schedule", "age_fertile"),
        coords={"schedule": list(space.schedules), "age_fertile": ages},
        name="schedules",
    )


def first_marriage_rates(pack: Pack, all_women: Array, ages: Array) -> Array:
    """Return first-marriage rates of never-married women of the whole place by age [per woman-year]."""
    areas = pack.marital_status[pack.marital_status["sex"] == "female"].groupby(["area", "status"])["count"].sum()
    counts = areas.unstack().loc[[str(a) for a in pack.areas["area"]]].sum()
    share = float(counts["never_married"] / counts.sum())
    single, since = never_married(pack, all_women[15:], share)
    cohort = np.maximum(np.log(single.at(since)[:-1] / single.at(since + 1.0)[1:]), 0.0)
    # The cohort hazard from age x to x + 1 is centred on exact age x + 1; the rate of age x on x + 1/2.
    rate = 0.5 * (np.concatenate([[0.0], cohort])[:-1] + cohort)
    first: Array = rate[: len(ages)]
    return first


def male_share(pack: Pack, space: StateSpace) -> xr.DataArray:
    """Return boys among births by order, (birth_order), from the provincial census."""
    table = pack.schedules["births_by_order_sex"]
    order = np.minimum(table["birth_order"], max(space.orders))
    counts = table.assign(order=order).groupby(["order", "sex"])["births"].sum().unstack()
    share = (counts["male"] / counts.sum(axis=1)).reindex(list(space.orders))
    return xr.DataArray(
        share.to_numpy(float),
        dims="birth_order",
        coords={"birth_order": list(space.orders)},
        name="male_share",
    )
