"""With what probability each target is reached under each package, as a heat map: truly, and as published."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.drawing import Page, minus, new_page
from huyou_sim.output.labels import display_width, local_label, text, variable_unit, wrap
from huyou_sim.output.naming import LEVELS, area_labels
from huyou_sim.output.palette import GREY, INK, LIGHT
from huyou_sim.output.terminal import requirement, target_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.planning.reach import Reach

    Row = Mapping[Any, Any]

_ROW, _CELL = 0.27, 1.62  # inches
_SHADES = ("#FFFFFF", "#DCE9F4", "#9CC3E0", "#3E83B5", "#0B4A78")
"""From never to always; the figure itself stands in every cell."""

_DARK = 0.62  # of the probability, from which letters are white
_GAP = 0.35  # rows between two targets
_DOUBT = "!"
_KINDS = ("probability", "probability_seen")


def reach_figure(reach: Reach, lang: str) -> Figure:
    """Return probabilities by target and level (down) and package (across), each truly and as published."""
    groups = _groups(reach, lang)
    labels = [name for name, _ in groups]
    asked = [_asks(level, needed) for _, rows in groups for level, needed, _ in rows]
    packages = [wrap(scenario.label(lang), 20) for scenario in reach.scenarios]
    lines = max(map(len, packages))
    right_column = 0.35 + 0.062 * max(map(display_width, asked))
    left = 0.35 + 0.072 * max(map(display_width, labels)) + right_column
    height = sum(len(rows) + _GAP for _, rows in groups)
    mark = "" if reach.posterior is None else warning_mark(reach.posterior, lang)
    place = local_label(area_labels(reach.fit), reach.fit.baseline.code, lang)
    page = new_page(
        left + _CELL * len(packages) + 0.3, _ROW * height, head=0.66 + 0.16 * lines, foot=0.15,
        title=text("figure.reach.title", lang, place=place),
        notes=[text("figure.reach.note", lang, draws=f"{reach.indicators.sizes['draw']:,}"),
               f"{_DOUBT} {mark}" if mark else ""],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=left, right=0.3)[0, 0])
    axes.set_axis_off()
    axes.set_xlim(0.0, len(packages))
    axes.set_ylim(height - _GAP / 2.0, -_GAP / 2.0)
    _heads(axes, packages, lang)
    top = 0.0
    for name, rows in groups:
        _beside(axes, top + len(rows) / 2.0, name, right_column, size=9.5, colour=INK)
        for at, (level, needed, cells) in enumerate(rows):
            _beside(axes, top + at + 0.5, _asks(level, needed), 0.1, size=8.5, colour=GREY)
            for column, cell in enumerate(cells):
                _cell(axes, column, top + at, cell)
        top += len(rows) + _GAP
        axes.axhline(top - _GAP / 2.0, color=LIGHT, linewidth=0.6)
    _shades(page, lang)
    return page.figure


def _groups(reach: Reach, lang: str) -> list[tuple[str, list[tuple[str, str, list[Row]]]]]:
    """Return the rows of each target, and of all together: level, what it asks, and a cell for each package."""
    groups = []
    for _, same in reach.targets.groupby("indicator_id", sort=False):
        first = same.to_dict("records")[0]
        unit = variable_unit(str(first["variable"]), lang)
        groups.append((f"{target_name(first, lang)} [{unit}]", _levels(reach, same.to_dict("records"), lang)))
    numbers = str(reach.joint["indicator_ids"].iloc[0]).replace(" ", ", ")
    groups.append((text("reach.together", lang, numbers=numbers), _levels(reach, reach.joint.to_dict("records"), lang)))
    return groups


def _levels(reach: Reach, records: list[dict[Any, Any]], lang: str) -> list[tuple[str, str, list[Row]]]:
    rows = []
    for level in LEVELS:
        by_key = {row["scenario"]: row for row in records if row["level"] == level}
        cells: list[Row] = [by_key[scenario.key] for scenario in reach.scenarios]
        needed = minus(requirement(cells[0], lang)) if "threshold" in cells[0] else ""
        rows.append((text(f"level.{level}", lang), needed, cells))
    return rows


def _asks(level: str, needed: str) -> str:
    return f"{level}  {needed}".rstrip()


def _heads(axes: Axes, packages: list[list[str]], lang: str) -> None:
    """Set the name of each package and, under it, which half of its cells is which."""
    for column, words in enumerate(packages):
        axes.annotate("\n".join(words), (column + 0.5, -_GAP / 2.0), (0, 17), textcoords="offset points",
                      ha="center", va="baseline", fontsize=9.5, linespacing=1.15)  # fmt: skip
        for half, key in enumerate(("figure.reach.true", "figure.reach.seen")):
            axes.annotate(text(key, lang), (column + 0.26 + 0.48 * half, -_GAP / 2.0), (0, 4),
                          textcoords="offset points", ha="center", va="bottom", fontsize=8, color=GREY)  # fmt: skip


def _beside(axes: Axes, height: float, words: str, inches: float, *, size: float, colour: str) -> None:
    """Write words to the left of the cells, so many inches away from them."""
    axes.annotate(words, (0, height), (-72 * inches, 0), xycoords="data", textcoords="offset points",
                  ha="right", va="center", fontsize=size, color=colour, annotation_clip=False)  # fmt: skip


def _cell(axes: Axes, column: int, top: float, row: Row) -> None:
    """Draw both probabilities of a cell side by side, as colour and as a figure with its error."""
    from matplotlib.patches import Rectangle

    for half, kind in enumerate(_KINDS):
        chance = float(row[kind])
        left = column + 0.02 + 0.48 * half
        axes.add_patch(
            Rectangle((left, top + 0.04), 0.48, 0.92, facecolor=shade(chance), edgecolor=LIGHT, linewidth=0.5)
        )
        words = chance_words(chance, float(row[f"{kind}_error"])) + (_DOUBT if row["mark"] else "")
        axes.text(left + 0.24, top + 0.5, words, ha="center", va="center", fontsize=8.5,
                  color="white" if chance > _DARK else INK)  # fmt: skip


def chance_words(chance: float, error: float) -> str:
    """Return a probability in per cent with its error."""
    # Rounded up: an error is never shown as none.
    return f"{100.0 * chance:.1f} ± {ceil(1000.0 * error) / 10.0:.1f}"


def shade(chance: float) -> tuple[float, float, float]:
    """Return the colour of a probability."""
    from matplotlib.colors import to_rgb

    at = np.linspace(0.0, 1.0, len(_SHADES))
    channels = zip(*(to_rgb(colour) for colour in _SHADES), strict=True)
    red, green, blue = (float(np.interp(chance, at, channel)) for channel in channels)
    return red, green, blue


def _shades(page: Page, lang: str) -> None:
    """Set the scale of colours under the title."""
    from matplotlib.patches import Patch

    figure = page.figure
    keys = [
        Patch(facecolor=shade(share), edgecolor=LIGHT, label=f"{100 * share:.0f} %")
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    place = (0.35 / float(figure.get_figwidth()), 1 - 0.56 / float(figure.get_figheight()))
    legend = figure.legend(handles=keys, loc="upper left", bbox_to_anchor=place, ncols=len(keys), fontsize=8.8,
                           borderaxespad=0, handlelength=1.6, columnspacing=1.2)  # fmt: skip
    legend.set_title(text("figure.reach.scale", lang))
    legend.get_title().set_fontsize(8.8)
    legend.set_alignment("left")
