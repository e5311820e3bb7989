from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from huyou_sim.errors import OutputError
from huyou_sim.output.drawing import styled
from huyou_sim.output.figures import FIGURES, draw, figure_names
from huyou_sim.output.record import Run, SavedScenario


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(FIGURES))
def test_equal_runs_give_equal_bytes(run: Run, name: str, lang: str) -> None:
    settings = dict(matplotlib.rcParams)
    png, svg = draw(name, run, lang)
    again = draw(name, run, lang)
    assert (png, svg) == again
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg
    assert b"<dc:date>" not in svg
    assert dict(matplotlib.rcParams) == settings  # nothing global is left behind


@pytest.mark.parametrize("name", list(FIGURES))
def test_many_trajectories_can_be_drawn(many: Run, name: str) -> None:
    png, _ = draw(name, many, "zh")
    assert len(png) > 20_000


def test_bands_are_drawn_only_with_trajectories(run: Run, many: Run) -> None:
    from matplotlib.collections import FillBetweenPolyCollection

    counts = []
    for each in (run, many):
        with styled():
            figure = FIGURES["overview"](each, "en")
        counts.append(len(figure.findobj(FillBetweenPolyCollection)))
    assert counts == [0, 36]


def test_lines_are_the_numbers_of_the_run(run: Run) -> None:
    with styled():
        axes = FIGURES["overview"](run, "en").axes[1]
    expected = run.indicators["tfr"].isel(area=-1, draw=0)
    for key in run.scenario_keys:
        assert any(np.array_equal(line.get_ydata(), expected.sel(scenario=key).values) for line in axes.lines), key


def test_missing_glyph_is_an_error_and_not_a_box(run: Run) -> None:
    odd = SavedScenario("no_new_policy", {"en": "Package 𠮷 ꒉ", "zh": "方案"}, {})
    changed = Run(**{**run.__dict__, "scenarios": [odd, *run.scenarios[1:]]})
    with pytest.raises(OutputError, match=r"no glyph for .*U\+A489.*U\+20BB7"):
        draw("overview", changed, "en")
    draw("overview", changed, "zh")


def test_a_dollar_is_a_dollar(run: Run) -> None:
    odd = SavedScenario("no_new_policy", {"en": r"$100 and \frac$", "zh": "x"}, {})
    changed = Run(**{**run.__dict__, "scenarios": [odd, *run.scenarios[1:]]})
    draw("overview", changed, "en")


def test_verdicts_are_words_and_not_only_colours(run: Run) -> None:
    from matplotlib.text import Text

    with styled():
        figure = FIGURES["targets"](run, "en")
    words = [item.get_text() for item in figure.findobj(Text)]
    met = run.targets.query("level == 'central'")["met"]
    assert sum(word == "reached" for word in words) == int(met.sum())
    assert sum(word.startswith("missed by") for word in words) == int((~met).sum())


def test_no_text_leaves_the_page(run: Run) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    for name, lang in ((name, lang) for name in FIGURES for lang in ("en", "zh")):
        with styled():
            figure = FIGURES[name](run, lang)
            renderer = FigureCanvasAgg(figure).get_renderer()
            figure.draw_without_rendering()
            page = figure.bbox
            for item in figure.findobj(Text):
                if item.get_text().strip() and item.get_visible():
                    box = item.get_window_extent(renderer)
                    inside = box.x0 >= -1 and box.x1 <= page.x1 + 1 and box.y0 >= -1 and box.y1 <= page.y1 + 1
                    tick = box.width == 0
                    assert inside or tick, (name, lang, item.get_text())


def test_figures_without_data_are_left_out(run: Run) -> None:
    bare = Run(**{**run.__dict__, "targets": run.targets.iloc[:0], "result": run.result.drop_vars("women")})
    assert figure_names(bare) == ["overview", "fit", "pyramid"]
    draw("overview", bare, "en")
