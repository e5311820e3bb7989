"""Fan charts: what an ensemble says of each year, with the bands that hold 50, 80 and 95 % of its futures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.output.drawing import Page, definitions_note, minus, new_page, panel_title, scale
from huyou_sim.output.figure_overview import mark_keys, mark_observations, mark_targets
from huyou_sim.output.labels import local_label, number, text, variable_definition, variable_label
from huyou_sim.output.naming import area_labels
from huyou_sim.output.palette import GREY, INK
from huyou_sim.output.record import calendar, scenario_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from huyou_sim.planning.reach import Reach

    Array = NDArray[np.float64]

FAN = (
    "births", "tfr", "natural_increase_rate",
    "total_dependency_60", "married_share_20_29", "population_under_3",
)  # fmt: skip
"""Indicators of the chart, in the order in which a reader asks for them."""

FANS = ((0.95, "#CFE0EE"), (0.80, "#97BEDD"), (0.50, "#5596C6"))
"""Share of the futures inside a band, and its colour; the widest first."""

_MIDDLE = "#08305C"
_BLOCKS = {1: 3, 2: 2}
"""Indicators beside each other, by number of scenarios: each has a panel for each scenario."""

_APART = 0.12
"""Width of the gap between two indicators [panels]."""


def bands_figure(reach: Reach, lang: str) -> Figure:
    """Return a fan chart of each indicator under each scenario; the panels of an indicator share their axis."""
    names = [name for name in FAN if name in reach.bands]
    keys = [scenario.key for scenario in reach.scenarios]
    years = calendar(reach.bands["year"], "year")
    place = reach.fit.baseline.code
    blocks = _BLOCKS.get(len(keys), 1)
    rows, columns = -(-len(names) // blocks), blocks * len(keys)
    defined = {variable_label(name, lang): variable_definition(name, lang) for name in names}
    page = new_page(
        max(13.0, 1.2 + 2.0 * columns), 2.45 * rows, head=0.95, foot=0.42,
        title=text("figure.bands.title", lang, place=local_label(area_labels(reach.fit), place, lang),
                   first=years[0], last=years[-1]),
        notes=[_note(reach, names, lang), definitions_note(defined, lang)],
    )  # fmt: skip
    # A narrow empty column after the panels of an indicator sets the name of the next one apart.
    ratios = ([1.0] * len(keys) + [_APART]) * blocks
    grid = page.grid(rows, len(ratios), left=0.85, right=0.0, wspace=0.16, hspace=0.62, width_ratios=ratios)
    for position, name in enumerate(names):
        row, block = divmod(position, blocks)
        first: Axes | None = None
        for column, key in enumerate(keys):
            axes = page.figure.add_subplot(grid[row, block * (len(keys) + 1) + column], sharey=first)
            _fan(axes, reach, name, key, years)
            _named(axes, name, scenario_label(reach.scenarios, key, lang), years, lang, first=first is None)
            first = first or axes
    _legend(page, reach, names, lang)
    return page.figure


def _series(reach: Reach, name: str, key: str, quantile: float, figure: str = "value") -> Array:
    # Quantiles are rounded in the bands, as they are here: 1 - 0.95 is not 0.05.
    chosen = reach.bands[name].sel(scenario=key, area=reach.fit.baseline.code, quantile=round(quantile, 6))
    found: Array = chosen.sel(figure=figure).values
    return found


def _fan(axes: Axes, reach: Reach, name: str, key: str, years: Sequence[int]) -> None:
    divisor = scale(name, "en")[0]
    for share, colour in FANS:
        low, high = (_series(reach, name, key, 0.5 + side * share / 2.0) / divisor for side in (-1, 1))
        axes.fill_between(years, low, high, color=colour, linewidth=0)
    axes.plot(years, _series(reach, name, key, 0.5) / divisor, color=_MIDDLE, linewidth=1.8)
    mark_observations(axes, reach.fit.calibration.table, reach.fit.baseline.code, name, divisor)
    mark_targets(axes, reach.targets, name, divisor)


def _named(axes: Axes, name: str, scenario: str, years: Sequence[int], lang: str, *, first: bool) -> None:
    """Set scenario, indicator and unit, and the ticks of both axes."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    english, (divisor, unit) = scale(name, "en")[0], scale(name, lang)
    axes.set_title(scenario, fontsize=9.5, color=GREY, loc="right", pad=5)
    if first:
        panel_title(axes, variable_label(name, lang), unit)
    else:
        axes.tick_params(labelleft=False)
    axes.set_xlim(2019.3, max(years[-1], 2026) + 0.7)
    step = 5 if years[-1] - years[0] < 12 else 10
    axes.set_xticks(list(range(2020, years[-1] + 1, step)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    # Drawn in the English unit, so that panels are the same in both languages but for the figures at the axis.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: minus(f"{value * english / divisor:,.10g}")))
    if name == "natural_increase_rate":
        axes.axhline(0.0, color=GREY, linewidth=0.9, zorder=1.5)


def _note(reach: Reach, names: Sequence[str], lang: str) -> str:
    """Return how many draws there are, and how far their number lets medians and ends of bands be off."""
    middle, ends = (_worst(reach, names, quantiles) for quantiles in ((0.5,), (0.025, 0.975)))
    shown = {"middle": number(middle, 1), "ends": number(ends, 1)}
    return text("figure.bands.note", lang, draws=f"{reach.indicators.sizes['draw']:,}", **shown)


def _worst(reach: Reach, names: Sequence[str], quantiles: Sequence[float]) -> float:
    """Return the largest Monte Carlo error of quantiles, over the width of the 95 % band [%]."""
    found = [0.0]
    for name in names:
        for scenario in reach.scenarios:
            low, high = (_series(reach, name, scenario.key, end) for end in (0.025, 0.975))
            wide = high > low
            for quantile in quantiles:
                error = _series(reach, name, scenario.key, quantile, "mc_error")
                found += (100.0 * error[wide] / (high - low)[wide]).tolist()
    return float(np.max(found))


def _legend(page: Page, reach: Reach, names: Sequence[str], lang: str) -> None:
    """Set the keys of median, bands, published figures and targets under the title."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Line2D | Patch] = [Line2D([], [], color=_MIDDLE, linewidth=1.8, label=text("figure.bands.median", lang))]
    keys += [Patch(color=colour, label=text("figure.bands.share", lang, share=f"{100 * share:.0f}"))
             for share, colour in reversed(FANS)]  # fmt: skip
    marks = mark_keys(reach.fit.calibration.table, reach.targets, names, lang)
    figure = page.figure
    height, width = float(figure.get_figheight()), float(figure.get_figwidth())
    for handles, inches, colour in ((keys, 0.56, INK), (marks, 0.81, GREY)):
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.35 / width, 1 - inches / height),
                      ncols=len(handles), fontsize=8.8, labelcolor=colour, borderaxespad=0, handlelength=2.2,
                      columnspacing=1.6)  # fmt: skip
