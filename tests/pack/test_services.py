"""Norms and supply of services: each mistake is told with its file and line, and a place may do without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from huyou_sim.errors import Problem
from huyou_sim.pack import Pack

NORMS, SUPPLY = "service_norms.csv", "service_supply.csv"
CASES = {
    "negative norm": (NORMS, "per_1000,12,17,22", "per_1000,-12,17,22", "0 or more"),
    "unknown service": (NORMS, "midwives,births", "midwifes,births", "Did you mean 'midwives'?"),
    "duplicate": (NORMS, "kindergarten_places,children_4", "kindergarten_places,children_3", "no other"),
    "share above all": (NORMS, "share,95,98,100", "share,95,98,104", "at most 100 %"),
    "range out of order": (NORMS, "per_1000,4,6,9", "per_1000,7,6,9", "numbers that do not fall"),
    "of what comes later": (NORMS, "inclusive_places,childcare_places", "inclusive_places,orphans", "above"),
    "rule that changes": (NORMS, "2025,share,60", "2025,each,60", "'share', as in the year before"),
    "divided by nothing": (NORMS, "people_per,20,25,25", "people_per,0,25,25", "above 0"),
    "negative supply": (SUPPLY, "per_1000,980,", "per_1000,-980,", "0 or more"),
    "unknown area": (SUPPLY, "kindergarten_places,330500,2021", "kindergarten_places,330599,2021", "330500"),
    "years that run backwards": (SUPPLY, "2022,2025", "2022,2020", "2022 or later"),
    "addition by ratio": (SUPPLY, "children_3_5,number", "children_3_5,per_1000", "'number'"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_told_where_it_stands(
    name: str, packs: Path, seal: Callable[[Path], None], problems: Callable[[Path], list[Problem]]
) -> None:
    file, old, new, said = CASES[name]
    path = packs / "huzhou" / file
    text = path.read_text(encoding="utf-8")
    assert old in text, "the test is out of date"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    seal(packs / "huzhou")
    found = problems(packs / "huzhou")
    line = text[: text.index(old)].count("\n") + 1
    assert any(said in str(one) and one.line == line and str(one.file).endswith(file) for one in found), found


def test_supply_without_a_norm_is_told(
    packs: Path, seal: Callable[[Path], None], problems: Callable[[Path], list[Problem]]
) -> None:
    (packs / "huzhou" / "service_norms.csv").unlink()
    seal(packs / "huzhou")
    assert all("a service of service_norms.csv" in str(one) for one in problems(packs / "huzhou"))
    assert len(problems(packs / "huzhou")) == 3


def test_a_place_may_do_without(jiaxing: Pack, huzhou: Pack) -> None:
    assert jiaxing.service_norms.empty
    assert jiaxing.service_supply.empty
    assert list(jiaxing.service_norms.columns) == list(huzhou.service_norms.columns)


def test_what_no_source_gives_is_assumed_with_a_range_and_a_reason(huzhou: Pack) -> None:
    for table in (huzhou.service_norms, huzhou.service_supply):
        assumed = table[table["kind"] == "assumed"]
        assert (assumed["low"] < assumed["high"]).all()
        assert (assumed["reason"].str.len() > 40).all()
