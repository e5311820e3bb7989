"""A projection made ready: labels checked and laid out once, to be run as often as one likes.

`prepare` is the one seam where labelled arrays become bare ones. `Prepared.project` runs them and gives bare sums back,
for whoever asks thousands of times (a sampler, a benchmark); `huyou_sim.demography.projection.project` puts labels on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from huyou_sim.demography.alignment import arrange
from huyou_sim.demography.engine import Engine, Kept, Response
from huyou_sim.demography.inputs import SEX, Rates, Stock
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.states import INFANT_MORTALITY, MORTALITY, StateSpace
from huyou_sim.demography.walk import Row
from huyou_sim.errors import LabelError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A projection that is ready to run.

    Parameters
    ----------
    stock : Stock
        The start, whose labels the results have.
    space : StateSpace
    keep : Keep
    years : tuple of int
    births : {"middle", "ends"}
    engine : Engine
    population : (area, sex, age) [persons]
    women : (area, reproductive age, marital, parity) [women]
    components : tuple of str
        Names of the components of net migration.
    """

    stock: Stock
    space: StateSpace
    keep: Keep
    years: tuple[int, ...]
    births: str
    engine: Engine
    population: Array
    women: Array
    components: tuple[str, ...]

    @property
    def areas(self) -> list[str]:
        """Return the codes of the areas."""
        return [str(area) for area in self.stock.population["area"].values]

    def on(self, threads: int) -> Prepared:
        """Return the same on another number of threads, which changes no bit of a result."""
        return replace(self, engine=replace(self.engine, threads=threads))

    def project(self, logs: Array, level: Array, response: Response | None = None) -> Kept:
        """Return what is kept, bare, by (year, area, ..., trajectory).

        Parameters
        ----------
        logs : (year, area, channel, trajectory) [log]
            Multipliers of the hazards. What a response asks for is added to it.
        level : (year, area, component, trajectory)
            Factor of each component of net migration; one year stands for all.
        response : callable, optional
            As for `huyou_sim.demography.projection.project`.
        """
        states = self.women.reshape(*self.women.shape[:2], self.space.n_states)
        return self.engine.project(self.population, states, logs, level, self.years, response)


def prepare(
    stock: Stock,
    rates: Rates,
    space: StateSpace,
    *,
    years: Sequence[int],
    migration: Literal["even", "end"] = "even",
    migration_before_births: bool = False,
    births: Literal["middle", "ends"] = "middle",
    keep: Keep = CELLS,
    threads: int | None = None,
) -> Prepared:
    """Return a projection that is ready to run; arguments as for `huyou_sim.demography.projection.project`.

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
    population = arrange(stock.population, "population", {"area": areas, "sex": SEX, "age": ages}, ())
    women = arrange(
        stock.women,
        "women by state",
        {"area": areas, "age_fertile": list(space.ages), "marital": space.marital, "parity": space.parity},
        (),
    )
    _check_start(stock, space, population, women)
    rate_year, yearly = _yearly(_bare_rates(rates, space, areas, ages, years), len(years))
    events, death_channel, rate_channel = event_tables(space, len(ages))
    engine = Engine(
        events=events,
        states=space.n_states,
        counters=len(space.counters),
        channels=(death_channel, rate_channel),
        rate_year=rate_year,
        rates=yearly,
        options=(ages.index(space.age_lower), float(space.width), births == "ends", migration == "even",
                 migration_before_births),
        groups=keep.groups(space, ages),
        threads=threads or os.cpu_count() or 1,
    )  # fmt: skip
    return Prepared(stock, space, keep, tuple(years), births, engine, population, women, tuple(_components(rates)))


def _padded(rates: Array) -> Array:
    """Add one empty age at both ends, which the first and last cohort pass through."""
    return np.pad(rates, [(0, 0)] * (rates.ndim - 1) + [(1, 1)])


def event_tables(space: StateSpace, ages: int) -> tuple[tuple[Row, ...], NDArray[np.int64], NDArray[np.int64]]:
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
