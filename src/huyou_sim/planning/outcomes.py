"""What a package does on a set of draws: what it gains, with which band, and what it costs whom in which year."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.planning.aim import Aim
from huyou_sim.planning.budget import bills
from huyou_sim.planning.trials import QUANTILES, Courses, Question, counted, judged, modelled, pose
from huyou_sim.policy.adjust import START, scenario_with
from huyou_sim.policy.costs import LEVELS, PAYERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Figures:
    """What a package does on one set of draws.

    Parameters
    ----------
    value, error : float [persons or 1]
        What is maximised, and its Monte Carlo standard error.
    mean : float [persons]
        Births gained.
    band : (quantile,) [persons]
        Births gained: 5 %, median, 95 % of draws.
    probability, probability_error, probability_seen, probability_seen_error : float [1]
        That all targets are reached, truly and as published; NaN without a target.
    values : (target, quantile) [unit of the target]
    cost : (level,) [yuan]
        Low, central, high; what the payers of the budget pay more than in the base.
    held : float [1]
        Share of draws that keep to every limit.
    """

    value: float
    error: float
    mean: float
    band: Array
    probability: float
    probability_error: float
    probability_seen: float
    probability_seen_error: float
    values: Array
    cost: Array
    held: float


def pose_like(question: Question, ensemble: Ensemble) -> Question:
    """Return the same question on another ensemble."""
    return pose(
        ensemble, question.base, question.targets, seen=question.seen, until=question.until, budget=question.budget
    )


def by_draw(question: Question) -> Question:
    """Return the question with payments kept draw by draw, whatever the budget must hold for."""
    budget = question.budget
    return replace(question, budget=replace(budget, certainty=budget.certainty or 0.5))


def told(
    question: Question, aim: Aim, candidates: Sequence[Mapping[str, float]], *, done: Callable[[int], object] = int
) -> list[Figures]:
    """Return the figures of packages on the draws of a question."""
    question = by_draw(question)
    return figures_of(question, aim, modelled(question, candidates, done=done))


def figures_of(question: Question, aim: Aim, found: Courses) -> list[Figures]:
    """Return the figures of candidates whose courses are known, payments draw by draw."""
    trials, by = judged(question, found), aim.by_draw(question, found)
    effective, held = question.ensemble.effective, question.budget.held(found.spent, question.years)
    chances = np.stack([trials.probability, trials.probability_seen], axis=1)
    chances = chances if question.targets else np.full_like(chances, np.nan)
    errors = probability_error(chances, effective)
    bands = np.quantile(found.gained, QUANTILES, axis=-1).T
    return [
        Figures(
            value=float(aim.summarised(by[i])),
            error=aim.error(by[i], effective),
            mean=float(found.gained[i].mean()),
            band=bands[i],
            probability=float(chances[i, 0]),
            probability_error=float(errors[i, 0]),
            probability_seen=float(chances[i, 1]),
            probability_seen_error=float(errors[i, 1]),
            values=trials.values[i],
            cost=found.cost[i],
            held=float(held[i]),
        )
        for i in range(len(by))
    ]


def accounts(question: Question, settings: Mapping[str, float]) -> pd.DataFrame:
    """Return what a package costs beyond the base by year and payer, beside the limits of the budget.

    Years without any payment are left out.

    Returns
    -------
    table : DataFrame
        As in `Best.accounts`.
    """
    question, budget = by_draw(question), question.budget
    made = scenario_with(question.base, settings, question.ensemble.context, key="package")
    bill = bills(counted(question, [made]).quantities, question.price)[0]
    bill = bill - bills(counted(question, [question.base]).quantities, question.price)[0]
    paying = [PAYERS.index(payer) for payer in budget.payers]
    spent = modelled(replace(question, budget=replace(question.budget, by_year={START: math.inf})), [settings]).spent[0]
    held = spent.mean(axis=0)
    if budget.certainty is not None:
        held = np.quantile(spent, budget.certainty, axis=0, method="inverted_cdf")
    rows = []
    for year, amounts, bound in zip(question.years, bill, held[1:].tolist(), strict=True):
        if np.abs(amounts).max() >= 0.5:
            rows.append(_account(str(year), year > question.until, amounts, paying, bound, budget.limit(year)))
    rows.append(_account(TOTAL, False, bill.sum(axis=0), paying, float(held[0]), budget.total))
    return pd.DataFrame(rows)


TOTAL = "total"


def _account(
    year: str, promised: bool, amounts: Array, paying: Sequence[int], bound: float, limit: float
) -> dict[str, object]:
    """Return one row: amounts by payer and level."""
    own = amounts[list(paying)].sum(axis=0).tolist()
    central = amounts[:, LEVELS.index("central")].tolist()
    return {
        "year": year,
        "promised": promised,
        **dict(zip(("cost_low", "cost", "cost_high"), own, strict=True)),
        **dict(zip(PAYERS, central, strict=True)),
        "held_to": bound,
        "limit": limit,
        "slack": limit - bound,
    }
