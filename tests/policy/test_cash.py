from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.policy.cash import Transfer, cash_effect, doses, saturating, transfers
from huyou_sim.policy.profiles import RAMP, cash_profile, years_between

ORDER_MIX = np.array([0.532, 0.338, 0.020]) / 0.89
"""Births by order in Huzhou, 2021: section 1 of the evidence."""


def monthly(yuan, months):
    return (yuan,) * months, tuple(month / 12 for month in range(months))


def yearly(total, years):
    return (total / years,) * years, tuple(float(year) for year in range(years))


PACKAGES = {
    # package: payments by order; births in the first years, median and 90 % band [%], section 5 of the evidence
    "national 3,600 a year": ({o: monthly(300.0, 36) for o in (1, 2, 3)}, 1.7, 0.5, 4.9),
    "Hangzhou": ({2: yearly(7000.0, 1), 3: yearly(25000.0, 1)}, 0.8, 0.3, 2.1),
    "1,000 a month, 2nd and 3rd": ({o: monthly(1000.0, 36) for o in (2, 3)}, 2.3, 0.9, 5.5),
    "1,000 a month, all": ({o: monthly(1000.0, 36) for o in (1, 2, 3)}, 4.4, 1.6, 10.8),
    "Hohhot": ({1: yearly(10000.0, 1), 2: yearly(50000.0, 5), 3: yearly(100000.0, 10)}, 3.7, 1.4, 8.6),
    "50k, 100k, 200k": ({1: yearly(5e4, 1), 2: yearly(1e5, 1), 3: yearly(2e5, 1)}, 6.9, 2.8, 15.2),
}


def births_gained(payments, context, priors):
    """Return the static gain of births in per cent, before ramp and tempo."""
    given_ = [Transfer(order, *payment, start=2021) for order, payment in payments.items()]
    dose = doses(given_, range(2021, 2022), context, priors, np.ones_like(priors["A11"]))[2021][:, 0]
    parity = np.stack([priors["A4"], priors["A5"], priors["A6"]])
    effect = priors["A3"] * parity * saturating(dose, priors["A1"], priors["A2"])
    effect = -priors["X1"] * np.expm1(-effect / priors["X1"])
    return 100 * ((ORDER_MIX[:, None] * np.exp(effect)).sum(axis=0) - 1)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_static_table_of_the_evidence_is_met(name, context, central, pack):
    payments, median, lower, upper = PACKAGES[name]
    assert births_gained(payments, context, central)[0] == pytest.approx(median, rel=0.1)
    rng = np.random.default_rng(20210101)
    draws = {}
    for row in pack.evidence["priors"].itertuples():
        if row.family == "lognormal":
            words = dict(pair.split("=") for pair in row.params.split(";"))
            draws[row.id] = float(words["median"]) * np.exp(float(words["sigma_log"]) * rng.normal(size=20_000))
    found = np.quantile(births_gained(payments, context, draws), [0.05, 0.5, 0.95])
    print(f"{name}: {found[1]:.2f} % ({found[0]:.2f}-{found[2]:.2f}), evidence {median} ({lower}-{upper})")
    np.testing.assert_allclose(found, [lower, median, upper], rtol=0.1, atol=0.05)


def test_present_value_is_the_sum_of_discounted_payments():
    grant = Transfer(2, (1000.0, 1000.0, 1000.0), (0.0, 1.0, 2.0), 2023)
    assert grant.present_value(np.array([0.0, 0.1]))[0] == 3000.0
    assert grant.present_value(np.array([0.1]))[0] == pytest.approx(1000 * (1 + 1 / 1.1 + 1 / 1.21))


def test_payments_are_those_of_the_file(scenario, context):
    text = "[[birth_grant]]\norder = 3\nyuan = 6000\nstart = 2023\nend = 2026\npayment_years = 3\n"
    text += "[[childcare_allowance]]\norder = 2\nyuan_per_month = 500\nmonths = 24\nstart = 2024\n"
    found = transfers(scenario(text, national=3600).levers, context)
    assert [(t.order, sum(t.yuan), max(t.at), t.local) for t in found] == [
        (1, 10800, 35 / 12, False), (2, 10800, 35 / 12, False), (3, 10800, 35 / 12, False),
        (3, 6000, 2.0, True), (2, 12000, 23 / 12, True),
    ]  # fmt: skip
    assert found[3].active(range(2021, 2029)).tolist() == [False, False, True, True, True, True, False, False]


def test_a_fixed_amount_is_worth_less_as_incomes_grow(context):
    grant = Transfer(2, (5750.0,), (0.0,), 2021)
    dose = doses([grant], range(2021, 2051), context, {"A11": np.array([0.08])}, np.ones(1))[2021][1, :, 0]
    assert dose[0] == pytest.approx(0.1)
    np.testing.assert_allclose(dose[1:] / dose[:-1], 1 / (1 + context.income_growth))


