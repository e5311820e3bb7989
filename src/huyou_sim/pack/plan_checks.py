"""What must hold between the tables of a plan: indicators known, shares that are shares, units, methods complete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.errors import Problem, suggest
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from huyou_sim.pack.table import Checked

LEVELS = ("lenient", "central", "strict")
"""From the mildest to the strictest threshold."""

PRIOR = ("prior_low", "prior_central", "prior_high", "step_sd")
SUPPLY = {
    "paediatricians_per_child": ("paediatrician_growth",),
    "public_kindergarten_share": (
        "kindergarten_enrolment", "new_public_places", "public_places_taken_up", "public_share_of_decline",
    ),
    "new_public_places": ("new_public_places",),
    "kindergartens": ("kindergartens",),
}  # fmt: skip
"""Path of a scorecard's row to the rows of supply.csv that it needs."""

PATHS: Mapping[str, tuple[str, ...]] = {
    "ensemble": ("",),
    "supply_over_people": (
        "places_per_resident", "paediatricians_per_child", "public_kindergarten_share", "new_public_places",
    ),
    "poisson_over_births": ("",),
    "scenario": (
        "childcare.inclusive_share_percent", "ideals.campaign_events_per_year", "marriage_services.intensity",
    ),
    "course": ("", "kindergartens"),
    "none": ("",),
}  # fmt: skip
"""Method of a scorecard's row to the paths that it may have."""

UNJUDGED = ("ensemble", "none")
"""Methods whose rows have no thresholds: targets.csv has them, or there are none."""


def check_plan(tables: Mapping[str, Checked]) -> list[Problem]:
    """Return everything that does not fit together in the tables of a plan; tables that are not there are left out.

    Parameters
    ----------
    tables : mapping
        Tables of a place pack that could be read.
    """
    problems: list[Problem] = []
    given = {name: tables[name] for name in ("indicators", "targets", "scorecard", "supply") if name in tables}
    if "indicators" in given:
        problems += _indicators(given["indicators"])
    if "targets" in given:
        problems += _targets(given["targets"])
    for name in ("targets", "scorecard"):
        if name in given and "indicators" in given:
            problems += _known_ids(given[name], given["indicators"])
            problems += _same_baseline(given[name], given["indicators"])
    if "supply" in given:
        problems += _ranges(given["supply"], ("low", "central", "high"))
    if "scorecard" in given:
        problems += _scorecard(given)
    return problems


def _rows(checked: Checked) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    """Yield the rows of a table with their positions, the first of each key alone: a double is reported already."""
    keys = [name for name in ("indicator_id", "id", "level") if name in checked.frame]
    again = checked.frame.duplicated(keys) if keys else np.zeros(len(checked.frame), dtype=bool)
    for at, (row, double) in enumerate(zip(checked.frame.to_dict("records"), again, strict=True)):
        if not double:
            yield at, row


def percentage(value: float) -> tuple[str, str] | None:
    """Return what was expected of a percentage that is none and what to type; None for one from 0 to 100."""
    if np.isnan(value) or 0.0 <= value <= 100.0:
        return None
    expected = "a percentage from 0 to 100"
    for scale in (10.0, 100.0, 1000.0):
        if 0.0 <= value / scale <= 100.0:
            return expected, f"Did you mean {value / scale:g}?"
    return expected, "Correct the value."


def _share(unit: str, variable: str = "") -> bool:
    """Return whether figures of a unit are shares: a ratio in % such as dependency may exceed 100."""
    known = variables().get(variable)
    return unit == "%" and (known is None or known.upper is not None)


def _percentages(checked: Checked, at: int, row: Mapping[Any, Any], names: Sequence[str]) -> list[Problem]:
    problems = []
    for name in names:
        wrong = percentage(float(row[name]))
        if wrong:
            problems.append(checked.problem(at, f"column {name}", f"{float(row[name]):g} %", *wrong))
    return problems


