"""The command `huyou evaluate`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json

from tests.cli.test_cli import huyou, said

FIGURES = (
    "variable,period,value,published\nbirths,2022,20400,2023-02-01\nbirths,2023,20500,2024-02-01\n"
    "births,2024,20700,2025-02-01\nbirths,2024,21100,2025-10-01\n"
)


def test_the_command_prints_the_effect_and_what_else_could_explain_it(tmp_path):
    (tmp_path / "seen.csv").write_text(FIGURES, encoding="utf-8")
    done = huyou("evaluate", "seen.csv", "--since", "2023-01-01", "--measure", "plan_as_written", "--prior-only",
                 "--draws", "60", "--quiet", "--lang", "en", "--out", "out", "--csv",
                 "effects.csv", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in ("Effect on Births", "2023-01-01", "Smallest shown", "Error of publication", "Birth grant",
                  "Before the start", "Revisions", "nine months", "Sum so far", "60 draws"):  # fmt: skip
        assert words in done.stdout, words
    assert "affected_share" in (tmp_path / "effects.csv").read_text(encoding="utf-8")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    names = ("effects", "placebos", "sources", "measures", "revisions", "left_out")
    tables = {f"tables/{name}.csv" for name in names}
    assert set(manifest["files"]) == tables | {"figures/effect.png", "figures/effect.svg"}
    svg = (tmp_path / "out" / "figures" / "effect.svg").read_text(encoding="utf-8")
    assert svg.count("<svg") == 1


def test_no_figure_before_the_start_is_said_in_chinese(tmp_path):
    (tmp_path / "seen.csv").write_text("variable,period,value\nbirths,2023,20500\n", encoding="utf-8")
    done = said("evaluate", "seen.csv", "--since", "2022-01-01", "--prior-only", "--draws", "40", "--quiet", "--lang",
                 "zh", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "反事实未经条件化" in done.stdout


def test_a_row_that_cannot_be_used_is_named_and_the_others_are_evaluated(tmp_path):
    (tmp_path / "seen.csv").write_text(f"{FIGURES}births,2024,4019000,2025-03-01\n", encoding="utf-8")
    done = said(
        "evaluate", "seen.csv", "--since", "2023-01-01", "--prior-only", "--draws", "40", "--quiet", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "seen.csv:6: column value: found 4019000" in done.stderr
    assert "Effect on Births" in done.stdout


def test_mistakes_leave_one_message_and_nothing_written(tmp_path):
    (tmp_path / "seen.csv").write_text(FIGURES, encoding="utf-8")
    for arguments, words in (
        (("--since", "soon"), "--since: found 'soon'"),
        (("--since", "2023-01-01", "--series", "birth"), "Did you mean 'births'"),
        (("--since", "2023-01-01", "--measure", "plan_as_writen"), "plan_as_written"),
    ):
        done = said("evaluate", "seen.csv", *arguments, "--out", "out", cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out").exists()
