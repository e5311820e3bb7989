"""The command `huyou scorecard`: what it prints, and how it refuses."""

from __future__ import annotations

import json

from tests.cli.test_cli import huyou, said


def test_the_command_prints_the_board_and_how_it_is_made(tmp_path):
    done = huyou("scorecard", "--prior-only", "--draws", "20", "--methods", "--quiet", "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("28 indicators in 2025, level Central", "Plan as written", "reached §", "cannot be tested",
                  "deaths", "supply.csv", "20 draws", "seed 2021"):  # fmt: skip
        assert words in done.stdout, words
    assert "Traceback" not in done.stderr


def test_mistakes_leave_one_message_and_no_folder(tmp_path):
    (tmp_path / "bad.csv").write_text("indicator_id,date,value\n99,2023,4\n2,2023,4019\n", encoding="utf-8")
    done = said("scorecard", "--observations", "bad.csv", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "bad.csv:2: column indicator_id" in done.stderr
    assert "bad.csv:3: column value: found 4019 %" in done.stderr
    assert not (tmp_path / "out").exists()


def test_bad_rows_are_named_and_the_report_comes_from_the_others(tmp_path):
    (tmp_path / "seen.csv").write_text(
        "indicator_id,date,value\n12,2023,71\n2,2023,4019\n26,2022-12-31,95\n", encoding="utf-8"
    )
    options = ("--prior-only", "--draws", "10", "--no-figures", "--quiet", "--lang", "en")
    done = huyou("scorecard", "--observations", "seen.csv", "--out", "out", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert "Observed progress" in done.stdout
    assert "71.00" in done.stdout
    assert "seen.csv:3: column value: found 4019 %" in done.stderr
    assert "Did you mean 40.19?" in done.stderr
    assert "Traceback" not in done.stderr
    table = (tmp_path / "out" / "tables" / "left_out.csv").read_text(encoding="utf-8-sig")
    assert "4019 %" in table
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["arguments"]["left_out"]) == 1
