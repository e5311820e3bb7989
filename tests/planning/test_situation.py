"""The situation of a population: what the censuses are known to say, identities, and one error for all mistakes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.situation import AGES, census_counts, run_situation, structure_of
from huyou_sim.policy import load_scenarios

COUNTIES = ["330502", "330503", "330521", "330522", "330523"]

PUBLISHED = {
    (2010, "population_total"): (2893542, 0.5),
    (2010, "share_0_14"): (11.67, 0.005),
    (2010, "share_15_59"): (72.12, 0.005),
    (2010, "share_60"): (16.21, 0.005),
    (2010, "share_65"): (10.89, 0.005),
    (2020, "population_total"): (3367579, 0.5),
    (2020, "share_0_14"): (11.94, 0.005),
    (2020, "share_15_59"): (66.72, 0.005),
    (2020, "share_60"): (21.34, 0.005),
    (2020, "share_65"): (15.52, 0.005),
    (2020, "sex_ratio"): (107.73, 0.005),
    (2020, "total_dependency_60"): (49.88, 0.005),
    (2020, "total_dependency_65"): (37.84, 0.005),
    (2020, "women_20_34"): (73631 + 113578 + 155431, 0.5),
}
"""Bulletins of the censuses and the plan's baseline -> value and half a unit of its last digit."""


@pytest.fixture(scope="module")
def found():
    return run_situation("huzhou", "Deqing", years=(2021, 2025, 2030), draws=20, prior_only=True)


def test_censuses_give_what_their_bulletins_say(found):
    rows = found.table[(found.table["area"] == "330500") & (found.table["basis"] == "census")]
    values = rows.set_index(["year", "variable"])["q50"]
    for key, (value, half) in PUBLISHED.items():
        assert abs(values[key] - value) <= half, key


def test_structure_by_hand():
    ages = list(AGES)
    stock = xr.DataArray(np.zeros((2, len(ages))), {"sex": ["male", "female"], "age": ages}, ("sex", "age"))
    stock.loc[{"age": 10}] = 50.0
    stock.loc[{"age": 20}] = [150.0, 100.0]
    stock.loc[{"age": 60}] = 25.0
    stock.loc[{"age": 70}] = 50.0
    known = {name: float(value) for name, value in structure_of(stock).items()}
    assert known["population_total"] == 500
    assert known["sex_ratio"] == pytest.approx(100 * 275 / 225)
    assert known["total_dependency_60"] == pytest.approx(100 * (100 + 150) / 250)
    assert known["total_dependency_65"] == pytest.approx(100 * (100 + 100) / 300)
    assert known["share_15_64"] == pytest.approx(60)
    assert known["median_age"] == pytest.approx(20 + 5 * 150 / 250)
    assert known["women_20_34"] == 100


def test_the_place_is_the_sum_of_its_areas(found):
    for stock in census_counts(found.fit.pack).values():
        assert float(abs(stock.sel(area=COUNTIES).sum("area") - stock.sel(area="330500")).max()) < 1e-9


def test_structure_is_that_of_the_indicators(found):
    """What is worked out from age groups here is what the model's own indicators say, for areas and for the place."""
    chosen = load_scenarios(["no_new_policy"])
    ensemble = prepare_ensemble(found.fit, None, 3, until=2023)
    known = ensemble.project(chosen, areas=found.areas, ages=AGES)
    stock = known["population"].isel(time=slice(1, None)).rename(time="year")
    for name, array in structure_of(stock).items():
        if name in known and name != "median_age":
            assert np.allclose(array.transpose(*known[name].dims), known[name], rtol=1e-9), name
    # Even within five years, or within one: the two medians are near each other.
    assert float(abs(structure_of(stock)["median_age"] - known["median_age"]).max()) < 0.6
    assert set(ensemble.project(chosen, variables=["tfr"]).data_vars) == {"tfr"}


def test_change_is_from_each_year_to_the_last(found):
    change = found.change[(found.change["area"] == "330500") & (found.change["variable"] == "share_60")]
    assert set(zip(change["from_year"], change["basis"], strict=True)) == {
        (2010, "census"), (2020, "census"), (2021, "model"), (2025, "model"),
    }  # fmt: skip
    table = found.table[(found.table["area"] == "330500") & (found.table["variable"] == "share_60")]
    value = table.set_index("year")["q50"]
    since = change.set_index("from_year")["q50"]
    assert since[2010] == pytest.approx(value[2030] - value[2010])
    assert since[2010] - since[2020] == pytest.approx(value[2020] - value[2010])


def test_components_of_births_add_up_and_areas_have_their_own(found):
    assert set(found.births["area"]) == {*COUNTIES, "330500"}
    for _, rows in found.births.groupby("area"):
        moved = rows["after"].iloc[0] - rows["before"].iloc[0]
        assert rows["births"].sum() == pytest.approx(moved, abs=1e-6)


def test_pyramids_hold_everybody(found):
    people = found.pyramids.groupby(["area", "year", "basis"])["q50"].sum()
    assert people["330500", 2020, "census"] == pytest.approx(3367579)
    assert people["330500", 2010, "census"] == pytest.approx(2893542)
    rows = found.pyramids[found.pyramids["basis"] == "model"]
    assert (rows["q05"] <= rows["q50"]).all()
    assert (rows["q50"] <= rows["q95"]).all()
    assert sorted(set(rows["age_lower"])) == list(AGES)


def test_marital_shares_are_those_of_a_sex(found):
    shares = found.marital.groupby(["area", "date", "sex"])["share"].sum()
    assert np.allclose(shares, 100.0)
    women = found.marital[(found.marital["area"] == "330500") & (found.marital["sex"] == "female")]
    assert women.set_index("status")["share"]["never_married"] == pytest.approx(100 * 16913 / 146732, abs=0.01)


def test_the_area_may_be_a_name_and_all_mistakes_are_told_at_once(found):
    assert found.area == "330521"
    with pytest.raises(ArgumentError) as caught:
        run_situation("huzhou", "Dejing", years=(2021, 2500), draws=0)
    assert len(caught.value.problems) == 3
    assert "Did you mean 'Deqing'?" in str(caught.value)
    with pytest.raises(ArgumentError, match="at least two years"):
        run_situation("huzhou", years=(2020, 2030))
