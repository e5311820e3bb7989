"""R-hat and effective size against cases whose answer is known."""

from __future__ import annotations

import emcee
import numpy as np
import pytest

from huyou_sim.inference.convergence import effective_size, r_hat, rank_normalised, split


def autoregressive(chains, draws, rho, seed=0):
    rng = np.random.default_rng(seed)
    x = np.empty((chains, draws))
    x[:, 0] = rng.standard_normal(chains)
    for t in range(1, draws):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(chains)
    return x


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_size_of_an_autoregressive_chain(rho):
    found = effective_size(autoregressive(4, 20_000, rho))
    assert found == pytest.approx(80_000 * (1 - rho) / (1 + rho), rel=0.15)


def test_alternating_draws_are_worth_more_than_independent_ones():
    assert effective_size(autoregressive(4, 5_000, -0.5)) > 1.5 * 20_000


def test_walkers_that_are_independent_count_each():
    draws = np.random.default_rng(0).standard_normal((4, 300, 20))
    assert effective_size(draws) == pytest.approx(24_000, rel=0.25)


def test_walkers_that_are_copies_count_once():
    draws = np.repeat(np.random.default_rng(0).standard_normal((4, 300, 1)), 20, axis=2)
    assert effective_size(draws) < 2_000


@pytest.mark.slow
def test_effective_size_of_an_ensemble_is_what_its_means_show():
    """Over many ensembles on a normal density, means scatter as the effective size of one says."""
    d, walkers, steps = 4, 20, 400
    means, sizes = [], []
    for seed in range(60):
        sampler = emcee.EnsembleSampler(walkers, d, lambda x: -0.5 * (x**2).sum(axis=1), vectorize=True)
        sampler.random_state = np.random.RandomState(seed).get_state()
        sampler.run_mcmc(np.random.default_rng(seed).standard_normal((walkers, d)), steps)
        draws = sampler.get_chain()
        means.append(draws.mean(axis=(0, 1)))
        sizes += [effective_size(draws[None, :, :, i]) for i in range(d)]
    assert 1.0 / np.mean(np.square(means)) == pytest.approx(np.mean(sizes), rel=0.35)


def test_chains_that_agree_have_met_and_others_not():
    same = np.random.default_rng(0).standard_normal((4, 1000))
    assert r_hat(same) < 1.01
    assert r_hat(same + np.array([0, 0, 0, 1.0])[:, None]) > 1.05, "one chain elsewhere"
    assert r_hat(same * np.array([1, 1, 1, 3.0])[:, None]) > 1.05, "one chain wider: the mean alone would not show it"
    assert r_hat(same + np.linspace(0, 2, 1000)) > 1.05, "all chains drift together"


def test_r_hat_does_not_mind_a_change_of_scale():
    draws = np.random.default_rng(0).standard_normal((4, 1000))
    assert r_hat(np.exp(3 * draws)) == pytest.approx(r_hat(draws), abs=5e-3)
    assert np.array_equal(rank_normalised(np.exp(draws)), rank_normalised(draws))


def test_split_halves():
    assert split(np.arange(10).reshape(1, 5, 2)).tolist() == [[[0, 1], [2, 3]], [[6, 7], [8, 9]]]


def test_a_chain_that_does_not_move_is_worth_nothing():
    still = np.zeros((4, 100))
    assert effective_size(still) == 0.0
    assert r_hat(still) == np.inf
