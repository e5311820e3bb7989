"""The picture of doses and responses shows the curves, every study, and the words of the comparison."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from huyou_sim.errors import ArgumentError
from huyou_sim.output.dose_report import QUANTITIES, REASONS, explain_doses, shares_text
from huyou_sim.output.drawing import styled
from huyou_sim.output.figure_dose import CELLS, PANELS, POINT, check_dose_picture, dose_figure, draw_doses
from huyou_sim.output.labels import text
from huyou_sim.planning.doses import dose_response
from huyou_sim.policy.responses import FAMILIES
from tests.output.test_reach_figures import outside


@pytest.fixture(scope="module")
def explained():
    return explain_doses("huzhou", draws=500)


@pytest.fixture(scope="module")
def found(explained):
    return explained[2]


@pytest.fixture(scope="module")
def figure(found):
    with styled():
        return dose_figure(found, "en")


def panel(figure, name):
    return figure.axes[list(CELLS).index(name)]


def dots_of(axes):
    """Return the points of a panel, one collection each."""
    return [each for each in axes.collections if isinstance(each, PathCollection)]


def test_every_curve_has_a_panel(figure):
    assert set(PANELS) == set(FAMILIES)
    assert len(figure.axes) == len(CELLS)


@pytest.mark.parametrize("name", ["cash_all", "cash_3", "childcare", "campaigns"])
def test_a_curve_is_the_median_of_the_draws(figure, found, name):
    curve = found.curves[(found.curves["curve"] == name) & found.curves["transferred"]]
    lines = [line.get_ydata() for line in panel(figure, name).lines if len(line.get_ydata()) == len(curve)]
    assert any(np.allclose(line, curve["median"]) for line in lines)


def test_every_study_stands_beside_its_curve(figure, found):
    words = [item.get_text() for name in PANELS for item in panel(figure, name).findobj(Text)]
    for study in found.points["id"]:
        assert sum(word.split(":")[0] == study for word in words) == 1, study


def test_a_point_is_filled_when_the_study_was_verified(figure, found):
    childcare = found.points[found.points["lever"] == "childcare"]
    drawn = {}
    for dots in dots_of(panel(figure, "childcare")):
        edge, face = (to_hex(colours[0][:3]) for colours in (dots.get_edgecolor(), dots.get_facecolor()))
        drawn[tuple(dots.get_offsets()[0]), edge] = face
    for row in childcare[childcare["counted"] == "yes"].to_dict("records"):
        face = drawn[(row["dose"], row["effect"]), POINT.lower()]
        assert face == (POINT.lower() if row["verified"] == "yes" else "#ffffff")


def test_studies_that_count_lie_inside_their_panels(figure, found):
    for name in PANELS:
        axes = panel(figure, name)
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        for across, up in (dots.get_offsets()[0] for dots in dots_of(axes)):
            assert left <= across <= right
            assert bottom <= up <= top


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_text_leaves_the_page(found, lang):
    with styled():
        assert outside(dose_figure(found, lang)) == []


def test_the_picture_is_written_as_its_name_says(found, tmp_path):
    assert draw_doses(found, tmp_path / "doses.png", "zh").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"\.png or \.svg"):
        check_dose_picture(tmp_path / "doses.pdf")
    with pytest.raises(ArgumentError, match="Add --doses"):
        check_dose_picture(tmp_path / "doses.png", doses=False)


def test_the_report_holds_both_tables_and_every_reason(explained):
    said, table, found = explained
    for study in found.points["id"]:
        assert f"\n{study}  " in said
    for why in set(found.static["why"]) - {""}:
        assert REASONS[why][0] in said
    assert "21 of 21 medians lie inside the published band" in said
    assert "1.7 (0.5 … 4.9)" in said
    assert " ".join(shares_text(found, "en").split()) in " ".join(said.split())
    assert set(table["part"]) == {"static", "study"}
    assert len(table) == len(found.static) + len(found.points)
    assert set(found.static["quantity"]) == set(QUANTITIES)


def test_the_report_is_chinese_where_asked(found):
    assert "项研究中" in shares_text(found, "zh")
    assert text("dose.inside", "zh") == "内"


def test_the_same_seed_gives_the_same_and_more_draws_are_asked_for(found):
    again = dose_response("huzhou", draws=500)
    assert again.static.equals(found.static)
    assert again.points.equals(found.points)
    with pytest.raises(ArgumentError, match="--draws"):
        dose_response("huzhou", draws=99)
