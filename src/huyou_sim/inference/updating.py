"""What figures published after the fit say of an ensemble: a weight for each draw, in seconds and without a new fit.

A draw that predicted the new figures well counts more from now on. The draws were drawn without the figures, so their
weights are the figures' likelihood alone; every mean, quantile and probability of the ensemble becomes a weighted one.
That is exact for many draws and poor for few, so two numbers say when not to believe it: the effective size, of which
Monte Carlo errors come, and the tail index of the largest weights. `huyou_sim.inference.refit` draws anew where the
weights will not do.

Source
------
Kong, Liu and Wong (1994), Sequential Imputations and Bayesian Missing Data Problems, Journal of the American
Statistical Association 89(425), 278-288, on the effective size of weighted draws; Kish (1965), Survey Sampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, logsumexp
from scipy.stats import Covariance, multivariate_normal

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.pareto import tail_index

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

REFIT_BELOW = 100.0
"""Effective size below which a refit is needed: a probability of a half has a Monte Carlo error of 5 points there, and
each end of a 90 % band rests on the worth of five draws."""

TAIL_ABOVE = 0.7
"""Tail index above which weights are not to be trusted, whatever their effective size (Vehtari and others, 2024)."""

SINGULAR = 1e-12
"""Smallest eigenvalue of a matrix of correlations below which a figure follows from others."""


@dataclass(frozen=True, eq=False)
class Figures:
    """Published figures that came after the fit.

    Parameters
    ----------
    values : (figure,) [unit of each figure]
    covariance : (figure, figure) [product of the units]
        Of the errors of publication.
    names : tuple of str
        Of the figures, for messages; none, or one for each.
    """

    values: Array
    covariance: Array
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(np.atleast_1d(self.values))

    def name(self, i: int) -> str:
        """Return the name of a figure, or its number counted from 1."""
        return self.names[i] if i < len(self.names) else f"figure {i + 1}"


@dataclass(frozen=True, eq=False)
class Update:
    """What figures make of the draws of an ensemble.

    Parameters
    ----------
    weights : (draw,) [1]
        Sum to 1.
    effective_size : float
        Independent draws without weights that the weighted ones are worth.
    log_evidence : float
        Log of the mean likelihood over the draws: how well the course predicted the figures.
    tail_index : float
        Shape of the generalised Pareto distribution of the largest weights; infinite where there are too few draws to
        tell, 0 where all weights are equal.
    refit_needed : bool
        Whether the effective size is below `REFIT_BELOW` or the tail index above `TAIL_ABOVE`.
    """

    weights: Array
    effective_size: float
    log_evidence: float
    tail_index: float
    refit_needed: bool


def update(predicted: Array, figures: Figures, *, effective: float, given: Array | None = None) -> Update:
    """Return the weights of an ensemble's draws given new figures, and whether they will do.

    Parameters
    ----------
    predicted : (draw, figure) [unit of each figure]
        What each draw says that each figure truly is, without the error of publication.
    figures : Figures
        Without any, all draws weigh the same and no refit is needed.
    effective : float
        Number of independent draws that the ensemble was worth before.
    given : (draw,) [log], optional
        Density, at each draw, of those of the figures that the draws were made with. The others count given these: the
        difference of two log densities holds where errors go together too.

    Raises
    ------
    ArgumentError
        When figures or predictions are not finite, shapes differ, a covariance is not positive definite, or
        `effective` is not above 0 and at most the number of draws.
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    _check(predicted, figures, effective)
    draws = len(predicted)
    if not len(figures):
        return Update(np.full(draws, 1.0 / draws), float(effective), 0.0, 0.0, False)
    log = log_likelihood(predicted, figures) - (0.0 if given is None else given)
    total = float(logsumexp(log))
    weights: Array = np.exp(log - total)
    weights /= weights.sum()
    weights.flags.writeable = False
    size = max(1.0, kish_size(weights) * effective / draws)
    tail = tail_index(log, independent=effective / draws)
    return Update(weights, size, total - math.log(draws), tail, size < REFIT_BELOW or tail > TAIL_ABOVE)


def log_likelihood(predicted: Array, figures: Figures) -> Array:
    """Return the log density of figures at predictions (draw, figure), (draw,); both are taken to be checked."""
    spread = Covariance.from_cholesky(np.linalg.cholesky(figures.covariance))
    found: Array = np.atleast_1d(multivariate_normal.logpdf(predicted - figures.values, cov=spread))
    return found


