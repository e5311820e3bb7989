"""The main picture: what each policy package does to births, fertility and age structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.output.drawing import (
    Page,
    definitions_note,
    minus,
    new_page,
    panel_title,
    scale,
    source_note,
    spread,
)
from huyou_sim.output.labels import text, variable_definition, variable_label
from huyou_sim.output.palette import COLOURS, DASHES, GREY, INK
from huyou_sim.output.record import LEVELS, Run, calendar, finite, summary, target_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PANELS = (
    "births",
    "tfr",
    "natural_increase_rate",
    "total_dependency_60",
    "population_total",
    "share_second_third",
)
TARGET_YEAR = 2025
RESIDENT = "resident"
"""Population base of the lines."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TARGET = "#8A1C4A"


def overview_figure(run: Run, lang: str) -> Figure:
    """Return six panels by scenario, with published figures and the targets of 2025.

    Bands hold 5-95 % of the trajectories when there is more than one. Marks of another population base are
    hollow, since the lines are of residents.
    """
    years = calendar(run.indicators["year"], "year")
    names = [name for name in PANELS if name in run.indicators]
    many = run.indicators.sizes["draw"] > 1
    defined = {variable_label(name, lang): variable_definition(name, lang) for name in names}
    page = new_page(
        13.0,
        7.0,
        head=0.92,
        title=text("figure.overview.title", lang, place=run.area_label(run.place, lang),
                   first=years[0], last=years[-1]),
        notes=[text("figure.band", lang) if many else "", definitions_note(defined, lang), source_note(run, lang)],
    )  # fmt: skip
    grid = page.grid(2, 3, left=0.78, right=0.45, wspace=0.26, hspace=0.40)
    for position, name in enumerate(names):
        axes = page.figure.add_subplot(grid[position // 3, position % 3])
        _panel(axes, run, name, years, lang)
    _legend(page, run, names, lang)
    return page.figure


def _panel(axes: Axes, run: Run, name: str, years: list[int], lang: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    divisor, unit = scale(name, lang)
    panel_title(axes, variable_label(name, lang), unit)
    ends = []
    for position, key in enumerate(run.scenario_keys):
        colour, dash = COLOURS[position % len(COLOURS)], DASHES[position % len(DASHES)]
        parts = summary(run.indicators[name].isel(area=-1).sel(scenario=key))
        series = {part: values.values / divisor for part, values in parts.items()}
        if "q05" in series:
            axes.fill_between(years, series["q05"], series["q95"], color=colour, alpha=0.10, linewidth=0)
        middle = series.get("value", series.get("q50"))
        assert middle is not None
        front = 3.0 if position == 0 else 2.5
        axes.plot(years, middle, color=colour, linestyle=dash, linewidth=2.0 if position == 0 else 1.6, zorder=front)
        ends.append(float(middle[-1]))
    mark_observations(axes, run.fit, run.place, name, divisor)
    mark_targets(axes, run.targets, name, divisor)
    axes.set_xlim(2019.3, years[-1])
    axes.set_xticks(list(range(2020, years[-1] + 1, 5)))
    axes.margins(y=0.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    low, high = axes.get_ylim()
    if name == "natural_increase_rate" and low < 0.0:
        axes.axhline(0.0, color=GREY, linewidth=0.9, zorder=1)
    axes.set_ylim(low, high)
    _end_letters(axes, ends)
    if max(abs(low), abs(high)) >= 1000:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value:,.10g}")))


def _end_letters(axes: Axes, ends: list[float]) -> None:
    """Name each line at its end, so that nobody must match colours."""
    right = axes.get_xlim()[1]
    low, high = axes.get_ylim()
    gap = (high - low) * 0.058
    for position, (end, place) in enumerate(zip(ends, spread(ends, gap, low + gap / 2, high), strict=True)):
        if not np.isfinite(end):
            continue
        axes.annotate(
            _LETTERS[position % len(_LETTERS)],
            (right, end),
            (right + 0.9, place),
            textcoords="data",
            annotation_clip=False,
            fontsize=8.5,
            va="center",
            color=COLOURS[position % len(COLOURS)],
            arrowprops={"arrowstyle": "-", "color": COLOURS[position % len(COLOURS)], "lw": 0.5,
                        "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def mark_observations(axes: Axes, fit: pd.DataFrame, place: str, name: str, divisor: float) -> None:
    """Draw published figures with two standard errors either side; hollow when of another population."""
    rows = fit[(fit["variable"] == name) & (fit["area"] == place) & (fit["use"] != "context")]
    for row in rows.to_dict("records"):
        year = _year(str(row["period"]))
        if year is None:
            continue
        hollow = row["population_base"] != RESIDENT
        axes.errorbar(
            [year],
            [finite(row["observed"]) / divisor],
            yerr=[2 * finite(row["standard_error"]) / divisor],
            fmt="o",
            color=GREY if hollow else INK,
            markerfacecolor="white" if hollow else INK,
            markersize=5,
            capsize=3,
            linewidth=1.1,
            zorder=5,
        )


def _year(period: str) -> int | None:
    return int(period[:4]) if period[:4].isdigit() else None


def mark_targets(axes: Axes, targets: pd.DataFrame, name: str, divisor: float) -> None:
    """Mark the target of 2025: a bar from lenient to strict, a cap and an arrow at the central level."""
    rows = targets[targets["variable"] == name].drop_duplicates("level")
    bounds = {str(row["level"]): target_bounds(row) for row in rows.to_dict("records")}
    if "central" not in bounds:
        return
    hollow = rows["population_base"].iloc[0] != RESIDENT
    line: dict[str, Any] = {"color": _TARGET, "zorder": 4, "linestyle": (0, (1.5, 1)) if hollow else "-"}
    x = TARGET_YEAR
    lower, upper = (bound / divisor for bound in bounds["central"])
    if np.isfinite(lower) and np.isfinite(upper):
        axes.plot([x, x], [lower, upper], linewidth=2.2, **line)
    else:
        side = 0 if np.isfinite(lower) else 1
        edges = [bounds[level][side] / divisor for level in LEVELS if level in bounds]
        axes.plot([x, x], [min(edges), max(edges)], linewidth=1.2, **line)
    face = "white" if hollow else _TARGET
    for bound, marker in ((lower, "^"), (upper, "v")):
        if np.isfinite(bound):
            axes.plot([x - 0.9, x + 0.9], [bound, bound], linewidth=1.8, **line)
            axes.plot([x], [bound], marker=marker, markersize=5.5, color=_TARGET, markerfacecolor=face, zorder=4.5)


def _legend(page: Page, run: Run, names: list[str], lang: str) -> None:
    """Set two rows of keys under the title: scenarios, then marks."""
    from matplotlib.lines import Line2D

    figure = page.figure
    lines = [
        Line2D([], [], color=COLOURS[position % len(COLOURS)], linestyle=DASHES[position % len(DASHES)],
               linewidth=2.2, label=f"{_LETTERS[position % len(_LETTERS)]}  {run.scenario_label(key, lang)}")
        for position, key in enumerate(run.scenario_keys)
    ]  # fmt: skip
    height, width = float(figure.get_figheight()), float(figure.get_figwidth())
    top = 1 - 0.56 / height
    options: dict[str, Any] = {"loc": "upper left", "borderaxespad": 0, "handlelength": 2.6, "columnspacing": 1.6}
    figure.legend(handles=lines, bbox_to_anchor=(0.35 / width, top), ncols=len(lines), fontsize=9.5, **options)
    marks = mark_keys(run.fit, run.targets, names, lang)
    figure.legend(handles=marks, bbox_to_anchor=(0.35 / width, top - 0.27 / height), ncols=3,
                  fontsize=8.5, labelcolor=GREY, **options)  # fmt: skip


def mark_keys(fit: pd.DataFrame, targets: pd.DataFrame, names: Sequence[str], lang: str) -> list[Line2D]:
    """Return the keys of published figures and targets that panels of `names` show."""
    from matplotlib.lines import Line2D

    def shown(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["variable"].isin(names)]

    marks = [Line2D([], [], color=INK, marker="o", markersize=5, label=text("figure.observed", lang))]
    if len(shown(targets)):
        label = text("figure.target", lang)
        marks.append(Line2D([], [], color=_TARGET, marker="^", markersize=5.5, label=label))
    if any((shown(frame)["population_base"] != RESIDENT).any() for frame in (fit, targets)):
        white: dict[str, Any] = {"color": GREY, "markerfacecolor": "white", "linestyle": "none"}
        marks.append(Line2D([], [], marker="o", markersize=5, label=text("figure.hollow", lang), **white))
    return marks
