"""Observed figures against the band of the course: a panel for each series, colours told by shape as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.monitoring.warning import AMBER, RED
from huyou_sim.output.drawing import (
    check_glyphs,
    definitions_note,
    minus,
    new_page,
    panel_title,
    png_bytes,
    scale,
    styled,
    svg_bytes,
)
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import check_language, local_label, text, variable_definition, variable_label
from huyou_sim.output.monitor_words import COLOURS as WORDS
from huyou_sim.output.monitor_words import colour_words, series_label
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, GREY, INK
from huyou_sim.output.scorecard_text import DOUBT
from huyou_sim.planning.periods import parse_period

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.monitoring.monitor import Monitor
    from huyou_sim.output.drawing import Page

POINTS = {"green": ("o", COLOURS[3]), "amber": ("^", COLOURS[6]), "red": ("s", COLOURS[2])}
"""Shape and ink of each colour."""

_ACROSS = 3


def monitor_figure(monitor: Monitor, lang: str) -> Figure:
    """Return the figure: bands of the published figures by year, and the observed ones with their colours."""
    rows = -(-len(monitor.series) // _ACROSS)
    labels = area_labels(monitor.fit)
    mark = "" if monitor.posterior is None else warning_mark(monitor.posterior, lang)
    names = dict.fromkeys(monitor.series["name"])
    page = new_page(
        13.0, 2.7 * rows, head=1.0, foot=0.35,
        title=text("figure.monitor.title", lang, place=local_label(labels, monitor.fit.baseline.code, lang),
                   course=monitor.scenario.label(lang), day=monitor.as_of.isoformat()),
        notes=[
            text("figure.monitor.note", lang, draws=f"{monitor.draws:,}", amber=f"{100 * AMBER:g}",
                 red=f"{100 * RED:g}"),
            f"{DOUBT} {mark}" if mark else "",
            definitions_note({variable_label(name, lang): variable_definition(name, lang) for name in names}, lang),
        ],
    )  # fmt: skip
    grid = page.grid(rows, _ACROSS, left=0.9, right=0.3, wspace=0.27, hspace=0.62)
    for position, row in enumerate(monitor.series.to_dict("records")):
        axes = page.figure.add_subplot(grid[position // _ACROSS, position % _ACROSS])
        by, unit = scale(str(row["name"]), lang)
        _panel(axes, _same(monitor.bands, row), _same(monitor.figures, row), by)
        panel_title(axes, f"{series_label(monitor, row, lang)}  {colour_words(row['colour'], lang)}", unit)
    _legend(page, lang)
    return page.figure


def _same(table: pd.DataFrame, row: Mapping[Any, Any]) -> pd.DataFrame:
    """Return the rows of one series."""
    names = ["name", "area", "population_base"]
    found: pd.DataFrame = table[(table[names] == [row[name] for name in names]).all(axis=1)]
    return found


def _panel(axes: Axes, bands: pd.DataFrame, figures: pd.DataFrame, by: float) -> None:
    """Draw the band of one series and its figures; a part of a year stands at the pace of a year, with its own band."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    years = bands["year"].to_numpy()
    axes.fill_between(years, bands["q05"] / by, bands["q95"] / by, color=COLOURS[1], alpha=0.16, linewidth=0)
    axes.plot(years, bands["q50"] / by, color=COLOURS[1], linewidth=1.6)
    for row in figures.to_dict("records"):
        period = parse_period(str(row["period"]))
        if period is None:
            continue
        part = period.days > 1 and not period.whole
        counted = part and str(row["unit"]) in ("births", "persons")
        pace = by * (period.share if counted else 1.0)
        at = period.year + 0.0 if not part else period.year - 0.5 + _middle(period.end.timetuple().tm_yday, period.days)
        if part:
            axes.plot([at, at], [row["q05"] / pace, row["q95"] / pace], color=GREY, linewidth=1.1)
        shape, ink = POINTS[str(row["colour"])]
        axes.plot([at], [row["value"] / pace], marker=shape, markersize=6.5 if not part else 5.0, color=ink,
                  markeredgecolor=INK, markeredgewidth=0.7, linestyle="none", zorder=4)  # fmt: skip
    axes.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    axes.set_xticks([int(year) for year in years])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def _middle(last: int, days: int) -> float:
    """Return the middle of a period as a share of the year."""
    return (last - days / 2.0) / 365.25


def _legend(page: Page, lang: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Line2D | Patch] = [
        Line2D([], [], color=COLOURS[1], linewidth=1.6, label=text("figure.monitor.median", lang)),
        Patch(color=COLOURS[1], alpha=0.16, label=text("figure.monitor.band", lang)),
        *(
            Line2D([], [], marker=shape, markersize=6.5, color=ink, markeredgecolor=INK, markeredgewidth=0.7,
                   linestyle="none", label=text(WORDS[colour], lang))
            for colour, (shape, ink) in POINTS.items()
        ),
        Line2D([], [], color=GREY, linewidth=1.1, label=text("figure.monitor.part", lang)),
    ]  # fmt: skip
    height, width = float(page.figure.get_figheight()), float(page.figure.get_figwidth())
    page.figure.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.35 / width, 1 - 0.58 / height),
                       ncols=len(keys), fontsize=9, borderaxespad=0, columnspacing=1.6)  # fmt: skip


def write_monitor_figure(monitor: Monitor, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the paths of the figure, `monitor.png` and `.svg`, once they are written.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    check_language(lang)
    with styled():
        figure = monitor_figure(monitor, lang)
        check_glyphs(figure)
        png, svg = png_bytes(figure), svg_bytes(figure)
    yield replace_file(folder / "monitor.png", png)
    yield replace_file(folder / "monitor.svg", svg)
