"""The first projected year for many levels at once, without labels: what a sampler asks for thousands of times.

Labels cost about a hundred times what the projection of one year costs. Here the arrays of the projection are laid out
once, and each observed quantity is read from what the kernel kept. `first_year` is the labelled way to the same
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.engine import Kept
from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES
from huyou_sim.demography.lifetable import infant_mortality
from huyou_sim.demography.prepared import prepare
from huyou_sim.demography.projection import SEX, project
from huyou_sim.demography.states import INFANT_MORTALITY
from huyou_sim.inference.observations import Observation, predict
from huyou_sim.inference.parameters import Parameter, level_multipliers, moves

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.demography.states import StateSpace

    Array = NDArray[np.float64]

Simulator = Callable[["Array"], "Array"]
"""Levels (draw, parameter) to predictions (draw, observation)."""

PART = 4096
"""Trajectories of one call of the kernel, which bounds the memory whatever the number of draws."""


def first_year(baseline: Baseline, parameters: Sequence[Parameter], values: Array) -> xr.Dataset:
    """Return the indicators of the first projected year for levels (draw, parameter), place total last."""
    log, migration = level_multipliers(baseline, parameters, values)
    result = project(
        baseline.stock,
        baseline.rates,
        baseline.space,
        years=[baseline.stock.year + 1],
        log_multipliers=log,
        migration_level=migration,
        draws=len(values),
        keep=AGGREGATES,
        total=baseline.code,
    )
    return indicators(result, baseline.death_rates)


@dataclass(frozen=True)
class Year:
    """What the kernel kept of the first year, summed over sex and age, place last among the areas.

    Parameters
    ----------
    kept : Kept
        By (year, area, ..., trajectory), one year.
    start : (area,) [persons]
        Residents at the start.
    logs : (area, channel, trajectory) [log]
    space : StateSpace
    infant_risk : (sex,) [1]
        Minus the log of survival to age 1 by the schedule.
    """

    kept: Kept
    start: Array
    logs: Array
    space: StateSpace
    infant_risk: Array

    def over_areas(self, counts: Array) -> Array:
        """Return counts (area, ...) with one more area, the sum of all."""
        return np.concatenate([counts, counts.sum(axis=0, keepdims=True)])

    def flow(self, name: str) -> Array:
        """Return a flow by sex (deaths, net_migrants, clipped) as (area, trajectory)."""
        return self.over_areas(getattr(self.kept, name)[0].sum(axis=(1, 2)))

    def counted(self, counter: str) -> Array:
        """Return the events of a counter as (area, trajectory)."""
        return self.over_areas(self.kept.events[0, :, self.space.counters.index(counter)].sum(axis=1))

    def orders(self) -> list[str]:
        """Return the counters of births by order."""
        return [f"birth_{order}" for order in self.space.orders]

    def births(self) -> Array:
        """Return births of all orders."""
        return sum((self.counted(order) for order in self.orders()[1:]), self.counted(self.orders()[0]))

    def population(self) -> Array:
        """Return residents at the end of the year."""
        return self.over_areas(self.kept.population[0].sum(axis=(1, 2)))

    def mean_population(self) -> Array:
        """Return the mean of residents at the start and at the end."""
        return (self.over_areas(self.start)[:, None] + self.population()) / 2.0

    def rate_sum(self, counter: str) -> Array:
        """Return the sum over age of an event's rates; the kernel has the place as its last area."""
        found: Array = self.kept.measures[0, :, self.space.counters.index(counter)]
        return found

    def mean_age(self, counter: str) -> Array:
        """Return the mean exact age at an event, weighted by its rates."""
        n = len(self.space.counters)
        ages: Array = self.kept.measures[0, :, n + self.space.counters.index(counter)]
        return ages / self.rate_sum(counter)

    def infant_mortality(self) -> Array:
        """Return infant deaths per 1,000 births, as `huyou_sim.demography.indicators.mortality` has it."""
        level = self.logs[:, self.space.channel(INFANT_MORTALITY)]
        factor = np.exp(np.concatenate([level, level.mean(axis=0, keepdims=True)]))
        newborn = self.over_areas(self.kept.newborn[0])
        rate: Array = np.zeros_like(factor)
        for i, risk in enumerate(self.infant_risk):
            rate += newborn[:, i] / newborn.sum(axis=1) * (1.0 - np.exp(-risk * factor)) * 1000.0
        return rate


