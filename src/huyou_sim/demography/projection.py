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
from huyou_sim.demography.engine import Engine, Response
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.labelling import account_gap, labelled, with_total
from huyou_sim.demography.states import COMMON_CHANNELS, INFANT_MORTALITY, MORTALITY, StateSpace
from huyou_sim.demography.walk import Row
from huyou_sim.errors import LabelError, Problem

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


def _tables(space: StateSpace, ages: int) -> tuple[tuple[Row, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Return the event table, and the channel of each death hazard and of each rate."""
    events = tuple(
        (
            space.state(*event.origin),
            space.state(*event.destination),
            space.counter_of(event),
            space.schedules.index(event.schedule),
        )
        for event in space.events
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
    keep: Keep = CELLS,
    total: str | None = None,
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
    migration_level : ([scenario], [draw], [area], [year], component) [1], optional
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
    migration_before_births : bool
        With ``births="ends"``: whether the women at the end, on whom births are counted, include the migrants of
        the end of the step (Preston, Heuveline and Guillot) or not (United Nations).
    keep : Keep
        `CELLS`, or `AGGREGATES` for ensembles: the sums that the indicators need, at a twentieth of the memory.
    total : str, optional
        Code of the place: one more area, last, the sum of all (`with_total`).
    threads : int, optional
        All processors when omitted. The number changes no bit of the result.

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
    each = {"scenario": list(scenarios), "draw": draws}
    logs = per_trajectory(log_multipliers, "log multiplier", coords, each, default=0.0)
    parts: dict[str, Sequence[object]] = {"area": areas, "component": _components(rates)}
    by_year = migration_level is not None and "year" in migration_level.dims
    if by_year:
        parts = {"year": list(years), **parts}
    level = per_trajectory(migration_level, "migration level", parts, each, default=1.0)
    events, *channels = _tables(space, len(ages))
    engine = Engine(
        events=events,
        states=space.n_states,
        counters=len(space.counters),
        channels=(channels[0], channels[1]),
        rate_year=rate_year,
        rates=yearly,
        options=(ages.index(space.age_lower), float(space.width), births == "ends", migration == "even",
                 migration_before_births),
        groups=keep.groups(space, ages),
        threads=threads or os.cpu_count() or 1,
    )  # fmt: skip
    if response is not None:
        keep.check_feedback(engine.groups)
    states = women.reshape(len(areas), len(space.ages), space.n_states)
    kept = engine.project(population, states, logs, level if by_year else level[None], years, response)
    return labelled(
        kept, engine.groups, keep, stock, (population, women), space, years, scenarios, draws, logs, total, births
    )


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
        arrange(rates.male_share, "male share of births", {**head, "birth_order": space.orders}, optional, upper=1.0),
    )


def _components(rates: Rates) -> list[str]:
    """Return the names of the components of net migration."""
    array = rates.net_migrants
    return [str(v) for v in array["component"].values] if "component" in array.dims else ["all"]


def _yearly(
    bare: tuple[Array, Array, Array, Array], years: int
) -> tuple[NDArray[np.int64], tuple[Array, Array, Array, Array]]:
    """Return for each year the row of the rates that it uses, and rates with one row or one per year."""
    rows = max(array.shape[0] for array in bare)
    rate_year = np.arange(years) if rows > 1 else np.zeros(years, dtype=np.int64)
    wide = [np.array(np.broadcast_to(array, (rows, *array.shape[1:])), order="C") for array in bare]
    return rate_year, (wide[0], wide[1], wide[2], wide[3])


__all__ = ["COMMON_CHANNELS", "Rates", "Response", "Stock", "account_gap", "project", "with_total"]
