"""Running the kernel: blocks, threads, and the year-by-year loop where the future feeds back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.walk import BLOCK, Row, stay_slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]

Response = Callable[[int, "Array", "Array"], "Array"]
"""(year, children under 3, population), both (area, trajectory) one year before, to the log multipliers that
depend on them: (area, channel, trajectory)."""

SMALL = 64
"""Block-years below which starting threads costs more than it saves."""


@dataclass(frozen=True)
class Groups:
    """Which kept row each cell is added to.

    Parameters
    ----------
    ages : (age,)
        Of the population.
    fertile : (reproductive age,)
        Of women by state; -1 where they are not kept.
    flows : (age,)
        Of deaths and migrants, by the age reached in the year.
    cohorts : (cohort,)
        Of the events, by the age reached in the year.
    measures : bool
        Whether sums of rates over age, and median ages, are worked out.
    """

    ages: Indices
    fertile: Indices
    flows: Indices
    cohorts: Indices
    measures: bool

    @cached_property
    def sizes(self) -> tuple[int, int, int, int]:
        """Return the number of kept ages, reproductive ages, ages of flows, and cohorts."""
        ages, fertile, flows, cohorts = (
            int(each.max(initial=-1)) + 1 for each in (self.ages, self.fertile, self.flows, self.cohorts)
        )
        return ages, fertile, flows, cohorts


@dataclass(frozen=True)
class Kept:
    """Outputs of the kernel by (year, area, ..., trajectory)."""

    population: Array
    women: Array
    events: Array
    newborn: Array
    deaths: Array
    net_migrants: Array
    clipped: Array
    measures: Array

    @staticmethod
    def empty(years: int, areas: int, groups: Groups, states: int, counters: int, n: int) -> Kept:
        """Return arrays to be filled for `n` trajectories; the measures have one more area, the place."""
        head = (years, areas)
        ages, fertile, flows, cohorts = groups.sizes
        return Kept(
            population=np.empty((*head, 2, ages, n)),
            women=np.empty((*head, fertile, states, n)),
            events=np.empty((*head, counters, cohorts, n)),
            newborn=np.empty((*head, 2, n)),
            deaths=np.empty((*head, 2, flows, n)),
            net_migrants=np.empty((*head, 2, flows, n)),
            # Untouched where nobody is clipped: pages that are never written cost nothing.
            clipped=np.zeros((*head, 2, flows, n)),
            measures=np.empty((years, areas + 1, 2 * counters + 1 if groups.measures else 0, n)),
        )

    def part(self, low: int, high: int) -> tuple[Array, ...]:
        """Return views of the years `low`..`high`, as the kernel takes them."""
        return tuple(getattr(self, name)[low:high] for name in self.__dataclass_fields__)


@dataclass(frozen=True)
class Engine:
    """All that a projection does not change while it runs, as bare arrays.

    Parameters
    ----------
    events : tuple of (origin, destination, counter, schedule)
    states, counters : int
    channels : tuple of integer arrays
        Channel of each death hazard (sex, age reached) and rate (schedule, age with one empty age at both ends).
    rate_year : (year,)
        Row of the rates that each year uses.
    rates : tuple of float arrays by (rate year, area, ...)
        Death hazard, rates, net migrants, male share of births: see `kernel`.
    options : tuple
        First reproductive age group, years per step, births at ends, migration even, migration before births.
    groups : Groups
    threads : int
    """

    events: tuple[Row, ...]
    states: int
    counters: int
    channels: tuple[Indices, Indices]
    rate_year: Indices
    rates: tuple[Array, Array, Array, Array]
    options: tuple[int, float, bool, bool, bool]
    groups: Groups
    threads: int

    def project(
        self,
        start: Array,
        women: Array,
        logs: Array,
        level: Array,
        years: Sequence[int],
        response: Response | None = None,
    ) -> Kept:
        """Return what is kept of a projection of all trajectories.

        Parameters
        ----------
        start : (area, sex, age) [persons]
        women : (area, reproductive age, state) [persons]
        logs : (year, area, channel, trajectory) [log]
            What a response asks for is added here, so that the caller has the multipliers that were used.
        level : (year, area, component, trajectory)
            Factor of each component of net migration; one year stands for all.
        years : sequence of int
        response : callable, optional
        """
        areas, n = start.shape[0], logs.shape[-1]
        kept = Kept.empty(len(years), areas, self.groups, self.states, self.counters, n)
        advance: Callable[[Array, int, int], None]
        if self._alone(n):
            stock = start.copy()

            def advance(multiplier: Array, low: int, high: int) -> None:
                self._advance_single(stock, multiplier, _of_years(level, low, high), kept, low, high)
        else:
            states = _blocks(start, women, -(-n // BLOCK))
            whole_level = _whole(level)

            def advance(multiplier: Array, low: int, high: int) -> None:
                self._advance_blocks(states, _whole(multiplier), _of_years(whole_level, low, high), kept, low, high)

        if response is None:
            advance(np.exp(logs), 0, len(years))
            return kept
        young, people = start[:, :, :3].sum(axis=(1, 2)), start.sum(axis=(1, 2))
        young, people = (np.repeat(each[:, None], n, axis=1) for each in (young, people))
        below_3 = int(self.groups.ages[2]) + 1
        for i, year in enumerate(years):
            logs[i] += response(year, young, people)
            advance(np.exp(logs[i : i + 1]), i, i + 1)
            young, people = (kept.population[i, :, :, :end].sum(axis=(1, 2)) for end in (below_3, None))
        return kept

    @cached_property
    def _slots(self) -> Indices:
        """Return the slot of the staying hazard of each schedule, -1 where there is none."""
        slots = stay_slots(self.events)
        return np.array([slots.get(schedule, -1) for schedule in range(self.rates[1].shape[2])])

    def _alone(self, n: int) -> bool:
        """Return whether there is one trajectory of the classical model, with every cell kept: see `single`."""
        _, _, ends, *_ = self.options
        cells = len(self.groups.ages) == self.groups.sizes[0]
        return n == 1 and self.states == 1 and ends and cells and not self.groups.measures

    def _advance_single(self, stock: Array, multiplier: Array, level: Array, kept: Kept, low: int, high: int) -> None:
        """Fill the years `low`..`high` of what is kept of a single trajectory."""
        from huyou_sim.demography.compiling import compiled_single

        hazard, rate, migrants, male_share = self.rates
        first, width, _, even, before_births = self.options
        part = Kept(*kept.part(low, high))
        compiled_single()(
            stock,
            (self.channels[0], self.channels[1][0], self.rate_year[low:high]),
            (hazard, rate[:, :, 0], migrants, self._kept_migrants, male_share[:, :, 0]),
            multiplier[..., 0],
            level[..., 0],
            (first, width, even, before_births),
            (
                part.population[..., 0],
                part.events[:, :, 0, :, 0],
                part.newborn[..., 0],
                part.deaths[..., 0],
                part.net_migrants[..., 0],
                part.clipped[..., 0],
            ),
        )
        rows = part.women.shape[2]
        part.women[:, :, :, 0] = part.population[:, :, 1, first : first + rows]

    def _advance_blocks(
        self, states: tuple[Array, ...], multiplier: Array, level: Array, kept: Kept, low: int, high: int
    ) -> None:
        """Fill the years `low`..`high` of what is kept, blocks shared among threads."""
        from huyou_sim.demography.compiling import compiled

        advance = compiled(self.events, self.states, self.counters)
        groups = self.groups
        kept_rows = (groups.ages, groups.fertile, groups.flows, groups.cohorts)
        tables = (*self.channels, self._slots, self.rate_year[low:high], *kept_rows)
        hazard, rate, migrants, male_share = self.rates
        rates = (hazard, rate, migrants, self._kept_migrants, male_share)
        options = (*self.options, groups.measures)
        blocks = states[0].shape[0]
        few = blocks * states[0].shape[1] * (high - low) < SMALL
        bounds = np.linspace(0, blocks, 2 if few else min(self.threads, blocks) + 1).astype(int)

        def part(first: int, end: int) -> None:
            advance(states, tables, rates, multiplier, level, options, kept.part(low, high), (first, end))

        pairs = [(int(a), int(b)) for a, b in pairwise(bounds)]
        if len(pairs) == 1:
            part(*pairs[0])
            return
        with ThreadPoolExecutor(len(pairs)) as pool:
            for done in [pool.submit(part, *pair) for pair in pairs]:
                done.result()

    @cached_property
    def _kept_migrants(self) -> Array:
        """Return the components of net migration by the kept age that migrants reach at 31 December."""
        migrants = self.rates[2]
        even = self.options[3]
        reached = migrants * (0.5 if even else 1.0)
        if even:
            older = np.zeros_like(reached)
            older[..., 1:] = reached[..., :-1]
            older[..., -1] += reached[..., -1]
            reached = reached + older
        kept = np.zeros((*migrants.shape[:-1], self.groups.sizes[2]))
        for age, group in enumerate(self.groups.flows):
            kept[..., group] += reached[..., age]
        return kept


def _of_years(level: Array, low: int, high: int) -> Array:
    """Return the levels of some years, as they are where one year stands for all."""
    return level[low:high] if len(level) > 1 else level


def _whole(array: Array) -> Array:
    """Return an array whose last axis is filled up to whole blocks with its last trajectory."""
    missing = -array.shape[-1] % BLOCK
    padded: Array = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)], mode="edge") if missing else array
    return padded


def _blocks(start: Array, women: Array, blocks: int) -> tuple[Array, Array, Array]:
    """Return the states of all blocks at the start: see `kernel`."""
    areas, rows, n_states = women.shape
    stock = np.empty((blocks, *start.shape, BLOCK))
    stock[:] = start[..., None]
    composition = np.empty((blocks, areas, rows, n_states, BLOCK))
    composition[:] = women[..., None]
    known = np.zeros((blocks, areas, rows, BLOCK))
    # One after the other, as the walk adds them: a run from here on has the bits of one that came through here.
    for state in range(n_states):
        known += women[:, :, state, None]
    return stock, composition, known
