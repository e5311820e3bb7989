"""The table of variables: every array of the results once, with dimensions, unit, bounds and labels.

The table is ``variables.csv`` beside this module. Results are labelled, checked, tabulated and documented from
it, so that a name, a unit or a definition stands in one place. Reading it needs the standard library only.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from huyou_sim.errors import ArgumentError, LabelError, Problem, suggest

KINDS = ("stock", "flow", "rate", "share", "level", "parameter")
"""Stock: counted at 31 December. Flow: counted over a year. Rate: events or persons per persons. Share: part of
a whole [%]. Level: a mean or another quantity that does not add up. Parameter: what drove the model."""

DIMS = (
    "scenario", "draw", "area", "year", "time", "sex", "age",
    "age_fertile", "age_reached", "marital", "parity", "birth_order", "channel",
)  # fmt: skip
"""Names of dimensions in their fixed order. Flows have `year`, stocks `time`; never both."""

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Variable:
    """One row of the table of variables.

    Parameters
    ----------
    name : str
    dims : tuple of str
        In the order of `DIMS`; where a dataset of indicators has the same name, it holds the sum over the
        dimensions after the year.
    unit, unit_zh : str
    kind : str
        One of `KINDS`.
    lower, upper : float or None
        No value of the variable lies outside; None where there is no bound.
    decimals : int
        As many as a reader needs.
    label_en, label_zh : str
    definition_en, definition_zh : str
        With numerator, denominator and date.
    source : str
        Who defines it so, or where it comes from.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    unit_zh: str
    kind: str
    lower: float | None
    upper: float | None
    decimals: int
    label_en: str
    label_zh: str
    definition_en: str
    definition_zh: str
    source: str


def _variable(row: Mapping[str, str]) -> Variable:
    return Variable(
        name=row["name"],
        dims=tuple(row["dims"].split()),
        unit=row["unit"],
        unit_zh=row["unit_zh"],
        kind=row["kind"],
        lower=float(row["lower"]) if row["lower"] else None,
        upper=float(row["upper"]) if row["upper"] else None,
        decimals=int(row["decimals"]),
        label_en=row["label_en"],
        label_zh=row["label_zh"],
        definition_en=row["definition_en"],
        definition_zh=row["definition_zh"],
        source=row["source"],
    )


@cache
def variables() -> Mapping[str, Variable]:
    """Return every variable by its name, in the order of the table."""
    text = files("huyou_sim").joinpath("variables.csv").read_text(encoding="utf-8")
    rows = (_variable(row) for row in csv.DictReader(text.splitlines()))
    return MappingProxyType({row.name: row for row in rows})


def names() -> tuple[str, ...]:
    """Return the names of all variables, in the order of the table."""
    return tuple(variables())


def variable(name: str) -> Variable:
    """Return one variable.

    Raises
    ------
    LabelError
        When the table has no such name.
    """
    known = variables()
    if name not in known:
        raise LabelError(Problem("variable", f"'{name}'", "a name of variables.csv", suggest(name, known)))
    return known[name]


def label(name: str, lang: str) -> str:
    """Return what tables and figures call a variable, in `lang` (``en`` or ``zh``).

    Raises
    ------
    LabelError
        When the table has no such name.
    ArgumentError
        When there are no labels in that language.
    """
    row = variable(name)
    return row.label_zh if _chinese(lang) else row.label_en


def unit(name: str, lang: str) -> str:
    """Return the unit of a variable, in `lang` (``en`` or ``zh``).

    Raises
    ------
    LabelError
        When the table has no such name.
    ArgumentError
        When there are no labels in that language.
    """
    row = variable(name)
    return row.unit_zh if _chinese(lang) else row.unit


def _chinese(lang: str) -> bool:
    if lang not in LANGUAGES:
        raise ArgumentError(Problem("language", f"'{lang}'", " or ".join(LANGUAGES), suggest(str(lang), LANGUAGES)))
    return lang == "zh"
