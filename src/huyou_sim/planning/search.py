"""The machinery of a search over many levers: an evolution, a pattern search, and chance to hold them against.

What is searched are shares: 0 is a lever's weakest setting, 1 its strongest. A `Look` says what comes of rows of
shares, on the model or on its stand-in; a `Rank` puts them in order.

Source
------
Storn and Price (1997), Differential Evolution, Journal of Global Optimization 11, 341-359, as in scipy. Pattern search:
Hooke and Jeeves (1961), "Direct Search" Solution of Numerical and Statistical Problems, Journal of the ACM 8, 212-229.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import differential_evolution

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.planning.budget import Budget
from huyou_sim.planning.emulator import Emulator, emulator_of
from huyou_sim.planning.trials import Question, Trials, levers_of, tried
from huyou_sim.policy.adjust import Settable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Truths = NDArray[np.bool_]

Look = Callable[["Array"], Trials]
"""Shares of the way from the weakest to the strongest setting, (candidate, lever), to what comes of them."""

Rank = Callable[[Trials], "Array"]
"""Trials to a number each, lower being better, (candidate,)."""

LEVERS = (
    "birth_grant.yuan.1", "birth_grant.yuan.2", "birth_grant.yuan.3", "childcare.places_per_1000",
    "childcare.inclusive_share_percent", "childcare.fee_yuan_per_month", "marriage_grant.yuan",
    "marriage_services.intensity", "ideals.campaign_events_per_year", "assisted_reproduction.cover_share",
)  # fmt: skip
"""Levers of a search that names none: every one that has a price, cash as grants at birth alone, since an allowance
is the same money later."""

GENERATIONS = 60
PER_LEVER = 6
"""Candidates of a generation for each lever."""

STEPS = (0.0, 0.6, 0.9, 1.1, 1.6)
"""Factors of one lever's share that the pattern search tries."""

ROUNDS = 12
"""Rounds of the pattern search on the stand-in at most."""

SEED = 2021


@dataclass(frozen=True, eq=False)
class Search:
    """A question with its levers, the weakest and the strongest setting of each, (lever, end)."""

    question: Question
    levers: tuple[Settable, ...]
    ends: Array

    def settings(self, shares: Array) -> dict[str, float]:
        """Return the settings of one candidate; a lever at its weakest end is left out where that is no use at all."""
        values = self.ends[:, 0] + (self.ends[:, 1] - self.ends[:, 0]) * shares
        pairs = zip(self.levers, values.tolist(), strict=True)
        return {lever.key: value for lever, value in pairs if value != lever.weakest}

    def look(self, shares: Array) -> Trials:
        """Return what the model says of candidates, (candidate, lever)."""
        return tried(self.question, [self.settings(row) for row in shares])

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """Return the weakest and the strongest setting of each lever by its key."""
        return {lever.key: (ends[0], ends[1]) for lever, ends in zip(self.levers, self.ends.tolist(), strict=True)}

    def part(self, numbers: Sequence[int]) -> Search:
        """Return the search with some of its levers, in this order."""
        chosen = list(numbers)
        return Search(self.question, tuple(self.levers[i] for i in chosen), self.ends[chosen])

    def stand_in(self, done: Callable[[int], object] = int) -> Emulator:
        """Return the stand-in for the model, made from each lever alone; `done` is told how many were projected."""
        return emulator_of(self.question, len(self.levers), self.settings, done=done)


def search_of(question: Question, bounds: Mapping[str, tuple[float, float] | None] | None) -> Search:
    """Return the search for levers that answer a question.

    Parameters
    ----------
    question : Question
    bounds : mapping of lever key to (lower, upper) or None, optional
        Levers of the search, with bounds of their own where given; `LEVERS` when omitted.

    Raises
    ------
    ArgumentError
        When a lever is unknown, has no price, or bounds are wrong.
    """
    found = levers_of(question, bounds if bounds else dict.fromkeys(LEVERS))
    free = [
        Problem(
            "lever",
            f"'{lever.key}'",
            "a lever that has a price",
            f"Leave it out: {lever.reason[:1].lower()}{lever.reason[1:]}.",
        )
        for lever, _ in found
        if not lever.priced
    ]
    if free:
        raise ArgumentError(free)
    return Search(question, tuple(lever for lever, _ in found), np.array([ends for _, ends in found]))


