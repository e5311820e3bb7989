"""Dose-response curves of the levers with the studies behind them, time profiles, and found against expected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.dose_report import shares_text
from huyou_sim.output.drawing import Page, check_glyphs, minus, new_page, panel_title, png_bytes, styled, svg_bytes
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import number, text
from huyou_sim.output.palette import COLOURS, GREY, INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from huyou_sim.planning.doses import Doses

PANELS: dict[str, tuple[str, str, str]] = {
    "cash_all": ("figure.dose.cash_all", "figure.dose.unit_births", "figure.dose.axis_cash"),
    "cash_1": ("figure.dose.cash_1", "figure.dose.unit_order", "figure.dose.axis_cash"),
    "cash_2": ("figure.dose.cash_2", "figure.dose.unit_order", "figure.dose.axis_cash"),
    "cash_3": ("figure.dose.cash_3", "figure.dose.unit_order", "figure.dose.axis_cash"),
    "childcare": ("figure.dose.childcare", "figure.dose.unit_births", "figure.dose.axis_childcare"),
    "marriage_grant": ("figure.dose.marriage_grant", "figure.dose.unit_hazard", "figure.dose.axis_marriage_grant"),
    "marriage_services": (
        "figure.dose.marriage_services", "figure.dose.unit_hazard", "figure.dose.axis_marriage_services",
    ),
    "assisted_reproduction": (
        "figure.dose.assisted_reproduction", "figure.dose.unit_births", "figure.dose.axis_assisted_reproduction",
    ),
    "ideals": ("figure.dose.ideals", "figure.dose.unit_tfr", "figure.dose.axis_ideals"),
    "campaigns": ("figure.dose.campaigns", "figure.dose.unit_tfr", "figure.dose.axis_campaigns"),
}  # fmt: skip
"""Name, unit and axis of the panel of each curve, in the order of the page."""

PROFILES = {
    "first": ("figure.dose.first", COLOURS[1]),
    "later": ("figure.dose.later", COLOURS[3]),
    "marriage": ("figure.dose.marriage", COLOURS[2]),
    "childcare": ("figure.dose.care", COLOURS[4]),
}

STUDY_PANEL = {("cash", "all"): "cash_all", ("cash", "second_up"): "cash_2", ("cash", "third_up"): "cash_3"}
"""Panel of a study of cash, by the births that its dose is for; others have that of their lever."""

MOST, HALF, LINE, POINT = "#CFE0EE", "#97BEDD", "#08305C", COLOURS[2]
COLUMNS = 5
CELLS = {
    "cash_all": (0, 0, 2), "cash_1": (0, 2, 1), "cash_2": (0, 3, 1), "cash_3": (0, 4, 1),
    "childcare": (1, 0, 1), "marriage_grant": (1, 1, 1), "marriage_services": (1, 2, 1),
    "assisted_reproduction": (1, 3, 1), "ideals": (1, 4, 1),
    "campaigns": (2, 0, 1), "profiles": (2, 1, 2), "observed": (2, 3, 2),
}  # fmt: skip
"""Row, column and width of each panel."""

LETTERS = 7.5
"""Size of the ids beside points [points]."""

MAKERS = {".png": png_bytes, ".svg": svg_bytes}


def dose_figure(found: Doses, lang: str) -> Figure:
    """Return a page of dose-response curves with studies, time profiles, and found against expected effects."""
    page = new_page(
        17.0, 10.2, head=0.9, foot=0.55,
        title=text("figure.dose.title", lang),
        subtitle=text("figure.dose.subtitle", lang, draws=f"{found.draws:,}"),
        notes=[shares_text(found, lang), text("dose.note", lang)],
    )  # fmt: skip
    grid = page.grid(3, COLUMNS, left=0.75, right=0.35, wspace=0.26, hspace=0.5, height_ratios=[1.2, 0.95, 1.1])
    places = {name: page.figure.add_subplot(grid[row, column : column + width])
              for name, (row, column, width) in CELLS.items()}  # fmt: skip
    panel_of = [STUDY_PANEL.get((row["lever"], row["parity"]), row["lever"]) for row in found.points.to_dict("records")]
    studies = found.points.assign(panel=panel_of)
    for name, words in PANELS.items():
        curve = found.curves[found.curves["curve"] == name]
        shown = studies[studies["panel"] == name]
        _curve(places[name], curve)
        _heights(places[name], curve, shown)
        _studies(places[name], shown, lang)
        _named(places[name], *words, lang)
    _profiles(places["profiles"], found.profiles, lang)
    _observed(places["observed"], found.points, lang)
    _legend(page, lang)
    return page.figure


def _named(axes: Axes, title: str, unit: str, axis: str, lang: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    panel_title(axes, text(title, lang), text(unit, lang))
    axes.set_xlabel(text(axis, lang), fontsize=8.5)
    axes.tick_params(labelsize=8.5)
    if axes.get_yscale() == "linear":
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    plain = FuncFormatter(lambda value, _: minus(f"{value:,.10g}"))
    axes.yaxis.set_major_formatter(plain)
    axes.xaxis.set_major_formatter(plain)


def _curve(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw bands and median as the model has it, and, dashed, the studies' own setting where it differs."""
    model, own = (rows[rows["transferred"] == flag] for flag in (True, False))
    dose = model["dose"].to_numpy()
    axes.fill_between(dose, model["q05"], model["q95"], color=MOST, linewidth=0)
    axes.fill_between(dose, model["q25"], model["q75"], color=HALF, linewidth=0)
    axes.plot(dose, model["median"], color=LINE, linewidth=1.8)
    if not np.allclose(model["median"], own["median"]):
        axes.plot(dose, own["median"], color=GREY, linewidth=1.1, linestyle=(0, (5, 2)))
        for end in ("q05", "q95"):
            axes.plot(dose, own[end], color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)))
    axes.axhline(0.0, color=GREY, linewidth=0.7, zorder=1.5)
    if str(rows["curve"].iloc[0]).startswith("cash"):
        axes.set_xscale("log")
        axes.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5])
        axes.minorticks_off()
    axes.set_xlim(dose[0], dose[-1])


