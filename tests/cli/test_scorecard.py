"""The command `huyou scorecard`: what it prints, and how it refuses."""

from __future__ import annotations

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
