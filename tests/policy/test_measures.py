"""Measures that are no cash: what they are worth to a family, and places as stock and flow."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.policy.cash import doses, transfers
from huyou_sim.policy.childcare import LOWEST_FEE, rate_of_use, yearly
from huyou_sim.policy.series import policy_series

YEARS = range(2021, 2031)


@pytest.fixture
def dose(scenario, context, central):
    """Return a function that gives the dose of a text's measures, (order, year) [years of income]."""

    def make(text):
        payments = transfers(scenario(text).levers, context)
        found = doses(payments, YEARS, context, central, np.ones(1))
        return sum(part[..., 0] for part in found.values())

    return make


def test_a_deduction_is_worth_the_tax_saved_times_its_weight(dose, context, central):
    found = dose("[tax_deduction]\nyuan_per_month = 2000\nmonths = 1\nstart = 2025\n")
    worth = 2000 * context.tax_saved_per_yuan * central["A13"][0] / context.income(2025)
    np.testing.assert_allclose(found[:, 4], worth)
    assert (found[:, :4] == 0.0).all()


def test_a_coupon_is_worth_its_amount_times_take_up_times_its_weight(dose, context, central):
    found = dose("[[housing_coupon]]\norder = 3\nyuan = 120000\ntake_up_percent = 20\nstart = 2025\n")
    assert found[2, 4] == pytest.approx(120_000 * 0.2 * central["A12"][0] / context.income(2025))
    assert (found[:2] == 0.0).all()


def test_rent_and_leave_keep_their_worth_while_a_loan_erodes(dose, context, central):
    rent = dose("[rent_reduction]\npercent = 15\nmonths = 1\ntake_up_percent = 10\nstart = 2025\n")
    np.testing.assert_allclose(rent[2, 4:], 0.15 * 1500 * 0.1 * central["A12"][0] / 57500)
    leave = dose("[[maternity_leave]]\norder = 2\nextra_days = 30\nstart = 2025\n")
    later = (1 + central["A11"][0]) ** (-158 / 365)
    np.testing.assert_allclose(leave[1, 4:], 30 * 216.67 * 0.6 * central["A14"][0] * later / 57500)
    loan = dose(
        "[provident_fund_loan]\nlimit_raised_percent = 20\ntake_up_percent = 15\nfrom_order = 2\nstart = 2025\n"
    )
    assert loan[0].sum() == 0.0
    np.testing.assert_allclose(loan[1:, 5] / loan[1:, 4], 1 / 1.045)
    assert loan[1, 4] == pytest.approx(6000 * 0.15 * central["A12"][0] / context.income(2025))


def test_an_employer_subsidy_counts_for_employed_mothers(dose, context, central):
    found = dose("[employer_subsidy]\nyuan_per_month = 1000\nmonths = 1\nstart = 2025\n")
    np.testing.assert_allclose(found[:, 4], 1000 * 0.6 * central["A14"][0] / context.income(2025))


def test_local_measures_relocate_births_and_the_states_do_not(scenario, ask):
    asked = ask(
        scenario("[tax_deduction]\nyuan_per_month = 5000\nstart = 2023\n", "tax"),
        scenario("[[maternity_leave]]\norder = 1\nextra_days = 90\nstart = 2023\n", "leave"),
    )
    found = asked.response.relocated_cash_effect(2030)
    assert (found[:, 0] == 0.0).all()
    assert found[0, 1] > 0.0


def test_health_moves_infant_mortality_and_no_birth(scenario, ask, central):
    asked = ask(scenario("[maternal_infant_health]\nintensity = 0.5\nstart = 2023\n"))
    assert asked.moved(2026) == {"infant_mortality"}
    assert asked.log(2026, "infant_mortality")[0] == pytest.approx(-0.5 * central["F1"][0])


def test_a_running_subsidy_lowers_the_fee_by_what_is_passed_on(scenario, context, central):
    rates = "months_6_12 = 1000\nmonths_12_24 = 500\nmonths_24_36 = 200\nstart = 2023\nend = 2024\n"
    half = rate_of_use(scenario(f"[running_subsidy]\npassed_on_percent = 50\n{rates}").levers, YEARS, context, central)
    kept = rate_of_use(scenario(f"[running_subsidy]\n{rates}", "kept").levers, YEARS, context, central)
    fee = context.fee - 0.5 * (0.1 * 1000 + 0.3 * 500 + 0.6 * 200)
    assert half[2, 0] == pytest.approx(central["B3"][0] * (fee / context.fee) ** central["B4"][0])
    assert half[4, 0] == kept[2, 0] == pytest.approx(central["B3"][0])
    flood = "[running_subsidy]\npassed_on_percent = 100\nmonths_6_12 = 20000\nmonths_24_36 = 20000\nstart = 2023\n"
    assert rate_of_use(scenario(flood, "flood").levers, YEARS, context, central)[2, 0] <= 1.0
    assert LOWEST_FEE > 0.0


def test_a_flow_is_nothing_before_its_first_and_after_its_last_year():
    found = yearly({"2023": 100.0, "2025": 300.0}, YEARS)
    assert found.tolist() == [0, 0, 100, 200, 300, 0, 0, 0, 0, 0]


