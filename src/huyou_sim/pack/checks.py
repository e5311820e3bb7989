"""What must hold between the rows and tables of a place: ages complete, sums right, codes and dates known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import Problem, suggest
from huyou_sim.pack.plan_checks import check_plan
from huyou_sim.pack.services import check_services
from huyou_sim.pack.table import period_days

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.pack.settings import Settings
    from huyou_sim.pack.table import Checked

OPEN_AGE = 100
SEXES = ("male", "female")
EXACT = 1e-6
"""Persons by which sums of single ages may differ from the census."""


def check_place(settings: Settings, tables: Mapping[str, Checked]) -> list[Problem]:
    """Return everything that does not fit together in a place pack.

    Parameters
    ----------
    tables : mapping
        The tables that could be read; checks that need a missing one are left out, since that is reported.
    """
    problems: list[Problem] = []
    if "areas" in tables:
        problems += _codes(settings, tables)
        areas = list(tables["areas"].frame["area"])
        for name in ("population_single_age", "net_migration"):
            if name in tables:
                problems += complete_single_ages(tables[name], ["area"], areas=areas)
        problems += _long_form_areas(tables, areas)
    if "population_census" in tables:
        problems += _census(settings, tables)
    if {"population_census", "population_single_age", "areas"} <= set(tables):
        problems += single_age_sums(tables["population_single_age"], tables["population_census"])
    if "observations" in tables:
        problems += _periods(tables["observations"])
    if "parameters" in tables:
        problems += _parameters(tables["parameters"], tables.get("assumptions"))
    if "targets" in tables:
        problems += _targets(tables["targets"])
    return problems + check_plan(tables) + check_services(tables)


def check_schedules(tables: Mapping[str, Checked]) -> list[Problem]:
    """Return everything that does not fit together in a pack of schedules."""
    problems = []
    if "mortality" in tables:
        problems += complete_single_ages(tables["mortality"], ["year"])
    if "population_single_age" in tables:
        problems += complete_single_ages(tables["population_single_age"], ["area", "date"])
    if "population_census" in tables:
        problems += group_cover(tables["population_census"], ["area", "date", "sex"])
    if "marital_status" in tables:
        problems += _shares(tables["marital_status"])
    return problems


def _codes(settings: Settings, tables: Mapping[str, Checked]) -> list[Problem]:
    """Return a problem for each code that is neither an area nor the place."""
    areas = set(tables["areas"].frame["area"])
    place = {settings.place.code} if settings.place else set()
    problems = []
    for at in np.flatnonzero(tables["areas"].frame["area"].isin(place).to_numpy()):
        problems.append(
            tables["areas"].problem(
                int(at),
                "area",
                "the code of the place itself",
                "codes of the areas that add up to it",
                "Delete the row: the place is the sum of its areas.",
            )
        )
    for name, checked in tables.items():
        if name == "areas" or "area" not in checked.frame:
            continue
        only = name in ("population_single_age", "net_migration")
        known = areas if only else areas | place
        # A parameter without a code holds for every area; where a code must stand, an empty cell is reported before.
        wrong = ~checked.frame["area"].isin(known | {""}).to_numpy()
        for code in dict.fromkeys(checked.frame["area"][wrong]):
            row = int(np.argmax((checked.frame["area"] == code).to_numpy()))
            problems.append(
                checked.problem(
                    row,
                    "area",
                    f"'{code}', an unknown code",
                    f"one of {', '.join(sorted(known))}",
                    suggest(str(code), known),
                )
            )
    return problems


def _names(key: list[str], values: object) -> str:
    parts = values if isinstance(values, tuple) else (values,)
    return ", ".join(f"{name} {value}" for name, value in zip(key, parts, strict=True))


def _spans(numbers: list[int]) -> str:
    """Return ages as text: 3, 5-9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def complete_single_ages(checked: Checked, key: list[str], *, areas: list[str] | None = None) -> list[Problem]:
    """Return a problem for each group and sex that lacks ages 0-100, and for each area that is not there."""
    frame = checked.frame
    full = set(range(OPEN_AGE + 1))
    there: dict[tuple[object, ...], set[int]] = {}
    line: dict[tuple[object, ...], int] = {}
    columns = [frame[name] for name in (*key, "sex", "age")]
    for number, row in zip(checked.lines.tolist(), zip(*columns, strict=True), strict=True):
        there.setdefault(row[:-1], set()).add(int(row[-1]))
        line.setdefault(row[:-1], number)
    groups = list(dict.fromkeys(cell[:-1] for cell in there))
    groups += [(area,) for area in areas or [] if (area,) not in groups]
    problems = []
    for cell in ((*group, sex) for group in groups for sex in SEXES):
        missing = sorted(full - there.get(cell, set()))
        if missing:
            found = "no row" if len(missing) == len(full) else f"no row for age {_spans(missing)}"
            problems.append(
                Problem(
                    _names([*key, "sex"], cell),
                    found,
                    "every single age from 0 to 100 (100 = 100+)",
                    "Add the rows.",
                    str(checked.path),
                    line.get(cell, 1),
                )
            )
    return problems


