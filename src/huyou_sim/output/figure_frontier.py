"""What money can buy: the highest probability of reaching targets against the cost of the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.drawing import check_glyphs, new_page, png_bytes, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import text
from huyou_sim.output.palette import COLOURS, LIGHT
from huyou_sim.planning.targets import TARGET_YEAR

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MILLION = 1e6


def frontier_figure(table: pd.DataFrame, lang: str) -> Figure:
    """Return both probabilities of a frontier against central cost, with the range of costs and Monte Carlo errors.

    Parameters
    ----------
    table : DataFrame
        From `huyou_sim.planning.cheapest.frontier`; its attribute ``head`` says what was asked.
    """
    question = f"{text('solve.true', lang)} / {text('solve.seen', lang)}"
    page = new_page(
        10.0, 4.2, head=0.38, title=text("solve.frontier", lang, question=question),
        subtitle=str(table.attrs.get("head", "")),
        notes=[text("solve.note", lang, year=TARGET_YEAR), *sorted({str(mark) for mark in table["mark"] if mark})],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=0.9, right=0.4)[0, 0])
    cost = table["cost"].to_numpy() / MILLION
    sides = [cost - table["cost_low"].to_numpy() / MILLION, table["cost_high"].to_numpy() / MILLION - cost]
    kinds = (("probability", "solve.true", "o-"), ("probability_seen", "solve.seen", "s--"))
    for (name, label, style), colour in zip(kinds, COLOURS, strict=False):
        chance, error = 100.0 * table[name].to_numpy(), 100.0 * table[f"{name}_error"].to_numpy()
        axes.errorbar(cost, chance, xerr=[side.clip(0.0) for side in sides], fmt="none", ecolor=LIGHT, linewidth=3.0)
        axes.errorbar(cost, chance, yerr=error, fmt=style, color=colour, markersize=4.5, label=text(label, lang))
    axes.set_ylim(bottom=0.0)
    axes.set_xlim(left=0.0)
    axes.set_xlabel(text("solve.frontier_axis", lang))
    axes.set_ylabel(text("solve.frontier_probability", lang))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.3)
    return page.figure


MAKERS = {".png": png_bytes, ".svg": svg_bytes}


def check_picture(path: Path, *, along: bool) -> None:
    """Raise an ArgumentError where no frontier is asked for, or the file is neither PNG nor SVG by its ending."""
    if path.suffix not in MAKERS:
        raise ArgumentError(Problem("--figure", f"'{path}'", "a name that ends in .png or .svg", "Type frontier.png."))
    if not along:
        raise ArgumentError(Problem("--figure", f"'{path}'", "a frontier, which is what it shows", "Add --frontier."))


def draw_frontier(table: pd.DataFrame, path: Path, lang: str) -> Path:
    """Return the path of the picture of a frontier, PNG or SVG by its ending.

    Raises
    ------
    ArgumentError
        When the ending is another.
    OutputError
        When the system refuses to write.
    """
    check_picture(path, along=True)
    with styled():
        figure = frontier_figure(table, lang)
        check_glyphs(figure)
        return replace_file(path, MAKERS[path.suffix](figure))
