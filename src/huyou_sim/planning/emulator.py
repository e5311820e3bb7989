"""A quick stand-in for the model in a search over many levers: courses of single levers, added up draw by draw.

Each lever alone is projected at a few settings on all draws of the ensemble; between them its effect on a target's
series, and its cost, are taken as straight lines, and effects of several levers as sums. Levers share ceilings, so sums
are too large where many act at once: `Emulator.corrected` scales them, draw by draw and year by year, to what the model
gives for one package, and the search goes on from there. What is reported is never the stand-in's figure but the
model's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.planning.trials import Courses, Question, Trials, judged, modelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

KNOTS = (0.0, 0.01, 0.03, 0.07, 0.15, 0.3, 0.55, 1.0)
"""Shares of the way from the weakest to the strongest setting at which a lever is projected: effects saturate, so they
lie closer where it is weak."""

LARGEST = 3.0
"""Largest factor of a correction, and its inverse the smallest [1]."""

Settings = Callable[["Array"], "Mapping[str, float]"]
"""Shares of all levers, (lever,), to their settings."""


MOVED = ("true", "cost", "gained", "spent")
"""Fields of `Courses` that levers move; published series move as the true ones."""


@dataclass(frozen=True, eq=False)
class Emulator:
    """Courses of single levers, and what scales their sum.

    Parameters
    ----------
    question : Question
    start : Courses
        Of the base, or of the package about which levers were moved, as the only candidate.
    knots : (lever, knot) [1]
        Shares of each lever, in order.
    moves : mapping of name to (lever, knot, ...)
        What each lever alone adds to each of `MOVED`: true series (target, draw, year) [unit of the target], cost
        (level,) and money spent (sample, account) [yuan], births gained (draw,) [persons].
    factor : mapping of name to (...) [1]
        Same dimensions without lever and knot.
    """

    question: Question
    start: Courses
    knots: Array
    moves: Mapping[str, Array]
    factor: Mapping[str, Array]

    def look(self, shares: Array) -> Trials:
        """Return what the stand-in says of candidates, (candidate, lever)."""
        return judged(self.question, self.predict(shares))

    def predict(self, shares: Array) -> Courses:
        """Return courses of candidates as sums over levers."""
        moved = np.moveaxis(self.change("true", shares), 0, 1)
        return Courses(
            true=self.start.true + moved,
            seen=self.start.seen + moved,
            **{name: self.total(name, shares) for name in MOVED[1:]},
        )

    def total(self, name: str, shares: Array) -> Array:
        """Return what candidates cost, gain or spend, (candidate, ...)."""
        found: Array = getattr(self.start, name) + self.change(name, shares)
        return found

    def change(self, name: str, shares: Array) -> Array:
        """Return what candidates add to one of `MOVED`, (candidate, ...)."""
        moves = self.moves[name]
        # Sizes are written out: none can be inferred where there is no target.
        flat = moves.reshape(moves.shape[0] * moves.shape[1], int(np.prod(moves.shape[2:])))
        rows = _weights(shares, self.knots) @ flat
        change: Array = self.factor[name] * rows.reshape(len(shares), *moves.shape[2:])
        return change

    def corrected(self, shares: Array, exact: Courses) -> Emulator:
        """Return a stand-in that gives what the model does for one package, (lever,)."""
        told = {"true": exact.true[:, 0] - self.start.true[:, 0]}
        told |= {name: getattr(exact, name)[0] - getattr(self.start, name)[0] for name in MOVED[1:]}
        factor = {name: self.factor[name] * _ratio(told[name], self.change(name, shares[None])[0]) for name in MOVED}
        return replace(self, factor=factor)

    def part(self, numbers: Sequence[int]) -> Emulator:
        """Return the stand-in of some of the levers, in this order."""
        chosen = list(numbers)
        moves = {name: values[chosen] for name, values in self.moves.items()}
        return replace(self, knots=self.knots[chosen], moves=moves)


def _weights(shares: Array, knots: Array) -> Array:
    """Return the weight of each knot of each lever, (candidate, lever and knot): a straight line between two knots."""
    lever, last = np.arange(len(knots)), knots.shape[1] - 2
    below = np.clip((shares[..., None] >= knots).sum(axis=-1) - 1, 0, last)
    low, high = knots[lever, below], knots[lever, below + 1]
    upper = (shares - low) / (high - low)
    weights = np.zeros((*shares.shape, knots.shape[1]))
    np.put_along_axis(weights, below[..., None], 1.0 - upper[..., None], axis=-1)
    np.put_along_axis(weights, below[..., None] + 1, upper[..., None], axis=-1)
    return weights.reshape(len(shares), -1)


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
    return about(question, np.zeros(levers), settings, knots=np.tile(KNOTS, (levers, 1)), done=done)


def about(
    question: Question,
    centre: Array,
    settings: Settings,
    *,
    knots: Array | None = None,
    done: Callable[[int], object] = int,
) -> Emulator:
    """Return a stand-in that is exact where a single lever of a package moves, made from projections of such moves.

    Parameters
    ----------
    question : Question
    centre : (lever,) [1]
        The package.
    settings : callable
    knots : (lever, knot) [1], optional
        Shares at which each lever is projected, in order, its own in the package among them; `near` when omitted.
    done : callable
        Is told how many candidates were projected.
    """
    at = near(centre) if knots is None else knots
    own = at == centre[:, None]
    moved = np.argwhere(~own)
    rows = np.tile(centre, (len(moved) + 1, 1))
    rows[np.arange(1, len(rows)), moved[:, 0]] = at[~own]
    found = modelled(question, [settings(row) for row in rows], done=done)
    start = Courses(found.true[:, :1], found.seen[:, :1], *(getattr(found, name)[:1] for name in MOVED[1:]))
    by_candidate = {"true": np.moveaxis(found.true, 1, 0)} | {name: getattr(found, name) for name in MOVED[1:]}
    moves = {name: np.zeros((*at.shape, *values.shape[1:])) for name, values in by_candidate.items()}
    for name, values in by_candidate.items():
        moves[name][~own] = values[1:] - values[:1]
    return Emulator(question, start, at, moves, {name: np.ones(values.shape[2:]) for name, values in moves.items()})


AROUND = (0.0, 0.6, 1.0, 1.5)
"""Factors of a lever's share at which it is projected about a package, beside its strongest setting."""

OFF = (0.0, 0.02, 0.06, 0.2, 1.0)
"""Shares at which a lever is projected that the package does not use."""


def near(centre: Array) -> Array:
    """Return shares about those of a package, (lever, knot): each in order, no two alike, the package's among them."""
    rows = []
    for share in centre.tolist():
        knots = sorted({*(min(factor * share, 1.0) for factor in AROUND), 1.0}) if share > 0.0 else list(OFF)
        while len(knots) < len(OFF):
            # Where the strongest setting cuts some off, the widest gap gets one more.
            gap = int(np.argmax(np.diff(knots)))
            knots.insert(gap + 1, 0.5 * (knots[gap] + knots[gap + 1]))
        rows.append(knots)
    return np.array(rows)
