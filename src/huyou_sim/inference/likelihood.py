"""How probable the published figures are: their standard errors, and what they share with each other.

Figures that follow from others (crude rates, natural increase, net migration) are marked ``check`` in a pack and do not
enter. Two relations remain among those that do enter, and neither counts twice:

- *A place and its areas.* The place's residents are the sum of its areas', so the total is no figure of its own. It
  says how sure the sum is: the areas' errors are conditioned on their sum having the standard error of the total.
- *One survey.* Births and the total fertility rate of a year come from the same sample. The birth total was adjusted
  to registers since; the fertility rate is taken to have that error and noise of its own, so their correlation is the
  ratio of their relative standard errors, and the rate adds nothing on the level of births. It still speaks on ages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.observations import Observation

    Array = NDArray[np.float64]

ADDITIVE = ("population_total", "births", "deaths", "first_marriages")
"""Counts of which a place has the sum of its areas."""

ONE_SURVEY = (("births", "tfr"),)
"""Pairs of variables from one sample: the surer first."""


@dataclass(frozen=True)
class Likelihood:
    """A normal likelihood of published figures.

    Parameters
    ----------
    seen : tuple of Observation
        That enter.
    values : (observation,) [unit]
    covariance : (observation, observation) [unit squared]
        Of their errors.
    left_out : tuple of Observation
        Totals that say only how sure a sum is.
    """

    seen: tuple[Observation, ...]
    values: Array
    covariance: Array
    left_out: tuple[Observation, ...] = ()

    @cached_property
    def root(self) -> Array:
        """Return the lower Cholesky factor of the covariance."""
        return np.asarray(np.linalg.cholesky(self.covariance), dtype=np.float64)

    @cached_property
    def inverse_root(self) -> Array:
        """Return the inverse of `root`: for a matrix this small, solving anew takes longer than all else."""
        return np.asarray(np.linalg.inv(self.root), dtype=np.float64)

    def standardised(self, predicted: Array) -> Array:
        """Return uncorrelated residuals in standard errors, (draw, observation), of predictions (draw, observation)."""
        found: Array = (predicted - self.values) @ self.inverse_root.T
        return found

    def log(self, predicted: Array) -> Array:
        """Return the log likelihood of predictions (draw, observation), up to a constant, (draw,)."""
        found: Array = -0.5 * (self.standardised(predicted) ** 2).sum(axis=1)
        return found

    def simulate(self, predicted: Array, rng: np.random.Generator) -> Array:
        """Return figures as they might have been published, (draw, observation), were predictions the truth."""
        found: Array = predicted + rng.standard_normal(predicted.shape) @ self.root.T
        return found

    def of(self, values: Array) -> Likelihood:
        """Return the likelihood of other figures with the same errors."""
        return replace(self, values=np.asarray(values, dtype=np.float64))


def likelihood_of(seen: Sequence[Observation], *, place: str, areas: Sequence[str]) -> Likelihood:
    """Return the likelihood of observations, each with a standard error above zero, of one year.

    Parameters
    ----------
    place : str
        Code of the place, the sum of `areas`.
    """
    totals = [
        one
        for one in seen
        if one.area == place
        and one.variable in ADDITIVE
        and {other.area for other in seen if _same(one, other)} >= set(areas)
    ]
    entering = tuple(one for one in seen if one not in totals)
    covariance = np.diag([one.standard_error**2 for one in entering])
    for total in totals:
        parts = [i for i, one in enumerate(entering) if _same(total, one)]
        covariance[np.ix_(parts, parts)] = _given_sum(covariance[np.ix_(parts, parts)], total.standard_error)
    for surer, other in ONE_SURVEY:
        for i, one in enumerate(entering):
            for k, two in enumerate(entering):
                if (one.variable, two.variable, one.area) == (surer, other, two.area):
                    relative = min(one.standard_error / one.value, two.standard_error / two.value)
                    covariance[i, k] = covariance[k, i] = relative**2 * one.value * two.value
    return Likelihood(entering, np.array([one.value for one in entering]), covariance, tuple(totals))


def _same(total: Observation, one: Observation) -> bool:
    """Return whether `one` is of the same variable and year as `total` but of another area."""
    return (one.variable, one.year) == (total.variable, total.year) and one.area != total.area


def _given_sum(covariance: Array, error: float) -> Array:
    """Return a covariance whose sum has the standard error `error`, or the one it had where that is smaller."""
    row = covariance.sum(axis=0)
    spread = float(row.sum())
    excess = max(0.0, 1.0 - error**2 / spread)
    found: Array = covariance - np.outer(row, row) / spread * excess
    return found
