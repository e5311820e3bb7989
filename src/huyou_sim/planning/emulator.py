"""A quick stand-in for the model in a search over many levers: courses of single levers, added up draw by draw.

Each lever alone is projected at a few settings on all draws of the ensemble; between them its effect on a target's
series, and its cost, are taken as straight lines, and effects of several levers as sums. Levers share ceilings, so sums
are too large where many act at once: `Emulator.corrected` scales them, draw by draw and year by year, to what the model
gives for one package, and the search goes on from there. What is reported is never the stand-in's figure but the
model's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.planning.trials import Courses, Question, Trials, judged, modelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KNOTS = (0.0, 0.01, 0.03, 0.07, 0.15, 0.3, 0.55, 1.0)
"""Shares of the way from the weakest to the strongest setting at which a lever is projected: effects saturate, so they
lie closer where it is weak."""

LARGEST = 3.0
"""Largest factor of a correction, and its inverse the smallest [1]."""

Settings = Callable[["Array"], "Mapping[str, float]"]
"""Shares of all levers, (lever,), to their settings."""


@dataclass(frozen=True, eq=False)
class Emulator:
    """Courses of single levers, and what scales their sum.

    Parameters
    ----------
    question : Question
    start : Courses
        Of the base, as the only candidate.
    moves : (lever, knot, target, draw, year) [unit of the target]
        What each lever alone adds to the true series.
    costs : (lever, knot, level) [yuan]
    factor : (target, draw, year) [1]
    cost_factor : (level,) [1]
    """

    question: Question
    start: Courses
    moves: Array
    costs: Array
    factor: Array
    cost_factor: Array

    def look(self, shares: Array) -> Trials:
        """Return what the stand-in says of candidates, (candidate, lever)."""
        return judged(self.question, self.predict(shares))

    def predict(self, shares: Array) -> Courses:
        """Return series and costs of candidates as sums over levers."""
        knots = np.array(KNOTS)
        below = np.clip(np.searchsorted(knots, shares, side="right") - 1, 0, len(knots) - 2)
        weight = (shares - knots[below]) / (knots[below + 1] - knots[below])
        change = np.zeros((len(shares), *self.moves.shape[2:]))
        cost = np.zeros((len(shares), self.costs.shape[-1]))
        for lever in range(shares.shape[1]):
            for knot, part in ((below[:, lever], 1.0 - weight[:, lever]), (below[:, lever] + 1, weight[:, lever])):
                change += part[:, None, None, None] * self.moves[lever, knot]
                cost += part[:, None] * self.costs[lever, knot]
        moved = np.moveaxis(self.factor * change, 0, 1)
        return Courses(self.start.true + moved, self.start.seen + moved, self.cost_factor * cost)

    def corrected(self, shares: Array, exact: Courses) -> Emulator:
        """Return a stand-in that gives what the model does for one package, (lever,)."""
        said = self.predict(shares[None])
        return replace(
            self,
            factor=self.factor * _ratio(exact.true[:, 0] - self.start.true[:, 0], (said.true - self.start.true)[:, 0]),
            cost_factor=self.cost_factor * _ratio(exact.cost[0], said.cost[0]),
        )


def _ratio(exact: Array, said: Array) -> Array:
    """Return exact over said, 1 where there is next to nothing, within `LARGEST`."""
    there = np.abs(said) > 1e-9 * max(float(np.abs(said).max(initial=0.0)), 1e-12)
    ratio: Array = np.divide(exact, said, out=np.ones_like(said), where=there)
    return np.clip(ratio, 1.0 / LARGEST, LARGEST)


def emulator_of(
    question: Question, levers: int, settings: Settings, *, done: Callable[[int], object] = int
) -> Emulator:
    """Return a stand-in for the model, made from projections of each lever alone.

    Parameters
    ----------
    question : Question
    levers : int
    settings : callable
    done : callable
        Is told how many candidates were projected.
    """
    alone = [np.eye(levers)[lever] * knot for lever in range(levers) for knot in KNOTS[1:]]
    found = modelled(question, [settings(row) for row in [np.zeros(levers), *alone]], done=done)
    start = Courses(found.true[:, :1], found.seen[:, :1], found.cost[:1])
    moves = np.moveaxis(found.true[:, 1:] - start.true, 0, 1).reshape(levers, len(KNOTS) - 1, *_inner(found))
    costs = found.cost[1:].reshape(levers, len(KNOTS) - 1, -1)
    return Emulator(
        question=question,
        start=start,
        moves=np.concatenate([np.zeros_like(moves[:, :1]), moves], axis=1),
        costs=np.concatenate([np.zeros_like(costs[:, :1]), costs], axis=1),
        factor=np.ones(_inner(found)),
        cost_factor=np.ones(costs.shape[-1]),
    )


def _inner(found: Courses) -> tuple[int, int, int]:
    """Return numbers of targets, draws and years."""
    return found.true.shape[0], found.true.shape[2], found.true.shape[3]
