"""Simulation-based calibration: the posterior of data made from the prior holds the truth as often as it says.

Values are drawn from the prior, figures are made from them with their errors, and the posterior of these figures is
sampled. Among draws from a right posterior the true value has every rank equally often. A likelihood, a prior or a
sampler that is wrong bends the ranks: heaped in the middle when the posterior is too wide, at the
ends when it is too narrow.

Source
------
Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788. Säilynoja, Bürkner and Vehtari (2022),
Statistics and Computing 32, 32: uniformity by the empirical distribution.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from huyou_sim.inference.density import Density, laplace
from huyou_sim.inference.sampling import FREEDOM, SCATTER, Student, student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.likelihood import Likelihood

    Array = NDArray[np.float64]

BINS = 8
"""Of the chi-square test of ranks."""


def calibration_ranks(
    density: Density,
    *,
    datasets: int = 200,
    draws: int = 63,
    steps: int = 60,
    seed: int = 1,
    truth: Density | None = None,
) -> xr.Dataset:
    """Return the ranks of true values among draws from the posteriors of data made from them.

    Each data set has an ensemble of `draws` + 1 walkers, which start scattered around its own normal approximation and
    take `steps` steps: Student proposals as in `huyou_sim.inference.sampling`, and every third step a stretch move
    (Goodman and Weare 2010). All ensembles go through the model together. The walkers of the last step are independent
    draws in equilibrium, so their ranks need no thinning.

    Parameters
    ----------
    density : Density
        Whose prior, model and likelihood are tested; its published figures are not looked at.
    draws : int
        Draws that a true value is ranked among, odd: 63 give ranks 0..63.
    truth : Density, optional
        What data are made with, where that shall differ from what they are read with: a wrong model must show.

    Returns
    -------
    ranks : xarray.Dataset
        ``rank`` (dataset, parameter), ``true`` (dataset, parameter) [unit], ``acceptance`` (dataset,); attributes
        ``draws``, ``seed``, ``steps``.
    """
    source = truth or density
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((datasets, len(density.parameters)))
    published = source.likelihood.simulate(source.simulate(source.values(normal)), rng)
    points, accepted = _short_chains(density, published, draws + 1, steps, rng)
    values = density.values(points[:, :draws].reshape(datasets * draws, -1)).reshape(datasets, draws, -1)
    true = source.values(normal)
    rank = (values < true[:, None]).sum(axis=1)
    names = [one.name for one in density.parameters]
    return xr.Dataset(
        {
            "rank": (("dataset", "parameter"), rank),
            "true": (("dataset", "parameter"), true),
            "acceptance": ("dataset", accepted),
        },
        coords={"dataset": np.arange(datasets), "parameter": names},
        attrs={"draws": draws, "seed": seed, "steps": steps},
    )


def _short_chains(
    density: Density, published: Array, walkers: int, steps: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the last step (dataset, walker, parameter) of an ensemble for each data set, and its acceptance."""
    centre, covariance = laplace(density, published)
    sets, d = centre.shape
    root = np.linalg.cholesky(covariance)
    points = centre[:, None] + SCATTER * np.einsum("sij,swj->swi", root, rng.standard_normal((sets, walkers, d)))
    proposals = [student(*each) for each in zip(centre, covariance, strict=True)]

    def log(points: Array) -> Array:
        flat = points.reshape(-1, d)
        predicted = density.simulate(density.values(flat)).reshape(*points.shape[:2], -1)
        found: Array = _log(density.likelihood, predicted, published) - 0.5 * (points**2).sum(axis=2)
        return found

    now = log(points)
    accepted = np.zeros(sets)
    for step in range(steps):
        if step % 3 == 2:
            for half in (0, 1):
                moving, others = points[:, half::2], points[:, 1 - half :: 2]
                tried, factor = _stretch(moving, others, rng)
                after = log(tried)
                taken = _accept(after - now[:, half::2] + factor, rng)
                points[:, half::2][taken] = tried[taken]
                now[:, half::2] = np.where(taken, after, now[:, half::2])
                accepted += taken.mean(axis=1) / 2
            continue
        tried, factor = _independent(points, proposals, rng)
        after = log(tried)
        taken = _accept(after - now + factor, rng)
        points = np.where(taken[..., None], tried, points)
        now = np.where(taken, after, now)
        accepted += taken.mean(axis=1)
    return points, accepted / steps


