"""Pictures that test the model: fit to published figures, and verdicts on targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.output.drawing import definitions_note, minus, new_page, source_note
from huyou_sim.output.labels import (
    display_width,
    number,
    optional_text,
    text,
    variable_decimals,
    variable_definition,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.palette import GREY, INK, LIGHT, MISSED, REACHED
from huyou_sim.output.record import LEVELS, Run, finite
from huyou_sim.output.terminal import requirement, target_name, verdict_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = {"fit": ("o", INK), "check": ("s", "white"), "bridge": ("D", "white")}
_EDGE = 4.0  # standard errors shown; what lies beyond is written


def fit_figure(run: Run, lang: str) -> Figure:
    """Return the residual of each observation in standard errors, with both values beside it."""
    from matplotlib.lines import Line2D

    order = {use: rank for rank, use in enumerate(_MARKS)}
    rows = sorted(
        run.fit.to_dict("records"),
        key=lambda row: (order.get(str(row["use"]), len(order)), str(row["area"]) != run.place),
    )
    labels = [_observation_label(row, run, lang) for row in rows]
    left = 0.35 + 0.076 * (2 + max(map(display_width, labels), default=20))
    page = new_page(
        left + 6.6,
        max(1.6, 0.34 * len(rows)),
        head=0.38,
        title=text("figure.fit.title", lang, place=run.area_label(run.place, lang)),
        notes=[
            text("fit.residual_note", lang),
            text("bridged.note", lang) if any(bool(row["bridged"]) for row in rows) else "",
            source_note(run, lang),
        ],
    )
    axes = page.figure.add_subplot(page.grid(1, 1, left=left, right=2.5)[0, 0])
    _bands(axes, len(rows))
    for height, row in enumerate(rows):
        _residual(axes, height, row, run, lang)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(text("figure.fit.axis", lang))
    axes.annotate(text("figure.fit.values_header", lang), (1.03, 1.0), (0, 6), xycoords="axes fraction",
                  textcoords="offset points", fontsize=8.5, color=GREY)  # fmt: skip
    used = dict.fromkeys(str(row["use"]) for row in rows)
    handles = [Line2D([], [], linestyle="none", marker=_mark(use)[0], markerfacecolor=_mark(use)[1],
                      markeredgecolor=INK, label=optional_text("use", use, lang)) for use in used]  # fmt: skip
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(handles), fontsize=9,
                handletextpad=0.2, columnspacing=1.2, borderaxespad=0.3)  # fmt: skip
    return page.figure


def _bands(axes: Axes, rows: int) -> None:
    """Shade one and two standard errors, the reader's rule for agreement."""
    axes.grid(visible=False)
    axes.axvspan(-2, 2, color="#F1F1F1", linewidth=0, zorder=0)
    axes.axvspan(-1, 1, color="#E0E6EB", linewidth=0, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.9)
    for height in range(rows):
        axes.axhline(height, color=LIGHT, linewidth=0.5, zorder=0.5)
    axes.set_xlim(-_EDGE - 0.3, _EDGE + 0.3)
    axes.spines["left"].set_visible(False)


def _mark(use: str) -> tuple[str, str]:
    return _MARKS.get(use, ("v", "white"))


def _residual(axes: Axes, height: int, row: Mapping[Any, Any], run: Run, lang: str) -> None:
    residual = finite(row["residual_se"])
    marker, face = _mark(str(row["use"]))
    shown = float(np.clip(residual, -_EDGE, _EDGE))
    if np.isfinite(residual):
        axes.plot([0, shown], [height, height], color=INK, linewidth=1.1, zorder=2)
        axes.plot([shown], [height], marker=marker, color=INK, markerfacecolor=face, markersize=6.5, zorder=3)
    if abs(residual) > _EDGE:
        side = -1 if residual > 0 else 1
        axes.annotate(text("figure.fit.beyond", lang, value=number(residual, 1, sign=True)), (shown, height),
                      (8 * side, 0), textcoords="offset points", ha="right" if side < 0 else "left",
                      va="bottom", fontsize=8, color=GREY)  # fmt: skip
    decimals = variable_decimals(str(row["variable"]))
    values = text("figure.fit.values", lang, observed=number(row["observed"], decimals),
                  fitted=number(row["fitted"], decimals))  # fmt: skip
    unit = variable_unit(str(row["variable"]), lang)
    beside: Any = ("axes fraction", "data")
    axes.annotate(minus(f"{values} {unit}"), (1.03, height), xycoords=beside, va="center", fontsize=8.5)


