"""Need against supply: a panel per service for a place, and a panel per area for the services whose supply is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.output.drawing import check_glyphs, minus, new_page, panel_title, png_bytes, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import check_language, local_label, text
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, GREY, LIGHT
from huyou_sim.output.service_words import divisor, service_label, service_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.output.drawing import Page
    from huyou_sim.planning.needs import Needs

AREA_SERVICES = ("kindergarten_places", "childcare_places")
"""Services that have a figure with a panel for each area."""


def needs_figure(needs: Needs, lang: str, area: str | None = None) -> Figure:
    """Return need and supply of every service of an area, the last one when omitted (the place, if it is there)."""
    code = area or needs.areas[-1]
    here = needs.table[needs.table["area"] == code]
    services = list(dict.fromkeys(here["service"]))
    rows = -(-len(services) // 4)
    last = int(here["year"].max())
    page = new_page(
        14.0, 2.5 * rows, head=0.9, foot=0.35,
        title=text("figure.needs.title", lang, place=local_label(area_labels(needs.fit), code, lang), last=last),
        notes=[text("figure.needs.note", lang, draws=f"{needs.draws.sizes['draw']:,}")],
    )  # fmt: skip
    grid = page.grid(rows, 4, left=0.8, right=0.3, wspace=0.3, hspace=0.62)
    for position, service in enumerate(services):
        axes = page.figure.add_subplot(grid[position // 4, position % 4])
        _panel(axes, needs, here[here["service"] == service], lang)
        panel_title(axes, service_label(service, lang), service_unit(service, lang))
    _legend(page, needs, lang)
    return page.figure


def areas_figure(needs: Needs, service: str, lang: str) -> Figure:
    """Return need and supply of a service, a panel for each area, the place last; each has its own axis."""
    mine = needs.table[needs.table["service"] == service]
    last = int(mine["year"].max())
    rows = -(-len(needs.areas) // 3)
    page = new_page(
        13.0, 2.8 * rows, head=0.9, foot=0.35,
        title=text("figure.needs.areas_title", lang, service=service_label(service, lang), last=last),
        notes=[text("figure.needs.note", lang, draws=f"{needs.draws.sizes['draw']:,}")],
    )  # fmt: skip
    grid = page.grid(rows, 3, left=0.8, right=0.3, wspace=0.22, hspace=0.5)
    labels = area_labels(needs.fit)
    for position, code in enumerate(needs.areas):
        axes = page.figure.add_subplot(grid[position // 3, position % 3])
        _panel(axes, needs, mine[mine["area"] == code], lang)
        panel_title(axes, local_label(labels, code, lang), service_unit(service, lang))
    _legend(page, needs, lang)
    return page.figure


def _panel(axes: Axes, needs: Needs, rows: pd.DataFrame, lang: str) -> None:
    """Draw the need under each scenario with its band, the range of the norm, and supply."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    by = divisor(str(rows["service"].iloc[0]), lang)
    for position, scenario in enumerate(needs.scenarios):
        mine = rows[rows["scenario"] == scenario.key]
        years, colour = mine["year"].to_numpy(), COLOURS[position % len(COLOURS)]
        if position == 0:
            low, high = mine["need_low"] / by, mine["need_high"] / by
            axes.fill_between(years, low, high, color=LIGHT, alpha=0.55, linewidth=0)
        axes.fill_between(years, mine["need_q05"] / by, mine["need_q95"] / by, color=colour, alpha=0.16, linewidth=0)
        axes.plot(years, mine["need_q50"] / by, color=colour, linewidth=1.8)
        axes.plot(years, mine["supply_mean"] / by, color=colour, linewidth=1.4, linestyle=(0, (4, 2)))
    axes.set_xlim(years[0] - 0.4, years[-1] + 0.4)
    axes.set_ylim(bottom=0)
    axes.set_xticks([int(year) for year in years if year % 5 == 0 or year == years[0]])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def _legend(page: Page, needs: Needs, lang: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Line2D | Patch] = [
        Line2D([], [], color=COLOURS[i % len(COLOURS)], linewidth=1.8, label=scenario.label(lang))
        for i, scenario in enumerate(needs.scenarios)
    ]
    keys += [
        Line2D([], [], color=GREY, linewidth=1.8, label=text("figure.needs.need", lang)),
        Patch(color=GREY, alpha=0.25, label=text("figure.needs.band", lang)),
        Line2D([], [], color=GREY, linewidth=1.4, linestyle=(0, (4, 2)), label=text("figure.needs.supply", lang)),
        Patch(color=LIGHT, alpha=0.55, label=text("figure.needs.range", lang)),
    ]
    figure = page.figure
    height, width = float(figure.get_figheight()), float(figure.get_figwidth())
    figure.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.35 / width, 1 - 0.58 / height), ncols=len(keys),
                  fontsize=9, borderaxespad=0, columnspacing=1.6)  # fmt: skip


def write_needs_figures(needs: Needs, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the path of each figure once it is written: all services, and areas side by side where there are several.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    check_language(lang)
    several: Sequence[str] = AREA_SERVICES if len(needs.areas) > 1 else ()
    there = set(needs.table["service"])
    for name in ("needs", *(service for service in several if service in there)):
        with styled():
            figure = needs_figure(needs, lang) if name == "needs" else areas_figure(needs, name, lang)
            check_glyphs(figure)
            png, svg = png_bytes(figure), svg_bytes(figure)
        stem = name if name == "needs" else f"{name}_by_area"
        yield replace_file(folder / f"{stem}.png", png)
        yield replace_file(folder / f"{stem}.svg", svg)
