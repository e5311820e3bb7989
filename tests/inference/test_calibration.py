"""The point fit of Huzhou: what was published for 2021, and what it says where figures disagree."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.errors import CalibrationError
from huyou_sim.inference.calibration import fit_levels
from huyou_sim.inference.observations import Observation, fitted_observations, observations
from huyou_sim.inference.parameters import fitted_parameters, parameters_of
from huyou_sim.pack import load_pack
from huyou_sim.planning.packages import fit_place


@pytest.fixture(scope="module")
def fit():
    return fit_place("huzhou")


PUBLISHED = {
    # variable: (value, tolerance asked of the fit), all of 2021 but dependency, which is the census
    "population_total": (3_407_000, 3_407),
    "births": (21_000, 500),
    "deaths": (22_000, 500),
    "tfr": (0.89, 0.07),
    "share_second_third": (40.19, 3.0),
    "natural_increase_rate": (-0.30, 0.6),
    "infant_mortality_rate": (1.56, 0.27),
}


@pytest.mark.parametrize("variable", PUBLISHED)
def test_baselines_of_2021_are_reproduced(fit, variable):
    table = fit.calibration.table
    row = table[
        (table["variable"] == variable)
        & (table["area"] == "330500")
        & (table["period"].astype(str).str[:4] == "2021")
        & (table["use"] != "bridge")
    ].iloc[0]
    value, tolerance = PUBLISHED[variable]
    assert row["observed"] == value
    assert abs(row["fitted"] - value) <= tolerance
    assert abs(row["residual_se"]) <= 1.0


def test_dependency_is_the_census(fit):
    table = fit.calibration.table.set_index("variable").query("area == '330500'")
    assert table.loc["total_dependency_60", "fitted"] == pytest.approx(49.88, abs=0.005)
    assert table.loc["total_dependency_65", "fitted"] == pytest.approx(37.84, abs=0.005)


def test_married_share_is_bridged_and_says_so(fit):
    row = fit.calibration.table.query("variable == 'married_share_20_29'").iloc[0]
    assert row["bridged"]
    assert row["fitted"] == 30.30
    assert row["population_base"] == "household_registered"
    # The census bound: at least 43.6 % of resident women 20-29 are or were married.
    assert row["model"] > 43.6


def test_sentences_name_the_contradictions(fit):
    found = {sentence.id: sentence for sentence in fit.contradictions}
    assert {
        "dependency",
        "married_share",
        "fertility",
        "mortality",
        "birth_order",
        "marriages",
        "infant_mortality",
    } == set(found)
    assert "49.88" in found["dependency"].text_en
    assert "37.84" in found["dependency"].text_zh
    assert "43.6" in found["married_share"].text_en
    assert "83.3" in found["mortality"].text_en
    assert "0.878" in found["marriages"].text_en
    assert "0.878" in found["marriages"].text_zh


def test_marriages_come_late_enough_for_the_births_that_follow_them(fit):
    """Wives bear 1.7 years after marriage on average, and those who bore had married some years before the others."""
    [row] = fit.calibration.table.query("variable == 'mean_age_at_first_marriage'").to_dict("records")
    assert row["fitted"] == pytest.approx(26.2, abs=0.05)
    contrast = fit.calibration.levels["first_marriage_15_24_contrast"]
    assert 0.4 < contrast < 0.8


def test_fitting_twice_gives_the_same_bits(fit):
    assert np.array_equal(fit_place("huzhou").calibration.values, fit.calibration.values)


def test_second_pack_works_without_touching_code():
    jiaxing = fit_place("jiaxing")
    table = jiaxing.calibration.table
    assert (table.query("use == 'fit'")["residual_se"].abs() < 2.0).all()
    assert float(jiaxing.baseline.stock.population.sum()) == pytest.approx(5_400_868, rel=0.02)


def test_state_of_women_keeps_the_long_form(fit):
    """11.53 % never married among women 15+, 1.20 children ever born to women 15-64: the figures it was built from."""
    table = fit.calibration.table.set_index("variable")
    for variable in ("never_married_share_women_15plus", "mean_children_ever_born"):
        assert abs(table.loc[variable, "residual_se"]) < 1.0, table.loc[variable]
    women = build_baseline(load_pack("huzhou")).stock.women.sum("area")
    assert float(women.sel(marital="never", parity=["1", "2", "3"]).sum()) == 0.0
    assert float(women.min()) >= 0.0


def test_levels_are_found_again():
    """Predictions of known levels are fitted back to these levels."""
    common = fitted_parameters(parameters_of(load_pack("huzhou")))[:5]
    truth = np.array([0.8, 0.9, 0.6, 0.7, 0.3])
    mix = np.random.default_rng(3).uniform(0.2, 1.0, (5, 8))

    def simulate(levels):
        return np.log(levels) @ mix

    seen = [
        Observation(str(i), "x", "a", 2021, "", "", v, 0.1, "", "", "", "", "fit")
        for i, v in enumerate(simulate(truth[None])[0])
    ]
    levels, errors = fit_levels(simulate, common, seen)
    assert np.allclose(levels, truth, rtol=1e-6)
    assert (errors > 0).all()
    with pytest.raises(CalibrationError, match="at least 5"):
        fit_levels(simulate, common, seen[:3])
    far = [dataclasses.replace(one, value=one.value + 50.0) for one in seen]
    with pytest.raises(CalibrationError, match="at a bound"):
        fit_levels(simulate, common, far)


def test_observation_without_standard_error_is_named():
    pack = load_pack("huzhou")
    table = pack.observations.copy()
    table.loc[table["id"] == fitted_observations(pack, 2021)[0].id, "standard_error"] = 0.0
    with pytest.raises(CalibrationError, match="standard error"):
        fitted_observations(dataclasses.replace(pack, observations=table), 2021)


def test_nothing_after_2021_enters():
    assert max(one.year for one in observations(load_pack("huzhou"))) == 2021
    assert int(load_pack("huzhou").schedules["mortality"]["year"].max()) == 2021
