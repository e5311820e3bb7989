"""Scores against closed forms, plain double loops, and what must hold whatever the numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.scores import band, coverage, crps, inside, interval_score, pit

VALUES = st.floats(-1e3, 1e3, width=32)
ENSEMBLES = arrays(np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=VALUES)
CELLS = arrays(np.float64, 3, elements=VALUES)


def crps_of_normal(mean, sd, observed):
    """Return the score of a normal distribution: Gneiting and Raftery (2007), section 4.2."""
    z = (observed - mean) / sd
    return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


def normal_members(count, mean=3.0, sd=2.0):
    """Return members at the middles of equal slices of a normal distribution."""
    return norm.ppf((np.arange(count) + 0.5) / count, mean, sd)


@pytest.mark.parametrize("observed", [-4.0, 2.0, 3.0, 3.5, 11.0])
def test_crps_of_many_members_is_that_of_the_normal_distribution(observed):
    members = normal_members(20_000)
    assert crps(members, observed, fair=False) == pytest.approx(crps_of_normal(3.0, 2.0, observed), abs=2e-4)


def test_the_fair_score_of_few_members_is_right_on_average_and_the_plain_one_is_too_high():
    drawn = np.random.default_rng(5).normal(3.0, 2.0, (4, 200_000))
    seen = np.full(200_000, 4.0)
    exact = crps_of_normal(3.0, 2.0, 4.0)
    assert crps(drawn, seen).mean() == pytest.approx(exact, abs=0.01)
    # E|x - x'| of a normal distribution is 2 sd / sqrt(pi); the plain score of m members lacks 1/(2m) of it.
    assert crps(drawn, seen, fair=False).mean() == pytest.approx(exact + 2 * 2.0 / np.sqrt(np.pi) / 8, abs=0.01)


@given(ENSEMBLES, CELLS, st.booleans())
def test_crps_is_the_double_loop_over_pairs(members, seen, fair):
    count = len(members)
    apart = np.abs(members[:, None] - members[None]).sum((0, 1)) / (2 * count * (count - fair))
    expected = np.abs(members - seen).mean(0) - apart
    np.testing.assert_allclose(crps(members, seen, fair=fair), expected, rtol=1e-9, atol=1e-9)


@given(ENSEMBLES, CELLS)
def test_the_plain_score_lies_between_zero_and_the_mean_absolute_error(members, seen):
    score = crps(members, seen, fair=False)
    assert (score >= -1e-9).all()
    assert (score <= np.abs(members - seen).mean(0) + 1e-9).all()
    assert (crps(members, seen) <= score + 1e-9).all()


@given(ENSEMBLES, CELLS, st.floats(-50, 50), st.floats(0.5, 20))
def test_scores_move_with_the_origin_and_the_unit(members, seen, shift, scale):
    np.testing.assert_allclose(crps(members * scale + shift, seen * scale + shift), scale * crps(members, seen),
                               rtol=1e-7, atol=1e-7)  # fmt: skip
    np.testing.assert_allclose(
        interval_score(members * scale + shift, seen * scale + shift, 0.8), scale * interval_score(members, seen, 0.8),
        rtol=1e-7, atol=1e-6,
    )  # fmt: skip


@given(ENSEMBLES, CELLS, st.randoms())
def test_the_order_of_members_does_not_matter(members, seen, random):
    order = list(range(len(members)))
    random.shuffle(order)
    np.testing.assert_allclose(crps(members[order], seen), crps(members, seen), rtol=1e-12, atol=1e-9)
    np.testing.assert_array_equal(pit(members[order], seen), pit(members, seen))


@given(ENSEMBLES, CELLS)
def test_wider_bands_hold_what_narrower_ones_hold_and_the_rank_agrees(members, seen):
    narrow, wide = (inside(members, seen, level) for level in (0.5, 0.95))
    assert (wide | ~narrow).all()
    rank = pit(members, seen)
    assert ((rank > 0) & (rank < 1)).all()
    low, high = members.min(0), members.max(0)
    assert (rank[seen < low] == 0.5 / (len(members) + 1)).all()
    assert (rank[seen > high] == 1 - 0.5 / (len(members) + 1)).all()


def test_a_score_is_proper_the_truth_scores_best():
    seen = np.random.default_rng(6).normal(0.0, 1.0, 2000)
    mean = {sd: crps(np.tile(normal_members(400, 0.0, sd)[:, None], 2000), seen).mean() for sd in (0.5, 1.0, 2.0)}
    assert mean[1.0] < min(mean[0.5], mean[2.0])
    assert mean[1.0] == pytest.approx(1 / np.sqrt(np.pi), rel=0.05)


def test_bands_ranks_and_the_fine_of_a_known_ensemble():
    members = np.arange(101.0)
    lower, upper = band(members, 0.8)
    assert (lower, upper) == (pytest.approx(10.0), pytest.approx(90.0))
    assert interval_score(members, 50.0, 0.8) == pytest.approx(80.0)
    assert interval_score(members, 95.0, 0.8) == pytest.approx(80.0 + 2 / 0.2 * 5.0)
    assert interval_score(members, 7.0, 0.8) == pytest.approx(80.0 + 2 / 0.2 * 3.0)
    assert pit(members, 50.0) == pytest.approx(0.5)
    assert inside(members, 90.0, 0.8)
    assert not inside(members, 90.1, 0.8)


def test_coverage_of_a_calibrated_ensemble_is_its_level_and_of_a_narrow_one_less():
    random = np.random.default_rng(7)
    members, seen = random.normal(size=(399, 4, 2000)), random.normal(size=(4, 2000))
    for level in (0.5, 0.8, 0.95):
        assert coverage(members, seen, level) == pytest.approx(level, abs=0.02)
        assert coverage(members, seen, level, axis=1) == pytest.approx(np.full(4, level), abs=0.04)
    assert coverage(0.5 * members, seen, 0.95) < 0.75
    assert np.histogram(pit(members, seen), 4, (0, 1))[0] / 8000 == pytest.approx([0.25] * 4, abs=0.02)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crps(np.ones((5, 3)), np.ones(4)), "shape \\(4,\\).*shape \\(3,\\)"),
        (lambda: crps(np.ones((5, 3)), 1.0), "members on the first axis"),
        (lambda: crps([[1.0]], [1.0]), "2 or more.*fair=False"),
        (lambda: crps([np.nan, 1.0], 1.0), "1 not finite"),
        (lambda: pit([1.0, 2.0], np.nan), "observed"),
        (lambda: band([], 0.5), "ensemble"),
        (lambda: inside([1.0, 2.0], 1.0, 95), "Type 0.95"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, words):
    with pytest.raises(ArgumentError, match=words):
        call()
