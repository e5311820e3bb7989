"""The effect of a measure as a picture: what it names can be read, in both languages, with a measure and without."""

from __future__ import annotations

from itertools import combinations

import pytest

from huyou_sim.monitoring.evaluating import run_evaluation
from huyou_sim.output.drawing import check_glyphs, png_bytes, styled
from huyou_sim.output.figure_evaluation import evaluation_figure


@pytest.fixture(scope="module", params=[None, "plan_as_written"])
def evaluation(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("seen") / "made_up.csv"
    path.write_text("variable,period,value\nbirths,2022,20400\nbirths,2023,14000\nbirths,2024,13800\n", "utf-8")
    return run_evaluation("huzhou", path, "2023-01-01", measure=request.param, draws=40, prior_only=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_word_lies_on_another(evaluation, lang):
    with styled():
        figure = evaluation_figure(evaluation, lang)
        check_glyphs(figure)
        png_bytes(figure)
        boxes = [words.get_window_extent() for words in figure.texts if words.get_text()]
        boxes += [legend.get_window_extent() for legend in figure.legends]
        for axes in figure.axes:
            boxes += [one.get_window_extent() for one in (*axes.texts, axes.title) if one.get_text()]
            assert axes.get_legend() is None
    assert len(figure.legends) == 1
    expected = {None: 3, "plan_as_written": 4}[evaluation.question.measure]
    assert len(figure.legends[0].get_texts()) == expected
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_titles_have_no_quotes_of_another_script(evaluation):
    with styled():
        title = evaluation_figure(evaluation, "en").texts[0].get_text()
    assert title.isascii()
    assert "No new policy" in title
