"""The commands `huyou solve` and `huyou explain --sobol`, in processes of their own; few draws, from priors."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.cli.test_cli import huyou, said

from huyou_sim.output.manifest import check_files, read_manifest
from huyou_sim.policy import load_scenario

QUICK = ("--draws", "40", "--prior-only", "--quiet")


def test_the_smallest_setting_with_its_table(tmp_path):
    asked = ("--target", "tfr", "--level", "lenient", "--probability", "0.2", "--lever", "birth_grant.yuan")
    done = huyou("solve", "huzhou", *asked, "--csv", "tried.csv", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for words in (
        "Smallest setting of: Birth grant, for 20 %",
        "yuan per birth",
        "truly / as published",
        "million yuan",
    ):
        assert words in done.stdout, words
    tried = pd.read_csv(tmp_path / "tried.csv")
    assert len(tried) >= 17
    assert tried["setting"].is_monotonic_increasing


def test_out_of_reach_is_an_answer_in_chinese(tmp_path):
    asked = ("--target", "22", "--probability", "0.9", "--lever", "marriage_services.intensity", "--lang", "zh")
    done = said("solve", "huzhou", *asked, *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "无法达到：婚恋服务在取值范围内达不到90%" in done.stdout
    assert "户籍人口" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_cheapest_of_two_levers(tmp_path):
    levers = ("--lever", "birth_grant.yuan", "--bounds", "marriage_services.intensity", "0", "0.5")
    asked = ("--target", "1", "--level", "lenient", "--probability", "0.1", "--budget", "5e9")
    done = said("solve", "huzhou", *asked, *levers, *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Cheapest package for 10 %" in done.stdout or "Out of reach" in done.stdout
    assert "Of a year's general public budget" in done.stdout
    assert "other random numbers" in done.stdout


def test_a_frontier_and_its_picture(tmp_path):
    asked = ("--target", "tfr", "--lever", "birth_grant.yuan", "--frontier", "--budget", "0", "--budget", "1e9")
    done = said("solve", "huzhou", *asked, "--figure", "f.png", "--csv", "f.csv", *QUICK, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.png").stat().st_size > 10_000
    assert pd.read_csv(tmp_path / "f.csv")["budget"].tolist() == [0.0, 1e9]
    assert "No lever is used" in done.stdout


def test_the_best_package_and_its_folder_whose_scenario_runs(tmp_path):
    asked = (
        "--maximise",
        "births",
        "--until",
        "2026",
        "--budget",
        "2e8",
        "--payer",
        "city",
        "--rival",
        "marriage_strong",
    )
    levers = ("--lever", "birth_grant.yuan.2", "--lever", "marriage_services.intensity")
    done = said(
        "solve", "huzhou", *asked, *levers, "--out", "best", "--lang", "zh", "--draws", "12", "--prior-only", "--quiet",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in ("最佳组合：2023–2026年新增出生", "共200百万元；计入：市县", "换用12次其他随机数抽样", "按预算缩放"):
        assert words in "".join(done.stdout.split()), words
    folder = tmp_path / "best"
    check_files(folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = {f"tables/{name}.csv" for name in ("curve", "package", "accounts", "rivals", "splits")}
    assert names == tables | {"best.toml", "curve.png", "curve.svg", "manifest.json"}
    manifest = read_manifest(folder)
    assert manifest["arguments"]["maximise"] == "births"
    assert {"no_new_policy", "best", "marriage_strong"} <= set(manifest["scenario_files"])
    package = pd.read_csv(folder / "tables" / "package.csv")
    scenario = load_scenario(folder / "best.toml")
    assert scenario.levers.birth_grant[0].yuan == pytest.approx(package.iloc[0, 2])
    assert "Best package" in scenario.label("en")


def test_sobol_indices(tmp_path):
    asked = ("plan_as_written", "--sobol", "--points", "4", "--against", "no_new_policy", "--csv", "s.csv")
    done = said("explain", *asked, "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Plan as written makes against No new policy" in " ".join(done.stdout.split())
    assert "It does not vary" in done.stdout
    assert pd.read_csv(tmp_path / "s.csv")["factor"].nunique() > 40


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--target", "tfrr", "--probability", "1.5", "--budget", "-1", "--lever", "birth_grant.yuann"],
            ("Did you mean 'tfr'", "probability: found 1.5", "budget: found -1", "Did you mean 'birth_grant.yuan"),
        ),
        (["--target", "tfr", "--bounds", "birth_grant.yuan", "5", "1"], ("Type 1 5.",)),
        (["--target", "tfr", "--draws", "0"], ("--draws: found 0",)),
        ([], ("target: found none",)),
        (["--target", "tfr", "--figure", "f.pdf", "--lever", "birth_grant.yuan"], ("--figure", "f.pdf", ".png")),
        (["--maximise", "births"], ("budget: found none", "Type --budget 1e9")),
        (
            ["--maximise", "births", "--probability", "0.5", "--budget", "1e9", "--frontier"],
            ("--probability beside it", "--frontier beside it"),
        ),
        (
            ["--maximise", "brths", "--budget", "2019=5", "--budget", "-1", "--payer", "cty", "--until", "2020"],
            ("found 'brths'", "'2019=5'", "'-1'", "Did you mean 'city'", "--until: found 2020"),
        ),
        (["--target", "tfr", "--until", "2030", "--payer", "city"], ("--until: found no --maximise", "--payer")),
    ],
)
def test_mistakes_are_one_message_and_exit_code_2(tmp_path, arguments, words):
    done = said("solve", "huzhou", "--draws", "8", "--prior-only", "--quiet", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, word
