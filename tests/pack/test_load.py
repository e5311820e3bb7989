from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

from huyou_sim.pack import Pack
from huyou_sim.pack.schema import tables_of

PLACES = ("huzhou", "jiaxing")


@pytest.fixture(params=PLACES)
def pack(request: pytest.FixtureRequest) -> Pack:
    loaded: Pack = request.getfixturevalue(request.param)
    return loaded


def test_a_place_has_its_areas_in_order_and_its_dates(huzhou: Pack) -> None:
    assert list(huzhou.areas["area"]) == ["330502", "330503", "330521", "330522", "330523"]
    assert huzhou.place.code == "330500"
    assert (huzhou.place.name_zh, huzhou.place.name_en) == ("湖州市", "Huzhou")
    assert (huzhou.start_date, huzhou.census_date) == (date(2020, 12, 31), date(2020, 11, 1))


def test_every_table_has_the_declared_columns(pack: Pack) -> None:
    for name, table in tables_of("place").items():
        columns = [column.name for column in table.columns] + (["year"] if name == "observations" else [])
        assert list(getattr(pack, name).columns) == columns, name
    for name, frame in {**pack.schedules, **pack.evidence}.items():
        declared = tables_of("schedules").get(name) or tables_of("evidence")[name]
        assert list(frame.columns) == [column.name for column in declared.columns], name


def test_numbers_are_numbers_and_codes_are_text(pack: Pack) -> None:
    assert pack.population_single_age["age"].dtype == np.int64
    assert pack.population_single_age["population"].dtype == np.float64
    assert all(isinstance(code, str) and len(code) == 6 for code in pack.observations["area"])
    assert pack.population_census["age_upper"].isna().any()


def test_a_pack_cannot_be_changed(huzhou: Pack) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        huzhou.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        huzhou.schedules["mortality"] = pd.DataFrame()  # type: ignore[index]


def test_nothing_observed_after_2021_ships(pack: Pack) -> None:
    assert (pack.observations["date"] <= "2021-12-31").all()
    assert (pack.observations["year"] == pack.observations["date"].str.slice(0, 4).astype(int)).all()
    assert (pack.economy["year"] <= 2021).all()
    for name in ("mortality", "vital_series", "first_marriages"):
        assert (pack.schedules[name]["year"] <= 2021).all()


def test_every_observation_is_complete(pack: Pack) -> None:
    assert (pack.observations["standard_error"] > 0).all()
    for column in ("unit", "definition", "standard_error_reason", "source", "population_base"):
        assert (pack.observations[column].str.len() > 0).all(), column
    assert set(pack.observations["use"]) <= {"fit", "check", "bridge", "context"}
    assert len(pack.assumptions) == pack.assumptions["reason"].str.len().gt(10).sum()
    assert (pack.assumptions["low"] <= pack.assumptions["value"]).all()
    assert (pack.assumptions["value"] <= pack.assumptions["high"]).all()


@pytest.mark.parametrize(
    ("variable", "area", "value", "use"),
    [
        ("population_total", "330500", 3_407_000, "fit"),
        ("population_total", "330502", 1_036_000, "fit"),
        ("births", "330500", 21_000, "fit"),
        ("deaths", "330500", 22_000, "fit"),
        ("tfr", "330500", 0.89, "fit"),
        ("natural_increase_rate", "330500", -0.30, "check"),
        ("share_second_third", "330500", 40.19, "fit"),
        ("infant_mortality_rate", "330500", 1.56, "fit"),
        ("married_share_20_29", "330500", 30.30, "bridge"),
        ("first_marriages", "330500", 14_250, "fit"),
    ],
)
def test_the_baselines_of_2021(huzhou: Pack, variable: str, area: str, value: float, use: str) -> None:
    seen = huzhou.observations.query("variable == @variable and area == @area and year == 2021 and use != 'context'")
    assert seen["value"].tolist() == [value]
    assert seen["use"].tolist() == [use]


def test_figures_of_another_population_say_so(huzhou: Pack) -> None:
    registered = huzhou.observations.query("population_base == 'household_registered'")["variable"]
    assert {"share_second_third", "married_share_20_29", "life_expectancy"} <= set(registered)
    assert "tfr" not in set(registered)


def test_areas_of_2021_add_up_to_the_place(huzhou: Pack) -> None:
    totals = huzhou.observations.query("variable == 'population_total' and year == 2021").set_index("area")["value"]
    assert totals[list(huzhou.areas["area"])].sum() == totals["330500"]


def _dependency(pack: Pack, old: int) -> float:
    people = pack.population_single_age
    working = people.loc[people["age"].between(15, old - 1), "population"].sum()
    return float(100 * (people["population"].sum() - working) / working)


def test_the_census_gives_the_dependency_of_the_plan_in_one_definition_only(huzhou: Pack) -> None:
    assert _dependency(huzhou, 60) == pytest.approx(49.88, abs=0.005)
    assert _dependency(huzhou, 65) == pytest.approx(37.84, abs=0.005)
    assert huzhou.population_single_age["population"].sum() == pytest.approx(3_367_579, abs=1e-6)


def test_observed_dependency_is_the_census(pack: Pack) -> None:
    for old in (60, 65):
        row = pack.observations.query(f"variable == 'total_dependency_{old}'").iloc[0]
        assert _dependency(pack, old) == pytest.approx(row["value"], abs=0.006)


