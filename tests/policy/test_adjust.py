"""Scenarios with levers set to numbers: the same values, and the same refusals, as a scenario file gives."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError, ScenarioError
from huyou_sim.policy import load_scenario
from huyou_sim.policy.adjust import scenario_with, settable, settable_keys
from huyou_sim.policy.levers import levers


@pytest.fixture(scope="module")
def base():
    return load_scenario("no_new_policy")


def test_every_settable_lever_is_one_of_the_table(context):
    for key in settable_keys():
        one = settable(key, context)
        assert one.lever == levers()[".".join(key.split(".")[:2])]
        assert one.lever.lower <= one.bounds[0] < one.bounds[1] <= one.lever.upper, key
        assert one.reason
        assert one.label("zh") != one.label("en")


def test_numbers_give_what_a_file_gives(base, context, write):
    written = load_scenario(
        write(
            'extends = "no_new_policy"\n[childcare]\nplaces_per_1000 = { 2022 = 2.63, 2025 = 4.6 }\n'
            "[[birth_grant]]\norder = 2\nyuan = 5000\nstart = 2023\n"
            "[[childcare_allowance]]\norder = 3\nyuan_per_month = 500\nmonths = 36\nstart = 2023\n"
            "[marriage_grant]\nyuan = 2000\nstart = 2023\n"
        )
    )
    made = scenario_with(
        base,
        {
            "childcare.places_per_1000": 4.6,
            "birth_grant.yuan.2": 5000,
            "childcare_allowance.yuan_per_month.3": 500,
            "marriage_grant.yuan": 2000,
        },
        context,
    )
    assert made.levers == written.levers
    assert made.trends == written.trends


def test_the_base_keeps_what_is_not_set(context):
    plan = load_scenario("plan_as_written")
    made = scenario_with(plan, {"birth_grant.yuan.2": 9000.0, "childcare.places_per_1000": 6.0}, context, key="more")
    assert made.key == "more"
    assert [grant.yuan for grant in made.levers.birth_grant] == [9000.0, 5000.0]
    assert made.levers.childcare.places_per_1000 == {"2022": 2.63, "2025": 6.0}
    assert made.levers.childcare.inclusive_share_percent == plan.levers.childcare.inclusive_share_percent
    assert plan.levers.birth_grant[0].yuan == 2000.0


def test_the_weakest_values_leave_no_trace(base, context):
    keys = [key for key in settable_keys() if key.count(".") == 1]
    assert scenario_with(base, {key: settable(key, context).weakest for key in keys}, context).levers == base.levers


def test_nothing_takes_a_measure_out(context):
    strong = load_scenario("marriage_strong")
    made = scenario_with(strong, {"marriage_grant.yuan": 0.0}, context)
    assert made.levers.marriage_grant is None


def test_all_faults_are_told_at_once(base, context):
    wrong = {"birth_grnt.yuan": 1.0, "childcare.places_per_1000": 99.0, "marriage_grant.yuan": np.nan}
    with pytest.raises(ArgumentError) as caught:
        scenario_with(base, wrong, context)
    first, second, third = caught.value.problems
    assert "Did you mean 'birth_grant.yuan" in first.fix
    assert (second.found, second.expected) == (
        "99 places per 1000 residents",
        "a number from 0 to 50 places per 1000 residents",
    )
    assert third.found.startswith("nan")


def test_one_order_and_all_orders_do_not_go_together(base, context):
    with pytest.raises(ArgumentError, match=r"birth_grant\.yuan\.2: found set beside birth_grant\.yuan"):
        scenario_with(base, {"birth_grant.yuan": 1.0, "birth_grant.yuan.2": 2.0}, context)


def test_a_fee_subsidy_is_counted_once(context, write):
    base = load_scenario(
        write(
            "[[childcare_allowance]]\norder = 1\nyuan_per_month = 500\nmonths = 36\nstart = 2023\n"
            "enrolled_only = true\n"
        )
    )
    with pytest.raises(ScenarioError, match="beside a lower fee"):
        scenario_with(base, {"childcare.fee_yuan_per_month": 800.0}, context)


def test_the_national_subsidy_is_counted_once(base, context):
    with pytest.raises(ScenarioError, match="would count twice"):
        scenario_with(base, {"childcare_allowance.yuan_per_month": 300.0}, context, start=2025)
