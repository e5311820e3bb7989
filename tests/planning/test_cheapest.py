"""The optimiser against a problem with a known answer, a random search, and the model."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.planning.cheapest import cheapest_package, frontier, ranked
from huyou_sim.planning.search import LEVERS, evolved, polished
from huyou_sim.planning.trials import Question, Trials, find_targets, pose, tried
from huyou_sim.policy.adjust import settable

EFFECTS = np.array([0.9, 0.5, 0.3, 0.2, 0.05, 0.02])
COSTS = 1e9 * np.array([3.0, 1.0, 2.0, 0.3, 1.0, 0.4])


def toy(shares):
    """Return trials of six levers with saturating effects and linear costs."""
    effect = (EFFECTS * -np.expm1(-2.0 * shares)).sum(axis=1)
    cost = (COSTS * shares).sum(axis=1)
    probability = effect / (0.5 + effect)
    size = len(shares)
    return Trials(
        probability, probability, np.maximum(0.7 - probability, 0.0), np.zeros((size, 1, 3)),
        np.repeat(cost[:, None], 3, axis=1), np.zeros((size, 1)), cost[:, None, None],
    )  # fmt: skip


@pytest.fixture(scope="module")
def toy_question():
    return Question(None, None, (), False, None, np.zeros(3))


def exact_cost(p):
    """Return the least cost at which the toy reaches `p`, by the multiplier of the constraint."""
    needed = 0.5 * p / (1.0 - p)

    def shares(price):
        # At the optimum every lever in use has the same effect per yuan: 2 e exp(-2 s) = c / price.
        with np.errstate(divide="ignore"):
            return np.clip(-0.5 * np.log(COSTS / (price * 2.0 * EFFECTS)), 0.0, 1.0)

    low, high = 1e7, 1e13
    for _ in range(200):
        middle = np.sqrt(low * high)
        enough = (EFFECTS * -np.expm1(-2.0 * shares(middle))).sum() >= needed
        low, high = (low, middle) if enough else (middle, high)
    return float((COSTS * shares(high)).sum())


def test_the_search_comes_near_the_exact_optimum_and_beats_chance(toy_question):
    rank = ranked(0.6, np.inf, toy_question)
    shares, count = evolved(toy, rank, 6, seed=1)
    shares, more = polished(toy, rank, shares)
    best = toy(shares[None])
    assert best.probability[0] >= 0.6
    assert exact_cost(0.6) <= best.cost[0, 1] <= 1.08 * exact_cost(0.6)
    chance = toy(np.random.default_rng(1).random((count + more, 6)))
    assert best.cost[0, 1] < chance.cost[chance.probability >= 0.6, 1].min()


def test_the_search_repeats_itself(toy_question):
    rank = ranked(0.6, np.inf, toy_question)
    first, second = (evolved(toy, rank, 6, generations=4, seed=7)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_budget_that_is_too_small_is_spent_on_the_best_probability(toy_question):
    rank = ranked(0.9, 1e9, toy_question)
    shares, _ = polished(toy, rank, evolved(toy, rank, 6, seed=1)[0])
    best = toy(shares[None])
    chance = toy(np.random.default_rng(2).random((4000, 6)) * np.random.default_rng(3).random((4000, 1)))
    assert best.cost[0, 1] <= 1e9
    assert best.probability[0] >= chance.probability[chance.cost[:, 1] <= 1e9].max()


def test_ranks_put_the_budget_before_the_target_before_the_cost(toy_question):
    rank = ranked(0.5, 1e9, toy_question)
    cost = np.array([2e9, 3e9, 0.5e9, 0.5e9, 0.9e9, 0.4e9, -1e6])
    probability = np.array([0.9, 0.9, 0.1, 0.2, 0.6, 0.5, 0.5])
    costs, none = np.repeat(cost[:, None], 3, axis=1), np.zeros((7, 1))
    trials = Trials(probability, probability, np.zeros(7), np.zeros((7, 1, 3)), costs, none, cost[:, None, None])
    order = np.argsort(rank(trials)).tolist()
    assert order == [6, 5, 4, 3, 2, 0, 1]


@pytest.fixture(scope="module")
def tfr(fitted):
    return find_targets(fitted.pack, ["tfr"], "lenient")


@pytest.fixture(scope="module")
def package(small, base, tfr):
    start = tried(pose(small, base, tfr), [{}]).probability[0]
    return start, cheapest_package(
        small, tfr, start + 0.05, base=base, generations=3,
        bounds={"birth_grant.yuan.1": None, "birth_grant.yuan.2": (0.0, 1e5), "marriage_services.intensity": None},
    )  # fmt: skip


def test_a_package_reaches_what_was_asked(package, small, base, tfr):
    start, found = package
    assert found.reached
    assert found.probability >= found.asked == start + 0.05
    again = tried(pose(small, base, tfr), [found.settings])
    assert again.probability[0] == found.probability
    np.testing.assert_array_equal(again.cost[0], found.cost)
    assert found.cost[0] <= found.cost[1] <= found.cost[2]
    assert set(found.settings) <= set(found.bounds)
    assert found.budget_share == pytest.approx(100 * found.cost[1] / 3 / 52.45e9)
    assert found.bounds["birth_grant.yuan.2"] == (0.0, 100_000.0)


def test_a_package_is_cheaper_than_any_of_as_many_random_ones_on_the_model(package, small, base, tfr):
    _, found = package
    rng = np.random.default_rng(4)
    ends = np.array(list(found.bounds.values()))
    # Small packages as often as large ones: a uniform design would hardly try any cheap one.
    shares = rng.random((64, len(ends))) * rng.random((64, 1))
    rows = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * shares
    chance = tried(pose(small, base, tfr), [dict(zip(found.bounds, row.tolist(), strict=True)) for row in rows])
    assert found.cost[1] < chance.cost[chance.probability >= found.asked, 1].min()


def test_out_of_reach_is_an_answer(small, base, fitted):
    (target,) = find_targets(fitted.pack, ["natural_increase_rate"])
    best = cheapest_package(
        small, [target], 0.9, base=base, budget=1e9, generations=1,
        bounds={"birth_grant.yuan.1": None, "birth_grant.yuan.2": None},
    )  # fmt: skip
    assert not best.reached
    assert best.cost[1] <= 1e9
    assert best.probability < 0.9


def test_more_money_never_reaches_less(small, base, tfr):
    table = frontier(
        small, tfr, base=base, budgets=[3e9, 0.0, 3e8], generations=1,
        bounds={"birth_grant.yuan": None, "marriage_services.intensity": None},
    )  # fmt: skip
    assert table["budget"].tolist() == [0.0, 3e8, 3e9]
    assert table["probability"].is_monotonic_increasing
    assert (table["cost"] <= table["budget"] + 1.0).all()
    assert {"birth_grant.yuan", "marriage_services.intensity", "probability_seen_error", "mark"} <= set(table)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"p": 1.0}, "probability: found 1"),
        ({"budget": -5.0}, "budget: found -5 yuan; expected 0 yuan or more"),
        ({"budget": float("nan")}, "budget: found nan"),
        ({"bounds": {"birth_grnt.yuan": None}}, "Did you mean 'birth_grant.yuan"),
        ({"bounds": {"birth_grant.yuan": (5.0, 1.0)}}, "Type 1 5"),
        ({"bounds": {"ideals.ideal_children": None}}, "expected a lever that has a price"),
    ],
)
def test_mistakes_say_what_to_type(small, base, tfr, options, words):
    asked = {"p": 0.5} | options
    with pytest.raises(ArgumentError, match=words):
        cheapest_package(small, tfr, asked.pop("p"), base=base, **asked)


def test_a_frontier_needs_budgets(small, base, tfr):
    with pytest.raises(ArgumentError, match="budgets: found none"):
        frontier(small, tfr, base=base, budgets=[])


def test_every_lever_of_a_search_has_a_price(small):
    assert all(settable(key, small.context).priced for key in LEVERS)
