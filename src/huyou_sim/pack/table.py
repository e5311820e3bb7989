"""One table of a pack: read from its file and checked, cell by cell, against the declared columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import Problem, closest, suggest

if TYPE_CHECKING:
    from pathlib import Path

    from huyou_sim.pack.schema import Column, Table

SHOWN = 5
"""Problems of one kind and column that are listed one by one; the rest are counted."""
LARGEST_WHOLE = 2**53
"""Whole numbers below this are exact as floating-point numbers."""


@dataclass(frozen=True)
class Raw:
    """A file as text: its header, its rows, and the line where each row ends."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


@dataclass(frozen=True)
class Checked:
    """A table whose cells have their types, and the line of each row.

    Parameters
    ----------
    frame : DataFrame
        Declared columns in declared order. Columns that may be empty hold NaN, or "" for text.
    lines : array of int
        Line in the file of each row.
    path : Path
    """

    frame: pd.DataFrame
    lines: np.ndarray
    path: Path

    def problem(self, row: int, where: str, found: str, expected: str, fix: str) -> Problem:
        """Return a problem of the row with this position."""
        return Problem(where, found, expected, fix, str(self.path), int(self.lines[row]))


def read_rows(path: Path, *, comments: bool = False) -> tuple[Raw | None, list[Problem]]:
    """Return the text of a table, or None with what is wrong with the file as a whole.

    Parameters
    ----------
    path : path
    comments : bool
        Leave out rows whose first cell begins with #.
    """
    content = path.read_bytes()
    if not content.strip():
        return None, [Problem("file", "an empty file", "a header line and rows", "Put the file back.", str(path), 1)]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [
            Problem(
                "encoding",
                f"byte 0x{content[error.start]:02x}, which is not UTF-8",
                "UTF-8 text",
                "Excel saves GBK: choose 'CSV UTF-8' when saving, or convert with iconv -f GBK -t UTF-8.",
                str(path),
                line,
            )
        ]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row and not (comments and row[0].lstrip().startswith("#")):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        return None, [
            Problem("CSV", str(error), "rows of a CSV file", "Correct the quotes.", str(path), reader.line_num)
        ]
    if not rows:
        return None, [Problem("file", "comments alone", "a header line and rows", "Add the header.", str(path), 1)]
    return Raw([name.strip() for name in rows[0]], rows[1:], lines[1:]), []


def check_table(path: Path, table: Table) -> tuple[Checked | None, list[Problem]]:
    """Return a table with its types, or None, and everything that is wrong with it.

    The table is None when columns or cells are missing or do not have their type; it comes with problems when
    only bounds, allowed values or keys are hurt.
    """
    raw, problems = read_rows(path)
    if raw is None:
        return None, problems
    problems = _header_problems(path, raw, table) + _width_problems(path, raw)
    if problems:
        return None, problems
    place = {name: i for i, name in enumerate(raw.header)}
    lines = np.array(raw.lines, dtype=np.int64)
    columns: dict[str, object] = {}
    typed = True
    for column in table.columns:
        cells = [row[place[column.name]].strip() for row in raw.rows] if column.name in place else [""] * len(raw.rows)
        values, faults = _typed(path, column, cells, lines)
        if values is None:
            typed = False
        else:
            columns[column.name] = values
            faults += _bounds(path, column, cells, values, lines)
        problems += faults
    if not typed:
        return None, problems
    checked = Checked(pd.DataFrame(columns), lines, path)
    return checked, problems + duplicates(checked, table.key)


def empty(table: Table) -> pd.DataFrame:
    """Return the table without rows: what an optional file stands for when it is left out."""
    return pd.DataFrame({c.name: _series(c, []) for c in table.columns})


def duplicates(checked: Checked, key: list[str]) -> list[Problem]:
    """Return a problem for each row whose key stands in an earlier row."""
    if not key or checked.frame.empty:
        return []
    again = checked.frame.duplicated(key)
    if not again.any():
        return []
    first = checked.frame[key].apply(tuple, axis=1)
    earlier = {values: position for position, values in reversed(list(enumerate(first)))}
    found = []
    for row in np.flatnonzero(again.to_numpy()):
        values = first.iloc[row]
        named = ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
        line = checked.lines[earlier[values]]
        found.append(
            checked.problem(
                int(row),
                f"key {', '.join(key)}",
                named,
                f"a key that no other row has (line {line} has it)",
                "Delete one of the two rows.",
            )
        )
    return _shorten(found)


def _header_problems(path: Path, raw: Raw, table: Table) -> list[Problem]:
    known = [column.name for column in table.columns]
    problems = []
    for name in raw.header:
        if name not in known:
            problems.append(
                Problem(
                    f"column '{name}'",
                    "an unknown column",
                    f"one of {', '.join(known)}",
                    suggest(name, known),
                    str(path),
                    1,
                )
            )
    for name in sorted({n for n in raw.header if raw.header.count(n) > 1}):
        problems.append(Problem(f"column '{name}'", "the column twice", "it once", "Delete one.", str(path), 1))
    for column in table.columns:
        if column.required and column.name not in raw.header:
            near = closest(column.name, raw.header)
            fix = f"Rename '{near}' to '{column.name}'." if near and near not in known else "Add the column."
            problems.append(Problem(f"column '{column.name}'", "no such column", column.doc, fix, str(path), 1))
    return problems


def _width_problems(path: Path, raw: Raw) -> list[Problem]:
    return _shorten(
        [
            Problem("row", f"{len(row)} cells", f"{len(raw.header)} cells", "Complete the row.", str(path), line)
            for row, line in zip(raw.rows, raw.lines, strict=True)
            if len(row) != len(raw.header)
        ]
    )


