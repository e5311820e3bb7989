"""The table of variables is well formed, and what reads it says clearly what it cannot find."""

from __future__ import annotations

import csv
import re
from itertools import pairwise

import pytest

from huyou_sim import variables as module
from huyou_sim.errors import ArgumentError, LabelError
from huyou_sim.variables import DIMS, KINDS, Variable, label, names, unit, variable, variables

ROWS = list(variables().values())
RESULT_DIMS = ("scenario", "draw", "area")
START_DIMS = ("area",)
"""Of what describes the state from which a projection starts, and is held against the census only."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def raw(root):
    text = (root / "src" / "huyou_sim" / "variables.csv").read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))


def test_every_row_is_read_and_none_twice(raw):
    header, *rows = raw
    assert header == list(Variable.__dataclass_fields__)
    assert [row[0] for row in rows] == list(names())
    assert all(len(row) == len(header) for row in rows)
    assert all(cell == cell.strip() for row in rows for cell in row)


@pytest.mark.parametrize("row", ROWS, ids=names())
def test_row_is_well_formed(row):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", row.name)
    assert row.kind in KINDS
    assert set(row.dims) <= set(DIMS)
    positions = [DIMS.index(dim) for dim in row.dims]
    assert all(a < b for a, b in pairwise(positions)), "dimensions stand in their fixed order"
    if row.dims != START_DIMS:
        assert row.dims[:3] == RESULT_DIMS
        assert ("year" in row.dims) != ("time" in row.dims), "a flow or indicator has year, a stock of the result time"
    assert row.lower is None or row.upper is None or row.lower < row.upper
    assert 0 <= row.decimals <= 4
    assert row.source


@pytest.mark.parametrize("row", ROWS, ids=names())
def test_row_speaks_both_languages(row):
    assert CHINESE.search(row.label_zh)
    assert CHINESE.search(row.definition_zh)
    for text in (row.label_en, row.definition_en, row.unit):
        assert text
        assert not CHINESE.search(text)
    assert row.unit_zh
    assert len(row.definition_en) > len(row.label_en), "a definition says more than the label"


def test_labels_tell_variables_apart():
    for lang in ("en", "zh"):
        labels = [label(name, lang) for name in names()]
        assert len(set(labels)) == len(labels), lang


@pytest.mark.parametrize("row", ROWS, ids=names())
def test_kind_agrees_with_unit_and_dimensions(row):
    if row.kind == "share":
        assert (row.unit, row.lower, row.upper) == ("%", 0.0, 100.0)
    if row.kind == "flow":
        assert "time" not in row.dims
    if "time" in row.dims:
        assert row.kind == "stock"
    if row.kind in ("stock", "flow"):
        assert row.unit in ("persons", "births", "places")
        assert row.decimals == 0


@pytest.mark.parametrize("old", [60, 65])
def test_both_definitions_of_dependency_say_which_they_are(old):
    for part in ("total", "child", "old"):
        row = variable(f"{part}_dependency_{old}")
        for text in (row.label_en, row.label_zh, row.definition_en, row.definition_zh):
            assert str(old - 1) in text
        assert str(old) in row.label_en


def test_crude_rates_name_their_denominator():
    for name in ("crude_birth_rate", "crude_death_rate", "natural_increase_rate"):
        assert "mean of the residents at 31 December of the year before and of the year" in variable(name).definition_en
        assert unit(name, "zh") == "‰"


def test_terms_are_those_of_the_field():
    assert label("tfr", "zh") == "总和生育率"
    assert label("natural_increase_rate", "zh") == "自然增长率"
    assert label("tempo_adjusted_tfr", "zh") == "进度效应调整总和生育率"
    assert label("tfr", "en") == "Total fertility rate"
    assert unit("tfr", "en") == "children per woman"


def test_table_cannot_be_changed():
    with pytest.raises(TypeError):
        module.variables()["tfr"] = variable("births")  # type: ignore[index]


@pytest.mark.parametrize("look_up", [variable, lambda name: label(name, "en"), lambda name: unit(name, "zh")])
def test_unknown_name_is_one_error_that_suggests(look_up):
    with pytest.raises(LabelError, match=r"found 'total_dependancy_60'.*Type total_dependency_60\."):
        look_up("total_dependancy_60")


@pytest.mark.parametrize("look_up", [label, unit])
def test_unknown_language_is_one_error(look_up):
    with pytest.raises(ArgumentError, match="found 'cn'; expected en or zh"):
        look_up("tfr", "cn")
