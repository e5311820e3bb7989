"""The format of a scenario file: closed tables in the words of the measures, bounds from the table of levers.

A table of one measure (`[marriage_grant]`) and an element of a list (`[[birth_grant]]` of one order) are each
one lever: a file that sets one sets it whole. `[trends]`, `[childcare]` and `[ideals]` hold several levers, which
files set one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from huyou_sim.policy.levers import FIRST_YEAR, HORIZON, levers

YEAR_PATTERN = "^20(2[2-9]|[34][0-9]|50)$"
"""Years that a path may name: `FIRST_YEAR` to `HORIZON`."""


def _bounds(key: str) -> dict[str, Any]:
    lever = levers()[key]
    if lever.unit in ("months", "years", "year", "birth order"):
        bounds: dict[str, Any] = {"ge": int(lever.lower), "le": int(lever.upper)}
    else:
        bounds = {"ge": lever.lower, "le": lever.upper, "allow_inf_nan": False}
    return bounds


def _quantity(key: str, **more: Any) -> Any:
    """Return the field of a lever: bounds and words from the table of levers."""
    lever = levers()[key]
    words: JsonDict = {"unit": lever.unit, "title_zh": lever.label_zh}
    return Field(
        title=lever.label_en, description=f"{lever.doc} [{lever.unit}]", json_schema_extra=words, **_bounds(key), **more
    )


def _path(key: str) -> Any:
    """Return the field of a lever that is given by year."""
    lever = levers()[key]
    words: JsonDict = {"unit": lever.unit, "title_zh": lever.label_zh}
    return Field(
        default=None,
        min_length=1,
        title=lever.label_en,
        description=f"{lever.doc} [{lever.unit}]",
        json_schema_extra=words,
    )


Year = Annotated[str, Field(pattern=YEAR_PATTERN)]


class _Table(BaseModel):
    """A closed, frozen table whose values keep their TOML types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Measure(_Table):
    """A table of levers, which says where its values come from."""

    assumed: bool = Field(default=False, description="true when no source gives the values: then `reason` says why")
    reason: str = Field(default="", description="where the values come from, in one sentence")


class Words(_Table):
    """A text in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Trends(_Table):
    """What share of each no-policy trend a scenario takes: 1 as it is, 0 constant rates."""

    marriage: float = _quantity("trends.marriage", default=1.0)
    fertility: float = _quantity("trends.fertility", default=1.0)
    mortality: float = _quantity("trends.mortality", default=1.0)
    infant_mortality: float = _quantity("trends.infant_mortality", default=1.0)
    migration: float = _quantity("trends.migration", default=1.0)


class NationalSubsidy(Measure):
    """The national childcare subsidy, paid for every order in every area."""

    yuan_per_year: float = _quantity("national_childcare_subsidy.yuan_per_year", default=3600.0)
    months: int = _quantity("national_childcare_subsidy.months", default=36)
    start: int = _quantity("national_childcare_subsidy.start", default=2025)


class BirthGrant(Measure):
    """A grant at birth, in one or several yearly instalments. Local: part of its effect is relocation."""

    order: int = _quantity("birth_grant.order")
    yuan: float = _quantity("birth_grant.yuan")
    start: int = _quantity("birth_grant.start")
    end: int | None = _quantity("birth_grant.end", default=None)
    payment_years: int = _quantity("birth_grant.payment_years", default=1)


class ChildcareAllowance(Measure):
    """A monthly allowance from birth. Local: part of its effect is relocation."""

    order: int = _quantity("childcare_allowance.order")
    yuan_per_month: float = _quantity("childcare_allowance.yuan_per_month")
    months: int = _quantity("childcare_allowance.months")
    start: int = _quantity("childcare_allowance.start")
    end: int | None = _quantity("childcare_allowance.end", default=None)
    enrolled_only: bool = Field(
        default=False, description="true when only children in childcare get it: a fee subsidy counted as cash"
    )
    on_top_of_national: bool = Field(
        default=False, description="true for a local allowance that merely equals the national subsidy"
    )


class TaxDeduction(Measure):
    """A deduction from taxable income for each child, in every area: the state's rule, which relocates no births."""

    yuan_per_month: float = _quantity("tax_deduction.yuan_per_month")
    months: int = _quantity("tax_deduction.months", default=36)
    start: int = _quantity("tax_deduction.start")
    end: int | None = _quantity("tax_deduction.end", default=None)


