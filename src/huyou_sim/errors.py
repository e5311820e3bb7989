"""Every error that huyou_sim raises for a user's mistake, and the one builder of their messages.

A message answers four questions: where, what was found, what was expected, what to type. All problems
that one look at an input finds are raised together, so that a user mends a file once and not ten times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

EXIT_CODE = 2
"""Exit code of the command line for every error of this module."""


@dataclass(frozen=True)
class Problem:
    """One mistake in an input: its place, both values and the mend.

    Parameters
    ----------
    where : str
        What is wrong, in the input's own words: a key, a column, an array and label.
    found, expected : str
        The value as it stands and the value that would do.
    fix : str
        What to type, or to do.
    file : str, optional
        Path as the user would type it.
    line, column : int, optional
        Position in `file`, counted from 1.
    """

    where: str
    found: str
    expected: str
    fix: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def position(self) -> str:
        """Return `file:line:column` as far as it is known."""
        parts = [self.file or ""]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts) if self.file else ""

    def __str__(self) -> str:
        place = f"{self.position}: " if self.file else ""
        return f"{place}{self.where}: found {self.found}; expected {self.expected}. {self.fix}"


class HuyouError(Exception):
    """Base of every error for a user's mistake. Holds all problems that were found.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.
    """

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PackError(HuyouError):
    """A data pack is incomplete, inconsistent or damaged."""


class ScenarioError(HuyouError):
    """A scenario file does not say what it may say."""


class LabelError(HuyouError):
    """Two labelled arrays do not line up."""


class RateError(HuyouError):
    """A rate, probability or count is outside what demography allows."""


class CalibrationError(HuyouError):
    """A calibration cannot be set up, or did not converge."""


class OutputError(HuyouError):
    """A result cannot be written or read."""


class ArgumentError(HuyouError):
    """An option or argument of a function or command is wrong."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, or None when nothing is near."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a sentence that says which known name was probably meant, or lists them all."""
    known = sorted(known)
    nearest = closest(name, known)
    if nearest is not None:
        return f"Did you mean '{nearest}'? Type {nearest}."
    return f"Type one of: {', '.join(known)}."
