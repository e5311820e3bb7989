"""Brass's logit and the Lee-Carter form: published values, and what must hold for any input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.demography.lifetable import group_survivorship, life_table
from huyou_sim.demography.mortality import (
    brass_parameters,
    brass_survivors,
    brass_table,
    lee_carter,
    lee_carter_rates,
    survivor_logit,
)
from huyou_sim.errors import ArgumentError, LabelError, RateError

REFERENCES = Path(__file__).parents[1] / "references"
AGES = [0, 1, *range(5, 101, 5)]


RATES = 5e-5 * np.exp(0.095 * np.array([20.0, 3.0, *np.arange(7.5, 103, 5)]))


def standard():
    return life_table(RATES, AGES, "female").lx


@given(
    slope=st.floats(0.04, 0.1),
    pattern=st.lists(st.floats(0.1, 1.0), min_size=5, max_size=5),
    index=st.lists(st.floats(-5, 5), min_size=3, max_size=8).filter(lambda k: max(k) - min(k) > 0.1),
)
def test_lee_carter_recovers_rates_of_its_own_form(slope, pattern, index):
    b = np.array(pattern) / sum(pattern)
    k = np.array(index) - np.mean(index)
    a = -6.0 + slope * np.arange(0, 50, 10)
    mx = lee_carter_rates(a, b, k)
    assert mx.shape == (len(k), 5)
    found = lee_carter(mx)
    assert np.allclose(found.level, a, atol=1e-9)
    assert np.allclose(found.pattern, b, atol=1e-9)
    assert np.allclose(found.index, k, atol=1e-9)
    assert found.pattern.sum() == pytest.approx(1.0, abs=1e-12)


@given(change=st.floats(-3, 3))
def test_a_lower_index_is_a_longer_life(change):
    both = lee_carter_rates(np.log(RATES), np.full(22, 1 / 22), np.array([0.0, change]))
    assert np.allclose(both[0], RATES, rtol=1e-13)
    assert np.allclose(both[1], RATES * np.exp(change / 22), rtol=1e-12)
    expectancy = life_table(both, AGES, "male").expectancy[:, 0]
    assert np.sign(expectancy[0] - expectancy[1]) == np.sign(change) or abs(change) < 1e-9


@given(alpha=st.floats(-1.5, 1.5), beta=st.floats(0.5, 1.6))
def test_logit_there_and_back(alpha, beta):
    known = standard()
    survivors = brass_survivors(known, alpha, beta)
    assert survivors[0] == 1.0
    assert ((survivors >= 0) & (survivors <= 1)).all()
    assert (np.diff(survivors) <= 0).all()
    assert brass_parameters(survivors, known) == pytest.approx((alpha, beta), abs=1e-7)
    # Back to the standard by the inverse line.
    back = brass_survivors(survivors, -alpha / beta, 1 / beta)
    assert np.allclose(back, known, atol=1e-9)


def test_logit_in_round_numbers():
    """Half the log odds: 0 at one half, and alpha of ln(3) / 2 turns one half into one quarter."""
    assert survivor_logit(np.array([0.5])) == 0.0
    assert brass_survivors(np.array([1.0, 0.5, 0.0]), np.log(3) / 2) == pytest.approx([1.0, 0.25, 0.0])
    assert brass_survivors(standard(), np.array([-0.2, 0.0]))[1] == pytest.approx(standard())


def test_two_ages_make_a_line():
    known = np.array([1.0, 0.8, 0.3, 0.0])
    assert brass_parameters(brass_survivors(known, 0.2, 1.1), known) == pytest.approx((0.2, 1.1), rel=1e-12)


def test_more_alpha_is_more_mortality():
    levels = brass_survivors(standard(), np.array([-0.2, 0.0, 0.2]))
    assert (np.diff(levels[:, 1:], axis=0) < 0).all()


@given(alpha=st.floats(-1.0, 1.0), beta=st.floats(0.7, 1.3))
def test_life_table_of_the_logit_system(alpha, beta):
    known = life_table(RATES, AGES, "female")
    table = brass_table(known, alpha, beta)
    assert np.allclose(table.lx, brass_survivors(known.lx, alpha, beta), rtol=1e-11)
    # A life table like any other: its rates and a(x) give it again.
    again = life_table(table.mx, AGES, "female", ax=table.ax)
    assert np.allclose(again.expectancy, table.expectancy, rtol=1e-12)
    assert table.mx[-1] / known.mx[-1] == pytest.approx(table.mx[-2] / known.mx[-2], rel=1e-12)
    ratios = group_survivorship(table, 5)
    assert ((ratios >= 0) & (ratios <= 1)).all()


def test_life_table_of_the_logit_system_at_rest_and_moved():
    known = life_table(RATES, AGES, "female")
    levels = brass_table(known, np.array([-0.3, 0.0, 0.3]))
    assert np.allclose(levels.mx[1], known.mx, rtol=1e-9)
    assert np.allclose(levels.expectancy[1], known.expectancy, rtol=1e-10)
    assert (np.diff(levels.mx, axis=0) > 0).all()
    assert (np.diff(levels.expectancy[:, 0]) < -3.0).all()


def test_coale_demeny_tables_are_near_a_line_of_each_other():
    """West at 60 and 70 years differ in level far more than in balance: below 80, a line is within 0.018 survivors."""
    table = pd.read_csv(REFERENCES / "lifetable_coale_demeny_west.csv").query("sex == 'female'")
    tables = {
        level: life_table(rows["mx"].to_numpy(), rows["age"].tolist(), "female", childhood="coale_demeny")
        for level, rows in table.groupby("e0")
    }
    young, old = tables[60].lx[:17], tables[70].lx[:17]
    alpha, beta = brass_parameters(young, old)
    assert alpha == pytest.approx(0.320, abs=0.001)
    assert beta == pytest.approx(0.867, abs=0.001)
    assert np.abs(brass_survivors(old, alpha, beta) - young).max() < 0.018
    # Three quarters of the way from 70 to 60 years is the level alone.
    assert np.abs(brass_survivors(old, 0.4) - young).max() < 0.25 * np.abs(old - young).max()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: survivor_logit(np.array([1.0, 1.01])), RateError, r"survivors at position 1 .*found 1\.01"),
        (lambda: survivor_logit(np.array([1.0, np.nan])), RateError, "position 1 .*found nan"),
        (lambda: survivor_logit(np.array([1.0, 0.5, 0.6])), RateError, r"position 2 .*found 0\.6.* a survival of 1\.2"),
        (lambda: brass_survivors(standard(), 0.0, 0.0), ArgumentError, "beta 0; expected .*beta more than 0"),
        (lambda: brass_survivors(standard(), np.nan), ArgumentError, "alpha nan"),
        (
            lambda: brass_parameters(np.array([1.0, 0.5, 0.0]), np.array([1.0, 0.4, 0.0])),
            LabelError,
            r"1 age\(s\).*two ages",
        ),
        (lambda: brass_parameters(standard(), standard()[:-1]), LabelError, r"shapes \(22,\) and \(21,\)"),
        (
            lambda: brass_table(life_table([0.1, 0.0, 0.1], [0, 1, 5], "male"), 0.1),
            RateError,
            "survivors to age 1 .*found 0",
        ),
        (lambda: lee_carter(np.array([[0.1, 0.0], [0.1, 0.1]])), RateError, "position 1 .*row 0: found 0"),
        (lambda: lee_carter(np.array([[0.1, 0.0], [0.1, 0.1]]), [0, 5]), RateError, "age 5, row 0: found 0"),
        (lambda: lee_carter(np.full((4, 3), 0.01)), RateError, "no change"),
        (
            lambda: lee_carter(np.array([[0.1, -0.1], [0.1, 0.1]]), [0, 5]),
            RateError,
            r"age 5, position 0 .*found -0\.1",
        ),
        (lambda: lee_carter(np.full(3, 0.01)), LabelError, "1 dimension"),
        (lambda: lee_carter(np.full((4, 3), 0.01), [0, 5]), LabelError, "found 3 ages; expected 2"),
        (lambda: lee_carter_rates(np.zeros(3), np.zeros(2), 0.0), LabelError, "pattern"),
        (
            lambda: lee_carter_rates(np.zeros(2), np.ones(2), 1e4),
            RateError,
            "Lee-Carter form at position 0 .*found inf",
        ),
    ],
)
def test_faults_are_named_with_array_place_and_value(call, error, words):
    with pytest.raises(error, match=words):
        call()
