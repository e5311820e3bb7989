"""Courses to a target: by hand, against simulated paths, and the cases that a planner meets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from huyou_sim.errors import ArgumentError
from huyou_sim.planning.course import Pace, course_probability

PACE = Pace(mean=7.5, sd=2.0, step_sd=1.5, start_sd=0.0, error=1.0)
"""A rate from 60 to 90 in four years, at the pace that is asked."""


def test_without_an_observation_the_prior_alone_speaks():
    found = course_probability(60.0, 90.0, [], 4.0, pace=Pace(6.0, 1.5, 2.0))
    sd = np.sqrt(1.5**2 * 16.0 + 2.0**2 * 4.0)
    assert found.mean == pytest.approx(84.0)
    assert found.sd == pytest.approx(sd)
    assert found.probability == pytest.approx(norm.sf(90.0, 84.0, sd))
    assert found.required_pace == found.still_required_pace == 7.5
    assert np.isnan([found.observed_pace, found.covered, found.probability_at_pace]).all()


def test_what_was_observed_is_said_by_hand():
    found = course_probability(60.0, 90.0, [(2.0, 71.0)], 4.0, pace=PACE)
    assert found.observed_pace == pytest.approx(5.5)
    assert found.still_required_pace == pytest.approx(9.5)
    assert found.covered == pytest.approx(11.0 / 30.0)
    # 71 and two more years at 5.5 are 82, eight short, with steps of 1.5 in each.
    assert found.probability_at_pace == pytest.approx(norm.cdf(-8.0 / (1.5 * np.sqrt(2.0))))
    # Pace: normal prior 7.5 (2), one figure of slope 5.5 with variance (1.5^2 * 2 + 1) / 4.
    precision = np.array([1.0 / 4.0, 4.0 / (1.5**2 * 2.0 + 1.0)])
    assert found.pace == pytest.approx((precision @ [7.5, 5.5]) / precision.sum())
    assert found.pace_sd == pytest.approx(precision.sum() ** -0.5)


def test_simulated_paths_that_pass_the_observations_end_as_the_posterior_says():
    rng = np.random.default_rng(3)
    draws = 400_000
    pace = 7.5 + 2.0 * rng.standard_normal(draws)
    steps = 1.5 * rng.standard_normal((4, draws)).cumsum(axis=0)
    path = 60.0 + pace * np.arange(1.0, 5.0)[:, None] + steps
    weight = np.exp(-0.5 * ((path[0] - 65.0) ** 2 + (path[1] - 74.0) ** 2))
    found = course_probability(60.0, 90.0, [(2.0, 74.0), (1.0, 65.0)], 4.0, pace=PACE)
    mean = np.average(path[3], weights=weight)
    assert found.mean == pytest.approx(mean, abs=0.1)
    assert found.sd == pytest.approx(np.sqrt(np.average((path[3] - mean) ** 2, weights=weight)), abs=0.1)
    assert found.probability == pytest.approx(np.average(path[3] >= 90.0, weights=weight), abs=0.01)


def test_a_figure_of_the_target_year_without_error_settles_it():
    for value, probability in ((90.1, 1.0), (89.9, 0.0)):
        found = course_probability(60.0, 90.0, [(4.0, value)], 4.0, pace=Pace(7.5, 2.0, 1.5))
        assert found.mean == pytest.approx(value)
        assert found.sd == pytest.approx(0.0, abs=1e-6)
        assert found.probability == pytest.approx(probability)
        assert np.isnan(found.still_required_pace)


def test_a_share_seen_at_its_cap_is_there_or_beyond():
    pace = Pace(0.0, 0.0, 0.1, start_sd=10.0)
    found = course_probability(97.0, 100.0, [(2.0, 100.0)], 4.0, pace=pace, cap=100.0)
    sd = np.sqrt(10.0**2 + 0.1**2 * 2.0)
    assert found.mean == pytest.approx(truncnorm.mean(3.0 / sd, np.inf, loc=97.0, scale=sd), abs=0.01)
    assert found.probability > 0.99
    assert course_probability(97.0, 100.0, [(2.0, 100.0)], 4.0, pace=pace).probability == pytest.approx(0.5, abs=0.01)


def test_published_figures_are_less_sure_than_the_truth():
    found = course_probability(60.0, 70.0, [], 4.0, pace=PACE)
    assert found.probability > found.probability_seen > 0.5


def test_a_course_that_must_fall_is_the_mirror_of_one_that_must_rise():
    rising = course_probability(60.0, 90.0, [(2.0, 71.0)], 4.0, pace=PACE)
    mirrored = Pace(-7.5, 2.0, 1.5, error=1.0)
    falling = course_probability(-60.0, -90.0, [(2.0, -71.0)], 4.0, pace=mirrored, falls=True)
    assert falling.probability == pytest.approx(rising.probability)
    assert falling.probability_at_pace == pytest.approx(rising.probability_at_pace)


@given(st.floats(60.0, 100.0), st.floats(0.0, 10.0))
def test_a_better_figure_never_makes_a_target_less_probable(value, better):
    one, other = (
        course_probability(60.0, 90.0, [(2.0, figure)], 4.0, pace=PACE).probability
        for figure in (value, value + better)
    )
    assert other >= one - 1e-12


def test_mistakes_are_listed_together():
    with pytest.raises(ArgumentError) as caught:
        course_probability(60.0, 90.0, [(-1.0, 50.0), (1.0, np.nan)], 0.0, pace=PACE)
    assert len(caught.value.problems) == 3
