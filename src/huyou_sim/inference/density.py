"""The posterior density on the scale where every prior is standard normal, and its normal approximation.

A parameter's value is the quantile of its prior at the probability of a standard normal number. On that scale there are
no bounds, the prior is the same for all, and a likelihood of few figures changes it little: what samplers like best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.first_year import Simulator
    from huyou_sim.inference.likelihood import Likelihood
    from huyou_sim.inference.parameters import Parameter

    Array = NDArray[np.float64]

SLOPE_STEP = 1e-4
"""Step of the numerical derivative in standard deviations of the prior."""

SILENT = 1e-9
"""Change of a prediction, in standard errors by a standard deviation of the prior, below which it is none."""


@dataclass(frozen=True)
class Density:
    """Prior and likelihood of some parameters.

    Parameters
    ----------
    parameters : tuple of Parameter
    simulate : callable
        Values (draw, parameter) to predictions (draw, observation).
    likelihood : Likelihood
    """

    parameters: tuple[Parameter, ...]
    simulate: Simulator
    likelihood: Likelihood

    @cached_property
    def scales(self) -> tuple[Callable[[Array], Array], ...]:
        """Return the function of each parameter from standard normal numbers to values."""
        return tuple(one.distribution.from_normal() for one in self.parameters)

    def values(self, normal: Array) -> Array:
        """Return the values (draw, parameter) of standard normal numbers (draw, parameter)."""
        return np.stack([scale(normal[:, i]) for i, scale in enumerate(self.scales)], axis=1)

    def log(self, normal: Array) -> Array:
        """Return the log density at standard normal numbers (draw, parameter), up to a constant, (draw,).

        Minus infinity where the model has no finite prediction.
        """
        predicted = self.simulate(self.values(normal))
        finite = np.isfinite(predicted).all(axis=1)
        likely = np.full(len(normal), -np.inf)
        likely[finite] = self.likelihood.log(predicted[finite])
        found: Array = likely - 0.5 * (normal**2).sum(axis=1)
        return found


def touched(simulate: Simulator, parameters: Sequence[Parameter], likelihood: Likelihood) -> tuple[Parameter, ...]:
    """Return the parameters that move any prediction; the likelihood says nothing of the others."""
    density = Density(tuple(parameters), simulate, likelihood)
    here = np.stack([one.distribution.to_normal(one.start) for one in parameters])
    slopes = _slopes(density, here[None])[0]
    return tuple(one for one, slope in zip(parameters, np.abs(slopes).max(axis=0), strict=True) if slope > SILENT)


def _slopes(density: Density, points: Array) -> Array:
    """Return the slopes (point, observation, parameter) of the standardised residuals at points (point, parameter)."""
    n, d = points.shape
    shifted = points[:, None] + np.concatenate([SLOPE_STEP * np.eye(d), -SLOPE_STEP * np.eye(d)])
    predicted = density.simulate(density.values(shifted.reshape(-1, d)))
    found = density.likelihood.standardised(predicted).reshape(n, 2, d, -1)
    slopes: Array = np.moveaxis((found[:, 0] - found[:, 1]) / (2.0 * SLOPE_STEP), 1, 2)
    return slopes


def laplace(density: Density, published: Array, *, rounds: int = 12) -> tuple[Array, Array]:
    """Return centre (set, parameter) and covariance (set, parameter, parameter) of normal approximations.

    Gauss-Newton steps from the prior's centre, each halved until the density rises: one approximation for each set of
    published figures (set, observation).
    """
    likelihood, d = density.likelihood, len(density.parameters)
    published = np.atleast_2d(published)
    points = np.zeros((len(published), d))

    def residuals(points: Array) -> Array:
        found: Array = (density.simulate(density.values(points)) - published) @ likelihood.inverse_root.T
        return found

    def cost(points: Array, found: Array) -> Array:
        total: Array = (points**2).sum(axis=1) + (found**2).sum(axis=1)
        return np.where(np.isfinite(total), total, np.inf)

    found = residuals(points)
    for _ in range(rounds):
        slopes = _slopes(density, points)
        precision = np.eye(d) + np.swapaxes(slopes, 1, 2) @ slopes
        downhill = points + np.einsum("sop,so->sp", slopes, found)
        step = -np.linalg.solve(precision, downhill[..., None])[..., 0]
        for share in (1.0, 0.5, 0.25, 0.1):
            tried = points + share * step
            after = residuals(tried)
            better = cost(tried, after) < cost(points, found)
            points = np.where(better[:, None], tried, points)
            found = np.where(better[:, None], after, found)
            step = np.where(better[:, None], 0.0, step)
            if not np.abs(step).max() > 1e-6:
                break
    slopes = _slopes(density, points)
    covariance = np.linalg.inv(np.eye(d) + np.swapaxes(slopes, 1, 2) @ slopes)
    return points, np.asarray(covariance, dtype=np.float64)