def still(response, areas, children, people):
    """Return a projection in which nobody moves, as `policy_series` takes it, the place last."""
    coords = {"area": [*areas, "330500"], "scenario": list(response.scenarios), "draw": [0]}
    share = np.array([*np.full(len(areas), 1.0 / len(areas)), 1.0])
    times = [response.years[0] - 1, *response.years]
    stock = np.zeros((len(share), len(response.scenarios), 1, len(times), 1, 101))
    stock[..., :3] = (children / 3 * share)[:, None, None, None, None, None]
    stock[..., 40] = ((people - children) * share)[:, None, None, None, None]
    return xr.Dataset(
        {
            "population": (("area", "scenario", "draw", "time", "sex", "age"), stock),
            "newborn": (("area", "scenario", "draw", "year", "sex"), stock[:, :, :, 1:, :, 0]),
            "births": (("area", "scenario", "draw", "year", "birth_order"), stock[:, :, :, 1:, 0, :3]),
        },
        coords
        | {"time": times, "year": list(response.years), "sex": ["both"], "age": range(101), "birth_order": [1, 2, 3]},
    )


@pytest.fixture
def childcare(ask, central):
    """Return a function that gives the childcare series of scenarios for a place that stands still."""

    def make(*scenarios):
        response = ask(*scenarios, until=2030).response
        result = still(response, response.areas, 70_000.0, 3_400_000.0)
        return policy_series(result, response, scenarios, central)

    return make


def test_places_are_those_of_before_plus_opened_less_closed(scenario, childcare):
    moved = scenario(
        "[childcare]\nnew_places_converted = { 2023 = 300, 2025 = 300 }\nnew_places_built = { 2023 = 1000 }\n"
        "places_closed = { 2026 = 200 }\n"
    )
    ratio = scenario("[childcare]\nplaces_per_1000 = { 2022 = 2.63, 2025 = 4.6, 2027 = 3.0 }\n", "ratio")
    found = childcare(moved, ratio)
    places, opened, closed = (found[f"childcare_{name}"] for name in ("places", "opened", "closed"))
    np.testing.assert_allclose(places.diff("year"), (opened - closed).sel(year=slice(2022, None)), rtol=1e-9, atol=1e-9)
    here = {"scenario": "mine", "area": "330500", "draw": 0}
    assert opened.sel(year=[2023, 2024, 2025, 2026], **here).values.tolist() == pytest.approx([1300, 300, 300, 0])
    assert closed.sel(**here).sum() == pytest.approx(200.0)
    assert closed.sel(scenario="ratio", area="330500", draw=0, year=2026) > 0.0
    by_area = places.sel(area=[a for a in places["area"].values if a != "330500"]).sum("area")
    np.testing.assert_allclose(by_area, places.sel(area="330500"))


def test_a_place_is_in_use_or_empty_and_a_child_wants_one_has_one_or_lacks_it(scenario, childcare, central):
    many = scenario("[childcare]\nplaces_per_1000 = { 2023 = 40 }\nfee_yuan_per_month = { 2023 = 100 }\n", "many")
    found = childcare(scenario(), many)
    np.testing.assert_allclose(found["childcare_in_use"] + found["childcare_empty"], found["childcare_places"])
    np.testing.assert_allclose(found["childcare_in_use"] + found["childcare_unmet"], found["childcare_wanted"])
    city = {"area": "330500", "draw": 0, "year": 2030}
    assert found["childcare_wanted"].sel(**city)[0] == pytest.approx(70_000 * central["B2"][0])
    assert found["childcare_coverage"].sel(scenario="many", **city) == pytest.approx(100 * central["B2"][0])
    assert found["childcare_unmet"].sel(scenario="many", **city) == pytest.approx(0.0)
    assert found["childcare_use_rate"].sel(**city)[0] == pytest.approx(100 * central["B3"][0])


def test_no_more_places_close_than_there_are(scenario, childcare):
    found = childcare(scenario("[childcare]\nplaces_closed = { 2023 = 6000, 2025 = 6000 }\n"))
    city = {"scenario": "mine", "area": "330500", "draw": 0}
    assert (found["childcare_places"] >= 0.0).all()
    assert found["childcare_closed"].sel(**city).sum() == pytest.approx(2.63 * 3400)
    assert found["childcare_opened"].sel(**city).sum() == pytest.approx(0.0)
    assert found["childcare_in_use"].sel(year=2030, **city) == 0.0


def test_no_places_opened_is_no_lever(scenario, ask):
    asked = ask(scenario("[childcare]\nnew_places_built = { 2023 = 0 }\n"))
    assert asked.moved(2030) == set()


def test_places_by_number_act_as_the_same_places_by_ratio(scenario, ask):
    # 0.1 per 1,000 of 680,000 residents in each of five areas are 340 places.
    ratio = scenario("[childcare]\nplaces_per_1000 = { 2022 = 2.63, 2023 = 2.73 }\n", "ratio")
    number = scenario("[childcare]\nnew_places_built = { 2023 = 340 }\n", "number")
    even = dict.fromkeys(("330502", "330503", "330521", "330522", "330523"), 1.0)
    asked = ask(ratio, number, children_by_area=even)
    care = asked.parts(2030)["childcare"]
    assert care[0] > 0.0
    assert care[1] == pytest.approx(care[0])
