"""Labels for what the kernel kept: a dataset out of bare arrays, the place as the sum of its areas, the account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.variables import variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.engine import Groups, Kept
    from huyou_sim.demography.prepared import Prepared
    from huyou_sim.demography.states import StateSpace

    Array = NDArray[np.float64]

HEAD = ("scenario", "draw", "area")


def labelled(
    kept: Kept, prepared: Prepared, scenarios: Sequence[str], draws: int, logs: Array, total: str | None
) -> xr.Dataset:
    """Return what was kept with labels and attributes, in the fixed order of dimensions.

    Parameters
    ----------
    kept : Kept
        By (year, area, ..., trajectory).
    prepared : Prepared
        What was projected.
    scenarios, draws
        Every draw of the first scenario, then the next.
    logs : (year, area, channel, trajectory) [log]
    total : str, optional
        Code of the place, to be added as the last area.
    """
    stock, space, keep, years = prepared.stock, prepared.space, prepared.keep, prepared.years
    groups = prepared.engine.groups

    def front(array: Array, place: Callable[..., Array] = np.sum) -> Array:
        """Move (year, area, ..., trajectory) to (scenario, draw, area, year, ...), the place last."""
        if total is not None:
            array = np.concatenate([array, place(array, axis=1, keepdims=True)], axis=1)
        moved = np.moveaxis(np.swapaxes(array, 0, 1), -1, 0)
        return moved.reshape(len(scenarios), draws, *moved.shape[1:])

    def stocks(start: Array, later: Array) -> Array:
        """Put the start before the ends of the years."""
        first = np.broadcast_to(start[None, ..., None], (1, *later.shape[1:]))
        return front(np.concatenate([first, later]))

    orders, marital, parity = len(space.orders), len(space.marital), len(space.parity)
    by_age: tuple[str, ...] = ("age",) if keep.by_age else ()
    by_cohort: tuple[str, ...] = ("age_reached",) if keep.by_age else ()
    people, women = _grouped(prepared.population, prepared.women, groups)
    by_state = kept.women.reshape(*kept.women.shape[:3], marital, parity, -1)
    # Events become (year, area, cohort, counter, trajectory), or without the cohort.
    events = np.swapaxes(kept.events, 2, 3) if keep.by_age else kept.events[:, :, :, 0]
    flows = [each if keep.by_age else each[:, :, :, 0] for each in (kept.deaths, kept.net_migrants, kept.clipped)]
    data = {
        "population": ((*HEAD, "time", "sex", "age"), stocks(people, kept.population)),
        "women": ((*HEAD, "time", "age_fertile", "marital", "parity"), stocks(women, by_state)),
        "births": ((*HEAD, "year", *by_cohort, "birth_order"), front(events[..., :orders, :])),
        "newborn": ((*HEAD, "year", "sex"), front(kept.newborn)),
        "deaths": ((*HEAD, "year", "sex", *by_age), front(flows[0])),
        "net_migrants": ((*HEAD, "year", "sex", *by_age), front(flows[1])),
        "clipped": ((*HEAD, "year", "sex", *by_age), front(flows[2])),
    }
    for i, kind in enumerate(space.kinds, start=orders):
        data[f"{kind}s"] = ((*HEAD, "year", *by_cohort), front(events[..., i, :]))
    data["log_multiplier"] = ((*HEAD, "year", "channel"), front(logs, np.mean))
    ages = [int(age) for age in stock.population["age"].values]
    coords = {
        "scenario": list(scenarios),
        "draw": np.arange(draws),
        "area": [*(str(area) for area in stock.population["area"].values), *([] if total is None else [total])],
        "year": list(years),
        "time": [stock.year, *years],
        "sex": list(stock.population["sex"].values),
        "age": _lowest(ages, groups.ages),
        "age_fertile": _lowest(list(space.ages), groups.fertile),
        "marital": list(space.marital),
        "parity": list(space.parity),
        "birth_order": list(space.orders),
        "channel": list(space.channels),
    }
    if keep.by_age:
        coords["age_reached"] = [*space.ages, space.ages[-1] + space.width]
    dataset = xr.Dataset(data, coords=coords, attrs={"state_space": space.name, "births": prepared.births})
    if space.stands_for:
        dataset.attrs["married"] = " ".join(space.married)
    known = variables()
    for name, array in dataset.data_vars.items():
        if str(name) in known:
            array.attrs.update(units=known[str(name)].unit, long_name=known[str(name)].label_en)
    return dataset.assign(_measures(kept.measures, dataset, space)) if keep.measures else dataset


def _measures(measures: Array, dataset: xr.Dataset, space: StateSpace) -> dict[str, xr.DataArray]:
    """Return the sums of rates over age and the median age.

    `measures` (year, area, measure, trajectory) has the place as its last area, whether the dataset has it or not.
    """
    n = len(space.counters)
    found = np.moveaxis(np.swapaxes(measures, 0, 1), -1, 0)[:, : dataset.sizes["area"]]
    found = found.reshape(dataset.sizes["scenario"], dataset.sizes["draw"], *found.shape[1:])
    coords = {dim: dataset[dim] for dim in (*HEAD, "year")}
    event = {"event": list(space.counters)}
    dims = (*HEAD, "year", "event")
    return {
        "rate_sum": xr.DataArray(found[..., :n], dims=dims, coords={**coords, **event}),
        "rate_age_sum": xr.DataArray(found[..., n : 2 * n], dims=dims, coords={**coords, **event}),
        "median_age": xr.DataArray(found[..., 2 * n], dims=dims[:-1], coords=coords),
    }


def _lowest(ages: Sequence[int], group: NDArray[np.int64]) -> list[int]:
    """Return the lowest age of each kept group."""
    return [ages[int(np.argmax(group == i))] for i in range(int(group.max(initial=-1)) + 1)]


def _grouped(population: Array, women: Array, groups: Groups) -> tuple[Array, Array]:
    """Return the start by the ages that are kept."""
    people = np.zeros((*population.shape[:2], int(groups.ages.max()) + 1))
    for age, group in enumerate(groups.ages):
        people[:, :, group] += population[:, :, age]
    by_state = np.zeros((women.shape[0], int(groups.fertile.max(initial=-1)) + 1, *women.shape[2:]))
    for row, group in enumerate(groups.fertile):
        if group >= 0:
            by_state[:, group] += women[:, row]
    return people, by_state


def with_total(dataset: xr.Dataset, code: str) -> xr.Dataset:
    """Return `dataset` with one more area, last: the place, which is the sum of its areas.

    The rule for all counts: the place is never projected beside its areas, it is their sum. Rates, shares and
    means are computed from summed counts afterwards (`indicators`), never averaged. The multipliers, which are
    no counts, are averaged over the areas.
    """
    arrays = {}
    for name, array in dataset.data_vars.items():
        axis = array.get_axis_num("area")
        place = np.mean if name == "log_multiplier" else np.sum
        values = np.concatenate([array.values, place(array.values, axis=axis, keepdims=True)], axis=axis)
        arrays[name] = (array.dims, values, array.attrs)
    coords = {name: values for name, values in dataset.coords.items() if name != "area"}
    return xr.Dataset(arrays, coords={**coords, "area": [*dataset["area"].values, code]}, attrs=dataset.attrs)


def account_gap(dataset: xr.Dataset) -> xr.DataArray:
    """Return how far the population account is from closing in every cell [share of the stock, at least 1 person].

    end = start + births - deaths + net migrants - clipped, by cohort: the newborn reach age 0, and the two
    oldest groups meet in the open one.
    """
    stock = dataset["population"]
    before = stock.isel(time=slice(None, -1)).rename(time="year").assign_coords(year=dataset["year"])
    after = stock.isel(time=slice(1, None)).rename(time="year").assign_coords(year=dataset["year"])
    start = before.shift(age=1, fill_value=0.0)
    last = stock["age"].values[-1]
    start = start + before.where(before["age"] == last, 0.0)
    start = start + dataset["newborn"] * (stock["age"] == stock["age"].values[0])
    expected = start - dataset["deaths"] + dataset["net_migrants"] - dataset["clipped"]
    gap: xr.DataArray = np.abs(after - expected) / np.maximum(after, 1.0)
    return gap
