"""Women of reproductive age by marital status and parity, built from what a census publishes.

No table crosses marital status with parity by single age, so the state is put together from its margins:

1. *Never married.* The national never-married shares of two censuses give an age pattern and the direction in
   which it moves, both on the logit scale. How far it moved by the start follows from the area's own long form:
   the share never married among women 15 and over. Where the later census is that of the start, nothing has moved
   since: the long form then says how many years the area is ahead of the nation, or behind it.
2. *Formerly married.* The national age patterns of the divorced and of the widowed among the ever married, each
   scaled to the area's own long form.
3. *Parity.* First births follow marriage: the mothers among women of an age are those who were ever married one
   mean first-birth interval earlier, less a stated share that stays childless. Second and higher births follow
   order-specific fertility of past years, summed along cohorts, with one scale that gives women 15-64 the mean
   number of children ever born of the area's long form.
4. *Crossing.* The never married have no child. Married and formerly married women of one age share one parity
   distribution, since no source tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import expit, logit

from huyou_sim.errors import CalibrationError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def share_by_age(share: Array, lower: Array, upper: Array, ages: Array) -> Array:
    """Return a share by single age from shares by age group.

    Parameters
    ----------
    share : (group,) [1]
        Strictly between 0 and 1.
    lower, upper : (group,) [completed years]
    ages : (age,) [completed years]

    Returns
    -------
    share : (age,)
        Monotone cubic through the groups' middles on the logit scale, level beyond the outermost middles except
        below the first, where the slope goes on (marriage starts from nothing).
    """
    middle = (lower + upper + 1) / 2.0
    values = logit(share)
    curve = PchipInterpolator(middle, values, extrapolate=False)
    inside = np.clip(ages + 0.5, middle[0], middle[-1])
    result = curve(inside)
    slope = (values[1] - values[0]) / (middle[1] - middle[0])
    below = np.minimum(ages + 0.5 - middle[0], 0.0)
    smooth: Array = expit(result + 1.5 * slope * below)
    return smooth


def _solve(function: Callable[[float], float], low: float, high: float, what: str, target: float) -> float:
    if function(low) * function(high) > 0:
        raise CalibrationError(
            Problem(
                f"baseline state of women: {what}",
                f"{target:g}",
                f"a value that a scale between {low:g} and {high:g} can reach",
                "Check the long-form figures of the area (marital_status, children_ever_born).",
            )
        )
    return float(brentq(function, low, high, xtol=1e-12))


@dataclass(frozen=True)
class NeverMarried:
    """Never-married shares of women by age and time, moving as they did between two national censuses.

    ``logit(share) = logit(later) + pace * (logit(later) - logit(earlier)) / years between * years since later``

    Parameters
    ----------
    ages : (age,) [completed years]
        From 15.
    later : (age,) [logit]
        National share at the later census.
    change : (age,) [logit per year]
        National change between the two censuses, none where it was negative: more single women at the older
        census than at the younger is noise, not postponement.
    pace : float
        The area's change over the national one.
    """

    ages: Array
    later: Array
    change: Array
    pace: float

    def at(self, years: float, *, younger: float = 0.0) -> Array:
        """Return the share by age, `years` after the later census, for women `younger` years below each age."""
        curve = self.later + self.pace * self.change * years
        slope = curve[1] - curve[0]
        # Below the first age the logit goes on as a straight line: hardly anyone is married there.
        below = np.minimum(self.ages - younger - self.ages[0], 0.0)
        moved: Array = expit(np.interp(self.ages - younger, self.ages, curve) + slope * below)
        return moved


def never_married(
    women: Array, earlier: Array, later: Array, years_between: float, years_since: float, share: float
) -> NeverMarried:
    """Return the never-married shares of an area whose long form gives one figure for women 15 and over.

    Parameters
    ----------
    women : (age,) [persons]
        Women aged 15 and over in the area, by single age from 15.
    earlier, later : (age,) [1]
        National never-married shares at two censuses, same ages.
    years_between, years_since : float [years]
        Between the two censuses, and from the later one to the long form.
    share : float [1]
        Never married among women 15 and over in the area.

    Raises
    ------
    CalibrationError
        When no pace, or no number of years ahead, reproduces `share`.
    """
    change = np.maximum(logit(later) - logit(earlier), 0.0) / years_between
    ages = np.arange(15.0, 15.0 + len(women))
    what = "share never married among women 15+"

    def gap(single: NeverMarried) -> float:
        return float((women * single.at(years_since)).sum() / women.sum() - share)

    if years_since == 0.0:
        # No time has passed in which a pace could show: the area leads or lags, and goes on as the nation does.
        ahead = _solve(lambda years: gap(NeverMarried(ages, logit(later) + years * change, change, 1.0)), -60.0, 60.0,
                       what, share)  # fmt: skip
        return NeverMarried(ages, logit(later) + ahead * change, change, 1.0)
    pace = _solve(lambda pace: gap(NeverMarried(ages, logit(later), change, pace)), -3.0, 5.0, what, share)
    return NeverMarried(ages, logit(later), change, pace)


def formerly_married(women: Array, ever: Array, pattern: Array, share: float) -> Array:
    """Return the share divorced (or widowed) by age, with the area's total.

    Parameters
    ----------
    women, ever, pattern : (age,)
        Women 15+, share ever married, national share divorced (or widowed) among the ever married.
    share : float [1]
        Divorced (or widowed) among women 15 and over in the area.
    """
    weight = women * ever
    scale = _solve(
        lambda k: float((weight * k * pattern / (1.0 - pattern + k * pattern)).sum() / women.sum() - share),
        1e-6,
        50.0,
        "share divorced or widowed among women 15+",
        share,
    )
    # Scaling the odds keeps the share below one at ages where the pattern is high.
    shares: Array = ever * scale * pattern / (1.0 - pattern + scale * pattern)
    return shares


def cohort_fertility(rates: Callable[[int], Array], year: int, ages: Array) -> Array:
    """Return births per woman by order that each cohort has had by the end of `year`.

    Parameters
    ----------
    rates : callable
        Calendar year to fertility rates (order, age) [births per woman] over `ages`.
    year : int
    ages : (age,)
        Consecutive single ages, completed at the end of `year`.

    Returns
    -------
    cumulated : (order, age) [births per woman]
        Half of a year's rate at the age reached and half at the age before belongs to each calendar year.
    """
    total = np.zeros_like(rates(year))
    for column, age in enumerate(ages):
        for back in range(int(age - ages[0]) + 1):
            then = rates(year - back)
            at = column - back
            total[:, column] += 0.5 * then[:, at] + (0.5 * then[:, at - 1] if at else 0.0)
    return total


def parity_shares(
    cumulated: Array,
    ever: Array,
    mothers: Array,
    women: Array,
    women_50_64: float,
    *,
    mean_children: float,
    children_50_64: float,
) -> Array:
    """Return the parity distribution of ever-married women by age.

    Parameters
    ----------
    cumulated : (order, age 15..49) [births per woman]
        From `cohort_fertility`; the last order stands for itself and all above. Only the ratios of one order to
        the order before are used.
    ever, mothers, women : (age 15..49,)
        Share ever married, share with a child, number of women.
    women_50_64 : float [persons]
    mean_children : float [children]
        Ever born to women 15-64 (long form).
    children_50_64 : float
        Children of women 50-64 over those of women 45-49.

    Returns
    -------
    shares : (parity 0, 1, 2, 3+, age)
        Sum to 1 at every age.

    Raises
    ------
    CalibrationError
        When no scale reproduces `mean_children`.
    """
    oldest = slice(-5, None)
    ratio_2 = cumulated[1] / np.maximum(cumulated[0], 1e-12)
    ratio_3 = cumulated[2] / np.maximum(cumulated[1], 1e-12)

    def higher(scale: float) -> tuple[Array, Array]:
        # Saturates, so that a scale above one never gives more second births than there are mothers.
        second = mothers * -np.expm1(-scale * ratio_2)
        return second, second * -np.expm1(-scale * ratio_3)

    def gap(scale: float) -> float:
        children = mothers + sum(higher(scale))
        last = float((women * children)[oldest].sum() / women[oldest].sum())
        total = float((women * children).sum()) + women_50_64 * children_50_64 * last
        return total / (float(women.sum()) + women_50_64) - mean_children

    second, third = higher(_solve(gap, 1e-3, 50.0, "children ever born to women 15-64", mean_children))
    shares = np.stack([ever - mothers, mothers - second, second - third, third])
    normalised: Array = shares / np.maximum(ever, 1e-12)
    return normalised


def cross(women: Array, never: Array, divorced_or_widowed: Array, parity: Array) -> Array:
    """Return women by age, marital status and parity.

    Parameters
    ----------
    women, never, divorced_or_widowed : (age,)
        Number of women, shares never and formerly married.
    parity : (parity, age)
        Of ever-married women.

    Returns
    -------
    state : (age, marital, parity) [persons]
        never, married, formerly; parity 0, 1, 2, 3+.
    """
    state = np.zeros((len(women), 3, len(parity)))
    state[:, 0, 0] = women * never
    married = women * (1.0 - never - divorced_or_widowed)
    state[:, 1, :] = married[:, None] * parity.T
    state[:, 2, :] = (women * divorced_or_widowed)[:, None] * parity.T
    return state
