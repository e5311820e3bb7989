"""Figures observed after the baseline: one format of file and one reader, for the scorecard and for monitoring.

Every row is kept as it stands: several rows of one figure, published on different days, are its vintages
(`huyou_sim.planning.vintages`). What is wrong with a row is said with its line, and the other rows are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem, closest, suggest
from huyou_sim.pack.plan_checks import percentage, scale_of
from huyou_sim.pack.table import Raw, read_rows
from huyou_sim.planning.areas import area_codes
from huyou_sim.planning.periods import EXAMPLES, Period, parse_day, parse_period
from huyou_sim.planning.subjects import Subject, default_error, share_of_residents, subjects
from huyou_sim.planning.targets import BASE_YEAR

if TYPE_CHECKING:
    from huyou_sim.pack import Pack
    from huyou_sim.planning.subjects import Wrong

OPTION = "--observations"

COLUMNS = (
    "indicator_id", "variable", "area", "period", "date", "value", "unit", "population_base", "standard_error",
    "published", "note",
)  # fmt: skip
"""Of a file of observations; what else stands beside them is the file's own."""

NEEDED = (("indicator_id", "variable"), ("period", "date"), ("value",))
"""Of each of these one column must be there."""


@dataclass(frozen=True)
class Observed:
    """One row of a file of observations.

    Parameters
    ----------
    indicator_id : int
        Number in the plan; 0 for a variable that the plan does not have.
    variable : str
        Of the model; empty for an indicator that the model does not have.
    area : str
        Code.
    period : Period
    value, standard_error : float [unit]
        The error is that of the row, else that of the pack, for a part of a year and an area as sampling has it; not a
        number for an indicator of an office without one.
    unit, population_base : str
    published : date, optional
        When the figure became known; None where it is not said.
    note, file : str
    line : int
    """

    indicator_id: int
    variable: str
    area: str
    period: Period
    value: float
    unit: str
    population_base: str
    standard_error: float
    published: date | None
    note: str
    file: str
    line: int

    @property
    def name(self) -> str:
        """Return what the figure is of: the variable, or ``indicator 12`` where the model has none."""
        return self.variable or f"indicator {self.indicator_id}"

    @property
    def key(self) -> tuple[str, str, str, Period]:
        """Return what its vintages have in common: name, area, population and period."""
        return self.name, self.area, self.population_base, self.period

    @property
    def known_from(self) -> date:
        """Return the day from which the figure counts: of publication, the end of the period where that is unknown."""
        return self.published or self.period.end


def read_observed(
    path: str | Path, pack: Pack, *, today: date | None = None
) -> tuple[tuple[Observed, ...], tuple[Problem, ...]]:
    """Return every row of a file of observations that can be used, and a problem for each that cannot.

    Rows may stand in any order, lines that begin with # are comments, rows without a value are not yet known. Of two
    rows of one figure with the same day of publication that differ neither is used.

    Parameters
    ----------
    path : path
        CSV with `NEEDED` columns, and others of `COLUMNS` where they are known.
    pack : Pack
    today : date, optional
        No figure is of a later day; the day of the run when omitted.

    Returns
    -------
    observations : tuple of Observed
        By key and day of publication, whatever the order of the rows.
    problems : tuple of Problem
        By line.

    Raises
    ------
    ArgumentError
        When the file is not there, is no CSV file in UTF-8, lacks a needed column, or when no row of it can be used.
    """
    file, raw = Path(path), _text_of(Path(path))
    place = {name: i for i, name in enumerate(raw.header)}
    reader = _Reader(pack, subjects(pack), str(file), today or date.today())
    found: list[Observed] = []
    problems = _near_columns(raw, str(file))
    for cells, line in zip(raw.rows, raw.lines, strict=True):
        if len(cells) != len(raw.header):
            expected = f"{len(raw.header)} cells, as in the header"
            problems.append(Problem("row", f"{len(cells)} cells", expected, "Complete the row.", str(file), line))
            continue
        row = {name: cells[place[name]].strip() if name in place else "" for name in COLUMNS}
        if not row["value"]:
            continue
        one, faults = reader.row(row, line)
        problems += faults
        found += [one] if one is not None else []
    kept, doubles = _without_doubles(found)
    problems = sorted(problems + doubles, key=lambda problem: (problem.line or 0, problem.where))
    if problems and not kept:
        raise ArgumentError(problems)
    return tuple(sorted(kept, key=lambda one: (one.key, one.known_from))), tuple(problems)


