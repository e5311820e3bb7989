"""The plan's scorecard as one board: a strip from baseline to threshold for each indicator, verdicts by package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.drawing import minus, new_page
from huyou_sim.output.labels import local_label, text, wrap
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, GREY, INK, LIGHT, MISSED, REACHED
from huyou_sim.output.scorecard_text import DOUBT, MARKS, asked, figure, indicator_name, verdict_words
from huyou_sim.planning.targets import TARGET_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.planning.scorecard import Scorecard

    Row = Mapping[Any, Any]

_ROW, _GROUP = 0.34, 0.36  # inches
_NAME, _BASE, _ASKED, _STRIP, _CHIP = 3.55, 0.75, 1.2, 2.9, 1.75  # inches: widths of columns
_GAP = 0.15
_GROUNDS = {"reached": REACHED, "likely": "#EAF3FA", "open": "#F4F4F4", "missed": MISSED, "untested": "#FFFFFF"}
"""Ground of a verdict, which stands in words too."""


def scorecard_figure(card: Scorecard, lang: str) -> Figure:
    """Return the board: indicators down in the groups of the plan; strip and, for each package, verdict across."""
    groups = _groups(card)
    count = sum(len(rows) for _, rows in groups)
    width = _NAME + _BASE + _ASKED + _STRIP + 3 * _GAP + len(card.scenarios) * (_CHIP + _GAP)
    body = count * _ROW + len(groups) * _GROUP
    labels = [wrap(one.label(lang), 22) for one in card.scenarios]
    mark = "" if card.posterior is None else warning_mark(card.posterior, lang)
    place = local_label(area_labels(card.fit), card.fit.baseline.code, lang)
    page = new_page(
        width + 0.7, body, head=0.25 + 0.17 * max(map(len, labels)), foot=0.1,
        title=text("figure.score.title", lang, place=place, count=count, year=TARGET_YEAR),
        notes=[
            text("figure.score.note", lang, draws=f"{card.draws:,}", level=text(f"level.{card.level}", lang)),
            f"{DOUBT} {mark}" if mark else "",
        ],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=0.35, right=0.35)[0, 0])
    axes.set_axis_off()
    axes.set_xlim(0.0, width)
    axes.set_ylim(body, 0.0)
    _heads(axes, labels, lang)
    top = 0.0
    for rows in (rows for _, rows in groups):
        axes.text(0.0, top + 0.6 * _GROUP, rows[0][0][f"group_{lang}"], fontsize=10.5, va="center", color=COLOURS[1])
        axes.plot([0.0, width], [top + _GROUP - 0.03] * 2, color=LIGHT, linewidth=0.8)
        top += _GROUP
        for cells in rows:
            _indicator(axes, top + _ROW / 2.0, cells, lang)
            top += _ROW
    return page.figure


def _groups(card: Scorecard) -> list[tuple[str, list[list[Row]]]]:
    """Return the plan's groups in order, each with the rows of its indicators by package."""
    found: dict[str, list[list[Row]]] = {}
    order = [one.key for one in card.scenarios]
    for _, same in card.table.groupby("indicator_id", sort=False):
        cells = {row["scenario"]: row for row in same.to_dict("records")}
        rows: list[Row] = [cells[key] for key in order]
        found.setdefault(str(rows[0]["group_en"]), []).append(rows)
    return list(found.items())


def _lefts() -> tuple[float, float, float, float]:
    """Return where the columns of baseline, threshold, strip and the first package begin or end."""
    base = _NAME + _BASE
    return base, base + _ASKED, base + _ASKED + 2 * _GAP, base + _ASKED + _STRIP + 3 * _GAP


def _heads(axes: Axes, labels: Sequence[Sequence[str]], lang: str) -> None:
    """Set the names of columns over the board; each package has the colour of its strip."""
    base, needed, strip, chips = _lefts()
    about: dict[str, Any] = {"xytext": (0, 5), "textcoords": "offset points", "va": "bottom", "fontsize": 8.5}
    axes.annotate(text("figure.score.baseline", lang), (base, 0.0), ha="right", color=GREY, **about)
    axes.annotate(text("figure.score.asked", lang), (needed, 0.0), ha="right", color=GREY, **about)
    middle = strip + _STRIP / 2.0
    axes.annotate(
        "\n".join(wrap(text("figure.score.strip", lang), 44)), (middle, 0.0), ha="center", color=GREY, **about
    )
    for at, words in enumerate(labels):
        place = (chips + at * (_CHIP + _GAP) + _CHIP / 2.0, 0.0)
        axes.annotate("\n".join(words), place, ha="center", color=COLOURS[at % len(COLOURS)], **about)


