"""The year step: migrate, live, age, bear, migrate, count. Plain functions, which `compiling` compiles.

Bare arrays only; labels, checks and options live in `projection`. Trajectories are the innermost axis everywhere,
side by side in blocks, so that every inner loop runs over neighbouring memory and vectorises. Blocks are
independent tasks, which threads share; no sum crosses a block, so one or two threads give the same bits.

Ages: `age` counts completed years at 31 December. A cohort aged ``a`` at the start of the year is ``a + 1`` at its
end. Death hazards stand by the age reached: 0 is birth to 31 December, ``A`` is inside the open group.

Women of reproductive age stand twice: as cells of the stock like any other, and by state. Migration moves the cells;
women by state follow (`_settle`, and on entering a year), since migrants have the composition of the cell they come to
or leave.

Set the environment variable ``NUMBA_DISABLE_JIT=1`` to run the same source uncompiled, under a debugger or for
coverage.
"""

from __future__ import annotations

from math import factorial, sqrt
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.walk import BLOCK, ENTER, HALF, LEAVE, VACANT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]

MALE, FEMALE = 0, 1
"""Positions on the sex axis."""

S1, S2, S3, S4, S5, S6, S7, S8 = (1.0 / factorial(i) for i in range(1, 9))
"""Coefficients of the series of ``1 - exp(-z)``, for small z."""


def _leave(hazard: float) -> float:
    """Return ``1 - exp(-hazard)`` for a hazard of 0 or more, to about 1e-15 of its value.

    The library's function is called once per number; this one is plain arithmetic, which the compiler spreads
    over a whole vector of trajectories. A sixty-fourth of the hazard is small enough for a short series, and
    six times ``q (2 - q)`` doubles the time six times. Beyond 40 nobody is left to 4e-18 anyway.
    """
    z = 0.015625 * (hazard if hazard < 40.0 else 40.0)
    square = z * z
    first = (S1 - z * S2) + square * (S3 - z * S4)
    q = z * (first + (square * square) * ((S5 - z * S6) + square * (S7 - z * S8)))
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    return q * (2.0 - q)


def _leave_all(hazards: Array) -> None:
    """Turn hazards into probabilities, in place."""
    flat = hazards.reshape(hazards.size)
    for i in range(flat.size):
        flat[i] = _leave(flat[i])


def _common(multiplier: Array, common: Indices) -> None:
    """Mark the channels whose multiplier is the same for all trajectories of the block."""
    for k in range(multiplier.shape[0]):
        differ = 0
        for b in range(BLOCK):
            differ += 1 if multiplier[k, b] != multiplier[k, 0] else 0
        common[k] = 1 if differ == 0 else 0


def _migrate(
    stock: Array, components: Array, level: Array, share: float, lowest: int, highest: int, shift: int,
    groups: Indices, clipped: Array,
) -> None:  # fmt: skip
    """Add `share` of the net migrants of ages `lowest`..`highest`; what an empty cell cannot give is clipped.

    Flows stand by the age reached at 31 December, so those of the start of the year are shifted by one age.
    """
    parts, sexes, ages = components.shape
    for sex in range(sexes):
        for age in range(lowest, highest + 1):
            moves = False
            for part in range(parts):
                one = share * components[part, sex, age]
                if one != 0.0:
                    moves = True
                    for b in range(BLOCK):
                        stock[sex, age, b] += one * level[part, b]
            if not moves:
                continue
            short = 0
            for b in range(BLOCK):
                short += 1 if stock[sex, age, b] < 0.0 else 0
            if short > 0:
                group = groups[min(age + shift, ages - 1)]
                for b in range(BLOCK):
                    missing = stock[sex, age, b] if stock[sex, age, b] < 0.0 else 0.0
                    clipped[sex, group, b] += missing
                    stock[sex, age, b] -= missing


def _chances(
    hazard: Array, death_channel: Indices, rate: Array, channel: Indices, multiplier: Array, stay: Array, half: Array
) -> None:
    """Fill the chances that hold for all trajectories where their multiplier does: the first one's.

    `stay` (sex, age reached) is the probability to survive the year, `half` (schedule, cohort) to leave in half of
    it. Where multipliers differ, these values are not used.
    """
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            stay[sex, age] = hazard[sex, age] * multiplier[death_channel[sex, age], 0]
    _leave_all(stay)
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            stay[sex, age] = 1.0 - stay[sex, age]
    for schedule in range(half.shape[0]):
        for row in range(half.shape[1]):
            younger, older = channel[schedule, row], channel[schedule, row + 1]
            half[schedule, row] = (0.25 * rate[schedule, row]) * multiplier[younger, 0] + (
                0.25 * rate[schedule, row + 1]
            ) * multiplier[older, 0]
    _leave_all(half)


