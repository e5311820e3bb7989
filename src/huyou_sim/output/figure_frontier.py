"""What money can buy: the highest probability of reaching targets against the cost of the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.drawing import check_glyphs, new_page, png_bytes, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import text
from huyou_sim.output.palette import COLOURS, LIGHT
from huyou_sim.planning.aim import BIRTHS
from huyou_sim.planning.targets import TARGET_YEAR

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from huyou_sim.output.answer import Answer

MILLION = 1e6


def frontier_figure(table: pd.DataFrame, lang: str) -> Figure:
    """Return both probabilities of a frontier against central cost, with the range of costs and Monte Carlo errors.

    Parameters
    ----------
    table : DataFrame
        From `huyou_sim.planning.cheapest.frontier`, or the cost curve of a probability; its attribute ``head`` says
        what was asked.
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


def curve_figure(table: pd.DataFrame, lang: str) -> Figure:
    """Return births gained against the cost of the best package: what is maximised, the mean, and 90 % of draws.

    Parameters
    ----------
    table : DataFrame
        `huyou_sim.planning.best.Best.curve`; its attributes say what was asked.
    """
    told = {name: str(table.attrs.get(name, "")) for name in ("head", "title", "what", "first", "until")}
    page = new_page(
        10.0, 4.2, head=0.55, title=told["title"], subtitle=told["head"],
        notes=[
            text("best.note", lang, until=told["until"]), *sorted({str(mark) for mark in table["mark"] if mark})
        ],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=0.9, right=0.4)[0, 0])
    # Nothing is gained for nothing: every curve starts there.
    shown = {name: [0.0, *table[name]] for name in ("mean", "q05", "q95", "value", "value_again")}
    cost = [0.0, *(table["cost"] / MILLION)]
    sides = [table["cost"] - table["cost_low"], table["cost_high"] - table["cost"]]
    axes.fill_between(cost, shown["q05"], shown["q95"], color=LIGHT, label=text("best.figure_band", lang))
    axes.plot(cost, shown["mean"], "--", color=COLOURS[0], label=text("best.figure_mean", lang))
    axes.plot(cost, shown["value"], "o-", color=COLOURS[1], label=text("best.figure_value", lang, what=told["what"]))
    axes.plot(cost, shown["value_again"], "s:", color=COLOURS[2], label=text("best.figure_again", lang))
    axes.errorbar(
        table["cost"] / MILLION, table["value"], xerr=[side.clip(lower=0.0) / MILLION for side in sides],
        yerr=table["value_error"], fmt="none", ecolor=COLOURS[1], linewidth=0.8,
    )  # fmt: skip
    axes.set_xlim(left=0.0)
    axes.set_xlabel(text("solve.frontier_axis", lang))
    axes.set_ylabel(text("best.axis_births", lang, first=told["first"], until=told["until"]))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.3)
    return page.figure


MAKERS = {".png": png_bytes, ".svg": svg_bytes}


def check_picture(path: Path, *, along: bool) -> None:
    """Raise an ArgumentError where no curve is asked for, or the file is neither PNG nor SVG by its ending."""
    if path.suffix not in MAKERS:
        raise ArgumentError(Problem("--figure", f"'{path}'", "a name that ends in .png or .svg", "Type frontier.png."))
    if not along:
        fix = "Add --frontier, or --maximise."
        raise ArgumentError(Problem("--figure", f"'{path}'", "a frontier or a cost curve, which is what it shows", fix))


def draw_answer(answer: Answer, path: Path, lang: str) -> Path:
    """Return the path of the picture of a frontier or of a cost curve, PNG or SVG by its ending.

    Raises
    ------
    ArgumentError
        When the ending is another, or the answer has no curve.
    OutputError
        When the system refuses to write.
    """
    check_picture(path, along=answer.curve is not None or "frontier" in answer.tables)
    with styled():
        if answer.curve is not None and answer.curve.attrs["kind"] == BIRTHS:
            figure = curve_figure(answer.curve, lang)
        else:
            figure = frontier_figure(answer.table, lang)
        check_glyphs(figure)
        return replace_file(path, MAKERS[path.suffix](figure))
