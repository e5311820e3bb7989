"""The table of levers: unit, bounds, default, words, priors used and channels moved, each said once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR = 2022
"""First year in which a lever may act: 2021 is the calibration year."""

HORIZON = 2050
"""Last year that a scenario file may name."""


@dataclass(frozen=True)
class Lever:
    """One quantity of a scenario file.

    Parameters
    ----------
    key : str
        `table.key` of the file.
    unit : str
    lower, upper : float
        Bounds of the value, both allowed.
    default : float or None
        None when the file must say it, or when leaving it out means that the lever is not used.
    label_en, label_zh, doc : str
    priors : tuple of str
        Ids of the evidence that its effect rests on.
    channels : tuple of str
        Groups of channels that it moves: `birth`, `birth_later` (orders 2 and 3), `birth_30` (ages 30 and over)
        and `marriage` (first marriage below 35).
    """

    key: str
    unit: str
    lower: float
    upper: float
    default: float | None
    label_en: str
    label_zh: str
    doc: str
    priors: tuple[str, ...]
    channels: tuple[str, ...]

    def range_text(self) -> str:
        """Return the bounds and unit as a message says them."""
        if self.unit == "year":
            return f"a year from {self.lower:g} to {self.upper:g}"
        if self.unit == "birth order":
            return "1, 2 or 3"
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"a number from {self.lower:.10g} to {self.upper:.10g}{unit}"

    @property
    def example(self) -> str:
        """Return a value that may be typed."""
        if self.unit == "year":
            return str(FIRST_YEAR + 1)
        return f"{self.lower if self.default is None else self.default:.10g}"


@cache
def levers() -> Mapping[str, Lever]:
    """Return every lever by key, in the order of the table."""
    text = files("huyou_sim.policy").joinpath("levers.csv").read_text(encoding="utf-8")
    table = {
        row["lever"]: Lever(
            key=row["lever"],
            unit=row["unit"],
            lower=float(row["lower"]),
            upper=float(row["upper"]),
            default=float(row["default"]) if row["default"] else None,
            label_en=row["label_en"],
            label_zh=row["label_zh"],
            doc=row["doc"],
            priors=tuple(row["priors"].split()),
            channels=tuple(row["channels"].split()),
        )
        for row in csv.DictReader(text.splitlines())
    }
    return MappingProxyType(table)
