"""The scorecard: every indicator once, those of the model as `outcomes` has them, the others by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma, triang

from huyou_sim.errors import ArgumentError, PackError
from huyou_sim.pack import load_pack
from huyou_sim.planning.packages import project_scenarios
from huyou_sim.planning.progress import Progress
from huyou_sim.planning.reach import reach_table
from huyou_sim.planning.scorecard import (
    COLUMNS,
    METHOD_COLUMNS,
    board_of,
    method_table,
    plan_rows,
    run_scorecard,
    score_table,
    verdict_of,
)
from huyou_sim.planning.scored import METHODS, applied_share, maternal_deaths
from huyou_sim.planning.supply import FORMULAS, children, supply, triangle
from huyou_sim.policy import load_scenario, load_scenarios

KEYS = ("no_new_policy", "plan_as_written")


@pytest.fixture(scope="module")
def pack(fitted):
    return fitted.pack


@pytest.fixture(scope="module")
def scenarios():
    return load_scenarios(KEYS)


@pytest.fixture(scope="module")
def dataset(small, scenarios):
    return small.project(scenarios)


@pytest.fixture(scope="module")
def boards(pack, scenarios, dataset):
    return {level: board_of(pack, scenarios, dataset, (), level) for level in ("lenient", "central", "strict")}


@pytest.fixture(scope="module")
def board(boards):
    return boards["central"]


@pytest.fixture(scope="module")
def table(board):
    return score_table(board)


def of(table, number, scenario="plan_as_written"):
    chosen = table[(table["indicator_id"] == number) & (table["scenario"] == scenario)]
    assert len(chosen) == 1
    return chosen.iloc[0]


def row_of(pack, number):
    return next(row for row in plan_rows(pack) if row["indicator_id"] == number)


def with_row(pack, number, **cells):
    rows = pack.scorecard.copy()
    for name, value in cells.items():
        rows.loc[rows["indicator_id"] == number, name] = value
    return dataclasses.replace(pack, scorecard=rows)


def test_every_indicator_has_a_verdict_with_all_that_defines_it(table):
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 2 * 28
    for key in KEYS:
        assert list(table.loc[table["scenario"] == key, "indicator_id"]) == list(range(1, 29))
    said = ("definition_en", "definition_zh", "population_base", "denominator_en", "denominator_zh", "department_en")
    for name in (*said, "department_zh", "data_en", "data_zh", "kind", "reason", "unit", "unit_zh", "target_written"):
        assert (table[name].astype(str).str.len() > 0).all(), name
    assert set(table["verdict"]) <= {"reached", "likely", "open", "missed", "untested"}
    tested = table[table["verdict"] != "untested"]
    assert tested["probability"].between(0.0, 1.0).all()
    assert (tested["q05"] <= tested["q50"]).all()
    assert (tested["q50"] <= tested["q95"]).all()
    assert (tested.loc[tested["basis"] == "projected", "probability_error"] > 0.0).all()
    assert (tested["threshold_reason"].str.len() > 0).all()


def test_a_word_goes_with_its_probability():
    words = {0.0: "missed", 0.05: "missed", 0.06: "open", 0.65: "open", 0.66: "likely", 0.94: "likely", 0.95: "reached"}
    assert {chance: verdict_of(chance) for chance in words} == words
    assert verdict_of(float("nan")) == "untested"


def test_demographic_indicators_are_those_of_the_same_ensemble(pack, dataset, table):
    reach = reach_table(pack, dataset).query("level == 'central'").set_index(["scenario", "indicator_id"])
    mine = table[table["method"] == "ensemble"].set_index(["scenario", "indicator_id"])
    assert sorted(set(mine.index.get_level_values(1))) == [1, 2, 3, 4, 6, 22, 23]
    for name in ("probability", "probability_seen", "q05", "q50", "q95", "threshold", "rule", "bridged"):
        pd.testing.assert_series_equal(mine[name], reach.loc[mine.index, name], check_dtype=False)


def test_a_stricter_level_is_no_more_probable(boards):
    levels = [score_table(boards[level])["probability"].fillna(0.0) for level in ("lenient", "central", "strict")]
    assert (levels[0] >= levels[1]).all()
    assert (levels[1] >= levels[2]).all()


def test_what_a_lever_sets_comes_from_the_package(table):
    for number, without, set_to in ((7, 80, 90), (16, 2.63, 4.6), (17, 40, 60), (24, 40, 100), (25, 500, 1000)):
        base, plan = of(table, number, "no_new_policy"), of(table, number)
        assert (base["basis"], plan["basis"]) == ("kept", "set")
        assert (base["verdict"], plan["verdict"]) == ("missed", "reached")
        assert base["q50"] == pytest.approx(without)
        assert plan["q50"] == pytest.approx(set_to)
    assert of(table, 23)["basis"] == "set"


def test_half_a_package_in_some_areas_goes_that_part_of_the_way(pack, dataset):
    plan = load_scenario("plan_as_written")
    half = plan.levers.marriage_services.model_copy(update={"intensity": 0.5})
    levers = plan.levers.model_copy(update={"marriage_services": half})
    one = dataclasses.replace(plan, levers=levers, areas=("330523",))
    share = applied_share(pack, one)
    people = pack.population_single_age.groupby("area")["population"].sum()
    assert share == pytest.approx(people["330523"] / people[list(pack.areas["area"])].sum())
    found = score_table(board_of(pack, [one], dataset.sel(scenario=["plan_as_written"]), (), "central"))
    assert of(found, 7)["q50"] == pytest.approx(80.0 + 10.0 * 0.5 * share)
    assert of(found, 25)["q50"] == pytest.approx(500.0 + 500.0 * share)


def test_places_are_divided_by_the_residents_whom_they_are_planned_for(board, dataset):
    found = FORMULAS["places_per_resident"](board, {})
    before = dataset["population_total"].sel(area="330500", year=2024)
    assert np.allclose(found, 1000.0 * dataset["childcare_places"].sel(area="330500", year=2025) / before)


def test_children_of_the_ratios_are_those_of_the_stock(fitted, board):
    result, indicators = project_scenarios(fitted, board.scenarios, until=2021)
    one = dataclasses.replace(board, dataset=indicators)
    stock = result["population"].isel(time=-1, area=-1)
    young = stock.sel(age=slice(0, 14)).sum(["sex", "age"])
    assert np.allclose(children(one, 2021), young.transpose("scenario", "draw"))


def test_paediatricians_and_children_move_the_ratio(pack, board):
    row = row_of(pack, 14)
    found = FORMULAS["paediatricians_per_child"](board, row)
    growth = supply(board, "paediatrician_growth")
    assert np.allclose(found, 1.01 * (1.0 + growth) ** 4 * children(board, 2021) / children(board, 2025))
    assert growth.min() >= -0.01
    assert growth.max() <= 0.04


def test_public_kindergartens_by_hand(pack, board, dataset):
    rows = pack.supply.set_index("name")
    sure = rows.assign(low=rows["central"] - 1e-9, high=rows["central"] + 1e-9).reset_index()
    fixed = dataclasses.replace(board, pack=dataclasses.replace(pack, supply=sure))
    found = FORMULAS["public_kindergarten_share"](fixed, row_of(pack, 11))
    young = dataset["population_3_5"].sel(area="330500").transpose("scenario", "draw", "year")
    before, now = (0.98 * young.sel(year=year).values for year in (2021, 2025))
    public = 0.71 * before - 0.71 * (before - now) + 0.3 * 4 * 2000
    assert np.allclose(found, 100.0 * public / now, rtol=1e-6)


def test_the_triangle_is_the_one_of_scipy():
    chances = np.linspace(0.001, 0.999, 41)
    expected = triang.ppf(chances, 1.0 / 5.0, loc=-1.0, scale=5.0)
    assert np.allclose(triangle(-1.0, 0.0, 4.0, chances), expected)


def test_maternal_deaths_are_two_on_17544_births(pack):
    deaths, births = maternal_deaths(pack, 11.40)
    assert deaths == 2
    assert births == pytest.approx(17_544, abs=1.0)
    none = dataclasses.replace(pack, observations=pack.observations.iloc[:0])
    with pytest.raises(PackError, match="births, household_registered"):
        maternal_deaths(none, 11.40)


def test_the_risk_of_mothers_is_a_gamma_posterior_and_their_deaths_are_whole(pack, board, dataset):
    score = METHODS["poisson_over_births"](board, row_of(pack, 5))
    births = dataset["births"].sel(area="330500").transpose("scenario", "draw", "year")
    later = 17_543.86 * births.sel(year=2025).values / births.sel(year=2021).values
    died = score.seen_values * later / 1e5
    assert np.allclose(died, died.round(), atol=1e-3)
    chance = gamma.cdf(11.40e-5, 2.5, scale=1.0 / 17_543.86)
    assert score.reached.mean() == pytest.approx(chance, abs=4.0 * np.sqrt(chance * (1.0 - chance) / 64))
    assert np.array_equal(score.values[0], score.values[1]), "the risk is the same in every package"


def test_a_course_keeps_its_prior_until_something_is_observed(pack, scenarios, dataset, table):
    before = of(table, 12)
    seen = [Progress(12, pd.Timestamp("2023-12-31").date(), 80.0)]
    after = of(score_table(board_of(pack, scenarios, dataset, seen, "central")), 12)
    assert before["observed_date"] == ""
    assert np.isnan(before["observed_pace"])
    assert after["observed_pace"] == pytest.approx(10.0, rel=1e-3)
    assert after["covered"] == pytest.approx(2.0 / 3.0)
    assert after["probability"] > before["probability"]
    assert after["q95"] - after["q05"] < before["q95"] - before["q05"]
    assert after["required_pace"] == before["required_pace"] == pytest.approx(7.5)


def test_an_observation_of_another_indicator_is_shown_and_moves_nothing(pack, scenarios, dataset, table):
    seen = [Progress(1, pd.Timestamp("2022-12-31").date(), 0.85)]
    after = score_table(board_of(pack, scenarios, dataset, seen, "central"))
    assert of(after, 1)["observed_value"] == 0.85
    pd.testing.assert_series_equal(after["probability"], table["probability"])


def test_a_baseline_that_the_plan_lacks_is_none(table):
    for number in (10, 19):
        row = of(table, number)
        assert np.isnan(row["baseline"])
        assert np.isnan(row["required_pace"])
        assert 0.0 < row["probability"] < 1.0


def test_full_coverage_of_an_unknown_number_cannot_be_tested_but_of_an_assumed_one_can(pack, scenarios, dataset, table):
    assert of(table, 21)["verdict"] == "untested"
    assert np.isnan(of(table, 21)["probability"])
    kindergartens = of(table, 27)
    assert kindergartens["baseline"] == pytest.approx(100.0 * 50 / 370)
    assert kindergartens["q95"] <= 100.0
    seen = [Progress(27, pd.Timestamp("2023-12-31").date(), 185.0)]
    after = of(score_table(board_of(pack, scenarios, dataset, seen, "central")), 27)
    assert after["observed_value"] == pytest.approx(50.0)
    assert after["covered"] == pytest.approx((50.0 - 100.0 * 50 / 370) / (100.0 - 100.0 * 50 / 370))


def test_new_places_are_planned_ones_a_year(pack, board):
    found = FORMULAS["new_public_places"](board, row_of(pack, 19))
    assert 0.1 <= found.min() < found.max() <= 0.25


def test_the_first_draws_of_a_longer_run_are_those_of_a_shorter(board, dataset):
    short = dataclasses.replace(board, dataset=dataset.isel(draw=slice(0, 10)))
    assert np.array_equal(short.uniform("any"), board.uniform("any")[:10])
    assert np.array_equal(short.normal("any"), board.normal("any")[:10])


def test_the_table_of_methods_says_of_each_indicator_how_and_from_what(pack):
    methods = method_table(pack)
    assert list(methods.columns) == list(METHOD_COLUMNS)
    assert list(methods["indicator_id"]) == list(range(1, 29))
    assert methods["method"].value_counts().to_dict() == {
        "course": 11, "ensemble": 7, "supply_over_people": 4, "scenario": 4, "poisson_over_births": 1, "none": 1,
    }  # fmt: skip
    assert (methods["data_en"].str.len() > 0).all()
    assert set(FORMULAS) <= set(methods["path"])


def test_a_place_without_a_plan_says_so_before_any_work():
    with pytest.raises(ArgumentError, match=r"'jiaxing', whose pack has no indicators\.csv"):
        run_scorecard("jiaxing")


def test_level_and_draws_are_checked_together():
    with pytest.raises(ArgumentError) as caught:
        run_scorecard("huzhou", level="strickt", draws=0)
    assert [problem.where for problem in caught.value.problems] == ["--level", "--draws"]


def test_a_file_of_the_scorecard_is_one_of_observations(pack, tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("indicator_id,date,value,note\n26,2023,100,x\n12,2022-12-31,66,\n2,2023,41\n", encoding="utf-8")
    new.write_text(
        "variable,indicator_id,period,value,published\n,26,2023,100,\n,12,2022,66,\n,26,2022,90,2023-02-01\n"
        "share_second_third,,2023,40,2024-02-01\nshare_second_third,,2023,41,2024-09-01\n,99,2023,4,\n",
        encoding="utf-8",
    )
    cards = [run_scorecard("huzhou", ["no_new_policy"], draws=10, prior_only=True, observations=one)
             for one in (old, new)]  # fmt: skip
    seen = [(one.indicator_id, one.date.isoformat(), one.value) for one in cards[0].progress]
    assert seen == [(12, "2022-12-31", 66.0), (26, "2023-12-31", 100.0)]
    assert [problem.line for problem in cards[0].left_out] == [4], "a row of three cells under a header of four"
    seen = [(one.indicator_id, one.date.isoformat(), one.value) for one in cards[1].progress]
    assert seen == [(2, "2023-12-31", 41.0), (12, "2022-12-31", 66.0), (26, "2022-12-31", 90.0),
                    (26, "2023-12-31", 100.0)]  # fmt: skip
    assert [problem.line for problem in cards[1].left_out] == [7]


def test_paths_of_the_format_are_those_of_the_program():
    from huyou_sim.pack.plan_checks import PATHS
    from huyou_sim.pack.schema import tables_of
    from huyou_sim.planning.scored import LEVERS

    columns = {column.name: column for column in tables_of("place")["scorecard"].columns}
    assert set(columns["method"].allowed) == set(PATHS) == set(METHODS) | {"none"}
    known = {name for names in PATHS.values() for name in names if name}
    assert known == set(columns["path"].allowed)
    assert set(PATHS["supply_over_people"]) == set(FORMULAS)
    assert set(PATHS["scenario"]) == set(LEVERS)


def test_the_plan_is_the_one_that_ships():
    assert len(plan_rows(load_pack("huzhou"))) == 28