def _log(likelihood: Likelihood, predicted: Array, published: Array) -> Array:
    """Return the log likelihood (dataset, walker) of predictions (dataset, walker, observation)."""
    residual = (predicted - published[:, None]) @ likelihood.inverse_root.T
    total = -0.5 * (residual**2).sum(axis=2)
    return np.where(np.isfinite(total), total, -np.inf)


def _accept(ratio: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    return np.log(rng.random(ratio.shape)) < ratio


def _independent(points: Array, proposals: list[Student], rng: np.random.Generator) -> tuple[Array, Array]:
    """Return proposals around each data set's normal approximation, and their log factor."""
    normal, chi_square = rng.standard_normal(points.shape), rng.chisquare(FREEDOM, points.shape[:2])
    tried = np.stack([one.draw(normal[i], chi_square[i]) for i, one in enumerate(proposals)])
    factor = np.stack([one.log(points[i]) - one.log(tried[i]) for i, one in enumerate(proposals)])
    return tried, factor


def _stretch(moving: Array, others: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return the stretch of walkers towards or away from partners of the other half, and its log factor.

    Source
    ------
    Goodman and Weare (2010), Communications in Applied Mathematics and Computational Science 5(1), 65-80, with a = 2.
    """
    sets, walkers, d = moving.shape
    z = (1.0 + rng.random((sets, walkers))) ** 2 / 2.0
    partner = rng.integers(0, others.shape[1], (sets, walkers))
    towards = np.take_along_axis(others, partner[..., None], axis=1)
    return towards + z[..., None] * (moving - towards), (d - 1.0) * np.log(z)


def uniformity(ranks: xr.Dataset) -> pd.DataFrame:
    """Return how far the ranks of each parameter are from uniform.

    Columns: parameter, datasets, chi_square (over eight bins), p_chi_square, ecdf_distance (largest distance between
    the empirical distribution of ranks and the uniform one), p_ecdf, and p, the smaller of both times two. A family of
    parameters is uniform when the smallest p times their number is not small: attribute ``p_all`` of the table.
    """
    possible = int(ranks.attrs["draws"]) + 1
    rows = []
    for name in ranks["parameter"].values:
        found = ranks["rank"].sel(parameter=name).values
        counts = np.bincount(found * BINS // possible, minlength=BINS)
        chi = stats.chisquare(counts, len(found) * np.bincount(np.arange(possible) * BINS // possible) / possible)
        distance, p_ecdf = _ecdf(found, possible)
        smaller = min(1.0, 2.0 * min(float(chi.pvalue), p_ecdf))
        rows.append((str(name), len(found), float(chi.statistic), float(chi.pvalue), distance, p_ecdf, smaller))
    columns = ["parameter", "datasets", "chi_square", "p_chi_square", "ecdf_distance", "p_ecdf", "p"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["p_all"] = float(min(1.0, table["p"].min() * len(table)))
    return table


def _ecdf(found: NDArray[np.int64], possible: int) -> tuple[float, float]:
    """Return the distance of ranks from uniform, and how often uniform ranks of that number are as far."""
    one = float(_distance(np.bincount(found, minlength=possible)[None], len(found))[0])
    uniform = _uniform_distances(len(found), possible)
    return one, float((1 + (uniform >= one - 1e-12).sum()) / (len(uniform) + 1))


def _distance(counts: NDArray[np.int64], size: int) -> Array:
    """Return the largest distance between the distribution of ranks, counted (try, rank), and the uniform one."""
    edges = np.arange(1, counts.shape[1] + 1) / counts.shape[1]
    far: Array = np.abs(np.cumsum(counts, axis=1) / size - edges).max(axis=1)
    return far


@cache
def _uniform_distances(size: int, possible: int, tries: int = 4000) -> Array:
    """Return the distances of uniform ranks of that number, by simulation."""
    rng = np.random.default_rng(0)
    return _distance(rng.multinomial(size, np.full(possible, 1.0 / possible), tries), size)
