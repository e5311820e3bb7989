"""Weights of an ensemble given new figures: against conjugate models, generalised Pareto samples and identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.pareto import pareto_shape, tail_index
from huyou_sim.inference.updating import (
    REFIT_BELOW,
    TAIL_ABOVE,
    Figures,
    kish_size,
    moved,
    update,
    weighted_mean,
    weighted_probability,
    weighted_quantile,
    weighted_quantile_error,
)

DRAWS = 20_000
SLOPES = np.array([[1.0, 0.4], [-0.3, 0.8]])
ERRORS = np.array([[0.5, 0.2], [0.2, 0.8]])


@pytest.fixture(scope="module")
def prior():
    """Return draws of two standard normal numbers."""
    return np.random.default_rng(1).standard_normal((DRAWS, 2))


def exact(values):
    """Return mean and covariance given figures of `SLOPES @ x`, errors `ERRORS`, and the log density of the figures."""
    precision = np.linalg.inv(ERRORS)
    covariance = np.linalg.inv(np.eye(2) + SLOPES.T @ precision @ SLOPES)
    evidence = stats.multivariate_normal(cov=SLOPES @ SLOPES.T + ERRORS).logpdf(values)
    return covariance @ SLOPES.T @ precision @ values, covariance, evidence


@pytest.mark.parametrize("values", [(0.3, -0.5), (1.0, 0.8)])
def test_weights_give_the_conjugate_posterior(prior, values):
    values = np.array(values)
    found = update(prior @ SLOPES.T, Figures(values, ERRORS), effective=DRAWS)
    mean, covariance, evidence = exact(values)
    sd, size = np.sqrt(np.diag(covariance)), found.effective_size
    assert found.weights.sum() == pytest.approx(1.0)
    assert (np.abs(weighted_mean(prior.T, found.weights) - mean) < 4.0 * sd / np.sqrt(size)).all()
    spread = np.sqrt(weighted_mean(prior.T**2, found.weights) - weighted_mean(prior.T, found.weights) ** 2)
    assert (np.abs(spread - sd) < 4.0 * sd / np.sqrt(2.0 * size)).all()
    expected = stats.norm.ppf([0.05, 0.5, 0.95])[:, None] * sd + mean
    errors = [weighted_quantile_error(prior.T, found.weights, q) for q in (0.05, 0.5, 0.95)]
    assert (
        np.abs(weighted_quantile(prior.T, found.weights, [0.05, 0.5, 0.95]) - expected) < 4.0 * np.array(errors)
    ).all()
    p, error = weighted_probability(prior.T > 0.5, found.weights)
    assert (np.abs(p - stats.norm.sf((0.5 - mean) / sd)) < 4.0 * error).all()
    # The mean likelihood has a relative error of sqrt(1 / size - 1 / draws).
    assert found.log_evidence == pytest.approx(evidence, abs=4.0 / np.sqrt(size))
    assert not found.refit_needed


@pytest.mark.parametrize("values", [(0.3, -0.5), (4.0, 9.0)])
def test_moved_draws_have_the_conjugate_posterior_however_far_the_figures(prior, values):
    values, rng = np.array(values), np.random.default_rng(2)
    predicted = prior @ SLOPES.T
    missed = values - predicted - rng.multivariate_normal((0.0, 0.0), ERRORS, DRAWS)
    found = moved(prior, predicted, missed, np.cov(predicted, rowvar=False) + ERRORS)
    mean, covariance, _ = exact(values)
    sd = np.sqrt(np.diag(covariance))
    # Far figures multiply the sampling error of the regression.
    assert (np.abs(found.mean(axis=0) - mean) < (4.0 + np.abs(values).max()) * sd / DRAWS**0.5).all()
    assert np.allclose(np.cov(found, rowvar=False), covariance, atol=0.02)


def test_a_figure_in_the_far_tail_asks_for_a_refit(prior):
    far = update(prior[:2000, :1], Figures(np.array([4.5]), np.array([[0.01]])), effective=2000)
    assert far.tail_index > TAIL_ABOVE
    assert far.effective_size < REFIT_BELOW
    assert far.refit_needed
    # Below the threshold by size alone.
    few = update(prior[:150, :1], Figures(np.array([0.0]), np.array([[1.0]])), effective=150)
    fewer = update(prior[:150, :1], Figures(np.array([0.0]), np.array([[1.0]])), effective=50)
    assert fewer.refit_needed
    assert fewer.effective_size == pytest.approx(few.effective_size / 3.0)


@pytest.mark.parametrize("k", [0.1, 0.5, 0.9, 1.5])
def test_the_shape_of_pareto_samples_is_found(k):
    samples = np.sort(stats.genpareto(k, scale=3.0).rvs((200, 200), random_state=2), axis=1)
    found = np.array([pareto_shape(sample) for sample in samples])
    # The standard deviation of the most likely value, (1 + k) / sqrt(n).
    assert found.mean() == pytest.approx(k, abs=0.04 * (1.0 + k))
    assert found.std() < 1.15 * (1.0 + k) / np.sqrt(200)
    fitted = [stats.genpareto.fit(sample, floc=0.0)[0] for sample in samples[:5]]
    assert found[:5] == pytest.approx(fitted, abs=0.12)


@pytest.mark.parametrize("k", [0.2, 0.9])
def test_the_tail_index_is_that_of_the_weights(k):
    weights = stats.pareto(1.0 / k).rvs(20_000, random_state=3)
    assert tail_index(np.log(weights)) == pytest.approx(k, abs=0.15)
    assert tail_index(np.log(weights) + 700.0) == pytest.approx(tail_index(np.log(weights)))


def test_too_few_draws_have_no_tail_and_equal_weights_no_index():
    assert tail_index(np.arange(10.0)) == np.inf
    assert tail_index(np.zeros(10)) == 0.0
    assert tail_index(np.where(np.arange(1000) < 3, 0.0, -np.inf)) == np.inf


def test_without_figures_all_draws_weigh_the_same():
    found = update(np.empty((40, 0)), Figures(np.empty(0), np.empty((0, 0))), effective=30.0)
    assert (found.weights == 1.0 / 40).all()
    assert (found.effective_size, found.log_evidence, found.tail_index, found.refit_needed) == (30.0, 0.0, 0.0, False)


PREDICTED = arrays(np.float64, (30, 3), elements=st.floats(-3.0, 3.0))
VALUES = arrays(np.float64, 3, elements=st.floats(-3.0, 3.0))
ROOTS = arrays(np.float64, (3, 3), elements=st.floats(-2.0, 2.0))


@given(PREDICTED, VALUES, ROOTS, st.permutations(range(3)))
def test_the_order_of_figures_changes_nothing(predicted, values, root, order):
    covariance = root @ root.T + np.eye(3)
    one = update(predicted, Figures(values, covariance), effective=20.0)
    turned = Figures(values[order], covariance[np.ix_(order, order)])
    other = update(predicted[:, order], turned, effective=20.0)
    assert other.weights == pytest.approx(one.weights, rel=1e-9)
    assert other.log_evidence == pytest.approx(one.log_evidence, rel=1e-9)
    assert 20.0 / 30.0 * (1.0 - 1e-9) <= one.effective_size <= 20.0 * (1.0 + 1e-9)


@given(PREDICTED, VALUES, ROOTS)
def test_figures_one_after_the_other_weigh_as_all_at_once(predicted, values, root):
    """Figures of independent errors: weights multiply, and the evidence of the second is a mean under the first."""
    block = root[:2, :2] @ root[:2, :2].T + np.eye(2)
    covariance = np.block([[block, np.zeros((2, 1))], [np.zeros((1, 2)), np.array([[0.7]])]])
    both = update(predicted, Figures(values, covariance), effective=30.0)
    first = update(predicted[:, :2], Figures(values[:2], block), effective=30.0)
    second = update(predicted[:, 2:], Figures(values[2:], covariance[2:, 2:]), effective=30.0)
    product = first.weights * second.weights
    assert both.weights == pytest.approx(product / product.sum(), rel=1e-9)
    then = np.log(30.0 * product.sum()) + second.log_evidence
    assert both.log_evidence == pytest.approx(first.log_evidence + then, rel=1e-9, abs=1e-9)


@given(PREDICTED, VALUES, ROOTS, arrays(np.float64, 3, elements=st.floats(-5.0, 5.0)))
def test_units_change_no_weight(predicted, values, root, powers):
    """Persons beside rates: a covariance whose variances differ by many powers of ten is none the worse."""
    covariance, units = root @ root.T + np.eye(3), 10.0**powers
    one = update(predicted, Figures(values, covariance), effective=30.0)
    other = update(predicted * units, Figures(values * units, covariance * np.outer(units, units)), effective=30.0)
    assert other.weights == pytest.approx(one.weights, rel=1e-7)


WEIGHTS = arrays(np.float64, 25, elements=st.floats(1e-6, 1.0)).map(lambda w: w / w.sum())
NUMBERS = arrays(np.float64, (2, 25), elements=st.floats(-1e6, 1e6))


@given(WEIGHTS)
def test_kish_size_is_from_one_to_the_number_of_draws(weights):
    assert 1.0 - 1e-9 <= kish_size(weights) <= 25.0 + 1e-9
    assert kish_size(np.full(25, 0.04)) == pytest.approx(25.0)
    assert kish_size(np.eye(25)[3]) == 1.0


@given(NUMBERS, st.floats(0.0, 1.0))
def test_quantiles_of_equal_weights_are_those_of_numpy(values, q):
    equal = np.full(25, 1.0 / 25)
    assert weighted_quantile(values, equal, q) == pytest.approx(np.quantile(values, q, axis=-1), rel=1e-9, abs=1e-6)
    assert weighted_quantile(values, equal, [0.1, q]).shape == (2, 2)
    assert weighted_mean(values, equal) == pytest.approx(values.mean(axis=-1), rel=1e-9, abs=1e-6)


@given(NUMBERS, WEIGHTS, st.permutations(range(25)), st.floats(-1e6, 1e6))
def test_quantiles_rise_and_see_neither_order_nor_draws_without_weight(values, weights, order, odd):
    asked = [0.0, 0.05, 0.5, 0.95, 1.0]
    found = weighted_quantile(values, weights, asked)
    assert (np.diff(found, axis=0) >= -1e-6).all()
    assert weighted_quantile(values[:, order], weights[order], asked) == pytest.approx(found, rel=1e-9, abs=1e-6)
    more = np.concatenate([values, np.full((2, 1), odd)], axis=1)
    assert weighted_quantile(more, np.append(weights, 0.0), asked) == pytest.approx(found, rel=1e-9, abs=1e-6)


def test_errors_of_quantiles_are_what_repeated_ensembles_show():
    rng = np.random.default_rng(4)
    values = rng.standard_normal((500, 1000))
    weights = np.exp(0.5 * values)
    weights /= weights.sum(axis=1, keepdims=True)
    pairs = list(zip(values, weights, strict=True))
    shown = np.std([weighted_quantile(v, w, 0.5) for v, w in pairs])
    told = np.mean([weighted_quantile_error(v, w, 0.5) for v, w in pairs])
    assert told == pytest.approx(shown, rel=0.15)


def test_mistakes_are_told_all_at_once_and_by_name():
    good, two = np.zeros((4, 2)), np.eye(2)
    with pytest.raises(ArgumentError, match="finite number") as raised:
        update(good, Figures(np.array([np.nan, 1.0]), -two, ("births 2022", "tfr 2022")), effective=4)
    assert [one.where for one in raised.value.problems] == ["births 2022", "covariance of figures"]
    faults = {
        "positive definite": Figures(np.zeros(2), np.ones((2, 2))),
        "not symmetric": Figures(np.zeros(2), np.array([[1.0, 0.5], [0.0, 1.0]])),
        "not finite": Figures(np.zeros(2), np.full((2, 2), np.inf)),
        "a variance of 0": Figures(np.zeros(2), 0.0 * two),
        r"covariance \(3, 3\)": Figures(np.zeros(2), np.eye(3)),
        r"values \(2, 1\)": Figures(np.zeros((2, 1)), two),
        r"1 name": Figures(np.zeros(2), two, ("births",)),
    }
    for words, figures in faults.items():
        with pytest.raises(ArgumentError, match=words):
            update(good, figures, effective=4)
    fine = Figures(np.zeros(2), two)
    for predicted, effective, words in (
        (np.zeros((4, 3)), 4, "one column for each figure"),
        (np.zeros((0, 2)), 4, "one column for each figure"),
        (np.full((4, 2), np.inf), 4, "without a number"),
        (good, 0.0, "above 0"),
        (good, 5.0, "at most the 4"),
    ):
        with pytest.raises(ArgumentError, match=words):
            update(predicted, fine, effective=effective)
    with pytest.raises(ArgumentError, match="draws last"):
        weighted_mean(np.zeros((3, 2)), np.full(3, 1 / 3))
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        weighted_quantile(np.zeros(3), np.full(3, 1 / 3), 5)