def _heights(axes: Axes, curve: pd.DataFrame, studies: pd.DataFrame) -> None:
    """Set the range of effects: of the model's curve and of the studies that count, wherever a wide band would end."""
    model = curve[curve["transferred"]]
    counted = studies.loc[studies["counted"] == "yes", ["effect", "effect_high"]].max(axis=1)
    middle = float(model["median"].max())
    top = max(min(float(model["q95"].max()), 3.0 * middle), 1.1 * float(counted.max()) if len(counted) else 0.0)
    bottom = max(float(model["q05"].min()), -0.5 * top)
    axes.set_ylim(min(1.1 * bottom, -0.05 * top), 1.08 * top)


def _studies(axes: Axes, rows: pd.DataFrame, lang: str) -> None:
    """Draw the points of studies, with the ranges that they give, each with its id.

    What does not count and lies far above is a triangle at the upper edge, with its effect in figures.
    """
    if rows.empty:
        axes.annotate(text("figure.dose.none", lang), (0.04, 0.95), xycoords="axes fraction", fontsize=8.5,
                      color=GREY, va="top")  # fmt: skip
        return
    top = axes.get_ylim()[1]
    labels: list[tuple[float, float, str]] = []
    for row in rows.to_dict("records"):
        dose, effect = float(row["dose"]), float(row["effect"])
        if effect > top:
            axes.plot([dose], [0.97 * top], marker="^", color=GREY, markersize=6, zorder=4, clip_on=False)
            labels.append((dose, 0.97 * top, f"{row['id']}: {number(effect, 1)}"))
            continue
        if not np.isnan(row["effect_low"]):
            axes.plot([dose] * 2, [row["effect_low"], row["effect_high"]], color=POINT, linewidth=0.9, zorder=3)
        if not np.isnan(row["dose_low"]):
            axes.plot([row["dose_low"], row["dose_high"]], [effect] * 2, color=POINT, linewidth=0.9, zorder=3)
        _mark(axes, dose, effect, row)
        labels.append((dose, effect, str(row["id"])))
    _label(axes, labels)


def _mark(axes: Axes, across: float, up: float, row: dict[Any, Any]) -> None:
    """Draw a study: filled when verified, its size by credibility, grey when it does not count."""
    colour = POINT if row["counted"] == "yes" else GREY
    axes.scatter([across], [up], s=_size(float(row["credibility"])), linewidths=1.1, edgecolors=colour,
                 facecolors=colour if row["verified"] == "yes" else "white", alpha=0.85, zorder=4,
                 clip_on=False)  # fmt: skip


def _size(credibility: float) -> float:
    return 10.0 + 12.0 * credibility


def _label(axes: Axes, labels: Sequence[tuple[float, float, str]]) -> None:
    """Write words beside points, as near as there is room, with a thin line where that is not beside the point."""
    scale = 72.0 / float(axes.figure.dpi)
    at = [scale * axes.transData.transform((across, up)) for across, up, _ in labels]
    left, right = scale * axes.get_window_extent().x0, scale * axes.get_window_extent().x1
    taken = [(float(x), float(y), 4.5, 4.5) for x, y in at]  # middle, half width and half height [points]
    for (x, y), (across, up, words) in zip(at, labels, strict=True):
        half = 0.29 * LETTERS * len(words)
        near = [
            (distance, dx, dy)
            for distance in (0.0, 7.0, 14.0, 21.0, 28.0)
            for dx, dy in (
                (half + 6 + distance, 0.0), (0.0, 10 + distance), (-half - 6 - distance, 0.0), (0.0, -10 - distance),
                (half + 4 + distance, 9 + distance), (-half - 4 - distance, 9 + distance),
                (half + 4 + distance, -9 - distance), (-half - 4 - distance, -9 - distance),
            )
        ]  # fmt: skip
        free = [
            one
            for one in near
            if left < x + one[1] - half
            and x + one[1] + half < right + 14
            and all(abs(x + one[1] - a) >= half + w or abs(y + one[2] - b) >= 3.8 + h for a, b, w, h in taken)
        ]
        distance, dx, dy = (free or near)[0]
        taken.append((float(x + dx), float(y + dy), half, 3.8))
        line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3} if distance else None
        axes.annotate(words, (across, up), (dx, dy), textcoords="offset points", fontsize=LETTERS, ha="center",
                      va="center", color=INK, zorder=5, annotation_clip=False, arrowprops=line)  # fmt: skip


