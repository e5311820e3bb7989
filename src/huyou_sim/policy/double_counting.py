"""Rules against counting one thing twice, each of which refuses measures that are allowed one by one.

Source: evidence, section 3, double-counting rules. Two of its rules need no check here: that trends are no policy is
held where scenarios are compared, and that fixed amounts erode with incomes is how doses are made (`cash.doses`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from huyou_sim.errors import Problem, ScenarioError
from huyou_sim.policy.measures import NationalSubsidy

if TYPE_CHECKING:
    from huyou_sim.policy.setting import LeverKey, Setting

    Layer = Mapping[LeverKey, Setting]
    Rule = Callable[[Layer], Iterator[Problem]]

FEE = ("childcare", "fee_yuan_per_month")
RATIO = ("childcare", "places_per_1000")
NUMBERS = ("new_places_converted", "new_places_built", "places_closed")


def check_double_counting(layer: Layer) -> None:
    """Raise a ScenarioError with every measure of a scenario's resolved settings that counts something twice."""
    problems = [problem for rule in RULES for problem in rule(layer)]
    if problems:
        raise ScenarioError(problems)


def fee_and_cash(layer: Layer) -> Iterator[Problem]:
    """Yield fee subsidies that are cash for the enrolled and a lower price as well."""
    cash = [s for s in layer.values() if s.key[0] == "childcare_allowance" and s.value["enrolled_only"]]
    prices = [s for s in (layer.get(FEE), _passed_on(layer)) if s is not None]
    for price in prices:
        for setting in cash:
            yield setting.problem(
                f"enrolled_only = true, a fee subsidy paid as cash, beside a lower fee ({price.position})",
                "a fee subsidy in one place: as cash, or in the fee that parents pay",
                "Delete the one or the other: the fee is what parents pay after all subsidies.",
            )


def fee_and_running_subsidy(layer: Layer) -> Iterator[Problem]:
    """Yield running subsidies passed on beside a fee: that is what parents pay after all subsidies."""
    fee, passed = layer.get(FEE), _passed_on(layer)
    if fee is not None and passed is not None:
        yield passed.problem(
            f"passed_on_percent = {passed.value['passed_on_percent']:g} beside the fee of parents ({fee.position})",
            "a lower fee once: as the fee itself, or passed on by a running subsidy",
            "Type passed_on_percent = 0, or delete fee_yuan_per_month.",
        )


def ratio_and_numbers(layer: Layer) -> Iterator[Problem]:
    """Yield places that are opened or closed by number beside a ratio to residents."""
    ratio = layer.get(RATIO)
    for name in NUMBERS:
        number = layer.get(("childcare", name))
        if ratio is not None and number is not None:
            yield number.problem(
                f"{name} beside places_per_1000 ({ratio.position}): two levers for one measure",
                "places in one way: per 1,000 residents, or as numbers opened and closed",
                f"Delete places_per_1000, or {name}.",
            )


def national_twice(layer: Layer) -> Iterator[Problem]:
    """Yield local measures that are the national subsidy, which is in every scenario, once more."""
    national = NationalSubsidy()
    for setting in layer.values():
        if setting.key[0] == "childcare_allowance":
            twice, key = _is_national_allowance(setting.value), "yuan_per_month"
            words = f"{setting.value['yuan_per_month']:g} yuan for {setting.value['months']} months"
            fix = (
                "Delete this [[childcare_allowance]]; or, if the place really pays as much again, "
                "add on_top_of_national = true."
            )
        elif setting.key[0] == "birth_grant":
            twice, key = _is_national_grant(setting.value), "yuan"
            words = f"{setting.value['yuan']:g} yuan in {setting.value['payment_years']} yearly instalments"
            fix = "Delete this [[birth_grant]]; or, if the place really pays as much again, type other payment_years."
        else:
            continue
        if twice:
            yield setting.problem(
                f"{words}, which is the national subsidy of {national.yuan_per_year:g} yuan a year",
                "a local measure: the national one is already in every scenario and would count twice",
                fix,
                key,
            )


def _is_national_allowance(allowance: Mapping[str, Any]) -> bool:
    """Return whether a local allowance is the national subsidy, written down once more."""
    national = NationalSubsidy()
    return (
        not allowance["on_top_of_national"]
        and allowance["yuan_per_month"] * 12 == national.yuan_per_year
        and allowance["months"] == national.months
        and allowance["start"] >= national.start
    )


def _is_national_grant(grant: Mapping[str, Any]) -> bool:
    national = NationalSubsidy()
    years = national.months / 12
    same = grant["payment_years"] == years and grant["yuan"] == years * national.yuan_per_year
    return bool(same and grant["start"] >= national.start)


def _passed_on(layer: Layer) -> Setting | None:
    """Return the running subsidy where parents get some of it."""
    subsidy = layer.get(("running_subsidy",))
    return subsidy if subsidy is not None and subsidy.value["passed_on_percent"] > 0.0 else None


RULES: tuple[Rule, ...] = (fee_and_cash, fee_and_running_subsidy, ratio_and_numbers, national_twice)
