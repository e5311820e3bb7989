"""The year step: migrate, live, age, bear, migrate, count. Plain functions, which `compiling` compiles.

Bare arrays only; labels, checks and options live in `projection`. Trajectories are the innermost axis everywhere,
side by side in blocks, so that every inner loop runs over neighbouring memory and vectorises. Blocks are
independent tasks, which threads share; no sum crosses a block, so one or two threads give the same bits.

Ages: `age` counts completed years at 31 December. A cohort aged ``a`` at the start of the year is ``a + 1`` at its
end. Death hazards stand by the age reached: 0 is birth to 31 December, ``A`` is inside the open group.

A cohort passes through its whole year at once, the oldest first (`cohorts`), and what happens is counted on the way
(`counting`): what it costs is one walk over the memory of a block.

Women of reproductive age stand twice: as cells of the stock like any other, and by state. Migration moves the cells;
women by state follow, since migrants have the composition of the cell they come to or leave.

Set the environment variable ``NUMBA_DISABLE_JIT=1`` to run the same source uncompiled, under a debugger or for
coverage.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.demography.chances import _chances, _common, _leave
from huyou_sim.demography.cohorts import FEMALE, MALE, _apart, _enter, _join, _people
from huyou_sim.demography.counting import (
    _add,
    _add_people,
    _count,
    _keep_women,
    _median,
    _net_migrants,
    _place_rates,
    _put,
)
from huyou_sim.demography.walk import ALIVE, BLOCK, END, ENTER, HALF, JOIN, LEAVE, VACANT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]


def _factors(
    row: int, reached: int, entered: Array, known: Array, mortality: tuple[Any, ...], fertility: tuple[Any, ...],
    factor: Array,
) -> None:  # fmt: skip
    """Fill what the walk of one cohort multiplies by, but for the migrants of the end: see `written_walk`.

    Cohort `row` is aged ``reached - 1`` at the start, with `entered` women after the migrants of the start; `known`
    (age) are the women by state. Its hazard is the mean of the rates at the two ages it passes through, each with its
    own channel.
    """
    hazard, death_channel, multiplier, common, stay = mortality
    rate, channel, half, slots = fertility
    k = death_channel[FEMALE, reached]
    if common[k] == 1:
        root = sqrt(stay[FEMALE, reached])
        for b in range(BLOCK):
            factor[LEAVE, b] = root
    else:
        death = hazard[FEMALE, reached]
        for b in range(BLOCK):
            factor[LEAVE, b] = sqrt(1.0 - _leave(death * multiplier[k, b]))
    if row == 0:
        # From below reproductive age they all come in the first state.
        for b in range(BLOCK):
            factor[ENTER, b] = factor[LEAVE, b] * entered[b]
            factor[VACANT, b] = 0.0
    else:
        for b in range(BLOCK):
            women = factor[LEAVE, b] * entered[b]
            factor[ENTER, b] = women / known[row - 1, b] if known[row - 1, b] > 0.0 else 0.0
            factor[VACANT, b] = 0.0 if known[row - 1, b] > 0.0 else women
    for schedule in range(rate.shape[0]):
        younger, older = channel[schedule, row], channel[schedule, row + 1]
        low, high = 0.25 * rate[schedule, row], 0.25 * rate[schedule, row + 1]
        slot = HALF + schedule
        if common[younger] == 1 and common[older] == 1:
            chance = half[schedule, row]
            for b in range(BLOCK):
                factor[slot, b] = chance
        else:
            for b in range(BLOCK):
                factor[slot, b] = _leave(low * multiplier[younger, b] + high * multiplier[older, b])
        slot = slots[schedule]
        if slot >= 0:
            for b in range(BLOCK):
                factor[slot, b] = low * multiplier[younger, b] + high * multiplier[older, b]


def _women(
    stock: Array, composition: Array, known: Array, row: int, first: int, mortality: tuple[Any, ...],
    migration: tuple[Any, ...], fertility: tuple[Any, ...], groups: tuple[Indices, Indices],
    sums: tuple[Array, ...], exposure: Array, scratch: tuple[Array, ...],
) -> int:  # fmt: skip
    """Take a cohort of women of reproductive age through deaths, events and migration, in place.

    The last scratch array (counter) gets their events, `exposure` their woman-years. Of the cohort that leaves
    reproductive age only these are found here: as a cell of the stock it is one of the others (`_people`).
    """
    components, level, _, _, at_end = migration
    deaths, people, clipped = sums
    entry, gone, factor, entered, flow, _, _ = scratch
    rows, states, _ = composition.shape
    flat = composition.reshape(rows, states * BLOCK)
    counters = flow.shape[0] - 2
    age = first + row
    group, people_group = groups[0][age], groups[1][age]
    leaving = row == rows
    short = _enter(stock, age - 1, migration, entered)
    if short > 0:
        for b in range(BLOCK):
            missing = entered[b] if entered[b] < 0.0 else 0.0
            clipped[FEMALE, group, b] += 0.0 if leaving else missing
            entered[b] -= missing
    _factors(row, age, entered, known, mortality, fertility, factor)
    _apart(components, level, 0.0 if leaving else at_end, FEMALE, age, factor[JOIN])
    before, after = flat[row - 1] if row > 0 else entry, gone if leaving else flat[row]
    _walk(before, after, factor.reshape(factor.size), flow.reshape(flow.size))
    if leaving:
        for b in range(BLOCK):
            exposure[b] = 0.5 * (stock[FEMALE, age - 1, b] + stock[FEMALE, age, b])
        return 0
    for b in range(BLOCK):
        alive = flow[counters + ALIVE, b]
        joined = alive + factor[JOIN, b]
        end = joined if joined > 0.0 else 0.0
        short += 1 if joined < 0.0 else 0
        known[row, b] = flow[counters + END, b]
        deaths[FEMALE, group, b] += entered[b] - alive
        people[FEMALE, people_group, b] += end
        exposure[b] = 0.5 * (stock[FEMALE, age - 1, b] + end)
        stock[FEMALE, age, b] = end
    if short > 0:
        for b in range(BLOCK):
            joined = flow[counters + ALIVE, b] + factor[JOIN, b]
            clipped[FEMALE, group, b] += joined if joined < 0.0 else 0.0
    return short


def _walk(before: Array, after: Array, factor: Array, flow: Array) -> None:
    """Stand for the walk written out for a state space, which `compiling` puts in its place."""


def _bear(
    stock: Array, born: Array, male_share: Array, hazard: Array, death_channel: Indices, multiplier: Array,
    group: int, newborn: Array, deaths: Array,
) -> None:  # fmt: skip
    """Add the newborn of the year by sex, survived to 31 December."""
    newborn[:] = 0.0
    for order in range(male_share.shape[0]):
        for b in range(BLOCK):
            newborn[MALE, b] += male_share[order] * born[order, b]
            newborn[FEMALE, b] += (1.0 - male_share[order]) * born[order, b]
    for sex in range(stock.shape[0]):
        k = death_channel[sex, 0]
        for b in range(BLOCK):
            left = newborn[sex, b] * (1.0 - _leave(hazard[sex, 0] * multiplier[k, b]))
            deaths[sex, group, b] += newborn[sex, b] - left
            stock[sex, 0, b] = left


def _live(
    states: tuple[Array, Array, Array], first: int, mortality: tuple[Any, ...], migration: tuple[Any, ...],
    fertility: tuple[Any, ...], groups: tuple[Indices, Indices], cohort_groups: Indices, measuring: bool,
    sums: tuple[Array, ...], counted: tuple[Array, ...], place: tuple[Any, ...], scratch: tuple[Array, ...],
) -> int:  # fmt: skip
    """Take everybody through the year, births in its middle. Return how many cells could not give all migrants."""
    stock, composition, known = states
    events, born, measures = counted
    gathering, all_counts, all_exposure, _ = place
    last, rows = stock.shape[1] - 1, composition.shape[0]
    flow, exposure, inverse = scratch[4], scratch[5], scratch[6]
    short = 0
    # Women of reproductive age stand between those who are older and those who are younger: the oldest go first. One
    # call in a loop, since the compiler writes a copy of what it calls for each place that it is called from.
    sexes, oldest, youngest = (MALE, FEMALE, FEMALE), (last, last, first - 1), (1, first + rows, 1)
    for part in range(3):
        if part == 2:
            for row in range(rows, -1, -1):
                short += _women(
                    stock, composition, known, row, first, mortality, migration, fertility, groups, sums, exposure,
                    scratch,
                )  # fmt: skip
                _count(
                    flow, row, cohort_groups[row], exposure, inverse, float(first + row), measuring, events, born,
                    measures, gathering, all_counts, all_exposure,
                )  # fmt: skip
        short += _people(stock, sexes[part], oldest[part], youngest[part], mortality, migration, groups, sums)
    return short


def _live_to_ends(
    states: tuple[Array, Array, Array], first: int, width: float, before_births: bool, mortality: tuple[Any, ...],
    migration: tuple[Any, ...], fertility: tuple[Any, ...], groups: tuple[Indices, Indices],
    cohort_groups: Indices, measuring: bool, sums: tuple[Array, ...], counted: tuple[Array, ...],
    place: tuple[Any, ...], scratch: tuple[Array, ...],
) -> int:  # fmt: skip
    """Take everybody of a one-state space through the step, births on the mean of women at its start and its end.

    Women of reproductive age wait with the migrants of the end until they have borne, unless `before_births`.
    """
    stock, composition, known = states
    deaths, people, clipped = sums
    rate, channel, _, _ = fertility
    multiplier = mortality[2]
    events, born, measures = counted
    gathering, all_counts, all_exposure, _ = place
    components, level, steady, at_start, at_end = migration
    last, rows = stock.shape[1] - 1, composition.shape[0]
    flow, exposure, inverse = scratch[4], scratch[5], scratch[6]
    before, start = np.empty((rows, BLOCK)), np.empty((rows, BLOCK))
    births = np.empty((rows, BLOCK))
    for row in range(rows):
        _enter(stock, first + row, migration, start[row])
        for b in range(BLOCK):
            before[row, b] = stock[FEMALE, first + row, b]
            start[row, b] = start[row, b] if start[row, b] > 0.0 else 0.0
    short, aside = 0, np.empty_like(people)
    sexes, oldest = (MALE, FEMALE, FEMALE, FEMALE), (last, last, first + rows - 1, first - 1)
    youngest = (1, first + rows, first, 1)
    for part in range(4):
        wait = part == 2 and not before_births
        moves = (components, level, steady, at_start, 0.0 if wait else at_end)
        into = (deaths, aside if wait else people, clipped)
        short += _people(stock, sexes[part], oldest[part], youngest[part], mortality, moves, groups, into)
    for row in range(rows):
        k, rate_here = channel[0, row + 1], width * rate[0, row + 1] * 0.5
        for b in range(BLOCK):
            births[row, b] = rate_here * multiplier[k, b] * (start[row, b] + stock[FEMALE, first + row, b])
    for row in range(rows - 1, -1, -1):
        if not before_births:
            short += _join(stock, FEMALE, first + row, migration, groups, sums)
        for b in range(BLOCK):
            flow[0, b] = births[row, b]
            exposure[b] = 0.5 * (before[row, b] + stock[FEMALE, first + row, b])
            composition[row, 0, b] = stock[FEMALE, first + row, b]
            known[row, b] = stock[FEMALE, first + row, b]
        _count(
            flow, row, cohort_groups[row], exposure, inverse, first + row + 0.5, measuring, events, born, measures,
            gathering, all_counts, all_exposure,
        )  # fmt: skip
    return short


def _advance(
    states: tuple[Array, Array, Array],
    tables: tuple[Indices, ...],
    rates: tuple[Array, ...],
    multiplier: Array,
    level: Array,
    options: tuple[int, float, bool, bool, bool, bool],
    kept: tuple[Array, ...],
    blocks: tuple[int, int],
) -> None:
    """Project blocks of trajectories through the years; `states` become those of the end, `kept` is filled.

    Parameters
    ----------
    states : tuple of float arrays by (block, area, ...)
        stock (sex, age, trajectory) [persons]; composition of women (reproductive age, state, trajectory) [women];
        their sum over states (reproductive age, trajectory).
    tables : tuple of integer arrays
        death channel (sex, age reached), rate channel (schedule, age), slot of the staying hazard (schedule), rate
        year (year), kept group of each age, of each reproductive age (-1: not kept), of each age of flows, of each
        cohort.
    rates : tuple of float arrays
        death hazard (rate year, area, sex, age reached), rate (rate year, area, schedule, age with one empty age at
        both ends), net migrants (rate year, area, component, sex, age), the same by the kept age reached, male share
        of births (rate year, area, order).
    multiplier : (year, area, channel, trajectory)
        The last channel multiplies net migrants. Trajectories fill whole blocks.
    level : (year, area, component, trajectory)
        Net migrants are the sum of the components, each times its level, the same in all years where there is one.
        Trajectories fill whole blocks.
    options : tuple
        first reproductive age group, years per age group and step, births at ends, migration even, migration at the
        end of the step before births, measures wanted.
    kept : tuple of float arrays by (year, area, ..., trajectory)
        persons (sex, age), women (age, state), events (counter, cohort; births by order, then other events by
        schedule), newborn (sex), deaths, net migrants, clipped migrants (sex, age; zero or negative; zeros when
        given, and left alone where nothing is clipped), measures (measure; one more area, the place).
    blocks : (first, end)
        Which blocks to do. The interpreter lock is released, so that threads can share them.
    """
    stocks, compositions, sums_of_states = states
    death_channel, rate_channel, slots, rate_year, people_groups, fertile_groups, flow_groups, cohort_groups = tables
    hazards, all_rates, migrants, kept_migrants, male_shares = rates
    first, width, ends, even, before_births, measuring = options
    out_people, out_women, out_events, out_newborn, out_deaths, out_net, out_clipped, out_measures = kept
    _, areas, sexes, ages, n = stocks.shape  # n is BLOCK
    years, _, channels, _ = multiplier.shape
    rows, counters = compositions.shape[2], out_events.shape[2]
    orders, parts = male_shares.shape[2], level.shape[2]
    at_start, at_end = (0.5, 0.5) if even else (0.0, 1.0)
    middle = first + 0.5 if ends else float(first)
    gathering = 1 if measuring and areas > 1 else 0
    groups = (flow_groups, people_groups)

    entry = np.zeros(compositions.shape[3] * n)
    entry[:n] = 1.0
    scratch = (
        entry, np.empty_like(entry), np.empty((HALF + 2 * slots.shape[0], n)), np.empty(n),
        np.zeros((counters + 2, n)), np.empty(n), np.empty(n),
    )  # fmt: skip
    factor, moving = np.empty((channels, n)), np.empty((parts, n))
    common, common_parts = np.empty(channels, dtype=np.int64), np.empty(parts, dtype=np.int64)
    stay, half = np.empty((sexes, ages + 1)), np.empty((slots.shape[0], rows + 1))
    people, women = np.empty((sexes, out_people.shape[3], n)), np.empty((out_women.shape[2], out_women.shape[3], n))
    events, born = np.empty((counters, out_events.shape[3], n)), np.empty((orders, n))
    newborn, deaths = np.empty((sexes, n)), np.empty((sexes, out_deaths.shape[3], n))
    net, clipped = np.empty_like(deaths), np.zeros_like(deaths)
    measures = np.zeros((out_measures.shape[2], n))
    cohorts, of_place = (rows + 1, sexes) if gathering == 1 else (0, 0)
    all_counts, all_exposure = np.empty((cohorts, counters, n)), np.empty((cohorts, n))
    all_people = np.empty((of_place // 2, ages, n))
    all_groups = np.empty((of_place, people.shape[1], n))
    place = (gathering, all_counts, all_exposure, all_people)

    for block in range(blocks[0], blocks[1]):
        low = block * n
        lanes = min(n, out_newborn.shape[3] - low)
        for year in range(years):
            r = rate_year[year]
            of_year = year if level.shape[0] > 1 else 0
            all_counts[:] = 0.0
            all_exposure[:] = 0.0
            all_people[:] = 0.0
            all_groups[:] = 0.0
            for area in range(areas):
                for k in range(channels):
                    for b in range(BLOCK):
                        factor[k, b] = multiplier[year, area, k, low + b]
                for part in range(parts):
                    for b in range(BLOCK):
                        moving[part, b] = level[of_year, area, part, low + b] * factor[channels - 1, b]
                _common(factor, common)
                steady = _common(moving, common_parts)
                hazard, rate = hazards[r, area], all_rates[r, area]
                _chances(hazard, death_channel, rate, rate_channel, factor, stay, half)
                people[:] = 0.0
                deaths[:] = 0.0
                events[:] = 0.0
                born[:] = 0.0
                measures[:] = 0.0
                state = (stocks[block, area], compositions[block, area], sums_of_states[block, area])
                mortality = (hazard, death_channel, factor, common, stay)
                migration = (migrants[r, area], moving, steady, at_start, at_end)
                fertility = (rate, rate_channel, half, slots)
                sums, counted = (deaths, people, clipped), (events, born, measures)
                if ends:
                    short = _live_to_ends(
                        state, first, width, before_births, mortality, migration, fertility, groups, cohort_groups,
                        measuring, sums, counted, place, scratch,
                    )  # fmt: skip
                else:
                    short = _live(
                        state, first, mortality, migration, fertility, groups, cohort_groups, measuring, sums,
                        counted, place, scratch,
                    )  # fmt: skip
                stock = state[0]
                _bear(stock, born, male_shares[r, area], hazard, death_channel, factor, flow_groups[0], newborn, deaths)
                for sex in range(sexes):
                    short += _join(stock, sex, 0, migration, groups, sums)
                _keep_women(state[1], fertile_groups, women)
                _net_migrants(kept_migrants[r, area], moving, net)
                _put(people, out_people[year, area], low, lanes)
                _put(women, out_women[year, area], low, lanes)
                _put(events, out_events[year, area], low, lanes)
                _put(deaths, out_deaths[year, area], low, lanes)
                _put(net, out_net[year, area], low, lanes)
                _put(newborn, out_newborn[year, area], low, lanes)
                if short > 0:
                    _put(clipped, out_clipped[year, area], low, lanes)
                    clipped[:] = 0.0
                if measuring:
                    _median(stock, people, people_groups, measures[2 * counters])
                    _put(measures, out_measures[year, area], low, lanes)
                if gathering == 1:
                    _add_people(stock, all_people)
                    _add(people, all_groups)
            if gathering == 1:
                _place_rates(all_counts, all_exposure, middle, measures)
                _median(all_people, all_groups, people_groups, measures[2 * counters])
            if measuring:
                _put(measures, out_measures[year, areas], low, lanes)
