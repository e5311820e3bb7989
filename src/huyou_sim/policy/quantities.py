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
    "birth_grant", "childcare_allowance", "marriage_grant", "national_childcare_subsidy", "childcare_places",
    "childcare_running", "childcare_fee", "marriage_services", "campaigns", "assisted_reproduction",
)  # fmt: skip
"""What is paid for, in the order of all tables."""

NEEDED = (
    *(f"births_order_{order}" for order in ORDERS), "first_marriages", "population_total", "population_under_3",
    "childcare_places", "childcare_coverage",
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
        measured = _payments(scenario.levers, here, years, applies) | _services(
            scenario.levers, here, years, applies, economy
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


def _payments(levers: Levers, here: Mapping[str, Array], years: range, applies: Array) -> dict[str, Array]:
    """Return the yuan of grants and allowances that fall due, by measure, (draw, year)."""

    def births(order: int, weight: Array) -> Array:
        found: Array = np.einsum("day,a->dy", here[f"births_order_{order}"], weight)
        return found

    found: dict[str, Array] = {}

    def add(measure: str, amount: Array) -> None:
        found[measure] = found[measure] + amount if measure in found else amount

    for grant in levers.birth_grant:
        each = np.full(grant.payment_years, grant.yuan / grant.payment_years)
        add("birth_grant", _due(births(grant.order, applies) * _active(years, grant.start, grant.end), each))
    for allowance in levers.childcare_allowance:
        each = allowance.yuan_per_month * month_shares(allowance.months)
        cohorts = births(allowance.order, applies) * _active(years, allowance.start, allowance.end)
        if allowance.enrolled_only:
            cohorts = cohorts * _enrolled_share(here)
        add("childcare_allowance", _due(cohorts, each))
    national = levers.national_childcare_subsidy
    each = national.yuan_per_year / MONTHS * month_shares(national.months)
    everywhere = np.ones_like(applies)
    due = _due(np.sum([births(order, everywhere) for order in ORDERS], axis=0), each)
    # Children born before the scheme get the months that are left to them.
    due[:, : max(national.start - years[0], 0)] = 0.0
    add("national_childcare_subsidy", due)
    if levers.marriage_grant is not None:
        marriages = np.einsum("day,a->dy", here["first_marriages"], applies)
        grant_years = _active(years, levers.marriage_grant.start, levers.marriage_grant.end)
        add("marriage_grant", levers.marriage_grant.yuan * marriages * grant_years)
    return found


def _at_start(stock: Array) -> Array:
    """Return a stock (draw, area, year) at each year's start; that of the first year is not kept, its end stands in."""
    return np.concatenate([stock[..., :1], stock[..., :-1]], axis=-1)


def _enrolled(here: Mapping[str, Array]) -> Array:
    """Return children in childcare, (draw, area, year) [persons]: coverage is of the children at the year's start."""
    found: Array = here["childcare_coverage"] / 100.0 * _at_start(here["population_under_3"])
    return found


def _enrolled_share(here: Mapping[str, Array]) -> Array:
    children = _at_start(here["population_under_3"]).sum(axis=1)
    share: Array = _enrolled(here).sum(axis=1) / np.maximum(children, 1e-9)
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

    places, enrolled, people = here["childcare_places"], _enrolled(here), here["population_total"]
    opened = np.maximum(np.diff(places, axis=-1, prepend=places[..., :1]), 0.0)
    inclusive = course(levers.childcare.inclusive_share_percent, economy.inclusive_share) / 100.0
    relief = np.maximum(economy.fee - course(levers.childcare.fee_yuan_per_month, economy.fee), 0.0)
    events = course(levers.ideals.campaign_events_per_year, economy.campaign_events)
    share = people / people.sum(axis=1, keepdims=True)
    found = {
        "childcare_places": opened.sum(axis=1),
        "childcare_running": MONTHS * (inclusive * enrolled).sum(axis=1),
        "childcare_fee": MONTHS * (relief * enrolled).sum(axis=1),
        "campaigns": (events * share).sum(axis=1),
    }
    if levers.marriage_services is not None:
        served = np.einsum("day,a->dy", people, applies) / 1000.0
        services = levers.marriage_services
        found["marriage_services"] = services.intensity * served * _active(years, services.start, None)
    if levers.assisted_reproduction is not None:
        births = sum(np.einsum("day,a->dy", here[f"births_order_{order}"], applies) for order in ORDERS)
        cover = levers.assisted_reproduction
        found["assisted_reproduction"] = cover.cover_share * births * _active(years, cover.start, None)
    return found
