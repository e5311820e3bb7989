"""Draws from a posterior given more data than the draws at hand: the data are let in by degrees.

Particles start as draws without the new data. Their likelihood enters with an exponent that rises from 0 to 1, each
time so far that the weights of the particles stay worth half their number. Then particles are drawn anew by their
weights, and every one of them is moved by steps that leave the distribution of the moment as it is, until little is
left of where it stood: copies part, and the distribution fills out where the first draws were few or none.

A step proposes a point between the old one and a draw of the normal distribution that has the mean and covariance of
the particles, for each part of them those of the other parts. Were the target that distribution, all proposals would be
accepted, whatever the number of coordinates.

Source
------
Del Moral, Doucet and Jasra (2006), Sequential Monte Carlo samplers, Journal of the Royal Statistical Society B 68(3),
411-436. Cotter, Roberts, Stuart and White (2013), MCMC Methods for Functions, Statistical Science 28(3), 424-446, for
the proposal, with another reference than the prior.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import logsumexp
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.priors import generator
from huyou_sim.inference.updating import kish_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Log = Callable[[Array], Array]

KEPT = 0.5
"""Share of the particles that their weights stay worth when the exponent rises."""

ACCEPTED = 0.3
"""Share of proposals that the length of a step is made for."""

LEFT, LEFT_AT_LAST = 0.5, 0.15
"""Correlation of particles with where they stood when they were drawn anew, at which moving stops: on the way and with
all of the data."""

FEWEST_MOVES, FEWEST_AT_LAST = 3, 6
"""Steps before which it does not stop: what the normal distribution of proposals is off by would stay after one."""

PARTS = 8
"""Parts of the particles, each moved by what the others are like."""

FEWEST = 4
"""Particles for each coordinate."""

MIXED = 0.3
"""Correlation left above which draws are marked as not mixed: what the particles were off by when drawn anew counts
with its square, a tenth."""

MOST_MOVES = 60
"""Steps after which moving stops whatever is left."""


@dataclass(frozen=True, eq=False)
class Particles:
    """Points with equal weights, and what is known at each.

    Parameters
    ----------
    points : (particle, coordinate)
    base, likely : (particle,) [log]
        Density without the new data, and their likelihood.
    ancestors : (particle,)
        Number of the first particle that each comes from.
    """

    points: Array
    base: Array
    likely: Array
    ancestors: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: NDArray[np.int64]) -> Particles:
        """Return particles by their numbers, which may come more than once."""
        return Particles(self.points[rows], self.base[rows], self.likely[rows], self.ancestors[rows])


@dataclass(frozen=True, eq=False)
class Annealed:
    """Draws given all data, and how they came about.

    Parameters
    ----------
    particles : Particles
    log_evidence : float
        Log of the mean likelihood of the new data under the first draws.
    exponents : tuple of float
        With which the likelihood entered; the last is 1.
    moves : tuple of int
        Steps at each exponent.
    acceptance : float [1]
        Share of proposals accepted with all of the data.
    left : float [1]
        Correlation with where the particles stood when last drawn anew.
    effective : float
        Number of independent draws that they are worth.
    """

    particles: Particles
    log_evidence: float
    exponents: tuple[float, ...]
    moves: tuple[int, ...]
    acceptance: float
    left: float
    effective: float

    @property
    def mixed(self) -> bool:
        """Return whether little is left of where the particles stood when last drawn anew."""
        return self.left <= MIXED


@dataclass(frozen=True, eq=False)
class Reference:
    """The normal distribution of which proposals are.

    Parameters
    ----------
    mean : (coordinate,)
    root : (coordinate, coordinate)
        Lower Cholesky factor of the covariance.
    """

    mean: Array
    root: Array

    def standard(self, points: Array) -> Array:
        """Return points as uncorrelated standard deviations from the mean, (particle, coordinate)."""
        return np.asarray(solve_triangular(self.root, (points - self.mean).T, lower=True).T, dtype=np.float64)

    def points(self, standard: Array) -> Array:
        """Return the points of standard deviations from the mean."""
        found: Array = self.mean + standard @ self.root.T
        return found


@dataclass(frozen=True, eq=False)
class Target:
    """The distribution of the moment: base times likelihood to the power of an exponent.

    Parameters
    ----------
    base, likely : callable
        As for `anneal`.
    exponent : float
    """

    base: Log
    likely: Log
    exponent: float

    def log(self, particles: Particles) -> Array:
        """Return the log density, (particle,); minus infinity where one of both is."""
        known = np.isfinite(particles.base) & np.isfinite(particles.likely)
        found: Array = np.full(len(particles), -np.inf)
        found[known] = particles.base[known] + self.exponent * particles.likely[known]
        return found


@dataclass(frozen=True, eq=False)
class References:
    """Parts of the particles, each with the normal distribution that all others have.

    Particles that moved by their own mean and covariance would take over the errors of both, and the more coordinates
    there are to a particle the smaller would be their variance.

    Parameters
    ----------
    parts : tuple of Reference
        Of each part, as `parts_of` has them.
    """

    parts: tuple[Reference, ...]

    @classmethod
    def crossed(cls, points: Array, weights: Array | None = None) -> References:
        """Return the references of points (particle, coordinate), which have equal weights unless told otherwise."""
        weights = np.ones(len(points)) if weights is None else weights
        others = [np.delete(np.arange(len(points)), part) for part in parts_of(len(points))]
        return cls(tuple(reference_of(points[rows], weights[rows]) for rows in others))

    def standard(self, points: Array) -> Array:
        """Return points as uncorrelated standard deviations from the mean that a part is moved by."""
        pairs = zip(self.parts, parts_of(len(points)), strict=True)
        return np.concatenate([one.standard(points[part]) for one, part in pairs])

    def points(self, standard: Array) -> Array:
        """Return the points of standard deviations from the mean that a part is moved by."""
        pairs = zip(self.parts, parts_of(len(standard)), strict=True)
        return np.concatenate([one.points(standard[part]) for one, part in pairs])


def parts_of(count: int) -> list[slice]:
    """Return `PARTS` parts of so many particles, of one size give or take one."""
    ends = np.linspace(0, count, PARTS + 1).astype(int).tolist()
    return [slice(low, high) for low, high in pairwise(ends)]


def anneal(start: Array, base: Log, likely: Log, *, seed: int, progress: bool = False) -> Annealed:
    """Return draws from the density ``base * likelihood``, given draws from ``base``.

    Parameters
    ----------
    start : (particle, coordinate)
        Draws without the new data.
    base, likely : callable
        Points (particle, coordinate) to log density and log likelihood, (particle,), each up to a constant; minus
        infinity where there is none. Called with all particles at once, each in its row.
    seed : int
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        When there are too few particles for so many coordinates, or the data are impossible under all of a part.
    """
    particles = Particles(start, base(start), likely(start), np.arange(len(start)))
    _check(particles)
    exponents, moves, evidence = [0.0], [], 0.0
    length = acceptance = left = 1.0
    with tqdm(desc="refit", unit="move", disable=not progress or None, leave=False) as bar:
        while exponents[-1] < 1.0:
            exponents.append(next_exponent(particles.likely, exponents[-1]))
            log = (exponents[-1] - exponents[-2]) * particles.likely
            evidence += float(logsumexp(log)) - math.log(len(log))
            weights = np.exp(log - logsumexp(log))
            references = References.crossed(particles.points, weights)
            frame, rng = references, generator(seed, f"refit {len(exponents)}")
            particles = particles.take(drawn_anew(weights, rng))
            placed, target = frame.standard(particles.points), Target(base, likely, exponents[-1])
            last = target.exponent == 1.0
            for count in range(1, MOST_MOVES + 1):
                particles, acceptance = moved(particles, references, target, length, rng)
                length = min(1.0, length * math.exp(acceptance - ACCEPTED))
                left = correlation(placed, frame.standard(particles.points))
                references = References.crossed(particles.points)
                bar.update()
                bar.set_postfix(data=f"{target.exponent:.3f}")
                if count >= (FEWEST_AT_LAST if last else FEWEST_MOVES) and left <= (LEFT_AT_LAST if last else LEFT):
                    break
            moves.append(count)
    size = genealogical_size(frame.standard(particles.points), particles.ancestors)
    return Annealed(particles, evidence, tuple(exponents[1:]), tuple(moves), acceptance, left, size)


def _check(particles: Particles) -> None:
    count, coordinates = particles.points.shape
    problems = []
    if count < FEWEST * coordinates:
        expected = f"{FEWEST * coordinates} or more, {FEWEST} for each of the {coordinates} that the figures depend on"
        problems.append(Problem("draws", str(count), expected, f"Type {max(1000, 10 * coordinates)}."))
    if not all(np.isfinite(particles.likely[part]).any() for part in parts_of(count)):
        found, expected = "impossible under every draw", "possible under several draws"
        problems.append(Problem("figures", found, expected, "Correct the figures or what predicts them."))
    if problems:
        raise ArgumentError(problems)


def next_exponent(likely: Array, exponent: float) -> float:
    """Return the largest exponent, at most 1, at which weights are still worth a share of the particles.

    Parameters
    ----------
    likely : (particle,) [log]
        Likelihood of the new data.
    exponent : float
        That they have by now.
    """
    known = likely[np.isfinite(likely)]
    known = known - known.max()

    def spare(step: float) -> float:
        return kish_size(np.exp(step * known)) - KEPT * len(known)

    rest = 1.0 - exponent
    return 1.0 if spare(rest) >= 0.0 else exponent + float(brentq(spare, 0.0, rest, xtol=1e-12, rtol=1e-6))


def systematic(weights: Array, start: float) -> NDArray[np.int64]:
    """Return the numbers of particles drawn by their weights, each its expected number of times give or take one.

    Parameters
    ----------
    weights : (particle,) [1]
        Sum to 1.
    start : float [1]
        A random number from 0 to 1.

    Source
    ------
    Kitagawa (1996), Monte Carlo Filter and Smoother for Non-Gaussian Nonlinear State Space Models, Journal of
    Computational and Graphical Statistics 5(1), 1-25.
    """
    ends = np.cumsum(weights)
    at = (np.arange(len(weights)) + start) / len(weights) * ends[-1]
    found: NDArray[np.int64] = np.searchsorted(ends, at, side="right").astype(np.int64)
    return found.clip(max=int(np.flatnonzero(weights)[-1]))


def drawn_anew(weights: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the numbers of particles drawn by their weights, each part from its own: copies stay in one part."""
    parts = parts_of(len(weights))
    return np.concatenate([one.start + systematic(weights[one] / weights[one].sum(), rng.random()) for one in parts])


