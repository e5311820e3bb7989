"""Text, tables and figures of a comparison: they show its numbers, in both languages, and nothing is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.text import Text
from openpyxl import load_workbook

from huyou_sim.output.compare_files import Answer, tables_of, write_comparison
from huyou_sim.output.compare_report import said_of
from huyou_sim.output.compare_words import lever_label
from huyou_sim.output.drawing import styled
from huyou_sim.output.figure_compare import (
    FANNED,
    cost_figure,
    difference_figure,
    shapley_figure,
    tornado_figure,
    write_compare_figures,
)
from huyou_sim.output.labels import LANGUAGES, number
from huyou_sim.output.manifest import check_files
from huyou_sim.planning.compare import run_comparison
from huyou_sim.planning.shapley import attribute
from huyou_sim.planning.tornado import tornado
from tests.output.test_reach_figures import outside


@pytest.fixture(scope="module")
def answer():
    found = run_comparison(
        "huzhou", ["plan_as_written", "subsidies_strong", "constant_rates"], draws=20, until=2027, prior_only=True,
        trends_differ=True,
    )  # fmt: skip
    one = found.scenario("subsidies_strong")
    return Answer(
        found, attribute(found.ensemble, one, found.against), tornado(found.ensemble, one, found.against, None)
    )


def figures(answer, lang):
    with styled():
        return {
            "differences": difference_figure(answer.comparison, lang),
            "cost": cost_figure(answer.comparison, lang),
            "shapley": shapley_figure(answer.attribution, answer.comparison, lang),
            "tornado": tornado_figure(answer.tornado, answer.comparison, lang),
        }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_leaves_the_page(answer, lang):
    for name, figure in figures(answer, lang).items():
        assert outside(figure) == [], name


def test_a_fan_is_the_bands_of_the_differences(answer):
    found = answer.comparison
    figure = figures(answer, "en")["differences"]
    assert len(figure.axes) == len(FANNED) * len(found.scenarios)
    axes = figure.axes[0]
    gap = found.gains["births"].sel(scenario="plan_as_written")
    assert any(np.allclose(line.get_ydata(), gap.median("draw")) for line in axes.lines if len(line.get_ydata()) > 2)
    fan = next(each for each in axes.collections if isinstance(each, FillBetweenPolyCollection))
    low, high = gap.quantile([0.05, 0.95], "draw").sel(year=2027).values
    at_end = fan.get_paths()[0].vertices
    heights = at_end[at_end[:, 0] == 2027, 1]
    assert np.allclose([heights.min(), heights.max()], [low, high])


def test_points_of_cost_are_means_and_warnings_stand_below(answer):
    found = answer.comparison
    figure = figures(answer, "en")["cost"]
    points = {line.get_label(): (line.get_xdata()[0], line.get_ydata()[0]) for line in figure.axes[0].lines}
    costs = found.costs.set_index(["scenario", "quantity", "unit_costs"])["value"]
    x, y = points["Plan as written"]
    assert x == pytest.approx(costs["plan_as_written", "cost_lasting", "central"] / 1e6)
    assert y == pytest.approx(costs["plan_as_written", "births_lasting", ""])
    words = " ".join(item.get_text().replace("\n", " ") for item in figure.findobj(Text))
    assert "No known payment buys" in words
    assert "not of policy alone" in words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_text_says_every_figure_and_warning(answer, lang, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    found, said = answer.comparison, said_of(answer, lang)
    rows = found.differences.set_index(["scenario", "variable", "year"])
    for key, variable, year, digits in (
        ("plan_as_written", "births_gained", 2025, 0), ("subsidies_strong", "births_lasting", 2027, 0),
        ("plan_as_written", "tfr", 2025, 3), ("subsidies_strong", "total_dependency_65", 2027, 2),
    ):  # fmt: skip
        assert number(rows.loc[(key, variable, year), "q50"], digits) in said, variable
    words = {
        "en": ("other trends", "No known payment buys", "Shapley", "Monte Carlo", "Beaten by", "Constant rates"),
        "zh": ("趋势不同", "没有已知的支付方式", "沙普利值", "蒙特卡罗", "劣于", "万元"),
    }
    for word in words[lang]:
        assert word in said, word
    for lever in answer.attribution.levers:
        assert lever_label(lever, lang) in said


def test_constant_rates_gain_births_at_no_cost_and_are_marked(answer):
    """A trend costs nothing: it would dominate every package, which is why it is refused unless asked for."""
    row = answer.comparison.summary.set_index("scenario").loc["constant_rates"]
    assert row["trends_differ"]
    assert row["births_gained_mean"] != 0.0
    tables = tables_of(answer, "en")
    assert tables["differences"].groupby("scenario")["trends_differ"].first().to_dict() == {
        "constant_rates": True, "plan_as_written": False, "subsidies_strong": False
    }  # fmt: skip


def test_the_folder_is_whole_and_tables_have_words_in_chinese(answer, tmp_path):
    folder = write_comparison(answer, tmp_path / "out", lang="zh", figures=False)
    check_files(folder)
    bands = xr.load_dataset(folder / "differences.nc")
    np.testing.assert_array_equal(bands["births_gained"], answer.comparison.bands["births_gained"])
    assert "与" in bands["tfr"].attrs["label_zh"]
    assert bands["births_lasting"].attrs["units"] == "births"
    for name in ("differences", "costs", "dominance", "targets", "joint", "shapley", "tornado"):
        header = (folder / "tables" / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        assert not any(word.isascii() for word in header.split(",")), header
    book = load_workbook(folder / "comparison.xlsx")
    assert book.sheetnames[:4] == ["说明", "差异", "成本", "两两比较"]
    again = write_comparison(answer, tmp_path / "again", lang="zh", figures=False)
    for path in folder.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path.name


def test_figures_come_where_they_were_asked_for(answer, tmp_path):
    found = answer.comparison
    names = [path.name for path in write_compare_figures(found, None, None, tmp_path, "zh")]
    assert names == ["differences.png", "differences.svg", "cost.png", "cost.svg"]


def test_the_mark_of_a_sampler_that_has_not_converged_stands_everywhere(answer):
    found = answer.comparison
    attrs = {"converged": 0, "r_hat": 1.2, "effective_size": 40.0}
    doubtful = replace(
        found, posterior=found.indicators.assign_attrs(attrs), summary=found.summary.assign(mark="in doubt")
    )
    said = said_of(Answer(doubtful), "en")
    assert said.startswith("! sampler not converged")
    assert all("not converged" in table["mark"].iloc[0] for table in tables_of(Answer(doubtful), "en").values())
    with styled():
        words = [item.get_text() for item in cost_figure(doubtful, "en").findobj(Text)]
    assert any("! sampler not converged" in word for word in words)
