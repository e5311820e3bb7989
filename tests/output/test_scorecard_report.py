"""The scorecard as text, tables, workbook and board: what they show is the table's, and nothing is cut."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from huyou_sim.output.drawing import styled
from huyou_sim.output.figure_scorecard import scorecard_figure
from huyou_sim.output.labels import display_width
from huyou_sim.output.manifest import check_files
from huyou_sim.output.scorecard_report import said_of, shown_methods, shown_table, write_scorecard
from huyou_sim.output.scorecard_text import chances, figure, tallies
from huyou_sim.planning.scorecard import run_scorecard


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    path = tmp_path_factory.mktemp("progress") / "progress.csv"
    path.write_text("indicator_id,date,value\n12,2023,71\n", encoding="utf-8")
    return run_scorecard("huzhou", draws=30, prior_only=True, observations=path)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_120_columns_and_names_every_indicator(card, lang):
    said = said_of(card, lang, methods=True, width=120)
    assert max(map(display_width, said.splitlines())) <= 120
    flat = "".join(said.split())
    for row in card.methods.to_dict("records"):
        start = f"{row['indicator_id']} {row[f'name_{lang}']}"[:14]
        assert "".join(start.split()) in flat, start


def test_figures_and_verdicts_are_the_table_s(card):
    said = said_of(card, "en", width=120)
    plan = card.table[card.table["scenario"] == "plan_as_written"].set_index("indicator_id")
    for number in (1, 5, 12, 14, 20):
        row = plan.loc[number].to_dict() | {"indicator_id": number}
        assert f"{figure(row['q50'], row)} ({figure(row['q05'], row)}–{figure(row['q95'], row)})" in said
        assert f"{row['verdict']} {chances(row)}" in said
    assert said.count("reached §") == (plan["basis"] == "set").sum() == 6
    assert "cannot be tested" in said
    assert "29,000" in said
    assert "71.00" in said


def test_tallies_count_every_indicator_once(card):
    for line in tallies(card, "en"):
        counts = [int(word) for word in line.split(": ")[1].replace(",", "").split() if word.isdigit()]
        assert sum(counts) == 28


def test_a_sampler_that_has_not_converged_marks_every_probability(card):
    doubtful = replace(card, table=card.table.assign(mark="not converged"))
    for row in doubtful.table.to_dict("records"):
        assert chances(row) == "" or chances(row).endswith("!")


def test_packages_beyond_two_have_a_table_of_their_own(card):
    third = replace(card.scenarios[1], key="third")
    more = card.table[card.table["scenario"] == "plan_as_written"].assign(scenario="third")
    wide = replace(card, scenarios=(*card.scenarios, third), table=pd.concat([card.table, more]))
    said = said_of(wide, "en", width=120)
    assert said.count("No. and indicator") == 3, "two boards, and observed progress"
    assert max(map(display_width, said.splitlines())) <= 120


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_folder_is_whole_and_equal_runs_give_equal_bytes(card, tmp_path, lang):
    folders = [
        write_scorecard(card, tmp_path / name, lang=lang, figures=(name, lang) == ("one", "en"))
        for name in ("one", "two")
    ]
    check_files(folders[0])
    listed = json.loads((folders[0] / "manifest.json").read_text(encoding="utf-8"))
    tables = {"tables/scorecard.csv", "tables/methods.csv", "tables/supply.csv", "scorecard.xlsx"}
    pictures = {"figures/scorecard.png", "figures/scorecard.svg"} if lang == "en" else set()
    assert set(listed["files"]) == tables | pictures
    assert listed["arguments"]["observations"] == [[12, "2023-12-31", 71.0]]
    for name in ("tables/scorecard.csv", "tables/methods.csv", "scorecard.xlsx"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    sheets = zipfile.ZipFile(folders[0] / "scorecard.xlsx").read("xl/workbook.xml").decode("utf-8")
    assert ("Scorecard" if lang == "en" else "记分卡") in sheets


def test_tables_have_one_language_and_headers_that_people_can_read(card, tmp_path):
    folder = write_scorecard(card, tmp_path / "zh", lang="zh", figures=False)
    table = pd.read_csv(folder / "tables" / "scorecard.csv", encoding="utf-8-sig")
    assert len(table) == 2 * 28
    assert not [name for name in table.columns if name.isascii() and name not in {"95%"}], list(table.columns)
    assert set(table["判定"]) <= {"达到", "有望", "未定", "未达到", "无法检验"}
    assert "万个/年" in set(table["单位"])
    english = shown_table(card, "en")
    assert {"label", "definition", "denominator", "department", "verdict", "scenario_label"} <= set(english.columns)
    assert not [name for name in english.columns if name.endswith(("_en", "_zh"))]
    assert (shown_methods(card, "en")["assumed"].str.len() > 0).all()


@pytest.fixture(scope="module")
def board(card):
    with styled():
        return scorecard_figure(card, "zh")


def test_the_board_shows_every_verdict_and_nothing_is_cut(board):
    words = [item for item in board.findobj(Text) if item.get_text().strip()]
    with styled():
        edges = [item.get_window_extent(FigureCanvasAgg(board).get_renderer()) for item in words]
    width, height = board.get_size_inches() * board.dpi
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in edges)
    shown = [item.get_text() for item in words]
    assert shown.count("无法检验") == 2
    assert sum(text.split(" ")[0] == str(number) for number in range(1, 29) for text in shown) >= 28


def test_a_strip_holds_its_bands(board):
    lines = [line for line in board.axes[0].lines if line.get_linewidth() == 2.0]
    assert len(lines) == 2 * 27, "one for each package and indicator that can be tested"
    assert all(np.isfinite(line.get_xdata()).all() for line in lines)