def _profiles(axes: Axes, profiles: pd.DataFrame, lang: str) -> None:
    for name, (key, colour) in PROFILES.items():
        rows = profiles[profiles["profile"] == name]
        axes.fill_between(rows["since"], rows["q05"], rows["q95"], color=colour, alpha=0.13, linewidth=0)
        axes.plot(rows["since"], rows["median"], color=colour, linewidth=1.6, label=text(key, lang))
    axes.set_xlim(0, float(profiles["since"].max()))
    axes.set_ylim(0, 108)
    axes.legend(loc="lower right", fontsize=7.5, ncols=2, columnspacing=1.0, handlelength=1.4, borderaxespad=0.2)
    _named(axes, "figure.dose.profiles", "figure.dose.unit_share", "figure.dose.axis_profiles", lang)


def _observed(axes: Axes, points: pd.DataFrame, lang: str) -> None:
    """Draw effects found against expected ones, both on a scale that holds zero, with the line where they agree."""
    rows = points[points["counted"] == "yes"]
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.plot([0, 150], [0, 150], color=GREY, linewidth=0.9)
    labels: list[tuple[float, float, str]] = []
    for row in rows.to_dict("records"):
        found = float(row["effect"])
        axes.plot([row["own_q05"], row["own_q95"]], [found] * 2, color=HALF, linewidth=1.4, zorder=2,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([row["median"]], [found], marker="|", markersize=6, color=LINE, zorder=3)
        _mark(axes, float(row["own_median"]), found, row)
        labels.append((float(row["own_median"]), found, str(row["id"])))
    ticks = [0, 1, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.minorticks_off()
    axes.set_xlim(-0.45, 120)
    axes.set_ylim(-0.3, 60)
    _label(axes, labels)
    _named(axes, "figure.dose.observed", "figure.dose.unit_found", "figure.dose.axis_observed", lang)


def _legend(page: Page, lang: str) -> None:
    """Set the keys of curves and of points under the title."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def point(colour: str, face: str, key: str) -> Line2D:
        return Line2D([], [], marker="o", linestyle="", markersize=6.5, color=colour, markerfacecolor=face,
                      label=text(key, lang))  # fmt: skip

    lines = [
        Line2D([], [], color=LINE, linewidth=1.8, label=text("figure.dose.median", lang)),
        Patch(color=HALF, label=text("figure.dose.half", lang)),
        Patch(color=MOST, label=text("figure.dose.most", lang)),
        Line2D([], [], color=GREY, linewidth=1.1, linestyle=(0, (5, 2)), label=text("figure.dose.own", lang)),
    ]
    marks = [
        point(POINT, POINT, "figure.dose.filled"),
        point(POINT, "white", "figure.dose.open"),
        point(GREY, GREY, "figure.dose.cross"),
    ]
    marks += [
        Line2D([], [], marker="o", linestyle="", markersize=np.sqrt(_size(level)), color=GREY, markerfacecolor="white",
               label=text("figure.dose.size", lang, level=level))
        for level in (1, 3, 5)
    ]  # fmt: skip
    height, width = float(page.figure.get_figheight()), float(page.figure.get_figwidth())
    for handles, inches in ((lines, 0.86), (marks, 1.1)):
        page.figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.35 / width, 1 - inches / height),
                           ncols=len(handles), fontsize=8.8, borderaxespad=0, handlelength=2.2,
                           columnspacing=1.6)  # fmt: skip


def check_dose_picture(path: Path, *, doses: bool = True) -> None:
    """Raise an ArgumentError where no doses are asked for, or the file is neither PNG nor SVG by its ending."""
    if path.suffix not in MAKERS:
        raise ArgumentError(Problem("--figure", f"'{path}'", "a name that ends in .png or .svg", "Type doses.png."))
    if not doses:
        raise ArgumentError(Problem("--figure", f"'{path}'", "doses, which are what it shows", "Add --doses."))


def draw_doses(found: Doses, path: Path, lang: str) -> Path:
    """Return the path of the picture of doses and responses, PNG or SVG by its ending.

    Raises
    ------
    ArgumentError
        When the ending is another.
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    check_dose_picture(path)
    with styled():
        figure = dose_figure(found, lang)
        check_glyphs(figure)
        return replace_file(path, MAKERS[path.suffix](figure))
