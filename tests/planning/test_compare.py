"""Comparisons: differences, costs and costs of a birth against figures worked out by hand, dominance, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.planning import compare as module
from huyou_sim.planning.compare import COLUMNS, SUMMED, run_comparison
from huyou_sim.planning.dominance import dominance_table, undominated
from huyou_sim.planning.gains import additional_costs, differences, projected
from huyou_sim.planning.unit_cost import Accounts, cost_figures, per_birth, quantiles, unpriced_levers
from huyou_sim.policy import load_scenario
from huyou_sim.policy.costs import cost_table, prices

PACKAGES = ("plan_as_written", "subsidies_strong", "constant_rates")


@pytest.fixture(scope="module")
def found():
    return run_comparison("huzhou", PACKAGES, draws=24, until=2028, prior_only=True, trends_differ=True)


@pytest.fixture(scope="module")
def place(found):
    return found.indicators.sel(area="330500")


def test_differences_are_those_of_each_draw(found, place):
    assert list(found.differences.columns) == list(COLUMNS)
    rows = found.differences.set_index(["scenario", "variable", "year"])
    gap = place["tfr"].sel(scenario="plan_as_written", year=2025) - place["tfr"].sel(
        scenario="no_new_policy", year=2025
    )
    row = rows.loc[("plan_as_written", "tfr", 2025)]
    np.testing.assert_allclose(
        row[["q05", "q25", "q50", "q75", "q95"]].astype(float), np.quantile(gap, [0.05, 0.25, 0.5, 0.75, 0.95])
    )
    assert row["mean"] == pytest.approx(gap.mean().item())
    assert row["mean_error"] == pytest.approx(gap.std(ddof=1).item() / np.sqrt(24))
    assert row["probability_above"] == (gap > 0.0).mean().item()
    births = place["births"].sum("year")
    total = births.sel(scenario="subsidies_strong") - births.sel(scenario="no_new_policy")
    assert rows.loc[("subsidies_strong", "births_gained", 2028), "mean"] == pytest.approx(total.mean().item())
    moved = place["births_relocated"].sel(scenario="subsidies_strong").sum("year").mean().item()
    assert moved > 1.0
    assert rows.loc[("subsidies_strong", "births_lasting", 2028), "mean"] == pytest.approx(total.mean().item() - moved)
    assert set(found.differences["scenario"]) == set(PACKAGES)


def test_nothing_differs_before_measures_begin(found):
    early = found.gains.sel(scenario=["plan_as_written", "subsidies_strong"], year=slice(None, 2022))
    assert all((array == 0.0).all() for array in early.data_vars.values())


def test_a_package_held_against_itself_has_no_difference_and_no_cost_of_a_birth(found):
    one = found.against
    twin = replace(one, key="twin")
    indicators = projected(found.ensemble, [one, twin], 2026)
    gains = differences(indicators, one.key, "330500")
    assert all((array == 0.0).all() for array in gains.data_vars.values())
    cost = additional_costs(
        [twin], one, indicators, found.ensemble.context, prices(found.fit.pack), found.ensemble.baseline.areas
    )
    assert (cost == 0.0).all()
    assert np.isinf(
        per_birth(cost.sum(("payer", "year")).values[0, :, 1], gains["births_gained"].values[0, :, -1])
    ).all()


def test_costs_are_those_of_the_table_of_costs_without_the_national_subsidy(found):
    price, areas = prices(found.fit.pack), found.ensemble.baseline.areas
    scenarios = [found.against, *found.scenarios]
    table = cost_table(scenarios, found.indicators, found.ensemble.context, price, areas=areas, against="no_new_policy")
    own = table[table["measure"] != "national_childcare_subsidy"].groupby(["scenario", "payer"])
    costs = found.costs.set_index(["scenario", "quantity", "unit_costs"])
    whole = own["additional"].sum().groupby("scenario").sum()
    lasting = found.accounts.cost_lasting.mean(axis=1)
    for i, key in enumerate(found.accounts.scenarios):
        if key == "constant_rates":
            continue
        assert costs.loc[(key, "cost_lasting", "central"), "value"] == pytest.approx(whole[key], abs=10.0)
        assert lasting[i, :, 1].sum() == pytest.approx(whole[key], abs=10.0)
        low, middle, high = (costs.loc[(key, "cost_period", level), "value"] for level in ("low", "central", "high"))
        assert low <= middle <= high
        payers = [
            costs.loc[(key, f"cost_period_{payer}", "central"), "value"] for payer in ("city", "province", "state")
        ]
        assert sum(payers) == pytest.approx(middle)
    assert (found.accounts.cost_discounted[:2] <= found.accounts.cost_lasting[:2]).all()


def test_what_the_period_costs_counts_promises_of_the_period_to_their_end(found):
    """As many yuan as births of 2023-2025 were promised, whatever the year in which they are paid."""
    strong, place = load_scenario("subsidies_strong"), found.indicators.sel(area="330500")
    born = place.sel(scenario="subsidies_strong", year=slice(2023, 2025))
    levers, expected = strong.levers, 0.0
    for order in (1, 2, 3):
        births = born[f"births_order_{order}"]
        for grant in levers.birth_grant:
            expected = expected + (grant.order == order) * grant.yuan * births.where(births["year"] >= grant.start, 0.0)
        for one in levers.childcare_allowance:
            paid = one.yuan_per_month * one.months
            expected = expected + (one.order == order) * paid * births.where(births["year"] >= one.start, 0.0)
    i = found.accounts.scenarios.index("subsidies_strong")
    # Campaigns, places and enrolment follow residents, of whom there are more: less than a hundredth.
    np.testing.assert_allclose(found.accounts.cost_period[i, :, :, 1].sum(axis=1), expected.sum("year"), rtol=0.01)


def accounts(births, cost, children=1000.0):
    """Return accounts of packages whose costs are all the city's and the same in the period and to the end."""
    births, cost = np.atleast_2d(births).astype(float), np.atleast_2d(cost).astype(float)
    levels = cost[..., None, None] * np.array([1.0, 0.0, 0.0])[:, None] * np.array([0.5, 1.0, 2.0])
    return Accounts(
        scenarios=tuple("abc"[: len(births)]), births_period=births, births_lasting=births, cost_period=levels,
        cost_lasting=levels, cost_discounted=levels, cost_year=levels.sum(axis=2), cost_plan=levels.sum(axis=2),
        children=np.full_like(births, children), budget=1e4, effective=float(births.shape[1]),
    )  # fmt: skip


