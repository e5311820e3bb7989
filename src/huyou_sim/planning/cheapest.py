"""The cheapest package of levers that reaches targets with a probability, and what each budget can reach.

A global search (differential evolution) turns all levers at once on a stand-in for the model, generation by
generation; the model then projects what it found, the stand-in is corrected, and the search goes on from there. At the
end a pattern search moves single levers on the model itself. Where nothing within bounds and budget reaches the
probability, the package of the highest probability is the answer.

Source
------
Constraints by rank: Deb (2000), An efficient constraint handling method for genetic algorithms, Computer Methods in
Applied Mechanics and Engineering 186, 311-338.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.planning.emulator import Emulator
from huyou_sim.planning.search import GENERATIONS, SEED, Rank, Search, evolved, first_of, polished, search_of
from huyou_sim.planning.trials import Question, Trials, check_probability, modelled, pose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.planning.targets import Target
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

CORRECTIONS = 3
"""Times that the stand-in is held against the model and corrected."""

SCALES = (0.7, 0.85, 0.93, 0.97, 1.0, 1.03, 1.07, 1.15, 1.3)
"""Factors of a whole package that are tried on the model, so that it reaches, keeps to the budget, and does no more."""

CAUTION = 0.99
"""Share of the budget that the search on the stand-in may spend: what it takes for just affordable may cost more."""

LAST_ROUNDS = 1
"""Rounds of the pattern search on the model; a frontier, of which every point is a search, does without."""

OVER, SHORT = 10.0, 1.0
"""Ranks of a package over the budget, and of one that falls short of the probability; below stands what meets both."""


@dataclass(frozen=True, eq=False)
class Package:
    """The cheapest package, or the best one where none reaches.

    Parameters
    ----------
    targets : tuple of Target
        To be reached together.
    asked : float [1]
    seen : bool
    budget : float [yuan]
        Infinite where none was given.
    reached : bool
    settings : mapping of lever key to value [unit of the lever]
        Levers that are used; the others stand as in the base.
    bounds : mapping of lever key to (float, float)
        From the weakest to the strongest setting.
    probability, probability_seen, probability_error, probability_seen_error : float [1]
    values : (target, quantile) [unit of the target]
    cost : (level,) [yuan]
        Low, central, high; additional to the base.
    budget_share : float [%]
        Central cost of a mean year of the plan over the general public budget of the base year; NaN without one.
    tried, draws : int
        Candidates of the search on the stand-in, and draws of the figures, which are the model's.
    mark : str
    """

    targets: tuple[Target, ...]
    asked: float
    seen: bool
    budget: float
    reached: bool
    settings: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    probability: float
    probability_error: float
    probability_seen: float
    probability_seen_error: float
    values: Array
    cost: Array
    budget_share: float
    tried: int
    draws: int
    mark: str


def check_budget(budget: float | None) -> float:
    """Return a budget, infinite where none is given.

    Raises
    ------
    ArgumentError
        When it is below zero or no number.
    """
    if budget is None:
        return float("inf")
    if not budget >= 0.0:
        raise ArgumentError(Problem("budget", f"{budget:g} yuan", "0 yuan or more", "Type --budget 1e9 for a billion."))
    return float(budget)


def cheapest_package(
    ensemble: Ensemble,
    targets: Sequence[Target],
    p: float,
    *,
    base: Scenario,
    budget: float | None = None,
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    seen: bool = False,
    generations: int = GENERATIONS,
    seed: int = SEED,
    progress: bool = False,
) -> Package:
    """Return the cheapest package, on top of a scenario, that reaches targets together with probability `p`.

    Parameters
    ----------
    ensemble : Ensemble
    targets : sequence of Target
    p : float [1]
    base : Scenario
    budget : float, optional [yuan]
        Most that the package may cost beyond the base, central unit costs, up to the target year and what is promised.
    bounds : mapping of lever key to (lower, upper) or None, optional
        Levers of the search, with bounds of their own where given; `huyou_sim.planning.search.LEVERS` when omitted.
    seen : bool
        Ask that the published figures show it.
    generations, seed : int
    progress : bool

    Raises
    ------
    ArgumentError
        When a number is out of its range, or a lever is unknown or has no price.
    """
    check_probability(p)
    limit = check_budget(budget)
    search = search_of(pose(ensemble, base, targets, seen=seen), bounds)
    with tqdm(desc="cheapest", unit="package", disable=not progress or None, leave=False) as bar:
        shares, count = _optimised(
            search, search.stand_in(bar.update), p, limit, generations=generations, seed=seed, bar=bar
        )
    return _package(search, shares, p, limit, count)


def ranked(p: float, limit: float, question: Question) -> Rank:
    """Return the rank of candidates: those over the budget last, then those that fall short, then by cost.

    Whatever keeps to the budget stands before what does not, and whatever reaches before what falls short, so that no
    weight has to balance yuan against probability.
    """

    def rank(trials: Trials) -> Array:
        cost, probability = trials.cost[:, 1], trials.asked(question)
        # Bounded by 1, so that a rank never passes into the next one; distances order what never reaches.
        nearness = trials.distance / (1.0 + trials.distance)
        short = SHORT + np.maximum(p - probability, 0.0) + 1e-3 * nearness
        over = OVER + np.tanh((cost - limit) / max(limit, 1.0)) if np.isfinite(limit) else short
        order: Array = np.where(cost > limit, over, np.where(probability < p, short, _squeezed(cost)))
        return order

    return rank


def _squeezed(cost: Array) -> Array:
    """Return costs in their order, below `SHORT`: half at a billion yuan."""
    positive = np.maximum(cost, 0.0) / 1e9
    below: Array = SHORT * positive / (1.0 + positive) + np.minimum(cost, 0.0) / 1e12
    return below


def _optimised(
    search: Search,
    stand_in: Emulator,
    p: float,
    limit: float,
    *,
    generations: int,
    seed: int,
    bar: Any,
    start: Array | None = None,
    last_rounds: int = LAST_ROUNDS,
) -> tuple[Array, int]:
    """Return the shares of the best package on the model, and how many candidates were tried on the stand-in."""
    rank, cautious = ranked(p, limit, search.question), ranked(p, CAUTION * limit, search.question)
    levers, count = len(search.levers), 0
    shares = np.zeros(levers) if start is None else start
    found = [shares]
    for _ in range(CORRECTIONS):
        shares, first = evolved(stand_in.look, cautious, levers, generations=generations, seed=seed, start=shares)
        shares, second = polished(stand_in.look, cautious, shares)
        count += first + second
        found.append(shares)
        stand_in = stand_in.corrected(shares, modelled(search.question, [search.settings(shares)], done=bar.update))
    scaled = np.clip(np.multiply.outer(SCALES, np.array(found)), 0.0, 1.0).reshape(-1, levers)
    shares = first_of(search.look, rank, scaled, bar.update)
    shares, _ = polished(search.look, rank, shares, rounds=last_rounds, bar=bar)
    return shares, count


def _package(search: Search, shares: Array, p: float, limit: float, count: int) -> Package:
    question, trials = search.question, search.look(shares[None])
    draws, cost = len(question.ensemble), trials.cost[0]
    reached = bool(trials.asked(question)[0] >= p and cost[1] <= limit)
    return Package(
        targets=question.targets,
        asked=p,
        seen=question.seen,
        budget=limit,
        reached=reached,
        settings=MappingProxyType(search.settings(shares)),
        bounds=MappingProxyType(search.bounds),
        probability=float(trials.probability[0]),
        probability_error=float(probability_error(trials.probability[0], question.ensemble.effective)),
        probability_seen=float(trials.probability_seen[0]),
        probability_seen_error=float(probability_error(trials.probability_seen[0], question.ensemble.effective)),
        values=trials.values[0],
        cost=cost,
        budget_share=100.0 * float(cost[1]) / PLAN_YEARS / question.price.budget,
        tried=count,
        draws=draws,
        mark=question.ensemble.draws.mark,
    )


CERTAIN = 1.0 + 1e-9
"""Probability that a frontier asks for: none reaches it, so that the search goes for the highest."""

PLAN_YEARS = 3
"""Years in which the levers of a search act up to the target year, 2023 to 2025."""


def frontier(
    ensemble: Ensemble,
    targets: Sequence[Target],
    *,
    base: Scenario,
    budgets: Sequence[float],
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    seen: bool = False,
    generations: int = GENERATIONS // 2,
    seed: int = SEED,
    progress: bool = False,
) -> pd.DataFrame:
    """Return the highest probability that each budget can reach, and the package that does.

    Each search starts from the package of the budget below, so that more money never reaches less.

    Parameters
    ----------
    budgets : sequence of float [yuan]
    ensemble, targets, base, bounds, seen, generations, seed, progress
        As for `cheapest_package`.

    Returns
    -------
    table : DataFrame
        One row for each budget, from the smallest: budget, cost_low, cost, cost_high [yuan], probability,
        probability_error, probability_seen, probability_seen_error, mark, and one column for each lever with its
        setting, NaN where it is not used.

    Raises
    ------
    ArgumentError
        As for `cheapest_package`, or when no budget is given.
    """
    limits = sorted(check_budget(budget) for budget in budgets)
    if not limits:
        raise ArgumentError(Problem("budgets", "none", "at least one", "Type --budget 1e9."))
    search = search_of(pose(ensemble, base, targets, seen=seen), bounds)
    rows, best = [], np.zeros(len(search.levers))
    with tqdm(desc="frontier", unit="package", disable=not progress or None, leave=False) as bar:
        stand_in = search.stand_in(bar.update)
        for limit in limits:
            found, _ = _optimised(
                search, stand_in, CERTAIN, limit, generations=generations, seed=seed, bar=bar, start=best, last_rounds=0
            )
            rank = ranked(CERTAIN, limit, search.question)
            both = np.stack([best, found])
            best = both[int(np.argmin(rank(search.look(both))))]
            rows.append(_frontier_row(search, best, limit))
    return pd.DataFrame(rows)


def _frontier_row(search: Search, shares: Array, limit: float) -> dict[str, object]:
    one = _package(search, shares, 0.5, limit, 0)
    used = {lever.key: one.settings.get(lever.key, float("nan")) for lever in search.levers}
    return {
        "budget": limit,
        "cost_low": one.cost[0],
        "cost": one.cost[1],
        "cost_high": one.cost[2],
        "probability": one.probability,
        "probability_error": one.probability_error,
        "probability_seen": one.probability_seen,
        "probability_seen_error": one.probability_seen_error,
        "mark": one.mark,
        **used,
    }
