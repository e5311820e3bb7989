"""What a figure covers: a year, a part of one, or a day, as offices write it."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date

EXAMPLES = "2023, 2023Q1, 2023-03, 2023-12-31 (a day), or 2023-01-01/2023-06-30 (from its first to its last day)"
"""Of what can be typed."""

_DAY = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_FORMS = {
    "day": re.compile(rf"{_DAY}$"),
    "days": re.compile(rf"{_DAY}\s*(?:/|to|—|–|至)\s*{_DAY}$"),
    "month": re.compile(r"(\d{4})-(\d{1,2})$"),
    "quarter": re.compile(r"(\d{4})-?[Qq]([1-4])$"),
    "half": re.compile(r"(\d{4})-?[Hh]([12])$"),
    "year": re.compile(r"(\d{4})$"),
}


@dataclass(frozen=True, order=True)
class Period:
    """Days that a figure covers, both ends included; a stock has one day.

    Parameters
    ----------
    start, end : date
    """

    start: date
    end: date

    @property
    def year(self) -> int:
        """Return the calendar year of the last day."""
        return self.end.year

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.end - self.start).days + 1

    @property
    def share(self) -> float:
        """Return the share of the days of its year [1]."""
        return self.days / days_of(self.year)

    @property
    def whole(self) -> bool:
        """Return whether it is a calendar year."""
        return self == whole_year(self.year)

    def overlap(self, other: Period) -> float:
        """Return the share of the year's days that lie in both [1]; 0 in different years."""
        both = (min(self.end, other.end) - max(self.start, other.start)).days + 1
        return max(both, 0) / days_of(self.year)

    def __str__(self) -> str:
        """Return the shortest of the forms that can be typed."""
        first, last, year = self.start, self.end, self.year
        if first == last:
            return first.isoformat()
        if self.whole:
            return f"{year}"
        if first.day == 1 and last == month_end(year, last.month):
            if first.month == last.month:
                return f"{year}-{first.month:02d}"
            if last.month - first.month == 2 and last.month % 3 == 0:
                return f"{year}Q{last.month // 3}"
        return f"{first.isoformat()}/{last.isoformat()}"


def days_of(year: int) -> int:
    """Return the number of days of a calendar year."""
    return 366 if isleap(year) else 365


def whole_year(year: int) -> Period:
    """Return a calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def parse_day(text: str) -> date | None:
    """Return the day that a text names, such as 2023-12-31 or 2023/12/31; None for any other text."""
    found = _FORMS["day"].match(text.strip())
    return _day(*found.groups()) if found else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_period(text: str) -> Period | None:
    """Return the period that a text names, in a form of `EXAMPLES`; None for any other text.

    Spreadsheets turn 2023-12-31 into 2023/12/31: both are the day.
    """
    for form, pattern in _FORMS.items():
        found = pattern.match(text.strip())
        if found:
            return _period(form, found.groups())
    return None


def _period(form: str, parts: tuple[str, ...]) -> Period | None:
    if form in ("day", "days"):
        first, last = _day(*parts[:3]), _day(*parts[-3:])
        return None if first is None or last is None or last < first else Period(first, last)
    year, number = int(parts[0]), int(parts[-1])
    if form == "year":
        return whole_year(year) if year else None
    months = {"month": 1, "quarter": 3, "half": 6}[form]
    last_month = months * number
    if not year or not 1 <= last_month <= 12:
        return None
    return Period(date(year, last_month - months + 1, 1), month_end(year, last_month))
