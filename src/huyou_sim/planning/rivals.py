"""Does the best package stay the best: against rivals of another composition, and under other priors.

Rivals are the best packages of single families of levers, the plan's own mix scaled to the budget, and scenarios that a
user names, which stand as they are. A named scenario that goes beyond the budget has no rank; its mix, scaled to the
budget, has one. All are projected on one set of draws that no search has seen, so that what the
search picked has no advantage. Other priors need no new projection: draws are split at the median of a parameter, and
rivals are ranked anew in each half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

from huyou_sim.planning.aim import Aim
from huyou_sim.planning.best import Best
from huyou_sim.planning.outcomes import by_draw, figures_of
from huyou_sim.planning.trials import Question, judged, modelled, projected
from huyou_sim.policy.adjust import scenario_with, settable, settable_keys
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, by_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy import PolicyContext, Scenario

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

BEST, FAMILY, SCALED, NAMED = "best", "family", "scaled", "named"
"""Kinds of rivals."""

BEYOND = 0.02
"""Excess over a limit up to which a package still counts as one for this budget [1]: other draws cost a little more."""

TOGETHER: Mapping[str, tuple[str, ...]] = {"A1*A3": ("A1", "A3"), "D1*D2": ("D1", "D2")}
"""Splits by the product of parameters that only act as one: slope and transferability of cash, campaigns and ideals."""

RESAMPLES = 1000
AT_ONCE = 50
"""Resamples that are in memory together."""

FACTORS = tuple(np.geomspace(0.02, 30.0, 16).tolist())
"""Of the plan's mix, from nearly nothing to thirty times it."""

BETWEEN, ZOOMS = 6, 3
"""Factors from the last that keeps to the budget to the first that does not, and how often one looks between them."""


@dataclass(frozen=True, eq=False)
class Rival:
    """A package that the best one is held against.

    Parameters
    ----------
    key : str
        ``best``, a family of levers, or the name of a scenario, with `SCALED` behind it where its mix is scaled.
    kind : {"best", "family", "scaled", "named"}
    scenario : Scenario
    settings : mapping of lever key to value [unit of the lever]
        Empty for a named scenario, whose file says more.
    """

    key: str
    kind: str
    scenario: Scenario
    settings: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Robustness:
    """Whether the ranking holds.

    Parameters
    ----------
    rivals : tuple of Rival
    table : DataFrame
        One row for each rival, from the first to the last: rival, kind, ranked (whether it keeps to the budget), value,
        value_error [persons or 1], mean, q10 [persons], probability, cost_low, cost, cost_high [yuan], excess (share of
        a limit beyond it; 0 or less where it keeps to it), mean_rank (over draws), p_first (share of resamples of draws
        in which its value is the largest), halves_first, halves (in how many halves of draws it is the first, and of
        how many).
    splits : DataFrame
        Two rows for each split, from the least to the most agreement: parameter, half (lower, upper), median, draws,
        first, p_first, value, runner_up, flips (another first than on all draws), tau (Kendall's, against the ranking
        on all draws).
    draws : int
    mark : str
    """

    rivals: tuple[Rival, ...]
    table: pd.DataFrame
    splits: pd.DataFrame
    draws: int
    mark: str


def mix_of(scenario: Scenario, economy: PolicyContext) -> dict[str, float]:
    """Return the levers of a scenario that can be set to a number and have a price, where they end up.

    A lever by year counts with its last value. What has no price is left out: no budget pays for it.
    """
    found: dict[str, float] = {}
    for key in settable_keys():
        table, quantity, *order = key.split(".")
        if order:
            continue
        measure = getattr(scenario.levers, table)
        if table in OPEN_TABLES:
            path = by_year(getattr(measure, quantity))
            values = {key: path[max(path)]} if path else {}
        elif table in LIST_TABLES:
            values = {f"{key}.{one.order}": float(getattr(one, quantity)) for one in measure}
        else:
            values = {} if measure is None else {key: float(getattr(measure, quantity))}
        found |= {name: value for name, value in values.items() if settable(name, economy).priced}
    return found


def scaled_mix(mix: Mapping[str, float], factor: float, economy: PolicyContext) -> dict[str, float]:
    """Return a mix with every lever `factor` times as far from its weakest setting, within its bounds."""
    found = {}
    for key, value in mix.items():
        lever = settable(key, economy)
        low, high = lever.bounds
        moved = min(max(lever.weakest + factor * (value - lever.weakest), low), high)
        if moved != lever.weakest:
            found[key] = moved
    return found