def group_cover(checked: Checked, key: list[str]) -> list[Problem]:
    """Return a problem wherever age groups leave a gap, overlap, or do not run from 0 to an open group."""
    problems = []
    for name, part in checked.frame.groupby(key, sort=False):
        part = part.sort_values("age_lower")
        lower, upper = part["age_lower"].to_numpy(), part["age_upper"].to_numpy()
        expected, where = 0, _names(key, name)
        fix = "Correct the age groups: from 0 on, each begins where the one before ends; the last is open."
        for row, low, high in zip(part.index, lower, upper, strict=True):
            if low < expected or np.isnan(expected):
                problems.append(
                    checked.problem(
                        int(row),
                        where,
                        f"a group from {low} that overlaps the one before",
                        "groups that do not overlap",
                        fix,
                    )
                )
            elif low > expected:
                problems.append(
                    checked.problem(
                        int(row),
                        where,
                        f"no group for ages {int(expected)}-{low - 1}",
                        "groups without a gap",
                        fix,
                    )
                )
            if high < low:
                problems.append(
                    checked.problem(
                        int(row),
                        where,
                        f"a group from {low} to {int(high)}",
                        "a last age that is not below the first",
                        fix,
                    )
                )
            expected = high + 1
        if not np.isnan(expected):
            problems.append(
                checked.problem(
                    int(part.index[-1]),
                    where,
                    f"no open group from age {int(expected)}",
                    "a last group with an empty age_upper",
                    fix,
                )
            )
    return problems


def _census(settings: Settings, tables: Mapping[str, Checked]) -> list[Problem]:
    checked = tables["population_census"]
    problems = group_cover(checked, ["area", "date", "sex"])
    areas = list(tables["areas"].frame["area"]) if "areas" in tables else []
    day = settings.dates.census.isoformat() if settings.dates else ""
    frame = checked.frame
    counted = frame[frame["date"] == day]
    for area in areas:
        for sex in SEXES:
            if not ((counted["area"] == area) & (counted["sex"] == sex)).any():
                problems.append(
                    Problem(
                        f"area {area}, date {day}, sex {sex}",
                        "no row",
                        "the census of every area and sex",
                        "Add the rows.",
                        str(checked.path),
                        1,
                    )
                )
    if settings.place and areas:
        problems += _place_is_sum(checked, settings.place.code, areas)
    return problems


def _place_is_sum(checked: Checked, code: str, areas: list[str]) -> list[Problem]:
    """Return a problem for each row of the place that is not the sum of the areas, where they are all given."""
    frame = checked.frame
    key = ["date", "sex", "age_lower"]
    parts = frame[frame["area"].isin(areas)].groupby(key)["population"].agg(["sum", "count"])
    problems = []
    for row, item in frame[frame["area"] == code].iterrows():
        at = (item["date"], item["sex"], item["age_lower"])
        if at not in parts.index or parts.loc[at, "count"] != len(areas):
            continue
        total = float(parts.loc[at, "sum"])
        if abs(total - item["population"]) > EXACT:
            problems.append(
                checked.problem(
                    int(str(row)),
                    f"area {code}, {_names(key, at)}",
                    f"{item['population']:.12g} persons",
                    f"{total:.12g}, the sum of its areas",
                    "Correct the row of the place or of one of its areas.",
                )
            )
    return problems


