"""How heavy the tail of importance weights is: the shape of the generalised Pareto distribution of the largest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST_IN_TAIL = 5
"""Weights that a tail must have for its index to be estimated."""


def tail_index(log_weights: Array, *, independent: float = 1.0) -> float:
    """Return the shape k of the generalised Pareto distribution of the largest weights.

    Moments of weights up to order 1/k exist: above a half their variance is infinite, above 0.7 no number of draws that
    one can afford makes up for it.

    Parameters
    ----------
    log_weights : (draw,) [log]
        Up to a constant.
    independent : float [1]
        Share of the draws that are worth independent ones: fewer take a longer tail.

    Returns
    -------
    k : float
        Drawn towards a half with the worth of ten weights. Infinite where there are too few draws or most have no
        weight; 0 where all weights are equal.

    Source
    ------
    Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto Smoothed Importance Sampling, Journal of Machine Learning
    Research 25(72), 1-58: length of the tail, prior of k, thresholds.
    """
    draws = len(log_weights)
    length = math.ceil(min(draws / 5.0, 3.0 * math.sqrt(draws / independent)))
    ordered = np.exp(np.sort(log_weights - log_weights.max()))
    if ordered[0] == ordered[-1]:
        return 0.0
    if length < FEWEST_IN_TAIL:
        return math.inf
    above = ordered[-length:] - ordered[-length - 1]
    above = above[above > 0.0]
    if len(above) < FEWEST_IN_TAIL:
        return math.inf
    return (pareto_shape(above) * len(above) + 5.0) / (len(above) + 10.0)


def pareto_shape(above: Array) -> float:
    """Return the shape of the generalised Pareto distribution of values above 0, (value,) in rising order.

    The likelihood of the reduced parameter ``theta = - shape / scale`` is averaged over a grid that the data set, which
    has less error than the most likely value and cannot fail to converge.

    Source
    ------
    Zhang and Stephens (2009), A New and Efficient Estimation Method for the Generalized Pareto Distribution,
    Technometrics 51(3), 316-325.
    """
    count = len(above)
    grid = 30 + int(math.sqrt(count))
    quartile = above[max(int(count / 4.0 + 0.5) - 1, 0)]
    steps = np.arange(1, grid + 1) - 0.5
    theta = 1.0 / above[-1] + (1.0 - np.sqrt(grid / steps)) / (3.0 * quartile)
    shape = np.log1p(-theta[:, None] * above).mean(axis=1)
    profile = count * (np.log(-theta / shape) - shape - 1.0)
    mean = float(theta @ np.exp(profile - logsumexp(profile)))
    return float(np.log1p(-mean * above).mean())


__all__ = ["FEWEST_IN_TAIL", "pareto_shape", "tail_index"]
