"""Budgets: what is typed, which limit holds when, and when a package keeps to all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.planning.budget import Budget, amounts_of, bills, budget_of, payments
from huyou_sim.policy.costs import PAYERS, prices, total_costs
from huyou_sim.policy.quantities import MEASURES

YEARS = range(2021, 2029)


def test_a_total_and_a_path_as_they_are_typed():
    found = budget_of(["1e9", "2025=4e8", "2023=2e8"], payers=["state", "city"], certainty=0.9, until=2025)
    assert found.total == 1e9
    assert dict(found.by_year) == {2023: 2e8, 2025: 4e8}
    assert found.payers == ("city", "state")
    assert found.certainty == 0.9


def test_a_limit_holds_until_the_next_one_and_the_first_before_it():
    path = budget_of(["2024=2e8", "2026=3e8"], until=2025)
    assert [path.limit(year) for year in (2021, 2023, 2024, 2025, 2026, 2040)] == [2e8, 2e8, 2e8, 2e8, 3e8, 3e8]
    assert math.isinf(path.total)
    assert math.isinf(budget_of(["1e9"], until=2025).limit(2024))


def test_excess_is_that_of_the_worst_limit_of_the_mean():
    budget = Budget(total=100.0, by_year={2023: 40.0})
    paid = np.zeros((2, 2, len(YEARS)))
    paid[0, :, 2] = [50.0, 30.0]  # 40 in the mean: just kept
    paid[1, :, 2:5] = [[30.0, 30.0, 48.0], [30.0, 30.0, 40.0]]  # 104 of 100 in all; 44 of 40 in 2025
    spent = budget.accounts(paid).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(budget.excess(spent, YEARS), [0.0, 0.1])
    assert budget.times(1.1).excess(spent, YEARS)[1] == 0.0


def test_with_a_certainty_so_many_draws_keep_to_every_limit_at_once():
    budget = Budget(total=100.0, by_year={2023: 60.0}, certainty=0.75)
    paid = np.zeros((1, 4, len(YEARS)))
    # The first breaks the total, the second the year; each limit by itself holds in three draws of four.
    paid[0, :, 2] = [55.0, 62.0, 50.0, 50.0]
    paid[0, :, 3] = [55.0, 30.0, 40.0, 40.0]
    spent = budget.accounts(paid)
    assert budget.held(spent, YEARS)[0] == 0.5
    assert budget.excess(spent, YEARS)[0] == pytest.approx(2.0 / 60.0)
    assert Budget(total=100.0, by_year={2023: 60.0}, certainty=0.5).excess(spent, YEARS)[0] <= 0.0


def test_without_a_limit_nothing_is_over():
    assert Budget().excess(np.full((1, 1, 1), 1e12), YEARS)[0] < 0.0
    assert not Budget().named


def test_payments_by_year_and_bills_by_payer_add_up_to_total_costs(small):
    price = prices(small.pack)
    counted = np.random.default_rng(1).random((2, len(MEASURES), 3, 5))
    for payers in (PAYERS, ("city",)):
        total = total_costs(counted, price, payers=payers)[..., 1]
        np.testing.assert_allclose(payments(counted, price, payers).sum(axis=-1), total)
        chosen = [PAYERS.index(payer) for payer in payers]
        np.testing.assert_allclose(bills(counted, price)[:, :, chosen, 1].sum(axis=(1, 2)), total.mean(axis=1))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limits": ["2022=1e8"]}, "expected a year from 2023"),
        ({"limits": ["2044=1e8"]}, "to 2043, when the last promise falls due"),
        ({"limits": ["-1"]}, "budget: found '-1'; expected 0 yuan or more"),
        ({"limits": ["2023=-1"]}, "budget: found '2023=-1'; expected 0 yuan or more"),
        ({"limits": ["nan"]}, "found 'nan'"),
        ({"limits": ["1e9", "2e9"]}, "a second limit of the total"),
        ({"limits": ["2023=1", "2023=2"]}, "a second limit of the 2023"),
        ({"limits": ["1e9"], "payers": ["citty"]}, "Did you mean 'city'"),
        ({"limits": ["1e9"], "certainty": 90.0}, r"Type --certainty 0\.9"),
    ],
)
def test_mistakes_say_what_to_type(options, words):
    with pytest.raises(ArgumentError, match=words):
        budget_of(**options, until=2025)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ArgumentError) as caught:
        budget_of(["x", "2010=5"], payers=["moon"], certainty=2.0, until=2025)
    assert len(caught.value.problems) == 4


def test_where_each_budget_is_a_total_a_year_says_what_it_goes_with():
    assert amounts_of(["0", "1e9"]) == [0.0, 1e9]
    with pytest.raises(ArgumentError, match="Add --maximise"):
        amounts_of(["2023=1e9"])
