"""The command `huyou nowcast`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import pandas as pd
from tests.cli.test_cli import said

from huyou_sim.output.manifest import check_files, read_manifest

FIGURES = "variable,period,value,published\nbirths,2022,20100,2023-02-01\nfirst_marriages,2023,12900,2024-02-01\n"
QUICK = ("--draws", "48", "--histories", "8", "--prior-only", "--quiet")


def test_births_are_told_from_marriages_and_the_folder_is_whole(tmp_path):
    (tmp_path / "seen.csv").write_text(FIGURES + "tfr,2023,-0.91,\n", encoding="utf-8")
    done = said("nowcast", "seen.csv", *QUICK, "--lang", "en", "--out", "out", "--csv", "now.csv", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "seen.csv:4" in done.stderr
    for words in ("marriages of 2023", "with durations of marriage", "Band narrower by", "Back-test on 8 histories"):
        assert words in done.stdout, words
    check_files(tmp_path / "out")
    assert read_manifest(tmp_path / "out")["arguments"]["space"] == "duration"
    table = pd.read_csv(tmp_path / "now.csv")
    assert set(table["year"]) == {2023, 2024}
    assert set(table["given"]) == {"nothing", "others", "marriages"}
    left = pd.read_csv(tmp_path / "out" / "tables" / "left_out.csv")
    assert left["line"].tolist() == [4]


def test_what_is_missing_is_one_message_and_nothing_is_written(tmp_path):
    (tmp_path / "seen.csv").write_text("variable,period,value\nbirths,2022,20100\n", encoding="utf-8")
    for arguments, words in (
        ((), "a figure of first_marriages"),
        (("--draws", "4"), "--draws: found 4"),
        (("--as-of", "2022-06-30"), "a figure of first_marriages"),
    ):
        done = said("nowcast", "seen.csv", *arguments, "--out", "out", cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out").exists()
