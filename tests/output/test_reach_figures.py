"""Fan charts and the heat map of a reachability: they show its numbers, and nothing is cut or left unmarked."""

from __future__ import annotations

from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from huyou_sim.inference.monte_carlo import bands
from huyou_sim.output.drawing import styled
from huyou_sim.output.figure_bands import FAN, FANS
from huyou_sim.output.figure_frontier import frontier_figure
from huyou_sim.output.figure_reach import chance_words, shade
from huyou_sim.output.figures import REACH_FIGURES, draw_reach, write_reach_figures
from huyou_sim.planning.reach import run_reach


@pytest.fixture(scope="module")
def reach():
    return run_reach("huzhou", ["no_new_policy", "plan_as_written"], draws=30, until=2030, prior_only=True)


def made(name, reach, lang="en"):
    with styled():
        return REACH_FIGURES[name](reach, lang)


def words_of(figure):
    return [item.get_text() for item in figure.findobj(Text) if item.get_text().strip()]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(REACH_FIGURES))
def test_equal_ones_give_equal_bytes(reach, name, lang):
    settings = dict(matplotlib.rcParams)
    png, svg = draw_reach(name, reach, lang)
    assert (png, svg) == draw_reach(name, reach, lang)
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg
    assert dict(matplotlib.rcParams) == settings


def test_a_fan_is_the_quantiles_of_the_draws(reach):
    figure = made("bands", reach)
    axes = next(each for each in figure.axes if "Total fertility rate" in words_of(each))
    drawn = reach.indicators["tfr"].sel(scenario="no_new_policy", area="330500")
    assert any(np.allclose(line.get_ydata(), drawn.median("draw")) for line in axes.lines if len(line.get_ydata()) > 2)
    fans = [each for each in axes.collections if isinstance(each, FillBetweenPolyCollection)]
    assert len(fans) == len(FANS)
    for fan, (share, _) in zip(fans, FANS, strict=True):
        low, high = drawn.quantile([0.5 - share / 2, 0.5 + share / 2], "draw").sel(year=2030).values
        at_end = fan.get_paths()[0].vertices
        heights = at_end[at_end[:, 0] == 2030, 1]
        assert np.allclose([heights.min(), heights.max()], [low, high])


def test_every_indicator_has_a_panel_for_each_scenario_and_panels_share_their_axis(reach):
    figure = made("bands", reach)
    assert len(figure.axes) == len(FAN) * 2
    for left, right in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        assert left.get_ylim() == right.get_ylim()


def test_every_probability_stands_in_the_heat_map(reach):
    words = words_of(made("reach", reach))
    for row in [*reach.targets.to_dict("records"), *reach.joint.to_dict("records")]:
        assert chance_words(row["probability"], row["probability_error"]) in words
        assert chance_words(row["probability_seen"], row["probability_seen_error"]) in words
    assert sum(" ± " in word and word[0].isdigit() for word in words) == 2 * 2 * 3 * (7 + 1)


@pytest.mark.parametrize(("lang", "said"), [("en", "sampler not converged"), ("zh", "抽样未收敛")])
def test_no_probability_goes_without_the_mark(reach, lang, said):
    attrs = {"converged": 0, "r_hat": 1.2, "effective_size": 40.0}
    tables = {name: getattr(reach, name).assign(mark="doubt") for name in ("targets", "joint")}
    doubtful = replace(reach, posterior=reach.indicators.assign_attrs(attrs), **tables)
    words = words_of(made("reach", doubtful, lang))
    cells = [word for word in words if " ± " in word and word[0].isdigit()]
    assert cells
    assert all(word.endswith("!") for word in cells)
    assert any(f"! {said}" in word for word in words)


def test_the_more_probable_the_darker():
    light = [sum(shade(chance)) for chance in np.linspace(0.0, 1.0, 21)]
    assert light == sorted(light, reverse=True)
    assert shade(0.0) == to_rgb("white")


def test_an_error_is_never_shown_as_none():
    assert chance_words(0.2, 1e-6) == "20.0 ± 0.1"


def outside(figure):
    """Return the texts that leave the page."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    page, found = figure.bbox, []
    # Ticks beyond the ends of an axis are texts too, but nobody sees them.
    ticks = {each for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for each in axis.get_ticklabels()}
    for item in set(figure.findobj(Text)) - ticks:
        box = item.get_window_extent(renderer)
        if item.get_text().strip() and item.get_visible() and box.width > 0:
            inside = box.x0 >= -1 and box.x1 <= page.x1 + 1 and box.y0 >= -1 and box.y1 <= page.y1 + 1
            found += [] if inside else [item.get_text()]
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(REACH_FIGURES))
def test_no_text_leaves_the_page(reach, name, lang):
    assert outside(made(name, reach, lang)) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_text_of_a_frontier_leaves_the_page(lang):
    cost = {"cost_low": [2e8, 8e9], "cost": [3e8, 9e9], "cost_high": [4e8, 1e10], "mark": ["", ""]}
    chance = {"probability": [0.1, 0.3], "probability_seen": [0.1, 0.2]}
    errors = {f"{name}_error": [0.02, 0.03] for name in chance}
    table = pd.DataFrame(cost | chance | errors)
    with styled():
        assert outside(frontier_figure(table, lang)) == []


def test_one_draw_and_a_place_without_targets_can_be_drawn(reach, tmp_path):
    single = reach.indicators.isel(draw=[0])
    bare = replace(
        reach, indicators=single, bands=bands(single), targets=reach.targets.iloc[:0], joint=reach.joint.iloc[:0]
    )
    names = [path.name for path in write_reach_figures(bare, tmp_path, "en")]
    assert names == ["bands.png", "bands.svg"]
