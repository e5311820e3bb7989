"""Dose-response curves: known values, and the studies beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from huyou_sim.inference.draws import ensemble_draws, evidence_of
from huyou_sim.policy.profiles import RAMP
from huyou_sim.policy.responses import (
    FAMILIES,
    curves,
    heterogeneity,
    points,
    response,
    shares_inside,
    time_profiles,
)


@pytest.fixture(scope="module")
def parameters(pack):
    return evidence_of(ensemble_draws(pack, None, 2000))


@pytest.fixture(scope="module")
def table(pack, context, parameters):
    return points(parameters, context, pack.evidence["studies"])


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("transferred", [True, False])
def test_no_dose_has_no_effect(name, transferred, context, parameters):
    family = FAMILIES[name]
    effect = response(family.lever, family.parity, 0.0, parameters, context, transferred=transferred)
    np.testing.assert_array_equal(effect, 0.0)


@pytest.mark.parametrize(
    ("lever", "parity", "dose", "expected"),
    [
        ("cash", "order_1", 1.0, 0.75 * 0.16 * (1.0 - math.exp(-0.14 / 0.16))),
        ("cash", "third_up", 0.5, 1.7 * 0.16 * (1.0 - math.exp(-0.07 / 0.16))),
        ("childcare", "", 10.0, 0.01824 / 0.75),
        ("marriage_grant", "", 2.0, 0.16),
        ("marriage_services", "", 1.0, 0.01071),
        ("assisted_reproduction", "", 0.5, 0.004),
    ],
)
def test_studies_own_setting_by_hand(lever, parity, dose, expected, context, central):
    found = response(lever, parity, dose, central, context, transferred=False)
    assert found[0] == pytest.approx(100.0 * math.expm1(expected), rel=2e-3)


def test_ideals_and_campaigns_by_hand(context, central):
    assert response("ideals", "", 0.2, central, context)[0] == pytest.approx(0.2 * 0.2305)
    assert response("campaigns", "", 5.0, central, context)[0] == pytest.approx(5 * 0.00845 * 0.2305)
    # Campaigns change the ideal by no more than a tenth of a child.
    assert response("campaigns", "", 40.0, central, context)[0] == pytest.approx(0.1 * 0.2305)


def test_the_model_shrinks_what_studies_found(context, parameters):
    found = curves(parameters, context).pivot(index=["curve", "dose"], columns="transferred", values="median")
    cash = found[found.index.get_level_values("curve").str.startswith("cash")]
    assert (cash[True] < cash[False]).all()
    assert (found.loc["marriage_grant", True] == found.loc["marriage_grant", False]).all()


def test_curves_rise_with_the_dose_and_their_bands_are_in_order(context, parameters):
    found = curves(parameters, context)
    assert (found.groupby(["curve", "transferred"])["median"].diff().dropna() >= 0).all()
    assert (np.diff(found[["q05", "q25", "median", "q75", "q95"]], axis=1) >= 0).all()


def test_a_band_says_whether_a_study_is_inside(table):
    for prefix in ("", "own_", "wide_"):
        inside = table["effect"].between(table[f"{prefix}q05"], table[f"{prefix}q95"])
        np.testing.assert_array_equal(table[f"{prefix}inside"], inside)
    assert ((table["own_gap"] == 0.0) == table["own_inside"]).all()
    known = table.set_index("id")
    # Two Russian studies of one scheme: a structural model with a gain of a fifth, and a panel that finds none.
    assert known.loc["A12", "own_inside"]
    assert not known.loc["A14", "own_inside"]
    assert known.loc["A14", "own_gap"] == pytest.approx(-known.loc["A14", "own_q05"])


def test_a_study_that_found_what_is_expected_is_inside(pack, context, parameters, table):
    same = pack.evidence["studies"].assign(effect=table["own_median"].to_numpy())
    found = points(parameters, context, same)
    assert found["own_inside"].all()
    assert heterogeneity(found) == pytest.approx(0.0, abs=1e-9)


def test_heterogeneity_widens_the_band_by_its_size(table):
    spread = heterogeneity(table)
    gains = table[(table["counted"] == "yes") & (table["effect"] > 0)]
    assert spread == pytest.approx(np.log(gains["effect"] / gains["own_median"]).std())
    assert (gains["wide_q95"] > gains["own_q95"]).all()
    assert (gains["wide_q05"] < gains["own_q05"]).sum() >= len(gains) - 3  # below nothing it shrinks to nothing
    cash = gains[gains["lever"] == "cash"]  # a factor moves the median of what may be a loss
    np.testing.assert_allclose(cash["wide_median"], cash["own_median"], rtol=0.12)


def test_shares_count_the_studies_that_count(table):
    shares = shares_inside(table).set_index("lever")
    assert shares.loc["all", "studies"] == (table["counted"] == "yes").sum()
    assert shares.loc["cash", "studies"] == 16
    parts = shares.drop("all")
    assert parts.sum().to_dict() == shares.loc["all"].to_dict()
    assert (shares["inside"] <= shares["own_inside"]).all()
    assert (shares["own_inside"] <= shares["wide_inside"]).all()


def test_time_profiles_ramp_up_and_fade_to_their_quantum(central):
    found = time_profiles(central).set_index(["profile", "since"])["median"]
    np.testing.assert_allclose(found["first"].iloc[:3], 100.0 * np.array(RAMP))
    left = 0.25 + 0.75  # only C2 is taken whole
    assert found["marriage", 15] == pytest.approx(100.0 * (left - 0.7671 + 0.7671 * math.exp(-13.0 / 3.0)), abs=0.1)
    assert found["later", 15] == pytest.approx(100.0 * (1 - 0.19655 * (1 - math.exp(-13.0 / 3.0))), abs=0.1)
    assert found["childcare", 3] == 100.0