def to_budget(question: Question, mix: Mapping[str, float], aim: Aim) -> dict[str, float]:
    """Return a mix scaled until the model says that the budget allows no more, or the bounds do not."""
    economy, rank = question.ensemble.context, aim.ranked(question, question.budget)

    def kept(factors: Sequence[float]) -> tuple[list[dict[str, float]], Array, Mask]:
        rows = [scaled_mix(mix, factor, economy) for factor in factors]
        trials = judged(question, modelled(question, rows))
        keeps: Mask = question.budget.excess(trials.spent, question.years) <= 0.0
        return rows, rank(trials), keeps

    factors = list(FACTORS)
    for _ in range(ZOOMS):
        rows, ranks, keeps = kept(factors)
        if keeps.all():
            break
        first = int(np.argmin(keeps))
        factors = np.linspace(factors[first - 1] if first else 0.0, factors[first], BETWEEN).tolist()
    rows, ranks, keeps = kept(factors)
    best = int(np.argmin(ranks))
    return rows[best] if keeps[best] else {}


def rivals_of(
    best: Best, question: Question, *, plan: Scenario | None = None, named: Sequence[Scenario] = ()
) -> tuple[Rival, ...]:
    """Return the best package and its rivals.

    Parameters
    ----------
    best : Best
        With the best packages of single families.
    question : Question
        Of the search.
    plan : Scenario, optional
        Whose mix is scaled to the budget; left out where it is the base itself.
    named : sequence of Scenario
    """
    base, economy = question.base, question.ensemble.context

    def made(key: str, kind: str, settings: Mapping[str, float]) -> Rival:
        return Rival(key, kind, scenario_with(base, settings, economy, key=key), settings)

    def mixed(scenario: Scenario) -> Rival:
        one = made(f"{scenario.key} {SCALED}", SCALED, to_budget(question, mix_of(scenario, economy), best.aim))
        return replace(one, scenario=replace(one.scenario, names=scenario.names))

    found = [made(BEST, BEST, best.settings)]
    found += [made(family, FAMILY, settings) for family, settings in best.single.items()]
    if plan is not None and plan.levers != base.levers:
        found.append(mixed(plan))
    excess = _excess(question, named)
    for one, beyond in zip(named, excess, strict=True):
        found.append(Rival(one.key, NAMED, one, {}))
        if beyond > BEYOND and not (plan is not None and one.key == plan.key):
            found.append(mixed(one))
    return tuple(found)


def _excess(question: Question, scenarios: Sequence[Scenario]) -> list[float]:
    """Return by what share scenarios go beyond the budget."""
    if not scenarios:
        return []
    found = projected(question, [replace(one, key=f"named {i}") for i, one in enumerate(scenarios)])
    excess: list[float] = question.budget.excess(found.spent, question.years).tolist()
    return excess


def robustness(question: Question, aim: Aim, rivals: Sequence[Rival], *, seed: int = 0) -> Robustness:
    """Return how rivals rank on the draws of a question, in resamples of them, and in halves by each parameter.

    Parameters
    ----------
    question : Question
        On draws that no search has seen (`huyou_sim.planning.outcomes.pose_like`).
    aim : Aim
    rivals : sequence of Rival
    seed : int
        Of the resamples.
    """
    asked, question = question, by_draw(question)
    found = projected(question, [replace(one.scenario, key=f"rival {i}") for i, one in enumerate(rivals)])
    outcome, values = aim.by_draw(question, found), figures_of(question, aim, found)
    spent = found.spent.mean(axis=1, keepdims=True) if asked.budget.certainty is None else found.spent
    excess = asked.budget.excess(spent, asked.years)
    inside = np.array([one.kind != NAMED or beyond <= BEYOND for one, beyond in zip(rivals, excess, strict=True)])
    keys = [one.key for one, chosen in zip(rivals, inside, strict=True) if chosen]
    splits = _splits(question, aim, outcome[inside], keys, seed)
    first, ranks = np.full(len(rivals), np.nan), np.full(len(rivals), np.nan)
    first[inside] = first_share(aim, outcome[inside], question.ensemble.effective, seed)
    ranks[inside] = rankdata(-outcome[inside], axis=0).mean(axis=1)
    rows = [
        {
            "rival": one.key,
            "kind": one.kind,
            "ranked": bool(inside[i]),
            "value": values[i].value,
            "value_error": values[i].error,
            "mean": values[i].mean,
            "q10": float(np.quantile(found.gained[i], 0.1)),
            "probability": values[i].probability,
            **dict(zip(("cost_low", "cost", "cost_high"), values[i].cost.tolist(), strict=True)),
            "excess": float(excess[i]),
            "mean_rank": float(ranks[i]),
            "p_first": float(first[i]),
            "halves_first": int((splits["first"] == one.key).sum()),
            "halves": len(splits),
        }
        for i, one in enumerate(rivals)
    ]
    order = ["ranked", "value"]
    table = pd.DataFrame(rows).sort_values(order, ascending=[False, False], kind="stable", ignore_index=True)
    return Robustness(tuple(rivals), table, splits, outcome.shape[1], question.ensemble.draws.mark)