def test_what_only_the_enrolled_get_weighs_by_their_share(context):
    grant = Transfer(2, (5750.0,), (0.0,), 2021, enrolled_only=True)
    dose = doses([grant], range(2021, 2022), context, {"A11": np.array([0.08])}, np.array([0.06]))[2021]
    assert dose[1, 0, 0] == pytest.approx(0.006)


@given(st.floats(0, 100), st.floats(0.01, 1), st.floats(0.01, 1))
def test_the_effect_of_a_dose_keeps_below_slope_and_ceiling(dose, slope, ceiling):
    effect = saturating(np.array(dose), np.array(slope), np.array(ceiling))
    assert 0 <= effect <= min(ceiling, slope * dose) * (1 + 1e-12)


def test_the_ramp_is_that_of_the_evidence_and_a_longer_lag_stretches_it():
    years = range(2021, 2031)
    lags = np.array([1.2, 2.4])
    share = cash_profile(2023, years, lags, np.zeros(2), np.full(2, 3.0))
    assert share[:2].tolist() == [[0, 0], [0, 0]]
    np.testing.assert_allclose(share[2:5, 0], RAMP)
    np.testing.assert_allclose(share[2:7, 1], [0.2, 0.45, 0.7, 0.85, 1.0])


def test_the_tempo_part_fades_after_two_years_and_the_quantum_stays():
    share = cash_profile(2022, range(2022, 2100), np.array([1.2]), np.array([0.4]), np.array([3.0]))[:, 0]
    assert share[2] == 1.0
    assert share[5] == pytest.approx(0.6 + 0.4 * np.exp(-1))
    assert share[-1] == pytest.approx(0.6)


def test_payments_of_different_years_share_one_saturation(context, central):
    years, enrolled = range(2021, 2051), np.zeros(1)
    central = central | {"A10": np.array([1e-9]), "A7": np.zeros(1), "A8": np.zeros(1)}
    early, late = (Transfer(2, (40000.0,), (0.0,), start) for start in (2023, 2030))
    both = cash_effect([early, late], years, context, central, enrolled)[1, -1, 0]
    alone = cash_effect([early], years, context, central, enrolled)[1, -1, 0]
    dose = 80000 / context.income(2050)
    factor = float((central["A3"] * central["A5"])[0])
    assert both == pytest.approx(factor * float(saturating(np.array(dose), central["A1"], central["A2"])[0]))
    assert alone < both < 2 * alone


def test_the_order_of_payments_is_irrelevant(context, central):
    payments = [Transfer(o, (20000.0,), (0.0,), start) for o, start in ((1, 2025), (2, 2023), (2, 2025), (3, 2024))]
    one = cash_effect(payments, range(2021, 2051), context, central, np.zeros(1))
    np.testing.assert_array_equal(one, cash_effect(payments[::-1], range(2021, 2051), context, central, np.zeros(1)))


@pytest.mark.parametrize("fraction", [-0.2, 0.2])
def test_what_later_births_alone_get_touches_first_births_by_a16(context, central, fraction):
    years = range(2021, 2051)
    crossed = central | {"A16": np.array([fraction])}
    later = cash_effect([Transfer(2, (20000.0,), (0.0,), 2023)], years, context, crossed, np.zeros(1))
    np.testing.assert_allclose(later[0], fraction * later[1])
    equal = [Transfer(o, (20000.0,), (0.0,), 2023) for o in (1, 2)]
    np.testing.assert_array_equal(
        cash_effect(equal, years, context, crossed, np.zeros(1)),
        cash_effect(equal, years, context, central, np.zeros(1)),
    )


def test_a_path_is_the_baseline_before_a_line_between_and_level_after():
    found = years_between({2023: 3.0, 2025: 5.0}, range(2021, 2028), 2.6)
    assert found.tolist() == [2.6, 2.6, 3.0, 4.0, 5.0, 5.0, 5.0]
    assert years_between({}, range(2021, 2023), 2.6).tolist() == [2.6, 2.6]


@pytest.mark.parametrize(("order", "tempo"), [(1, "A7"), (2, "A8"), (3, "A8")])
def test_half_of_the_tempo_share_is_taken_off_in_the_end(context, central, order, tempo):
    """The other half the model takes itself: its hazards deplete the women who may bear."""
    from dataclasses import replace

    still = replace(context, income_growth=0.0)
    found = cash_effect([Transfer(order, (20000.0,), (0.0,), 2023)], range(2021, 2100), still, central, np.zeros(1))
    effect = found[order - 1, :, 0]
    parity = {1: "A4", 2: "A5", 3: "A6"}[order]
    full = central["A3"] * central[parity] * saturating(np.array(20000 / 57500), central["A1"], central["A2"])
    assert effect[4] == pytest.approx(full[0])
    assert effect[-1] == pytest.approx(full[0] * (1 - central[tempo][0] / 2))
