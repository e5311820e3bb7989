"""A measure after the fact in one picture: published figures, what would have come without it, and the effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.output.drawing import check_glyphs, minus, new_page, panel_title, png_bytes, scale, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import local_label, text, variable_label
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.monitoring.evaluating import Evaluation

LEVELS, EFFECT = COLOURS[1], COLOURS[2]


def evaluation_figure(found: Evaluation, lang: str) -> Figure:
    """Return two panels: figures and their counterfactual by year, and the effect with its band."""
    series, by = found.question.series, scale(found.question.series, lang)
    place = local_label(area_labels(found.fit), found.fit.pack.place.code, lang)
    names = {
        "series": variable_label(series, lang), "start": found.question.start.isoformat(), "place": place,
        "against": found.scenarios[0].label(lang), "unit": by[1],
    }  # fmt: skip
    page = new_page(
        11.0, 3.6, head=0.75, foot=0.35, title=text("evaluation.title", lang, **names),
        notes=[text("figure.evaluation.note", lang, draws=f"{found.draws:,}"), *([found.mark] if found.mark else [])],
    )  # fmt: skip
    grid = page.grid(1, 2, left=0.8, right=0.3, wspace=0.22, hspace=0.3)
    levels, effects = (page.figure.add_subplot(grid[0, i]) for i in range(2))
    _levels(levels, found, by[0], lang)
    panel_title(levels, names["series"], by[1])
    _effects(effects, found.effects.dropna(subset="year"), by[0], lang)
    panel_title(effects, text("evaluation.effect", lang), by[1])
    _legend(page.figure, levels, effects)
    return page.figure


def _legend(figure: Figure, *panels: Axes) -> None:
    """Name what both panels draw in one line below the title: above a panel it would run into the unit."""
    pairs = [pair for axes in panels for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
    height, width = float(figure.get_figheight()), float(figure.get_figwidth())
    figure.legend(*zip(*pairs, strict=True), loc="upper left", bbox_to_anchor=(0.35 / width, 1 - 0.62 / height),
                  ncols=len(pairs), fontsize=8.5, borderaxespad=0, columnspacing=1.6)  # fmt: skip


def _levels(axes: Axes, found: Evaluation, by: float, lang: str) -> None:
    """Draw the published figures before and since the start, and the band of what would have come without."""
    columns = ["year", "observed", *(f"counterfactual_{name}" for name in ("q05", "q50", "q95"))]
    before = found.placebos.loc[found.placebos["placebo"] == "before", columns]
    rows = pd.concat([before, found.effects[columns].dropna(subset="year")]).astype(float)
    middle = rows["counterfactual_q50"].to_numpy()
    ends = np.abs(rows[["counterfactual_q05", "counterfactual_q95"]].to_numpy().T - middle)
    axes.errorbar(
        rows["year"], middle / by, yerr=ends / by, fmt="_", markersize=14, color=LEVELS, linewidth=7, alpha=0.35,
        label=text("evaluation.without", lang),
    )  # fmt: skip
    axes.plot(rows["year"], rows["observed"] / by, "o", color=INK, label=text("column.observed", lang))
    axes.axvline(found.question.start.year - 0.5, color=GREY, linewidth=1.0, linestyle=(0, (4, 2)))
    _years(axes, list(rows["year"]))


def _effects(axes: Axes, rows: pd.DataFrame, by: float, lang: str) -> None:
    """Draw the effect of each year with its band, and beside it what the levers were expected to bring."""
    years = rows["year"].to_numpy(float)
    shown = [("effect", EFFECT, "o", 0.0, "figure.evaluation.observed")]
    if "expected_q50" in rows:
        shown.append(("expected", LEVELS, "s", 0.18, "evaluation.expected"))
    for name, colour, mark, shift, label in shown:
        middle = rows[f"{name}_q50"].to_numpy() / by
        ends = np.abs(rows[[f"{name}_q05", f"{name}_q95"]].to_numpy().T / by - middle)
        axes.errorbar(years + shift, middle, yerr=ends, fmt=mark, color=colour, capsize=3, label=text(label, lang))
    axes.axhline(0.0, color=GREY, linewidth=1.0)
    _years(axes, list(rows["year"]))


def _years(axes: Axes, years: list[float]) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.set_xticks(sorted({int(year) for year in years}))
    axes.set_xlim(min(years) - 0.6, max(years) + 0.6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def write_evaluation_figures(found: Evaluation, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the path of the figure, as PNG and as SVG, once it is written.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    with styled():
        figure = evaluation_figure(found, lang)
        check_glyphs(figure)
        png, svg = png_bytes(figure), svg_bytes(figure)
    yield replace_file(folder / "effect.png", png)
    yield replace_file(folder / "effect.svg", svg)
