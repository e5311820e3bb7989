"""The command `huyou monitor`: a file to fill in, the report, and how it names what it cannot use."""

from __future__ import annotations

import json

import pandas as pd
from tests.cli.test_cli import huyou, said

from huyou_sim.output.manifest import check_files
from huyou_sim.pack import load_pack
from huyou_sim.planning.observed import COLUMNS, read_observed

ROWS = """variable,indicator_id,period,value,published
tfr,,2022,0.87,2023-03-20
tfr,,2023,0.90,2024-03-20
tfr,,2023,0.85,2024-09-20
crude_marriage_rate,,2022,4.9,2023-02-01
crude_marriage_rate,,2023,2.4,2024-02-01
births,,2024Q1,4800,2024-04-20
,12,2023-12-31,75,2024-01-20
"""
OPTIONS = ("--prior-only", "--draws", "60", "--quiet", "--as-of", "2024-12-01")


def test_a_template_is_filled_in_and_monitored(tmp_path):
    done = said("monitor", "--template", "seen.csv", "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "huyou monitor seen.csv" in done.stdout
    content = (tmp_path / "seen.csv").read_text(encoding="utf-8-sig")
    lines = content.splitlines()
    assert lines[0].startswith("# 观测值")
    assert any(line.startswith("# Observed figures") or line.startswith('"# Observed figures') for line in lines)
    header = next(line for line in lines if line.startswith("indicator_id,"))
    assert set(header.split(",")) == set(COLUMNS) - {"date"}
    rows = lines[lines.index(header) + 1 :]
    assert [row.split(",")[0] for row in rows][:28] == [str(number) for number in range(1, 29)]
    pack = load_pack("huzhou")
    assert read_observed(tmp_path / "seen.csv", pack) == ((), ()), "every row waits for its value"
    filled = [",".join([*row.split(",")[:3], "2023", "0.9", *row.split(",")[5:]]) if row.startswith("1,") else row
              for row in lines]  # fmt: skip
    (tmp_path / "seen.csv").write_text("\n".join(filled) + "\n", encoding="utf-8-sig")
    found, problems = read_observed(tmp_path / "seen.csv", pack)
    assert problems == ()
    assert [(one.name, str(one.period), one.value) for one in found] == [("tfr", "2023", 0.9)]
    again = said("monitor", "--template", "seen.csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "a file that exists" in again.stderr


def test_the_report_stands_in_both_languages_and_the_folder_is_whole(tmp_path):
    (tmp_path / "seen.csv").write_text(ROWS, encoding="utf-8")
    done = huyou("monitor", "seen.csv", *OPTIONS, "--lang", "en", "--out", "out", "--csv", "figures.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("Monitor of 2024-12-01", "Amber below 10 %", "■ red", "below the course", "No. 22",
                  "superseded by that of 2024-09-20", "a quarter varies by 8 %", "12 Standardised", "60 futures",
                  "children per woman", "Residents: "):  # fmt: skip
        assert words in done.stdout, words
    assert done.stderr == ""
    check_files(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["arguments"]["as_of"] == "2024-12-01"
    assert manifest["arguments"]["amber"] == 0.1
    assert len(manifest["arguments"]["observations"]) == 6
    assert {"figures/monitor.png", "figures/monitor.svg", "monitor.xlsx"} <= set(manifest["files"])
    table = pd.read_csv(tmp_path / "figures.csv", encoding="utf-8-sig")
    assert table["colour"].isin(["green", "amber", "red"]).all()
    vintages = pd.read_csv(tmp_path / "out" / "tables" / "monitor_vintages.csv", encoding="utf-8-sig")
    assert len(vintages) == 7
    chinese = said("monitor", "seen.csv", *OPTIONS, "--lang", "zh", "--out", "zh", "--no-figures", cwd=tmp_path)
    assert "■ 红" in chinese.stdout
    for name in ("figures", "series", "board", "targets", "vintages", "bands"):
        headers = pd.read_csv(tmp_path / "zh" / "tables" / f"monitor_{name}.csv", encoding="utf-8-sig").columns
        assert not [header for header in headers if header.isascii()], name


def test_bad_rows_are_named_and_the_others_monitored(tmp_path):
    bad = "tfrr,,2023,0.9,\nshare_second_third,,2023,4019,\nbirths,,2029,17000,\n"
    (tmp_path / "seen.csv").write_text(ROWS + bad, encoding="utf-8")
    done = said("monitor", "seen.csv", *OPTIONS, "--lang", "en", "--out", "out", "--no-figures", cwd=tmp_path)
    assert done.returncode == 2
    assert "3 row(s) of the file cannot be used" in done.stdout
    assert "Total fertility rate" in done.stdout
    for words in ("seen.csv:9: column variable: found 'tfrr'", "Did you mean 40.19?", "seen.csv:11: column period"):
        assert words in done.stderr, words
    assert "Traceback" not in done.stderr
    left = pd.read_csv(tmp_path / "out" / "tables" / "left_out.csv", encoding="utf-8-sig")
    assert len(left) == 3
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["arguments"]["left_out"]) == 3


def test_the_drill_says_how_often_the_warning_warns(tmp_path):
    options = ("--drill", "--histories", "60", "--draws", "60", "--prior-only", "--quiet")
    done = said("monitor", *options, "--lang", "en", "--out", "out", "--csv", "drill.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in ("60 simulated histories", "false alarms", "birth hazards 30 % lower from 2023", "no new policy",
                  "board of the three rates", "Births: all figures so far"):  # fmt: skip
        assert words in done.stdout, words
    check_files(tmp_path / "out")
    table = pd.read_csv(tmp_path / "drill.csv", encoding="utf-8-sig")
    assert table["truth"].nunique() == 6
    chinese = said("monitor", *options, "--lang", "zh", "--csv", "zh.csv", cwd=tmp_path)
    assert "误报率" in chinese.stdout
    assert not [name for name in pd.read_csv(tmp_path / "zh.csv", encoding="utf-8-sig").columns if name.isascii()]


def test_mistakes_leave_one_message_and_nothing_else(tmp_path):
    (tmp_path / "bad.csv").write_text("variable,period,value\ntfrr,2023,0.9\n", encoding="utf-8")
    for arguments, says in (
        ((), "one of the three"),
        (("bad.csv", "--template", "new.csv"), "OBSERVATIONS and --template"),
        (("--drill", "--draws", "1"), "--draws: found 1"),
        (("none.csv",), "no such file"),
        (("bad.csv", "--out", "out"), "Type tfr."),
        (("bad.csv", "--as-of", "soon"), "soon"),
    ):
        done = said("monitor", *arguments, "--quiet", cwd=tmp_path)
        assert done.returncode == 2, arguments
        assert says in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]
