from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime

import openpyxl
import pytest

from huyou_sim.output.labels import display_width
from huyou_sim.output.record import Run, SavedScenario
from huyou_sim.output.workbook import workbook_bytes


@pytest.fixture(scope="module")
def book(run: Run) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(run, "zh")))


def test_equal_runs_give_equal_bytes(run: Run) -> None:
    assert workbook_bytes(run, "en") == workbook_bytes(run, "en")


def test_sheets_in_both_languages(run: Run, book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        "说明",
        "情景",
        "拟合",
        "目标",
        "成本",
        "指标",
        "图表",
        "人口",
        "分地区",
        "矛盾说明",
        "运行记录",
    ]
    english = openpyxl.load_workbook(io.BytesIO(workbook_bytes(run, "en")))
    assert english.sheetnames == [
        "Read me", "Scenarios", "Fit", "Targets", "Costs", "Indicators", "Charts", "Population", "Areas",
        "Contradictions", "Manifest",
    ]  # fmt: skip


def test_fixed_time_and_fonts(run: Run, book: openpyxl.Workbook) -> None:
    assert book.properties.created == datetime(2021, 12, 31)
    assert book["指标"]["A1"].font.name == "微软雅黑"
    assert book["指标"]["E2"].font.name == "微软雅黑"
    english = openpyxl.load_workbook(io.BytesIO(workbook_bytes(run, "en")))
    assert english["Indicators"]["A1"].font.name == "Calibri"


def test_numbers_are_those_of_the_run(run: Run, book: openpyxl.Workbook) -> None:
    sheet = book["指标"]
    years = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == "总和生育率" and row[2].value == "全部措施")
    cell = row[years.index(2035)]
    exact = run.indicators["tfr"].sel(scenario="everything_together", area="330500", year=2035).item()
    assert cell.value == pytest.approx(exact, rel=1e-14)
    assert cell.number_format == "#,##0.00"


def test_verdicts_stand_in_words(book: openpyxl.Workbook) -> None:
    sheet = book["目标"]
    column = [cell.value for cell in sheet[1]].index("是否达到")
    assert {row[column].value for row in sheet.iter_rows(min_row=2)} == {"达到", "未达到"}


def test_header_stays_and_can_be_filtered(book: openpyxl.Workbook) -> None:
    for name in ("拟合", "目标", "指标", "人口", "分地区", "矛盾说明", "运行记录"):
        assert book[name].freeze_panes is not None, name
        assert book[name].auto_filter.ref is not None, name


def test_columns_are_wide_enough_for_chinese(book: openpyxl.Workbook) -> None:
    sheet = book["指标"]
    widest = max(display_width(str(row[0].value)) for row in sheet.iter_rows(min_row=2))
    assert sheet.column_dimensions["A"].width >= widest


def test_charts_point_at_the_right_rows(run: Run, book: openpyxl.Workbook) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(run, "zh"))) as archive:
        charts = sorted(name for name in archive.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name))
        texts = [archive.read(name).decode() for name in charts]
    assert len(texts) == 4
    titles = ["出生人数", "总和生育率", "自然增长率", "总抚养比（15—59岁为劳动年龄）"]
    sheet = book["指标"]
    for words, title in zip(texts, titles, strict=True):
        assert title in words
        series = re.findall(r"<c:val><c:numRef><c:f>指标!\$D\$(\d+):\$AG\$\1</c:f>", words)
        assert len(series) == 6
        assert {sheet.cell(int(row), 1).value for row in series} == {title}


def test_a_name_is_never_a_formula(run: Run) -> None:
    evil = SavedScenario("no_new_policy", {"en": "=1+1", "zh": "=1+1"}, {"en": "https://x.org", "zh": "x"})
    changed = Run(**{**run.__dict__, "scenarios": [evil, *run.scenarios[1:]]})
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(changed, "en")))["Scenarios"]
    assert sheet["B2"].value == "=1+1"
    assert sheet["B2"].data_type != "f"


def test_many_trajectories_have_a_row_each_quantile(many: Run) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(many, "en")))["Indicators"]
    assert [sheet.cell(row, 4).value for row in (2, 3, 4)] == ["5 %", "Median", "95 %"]