def first_of(look: Look, rank: Rank, rows: Array, done: Callable[[int], object] = int) -> Array:
    """Return the best of some packages, (lever,); `done` is told how many there were."""
    candidates = np.unique(rows, axis=0)
    done(len(candidates))
    best: Array = candidates[int(np.argmin(rank(look(candidates))))]
    return best


def evolved(
    look: Look,
    rank: Rank,
    levers: int,
    *,
    generations: int = GENERATIONS,
    per_lever: int = PER_LEVER,
    seed: int = SEED,
    start: Array | None = None,
) -> tuple[Array, int]:
    """Return the best shares that a global search finds, (lever,), and how many candidates it tried.

    Parameters
    ----------
    look, rank : callable
    levers : int
    generations, per_lever, seed : int
    start : (lever,) [1], optional
        A candidate of the first generation.
    """
    count = 0

    def score(columns: Array) -> Array:
        nonlocal count
        rows = columns.reshape(levers, -1).T
        count += len(rows)
        return rank(look(_off(rows)))

    rng = np.random.default_rng(seed)
    size = max(5, per_lever * levers)
    first = rng.random((size, levers))
    # Small packages are as likely as large ones, and corners are tried: nothing, and everything.
    first *= rng.random((size, 1))
    first[0], first[1] = 0.0, 1.0
    if start is not None:
        first[2] = start
    evolution: Any = differential_evolution  # its declared types know no vectorized function
    found = evolution(
        score,
        [(0.0, 1.0)] * levers,
        init=first,
        maxiter=generations,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=0.0,
        atol=0.0,
        mutation=(0.4, 0.9),
        recombination=0.8,
        rng=rng,
    )
    return _off(found.x[None])[0], count


TRACE = 0.005
"""Share below which a lever is taken as not used: evolution seldom hits zero itself."""


def _off(shares: Array) -> Array:
    return np.where(shares < TRACE, 0.0, shares)


def polished(look: Look, rank: Rank, shares: Array, *, rounds: int = ROUNDS, bar: Any = None) -> tuple[Array, int]:
    """Return shares that no step of a single lever, or of all together, betters; and how many candidates were tried."""
    count, best = 0, None
    for _ in range(rounds):
        candidates = stepped(shares)
        scores = rank(look(candidates))
        count += len(candidates)
        if bar is not None:
            bar.update(len(candidates))
        at = int(np.argmin(scores))
        if best is not None and not scores[at] < best - 1e-9:
            break
        best, shares = float(scores[at]), candidates[at]
    return shares, count


def stepped(shares: Array) -> Array:
    """Return a package and what one step of a single lever, or of all together, makes of it, (candidate, lever)."""
    rows = [shares]
    for factor in STEPS:
        rows.append(np.clip(factor * shares, 0.0, 1.0))
        for lever in range(len(shares)):
            # A lever that is off is tried at a few settings; a factor would leave it off.
            moved = factor * shares[lever] if shares[lever] > 0.0 else factor / 20.0
            rows.append(np.where(np.arange(len(shares)) == lever, min(moved, 1.0), shares))
    found: Array = np.unique(_off(np.array(rows)), axis=0)
    return found


HALVINGS = 16
"""Halvings of a scale: to a hundred-thousandth."""


def affordable(stand_in: Emulator, budget: Budget, rows: Array, *, most: float = 1.0) -> Array:
    """Return candidates scaled until they keep to a budget, by the money that the stand-in says they spend.

    Parameters
    ----------
    stand_in : Emulator
    budget : Budget
    rows : (candidate, lever) [1]
    most : float [1]
        Largest scale: with 1 what keeps to the budget stays as it is, with more it is filled up. No share exceeds 1.
    """

    def scaled(scale: Array) -> Array:
        found: Array = np.clip(scale[:, None] * rows, 0.0, 1.0)
        return found

    def over(scale: Array) -> Truths:
        excess = budget.excess(stand_in.total("spent", scaled(scale)), stand_in.question.years)
        found: Truths = excess > 0.0
        return found

    low, high = np.zeros(len(rows)), np.full(len(rows), most)
    whole = ~over(high)
    if whole.all():
        return scaled(high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        above = over(middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return scaled(np.where(whole, most, low))


def random_shares(levers: int, count: int, seed: int) -> Array:
    """Return candidates by chance, (candidate, lever), small packages as often as large ones.

    A uniform design would hardly try any package that is affordable.
    """
    rng = np.random.default_rng(seed)
    shares: Array = rng.random((count, levers)) * rng.random((count, 1))
    return shares