def _indicators(checked: Checked) -> list[Problem]:
    problems = []
    for at, row in _rows(checked):
        if _share(row["unit"], row["variable"]):
            problems += _percentages(checked, at, row, ["base_2021"])
        if row["variable"]:
            problems += _variable(checked, at, row)
        if row["target_kind"] != "value":
            continue
        number = _number(row["target_2025"])
        if np.isnan(number):
            problems.append(
                checked.problem(
                    at, "column target_2025", f"'{row['target_2025']}'", "a number, which target_kind value means",
                    "Type the number, or the kind of target that the words are.",
                )
            )  # fmt: skip
        elif _share(row["unit"], row["variable"]) and (wrong := percentage(number)):
            problems.append(checked.problem(at, "column target_2025", f"{number:g} %", *wrong))
    return problems


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def scale_of(unit: str) -> str:
    """Return what must agree between two spellings of a unit: per 1000 live births and per 1,000 births are one."""
    plain = unit.replace(",", "").strip()
    found = re.match(r"per \d+", plain)
    return found[0] if found else plain


def _variable(checked: Checked, at: int, row: Mapping[Any, Any]) -> list[Problem]:
    """Return a problem for a variable that the model does not have, or has in another unit."""
    name, known = str(row["variable"]), variables()
    if name not in known:
        return [checked.problem(at, "column variable", f"'{name}'", "a variable of the model", suggest(name, known))]
    if scale_of(known[name].unit) != scale_of(str(row["unit"])):
        expected = f"{known[name].unit}, the unit of {name}"
        return [checked.problem(at, "column unit", f"'{row['unit']}'", expected, f"Type {known[name].unit}.")]
    return []


def _targets(checked: Checked) -> list[Problem]:
    problems = []
    for at, row in _rows(checked):
        problems += _variable(checked, at, row)
        if _share(row["unit"], row["variable"]):
            problems += _percentages(checked, at, row, ["baseline", "threshold", "threshold_upper"])
    return problems


def _known_ids(checked: Checked, indicators: Checked) -> list[Problem]:
    known = sorted({int(number) for number in indicators.frame["id"]})
    problems = []
    for at, row in _rows(checked):
        number = int(row["indicator_id"])
        if number not in known:
            expected = f"the number of an indicator of the plan, {known[0]} to {known[-1]}" if known else "no row"
            fix = "Correct the number, or add the indicator to indicators.csv."
            problems.append(checked.problem(at, "column indicator_id", str(number), expected, fix))
    return problems


def _same_baseline(checked: Checked, indicators: Checked) -> list[Problem]:
    """Return a problem for a target whose baseline is not the plan's; a figure out of its range is reported before."""
    if "baseline" not in checked.frame:
        return []
    base = {int(row["id"]): row for _, row in _rows(indicators)}
    problems = []
    for at, row in _rows(checked):
        plan = base.get(int(row["indicator_id"]))
        if plan is None or np.isnan(plan["base_2021"]) or plan["base_2021"] == row["baseline"]:
            continue
        one, other = float(row["baseline"]), float(plan["base_2021"])
        if _share(row["unit"], row["variable"]) and (percentage(one) or percentage(other)):
            continue
        expected = f"{other:g}, base_2021 of indicator {plan['id']} in indicators.csv"
        problems.append(
            checked.problem(at, "column baseline", f"{one:g}", expected, "Type the same number in both tables.")
        )
    return problems


def _ranges(checked: Checked, names: Sequence[str]) -> list[Problem]:
    """Return a problem for each row whose low, central and high values are not in this order."""
    problems = []
    for at, row in _rows(checked):
        low, central, high = (float(row[name]) for name in names[:3])
        if not low <= central <= high or low == high:
            problems.append(
                checked.problem(
                    at, f"columns {', '.join(names[:3])}", f"{low:g}, {central:g}, {high:g}",
                    "a central value between a low one and a higher one", "Put the three in order.",
                )
            )  # fmt: skip
    return problems