def _text_of(file: Path) -> Raw:
    """Return the rows of a file with the needed columns.

    Raises
    ------
    ArgumentError
        For everything that is wrong with the file as a whole.
    """
    if not file.is_file():
        fix = "Check the path; huyou monitor --template FILE writes a file to start from."
        found = "a folder" if file.is_dir() else "no such file"
        raise ArgumentError(Problem(OPTION, found, "a CSV file", fix, str(file)))
    raw, problems = read_rows(file, comments=True)
    if raw is None:
        raise ArgumentError(problems)
    for names in NEEDED:
        if not set(names) & set(raw.header):
            others = [name for name in raw.header if name not in COLUMNS]
            near = closest(names[0], others)
            fix = f"Rename '{near}' to '{names[0]}'." if near else "Add the column."
            expected = f"a column {' or '.join(names)}"
            problems.append(Problem("header", f"columns {', '.join(raw.header)}", expected, fix, str(file), 1))
    for name in sorted({name for name in raw.header if name in COLUMNS and raw.header.count(name) > 1}):
        problems.append(Problem(f"column '{name}'", "the column twice", "it once", "Delete one.", str(file), 1))
    if problems:
        raise ArgumentError(problems)
    return raw


def _near_columns(raw: Raw, file: str) -> list[Problem]:
    """Return a problem for each column that is a misspelt one of the format: what stands there would be lost."""
    problems = []
    for name in raw.header:
        near = closest(name.casefold(), COLUMNS)
        if name not in COLUMNS and near is not None and near not in raw.header:
            fix = f"Type {near}, or a name that is not so near."
            problems.append(Problem(f"column '{name}'", "a column that is not read", f"'{near}'", fix, file, 1))
    return problems


def _without_doubles(found: Sequence[Observed]) -> tuple[list[Observed], list[Problem]]:
    """Return rows of which no two are the same figure of one day, and a problem for each that is left out."""
    groups: dict[tuple[object, ...], list[Observed]] = {}
    for one in found:
        groups.setdefault((one.key, one.known_from), []).append(one)
    kept, problems = [], []
    for same in groups.values():
        first, *others = sorted(same, key=lambda one: one.line)
        differ = len({(one.value, one.standard_error) for one in same}) > 1
        kept += [] if differ else [first]
        for one in same if differ else others:
            found_ = f"{one.name} of {one.period} again: {one.value:g}"
            lines = ", ".join(str(other.line) for other in same if other is not one)
            expected = f"one figure of a period and day of publication (line {lines} has it too)"
            fix = "Delete one row, or type into published the days on which they became known."
            problems.append(Problem("row", found_, expected, fix, one.file, one.line))
    return kept, problems


