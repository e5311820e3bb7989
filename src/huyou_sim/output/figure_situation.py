"""Pictures of a population's situation: pyramids with their band, areas side by side, and why births change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.output.drawing import check_glyphs, minus, new_page, png_bytes, styled, svg_bytes
from huyou_sim.output.explain_report import component_label
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import check_language, local_label, text
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import COLOURS, FEMALE, GREY, INK, MALE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.output.drawing import Page
    from huyou_sim.planning.situation import Situation

_SCALE = {"en": 1_000.0, "zh": 10_000.0}


def pyramid_figure(found: Situation, lang: str) -> Figure:
    """Return pyramids of the area: as the censuses counted it, and in the last year with the band of the futures."""
    panels = [*((year, "census") for year in found.census_years[-2:]), (found.years[-1], "model")]
    name = local_label(area_labels(found.fit), found.area, lang)
    page = new_page(
        13.0, 5.2, head=0.62, foot=0.55,
        title=text("figure.situation.pyramid", lang, place=name, last=found.years[-1]),
        notes=[_note(found, lang)],
    )  # fmt: skip
    grid = page.grid(1, len(panels), left=0.75, right=0.3, wspace=0.12)
    mine = found.pyramids[found.pyramids["area"] == found.area]
    widest = _widest(mine, lang)
    for position, (year, basis) in enumerate(panels):
        axes = page.figure.add_subplot(grid[0, position])
        _pyramid(axes, mine[(mine["year"] == year) & (mine["basis"] == basis)], widest, lang)
        before = mine[(mine["year"] == panels[0][0]) & (mine["basis"] == panels[0][1])]
        if position:
            _outline(axes, before, lang)
        axes.set_title(text("situation.census", lang, year=year) if basis == "census" else str(year), fontsize=11)
        axes.set_xlabel(text("figure.situation.axis", lang))
        axes.tick_params(labelleft=position == 0)
        if position == 0:
            axes.set_ylabel(text("figure.pyramid.age", lang))
    _keys(page, panels[0][0], lang)
    return page.figure


def areas_figure(found: Situation, lang: str) -> Figure:
    """Return pyramids of all areas in the last year, with the last census as an outline; each has its own axis."""
    rows = -(-len(found.areas) // 3)
    first = found.census_years[-1] if found.census_years else None
    page = new_page(
        13.0, 3.6 * rows, head=0.62, foot=0.55,
        title=text("figure.situation.areas", lang, last=found.years[-1]),
        notes=[_note(found, lang)],
    )  # fmt: skip
    grid = page.grid(rows, 3, left=0.75, right=0.3, wspace=0.14, hspace=0.28)
    labels = area_labels(found.fit)
    for position, code in enumerate(found.areas):
        mine = found.pyramids[found.pyramids["area"] == code]
        axes = page.figure.add_subplot(grid[position // 3, position % 3])
        _pyramid(axes, mine[(mine["year"] == found.years[-1]) & (mine["basis"] == "model")], _widest(mine, lang), lang)
        if first is not None:
            _outline(axes, mine[(mine["year"] == first) & (mine["basis"] == "census")], lang)
        axes.set_title(local_label(labels, code, lang), fontsize=11)
        axes.tick_params(labelleft=position % 3 == 0)
        if position // 3 == rows - 1:
            axes.set_xlabel(text("figure.situation.axis", lang))
    _keys(page, first, lang)
    return page.figure


def births_figure(found: Situation, lang: str) -> Figure:
    """Return why births change in each area, a row of bars for each, in per cent of its births of the first year."""
    components = list(dict.fromkeys(found.births["component"]))
    page = new_page(
        13.0, 0.62 * len(found.areas) + 0.6, head=0.85, foot=0.55,
        title=text("situation.births_title", lang, first=found.years[0], last=found.years[-1]),
        notes=[text("figure.situation.births_note", lang)],
    )  # fmt: skip
    axes = page.figure.add_subplot(page.grid(1, 1, left=1.3, right=0.4)[0, 0])
    labels = area_labels(found.fit)
    for row, code in enumerate(found.areas):
        here = found.births[found.births["area"] == code].set_index("component")
        share = 100.0 * here["births"] / here["before"]
        ends = {True: 0.0, False: 0.0}
        for at, name in enumerate(components):
            value = float(share[name])
            axes.barh(row, value, left=ends[value > 0.0], height=0.62, color=COLOURS[1 + at % (len(COLOURS) - 1)],
                      label=component_label(name, lang) if row == 0 else None)  # fmt: skip
            ends[value > 0.0] += value
        axes.plot([float(share.sum())], [row], marker="D", color=INK, markersize=5, linestyle="none",
                  label=text("figure.situation.total", lang) if row == 0 else None)  # fmt: skip
    axes.axvline(0.0, color=GREY, linewidth=0.9)
    axes.set_yticks(range(len(found.areas)), [local_label(labels, code, lang) for code in found.areas])
    axes.invert_yaxis()
    axes.margins(x=0.04)
    axes.set_xlabel(text("figure.situation.births_axis", lang, first=found.years[0]))
    axes.xaxis.set_major_formatter(lambda value, _: minus(f"{value:g}"))
    figure = page.figure
    place = (0.35 / float(figure.get_figwidth()), 1 - 0.56 / float(figure.get_figheight()))
    axes.legend(loc="upper left", bbox_to_anchor=place, bbox_transform=figure.transFigure, ncols=4, fontsize=8.8,
                borderaxespad=0)  # fmt: skip
    return figure


def _note(found: Situation, lang: str) -> str:
    words = {"draws": f"{found.draws:,}", "scenario": found.scenario.label(lang)}
    return text("figure.situation.note", lang, **words)


def _widest(rows: pd.DataFrame, lang: str) -> float:
    return float(np.nanmax(rows[["q50", "q95"]].to_numpy())) / _SCALE[lang] * 1.06


def _sides(rows: pd.DataFrame) -> Iterator[tuple[int, str, pd.DataFrame]]:
    for sex, sign, colour in (("male", -1, MALE), ("female", 1, FEMALE)):
        yield sign, colour, rows[rows["sex"] == sex].sort_values("age_lower")


def _pyramid(axes: Axes, rows: pd.DataFrame, widest: float, lang: str) -> None:
    """Draw medians as bars and the 90 % band as a whisker of each."""
    for sign, colour, side in _sides(rows):
        lower, middle = side["age_lower"].to_numpy(), side["q50"].to_numpy() / _SCALE[lang]
        axes.barh(lower + 2.5, sign * middle, height=4.6, color=colour, alpha=0.72, linewidth=0)
        low, high = (side[name].to_numpy() / _SCALE[lang] for name in ("q05", "q95"))
        if np.isfinite(low).all():
            axes.hlines(lower + 2.5, sign * low, sign * high, color=INK, linewidth=1.3)
    axes.axvline(0.0, color="white", linewidth=0.8)
    axes.set_xlim(-widest, widest)
    axes.set_ylim(0, 90)
    axes.set_yticks([*range(0, 90, 10), 87.5], [*(str(age) for age in range(0, 90, 10)), "85+"])
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.10g}")
    axes.grid(visible=False)


def _outline(axes: Axes, rows: pd.DataFrame, lang: str) -> None:
    for sign, _, side in _sides(rows):
        edges = [*side["age_lower"], 90]
        axes.stairs(sign * side["q50"].to_numpy() / _SCALE[lang], edges, orientation="horizontal", color=GREY,
                    linewidth=1.0)  # fmt: skip


def _keys(page: Page, first: int | None, lang: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Line2D | Patch] = [
        Patch(color=colour, alpha=0.72, label=text(key, lang))
        for colour, key in ((MALE, "sex.male"), (FEMALE, "sex.female"))
    ]
    keys.append(Line2D([], [], color=INK, linewidth=1.3, label=text("figure.needs.band", lang)))
    if first is not None:
        keys.append(Line2D([], [], color=GREY, linewidth=1.0, label=text("situation.census", lang, year=first)))
    figure = page.figure
    place = (0.35 / float(figure.get_figwidth()), 1 - 0.56 / float(figure.get_figheight()))
    figure.legend(handles=keys, loc="upper left", bbox_to_anchor=place, ncols=len(keys), fontsize=9, borderaxespad=0)


def write_situation_figures(found: Situation, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the path of each figure once it is written.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    check_language(lang)
    for name, draw in (("pyramid", pyramid_figure), ("pyramids_by_area", areas_figure), ("births", births_figure)):
        with styled():
            figure = draw(found, lang)
            check_glyphs(figure)
            png, svg = png_bytes(figure), svg_bytes(figure)
        yield replace_file(folder / f"{name}.png", png)
        yield replace_file(folder / f"{name}.svg", svg)
