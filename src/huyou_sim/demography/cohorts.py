"""A cohort's year, but for its births: migrants, deaths, migrants. Plain functions, which `compiling` compiles.

A cohort moves in place into the row of the one above it, which has moved on already, so that the oldest go first. Where
survivorship and migrants are the same for all trajectories of the block they are single numbers (`_survive_alike`),
else one per trajectory (`_survive_apart`), with the same arithmetic. What a cell cannot give is clipped, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.demography.chances import _leave
from huyou_sim.demography.walk import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]

MALE, FEMALE = 0, 1
"""Positions on the sex axis."""


def _alike(components: Array, level: Array, share: float, sex: int, age: int) -> float:
    """Return the share of a cell's net migrants of the year, where levels are the same for the whole block."""
    migrants = 0.0
    for part in range(components.shape[0]):
        migrants += (share * components[part, sex, age]) * level[part, 0]
    return migrants


def _apart(components: Array, level: Array, share: float, sex: int, age: int, migrants: Array) -> None:
    """Fill the same for each trajectory."""
    for b in range(BLOCK):
        migrants[b] = 0.0
    for part in range(components.shape[0]):
        one = share * components[part, sex, age]
        if one != 0.0:
            for b in range(BLOCK):
                migrants[b] += one * level[part, b]


def _survive_alike(
    stock: Array, sex: int, age: int, stay: float, enter: float, leave: float, group: int, deaths: Array,
    people_group: int, people: Array, clipped: Array,
) -> int:  # fmt: skip
    """Take a cohort through its year into `age`; return in how many trajectories it could not give all migrants.

    `enter` and `leave` are the migrants of the start and of the end of the year. What a cell cannot give is clipped.
    """
    short = 0
    if enter >= 0.0 and leave >= 0.0:
        for b in range(BLOCK):
            alive = stock[sex, age - 1, b] + enter
            left = alive * stay
            end = left + leave
            deaths[sex, group, b] += alive - left
            people[sex, people_group, b] += end
            stock[sex, age, b] = end
        return short
    for b in range(BLOCK):
        entered = stock[sex, age - 1, b] + enter
        alive = entered if entered > 0.0 else 0.0
        left = alive * stay
        joined = left + leave
        end = joined if joined > 0.0 else 0.0
        deaths[sex, group, b] += alive - left
        people[sex, people_group, b] += end
        stock[sex, age, b] = end
        short += 1 if (entered < 0.0) | (joined < 0.0) else 0
    if short > 0:
        for b in range(BLOCK):
            entered = stock[sex, age - 1, b] + enter
            joined = (entered if entered > 0.0 else 0.0) * stay + leave
            clipped[sex, group, b] += entered if entered < 0.0 else 0.0
            clipped[sex, group, b] += joined if joined < 0.0 else 0.0
    return short


def _survive_apart(
    stock: Array, sex: int, age: int, stay: Array, enter: Array, leave: Array, group: int, deaths: Array,
    people_group: int, people: Array, clipped: Array,
) -> int:  # fmt: skip
    """Do the same with numbers of each trajectory's own."""
    short = 0
    for b in range(BLOCK):
        entered = stock[sex, age - 1, b] + enter[b]
        alive = entered if entered > 0.0 else 0.0
        left = alive * stay[b]
        joined = left + leave[b]
        end = joined if joined > 0.0 else 0.0
        deaths[sex, group, b] += alive - left
        people[sex, people_group, b] += end
        stock[sex, age, b] = end
        short += 1 if (entered < 0.0) | (joined < 0.0) else 0
    if short > 0:
        for b in range(BLOCK):
            entered = stock[sex, age - 1, b] + enter[b]
            joined = (entered if entered > 0.0 else 0.0) * stay[b] + leave[b]
            clipped[sex, group, b] += entered if entered < 0.0 else 0.0
            clipped[sex, group, b] += joined if joined < 0.0 else 0.0
    return short


def _survival(sex: int, age: int, mortality: tuple[Any, ...], chance: Array) -> None:
    """Fill the probability of each trajectory to survive the year into `age`."""
    hazard, death_channel, multiplier, common, stay = mortality
    k = death_channel[sex, age]
    if common[k] == 1:
        for b in range(BLOCK):
            chance[b] = stay[sex, age]
    else:
        base = hazard[sex, age]
        for b in range(BLOCK):
            chance[b] = 1.0 - _leave(base * multiplier[k, b])


