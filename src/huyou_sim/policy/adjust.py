"""Scenarios with levers set to numbers: what a search turns, checked as a scenario file is.

A key names a quantity of `settable.csv`, with a birth order behind it where only one order is meant:
``childcare.places_per_1000``, ``birth_grant.yuan`` (all orders), ``birth_grant.yuan.2`` (second births).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.policy.cash import ORDERS
from huyou_sim.policy.levers import FIRST_YEAR, HORIZON, Lever, levers
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, TABLES
from huyou_sim.policy.scenario import Scenario, scenario_of
from huyou_sim.policy.setting import Setting

if TYPE_CHECKING:
    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.setting import LeverKey

START = FIRST_YEAR + 1
"""Year in which a lever begins that the base does not have: the plan of August 2022 acts from 2023."""

REACHED_BY = 2025
"""Year by which a lever that is given by year has its value, on a straight line: the plan's target year."""

MONTHS = 36
"""Months for which an allowance is paid that the base does not have: until the third birthday."""

PLACE = "place"
"""Weakest value of a lever that is not used: the place's own figure of the base year."""


@dataclass(frozen=True)
class Settable:
    """A lever that can be set to a number.

    Parameters
    ----------
    key : str
        As it is typed, with the birth order behind it where only one is meant.
    lever : Lever
        What a scenario file allows of it.
    order : int, optional
    weakest, strongest : float [unit of the lever]
        Where a search begins, which is the lever not used, and where it ends. Weaker may be the larger number.
    priced : bool
        Whether a cost is known: without one, a search for the cheapest package would take it for a gift.
    reason : str
        Why the search ends there.
    """

    key: str
    lever: Lever
    order: int | None
    weakest: float
    strongest: float
    priced: bool
    reason: str

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the lower and the higher of both ends."""
        return min(self.weakest, self.strongest), max(self.weakest, self.strongest)

    def label(self, lang: str) -> str:
        """Return the name for people, in `zh` or else English, with the birth order where only one is meant."""
        name = self.lever.label_zh if lang == "zh" else self.lever.label_en
        if self.order is None:
            return name
        return f"{name}（{self.order}孩）" if lang == "zh" else f"{name}, order {self.order}"


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    text = files("huyou_sim.policy").joinpath("settable.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["lever"]: row for row in csv.DictReader(text.splitlines())})


def settable_keys() -> tuple[str, ...]:
    """Return every key that can be set to a number, with and without the birth order."""
    keys: list[str] = []
    for lever in _rows():
        keys.append(lever)
        if lever.split(".")[0] in LIST_TABLES:
            keys += [f"{lever}.{order}" for order in ORDERS]
    return tuple(keys)


def settable(key: str, economy: PolicyContext) -> Settable:
    """Return what is known of a lever that can be set to a number.

    Raises
    ------
    ArgumentError
        When there is no such lever; the nearest is suggested.
    """
    known = settable_keys()
    if key not in known:
        raise ArgumentError(Problem("lever", f"'{key}'", "a lever that can be set to a number", suggest(key, known)))
    table, quantity, *order = key.split(".")
    lever = f"{table}.{quantity}"
    row = _rows()[lever]
    weakest = float(getattr(economy, _OF_PLACE[lever])) if row["weakest"] == PLACE else float(row["weakest"])
    return Settable(
        key=key,
        lever=levers()[lever],
        order=int(order[0]) if order else None,
        weakest=weakest,
        strongest=float(row["strongest"]),
        priced=row["priced"] == "yes",
        reason=row["reason"],
    )


_OF_PLACE: Mapping[str, str] = {
    "childcare.places_per_1000": "places_per_1000",
    "childcare.inclusive_share_percent": "inclusive_share",
    "childcare.fee_yuan_per_month": "fee",
    "ideals.ideal_children": "ideal_children",
    "ideals.campaign_events_per_year": "campaign_events",
}
"""Lever that is given by year to the field of `PolicyContext` from which it starts."""


def scenario_with(
    base: Scenario,
    settings: Mapping[str, float],
    economy: PolicyContext,
    *,
    key: str | None = None,
    start: int = START,
    by: int = REACHED_BY,
) -> Scenario:
    """Return a scenario with some levers set to numbers, all else as in `base`.

    A measure keeps the years, months and instalments that it has in the base; one that the base does not have begins in
    `start` and does not end. A lever that is given by year keeps the base's years before `by`, or starts from the
    place's figure in the year before `start`; it has its value in `by` and after it. The weakest value of a lever that
    the base does not use leaves the scenario as it is.

    Parameters
    ----------
    base : Scenario
    settings : mapping of lever key to value [unit of the lever]
        Keys as in `settable_keys`.
    economy : PolicyContext
    key : str, optional
        Name of the scenario; that of the base when omitted.
    start, by : int

    Raises
    ------
    ArgumentError
        With every key that is no lever, and every value that is no number or out of the bounds of a scenario file.
    ScenarioError
        When the levers would count one thing twice.
    """
    problems = [problem for name, value in settings.items() if (problem := _fault(name, value, economy)) is not None]
    overlapping = [name for name in settings if name.count(".") == 2 and name.rsplit(".", 1)[0] in settings]
    problems += [
        Problem(name, f"set beside {name.rsplit('.', 1)[0]}, which is all orders", "one of both", f"Leave {name} out.")
        for name in overlapping
    ]
    if problems:
        raise ArgumentError(problems)
    layer = {setting.key: setting for setting in base.settings}
    for name, value in settings.items():
        for place, content in _contents(name, float(value), layer, economy, start, by):
            if content is None:
                layer.pop(place, None)
            else:
                layer[place] = Setting(place, content, base.path, (), reason="set to a number")
    return scenario_of(replace(base, key=key or base.key), layer)


def _fault(name: str, value: float, economy: PolicyContext) -> Problem | None:
    """Return what is wrong with one setting."""
    try:
        lever = settable(name, economy).lever
    except ArgumentError as error:
        return error.problems[0]
    if math.isfinite(value) and lever.lower <= value <= lever.upper:
        return None
    return Problem(name, f"{value:g} {lever.unit}", lever.range_text(), f"Type {name}={lever.example}.")


def _contents(
    name: str, value: float, layer: Mapping[LeverKey, Setting], economy: PolicyContext, start: int, by: int
) -> list[tuple[LeverKey, Any]]:
    """Return the settings that one number makes, by their key in the layer; None takes a setting out."""
    table, quantity, *order = name.split(".")
    if table in OPEN_TABLES:
        weakest = settable(name, economy).weakest
        return [((table, quantity), _path(value, layer.get((table, quantity)), weakest, start, by))]
    if table in LIST_TABLES:
        found: list[tuple[LeverKey, Any]] = []
        for one in [int(order[0])] if order else ORDERS:
            place: LeverKey = (table, one)
            new = {**_new(table), "order": one, "start": start}
            found.append((place, _measure(quantity, value, layer.get(place), new)))
        return found
    return [((table,), _measure(quantity, value, layer.get((table,)), {**_new(table), "start": start}))]


def _new(table: str) -> dict[str, Any]:
    """Return a measure that the base does not have, without its amount, start and order: as the format leaves it."""
    kept = {name: field for name, field in TABLES[table].model_fields.items() if name not in ("assumed", "reason")}
    left_out = {name: field.default for name, field in kept.items() if not field.is_required()}
    return {"months": MONTHS, **left_out} if "months" in kept else left_out


def _measure(quantity: str, value: float, before: Setting | None, new: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a measure with its amount; None where there is none, so that an unused lever leaves no trace."""
    if value == 0.0:
        return None
    return {**(before.value if before is not None else new), quantity: value}


def _path(value: float, before: Setting | None, weakest: float, start: int, by: int) -> dict[str, float] | None:
    """Return a lever by year that has its value in `by`."""
    earlier = {} if before is None else {year: v for year, v in before.value.items() if int(year) < by}
    if not earlier:
        if value == weakest:
            return None
        earlier = {str(min(start, by) - 1): weakest}
    return {**earlier, str(min(by, HORIZON)): value}
