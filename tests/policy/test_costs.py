"""Costs: known by hand for a place that stands still, and adding up to the cent."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.errors import ArgumentError, PackError
from huyou_sim.policy import load_scenario, load_scenarios
from huyou_sim.policy.costs import MEASURES, PAYERS, cost_table, prices, split_cents, total_costs
from huyou_sim.policy.quantities import NEEDED, TAIL, month_shares, quantities

AREAS = ("330502", "330503")
STILL = {
    "births_order_1": 100.0, "births_order_2": 50.0, "births_order_3": 10.0, "first_marriages": 120.0,
    "population_total": 50_000.0, "population_under_3": 480.0, "childcare_opened": 0.0, "childcare_in_use": 48.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def price(pack):
    return prices(pack)


@pytest.fixture(scope="module")
def still():
    """Return a function that gives indicators of two equal areas in which nothing changes, 2021-2025."""

    def make(scenarios, draws=1, **changes):
        coords = {"scenario": [s.key for s in scenarios], "draw": range(draws), "area": [*AREAS, "330500"]}
        coords["year"] = range(2021, 2026)
        shape = (len(scenarios), draws, 3, 5)
        values = STILL | changes
        return xr.Dataset(
            {name: (tuple(coords), np.broadcast_to(values[name], shape).copy()) for name in NEEDED}, coords
        )

    return make


def test_payments_of_a_month_fall_into_the_years_in_which_the_months_lie():
    np.testing.assert_allclose(month_shares(36), [6.5, 12.0, 12.0, 5.5])
    np.testing.assert_allclose(month_shares(1), [1.0])
    assert month_shares(0).sum() == 0.0


def test_a_grant_in_instalments_costs_what_was_promised(scenario, context, still):
    made = scenario("[[birth_grant]]\norder = 2\nyuan = 6000\npayment_years = 3\nstart = 2024\n")
    counted, years = quantities([made], still([made]), context, AREAS)
    due = counted[0, MEASURES.index("birth_grant"), 0]
    # 100 second births a year in 2024 and 2025, 2,000 yuan at birth and in the two years after it.
    assert {year: due[years.index(year)] for year in range(2023, 2029)} == {
        2023: 0.0, 2024: 200_000.0, 2025: 400_000.0, 2026: 400_000.0, 2027: 200_000.0, 2028: 0.0,
    }  # fmt: skip
    assert due.sum() == 2 * 100 * 6000


def test_measures_by_hand(scenario, context, still, price):
    made = scenario(
        "[childcare]\nfee_yuan_per_month = { 2022 = 1500, 2023 = 1000 }\n"
        "inclusive_share_percent = { 2022 = 40, 2023 = 80 }\n"
        "[marriage_grant]\nyuan = 1000\nstart = 2025\n[marriage_services]\nintensity = 0.5\nstart = 2025\n"
        "[assisted_reproduction]\ncover_share = 1.0\nstart = 2025\n",
    )
    opened = np.array([0.0, 0.0, 10.0, 0.0, 0.0])
    counted, years = quantities([made], still([made], childcare_opened=opened), context, AREAS)
    at = {measure: counted[0, i, 0, years.index(2025)] for i, measure in enumerate(MEASURES)}
    enrolled = 2 * 48.0
    assert at["marriage_grant"] == 240_000.0
    assert at["marriage_services"] == 50.0
    assert at["assisted_reproduction"] == 320.0
    assert at["campaigns"] == pytest.approx(500.0)
    assert at["childcare_fee"] == pytest.approx(12 * 500.0 * enrolled)
    assert at["childcare_running"] == pytest.approx(12 * 0.8 * enrolled)
    assert counted[0, MEASURES.index("childcare_places"), 0].sum() == pytest.approx(20.0)
    # 3 in 10 places are converted at 8,000 yuan, the others built at 40,000.
    assert price.units[MEASURES.index("childcare_places"), 1] == pytest.approx(30_400.0)


def test_housing_leave_and_tax_by_hand(scenario, context, still, price):
    made = scenario(
        "[tax_deduction]\nyuan_per_month = 2000\nmonths = 12\nstart = 2025\n"
        "[[housing_coupon]]\norder = 3\nyuan = 100000\ntake_up_percent = 20\nstart = 2025\n"
        "[rent_reduction]\npercent = 15\nmonths = 1\nstart = 2025\n"
        "[provident_fund_loan]\nlimit_raised_percent = 20\ntake_up_percent = 10\nfrom_order = 2\nstart = 2025\n"
        "[[maternity_leave]]\norder = 1\nextra_days = 30\nstart = 2025\n"
        "[employer_subsidy]\nyuan_per_month = 1000\nmonths = 1\nstart = 2025\n"
        "[maternal_infant_health]\nintensity = 0.5\nstart = 2025\n",
    )
    counted, years = quantities([made], still([made]), context, AREAS)
    yuan = {
        measure: float(counted[0, i, 0, years.index(2025)] * price.units[i, 1]) for i, measure in enumerate(MEASURES)
    }
    grown = 1.045**4
    assert yuan["tax_deduction"] == pytest.approx(320 * 2000 * 6.5 * 500 / 24000, rel=1e-4)
    assert yuan["housing_coupon"] == pytest.approx(20 * 100_000 * 0.2)
    assert yuan["rent_reduction"] == pytest.approx(20 * 0.1 * 0.15 * 1500 * grown)
    assert yuan["provident_fund_loan"] == pytest.approx(120 * 0.1 * 6000)
    assert yuan["maternity_leave"] == pytest.approx(200 * 0.6 * 6500 * grown, rel=1e-6)
    assert yuan["employer_subsidy"] == pytest.approx(320 * 0.6 * 1000)
    assert yuan["maternal_infant_health"] == pytest.approx(320 * 0.5 * 400)


def test_places_opened_by_number_have_the_price_of_their_type(scenario, context, still, price):
    made = scenario(
        "[childcare]\nnew_places_converted = { 2023 = 6, 2024 = 0 }\nnew_places_built = { 2023 = 4, 2024 = 0 }\n"
        "[running_subsidy]\nmonths_6_12 = 1000\nmonths_12_24 = 500\nmonths_24_36 = 200\nstart = 2025\n",
    )
    opened = np.array([0.0, 0.0, 7.5, 0.0, 0.0])
    counted, years = quantities([made], still([made], childcare_opened=opened), context, AREAS)
    at = {measure: counted[0, i, 0, years.index(2023)] for i, measure in enumerate(MEASURES)}
    assert (at["childcare_converted"], at["childcare_built"], at["childcare_places"]) == (6.0, 4.0, pytest.approx(5.0))
    units = {measure: price.units[i, 1] for i, measure in enumerate(MEASURES)}
    assert (units["childcare_converted"], units["childcare_built"]) == (8000.0, 40_000.0)
    mean = 0.1 * 1000 + 0.3 * 500 + 0.6 * 200
    running = counted[0, MEASURES.index("running_subsidy"), 0]
    assert running[years.index(2025)] == pytest.approx(12 * 0.4 * 96 * mean)
    assert running[years.index(2024)] == 0.0


def test_the_national_subsidy_pays_the_months_that_are_left(scenario, context, still):
    made = scenario(national=3600)
    counted, years = quantities([made], still([made]), context, AREAS)
    due = counted[0, MEASURES.index("national_childcare_subsidy"), 0]
    assert due[: years.index(2025)].sum() == 0.0
    assert due[years.index(2025)] == pytest.approx(300.0 * 36 * 320)


def test_local_measures_cost_where_they_apply(scenario, context, still):
    grant = "[[birth_grant]]\norder = 1\nyuan = 1000\nstart = 2023\n"
    here, everywhere = scenario(f'areas = ["{AREAS[0]}"]\n{grant}', "here"), scenario(grant, "everywhere")
    counted, _ = quantities([here, everywhere], still([here, everywhere]), context, AREAS)
    sums = counted[:, MEASURES.index("birth_grant")].sum(axis=(1, 2))
    assert sums[1] == 2 * sums[0] > 0.0


def test_costs_add_up_to_the_cent(context, still, price):
    scenarios = load_scenarios()
    indicators = still(scenarios, draws=3, births_order_1=101.237, births_order_2=33.331, first_marriages=7.77)
    table = cost_table(scenarios, indicators, context, price, areas=AREAS, against="no_new_policy")
    counted, years = quantities(scenarios, indicators, context, AREAS)
    yuan = counted.mean(axis=2) * price.units[:, 1, None]
    for s, scenario in enumerate(scenarios):
        for m, measure in enumerate(MEASURES):
            for y, year in enumerate(years):
                rows = table.query("scenario == @scenario.key and measure == @measure and year == @year")
                assert abs(rows["cost"].sum() - yuan[s, m, y]) <= 0.0051, (scenario.key, measure, year)
    cents = split_cents(yuan, price.shares)
    assert (cents.sum(axis=2) == np.rint(yuan * 100)).all()
    difference = table.groupby("scenario")["cost"].sum() - table.query("scenario == 'no_new_policy'")["cost"].sum()
    np.testing.assert_allclose(table.groupby("scenario")["additional"].sum(), difference, atol=1e-3)
    assert (table["cost_low"] <= table["cost"]).all()
    assert (table["cost"] <= table["cost_high"]).all()
    assert set(table["payer"]) <= set(PAYERS)


def test_the_state_pays_the_national_subsidy_and_it_is_kept_apart(context, still, price):
    base = load_scenario("no_new_policy")
    indicators = still([base])
    table = cost_table([base], indicators, context, price, areas=AREAS)
    national = table[table["measure"] == "national_childcare_subsidy"]
    assert set(national["payer"]) == {"state"}
    counted, _ = quantities([base], indicators, context, AREAS)
    apart = total_costs(counted, price, national=True) - total_costs(counted, price)
    assert apart[0, 0, 1] == pytest.approx(national["cost"].sum(), abs=0.01)
    assert apart[0, 0, 1] == pytest.approx(total_costs(counted, price, payers=["state"], national=True)[0, 0, 1])


def test_later_payments_are_worth_less(context, still, price, scenario):
    made = scenario("[[birth_grant]]\norder = 1\nyuan = 1000\nstart = 2024\nend = 2024\n")
    table = cost_table([made], still([made]), context, price, areas=AREAS)
    row = table[table["measure"] == "birth_grant"].iloc[0]
    assert row["discounted"] == pytest.approx(row["cost"] / 1.03**3, abs=0.005)
    assert row["budget_share"] == pytest.approx(100 * 200_000 / 52.45e9)
    assert price.discount == 0.03


def test_what_was_promised_is_marked(context, still, price):
    strong = load_scenario("subsidies_strong")
    table = cost_table([strong], still([strong]), context, price, areas=AREAS)
    assert (table["promised"] == (table["year"] > 2025)).all()
    assert table["promised"].any()
    assert table["year"].max() <= 2025 + TAIL


def test_missing_indicators_are_named(context, still):
    base = load_scenario("no_new_policy")
    with pytest.raises(ArgumentError, match="no childcare_opened, childcare_in_use"):
        quantities([base], still([base]).drop_vars(["childcare_opened", "childcare_in_use"]), context, AREAS)


def test_a_counterfactual_that_is_not_there_is_named(context, still, price):
    base = load_scenario("no_new_policy")
    with pytest.raises(ArgumentError, match="Did you mean 'no_new_policy'"):
        cost_table([base], still([base]), context, price, areas=AREAS, against="no_new_polcy")


class Evidence:
    """A pack with other tables of evidence."""

    def __init__(self, pack, **tables):
        self.evidence = dict(pack.evidence) | tables
        self.economy, self.start_date = pack.economy, pack.start_date


def test_wrong_tables_of_costs_are_named(pack):
    items = pack.evidence["cost_items"]
    with pytest.raises(PackError, match="Did you mean 'Campaign event'"):
        prices(Evidence(pack, cost_items=items.replace("Campaign event", "Campaign evnt")))
    with pytest.raises(PackError, match="campaigns: found no row"):
        prices(Evidence(pack, cost_items=items[items["measure"] != "campaigns"]))
    payers = pack.evidence["cost_payers"]
    with pytest.raises(PackError, match=r"childcare_running: found shares that add up to 0\.9"):
        prices(Evidence(pack, cost_payers=payers.query("measure != 'childcare_running' or payer != 'province'")))


def test_shares_of_payers_have_their_range(pack):
    payers = pack.evidence["cost_payers"]
    assert (payers["share_low"] <= payers["share"]).all()
    assert (payers["share"] <= payers["share_high"]).all()
    items = pack.evidence["cost_items"]
    assert (items["reason"].str.len() > 15).all()