def check_figures(figures: Figures) -> None:
    """Return nothing: figures and the covariance of their errors are what they should be.

    Raises
    ------
    ArgumentError
        With all that is wrong.
    """
    values, covariance = np.asarray(figures.values), np.asarray(figures.covariance)
    count = len(figures)
    problems = []
    if values.ndim != 1 or covariance.shape != (count, count) or len(figures.names) not in (0, count):
        found = f"values {values.shape}, covariance {covariance.shape}, {len(figures.names)} name(s)"
        expected = f"({count},), ({count}, {count}) and {count} or no names"
        raise ArgumentError(Problem("figures", found, expected, "Give each figure a row and a column."))
    problems += [
        Problem(figures.name(int(i)), f"{values[i]:g}", "a finite number", "Correct or leave out the figure.")
        for i in np.flatnonzero(~np.isfinite(values))
    ]
    fault = _fault_of(covariance)
    if fault:
        expected = "symmetric and positive definite: each error above 0, none that follows from others"
        fix = "Correct the standard errors, or leave out what is the sum or difference of other figures."
        problems.append(Problem("covariance of figures", fault, expected, fix))
    if problems:
        raise ArgumentError(problems)


def _fault_of(covariance: Array) -> str:
    """Return why a matrix is no covariance, or nothing. Correlations are looked at: units differ by many powers."""
    if not covariance.size:
        return ""
    if not np.isfinite(covariance).all():
        return "entries that are not finite"
    variances = np.diag(covariance)
    if not (variances > 0.0).all():
        return f"a variance of {variances.min():g}"
    correlations = covariance / np.sqrt(np.outer(variances, variances))
    if not np.allclose(correlations, correlations.T, rtol=0.0, atol=1e-9):
        return "a matrix that is not symmetric"
    least = float(np.linalg.eigvalsh(correlations).min())
    return f"correlations with an eigenvalue of {least:.2g}" if least < SINGULAR else ""


def _check(predicted: Array, figures: Figures, effective: float) -> None:
    check_figures(figures)
    problems = []
    if predicted.ndim != 2 or not len(predicted) or predicted.shape[1] != len(figures):
        expected = f"(draw, {len(figures)}), one column for each figure"
        problems.append(Problem("predictions", f"{predicted.shape}", expected, "Predict each figure in each draw."))
    else:
        problems += [
            Problem(
                f"prediction of {figures.name(int(i))}",
                f"{int((~np.isfinite(predicted[:, i])).sum())} draw(s) without a number",
                "a finite number in each draw",
                "Leave out the figure, or predict it in its own years.",
            )
            for i in np.flatnonzero(~np.isfinite(predicted).all(axis=0))
        ]
        if not 0.0 < effective <= len(predicted) * (1.0 + 1e-9):
            expected = f"above 0 and at most the {len(predicted)} draw(s)"
            problems.append(Problem("effective", f"{effective:g}", expected, "Take that of the ensemble."))
    if problems:
        raise ArgumentError(problems)