def first_share(aim: Aim, outcome: Array, effective: float, seed: int, resamples: int = RESAMPLES) -> Array:
    """Return the share of resamples of draws in which each rival has the largest figure, (rival,) [1]; ties are shared.

    Parameters
    ----------
    outcome : (rival, draw)
        From `Aim.by_draw`.
    effective : float
        Draws that they are worth: resamples are of this size.
    """
    rng, (rivals, draws) = np.random.default_rng(seed), outcome.shape
    size, wins = max(1, round(effective)), np.zeros(rivals)
    for low in range(0, resamples, AT_ONCE):
        chosen = rng.integers(draws, size=(min(AT_ONCE, resamples - low), size))
        value = aim.summarised(outcome[:, chosen])
        largest = value == value.max(axis=0)
        wins += (largest / largest.sum(axis=0)).sum(axis=1)
    share: Array = wins / resamples
    return share


def _splits(question: Question, aim: Aim, outcome: Array, keys: Sequence[str], seed: int) -> pd.DataFrame:
    """Return the ranking in both halves of the draws by each parameter that says how levers work."""
    drawn, value = question.ensemble.draws, aim.summarised(outcome)
    single = [one.name for one in drawn.parameters if one.role == "elasticity"]
    joined = {name: members for name, members in TOGETHER.items() if set(members) <= set(drawn.values)}
    inside = {member for members in joined.values() for member in members}
    ways = joined | {name: (name,) for name in single if name not in inside}
    rows = []
    for name, members in ways.items():
        at = np.prod([drawn.values[member] for member in members], axis=0)
        middle = float(np.median(at))
        rows += [
            {"parameter": name, "half": half, "median": middle}
            | _half(question, aim, outcome[:, mask], value, keys, seed)
            for half, mask in (("lower", at <= middle), ("upper", at > middle))
            if mask.any()
        ]
    table = pd.DataFrame(rows, columns=list(SPLIT_COLUMNS))
    agreement = table.groupby("parameter")["tau"].transform("min")
    order = pd.DataFrame({"flips": ~table.groupby("parameter")["flips"].transform("any"), "tau": agreement})
    return table.loc[order.sort_values(["flips", "tau"], kind="stable").index].reset_index(drop=True)


SPLIT_COLUMNS = (
    "parameter", "half", "median", "draws", "first", "p_first", "value", "runner_up", "flips", "tau",
)  # fmt: skip


def _half(
    question: Question, aim: Aim, outcome: Array, value: Array, keys: Sequence[str], seed: int
) -> dict[str, object]:
    """Return the ranking in some of the draws, (rival, draw), against that in all, (rival,)."""
    here = aim.summarised(outcome)
    order = np.argsort(-here, kind="stable")
    effective = question.ensemble.effective * outcome.shape[1] / len(question.ensemble)
    tau = 1.0 if len(keys) < 2 else float(kendalltau(value, here).statistic)
    return {
        "draws": outcome.shape[1],
        "first": keys[order[0]],
        "p_first": float(first_share(aim, outcome, effective, seed, RESAMPLES // 5)[order[0]]),
        "value": float(here[order[0]]),
        "runner_up": keys[order[1]] if len(keys) > 1 else "",
        # Equal figures flip nothing.
        "flips": bool(here[order[0]] > here[int(np.argmax(value))]),
        "tau": tau,
    }
