"""Summary tables as text, aligned for Chinese and English, no wider than asked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.output.labels import (
    check_language,
    column,
    display_width,
    local_label,
    longest_piece,
    number,
    optional_text,
    pad,
    text,
    variable_decimals,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.record import ScenarioText, calendar, finite, scenario_label, summary, target_bounds

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SUMMARY_YEARS = (2021, 2025, 2030, 2035, 2050)
SUMMARY_VARIABLES = (
    "population_total",
    "births",
    "deaths",
    "natural_increase_rate",
    "tfr",
    "share_second_third",
    "total_dependency_60",
    "total_dependency_65",
    "married_share_20_29",
)
_NARROWEST = 8

NARROWEST = 80
"""Columns that tables are laid out for when the output is no terminal or a narrow one."""

WIDEST = 150


def terminal_width() -> int:
    """Return the columns to lay tables out for."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((120, 40)).columns))


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[bool] | None = None,
    width: int | None = None,
    flexible: Sequence[int] = (0,),
) -> str:
    """Return rows under a header with a rule between, columns two blanks apart.

    Parameters
    ----------
    right : sequence of bool, optional
        Columns set to the right margin. Default: all but the first.
    width : int, optional
        Widest line. Headers and flexible columns are wrapped to keep it; numbers are never cut, since half a
        number is worse than a long line.
    flexible : sequence of int
        Columns of words.
    """
    right = right if right is not None else [index > 0 for index in range(len(header))]
    widths = [max(display_width(cell) for cell in cells) for cells in zip(header, *rows, strict=True)]
    if width is not None:
        _narrow(widths, width, header, rows, flexible)
    lines = _lines(header, widths, right)
    lines.append("  ".join("─" * size for size in widths))
    for row in rows:
        lines += _lines(row, widths, right)
    return "\n".join(line.rstrip() for line in lines)


def _narrow(
    widths: list[int], width: int, header: Sequence[str], rows: Sequence[Sequence[str]], flexible: Sequence[int]
) -> None:
    """Take columns from the widest cells until the line fits: first between words, then inside words."""
    cells = list(zip(header, *rows, strict=True))
    whole = [
        max([longest_piece(cell) for cell in column] if index in flexible else
            [longest_piece(column[0]), *(display_width(cell) for cell in column[1:])])
        for index, column in enumerate(cells)
    ]  # fmt: skip
    cut = [min(size, _NARROWEST) if index in flexible else size for index, size in enumerate(whole)]
    for least in (whole, cut):
        while sum(widths) + 2 * (len(widths) - 1) > width:
            wide = [index for index, size in enumerate(widths) if size > least[index]]
            if not wide:
                break
            widths[max(wide, key=lambda index: widths[index])] -= 1


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """Return one row as the lines that its tallest cell needs."""
    cells = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
    height = max(len(cell) for cell in cells)
    return [
        "  ".join(
            pad(cell[line] if line < len(cell) else "", size, right=side)
            for cell, size, side in zip(cells, widths, right, strict=True)
        )
        for line in range(height)
    ]


