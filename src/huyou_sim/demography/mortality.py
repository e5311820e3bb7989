"""Change of mortality: Brass's relational logit between survivors, and the Lee-Carter form of log death rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.checks import check_range, check_same_ages
from huyou_sim.demography.lifetable import LifeTable, table_of
from huyou_sim.demography.separation import death_rates
from huyou_sim.errors import ArgumentError, LabelError, Problem, RateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def survivor_logit(lx: Array) -> Array:
    """Return Brass's logit of survivors, half the log odds of being dead; infinite where l is 1 or 0.

    Parameters
    ----------
    lx : (..., age) [1]
        Survivors of one birth.

    Raises
    ------
    RateError
        For survivors outside 0 to 1, or more of them at an age than before it: a survival above 1.

    Source
    ------
    Brass (1971), On the scale of mortality; Preston, Heuveline and Guillot (2001), section 9.1.
    """
    _check_survivors(lx)
    with np.errstate(divide="ignore"):
        logit: Array = 0.5 * (np.log1p(-lx) - np.log(lx))
    return logit


def brass_survivors(standard: Array, alpha: ArrayLike, beta: ArrayLike = 1.0) -> Array:
    """Return the survivors whose logit is ``alpha + beta * logit`` of a standard.

    Parameters
    ----------
    standard : (..., age) [1]
        Survivors of one birth in the standard.
    alpha : (...) [1]
        Level: more than 0 is more mortality than the standard.
    beta : (...) [1]
        Balance of mortality at old against young ages, more than 0.

    Raises
    ------
    RateError
        For survivors outside 0 to 1, or more of them at an age than before it.
    ArgumentError
        For a beta of 0 or less, or a parameter that is not finite.
    """
    level = np.asarray(alpha, dtype=np.float64)[..., None]
    balance = np.asarray(beta, dtype=np.float64)[..., None]
    if not (np.isfinite(level).all() and np.isfinite(balance).all() and (balance > 0).all()):
        raise ArgumentError(
            Problem(
                "alpha, beta of the logit system",
                f"alpha {np.ravel(level)[0]:g}, beta {np.ravel(balance)[0]:g}",
                "finite numbers, beta more than 0",
                "Type beta=1 to change the level only.",
            )
        )
    # exp of an infinite logit is 0 or infinite, which is 1 or 0 survivors: what Brass's system means there.
    with np.errstate(over="ignore"):
        survivors: Array = 1.0 / (1.0 + np.exp(2.0 * (level + balance * survivor_logit(standard))))
    return survivors


def brass_parameters(lx: Array, standard: Array) -> tuple[float, float]:
    """Return alpha and beta of survivors against a standard, by least squares of their logits.

    Parameters
    ----------
    lx, standard : (age,) [1]
        Survivors of one birth. Ages at which one of them is 0 or 1 have no logit and do not count.

    Raises
    ------
    LabelError
        With another number of ages in the standard, or fewer than two to compare.
    RateError
        For survivors outside 0 to 1, or more of them at an age than before it.
    """
    if lx.ndim != 1 or lx.shape != standard.shape:
        raise LabelError(
            Problem(
                "survivors to compare with the standard",
                f"shapes {lx.shape} and {standard.shape}",
                "one life table each, of the same ages",
                "Select one life table, and the ages that both have.",
            )
        )
    observed, known = survivor_logit(lx), survivor_logit(standard)
    used = np.isfinite(observed) & np.isfinite(known)
    x, y = known[used], observed[used]
    if len(np.unique(x)) < 2:
        raise LabelError(
            Problem(
                "survivors to compare with the standard",
                f"{len(np.unique(x))} age(s) with survivors between 0 and 1",
                "two ages or more",
                "Give survivors of one birth (between 0 and 1) by age.",
            )
        )
    deviation = x - x.mean()
    beta = float((deviation * y).sum() / (deviation**2).sum())
    return float(y.mean() - beta * x.mean()), beta


def brass_table(standard: LifeTable, alpha: ArrayLike, beta: ArrayLike = 1.0) -> LifeTable:
    """Return the life table whose survivors are those of Brass's logit system on a standard.

    Parameters
    ----------
    standard : LifeTable
    alpha, beta : (...) [1]
        As in `brass_survivors`.

    Returns
    -------
    table : LifeTable
        With the a(x) of the standard. Survivors say nothing of the open group: its death rate changes by the same
        factor as the rate of the last closed group.

    Raises
    ------
    ArgumentError
        For a beta of 0 or less, or a parameter that is not finite.
    RateError
        When nobody reaches the last closed group, or nobody dies in that of the standard.
    """
    lx = brass_survivors(standard.lx, alpha, beta)
    if not (lx[..., -2] * standard.mx[..., -2] > 0).all():
        raise RateError(
            Problem(
                f"survivors to age {standard.age[-2]} in the logit system, times their death rate in the standard",
                f"{(lx[..., -2] * standard.mx[..., -2]).min():g}",
                "more than 0: the open group's death rate follows from that group's",
                "Close the life table at a lower age, or take a lower alpha.",
            )
        )
    qx = np.ones_like(lx)
    # An ulp of the exponential must not become a survival above 1.
    qx[..., :-1] = np.maximum(1.0 - lx[..., 1:] / lx[..., :-1], 0.0)
    mx = death_rates(qx, np.broadcast_to(standard.ax, lx.shape), standard.age)
    mx[..., -1] *= mx[..., -2] / standard.mx[..., -2]
    return table_of(mx, standard.ax, standard.age)


def _check_survivors(lx: Array) -> None:
    fix = "Divide by the radix of the life table."
    check_range(lx, "survivors", None, upper=1.0, fix=fix)
    rising = np.argwhere(np.diff(lx, axis=-1) > 0)
    if len(rising):
        *rows, at = (int(i) for i in rising[0])
        before, after = lx[(*rows, at)], lx[(*rows, at + 1)]
        raise RateError(
            Problem(
                f"survivors at position {at + 1} of the age axis",
                f"{after:g}, after {before:g}: a survival of {after / before if before else np.inf:g}",
                "no more than at the age before",
                "Put the ages in order, or correct the survivors.",
            )
        )


@dataclass(frozen=True, eq=False)
class LeeCarter:
    """Log death rates as a level by age and one index of time: log m(x, t) = a(x) + b(x) k(t).

    Parameters
    ----------
    level : (age,) [log]
        a(x), the mean log rate.
    pattern : (age,) [1]
        b(x), how strongly each age follows the index; the sum over ages is 1.
    index : (year,) [log]
        k(t); the sum over years is 0 for the fitted years.
    """

    level: Array
    pattern: Array
    index: Array


def lee_carter(mx: Array, ages: Sequence[int] | range | None = None) -> LeeCarter:
    """Return the Lee-Carter form of death rates.

    Parameters
    ----------
    mx : (year, age) [deaths per person-year]
    ages : sequence of int, optional
        By which a wrong rate is named.

    Raises
    ------
    LabelError
        Unless rates are by year and age, and as many as there are ages.
    RateError
        For rates of 0, negative or not finite, and when no rate ever changes.

    Source
    ------
    Lee and Carter (1992), JASA 87: the index is the sum over ages of the deviations of log rates from their mean,
    the pattern the least-squares slope of each age on the index (as in the R package MortCast, leecarter.estimate).
    """
    if mx.ndim != 2:
        raise LabelError(
            Problem("death rates", f"{mx.ndim} dimension(s)", "2, year and age", "Give one row per year.")
        )  # fmt: skip
    if ages is not None:
        check_same_ages(mx, "death rate", ages)
    check_range(mx, "death rate", ages)
    if (mx == 0).any():
        row, column = (int(i) for i in np.argwhere(mx == 0)[0])
        age = f"position {column} of the age axis" if ages is None else f"age {ages[column]}"
        raise RateError(
            Problem(f"death rate at {age}, row {row}", "0", "more than 0: it has a log", "Use wider age groups.")
        )
    log_rates = np.log(mx)
    level = log_rates.mean(axis=0)
    deviation = log_rates - level
    index = deviation.sum(axis=1)
    if (index**2).sum() <= 1e-24 * mx.shape[-1] ** 2 * mx.shape[0]:
        raise RateError(
            Problem("death rates of a Lee-Carter fit", "no change between years", "some change", "Give more years.")
        )
    return LeeCarter(level, (deviation * index[:, None]).sum(axis=0) / (index**2).sum(), index)


def lee_carter_rates(level: Array, pattern: Array, index: ArrayLike) -> Array:
    """Return death rates [deaths per person-year] at given values of the index.

    Parameters
    ----------
    level, pattern : (age,) [log], [1]
    index : (...) [log]
        One value per year, trajectory, or both.

    Returns
    -------
    mx : (..., age)

    Raises
    ------
    LabelError
        When level and pattern have not the same ages.
    RateError
        When a rate is not a finite number.
    """
    if level.shape != pattern.shape:
        raise LabelError(
            Problem("pattern of the Lee-Carter form", f"{pattern.shape}", f"{level.shape}, as the level", "Align them.")
        )
    with np.errstate(over="ignore", invalid="ignore"):
        rates: Array = np.exp(level + pattern * np.asarray(index, dtype=np.float64)[..., None])
    check_range(rates, "death rate of the Lee-Carter form", None, fix="Check level, pattern and index.")
    return rates