def single_age_sums(single: Checked, census: Checked) -> list[Problem]:
    """Return a problem for each census group whose single ages do not add up to it."""
    problems = []
    ages = {
        (str(name[0]), str(name[1]), str(name[2])): part.sort_values("age")
        for name, part in single.frame.groupby(["area", "date", "sex"], sort=False)
    }
    for row, item in enumerate(census.frame.itertuples()):
        part = ages.get((str(item.area), str(item.date), str(item.sex)))
        if part is None:
            continue
        last = OPEN_AGE if np.isnan(float(str(item.age_upper))) else float(str(item.age_upper))
        total = _between(part, float(str(item.age_lower)), last)
        if abs(total - float(str(item.population))) > EXACT:
            group = f"{item.age_lower}+" if last == OPEN_AGE else f"{item.age_lower}-{int(last)}"
            problems.append(
                Problem(
                    f"area {item.area}, date {item.date}, sex {item.sex}, ages {group}",
                    f"{total:.6f} persons in single ages",
                    f"{float(str(item.population)):.12g} (line {int(census.lines[row])} of {census.path.name})",
                    "Single ages are derived: type huyou derive with the folder of this pack.",
                    str(single.path),
                    int(single.lines[part.index[0]]),
                )
            )
    return problems


def _between(part: pd.DataFrame, low: float, high: float) -> float:
    inside = (part["age"] >= low) & (part["age"] <= high)
    return float(part.loc[inside, "population"].sum())


def _long_form_areas(tables: Mapping[str, Checked], areas: list[str]) -> list[Problem]:
    problems = []
    for name in ("marital_status", "children_ever_born"):
        if name not in tables:
            continue
        there = set(tables[name].frame["area"])
        missing = [area for area in areas if area not in there]
        if missing:
            problems.append(
                Problem(
                    "area",
                    f"no row for {', '.join(missing)}",
                    "rows for every area",
                    "Add the rows; where no table by area is published take the place's own and set kind = assumed.",
                    str(tables[name].path),
                    1,
                )
            )
    return problems


def _periods(observations: Checked) -> list[Problem]:
    """Return a problem for each observation whose date is not the last day of its period."""
    problems = []
    for row, (period, day) in enumerate(zip(observations.frame["period"], observations.frame["date"], strict=True)):
        last = period_days(period)[1]
        if last != day:
            problems.append(
                observations.problem(
                    row,
                    "date",
                    str(day),
                    f"{last}, the last day of period {period}",
                    "Correct the date or the period.",
                )
            )
    return problems


def _parameters(parameters: Checked, assumptions: Checked | None) -> list[Problem]:
    """Return a problem for bounds that contradict each other or the start, and for a start that is no assumption."""
    assumed = {} if assumptions is None else dict(zip(*(assumptions.frame[c] for c in ("name", "value")), strict=True))
    problems = []
    for row, item in enumerate(parameters.frame.to_dict("records")):
        name, lower, upper, start = (item[column] for column in ("name", "lower", "upper", "start"))
        if not lower < upper:
            problems.append(
                parameters.problem(
                    row,
                    f"bounds of '{name}'",
                    f"lower {lower:g}, upper {upper:g}",
                    "a lower bound below the upper one",
                    "Exchange or correct the two bounds.",
                )
            )
        elif not lower < start < upper:
            problems.append(
                parameters.problem(
                    row,
                    f"start of '{name}'",
                    f"{start:g}",
                    f"a value between the bounds, {lower:g} and {upper:g}",
                    "Correct the start or the bounds.",
                )
            )
        if name in assumed and assumed[name] != start:
            problems.append(
                parameters.problem(
                    row,
                    f"start of '{name}'",
                    f"{start:g}",
                    f"{assumed[name]:g}, the value of the same name in assumptions.csv",
                    "Type the same number in both tables.",
                )
            )
    return problems


def _targets(targets: Checked) -> list[Problem]:
    """Return a problem for each rule that lacks its second number."""
    needs = {"within": "threshold_upper", "rise_steady": "tolerance"}
    problems = []
    for row, item in enumerate(targets.frame.to_dict("records")):
        column = needs.get(str(item["rule"]))
        if column and np.isnan(item[column]):
            problems.append(
                targets.problem(
                    row,
                    f"column {column}",
                    "an empty cell",
                    f"a number, which rule {item['rule']} needs",
                    "Fill the cell.",
                )
            )
    return problems


def _shares(checked: Checked) -> list[Problem]:
    """Return a problem for each sex and age group whose shares by marital status do not add up to 1."""
    key = ["census_year", "sex", "age_lower"]
    problems = []
    for name, part in checked.frame.groupby(key, sort=False):
        total = float(part["share"].sum())
        if abs(total - 1.0) > 1e-6:
            problems.append(
                checked.problem(
                    int(part.index[0]),
                    _names(key, name),
                    f"shares that add up to {total:.6f}",
                    "shares that add up to 1",
                    "Correct the shares.",
                )
            )
    return problems