def _indicator(axes: Axes, height: float, cells: Sequence[Row], lang: str) -> None:
    """Draw one indicator: name, baseline, threshold, strip and a verdict for each package."""
    base, needed, strip, chips = _lefts()
    first = cells[0]
    lines = wrap(indicator_name(first, lang), 52)
    size = 8.5 if len(lines) == 1 else 7.4
    axes.text(0.0, height, "\n".join(lines), fontsize=size, va="center", color=INK, linespacing=1.05)
    axes.text(base, height, minus(figure(first["baseline"], first)), fontsize=8.5, ha="right", va="center", color=GREY)
    axes.text(needed, height, minus(asked(first)), fontsize=8.5, ha="right", va="center", color=INK)
    if not np.isnan(first["threshold"]):
        _strip(axes, strip, height, cells)
    for at, row in enumerate(cells):
        _chip(axes, chips + at * (_CHIP + _GAP), height, row, lang)


def _strip(axes: Axes, left: float, height: float, cells: Sequence[Row]) -> None:
    """Draw a strip with its own scale: the reached side, threshold, baseline, and a 90 % band for each package."""
    from matplotlib.patches import Rectangle

    first = cells[0]
    bounds = [first["threshold"]] + ([first["threshold_upper"]] if first["rule"] == "within" else [])
    shown = [*bounds, first["baseline"], *(row[name] for row in cells for name in ("q05", "q95"))]
    finite = [float(value) for value in shown if np.isfinite(value)]
    low, high = min(finite), max(finite)
    spare = 0.06 * (high - low) or 1.0
    low, high = low - spare, high + spare

    def place(value: float) -> float:
        return left + _STRIP * (value - low) / (high - low)

    edges = {
        "at_most": (low, bounds[0]), "within": (max(low, bounds[0]), bounds[-1]),
    }.get(str(first["rule"]), (bounds[0], high))  # fmt: skip
    half = 0.4 * _ROW
    axes.add_patch(
        Rectangle((left, height - half), _STRIP, 2 * half, facecolor="#FAFAFA", edgecolor=LIGHT, linewidth=0.5)
    )
    wide = place(edges[1]) - place(edges[0])
    axes.add_patch(Rectangle((place(edges[0]), height - half), wide, 2 * half, facecolor=REACHED, linewidth=0))
    for bound in bounds:
        if low <= bound <= high:
            axes.plot([place(bound)] * 2, [height - half, height + half], color=INK, linewidth=1.3)
    step = 2 * half / (len(cells) + 1)
    for at, row in enumerate(cells):
        level, colour = height - half + step * (at + 1), COLOURS[at % len(COLOURS)]
        axes.plot(
            [place(row["q05"]), place(row["q95"])], [level] * 2, color=colour, linewidth=2.0, solid_capstyle="butt"
        )
        axes.plot([place(row["q50"])], [level], marker="o", markersize=3.4, color=colour)
    if np.isfinite(first["baseline"]):
        axes.plot([place(first["baseline"])], [height], marker="o", markersize=5.5, markerfacecolor="white",
                  markeredgecolor=GREY, markeredgewidth=1.1, zorder=1.5)  # fmt: skip


def _chip(axes: Axes, left: float, height: float, row: Row, lang: str) -> None:
    """Draw the verdict of a package with the probability that the target is truly reached."""
    from matplotlib.patches import Rectangle

    ground = _GROUNDS[str(row["verdict"])]
    axes.add_patch(
        Rectangle((left, height - 0.42 * _ROW), _CHIP, 0.84 * _ROW, facecolor=ground, edgecolor=LIGHT, linewidth=0.5)
    )
    axes.text(left + _CHIP / 2.0, height, chip_words(row, lang), fontsize=8.3, ha="center", va="center", color=INK)


def chip_words(row: Row, lang: str) -> str:
    """Return the verdict and, for a forecast, its probability in per cent with the error."""
    words = verdict_words(row, lang)
    if np.isnan(row["probability"]) or row["basis"] in MARKS:
        return words
    # Rounded up: an error is never shown as none.
    error = ceil(1000.0 * float(row["probability_error"])) / 10.0
    return f"{words} {100.0 * float(row['probability']):.1f} ± {error:.1f} %" + (DOUBT if row["mark"] else "")
