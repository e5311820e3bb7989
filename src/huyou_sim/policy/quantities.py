"""What a scenario must pay for, counted: yuan granted, places opened, child-months, events, year by year.

Payments are counted in the year in which they fall due. What births and marriages up to the last projected year were
promised is counted to its end, in the years after it, so that a grant in instalments is no cheaper than one in one sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.policy.cash import ORDERS
from huyou_sim.policy.childcare import mean_running_subsidy, yearly
from huyou_sim.policy.measures import by_year
from huyou_sim.policy.profiles import years_between

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.measures import Levers
    from huyou_sim.policy.scenario import Scenario

    Array = NDArray[np.float64]

MEASURES = (
    "birth_grant", "childcare_allowance", "tax_deduction", "housing_coupon", "rent_reduction", "provident_fund_loan",
    "maternity_leave", "employer_subsidy", "marriage_grant", "national_childcare_subsidy", "childcare_places",
    "childcare_converted", "childcare_built", "childcare_running", "running_subsidy", "childcare_fee",
    "marriage_services", "campaigns", "assisted_reproduction", "maternal_infant_health",
)  # fmt: skip
"""What is paid for, in the order of all tables."""

NEEDED = (
    *(f"births_order_{order}" for order in ORDERS), "first_marriages", "population_total", "population_under_3",
    "childcare_opened", "childcare_in_use",
)  # fmt: skip
"""Indicators that costs rest on."""

TAIL = 18
"""Years after the last projected one in which a payment may still fall due [years]: the longest instalments."""

MONTHS = 12


def month_shares(months: int) -> Array:
    """Return how many of a child's monthly payments fall into the year of birth and each year after it, (year since,).

    Births are spread evenly over twelve months, and the first payment is made in the month of birth: of 36 payments,
    6.5 fall into the year of birth.
    """
    paid = np.add.outer(np.arange(MONTHS), np.arange(months)) // MONTHS
    found: Array = np.bincount(paid.ravel(), minlength=1).astype(np.float64) / MONTHS
    return found


def quantities(
    scenarios: Sequence[Scenario], indicators: xr.Dataset, economy: PolicyContext, areas: Sequence[str]
) -> tuple[Array, range]:
    """Return what scenarios must pay for in all areas together.

    Parameters
    ----------
    scenarios : sequence of Scenario
    indicators : xarray.Dataset
        `NEEDED`, by (scenario, draw, area, year).
    economy : PolicyContext
    areas : sequence of str
        Areas that add up to the place, without the place itself.

    Returns
    -------
    quantities : (scenario, measure, draw, year) [unit of the measure]
    years : range
        From the first projected year to `TAIL` years after the last.

    Raises
    ------
    ArgumentError
        When an indicator is missing.
    """
    missing = [name for name in NEEDED if name not in indicators]
    if missing:
        text = ", ".join(missing)
        raise ArgumentError(
            Problem("indicators", f"no {text}", "what costs rest on", "Project the scenarios for the place.")
        )
    first, last = int(indicators["year"].values[0]), int(indicators["year"].values[-1])
    counted = {
        name: indicators[name].sel(area=list(areas)).transpose("scenario", "draw", "area", "year").values
        for name in NEEDED
    }
    labels = [str(label) for label in indicators["scenario"].values]
    years = range(first, last + 1)
    found = np.zeros((len(scenarios), len(MEASURES), indicators.sizes["draw"], len(years) + TAIL))
    for i, scenario in enumerate(scenarios):
        here = {name: values[labels.index(scenario.key)] for name, values in counted.items()}
        applies = np.array([scenario.areas is None or area in scenario.areas for area in areas], dtype=np.float64)
        measured = (
            _payments(scenario.levers, here, years, applies, economy)
            | _worth(scenario.levers, here, years, applies, economy)
            | _services(scenario.levers, here, years, applies, economy)
        )
        for measure, values in measured.items():
            found[i, MEASURES.index(measure), :, : values.shape[-1]] = values
    return found, range(first, last + 1 + TAIL)


def _due(cohorts: Array, by_since: Array) -> Array:
    """Return what falls due in each year, (draw, year), of cohorts (draw, year) that get `by_since` (year since,)."""
    draws, length = cohorts.shape
    due = np.zeros((draws, length + TAIL))
    for since, amount in enumerate(by_since[: TAIL + 1]):
        due[:, since : since + length] += amount * cohorts
    return due


def _active(years: range, start: int, end: int | None) -> Array:
    here = np.array(years)
    return ((here >= start) & (here <= (years[-1] if end is None else end))).astype(np.float64)


def _growing(due: Array, years: range, economy: PolicyContext) -> Array:
    """Return amounts of the base year, (draw, year), as they are after incomes have grown."""
    grown: Array = due * np.array([economy.growth(years[0] + i) for i in range(due.shape[-1])])
    return grown


def _payments(
    levers: Levers, here: Mapping[str, Array], years: range, applies: Array, economy: PolicyContext
) -> dict[str, Array]:
    """Return the yuan of grants and allowances that fall due, by measure, (draw, year)."""
    found: dict[str, Array] = {}

    def add(measure: str, amount: Array) -> None:
        found[measure] = found[measure] + amount if measure in found else amount

    for grant in levers.birth_grant:
        each = np.full(grant.payment_years, grant.yuan / grant.payment_years)
        births = _births(here, applies, grant.order)
        add("birth_grant", _due(births * _active(years, grant.start, grant.end), each))
    for allowance in levers.childcare_allowance:
        each = allowance.yuan_per_month * month_shares(allowance.months)
        cohorts = _births(here, applies, allowance.order) * _active(years, allowance.start, allowance.end)
        if allowance.enrolled_only:
            cohorts = cohorts * _enrolled_share(here)
        add("childcare_allowance", _due(cohorts, each))
    national = levers.national_childcare_subsidy
    each = national.yuan_per_year / MONTHS * month_shares(national.months)
    due = _due(_births(here, np.ones_like(applies)), each)
    # Children born before the scheme get the months that are left to them.
    due[:, : max(national.start - years[0], 0)] = 0.0
    add("national_childcare_subsidy", due)
    if levers.marriage_grant is not None:
        marriages = np.einsum("day,a->dy", here["first_marriages"], applies)
        grant_years = _active(years, levers.marriage_grant.start, levers.marriage_grant.end)
        add("marriage_grant", levers.marriage_grant.yuan * marriages * grant_years)
    if (employer := levers.employer_subsidy) is not None:
        each = employer.yuan_per_month * economy.employed_share_mothers * month_shares(employer.months)
        add("employer_subsidy", _due(_births(here, applies) * _active(years, employer.start, employer.end), each))
    return found


def _worth(
    levers: Levers, here: Mapping[str, Array], years: range, applies: Array, economy: PolicyContext
) -> dict[str, Array]:
    """Return what is given up or granted in kind: tax, rent, coupons, loans, leave, by measure, (draw, year)."""
    found: dict[str, Array] = {}
    if (tax := levers.tax_deduction) is not None:
        cohorts = _births(here, np.ones_like(applies)) * _active(years, tax.start, tax.end)
        found["tax_deduction"] = _due(cohorts, tax.yuan_per_month * month_shares(tax.months))
    for coupon in levers.housing_coupon:
        cohorts = _births(here, applies, coupon.order) * _active(years, coupon.start, coupon.end)
        found["housing_coupon"] = (
            found.get("housing_coupon", 0.0) + coupon.yuan * coupon.take_up_percent / 100.0 * cohorts
        )
    if (rent := levers.rent_reduction) is not None:
        cohorts = _births(here, applies, *ORDERS[rent.from_order - 1 :]) * _active(years, rent.start, rent.end)
        saved = economy.market_rent * rent.percent / 100.0 * rent.take_up_percent / 100.0
        found["rent_reduction"] = _growing(_due(cohorts, saved * month_shares(rent.months)), years, economy)
    if (loan := levers.provident_fund_loan) is not None:
        cohorts = _births(here, applies, *ORDERS[loan.from_order - 1 :]) * _active(years, loan.start, loan.end)
        found["provident_fund_loan"] = loan.limit_raised_percent * loan.take_up_percent / 100.0 * cohorts
    for leave in levers.maternity_leave:
        cohorts = _births(here, applies, leave.order) * _active(years, leave.start, leave.end)
        days = _growing(leave.extra_days * economy.employed_share_mothers * cohorts, years, economy)
        found["maternity_leave"] = found.get("maternity_leave", 0.0) + days
    return found


def _births(here: Mapping[str, Array], weight: Array, *orders: int) -> Array:
    """Return births of some orders, or of all, in areas by their weight, (draw, year)."""
    found: Array = sum(np.einsum("day,a->dy", here[f"births_order_{order}"], weight) for order in orders or ORDERS)
    return found


def _enrolled_share(here: Mapping[str, Array]) -> Array:
    """Return the share of children under 3 who are in childcare, (draw, year): of those at the year's start."""
    children = here["population_under_3"].sum(axis=1)
    # The stock before the first year is not kept; its end stands in.
    before = np.concatenate([children[..., :1], children[..., :-1]], axis=-1)
    share: Array = here["childcare_in_use"].sum(axis=1) / np.maximum(before, 1e-9)
    return share


