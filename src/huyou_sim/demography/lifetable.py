"""Period life tables: death rates to probabilities, survivors, person-years, survivorship, life expectancy.

`survivors`, `survivorship` and `life_expectancy` are the short way for single ages, many at a time. `life_table`
takes single ages and abridged groups (0, 1-4, 5-9, ...) and any rule of `separation` for a(x);
`group_survivorship` is what a projection by n-year groups needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.polynomial import Chebyshev

from huyou_sim.demography.checks import check_open, check_range, group_widths
from huyou_sim.demography.separation import (
    Childhood,
    Separation,
    at_most_all,
    check_separation,
    infant_separation,
    probabilities,
    separation,
)
from huyou_sim.errors import ArgumentError, LabelError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def survivors(mx: Array, sex: str) -> tuple[Array, Array, Array]:
    """Return the life table columns q, l and L of single-age death rates.

    Parameters
    ----------
    mx : (..., age) [deaths per person-year]
        Ages 0, 1, ..., and the open group last.
    sex : {"male", "female"}

    Returns
    -------
    qx, lx, person_years : (..., age)
        Probability to die, survivors of 1 birth, person-years lived. The last L is the open group's.

    Raises
    ------
    ArgumentError
        For another sex.
    RateError
        For a rate that is negative or not finite, or an open group in which nobody dies.

    Source
    ------
    Preston, Heuveline and Guillot (2001), Demography, chapter 3: q = m / (1 + (1 - a) m), L = l - (1 - a) d,
    a = 1/2 above age 0, open group 1/m.
    """
    ages = range(mx.shape[-1])
    check_range(mx, f"death rate ({sex})", ages)
    check_open(mx, sex, ages)
    ax = np.full(mx.shape, 0.5)
    ax[..., 0] = infant_separation(mx[..., 0], sex)
    ax = at_most_all(ax, mx)
    qx = np.minimum(mx / (1.0 + (1.0 - ax) * mx), 1.0)
    qx[..., -1] = 1.0
    lx = np.ones(mx.shape)
    lx[..., 1:] = np.cumprod(1.0 - qx[..., :-1], axis=-1)
    person_years = lx - (1.0 - ax) * lx * qx
    person_years[..., -1] = lx[..., -1] / mx[..., -1]
    return qx, lx, person_years


def survivorship(mx: Array, sex: str) -> Array:
    """Return survivorship ratios from birth to age 0, between ages, and inside the open group.

    Parameters
    ----------
    mx : (..., age) [deaths per person-year]

    Returns
    -------
    ratios : (..., age + 1)
        By the age reached: ``[0]`` L0/l0, ``[x]`` Lx/L(x-1), and for the last closed age and the open group alike
        T(open) / T(open - 1), as the United Nations do.
    """
    _, _, person_years = survivors(mx, sex)
    above = np.cumsum(person_years[..., ::-1], axis=-1)[..., ::-1]
    ratios = np.empty((*mx.shape[:-1], mx.shape[-1] + 1))
    ratios[..., 0] = person_years[..., 0]
    ratios[..., 1:-2] = _ratio(person_years[..., 1:-1], person_years[..., :-2])
    ratios[..., -2] = ratios[..., -1] = _ratio(above[..., -1], above[..., -2])
    return ratios


def _ratio(later: Array, earlier: Array) -> Array:
    """Return later / earlier, and 0 where nobody was left."""
    return np.divide(later, earlier, out=np.zeros_like(later), where=earlier > 0)


def life_expectancy(mx: Array, sex: str) -> Array:
    """Return life expectancy at birth [years] of single-age death rates, shape ``mx.shape[:-1]``."""
    _, _, person_years = survivors(mx, sex)
    expectancy: Array = person_years.sum(axis=-1)
    return expectancy


NODES = 24
"""Levels of mortality at which a life table is worked out; between them a polynomial goes, exact to about 1e-12."""


def scaled_expectancy(mx: Array, sex: str, level: Array, infant: Array) -> Array:
    """Return life expectancy at birth [years] of one schedule of death rates at many levels.

    Above age 0 expectancy is a smooth function of one number, the log of the level: a polynomial through its values at
    the nodes of Chebyshev stands for a life table per level, of which an ensemble would need millions.

    Parameters
    ----------
    mx : (age,) [deaths per person-year]
    level : (...) [1]
        Factor of the rates from age 1 on, more than 0.
    infant : (...) [1]
        Factor of the rate at age 0.

    Returns
    -------
    expectancy : (...)
    """

    def at_age_1(logs: Array) -> Array:
        _, lx, person_years = survivors(mx * np.exp(logs)[..., None], sex)
        expectancy: Array = person_years[..., 1:].sum(axis=-1) / lx[..., 1]
        return expectancy

    logs = np.log(level)
    known, place = np.unique(logs, return_inverse=True)
    if len(known) <= NODES:
        later = at_age_1(known)[place].reshape(logs.shape)
    else:
        later = Chebyshev.interpolate(at_age_1, NODES - 1, domain=[known[0], known[-1]])(logs)
    # The first year alone, with any open group after it.
    _, lx, person_years = survivors(np.stack([mx[0] * infant, np.ones_like(infant)], axis=-1), sex)
    total: Array = person_years[..., 0] + lx[..., 1] * later
    return total


def infant_mortality(mx: Array, sex: str) -> Array:
    """Return q0, the probability to die under age one, of single-age death rates, shape ``mx.shape[:-1]``."""
    qx, _, _ = survivors(mx, sex)
    q0: Array = qx[..., 0]
    return q0


@dataclass(frozen=True, eq=False)
class LifeTable:
    """The columns of a life table; the last age group is open. A radix of one birth.

    Parameters
    ----------
    age : (age,)
        Lowest age of each group.
    width : (age,) [years]
        Length of each group, infinite for the open one.
    mx : (..., age) [deaths per person-year]
    ax : (..., age) [years]
        Lived in the group by those who die in it.
    qx : (..., age) [1]
        Probability to die in the group.
    lx : (..., age) [1]
        Survivors to the start of the group.
    dx : (..., age) [1]
        Deaths in the group.
    person_years : (..., age) [years]
        Lived in the group, nLx.
    above : (..., age) [years]
        Lived from the start of the group on, Tx.
    expectancy : (..., age) [years]
        Left to those who reach the group, ex.
    """

    age: tuple[int, ...]
    width: Array
    mx: Array
    ax: Array
    qx: Array
    lx: Array
    dx: Array
    person_years: Array
    above: Array
    expectancy: Array


def life_table(
    mx: ArrayLike,
    ages: Sequence[int] | range,
    sex: str,
    *,
    ax: ArrayLike | Separation = "graduated",
    childhood: Childhood = "andreev_kingkade",
    graduated_from: int = 15,
) -> LifeTable:
    """Return the life table of death rates by single ages or by age groups.

    Parameters
    ----------
    mx : (..., age) [deaths per person-year]
    ages : sequence of int
        Lowest age of each group, the open group last: 0, 1, 5, 10, ... or 0, 1, 2, ...
    sex : {"male", "female"}
        Chooses the rule for children.
    ax : {"graduated", "iterated", "middle"} or (..., age) [years]
        Years lived in a group by those who die in it: a rule of `separation`, or the values, which are taken as
        they are but for the open group.
    childhood, graduated_from
        As in `separation`.

    Raises
    ------
    LabelError
        When ages are not those of a life table, or do not line up.
    ArgumentError
        For a sex or a rule that does not exist.
    RateError
        For a rate that is negative or not finite, an open group in which nobody dies, or an a(x) outside its group.

    Source
    ------
    Preston, Heuveline and Guillot (2001), Demography, chapter 3.
    """
    rates = np.asarray(mx, dtype=np.float64)
    # The rates are checked in it, and stand for both ways.
    lived = separation(
        rates,
        ages,
        sex,
        rule=cast("Separation", ax) if isinstance(ax, str) else "middle",
        childhood=childhood,
        graduated_from=graduated_from,
    )
    check_open(rates, sex, ages)
    if not isinstance(ax, str):
        lived = np.asarray(ax, dtype=np.float64)
        check_separation(lived, ages)
    return table_of(rates, lived, ages)


def table_of(mx: Array, lived: Array, ages: Sequence[int] | range) -> LifeTable:
    """Return all columns from death rates and a(x) that were checked before."""
    width = group_widths(ages)
    shape = np.broadcast_shapes(mx.shape, lived.shape)
    mx = np.array(np.broadcast_to(mx, shape))
    ax = at_most_all(lived, mx)
    qx = probabilities(mx, ax, width)
    lx = np.ones_like(mx)
    lx[..., 1:] = np.cumprod(1.0 - qx[..., :-1], axis=-1)
    dx = lx * qx
    person_years = np.empty_like(mx)
    person_years[..., :-1] = width[:-1] * lx[..., 1:] + ax[..., :-1] * dx[..., :-1]
    person_years[..., -1] = lx[..., -1] * ax[..., -1]
    above = np.cumsum(person_years[..., ::-1], axis=-1)[..., ::-1]
    return LifeTable(
        age=tuple(int(age) for age in ages),
        width=width,
        mx=mx,
        ax=ax,
        qx=qx,
        lx=lx,
        dx=dx,
        person_years=person_years,
        above=above,
        expectancy=_ratio(above, lx),
    )


def group_survivorship(table: LifeTable, width: int) -> Array:
    """Return survivorship ratios between age groups of `width` years, as a projection by such steps needs them.

    Parameters
    ----------
    table : LifeTable
        By single ages or abridged; every multiple of `width` up to the open group must start a group.
    width : int
        Years per age group and per step.

    Returns
    -------
    ratios : (..., group + 1)
        By the group reached: ``[0]`` L(0, n) / (n l0) from birth, ``[i]`` nLx / nL(x-n), and for the last closed
        group and the open one alike T(open) / T(open - n), as the United Nations do.

    Raises
    ------
    ArgumentError
        For a width of less than a year.
    LabelError
        When the age groups of the table cannot be put together to such groups.
    """
    if width < 1:
        raise ArgumentError(Problem("width of age groups", f"{width}", "1 year or more", "Type width=5."))
    starts = range(0, table.age[-1] + 1, width)
    missing = sorted(age for age in {*starts, table.age[-1]} if age not in table.age or age not in starts)
    if missing or len(starts) < 2:
        raise LabelError(
            Problem(
                "age groups of the life table",
                f"no group from {missing[0]} on for steps of {width} years" if missing else f"{width} years per step",
                f"groups from 0, {width}, {2 * width}, ... up to the open group {table.age[-1]}+",
                "Give the life table by finer ages, or take another width.",
            )
        )
    lived = np.add.reduceat(table.person_years, [table.age.index(age) for age in starts], axis=-1)
    ratios = np.empty((*lived.shape[:-1], lived.shape[-1] + 1))
    ratios[..., 0] = lived[..., 0] / width
    ratios[..., 1:-2] = _ratio(lived[..., 1:-1], lived[..., :-2])
    ratios[..., -2] = ratios[..., -1] = _ratio(lived[..., -1], lived[..., -2] + lived[..., -1])
    return ratios
