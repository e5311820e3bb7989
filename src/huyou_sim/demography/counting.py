"""What is counted while a year passes, and kept of it. Plain functions, which `compiling` compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.walk import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]


def _count(
    flow: Array, row: int, group: int, exposure: Array, inverse: Array, age: float, measuring: bool, events: Array,
    born: Array, measures: Array, place: int, all_counts: Array, all_exposure: Array,
) -> None:  # fmt: skip
    """Add the events of one cohort to what is kept, to the births by order, and to the sums of rates over age.

    `flow` (counter) holds the events, `exposure` the woman-years of the cohort, whose exact age in the middle of
    the year is `age`; `inverse` is room for one over them. With `place`, the counts of the place as a whole are
    gathered as well.
    """
    counters = events.shape[0]
    for b in range(BLOCK):
        inverse[b] = 1.0 / exposure[b] if exposure[b] > 0.0 else 0.0
    for counter in range(counters):
        for b in range(BLOCK):
            events[counter, group, b] += flow[counter, b]
        if measuring:
            for b in range(BLOCK):
                rate = flow[counter, b] * inverse[b]
                measures[counter, b] += rate
                measures[counters + counter, b] += age * rate
    for order in range(born.shape[0]):
        for b in range(BLOCK):
            born[order, b] += flow[order, b]
    if place == 1:
        for counter in range(counters):
            for b in range(BLOCK):
                all_counts[row, counter, b] += flow[counter, b]
        for b in range(BLOCK):
            all_exposure[row, b] += exposure[b]


def _place_rates(counts: Array, exposure: Array, first: float, measures: Array) -> None:
    """Fill the sums over age of each counter's rates in the place as a whole, and of age times rate.

    `counts` (cohort, counter) events, `exposure` (cohort) woman-years; `first` is the exact age of the first cohort
    in the middle of the year. From the oldest cohort on, as `_count` is called.
    """
    counters = counts.shape[1]
    measures[:] = 0.0
    inverse = np.empty(BLOCK)
    for back in range(exposure.shape[0]):
        row = exposure.shape[0] - 1 - back
        age = first + row
        for b in range(BLOCK):
            inverse[b] = 1.0 / exposure[row, b] if exposure[row, b] > 0.0 else 0.0
        for counter in range(counters):
            for b in range(BLOCK):
                rate = counts[row, counter, b] * inverse[b]
                measures[counter, b] += rate
                measures[counters + counter, b] += age * rate


def _median(stock: Array, people: Array, groups: Indices, measure: Array) -> None:
    """Fill the median age of persons by (sex, age), `people` (sex, group) being their sums by kept group.

    Groups are ranges of age, and only one that holds somebody's median is looked into age by age.
    """
    half, below, inner = np.zeros(BLOCK), np.zeros(BLOCK), np.empty(BLOCK)
    missing, cell, base = np.zeros(BLOCK), np.ones(BLOCK), np.zeros(BLOCK)
    for sex in range(people.shape[0]):
        for group in range(people.shape[1]):
            for b in range(BLOCK):
                half[b] += 0.5 * people[sex, group, b]
    lowest = 0
    while lowest < groups.size:
        group = groups[lowest]
        end = lowest
        while end < groups.size and groups[end] == group:
            end += 1
        here = 0
        for b in range(BLOCK):
            inner[b] = below[b]
        for sex in range(people.shape[0]):
            for b in range(BLOCK):
                below[b] += people[sex, group, b]
        for b in range(BLOCK):
            here += 1 if (inner[b] < half[b]) & (half[b] <= below[b]) else 0
        if here > 0:
            for age in range(lowest, end):
                # The last age that begins below the half is the one, whatever rounding does at the group's end.
                for b in range(BLOCK):
                    persons = 0.0
                    for sex in range(stock.shape[0]):
                        persons += stock[sex, age, b]
                    begins = (inner[b] < half[b]) & (persons > 0.0)
                    missing[b] = half[b] - inner[b] if begins else missing[b]
                    cell[b] = persons if begins else cell[b]
                    base[b] = float(age) if begins else base[b]
                    inner[b] += persons
        lowest = end
    for b in range(BLOCK):
        measure[b] = base[b] + missing[b] / cell[b]


def _keep_women(composition: Array, fertile_groups: Indices, women: Array) -> None:
    """Add women by state to the groups that are kept (-1: not kept)."""
    women[:] = 0.0
    for row in range(composition.shape[0]):
        group = fertile_groups[row]
        if group >= 0:
            for state in range(composition.shape[1]):
                for b in range(BLOCK):
                    women[group, state, b] += composition[row, state, b]


def _net_migrants(components: Array, level: Array, net: Array) -> None:
    """Fill `net` (sex, kept age) with the net migrants asked for: the components, each times its level."""
    net[:] = 0.0
    for part in range(components.shape[0]):
        for sex in range(net.shape[0]):
            for group in range(net.shape[1]):
                one = components[part, sex, group]
                for b in range(BLOCK):
                    net[sex, group, b] += one * level[part, b]


def _add_people(stock: Array, everybody: Array) -> None:
    """Add an area's persons of both sexes by age to those of the place."""
    for sex in range(stock.shape[0]):
        for age in range(stock.shape[1]):
            for b in range(BLOCK):
                everybody[0, age, b] += stock[sex, age, b]


def _add(part: Array, whole: Array) -> None:
    """Add an area's counts to those of the place."""
    flat_part, flat_whole = part.reshape(part.size), whole.reshape(whole.size)
    for i in range(flat_part.size):
        flat_whole[i] += flat_part[i]


def _put(block: Array, kept: Array, low: int, lanes: int) -> None:
    """Copy the `lanes` trajectories of a block to where they belong among all, from `low` on."""
    rows = block.size // BLOCK
    flat, out = block.reshape(rows, BLOCK), kept.reshape(rows, kept.size // max(rows, 1))
    for row in range(rows):
        for b in range(lanes):
            out[row, low + b] = flat[row, b]
