"""Indicators of a projection, one function per family of definitions, all from counts.

Every indicator has the dimensions (scenario, draw, area, year). Indicators of a stock stand at 31 December of
the year. Definitions, units and labels are in ``variables.csv``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.demography.lifetable import infant_mortality, scaled_expectancy
from huyou_sim.demography.states import INFANT_MORTALITY, MARRIED, MORTALITY
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def year_end(dataset: xr.Dataset, name: str = "population") -> xr.DataArray:
    """Return a stock at the end of each projected year, on `year`."""
    return _on_year(dataset, dataset[name].isel(time=slice(1, None)))


def year_start(dataset: xr.Dataset, name: str = "population") -> xr.DataArray:
    """Return a stock at the start of each projected year, on `year`."""
    return _on_year(dataset, dataset[name].isel(time=slice(None, -1)))


def _on_year(dataset: xr.Dataset, stock: xr.DataArray) -> xr.DataArray:
    named = stock.rename(time="year")
    return named.assign_coords(year=dataset["year"]) if "year" in dataset.coords else named


def _ages(stock: xr.DataArray, lower: int, upper: int | None = None) -> xr.DataArray:
    """Return persons aged `lower`..`upper` completed years, both sexes."""
    dims = [dim for dim in ("sex", "age") if dim in stock.dims]
    return stock.sel(age=slice(lower, upper)).sum(dims)


def female_exposure(dataset: xr.Dataset) -> xr.DataArray:
    """Return woman-years by age reached, the mean of a cohort's women at the start and the end of the year.

    Where births were counted on the women of both ends (``births="ends"``), of the women of an age.
    """
    reached = dataset["age_reached"].values
    at_start = reached if dataset.attrs["births"] == "ends" else reached - np.diff(reached)[0]
    start = year_start(dataset).sel(sex="female", age=at_start).rename(age="age_reached")
    end = year_end(dataset).sel(sex="female", age=reached).rename(age="age_reached")
    labels = {"age_reached": reached}
    return (start.assign_coords(labels) + end.assign_coords(labels)).drop_vars("sex") / 2.0


def _over(array: xr.DataArray, *dims: str) -> xr.DataArray:
    """Return the sum over those of `dims` that were kept."""
    return array.sum([dim for dim in dims if dim in array.dims])


def _rate_sums(dataset: xr.Dataset, name: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the sum over age of an event's rates per woman of the age, and of age times rate.

    A cohort that reaches age x during the year is x years old, exactly, in its middle, and women aged x are half a
    year older: the second over the first is the mean exact age. Where only sums were kept (`AGGREGATES`), the kernel
    has worked both out.
    """
    if "rate_sum" in dataset:
        if name != "births":
            event = name.removesuffix("s")
            return dataset["rate_sum"].sel(event=event, drop=True), dataset["rate_age_sum"].sel(event=event, drop=True)
        orders = dataset["birth_order"].values
        found = [
            dataset[sums].sel(event=[f"birth_{order}" for order in orders]).rename(event="birth_order")
            for sums in ("rate_sum", "rate_age_sum")
        ]
        return found[0].assign_coords(birth_order=orders), found[1].assign_coords(birth_order=orders)
    exposure = female_exposure(dataset)
    rates = dataset[name] / exposure.where(exposure > 0.0)
    exact = rates["age_reached"] + (0.5 if dataset.attrs["births"] == "ends" else 0.0)
    return rates.sum("age_reached"), (rates * exact).sum("age_reached")


