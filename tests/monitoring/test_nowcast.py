"""Births told from marriages: the lag adds up, follows from the clock, and the back-test says what it is worth."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.monitoring.lags import birth_response, lag_table, marriage_shares, married
from huyou_sim.monitoring.nowcast import Figure, given, last_marriages, nowcast
from huyou_sim.output.nowcast_report import nowcast_text
from huyou_sim.planning.packages import fit_place
from huyou_sim.policy import load_scenario

SEEN = [
    Figure("births", 2022, 20000.0, 500.0),
    Figure("first_marriages", 2022, 13800.0, 1700.0),
    Figure("first_marriages", 2023, 12500.0, 1700.0),
]


@pytest.fixture(scope="module")
def base():
    return load_scenario("no_new_policy")


@pytest.fixture(scope="module", params=["family", "duration"])
def ensemble(request):
    return prepare_ensemble(fit_place("huzhou", request.param), None, 240, until=2025)


@pytest.fixture(scope="module")
def found(ensemble, base):
    return nowcast(ensemble, base, SEEN, lags=lag_table(ensemble, base, 2025, lags=4), histories=60)


def test_shares_by_lag_add_up_and_most_first_births_come_within_three_years(ensemble, base):
    shares = marriage_shares(ensemble, base, 2025, lags=4)
    assert shares.shape == (240, 6)
    assert (shares >= 0.0).all()
    assert shares.sum(axis=1) == pytest.approx(np.ones(240))
    assert 0.45 < np.median(shares[:, :3].sum(axis=1)) < 0.7
    assert np.median(shares[:, 1]) > np.median(shares[:, 0])


def test_nobody_marries_where_marriage_is_switched_off(ensemble, base):
    stopped = married(ensemble, [2023], -50.0).project([base], variables=["first_marriages"], until=2024)
    at = stopped["first_marriages"].isel(scenario=0, area=0)
    assert at.sel(year=2023).max() < 1e-9
    assert at.sel(year=2024).min() > 1000.0


def test_births_before_the_pulse_are_the_same_and_those_after_it_rise(ensemble, base):
    rises = birth_response(ensemble, base, 2023, lags=2)
    assert np.median(rises[:, 1]) > 0.1
    assert (rises[:, :2] > 0.0).all()


def test_the_sharper_space_has_more_second_year_births(base):
    shares = {}
    for space in ("family", "duration"):
        one = prepare_ensemble(fit_place("huzhou", space), None, 60, until=2025)
        shares[space] = np.median(marriage_shares(one, base, 2025, lags=4), axis=0)
    assert shares["duration"][2] > shares["family"][2]
    assert shares["duration"][-1] < shares["family"][-1]


def test_fewer_marriages_mean_fewer_first_births_and_leave_the_third_alone(found):
    at = found.table.set_index(["variable", "year", "given"])["q50"]
    assert found.year == 2023
    for year in (2023, 2024):
        assert at["births_order_1", year, "marriages"] < at["births_order_1", year, "others"]
        third = at["births_order_3", year, "marriages"] / at["births_order_3", year, "others"]
        assert third == pytest.approx(1.0, abs=0.03)


def test_the_stages_know_what_they_say():
    known = given(SEEN, 2023)
    assert [len(known[stage]) for stage in ("nothing", "others", "marriages")] == [0, 2, 3]
    assert last_marriages(SEEN).year == 2023


def test_marriages_narrow_the_band_of_first_births_and_bands_hold(found):
    first = found.back_test[found.back_test["variable"] == "births_order_1"]
    rough, full = (first[first["marriage_error"] == error]["gain"].mean() for error in (1700.0, 125.0))
    assert min(full, rough) > 0.02
    assert found.back_test["coverage_marriages"].mean() > 0.8


@pytest.mark.parametrize(("lang", "words"), [("en", "Back-test on"), ("zh", "作回测")])
def test_the_report_says_space_lag_and_gain(found, lang, words):
    said = nowcast_text(found, lang, width=150)
    assert words in said
    assert "12,500" in said


def test_mistakes_say_what_to_add(ensemble, base):
    with pytest.raises(ArgumentError, match="Add a row of first_marriages"):
        last_marriages(SEEN[:1])
    with pytest.raises(ArgumentError, match="the year after the marriages"):
        nowcast(ensemble, base, [Figure("first_marriages", 2025, 1.0, 1.0)])
    with pytest.raises(ArgumentError, match="a year from 2025 to 2025"):
        lag_table(ensemble, base, 2024, lags=4)