def fit_text(
    fit: pd.DataFrame,
    lang: str,
    *,
    width: int | None = None,
    area_labels: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return the table of observed and fitted values, residuals in standard errors, base and use.

    Parameters
    ----------
    fit : pandas.DataFrame
        Columns in `huyou_sim.output.record.FIT_COLUMNS`.
    width : int, optional
        Columns of the terminal.
    area_labels : mapping, optional
        Area code -> language -> name; areas are named when the table holds more than one.
    """
    check_language(lang)
    several = fit["area"].nunique() > 1
    header = [column(name, lang) for name in
              ("variable_label", "period", "observed", "fitted", "residual_se", "population_base", "use")]  # fmt: skip
    rows = []
    for row in fit.to_dict("records"):
        name, decimals = str(row["variable"]), variable_decimals(str(row["variable"]))
        label = variable_label(name, lang)
        if several:
            label = f"{local_label(area_labels or {}, str(row['area']), lang)} {label}"
        unit = variable_unit(name, lang)
        base = optional_text("base", row["population_base"], lang)
        rows.append([
            f"{label} [{unit}]" if unit else label,
            str(row["period"]),
            number(row["observed"], decimals),
            number(row["fitted"], decimals),
            number(row["residual_se"], 2, sign=True),
            f"{base}*" if _true(row["bridged"]) else base,
            optional_text("use", row["use"], lang),
        ])  # fmt: skip
    right = [False, False, True, True, True, False, False]
    table = text_table(header, rows, right=right, width=width, flexible=(0, 5, 6))
    notes = [text("fit.residual_note", lang)]
    if any(_true(flag) for flag in fit["bridged"]):
        notes.append("* " + text("bridged.note", lang))
    return "\n".join([text("fit.title", lang), "", table, "", *_wrapped(notes, width)])


def targets_text(
    targets: pd.DataFrame,
    scenarios: Sequence[ScenarioText],
    lang: str,
    *,
    level: str = "central",
    width: int | None = None,
) -> str:
    """Return the verdict on every target by scenario: the value of 2025, and how far it misses.

    Parameters
    ----------
    targets : pandas.DataFrame
        Columns in `huyou_sim.output.record.TARGET_COLUMNS`.
    level : str
        lenient, central or strict.
    """
    check_language(lang)
    chosen = targets[targets["level"] == level]
    keys = [scenario.key for scenario in scenarios if scenario.key in set(chosen["scenario"])]
    columns = chosen.drop_duplicates("indicator_id").to_dict("records")
    header = [column("target", lang), text("target.required", lang),
              *[scenario_label(scenarios, key, lang) for key in keys]]  # fmt: skip
    rows = []
    for target in columns:
        same = chosen[chosen["indicator_id"] == target["indicator_id"]]
        cells = {str(row["scenario"]): verdict_cell(row, lang) for row in same.to_dict("records")}
        rows.append([target_name(target, lang), requirement(target, lang), *[cells.get(key, "–") for key in keys]])
    flexible = range(len(header))
    table = text_table(header, rows, right=[False] * len(header), width=width, flexible=flexible)
    notes = [text("target.verdict_note", lang, level=text(f"level.{level}", lang))]
    if any(_true(flag) for flag in chosen["bridged"]):
        notes.append("* " + text("bridged.note", lang))
    return "\n".join([text("target.title", lang), "", table, "", *_wrapped(notes, width)])


def target_name(target: Mapping[Any, Any], lang: str) -> str:
    """Return number and name of a target's indicator, with a star when it is bridged."""
    star = "*" if _true(target["bridged"]) else ""
    return f"{target['indicator_id']} {variable_label(str(target['variable']), lang)}{star}"


def requirement(target: Mapping[Any, Any], lang: str) -> str:
    """Return what a target asks of the value of 2025: ≥ 0.93, ≤ 1.56, or 45.0–56.0."""
    decimals = variable_decimals(str(target["variable"]))
    lower, upper = target_bounds(target)
    if np.isfinite(lower) and np.isfinite(upper):
        return f"{number(lower, decimals)}–{number(upper, decimals)}"
    if np.isfinite(lower):
        return f"≥ {number(lower, decimals)}"
    if np.isfinite(upper):
        return f"≤ {number(upper, decimals)}"
    return f"{optional_text('rule', target['rule'], lang)} {number(target['threshold'], decimals)}"


def verdict_cell(row: Mapping[Any, Any], lang: str, *, short: bool = False) -> str:
    """Return the value of 2025 and the verdict: 0.91 reached, or 0.84 short by 0.09; `short`: the verdict alone."""
    decimals = variable_decimals(str(row["variable"]))
    value = number(row["value_2025"], decimals)
    if _true(row["met"]):
        return text("target.met_short", lang) if short else text("target.met", lang, value=value)
    distance = finite(row["distance"])
    missed = number(distance, decimals)
    if distance > 0 and not any(digit in missed for digit in "123456789"):
        missed = number(distance, decimals + 2)  # a distance never reads as nothing
    if short:
        return text("target.missed_short", lang, distance=missed)
    return text("target.missed", lang, value=value, distance=missed)


def indicators_text(
    indicators: xr.Dataset,
    scenarios: Sequence[ScenarioText],
    lang: str,
    *,
    years: Sequence[int] = SUMMARY_YEARS,
    variables: Sequence[str] = SUMMARY_VARIABLES,
    area: str | None = None,
    width: int | None = None,
) -> str:
    """Return the main indicators by scenario in some years; with many trajectories the median and 90 % band.

    Parameters
    ----------
    area : str, optional
        Area code; the whole place by default.
    """
    check_language(lang)
    place = indicators.isel(area=-1) if area is None else indicators.sel(area=area)
    known = calendar(indicators["year"], "year")
    shown = [year for year in years if year in known]
    keys = [scenario.key for scenario in scenarios if scenario.key in indicators["scenario"].values]
    rows = []
    for name in [name for name in variables if name in indicators.data_vars]:
        unit = variable_unit(name, lang)
        rows.append([variable_label(name, lang) + (f" [{unit}]" if unit else ""), *[""] * len(shown)])
        for key in keys:
            series = {part: values.values for part, values in summary(place[name].sel(scenario=key)).items()}
            cells = [_indicator_cell(series, known.index(year), variable_decimals(name)) for year in shown]
            rows.append([f"  {scenario_label(scenarios, key, lang)}", *cells])
    table = text_table([column("variable_label", lang), *[str(year) for year in shown]], rows, width=width)
    return "\n".join([text("indicators.title", lang), "", table])


def _indicator_cell(series: Mapping[str, Any], position: int, decimals: int) -> str:
    figures = {part: number(values[position], decimals) for part, values in series.items()}
    if "value" in figures:
        return figures["value"]
    return f"{figures['q50']} ({figures['q05']}–{figures['q95']})"


def contradictions_text(sentences: Sequence[str], lang: str, *, width: int | None = None) -> str:
    """Return the sentences on contradicting baselines as a numbered list; empty when there are none."""
    check_language(lang)
    if not sentences:
        return ""
    lines = [text("contradictions.title", lang), ""]
    for position, sentence in enumerate(sentences, start=1):
        mark = f"{position}. "
        body = wrap(sentence, width - len(mark)) if width is not None else [sentence]
        lines += [(mark if index == 0 else " " * len(mark)) + line for index, line in enumerate(body)]
    return "\n".join(lines)


def _wrapped(notes: Sequence[str], width: int | None) -> list[str]:
    return [line for note in notes for line in (wrap(note, width) if width is not None else [note])]


def _true(value: object) -> bool:
    """Return a truth that may have been read from a file as text."""
    return value is True or bool(np.bool_(value)) if not isinstance(value, str) else value.lower() == "true"
