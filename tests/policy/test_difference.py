"""Every lever that two scenarios set differently, and none that they only write differently."""

from __future__ import annotations

import pandas as pd
import pytest

from huyou_sim.policy import load_scenario
from huyou_sim.policy.difference import BASELINE, COLUMNS, scenario_difference
from huyou_sim.policy.words import plain_number

GRANT = "[[birth_grant]]\norder = 2\nyuan = 2000\nstart = 2023\n"


@pytest.fixture
def differ(write):
    """Return a function that compares two scenarios of TOML, with the columns that are asked for, as lists."""

    def compare(old, new, *columns):
        found = scenario_difference(load_scenario(write(old, "old")), load_scenario(write(new, "new")))
        shown = found[list(columns)].astype(object)
        return shown.where(shown.notna(), None).values.tolist() if columns else found

    return compare


def test_each_key_of_a_measure_stands_alone(differ):
    new = GRANT.replace("2000", "30000") + "end = 2030\n"
    assert differ(GRANT, new, "lever", "order", "year", "old", "new", "unit") == [
        ["birth_grant.yuan", 2, None, 2000.0, 30000.0, "yuan per birth"],
        ["birth_grant.end", 2, None, None, 2030, "year"],
    ]


def test_a_measure_that_only_one_has_is_not_used_by_the_other(differ):
    new = GRANT + "payment_years = 3\n[marriage_services]\nintensity = 0.5\nstart = 2024\n"
    rows = differ("", new, "lever", "order", "old", "new")
    assert rows == [
        ["birth_grant.yuan", 2, None, 2000.0],
        ["birth_grant.start", 2, None, 2023],
        ["birth_grant.payment_years", 2, None, 3],
        ["marriage_services.intensity", None, None, 0.5],
        ["marriage_services.start", None, None, 2024],
    ]
    assert differ(new, "", "lever", "order", "new", "old") == rows


def test_orders_are_not_mixed_up(differ):
    rows = differ(GRANT, GRANT.replace("order = 2", "order = 3"), "lever", "order", "old", "new")
    assert [row[1] for row in rows] == [2, 2, 2, 3, 3, 3]
    assert all(row[3 if row[1] == 2 else 2] is None for row in rows)


def test_a_flag_that_is_off_says_nothing_but_one_that_is_turned_on_does(differ):
    allowance = "[[childcare_allowance]]\norder = 1\nyuan_per_month = 500\nmonths = 36\nstart = 2023\n"
    levers = [row[0].split(".")[1] for row in differ("", allowance, "lever")]
    assert levers == ["yuan_per_month", "months", "start"]
    on = allowance + "enrolled_only = true\n"
    assert differ(allowance, on, "lever", "old", "new") == [["childcare_allowance.enrolled_only", False, True]]
    assert ["childcare_allowance.enrolled_only", None, True] in differ("", on, "lever", "old", "new")


def test_paths_are_compared_year_by_year_as_the_model_reads_them(differ):
    old = "[childcare]\nplaces_per_1000 = { 2022 = 2.6, 2026 = 4.6 }\n"
    new = "[childcare]\nplaces_per_1000 = { 2024 = 3.0, 2026 = 4.6, 2030 = 6.0 }\n"
    # 2022: the new path has not begun. 2024: half way from 2.6 to 4.6. 2026: equal. 2030: level after the last.
    assert differ(old, new, "lever", "year", "old", "new") == [
        ["childcare.places_per_1000", 2022, 2.6, BASELINE],
        ["childcare.places_per_1000", 2024, 3.6, 3.0],
        ["childcare.places_per_1000", 2030, 4.6, 6.0],
    ]


def test_flows_are_nothing_outside_their_years(differ):
    old = "[childcare]\nnew_places_built = { 2023 = 100, 2025 = 300 }\n"
    new = "[childcare]\nnew_places_built = { 2024 = 200, 2026 = 400 }\n"
    assert differ(old, new, "year", "old", "new") == [
        [2023, 100.0, 0.0], [2026, 0.0, 400.0],
    ]  # fmt: skip


def test_paths_that_mean_the_same_do_not_differ(differ):
    old = "[childcare]\nplaces_per_1000 = { 2022 = 2.0, 2026 = 4.0 }\n"
    new = "[childcare]\nplaces_per_1000 = { 2022 = 2.0, 2023 = 2.5, 2025 = 3.5, 2026 = 4.0, 2030 = 4.0 }\n"
    assert differ(old, new).empty


def test_a_path_that_only_one_has_shows_its_years(differ):
    new = "[ideals]\nideal_children = { 2022 = 1.6, 2025 = 1.8 }\n"
    assert differ("", new, "year", "old", "new") == [[2022, None, 1.6], [2025, None, 1.8]]


def test_trends_and_areas(differ):
    new = 'areas = ["330503", "330502"]\n[trends]\nmarriage = 0.5\n'
    assert differ("", new, "lever", "old", "new") == [
        ["areas", "all", "330502, 330503"],
        ["trends.marriage", 1.0, 0.5],
    ]
    assert differ(new, new.replace('"330503", "330502"', '"330502", "330503"')).empty


def test_defaults_and_parents_are_resolved(differ, write):
    write(GRANT, "parent")
    assert differ(GRANT, 'extends = "parent"\n').empty
    assert differ("", "[national_childcare_subsidy]\n").empty
    assert differ("", "[national_childcare_subsidy]\nmonths = 24\n", "lever", "old", "new") == [
        ["national_childcare_subsidy.months", 36, 24]
    ]


def test_who_set_a_value_and_why(differ, write):
    write("# one\n" + GRANT + "assumed = true\nreason = 'a guess'\n", "parent")
    new = 'extends = "parent"\n[childcare]\nreason = "the plan"\n[childcare.places_per_1000]\n2022 = 2.6\n2025 = 4.6\n'
    table = differ("", new).set_index(["lever", "year"])
    grant = table.loc[("birth_grant.yuan", pd.NA)]
    assert grant["set_old"] == ""
    assert grant["set_new"].endswith("parent.toml:6")
    assert (grant["assumed_old"], grant["assumed_new"], grant["reason_new"]) == (False, True, "a guess")
    places = table.loc[("childcare.places_per_1000", 2025)]
    assert places["set_new"].endswith("new.toml:8")
    assert (places["assumed_new"], places["reason_new"]) == (False, "the plan")


def test_a_scenario_does_not_differ_from_itself_and_the_table_keeps_its_shape(differ):
    found = scenario_difference(load_scenario("everything_together"), load_scenario("everything_together"))
    assert found.empty
    assert tuple(found.columns) == COLUMNS
    assert found["assumed_old"].dtype == bool


def test_every_difference_has_words_in_both_languages():
    found = scenario_difference(load_scenario("constant_rates"), load_scenario("everything_together"))
    assert len(found) > 20
    assert found["label_en"].str.len().min() > 3
    assert found["label_zh"].str.contains("[一-鿿]").all()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(30000.0, "30,000"), (2.63, "2.63"), (6, "6"), (0.0, "0"), (1e6, "1,000,000"), (0.1 + 0.2, "0.3")],
)
def test_numbers_are_as_people_write_them(value, shown):
    assert plain_number(value) == shown
