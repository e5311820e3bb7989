"""The command `huyou compare`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json

import pandas as pd
from tests.cli.test_cli import huyou

from huyou_sim.output.manifest import check_files


def test_a_comparison_is_printed_and_written(tmp_path):
    done = huyou(
        "compare", "plan_as_written", "childcare_strong", "no_new_policy", "--prior-only", "--draws", "12", "--until",
        "2026", "--shapley", "childcare_strong", "--tornado", "childcare_strong", "--out", "out", "--no-figures",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for word in ("No new policy", "12 draws", "Births gained to 2025", "lasting", "TFR ≥ 0.94", "Beaten by", "Written"):
        assert word in done.stdout, word
    folder = tmp_path / "out"
    check_files(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["arguments"]["against"] == "no_new_policy"
    assert manifest["arguments"]["scenarios"] == ["plan_as_written", "childcare_strong"]
    assert set(manifest["files"]) == {
        "differences.nc", "comparison.xlsx",
        *(f"tables/{name}.csv"
          for name in ("differences", "costs", "dominance", "targets", "joint", "shapley", "tornado")),
    }  # fmt: skip
    table = pd.read_csv(folder / "tables" / "differences.csv")
    assert set(table["scenario"]) == {"plan_as_written", "childcare_strong"}
    assert {"q05", "q25", "q50", "q75", "q95", "mean", "mean_error", "probability_above", "unit"} <= set(table.columns)


def test_mistakes_are_one_message_and_leave_nothing(tmp_path):
    done = huyou(
        "compare", "constant_rates", "--until", "2024", "--shapley", "constant_rate", "--out", "out", cwd=tmp_path
    )
    assert done.returncode == 2, done.stderr
    for word in ("--until", "2024", "a trend is no policy", "--allow-trends", "--shapley", "constant_rates"):
        assert word in done.stderr, word
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