def reference_of(points: Array, weights: Array) -> Reference:
    """Return the normal distribution that has the weighted mean and covariance of points (particle, coordinate)."""
    mean = weights @ points / weights.sum()
    covariance = np.atleast_2d(np.cov(points.T, aweights=weights, ddof=0))
    # Coordinates that all particles share would have no root.
    covariance += 1e-10 * np.eye(len(mean))
    return Reference(mean, np.asarray(np.linalg.cholesky(covariance), dtype=np.float64))


def moved(
    particles: Particles, references: References, target: Target, length: float, rng: np.random.Generator
) -> tuple[Particles, float]:
    """Return particles after one step of each, and the share that took it. The target's distribution stays.

    Parameters
    ----------
    length : float [1]
        Of a step: from near 0 to 1, where proposals do not depend on where a particle stands.
    """
    here = references.standard(particles.points)
    there = math.sqrt(1.0 - length**2) * here + length * rng.standard_normal(here.shape)
    points = references.points(there)
    proposed = Particles(points, target.base(points), target.likely(points), particles.ancestors)
    # The proposal leaves the reference as it is, so its density takes the place of that of the proposals.
    gained = target.log(proposed) - target.log(particles) + 0.5 * ((there**2).sum(axis=1) - (here**2).sum(axis=1))
    taken = np.log(rng.random(len(particles))) < gained
    found = Particles(
        np.where(taken[:, None], proposed.points, particles.points),
        np.where(taken, proposed.base, particles.base),
        np.where(taken, proposed.likely, particles.likely),
        particles.ancestors,
    )
    return found, float(taken.mean())