def _factors(
    row: int, stock: Array, counts: Array, reached: int, hazard: Array, death_channel: Indices, stay: Array,
    rate: Array, channel: Indices, multiplier: Array, common: Indices, half: Array, slots: Indices, factor: Array,
) -> None:  # fmt: skip
    """Fill what the walk of one cohort multiplies by: see `written_walk`.

    Cohort `row` is aged ``reached - 1`` at the start. Its hazard is the mean of the rates at the two ages it passes
    through, each with its own channel.
    """
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
            factor[ENTER, b] = factor[LEAVE, b] * stock[FEMALE, reached - 1, b]
            factor[VACANT, b] = 0.0
    else:
        last = counts.shape[1] - 1
        for b in range(BLOCK):
            known = counts[row - 1, last, b]
            women = factor[LEAVE, b] * stock[FEMALE, reached - 1, b]
            factor[ENTER, b] = women / known if known > 0.0 else 0.0
            factor[VACANT, b] = 0.0 if known > 0.0 else women
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


def _live(
    stock: Array, composition: Array, counts: Array, hazard: Array, death_channel: Indices, stay: Array,
    rate: Array, channel: Indices, multiplier: Array, common: Indices, half: Array, slots: Indices,
    first: int, scratch: tuple[Array, ...],
) -> None:  # fmt: skip
    """Take all cohorts of women of reproductive age through deaths and events, oldest first, in place.

    Each cohort moves into the row of the one above it, which has moved on already. `counts` (cohort, counter) gets
    their events, and last the women at the end.
    """
    entry, gone, factor = scratch
    rows = composition.shape[0]
    flat_composition = composition.reshape(rows, composition.size // rows)
    flat_counts = counts.reshape(rows + 1, counts.size // (rows + 1))
    flat_factor = factor.reshape(factor.size)
    for back in range(rows + 1):
        row = rows - back
        _factors(
            row, stock, counts, first + row, hazard, death_channel, stay, rate, channel, multiplier, common, half,
            slots, factor,
        )  # fmt: skip
        before = flat_composition[row - 1] if row > 0 else entry
        after = flat_composition[row] if row < rows else gone
        _walk(before, after, flat_factor, flat_counts[row])


def _walk(before: Array, after: Array, factor: Array, flow: Array) -> None:
    """Stand for the walk written out for a state space, which `compiling` puts in its place."""


def _age(
    stock: Array, hazard: Array, death_channel: Indices, multiplier: Array, common: Indices, stay: Array,
    first: int, counts: Array, groups: Indices, deaths: Array,
) -> None:  # fmt: skip
    """Survive every cohort into the next age, oldest first, in place; the last two groups meet in the open one.

    The last counter of `counts` (cohort, counter) is what is left of the women whom `_live` took through the year;
    none of them when it has no cohorts.
    """
    sexes, ages, _ = stock.shape
    last = ages - 1
    chance, oldest = np.empty(BLOCK), np.empty(BLOCK)
    for sex in range(sexes):
        for b in range(BLOCK):
            oldest[b] = stock[sex, last, b]
        for age in range(last + 1, 0, -1):
            group = groups[min(age, last)]
            row = age - first
            if sex == FEMALE and 0 <= row < counts.shape[0] - 1:
                alive = counts.shape[1] - 1
                for b in range(BLOCK):
                    deaths[sex, group, b] += stock[sex, age - 1, b] - counts[row, alive, b]
                    stock[sex, age, b] = counts[row, alive, b]
                continue
            k = death_channel[sex, age]
            base, certain = hazard[sex, age], stay[sex, age]
            if common[k] == 0:
                for b in range(BLOCK):
                    chance[b] = 1.0 - _leave(base * multiplier[k, b])
            if age > last:
                for b in range(BLOCK):
                    left = oldest[b] * (certain if common[k] == 1 else chance[b])
                    deaths[sex, group, b] += oldest[b] - left
                    oldest[b] = left
            elif common[k] == 1:
                for b in range(BLOCK):
                    left = stock[sex, age - 1, b] * certain
                    deaths[sex, group, b] += stock[sex, age - 1, b] - left
                    stock[sex, age, b] = left
            else:
                for b in range(BLOCK):
                    left = stock[sex, age - 1, b] * chance[b]
                    deaths[sex, group, b] += stock[sex, age - 1, b] - left
                    stock[sex, age, b] = left
        for b in range(BLOCK):
            stock[sex, last, b] += oldest[b]


def _births_at_ends(
    start: Array, stock: Array, rate: Array, channel: Indices, multiplier: Array, first: int, width: float,
    counts: Array,
) -> None:  # fmt: skip
    """Count births of a one-state space on the mean of women at the start and the end of the step."""
    for row in range(1, rate.shape[1] - 1):
        k = channel[0, row]
        level = width * rate[0, row] * 0.5
        for b in range(BLOCK):
            counts[row - 1, 0, b] = level * multiplier[k, b] * (start[row, b] + stock[FEMALE, first - 1 + row, b])


def _bear(
    stock: Array, counts: Array, male_share: Array, hazard: Array, death_channel: Indices, multiplier: Array,
    group: int, newborn: Array, deaths: Array,
) -> None:  # fmt: skip
    """Add the newborn of the year by sex, survived to 31 December."""
    total = np.empty(BLOCK)
    newborn[:] = 0.0
    for order in range(male_share.shape[0]):
        total[:] = 0.0
        for row in range(counts.shape[0]):
            for b in range(BLOCK):
                total[b] += counts[row, order, b]
        for b in range(BLOCK):
            newborn[MALE, b] += male_share[order] * total[b]
            newborn[FEMALE, b] += (1.0 - male_share[order]) * total[b]
    for sex in range(stock.shape[0]):
        k = death_channel[sex, 0]
        for b in range(BLOCK):
            left = newborn[sex, b] * (1.0 - _leave(hazard[sex, 0] * multiplier[k, b]))
            deaths[sex, group, b] += newborn[sex, b] - left
            stock[sex, 0, b] = left


def _settle(stock: Array, composition: Array, counts: Array, first: int) -> None:
    """Bring women by state to the stock after the migrants of the end of the year.

    Migrants have the composition of the cell they come to or leave; into an empty cell they come in the first state.
    """
    last = counts.shape[1] - 1
    share, vacant = np.empty(BLOCK), np.empty(BLOCK)
    for row in range(composition.shape[0]):
        if composition.shape[1] == 1:
            for b in range(BLOCK):
                composition[row, 0, b] = stock[FEMALE, first + row, b]
                counts[row, last, b] = stock[FEMALE, first + row, b]
            continue
        differ = 0
        for b in range(BLOCK):
            differ += 1 if stock[FEMALE, first + row, b] != counts[row, last, b] else 0
        if differ == 0:
            continue
        for b in range(BLOCK):
            known, cell = counts[row, last, b], stock[FEMALE, first + row, b]
            share[b] = cell / known if known > 0.0 else 0.0
            vacant[b] = 0.0 if known > 0.0 else cell
            counts[row, last, b] = 0.0
        for state in range(composition.shape[1]):
            for b in range(BLOCK):
                composition[row, state, b] *= share[b]
            if state == 0:
                for b in range(BLOCK):
                    composition[row, state, b] += vacant[b]
            for b in range(BLOCK):
                counts[row, last, b] += composition[row, state, b]


def _keep_stocks(
    stock: Array, composition: Array, groups: Indices, fertile_groups: Indices, people: Array, women: Array
) -> None:
    """Add the cells of the stock to the groups that are kept, and women by state likewise (-1: not kept)."""
    people[:] = 0.0
    for sex in range(stock.shape[0]):
        for age in range(stock.shape[1]):
            group = groups[age]
            for b in range(BLOCK):
                people[sex, group, b] += stock[sex, age, b]
    women[:] = 0.0
    for row in range(composition.shape[0]):
        group = fertile_groups[row]
        if group >= 0:
            for state in range(composition.shape[1]):
                for b in range(BLOCK):
                    women[group, state, b] += composition[row, state, b]


def _keep_flows(counts: Array, cohort_groups: Indices, events: Array) -> None:
    """Add the events by cohort to the cohorts that are kept."""
    events[:] = 0.0
    for row in range(counts.shape[0]):
        group = cohort_groups[row]
        for counter in range(events.shape[0]):
            for b in range(BLOCK):
                events[counter, group, b] += counts[row, counter, b]


def _net_migrants(components: Array, level: Array, net: Array) -> None:
    """Fill `net` (sex, kept age) with the net migrants asked for: the components, each times its level."""
    net[:] = 0.0
    for part in range(components.shape[0]):
        for sex in range(net.shape[0]):
            for group in range(net.shape[1]):
                one = components[part, sex, group]
                for b in range(BLOCK):
                    net[sex, group, b] += one * level[part, b]


def _measure(counts: Array, exposure: Array, people: Array, first: float, measures: Array) -> None:
    """Fill the sums over age of each counter's rates, of age times rate, and last the median age.

    `counts` (cohort, counter) events, `exposure` (cohort) woman-years, `people` (age) of both sexes; `first` is the
    exact age of the first cohort in the middle of the year.
    """
    counters = (measures.shape[0] - 1) // 2
    measures[:] = 0.0
    inverse, half, below = np.empty(BLOCK), np.zeros(BLOCK), np.zeros(BLOCK)
    for row in range(exposure.shape[0]):
        age = first + row
        for b in range(BLOCK):
            inverse[b] = 1.0 / exposure[row, b] if exposure[row, b] > 0.0 else 0.0
        for counter in range(counters):
            for b in range(BLOCK):
                rate = counts[row, counter, b] * inverse[b]
                measures[counter, b] += rate
                measures[counters + counter, b] += age * rate
    for group in range(people.shape[0]):
        for b in range(BLOCK):
            half[b] += 0.5 * people[group, b]
    for group in range(people.shape[0]):
        age = float(group)
        for b in range(BLOCK):
            cell = people[group, b]
            upto = below[b] + cell
            here = (below[b] < half[b]) & (half[b] <= upto)
            measures[2 * counters, b] += age + (half[b] - below[b]) / (cell if here else 1.0) if here else 0.0
            below[b] = upto


def _exposed(stock: Array, first: int, ends: bool, exposure: Array, people: Array) -> None:
    """Turn the women of the start of the year into woman-years, and fill the persons of both sexes by age.

    Woman-years are the mean of start and end: of a cohort, or, with births at the ends, of an age.
    """
    rows = exposure.shape[0]
    for row in range(rows):
        start = min(row + 1, rows - 1) if ends else row
        for b in range(BLOCK):
            exposure[row, b] = 0.5 * (exposure[start, b] + stock[FEMALE, first + row, b])
    for age in range(people.shape[0]):
        for b in range(BLOCK):
            people[age, b] = stock[MALE, age, b] + stock[FEMALE, age, b]


def _add(part: Array, whole: Array) -> None:
    """Add an area's counts to those of the place."""
    flat_part, flat_whole = part.reshape(part.size), whole.reshape(whole.size)
    for i in range(flat_part.size):
        flat_whole[i] += flat_part[i]


def _women_of(stock: Array, first: int, women: Array) -> None:
    """Fill the women of each cohort, from one below reproductive age on."""
    for row in range(women.shape[0]):
        for b in range(BLOCK):
            women[row, b] = stock[FEMALE, first - 1 + row, b]


def _put(block: Array, kept: Array, low: int, lanes: int) -> None:
    """Copy the `lanes` trajectories of a block to where they belong among all, from `low` on."""
    rows = block.size // BLOCK
    flat, out = block.reshape(rows, BLOCK), kept.reshape(rows, kept.size // max(rows, 1))
    for row in range(rows):
        for b in range(lanes):
            out[row, low + b] = flat[row, b]


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
        counts (cohort, counter, trajectory), whose last counter is the sum of the composition.
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
    level : (area, component, trajectory)
        Net migrants are the sum of the components, each times its level. Trajectories fill whole blocks.
    options : tuple
        first reproductive age group, years per age group and step, births at ends, migration even, migration at the
        end of the step before births, measures wanted.
    kept : tuple of float arrays by (year, area, ..., trajectory)
        persons (sex, age), women (age, state), events (counter, cohort; births by order, then other events by
        schedule), newborn (sex), deaths, net migrants, clipped migrants (sex, age; zero or negative), measures
        (measure; one more area, the place).
    blocks : (first, end)
        Which blocks to do. The interpreter lock is released, so that threads can share them.
    """
    stocks, compositions, countings = states
    death_channel, rate_channel, slots, rate_year, groups, fertile_groups, flow_groups, cohort_groups = tables
    hazards, all_rates, migrants, kept_migrants, male_shares = rates
    first, width, ends, even, before_births, measuring = options
    out_people, out_women, out_events, out_newborn, out_deaths, out_net, out_clipped, out_measures = kept
    _, areas, sexes, ages, n = stocks.shape  # n is BLOCK
    years, _, channels, _ = multiplier.shape
    rows = compositions.shape[2]
    counters = out_events.shape[2]
    share = 0.5 if even else 1.0
    middle = first + 0.5 if ends else float(first)
    last = ages - 1

    entry = np.zeros(compositions.shape[3] * n)
    entry[:n] = 1.0
    scratch = (entry, np.empty_like(entry), np.empty((HALF + 2 * slots.shape[0], n)))
    factor, moving = np.empty((channels, n)), np.empty((level.shape[1], n))
    common = np.empty(channels, dtype=np.int64)
    stay, half = np.empty((sexes, ages + 1)), np.empty((slots.shape[0], rows + 1))
    before, start = np.empty((rows + 1, n)), np.empty((rows + 1, n))
    nobody = np.empty((1, 1, n))
    people, women = np.empty((sexes, out_people.shape[3], n)), np.empty((out_women.shape[2], out_women.shape[3], n))
    events, newborn = np.empty((counters, out_events.shape[3], n)), np.empty((sexes, n))
    deaths = np.empty((sexes, out_deaths.shape[3], n))
    net, clipped = np.empty_like(deaths), np.empty_like(deaths)
    measures = np.empty((out_measures.shape[2], n))
    everybody = np.empty((ages, n))
    all_counts, all_exposure = np.empty((rows + 1, counters + 1, n)), np.empty((rows + 1, n))
    all_people = np.empty((ages, n))

    for block in range(blocks[0], blocks[1]):
        low = block * n
        lanes = min(n, out_newborn.shape[3] - low)
        for year in range(years):
            r = rate_year[year]
            if measuring:
                all_counts[:] = 0.0
                all_exposure[:] = 0.0
                all_people[:] = 0.0
            for area in range(areas):
                stock, composition, counts = stocks[block, area], compositions[block, area], countings[block, area]
                hazard, rate, components = hazards[r, area], all_rates[r, area], migrants[r, area]
                for k in range(channels):
                    for b in range(BLOCK):
                        factor[k, b] = multiplier[year, area, k, low + b]
                for part in range(level.shape[1]):
                    for b in range(BLOCK):
                        moving[part, b] = level[area, part, low + b] * factor[channels - 1, b]
                _women_of(stock, first, before)
                deaths[:] = 0.0
                clipped[:] = 0.0
                if even:
                    _migrate(stock, components, moving, share, 0, last, 1, flow_groups, clipped)
                _common(factor, common)
                _chances(hazard, death_channel, rate, rate_channel, factor, stay, half)
                if ends:
                    _women_of(stock, first, start)
                    _age(stock, hazard, death_channel, factor, common, stay, first, nobody, flow_groups, deaths)
                    if before_births:
                        _migrate(stock, components, moving, share, 1, last, 0, flow_groups, clipped)
                    _births_at_ends(start, stock, rate, rate_channel, factor, first, width, counts)
                else:
                    _live(
                        stock, composition, counts, hazard, death_channel, stay, rate, rate_channel, factor, common,
                        half, slots, first, scratch,
                    )  # fmt: skip
                    _age(stock, hazard, death_channel, factor, common, stay, first, counts, flow_groups, deaths)
                male_share = male_shares[r, area]
                _bear(stock, counts, male_share, hazard, death_channel, factor, flow_groups[0], newborn, deaths)
                _migrate(stock, components, moving, share, 0, 0 if before_births else last, 0, flow_groups, clipped)
                _settle(stock, composition, counts, first)
                _keep_stocks(stock, composition, groups, fertile_groups, people, women)
                _keep_flows(counts, cohort_groups, events)
                _net_migrants(kept_migrants[r, area], moving, net)
                _put(people, out_people[year, area], low, lanes)
                _put(women, out_women[year, area], low, lanes)
                _put(events, out_events[year, area], low, lanes)
                _put(deaths, out_deaths[year, area], low, lanes)
                _put(net, out_net[year, area], low, lanes)
                _put(clipped, out_clipped[year, area], low, lanes)
                _put(newborn, out_newborn[year, area], low, lanes)
                if measuring:
                    _exposed(stock, first, ends, before, everybody)
                    _measure(counts, before, everybody, middle, measures)
                    _put(measures, out_measures[year, area], low, lanes)
                    if areas > 1:
                        _add(counts, all_counts)
                        _add(before, all_exposure)
                        _add(everybody, all_people)
            if measuring:
                if areas > 1:
                    _measure(all_counts, all_exposure, all_people, middle, measures)
                _put(measures, out_measures[year, areas], low, lanes)