def _people(
    stock: Array, sex: int, oldest: int, youngest: int, mortality: tuple[Any, ...], migration: tuple[Any, ...],
    groups: tuple[Indices, Indices], sums: tuple[Array, ...],
) -> int:  # fmt: skip
    """Take the cohorts of a sex into the ages from `oldest` down to `youngest`; the last two meet in the open group.

    The return value counts cells that could not give all migrants.
    """
    _, death_channel, _, common, stay = mortality
    components, level, steady, at_start, at_end = migration
    flow_groups, people_groups = groups
    deaths, people, clipped = sums
    chance, enter, leave = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    short = 0
    if oldest == stock.shape[1] - 1:
        short += _open_group(stock, sex, mortality, migration, groups, sums)
        oldest -= 1
    for age in range(oldest, youngest - 1, -1):
        group, people_group = flow_groups[age], people_groups[age]
        if steady == 1 and common[death_channel[sex, age]] == 1:
            entering = _alike(components, level, at_start, sex, age - 1)
            leaving = _alike(components, level, at_end, sex, age)
            short += _survive_alike(
                stock, sex, age, stay[sex, age], entering, leaving, group, deaths, people_group, people, clipped
            )
        else:
            _survival(sex, age, mortality, chance)
            _apart(components, level, at_start, sex, age - 1, enter)
            _apart(components, level, at_end, sex, age, leave)
            short += _survive_apart(stock, sex, age, chance, enter, leave, group, deaths, people_group, people, clipped)
    return short


def _open_group(
    stock: Array, sex: int, mortality: tuple[Any, ...], migration: tuple[Any, ...],
    groups: tuple[Indices, Indices], sums: tuple[Array, ...],
) -> int:  # fmt: skip
    """Take the open group and the cohort below it through their year; they meet in the open group."""
    components, level, _, at_start, _ = migration
    deaths, _, clipped = sums
    last = stock.shape[1] - 1
    group = groups[0][last]
    chance, migrants, meet = np.empty(BLOCK), np.empty(BLOCK), np.zeros(BLOCK)
    short = 0
    for age in (last + 1, last):
        _survival(sex, age, mortality, chance)
        _apart(components, level, at_start, sex, age - 1, migrants)
        for b in range(BLOCK):
            entered = stock[sex, age - 1, b] + migrants[b]
            alive = entered if entered > 0.0 else 0.0
            left = alive * chance[b]
            deaths[sex, group, b] += alive - left
            clipped[sex, group, b] += entered if entered < 0.0 else 0.0
            short += 1 if entered < 0.0 else 0
            meet[b] += left
    for b in range(BLOCK):
        stock[sex, last, b] = meet[b]
    return short + _join(stock, sex, last, migration, groups, sums)


def _join(
    stock: Array, sex: int, age: int, migration: tuple[Any, ...], groups: tuple[Indices, Indices],
    sums: tuple[Array, ...],
) -> int:  # fmt: skip
    """Add the migrants of the end of the year to a cell that waited for them."""
    components, level, _, _, at_end = migration
    _, people, clipped = sums
    group, people_group = groups[0][age], groups[1][age]
    for part in range(components.shape[0]):
        one = at_end * components[part, sex, age]
        for b in range(BLOCK):
            stock[sex, age, b] += one * level[part, b]
    short = 0
    for b in range(BLOCK):
        joined = stock[sex, age, b]
        clipped[sex, group, b] += joined if joined < 0.0 else 0.0
        short += 1 if joined < 0.0 else 0
        stock[sex, age, b] = joined if joined > 0.0 else 0.0
        people[sex, people_group, b] += joined if joined > 0.0 else 0.0
    return short


def _enter(stock: Array, age: int, migration: tuple[Any, ...], entered: Array) -> int:
    """Fill the women of an age after the migrants of the start of the year; return how many cells fell below zero."""
    components, level, _, at_start, _ = migration
    _apart(components, level, at_start, FEMALE, age, entered)
    short = 0
    for b in range(BLOCK):
        entered[b] += stock[FEMALE, age, b]
        short += 1 if entered[b] < 0.0 else 0
    return short
