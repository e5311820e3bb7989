"""How long those who die in an age group lived in it, a(x), and what hangs on it: probabilities from rates and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from huyou_sim.demography.checks import SEXES, check_choice, check_range, check_same_ages, group_widths
from huyou_sim.errors import Problem, RateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

Separation = Literal["graduated", "iterated", "middle"]
"""How a(x) is found above childhood, see `separation`."""

Childhood = Literal["andreev_kingkade", "coale_demeny"]
"""How a0 is found, see `separation`."""

LEAST_SEPARATION = 0.97
"""Lower bound of a graduated a(x) [years], as in the United Nations' life tables (MortCast, LifeTable.c)."""

ITERATIONS = 200
"""Rounds after which an iterated a(x) has to stand; a dozen are usual."""


def infant_separation(m0: Array, sex: str) -> Array:
    """Return a0, the mean age at death of those who die under one [years].

    Parameters
    ----------
    m0 : array
        Death rates at age 0 [deaths per person-year].
    sex : {"male", "female"}

    Source
    ------
    Andreev and Kingkade (2015), Demographic Research 33(13), table 3-2 (formulas in m0).
    """
    check_choice("sex", sex, SEXES)
    if sex == "male":
        return np.where(m0 < 0.02300, 0.14929 - 1.99545 * m0, np.where(m0 < 0.08307, 0.02832 + 3.26021 * m0, 0.29915))
    return np.where(m0 < 0.01724, 0.14903 - 2.05527 * m0, np.where(m0 < 0.06891, 0.04667 + 3.88089 * m0, 0.31411))


def coale_demeny_separation(m0: Array, sex: str) -> tuple[Array, Array]:
    """Return a0 and 4a1 [years] of the West family from the death rate at age 0.

    Parameters
    ----------
    m0 : array
        Death rates at age 0 [deaths per person-year].
    sex : {"male", "female"}

    Source
    ------
    Coale and Demeny (1983), Regional Model Life Tables, as Preston, Heuveline and Guillot (2001), table 3.3, give
    them in terms of m0.
    """
    check_choice("sex", sex, SEXES)
    if sex == "male":
        return np.where(m0 < 0.107, 0.045 + 2.684 * m0, 0.330), np.where(m0 < 0.107, 1.651 - 2.816 * m0, 1.352)
    return np.where(m0 < 0.107, 0.053 + 2.800 * m0, 0.350), np.where(m0 < 0.107, 1.522 - 1.518 * m0, 1.361)


def separation(
    mx: ArrayLike,
    ages: Sequence[int] | range,
    sex: str,
    *,
    rule: Separation = "graduated",
    childhood: Childhood = "andreev_kingkade",
    graduated_from: int = 15,
) -> Array:
    """Return a(x) [years], the mean time that those who die in an age group lived in it; infinite in the open group.

    Parameters
    ----------
    mx : (..., age) [deaths per person-year]
    ages : sequence of int
        Lowest age of each group, the open group last.
    sex : {"male", "female"}
        Chooses the rule for children.
    rule : {"graduated", "iterated", "middle"}
        For five-year groups from `graduated_from` on. ``graduated``: Greville's formula; ``iterated``: by the deaths
        of the groups on both sides, to convergence (Keyfitz and Flieger); ``middle``: half the group. All other
        groups, single ages among them, have their middle.
    childhood : {"andreev_kingkade", "coale_demeny"}
        Rule for a0. A group 1-4 has Coale and Demeny's value (West) in both.
    graduated_from : int
        First age with another a(x) than the middle. The United Nations graduate from 15.

    Raises
    ------
    ArgumentError
        For a sex or a rule that does not exist.
    LabelError
        When ages are not those of a life table, or do not line up.
    RateError
        For a rate that is negative or not finite, or when the iteration does not converge.
    """
    check_choice("sex", sex, SEXES)
    check_choice("rule of a(x)", rule, ("graduated", "iterated", "middle"))
    check_choice("rule of a0", childhood, ("andreev_kingkade", "coale_demeny"))
    width = group_widths(ages)
    rates = np.asarray(mx, dtype=np.float64)
    check_same_ages(rates, f"death rate ({sex})", ages)
    check_range(rates, f"death rate ({sex})", ages)
    lived = np.array(np.broadcast_to(0.5 * width, rates.shape))
    young, child = coale_demeny_separation(rates[..., 0], sex)
    if width[0] == 1.0:
        lived[..., 0] = young if childhood == "coale_demeny" else infant_separation(rates[..., 0], sex)
        if width[1] == 4.0:
            lived[..., 1] = child
    if rule != "middle":
        _graduate(rates, ages, width, lived, graduated_from)
    if rule == "iterated":
        _iterate(rates, ages, width, lived, graduated_from)
    return lived


