"""The compiled year step: migrate, survive, marry, bear, survive, migrate, age.

Bare arrays only; labels, checks and options live in `projection`. Trajectories are the innermost axis
everywhere, so that every inner loop runs over neighbouring memory and vectorises. Areas and blocks of
trajectories are independent tasks, which threads share; no sum crosses a task, so one or two threads give the
same bits.

Ages: `age` counts completed years at 31 December. A cohort aged ``a`` at the start of the year is ``a + 1`` at
its end. Death hazards stand by the age reached: 0 is birth to 31 December, ``A`` is inside the open group.

Set the environment variable ``NUMBA_DISABLE_JIT=1`` to run the same source uncompiled, under a debugger or for
coverage.
"""

from __future__ import annotations

from math import factorial, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]

BLOCK = 64
"""Trajectories in one block: two of its rows fit the first-level cache beside the event tile."""

FEMALE = 1
"""Index of women on the sex axis."""

S1, S2, S3, S4, S5, S6, S7, S8, S9, S10 = (1.0 / factorial(i) for i in range(1, 11))
"""Coefficients of the series of ``1 - exp(-z)``, for small z."""


@njit(cache=True, error_model="numpy")
def _migrate(
    stock: Array,
    migrants: Array,
    share: float,
    shift: int,
    lowest: int,
    highest: int,
    net: Array,
    clipped: Array,
) -> None:
    """Add `share` of the net migrants of ages `lowest`..`highest`; what an empty cell cannot give is clipped.

    Flows stand by the age reached at 31 December, so those of the start of the year are shifted by one age.
    """
    sexes, ages, n = stock.shape
    for sex in range(sexes):
        for age in range(lowest, highest + 1):
            reached = min(age + shift, ages - 1)
            for b in range(n):
                wanted = share * migrants[sex, age, b]
                after = stock[sex, age, b] + wanted
                # The flow is the migration asked for; the part that an empty cell cannot give is clipped.
                missing = after if after < 0.0 else 0.0
                clipped[sex, reached, b] += missing
                net[sex, reached, b] += wanted
                stock[sex, age, b] = after - missing


@njit(cache=True, error_model="numpy")
def _spread(stock: Array, women: Array, first: int) -> None:
    """Bring women by state to the stock of their cell after migration.

    Migrants have the composition of the cell they come to or leave; into an empty cell they come in the first
    state.
    """
    rows, states, n = women.shape
    before = np.empty(n)
    for row in range(rows):
        for b in range(n):
            before[b] = women[row, 0, b]
        for state in range(1, states):
            for b in range(n):
                before[b] += women[row, state, b]
        for b in range(n):
            after = stock[FEMALE, first + row, b]
            empty = before[b] <= 0.0
            women[row, 0, b] = after if empty else women[row, 0, b]
            before[b] = 1.0 if empty else after / before[b]
        for state in range(states):
            for b in range(n):
                women[row, state, b] *= before[b]


@njit(cache=True, error_model="numpy", inline="always")
def _leave(hazard: float) -> float:
    """Return ``1 - exp(-hazard)`` for a hazard of 0 or more, to about 1e-15 of its value.

    The library's function is called once per number; this one is plain arithmetic, which the compiler spreads
    over a whole vector of trajectories. A sixty-fourth of the hazard is small enough for a short series, and
    six times ``q (2 - q)`` doubles the time six times. Beyond 40 nobody is left to 4e-18 anyway.
    """
    z = 0.015625 * (hazard if hazard < 40.0 else 40.0)
    q = z * (S1 - z * (S2 - z * (S3 - z * (S4 - z * (S5 - z * (S6 - z * (S7 - z * (S8 - z * (S9 - z * S10)))))))))
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    return q * (2.0 - q)


@njit(cache=True, error_model="numpy")
def _survival(hazard: Array, channel: Indices, multiplier: Array, survival: Array) -> None:
    """Turn death hazards into the probability to survive the year, per trajectory."""
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            k = channel[sex, age]
            base = hazard[sex, age]
            for b in range(survival.shape[2]):
                survival[sex, age, b] = 1.0 - _leave(base * multiplier[k, b])


