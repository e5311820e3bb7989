"""A linear problem whose posterior is known, and Huzhou loaded once."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.inference.density import Density
from huyou_sim.inference.likelihood import Likelihood
from huyou_sim.inference.observations import Observation
from huyou_sim.inference.parameters import Parameter
from huyou_sim.inference.priors import Prior
from huyou_sim.pack import load_pack


def _normal_parameter(name, mean, sd):
    prior = Prior("normal", {"mean": mean, "sd": sd})
    return Parameter(name, (), mean, -np.inf, np.inf, name, name, prior=prior)


def _linear_density(*, seed=5, parameters=3, observations=4, error=0.5):
    """Return a density with normal priors and a linear model, and the exact mean and covariance of its posterior."""
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(observations, parameters))
    mean, sd = rng.normal(size=parameters), rng.uniform(0.5, 2.0, parameters)
    covariance = error**2 * (0.7 * np.eye(observations) + 0.3)
    values = slopes @ mean + rng.normal(size=observations)
    seen = tuple(
        Observation(f"y{i}", "x", "a", 2021, "", "", float(v), error, "", "", "", "", "fit")
        for i, v in enumerate(values)
    )
    chosen = tuple(_normal_parameter(f"p{i}", mean[i], sd[i]) for i in range(parameters))
    density = Density(chosen, lambda levels: levels @ slopes.T, Likelihood(seen, values, covariance))
    precision = np.linalg.inv(covariance)
    exact = np.linalg.inv(np.diag(sd**-2.0) + slopes.T @ precision @ slopes)
    return density, exact @ (mean / sd**2 + slopes.T @ precision @ values), exact


@pytest.fixture(scope="session")
def normal_parameter():
    return _normal_parameter


@pytest.fixture(scope="session")
def linear_density():
    return _linear_density


@pytest.fixture(scope="session")
def pack():
    return load_pack("huzhou")


@pytest.fixture(scope="session")
def baseline(pack):
    return build_baseline(pack)
