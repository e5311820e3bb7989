"""One trajectory of the classical model: the year step of `kernel` with ages side by side instead of trajectories.

A block of trajectories has nothing to put side by side where there is only one. With one state, ages can stand there
instead. The operations and their order are those of `kernel`, so that the result has the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.chances import _leave
from huyou_sim.demography.cohorts import FEMALE, MALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]


def _moved(components: Array, level: Array, share: float, migrants: Array) -> None:
    """Fill the share of the year's net migrants of each cell, (sex, age)."""
    parts, sexes, ages = components.shape
    migrants[:] = 0.0
    for part in range(parts):
        for sex in range(sexes):
            for age in range(ages):
                migrants[sex, age] += (share * components[part, sex, age]) * level[part]


def _join(stock: Array, sex: int, youngest: int, end: int, migrants: Array, shift: int, clipped: Array) -> None:
    """Add migrants to the ages from `youngest` to below `end`; what a cell cannot give is clipped.

    Flows stand by the age reached at 31 December, so those of the start of the year are shifted by one age.
    """
    short = 0
    for age in range(youngest, end):
        stock[sex, age] += migrants[sex, age]
        short += 1 if stock[sex, age] < 0.0 else 0
    if short > 0:
        for age in range(youngest, end):
            missing = stock[sex, age] if stock[sex, age] < 0.0 else 0.0
            clipped[sex, min(age + shift, stock.shape[1] - 1)] += missing
            stock[sex, age] -= missing


def _stay(hazard: Array, channel: Indices, multiplier: Array, stay: Array) -> None:
    """Fill the probability to survive the year by the age reached."""
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            stay[sex, age] = hazard[sex, age] * multiplier[channel[sex, age]]
        for age in range(hazard.shape[1]):
            stay[sex, age] = 1.0 - _leave(stay[sex, age])


def _age(stock: Array, stay: Array, older: Array, deaths: Array) -> None:
    """Survive every cohort into the next age; the last two groups meet in the open one."""
    sexes, ages = stock.shape
    last = ages - 1
    for sex in range(sexes):
        for age in range(1, ages):
            left = stock[sex, age - 1] * stay[sex, age]
            older[sex, age] = left
            deaths[sex, age] = stock[sex, age - 1] - left
        left = stock[sex, last] * stay[sex, ages]
        # In the order of the kernel: the open group dies first, the cohort that reaches it comes after.
        deaths[sex, last] = (stock[sex, last] - left) + (stock[sex, last - 1] - older[sex, last])
        older[sex, last] += left


def _advance(
    stocks: Array,
    tables: tuple[Indices, ...],
    rates: tuple[Array, ...],
    multiplier: Array,
    level: Array,
    options: tuple[int, float, bool, bool],
    kept: tuple[Array, ...],
) -> None:
    """Project one trajectory of a one-state space through the years; `stocks` become those of the end.

    Parameters
    ----------
    stocks : (area, sex, age) [persons]
    tables : tuple of integer arrays
        death channel (sex, age reached), rate channel (age with one empty age at both ends), rate year (year).
    rates : tuple of float arrays
        death hazard (rate year, area, sex, age reached), rate (rate year, area, age with one empty age at both ends),
        net migrants (rate year, area, component, sex, age), the same by the age reached, male share of births (rate
        year, area).
    multiplier : (year, area, channel)
    level : (year, area, component)
        One year stands for all.
    options : tuple
        first reproductive age group, years per age group and step, migration even, migration before births.
    kept : tuple of float arrays by (year, area, ...)
        persons (sex, age), births (age), newborn (sex), deaths, net migrants, clipped migrants (sex, age); zeros
        when given, the last ones are left alone where nothing is clipped.
    """
    death_channel, rate_channel, rate_year = tables
    hazards, all_rates, migrants, reached, male_shares = rates
    first, width, even, before_births = options
    people, births, newborn, deaths, net, clipped = kept
    years, areas, channels = multiplier.shape
    sexes, ages = stocks.shape[1:]
    fertile = all_rates.shape[2] - 2
    at_start, at_end = (0.5, 0.5) if even else (0.0, 1.0)
    stay, older = np.empty((sexes, ages + 1)), np.empty((sexes, ages))
    entering, joining = np.empty((sexes, ages)), np.empty((sexes, ages))
    moving = np.empty(level.shape[2])
    for area in range(areas):
        stock = stocks[area]
        for year in range(years):
            r, died, cut, levels = rate_year[year], deaths[year, area], clipped[year, area], multiplier[year, area]
            rate = all_rates[r, area]
            of_year = year if level.shape[0] > 1 else 0
            same = year > 0 and r == rate_year[year - 1] and of_year == 0
            if same:
                for k in range(channels):
                    same = same and levels[k] == multiplier[year - 1, area, k]
            for part in range(moving.shape[0]):
                moving[part] = level[of_year, area, part] * levels[channels - 1]
            if not same:
                _stay(hazards[r, area], death_channel, levels, stay)
                _moved(migrants[r, area], moving, at_start, entering)
                _moved(migrants[r, area], moving, at_end, joining)
            for sex in range(sexes):
                _join(stock, sex, 0, ages, entering, 1, cut)
            _age(stock, stay, older, died)
            if before_births:
                for sex in range(sexes):
                    _join(older, sex, 1, ages, joining, 0, cut)
            total = 0.0
            for row in range(fertile - 1, -1, -1):
                age = first + row
                women = stock[FEMALE, age] + older[FEMALE, age]
                born = (width * rate[row + 1] * 0.5) * levels[rate_channel[row + 1]] * women
                births[year, area, row] = born
                total += born
            births[year, area, fertile] = 0.0
            newborn[year, area, MALE] = male_shares[r, area] * total
            newborn[year, area, FEMALE] = (1.0 - male_shares[r, area]) * total
            for sex in range(sexes):
                older[sex, 0] = newborn[year, area, sex] * stay[sex, 0]
                died[sex, 0] = newborn[year, area, sex] - older[sex, 0]
                _join(older, sex, 0, 1 if before_births else ages, joining, 0, cut)
                for age in range(ages):
                    stock[sex, age] = older[sex, age]
                    people[year, area, sex, age] = older[sex, age]
                    net[year, area, sex, age] = 0.0
                for part in range(moving.shape[0]):
                    for age in range(ages):
                        net[year, area, sex, age] += reached[r, area, part, sex, age] * moving[part]
