"""The monitor and its drill as text, tables and figure: nothing is cut, and equal monitors give equal bytes."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from huyou_sim.errors import Problem
from huyou_sim.monitoring.monitor import run_monitor
from huyou_sim.output.drawing import styled
from huyou_sim.output.figure_monitor import POINTS, monitor_figure
from huyou_sim.output.labels import display_width
from huyou_sim.output.manifest import check_files
from huyou_sim.output.monitor_report import said_of, write_monitor
from huyou_sim.output.monitor_text import trust_words
from huyou_sim.output.monitor_words import SHAPES

ROWS = """variable,indicator_id,area,period,value,published
tfr,,,2022,0.87,2023-03-20
tfr,,,2023,0.90,2024-03-20
tfr,,,2023,0.85,2024-09-20
crude_marriage_rate,,,2022,4.9,2023-02-01
crude_marriage_rate,,,2023,2.4,2024-02-01
crude_divorce_rate,,,2023,1.3,2024-02-01
births,,,2024Q1,4800,2024-04-20
births,,Deqing,2023,2900,2024-04-20
married_share_20_29,,,2023,28.2,2024-04-20
,12,,2023-12-31,75,2024-01-20
,26,,2022-12-31,100,
"""


@pytest.fixture(scope="module")
def monitor(tmp_path_factory):
    path = tmp_path_factory.mktemp("made_up") / "made_up.csv"
    path.write_text(ROWS, encoding="utf-8")
    return run_monitor("huzhou", path, as_of=date(2024, 12, 1), draws=60, prior_only=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_text_fits_and_has_every_part(monitor, lang, width):
    said = said_of(monitor, lang, width=width)
    if width == 120:
        assert max(map(display_width, said.splitlines())) <= width
    flat = "".join(said.split())
    for words in ("2024-12-01", "2.40", "■", "2024Q1", "2024-09-20", "22"):
        assert words in flat, words
    units = ("个/妇女", "‰") if lang == "zh" else ("childrenperwoman", "per1,000")
    assert all(unit in flat for unit in units)


def test_left_out_rows_and_doubt_are_said(monitor):
    problem = Problem("column value", "'x'", "a number", "Correct the cell.", "somewhere/made_up.csv", 3)
    assert "1 row(s) of the file cannot be used" in said_of(replace(monitor, left_out=(problem,)), "en", width=120)
    found = monitor.revision
    few = replace(found, way="moved", reason="asked", weights=replace(found.weights, effective_size=7.0))
    assert "too few for weights" in trust_words(replace(monitor, revision=few), "en")
    sure = replace(found, way="weights", refit=None, update=replace(found.weights, effective_size=50.0))
    assert trust_words(replace(monitor, revision=sure), "en").startswith("Revised probabilities")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_folder_is_whole_and_equal_monitors_give_equal_bytes(monitor, tmp_path, lang):
    problem = Problem("column value", "'x'", "a number", "Correct the cell.", "somewhere/made_up.csv", 3)
    some = replace(monitor, left_out=(problem,))
    folders = [write_monitor(some, tmp_path / name, lang=lang, figures=False) for name in ("one", "two")]
    check_files(folders[0])
    listed = json.loads((folders[0] / "manifest.json").read_text(encoding="utf-8"))
    assert listed["arguments"]["left_out"][0].startswith("made_up.csv:3: column value")
    assert "somewhere" not in json.dumps(listed)
    for name in listed["files"]:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
        if not name.endswith(".csv"):
            continue
        table = pd.read_csv(folders[0] / name, encoding="utf-8-sig")
        assert not [header for header in table.columns if header.endswith(("_en", "_zh"))]
        if lang == "zh":
            assert not [header for header in table.columns if header.isascii()], name
    sheets = zipfile.ZipFile(folders[0] / "monitor.xlsx").read("xl/workbook.xml").decode("utf-8")
    assert ("Vintages" if lang == "en" else "历次公布值") in sheets
    table = pd.read_csv(folders[0] / "tables" / "monitor_figures.csv", encoding="utf-8-sig")
    assert len(table) == len(monitor.figures)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_figure_has_a_panel_for_each_series_and_nothing_is_cut(monitor, lang):
    with styled():
        figure = monitor_figure(monitor, lang)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # which puts the legend in its place
        words = [item for item in figure.findobj(Text) if item.get_text().strip() and item.get_visible()]
        edges = [item.get_window_extent(canvas.get_renderer()) for item in words]
    width, height = figure.get_size_inches() * figure.dpi
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in edges)
    assert len(figure.axes) == len(monitor.series)
    shapes = {colour: shape for colour, (shape, _) in POINTS.items()}
    for axes, (_, row) in zip(figure.axes, monitor.series.iterrows(), strict=True):
        mine = monitor.figures[(monitor.figures["name"] == row["name"]) & (monitor.figures["area"] == row["area"])]
        drawn = sorted(line.get_marker() for line in axes.lines if line.get_marker() in shapes.values())
        assert drawn == sorted(shapes[colour] for colour in mine["colour"])
        low, high = axes.get_ylim()
        points = [line for line in axes.lines if line.get_marker() in shapes.values()]
        assert all(low <= value <= high for line in points for value in np.ravel(line.get_ydata()))
    assert set(SHAPES) == {*POINTS, "none"}
