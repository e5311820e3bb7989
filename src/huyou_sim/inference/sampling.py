"""Several independent ensembles of walkers over a density; each is one chain.

A step of an ensemble is one of three moves: a difference of two other walkers (ter Braak 2006), the same with a snooker
update (ter Braak and Vrugt 2008), or a draw from a Student distribution around the normal approximation, accepted or
not by Metropolis and Hastings. Where the density is nearly normal the last mixes within a few steps; where it is not,
the first two, which need no approximation, carry the chain.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LogDensity = Callable[["Array"], "Array"]
"""Points (n, parameter) to log densities (n,)."""

FREEDOM = 6.0
"""Degrees of freedom of the proposal: tails heavier than those of any posterior that a normal prior has a part in."""

WIDER = 1.15
"""Factor of its spread over that of the normal approximation."""

SCATTER = 1.5
"""Factor of the spread of the walkers at the start over that of the normal approximation: chains begin apart."""


@dataclass(frozen=True)
class Plan:
    """How to sample.

    Parameters
    ----------
    chains : int
        Independent ensembles.
    walkers : int
        Of each.
    steps : int
        Of the first try, warm-up included. While the chains have not met, or are worth fewer draws than asked, twice as
        many follow, up to `most_steps`.
    most_steps : int
    warm_up : float
        Share of the steps that is left out at the beginning.
    effective : float
        Effective sample size asked of every parameter.
    r_hat : float
        Below which chains have met.
    stored : int
        Draws of each chain that are kept at most; steps are thinned to it.
    """

    chains: int = 4
    walkers: int = 64
    steps: int = 160
    most_steps: int = 2560
    warm_up: float = 0.25
    effective: float = 2000.0
    r_hat: float = 1.01
    stored: int = 8192


@dataclass(frozen=True)
class Student:
    """The proposal around a normal approximation.

    Parameters
    ----------
    centre : (parameter,)
    root, inverse_root : (parameter, parameter)
        Lower Cholesky factor of its scale, and the inverse of that.
    """

    centre: Array
    root: Array
    inverse_root: Array

    def log(self, points: Array) -> Array:
        """Return the log density (n,) at points (n, parameter), up to a constant."""
        scaled = (points - self.centre) @ self.inverse_root.T
        found: Array = -0.5 * (FREEDOM + len(self.centre)) * np.log1p((scaled**2).sum(axis=1) / FREEDOM)
        return found

    def draw(self, normal: Array, chi_square: Array) -> Array:
        """Return points (n, parameter) from standard normal numbers of that shape and chi-square numbers (n,)."""
        found: Array = self.centre + (normal @ self.root.T) * np.sqrt(FREEDOM / chi_square)[:, None]
        return found


def student(centre: Array, covariance: Array) -> Student:
    """Return the proposal for a normal approximation."""
    root = np.asarray(WIDER * np.linalg.cholesky(covariance), dtype=np.float64)
    return Student(centre, root, np.asarray(np.linalg.inv(root), dtype=np.float64))


@dataclass(frozen=True)
class Ensemble:
    """One chain: an ensemble sampler with random numbers of its own, and where its walkers begin.

    Parameters
    ----------
    sampler : emcee.EnsembleSampler
        It remembers its steps, and where it stands.
    start : (walker, parameter)

    Source
    ------
    Foreman-Mackey, Hogg, Lang and Goodman (2013), Publications of the Astronomical Society of the Pacific 125, 306-312.
    """

    sampler: Any
    start: Array


def ensemble(log: LogDensity, centre: Array, covariance: Array, walkers: int, seed: list[int]) -> Ensemble:
    """Return a chain before its first step."""
    import emcee

    proposal = student(centre, covariance)

    def independent(points: Array, random: Any) -> tuple[Array, Array]:
        found = proposal.draw(random.standard_normal(points.shape), random.chisquare(FREEDOM, len(points)))
        return found, proposal.log(points) - proposal.log(found)

    moves = [
        (emcee.moves.DEMove(), 0.3),
        (emcee.moves.DESnookerMove(), 0.1),
        (emcee.moves.MHMove(independent), 0.6),
    ]
    rng = np.random.default_rng(seed)
    sampler = emcee.EnsembleSampler(walkers, len(centre), log, moves=moves, vectorize=True)
    sampler.random_state = np.random.RandomState(rng.integers(0, 2**32, 8, dtype=np.uint32)).get_state()
    scattered = rng.standard_normal((walkers, len(centre))) @ np.linalg.cholesky(covariance).T
    return Ensemble(sampler, centre + SCATTER * scattered)


def ensembles(log: LogDensity, centre: Array, covariance: Array, plan: Plan, seed: int) -> list[Ensemble]:
    """Return the chains of a plan before their first step."""
    walkers = max(plan.walkers, 2 * len(centre) + 2)
    return [ensemble(log, centre, covariance, walkers, [seed, chain]) for chain in range(plan.chains)]


def advance(chains: list[Ensemble], steps: int, threads: int) -> None:
    """Take steps with every chain, some at once: each has its own random numbers, so their order changes no bit."""

    def further(chain: Ensemble) -> None:
        begun = chain.sampler.iteration > 0
        chain.sampler.run_mcmc(None if begun else chain.start, steps, skip_initial_state_check=True)

    if threads == 1:
        for chain in chains:
            further(chain)
        return
    with ThreadPoolExecutor(min(threads, len(chains))) as pool:
        for done in [pool.submit(further, chain) for chain in chains]:
            done.result()


def acceptance(chains: list[Ensemble]) -> float:
    """Return the share of proposals that were accepted."""
    return float(np.mean([chain.sampler.acceptance_fraction for chain in chains]))


def kept_steps(chains: list[Ensemble], plan: Plan) -> tuple[Array, int, int]:
    """Return the steps after the warm-up, thinned, (chain, step, walker, parameter); the warm-up and the thinning."""
    points = np.stack([chain.sampler.get_chain() for chain in chains])
    warm_up = int(np.ceil(plan.warm_up * points.shape[1]))
    after = points[:, warm_up:]
    thin = max(1, -(-after.shape[1] * after.shape[2] // plan.stored))
    return after[:, ::-1][:, ::thin][:, ::-1], warm_up, thin