@njit(cache=True, error_model="numpy")
def _age(start: Array, survival: Array, end: Array, deaths: Array) -> None:
    """Survive every cohort into the next age; the last two groups meet in the open one."""
    sexes, ages, n = start.shape
    last = ages - 1
    for sex in range(sexes):
        for age in range(1, ages):
            for b in range(n):
                end[sex, age, b] = start[sex, age - 1, b] * survival[sex, age, b]
                deaths[sex, age, b] = start[sex, age - 1, b] - end[sex, age, b]
        for b in range(n):
            stay = start[sex, last, b] * survival[sex, last + 1, b]
            deaths[sex, last, b] += start[sex, last, b] - stay
            end[sex, last, b] += stay


@njit(cache=True, error_model="numpy")
def _walk(tile: Array, events: Indices, half: Array, hazard: Array, flow: Array) -> None:
    """Walk the event table forward and back with half a year each: a symmetric splitting of second order.

    An event that leaves its state takes ``1 - exp(-h / 2)`` of it, one that does not counts ``h / 2`` per woman.
    """
    n_events = events.shape[0]
    n = tile.shape[1]
    for turn in range(2 * n_events):
        event = turn if turn < n_events else 2 * n_events - 1 - turn
        origin = events[event, 0]
        destination = events[event, 1]
        counter = events[event, 2]
        schedule = events[event, 3]
        if origin == destination:
            for b in range(n):
                flow[counter, b] += 0.5 * hazard[schedule, b] * tile[origin, b]
        else:
            for b in range(n):
                moved = half[schedule, b] * tile[origin, b]
                tile[origin, b] -= moved
                tile[destination, b] += moved
                flow[counter, b] += moved


@njit(cache=True, error_model="numpy")
def _live(
    row: int,
    start: Array,
    women: Array,
    survival: Array,
    rate: Array,
    channel: Indices,
    multiplier: Array,
    events: Indices,
    tile: Array,
    hazard: Array,
    half: Array,
    flow: Array,
    root: Array,
) -> None:
    """Take one cohort of women through its first half-year of deaths and all events of the year, in `tile`.

    Cohort `row` is aged ``first - 1 + row`` at the start. Its hazard is the mean of the rates at the two ages
    it passes through, each with its own channel.
    """
    n_states, n = tile.shape
    for b in range(n):
        root[b] = sqrt(survival[b])
    for state in range(n_states):
        if row > 0:
            for b in range(n):
                tile[state, b] = women[row - 1, state, b] * root[b]
        else:
            # The youngest cohort enters from below reproductive age: all in the first state.
            for b in range(n):
                tile[state, b] = start[b] * root[b] if state == 0 else 0.0
    for schedule in range(rate.shape[0]):
        younger = channel[schedule, row]
        older = channel[schedule, row + 1]
        for b in range(n):
            value = 0.5 * (
                rate[schedule, row] * multiplier[younger, b] + rate[schedule, row + 1] * multiplier[older, b]
            )
            hazard[schedule, b] = value
            half[schedule, b] = _leave(0.5 * value)
    flow[:] = 0.0
    _walk(tile, events, half, hazard, flow)


@njit(cache=True, error_model="numpy")
def _births_at_ends(
    start: Array,
    end: Array,
    rate: Array,
    channel: Indices,
    multiplier: Array,
    first: int,
    width: float,
    flow: Array,
) -> None:
    """Count births of a one-state space on the mean of women at the start and the end of the step."""
    for row in range(1, rate.shape[1] - 1):
        age = first - 1 + row
        k = channel[0, row]
        for b in range(start.shape[1]):
            flow[0, row - 1, b] = width * rate[0, row] * multiplier[k, b] * 0.5 * (start[age, b] + end[age, b])