def fertility(dataset: xr.Dataset, step: float = 1.0) -> dict[str, xr.DataArray]:
    """Return births, total fertility and ages at birth, in all and by order.

    The tempo-adjusted rate divides each order's total by one minus the yearly change of its mean age; `step` is the
    number of years from one to the next.

    Source
    ------
    Bongaarts and Feeney (1998), Population and Development Review 24(2), 271-291.
    """
    births = _over(dataset["births"], "age_reached")
    by_order, age_sum = _rate_sums(dataset, "births")
    mean_age = age_sum / by_order
    result = {"births": births.sum("birth_order"), "tfr": by_order.sum("birth_order")}
    for order in births["birth_order"].values:
        one = {"birth_order": order, "drop": True}
        result[f"births_order_{order}"] = births.sel(**one)
        result[f"tfr_order_{order}"] = by_order.sel(**one)
    if births.sizes["year"] > 1:
        change = np.gradient(mean_age.values, step, axis=mean_age.get_axis_num("year"))
        result["tempo_adjusted_tfr"] = (by_order / (1.0 - mean_age.copy(data=change))).sum("birth_order")
    result["mean_age_at_birth"] = age_sum.sum("birth_order") / result["tfr"]
    result["mean_age_at_first_birth"] = mean_age.isel(birth_order=0, drop=True)
    first = result["births_order_1"]
    result["share_second_third"] = 100.0 * (result["births"] - first) / result["births"]
    result["sex_ratio_at_birth"] = 100.0 * _sex_ratio(dataset["newborn"])
    return result


def _sex_ratio(counts: xr.DataArray) -> xr.DataArray:
    return counts.sel(sex="male", drop=True) / counts.sel(sex="female", drop=True)