def kish_size(weights: Array) -> float:
    """Return ``(sum w)^2 / sum w^2``, how many equal weights are worth as much: from 1 to the number of weights."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def moved(values: Array, predicted: Array, missed: Array, spread: Array) -> Array:
    """Return quantities of draws moved by their regression on figures, times how far each draw missed these.

    Exact where draws are jointly normal, and it cannot run out of draws; sums that hold in each draw still hold.

    Parameters
    ----------
    values : (draw, quantity) [any]
    predicted : (draw, figure) [unit of each]
        What a draw says that each figure truly is.
    missed : (draw, figure) [unit of each]
        The figures less what the draw would have published, errors and all.
    spread : (figure, figure)
        Covariance of the figures that draws would publish.

    Source
    ------
    The ensemble smoother with perturbed observations: van Leeuwen and Evensen (1996), Data assimilation and inverse
    methods in terms of a probabilistic formulation, Monthly Weather Review 124(12), 2898-2913.
    """
    off = predicted - predicted.mean(axis=0)
    together = off.T @ (values - values.mean(axis=0)) / (len(values) - 1)
    found: Array = values + missed @ np.linalg.solve(spread, together)
    return found


def weighted_mean(values: ArrayLike, weights: Array) -> Array:
    """Return weighted means, (...) [as the values].

    Parameters
    ----------
    values : (..., draw) [any]
    weights : (draw,) [1]
        Sum to 1, as those of an `Update`.

    Raises
    ------
    ArgumentError
        When the last dimension is not that of the weights.
    """
    found: Array = np.asarray(_by_draw(values, weights) @ weights)
    return found


def weighted_probability(truths: ArrayLike, weights: Array, *, effective: float | None = None) -> tuple[Array, Array]:
    """Return the probability of what is true or not in each draw, and its Monte Carlo standard error, both (...) [1].

    Parameters
    ----------
    truths : (..., draw)
    weights : (draw,) [1]
    effective : float, optional
        Number of independent draws, as from an `Update`; Kish's size of the weights when omitted.

    Raises
    ------
    ArgumentError
        As for `weighted_mean`.
    """
    size = kish_size(weights) if effective is None else effective
    probability: Array = np.clip(weighted_mean(np.asarray(truths, dtype=bool), weights), 0.0, 1.0)
    return probability, probability_error(probability, size)


def weighted_quantile(values: ArrayLike, weights: Array, q: ArrayLike) -> Array:
    """Return weighted quantiles, (...) for one probability and (quantile, ...) for several [as the values].

    With equal weights they are those of `numpy.quantile`; draws without weight count for nothing.

    Parameters
    ----------
    values : (..., draw) [any]
    weights : (draw,) [1]
        Sum to 1.
    q : float or (quantile,) [1]

    Raises
    ------
    ArgumentError
        As for `weighted_mean`, or when a probability is not one.

    Source
    ------
    Akinshin (2023), Weighted quantile estimators, arXiv:2304.07265: the mean of the weighted step function of quantiles
    over a stretch as wide as one of the effective draws, where the quantile of equal weights has its two neighbours.
    """
    values, asked = _by_draw(values, weights), np.atleast_1d(np.asarray(q, dtype=np.float64))
    if not ((asked >= 0.0) & (asked <= 1.0)).all():
        raise ArgumentError(Problem("quantile", str(q), "from 0 to 1", "Type 0.5 for the median."))
    size = kish_size(weights)
    start = np.clip(asked * (1.0 - 1.0 / size), 0.0, 1.0 - 1.0 / size)
    rows = values.reshape(-1, len(weights))
    found = np.empty((len(asked), len(rows)))
    for i, row in enumerate(rows):
        order = np.argsort(row, kind="stable")
        ends = np.concatenate([[0.0], np.cumsum(weights[order])])
        # Deviations, not the values: sums of large numbers that nearly cancel would cost digits.
        middle = row[order[len(row) // 2]]
        sums = np.concatenate([[0.0], np.cumsum(weights[order] * (row[order] - middle))])
        stretch = np.interp(start + 1.0 / size, ends, sums) - np.interp(start, ends, sums)
        found[:, i] = np.clip(middle + size * stretch, row[order[0]], row[order[-1]])
    return found.reshape((*np.shape(q), *values.shape[:-1]))


def weighted_quantile_error(values: ArrayLike, weights: Array, q: float, *, effective: float | None = None) -> Array:
    """Return the Monte Carlo standard errors of a weighted quantile, (...) [as the values].

    Parameters
    ----------
    values : (..., draw) [any]
    weights : (draw,) [1]
    q : float [1]
    effective : float, optional
        As for `weighted_probability`.

    Raises
    ------
    ArgumentError
        As for `weighted_mean`.

    Source
    ------
    As for `huyou_sim.inference.monte_carlo.quantile_error`, whose ranks are shares of the weights here.
    """
    values = _by_draw(values, weights)
    size = kish_size(weights) if effective is None else effective
    order = np.argsort(values, axis=-1, kind="stable")
    ends = np.minimum(np.cumsum(weights[order], axis=-1), 1.0)
    edges = np.concatenate([np.zeros((*ends.shape[:-1], 1)), ends], axis=-1)
    masses = np.diff(betainc((size + 1.0) * q, (size + 1.0) * (1.0 - q), edges), axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    off = ordered - ordered[..., [ordered.shape[-1] // 2]]
    mean = (masses * off).sum(axis=-1)
    error: Array = np.sqrt(np.maximum((masses * off**2).sum(axis=-1) - mean**2, 0.0))
    return error


def _by_draw(values: ArrayLike, weights: Array) -> Array:
    """Return values as numbers, their last dimension that of the weights."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim < 1 or weights.ndim != 1 or found.shape[-1] != len(weights):
        expected = f"a last dimension of {weights.shape}, one number for each weight"
        raise ArgumentError(Problem("values", f"{found.shape}", expected, "Put the draws last."))
    return found


__all__ = [
    "REFIT_BELOW", "TAIL_ABOVE", "Figures", "Update", "check_figures", "kish_size", "log_likelihood",
    "update", "weighted_mean", "weighted_probability", "weighted_quantile", "weighted_quantile_error",
]  # fmt: skip
