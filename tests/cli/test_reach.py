"""The command `huyou reach`: what it prints and writes, how it refuses, and that doubt stands at every probability."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tests.cli.test_cli import ROOT, hears_interrupts, huyou, said

from huyou_sim.inference.posterior import Plan, sample_place
from huyou_sim.output.manifest import check_files
from huyou_sim.output.reach_report import both, said_of, write_reach
from huyou_sim.planning import futures
from huyou_sim.planning.reach import run_reach

SHORT = ("--prior-only", "--draws", "30", "--until", "2025")
CHANCE = re.compile(r"\d+\.\d±\d+\.\d( / \d+\.\d±\d+\.\d)?")


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """Return the folder and the output of one command."""
    folder = tmp_path_factory.mktemp("reach")
    done = huyou("reach", "huzhou", "plan_as_written", "no_new_policy", *SHORT, "--out", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out", done


def test_every_target_stands_with_both_probabilities_and_their_errors(reached):
    _, done = reached
    for word in ("Total", "natural", "Married", "≥ 0.94", "≥ 0.99", "30 draws", "seed 2021", "prior", "Run time"):
        assert word in done.stdout, word
    assert len(CHANCE.findall(done.stdout)) == 2 * 3 * 7 + 2 * 3
    assert "Traceback" not in done.stderr


def test_the_folder_holds_tables_bands_draws_and_a_manifest_that_fits(reached):
    folder, _ = reached
    check_files(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 2021
    assert manifest["arguments"]["draws"] == 30
    assert set(manifest["files"]) == {
        "bands.nc", "draws.nc", "tables/reach.csv", "tables/joint.csv", "tables/bands.csv",
        "figures/bands.png", "figures/bands.svg", "figures/reach.png", "figures/reach.svg",
    }  # fmt: skip
    assert str(ROOT) not in json.dumps(manifest)
    table = pd.read_csv(folder / "tables" / "reach.csv")
    assert len(table) == 2 * 7 * 3
    assert {"definition", "population_base", "rule", "bridged", "level", "mark"} <= set(table.columns)


def test_bands_and_tables_can_be_made_again_from_the_draws(reached):
    folder, _ = reached
    draws, bands = xr.load_dataset(folder / "draws.nc"), xr.load_dataset(folder / "bands.nc")
    expected = draws["tfr"].quantile([0.05, 0.95], "draw")
    found = bands["tfr"].sel(quantile=[0.05, 0.95], figure="value")
    assert np.allclose(found.transpose(*expected.dims), expected)
    assert bands["tfr"].attrs["units"] == "children per woman"
    tidy = pd.read_csv(folder / "tables" / "bands.csv").query("variable == 'tfr' and year == 2025 and quantile == 0.5")
    middle = bands["tfr"].sel(quantile=0.5, figure="value", year=2025).squeeze("area").to_series()
    assert np.allclose(tidy.set_index("scenario")["value"], middle[tidy["scenario"]])
    assert (tidy["mc_error"] > 0.0).all()


def test_twice_is_the_same_bytes_and_an_earlier_result_is_replaced(reached, tmp_path):
    folder, _ = reached
    for draws in ("20", "30"):
        done = said(
            "reach", "huzhou", "plan_as_written", "no_new_policy", *SHORT, "--draws", draws, "--out", "out",
            cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "out" / name).read_bytes(), name


def test_chinese_labels_and_targets_reached_together(tmp_path):
    done = said(
        "reach", "huzhou", "no_new_policy", *SHORT, "--joint", "1,3", "--lang", "zh", "--no-figures", "--out", "out",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for word in ("总和生育率", "自然增长率", "达到概率", "同时达到指标1, 3", "蒙特卡罗"):
        assert word in done.stdout, word
    table = (tmp_path / "out" / "tables" / "joint.csv").read_text(encoding="utf-8-sig")
    assert table.startswith("情景代码,情景")
    assert "1 3" in table
    assert not (tmp_path / "out" / "figures").exists()


REFUSED = {
    "no draws": (("huzhou", "--draws", "0"), ("--draws", "found 0", "1 or more")),
    "a year before the target": (("huzhou", "--until", "2024"), ("--until", "found 2024", "2025")),
    "a scenario that is not there": (("huzhou", "plan_as_writen"), ("plan_as_writen", "plan_as_written")),
    "a place that is not there": (("huzou",), ("huzou", "huzhou")),
    "an indicator without a target": (("huzhou", "--joint", "1,5"), ("--joint", "found 5", "1, 2, 3, 4, 6, 22, 23")),
    "no numbers": (("huzhou", "--joint", "tfr"), ("--joint", "'tfr'", "1,3,22")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_one_message_and_leaves_nothing(name, tmp_path):
    arguments, words = REFUSED[name]
    done = said("reach", *arguments, "--out", "out", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr, word
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_refused_before_any_work(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    started = time.perf_counter()
    done = said("reach", "huzhou", "--out", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine.txt" in done.stderr
    assert time.perf_counter() - started < 30.0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_help_teaches(tmp_path):
    done = said("reach", "--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("huyou reach huzhou plan_as_written everything_together --joint 1,3", "Monte Carlo", "--prior-only"):
        assert word in done.stdout, word


def test_interrupt_leaves_nothing(tmp_path):
    running = subprocess.Popen(
        [
            sys.executable, "-c",
            "print('ready', flush=True); from huyou_sim.cli import main; "
            "main(['reach', 'huzhou', '--prior-only', '--draws', '20000', '--out', 'out'])",
        ],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_interrupts,
    )  # fmt: skip
    assert running.stdout.readline().strip() == "ready"
    time.sleep(4.0)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130, error
    assert "nothing was written" in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def doubtful():
    """Return a reachability from a sampler that was stopped long before it could converge."""
    sampled = []

    def few(pack, baseline, **_):
        sampled.append(sample_place(pack, baseline, plan=Plan(chains=2, walkers=32, steps=12, most_steps=12)))
        return sampled[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(futures, "posterior", few)
        return run_reach("huzhou", ["no_new_policy"], draws=10, until=2025)


@pytest.mark.parametrize(("lang", "words"), [("en", "! sampler not converged"), ("zh", "! 抽样未收敛")])
def test_no_probability_goes_without_the_mark_of_a_sampler_that_has_not_converged(doubtful, lang, words):
    said = said_of(doubtful, lang)
    assert said.startswith(words)
    assert said.count(words) == 3, "at the head and under each table of probabilities"
    cells = [said[found.end()] for found in CHANCE.finditer(said)]
    assert len(cells) == 3 * 7 + 3
    assert set(cells) == {"!"}


@pytest.mark.parametrize(("lang", "words"), [("en", "not converged"), ("zh", "未收敛")])
def test_the_mark_is_written_too(doubtful, lang, words, tmp_path):
    write_reach(doubtful, tmp_path / "out", lang=lang)
    for name in ("reach", "joint"):
        lines = (tmp_path / "out" / "tables" / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()
        assert all(words in line for line in lines[1:]), name
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert "not converged" in manifest["calibration"]["mark"]


def test_an_error_is_never_shown_as_none():
    row = {"probability": 0.0, "probability_error": 1e-5, "probability_seen": 1.0, "probability_seen_error": 0.0123}
    assert both(row | {"mark": ""}) == "0.0±0.1 / 100.0±1.3"
    assert both(row | {"mark": "doubt"}).endswith("!")