QUANTITIES: Mapping[str, Callable[[Year], Array]] = {
    "population_total": Year.population,
    "births": Year.births,
    "births_order_1": lambda year: year.counted("birth_1"),
    "births_order_2": lambda year: year.counted("birth_2"),
    "births_order_3": lambda year: year.counted("birth_3"),
    "deaths": lambda year: year.flow("deaths"),
    "natural_increase": lambda year: year.births() - year.flow("deaths"),
    "net_migration": lambda year: year.flow("net_migrants") - year.flow("clipped"),
    "crude_birth_rate": lambda year: 1000.0 * year.births() / year.mean_population(),
    "crude_death_rate": lambda year: 1000.0 * year.flow("deaths") / year.mean_population(),
    "natural_increase_rate": lambda year: 1000.0 * (year.births() - year.flow("deaths")) / year.mean_population(),
    "tfr": lambda year: sum((year.rate_sum(order) for order in year.orders()), np.zeros(1)),
    "tfr_order_1": lambda year: year.rate_sum("birth_1"),
    "tfr_order_2": lambda year: year.rate_sum("birth_2"),
    "tfr_order_3": lambda year: year.rate_sum("birth_3"),
    "share_second_third": lambda year: 100.0 * (1.0 - year.counted("birth_1") / year.births()),
    "first_marriages": lambda year: year.counted("first_marriage"),
    "mean_age_at_first_marriage": lambda year: year.mean_age("first_marriage"),
    "infant_mortality_rate": Year.infant_mortality,
}
"""Variable to what it is of a year, (area, trajectory), place last."""


def first_year_simulator(
    baseline: Baseline,
    parameters: Sequence[Parameter],
    seen: Sequence[Observation],
    *,
    threads: int | None = None,
) -> Simulator:
    """Return the function from values (draw, parameter) to predictions (draw, observation) of the first year.

    Observations of a variable that is not among `QUANTITIES` make it take the labelled way, a hundred times slower.

    Parameters
    ----------
    threads : int, optional
        All processors when omitted; the number changes no bit of the result.
    """
    move = moves(baseline, parameters)
    areas = [*baseline.areas, baseline.code]
    bare = all(one.variable in QUANTITIES and one.area in areas for one in seen)
    if not bare:
        return lambda values: predict(first_year(baseline, parameters, values), seen)
    year = baseline.stock.year + 1
    ready = prepare(baseline.stock, baseline.rates, baseline.space, years=[year], keep=AGGREGATES, threads=threads)
    start = ready.population.sum(axis=(1, 2))
    risks = [float(infant_mortality(baseline.death_rates.sel(sex=sex).values, sex)) for sex in SEX]
    infant_risk = -np.log1p(-np.array(risks))

    def part(values: Array) -> Array:
        logs = move.logs(values)
        kept = ready.project(logs[None], move.migrants(values)[None])
        found = Year(kept, start, logs, baseline.space, infant_risk)
        quantities = {name: QUANTITIES[name](found) for name in {one.variable for one in seen}}
        return np.stack([quantities[one.variable][areas.index(one.area)] for one in seen], axis=-1)

    def simulate(values: Array) -> Array:
        return np.concatenate([part(values[low : low + PART]) for low in range(0, max(len(values), 1), PART)])

    return simulate


__all__ = ["QUANTITIES", "Simulator", "Year", "first_year", "first_year_simulator"]