@njit(cache=True, error_model="numpy")
def _bear(
    births: Array,
    male_share: Array,
    survival: Array,
    end: Array,
    deaths: Array,
    newborn: Array,
) -> None:
    """Add the newborn of the year by sex, survived to 31 December."""
    total = np.empty(newborn.shape[1])
    for order in range(male_share.shape[0]):
        total[:] = 0.0
        for row in range(births.shape[1]):
            for b in range(total.shape[0]):
                total[b] += births[order, row, b]
        for b in range(total.shape[0]):
            newborn[0, b] += male_share[order] * total[b]
            newborn[1, b] += (1.0 - male_share[order]) * total[b]
    for sex in range(newborn.shape[0]):
        for b in range(newborn.shape[1]):
            end[sex, 0, b] = newborn[sex, b] * survival[sex, 0, b]
            deaths[sex, 0, b] = newborn[sex, b] - end[sex, 0, b]


@njit(cache=True, error_model="numpy")
def _fertile_year(
    stock: Array,
    women: Array,
    survival: Array,
    inputs: tuple[Any, ...],
    first: int,
    end: Array,
    women_end: Array,
    counts: Array,
    deaths: Array,
) -> None:
    """Take all cohorts of women of reproductive age through the year."""
    _, _, rate, rate_channel, multiplier, _, _, events = inputs
    n = stock.shape[2]
    rows, states = women.shape[0], women.shape[1]
    tile = np.empty((states, n))
    hazard = np.empty((rate.shape[0], n))
    half = np.empty((rate.shape[0], n))
    flow = np.empty((counts.shape[0], n))
    root = np.empty(n)
    for row in range(rows + 1):
        reached = first + row
        _live(
            row, stock[FEMALE, first - 1], women, survival[FEMALE, reached],
            rate, rate_channel, multiplier, events, tile, hazard, half, flow, root,
        )  # fmt: skip
        for counter in range(counts.shape[0]):
            for b in range(n):
                counts[counter, row, b] = flow[counter, b]
        if row < rows:
            # The states define the cell, so that their sum and the cell agree to the last bit.
            for b in range(n):
                end[FEMALE, reached, b] = 0.0
            for state in range(states):
                for b in range(n):
                    left = tile[state, b] * root[b]
                    women_end[row, state, b] = left
                    end[FEMALE, reached, b] += left
            for b in range(n):
                deaths[FEMALE, reached, b] = stock[FEMALE, reached - 1, b] - end[FEMALE, reached, b]


@njit(cache=True, error_model="numpy")
def _year(
    stock: Array,
    women: Array,
    inputs: tuple[Any, ...],
    options: tuple[int, float, bool, bool, bool],
    end: Array,
    women_end: Array,
    flows: tuple[Array, ...],
) -> None:
    """Advance one block of trajectories by one step. All outputs are zero on entry."""
    hazard, death_channel, rate, rate_channel, multiplier, migrants, male_share, _ = inputs
    first, width, ends, even, before_births = options
    counts, newborn, deaths, net, clipped = flows
    n = stock.shape[2]
    last = stock.shape[1] - 1
    share = 0.5 if even else 1.0
    if even:
        _migrate(stock, migrants, share, 1, 0, last, net, clipped)
        _spread(stock, women, first)
    survival = np.empty((stock.shape[0], stock.shape[1] + 1, n))
    _survival(hazard, death_channel, multiplier, survival)
    _age(stock, survival, end, deaths)
    if before_births:
        _migrate(end, migrants, share, 0, 1, last, net, clipped)
    if ends:
        _births_at_ends(stock[FEMALE], end[FEMALE], rate, rate_channel, multiplier, first, width, counts)
    else:
        _fertile_year(stock, women, survival, inputs, first, end, women_end, counts, deaths)
    _bear(counts, male_share, survival, end, deaths, newborn)
    _migrate(end, migrants, share, 0, 0, 0 if before_births else last, net, clipped)
    _spread(end, women_end, first)


@njit(cache=True, error_model="numpy")
def _net_migrants(components: Array, level: Array, multiplier: Array, moving: Array) -> None:
    """Fill `moving` with the net migrants of the year: the components, each times its level."""
    for sex in range(moving.shape[0]):
        for age in range(moving.shape[1]):
            for b in range(moving.shape[2]):
                moving[sex, age, b] = components[0, sex, age] * level[0, b]
            for part in range(1, components.shape[0]):
                for b in range(moving.shape[2]):
                    moving[sex, age, b] += components[part, sex, age] * level[part, b]
            for b in range(moving.shape[2]):
                moving[sex, age, b] *= multiplier[b]


