"""The one seam between labelled arrays and the kernel: align, check, project, label again.

Account of every cell and year, in persons::

    end = start + births - deaths + net migrants - clipped

`net_migrants` is the migration asked for, `clipped` the part of it that the cell could not give (zero or
negative), so that nobody becomes a negative person and nothing is lost without a word.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from huyou_sim.demography.alignment import arrange, per_trajectory
from huyou_sim.demography.engine import Arrays, Engine, Response, run
from huyou_sim.demography.states import COMMON_CHANNELS, INFANT_MORTALITY, MORTALITY, StateSpace
from huyou_sim.errors import LabelError, Problem
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SEX = ("male", "female")


@dataclass(frozen=True)
class Stock:
    """A population at 31 December of `year`.

    Parameters
    ----------
    year : int
    population : (area, sex, age) [persons]
        Single ages, the open group last.
    women : (area, age_fertile, marital, parity) [persons]
        Women of reproductive age by state; their sum over states is `population` of that age.
    """

    year: int
    population: xr.DataArray
    women: xr.DataArray


@dataclass(frozen=True)
class Rates:
    """What drives a projection. Every array may carry `area` and `year`; without one it holds for all.

    Parameters
    ----------
    death_hazard : ([year], [area], sex, age_reached) [1]
        Minus the log of survivorship by the age reached; the last label stands for the open group.
    schedules : ([year], [area], schedule, age_fertile) [events per person-year]
        Occurrence-exposure rates of the events of the state space.
    net_migrants : ([year], [area], [component], sex, age) [persons per year]
        The sum over components, each times its level (`migration_level` of `project`).
    male_share : ([year], [area], birth_order) [1]
        Boys among births.
    """

    death_hazard: xr.DataArray
    schedules: xr.DataArray
    net_migrants: xr.DataArray
    male_share: xr.DataArray


def _padded(rates: Array) -> Array:
    """Add one empty age at both ends, which the first and last cohort pass through."""
    return np.pad(rates, [(0, 0)] * (rates.ndim - 1) + [(1, 1)])


def _channel_tables(space: StateSpace, ages: int) -> tuple[NDArray[np.int64], ...]:
    events = np.array(
        [
            (
                space.state(*event.origin),
                space.state(*event.destination),
                space.counter_of(event),
                space.schedules.index(event.schedule),
            )
            for event in space.events
        ],
        dtype=np.int64,
    )
    death = np.full((2, ages + 1), space.channel(MORTALITY), dtype=np.int64)
    death[:, 0] = space.channel(INFANT_MORTALITY)
    by_schedule = {event.schedule: space.channel_of(event) for event in space.events}
    rate = np.stack([by_schedule[name] for name in space.schedules])
    # The empty ages at both ends have a rate of zero; any valid channel will do.
    rate = np.pad(np.maximum(rate, 0), ((0, 0), (1, 1)), mode="edge")
    return events, death, rate


def _check_start(stock: Stock, space: StateSpace, population: Array, women: Array) -> None:
    first = [int(age) for age in stock.population["age"].values].index(space.age_lower)
    cells = population[:, 1, first : first + len(space.ages)]
    gap = np.abs(women.sum(axis=(2, 3)) - cells)
    if (gap > 1e-6 * np.maximum(cells, 1.0)).any():
        area, row = (int(i) for i in np.argwhere(gap > 1e-6 * np.maximum(cells, 1.0))[0])
        raise LabelError(
            Problem(
                f"women by state, area {stock.population['area'].values[area]}, age {space.age_lower + row}",
                f"{women[area, row].sum():,.3f} women over all states",
                f"{cells[area, row]:,.3f}, the women of that age in the population",
                "Scale the states to the population.",
            )
        )


def project(
    stock: Stock,
    rates: Rates,
    space: StateSpace,
    *,
    years: Sequence[int],
    log_multipliers: xr.DataArray | None = None,
    migration_level: xr.DataArray | None = None,
    response: Response | None = None,
    scenarios: Sequence[str] = ("projection",),
    draws: int = 1,
    migration: Literal["even", "end"] = "even",
    migration_before_births: bool = False,
    births: Literal["middle", "ends"] = "middle",
    threads: int | None = None,
) -> xr.Dataset:
    """Return stocks and flows of a population projected over `years`.

    Parameters
    ----------
    stock : Stock
        The start, at 31 December before the first year.
    rates : Rates
    space : StateSpace
        From `state_space`.
    years : sequence of int
        Ends of consecutive steps, each of the width of the state space's age groups (one year, or five).
    log_multipliers : ([scenario], [draw], [area], [channel], [year]) [log], optional
        Shift of each channel's hazards; migration counts are multiplied by its exponential.
    migration_level : ([draw], [area], component) [1], optional
        Factor of each component of net migration; it may be negative and so has no log.
    response : callable, optional
        Adds log multipliers that depend on the children under 3 and the population one year before.
    scenarios, draws
        Labels and number of trajectories: every scenario has every draw.
    migration : {"even", "end"}
        Half of the net migrants at each end of the step, or all at its end.
    births : {"middle", "ends"}
        `middle`: births fall in the middle of the year, inside the symmetric splitting. `ends`: rate times the
        mean of women at the start and the end, as the United Nations do; for a one-state space only.
    threads : int, optional
        All processors when omitted. The number changes no bit of the result.
    migration_before_births : bool
        With ``births="ends"``: whether the women at the end, on whom births are counted, include the migrants of
        the end of the step (Preston, Heuveline and Guillot) or not (United Nations).

    Returns
    -------
    dataset : xarray.Dataset
        Dimensions scenario, draw, area, year (flows) or time (stocks at 31 December), sex, age, marital, parity.

    Raises
    ------
    LabelError
        When arrays do not line up.
    RateError
        When a rate is negative or not finite.
    """
    areas = [str(area) for area in stock.population["area"].values]
    ages = [int(age) for age in stock.population["age"].values]
    _check_years(stock, years, space.width)
    _check_births(space, births, migration_before_births)
    n = len(scenarios) * draws
    coords: dict[str, Sequence[object]] = {
        "year": list(years),
        "area": areas,
        "channel": list(space.channels),
    }
    population = arrange(stock.population, "population", {"area": areas, "sex": SEX, "age": ages}, ())
    women = arrange(
        stock.women,
        "women by state",
        {"area": areas, "age_fertile": list(space.ages), "marital": space.marital, "parity": space.parity},
        (),
    )
    _check_start(stock, space, population, women)
    bare = _bare_rates(rates, space, areas, ages, years)
    rate_year, yearly = _yearly(bare, len(years))
    tables = (*_channel_tables(space, len(ages)), rate_year)
    first = ages.index(space.age_lower)
    options = (first, float(space.width), births == "ends", migration == "even", migration_before_births)
    each = {"scenario": list(scenarios), "draw": draws}
    logs = per_trajectory(log_multipliers, "log multiplier", coords, each, default=0.0)
    start = np.repeat(population[..., None], n, axis=-1)
    states = np.repeat(women.reshape(len(areas), len(space.ages), space.n_states)[..., None], n, axis=-1)
    out = Arrays.empty(len(years), len(areas), len(ages), space, n)
    parts = {"area": areas, "component": _components(rates)}
    factor = per_trajectory(migration_level, "migration level", parts, each, default=1.0)
    engine = Engine(tables, yearly, factor, options, threads or os.cpu_count() or 1)
    run(engine, start, states, logs, out, years, response)
    return _label(out, logs, stock, space, years, scenarios, draws, start, states)


def _check_years(stock: Stock, years: Sequence[int], width: int) -> None:
    expected = [stock.year + width + width * i for i in range(len(years))] if years else [stock.year + width]
    if not years or list(years) != expected:
        raise LabelError(
            Problem(
                "years of the projection",
                f"{list(years)[:3]}... ({len(years)} years)",
                f"consecutive steps of {width} year(s) from {stock.year + width}",
                f"Start at {stock.year + width}, one step after the stock, and leave none out.",
            )
        )


def _check_births(space: StateSpace, births: str, before: bool) -> None:
    if before and births != "ends":
        raise LabelError(
            Problem(
                "migration_before_births=True",
                f"births='{births}'",
                "births='ends': only they are counted on the women of the end",
                "Leave migration_before_births out.",
            )
        )
    if births == "ends" and space.n_states > 1:
        raise LabelError(
            Problem(
                "births='ends'",
                f"state space '{space.name}' with {space.n_states} states",
                "a space with one state",
                "Type births='middle', or use state_space('classical').",
            )
        )


def _bare_rates(
    rates: Rates, space: StateSpace, areas: Sequence[str], ages: Sequence[int], years: Sequence[int]
) -> tuple[Array, Array, Array, Array]:
    reached = [*ages, ages[-1] + space.width]
    head: dict[str, Sequence[object]] = {"year": list(years), "area": list(areas)}
    optional = ("year", "area")
    return (
        arrange(
            rates.death_hazard,
            "death hazard (minus the log of survivorship, which may not exceed 1)",
            {**head, "sex": SEX, "age_reached": reached},
            optional,
        ),
        _padded(
            arrange(
                rates.schedules,
                "schedules",
                {**head, "schedule": space.schedules, "age_fertile": list(space.ages)},
                optional,
            )
        ),
        arrange(
            rates.net_migrants,
            "net migrants",
            {**head, "component": _components(rates), "sex": SEX, "age": ages},
            (*optional, "component"),
            lower=None,
        ),
        arrange(rates.male_share, "male share of births", {**head, "birth_order": space.orders}, optional),
    )


def _components(rates: Rates) -> list[str]:
    """Return the names of the components of net migration."""
    array = rates.net_migrants
    return [str(v) for v in array["component"].values] if "component" in array.dims else ["all"]


def _yearly(bare: tuple[Array, Array, Array, Array], years: int) -> tuple[NDArray[np.int64], tuple[Array, ...]]:
    """Return for each year the row of the rates that it uses, and rates with one row or one per year."""
    rows = max(array.shape[0] for array in bare)
    rate_year = np.arange(years) if rows > 1 else np.zeros(years, dtype=np.int64)
    return rate_year, tuple(np.ascontiguousarray(np.broadcast_to(a, (rows, *a.shape[1:]))) for a in bare)


def _label(
    out: Arrays,
    logs: Array,
    stock: Stock,
    space: StateSpace,
    years: Sequence[int],
    scenarios: Sequence[str],
    draws: int,
    start: Array,
    states: Array,
) -> xr.Dataset:
    """Return the outputs with labels and attributes, in the fixed order of dimensions."""
    counts, newborn, deaths, net, clipped = out.flows
    orders = len(space.orders)
    shape = (len(scenarios), draws)

    def front(array: Array) -> Array:
        """Move (year, area, ..., trajectory) to (scenario, draw, area, year, ...)."""
        moved = np.moveaxis(np.swapaxes(array, 0, 1), -1, 0)
        return moved.reshape(*shape, *moved.shape[1:])

    head = ("scenario", "draw", "area")
    women = np.concatenate([states[None], out.women])
    women = women.reshape(*women.shape[:3], len(space.marital), len(space.parity), women.shape[-1])
    data = {
        "population": ((*head, "time", "sex", "age"), front(np.concatenate([start[None], out.population]))),
        "women": ((*head, "time", "age_fertile", "marital", "parity"), front(women)),
        "births": ((*head, "year", "age_reached", "birth_order"), front(np.swapaxes(counts[:, :, :orders], 2, 3))),
        "newborn": ((*head, "year", "sex"), front(newborn)),
        "deaths": ((*head, "year", "sex", "age"), front(deaths)),
        "net_migrants": ((*head, "year", "sex", "age"), front(net)),
        "clipped": ((*head, "year", "sex", "age"), front(clipped)),
    }
    for i, kind in enumerate(space.counters[orders:], start=orders):
        data[f"{kind}s"] = ((*head, "year", "age_reached"), front(counts[:, :, i]))
    data["log_multiplier"] = ((*head, "year", "channel"), front(logs))
    coords = {
        "scenario": list(scenarios),
        "draw": np.arange(draws),
        "area": stock.population["area"].values,
        "year": list(years),
        "time": [stock.year, *years],
        "sex": list(SEX),
        "age": stock.population["age"].values,
        "age_fertile": list(space.ages),
        "age_reached": [*space.ages, space.ages[-1] + space.width],
        "marital": list(space.marital),
        "parity": list(space.parity),
        "birth_order": list(space.orders),
        "channel": list(space.channels),
    }
    dataset = xr.Dataset(data, coords=coords, attrs={"state_space": space.name})
    known = variables()
    for name, array in dataset.data_vars.items():
        if str(name) in known:
            array.attrs.update(units=known[str(name)].unit, long_name=known[str(name)].label_en)
    return dataset


def with_total(dataset: xr.Dataset, code: str) -> xr.Dataset:
    """Return `dataset` with one more area, last: the place, which is the sum of its areas.

    The rule for all counts: the place is never projected beside its areas, it is their sum. Rates, shares and
    means are computed from summed counts afterwards (`indicators`), never averaged. The multipliers, which are
    no counts, are averaged over the areas.
    """
    total = dataset.sum("area", keep_attrs=True)
    if "log_multiplier" in dataset:
        total["log_multiplier"] = dataset["log_multiplier"].mean("area", keep_attrs=True)
    total = total.expand_dims(area=[code])
    joined = xr.concat([dataset, total], dim="area", combine_attrs="override")
    order = {name: array.dims for name, array in dataset.data_vars.items()}
    return joined.assign({name: joined[name].transpose(*dims) for name, dims in order.items()})


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


__all__ = ["COMMON_CHANNELS", "Rates", "Response", "Stock", "account_gap", "project", "with_total"]