def test_cost_of_a_birth_by_hand():
    table = cost_figures(accounts([10.0, 20.0, 30.0, 0.0], [300.0] * 4), 1).set_index(["quantity", "unit_costs"])
    row = table.loc[("per_birth_period", "central")]
    assert row["value"] == pytest.approx(300.0 / 15.0), "ratio of means, not mean of ratios"
    assert row["probability_none"] == 0.25
    assert (row["q05"], row["q50"], row["q95"]) == (10.0, 15.0, np.inf)
    assert row["value_q05"] < 20.0 < row["value_q95"]
    assert row["probability_none_error"] > 0.0
    assert table.loc[("per_birth_period", "low"), "value"] == pytest.approx(10.0)
    assert table.loc[("per_child", "central"), "value"] == pytest.approx(0.3)
    assert table.loc[("budget_share", "high"), "value"] == pytest.approx(6.0)
    assert np.isnan(table.loc[("cost_period", "central"), "probability_none"])


@pytest.mark.parametrize("births", [[0.0] * 4, [-5.0] * 4, [1e-9, -1e-9, 0.0, 0.4]])
def test_no_birth_has_no_finite_cost_and_no_division_by_nearly_nothing(births):
    row = (
        cost_figures(accounts(births, [300.0] * 4), 1)
        .set_index(["quantity", "unit_costs"])
        .loc[("per_birth_lasting", "high")]
    )
    assert np.isinf(row[["value", "value_q05", "q05", "q50"]].astype(float)).all()
    assert row["probability_none"] == 1.0


