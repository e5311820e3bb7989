"""Policy packages against a counterfactual, drawn: fans of differences, births against cost, levers, parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.compare_words import (
    difference_label,
    difference_unit,
    gift_words,
    lever_label,
    outcome_words,
    parameter_label,
    trend_words,
)
from huyou_sim.output.drawing import check_glyphs, minus, new_page, panel_title, png_bytes, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import check_language, display_width, local_label, text, wrap
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, GREY, INK, LIGHT
from huyou_sim.planning.gains import GAINED
from huyou_sim.planning.targets import TARGET_YEAR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from huyou_sim.output.drawing import Page
    from huyou_sim.planning.compare import Comparison
    from huyou_sim.planning.shapley import Attribution
    from huyou_sim.planning.tornado import Tornado

    Array = NDArray[np.float64]

MILLION = 1e6
ACROSS = 6
"""Packages beside each other; more go on in the next line."""

FANNED = ("births", "tfr")
"""Variables whose differences have a fan for each package."""

LONGEST = 12
"""Parameters of a tornado that are drawn; the table has all."""

_FANS = ((0.9, "#CFE0EE"), (0.5, "#7FB0D6"))
_MIDDLE = "#08305C"
_TOP = 7
_MARKS = ("o", "s", "^")
"""Colours of packages; the counterfactual has the first of the palette."""


def difference_figure(found: Comparison, lang: str) -> Figure:
    """Return a fan of the difference of births (above) and of fertility (below) for each package."""
    years = [int(year) for year in found.bands["year"].values]
    lines = -(-len(found.scenarios) // ACROSS)
    columns = -(-len(found.scenarios) // lines)
    page = new_page(
        max(9.0, 1.2 + 2.3 * columns), 2.4 * len(FANNED) * lines, head=0.55, foot=0.42,
        title=text("figure.compare.title", lang, place=_place(found, lang)),
        notes=_notes("figure.compare.note", found, lang),
    )  # fmt: skip
    grid = page.grid(len(FANNED) * lines, columns, left=0.95, right=0.3, wspace=0.16, hspace=0.75)
    for block, name in enumerate(FANNED):
        first: Axes | None = None
        for number, scenario in enumerate(found.scenarios):
            line, column = divmod(number, columns)
            axes = page.figure.add_subplot(grid[block * lines + line, column], sharey=first)
            _fan(axes, found, name, scenario.key, years)
            label = "\n".join(wrap(scenario.label(lang), 26))
            axes.set_title(label, fontsize=9, color=GREY, loc="right", pad=4, linespacing=1.1)
            axes.tick_params(labelleft=column == 0)
            if first is None:
                first = axes
                _panel(axes, difference_label(name, lang), difference_unit(name, lang))
    return page.figure


def _panel(axes: Axes, label: str, unit: str) -> None:
    """Set the name of a row of panels higher than the names of its packages, which may take two lines."""
    axes.annotate(f"{label} [{unit}]", (0, 1), (-40, 30), xycoords="axes fraction", textcoords="offset points",
                  fontsize=10.5)  # fmt: skip


def _fan(axes: Axes, found: Comparison, name: str, key: str, years: list[int]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def series(quantile: float) -> Array:
        values: Array = found.bands[name].sel(scenario=key, quantile=round(quantile, 6), figure="value").values
        return values

    for share, colour in _FANS:
        axes.fill_between(years, series(0.5 - share / 2), series(0.5 + share / 2), color=colour, linewidth=0)
    axes.plot(years, series(0.5), color=_MIDDLE, linewidth=1.8)
    axes.axhline(0.0, color=GREY, linewidth=0.9, zorder=1.5)
    axes.axvline(TARGET_YEAR, color=LIGHT, linewidth=0.9, zorder=0.5)
    axes.set_xticks(
        [year for year in (TARGET_YEAR, 2035, 2045) if year <= years[-1]] if years[-1] >= 2035 else years[::4]
    )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def cost_figure(found: Comparison, lang: str) -> Figure:
    """Return lasting births against additional cost of each package with bands, and the line of the unbeaten ones."""
    last = int(found.bands["year"].values[-1])
    page = new_page(
        10.0, 4.8, head=0.3 + 0.24 * -(-(len(found.scenarios) + 1) // 3), foot=0.6,
        title=text("figure.cost.title", lang, place=_place(found, lang)),
        notes=[*_notes("figure.cost.note", found, lang), *gift_words(found, lang)],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=0.95, right=0.4)[0, 0])
    own = found.costs[found.costs["unit_costs"].isin(["", "central"])].set_index(["scenario", "quantity"])
    figures = own[["value", "q05", "q95"]].to_dict("index")
    points = [(0.0, 0.0)]
    best = set(found.summary["scenario"][found.summary["undominated"]])
    for i, scenario in enumerate(found.scenarios):
        cost, births = figures[scenario.key, "cost_lasting"], figures[scenario.key, "births_lasting"]
        at = (cost["value"] / MILLION, births["value"])
        colour = COLOURS[1 + i % _TOP]
        axes.hlines(at[1], cost["q05"] / MILLION, cost["q95"] / MILLION, color=colour, linewidth=1.2, alpha=0.6)
        axes.vlines(at[0], births["q05"], births["q95"], color=colour, linewidth=1.2, alpha=0.6)
        # Beyond the colours that one can tell apart the mark changes.
        mark = _MARKS[(i // _TOP) % len(_MARKS)]
        axes.plot(*at, mark, color=colour, markersize=7, label=scenario.label(lang))
        points += [at] if scenario.key in best else []
    points.sort()
    axes.plot(*zip(*points, strict=True), color=GREY, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1.2,
              label=text("figure.cost.frontier", lang))  # fmt: skip
    axes.axhline(0.0, color=GREY, linewidth=0.9, zorder=1.0)
    axes.set_xlabel(text("figure.cost.x", lang, year=last))
    axes.set_ylabel(text("figure.cost.y", lang, year=last))
    _thousands(axes)
    _legend(page, axes, 3)
    return page.figure


def _thousands(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def _legend(page: Page, axes: Axes, columns: int) -> None:
    figure = page.figure
    place = (0.35 / float(figure.get_figwidth()), 1 - 0.58 / float(figure.get_figheight()))
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=place, ncols=columns, fontsize=8.8, borderaxespad=0)


def tornado_figure(one: Tornado, found: Comparison, lang: str) -> Figure:
    """Return what the widest parameters do to births gained and to fertility, bars from the 5 to the 95 % quantile."""
    kinds = [(GAINED, TARGET_YEAR, 0), ("tfr", TARGET_YEAR, 3)]
    names = {
        outcome: one.table[one.table["outcome"] == outcome].to_dict("records")[:LONGEST] for outcome, _, _ in kinds
    }
    lines = max(len(rows) for rows in names.values())
    notes = [text("compare.tornado_note", lang), *_notes("figure.compare.note", found, lang)[1:]]
    title = text("figure.tornado.title", lang, package=one.scenario.label(lang))
    page = new_page(12.5, 0.36 * lines + 0.3, head=0.55, foot=0.45, title=title, notes=notes)
    grid = page.grid(1, 2, left=3.3, right=0.45, wspace=0.86)
    for column, (outcome, year, decimals) in enumerate(kinds):
        axes = page.figure.add_subplot(grid[0, column])
        rows = names[outcome]
        for i, row in enumerate(rows):
            for end, colour in (("at_low", COLOURS[2]), ("at_high", COLOURS[1])):
                axes.barh(i, row[end] - row["central"], left=row["central"], color=colour, height=0.62, linewidth=0)
        axes.axvline(rows[0]["central"], color=INK, linewidth=1.0)
        axes.set_yticks(range(len(rows)), [_short(parameter_label(row, lang), 46) for row in rows], fontsize=8)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        panel_title(axes, outcome_words(outcome, year, lang), difference_unit(outcome, lang))
        axes.xaxis.set_major_formatter(_plain(decimals))
        axes.locator_params(axis="x", nbins=5)
    _ends(page, lang)
    return page.figure


def _plain(decimals: int) -> Any:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: minus(f"{value:,.{decimals}f}"))


def _short(words: str, columns: int) -> str:
    """Return words on at most two lines of so many columns; what does not fit is said in the table."""
    lines = wrap(words, columns)
    return "\n".join(lines[:2]) + ("…" if len(lines) > 2 else "")


def _ends(page: Page, lang: str) -> None:
    from matplotlib.patches import Patch

    keys = [
        Patch(color=COLOURS[2], label=text("compare.at_low", lang)),
        Patch(color=COLOURS[1], label=text("compare.at_high", lang)),
    ]
    figure = page.figure
    place = (0.35 / float(figure.get_figwidth()), 1 - 0.56 / float(figure.get_figheight()))
    figure.legend(handles=keys, loc="upper left", bbox_to_anchor=place, ncols=2, fontsize=8.8, borderaxespad=0)


def shapley_figure(one: Attribution, found: Comparison, lang: str) -> Figure:
    """Return what each lever adds to births: alone, on top of all others, and its Shapley value, with 90 % bands."""
    bars = (("alone", "compare.alone", COLOURS[5]), ("shapley", "compare.shapley_value", COLOURS[1]),
            ("last", "compare.last", COLOURS[6]))  # fmt: skip
    same = one.table[one.table["outcome"] == GAINED].set_index(["lever", "measured"])
    rows = same[["mean", "q05", "q95"]].to_dict("index")
    names = [lever_label(lever, lang) for lever in one.levers]
    left = 0.5 + 0.072 * max(min(display_width(name), 40) for name in names)
    page = new_page(
        9.5, 0.62 * len(names) + 0.2, head=0.55, foot=0.5,
        title=text("figure.shapley.title", lang, package=one.scenario.label(lang)),
        notes=_notes("figure.shapley.note", found, lang),
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=left, right=0.4)[0, 0])
    for k, (measured, key, colour) in enumerate(bars):
        here = [rows[lever, measured] for lever in one.levers]
        at = np.arange(len(names)) + 0.27 * (k - 1)
        axes.barh(at, [row["mean"] for row in here], height=0.25, color=colour, linewidth=0, label=text(key, lang))
        axes.hlines(at, [row["q05"] for row in here], [row["q95"] for row in here], color=INK, linewidth=0.9)
    axes.axvline(0.0, color=GREY, linewidth=0.9)
    axes.set_yticks(range(len(names)), [_short(name, 40) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"{outcome_words(GAINED, one.year, lang)} [{difference_unit(GAINED, lang)}]")
    axes.xaxis.set_major_formatter(_plain(0))
    _legend(page, axes, 3)
    return page.figure


def _place(found: Comparison, lang: str) -> str:
    return local_label(area_labels(found.fit), found.fit.baseline.code, lang)


def _notes(key: str, found: Comparison, lang: str) -> list[str]:
    """Return the caption of a figure: draws and counterfactual, trends that differ, and the mark of convergence."""
    mark = "" if found.posterior is None else warning_mark(found.posterior, lang)
    notes = [text(key, lang, draws=f"{len(found.ensemble):,}", against=found.against.label(lang))]
    return [*notes, *trend_words(found, lang), *([f"! {mark}"] if mark else [])]


COMPARE_FIGURES: Mapping[str, Callable[[Comparison, str], Figure]] = MappingProxyType(
    {"differences": difference_figure, "cost": cost_figure}
)
"""Name of each figure of every comparison -> the function that draws it."""


def write_compare_figures(
    found: Comparison, attribution: Attribution | None, along: Tornado | None, folder: Path, lang: str
) -> Iterator[Path]:
    """Yield the path of each figure once it is written; those of levers and parameters where they were asked for.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    check_language(lang)
    makers: dict[str, Callable[[], Figure]] = {}
    for name, maker in COMPARE_FIGURES.items():
        makers[name] = lambda maker=maker: maker(found, lang)  # type: ignore[misc]
    if attribution is not None:
        makers["shapley"] = lambda: shapley_figure(attribution, found, lang)
    if along is not None:
        makers["tornado"] = lambda: tornado_figure(along, found, lang)
    for name, make in makers.items():
        with styled():
            figure = make()
            check_glyphs(figure)
            png, svg = png_bytes(figure), svg_bytes(figure)
        yield replace_file(folder / f"{name}.png", png)
        yield replace_file(folder / f"{name}.svg", svg)
