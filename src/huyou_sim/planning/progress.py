"""Observed progress of the plan's indicators: a file of figures, checked against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.pack.plan_checks import percentage
from huyou_sim.pack.table import read_rows
from huyou_sim.planning.targets import BASE_YEAR
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from huyou_sim.pack import Pack

NEEDED = ("indicator_id", "date", "value")
"""Columns of a file of observed progress; others may stand beside them."""

DAYS = 365.25


@dataclass(frozen=True)
class Progress:
    """One figure of an indicator after the baseline.

    Parameters
    ----------
    indicator_id : int
    date : date
    value : float [unit of the plan]
    """

    indicator_id: int
    date: date
    value: float

    @property
    def years(self) -> float:
        """Return years since the end of the baseline year."""
        return (self.date - date(BASE_YEAR, 12, 31)).days / DAYS


def read_progress(path: str | Path, pack: Pack) -> tuple[Progress, ...]:
    """Return the observed figures of a CSV file, by indicator and date.

    Parameters
    ----------
    path : path
        Columns indicator_id, date (a day, or a year for its end) and value, in the units of the plan.
    pack : Pack

    Raises
    ------
    ArgumentError
        With everything that is wrong: no such file, unknown indicators, dates in or before the baseline year, shares
        outside 0-100 %, figures given twice.
    """
    path = Path(path)
    if not path.is_file():
        fix = f"Check the path; the file has columns {', '.join(NEEDED)}."
        raise ArgumentError(Problem("--observations", "no such file", "a CSV file", fix, str(path)))
    raw, problems = read_rows(path)
    if raw is None:
        raise ArgumentError(problems)
    missing = [name for name in NEEDED if name not in raw.header]
    if missing:
        found = f"no column {', '.join(missing)}"
        fix = suggest(missing[0], [name for name in raw.header if name not in NEEDED] or NEEDED)
        raise ArgumentError(Problem("header", found, f"columns {', '.join(NEEDED)}", fix, str(path), 1))
    known = {int(row["id"]): row for row in pack.indicators.to_dict("records")}
    found_rows: list[Progress] = []
    lines: dict[tuple[int, date], int] = {}
    for cells, line in zip(raw.rows, raw.lines, strict=True):
        if len(cells) != len(raw.header):
            expected = f"{len(raw.header)} cells"
            problems.append(Problem("row", f"{len(cells)} cells", expected, "Complete the row.", str(path), line))
            continue
        row = dict(zip(raw.header, (cell.strip() for cell in cells), strict=True))
        one, faults = _progress(row, known, str(path), line)
        problems += faults
        if one is None:
            continue
        key = (one.indicator_id, one.date)
        if key in lines:
            found = f"indicator {one.indicator_id} on {one.date} again"
            expected = f"one figure of an indicator and day (line {lines[key]} has it)"
            problems.append(Problem("row", found, expected, "Delete one of the two rows.", str(path), line))
        lines.setdefault(key, line)
        found_rows.append(one)
    if problems:
        raise ArgumentError(problems)
    return tuple(sorted(found_rows, key=lambda one: (one.indicator_id, one.date)))


def _progress(
    row: Mapping[str, str], known: Mapping[int, Mapping[object, object]], file: str, line: int
) -> tuple[Progress | None, list[Problem]]:
    """Return one row, or None with everything that is wrong with it."""
    problems = []
    number = int(row["indicator_id"]) if row["indicator_id"].isdecimal() else 0
    if number not in known:
        expected = f"the number of an indicator of the plan, {min(known)} to {max(known)}" if known else "a plan"
        problems.append(
            Problem("column indicator_id", f"'{row['indicator_id']}'", expected, "Correct the number.", file, line)
        )
    day = _day(row["date"])
    if day is None or day.year <= BASE_YEAR:
        expected = f"a day such as {BASE_YEAR + 2}-12-31, or a year, after {BASE_YEAR}"
        problems.append(Problem("column date", f"'{row['date']}'", expected, "Correct the date.", file, line))
    value = _number(row["value"])
    if not np.isfinite(value):
        problems.append(Problem("column value", f"'{row['value']}'", "a number", "Correct the cell.", file, line))
    elif number in known and is_share(known[number]) and (wrong := percentage(value)):
        problems.append(Problem("column value", f"{value:g} %", *wrong, file, line))
    if problems or day is None:
        return None, problems
    return Progress(number, day, value), []


def is_share(indicator: Mapping[object, object]) -> bool:
    """Return whether figures of an indicator lie between 0 and 100 %: a ratio such as dependency may be above."""
    declared = variables().get(str(indicator["variable"]))
    return indicator["unit"] == "%" and (declared is None or declared.upper is not None)


def _day(text: str) -> date | None:
    try:
        return date(int(text), 12, 31) if len(text) == 4 else date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def of_indicator(progress: Sequence[Progress], number: int) -> tuple[Progress, ...]:
    """Return the figures of one indicator, the earliest first."""
    return tuple(one for one in progress if one.indicator_id == number)
