"""How good an ensemble was: coverage of its bands, and proper scores of the whole distribution.

Every function takes the ensemble with its members on the *first* axis and one observation for each of the remaining
cells, and works on all cells at once. A score is in the unit of the observation; smaller is better. A proper score
cannot be improved by stating a distribution other than the one that is believed.

Source
------
Gneiting and Raftery (2007), Strictly Proper Scoring Rules, Prediction, and Estimation, Journal of the American
Statistical Association 102(477), 359-378: continuous ranked probability score (section 4.2), interval score (6.2).
Ferro (2014), Fair scores for ensemble forecasts, Quarterly Journal of the Royal Meteorological Society 140(683),
1917-1923: the fair version for an ensemble of finite size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LEVELS = (0.5, 0.8, 0.95)
"""Central bands that are looked at."""


def band(ensemble: ArrayLike, level: float) -> tuple[Array, Array]:
    """Return the ends of the central band of an ensemble.

    Parameters
    ----------
    ensemble : (member, ...) [any]
    level : float [1]
        Share of members inside, between 0 and 1.

    Returns
    -------
    lower, upper : (...) [as the ensemble]
        Quantiles that leave half of the rest on each side, linear between members.

    Raises
    ------
    ArgumentError
        When the level is not between 0 and 1, or the ensemble has no finite members.
    """
    _check_level(level)
    members = _members(ensemble)
    lower, upper = np.quantile(members, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return lower, upper


def inside(ensemble: ArrayLike, observed: ArrayLike, level: float) -> Flags:
    """Return whether each observation lies in the central band, ends included.

    Parameters
    ----------
    ensemble : (member, ...) [any]
    observed : (...) [as the ensemble]
    level : float [1]

    Raises
    ------
    ArgumentError
        When shapes, the level or members are wrong.
    """
    members, seen = _pair(ensemble, observed)
    lower, upper = band(members, level)
    within: Flags = (lower <= seen) & (seen <= upper)
    return within


def coverage(ensemble: ArrayLike, observed: ArrayLike, level: float, *, axis: int | None = None) -> Array:
    """Return the share of observations in the central band; a calibrated ensemble has `level` of them.

    Parameters
    ----------
    ensemble : (member, ...) [any]
    observed : (...) [as the ensemble]
    level : float [1]
    axis : int, optional
        Axis of `observed` to average over; all of them when omitted.

    Raises
    ------
    ArgumentError
        When shapes, the level or members are wrong.
    """
    return np.asarray(inside(ensemble, observed, level).mean(axis=axis), dtype=np.float64)


def crps(ensemble: ArrayLike, observed: ArrayLike, *, fair: bool = True) -> Array:
    """Return the continuous ranked probability score of an ensemble.

    ``mean |x - y| - half the mean |x - x'|`` over members x, x' and the observation y. For one member it is the
    absolute error.

    Parameters
    ----------
    ensemble : (member, ...) [any]
    observed : (...) [as the ensemble]
    fair : bool
        Divide the pairs of members by ``m (m - 1)`` instead of ``m m``: unbiased for the distribution that the
        members were drawn from, whatever their number. It may be a little below 0. Plain otherwise: the score of
        the empirical distribution of the members.

    Returns
    -------
    score : (...) [as the observation]

    Raises
    ------
    ArgumentError
        When shapes or members are wrong, or the fair score is asked of a single member.

    Source
    ------
    Gneiting and Raftery (2007), equation 21; Ferro (2014), section 2. The sum over pairs is that of sorted members
    weighted by their rank, which needs no pair.
    """
    members, seen = _pair(ensemble, observed)
    count = len(members)
    if fair and count < 2:
        raise _wrong("members of a fair score", str(count), "2 or more", "Draw more, or type fair=False.")
    rank = np.arange(1, count + 1).reshape(-1, *(1,) * seen.ndim)
    # Deviations from the observation, not the values: two large numbers that nearly cancel would cost digits.
    ordered = np.sort(members - seen, axis=0)
    pairs = 2.0 * ((2 * rank - count - 1) * ordered).sum(axis=0)
    score: Array = np.abs(ordered).mean(axis=0) - pairs / (2.0 * count * (count - 1 if fair else count))
    return score


def interval_score(ensemble: ArrayLike, observed: ArrayLike, level: float) -> Array:
    """Return the interval score of the central band: its width, and a fine for what falls outside.

    ``upper - lower + 2 / (1 - level) * distance of the observation from the band``

    Parameters
    ----------
    ensemble : (member, ...) [any]
    observed : (...) [as the ensemble]
    level : float [1]

    Returns
    -------
    score : (...) [as the observation]

    Raises
    ------
    ArgumentError
        When shapes, the level or members are wrong.

    Source
    ------
    Gneiting and Raftery (2007), equation 43.
    """
    members, seen = _pair(ensemble, observed)
    lower, upper = band(members, level)
    outside = np.maximum(lower - seen, 0.0) + np.maximum(seen - upper, 0.0)
    score: Array = upper - lower + 2.0 / (1.0 - level) * outside
    return score


def pit(ensemble: ArrayLike, observed: ArrayLike) -> Array:
    """Return the rank of each observation among the members, as a share: its probability integral transform.

    Uniform over 0 to 1 when the ensemble is calibrated; near 0 the observation was lower than foreseen, near 1
    higher, at both ends alike the bands are too narrow. Half of equal members count as below.

    Parameters
    ----------
    ensemble : (member, ...) [any]
    observed : (...) [as the ensemble]

    Returns
    -------
    rank : (...) [1]
        ``(members below + half of those equal + 1/2) / (members + 1)``, never 0 or 1.

    Raises
    ------
    ArgumentError
        When shapes or members are wrong.
    """
    members, seen = _pair(ensemble, observed)
    below = (members < seen).sum(axis=0) + 0.5 * (members == seen).sum(axis=0)
    rank: Array = (below + 0.5) / (len(members) + 1.0)
    return rank


def _members(ensemble: ArrayLike) -> Array:
    members = np.asarray(ensemble, dtype=np.float64)
    if members.ndim == 0 or len(members) == 0 or not np.isfinite(members).all():
        found = f"shape {members.shape}, {int((~np.isfinite(members)).sum())} not finite"
        raise _wrong("ensemble", found, "finite members on the first axis", "Take out what is not a number.")
    return members


def _pair(ensemble: ArrayLike, observed: ArrayLike) -> tuple[Array, Array]:
    """Return ensemble and observations as arrays that fit, without broadcasting: a silent one would hide a slip."""
    members, seen = _members(ensemble), np.asarray(observed, dtype=np.float64)
    if members.shape[1:] != seen.shape or not np.isfinite(seen).all():
        found = f"shape {seen.shape}, {int((~np.isfinite(seen)).sum())} not finite"
        expected = f"one finite number for each cell of the ensemble, shape {members.shape[1:]}"
        raise _wrong("observed", found, expected, "Put the members on the first axis, and give every cell a value.")
    return members, seen


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise _wrong("level of a band", f"{level:g}", "a share between 0 and 1", "Type 0.95 for 95 %.")


def _wrong(where: str, found: str, expected: str, fix: str) -> ArgumentError:
    return ArgumentError(Problem(where, found, expected, fix))