class HousingCoupon(Measure):
    """A coupon at the purchase of a home, for families of one birth order."""

    order: int = _quantity("housing_coupon.order")
    yuan: float = _quantity("housing_coupon.yuan")
    take_up_percent: float = _quantity("housing_coupon.take_up_percent", default=15.0)
    start: int = _quantity("housing_coupon.start")
    end: int | None = _quantity("housing_coupon.end", default=None)


class RentReduction(Measure):
    """A public rental below the market's rent, for families with a birth of some order or a later one."""

    from_order: int = _quantity("rent_reduction.from_order", default=3)
    percent: float = _quantity("rent_reduction.percent")
    months: int = _quantity("rent_reduction.months", default=36)
    take_up_percent: float = _quantity("rent_reduction.take_up_percent", default=10.0)
    start: int = _quantity("rent_reduction.start")
    end: int | None = _quantity("rent_reduction.end", default=None)


class ProvidentFundLoan(Measure):
    """A higher limit of provident-fund loans, for families with a birth of some order or a later one."""

    from_order: int = _quantity("provident_fund_loan.from_order", default=3)
    limit_raised_percent: float = _quantity("provident_fund_loan.limit_raised_percent")
    take_up_percent: float = _quantity("provident_fund_loan.take_up_percent", default=15.0)
    start: int = _quantity("provident_fund_loan.start")
    end: int | None = _quantity("provident_fund_loan.end", default=None)


class MaternityLeave(Measure):
    """Paid leave beyond the law, for mothers of one birth order who are employed."""

    order: int = _quantity("maternity_leave.order")
    extra_days: float = _quantity("maternity_leave.extra_days")
    start: int = _quantity("maternity_leave.start")
    end: int | None = _quantity("maternity_leave.end", default=None)


class EmployerSubsidy(Measure):
    """What employers get for social insurance of mothers on leave."""

    yuan_per_month: float = _quantity("employer_subsidy.yuan_per_month")
    months: int = _quantity("employer_subsidy.months", default=6)
    start: int = _quantity("employer_subsidy.start")
    end: int | None = _quantity("employer_subsidy.end", default=None)


class Childcare(Measure):
    """Places, who can afford them and what they cost, each by year.

    Places are given as a ratio to residents, or as places opened and closed, never as both.
    """

    places_per_1000: dict[Year, Annotated[float, Field(**_bounds("childcare.places_per_1000"))]] | None = _path(
        "childcare.places_per_1000"
    )
    new_places_converted: dict[Year, Annotated[float, Field(**_bounds("childcare.new_places_converted"))]] | None = (
        _path("childcare.new_places_converted")
    )
    new_places_built: dict[Year, Annotated[float, Field(**_bounds("childcare.new_places_built"))]] | None = _path(
        "childcare.new_places_built"
    )
    places_closed: dict[Year, Annotated[float, Field(**_bounds("childcare.places_closed"))]] | None = _path(
        "childcare.places_closed"
    )
    inclusive_share_percent: (
        dict[Year, Annotated[float, Field(**_bounds("childcare.inclusive_share_percent"))]] | None
    ) = _path("childcare.inclusive_share_percent")
    fee_yuan_per_month: dict[Year, Annotated[float, Field(**_bounds("childcare.fee_yuan_per_month"))]] | None = _path(
        "childcare.fee_yuan_per_month"
    )


class RunningSubsidy(Measure):
    """What inclusive places get for each enrolled child, by its age, on top of what is paid today."""

    months_6_12: float = _quantity("running_subsidy.months_6_12", default=0.0)
    months_12_24: float = _quantity("running_subsidy.months_12_24", default=0.0)
    months_24_36: float = _quantity("running_subsidy.months_24_36", default=0.0)
    passed_on_percent: float = _quantity("running_subsidy.passed_on_percent", default=0.0)
    start: int = _quantity("running_subsidy.start")
    end: int | None = _quantity("running_subsidy.end", default=None)


class MarriageGrant(Measure):
    """A grant at the first marriage."""

    yuan: float = _quantity("marriage_grant.yuan")
    start: int = _quantity("marriage_grant.start")
    end: int | None = _quantity("marriage_grant.end", default=None)


class MarriageServices(Measure):
    """Dating services, registries, customs reform: one package with an intensity."""

    intensity: float = _quantity("marriage_services.intensity")
    start: int = _quantity("marriage_services.start")


class Ideals(Measure):
    """Campaigns, or the ideal number of children itself; given both, the ideal number wins."""

    ideal_children: dict[Year, Annotated[float, Field(**_bounds("ideals.ideal_children"))]] | None = _path(
        "ideals.ideal_children"
    )
    campaign_events_per_year: (
        dict[Year, Annotated[float, Field(**_bounds("ideals.campaign_events_per_year"))]] | None
    ) = _path("ideals.campaign_events_per_year")


