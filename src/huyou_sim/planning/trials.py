"""Candidate scenarios tried side by side on one ensemble: probability, distance, value and additional cost of each.

All candidates have the same random numbers, so that a difference between two is a difference of their levers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.planning.budget import Budget, payments
from huyou_sim.planning.reach import true_and_seen
from huyou_sim.planning.targets import RULES, TARGET_YEAR, Target, load_targets
from huyou_sim.policy.adjust import START, Settable, scenario_with, settable
from huyou_sim.policy.costs import LEVELS, Prices, prices, total_costs
from huyou_sim.policy.quantities import NEEDED, TAIL, quantities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.pack import Pack
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]
    Truths = NDArray[np.bool_]

UNLIMITED = Budget()

QUANTILES = (0.05, 0.5, 0.95)
"""Of the value of the target year: the median and the 90 % band."""

BLOCK = 32
"""Candidates that are projected side by side: enough to keep processors busy, few enough for the memory of a laptop."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of candidates, and on which ensemble.

    Parameters
    ----------
    ensemble : Ensemble
    base : Scenario
        What candidates add to, and what their costs are counted against.
    targets : tuple of Target
        To be reached together.
    seen : bool
        Whether the published figures must show it, rather than the truth reach it.
    price : Prices
    base_cost : (level,) [yuan]
        What the base costs the payers of the budget, mean over draws.
    until : int
        Last year in which births and payments are counted; what is promised up to then is paid after it.
    budget : Budget
    base_births : (draw,) [persons]
        From the first year of levers to `until`.
    base_paid : (draw, year) [yuan]
        What the base costs the payers of the budget, central unit costs, to `TAIL` years after `until`.
    """

    ensemble: Ensemble
    base: Scenario
    targets: tuple[Target, ...]
    seen: bool
    price: Prices
    base_cost: Array
    until: int = TARGET_YEAR
    budget: Budget = UNLIMITED
    base_births: Array | float = 0.0
    base_paid: Array | float = 0.0

    @property
    def years(self) -> range:
        """Return the years in which payments may fall due."""
        return range(self.ensemble.years[0], self.until + TAIL + 1)


@dataclass(frozen=True, eq=False)
class Trials:
    """What came of candidates.

    Parameters
    ----------
    probability, probability_seen : (candidate,) [1]
        That all targets are truly reached, and that the published figures show it.
    distance : (candidate,) [1]
        Mean distance from the targets in the sense of the question, each over that of a reference; for order alone.
    values : (candidate, target, quantile) [unit of the target]
        True figures of the target year, `QUANTILES`.
    cost : (candidate, level) [yuan]
        Additional to the base, nominal, with what is promised for later years, without the national subsidy; mean over
        draws.
    gained : (candidate, draw) [persons]
        Births more than in the base, from the first year of levers to the last that is counted.
    spent : (candidate, sample, account) [yuan]
        Additional to the base in each account of the budget: every draw where a certainty is asked for, else the mean.
    """

    probability: Array
    probability_seen: Array
    distance: Array
    values: Array
    cost: Array
    gained: Array
    spent: Array

    def asked(self, question: Question) -> Array:
        """Return the probability that the question asks for, (candidate,)."""
        return self.probability_seen if question.seen else self.probability

    def row(self, number: int) -> Trials:
        """Return one candidate alone."""
        return Trials(**{name: getattr(self, name)[number : number + 1] for name in _FIELDS})


_FIELDS = tuple(one.name for one in fields(Trials))


def joined(trials: Sequence[Trials]) -> Trials:
    """Return the candidates of several trials in one."""
    return Trials(**{name: np.concatenate([getattr(one, name) for one in trials]) for name in _FIELDS})


def find_targets(pack: Pack, names: Sequence[str | int], level: str = "central") -> tuple[Target, ...]:
    """Return targets of a pack by indicator number or variable.

    Parameters
    ----------
    names : sequence
        ``3``, ``"3"`` or ``"natural_increase_rate"``.
    level : {"lenient", "central", "strict"}

    Raises
    ------
    ArgumentError
        For every name that is no target, and a level that there is not; or when no target is named.
    """
    known = load_targets(pack)
    levels = list(dict.fromkeys(one.level for one in known))
    variables = {str(one.indicator_id): one.variable for one in known}
    problems = []
    if level not in levels:
        problems.append(Problem("level", f"'{level}'", " or ".join(levels), suggest(level, levels)))
    if not names:
        problems.append(Problem("target", "none", "at least one", "Type --target tfr."))
    chosen = []
    for name in names:
        variable = variables.get(str(name), str(name))
        if variable not in variables.values():
            every = [*dict.fromkeys(variables.values())]
            expected = "a target's number or variable: " + ", ".join(f"{i} {v}" for i, v in variables.items())
            problems.append(Problem("target", f"'{name}'", expected, suggest(variable, every)))
        chosen.append(variable)
    if problems:
        raise ArgumentError(problems)
    return tuple(
        one for variable in dict.fromkeys(chosen) for one in known if (one.variable, one.level) == (variable, level)
    )


def check_probability(p: float) -> float:
    """Return a probability that can be asked for.

    Raises
    ------
    ArgumentError
        When it is not between 0 and 1, both excluded.
    """
    if not 0.0 < p < 1.0:
        fix = f"Type {p / 100.0:g}." if 1.0 < p < 100.0 else "Type 0.5."
        raise ArgumentError(Problem("probability", f"{p:g}", "a number above 0 and below 1", fix))
    return p


def pose(
    ensemble: Ensemble,
    base: Scenario,
    targets: Sequence[Target],
    *,
    seen: bool = False,
    until: int = TARGET_YEAR,
    budget: Budget = UNLIMITED,
) -> Question:
    """Return a question on an ensemble, with births and cost of its base."""
    price = prices(ensemble.pack)
    zero = Question(ensemble, base, tuple(targets), seen, price, np.zeros(len(LEVELS)), until, budget)
    found = counted(zero, [base])
    return replace(
        zero,
        base_cost=total_costs(found.quantities, price, payers=budget.payers).mean(axis=1)[0],
        base_births=found.births[0],
        base_paid=payments(found.quantities, price, budget.payers)[0],
    )


def tried(question: Question, candidates: Sequence[Mapping[str, float]]) -> Trials:
    """Return what comes of candidates: settings of levers on top of the base.

    Raises
    ------
    ArgumentError, ScenarioError
        As for `scenario_with`.
    """
    return judged(question, modelled(question, candidates))


@dataclass(frozen=True, eq=False)
class Courses:
    """Series, births and payments of candidates, before they are judged.

    Parameters
    ----------
    true, seen : (target, candidate, draw, year) [unit of the target]
        Years from the baseline to the target year.
    cost : (candidate, level) [yuan]
    gained : (candidate, draw) [persons]
    spent : (candidate, sample, account) [yuan]
        As in `Trials`.
    """

    true: Array
    seen: Array
    cost: Array
    gained: Array
    spent: Array


def modelled(
    question: Question, candidates: Sequence[Mapping[str, float]], *, done: Callable[[int], object] = int
) -> Courses:
    """Return what the model says of candidates, block by block; `done` is told the size of each block."""
    base, economy = question.base, question.ensemble.context
    made = [scenario_with(base, one, economy, key=f"candidate {i}") for i, one in enumerate(candidates)]
    return projected(question, made, done=done)


def projected(question: Question, scenarios: Sequence[Scenario], *, done: Callable[[int], object] = int) -> Courses:
    """Return what the model says of scenarios, each with a key of its own, block by block."""
    parts = []
    for low in range(0, len(scenarios), BLOCK):
        block = scenarios[low : low + BLOCK]
        parts.append(_courses(question, block))
        done(len(block))
    return Courses(
        np.concatenate([one.true for one in parts], axis=1),
        np.concatenate([one.seen for one in parts], axis=1),
        *(np.concatenate([getattr(one, name) for one in parts]) for name in ("cost", "gained", "spent")),
    )


@dataclass(frozen=True, eq=False)
class Counted:
    """What is counted in a few scenarios.

    Parameters
    ----------
    true, seen : (target, scenario, draw, year) [unit of the target]
    births : (scenario, draw) [persons]
        From the first year of levers to the last that is counted.
    quantities : (scenario, measure, draw, year)
        What must be paid for.
    """

    true: Array
    seen: Array
    births: Array
    quantities: Array


def counted(question: Question, scenarios: Sequence[Scenario]) -> Counted:
    """Return what is counted in a few scenarios, projected side by side."""
    ensemble = question.ensemble
    areas, place = list(ensemble.baseline.areas), ensemble.baseline.code
    variables = dict.fromkeys([*NEEDED, "births", *(one.variable for one in question.targets)])
    found = ensemble.project(scenarios, until=question.until, areas=[*areas, place], variables=list(variables))
    pairs = [true_and_seen(ensemble.pack, target, found) for target in question.targets]
    none = np.zeros((0, len(scenarios), len(ensemble), 1))
    paid_for, _ = quantities(scenarios, found, ensemble.context, areas)
    born = found["births"].sel(area=place, year=slice(START, question.until)).transpose("scenario", "draw", "year")
    return Counted(
        np.stack([true for true, _, _ in pairs]) if pairs else none,
        np.stack([seen for _, seen, _ in pairs]) if pairs else none,
        born.values.sum(axis=-1),
        paid_for,
    )


def _courses(question: Question, scenarios: Sequence[Scenario]) -> Courses:
    """Return series, and births and payments beyond the base, of a few scenarios."""
    found, budget, price = counted(question, scenarios), question.budget, question.price
    spent = budget.accounts(payments(found.quantities, price, budget.payers) - question.base_paid)
    return Courses(
        true=found.true,
        seen=found.seen,
        cost=total_costs(found.quantities, price, payers=budget.payers).mean(axis=1) - question.base_cost,
        gained=found.births - question.base_births,
        spent=spent.mean(axis=1, keepdims=True) if budget.certainty is None else spent,
    )


def reached(question: Question, found: Courses) -> tuple[Truths, Truths]:
    """Return whether all targets are truly reached, and shown by the published figures, each (candidate, draw)."""
    true, seen = _distances(question, found)
    return (true == 0.0).all(axis=0), (seen == 0.0).all(axis=0)


def _distances(question: Question, found: Courses) -> tuple[Array, Array]:
    """Return distances of the true and of the published series, each (target, candidate, draw)."""
    rules = list(zip([RULES[target.rule] for target in question.targets], question.targets, strict=True))
    none = np.zeros(found.true.shape[:-1])
    true = [rule(series, target) for (rule, target), series in zip(rules, found.true, strict=True)]
    seen = [rule(series, target) for (rule, target), series in zip(rules, found.seen, strict=True)]
    return (np.stack(true), np.stack(seen)) if rules else (none, none)


def judged(question: Question, found: Courses) -> Trials:
    """Return what comes of candidates whose courses are known; without a target, nothing is missed."""
    true, seen = _distances(question, found)
    scale = np.array([_scale(target) for target in question.targets])
    asked = (seen if question.seen else true).mean(axis=-1) / scale[:, None]
    return Trials(
        probability=(true == 0.0).all(axis=0).mean(axis=-1),
        probability_seen=(seen == 0.0).all(axis=0).mean(axis=-1),
        distance=asked.sum(axis=0) / max(len(scale), 1),
        values=np.moveaxis(np.quantile(found.true[..., -1], QUANTILES, axis=-1), (0, 1, 2), (2, 1, 0)),
        cost=found.cost,
        gained=found.gained,
        spent=found.spent,
    )


def _scale(target: Target) -> float:
    """Return the distance of a threshold from the baseline, in which distances of several targets are comparable."""
    return max(abs(target.threshold - target.baseline), 0.01 * abs(target.baseline), 1e-6)


def check_bounds(lever: Settable, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Return where a search of a lever begins, nearest to not using it, and where it ends.

    Parameters
    ----------
    bounds : (lower, upper), optional
        The lever's own when omitted.

    Raises
    ------
    ArgumentError
        When bounds are the wrong way round, or outside of what a scenario file allows.
    """
    if bounds is None:
        return lever.weakest, lever.strongest
    lower, upper = bounds
    allowed = lever.lever
    if not lower < upper:
        fix = f"Type {upper:g} {lower:g}." if upper < lower else "Type two different numbers."
        raise ArgumentError(Problem(f"bounds of {lever.key}", f"{lower:g} to {upper:g}", "the lower one first", fix))
    if not (allowed.lower <= lower and upper <= allowed.upper):
        ends = f"{max(lower, allowed.lower):.10g} {min(upper, allowed.upper):.10g}"
        found = f"{lower:g} to {upper:g}"
        raise ArgumentError(Problem(f"bounds of {lever.key}", found, allowed.range_text(), f"Type {ends}."))
    return (lower, upper) if lever.weakest <= lever.strongest else (upper, lower)


def levers_of(
    question: Question, bounds: Mapping[str, tuple[float, float] | None]
) -> tuple[tuple[Settable, tuple[float, float]], ...]:
    """Return levers with the ends of their search, all problems of all of them at once.

    Raises
    ------
    ArgumentError
    """
    found: list[tuple[Settable, tuple[float, float]]] = []
    problems: list[Problem] = []
    for key, ends in bounds.items():
        try:
            lever = settable(key, question.ensemble.context)
            found.append((lever, check_bounds(lever, ends)))
        except ArgumentError as error:
            problems += error.problems
    if problems:
        raise ArgumentError(problems)
    return tuple(found)
