"""Whether a measure has moved a published series: its effect against a counterfactual, and what else could explain it.

Without the measure the figures of a year are those of the counterfactual scenario, given the figures from before the
start alone (`huyou_sim.monitoring.conditioning`, `huyou_sim.monitoring.effect`). Everything that the model does not
know of that year is in the band: errors of publication, shocks of single years, trends, levels, migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.updating import weighted_quantile
from huyou_sim.monitoring.conditioning import Conditioned, conditioned_by, errors_of, truth
from huyou_sim.monitoring.effect import (
    UNTOUCHED,
    adds_up,
    affected_share,
    effect_of,
    tail,
    together,
    weighted_share_below,
)

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.monitoring.conditioning import Seen

    Array = NDArray[np.float64]

BAND = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Question:
    """What is evaluated.

    Parameters
    ----------
    series : str
        Variable that the measure is to have moved.
    start : date
        First day of the measure.
    against : str
        Key of the counterfactual scenario.
    measure : str, optional
        Key of the scenario that holds the measure.
    """

    series: str
    start: date
    against: str
    measure: str | None = None

    def before(self, seen: Sequence[Seen]) -> list[Seen]:
        """Return the figures whose period had ended when the measure started."""
        return [one for one in seen if date(one.year, 12, 31) < self.start]

    def after(self, seen: Sequence[Seen]) -> list[Seen]:
        """Return the figures of the series from the year of the start on, the earliest first."""
        own = [one for one in seen if one.variable == self.series and date(one.year, 12, 31) >= self.start]
        return sorted(own, key=lambda one: one.year)


# --- the effect ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Case:
    """The figures of a series since a measure started, and what would have been published without it.

    Parameters
    ----------
    question : Question
    seen : tuple of Seen
        Of the series since the start.
    shares : (year,) [1]
        What the measure can have touched of each year.
    observed : (year,) [unit]
    counterfactual : (draw, year) [unit]
        As published: truth and error.
    errors : (draw, year) [unit]
        The error alone.
    expected : (draw, year) [unit], optional
        What the levers of the measure add.
    draws : Conditioned
    """

    question: Question
    seen: tuple[Seen, ...]
    shares: Array
    observed: Array
    counterfactual: Array
    errors: Array
    expected: Array | None
    draws: Conditioned

    @property
    def years(self) -> list[int]:
        """Return the years of the figures."""
        return [one.year for one in self.seen]


def case_of(dataset: xr.Dataset, seen: Sequence[Seen], question: Question) -> Case:
    """Return the figures since a start and their counterfactual.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project` under the scenarios of the question, of one area.
    seen : sequence of Seen
        One of each variable and year.
    question : Question
    """
    later = question.after(seen)
    draws = conditioned_by(dataset, question.against, question.before(seen))
    bare, errors = truth(dataset, question.against, later), errors_of(dataset, later)
    return Case(
        question,
        tuple(later),
        np.array([affected_share(question.series, question.start, one.year) for one in later]),
        np.array([one.value for one in later]),
        draws.of(bare) + errors,
        errors,
        None if question.measure is None else draws.of(truth(dataset, question.measure, later) - bare),
        draws,
    )


def effect_table(case: Case) -> pd.DataFrame:
    """Return the effect in each year and in all of them together.

    Returns
    -------
    table : DataFrame
        What `effect_of` says, a row for each year and one, without a year, for all: the sum of a count, the mean of a
        rate, each year weighted by ``affected_share``. ``sum_*``: effects up to the year summed with these weights,
        of counts. With a measure: ``expected_*`` of its levers, ``compatible``: probability of a figure as far from
        what the measure would have brought, up or down, ``expected_share``: expected over smallest detectable effect.
    """
    total = adds_up(case.question.series)
    rows: list[dict[str, object]] = []
    one = np.eye(len(case.years))
    for i, year in enumerate(case.years):
        found: dict[str, object] = {"year": year, "affected_share": float(case.shares[i])}
        found |= _row(case, one[i], total=True)
        upto = np.where(np.arange(len(case.years)) <= i, case.shares, 0.0)
        if total and upto.any():
            so_far = _row(case, upto, total=True)
            found |= {f"sum_{name}": so_far[f"effect_{name}"] for name in ("q05", "q50", "q95")}
        rows.append(found)
    rows.append({"year": pd.NA, "affected_share": float(case.shares.sum()), **_row(case, case.shares, total=total)})
    return pd.DataFrame(rows).astype({"year": "Int64"})


def _row(case: Case, shares: Array, *, total: bool) -> dict[str, float]:
    """Return the effect on figures of several years in one, and beside it what the levers were expected to bring."""
    observed = float(together(case.observed, shares, total=total))
    without = together(case.counterfactual, shares, total=total)
    weights = case.draws.weights
    found = effect_of(observed, without, weights, case.draws.effective)
    if case.expected is None:
        return found
    levers = together(case.expected, shares, total=total)
    low, middle, high = (float(value) for value in weighted_quantile(levers, weights, BAND))
    below = weighted_share_below(without + levers, observed, weights)
    limit = found["smallest_rise"] if middle >= 0.0 else found["smallest_fall"]
    return found | {
        "expected_q05": low, "expected_q50": middle, "expected_q95": high,
        "compatible": tail(below), "expected_share": middle / limit if limit else float("nan"),
    }  # fmt: skip


# --- the same test where nothing should be found ----------------------------------------------------------


PLACEBO_COLUMNS = (
    "placebo", "variable", "year", "figures", "observed", "counterfactual_q05", "counterfactual_q50",
    "counterfactual_q95", "effect_q05", "effect_q50", "effect_q95", "p_value", "shown", "effective",
)  # fmt: skip


def placebo_table(dataset: xr.Dataset, seen: Sequence[Seen], question: Question) -> pd.DataFrame:
    """Return the same test where the measure can have had no effect.

    Parameters
    ----------
    dataset, seen, question
        As for `case_of`.

    Returns
    -------
    table : DataFrame
        `PLACEBO_COLUMNS`. ``placebo``: ``before``, each earlier year of the series as if the measure had started in it;
        ``too_early``, a year after the start that it cannot have touched yet; ``untouched``, other series (`UNTOUCHED`)
        since the start.
    """
    series, start = question.series, question.start
    rows = []
    for one in sorted(seen, key=lambda one: (one.variable, one.year)):
        ended = date(one.year, 12, 31) < start
        if one.variable == series and ended:
            kind, known = "before", [other for other in seen if other.year < one.year]
        elif one.variable == series and affected_share(series, start, one.year) == 0.0:
            kind, known = "too_early", question.before(seen)
        elif one.variable in UNTOUCHED and one.variable != series and not ended:
            kind, known = "untouched", question.before(seen)
        else:
            continue
        draws = conditioned_by(dataset, question.against, known)
        without = (draws.of(truth(dataset, question.against, [one])) + errors_of(dataset, [one]))[:, 0]
        found = effect_of(one.value, without, draws.weights, draws.effective)
        rows.append({"placebo": kind, "variable": one.variable, "year": one.year, "figures": len(known),
                     "effective": draws.effective, **found})  # fmt: skip
    order = {"before": 0, "too_early": 1, "untouched": 2}
    rows.sort(key=lambda row: order[str(row["placebo"])])
    return pd.DataFrame(rows, columns=list(PLACEBO_COLUMNS))