def _services(
    levers: Levers, here: Mapping[str, Array], years: range, applies: Array, economy: PolicyContext
) -> dict[str, Array]:
    """Return places, child-months, residents, events and births that services are paid for, by measure, (draw, year).

    The course of a lever is the scenario's where it applies, the place's own figure elsewhere.
    """

    def course(path: Mapping[str, float] | None, own: float) -> Array:
        value: Array = np.where(applies[:, None] > 0.0, years_between(by_year(path), years, own), own)
        return value

    enrolled, people = here["childcare_in_use"], here["population_total"]
    care = levers.childcare
    converted, built = yearly(care.new_places_converted, years), yearly(care.new_places_built, years)
    opened = here["childcare_opened"].sum(axis=1)
    inclusive = course(care.inclusive_share_percent, economy.inclusive_share) / 100.0
    relief = np.maximum(economy.fee - course(care.fee_yuan_per_month, economy.fee), 0.0)
    subsidy = np.multiply.outer(applies, mean_running_subsidy(levers, years, economy))
    events = course(levers.ideals.campaign_events_per_year, economy.campaign_events)
    share = people / people.sum(axis=1, keepdims=True)
    found = {
        "childcare_places": np.maximum(opened - converted - built, 0.0),
        "childcare_converted": np.broadcast_to(converted, opened.shape),
        "childcare_built": np.broadcast_to(built, opened.shape),
        "childcare_running": MONTHS * (inclusive * enrolled).sum(axis=1),
        "running_subsidy": MONTHS * (subsidy * inclusive * enrolled).sum(axis=1),
        "childcare_fee": MONTHS * (relief * enrolled).sum(axis=1),
        "campaigns": (events * share).sum(axis=1),
    }
    if levers.marriage_services is not None:
        served = np.einsum("day,a->dy", people, applies) / 1000.0
        services = levers.marriage_services
        found["marriage_services"] = services.intensity * served * _active(years, services.start, None)
    if (cover := levers.assisted_reproduction) is not None:
        found["assisted_reproduction"] = cover.cover_share * _births(here, applies) * _active(years, cover.start, None)
    if (health := levers.maternal_infant_health) is not None:
        found["maternal_infant_health"] = health.intensity * _births(here, applies) * _active(years, health.start, None)
    return found
