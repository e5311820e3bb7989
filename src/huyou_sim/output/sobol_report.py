"""Sobol indices as text: which parameters bring the uncertainty of each target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.output.labels import number, text, variable_decimals, variable_label, variable_unit, wrap
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.planning.sensitivity import sobol_table
from huyou_sim.planning.solve import prepare_question
from huyou_sim.policy import load_scenario

if TYPE_CHECKING:
    import pandas as pd

MOST = 6
"""Factors of each target that are printed; the table has all."""


def sobol_report(
    place: str | Path,
    scenario: str | Path,
    *,
    against: str | Path | None = None,
    points: int,
    lang: str = "en",
    progress: bool = False,
    **options: Any,
) -> tuple[str, pd.DataFrame]:
    """Return which parameters bring the uncertainty of each target, as text, and the whole table.

    Parameters
    ----------
    place, scenario, against : str or path
    points : int
    lang : {"en", "zh"}
    progress : bool
    options
        Further arguments of `prepare_question`.

    Raises
    ------
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `prepare_question` and `sobol_table`.
    """
    # The design has draws of its own: of the ensemble only the place is needed.
    asked = prepare_question(place, ["tfr"], base=scenario, draws=1, progress=progress, **options)
    other = None if against is None else load_scenario(against, areas=list(asked.fit.pack.areas["area"]))
    table = sobol_table(asked.ensemble, asked.base, asked.posterior, against=other, points=points, progress=progress)
    width = terminal_width()
    words = {"scenario": asked.base.label(lang), "evaluations": f"{table.attrs['evaluations']:,}"}
    title = text("sobol.title", lang, **words)
    if other is not None:
        title = text("sobol.difference", lang, against=other.label(lang), **words)
    parts = ["\n".join(wrap(title, width))]
    parts += [_target_indices(rows, lang, width) for _, rows in table.groupby("indicator_id", sort=False)]
    note = text("sobol.note", lang, left=f"{table.attrs['largest_left']:.2f}")
    parts.append("\n".join(wrap(note, width)))
    return "\n\n".join(parts), table


def _target_indices(rows: pd.DataFrame, lang: str, width: int) -> str:
    """Return the largest factors of one target."""
    records = rows.to_dict("records")
    name = variable_label(str(records[0]["variable"]), lang)
    decimals = variable_decimals(str(records[0]["variable"])) + 1
    unit = variable_unit(str(records[0]["variable"]), lang)
    spread = f"{name}: {number(records[0]['mean'], decimals)} ± {number(records[0]['sd'], decimals)} {unit}"
    if not math.isfinite(records[0]["total"]):
        return f"{spread}. {text('sobol.constant', lang)}"
    header = [spread, text("sobol.first", lang), text("sobol.total", lang)]
    shown = [[_factor(row, lang), _index(row, "first_order"), _index(row, "total")] for row in records[:MOST]]
    return text_table(header, shown, width=width, flexible=(0,))


def _factor(row: Mapping[Any, Any], lang: str) -> str:
    """Return what a factor is called; a group by the names of its parameters, whose meanings would fill a page."""
    if row["kind"] != "group":
        return str(row["label_zh" if lang == "zh" else "label_en"])
    names = str(row["members"]).split()
    return text("sobol.group", lang, count=len(names), names=", ".join(names))


def _index(row: Mapping[Any, Any], name: str) -> str:
    low, middle, high = (number(row[key], 2) for key in (f"{name}_low", name, f"{name}_high"))
    return f"{middle} ({low}–{high})"