def _fives(ages: Sequence[int] | range, width: Array, first: int) -> list[int]:
    """Return positions of the closed five-year groups from age `first` on that stand between such groups."""
    return [i for i in range(2, len(width) - 2) if ages[i] >= first and (width[i - 1 : i + 2] == 5.0).all()]


def _graduate(mx: Array, ages: Sequence[int] | range, width: Array, lived: Array, first: int) -> None:
    """Put Greville's value into `lived`, in five-year groups from age `first` on.

    a = 5/2 - 25/12 (m - k), where k is the growth of the rate with age, ln(m(x+5) / m(x-5)) / 10. The last closed
    group takes the growth of the group before, since the open group's rate is of another kind. Beside a rate of 0
    there is no growth to take, and the middle stays. Source: Greville (1943); United Nations (1982), Model Life
    Tables for Developing Countries, p. 34; MortCast, LifeTable.c.
    """
    inner = _fives(ages, width, first)
    last = len(width) - 2
    if last - 1 >= 2 and ages[last] >= first and (width[last - 2 : last + 1] == 5.0).all():
        inner.append(last)
    for i in inner:
        at = min(i, last - 1)
        below, above = mx[..., at - 1], mx[..., at + 1]
        known = (below > 0) & (above > 0)
        growth = 0.1 * np.log(np.where(known, above, 1.0) / np.where(known, below, 1.0))
        value = np.clip(2.5 - (25.0 / 12.0) * (mx[..., i] - growth), LEAST_SEPARATION, 5.0)
        lived[..., i] = np.where(known, value, 2.5)


def _iterate(mx: Array, ages: Sequence[int] | range, width: Array, lived: Array, first: int) -> None:
    """Replace graduated values in `lived` by those that the deaths of the groups on both sides ask for.

    a = n/2 + n/24 (d(x+n) - d(x-n)) / d(x): deaths follow a parabola through three groups of one length. The last
    closed group, which has no such neighbour, keeps Greville's value. Source: Keyfitz and Flieger (1968), World
    Population, p. 491; Preston, Heuveline and Guillot (2001), p. 45.
    """
    at = np.array(_fives(ages, width, first), dtype=np.int64)
    if not len(at):
        return
    for _ in range(ITERATIONS):
        qx = probabilities(mx, at_most_all(lived, mx), width)
        dx = qx * np.cumprod(np.insert(1.0 - qx[..., :-1], 0, 1.0, axis=-1), axis=-1)
        slope = dx[..., at + 1] - dx[..., at - 1]
        slope = np.divide(slope, dx[..., at], out=np.zeros_like(slope), where=dx[..., at] > 0)
        value = np.clip(2.5 + (5.0 / 24.0) * slope, 0.0, 5.0)
        change = float(np.abs(value - lived[..., at]).max())
        lived[..., at] = value
        if change < 1e-12:
            return
    raise RateError(
        Problem(
            "a(x) by iteration",
            f"still moving by {change:.1e} years after {ITERATIONS} rounds",
            "a life table whose deaths change smoothly with age",
            "Use the graduated a(x).",
        )
    )


