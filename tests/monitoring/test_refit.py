"""Revised probabilities from new draws: they say what weights say, where weights will do."""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

import pytest

from huyou_sim.monitoring.monitor import run_monitor
from huyou_sim.output.monitor_text import trust_words


@pytest.fixture(scope="module")
def both(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("made_up") / "made_up.csv"
    path.write_text("variable,period,value,area\ntfr,2022,1.15,\nbirths,2022,3100,Deqing\n", encoding="utf-8")
    options = {"as_of": date(2024, 1, 1), "draws": 100, "prior_only": True}
    with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
        return [run_monitor("huzhou", path, refit=refit, **options) for refit in (False, True)]


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
    weighted, fresh = both
    assert weighted.refit is None
    assert len(fresh.refit.ensemble) == 100
    for lang, words in (("en", "100 new draws given the figures"), ("zh", "重新抽样100次")):
        assert words in trust_words(fresh, lang)


def test_the_bands_stay_those_of_the_course(both):
    weighted, fresh = both
    assert weighted.figures.equals(fresh.figures)
    assert weighted.bands.equals(fresh.bands)


def test_offices_alone_want_no_new_draws(fitted, tmp_path):
    path = tmp_path / "made_up.csv"
    path.write_text("indicator_id,date,value\n12,2023,75\n", encoding="utf-8")
    with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
        one = run_monitor("huzhou", path, as_of=date(2024, 6, 1), draws=20, prior_only=True, refit=True)
    assert one.refit is None