class AssistedReproduction(Measure):
    """Cover of assisted reproduction by medical insurance."""

    cover_share: float = _quantity("assisted_reproduction.cover_share")
    start: int = _quantity("assisted_reproduction.start")


class MaternalInfantHealth(Measure):
    """Safe delivery, screening of newborns and paediatrics: one package with an intensity."""

    intensity: float = _quantity("maternal_infant_health.intensity")
    start: int = _quantity("maternal_infant_health.start")


class Levers(_Table):
    """All levers of a scenario. What is not set is not used, but for the national subsidy, which is."""

    national_childcare_subsidy: NationalSubsidy = Field(default_factory=NationalSubsidy)
    # A list in the file, a tuple here: a loaded scenario cannot be changed.
    birth_grant: tuple[BirthGrant, ...] = Field(default=(), strict=False)
    childcare_allowance: tuple[ChildcareAllowance, ...] = Field(default=(), strict=False)
    tax_deduction: TaxDeduction | None = None
    housing_coupon: tuple[HousingCoupon, ...] = Field(default=(), strict=False)
    rent_reduction: RentReduction | None = None
    provident_fund_loan: ProvidentFundLoan | None = None
    maternity_leave: tuple[MaternityLeave, ...] = Field(default=(), strict=False)
    employer_subsidy: EmployerSubsidy | None = None
    childcare: Childcare = Field(default_factory=Childcare)
    running_subsidy: RunningSubsidy | None = None
    marriage_grant: MarriageGrant | None = None
    marriage_services: MarriageServices | None = None
    ideals: Ideals = Field(default_factory=Ideals)
    assisted_reproduction: AssistedReproduction | None = None
    maternal_infant_health: MaternalInfantHealth | None = None


class ScenarioFile(Levers):
    """One scenario file as it is typed: words, parents, areas, trends and levers."""

    name: Words
    description: Words
    reason: str = Field(default="", description="why the package is as it is")
    extends: str | list[str] = Field(
        default_factory=list, description="scenario(s) whose levers this one takes over: names or paths of files"
    )
    areas: list[Annotated[str, Field(min_length=1)]] | None = Field(
        default=None, min_length=1, description="codes of the areas where local measures apply; all when left out"
    )
    trends: Trends = Field(default_factory=Trends)


LIST_TABLES = ("birth_grant", "childcare_allowance", "housing_coupon", "maternity_leave")
"""Tables of which a file may have one per birth order."""

OPEN_TABLES = ("trends", "childcare", "ideals")
"""Tables whose keys are levers of their own."""

WHOLE_TABLES = (
    "national_childcare_subsidy", "tax_deduction", "rent_reduction", "provident_fund_loan", "employer_subsidy",
    "running_subsidy", "marriage_grant", "marriage_services", "assisted_reproduction", "maternal_infant_health",
)  # fmt: skip
"""Tables that are one lever."""


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors and other checkers."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(ScenarioFile.model_json_schema()),
        "title": "huyou_sim scenario",
        "description": f"A package of policy levers, {FIRST_YEAR} to {HORIZON}.",
    }


def _closed(schema: Any) -> Any:
    """Return a schema without values that TOML does not have, and with paths closed to keys that are no years."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items() if not (key == "default" and part is None)}
    if "patternProperties" in closed:
        closed["additionalProperties"] = False
    return closed


def by_year(path: Mapping[str, float] | None) -> dict[int, float]:
    """Return a path with years as numbers, in order; empty when it is not set."""
    return {int(year): float(path[year]) for year in sorted(path)} if path else {}


TABLES: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "name": Words,
        "description": Words,
        "trends": Trends,
        "national_childcare_subsidy": NationalSubsidy,
        "birth_grant": BirthGrant,
        "childcare_allowance": ChildcareAllowance,
        "tax_deduction": TaxDeduction,
        "housing_coupon": HousingCoupon,
        "rent_reduction": RentReduction,
        "provident_fund_loan": ProvidentFundLoan,
        "maternity_leave": MaternityLeave,
        "employer_subsidy": EmployerSubsidy,
        "childcare": Childcare,
        "running_subsidy": RunningSubsidy,
        "marriage_grant": MarriageGrant,
        "marriage_services": MarriageServices,
        "ideals": Ideals,
        "assisted_reproduction": AssistedReproduction,
        "maternal_infant_health": MaternalInfantHealth,
    }
)
"""Model of each table of a file, by its name."""
