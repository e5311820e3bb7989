"""Draws given more data than they were drawn with: against closed forms, quadrature and repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.annealing import (
    KEPT,
    anneal,
    correlation,
    genealogical_size,
    next_exponent,
    systematic,
)
from huyou_sim.inference.updating import Figures, kish_size, log_likelihood

SLOPES = np.array([[1.0, 0.5, 0.0], [0.3, -1.0, 0.8]])
ERRORS = np.array([[0.04, 0.01], [0.01, 0.09]])


def standard(points):
    return -0.5 * (points**2).sum(axis=1)


def linear(values, count, seed):
    """Return what annealing makes of figures of a linear model with standard normal coordinates."""
    figures = Figures(np.asarray(values, dtype=np.float64), ERRORS)
    start = np.random.default_rng(seed).standard_normal((count, 3))
    return anneal(start, standard, lambda x: log_likelihood(x @ SLOPES.T, figures), seed=seed)


@pytest.mark.parametrize("sds", [0.5, 4.0])
def test_figures_near_and_far_give_the_conjugate_posterior(sds):
    spread = SLOPES @ SLOPES.T + ERRORS
    values = sds * np.sqrt(np.diag(spread)) * [1.0, -1.0]
    found = linear(values, 4000, 1)
    precision = np.linalg.inv(ERRORS)
    covariance = np.linalg.inv(np.eye(3) + SLOPES.T @ precision @ SLOPES)
    mean, sd = covariance @ SLOPES.T @ precision @ values, np.sqrt(np.diag(covariance))
    points = found.particles.points
    assert found.mixed
    assert found.effective > 1500.0
    assert (np.abs(points.mean(axis=0) - mean) < 4.0 * sd / np.sqrt(found.effective)).all()
    assert np.cov(points.T) == pytest.approx(covariance, abs=0.08 * sd.max() ** 2)
    assert found.log_evidence == pytest.approx(stats.multivariate_normal(cov=spread).logpdf(values), abs=0.25)
    assert found.exponents[-1] == 1.0
    assert (np.diff(found.exponents) > 0.0).all()
    assert len(found.moves) == len(found.exponents)


def test_a_curved_likelihood_agrees_with_quadrature():
    def likely(x):
        return -0.5 * ((np.exp(x[:, 0]) + x[:, 1] ** 2 - 3.0) / 0.3) ** 2

    grid = np.linspace(-6.0, 6.0, 1201)
    mesh = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(standard(mesh) + likely(mesh))
    density /= density.sum()
    start = np.random.default_rng(2).standard_normal((6000, 2))
    found = anneal(start, standard, likely, seed=2)
    for what in (lambda x: x[:, 0], lambda x: np.abs(x[:, 1]), lambda x: (x[:, 0] > 0.5).astype(float)):
        expected = density @ what(mesh)
        sd = np.sqrt(density @ (what(mesh) - expected) ** 2)
        assert abs(what(found.particles.points).mean() - expected) < 4.0 * sd / np.sqrt(found.effective)


def test_what_is_impossible_is_left_out():
    """Standard normal numbers above 1: their mean and share are known."""
    start = np.random.default_rng(3).standard_normal((4000, 1))
    found = anneal(start, standard, lambda x: np.where(x[:, 0] > 1.0, 0.0, -np.inf), seed=3)
    assert found.particles.points.min() > 1.0
    assert found.particles.points.mean() == pytest.approx(stats.norm.pdf(1.0) / stats.norm.sf(1.0), abs=0.03)
    assert found.log_evidence == pytest.approx(stats.norm.logsf(1.0), abs=0.12)


def test_the_effective_size_is_what_repeats_show():
    runs = [linear([4.0, -4.0], 300, seed) for seed in range(16)]
    means = np.stack([run.particles.points.mean(axis=0) for run in runs])
    within = np.mean([run.particles.points.var(axis=0) for run in runs], axis=0)
    shown = float((within / means.var(axis=0, ddof=1)).mean())
    told = float(np.mean([run.effective for run in runs]))
    assert told == pytest.approx(shown, rel=0.5)


def test_many_coordinates_cost_no_variance():
    """With a tenth of them as many coordinates as particles, whose own covariance is far off."""
    rng = np.random.default_rng(9)
    slopes, error = rng.standard_normal((4, 30)) * np.linspace(1.5, 0.1, 30), 0.6
    spread = slopes @ slopes.T + error**2 * np.eye(4)
    figures = Figures(1.5 * np.linalg.cholesky(spread) @ np.ones(4), error**2 * np.eye(4))
    gain = slopes.T @ np.linalg.inv(spread)
    mean, variance = gain @ figures.values, 1.0 - np.diag(gain @ slopes)
    runs = [
        anneal(rng.standard_normal((300, 30)), standard, lambda x: log_likelihood(x @ slopes.T, figures), seed=seed)
        for seed in range(4)
    ]
    assert np.mean([run.particles.points.var(axis=0) / variance for run in runs]) == pytest.approx(1.0, abs=0.04)
    off = np.stack([run.particles.points.mean(axis=0) - mean for run in runs]) / np.sqrt(variance)
    told = np.mean([run.effective for run in runs])
    assert 1.0 / (off**2).mean() == pytest.approx(told, rel=0.35)


def test_twice_gives_the_same_bits_and_another_seed_others():
    one, two, other = linear([1.0, 1.0], 200, 4), linear([1.0, 1.0], 200, 4), linear([1.0, 1.0], 200, 5)
    assert np.array_equal(one.particles.points, two.particles.points)
    assert one.log_evidence == two.log_evidence
    assert not np.isin(one.particles.points, other.particles.points).any()


WEIGHTS = (
    arrays(np.float64, 20, elements=st.floats(0.0, 1.0)).filter(lambda w: w.sum() > 0.01).map(lambda w: w / w.sum())
)


@given(WEIGHTS, st.floats(0.0, 1.0, exclude_max=True))
def test_each_particle_comes_its_expected_number_of_times_give_or_take_one(weights, start):
    times = np.bincount(systematic(weights, start), minlength=20)
    assert times.sum() == 20
    assert (np.abs(times - 20.0 * weights) < 1.0 + 1e-9).all()
    assert not times[weights == 0.0].any()


@given(arrays(np.float64, 20, elements=st.floats(-1e4, 0.0)), st.floats(0.0, 0.99))
def test_the_exponent_rises_until_weights_are_worth_half(likely, exponent):
    found = next_exponent(likely, exponent)
    assert exponent < found <= 1.0
    worth = kish_size(np.exp((found - exponent) * (likely - likely.max())))
    assert worth >= KEPT * 20 * (1.0 - 1e-3)
    if found < 1.0:
        assert worth == pytest.approx(KEPT * 20, rel=1e-3)


def test_descendants_that_are_alike_count_once():
    rng = np.random.default_rng(6)
    ancestors = np.repeat(np.arange(500), 4)
    alike = np.repeat(rng.standard_normal((500, 6)), 4, axis=0)
    assert genealogical_size(alike, ancestors) == pytest.approx(500.0, rel=0.1)
    assert genealogical_size(rng.standard_normal((2000, 6)), ancestors) == pytest.approx(2000.0, rel=0.1)
    assert correlation(alike, alike) == pytest.approx(1.0)
    assert abs(correlation(alike, rng.standard_normal((2000, 6)))) < 0.05


def test_mistakes_say_what_to_do():
    with pytest.raises(ArgumentError, match="12 or more") as raised:
        anneal(np.zeros((5, 3)), standard, lambda x: np.full(len(x), -np.inf), seed=1)
    assert [one.where for one in raised.value.problems] == ["draws", "figures"]
