"""Model schedules of migration by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


def rogers_castro(
    ages: ArrayLike,
    *,
    childhood: tuple[float, float],
    labour: tuple[float, float, float, float],
    constant: float = 0.0,
    retirement: tuple[float, float, float, float] | None = None,
    elderly: tuple[float, float] | None = None,
    normalised: bool = True,
) -> Array:
    """Return the Rogers-Castro schedule of migration by age.

    Seven parameters without the two options, nine with `elderly`, eleven with `retirement`, thirteen with both::

        m(x) = a1 exp(-alpha1 x)
             + a2 exp(-alpha2 (x - mu2) - exp(-lambda2 (x - mu2)))
             + c
             + a3 exp(-alpha3 (x - mu3) - exp(-lambda3 (x - mu3)))     [retirement]
             + a4 exp(lambda4 x)                                       [elderly]

    Parameters
    ----------
    ages : (age,) [years]
        Where the schedule is evaluated: completed ages, or middles of age groups.
    childhood : (a1, alpha1)
        Height at birth, and rate of descent with age.
    labour : (a2, alpha2, mu2, lambda2)
        Height, rate of descent, position and rate of ascent of the labour-force peak.
    constant : float
        c, the level of all ages.
    retirement : (a3, alpha3, mu3, lambda3), optional
        The same four of a peak at retirement.
    elderly : (a4, lambda4), optional
        Height at birth and rate of ascent of the slope towards the oldest ages.
    normalised : bool
        Whether the schedule is divided by its sum, so that it is shares of migrants.

    Returns
    -------
    schedule : (age,) [1]

    Raises
    ------
    ArgumentError
        When a parameter has the wrong count or sign, an age is negative or not finite, or the schedule has
        nothing to divide by or no end.

    Source
    ------
    Rogers and Castro (1981), Model Migration Schedules, IIASA RR-81-30; Rogers, Little and Raymer (2010), The
    Indirect Estimation of Migration, chapter 2, for the slope of the elderly.
    """
    x = np.asarray(ages, dtype=np.float64)
    if not (x >= 0).all() or not np.isfinite(x).all():
        bad = x[~((x >= 0) & np.isfinite(x))]
        raise ArgumentError(
            Problem(
                "ages of the Rogers-Castro schedule",
                f"{bad[0]:g} ({len(bad)} such value(s))",
                "finite numbers of 0 or more",
                "Give completed ages, or middles of age groups.",
            )
        )
    for name, found, count in (
        ("childhood", childhood, 2),
        ("labour", labour, 4),
        ("constant", (constant,), 1),
        ("retirement", retirement, 4),
        ("elderly", elderly, 2),
    ):
        if found is not None:
            _check(name, found, count)
    a1, alpha1 = childhood
    schedule: Array = a1 * np.exp(-alpha1 * x) + _peak(x, labour) + constant
    if retirement is not None:
        schedule = schedule + _peak(x, retirement)
    if elderly is not None:
        with np.errstate(over="ignore"):
            schedule = schedule + elderly[0] * np.exp(elderly[1] * x)
    total = float(schedule.sum())
    if not np.isfinite(total) or (normalised and total <= 0):
        raise ArgumentError(
            Problem(
                "sum of the Rogers-Castro schedule",
                f"{total:g}",
                "a finite number more than 0",
                "Give one component a height of more than 0, and modest slopes.",
            )
        )
    return schedule / total if normalised else schedule


def _peak(x: Array, parameters: tuple[float, float, float, float]) -> Array:
    """Return a double-exponential peak."""
    height, descent, position, ascent = parameters
    distance = x - position
    # Far below the peak the inner exponential is huge and the peak is 0: cut before the overflow.
    peak: Array = height * np.exp(-descent * distance - np.exp(np.minimum(-ascent * distance, 300.0)))
    return peak


def _check(name: str, found: Sequence[float], count: int) -> None:
    # A peak's position may be anywhere; heights and slopes are 0 or more.
    signed = {2} if count == 4 else set()
    right = len(found) == count and all(
        np.isfinite(value) and (value >= 0 or i in signed) for i, value in enumerate(found)
    )
    if not right:
        raise ArgumentError(
            Problem(
                f"{name} of the Rogers-Castro schedule",
                f"{tuple(found)}",
                f"{count} finite number(s) of 0 or more" + (", the third (position) of any sign" if signed else ""),
                f"Correct {name}.",
            )
        )
