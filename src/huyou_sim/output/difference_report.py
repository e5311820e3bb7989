"""What two scenarios set differently, as an aligned text and as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from huyou_sim.errors import Problem, ScenarioError
from huyou_sim.output.labels import check_language, column, text, wrap
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.policy import Scenario, load_scenario
from huyou_sim.policy.difference import BASELINE, EVERYWHERE, scenario_difference
from huyou_sim.policy.document import shown
from huyou_sim.policy.words import plain_number, unit_text

_DECIMALS = 4
"""Of values between the years of a path; typed values have no more."""

ASSUMED = "*"


def difference_report(a: str | Path, b: str | Path, *, lang: str = "en") -> tuple[str, pd.DataFrame]:
    """Return what differs between two scenarios as text, and its table with files, lines and reasons.

    Parameters
    ----------
    a, b : str or path
        The old and the new one: names that ship, or paths of TOML files.
    lang : {"en", "zh"}

    Raises
    ------
    ScenarioError
        With every problem of either file.
    """
    check_language(lang)
    old, new = _both(a, b)
    table = scenario_difference(old, new)
    head = "\n".join(
        text(key, lang, name=scenario.label(lang), file=shown(scenario.path))
        for key, scenario in (("diff.old", old), ("diff.new", new))
    )
    if table.empty:
        return f"{head}\n\n{text('diff.none', lang)}", table
    return "\n\n".join([head, _table_text(table, lang), *_notes(table, lang)]), table


def _both(a: str | Path, b: str | Path) -> tuple[Scenario, Scenario]:
    """Return both scenarios, or raise the problems of both: a scenario may well be held against itself."""
    loaded: list[Scenario] = []
    problems: list[Problem] = []
    for given in (a, b):
        try:
            loaded.append(load_scenario(given))
        except ScenarioError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ScenarioError(problems)
    return loaded[0], loaded[1]


def _table_text(table: pd.DataFrame, lang: str) -> str:
    header = [column("lever", lang), column("year", lang), column("old", lang), "", column("new", lang),
              column("unit", lang), text("diff.set", lang)]  # fmt: skip
    rows = []
    for row in table.to_dict("records"):
        label = row["label_zh"] if lang == "zh" else row["label_en"]
        rows.append([
            label if pd.isna(row["order"]) else text("diff.order", lang, label=label, order=row["order"]),
            "" if pd.isna(row["year"]) else str(row["year"]),
            _value(row, "old", lang),
            "→",
            _value(row, "new", lang),
            "" if row["unit"] == "year" else unit_text(row["unit"], lang),
            _set_in(row),
        ])  # fmt: skip
    right = [False, False, True, False, True, False, False]
    return text_table(header, rows, right=right, width=terminal_width(), flexible=(0, 5, 6))


def _value(row: Any, when: str, lang: str) -> str:
    """Return a value as people write it, with a mark where it is assumed."""
    value = row[when]
    if value is None:
        return text("diff.not_set" if row[f"set_{when}"] else "diff.not_used", lang)
    if isinstance(value, bool):
        said = text("yes.true" if value else "yes.false", lang)
    elif isinstance(value, str):
        words = {BASELINE: "diff.baseline", EVERYWHERE: "diff.everywhere"}
        said = text(words[value], lang) if value in words else value
    elif isinstance(value, int | float):
        said = f"{value:.0f}" if row["unit"] == "year" else plain_number(round(value, _DECIMALS))
    else:
        said = str(value)
    return said + (ASSUMED if row[f"assumed_{when}"] else "")


def _set_in(row: Any) -> str:
    """Return the files and lines that set both values, by the names of the files."""
    places = [Path(row[f"set_{when}"]).name or "–" for when in ("old", "new")]
    return " → ".join(places)


def _notes(table: pd.DataFrame, lang: str) -> list[str]:
    notes = []
    if table["year"].notna().any():
        notes.append("diff.paths")
    if table[["assumed_old", "assumed_new"]].to_numpy().any():
        notes.append("diff.assumed")
    lines = [line for note in notes for line in wrap(text(note, lang), terminal_width())]
    return ["\n".join(lines)] if lines else []
