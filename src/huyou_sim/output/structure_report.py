"""What a finer state space changes in the answers, as text and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.labels import (
    column,
    local_label,
    number,
    text,
    variable_decimals,
    variable_label,
    variable_unit,
)  # fmt: skip
from huyou_sim.output.naming import area_names
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.pack import load_pack
from huyou_sim.planning.structure import SHOWN, SPACES, WITHOUT, structural_sensitivity
from huyou_sim.policy import load_scenarios

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.policy import Scenario

LABELS = {"family": "structure.family", "duration": "structure.duration"}


def explain_structure(
    place: str | Path,
    scenarios: Sequence[str | Path],
    *,
    years: Sequence[int] = (2025, 2030),
    area: str | None = None,
    lang: str = "en",
    progress: bool = False,
) -> tuple[str, pd.DataFrame]:
    """Return how indicators and effects of packages differ between state spaces, as text, and as a tidy table.

    Parameters
    ----------
    place : str or path
    scenarios : sequence
        Names that ship or paths of TOML files; `WITHOUT` is added where it is missing.
    years : sequence of int
    area : str, optional
        Code of the area to print; the whole place when omitted.
    lang : {"en", "zh"}

    Raises
    ------
    ArgumentError
        When there is no such area, or a year is not projected.
    PackError, ScenarioError, CalibrationError
    """
    pack = load_pack(place)
    known = [*(str(code) for code in pack.areas["area"]), pack.place.code]
    code = pack.place.code if area is None else area
    if code not in known:
        raise ArgumentError(Problem("--area", code, f"one of {', '.join(known)}", f"Type --area {known[0]}."))
    names = [*scenarios] if WITHOUT in scenarios else [WITHOUT, *scenarios]
    chosen = load_scenarios(names, areas=list(pack.areas["area"]))
    table = structural_sensitivity(pack, chosen, years=years, progress=progress)
    title = text("structure.title", lang, place=local_label(area_names(pack), code, lang))
    here = table[table["area"] == code]
    return "\n\n".join([title, _table(here, chosen, years, lang), text("structure.note", lang)]), table


def _table(table: pd.DataFrame, scenarios: Sequence[Scenario], years: Sequence[int], lang: str) -> str:
    """Return levels without new policy and effects of packages, one row per indicator, year and space."""
    at = table.set_index(["variable", "year", "space", "scenario"])
    packages = [scenario for scenario in scenarios if scenario.key != WITHOUT]
    rows = []
    for name in SHOWN:
        decimals = variable_decimals(name)
        label = f"{variable_label(name, lang)} [{variable_unit(name, lang)}]"
        for year in years:
            for space in SPACES:
                level = number(at.loc[(name, year, space, WITHOUT), "value"], decimals)
                # An effect is smaller than what it acts on: one more digit of a rate.
                digits = decimals + 1 if decimals else 0
                effects = [at.loc[(name, year, space, each.key), "effect"] for each in packages]
                shown = [number(effect, digits, sign=True) for effect in effects]
                rows.append([label, str(year), text(LABELS[space], lang), level, *shown])
    header = [column("variable_label", lang), column("year", lang), text("structure.space", lang)]
    header += [text("explain.without", lang)]
    header += [text("structure.effect", lang, package=each.label(lang)) for each in packages]
    right = [index > 2 for index in range(len(header))]
    return text_table(header, rows, right=right, width=terminal_width(), flexible=(0, *range(3, len(header))))