def test_resampling_has_a_seed_and_quantiles_take_infinity():
    one, other = (cost_figures(accounts(range(1, 9), [100.0] * 8), 3) for _ in range(2))
    assert one.equals(other)
    assert quantiles(np.array([3.0, np.inf, 1.0, 2.0]), (0.25, 0.5, 0.75, 1.0)) == [1.0, 2.0, 3.0, np.inf]


def test_dominance_by_hand():
    """Package b has more births than a for less in three of four futures; c is cheapest and has fewest."""
    births = [[10, 10, 10, 10], [12, 12, 12, 9], [1, 1, 1, 1]]
    cost = [[100] * 4, [90, 90, 100, 90], [5] * 4]
    table = dominance_table(accounts(births, cost), 4.0).set_index(["scenario", "other"])
    assert table.loc[("b", "a"), "probability"] == 0.75
    assert table.loc[("a", "b"), "probability"] == 0.0
    assert table.loc[("b", "a"), "births_difference"] == 1.25
    assert table.loc[("b", "a"), "cost_difference"] == -7.5
    assert table["dominates_at_means"].to_dict()[("b", "a")]
    assert table["dominates_at_means"].sum() == 1
    assert undominated(table.reset_index(), "abc") == ("b", "c")
    assert undominated(dominance_table(accounts([1.0, 2.0], [5.0, 5.0]), 2.0), ("a",)) == ("a",)


def test_the_summary_holds_the_same_figures(found):
    assert found.summary["scenario"].tolist() == ["no_new_policy", *PACKAGES]
    rows = found.summary.set_index("scenario")
    differ = found.differences.set_index(["scenario", "variable", "year"])
    for column, variable in SUMMED.items():
        year = 2025 if column.endswith("_period") else 2028
        row = differ.loc[("plan_as_written", variable, year)]
        assert rows.loc["plan_as_written", f"{column}_q95"] == row["q95"]
    assert np.isnan(rows.loc["no_new_policy", "births_gained_mean"])
    asked = found.targets.query("variable == 'tfr' and level == 'central'").set_index("scenario")
    assert (rows["tfr_probability"] == asked["probability"]).all()
    assert rows["trends_differ"].to_dict() == {name: name == "constant_rates" for name in rows.index}
    assert rows.loc["plan_as_written", "unpriced"] == "ideals.ideal_children"
    assert rows.loc["subsidies_strong", "unpriced"] == ""


def test_what_no_payment_buys_is_named_where_it_differs(found):
    plan, economy = load_scenario("plan_as_written"), found.ensemble.context
    assert unpriced_levers(plan, found.against, economy) == ("ideals.ideal_children",)
    assert unpriced_levers(plan, plan, economy) == ()


def test_trends_are_no_policy(monkeypatch):
    monkeypatch.setattr(module, "prepare_futures", None)  # refused before any work
    with pytest.raises(ArgumentError) as caught:
        run_comparison("huzhou", ["constant_rates"], draws=1, until=2024, level="mild", asked=[("--shapley", "plan")])
    places = [problem.where for problem in caught.value.problems]
    assert places == ["--draws", "--until", "--level", "trends of 'constant_rates'", "--shapley"]
    assert "a trend is no policy" in str(caught.value)
    assert "--allow-trends" in str(caught.value)


def test_a_counterfactual_alone_is_nothing_to_compare(monkeypatch):
    monkeypatch.setattr(module, "prepare_futures", None)
    with pytest.raises(ArgumentError, match="none but the counterfactual 'no_new_policy'"):
        run_comparison("huzhou", ["no_new_policy"])