def _scorecard(given: Mapping[str, Checked]) -> list[Problem]:
    checked = given["scorecard"]
    problems: list[Problem] = []
    plan: dict[int, Mapping[Any, Any]] = {}
    if "indicators" in given:
        plan = {int(row["id"]): row for _, row in _rows(given["indicators"])}
        there = {int(number) for number in checked.frame["indicator_id"]}
        for number in sorted(set(plan) - there):
            expected = "a row for every indicator of the plan; method none where it cannot be tested"
            problems.append(Problem(f"indicator {number}", "no row", expected, "Add the row.", str(checked.path), 1))
    judged = {int(n) for n in given["targets"].frame["indicator_id"]} if "targets" in given else set()
    supplies = set(given["supply"].frame["name"]) if "supply" in given else set()
    for at, row in _rows(checked):
        problems += _method(checked, at, row, judged, supplies)
        problems += _thresholds(checked, at, row)
        if int(row["indicator_id"]) in plan:
            problems += _unit(checked, at, row, plan[int(row["indicator_id"])])
    return problems


def _method(checked: Checked, at: int, row: Mapping[Any, Any], judged: set[int], supplies: set[str]) -> list[Problem]:
    """Return what a method lacks: a path it can follow, supply, a prior, thresholds in targets.csv."""
    method, path = str(row["method"]), str(row["path"])
    if method not in PATHS:
        return []  # reported with the values that the column allows
    problems = []
    if path not in PATHS[method]:
        known = [name or "an empty cell" for name in PATHS[method]]
        fix = suggest(path, known) if path else f"Type one of: {', '.join(known)}."
        expected = f"{' or '.join(known)}, with method {method}"
        problems.append(checked.problem(at, "column path", f"'{path}'" if path else "an empty cell", expected, fix))
    for name in SUPPLY.get(path, ()):
        if name not in supplies:
            expected = f"a row '{name}' in supply.csv"
            problems.append(checked.problem(at, f"path {path}", "no such row", expected, "Add the row."))
    if method == "ensemble" and int(row["indicator_id"]) not in judged:
        expected = "thresholds in targets.csv, which method ensemble needs"
        problems.append(
            checked.problem(
                at, f"indicator {row['indicator_id']}", "none", expected, "Add its rows, or another method."
            )
        )
    if method == "course":
        empty = [name for name in PRIOR if np.isnan(row[name])]
        if empty:
            expected = "numbers, which method course needs"
            problems.append(checked.problem(at, f"columns {', '.join(empty)}", "empty cells", expected, "Fill them."))
        elif not row["prior_low"] < row["prior_central"] < row["prior_high"]:
            values = ", ".join(f"{row[name]:g}" for name in PRIOR[:3])
            expected = "a low value below the central one, and that below the high one"
            problems.append(checked.problem(at, f"columns {', '.join(PRIOR[:3])}", values, expected, "Put in order."))
    return problems


def _thresholds(checked: Checked, at: int, row: Mapping[Any, Any]) -> list[Problem]:
    """Return what is wrong with the thresholds of a row: missing, out of order, no percentages."""
    if row["method"] in UNJUDGED:
        return []
    empty = [name for name in (*LEVELS, "measurement_error") if np.isnan(row[name])]
    empty += [name for name in ("rule", "threshold_reason", "definition_en", "definition_zh") if not row[name]]
    if empty:
        expected = f"what method {row['method']} needs to be judged by"
        return [checked.problem(at, f"columns {', '.join(empty)}", "empty cells", expected, "Fill them.")]
    if row["unit"] == "%" and (wrong := _percentages(checked, at, row, LEVELS)):
        return wrong
    mild, central, strict = (float(row[name]) * (1.0 if row["rule"] == "at_least" else -1.0) for name in LEVELS)
    if mild <= central <= strict:
        return []
    values = ", ".join(f"{row[name]:g}" for name in LEVELS)
    expected = "thresholds from the mildest to the strictest"
    return [checked.problem(at, f"columns {', '.join(LEVELS)}", values, expected, "Put them in order.")]


def _unit(checked: Checked, at: int, row: Mapping[Any, Any], plan: Mapping[Any, Any]) -> list[Problem]:
    over = str(row["method"]) == "course" and str(row["path"])
    wanted = "%" if over else str(plan["unit"])
    if row["unit"] == wanted:
        return []
    expected = f"'{wanted}', {'the share of an assumed denominator' if over else 'the unit of the plan'}"
    return [checked.problem(at, "column unit", f"'{row['unit']}'", expected, f"Type {wanted}.")]
