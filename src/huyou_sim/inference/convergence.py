"""Whether chains have met, and how many independent draws they are worth.

Source
------
Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis 16(2), 667-718: rank-normalised split R-hat
and bulk effective sample size. Geyer (1992), Statistical Science 7(4), 473-483: the initial monotone sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def rank_normalised(draws: Array) -> Array:
    """Return draws of any shape replaced by the normal quantiles of their ranks among all."""
    # Imported here: with it comes half a second of start, which a run without a sampler need not wait for.
    from scipy.stats import rankdata

    ranks = rankdata(draws, method="average").reshape(draws.shape)
    found: Array = ndtri((ranks - 0.375) / (draws.size + 0.25))
    return found


def split(chains: Array) -> Array:
    """Return (chain, draw, ...) as twice the chains of half the length; an odd draw in the middle is left out."""
    half = chains.shape[1] // 2
    return np.concatenate([chains[:, :half], chains[:, chains.shape[1] - half :]])


def _r_hat(chains: Array) -> float:
    chains = chains.reshape(len(chains), -1)
    n = chains.shape[1]
    within = chains.var(axis=1, ddof=1).mean()
    between = n * chains.mean(axis=1).var(ddof=1)
    return float(np.sqrt(((n - 1) * within + between) / (n * within))) if within > 0 else np.inf


def r_hat(draws: Array) -> float:
    """Return the rank-normalised split R-hat: the larger of that of location and that of spread.

    Parameters
    ----------
    draws : (chain, draw, ...)
        Further axes are draws of the same step (the walkers of an ensemble), which belong to their chain.
    """
    folded = np.abs(draws - np.median(draws))
    return max(_r_hat(split(rank_normalised(draws))), _r_hat(split(rank_normalised(folded))))


def effective_size(draws: Array) -> float:
    """Return the bulk effective sample size of (chain, draw), or of (chain, draw, walker).

    An ensemble's walkers move by each other, so they are no chains of their own. What counts is how fast the mean over
    the walkers of a step forgets, and how far it spreads: the effective size is the variance of a draw over the
    variance of the mean of all.

    Notes
    -----
    With chains of one walker it is the effective size of Vehtari et al. (2021).
    """
    walkers = draws.shape[2] if draws.ndim == 3 else 1
    normal = rank_normalised(draws)
    means = split(normal.reshape(*draws.shape[:2], walkers).mean(axis=2))
    chains, steps = means.shape
    centred = means - means.mean(axis=1, keepdims=True)
    size = 2 ** int(np.ceil(np.log2(2 * steps)))
    power = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(power, size, axis=1)[:, :steps] / steps
    # The variance of one step's mean in equilibrium: that of a draw over the walkers, once chains have met.
    within = covariance[:, 0].mean() * steps / (steps - 1)
    pooled = within * (steps - 1) / steps + means.mean(axis=1).var(ddof=1)
    if not pooled > 0:
        return 0.0
    rho = 1.0 - (within - covariance.mean(axis=0) * steps / (steps - 1)) / pooled
    pairs = rho[: steps - steps % 2].reshape(-1, 2).sum(axis=1)
    stop = int(np.argmax(pairs < 0)) if (pairs < 0).any() else len(pairs)
    monotone = np.minimum.accumulate(pairs[:stop])
    tau = max(-1.0 + 2.0 * float(monotone.sum()), 1.0 / np.log10(max(chains * steps, 10)))
    # Of walkers, a step's mean spreads as one draw over their number when they are independent, and more if not.
    one = float(normal.var()) if walkers > 1 else pooled
    return float(chains * steps / tau * one / pooled)
