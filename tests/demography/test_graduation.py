from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from huyou_sim.demography.graduation import graduate, group_sums, least_bending, round_within_groups
from huyou_sim.errors import RateError
from huyou_sim.pack import load_pack

LOWER = np.array([0, 1, *range(5, 90, 5)])
AGES = np.arange(101)
COUNTS = arrays(np.float64, len(LOWER), elements=st.integers(0, 10**7).map(float))


@pytest.fixture(scope="module")
def reference() -> np.ndarray:
    people = load_pack("huzhou").schedules["population_single_age"]
    rows = people.query("date == '2020-11-01' and sex == 'female'").sort_values("age")
    return rows["population"].to_numpy()


@given(totals=COUNTS, waves=arrays(np.float64, 101, elements=st.floats(0.01, 10)))
def test_group_sums_are_kept_and_nobody_is_negative(totals: np.ndarray, waves: np.ndarray) -> None:
    counts = graduate(totals, LOWER, 1e4 * waves)
    assert (counts >= 0).all()
    assert group_sums(counts, LOWER) == pytest.approx(totals, rel=1e-12, abs=1e-6)


@given(totals=COUNTS)
def test_rounded_counts_still_add_up_to_the_census(totals: np.ndarray) -> None:
    counts = round_within_groups(graduate(totals, LOWER, np.exp(-AGES / 40)), LOWER, totals)
    assert np.abs(group_sums(counts, LOWER) - totals).max() < 1e-6
    assert np.abs(counts * 1000 - np.rint(counts * 1000)).max() < 1e-3
    assert (counts > -0.05).all()


def test_a_copy_of_the_reference_keeps_its_shape(reference: np.ndarray) -> None:
    counts = graduate(group_sums(0.003 * reference, LOWER), LOWER, reference)
    assert counts == pytest.approx(0.003 * reference, rel=1e-9)


def test_a_ratio_that_changes_evenly_with_age_is_found_again(reference: np.ndarray) -> None:
    ratio = np.where(AGES < 85, 0.2 + 0.01 * AGES, 0.2 + 0.01 * 85)
    counts = graduate(group_sums(ratio * reference, LOWER), LOWER, reference)
    assert counts[:75] == pytest.approx((ratio * reference)[:75], rel=2e-3)
    assert counts[85:] == pytest.approx((ratio * reference)[85:], rel=1e-9)


def test_no_step_arises_at_the_borders_of_groups(reference: np.ndarray) -> None:
    """A hump of migrants at 30: splitting each group by the reference alone would give steps at 25, 30, 35."""
    hump = 1 + 1.5 * np.exp(-0.5 * ((AGES - 31) / 5.0) ** 2)
    totals = group_sums(hump * reference, LOWER)
    borders = LOWER[3:-1]

    def step(counts: np.ndarray) -> float:
        change = np.diff(np.log(counts / reference))
        return float(np.abs(change[borders - 1]).max())

    flat = reference * np.repeat(totals / group_sums(reference, LOWER), np.diff([*LOWER, 101]))
    smooth = graduate(totals, LOWER, reference)
    assert step(flat) > 0.3
    assert step(smooth) < 1.15 * step(hump * reference)
    assert smooth[5:85] == pytest.approx((hump * reference)[5:85], rel=0.03)


def test_areas_add_up_age_by_age_where_no_ratio_turns_negative(reference: np.ndarray) -> None:
    here = group_sums((0.4 + 0.002 * AGES) * reference, LOWER)
    there = group_sums((0.3 + 0.1 * np.sin(AGES / 9.0)) * reference, LOWER)
    apart = graduate(here, LOWER, reference) + graduate(there, LOWER, reference)
    assert apart == pytest.approx(graduate(here + there, LOWER, reference), rel=1e-9)


def test_an_empty_group_stays_empty(reference: np.ndarray) -> None:
    totals = group_sums(reference, LOWER)
    totals[6] = 0.0
    counts = graduate(totals, LOWER, reference)
    assert (counts[LOWER[6] : LOWER[7]] == 0).all()


def test_the_open_group_has_the_shape_of_the_reference(reference: np.ndarray) -> None:
    totals = group_sums(reference, LOWER) * np.linspace(1, 3, len(LOWER))
    counts = graduate(totals, LOWER, reference)
    assert counts[85:] / counts[85:].sum() == pytest.approx(reference[85:] / reference[85:].sum())


@given(totals=arrays(np.float64, 4, elements=st.floats(-1e4, 1e4)), order=st.sampled_from([1, 2]))
def test_least_bending_keeps_sums_and_is_linear(totals: np.ndarray, order: int) -> None:
    lower, weights = np.array([0, 5, 10, 15]), np.linspace(1, 2, 20)

    def split(values: np.ndarray) -> np.ndarray:
        return least_bending(values, lower, weights, order=order)

    series = split(totals)
    assert group_sums(weights * series, lower) == pytest.approx(totals, rel=1e-9, abs=1e-6)
    other = np.array([1.0, -2.0, 3.0, 0.5])
    assert split(totals + other) == pytest.approx(series + split(other), rel=1e-6, abs=1e-6)


def test_least_bending_bends_least() -> None:
    lower, weights = np.array([0, 5, 10, 15]), np.ones(20)
    totals = np.array([5.0, 20.0, 40.0, 30.0])
    best = least_bending(totals, lower, weights)
    generator = np.random.default_rng(1)
    for _ in range(20):
        other = generator.normal(size=20)
        other -= np.repeat(group_sums(other, lower) / 5, 5)
        assert (np.diff(best + 0.1 * other, n=2) ** 2).sum() > (np.diff(best, n=2) ** 2).sum()


@pytest.mark.parametrize(("position", "value"), [(3, -1.0), (3, np.nan)])
def test_a_count_that_cannot_be_is_refused(position: int, value: float) -> None:
    totals = np.full(len(LOWER), 100.0)
    totals[position] = value
    with pytest.raises(RateError, match="age group from 10"):
        graduate(totals, LOWER, np.ones(101))


def test_people_where_the_reference_has_none_are_refused() -> None:
    reference = np.ones(101)
    reference[10:15] = 0.0
    with pytest.raises(RateError, match="age group from 10"):
        graduate(np.full(len(LOWER), 100.0), LOWER, reference)
