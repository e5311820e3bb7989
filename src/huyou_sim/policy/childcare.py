"""Childcare: places and who uses them, and the coverage that follows with the children of the model.

Source: evidence, section 3, form 2, with priors B1-B8. Lag and tempo act on the capacity in use (places x rate of
use, per 1000 residents): a place begins to count in the year after it opens. The effect of a year so
depends on the course of the lever and the children of the year before, and on nothing that must be remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.policy.cash import DEPLETION
from huyou_sim.policy.measures import by_year
from huyou_sim.policy.profiles import capacity_weights, years_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.measures import Levers

    FloatArray = NDArray[np.float64]


LOWEST_FEE = 50.0
"""Below which a running subsidy does not push the fee [yuan per month]: use was never seen at a price of zero."""


@dataclass(frozen=True)
class Capacity:
    """Childcare of a scenario before it meets children: places that keep pace with residents, and places opened.

    Parameters
    ----------
    places : (year,) [places per 1000 residents]
    used : (year, draw) [places in use per 1000 residents]
    effective : (year, draw) [places in use per 1000 residents]
        What births have responded to by then: `used` with lag, less the tempo part that has faded.
    baseline : (draw,) [places in use per 1000 residents]
        What would be used without the lever.
    opened, closed : (year,) [places per year]
        By number, where all areas with the measure are one.
    added : (year,) [places]
        What was opened less what was closed, up to the year.
    added_used, added_effective : (year, draw) [places in use]
    """

    places: FloatArray
    used: FloatArray
    effective: FloatArray
    baseline: FloatArray
    opened: FloatArray
    closed: FloatArray
    added: FloatArray
    added_used: FloatArray
    added_effective: FloatArray


def capacity(levers: Levers, years: range, context: PolicyContext, parameters: Mapping[str, FloatArray]) -> Capacity:
    """Return places, and places in use, for each of `years`, the first of which is the base year.

    Parameters
    ----------
    levers : Levers
    years : range
    context : PolicyContext
    parameters : mapping of prior id to (draw,)
    """
    p, lever = parameters, levers.childcare
    use = rate_of_use(levers, years, context, p)
    places = years_between(by_year(lever.places_per_1000), years, context.places_per_1000)
    opened = yearly(lever.new_places_converted, years) + yearly(lever.new_places_built, years)
    closed = yearly(lever.places_closed, years)
    added = np.cumsum(opened - closed)
    used, added_used = places[:, None] * use, added[:, None] * use
    baseline = context.places_per_1000 * p["B3"]
    weights = capacity_weights(len(years), p["B6"], DEPLETION * p["B7"], p["A9"])
    effective = _felt(used, baseline, weights)
    added_effective = _felt(added_used, np.zeros_like(baseline), weights)
    return Capacity(places, used, effective, baseline, opened, closed, added, added_used, added_effective)


def rate_of_use(
    levers: Levers, years: range, context: PolicyContext, parameters: Mapping[str, FloatArray]
) -> FloatArray:
    """Return the share of places that is in use, (year, draw) [1].

    It is ``u = u0 * (fee / fee0) ** eps * (1 + (ratio - 1) * change of inclusive share)``, at most 1. The fee is what
    parents pay: the course that the scenario gives, or today's less what a running subsidy passes on.
    """
    p, lever = parameters, levers.childcare
    inclusive = years_between(by_year(lever.inclusive_share_percent), years, context.inclusive_share)
    fee = years_between(by_year(lever.fee_yuan_per_month), years, context.fee)
    fee = np.maximum(fee - passed_on(levers, years, context), LOWEST_FEE)
    price = (fee / context.fee)[:, None] ** p["B4"]
    trust = 1.0 + (p["B5"] - 1.0) * ((inclusive - context.inclusive_share) / 100.0)[:, None]
    use: FloatArray = np.minimum(p["B3"] * price * trust, 1.0)
    return use


def passed_on(levers: Levers, years: range, context: PolicyContext) -> FloatArray:
    """Return by how much a running subsidy lowers the fee of the mean enrolled child, (year,) [yuan per month]."""
    subsidy = levers.running_subsidy
    if subsidy is None:
        return np.zeros(len(years))
    lower: FloatArray = subsidy.passed_on_percent / 100.0 * mean_running_subsidy(levers, years, context)
    return lower


def mean_running_subsidy(levers: Levers, years: range, context: PolicyContext) -> FloatArray:
    """Return the running subsidy of the mean enrolled child, (year,) [yuan per month], 0 where there is none."""
    subsidy = levers.running_subsidy
    if subsidy is None:
        return np.zeros(len(years))
    young, middle = context.enrolled_share_6_12, context.enrolled_share_12_24
    mean = young * subsidy.months_6_12 + middle * subsidy.months_12_24 + (1.0 - young - middle) * subsidy.months_24_36
    last = years[-1] if subsidy.end is None else subsidy.end
    here = np.array(years)
    return np.where((here >= subsidy.start) & (here <= last), mean, 0.0)


def yearly(path: Mapping[str, float] | None, years: range) -> FloatArray:
    """Return a flow given by year: a straight line between years, none before the first and after the last, (year,)."""
    known = by_year(path)
    if not known:
        return np.zeros(len(years))
    flow: FloatArray = np.interp(np.array(years), list(known), list(known.values()), left=0.0, right=0.0)
    return flow


def _felt(used: FloatArray, baseline: FloatArray, weights: FloatArray) -> FloatArray:
    """Return what births respond to: each change of use with its lag and tempo, (year, draw)."""
    changed = np.diff(used, axis=0, prepend=baseline[None])
    felt = np.broadcast_to(baseline, used.shape).copy()
    for since in range(len(used)):
        felt[since:] += changed[: len(used) - since] * weights[since]
    return felt


def coverage(used: FloatArray, children: FloatArray, ceiling: FloatArray) -> FloatArray:
    """Return the share of children under 3 in childcare: ``min(places in use / children, ceiling)``.

    Parameters
    ----------
    used : (area, trajectory) [places in use]
    children : (area, trajectory) [persons]
    ceiling : (trajectory,) [1]
        Share of families that want a place, prior B2.
    """
    share: FloatArray = np.minimum(np.maximum(used, 0.0) / np.maximum(children, 1e-9), ceiling)
    return share
