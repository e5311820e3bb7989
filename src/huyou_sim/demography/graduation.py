"""Single ages from age groups: counts of a census split by the age shape of a reference population.

A census publishes an area by five-year groups, the whole country by single age. Within a group the area's
cohorts have mostly the country's shape: births of good and bad years happened everywhere. What differs is the
level, by age, through migration and fertility. So the *ratio* of the area to the reference is what is
interpolated, and it is smooth:

    count[x] = reference[x] * ratio[x],    sum over each group of count = the group's census count,

with the ratio that bends least: the smallest sum of squared second differences over age. Where the ratio
would turn negative (a group next to a very different one) it is drawn towards a constant inside the groups,
just far enough. The open group is split by the reference alone, since a ratio cannot be bent beyond the
last count. Newborns are a group of their own.

Source
------
Pycnophylactic interpolation, Tobler (1979), Journal of the American Statistical Association 74(367), 519-530,
here on the ratio to a reference and in one dimension; the least-bending choice is that of Boneva, Kendall and
Stefanov (1971), Journal of the Royal Statistical Society B 33(1), 1-71 (histosplines).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import Problem, RateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]


def group_sums(values: Array, lower: Counts) -> Array:
    """Return sums of single ages over groups, the last one open.

    Parameters
    ----------
    values : (age,) [any]
        Ages 0, 1, ..., the open age last.
    lower : (group,) [completed years]
        First age of each group, ascending from 0.
    """
    sums: Array = np.add.reduceat(values, lower)
    return sums


def least_bending(totals: Array, lower: Counts, weights: Array, *, order: int = 2) -> Array:
    """Return the smoothest series over single ages whose weighted group sums are given.

    Parameters
    ----------
    totals : (group,) [any]
        ``totals[g] = sum over the ages x of group g of weights[x] * result[x]``.
    lower : (group,) [completed years]
        First age of each group, ascending from 0.
    weights : (age,) [any]
        Not negative, and above 0 somewhere in every group.
    order : {1, 2}
        Order of the differences whose squares are made small: 1 keeps to flat steps, 2 to straight lines.

    Returns
    -------
    series : (age,)
        Linear in `totals`: the series of a sum of areas is the sum of their series.
    """
    count = len(weights)
    group = np.searchsorted(lower, np.arange(count), side="right") - 1
    difference = np.diff(np.eye(count), n=order, axis=0)
    constraint = np.zeros((len(lower), count))
    constraint[group, np.arange(count)] = weights
    # Scaled rows: the solution is the same, the system far better conditioned.
    size = constraint.sum(axis=1, keepdims=True)
    constraint = constraint / size
    system = np.block([[difference.T @ difference, constraint.T], [constraint, np.zeros((len(lower), len(lower)))]])
    right = np.concatenate([np.zeros(count), totals / size[:, 0]])
    series: Array = np.linalg.solve(system, right)[:count]
    return series


def graduate(totals: Array, lower: Counts, reference: Array) -> Array:
    """Return counts by single age whose group sums are the census counts.

    Parameters
    ----------
    totals : (group,) [persons]
        Census counts, not negative; the last group is open.
    lower : (group,) [completed years]
        First age of each group, ascending from 0.
    reference : (age,) [persons]
        Population of the reference by single age, 0 to the open age; above 0 somewhere in each group that has
        people.

    Returns
    -------
    counts : (age,) [persons]
        Never negative; group sums equal `totals` to rounding of floating-point numbers.

    Raises
    ------
    RateError
        When counts are negative or the reference is empty where people live.
    """
    _check(totals, lower, reference)
    inside = np.maximum(group_sums(reference, lower), np.finfo(float).tiny)
    flat = totals / inside
    widths = np.diff(np.append(lower, len(reference)))
    level = np.repeat(flat, widths)
    ratio = level.copy()
    closed = int(lower[-1])
    smooth = _smooth_ratio(totals[:-1], lower[:-1], reference[:closed], flat[-1])
    # Drawn towards the level just far enough that nobody is negative: group sums hold for every share.
    with np.errstate(divide="ignore", invalid="ignore"):
        need = np.where(smooth < 0, -smooth / (level[:closed] - smooth), 0.0)
    share = np.repeat(np.maximum.reduceat(need, lower[:-1]), widths[:-1])
    ratio[:closed] = np.maximum((1.0 - share) * smooth + share * level[:closed], 0.0)
    counts = reference * ratio
    reached = group_sums(counts, lower)
    exact: Array = counts * np.repeat(np.divide(totals, reached, out=np.ones_like(totals), where=reached > 0), widths)
    return exact


def _smooth_ratio(totals: Array, lower: Counts, reference: Array, beyond: float) -> Array:
    """Return the least-bending ratio below the open group, which it meets at the ratio `beyond`."""
    ages = len(reference)
    # Two ages of the open group take part, held at its ratio, so that no step arises at its border.
    held = np.array([ages, ages + 1])
    weights = np.append(reference, [1.0, 1.0])
    series = least_bending(np.append(totals, [beyond, beyond]), np.append(lower, held), weights)
    return series[:ages]


def _check(totals: Array, lower: Counts, reference: Array) -> None:
    inside = group_sums(reference, lower)
    bad = (totals < 0) | ((totals > 0) & (inside <= 0)) | ~np.isfinite(totals)
    if bad.any() or (reference < 0).any():
        first = int(np.argmax(bad)) if bad.any() else 0
        raise RateError(
            Problem(
                f"graduation of the age group from {int(lower[first])}",
                f"{totals[first]:g} persons where the reference has {inside[first]:g}",
                "counts of 0 or more, and a reference population above 0 where people live",
                "Correct the census count or the reference population.",
            )
        )


def round_within_groups(counts: Array, lower: Counts, totals: Array, *, decimals: int = 3) -> Array:
    """Return counts rounded to `decimals` whose group sums still equal `totals`.

    Parameters
    ----------
    counts : (age,) [persons]
    lower : (group,) [completed years]
    totals : (group,) [persons]
        With no more than `decimals` decimals themselves.

    Notes ----- What rounding leaves goes to the group's largest cell. Rounded figures are the same on every
    machine, which the last bits of a linear solver are not.
    """
    unit = 10**decimals
    parts = np.rint(counts * unit)
    rest = np.rint(totals * unit) - group_sums(parts, lower)
    ends = np.append(lower, len(counts))
    for group, left in enumerate(rest):
        cells = slice(ends[group], ends[group + 1])
        parts[ends[group] + int(np.argmax(parts[cells]))] += left
    rounded: Array = parts / unit
    return rounded
