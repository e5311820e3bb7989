"""Prior distributions: density, quantiles and draws agree with each other, and a faulty text is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from huyou_sim.inference.priors import FAMILIES, Prior, generator, parse_params

PRIORS = {
    "lognormal": Prior("lognormal", {"median": 0.9, "sigma_log": 0.35}, 0.0, np.inf),
    "lognormal, cut": Prior("lognormal", {"median": 0.9, "sigma_log": 0.35}, 0.6, 1.1),
    "normal": Prior("normal", {"mean": -0.05, "sd": 0.02}),
    "normal, cut": Prior("normal", {"mean": -0.05, "sd": 0.02}, -0.06, 0.1),
    "truncnormal": Prior("truncnormal", {"loc": 0.018, "scale": 0.013, "lower": -0.01, "upper": 0.06}),
    "beta": Prior("beta", {"a": 5.0, "b": 3.3}),
    "beta, cut": Prior("beta", {"a": 5.0, "b": 3.3}, 0.2, 0.7),
    "uniform": Prior("uniform", {"lower": 1.0, "upper": 3.0}, 1.5, 10.0),
}


@pytest.mark.parametrize("name", PRIORS)
def test_density_integrates_to_one_over_the_support(name):
    prior = PRIORS[name]
    low, high = (float(end) for end in prior.quantile([1e-9, 1.0 - 1e-9]))
    middle = float(prior.quantile(0.5))
    total = sum(integrate.quad(lambda x: np.exp(prior.logpdf(x)), *span)[0] for span in ((low, middle), (middle, high)))
    assert total == pytest.approx(1.0, abs=1e-6)
    assert all(
        prior.logpdf(end) == -np.inf for end in (prior.support[0] - 1.0, prior.support[1] + 1.0) if np.isfinite(end)
    )


@pytest.mark.parametrize("name", PRIORS)
def test_quantiles_undo_probabilities(name):
    prior, p = PRIORS[name], np.linspace(0.01, 0.99, 33)
    assert np.allclose(prior.cdf(prior.quantile(p)), p, atol=1e-9)


@pytest.mark.parametrize("name", PRIORS)
def test_normal_scale_is_the_same_prior(name):
    """Values at standard normal numbers are the quantiles of their probabilities; the slope gives the density."""
    prior, z = PRIORS[name], np.linspace(-2.5, 2.5, 41)
    values = prior.from_normal()(z)
    assert np.allclose(values, prior.quantile(stats.norm.cdf(z)), rtol=1e-9, atol=1e-12)
    assert np.allclose(prior.to_normal(values), z, atol=1e-6)
    step = 1e-5
    slope = (prior.from_normal()(z + step) - prior.from_normal()(z - step)) / (2 * step)
    assert np.allclose(prior.logpdf(values) + np.log(slope), stats.norm.logpdf(z), atol=1e-4)


@pytest.mark.parametrize("name", PRIORS)
def test_draws_follow_the_prior_and_a_longer_sample_begins_like_a_shorter(name):
    prior = PRIORS[name]
    draws = prior.sample(generator(1, name), 4000)
    assert stats.kstest(draws, prior.cdf).pvalue > 1e-3
    assert np.array_equal(draws[:100], prior.sample(generator(1, name), 100))
    mean, sd = prior.moments()
    assert abs(draws.mean() - mean) < 5 * sd / np.sqrt(4000)
    assert draws.std() == pytest.approx(sd, rel=0.1)


@given(z=st.floats(-40, 40), name=st.sampled_from(sorted(PRIORS)))
def test_no_normal_number_leaves_the_support(z, name):
    low, high = PRIORS[name].support
    assert low <= float(PRIORS[name].from_normal()(np.array([z]))[0]) <= high


def test_names_have_generators_of_their_own():
    assert generator(1, "a").random() != generator(1, "b").random()
    assert generator(1, "a").random() != generator(2, "a").random()


@pytest.mark.parametrize(
    ("family", "text", "found", "expected"),
    [
        ("lognormal", "median=0.9", "no sigma_log", "median=...;sigma_log=..."),
        ("lognormal", "median=0.9;sigma=0.3", "'sigma=0.3'", "sigma_log"),
        ("lognormal", "median=-1;sigma_log=0.3", "median=-1", "above 0"),
        ("normal", "mean=0;sd=x", "'sd=x'", "mean=...;sd=..."),
        ("normal", "mean=0;mean=1;sd=1", "'mean=1'", "mean=...;sd=..."),
        ("normal", "mean=0;sd=0", "sd=0", "above 0"),
        ("uniform", "lower=2;upper=1", "lower=2, upper=1", "below the upper"),
        ("gamma", "a=1", "'gamma'", "known family"),
    ],
)
def test_a_faulty_text_is_named(family, text, found, expected):
    with pytest.raises(ValueError, match=r"prior|family") as caught:
        parse_params(family, text)
    (problem,) = caught.value.args
    assert found in problem.found
    assert expected in problem.expected
    assert problem.fix


def test_every_family_is_tried():
    assert {prior.family for prior in PRIORS.values()} == set(FAMILIES)