def at_most_all(ax: Array, mx: Array) -> Array:
    """Return a(x) of no more than 1 / m, which is reached when all of a group die in it, and 1 / m in the open group.

    Nobody lives longer in a group than 1 / m on average, whatever a rule for a(x) says.
    """
    longest: Array = np.divide(1.0, mx, out=np.full(mx.shape, np.inf), where=mx > 0)
    lived: Array = np.minimum(ax, longest)
    lived[..., -1] = longest[..., -1]
    return lived


def probabilities(mx: Array, ax: Array, width: Array) -> Array:
    """Return q of rates and a(x) that were checked before, 1 in the open group."""
    qx = np.ones(np.broadcast_shapes(mx.shape, ax.shape))
    rate, n = mx[..., :-1], width[:-1]
    qx[..., :-1] = np.minimum(n * rate / (1.0 + (n - ax[..., :-1]) * rate), 1.0)
    return qx


def check_separation(ax: Array, ages: Sequence[int] | range) -> None:
    """Raise LabelError or RateError unless every closed group has an a(x) within it."""
    check_same_ages(ax, "a(x)", ages)
    fix = "Give the years lived within the group by those who die in it."
    check_range(ax[..., :-1], "a(x)", ages, upper=group_widths(ages)[:-1], fix=fix)


def death_probabilities(mx: ArrayLike, ax: ArrayLike, ages: Sequence[int] | range) -> Array:
    """Return q of death rates, 1 in the open group.

    Parameters
    ----------
    mx : (..., age) [deaths per person-year]
    ax : (..., age) [years]
        Its value in the open group does not count.
    ages : sequence of int

    Raises
    ------
    LabelError
        When ages do not line up.
    RateError
        For a rate that is negative or not finite, or an a(x) outside its group.

    Source
    ------
    Greville (1943); Preston, Heuveline and Guillot (2001), formula 3.1: q = n m / (1 + (n - a) m). Where a m > 1
    nobody outlives the group.
    """
    rates, lived = np.asarray(mx, dtype=np.float64), np.asarray(ax, dtype=np.float64)
    check_same_ages(rates, "death rate", ages)
    check_range(rates, "death rate", ages)
    check_separation(lived, ages)
    return probabilities(rates, lived, group_widths(ages))


def death_rates(qx: ArrayLike, ax: ArrayLike, ages: Sequence[int] | range) -> Array:
    """Return the death rates of closed groups from q, and 1 / a in the open group: `death_probabilities` backwards.

    Parameters
    ----------
    qx : (..., age) [1]
        Its value in the open group does not count.
    ax : (..., age) [years]
    ages : sequence of int

    Raises
    ------
    LabelError
        When ages do not line up.
    RateError
        For a q outside 0 to 1, an a(x) outside its group, or a group in which all die at its very start.
    """
    dying, lived = np.asarray(qx, dtype=np.float64), np.asarray(ax, dtype=np.float64)
    width = group_widths(ages)
    check_same_ages(dying, "probability to die", ages)
    check_range(dying[..., :-1], "probability to die", ages, upper=1.0, fix="Give deaths per survivor to the age.")
    check_separation(lived, ages)
    shape = np.broadcast_shapes(dying.shape, lived.shape)
    died, years = np.ones(shape), np.array(np.broadcast_to(lived, shape))
    died[..., :-1] = dying[..., :-1]
    years[..., :-1] = width[:-1] - (width[:-1] - lived[..., :-1]) * dying[..., :-1]
    if not (years > 0).all():
        first = tuple(int(i) for i in np.argwhere(~(years > 0))[0])
        raise RateError(
            Problem(
                f"a(x) at age {ages[first[-1]]}",
                f"{np.broadcast_to(lived, shape)[first]:g}, and nobody outlives the group",
                "more than 0: a rate needs somebody who lived",
                "Give the years lived within the group by those who die in it.",
            )
        )
    mx: Array = died / years
    return mx
