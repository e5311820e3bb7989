"""What an ensemble of finite size says, with the error of its size: bands and probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.special import betainc

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Central bands that are given unless told otherwise."""

FIGURES = ("value", "mc_error")
"""Labels of the dimension `figure` of bands."""


def effective_draws(draws: int, posterior: xr.Dataset | None) -> float:
    """Return how many independent draws an ensemble is worth.

    Rows of a posterior are draws of a chain that remembers: what its mean is off by adds to what a finite number of
    rows is off by, so ``1 / draws + 1 / (effective size of the chain)``. The smallest effective size of all parameters
    is taken, as if the figure depended on that parameter alone: errors are rather too large than too small.

    Parameters
    ----------
    draws : int
    posterior : xarray.Dataset, optional
        That the draws are rows of; independent draws without one.
    """
    if posterior is None:
        return float(draws)
    return 1.0 / (1.0 / draws + 1.0 / float(posterior.attrs["effective_size"]))


def probability_error(reached: ArrayLike, draws: float) -> Array:
    """Return the Monte Carlo standard error of a share of draws.

    Parameters
    ----------
    reached : (...) [1]
        Share of draws that reach.
    draws : float
        Number of independent ones.

    Returns
    -------
    error : (...) [1]
        Standard deviation of the probability given the draws, from the prior of Jeffreys: near
        ``sqrt(p (1 - p) / draws)``, and not 0 where no draw or every draw reaches.

    Source
    ------
    Brown, Cai and DasGupta (2001), Interval Estimation for a Binomial Proportion, Statistical Science 16(2), 101-133.
    """
    yes = np.asarray(reached, dtype=np.float64) * draws + 0.5
    both = draws + 1.0
    error: Array = np.sqrt(yes * (both - yes) / (both**2 * (both + 1.0)))
    return error


def quantile_error(ordered: Array, probability: float, draws: float | None = None) -> Array:
    """Return the Monte Carlo standard error of a quantile, (...) [as the values]; not a number for a single draw.

    Parameters
    ----------
    ordered : (draw, ...) [any]
        Sorted on the first axis.
    probability : float [1]
    draws : float, optional
        Number of independent ones; all when omitted.

    Source
    ------
    Maritz and Jarrett (1978), A Note on Estimating the Variance of the Sample Median, Journal of the American
    Statistical Association 73(361), 194-196, for any quantile as in Harrell and Davis (1982), Biometrika 69(3),
    635-640: the variance of an order statistic under resampling, whose ranks have a beta distribution.
    """
    size = len(ordered)
    if size < 2:
        return np.full(ordered.shape[1:], np.nan)
    edges = np.arange(size + 1) / size
    weights = np.diff(betainc((size + 1) * probability, (size + 1) * (1.0 - probability), edges))
    # Deviations, not the values: squares of large numbers that nearly cancel would cost digits.
    off = ordered - ordered[size // 2]
    mean = np.tensordot(weights, off, axes=1)
    variance = np.maximum(np.tensordot(weights, off**2, axes=1) - mean**2, 0.0)
    error: Array = np.sqrt(variance * (size / (size if draws is None else draws)))
    return error


def bands(dataset: xr.Dataset, levels: Sequence[float] = LEVELS) -> xr.Dataset:
    """Return median and central bands of every variable of an ensemble, each with its Monte Carlo standard error.

    Parameters
    ----------
    dataset : xarray.Dataset
        Variables with a dimension `draw`; the attribute ``effective_draws`` where they are not independent.
    levels : sequence of float [1]
        Shares of draws inside the bands.

    Returns
    -------
    bands : xarray.Dataset
        (quantile, figure, ...): `quantile` is 0.5 and the ends of the bands, `figure` is ``value`` or ``mc_error``.

    Raises
    ------
    ArgumentError
        When a level is not between 0 and 1.
    """
    if not all(0.0 < level < 1.0 for level in levels):
        found = ", ".join(f"{level:g}" for level in levels)
        raise ArgumentError(Problem("levels of bands", found, "shares between 0 and 1", "Type 0.9 for 90 %."))
    # Rounded: 1 - 0.9 is not 0.1, and a quantile is found again by its label.
    ends = {round(0.5 + side * level / 2.0, 6) for level in levels for side in (-1, 1)}
    asked = sorted({0.5} | ends)
    independent = dataset.attrs.get("effective_draws")
    arrays = {}
    for name, array in dataset.data_vars.items():
        ordered = np.sort(array.transpose("draw", ...).values, axis=0)
        values = np.quantile(ordered, asked, axis=0)
        errors = np.stack([quantile_error(ordered, level, independent) for level in asked])
        rest = [dim for dim in array.dims if dim != "draw"]
        arrays[name] = (("quantile", "figure", *rest), np.stack([values, errors], axis=1), array.attrs)
    coords = {dim: dataset[dim] for dim in dataset.dims if dim != "draw"}
    return xr.Dataset(arrays, {"quantile": asked, "figure": list(FIGURES), **coords}, dataset.attrs)
