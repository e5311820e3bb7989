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
    women: Array,
    first: int,
    migrants: Array,
    share: float,
    shift: int,
    lowest: int,
    highest: int,
    net: Array,
    clipped: Array,
) -> None:
    """Add `share` of the net migrants of ages `lowest`..`highest`; what an empty cell cannot give is clipped.

    Women of reproductive age keep their composition by state: net migrants are spread in proportion to the
    stock of the cell, and into the first state where the cell is empty. Flows stand by the age reached at
    31 December, so those of the start of the year are shifted by one age.
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
            row = age - first
            if sex == FEMALE and 0 <= row < women.shape[0]:
                for b in range(n):
                    before = 0.0
                    for state in range(women.shape[1]):
                        before += women[row, state, b]
                    if before > 0.0:
                        ratio = stock[sex, age, b] / before
                        for state in range(women.shape[1]):
                            women[row, state, b] *= ratio
                    else:
                        women[row, 0, b] = stock[sex, age, b]


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
        schedule = events[event, 3]
        if origin == destination:
            for b in range(n):
                flow[event, b] += 0.5 * hazard[schedule, b] * tile[origin, b]
        else:
            for b in range(n):
                moved = half[schedule, b] * tile[origin, b]
                tile[origin, b] -= moved
                tile[destination, b] += moved
                flow[event, b] += moved


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
    """Take one cohort of women through the year; leaves its states at the year's end in `tile`.

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
    for state in range(n_states):
        for b in range(n):
            tile[state, b] *= root[b]


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
            flow[row - 1, 0, b] = width * rate[0, row] * multiplier[k, b] * 0.5 * (start[age, b] + end[age, b])


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
    for order in range(births.shape[1]):
        for b in range(births.shape[2]):
            total = 0.0
            for row in range(births.shape[0]):
                total += births[row, order, b]
            newborn[0, b] += male_share[order] * total
            newborn[1, b] += (1.0 - male_share[order]) * total
    for sex in range(newborn.shape[0]):
        for b in range(newborn.shape[1]):
            end[sex, 0, b] = newborn[sex, b] * survival[sex, 0, b]
            deaths[sex, 0, b] = newborn[sex, b] - end[sex, 0, b]


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
    hazard, death_channel, rate, rate_channel, multiplier, migrants, male_share, events = inputs
    first, width, ends, even, before_births = options
    births, event_flow, newborn, deaths, net, clipped = flows
    n = stock.shape[2]
    n_schedules = rate.shape[0]
    last = stock.shape[1] - 1
    share = 0.5 if even else 1.0
    if even:
        _migrate(stock, women, first, migrants, share, 1, 0, last, net, clipped)
    survival = np.empty((stock.shape[0], stock.shape[1] + 1, n))
    _survival(hazard, death_channel, multiplier, survival)
    _age(stock, survival, end, deaths)
    if before_births:
        _migrate(end, women_end, first, migrants, share, 0, 1, last, net, clipped)
    if ends:
        _births_at_ends(stock[FEMALE], end[FEMALE], rate, rate_channel, multiplier, first, width, births)
    else:
        tile = np.empty((women.shape[1], n))
        cohort = np.empty((n_schedules, n))
        half = np.empty((n_schedules, n))
        flow = np.empty((events.shape[0], n))
        root = np.empty(n)
        for row in range(women.shape[0] + 1):
            reached = first + row
            _live(
                row, stock[FEMALE, first - 1], women, survival[FEMALE, reached],
                rate, rate_channel, multiplier, events, tile, cohort, half, flow, root,
            )  # fmt: skip
            for event in range(events.shape[0]):
                order = events[event, 2]
                for b in range(n):
                    event_flow[event, row, b] = flow[event, b]
                    if order >= 0:
                        births[row, order, b] += flow[event, b]
            if row < women.shape[0]:
                # The states define the cell, so that their sum and the cell agree to the last bit.
                before = stock[FEMALE, reached - 1]
                for b in range(n):
                    total = 0.0
                    for state in range(tile.shape[0]):
                        women_end[row, state, b] = tile[state, b]
                        total += tile[state, b]
                    end[FEMALE, reached, b] = total
                    deaths[FEMALE, reached, b] = before[b] - total
    _bear(births, male_share, survival, end, deaths, newborn)
    _migrate(end, women_end, first, migrants, share, 0, 0, 0 if before_births else last, net, clipped)


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
        events (event, 4), death channel (sex, age reached), rate channel (schedule, age), rate year (year,).
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
        births (age reached, order), events (event, age reached), newborn (sex), deaths, net migrants and
        clipped migrants (sex, age; zero or negative).
    tasks : (first, end)
        Which of the area x block tasks to do. The interpreter lock is released, so that threads can share them.
    """
    areas, sexes, ages, n = start.shape
    years = population.shape[0]
    blocks = (n + BLOCK - 1) // BLOCK
    events, death_channel, rate_channel, rate_year = tables
    hazard, rate, migrants, male_share = rates
    births, event_flow, newborn, deaths, net, clipped = flows
    migration_channel = multiplier.shape[2] - 1
    for task in range(tasks[0], min(tasks[1], areas * blocks)):
        area = task // blocks
        low = (task % blocks) * BLOCK
        high = min(low + BLOCK, n)
        stock = start[area, :, :, low:high].copy()
        cells = women_start[area, :, :, low:high].copy()
        moving = np.empty((sexes, ages, high - low))
        for year in range(years):
            r = rate_year[year]
            for sex in range(sexes):
                for age in range(ages):
                    for b in range(high - low):
                        moving[sex, age, b] = 0.0
                    for part in range(migrants.shape[2]):
                        count = migrants[r, area, part, sex, age]
                        for b in range(high - low):
                            moving[sex, age, b] += count * migration_level[area, part, low + b]
                    for b in range(high - low):
                        moving[sex, age, b] *= multiplier[year, area, migration_channel, low + b]
            end = population[year, area, :, :, low:high]
            cells_end = women[year, area, :, :, low:high]
            _year(
                stock,
                cells,
                (
                    hazard[r, area],
                    death_channel,
                    rate[r, area],
                    rate_channel,
                    multiplier[year, area, :, low:high],
                    moving,
                    male_share[r, area],
                    events,
                ),
                options,
                end,
                cells_end,
                (
                    births[year, area, :, :, low:high],
                    event_flow[year, area, :, :, low:high],
                    newborn[year, area, :, low:high],
                    deaths[year, area, :, :, low:high],
                    net[year, area, :, :, low:high],
                    clipped[year, area, :, :, low:high],
                ),
            )
            stock[:] = end
            cells[:] = cells_end
