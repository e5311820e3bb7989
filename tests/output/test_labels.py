from __future__ import annotations

import ast
import csv
import itertools
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import huyou_sim.output
from huyou_sim.errors import ArgumentError
from huyou_sim.output.drawing import _glyphs, spread
from huyou_sim.output.labels import (
    LANGUAGES,
    display_width,
    label_keys,
    number,
    optional_text,
    pad,
    text,
    wrap,
)  # fmt: skip
from huyou_sim.variables import variables

ROOM = Path(huyou_sim.output.__file__).parent
WORDS = st.text(alphabet=string.ascii_letters + " ,.。，（）湖州市人口总抚养比é%", max_size=80)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_label_has_words(lang: str) -> None:
    empty = [key for key in label_keys() if not text(key, lang).strip()]
    assert empty == []


def test_both_languages_take_the_same_values() -> None:
    for key in label_keys():
        english, chinese = (
            {field for _, field, _, _ in string.Formatter().parse(text(key, lang)) if field} for lang in LANGUAGES
        )
        assert english == chinese, key


def test_labels_have_no_key_twice() -> None:
    rows = list(csv.reader((ROOM / "labels.csv").read_text(encoding="utf-8").splitlines()))
    assert {len(row) for row in rows} == {3}
    keys = [row[0] for row in rows]
    assert len(keys) == len(set(keys))


def test_headers_are_distinct_in_each_language() -> None:
    for lang in LANGUAGES:
        headers = [text(key, lang) for key in label_keys() if key.startswith("column.")]
        assert len(headers) == len(set(headers)), lang


def test_chinese_labels_are_chinese() -> None:
    english = [key for key in label_keys() if not re.search("[一-鿿]", text(key, "zh"))]
    assert set(english) <= {
        "readme.run", "figure.fit.values", "figure.definition_separator", "figure.definition_item",
        "figure.pyramid.total", "figure.fit.label", "target.row",
    }  # fmt: skip


def test_every_word_can_be_drawn() -> None:
    words = [text(key, lang) for key in label_keys() for lang in LANGUAGES]
    for row in variables().values():
        words += [row.label_en, row.label_zh, row.unit, row.unit_zh, row.definition_en, row.definition_zh]
    lacking = {char for word in words for char in word if ord(char) not in _glyphs()}
    assert lacking == set()


def test_every_key_in_the_code_exists_and_every_key_is_used() -> None:
    called: set[str] = set()
    literals: set[str] = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "text":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    called.add(first.value)
    assert called <= set(label_keys())
    prefixes = {"column", "sheet", "readme", "sex", "marital", "base", "use", "level", "rule", "verdict", "yes",
                "scale", "levels", "outcome_unit", "payer", "measure", "family", "half"}  # fmt: skip
    unused = {key for key in label_keys() if key.split(".")[0] not in prefixes and key not in literals}
    assert unused <= {"figure.women.marital", "figure.women.parity"}


def test_unknown_language_says_what_to_type() -> None:
    with pytest.raises(ArgumentError, match="en or zh"):
        text("sex.male", "de")


def test_unknown_code_stays_readable() -> None:
    assert optional_text("base", "permit_holders", "zh") == "permit_holders"


def test_widths() -> None:
    assert display_width("湖州 TFR") == 8
    assert display_width("e\u0301") == 1
    assert pad("湖州", 6) == "湖州  "
    assert pad("湖州", 6, right=True) == "  湖州"


@given(WORDS, st.integers(min_value=4, max_value=40))
def test_wrap_keeps_all_and_fits(words: str, width: int) -> None:
    lines = wrap(words, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())


def test_wrap_does_not_begin_a_line_with_a_full_stop() -> None:
    lines = wrap("总抚养比，按常住人口。" * 6, 11)
    assert not any(line.startswith(("，", "。")) for line in lines)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(-0.001, 2, "0.00"), (1234567.4, 0, "1,234,567"), (float("nan"), 1, "–"), (None, 1, "–"), (-0.3, 2, "-0.30")],
)
def test_number(value: float | None, decimals: int, shown: str) -> None:
    assert number(value, decimals) == shown


@given(st.lists(st.floats(min_value=0, max_value=10), min_size=1, max_size=8))
def test_spread_keeps_order_gaps_and_bounds(places: list[float]) -> None:
    placed = spread(places, 1.0, 0.0, 10.0)
    ranked = [place for _, place in sorted(zip(places, placed, strict=True))]
    assert all(b - a >= 1.0 - 1e-9 for a, b in itertools.pairwise(ranked))
    assert min(placed) >= -1e-9
    assert max(placed) <= 10 + 1e-9
