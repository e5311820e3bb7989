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
    from huyou_sim.policy.measures import Childcare

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Capacity:
    """Childcare of a scenario before it meets children.

    Parameters
    ----------
    places : (year,) [places per 1000 residents]
    used : (year, draw) [places in use per 1000 residents]
    effective : (year, draw) [places in use per 1000 residents]
        What births have responded to by then: `used` with lag, less the tempo part that has faded.
    baseline : (draw,) [places in use per 1000 residents]
        What would be used without the lever.
    """

    places: FloatArray
    used: FloatArray
    effective: FloatArray
    baseline: FloatArray


def capacity(lever: Childcare, years: range, context: PolicyContext, parameters: Mapping[str, FloatArray]) -> Capacity:
    """Return places, and places in use, for each of `years`, the first of which is the base year.

    The rate of use is ``u = u0 * (fee / fee0) ** eps * (1 + (ratio - 1) * change of inclusive share)``, at most 1.

    Parameters
    ----------
    lever : Childcare
    years : range
    context : PolicyContext
    parameters : mapping of prior id to (draw,)
    """
    p = parameters
    places = years_between(by_year(lever.places_per_1000), years, context.places_per_1000)
    inclusive = years_between(by_year(lever.inclusive_share_percent), years, context.inclusive_share)
    fee = years_between(by_year(lever.fee_yuan_per_month), years, context.fee)
    price = (fee / context.fee)[:, None] ** p["B4"]
    trust = 1.0 + (p["B5"] - 1.0) * ((inclusive - context.inclusive_share) / 100.0)[:, None]
    used = places[:, None] * np.minimum(p["B3"] * price * trust, 1.0)
    baseline = context.places_per_1000 * p["B3"]
    opened = np.diff(used, axis=0, prepend=baseline[None])
    weights = capacity_weights(len(years), p["B6"], DEPLETION * p["B7"], p["A9"])
    effective = np.broadcast_to(baseline, used.shape).copy()
    for since in range(len(years)):
        effective[since:] += opened[: len(years) - since] * weights[since]
    return Capacity(places, used, effective, baseline)


def coverage(used: FloatArray, children: FloatArray, population: FloatArray, ceiling: FloatArray) -> FloatArray:
    """Return the share of children under 3 in childcare: ``min(places in use / children, ceiling)``.

    Parameters
    ----------
    used : (..., trajectory) [places in use per 1000 residents]
    children, population : (area, trajectory) [persons]
    ceiling : (trajectory,) [1]
        Share of families that want a place, prior B2.
    """
    wanted = used * (population / 1000.0)
    share: FloatArray = np.minimum(wanted / np.maximum(children, 1e-9), ceiling)
    return share