@njit(cache=True, error_model="numpy", nogil=True)
def advance(
    start: Array,
    women_start: Array,
    tables: tuple[Indices, ...],
    rates: tuple[Array, ...],
    multiplier: Array,
    migration_level: Array,
    options: tuple[int, float, bool, bool, bool],
    population: Array,
    women: Array,
    flows: tuple[Array, ...],
    tasks: tuple[int, int],
) -> None:
    """Project areas and blocks of trajectories through the years; fills `population`, `women` and `flows`.

    Parameters
    ----------
    start : (area, sex, age, trajectory) [persons]
    women_start : (area, reproductive age, state, trajectory) [persons]
    tables : tuple of integer arrays
        events (event; origin, destination, counter, schedule), death channel (sex, age reached), rate channel
        (schedule, age), rate year (year,).
    rates : tuple of float arrays
        death hazard (rate year, area, sex, age reached), rate (rate year, area, schedule, age with one empty
        age at both ends), net migrants (rate year, area, component, sex, age), male share of births
        (rate year, area, order).
    multiplier : (year, area, channel, trajectory)
    migration_level : (area, component, trajectory)
        Net migrants are the sum of the components, each times its level.
    options : tuple
        first reproductive age group, years per age group and step, births at ends, migration even, migration at
        the end of the step before births.
    population : (year, area, sex, age, trajectory), women : (year, area, reproductive age, state, trajectory)
        Stocks at the end of each year.
    flows : tuple of float arrays by (year, area, ..., trajectory)
        counts (counter, age reached; births by order, then other events by schedule), newborn (sex), deaths,
        net migrants and clipped migrants (sex, age; zero or negative).
    tasks : (first, end)
        Which of the area x block tasks to do. The interpreter lock is released, so that threads can share them.
    """
    areas, sexes, ages, n = start.shape
    years = population.shape[0]
    blocks = (n + BLOCK - 1) // BLOCK
    events, death_channel, rate_channel, rate_year = tables
    hazard, rate, migrants, male_share = rates
    counts, newborn, deaths, net, clipped = flows
    for task in range(tasks[0], min(tasks[1], areas * blocks)):
        area = task // blocks
        low = (task % blocks) * BLOCK
        high = min(low + BLOCK, n)
        # The block works on small arrays of its own, which stay in the cache and have a stride of one.
        width = high - low
        stock = start[area, :, :, low:high].copy()
        cells = women_start[area, :, :, low:high].copy()
        moving = np.empty((sexes, ages, width))
        factor = np.empty((multiplier.shape[2], width))
        end, cells_end = np.zeros_like(stock), np.zeros_like(cells)
        counted = np.zeros((counts.shape[2], counts.shape[3], width))
        born = np.zeros((sexes, width))
        died, moved, cut = np.zeros_like(stock), np.zeros_like(stock), np.zeros_like(stock)
        for year in range(years):
            r = rate_year[year]
            factor[:] = multiplier[year, area, :, low:high]
            _net_migrants(migrants[r, area], migration_level[area, :, low:high], factor[-1], moving)
            counted[:] = 0.0
            born[:] = 0.0
            moved[:] = 0.0
            cut[:] = 0.0
            _year(
                stock,
                cells,
                (
                    hazard[r, area],
                    death_channel,
                    rate[r, area],
                    rate_channel,
                    factor,
                    moving,
                    male_share[r, area],
                    events,
                ),
                options,
                end,
                cells_end,
                (counted, born, died, moved, cut),
            )
            population[year, area, :, :, low:high] = end
            women[year, area, :, :, low:high] = cells_end
            counts[year, area, :, :, low:high] = counted
            newborn[year, area, :, low:high] = born
            deaths[year, area, :, :, low:high] = died
            net[year, area, :, :, low:high] = moved
            clipped[year, area, :, :, low:high] = cut
            stock, end = end, stock
            cells, cells_end = cells_end, cells
