"""A file of observations: every mistake located and the rest kept, parts of years, vintages in any order."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.errors import ArgumentError
from huyou_sim.pack import load_pack
from huyou_sim.planning.observed import read_observed
from huyou_sim.planning.periods import Period, parse_period
from huyou_sim.planning.progress import progress_of
from huyou_sim.planning.subjects import subjects
from huyou_sim.planning.vintages import counting, vintage_table

TODAY = date(2026, 3, 1)
GOOD = "variable,area,period,value,unit,population_base,standard_error,published,indicator_id,note"


@cache
def huzhou():
    return load_pack("huzhou")


@pytest.fixture(scope="module")
def pack():
    return huzhou()


@pytest.fixture
def read(pack, tmp_path):
    def reader(text: str, today: date = TODAY):
        path = tmp_path / "seen.csv"
        path.write_text(text, encoding="utf-8")
        return read_observed(path, pack, today=today)

    return reader


@pytest.mark.parametrize(
    ("typed", "start", "end", "shown"),
    [
        ("2023", "2023-01-01", "2023-12-31", "2023"),
        ("2023Q2", "2023-04-01", "2023-06-30", "2023Q2"),
        ("2023-q4", "2023-10-01", "2023-12-31", "2023Q4"),
        ("2024-02", "2024-02-01", "2024-02-29", "2024-02"),
        ("2023H1", "2023-01-01", "2023-06-30", "2023-01-01/2023-06-30"),
        ("2023/12/31", "2023-12-31", "2023-12-31", "2023-12-31"),
        ("2023-1-1/2023-9-30", "2023-01-01", "2023-09-30", "2023-01-01/2023-09-30"),
        ("2023-01-01/2023-12-31", "2023-01-01", "2023-12-31", "2023"),
    ],
)
def test_periods_as_offices_write_them(typed, start, end, shown):
    found = parse_period(typed)
    assert found == Period(date.fromisoformat(start), date.fromisoformat(end))
    assert str(found) == shown
    assert parse_period(shown) == found


@pytest.mark.parametrize(
    "typed", ["", "23", "2023Q5", "2023-13", "2023-02-30", "2023H3", "2023-06-30/2023-01-01", "Q1"]
)
def test_what_is_no_period_is_none(typed):
    assert parse_period(typed) is None


@given(st.integers(2022, 2030))
def test_quarters_and_months_add_up_to_the_year(year):
    for parts in ([f"{year}Q{n}" for n in range(1, 5)], [f"{year}-{n:02d}" for n in range(1, 13)]):
        found = [parse_period(part) for part in parts]
        assert sum(part.share for part in found) == pytest.approx(1.0)
        assert all(a.overlap(b) == 0.0 for a, b in pairwise(found))
    assert parse_period(f"{year}").overlap(parse_period(f"{year}Q3")) == pytest.approx(92 / (365 + (year % 4 == 0)))


def test_a_good_file_is_read_whole_whatever_the_order_and_what_is_empty(read):
    rows = [
        "tfr,,2023,0.85,children per woman,,0.07,2024-03-15,,made-up",
        "births,330500,2023Q1,4800,,常住,,,,",
        "births,德清县,2022,3100,births,,300,,,",
        ",,2023,80,%,,,,12,",
        "married_share_20_29,,2023-12-31,29.5,,,,,22,",
        "population_total,Huzhou,2023-12-31,3430000,人,,,,,",
        "deaths,,2023,,,,,,,not yet known",
    ]
    text = "\n".join(["# 注释，第一行", GOOD, "# a comment, with commas", *rows]) + "\n"
    found, problems = read(text)
    assert problems == ()
    again, _ = read("\n".join([GOOD, *reversed(rows)]) + "\n")
    assert [(one.key, one.value) for one in found] == [(one.key, one.value) for one in again]
    by = {one.name: one for one in found if one.area == "330500"}
    assert len(found) == 6
    assert by["tfr"].indicator_id == 1
    assert by["tfr"].published == date(2024, 3, 15)
    assert by["married_share_20_29"].population_base == "household_registered"
    assert by["indicator 12"].period == Period(date(2023, 12, 31), date(2023, 12, 31))
    assert by["births"].population_base == "resident"
    assert by["births"].standard_error == pytest.approx(500 * (90 / 365) ** 0.5)
    assert next(one for one in found if one.area == "330521").name == "births"


BAD = {
    "another decimal point": ("tfr,,2023,91,,,,,,", "column value", "91", "Did you mean 0.91?"),
    "ten thousands": ("births,,2023,1.98,,,,,,", "column value", "1.98", "Did you mean 19800?"),
    "a year for a quarter": ("births,,2023Q1,48000,,,,,,", "column value", "48000", "Did you mean 4800?"),
    "unknown indicator": (",,2023,4,,,,,99,", "column indicator_id", "'99'", "1 to 28"),
    "unknown variable": ("tfrr,,2023,0.9,,,,,,", "column variable", "'tfrr'", "Type tfr."),
    "two that differ": ("births,,2023,9000,,,,,1,", "column variable", "'births'", "Empty one"),
    "neither": (",,2023,0.9,,,,,,", "columns indicator_id, variable", "both empty", "Type what"),
    "percentage": ("share_second_third,,2023,4019,,,,,,", "column value", "4019 %", "Did you mean 40.19?"),
    "percentage of an office": (",,2023,4019,,,,,12,", "column value", "4019 %", "Did you mean 40.19?"),
    "no number": ("tfr,,2023,0.9a,,,,,,", "column value", "'0.9a'", "Correct the cell"),
    "negative count": ("births,,2023,-20,,,,,,", "column value", "-20", "0 or more"),
    "future": ("tfr,,2026,0.9,,,,,,", "column period", "'2026'", "ended by 2026-03-01"),
    "before the baseline": ("tfr,,2021,0.9,,,,,,", "column period", "'2021'", "after 2021"),
    "no period": ("tfr,,soon,0.9,,,,,,", "column period", "'soon'", "2023Q1"),
    "two years": ("births,,2022-07-01/2023-06-30,9000,,,,,,", "column period", "2022-07-01", "its own row"),
    "a rate of a quarter": ("tfr,,2023Q1,0.9,,,,,,", "column period", "'2023Q1'", "whole year"),
    "a count of a day": ("births,,2023-05-05,90,,,,,,", "column period", "'2023-05-05'", "2023-01-01/2023-05-05"),
    "unit": ("births,,2023,2.1,万人,,,,,", "column unit", "'万人'", "births"),
    "unit of a rate": ("crude_birth_rate,,2023,5,%,,,,,", "column unit", "'%'", "per 1,000"),
    "area": ("tfr,Hangzhu,2023,0.9,,,,,,", "column area", "'Hangzhu'", "330500 Huzhou"),
    "an office's indicator in an area": (",330521,2023,80,,,,,12,", "column area", "'330521'", "whole place"),
    "error": ("tfr,,2023,0.9,,,-1,,,", "column standard_error", "'-1'", "0 or more"),
    "no error known": ("median_age,,2023,44,,,,,,", "column standard_error", "an empty cell", "0 for a full count"),
    "published before": ("tfr,,2023,0.9,,,,2023-06-01,,", "column published", "'2023-06-01'", "2023-12-31"),
    "published later": ("tfr,,2023,0.9,,,,2027-06-01,,", "column published", "'2027-06-01'", "2026-03-01"),
    "published badly": ("tfr,,2023,0.9,,,,March,,", "column published", "'March'", "2024-03-15"),
    "base": ("tfr,,2023,0.9,,household_registered,,,,", "column population_base", "'household_registered' in", "Type"),
    "base of an office": (",,2023,80,,resident,,,12,", "column population_base", "'resident'", "administrative"),
    "cells": ("tfr,2023,0.9", "row", "3 cells", "Complete the row"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_one_located_error_and_the_rest_is_kept(read, name):
    row, where, found, says = BAD[name]
    text = f"{GOOD}\ntfr,,2022,0.88,,,,,,\n{row}\nbirths,,2022,19000,,,,,,\n"
    kept, problems = read(text)
    assert [one.name for one in kept] == ["births", "tfr"]
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert problems[0].line == 3
    assert problems[0].file.endswith("seen.csv")
    assert (problems[0].where, found in problems[0].found) == (where, True), str(problems[0])
    assert says in str(problems[0])


def test_a_file_of_mistakes_alone_is_refused_with_all_of_them(read):
    text = "\n".join([GOOD, *(row for row, *_ in BAD.values())]) + "\n"
    with pytest.raises(ArgumentError) as caught:
        read(text)
    assert [problem.line for problem in caught.value.problems] == list(range(2, len(BAD) + 2))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an empty file"),
        ("# only words\n", "comments alone"),
        ("id,date,value\n1,2023,4\n", "a column indicator_id or variable"),
        ("indicator_id,day,value\n1,2023,4\n", "a column period or date"),
        ("indicator_id,date,date,value\n1,2023,2023,4\n", "the column twice"),
    ],
)
def test_a_file_that_is_none_says_so(read, text, says):
    with pytest.raises(ArgumentError, match=says):
        read(text)


def test_a_file_that_is_not_there_or_not_utf8(pack, tmp_path):
    with pytest.raises(ArgumentError, match="no such file"):
        read_observed(tmp_path / "none.csv", pack, today=TODAY)
    with pytest.raises(ArgumentError, match="found a folder"):
        read_observed(tmp_path, pack, today=TODAY)
    (tmp_path / "gbk.csv").write_bytes("indicator_id,date,value,note\n1,2023,0.9,市统计局\n".encode("gbk"))
    with pytest.raises(ArgumentError, match="not UTF-8"):
        read_observed(tmp_path / "gbk.csv", pack, today=TODAY)


def test_a_misspelt_column_is_not_lost_in_silence(read):
    kept, problems = read("indicator_id,date,value,publshed\n1,2023,0.9,2024-03-01\n")
    assert len(kept) == 1
    assert "publshed" in str(problems[0])
    assert "'published'" in str(problems[0])


def test_one_figure_twice_is_a_double_and_which_of_two_is_right_nobody_knows(read):
    same = f"{GOOD}\ntfr,,2023,0.9,,,,2024-03-01,,\ntfr,,2023,0.9,,,,2024-03-01,,\n"
    kept, problems = read(same)
    assert [one.line for one in kept] == [2]
    assert [problem.line for problem in problems] == [3]
    differ = f"{GOOD}\ntfr,,2022,0.9,,,,,,\ntfr,,2023,0.9,,,,,,\ntfr,,2023,0.8,,,,,,\n"
    kept, problems = read(differ)
    assert [one.line for one in kept] == [2]
    assert [problem.line for problem in problems] == [3, 4]
    assert "published" in problems[0].fix


VINTAGES = (
    "tfr,,2023,0.90,,,,2024-03-01,,first",
    "tfr,,2023,0.87,,,,2024-10-01,,revised",
    "tfr,,2023,0.86,,,,2025-03-01,,revised again",
    "tfr,,2022,0.88,,,,,,",
    "births,,2023Q1,4800,,,,,,",
    "births,,2023Q1,4700,,,,2023-07-01,,",
)


@given(order=st.permutations(VINTAGES), as_of=st.dates(date(2023, 1, 1), date(2025, 12, 31)))
def test_vintages_in_any_order_give_the_same_answer(tmp_path_factory, order, as_of):
    pack = huzhou()
    path = Path(tmp_path_factory.mktemp("order")) / "seen.csv"
    answers = []
    for rows in (VINTAGES, order):
        path.write_text("\n".join([GOOD, *rows]) + "\n", encoding="utf-8")
        found, problems = read_observed(path, pack, today=TODAY)
        assert problems == ()
        table = vintage_table(found, as_of).drop(columns="line")
        answers.append((table, [(one.key, one.value) for one in counting(found, as_of)]))
    assert answers[0][0].equals(answers[1][0])
    assert answers[0][1] == answers[1][1]


def test_a_revision_counts_from_its_day_on_and_every_vintage_is_kept(read):
    found, _ = read("\n".join([GOOD, *VINTAGES]) + "\n")

    def tfr_2023(day):
        return [one.value for one in counting(found, day) if one.name == "tfr" and one.period.year == 2023]

    assert tfr_2023(date(2024, 2, 29)) == []
    assert tfr_2023(date(2024, 3, 1)) == [0.90]
    assert tfr_2023(date(2024, 9, 30)) == [0.90]
    assert tfr_2023(date(2024, 10, 1)) == [0.87]
    assert tfr_2023(TODAY) == [0.86]
    table = vintage_table(found, date(2024, 12, 1))
    assert len(table) == len(VINTAGES)
    mine = table[(table["name"] == "tfr") & (table["period"] == "2023")]
    assert mine["state"].tolist() == ["superseded", "counts", "not_yet_known"]
    assert mine["superseded_by"].tolist() == ["2024-10-01", "", ""]
    assert np.allclose(mine["revision"], [np.nan, -0.03, -0.01], equal_nan=True)


def test_the_scorecard_takes_years_of_the_plan_s_own_population(read, pack):
    rows = [
        "share_second_third,,2022,41,,,,,,",
        "share_second_third,,2023,48,,resident,,,,another population",
        "share_second_third,,2023Q1,43,,,,,,a part of a year",
        "share_second_third,Deqing,2022,44,,resident,,,,an area",
        ",,2022-12-31,66,,,,,12,",
        "births,,2022,19000,,,,,,not of the plan",
    ]
    found, problems = read("\n".join([GOOD, *rows]) + "\n")
    assert problems == ()
    seen = progress_of(found, pack, TODAY)
    assert [(one.indicator_id, one.date, one.value) for one in seen] == [
        (2, date(2022, 12, 31), 41.0), (12, date(2022, 12, 31), 66.0),
    ]  # fmt: skip
    assert seen[1].years == pytest.approx(1.0, abs=0.01)


def test_everything_of_the_plan_can_be_observed(pack):
    known = subjects(pack)
    assert {key for key in known if key.isdecimal()} == {str(number) for number in range(1, 29)}
    assert known["1"] is known["tfr"]
    assert known["births"].measure == "count"
    assert known["total_dependency_60"].measure == "day"
    assert known["total_dependency_60"].share is False, "a ratio may be above 100 %"
    assert known["crude_marriage_rate"].measure == "yearly"
    assert "women" not in known
