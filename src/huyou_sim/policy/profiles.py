"""How an effect unfolds over the years: it ramps up, and its tempo part fades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

RAMP = (0.2, 0.7, 1.0)
"""Share of the full effect of cash in the first, second and third year [1]. Source: evidence, prior A10."""

RAMP_LAG = 1.2
"""Lag to full effect for which `RAMP` is stated [years]: the median of prior A10. Other lags stretch the ramp."""

FADE_FROM = 2.0
"""Years after the start from which the tempo part fades [years]. Source: evidence, section 3, form 1."""


def years_between(path: Mapping[int, float], years: range, baseline: float) -> FloatArray:
    """Return a lever's path for each of `years`.

    Parameters
    ----------
    path : mapping of year to value
    years : range
    baseline : float
        The value before the path's first year, and in all years of an empty path.

    Returns
    -------
    values : (year,)
        A straight line between the years given, level after the last.
    """
    values = np.full(len(years), baseline)
    if path:
        known = sorted(path)
        given = np.array(years) >= known[0]
        values[given] = np.interp(np.array(years)[given], known, [path[year] for year in known])
    return values


def fading(since: FloatArray, tempo: FloatArray, decay: FloatArray) -> FloatArray:
    """Return what is left of an effect: its quantum, and what is left of its tempo part.

    Parameters
    ----------
    since : (year, 1) [years]
        Since the tempo part began to fade; negative before.
    tempo : (draw,) [1]
        Share of the effect that is only earlier births or marriages.
    decay : (draw,) [years]

    Returns
    -------
    left : (year, draw) [1]
        ``(1 - tempo) + tempo * exp(-since / decay)``.
    """
    left: FloatArray = (1.0 - tempo) + tempo * np.exp(-np.maximum(since, 0.0) / decay)
    return left


def cash_profile(start: int, years: range, lag: FloatArray, tempo: FloatArray, decay: FloatArray) -> FloatArray:
    """Return the share of the full effect of a transfer in each year.

    Parameters
    ----------
    start : int
        First year whose births (or marriages) qualify.
    years : range
    lag : (draw,) [years]
        To the full effect, prior A10.
    tempo : (draw,) [1]
    decay : (draw,) [years]

    Returns
    -------
    share : (year, draw) [1]
        0 before the start, then `RAMP`, stretched by lag / `RAMP_LAG`; from `FADE_FROM` years on the tempo part fades.
    """
    since = np.array(years, dtype=np.float64)[:, None] - start
    ramp = np.interp(since * (RAMP_LAG / lag), np.arange(len(RAMP)), RAMP)
    share: FloatArray = np.where(since < 0, 0.0, ramp * fading(since - FADE_FROM, tempo, decay))
    return share


def capacity_weights(length: int, lag: FloatArray, tempo: FloatArray, decay: FloatArray) -> FloatArray:
    """Return what share of a place's full effect on births shows so many years after it opened.

    Parameters
    ----------
    length : int
        Number of years.
    lag : (draw,) [years]
        To the full effect, prior B6: a straight line from the opening.
    tempo : (draw,) [1]
    decay : (draw,) [years]

    Returns
    -------
    weights : (years since, draw) [1]
    """
    since = np.arange(length, dtype=np.float64)[:, None]
    weights: FloatArray = np.minimum(since / lag, 1.0) * fading(since - lag, tempo, decay)
    return weights
