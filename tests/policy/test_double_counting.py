"""One test for each rule against counting a thing twice: the message says what, where and what to type."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ScenarioError
from huyou_sim.policy import load_scenario
from huyou_sim.policy.adjust import scenario_with
from huyou_sim.policy.cash import doses, transfers

ENROLLED = "[[childcare_allowance]]\norder = 2\nyuan_per_month = 300\nmonths = 36\nstart = 2023\nenrolled_only = true\n"
FEE = "[childcare]\nfee_yuan_per_month = { 2023 = 1200 }\n"
RUNNING = "[running_subsidy]\nmonths_24_36 = 400\npassed_on_percent = 50\nstart = 2023\n"
TWICE = [
    # text below the two lines of the head, line of the mistake, what is said, what to type
    (ENROLLED + FEE, 3, "a fee subsidy paid as cash, beside a lower fee", "Delete the one or the other"),
    (ENROLLED + RUNNING, 3, "a fee subsidy paid as cash, beside a lower fee", "Delete the one or the other"),
    (FEE + RUNNING, 5, "passed_on_percent = 50 beside the fee of parents", "Type passed_on_percent = 0"),
    (
        "[childcare]\nplaces_per_1000 = { 2025 = 4.6 }\nnew_places_built = { 2023 = 500, 2025 = 500 }\n",
        5,
        "new_places_built beside places_per_1000",
        "Delete places_per_1000, or new_places_built",
    ),
    (
        "[[childcare_allowance]]\norder = 2\nyuan_per_month = 300\nmonths = 36\nstart = 2025\n",
        5,
        "300 yuan for 36 months, which is the national subsidy",
        "on_top_of_national = true",
    ),
    (
        "[[birth_grant]]\norder = 1\nyuan = 10800\npayment_years = 3\nstart = 2025\n",
        5,
        "10800 yuan in 3 yearly instalments, which is the national subsidy",
        "Delete this [[birth_grant]]",
    ),
]


@pytest.mark.parametrize(("text", "line", "found", "fix"), TWICE)
def test_what_would_count_twice_is_refused_in_its_place(write, text, line, found, fix):
    path = write(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    assert str(problem.file).endswith("mine.toml")
    assert problem.line == line
    assert found in problem.found
    assert fix in problem.fix


@pytest.mark.parametrize(
    "text",
    [
        ENROLLED,
        FEE,
        RUNNING,
        FEE + RUNNING.replace("= 50", "= 0"),
        "[childcare]\nnew_places_built = { 2023 = 500 }\nplaces_closed = { 2023 = 100 }\n",
        "[[childcare_allowance]]\norder = 2\nyuan_per_month = 300\nmonths = 36\nstart = 2023\n",
        "[[birth_grant]]\norder = 1\nyuan = 10800\npayment_years = 2\nstart = 2025\n",
    ],
)
def test_each_of_both_alone_is_allowed(write, text):
    assert load_scenario(write(text)).levers


def test_parents_that_set_both_are_refused_with_both_places(write):
    write("[childcare]\nplaces_per_1000 = { 2025 = 4.6 }\n", "ratio")
    write("[childcare]\nnew_places_built = { 2023 = 500 }\n", "numbers")
    child = write('extends = ["ratio", "numbers"]\n', "child")
    with pytest.raises(ScenarioError, match=r"numbers\.toml.*beside places_per_1000 \(.*ratio\.toml"):
        load_scenario(child)


def test_a_search_is_held_to_the_same_rules(scenario, context):
    base = scenario(ENROLLED)
    with pytest.raises(ScenarioError, match="a fee subsidy in one place"):
        scenario_with(base, {"childcare.fee_yuan_per_month": 800.0}, context)


def test_the_national_subsidy_counts_once_whatever_is_added_to_it(scenario, context, central):
    grant = "[[birth_grant]]\norder = 1\nyuan = 10000\nstart = 2025\n"
    one = np.ones(1)

    def dose(*texts, national):
        levers = scenario("".join(texts), national=national).levers
        found = doses(transfers(levers, context), range(2021, 2027), context, central, one)
        return sum(part[0, 5, 0] for part in found.values())

    both, alone, national = dose(grant, national=3600), dose(grant, national=0), dose(national=3600)
    assert both == pytest.approx(alone + national)


def test_a_marriage_grant_has_no_first_birth_term_of_its_own(scenario, ask):
    part = ask(scenario("[marriage_grant]\nyuan = 50000\nstart = 2023\n")).parts(2026)
    assert part["birth_1"][0] == 0.0
    assert part["marriage"][0] > 0.0