def growth(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the components of growth and the crude rates per 1,000 of the mean population of the year."""
    start, end = (stock(dataset).sum(["sex", "age"]) for stock in (year_start, year_end))
    births = _over(dataset["births"], "age_reached", "birth_order")
    deaths, migrants, clipped = (_over(dataset[name], "sex", "age") for name in ("deaths", "net_migrants", "clipped"))
    mean = (start + end) / 2.0
    return {
        "population_total": end,
        "deaths": deaths,
        "natural_increase": births - deaths,
        "net_migration": migrants - clipped,
        "clipped_migrants": -clipped,
        "crude_birth_rate": 1000.0 * births / mean,
        "crude_death_rate": 1000.0 * deaths / mean,
        "natural_increase_rate": 1000.0 * (births - deaths) / mean,
    }


def structure(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return dependency in both definitions, ages, sexes and the children's ages that services are planned for."""
    stock = year_end(dataset)
    result: dict[str, xr.DataArray] = {}
    for old in (60, 65):
        working = _ages(stock, 15, old - 1)
        child, aged = (100.0 * part / working for part in (_ages(stock, 0, 14), _ages(stock, old)))
        result |= {
            f"child_dependency_{old}": child,
            f"old_dependency_{old}": aged,
            f"total_dependency_{old}": child + aged,
        }
    result["population_under_3"] = _ages(stock, 0, 2)
    result["population_3_5"] = _ages(stock, 3, 5)
    result["women_20_34"] = _ages(stock.sel(sex="female", drop=True), 20, 34)
    result["median_age"] = dataset["median_age"] if "median_age" in dataset else median_age(stock.sum("sex"))
    result["sex_ratio"] = 100.0 * _sex_ratio(stock.sum("age"))
    return result


def median_age(stock: xr.DataArray) -> xr.DataArray:
    """Return the exact age that halves a population by single age, even within the year of age."""
    axis = stock.get_axis_num("age")
    counts = np.moveaxis(stock.values, axis, -1)
    upto = np.cumsum(counts, axis=-1)
    half = upto[..., -1:] / 2.0
    at = (upto < half).sum(axis=-1, keepdims=True)
    below = np.take_along_axis(upto, at, -1) - np.take_along_axis(counts, at, -1)
    median = at + (half - below) / np.take_along_axis(counts, at, -1)
    return stock.isel(age=0, drop=True).copy(data=median[..., 0] + float(stock["age"].values[0]))


def marriage(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return marriages, divorces and married shares of women; nothing where the state space knows no marriage.

    Source
    ------
    Crude rates: United Nations (2014), Principles and Recommendations for a Vital Statistics System, Revision 3.
    """
    if "first_marriages" not in dataset:
        return {}
    rates, age_sum = _rate_sums(dataset, "first_marriages")
    women = year_end(dataset, "women").sel(age_fertile=slice(20, 29)).sum(["age_fertile", "parity"])
    total = women.sum("marital")
    # A space that tells kinds of marriage apart says which they are; elsewhere there is one.
    married = dataset.attrs.get("married", MARRIED).split()
    first, again, divorces = (
        _over(dataset[name], "age_reached") for name in ("first_marriages", "remarriages", "divorces")
    )
    people = (year_start(dataset).sum(["sex", "age"]) + year_end(dataset).sum(["sex", "age"])) / 2.0
    return {
        "first_marriages": first,
        "remarriages": again,
        "divorces": divorces,
        "marriages": first + again,
        "crude_marriage_rate": 1000.0 * (first + again) / people,
        "crude_divorce_rate": 1000.0 * divorces / people,
        "mean_age_at_first_marriage": age_sum / rates,
        "married_share_20_29": 100.0 * women.sel(marital=married).sum("marital") / total,
        "ever_married_share_20_29": 100.0 * (1.0 - women.sel(marital="never", drop=True) / total),
    }


def _exp(array: xr.DataArray) -> xr.DataArray:
    return array.copy(data=np.exp(array.values))


def mortality(dataset: xr.Dataset, death_rates: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return life expectancy and infant mortality of the death rates that each year was projected with.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `project`.
    death_rates : (sex, age) [deaths per person-year]
        Before the multipliers of the channels ``mortality`` and ``infant_mortality``.
    """
    log = dataset["log_multiplier"]
    level, infant = (_exp(log.sel(channel=name, drop=True)) for name in (MORTALITY, INFANT_MORTALITY))
    newborn = dataset["newborn"] / dataset["newborn"].sum("sex")
    expectancy = {}
    rate = xr.zeros_like(level)
    for sex in ("male", "female"):
        base = death_rates.sel(sex=sex).values
        expectancy[sex] = level.copy(data=scaled_expectancy(base, sex, level.values, infant.values))
        risk = float(-np.log1p(-infant_mortality(base, sex)))
        rate = rate + newborn.sel(sex=sex, drop=True) * (1.0 - _exp(-risk * infant)) * 1000.0
    both = expectancy["male"] * newborn.sel(sex="male", drop=True) + expectancy["female"] * newborn.sel(
        sex="female", drop=True
    )
    return {
        "life_expectancy": both,
        "life_expectancy_male": expectancy["male"],
        "life_expectancy_female": expectancy["female"],
        "infant_mortality_rate": rate,
    }


def indicators(dataset: xr.Dataset, death_rates: xr.DataArray | None = None) -> xr.Dataset:
    """Return every indicator of a projection, by (scenario, draw, area, year), with units and labels.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `project`, best with the place as a `total`; every cell (`CELLS`) or the sums of `AGGREGATES`.
    death_rates : (sex, age) [deaths per person-year], optional
        Needed for life expectancy and infant mortality.
    """
    order = ("scenario", "draw", "area", "year")
    # All arrays are of one dataset: labels that every one of them has need not be compared at each step.
    bare = dataset.drop_vars([*order, "time"])
    years = dataset["year"].values
    values = growth(bare) | fertility(bare, float(years[1] - years[0]) if len(years) > 1 else 1.0)
    values |= structure(bare) | marriage(bare)
    if death_rates is not None:
        values |= mortality(bare, death_rates)
    known = variables()
    arrays = {}
    for name, array in values.items():
        about = {"units": known[name].unit, "long_name": known[name].label_en} if name in known else {}
        arrays[name] = (order, array.transpose(*order).values, about)
    return xr.Dataset(arrays, coords={dim: dataset[dim] for dim in order}, attrs=dataset.attrs)
