"""What levers need to know of a place: incomes, childcare and ideals of the year before they begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from huyou_sim.errors import PackError, Problem

if TYPE_CHECKING:
    from huyou_sim.pack import Pack

YOUNG = 3
"""Childcare places are for children under this age [completed years]."""


@dataclass(frozen=True)
class PolicyContext:
    """A place as its levers find it in the base year.

    Parameters
    ----------
    base_year : int
        The calibration year, to which all figures refer; levers begin the year after.
    disposable_income : float [yuan per head and year]
    income_growth : float [per year]
        Nominal growth of disposable income after the base year, by which fixed amounts lose worth.
    places_per_1000 : float [places per 1000 residents]
    inclusive_share : float [%]
        Price-capped places among all places.
    fee : float [yuan per month]
        What parents pay for a place.
    ideal_children : float [children]
    campaign_events : float [events per year]
    market_rent : float [yuan per month]
    provident_fund_worth : float [yuan per % of the loan limit]
    tax_saved_per_yuan : float [1]
        Of what is taken off taxable income.
    wage_per_leave_day : float [yuan per day]
        Of employed mothers.
    employed_share_mothers : float [1]
    enrolled_share_6_12, enrolled_share_12_24 : float [1]
        Shares of the children in childcare by age in months; the rest are 24-36 months old.
    tfr_second_third : float [children per woman]
        Total fertility rate of orders 2 and above, by which a change in ideals is divided.
    children_under_3, population : float [persons]
    children_by_area : mapping of area to float [persons]
        Children under 3, by whom places that are opened or closed are spread over the areas.
    """

    base_year: int
    disposable_income: float
    income_growth: float
    places_per_1000: float
    inclusive_share: float
    fee: float
    ideal_children: float
    campaign_events: float
    market_rent: float
    provident_fund_worth: float
    tax_saved_per_yuan: float
    wage_per_leave_day: float
    employed_share_mothers: float
    enrolled_share_6_12: float
    enrolled_share_12_24: float
    tfr_second_third: float
    children_under_3: float
    population: float
    children_by_area: Mapping[str, float]

    def income(self, year: int) -> float:
        """Return disposable income per head in a year [yuan], the unit in which transfers are measured."""
        return float(self.disposable_income * self.growth(year))

    def growth(self, year: int) -> float:
        """Return income of a year over that of the base year [1], with which wages and rents grow."""
        return float((1.0 + self.income_growth) ** (year - self.base_year))


ECONOMY = {
    "disposable_income": "disposable_income_per_head",
    "income_growth": "disposable_income_growth",
    "places_per_1000": "childcare_places_per_1000",
    "inclusive_share": "inclusive_share",
    "fee": "childcare_fee",
    "ideal_children": "ideal_children",
    "campaign_events": "campaign_events",
    "market_rent": "market_rent",
    "provident_fund_worth": "provident_fund_worth",
    "tax_saved_per_yuan": "tax_saved_per_yuan",
    "wage_per_leave_day": "wage_per_leave_day",
    "employed_share_mothers": "employed_share_mothers",
    "enrolled_share_6_12": "enrolled_share_6_12",
    "enrolled_share_12_24": "enrolled_share_12_24",
}
"""Field of the context to name in the pack's table `economy`."""


def policy_context(pack: Pack) -> PolicyContext:
    """Return what the levers need to know of a place, from its pack.

    Raises
    ------
    PackError
        With every figure that the pack lacks.
    """
    base_year = pack.start_date.year + 1
    problems: list[Problem] = []
    values: dict[str, float] = {}
    for field, name in ECONOMY.items():
        rows = pack.economy[(pack.economy["name"] == name) & (pack.economy["year"] == base_year)]
        if len(rows) == 1:
            values[field] = float(rows["value"].iloc[0])
        else:
            problems.append(_missing(pack, "economy.csv", name, base_year, len(rows)))
    rates: dict[str, float] = {}
    seen = pack.observations
    for variable in ("tfr", "share_second_third"):
        mine = (seen["variable"] == variable) & (seen["area"] == pack.place.code) & (seen["year"] == base_year)
        if int(mine.sum()) == 1:
            rates[variable] = float(seen.loc[mine, "value"].iloc[0])
        else:
            problems.append(_missing(pack, "observations.csv", variable, base_year, int(mine.sum())))
    if problems:
        raise PackError(problems)
    people = pack.population_single_age
    people = people[people["area"].isin(pack.areas["area"])]
    children = people[people["age"] < YOUNG].groupby("area")["population"].sum()
    return PolicyContext(
        base_year=base_year,
        tfr_second_third=rates["tfr"] * rates["share_second_third"] / 100.0,
        children_under_3=float(children.sum()),
        population=float(people["population"].sum()),
        children_by_area=MappingProxyType({str(area): float(count) for area, count in children.items()}),
        **values,
    )


def _missing(pack: Pack, file: str, name: str, year: int, count: int) -> Problem:
    return Problem(
        f"{name}, {year}",
        "nothing" if count == 0 else f"{count} rows",
        "one row, which levers need",
        f"Add a row '{name}' for {year} with unit, kind and source." if count == 0 else "Leave one row.",
        str(pack.path / file),
    )