@dataclass(frozen=True)
class _Reader:
    """What the rows of one file are checked against."""

    pack: Pack
    known: Mapping[str, Subject]
    file: str
    today: date

    def row(self, row: Mapping[str, str], line: int) -> tuple[Observed | None, list[Problem]]:
        """Return one row, or None with everything that is wrong with it."""
        problems: list[Problem] = []

        def wrong(where: str, found: str, expected: str, fix: str) -> None:
            problems.append(Problem(where, found, expected, fix, self.file, line))

        subject = self._subject(row, wrong)
        period = self._period(row, subject, wrong)
        value = _number(row["value"])
        if not np.isfinite(value):
            wrong("column value", f"'{row['value']}'", "a number, without separators or a unit", "Correct the cell.")
        published = self._published(row["published"], period, wrong)
        error = _number(row["standard_error"]) if row["standard_error"] else float("nan")
        if row["standard_error"] and not 0.0 <= error < np.inf:
            wrong("column standard_error", f"'{row['standard_error']}'", "0 or more", "Correct the cell.")
        area = self._area(row["area"], subject, wrong)
        if subject is None:
            return None, problems
        self._value(subject, value, row["unit"], wrong)
        if not problems and period is not None and area is not None:
            slip = subject.slipped(value, period, share_of_residents(self.pack, area))
            if slip:
                wrong("column value", f"{value:.10g}", *slip)
        base = subject.base_of(self.pack, row["population_base"], area, wrong)
        if problems or period is None or area is None or base is None:
            return None, problems
        if np.isnan(error):
            error = default_error(self.pack, subject, base, area, period, wrong)
        if problems:
            return None, problems
        return Observed(
            subject.indicator_id, subject.variable, area, period, value, subject.unit, base, error, published,
            row["note"], self.file, line,
        ), []  # fmt: skip

    def _subject(self, row: Mapping[str, str], wrong: Wrong) -> Subject | None:
        """Return what a row is of; indicator and variable may both stand there if they are the same."""
        number, name = row["indicator_id"], row["variable"]
        found = None
        if number:
            found = self.known.get(number.removeprefix("0"))
            if found is None:
                ids = [int(key) for key in self.known if key.isdecimal()]
                expected = f"the number of an indicator of the plan, {min(ids)} to {max(ids)}" if ids else "a plan"
                wrong("column indicator_id", f"'{number}'", expected, "Correct the number.")
                return None
        if name:
            named = self.known.get(name)
            if named is None:
                names = [key for key in self.known if not key.isdecimal()]
                wrong("column variable", f"'{name}'", "a variable of the model that is monitored", suggest(name, names))
                return None
            if found is not None and named != found:
                expected = f"{found.variable or 'an empty cell'}, which is indicator {number}"
                wrong("column variable", f"'{name}'", expected, "Empty one of the two cells.")
                return None
            found = named
        if found is None:
            wrong("columns indicator_id, variable", "both empty", "one of the two", "Type what the figure is of.")
        return found

    def _period(self, row: Mapping[str, str], subject: Subject | None, wrong: Wrong) -> Period | None:
        column = "period" if row["period"] else "date"
        typed = row[column]
        if row["period"] and row["date"] and row["period"] != row["date"]:
            wrong("columns period, date", f"'{row['period']}', '{row['date']}'", "one of the two", "Empty one.")
            return None
        found = parse_period(typed)
        if found is None:
            wrong(f"column {column}", f"'{typed}'", EXAMPLES, "Correct the cell.")
            return None
        if found.start.year <= BASE_YEAR:
            expected = f"a period after {BASE_YEAR}, the baseline year"
            wrong(f"column {column}", f"'{typed}'", expected, "Leave the row out: the model starts from that year.")
            return None
        if found.end > self.today:
            expected = f"a period that has ended by {self.today.isoformat()}"
            wrong(f"column {column}", f"'{typed}'", expected, "Correct the date; a figure of the future is none.")
            return None
        if found.start.year != found.end.year:
            wrong(f"column {column}", f"'{typed}'", "days of one calendar year", "Give each year its own row.")
            return None
        return found if subject is None else subject.period_of(found, typed, column, wrong)

    def _published(self, typed: str, period: Period | None, wrong: Wrong) -> date | None:
        """Return the day of publication; none where the cell is empty."""
        day = parse_day(typed) if typed else None
        if typed and day is None:
            wrong("column published", f"'{typed}'", "a day such as 2024-03-15, or an empty cell", "Correct the cell.")
        elif day is not None and day > self.today:
            expected = f"a day up to {self.today.isoformat()}"
            wrong("column published", f"'{typed}'", expected, "Correct the day, or leave the row out until then.")
        elif day is not None and period is not None and day < period.end:
            expected = f"a day from {period.end.isoformat()} on, the end of the period"
            wrong("column published", f"'{typed}'", expected, "Correct the day, or the period.")
        return day

    def _area(self, typed: str, subject: Subject | None, wrong: Wrong) -> str | None:
        """Return the code of an area; the place where the cell is empty."""
        place = str(self.pack.place.code)
        if not typed:
            return place
        codes, problems = area_codes(self.pack, [typed], "column area")
        for problem in problems:
            wrong(problem.where, problem.found, problem.expected, problem.fix)
        if codes and codes[0] != place and subject is not None and not subject.variable:
            wrong("column area", f"'{typed}'", f"{place}: the indicator is one of the whole place", "Empty the cell.")
        return codes[0] if codes else None

    def _value(self, subject: Subject, value: float, unit: str, wrong: Wrong) -> None:
        """Say whether a value is outside its bounds, or in another unit."""
        if unit and scale_of(unit) not in {scale_of(known) for known in subject.units}:
            expected = f"{subject.unit}, the unit of {subject.name}"
            wrong("column unit", f"'{unit}'", expected, f"Convert the value and type {subject.unit}.")
        if not np.isfinite(value):
            return
        if subject.share and (share := percentage(value)):
            wrong("column value", f"{value:g} %", *share)
        elif value < subject.lower or value > subject.upper:
            expected = f"{subject.lower:g} or more" if value < subject.lower else f"at most {subject.upper:g}"
            wrong("column value", f"{value:g}", f"{expected} {subject.unit}", "Correct the value.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
