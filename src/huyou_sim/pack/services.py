"""What must hold within the tables of services: ranges in order, shares of at most all, norms for all that is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import Problem

if TYPE_CHECKING:
    from huyou_sim.pack.table import Checked

RANGE = ("low", "central", "high")
BEHIND = {
    **{f"pupils_{age}": "kindergarten_places" for age in (3, 4, 5)},
    **{name: name for name in ("childcare_places", "kindergarten_classes", "orphans")},
}
"""What a norm may be of that is no number of people -> the service whose need it is."""


def check_services(tables: Mapping[str, Checked]) -> list[Problem]:
    """Return everything that does not fit together in the norms and the supply of services."""
    problems = []
    for name in ("service_norms", "service_supply"):
        if name in tables:
            problems += _ranges(tables[name])
    if "service_norms" in tables:
        problems += _norms(tables["service_norms"])
    if "service_supply" in tables:
        norms = set(tables["service_norms"].frame["service"]) if "service_norms" in tables else set()
        problems += _supply(tables["service_supply"], norms)
    return problems


def _ranges(checked: Checked) -> list[Problem]:
    """Return a problem for each range that is not in order, and for each share of more than all."""
    problems = []
    for row, item in enumerate(checked.frame.to_dict("records")):
        low, central, high = (float(item[name]) for name in RANGE)
        if not low <= central <= high:
            found, fix = f"{low:g}, {central:g}, {high:g}", "Put the three numbers in order."
            problems.append(checked.problem(row, "low, central, high", found, "numbers that do not fall", fix))
        if item["rule"] == "share" and high > 100.0:
            problems.append(
                checked.problem(row, "column high", f"a share of {high:g} %", "at most 100 %", "Correct the share.")
            )
        if item["rule"] == "people_per" and not low > 0.0:
            expected = "a number above 0: people are divided by it"
            problems.append(checked.problem(row, "column low", f"{low:g}", expected, "Correct the number."))
    return problems


def _norms(checked: Checked) -> list[Problem]:
    """Return a problem for each norm of another service that comes later or not at all, and for a rule that changes."""
    problems = []
    known: set[str] = set()
    rules: dict[tuple[str, str], str] = {}
    for row, item in enumerate(checked.frame.to_dict("records")):
        service, of, rule = (str(item[name]) for name in ("service", "of", "rule"))
        if of in BEHIND and BEHIND[of] not in known - {service}:
            expected = f"a service whose norms stand above: {BEHIND[of]} stands below, or not at all"
            fix = f"Put the rows of {BEHIND[of]} above this one."
            problems.append(checked.problem(row, "column of", f"'{of}'", expected, fix))
        first = rules.setdefault((service, of), rule)
        if rule != first:
            fix = f"Type {first}, or change the rows of other years too."
            problems.append(checked.problem(row, "column rule", f"'{rule}'", f"'{first}', as in the year before", fix))
        known.add(service)
    return problems


def _supply(checked: Checked, norms: set[str]) -> list[Problem]:
    """Return a problem for each supply of what no norm asks for, and for years that do not fit."""
    problems = []
    for row, item in enumerate(checked.frame.to_dict("records")):
        service, first, last = str(item["service"]), int(item["year"]), float(item["last_year"])
        if service not in norms:
            expected = f"a service of service_norms.csv: {', '.join(sorted(norms)) or 'none'}"
            problems.append(checked.problem(row, "column service", f"'{service}'", expected, "Add its norm."))
        if np.isnan(last):
            continue
        if last < first:
            expected = f"{first} or later, the first year of the addition"
            problems.append(
                checked.problem(row, "column last_year", f"{last:g}", expected, "Correct one of the years.")
            )
        if item["rule"] != "number":
            fix = "Type number, and how many a year."
            problems.append(checked.problem(row, "column rule", f"'{item['rule']}'", "'number' for an addition", fix))
    return problems