def _whole(text: str) -> float:
    value = float(text)
    if not (value.is_integer() and abs(value) < LARGEST_WHOLE):
        raise ValueError(text)
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _code(text: str) -> str:
    if not (len(text) == 6 and text.isdigit()):
        raise ValueError(text)
    return text


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def period_days(text: str) -> tuple[str, str]:
    """Return the first and last day of a period: a day, a calendar year, or first day/last day.

    Raises
    ------
    ValueError
        When the text is none of these.
    """
    if len(text) == 4 and text.isdigit():
        return f"{text}-01-01", f"{text}-12-31"
    first, _, last = text.partition("/")
    return _day(first), _day(last or first)


def _period(text: str) -> str:
    first, last = period_days(text)
    if last < first:
        raise ValueError(text)
    return text


PARSERS: dict[str, tuple[Callable[[str], object], str]] = {
    "text": (str, "text"),
    "code": (_code, "a code of six digits (kept as text; leading zeros count)"),
    "integer": (_whole, "a whole number"),
    "number": (_finite, "a number"),
    "date": (_day, "a day as year-month-day (2020-11-01)"),
    "period": (_period, "a day (2020-11-01), a year (2021) or first day/last day"),
}
"""Type of a column to its parser and to what a cell must be."""


def _series(column: Column, values: list[object]) -> pd.Series:
    if column.type == "integer" and column.required:
        return pd.Series(values, dtype="int64", name=column.name)
    if column.type in ("integer", "number"):
        return pd.Series(values, dtype="float64", name=column.name)
    return pd.Series(values, dtype="str", name=column.name)


def _typed(path: Path, column: Column, cells: list[str], lines: np.ndarray) -> tuple[pd.Series | None, list[Problem]]:
    """Return the cells in their type, or None when one is missing or of another type."""
    parse, expected = PARSERS[column.type]
    numeric = column.type in ("integer", "number")
    blank: object = math.nan if numeric else ""
    values: list[object] = []
    problems = []
    for text, line in zip(cells, lines, strict=True):
        if not text:
            values.append(blank)
            if column.required:
                problems.append(
                    Problem(
                        f"column {column.name}",
                        "an empty cell",
                        _wanted(column, expected),
                        _fill(column),
                        str(path),
                        int(line),
                    )
                )
            continue
        try:
            values.append(parse(text))
        except ValueError:
            problems.append(
                Problem(
                    f"column {column.name}",
                    repr(text),
                    _wanted(column, expected),
                    "Correct the cell.",
                    str(path),
                    int(line),
                )
            )
    if problems:
        return None, _shorten(problems)
    return _series(column, values), []


def _wanted(column: Column, expected: str) -> str:
    if column.allowed:
        return f"one of {', '.join(column.allowed)}"
    return f"{expected}{f' [{column.unit}]' if column.unit else ''}"


def _fill(column: Column) -> str:
    if column.name == "standard_error":
        return "Type the standard error; a figure without one cannot be weighed against the others."
    return "Fill the cell."


def _bounds(path: Path, column: Column, cells: list[str], values: pd.Series, lines: np.ndarray) -> list[Problem]:
    """Return a problem for each value that is not allowed or lies outside the bounds."""
    filled = np.array([bool(text) for text in cells], dtype=bool)
    if column.allowed:
        bad = filled & ~values.isin(column.allowed).to_numpy()
        return _shorten(
            [
                Problem(
                    f"column {column.name}",
                    repr(cells[row]),
                    f"one of {', '.join(column.allowed)}",
                    suggest(cells[row], column.allowed),
                    str(path),
                    int(lines[row]),
                )
                for row in np.flatnonzero(bad)
            ]
        )
    outside = filled & _outside(column, values)
    fix = (
        "Take the row out: nothing after this day may enter."
        if column.type in ("date", "period")
        else "Correct the value."
    )
    return _shorten(
        [
            Problem(f"column {column.name}", cells[row], _range(column), fix, str(path), int(lines[row]))
            for row in np.flatnonzero(outside)
        ]
    )


def _outside(column: Column, values: pd.Series) -> np.ndarray:
    if not (column.lower or column.upper):
        return np.zeros(len(values), dtype=bool)
    if column.type in ("date", "period"):
        spans = [period_days(v) if v else ("", "") for v in values]
        return np.array([bool(last) and not column.lower <= first <= last <= column.upper for first, last in spans])
    number = values.to_numpy(dtype=float)
    bad = np.zeros(len(number), dtype=bool)
    if column.lower:
        low = float(column.lower.removeprefix(">"))
        bad |= number <= low if column.lower.startswith(">") else number < low
    if column.upper:
        bad |= number > float(column.upper)
    return bad


def _range(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    if column.lower.startswith(">"):
        return f"a number above {column.lower[1:]}{unit}"
    if column.lower and column.upper:
        return f"{column.lower} to {column.upper}{unit}"
    return f"{column.lower} or more{unit}" if column.lower else f"{column.upper} or less{unit}"


def _shorten(problems: list[Problem]) -> list[Problem]:
    """Return the first problems of a kind, and one that counts the rest."""
    if len(problems) <= SHOWN:
        return problems
    rest = problems[SHOWN:]
    lines = ", ".join(str(p.line) for p in rest[:20]) + (", ..." if len(rest) > 20 else "")
    counted = replace(rest[0], found=f"{len(rest)} more rows like this (lines {lines})")
    return [*problems[:SHOWN], counted]
