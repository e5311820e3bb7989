"""What revised probabilities rest on: weights, those of a stored refit, new draws, or moved ones."""

from __future__ import annotations

import json
from datetime import date
from unittest.mock import patch

import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.monitoring import revision
from huyou_sim.monitoring.monitor import run_monitor
from huyou_sim.monitoring.revision import LEAST
from huyou_sim.output.monitor_report import write_monitor
from huyou_sim.output.monitor_text import trust_words

HEADER = "variable,period,value,area,standard_error"
ROWS = ("tfr,2022,1.15,,", "births,2022,3100,Deqing,")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def monitor_of(fitted, tmp_path_factory, folder):
    path = tmp_path_factory.mktemp("made_up") / "made_up.csv"

    def run(*rows, **options):
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        given = {"as_of": date(2024, 1, 1), "draws": 100, "prior_only": True, "folder": folder} | options
        with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
            return run_monitor("huzhou", path, **given)

    return run


@pytest.fixture(scope="module")
def both(monitor_of, tmp_path_factory):
    """Return the monitor with moved draws, and with new ones that are kept in the folder from then on."""
    moved = monitor_of(*ROWS, refit=False, folder=tmp_path_factory.mktemp("empty"))
    return [moved, monitor_of(*ROWS, refit=True)]


@pytest.fixture
def counted(both, monkeypatch):
    """Return the list of refits that were asked for; each is that of the first file, in no time."""
    calls = []

    def counting(*given, **named):
        calls.append(given)
        return both[1].revision.refit

    monkeypatch.setattr(revision, "refit", counting)
    return calls


def test_new_draws_stand_beside_the_prior_probability(both):
    weighted, fresh = (one.targets.set_index("indicator_id") for one in both)
    assert (weighted["probability_before"] == fresh["probability_before"]).all()
    one, other = weighted.loc[1], fresh.loc[1]
    assert one["probability"] > one["probability_before"]
    assert other["probability"] > other["probability_before"]
    both_errors = (one["probability_error"] ** 2 + other["probability_error"] ** 2) ** 0.5
    assert abs(one["probability"] - other["probability"]) < 4.0 * both_errors
    assert not fresh["refit_needed"].any()
    assert fresh.loc[17, "probability"] == weighted.loc[17, "probability"]


def test_the_report_says_that_draws_are_new(both):
    moved, fresh = both
    assert (moved.revision.way, moved.revision.refit) == ("moved", None)
    assert (fresh.revision.way, fresh.revision.found, len(fresh.revision.refit.ensemble)) == ("new", False, 100)
    for lang, words in (("en", "100 new draws given the figures (1)"), ("zh", "重新抽样100次")):
        assert words in trust_words(fresh, lang)
    assert "kept for the next run" in trust_words(fresh, "en")
    assert "Without --no-refit" in trust_words(moved, "en")


def test_the_same_figures_find_the_same_draws(both, monitor_of, counted):
    for chosen in (True, False):
        again = monitor_of(*ROWS[::-1], refit=chosen)
        assert (again.revision.way, again.revision.found) == ("new", True)
        assert again.targets.equals(both[1].targets)
    assert counted == []
    assert "found where they were kept" in trust_words(again, "en")


def test_a_row_more_weighs_the_kept_draws(both, monitor_of, counted, tmp_path):
    with patch("huyou_sim.inference.updating.REFIT_BELOW", 20.0):
        one = monitor_of(*ROWS, "deaths,2022,24500,,1500")
        revised = monitor_of("tfr,2022,1.16,,", "deaths,2022,24500,,1500", refit=False)
    found = one.revision
    assert (found.way, counted, len(found.given)) == ("stored", [], 1)
    assert found.weights.effective_size < 20.0 < found.update.effective_size < 100.0
    assert one.targets.loc[0, "effective_draws"] == found.update.effective_size
    assert "stored refit of 1 of the figures" in trust_words(one, "en")
    assert "其中1个观测值" in trust_words(one, "zh")
    assert revised.revision.way == "moved", "a revised figure is another"
    write_monitor(one, tmp_path / "out", figures=False)
    listed = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["arguments"]["update"]
    assert (listed["way"], listed["refit_of"]) == ("stored", list(found.given))


def test_draws_are_made_anew_where_weights_rest_on_too_few_and_there_are_enough(both, monitor_of, counted, monkeypatch):
    rows = ("tfr,2022,1.16,,",)
    few = monitor_of(*rows)
    assert (few.revision.way, few.revision.reason, counted) == ("moved", "few", [])
    assert f"type --draws {LEAST}," in trust_words(few, "en")
    monkeypatch.setattr(revision, "LEAST", 100)
    asked = monitor_of(*rows, refit=False)
    assert (asked.revision.reason, counted) == ("asked", [])
    drawn = monitor_of(*rows)
    assert (drawn.revision.way, drawn.revision.found, len(counted)) == ("new", False, 1)
    with patch("huyou_sim.inference.updating.REFIT_BELOW", 20.0):
        plain = monitor_of("tfr,2022,1.0,,5")
    assert (plain.revision.way, plain.revision.refit, len(counted)) == ("weights", None, 1)


def test_a_refit_that_cannot_be_made_leaves_moved_draws_unless_it_was_asked_for(monitor_of, monkeypatch):
    monkeypatch.setattr(revision, "LEAST", 20)
    one = monitor_of("tfr,2022,1.17,,", draws=20)
    assert (one.revision.way, one.revision.reason) == ("moved", "impossible")
    assert "too few to start a refit" in trust_words(one, "en")
    with pytest.raises(ArgumentError, match="for each of the"):
        monitor_of("tfr,2022,1.17,,", draws=20, refit=True)


def test_a_county_alone_has_its_draws_moved(monitor_of):
    one = monitor_of("births,2022,2500,Deqing,1")
    assert (one.revision.way, one.revision.reason) == ("moved", "areas")
    assert "whole place alone" in trust_words(one, "en")


def test_the_bands_stay_those_of_the_course(both):
    weighted, fresh = both
    assert weighted.figures.equals(fresh.figures)
    assert weighted.bands.equals(fresh.bands)


def test_offices_alone_want_no_new_draws(fitted, tmp_path):
    path = tmp_path / "made_up.csv"
    path.write_text("indicator_id,date,value\n12,2023,75\n", encoding="utf-8")
    with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
        one = run_monitor("huzhou", path, as_of=date(2024, 6, 1), draws=20, prior_only=True, refit=True)
    assert (one.revision.way, one.revision.refit) == ("weights", None)