def correlation(before: Array, after: Array) -> float:
    """Return the correlation of points with themselves later, (particle, coordinate), all coordinates together."""
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    return float((before * after).sum() / math.sqrt((before**2).sum() * (after**2).sum()))


def genealogical_size(values: Array, ancestors: NDArray[np.int64]) -> float:
    """Return how many independent draws particles are worth that descend from fewer, at most their number.

    Parameters
    ----------
    values : (particle, coordinate) [any unit in which coordinates have a like spread]
    ancestors : (particle,)
        Descendants of one ancestor may be alike; what their sum is off by, together, is what a mean is off by.

    Source
    ------
    Chan and Lai (2013), A general theory of particle filters in hidden Markov models and some applications, Annals of
    Statistics 41(6), 2877-2904; Lee and Whiteley (2018), Variance estimation in the particle filter, Biometrika
    105(3), 609-625.
    """
    off = values - values.mean(axis=0)
    sums = np.zeros((int(ancestors.max()) + 1, values.shape[1]))
    np.add.at(sums, ancestors, off)
    return min(float(len(values)), float(len(values) * (off**2).sum() / (sums**2).sum()))


__all__ = [
    "Annealed", "Particles", "Reference", "Target", "anneal", "correlation", "genealogical_size", "moved",
    "next_exponent", "reference_of", "systematic",
]  # fmt: skip