def _observation_label(row: Mapping[Any, Any], run: Run, lang: str) -> str:
    """Return indicator and, in a second line, area if not the place, period and population base."""
    parts = [str(row["period"]), optional_text("base", row["population_base"], lang)]
    if str(row["area"]) != run.place:
        parts.insert(0, run.area_label(str(row["area"]), lang))
    return text("figure.fit.label", lang, label=variable_label(str(row["variable"]), lang),
                details=" · ".join(parts))  # fmt: skip


def target_figure(run: Run, lang: str, *, level: str = "central") -> Figure:
    """Return scenarios against indicators: value of 2025, verdict in words, and the levels that are reached."""
    table = run.targets
    columns = table[table["level"] == level].drop_duplicates("indicator_id").to_dict("records")
    keys = [key for key in run.scenario_keys if key in set(table["scenario"])]
    names = [str(target["variable"]) for target in columns]
    defined = {variable_label(name, lang): variable_definition(name, lang) for name in names}
    bridged = any(bool(target["bridged"]) for target in columns)
    page = new_page(
        13.0,
        (1.35 + len(keys)) * 0.7,
        foot=0.15,
        title=text("figure.targets.title", lang, place=run.area_label(run.place, lang)),
        notes=[
            text("figure.targets.note", lang, level=text(f"level.{level}", lang).lower()),
            text("bridged.note", lang) if bridged else "",
            definitions_note(defined, lang),
            source_note(run, lang),
        ],
    )
    grid = page.grid(1, 1, left=0.35, right=0.35)
    axes = page.figure.add_subplot(grid[0, 0])
    axes.set_axis_off()
    first = 1.45  # width of the scenario column in columns
    axes.set_xlim(0, first + len(columns))
    axes.set_ylim(len(keys), -1.35)
    for position, target in enumerate(columns):
        _column_head(axes, first + position, target, lang)
    for row, key in enumerate(keys):
        label = "\n".join(wrap(run.scenario_label(key, lang), 26))
        axes.text(0.0, row + 0.5, label, va="center", fontsize=10)
        for position, target in enumerate(columns):
            same = table[(table["scenario"] == key) & (table["indicator_id"] == target["indicator_id"])]
            _verdict(axes, first + position, row, same.to_dict("records"), level, lang)
    return page.figure


def _column_head(axes: Axes, left: float, target: Mapping[Any, Any], lang: str) -> None:
    name = wrap(target_name(target, lang), 22)
    unit = variable_unit(str(target["variable"]), lang)
    axes.text(left + 0.5, -0.56, "\n".join(name), ha="center", va="bottom", fontsize=9.5)
    need = requirement(target, lang) + (f" {unit}" if unit else "")
    axes.text(left + 0.5, -0.12, minus("\n".join(wrap(need, 24))), ha="center", va="bottom", fontsize=8.5, color=GREY)


def _verdict(axes: Axes, left: float, top: float, rows: list[dict[Any, Any]], level: str, lang: str) -> None:
    """Draw one cell: ground by verdict, value, verdict in words, and a square for each level."""
    from matplotlib.patches import Rectangle

    by_level = {str(row["level"]): row for row in rows}
    if level not in by_level:
        return
    chosen = by_level[level]
    met = bool(chosen["met"])
    axes.add_patch(Rectangle((left + 0.03, top + 0.05), 0.94, 0.90, facecolor=REACHED if met else MISSED, linewidth=0))
    value, verdict = (minus(words) for words in verdict_words(chosen, lang))
    size = 11 if len(value) < 10 else 9
    axes.text(left + 0.5, top + 0.27, value, ha="center", va="center", fontsize=size)
    axes.text(left + 0.5, top + 0.56, verdict, ha="center", va="center", fontsize=9)
    for rank, name in enumerate(LEVELS):
        if name in by_level:
            reached = bool(by_level[name]["met"])
            axes.plot([left + 0.5 + 0.06 * (rank - 1)], [top + 0.81], marker="s", markersize=4.2, color=INK,
                      markerfacecolor=INK if reached else "white", markeredgewidth=0.7)  # fmt: skip


def verdict_words(row: Mapping[Any, Any], lang: str) -> tuple[str, str]:
    """Return the value of 2025, with its band if there is one, and the verdict in words."""
    decimals = variable_decimals(str(row["variable"]))
    value = number(row["value_2025"], decimals)
    low, high = finite(row.get("q05")), finite(row.get("q95"))
    if np.isfinite(low) and np.isfinite(high):
        value += f" ({number(low, decimals)}–{number(high, decimals)})"
    return value, verdict_cell(row, lang, short=True)
