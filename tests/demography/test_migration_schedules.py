"""Rogers-Castro schedules against published ones and against their own parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from huyou_sim.demography.migration import rogers_castro
from huyou_sim.errors import ArgumentError

REFERENCES = Path(__file__).parents[1] / "references"
ANNUAL = (0.0158213, 0.165998, 0.0900079, 0.0907629, 19.72266, 0.197905, 0.00021868)
"""The seven parameters behind the annual schedule of bayesPop, found by the fit below."""
RETIREMENT = (0.02, 0.4, 62.0, 0.5)
ELDERLY = (1e-4, 0.04)


def schedule(parameters, ages, **options):
    a1, alpha1, a2, alpha2, mu2, lambda2, constant = parameters
    return rogers_castro(
        ages, childhood=(a1, alpha1), labour=(a2, alpha2, mu2, lambda2), constant=constant, **options
    )  # fmt: skip


def published(width):
    table = pd.read_csv(REFERENCES / "rogers_castro_bayespop.csv").query("width == @width")
    return table["age"].to_numpy(), table["prop"].to_numpy()


def test_annual_schedule_of_bayespop(reached):
    """Seven parameters give ages 0-90 to one unit of the last printed digit; the source is cut to a sum of 1 there."""
    ages, shares = published(1)
    name, how = "Rogers-Castro, single ages, bayesPop", "seven parameters"
    error = np.abs(schedule(ANNUAL, ages[:91], normalised=False) - shares[:91]).max()
    reached(name, "shares, printed to 0.00001", error, 1e-5, "absolute", how)
    error = np.abs(schedule(ANNUAL, ages[:91]) - shares[:91]).max()
    reached(name, "shares, printed to 0.00001", error, 1.5e-5, "absolute", how + ", normalised")
    assert (shares[92:] == 0).all()
    assert shares.sum() == pytest.approx(1.0, abs=1e-9)


def test_the_annual_schedule_identifies_its_parameters():
    ages, shares = published(1)
    start = np.array([0.02, 0.1, 0.06, 0.1, 20.0, 0.4, 0.003])
    fit = least_squares(
        lambda p: 1e5 * (schedule(p, ages[:91], normalised=False) - shares[:91]),
        start,
        x_scale=np.array(ANNUAL),
        bounds=(0.0, np.inf),
        xtol=1e-14,
    )
    assert fit.x == pytest.approx(ANNUAL, rel=1e-4)


def test_five_year_schedule_of_bayespop(reached):
    """Counts in 1,500: seven parameters at the middle of each group give every group below 80 to half a unit."""
    _, shares = published(5)
    assert np.allclose(shares * 1500, np.round(shares * 1500), atol=0.01)
    middles = np.arange(2.5, 80, 5)
    start = np.array([0.093, 0.168, 0.42, 0.084, 20.0, 0.198, 2e-4])
    fit = least_squares(
        lambda p: 1500 * (schedule(p, middles, normalised=False) - shares[:16]),
        start,
        x_scale=start,
        bounds=(0.0, np.inf),
    )
    found = schedule(fit.x, middles, normalised=False)
    error = 1500 * np.abs(found - shares[:16]).max()
    name, how = "Rogers-Castro, five years, bayesPop", "seven parameters at the middle of a group"
    reached(name, "counts in 1,500 below 80", error, 0.5, "counts", how)
    # The single-age schedule is another one: five-year sums of it are off by 5 per 1,000 at 10-14.
    sums = schedule(ANNUAL, np.arange(80), normalised=False).reshape(-1, 5).sum(axis=1)
    assert 0.004 < np.abs(sums - shares[:16]).max() < 0.006


@given(
    options=st.fixed_dictionaries(
        {}, optional={"retirement": st.just(RETIREMENT), "elderly": st.just(ELDERLY)}
    ),
    height=st.floats(0.01, 10.0),
)  # fmt: skip
def test_shares_sum_to_one_and_do_not_depend_on_the_level(options, height):
    ages = np.arange(101)
    found = schedule(ANNUAL, ages, **options)
    assert found.sum() == pytest.approx(1.0, rel=1e-12)
    assert (found > 0).all()
    scaled = (ANNUAL[0] * height, ANNUAL[1], ANNUAL[2] * height, *ANNUAL[3:6], ANNUAL[6] * height)
    options = {name: (value[0] * height, *value[1:]) for name, value in options.items()}
    assert np.allclose(schedule(scaled, ages, **options), found, rtol=1e-9)


def test_nine_eleven_and_thirteen_parameters_add_their_parts():
    ages = np.arange(101)
    seven = schedule(ANNUAL, ages, normalised=False)
    nine = schedule(ANNUAL, ages, normalised=False, elderly=ELDERLY)
    eleven = schedule(ANNUAL, ages, normalised=False, retirement=RETIREMENT)
    thirteen = schedule(ANNUAL, ages, normalised=False, retirement=RETIREMENT, elderly=ELDERLY)
    assert np.allclose(nine - seven, 1e-4 * np.exp(0.04 * ages), atol=1e-15)
    assert np.allclose(thirteen - seven, (nine - seven) + (eleven - seven), atol=1e-15)
    # The peak stands where its slope is 0: lambda exp(-lambda (x - mu)) = alpha.
    peak = eleven - seven
    assert int(np.argmax(peak)) == round(62.0 + np.log(0.5 / 0.4) / 0.5)


def test_far_below_a_steep_peak_nothing_overflows():
    found = rogers_castro(np.arange(101), childhood=(0.0, 0.0), labour=(1.0, 0.1, 90.0, 50.0))
    assert np.isfinite(found).all()
    assert found[:80].sum() == 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labour": (0.1, -0.1, 20.0, 0.4)}, r"labour .*found \(0\.1, -0\.1, 20\.0, 0\.4\)"),
        ({"retirement": (0.1, 0.2, np.nan, 0.1)}, "retirement .*nan"),
        ({"childhood": (0.1,)}, r"childhood .*found \(0\.1,\); expected 2 finite"),
        ({"constant": -0.1}, r"constant .*found \(-0\.1,\)"),
        ({"childhood": (0.0, 0.1), "labour": (0.0, 0.1, 20.0, 0.4)}, "sum .*found 0"),
        ({"elderly": (1.0, 1e3), "normalised": False}, "sum .*found inf"),
        ({"ages": [0.0, -1.0]}, "ages .*found -1"),
        ({"ages": [0.0, np.inf]}, "ages .*found inf"),
        ({"ages": []}, "sum .*found 0"),
    ],
)
def test_faults_are_named_with_their_value(change, words):
    fine = {"ages": np.arange(5), "childhood": (0.1, 0.1), "labour": (0.1, 0.1, 20.0, 0.4)}
    rogers_castro(**fine)
    with pytest.raises(ArgumentError, match=words):
        rogers_castro(**(fine | change))
