"""Needs and situation as people see them: two languages, narrow screens, folders that are whole, errors in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from huyou_sim.cli import main
from huyou_sim.output.drawing import check_glyphs, png_bytes, styled
from huyou_sim.output.figure_needs import areas_figure, needs_figure
from huyou_sim.output.figure_situation import births_figure, pyramid_figure
from huyou_sim.output.labels import display_width
from huyou_sim.output.needs_report import needs_text, write_needs
from huyou_sim.output.service_words import SERVICES, service_label, service_unit, shown
from huyou_sim.output.situation_report import situation_text, write_situation
from huyou_sim.output.tables import read_table
from huyou_sim.planning.needs import UNITS, run_needs
from huyou_sim.planning.situation import run_situation


@pytest.fixture(scope="module")
def needs():
    return run_needs("huzhou", draws=16, until=2030, prior_only=True)


@pytest.fixture(scope="module")
def situation():
    return run_situation("huzhou", "Anji", years=(2021, 2025, 2030), draws=12, prior_only=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_fit_a_screen_of_120_columns(needs, situation, lang, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    for said in (needs_text(needs, lang), situation_text(situation, lang)):
        assert max(display_width(line) for line in said.splitlines()) <= 120
        assert ("湖州市" in said) == (lang == "zh")


def test_areas_stand_beside_the_city_that_they_add_up_to(needs):
    said = needs_text(needs, "en")
    part = said[said.index("Kindergarten places [places], No new policy: means by area") :].split("\n\n")[1]
    rows = {line.split()[0]: [int(word.replace(",", "").replace("−", "-")) for word in line.split()[1:]]
            for line in part.splitlines()[2:]}  # fmt: skip
    city = rows.pop("Huzhou")
    assert list(rows) == ["Wuxing", "Nanxun", "Deqing", "Changxing", "Anji"]
    assert np.abs(np.sum(list(rows.values()), axis=0) - city).max() <= 3  # five numbers, rounded each
    need, supply, gap = city[-3:]
    assert abs(need - supply - gap) <= 1


def test_amounts_have_the_unit_of_the_language():
    assert shown("orphan_allowance", 2_448_000.0, "en") == "2,448"
    assert shown("orphan_allowance", 2_448_000.0, "zh") == "244.8"
    assert service_unit("orphan_allowance", "zh") == "万元/年"
    assert service_unit("orphan_allowance", "en", plain=True) == "yuan per year"
    assert shown("midwives", float("nan"), "en") == "–"
    assert set(SERVICES) == set(UNITS)
    assert len({service_label(name, "zh") for name in SERVICES}) == len(SERVICES)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_folder_of_needs_is_whole(needs, tmp_path: Path, lang):
    folder = write_needs(needs, tmp_path / "needs", lang=lang, figures=False)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*manifest["files"], "manifest.json"}
    assert {"tables/needs.csv", "tables/emptying.csv", "tables/norms.csv", "needs.xlsx"} <= there
    assert manifest["arguments"]["command"] == "needs"
    table = read_table(folder / "tables" / "needs.csv")
    assert len(table) == len(needs.table)
    assert np.allclose(pd.to_numeric(table["need_mean"]), needs.table["need_mean"])


def test_figures_are_drawn_in_chinese(needs, situation):
    with styled():
        figures = [needs_figure(needs, "zh"), areas_figure(needs, "kindergarten_places", "zh"),
                   pyramid_figure(situation, "zh"), births_figure(situation, "zh")]  # fmt: skip
        for figure in figures:
            check_glyphs(figure)
    words = [" ".join(text.get_text() for text in figure.findobj(Text)) for figure in figures]
    assert "幼儿园学位" in words[0]
    assert all(name in words[1] for name in ("吴兴区", "南浔区", "德清县", "长兴县", "安吉县", "湖州市"))
    assert "2020年普查" in words[2]
    assert png_bytes(figures[2])[:4] == b"\x89PNG"


def test_a_folder_of_a_situation_is_whole(situation, tmp_path: Path):
    folder = write_situation(situation, tmp_path / "situation", lang="en", figures=False)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*manifest["files"], "manifest.json"}
    assert {"tables/situation.csv", "tables/pyramids.csv", "tables/births.csv", "situation.xlsx"} <= there
    sheets = pd.read_csv(folder / "tables" / "births.csv")
    assert {"area_label", "component_label", "births"} <= set(sheets.columns)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["needs", "--coverage", "140", "--areas", "Deqin,Anji", "--until", "2200"],
         ["140 %", "Did you mean 'Deqing'?", "--until: found 2200"]),
        (["needs", "--place", "jiaxing"], ["service_norms.csv"]),
        (["situation", "Dejing", "--years", "2021,2030", "--draws", "0"], ["Did you mean 'Deqing'?", "--draws"]),
        (["situation", "--years", "soon"], ["2021,2025,2035"]),
    ],
)  # fmt: skip
def test_mistakes_are_told_together_and_nothing_is_written(arguments, said, capsys, tmp_path: Path):
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--quiet", "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert all(words in error for words in said), error
    assert not (tmp_path / "out").exists()


def test_the_commands_print_what_was_asked_for(capsys):
    main(["needs", "no_new_policy", "--areas", "Deqing,Anji", "--coverage", "30", "--until", "2025", "--draws", "4",
          "--prior-only", "--quiet", "--lang", "en"])  # fmt: skip
    said = capsys.readouterr().out
    assert "Deqing, No new policy: need, median" in said
    assert "Huzhou" not in said
    assert "Plan as written" not in said
