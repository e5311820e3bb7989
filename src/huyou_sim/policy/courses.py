"""The course of one scenario's levers over the years, before they meet the children of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.policy.cash import ORDERS, Transfer, cash_effect, transfers
from huyou_sim.policy.childcare import Capacity, capacity
from huyou_sim.policy.measures import by_year
from huyou_sim.policy.profiles import cash_profile, years_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.measures import Levers

    FloatArray = NDArray[np.float64]

CAMPAIGN_DOSE = 500.0
"""Events a year above the baseline to which prior D1 refers: from the plan's 500 to its 1000 [events per year]."""

CAMPAIGN_CAP = 0.10
"""Most that campaigns change the ideal number of children [children]. Source: evidence, prior D1."""


@dataclass(frozen=True)
class Course:
    """What the levers of one scenario do in each year, where they apply.

    Parameters
    ----------
    cash : (order, year, draw) [log]
        Effect of all payments for births.
    national_cash : (order, year, draw) [log]
        Effect that the national subsidy alone would have: what areas without the local measures get.
    capacity : Capacity
    marriage : (year, draw) [log]
        Effect of marriage grant and services on first-marriage hazards.
    ideal_change : (year, draw) [children]
        Change of the ideal number of children that the levers bring.
    assisted_reproduction, infant_mortality : (year, draw) [log]
    first_year, national_first_year : int
        In which any lever that may move marriage begins, and in which the national subsidy does; the year after the
        last when there is none.
    """

    cash: FloatArray
    national_cash: FloatArray
    capacity: Capacity
    marriage: FloatArray
    ideal_change: FloatArray
    assisted_reproduction: FloatArray
    infant_mortality: FloatArray
    first_year: int
    national_first_year: int


def course(levers: Levers, years: range, context: PolicyContext, parameters: Mapping[str, FloatArray]) -> Course:
    """Return the course of a scenario's levers.

    Parameters
    ----------
    levers : Levers
    years : range
        From the base year on.
    context : PolicyContext
    parameters : mapping of prior id to (draw,)
    """
    p = parameters
    payments = transfers(levers, context)
    national = [payment for payment in payments if not payment.local]
    enrolled = enrolled_share(context, p)
    return Course(
        cash=cash_effect(payments, years, context, p, enrolled),
        national_cash=cash_effect(national, years, context, p, enrolled),
        capacity=capacity(levers, years, context, p),
        marriage=_marriage(levers, years, context, p),
        ideal_change=_ideal_change(levers, years, context, p),
        assisted_reproduction=_assisted_reproduction(levers, years, p),
        infant_mortality=_infant_mortality(levers, years, p),
        first_year=min([*_starts(payments), *_other_starts(levers)], default=years[-1] + 1),
        national_first_year=min(_starts(national), default=years[-1] + 1),
    )


def enrolled_share(context: PolicyContext, parameters: Mapping[str, FloatArray]) -> FloatArray:
    """Return the share of children under 3 in childcare before any lever, (draw,)."""
    places = context.places_per_1000 * context.population / 1000.0
    share: FloatArray = np.minimum(places * parameters["B3"] / context.children_under_3, parameters["B2"])
    return share


def _marriage(levers: Levers, years: range, context: PolicyContext, p: Mapping[str, FloatArray]) -> FloatArray:
    """Return C1 times the grant in years of income plus C4 times the intensity of services, with tempo share C2."""
    effect = np.zeros((len(years), len(p["C1"])))
    if levers.marriage_grant is not None:
        grant = levers.marriage_grant
        paid = Transfer(ORDERS[0], (grant.yuan,), (0.0,), grant.start, grant.end).active(years)
        dose = np.where(paid, [grant.yuan / context.income(year) for year in years], 0.0)
        effect += p["C1"] * dose[:, None] * cash_profile(grant.start, years, p["A10"], p["C2"], p["A9"])
    if levers.marriage_services is not None:
        services = levers.marriage_services
        profile = cash_profile(services.start, years, p["A10"], p["C2"], p["A9"])
        effect += p["C4"] * services.intensity * profile
    return effect


def _ideal_change(levers: Levers, years: range, context: PolicyContext, p: Mapping[str, FloatArray]) -> FloatArray:
    """Return the change of the ideal: of the path where one is given, else what campaigns have added up to."""
    ideals = levers.ideals
    if ideals.ideal_children is not None:
        path = years_between(by_year(ideals.ideal_children), years, context.ideal_children)
        return np.broadcast_to((path - context.ideal_children)[:, None], (len(years), len(p["D1"]))).copy()
    events = years_between(by_year(ideals.campaign_events_per_year), years, context.campaign_events)
    dose = np.cumsum((events - context.campaign_events) / CAMPAIGN_DOSE)
    change: FloatArray = np.clip(dose[:, None] * p["D1"], -CAMPAIGN_CAP, CAMPAIGN_CAP)
    return change


def _assisted_reproduction(levers: Levers, years: range, p: Mapping[str, FloatArray]) -> FloatArray:
    cover = levers.assisted_reproduction
    if cover is None:
        return np.zeros((len(years), len(p["E1"])))
    profile = cash_profile(cover.start, years, p["A10"], np.zeros_like(p["E1"]), p["A9"])
    effect: FloatArray = p["E1"] * cover.cover_share * profile
    return effect


def _infant_mortality(levers: Levers, years: range, p: Mapping[str, FloatArray]) -> FloatArray:
    """Return what the package of maternal and infant health takes off infant mortality, prior F1, without tempo."""
    health = levers.maternal_infant_health
    if health is None:
        return np.zeros((len(years), len(p["F1"])))
    profile = cash_profile(health.start, years, p["A10"], np.zeros_like(p["F1"]), p["A9"])
    effect: FloatArray = -p["F1"] * health.intensity * profile
    return effect


def _starts(payments: Sequence[Transfer]) -> list[int]:
    return [payment.start for payment in payments if any(payment.yuan)]


def _other_starts(levers: Levers) -> list[int]:
    """Return the first years of the levers that move marriage and are no payments for births."""
    starts = [m.start for m in (levers.marriage_grant, levers.marriage_services) if m is not None]
    if levers.running_subsidy is not None and levers.running_subsidy.passed_on_percent > 0.0:
        starts.append(levers.running_subsidy.start)
    childcare = levers.childcare
    for path in (
        childcare.places_per_1000, childcare.new_places_converted, childcare.new_places_built, childcare.places_closed,
        childcare.inclusive_share_percent, childcare.fee_yuan_per_month,
    ):  # fmt: skip
        starts += list(by_year(path))[:1]
    return starts
