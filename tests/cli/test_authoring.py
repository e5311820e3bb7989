"""The commands `huyou new` and `huyou diff`, and what they say to wrong input."""

from __future__ import annotations

import os

import pandas as pd
import pytest
from tests.cli.test_cli import huyou

from huyou_sim.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fails(capsys, *arguments):
    """Return what a command says on the error stream; it ends with exit code 2 and says nothing else."""
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert said.out == ""
    return said.err


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_writes_a_file_that_runs_and_differs_as_it_should(tmp_path):
    done = huyou("new", "mine.toml", "--with", "birth_grant", "--name-en", "Mine", "--name-zh", "我的", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path) == ["mine.toml", "scenario.schema.json"]
    assert "mine.toml is written; it extends no_new_policy." in done.stdout
    assert "scenario.schema.json is written beside it" in done.stdout
    assert "Set: birth_grant." in done.stdout
    diff = huyou("diff", "no_new_policy", "mine.toml", "--csv", "d.csv", cwd=tmp_path)
    assert diff.returncode == 0, diff.stderr
    assert "New: Mine (mine.toml)" in diff.stdout
    (line,) = [line for line in diff.stdout.splitlines() if line.startswith("Birth grant, order 2")]
    assert line.split("  ")[0] == "Birth grant, order 2"
    assert line.endswith("not used  →  5,000*  yuan per birth  – → mine.toml:16")
    assert "assumed: no source gives the value" in diff.stdout
    table = pd.read_csv(tmp_path / "d.csv")
    assert table["lever"].tolist() == ["birth_grant.yuan", "birth_grant.start", "birth_grant.payment_years"]
    assert table["reason_new"].str.startswith("Example").all()


def test_the_schema_beside_it_is_that_of_the_command_and_is_left_alone_where_there_is_one(here, capsys):
    main(["schema", "scenario"])
    printed = capsys.readouterr().out
    main(["new", "one.toml"])
    assert (here / "scenario.schema.json").read_text(encoding="utf-8") == printed
    (here / "scenario.schema.json").write_text("mine", encoding="utf-8")
    main(["new", "two.toml"])
    assert (here / "scenario.schema.json").read_text(encoding="utf-8") == "mine"


def test_new_refuses_a_file_that_exists_unless_forced(here, capsys):
    (here / "mine.toml").write_text("# precious", encoding="utf-8")
    said = fails(capsys, "new", "mine.toml")
    assert said == (
        "mine.toml: PATH: found a file that exists; expected a new file. "
        "Choose another name, or type --force to replace it.\n"
    )
    assert files(here) == ["mine.toml"]
    assert (here / "mine.toml").read_text(encoding="utf-8") == "# precious"
    main(["new", "mine.toml", "--force"])
    assert (here / "mine.toml").read_text(encoding="utf-8").startswith("#:schema")


def test_new_names_all_faults_and_writes_nothing(here, capsys):
    said = fails(capsys, "new", "mine", "--with", "chilcare", "--extends", "hangzou_2023")
    assert [line.partition(":")[0] for line in said.splitlines()] == ["PATH", "--with", "--extends"]
    assert "Type mine.toml" in said
    assert "Did you mean 'childcare'?" in said
    assert "Did you mean 'hangzhou_2023'?" in said
    assert files(here) == []


def test_new_says_how_to_decide_between_parents(here, capsys):
    parents = ("--extends", "places_only", "--extends", "childcare_strong")
    said = fails(capsys, "new", "mine.toml", *parents)
    assert said.startswith("childcare.places_per_1000: found [childcare] places_per_1000 = { 2022 = 2.63, 2025 = 4.6 }")
    assert "Extend one of the two, or type --with childcare: then the new file decides." in said
    assert ".part" not in said
    assert files(here) == []
    main(["new", "mine.toml", *parents, "--with", "childcare"])
    assert files(here) == ["mine.toml", "scenario.schema.json"]


def test_new_into_a_folder_that_is_not_there_or_may_not_be_written(here, capsys):
    assert "No such file or directory" in fails(capsys, "new", "gone/mine.toml")
    (here / "folder.toml").mkdir()
    assert "found a folder; expected a new file" in fails(capsys, "new", "folder.toml")
    (here / "file").write_text("", encoding="utf-8")
    assert "Not a directory" in fails(capsys, "new", "file/mine.toml")
    if os.geteuid() != 0:  # the superuser may write anywhere
        (here / "locked").mkdir(mode=0o500)
        assert "You may not write there" in fails(capsys, "new", "locked/mine.toml")
        assert files(here / "locked") == []


def test_diff_of_a_scenario_with_itself_says_so_in_either_language(here, capsys):
    main(["diff", "hohhot_2025", "hohhot_2025", "--lang", "en"])
    assert capsys.readouterr().out.endswith("\n\nNo lever differs: both scenarios say the same.\n")
    main(["diff", "no_new_policy", "national_3600", "--lang", "zh"])
    assert "没有差异" in capsys.readouterr().out


def test_diff_in_chinese_has_units_and_years(here, capsys):
    main(["diff", "no_new_policy", "places_only", "--lang", "zh"])
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["每千人口托位数", "2025", "未采用", "→", "4.6", "个/千人", "–", "→", "places_only.toml:13"] in said


def test_diff_names_the_mistakes_of_both(here, capsys):
    said = fails(capsys, "diff", "no_new", "gone.toml").splitlines()
    assert len(said) == 2
    assert "hangzhou_2023" in said[0]
    assert said[0].endswith("Did you mean 'no_new_policy'? Type no_new_policy.")
    assert said[1] == (
        "gone.toml: scenario file: found no such file; expected the path of a TOML file. Check the path."
    )
    assert len(fails(capsys, "diff", "no_new", "no_new").splitlines()) == 1


def test_diff_into_a_folder_that_is_not_there(here, capsys):
    assert "No such file or directory" in fails(capsys, "diff", "no_new_policy", "places_only", "--csv", "gone/d.csv")
