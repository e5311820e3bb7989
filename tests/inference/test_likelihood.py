"""Errors of figures that share a source are not counted twice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from huyou_sim.inference.likelihood import Likelihood, likelihood_of
from huyou_sim.inference.observations import Observation


def seen(variable, area, value, error, year=2021):
    return Observation(f"{variable}{area}", variable, area, year, "", "", value, error, "", "", "", "", "fit")


AREAS = ("1", "2", "3")


def test_the_log_is_that_of_a_multivariate_normal():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    one = Likelihood((), np.array([1.0, 2.0]), covariance)
    points = np.random.default_rng(0).normal(size=(6, 2))
    exact = stats.multivariate_normal([1.0, 2.0], covariance).logpdf(points)
    assert np.allclose(one.log(points) - one.log(points[:1]), exact - exact[0])


def test_simulated_figures_have_the_covariance():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    figures = Likelihood((), np.zeros(2), covariance).simulate(np.zeros((40_000, 2)), np.random.default_rng(0))
    assert np.allclose(np.cov(figures.T), covariance, atol=0.05)


def test_the_total_says_how_sure_the_sum_is_and_no_more():
    figures = [seen("population_total", area, 100.0, 2.0) for area in AREAS]
    total = seen("population_total", "0", 300.0, 1.0)
    found = likelihood_of([*figures, total], place="0", areas=AREAS)
    assert [one.area for one in found.seen] == list(AREAS)
    assert found.left_out == (total,)
    assert found.covariance.sum() == pytest.approx(1.0)
    assert (np.diag(found.covariance) < 4.0).all()
    loose = likelihood_of([*figures, seen("population_total", "0", 300.0, 9.0)], place="0", areas=AREAS)
    assert np.allclose(loose.covariance, 4.0 * np.eye(3)), "a total less sure than its parts says nothing"


def test_a_total_without_all_its_parts_stays():
    figures = [seen("births", "1", 10.0, 1.0), seen("births", "0", 30.0, 1.0)]
    assert likelihood_of(figures, place="0", areas=AREAS).left_out == ()


def test_the_fertility_rate_adds_nothing_on_the_level_of_births():
    """One factor moves both: with the rate it is known as well as by births alone."""
    births, tfr = seen("births", "0", 21_000.0, 500.0), seen("tfr", "0", 0.89, 0.07)
    found = likelihood_of([births, tfr], place="0", areas=AREAS)
    slope = np.array([births.value, tfr.value])
    information = slope @ np.linalg.inv(found.covariance) @ slope
    assert 1 / np.sqrt(information) == pytest.approx(500.0 / 21_000.0)


def test_every_shipped_covariance_is_positive(pack, baseline):
    from huyou_sim.inference.posterior import place_density

    likelihood = place_density(pack, baseline, threads=1).likelihood
    assert np.linalg.eigvalsh(np.corrcoef(likelihood.covariance)).min() > -1e-9
    assert np.isfinite(likelihood.root).all()
    ids = {one.id for one in likelihood.seen}
    assert not ids & {
        "crude_birth_rate_2021",
        "crude_death_rate_2021",
        "natural_increase_rate_2021",
        "net_migration_2021",
    }
    assert "married_share_20_29_2021" not in ids, "another population"
    assert max(one.year for one in likelihood.seen) == 2021
