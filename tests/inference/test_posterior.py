"""The sampler: right where the answer is known, the same bits again, and honest when it has not converged."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.inference.density import laplace, touched
from huyou_sim.inference.posterior import Plan, converged, place_density, sample, sample_place, warning_mark

SHORT = Plan(chains=2, walkers=20, steps=12, most_steps=12)


def draws_of(posterior):
    return np.stack([posterior[name].values.reshape(-1) for name in posterior.data_vars], axis=1)


def test_a_linear_problem_has_its_exact_posterior(linear_density):
    density, mean, covariance = linear_density()
    posterior = sample(density, plan=Plan(effective=8000))
    assert converged(posterior)
    draws, size = draws_of(posterior), posterior.attrs["effective_size"]
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(draws.mean(axis=0) - mean) < 4 * sd / np.sqrt(size)).all()
    assert np.allclose(np.cov(draws.T) / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.06)


def test_a_curved_problem_has_the_posterior_of_a_grid(linear_density):
    """exp(x) observed badly under a wide prior: the normal approximation is wrong, the draws must not be."""
    density, _, _ = linear_density(parameters=2, observations=1)
    seen = density.likelihood.seen[:1]
    likelihood = dataclasses.replace(
        density.likelihood, seen=seen, values=np.array([0.5]), covariance=np.array([[0.2]])
    )
    curved = dataclasses.replace(
        density, simulate=lambda v: np.exp(v[:, :1]) * (1.0 + v[:, 1:] ** 2), likelihood=likelihood
    )
    posterior = sample(curved, plan=Plan(effective=4000))
    grid = np.stack(np.meshgrid(np.linspace(-6, 6, 601), np.linspace(-6, 6, 601)), axis=-1).reshape(-1, 2)
    weight = np.exp(curved.log(grid))
    weight /= weight.sum()
    exact = curved.values(grid)
    mean = weight @ exact
    sd = np.sqrt(weight @ (exact - mean) ** 2)
    draws = draws_of(posterior)
    assert converged(posterior)
    assert np.allclose((draws.mean(axis=0) - mean) / sd, 0.0, atol=0.07)
    assert np.allclose(draws.std(axis=0) / sd, 1.0, atol=0.06)


def test_the_normal_approximation_of_a_linear_problem_is_exact(linear_density):
    density, mean, covariance = linear_density()
    centre, spread = laplace(density, density.likelihood.values)
    sd = np.array([one.prior.params["sd"] for one in density.parameters])
    assert np.allclose(density.values(centre)[0], mean, atol=1e-6)
    assert np.allclose(spread[0] * np.outer(sd, sd), covariance, rtol=1e-5)


def test_the_same_seed_gives_the_same_bits_and_another_does_not(linear_density):
    density, _, _ = linear_density()
    one, two = sample(density, plan=SHORT, seed=1), sample(density, plan=SHORT, seed=1)
    assert one.identical(two)
    assert not np.array_equal(draws_of(one), draws_of(sample(density, plan=SHORT, seed=2)))


def test_threads_change_no_bit(pack, baseline):
    one, two = (sample_place(pack, baseline, plan=SHORT, threads=threads) for threads in (1, 2))
    assert one.identical(two)


def test_a_sampler_that_has_not_converged_says_so(linear_density):
    density, _, _ = linear_density()
    posterior = sample(density, plan=SHORT)
    assert not converged(posterior)
    assert posterior.attrs["converged"] == 0
    assert "NOT CONVERGED" in posterior.attrs["convergence"]
    assert "not converged" in warning_mark(posterior)
    assert "未收敛" in warning_mark(posterior, "zh")
    assert posterior.attrs["effective_size"] < 2000


def test_chains_that_are_held_apart_are_found_out(linear_density):
    """Two modes that no move crosses: every chain is long enough, and they disagree."""
    density, _, _ = linear_density(parameters=1, observations=1)
    likelihood = dataclasses.replace(
        density.likelihood, seen=density.likelihood.seen[:1], values=np.array([4.0]), covariance=np.array([[1e-4]])
    )
    apart = dataclasses.replace(
        density, simulate=lambda v: ((v - density.parameters[0].start) / density.parameters[0].prior.params["sd"]) ** 2,
        likelihood=likelihood,
    )  # fmt: skip
    posterior = sample(apart, plan=Plan(walkers=8, steps=80, most_steps=80, chains=8), seed=3)
    assert not converged(posterior)


def test_more_steps_are_taken_until_enough(linear_density):
    density, _, _ = linear_density()
    posterior = sample(density, plan=Plan(walkers=20, steps=20, most_steps=2560, effective=3000))
    assert posterior.attrs["steps"] > 20
    assert converged(posterior)
    assert posterior.attrs["effective_size"] >= 3000


def test_levels_of_a_made_place_are_found_again(pack, baseline):
    """Figures made from known levels, with small errors: what they tell lies in its 99.9 % interval."""
    density = place_density(pack, baseline)
    truth = density.values(np.random.default_rng(2).standard_normal((1, len(density.parameters))))
    figures = density.simulate(truth)[0]
    known = dataclasses.replace(density, likelihood=density.likelihood.of(figures))
    posterior = sample(known, plan=Plan(effective=500))
    draws = draws_of(posterior)
    rank = (draws < truth).mean(axis=0)
    assert ((rank > 0.0005) & (rank < 0.9995)).all(), dict(zip(posterior.data_vars, rank, strict=True))
    predicted = density.simulate(draws[::50])
    assert (np.abs(predicted.mean(axis=0) - figures) < 1.5 * np.sqrt(np.diag(density.likelihood.covariance))).all()


def test_only_what_the_likelihood_touches_is_sampled(pack, baseline):
    density = place_density(pack, baseline)
    names = {one.name for one in density.parameters}
    assert not names & {"first_birth_trend", "migration_trend", "trend_half_life", "C5", "A1"}
    assert {"first_marriage_level", "births_2021_shock", "more_migrants_330523"} <= names


def test_a_parameter_that_moves_no_prediction_is_not_touched(linear_density):
    density, _, _ = linear_density()

    def deaf(values):
        return density.simulate(values * np.array([1.0, 0.0, 1.0]))

    found = touched(deaf, density.parameters, density.likelihood)
    assert [one.name for one in found] == ["p0", "p2"]


@pytest.mark.slow
def test_the_posterior_of_huzhou_converges_within_a_minute(pack, baseline):
    posterior = sample_place(pack, baseline)
    seconds = posterior.encoding["seconds"]
    print(f"{posterior.attrs['convergence']}; acceptance {posterior.attrs['acceptance']:.2f}; {seconds:.1f} s")
    assert converged(posterior)
    assert posterior.attrs["r_hat"] < 1.01
    assert posterior.attrs["effective_size"] >= 2000
    assert seconds < 60
