"""The command `huyou explain`, in processes of its own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.cli.test_cli import huyou, said

ROOT = Path(__file__).parents[2]


def expected_births(scenario: str, year: int) -> float:
    """Return the births that stand beside the scenario file, which one command with a reason changes."""
    path = ROOT / "scenarios" / f"{scenario}.expected.csv"
    return float(pd.read_csv(path, comment="#", index_col="variable").loc["births", str(year)])


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """Return the folder and the output of one explanation."""
    folder = tmp_path_factory.mktemp("explained")
    done = huyou("explain", "plan_as_written", "--csv", "births.csv", "--quiet", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_components_add_up_to_the_births_of_the_later_year(explained):
    folder, said = explained
    table = pd.read_csv(folder / "births.csv").query("area == 330500").set_index(["scenario", "part"])["births"]
    before, plain = (expected_births("no_new_policy", year) for year in (2021, 2025))
    plan = expected_births("plan_as_written", 2025)
    assert table["no_new_policy"].sum() == pytest.approx(plain - before, abs=1)
    assert table["plan_as_written"].sum() == pytest.approx(plan - before, abs=1)
    sums = (f"{before:,.0f}", f"{plain:,.0f}", f"{plan:,.0f}")
    for words in (*sums, "Number and ages of women", "Fertility within marriage, order 2"):
        assert words in said, words


def test_labels_are_chinese_where_asked(tmp_path):
    done = said("explain", "--lang", "zh", "--area", "330523", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "安吉县出生人数变动原因" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--area", "33"], ("--area", "33", "330502", "Type")),
        (["--years", "2025", "2021"], ("--years", "2025 2021", "earlier", "Type")),
        (["plan_as_writen"], ("plan_as_written",)),
    ],
)
def test_mistakes_are_one_message_and_exit_code_2(tmp_path, arguments, words):
    done = said("explain", *arguments, "--quiet", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, word


def test_structure_compares_state_spaces(tmp_path):
    done = said("explain", "--structure", "--area", "330523", "--quiet", "--csv", "structure.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("What the state space changes in Anji", "Duration", "Family", "Subsid", "2030"):
        assert words in done.stdout, words
    table = pd.read_csv(tmp_path / "structure.csv")
    assert {"space", "effect"} <= set(table.columns)
    assert set(table["year"]) == {2025, 2030}


def test_structure_is_chinese_where_asked(tmp_path):
    done = said("explain", "marriage_strong", "--structure", "--lang", "zh", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "时长状态" in done.stdout


def test_doses_hold_levers_against_studies(tmp_path):
    asked = ("--doses", "--draws", "200", "--csv", "doses.csv", "--figure", "doses.svg")
    done = said("explain", *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("medians lie inside the published band", "Tianmen", "studies as the model has it", "A05"):
        assert words in done.stdout, words
    assert set(pd.read_csv(tmp_path / "doses.csv")["part"]) == {"static", "study"}
    assert (tmp_path / "doses.svg").read_bytes().count(b"<svg") == 1


def test_a_figure_without_doses_is_refused_before_anything_runs(tmp_path):
    done = said("explain", "--figure", "doses.png", cwd=tmp_path)
    assert done.returncode == 2
    assert "--doses" in done.stderr
    assert list(tmp_path.iterdir()) == []
