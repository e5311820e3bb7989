"""The best package for a budget: it keeps to it, beats chance at equal cost, and knows how sure its rank is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.aim import Aim
from huyou_sim.planning.best import best_package, family_of, search_best
from huyou_sim.planning.budget import Budget
from huyou_sim.planning.outcomes import accounts, pose_like, told
from huyou_sim.planning.rivals import (
    first_share,
    mix_of,
    rivals_of,
    robustness,
    scaled_mix,
    to_budget,
)
from huyou_sim.planning.search import affordable, random_shares, search_of
from huyou_sim.planning.solve import wish_of
from huyou_sim.planning.trials import find_targets, pose, tried
from huyou_sim.policy import load_scenario
from huyou_sim.policy.costs import PAYERS

LEVERS = ("birth_grant.yuan.2", "birth_grant.yuan.3", "marriage_services.intensity")
BUDGET = Budget(3e8)


@pytest.fixture(scope="module")
def few(fitted):
    return prepare_ensemble(fitted, None, 20, until=2025)


@pytest.fixture(scope="module")
def other(fitted):
    return prepare_ensemble(fitted, None, 20, 7, until=2025)


@pytest.fixture(scope="module")
def question(few, base, fitted):
    return pose(few, base, find_targets(fitted.pack, ["tfr"], "lenient"), budget=BUDGET)


@pytest.fixture(scope="module")
def best(few, other, base, question):
    return best_package(
        few, Aim("births"), BUDGET, base=base, targets=question.targets, bounds=dict.fromkeys(LEVERS), other=other,
        multiples=(0.5,), generations=4,
    )  # fmt: skip


@pytest.fixture(scope="module")
def robust(best, question, other):
    named = [load_scenario("everything_together"), load_scenario("marriage_strong")]
    rivals = rivals_of(best, question, plan=load_scenario("plan_as_written"), named=named)
    return robustness(pose_like(question, other), best.aim, rivals)


def test_the_package_keeps_to_its_budget_and_spends_it(best, question):
    again = tried(question, [best.settings])
    assert 0.97 * BUDGET.total <= again.cost[0, 1] <= BUDGET.total
    np.testing.assert_allclose(again.cost[0], best.figures.cost)
    assert best.figures.value == pytest.approx(np.quantile(again.gained[0], 0.1))
    assert best.figures.mean == pytest.approx(again.gained[0].mean())
    assert best.figures.band[0] <= best.figures.value <= best.figures.band[1] <= best.figures.band[2]
    assert set(best.settings) <= set(best.bounds) == set(LEVERS)


def test_births_gained_are_those_of_the_projection(best, few, base, question):
    from huyou_sim.policy.adjust import scenario_with

    made = scenario_with(base, best.settings, few.context, key="made")
    born = few.project([base, made], until=2025, variables=["births"])["births"].sel(year=slice(2023, 2025))
    gained = born.sum("year").isel(area=0).transpose("scenario", "draw").values
    np.testing.assert_allclose(tried(question, [best.settings]).gained[0], gained[1] - gained[0])


def test_figures_on_other_draws_are_of_other_draws(best, question, other):
    again = told(pose_like(question, other), best.aim, [best.settings])[0]
    assert best.again.value == again.value
    assert best.again.value != best.figures.value


def test_accounts_add_up_over_years_and_payers(best):
    years, total = best.accounts.iloc[:-1], best.accounts.iloc[-1]
    assert total["year"] == "total"
    assert years[["cost", *PAYERS]].sum().to_numpy() == pytest.approx(total[["cost", *PAYERS]].astype(float).to_numpy())
    assert total["cost"] == pytest.approx(sum(total[payer] for payer in PAYERS)) == pytest.approx(total["held_to"])
    assert total["slack"] == pytest.approx(BUDGET.total - best.figures.cost[1])
    assert (best.accounts["cost_low"] <= best.accounts["cost_high"]).all()
    assert years["year"].tolist() == ["2023", "2024", "2025"]


def test_more_money_never_gains_less(best):
    assert best.curve["multiple"].tolist() == [0.5, 1.0]
    assert best.curve["value"].is_monotonic_increasing
    assert (best.curve["cost"] <= best.curve["budget"] + 1.0).all()
    assert best.curve["value"].iloc[-1] == best.figures.value
    assert best.price_of_bound >= 0.0


def test_projections_are_counted_with_those_of_the_stand_in(best):
    assert best.evaluations > 1 + 3 * 7
    assert best.tried > best.evaluations


def test_the_search_beats_chance_with_as_many_projections(question):
    search, aim, counts = search_of(question, dict.fromkeys(LEVERS)), Aim("births"), []
    found = search_best(search, aim, generations=4, seed=3, done=counts.append)
    rank = aim.ranked(question, BUDGET)
    chance = random_shares(len(LEVERS), sum(counts), 3)
    assert rank(search.look(found[None]))[0] < rank(search.look(chance)).min()


def test_limits_of_years_and_of_one_payer_in_most_draws(few, base):
    budget, aim = Budget(by_year={2023: 4e7, 2025: 6e7}, payers=("city",), certainty=0.9), Aim("births", "mean")
    asked = pose(few, base, (), budget=budget)
    search = search_of(asked, {"birth_grant.yuan.2": None})
    found = search.settings(search_best(search, aim, generations=2, seed=0))
    figures = told(asked, aim, [found])[0]
    assert figures.held >= 0.9
    assert np.isnan(figures.probability)
    years = accounts(asked, found).iloc[:-1].set_index("year")
    assert (years["slack"] >= 0.0).all()
    assert years["limit"].to_dict() == {"2023": 4e7, "2024": 4e7, "2025": 6e7}
    # A grant that does not change costs about as much each year, so that the first limits bind.
    assert years.loc[["2023", "2024"], "slack"].min() < 0.03 * 4e7


def test_what_goes_beyond_the_budget_is_scaled_down_and_what_does_not_stays(question):
    search = search_of(question, dict.fromkeys(LEVERS))
    stand_in = search.stand_in()
    rows = np.array([[1.0, 1.0, 1.0], [0.001, 0.0, 0.1]])
    kept = affordable(stand_in, BUDGET, rows)
    np.testing.assert_array_equal(kept[1], rows[1])
    spent = stand_in.total("spent", kept)[:, 0, 0]
    assert spent[0] == pytest.approx(BUDGET.total, rel=1e-3)
    assert spent[0] <= BUDGET.total
    assert stand_in.total("spent", affordable(stand_in, BUDGET, rows, most=50.0))[1, 0, 0] > spent[1]


def test_only_what_keeps_to_the_budget_has_a_rank(robust):
    table = robust.table.set_index("rival")
    assert not table.loc["everything_together", "ranked"]
    assert np.isnan(table.loc["everything_together", "p_first"])
    assert table.loc["everything_together scaled", "cost"] < 1.05 * BUDGET.total
    assert {"best", "cash", "marriage", "plan_as_written scaled", "marriage_strong"} <= set(table.index)
    ranked = table[table["ranked"]]
    assert ranked["value"].is_monotonic_decreasing
    assert ranked["p_first"].sum() == pytest.approx(1.0)
    count = len(ranked)
    assert ranked["mean_rank"].sum() == pytest.approx(count * (count + 1) / 2)
    assert table["halves_first"].sum() == table["halves"].iloc[0] == len(robust.splits)


def test_halves_are_halves_and_flips_name_another_first(robust):
    splits = robust.splits
    assert set(splits.groupby("parameter").size()) == {2}
    assert (splits.groupby("parameter")["draws"].sum() == robust.draws).all()
    assert {"A1*A3", "D1*D2", "B1", "A15", "C1", "X1"} <= set(splits["parameter"])
    first = robust.table["rival"].iloc[0]
    assert (splits.loc[~splits["flips"], "first"] == first).all()
    assert (splits.loc[splits["flips"], "first"] != first).all()
    assert splits["tau"].between(-1.0, 1.0).all()


def test_the_share_of_resamples_follows_the_figures():
    rng = np.random.default_rng(3)
    draws = rng.normal(size=400)
    outcome = np.stack([draws, draws + 1.0, draws + 1.0])
    np.testing.assert_allclose(first_share(Aim("births"), outcome, 400.0, 0), [0.0, 0.5, 0.5])
    # Two figures one standard error of their difference apart: the larger leads in 84 % of resamples.
    noisy = np.stack([np.zeros(400), draws - draws.mean() + draws.std() / 20.0])
    assert first_share(Aim("births", "mean"), noisy, 400.0, 0)[1] == pytest.approx(0.841, abs=0.04)


def test_a_mix_is_what_has_a_price_and_scales_from_its_weakest_setting(question):
    economy = question.ensemble.context
    mix = mix_of(load_scenario("plan_as_written"), economy)
    assert "ideals.ideal_children" not in mix
    assert mix["birth_grant.yuan.3"] == 5000.0
    assert mix["childcare.places_per_1000"] == 4.6
    half = scaled_mix(mix, 0.5, economy)
    assert half["birth_grant.yuan.3"] == 2500.0
    assert half["childcare.places_per_1000"] == pytest.approx((2.63 + 4.6) / 2)
    scaled = tried(question, [to_budget(question, mix, Aim("births"))]).cost[0, 1]
    assert 0.97 * BUDGET.total < scaled <= BUDGET.total


def test_families_of_levers():
    assert [family_of(key) for key in ("birth_grant.yuan.1", "marriage_services.intensity", "housing.coupon")] == [
        "cash", "marriage", "housing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aim": ("birth",)}, "maximise: found 'birth'; expected births or probability"),
        ({"aim": ("births", "q100")}, "a quantile from q1 to q99"),
        ({"budget": Budget()}, "budget: found none"),
        ({"aim": ("probability",)}, "target: found none"),
        ({"bounds": {"ideals.ideal_children": None}}, "expected a lever that has a price"),
    ],
)
def test_mistakes_say_what_to_type(few, base, change, words):
    asked = {"aim": ("births",), "budget": BUDGET, "bounds": None} | change
    with pytest.raises(ArgumentError, match=words):
        best_package(few, Aim(*asked["aim"]), asked["budget"], base=base, bounds=asked["bounds"])


def test_options_that_do_not_go_together_are_told_at_once():
    with pytest.raises(ArgumentError) as caught:
        wish_of("births", p=0.5, along=True)
    assert [problem.found for problem in caught.value.problems] == ["--probability beside it", "--frontier beside it"]
    with pytest.raises(ArgumentError, match="--until: found no --maximise"):
        wish_of(None, until=2030)
    assert wish_of(None) is None
    assert replace(wish_of("births"), until=2030).until == 2030