def test_women_never_married_are_those_of_the_long_form(huzhou: Pack) -> None:
    women = huzhou.marital_status.query("area == '330500' and sex == 'female'").set_index("status")["count"]
    assert 100 * women["never_married"] / women.sum() == pytest.approx(11.53, abs=0.005)


@pytest.mark.parametrize("place", PLACES)
def test_derived_first_marriages_follow_from_the_national_figure(place: str, request: pytest.FixtureRequest) -> None:
    pack: Pack = request.getfixturevalue(place)
    nation = pack.schedules["first_marriages"].iloc[0]
    women = pack.population_single_age.query("sex == 'female' and 20 <= age <= 34")["population"].sum()
    expected = nation["persons"] * nation["share_women"] * women / nation["women_20_34"]
    seen = pack.observations.query("variable == 'first_marriages'").iloc[0]
    assert seen["value"] == pytest.approx(expected, rel=0.002)
    assert seen["kind"] == "derived"


def test_schedules_are_those_of_their_sources(huzhou: Pack) -> None:
    fertility = huzhou.schedules["fertility_by_order"].groupby(["source_id", "birth_order"])["rate"].sum()
    assert fertility["fuzhou_2020"].tolist() == pytest.approx([0.590, 0.517, 0.105], abs=0.001)
    assert fertility["china_2010"].tolist() == pytest.approx([0.728, 0.381, 0.079], abs=0.001)
    mortality = huzhou.schedules["mortality"]
    assert (mortality["year"].min(), mortality["year"].max()) == (2010, 2021)
    assert mortality.groupby(["year", "sex"])["age"].nunique().eq(101).all()
    births = huzhou.schedules["births_by_order_sex"].groupby(["birth_order", "sex"])["births"].sum().unstack()
    ratio = 100 * births["male"] / births["female"]
    assert ratio[[1, 2, 3]].tolist() == pytest.approx([110.1, 108.3, 143.1], abs=0.05)
    shares = 100 * births.sum(axis=1) / births.to_numpy().sum()
    assert shares[[1, 2, 3]].tolist() == pytest.approx([50.58, 43.82, 4.91], abs=0.005)
    series = huzhou.schedules["vital_series"]
    province = series.query("area == '330000' and variable == 'tfr'").set_index("year")["value"]
    assert province.to_dict() == {1990: 1.40, 2010: 1.01, 2020: 1.04}
    divorces = series.query("area == '330100' and variable == 'divorces_registered' and year == 2021")["value"]
    assert divorces.tolist() == [16_615]
    status = huzhou.schedules["marital_status"]
    assert sorted(status["census_year"].unique()) == [2000, 2010]
    young = status.query("census_year == 2010 and sex == 'female' and age_lower == 25 and status == 'married'")
    assert young["share"].iloc[0] == pytest.approx(0.774, abs=0.001)


def test_evidence_is_whole(huzhou: Pack) -> None:
    priors, costs = huzhou.evidence["priors"], huzhou.evidence["unit_costs"]
    assert len(priors) == 40
    assert (priors["central"] == priors["q50"]).all()
    assert (priors["q05"] <= priors["q50"]).all()
    assert (priors["q50"] <= priors["q95"]).all()
    assert len(costs) == 28
    assert (costs["value_low"] <= costs["value_central"]).all()
    assert (costs["value_central"] <= costs["value_high"]).all()


def test_targets_have_three_levels_that_get_harder(huzhou: Pack) -> None:
    targets = huzhou.targets
    assert sorted(targets["indicator_id"].unique()) == [1, 2, 3, 4, 6, 22, 23]
    for _, rows in targets.groupby("indicator_id"):
        assert rows["level"].tolist() == ["lenient", "central", "strict"]
        rule = rows["rule"].iloc[0]
        bound = rows["threshold_upper" if rule == "within" else "threshold"].to_numpy()
        step = np.diff(bound)
        assert (step <= 0).all() if rule in ("within", "at_most") else (step >= 0).all()
        if rule == "rise_steady":
            assert (np.diff(rows["tolerance"]) < 0).all()


def test_targets_start_from_the_plan(huzhou: Pack) -> None:
    plan = huzhou.indicators.set_index("id")
    assert len(plan) == 28
    for row in huzhou.targets.itertuples():
        assert plan.loc[row.indicator_id, "base_2021"] == row.baseline
        assert plan.loc[row.indicator_id, "variable"] == row.variable


def test_a_place_without_a_plan_has_empty_targets(jiaxing: Pack) -> None:
    assert jiaxing.targets.empty
    assert list(jiaxing.targets.columns) == [column.name for column in tables_of("place")["targets"].columns]


def test_what_is_assumed_of_jiaxing_says_so(jiaxing: Pack) -> None:
    assumed = jiaxing.observations.query("variable in ('births', 'deaths', 'tfr') and area == '330400'")
    assert (assumed["kind"] == "assumed").all()
    assert (jiaxing.net_migration["kind"] == "assumed").all()


def test_checksums_cover_every_pack_that_was_read(huzhou: Pack) -> None:
    assert set(huzhou.checksums) == {"huzhou", "china", "zhejiang", "evidence"}
    assert len(huzhou.checksums["huzhou"]["observations.csv"]) == 64
