"""One lever as one scenario file set it: its value, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huyou_sim.errors import Problem
from huyou_sim.policy.document import problem_at, toml_text
from huyou_sim.policy.measures import LIST_TABLES, WHOLE_TABLES
from huyou_sim.policy.positions import KeyPath

LeverKey = tuple[str | int, ...]
"""A lever across files: ("marriage_grant",), ("childcare", "places_per_1000"), ("birth_grant", order)."""


@dataclass(frozen=True)
class Setting:
    """One lever as one file set it.

    Parameters
    ----------
    key : tuple
        ("marriage_grant",), ("childcare", "places_per_1000"), ("birth_grant", order) or ("areas",).
    value : object
        Plain numbers, texts, lists and mappings.
    path : Path
        File that set it.
    key_path : tuple
        Where in the file; empty for a setting that stands in none, since a search made it.
    assumed : bool
    reason : str
    """

    key: LeverKey
    value: Any
    path: Path
    key_path: KeyPath
    assumed: bool = False
    reason: str = ""

    @property
    def name(self) -> str:
        """Return the lever as a message names it."""
        if self.key[0] in LIST_TABLES:
            return f"[[{self.key[0]}]] for order {self.key[1]}"
        return ".".join(str(part) for part in self.key)

    def typed(self) -> str:
        """Return what one would type to set it so."""
        if self.key[0] in LIST_TABLES:
            inside = "; ".join(f"{k} = {toml_text(v)}" for k, v in self.value.items() if v is not None)
            return f"[[{self.key[0]}]] {inside}"
        if self.key[0] in WHOLE_TABLES:
            inside = "; ".join(f"{k} = {toml_text(v)}" for k, v in self.value.items() if v is not None)
            return f"[{self.key[0]}] {inside}"
        if len(self.key) == 2:
            return f"[{self.key[0]}] {self.key[1]} = {toml_text(self.value)}"
        return f"{self.key[0]} = {toml_text(self.value)}"

    @property
    def position(self) -> str:
        """Return file, line and column of this setting."""
        return self.problem("", "", "").position or "set to a number"

    def problem(self, found: str, expected: str, fix: str, *inside: str) -> Problem:
        """Return a problem at the place of this setting, or of a key `inside` of it."""
        if not self.key_path:
            return Problem(self.name, found, expected, fix)
        return problem_at(self.path, (*self.key_path, *inside), self.name, found, expected, fix)
