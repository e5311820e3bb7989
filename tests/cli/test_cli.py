"""The real command line, in processes of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import click
import pandas as pd
import pytest

from huyou_sim.cli import cli, main

ROOT = Path(__file__).parents[2]


def huyou(*arguments, cwd, lang="en_GB.UTF-8"):
    environment = {
        **os.environ,
        "LANG": lang,
        "LC_ALL": lang,
        "PYTHONWARNINGS": "error",
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        [sys.executable, "-c", "from huyou_sim.cli import main; main()", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip


def said(*arguments, cwd, lang="en_GB.UTF-8"):
    """Return what the command says, without a process of its own: for answers that no process could change."""
    out, error, code = io.StringIO(), io.StringIO(), 0
    locale = dict.fromkeys(("LANG", "LC_ALL"), lang)
    with (
        contextlib.chdir(cwd), mock.patch.dict(os.environ, locale),
        contextlib.redirect_stdout(out), contextlib.redirect_stderr(error),
    ):  # fmt: skip
        try:
            main(list(arguments))
        except SystemExit as stop:
            code = stop.code
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), error.getvalue())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder and the output of one main job."""
    folder = tmp_path_factory.mktemp("run")
    done = huyou("run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "results" / "huzhou", done


def test_main_job_prints_fit_and_verdicts_of_all_packages(finished):
    _, done = finished
    for word in ("21,000", "22,000", "49.88", "30.30", "0.89", "Total fertility rate", "natural increase"):
        assert word in done.stdout, word
    for scenario in ("No new", "Plan as", "Subsidies", "Childcare", "Marriage", "Everything"):
        assert scenario in done.stdout, scenario
    assert "Traceback" not in done.stderr


def test_main_job_leaves_every_kind_of_file(finished):
    folder, _ = finished
    assert {"result.nc", "indicators.nc", "results.xlsx", "manifest.json"} <= {p.name for p in folder.iterdir()}
    assert list(folder.glob("figures/*.png"))
    assert list(folder.glob("figures/*.svg"))
    table = pd.read_csv(folder / "tables" / "indicators.csv")
    assert table["scenario"].nunique() == 6
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"]
    assert str(ROOT) not in json.dumps(manifest)


def test_two_runs_give_the_same_bits(finished, tmp_path):
    folder, _ = finished
    again = huyou("run", cwd=tmp_path)
    assert again.returncode == 0
    other = tmp_path / "results" / "huzhou"
    names = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    for name in names:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def test_chinese_labels(tmp_path):
    done = said("run", "no_new_policy", "--until", "2026", "--lang", "zh", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "总和生育率" in done.stdout
    assert "自然增长率" in (tmp_path / "out" / "tables" / "indicators.csv").read_text(encoding="utf-8-sig")


def test_language_follows_the_locale(tmp_path):
    assert "总和生育率" in huyou("baseline", cwd=tmp_path, lang="zh_CN.UTF-8").stdout


def test_baseline_prints_the_fit_and_writes_it(tmp_path):
    done = huyou("baseline", "--csv", "fit.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "49.88" in done.stdout
    assert len(pd.read_csv(tmp_path / "fit.csv")) > 10


def test_second_place(tmp_path):
    done = said("run", "no_new_policy", "--place", "jiaxing", "--until", "2030", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_costs_of_a_run_add_up_to_the_cent_and_stand_in_the_report(finished):
    folder, done = finished
    costs = pd.read_csv(folder / "tables" / "costs.csv")
    assert set(costs["payer"]) == {"city", "province", "state"}
    cents = (100.0 * costs[["cost", "additional"]]).round()
    assert (100.0 * costs[["cost", "additional"]] - cents).abs().to_numpy().max() < 1e-3
    plain = costs[costs["scenario"] == "no_new_policy"].set_index(["measure", "payer", "year"])["cost"]
    plan = costs[costs["scenario"] == "plan_as_written"].set_index(["measure", "payer", "year"])
    assert (plan["cost"] - plain.reindex(plan.index).fillna(0.0) - plan["additional"]).abs().max() < 0.005
    to_target = plan.query("year <= 2025")["cost"].sum() / 1e6
    assert f"{to_target:,.1f}" in done.stdout
    assert "What packages cost, million yuan" in done.stdout


def test_check_passes_what_ships(tmp_path):
    done = huyou(
        "check", *(str(p) for p in sorted((ROOT / "scenarios").rglob("*.toml"))), str(ROOT / "data" / "huzhou"),
        str(ROOT / "data" / "jiaxing"), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("in order") == len(list((ROOT / "scenarios").rglob("*.toml"))) + 2


@pytest.mark.parametrize("command", ["run", "baseline", "check", "new", "diff", "schema", "derive"])
def test_help_teaches(command, tmp_path):
    done = said(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout) > 300


def test_examples_of_the_help_stand_on_lines_of_their_own():
    commands = {"": cli, **cli.commands}
    for name, command in commands.items():
        said = command.get_help(click.Context(command, info_name=name))
        assert "\\b" not in said, name
        examples = [line for line in said.splitlines() if line.strip().startswith("huyou ")]
        assert examples or name in ("run", "baseline", "derive"), name
        assert all(line.startswith("      ") or not name for line in examples), name


@pytest.mark.parametrize("kind", ["scenario", "pack", "variables"])
def test_schema_prints_a_format(kind, tmp_path):
    done = said("schema", kind, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    if kind == "scenario":
        assert json.loads(done.stdout)["type"] == "object"
    else:
        assert len(done.stdout.splitlines()) > 30


def refused(done, *words, folder):
    """Assert one located error, exit code 2, nothing written."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)
    assert not (folder / "results").exists()


PLAN = """\
extends = "no_new_policy"
name = { zh = "我的", en = "Mine" }
description = { zh = "试验", en = "A trial" }
reason = "To try it out"
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # A misspelt lever.
        ("[childcare]\nplaces_per_thousand = { 2025 = 4.6 }\n", ("places_per_thousand", "places_per_1000", ":6:1")),
        # A unit out of range: per mille typed as persons.
        ("[childcare]\nplaces_per_1000 = { 2022 = 2.63, 2025 = 4600 }\n", ("4600", ":6:")),
        # An unknown area.
        ('areas = ["330599"]\n', ("330599", "330502", ":5:")),
        # A wrong type, a syntax error.
        ('[marriage_grant]\nyuan = "a lot"\nstart = 2023\n', ("a lot", ":6:")),
        ("[marriage_grant\nyuan = 1\n", (":5:",)),
    ],
)
def test_mistake_in_a_scenario_is_located(text, words, tmp_path):
    (tmp_path / "mine.toml").write_text(PLAN + text, encoding="utf-8")
    done = said("run", "mine.toml", cwd=tmp_path)
    refused(done, "mine.toml", *words, folder=tmp_path)
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_all_mistakes_of_a_file_are_listed_at_once(tmp_path):
    (tmp_path / "mine.toml").write_text(
        PLAN + "[childcare]\nplacess = 1\ninclusive_share_percent = { 2025 = 160 }\n[mariage_grant]\nyuan = 1\n",
        encoding="utf-8",
    )
    done = said("check", "mine.toml", cwd=tmp_path)
    refused(done, "placess", "160", "mariage_grant", folder=tmp_path)


def test_unknown_place(tmp_path):
    refused(said("run", "--place", "huzho", cwd=tmp_path), "huzho", "huzhou", folder=tmp_path)


def test_until_before_the_start(tmp_path):
    refused(said("run", "--until", "1999", cwd=tmp_path), "1999", "2050", folder=tmp_path)


def test_truncated_pack_file(tmp_path):
    for name in ("huzhou", "china", "zhejiang", "evidence"):
        shutil.copytree(ROOT / "data" / name, tmp_path / name)
    file = tmp_path / "huzhou" / "population_census.csv"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    refused(said("run", "--place", "huzhou/", cwd=tmp_path), "population_census.csv", folder=tmp_path)


@pytest.mark.parametrize(("until", "word"), [("2021", "--until 2025"), ("2023", "--until 2025"), ("2026", "≥ 0.94")])
def test_run_that_ends_early_says_so(until, word, tmp_path):
    done = said("run", "no_new_policy", "--until", until, "--no-figures", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert word in done.stdout
    assert until in done.stdout


def test_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").write_text("mine")
    done = huyou("run", "no_new_policy", "--until", "2023", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "out" / "thesis.docx").read_text() == "mine"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["thesis.docx"]


def hears_interrupts():
    """Let a process hear Ctrl-C, which one that was started behind a script would not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_leaves_nothing(tmp_path):
    """Ctrl-C in the middle of a run: one line, exit code 130, no folder and no part of one."""
    running = subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); from huyou_sim.cli import main; main(['run'])"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_interrupts,
    )
    assert running.stdout.readline().strip() == "ready"
    time.sleep(2.0)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130, error
    assert "Traceback" not in error
    assert "nothing was written" in error
    assert list(tmp_path.rglob("*.nc")) == []
