"""The best package for a budget: births gained, or the probability of targets, as large as money can make it.

The search is that of the cheapest package turned round. On the stand-in every candidate is first scaled to what the
budget allows, so that the search compares mixes and not sizes; a step of one lever is then an exchange of its money
against that of the others. Each budget of the cost curve is such a search that starts from the package of the budget
below, on the same draws, so that more money never gains less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.planning.aim import PROBABILITY, Aim
from huyou_sim.planning.budget import Budget, check_named
from huyou_sim.planning.emulator import about
from huyou_sim.planning.outcomes import Figures, accounts, pose_like, told
from huyou_sim.planning.search import (
    GENERATIONS,
    SEED,
    Search,
    affordable,
    evolved,
    first_of,
    polished,
    search_of,
)
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.planning.trials import Trials, modelled, pose
from huyou_sim.policy.adjust import START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.planning.emulator import Emulator
    from huyou_sim.planning.targets import Target
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

MULTIPLES = (0.25, 0.5, 1.0, 1.5, 2.0)
"""Of the budget, on the cost curve."""

MORE = 1.1
"""Multiple of the budget from which the price of the bound is taken."""

CAUTION = 0.99
"""Share of the budget that the search on the stand-in may spend: what it takes for just affordable may cost more."""

FILLS = (0.985, 0.992, 0.997, 1.0, 1.003)
"""Shares of the budget that the stand-in says a package spends, of which the model tries each."""

LARGEST = 4.0
"""Largest factor by which a package is filled up to the budget."""

ALONG = (0.25, 0.5, 0.75, 1.0)
"""Shares of the way from a package to what its stand-in finds better, of which the model tries each."""

BELOW = (0.97, 0.94, 0.9, 0.8)
"""Scales of a package of another budget at which it is tried, beside 1: effects of levers make some dearer together."""

CORRECTIONS = 2
"""Times that the stand-in made of single levers is held against the model and corrected."""

ROUNDS = 3
"""Stand-ins made about the package that was found last, for the budget itself; other points of the curve have one."""

GAIN = 1e-6
"""Improvement of a rank below which a further round is spared."""


@dataclass(frozen=True, eq=False)
class Best:
    """The best package for a budget.

    Parameters
    ----------
    aim : Aim
    targets : tuple of Target
    seen : bool
    until : int
        Last year in which births and payments are counted.
    budget : Budget
    settings : mapping of lever key to value [unit of the lever]
        Levers that are used; the others stand as in the base.
    bounds : mapping of lever key to (float, float)
        From the weakest to the strongest setting.
    figures : Figures
        On the draws of the search, which picked what fares best on them.
    again : Figures or None
        On draws with other random numbers.
    accounts : DataFrame
        By year, and ``total``: year, promised, cost_low, cost, cost_high [yuan, payers of the budget], one column for
        each payer, held_to (mean, or the quantile of the certainty), limit and slack [yuan].
    price_of_bound : float [persons or 1, per million yuan]
        What a million more brings: from a search with a tenth more of every limit.
    curve : DataFrame
        By multiple of the budget: multiple, budget [yuan], cost_low, cost, cost_high, value, value_error, value_again,
        mean, q05, q50, q95 [persons], probability, probability_error, probability_seen, probability_seen_error, mark,
        and one column for each lever with its setting, NaN where it is not used.
    single : mapping of family to settings
        The best package of each family of levers alone, where there are several.
    evaluations, tried : int
        Packages that the model projected for all searches, and candidates on its stand-in.
    draws : int
    mark : str
    """

    aim: Aim
    targets: tuple[Target, ...]
    seen: bool
    until: int
    budget: Budget
    settings: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    figures: Figures
    again: Figures | None
    accounts: pd.DataFrame
    price_of_bound: float
    curve: pd.DataFrame
    single: Mapping[str, Mapping[str, float]]
    evaluations: int
    tried: int
    draws: int
    mark: str


def best_package(
    ensemble: Ensemble,
    aim: Aim,
    budget: Budget,
    *,
    base: Scenario,
    targets: Sequence[Target] = (),
    until: int = TARGET_YEAR,
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    seen: bool = False,
    other: Ensemble | None = None,
    multiples: Sequence[float] = MULTIPLES,
    families: bool = True,
    generations: int = GENERATIONS // 2,
    seed: int = SEED,
    progress: bool = False,
) -> Best:
    """Return the package, on top of a scenario, that gains most within a budget, and what other budgets would gain.

    Parameters
    ----------
    ensemble : Ensemble
        Up to `until`.
    aim : Aim
    budget : Budget
    base : Scenario
    targets : sequence of Target
        To be reached together; for births they are only told of.
    until : int
        Last year in which births and payments are counted: levers go on until then, and what was promised is paid
        after it.
    bounds : mapping of lever key to (lower, upper) or None, optional
        Levers of the search; `huyou_sim.planning.search.LEVERS` when omitted.
    seen : bool
        Maximise the probability that the published figures show it.
    other : Ensemble, optional
        With other random numbers, on which the found packages are tried once more.
    multiples : sequence of float [1]
        Of the budget, on the cost curve; 1 belongs to them in any case.
    families : bool
        Search for the best package of each family of levers alone too.
    generations, seed : int
    progress : bool

    Raises
    ------
    ArgumentError
        When there is no budget, no target where one is needed, or a lever is unknown or has no price.
    """
    check_named(budget)
    if aim.kind == PROBABILITY and not targets:
        raise ArgumentError(Problem("target", "none", "at least one", "Type --target tfr."))
    search = search_of(pose(ensemble, base, targets, seen=seen, until=until, budget=budget), bounds)
    at = sorted({*multiples, 1.0, MORE})
    with tqdm(desc="best", unit="package", disable=not progress or None, leave=False) as bar:
        projected: list[int] = []

        def done(count: int) -> None:
            projected.append(count)
            bar.update(count)

        stand_in = search.stand_in(done)
        more: dict[str, Any] = {"generations": generations, "seed": seed, "done": done}
        found, tried = _along(search, stand_in, aim, at, **more)
        single = _single(search, stand_in, aim, **more) if families else {}
        rows = [search.settings(row) for row in found]
        here = told(search.question, aim, rows, done=bar.update)
        there: Sequence[Figures | None] = [None] * len(rows)
        if other is not None:
            there = told(pose_like(search.question, other), aim, rows, done=bar.update)
    one = at.index(1.0)
    return Best(
        aim=aim,
        targets=search.question.targets,
        seen=seen,
        until=until,
        budget=budget,
        settings=MappingProxyType(rows[one]),
        bounds=MappingProxyType(search.bounds),
        figures=here[one],
        again=there[one],
        accounts=accounts(search.question, rows[one]),
        price_of_bound=(here[at.index(MORE)].value - here[one].value) / ((MORE - 1.0) * _size(budget, until) / MILLION),
        curve=_curve(search, at, rows, here, there, skipped=MORE if MORE not in multiples else math.nan),
        single=MappingProxyType(single),
        evaluations=sum(projected),
        tried=tried,
        draws=len(ensemble),
        mark=ensemble.draws.mark,
    )


def search_best(search: Search, aim: Aim, *, generations: int, seed: int, done: Callable[[int], object] = int) -> Array:
    """Return the shares of the best package for the budget of a question, (lever,), and nothing else.

    `done` is told of every package that the model projects, those of which the stand-in is made included.
    """
    start = np.zeros(len(search.levers))
    shares, _ = optimised(
        search, search.stand_in(done), aim, search.question.budget, start=start, generations=generations, seed=seed,
        done=done,
    )  # fmt: skip
    return shares


MILLION = 1e6


def _size(budget: Budget, until: int) -> float:
    """Return the money of a budget: its total, or its path up to the last year that is counted."""
    if math.isfinite(budget.total):
        return max(budget.total, 1.0)
    return max(sum(budget.limit(year) for year in range(START, until + 1)), 1.0)


def _along(search: Search, stand_in: Emulator, aim: Aim, at: Sequence[float], **more: Any) -> tuple[list[Array], int]:
    """Return the shares of the best package of each multiple of the budget, and how many the stand-ins tried.

    Most effort goes to the budget itself; from there the search goes on to smaller and to larger ones.
    """
    budget, one, levers = search.question.budget, at.index(1.0), len(search.levers)
    found: dict[int, Array] = {}
    found[one], tried = optimised(search, stand_in, aim, budget, start=np.zeros(levers), **more)
    for way in (range(one - 1, -1, -1), range(one + 1, len(at))):
        last = one
        for i in way:
            start = np.clip(at[i] / at[last] * found[last], 0.0, 1.0)
            rounds = 2 if at[i] == MORE else 1
            found[i], count = optimised(search, None, aim, budget.times(at[i]), start=start, rounds=rounds, **more)
            tried, last = tried + count, i
    # What a smaller budget buys, a larger one does too: more money never gains less.
    done = more["done"]
    for i in range(1, len(at)):
        rank = aim.ranked(search.question, budget.times(at[i]))
        found[i] = first_of(search.look, rank, np.stack([found[i - 1], found[i]]), done)
    return [found[i] for i in range(len(at))], tried


FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "birth_grant": "cash",
        "childcare_allowance": "cash",
        "tax_deduction": "cash",
        "housing_coupon": "housing",
        "rent_reduction": "housing",
        "provident_fund_loan": "housing",
        "maternity_leave": "leave",
        "employer_subsidy": "leave",
        "childcare": "childcare",
        "running_subsidy": "childcare",
        "marriage_grant": "marriage",
        "marriage_services": "marriage",
    }
)
"""Table of a lever to the family that it belongs to; any other table is a family by itself."""


def family_of(key: str) -> str:
    """Return the family of a lever by its key."""
    table = key.split(".")[0]
    return FAMILIES.get(table, table)


def _single(search: Search, stand_in: Emulator, aim: Aim, **more: Any) -> dict[str, Mapping[str, float]]:
    """Return the settings of the best package of each family of levers alone."""
    of = [family_of(lever.key) for lever in search.levers]
    if len(set(of)) < 2:
        return {}
    found: dict[str, Mapping[str, float]] = {}
    for family in dict.fromkeys(of):
        numbers = [i for i, one in enumerate(of) if one == family]
        part, start = search.part(numbers), np.zeros(len(numbers))
        shares, _ = optimised(part, stand_in.part(numbers), aim, search.question.budget, start=start, rounds=1, **more)
        found[family] = MappingProxyType(part.settings(shares))
    return found


def optimised(
    search: Search,
    stand_in: Emulator | None,
    aim: Aim,
    budget: Budget,
    *,
    start: Array,
    generations: int,
    seed: int,
    done: Callable[[int], object],
    rounds: int = ROUNDS,
) -> tuple[Array, int]:
    """Return the shares of the best package on the model, (lever,), and how many candidates stand-ins tried.

    A first search on single levers added up finds where to begin. Each round then makes a stand-in about the package
    found so far, which knows what a lever does beside the others, searches on it, and tries on the model what lies on
    the way to what it found; a package is left for nothing but one that the model ranks before it.

    Parameters
    ----------
    search : Search
    stand_in : Emulator, optional
        Made from single levers; without one the search begins about `start`.
    aim : Aim
    budget : Budget
    start : (lever,) [1]
    generations, seed : int
    done : callable
        Is told of every package that the model projects.
    rounds : int
    """
    question, count = search.question, 0
    cautious, rank = budget.times(CAUTION), aim.ranked(question, budget)
    found = [start]

    def proposed(here: Emulator, first: Array) -> Array:
        nonlocal count

        def look(rows: Array) -> Trials:
            return here.look(affordable(here, cautious, rows))

        careful = aim.ranked(question, cautious)
        shares, one = evolved(look, careful, len(first), generations=generations, seed=seed, start=first)
        shares, two = polished(look, careful, shares)
        count += one + two
        better: Array = affordable(here, cautious, shares[None])[0]
        return better

    here = stand_in
    for _ in range(CORRECTIONS if here is not None else 0):
        assert here is not None
        found.append(proposed(here, found[-1]))
        here = here.corrected(found[-1], modelled(question, [search.settings(found[-1])], done=done))
    # Where the search begins may itself be a little too dear.
    found += [scale * start for scale in BELOW] if here is None else list(filled(here, budget, found[-1]))
    nothing = np.zeros_like(start)
    shares = first_of(search.look, rank, np.stack([nothing, *found]), done)
    for _ in range(rounds):
        local = about(question, shares, search.settings, done=done)
        goal = proposed(local, shares)
        way = [filled(local, budget, shares + share * (goal - shares)) for share in ALONG]
        tries = np.concatenate([shares[None], *way])
        trials = search.look(tries)
        done(len(tries))
        scores = rank(trials)
        at = int(np.argmin(scores))
        shares = tries[at]
        if scores[0] - scores[at] < GAIN:
            break
    return shares, count


def filled(stand_in: Emulator, budget: Budget, shares: Array) -> Array:
    """Return a package at a few scales about what the stand-in says the budget allows, (candidate, lever)."""
    return np.concatenate(
        [affordable(stand_in, budget.times(share), shares[None], most=LARGEST) for share in FILLS], axis=0
    )


def _curve(
    search: Search,
    at: Sequence[float],
    rows: Sequence[Mapping[str, float]],
    here: Sequence[Figures],
    there: Sequence[Figures | None],
    *,
    skipped: float,
) -> pd.DataFrame:
    found = []
    for multiple, settings, one, again in zip(at, rows, here, there, strict=True):
        if multiple == skipped:
            continue
        row: dict[str, object] = {
            "multiple": multiple,
            "budget": multiple * _size(search.question.budget, search.question.until),
        }
        row |= dict(zip(("cost_low", "cost", "cost_high"), one.cost.tolist(), strict=True))
        row |= {"value": one.value, "value_error": one.error}
        row |= {"value_again": math.nan if again is None else again.value, "mean": one.mean}
        row |= dict(zip(("q05", "q50", "q95"), one.band.tolist(), strict=True))
        names = ("probability", "probability_error", "probability_seen", "probability_seen_error")
        row |= {name: getattr(one, name) for name in names}
        row |= {"mark": search.question.ensemble.draws.mark}
        found.append(row | {lever.key: settings.get(lever.key, math.nan) for lever in search.levers})
    return pd.DataFrame(found)
