"""The command `huyou calibrate`, in processes of its own."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.cli.test_cli import huyou


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """Return the folder and the output of one calibration."""
    folder = tmp_path_factory.mktemp("posterior")
    done = huyou("calibrate", "--keep", "kept", "--out", "tables", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_convergence_stands_first_and_every_parameter_has_its_verdict(calibrated):
    folder, said = calibrated
    assert said.startswith("Converged: largest R-hat 1.0")
    for words in ("Prior", "Posterior", "R-hat", "keep their priors", "C5"):  # short: cells wrap on a narrow screen
        assert words in said, words
    convergence = pd.read_csv(folder / "tables" / "convergence.csv")
    assert (convergence["r_hat"] < 1.01).all()
    assert (convergence["effective_size"] >= 2000).all()
    learnt = pd.read_csv(folder / "tables" / "prior_posterior.csv")
    assert set(convergence["parameter"]) == set(learnt.loc[learnt["sampled"], "parameter"])


def test_every_published_figure_lies_within_what_the_model_predicts(calibrated):
    folder, said = calibrated
    check = pd.read_csv(folder / "tables" / "predictive_check.csv")
    assert {"tfr", "births", "deaths", "natural_increase_rate", "infant_mortality_rate"} <= set(check["variable"])
    assert (check["q05"] <= check["q95"]).all()
    assert (check["p_value"] > 0.05).all()
    assert "0.8" in said


def test_second_call_finds_the_draws_of_the_first(calibrated):
    folder, _ = calibrated
    kept = list((folder / "kept").glob("posterior-huzhou-*.nc"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    again = huyou("calibrate", "--keep", "kept", "--lang", "zh", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert kept[0].stat().st_mtime_ns == before
    assert again.stdout.startswith("已收敛")


def test_a_place_that_does_not_exist_is_one_message(tmp_path):
    done = huyou("calibrate", "--place", "huzou", "--keep", "kept", cwd=tmp_path)
    assert done.returncode == 2
    assert "huzhou" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
