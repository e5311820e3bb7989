"""Period life tables by single age: death rates to probabilities, person-years, survivorship, life expectancy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import Problem, RateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


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
    if sex == "male":
        return np.where(m0 < 0.02300, 0.14929 - 1.99545 * m0, np.where(m0 < 0.08307, 0.02832 + 3.26021 * m0, 0.29915))
    return np.where(m0 < 0.01724, 0.14903 - 2.05527 * m0, np.where(m0 < 0.06891, 0.04667 + 3.88089 * m0, 0.31411))


def check_rates(rates: Array, name: str, ages: Sequence[int] | range) -> None:
    """Raise RateError unless every rate is finite and not negative.

    Parameters
    ----------
    rates : (..., age)
    name : str
        What the rates are, for the message.
    ages : sequence of int
        Labels of the last axis.
    """
    bad = np.argwhere(~(np.isfinite(rates) & (rates >= 0)))
    if len(bad):
        first = tuple(bad[0])
        raise RateError(
            Problem(
                f"{name} at age {ages[int(first[-1])]}",
                f"{rates[first]:g} ({len(bad)} such value(s))",
                "a finite number of 0 or more",
                "Correct the rate.",
            )
        )


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
    RateError
        For a rate that is negative or not finite.

    Source
    ------
    Preston, Heuveline and Guillot (2001), Demography, chapter 3: q = m / (1 + (1 - a) m), L = l - (1 - a) d,
    a = 1/2 above age 0, open group 1/m.
    """
    check_rates(mx, f"death rate ({sex})", range(mx.shape[-1]))
    ax = np.full_like(mx, 0.5)
    ax[..., 0] = infant_separation(mx[..., 0], sex)
    qx = np.minimum(mx / (1.0 + (1.0 - ax) * mx), 1.0)
    qx[..., -1] = 1.0
    lx = np.ones_like(mx)
    lx[..., 1:] = np.cumprod(1.0 - qx[..., :-1], axis=-1)
    person_years = lx - (1.0 - ax) * lx * qx
    with np.errstate(divide="ignore"):
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


def infant_mortality(mx: Array, sex: str) -> Array:
    """Return q0, the probability to die under age one, of single-age death rates, shape ``mx.shape[:-1]``."""
    qx, _, _ = survivors(mx, sex)
    q0: Array = qx[..., 0]
    return q0
