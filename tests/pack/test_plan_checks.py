"""The tables of a plan fit together: indicators, targets, scorecard and supply; one mistake, one located message."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.pack.test_messages import change

from huyou_sim.errors import Problem
from huyou_sim.pack import check_pack
from huyou_sim.pack.locate import data_folder
from huyou_sim.pack.plan_checks import PATHS, check_plan, percentage, scale_of
from huyou_sim.pack.schema import tables_of
from huyou_sim.pack.table import check_table

Seal = Callable[[Path], None]
Complaints = Callable[[Path], list[Problem]]

TABLES = ("indicators", "targets", "scorecard", "supply")

CASES = {
    "no percentage": ("indicators.csv", "%,40.19,", "%,4019,", "Did you mean 40.19?"),
    "target that is no percentage": ("indicators.csv", "%,80.00,90.00,", "%,80.00,900,", "Did you mean 90?"),
    "value that is no number": ("indicators.csv", "60.00,value", "多数,value", "a number, which target_kind value"),
    "unknown variable": ("indicators.csv", ",tfr\n", ",tfrs\n", "Did you mean 'tfr'?"),
    "baseline of another plan": ("targets.csv", "lenient,at_least,40.19", "lenient,at_least,41.19", "40.19, base_2021"),
    "threshold that is no percentage": ("targets.csv", "30.3,32.3,", "30.3,323,", "Did you mean 32.3?"),
    "target of no indicator": ("targets.csv", "1,tfr,lenient", "31,tfr,lenient", "1 to 28"),
    "unit of a target": ("targets.csv", ",children per woman,resident,\"Steady", ",%,resident,\"Steady", "unit of tfr"),
    "unknown method": ("scorecard.csv", "8,course,", "8,coarse,", "Did you mean 'course'?"),
    "path of another method": ("scorecard.csv", "8,course,,", "8,course,new_public_places,", "with method course"),
    "no prior": ("scorecard.csv", "0,0.5,1,1.4,0.3", "0,,1,1.4,0.3", "which method course needs"),
    "prior out of order": ("scorecard.csv", "0,0.5,1,1.4,0.3", "0,1.5,1,1.4,0.3", "Put in order"),
    "thresholds out of order": ("scorecard.csv", "82.5,90,90", "95,90,90", "mildest to the strictest"),
    "threshold above all": ("scorecard.csv", "82.5,90,90", "82.5,90,9000", "Did you mean 90?"),
    "no thresholds": ("scorecard.csv", "12,course,,at_least,82.5,", "12,course,,at_least,,", "judged by"),
    "unit of the plan": ("scorecard.csv", ",yuan per year,元/年,", ",yuan per month,元/年,", "unit of the plan"),
    "supply out of order": ("supply.csv", ",1000,2000,2500,", ",3000,2000,2500,", "Put the three in order"),
    "ensemble without targets": ("scorecard.csv", "8,course,,at_least,", "8,ensemble,,at_least,", "in targets.csv"),
}  # fmt: skip
"""What is wrong: file, text to replace, by what, and what the message says."""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return a folder with a copy of the tables of the plan that ships."""
    for name in TABLES:
        shutil.copy(data_folder() / "huzhou" / f"{name}.csv", tmp_path)
    return tmp_path


def complaints(folder: Path) -> list[Problem]:
    """Return what is wrong with the tables of a plan, without the rest of its pack."""
    problems: list[Problem] = []
    read = {}
    for name in TABLES:
        checked, faults = check_table(folder / f"{name}.csv", tables_of("place")[name])
        problems += faults
        if checked is not None:
            read[name] = checked
    return problems + check_plan(read)


def test_the_tables_that_ship_are_in_order(plan: Path) -> None:
    assert complaints(plan) == []


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_located_and_explained(case: str, plan: Path) -> None:
    name, old, new, says = CASES[case]
    line = change(plan / name, old, new)
    found = complaints(plan)
    assert len(found) == 1, "\n".join(map(str, found))
    assert says in str(found[0])
    assert found[0].file == str(plan / name)
    assert found[0].line == line


def test_a_unit_that_is_not_the_variable_s_is_found_wherever_it_stands(plan: Path) -> None:
    change(plan / "indicators.csv", ",children per woman,0.89", ",%,0.89")
    said = [str(one) for one in complaints(plan)]
    assert len(said) == 2
    assert "expected children per woman, the unit of tfr" in said[0]
    assert "scorecard.csv:2: column unit: found 'children per woman'; expected '%', the unit of the plan" in said[1]


def test_an_unknown_indicator_no_percentage_and_a_double_are_told_at_once(
    packs: Path, seal: Seal, problems: Complaints
) -> None:
    folder = packs / "huzhou"
    percent = change(folder / "indicators.csv", "%,40.19,", "%,4019,")
    path = folder / "scorecard.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert rows[9].startswith("9,")
    path.write_text("".join([*rows, rows[9], rows[12].replace("12,", "99,", 1)]), encoding="utf-8")
    seal(folder)
    found = problems(folder)
    assert len(found) == 3, "\n".join(map(str, found))
    by_file = {(Path(str(one.file)).name, one.line): str(one) for one in found}
    assert (
        "found 4019 %; expected a percentage from 0 to 100. Did you mean 40.19?" in by_file["indicators.csv", percent]
    )
    assert "line 10 has it" in by_file["scorecard.csv", 30]
    assert "found 99; expected the number of an indicator of the plan, 1 to 28" in by_file["scorecard.csv", 31]


def test_an_indicator_without_a_row_and_a_supply_that_is_gone_are_found(plan: Path) -> None:
    for name, start in (("scorecard.csv", "21,"), ("supply.csv", "kindergartens,")):
        rows = (plan / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in rows if not row.startswith(start)]
        assert len(kept) == len(rows) - 1
        (plan / name).write_text("".join(kept), encoding="utf-8")
    said = [str(one) for one in complaints(plan)]
    assert len(said) == 2
    assert "indicator 21: found no row" in said[0]
    assert "a row 'kindergartens' in supply.csv" in said[1]


def test_a_place_without_a_plan_is_sound() -> None:
    assert check_pack("jiaxing") == []


def test_the_plan_that_ships_is_complete(huzhou) -> None:
    assert list(huzhou.scorecard["indicator_id"]) == list(huzhou.indicators["id"]) == list(range(1, 29))
    merged = huzhou.scorecard.merge(huzhou.indicators, left_on="indicator_id", right_on="id", suffixes=("", "_plan"))
    value = merged[(merged["target_kind"] == "value") & (merged["method"] != "ensemble")]
    assert (value["central"] == pd.to_numeric(value["target_2025"])).all(), "a number of the plan is its threshold"
    assert set(merged["method"]) == set(PATHS)
    assert (huzhou.supply["reason"].str.len() > 20).all()


def test_percentages() -> None:
    assert percentage(0.0) is percentage(100.0) is percentage(float("nan")) is None
    assert percentage(4019.0) == ("a percentage from 0 to 100", "Did you mean 40.19?")
    assert percentage(-1.0) == ("a percentage from 0 to 100", "Correct the value.")


def test_spellings_of_a_unit() -> None:
    assert scale_of("per 1000 live births") == scale_of("per 1,000") == "per 1000"
    assert scale_of("%") != scale_of("per 1000")
