"""Candidate scenarios tried side by side on one ensemble: probability, distance, value and additional cost of each.

All candidates have the same random numbers, so that a difference between two is a difference of their levers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.planning.reach import true_and_seen
from huyou_sim.planning.targets import RULES, TARGET_YEAR, Target, load_targets
from huyou_sim.policy.adjust import Settable, scenario_with, settable
from huyou_sim.policy.costs import LEVELS, Prices, prices, total_costs
from huyou_sim.policy.quantities import NEEDED, quantities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.pack import Pack
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

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
        What the base costs, mean over draws.
    """

    ensemble: Ensemble
    base: Scenario
    targets: tuple[Target, ...]
    seen: bool
    price: Prices
    base_cost: Array


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
    """

    probability: Array
    probability_seen: Array
    distance: Array
    values: Array
    cost: Array

    def asked(self, question: Question) -> Array:
        """Return the probability that the question asks for, (candidate,)."""
        return self.probability_seen if question.seen else self.probability

    def row(self, number: int) -> Trials:
        """Return one candidate alone."""
        return Trials(**{name: getattr(self, name)[number : number + 1] for name in _FIELDS})


_FIELDS = ("probability", "probability_seen", "distance", "values", "cost")


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


def pose(ensemble: Ensemble, base: Scenario, targets: Sequence[Target], *, seen: bool = False) -> Question:
    """Return a question on an ensemble, with the cost of its base."""
    price = prices(ensemble.pack)
    zero = Question(ensemble, base, tuple(targets), seen, price, np.zeros(len(LEVELS)))
    return replace(zero, base_cost=_projected(zero, [base]).cost[0])


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
    """Series and costs of candidates, before they are judged.

    Parameters
    ----------
    true, seen : (target, candidate, draw, year) [unit of the target]
        Years from the baseline to the target year.
    cost : (candidate, level) [yuan]
        As in `Trials`.
    """

    true: Array
    seen: Array
    cost: Array


def modelled(
    question: Question, candidates: Sequence[Mapping[str, float]], *, done: Callable[[int], object] = int
) -> Courses:
    """Return series and costs of candidates from the model, block by block; `done` is told the size of each block."""
    base, economy = question.base, question.ensemble.context
    made = [scenario_with(base, one, economy, key=f"candidate {i}") for i, one in enumerate(candidates)]
    parts = []
    for low in range(0, len(made), BLOCK):
        block = made[low : low + BLOCK]
        parts.append(_projected(question, block))
        done(len(block))
    return Courses(
        np.concatenate([one.true for one in parts], axis=1),
        np.concatenate([one.seen for one in parts], axis=1),
        np.concatenate([one.cost for one in parts]),
    )


def _projected(question: Question, scenarios: Sequence[Scenario]) -> Courses:
    """Return series and costs of a few scenarios, projected side by side."""
    ensemble = question.ensemble
    areas = list(ensemble.baseline.areas)
    variables = dict.fromkeys([*NEEDED, *(one.variable for one in question.targets)])
    found = ensemble.project(
        scenarios, until=TARGET_YEAR, areas=[*areas, ensemble.baseline.code], variables=list(variables)
    )
    pairs = [true_and_seen(ensemble.pack, target, found) for target in question.targets]
    counted, _ = quantities(scenarios, found, ensemble.context, areas)
    cost = total_costs(counted, question.price).mean(axis=1) - question.base_cost
    return Courses(np.stack([true for true, _, _ in pairs]), np.stack([seen for _, seen, _ in pairs]), cost)


def judged(question: Question, found: Courses) -> Trials:
    """Return what comes of candidates whose series and costs are known."""
    rules = list(zip([RULES[target.rule] for target in question.targets], question.targets, strict=True))
    true = np.stack([rule(series, target) for (rule, target), series in zip(rules, found.true, strict=True)])
    seen = np.stack([rule(series, target) for (rule, target), series in zip(rules, found.seen, strict=True)])
    scale = np.array([_scale(target) for target in question.targets])
    return Trials(
        probability=(true == 0.0).all(axis=0).mean(axis=-1),
        probability_seen=(seen == 0.0).all(axis=0).mean(axis=-1),
        distance=((seen if question.seen else true).mean(axis=-1) / scale[:, None]).mean(axis=0),
        values=np.moveaxis(np.quantile(found.true[..., -1], QUANTILES, axis=-1), (0, 1, 2), (2, 1, 0)),
        cost=found.cost,
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
