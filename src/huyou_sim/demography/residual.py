"""Net migration between two censuses: what the survivors of the first do not explain in the second.

*Residual.* A cohort counted at the first census is survived to the second one, ten years later, with the
death rates of each year between, multiplied by a stated level. Second count less survivors is the cohort's
net migrants who were alive at the second census. Single ages are noisy, because both counts were graduated;
so the residual is taken by five-year cohort and spread over its single ages in the smoothest way that keeps
its sum. It also holds what differs in the coverage of the two censuses, and any error of the death rates.

*Rate of flow.* Each cohort's migrants are assumed to have come evenly over the ten years, and to die as
residents do after they came. The yearly flow is so the residual over the sum of the survival from the
middle of each year to the end.

*Children born between the censuses* (ages 0-9 at the second) were not counted at the first, and births by
area and year are not published. They are assumed to have moved with their mothers: children per woman at
the second census (under five by women 15-44, five to nine by women 20-49), times the net migrants among
these women, times the share of the ten years that the child has lived - a quarter and three quarters on
average.

*Age.* A cohort aged x at the first census is x + 1/2 years old on average, and passes through the ages x to
x + 10 before the second; its flow is counted at those completed ages, half a year at the first and the last.
The schedule by age is the mean over the ten years: its sum is the mean yearly number of net migrants.

Source
------
Siegel and Swanson, eds. (2004), The Methods and Materials of Demography, 2nd ed., chapters 18-19 (cohort
survival residual; child-woman ratio for children born between the censuses, after Hamilton 1967).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.graduation import group_sums, least_bending
from huyou_sim.demography.lifetable import survivors
from huyou_sim.errors import Problem, RateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]

INTERVAL = 10
"""Years between the two censuses, and so the age of the youngest cohort that both counted."""
SEXES = ("male", "female")
MOTHERS = ((0, 5, 15, 45), (5, 10, 20, 50))
"""Children from, below; women who may be their mothers from, below [completed years at the second census]."""


@dataclass(frozen=True)
class NetMigration:
    """Net migration between two censuses.

    Parameters
    ----------
    residual : (sex, age) [persons]
        Net migrants alive at the second census, by age at it; ages under ten are assumed.
    flow : (sex, age) [persons per year]
        Yearly net migrants of the cohort of that age at the second census.
    schedule : (sex, age) [persons per year]
        Yearly net migrants by completed age at the move.
    """

    residual: Array
    flow: Array
    schedule: Array


def yearly_survival(death_rates: Array, level: float) -> Array:
    """Return the probability to survive a year by sex and age at its start.

    Parameters
    ----------
    death_rates : (year, sex, age) [deaths per person-year]
    level : float [1]
        Factor of the death rates.

    Returns
    -------
    survival : (year, sex, age) [1]
        From completed age x at the start of the year to x + 1 at its end: L(x+1)/L(x) of the period life
        table; for the last two ages T(open)/T(open - 1).
    """
    result = np.empty_like(death_rates)
    for s, sex in enumerate(SEXES):
        _, _, lived = survivors(level * death_rates[:, s], sex)
        above = np.cumsum(lived[:, ::-1], axis=1)[:, ::-1]
        result[:, s, :-2] = lived[:, 1:-1] / lived[:, :-2]
        result[:, s, -2:] = (above[:, -1] / above[:, -2])[:, None]
    return result


def survive(population: Array, survival: Array) -> Array:
    """Return survivors of a population after the years of `survival`, nobody born and nobody moving.

    Parameters
    ----------
    population : (sex, age) [persons]
    survival : (year, sex, age) [1]
        From `yearly_survival`, one row a year.
    """
    now = population
    for year in survival:
        moved = now * year
        older = np.zeros_like(now)
        older[:, 1:] = moved[:, :-1]
        older[:, -1] += moved[:, -1]
        now = older
    return now


def remaining_survival(survival: Array) -> Array:
    """Return the sum over the years of the survival from the middle of each year to the end.

    Parameters
    ----------
    survival : (year, sex, age) [1]

    Returns
    -------
    years : (sex, age) [years]
        By age at the end: between 0 and the number of years. For ages below that number it counts only the
        years that the cohort has lived.
    """
    years, _, ages = survival.shape
    total = np.zeros(survival.shape[1:])
    for age in range(ages):
        alive = np.ones(len(SEXES))
        for back in range(years):
            start = age - back - 1
            if start < -1:
                break
            # The year of birth: half of it lived, no loss counted (infant deaths are few against migrants).
            through = np.ones(len(SEXES)) if start < 0 else survival[years - 1 - back, :, start]
            total[:, age] += (0.5 if start < 0 else 1.0) * alive * np.sqrt(through)
            alive = alive * through
    return total


def cohort_residual(first: Array, second: Array, survival: Array, lower: Counts) -> Array:
    """Return net migrants alive at the second census by sex and age, ten years old and over.

    Parameters
    ----------
    first, second : (sex, age) [persons]
        The two censuses by single age.
    survival : (year, sex, age) [1]
        One row for each year between them.
    lower : (group,) [completed years]
        First ages of the groups whose sums are kept, ascending from 0; one of them must be ten.

    Returns
    -------
    residual : (sex, age) [persons]
        Zero below age ten and in the open group.
    """
    expected = survive(first, survival)
    raw = second - expected
    start = int(np.searchsorted(lower, INTERVAL))
    groups = lower[start:] - INTERVAL
    closed = int(groups[-1])
    result = np.zeros_like(raw)
    for s in range(len(SEXES)):
        totals = group_sums(raw[s, INTERVAL:], groups)[:-1]
        result[s, INTERVAL : INTERVAL + closed] = least_bending(totals, groups[:-1], np.ones(closed))
    return result


def child_residual(residual: Array, second: Array) -> Array:
    """Return `residual` with the assumed net migrants under age ten filled in (see the module).

    Parameters
    ----------
    residual : (sex, age) [persons]
        From `cohort_residual`.
    second : (sex, age) [persons]
        The second census by single age.
    """
    women = SEXES.index("female")
    result = residual.copy()
    for from_age, below, mother_from, mother_below in MOTHERS:
        mothers = slice(mother_from, mother_below)
        moved = residual[women, mothers].sum() / second[women, mothers].sum()
        ages = np.arange(from_age, below)
        result[:, from_age:below] = second[:, from_age:below] * moved * (ages + 0.5) / INTERVAL
    return result


def age_schedule(flow: Array) -> Array:
    """Return yearly net migrants by completed age at the move, from the flow of cohorts.

    Parameters
    ----------
    flow : (sex, age) [persons per year]
        By age at the second census.

    Returns
    -------
    schedule : (sex, age) [persons per year]
        Mean over the ten years. A cohort aged x at the end spends half a year at x, a year at each age
        before, and half a year at x - 10; the youngest only the years since birth.
    """
    ages = flow.shape[1]
    schedule = np.zeros_like(flow)
    for age in range(ages):
        for back in range(INTERVAL + 1):
            at = age - back
            if at < 0:
                break
            schedule[:, at] += flow[:, age] * (0.5 if back in (0, INTERVAL) else 1.0)
    result: Array = schedule / INTERVAL
    return result


def net_migration(first: Array, second: Array, death_rates: Array, lower: Counts, *, level: float) -> NetMigration:
    """Return net migration between two censuses ten years apart.

    Parameters
    ----------
    first, second : (sex, age) [persons]
        Single ages 0 to the open age, male before female.
    death_rates : (year, sex, age) [deaths per person-year]
        One row for each of the ten years.
    lower : (group,) [completed years]
        First ages of the census groups, ascending from 0.
    level : float [1]
        Factor of the death rates: the mortality of the place against that of the rates' source.
    """
    survival = yearly_survival(death_rates, level)
    residual = child_residual(cohort_residual(first, second, survival, lower), second)
    flow = residual / remaining_survival(survival)
    return NetMigration(residual, flow, age_schedule(flow))


def pattern_migration(population: Array, rates: Array, *, total: float) -> Array:
    """Return a schedule of net migrants that has the age pattern of another area's rates and a given total.

    Parameters
    ----------
    population : (area, sex, age) [persons]
        Of the areas that lack an earlier census.
    rates : (sex, age) [net migrants per person and year]
        Of the area that lends its pattern.
    total : float [persons per year]
        Net migrants of all areas together.

    Returns
    -------
    schedule : (area, sex, age) [persons per year]

    Raises
    ------
    RateError
        When the pattern gives no net migrants that could be scaled.
    """
    expected = population * rates
    if not abs(expected.sum()) > 0.0:
        raise RateError(
            Problem(
                "net migration by the pattern of another area",
                f"{expected.sum():g} net migrants a year",
                "a number other than 0, which can be scaled to the total",
                "Name another area whose pattern is borrowed.",
            )
        )
    schedule: Array = expected * (total / expected.sum())
    return schedule
