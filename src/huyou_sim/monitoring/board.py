"""The board of marriage, divorce and fertility: where each rate stands, and what it means for the targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.updating import weighted_probability
from huyou_sim.monitoring.revised import update_of
from huyou_sim.monitoring.warning import UNMOVED, colour_of, joint_probability

if TYPE_CHECKING:
    from huyou_sim.monitoring.predicted import Predicted
    from huyou_sim.planning.observed import Observed
    from huyou_sim.planning.reach import Outcome

RATES: Mapping[str, tuple[tuple[str, ...], int]] = {
    "marriage": (("crude_marriage_rate", "marriages", "first_marriages"), 22),
    "divorce": (("crude_divorce_rate", "divorces"), 22),
    "fertility": (("tfr", "crude_birth_rate", "births"), 1),
}
"""Rate to its variables, the first that was observed is taken, and the target that it bears on: the married share of
women of 20-29, which marriages add to and divorces take from, and total fertility."""

ALL = "all"
"""Row of all three together."""

COLUMNS = (
    "rate", "name", "area", "population_base", "period", "value", "unit", "q05", "q50", "q95", "probability", "side",
    "direction", "colour", "series_colour", "period_before", "change", "change_percent", "change_expected",
    "target_id", "target_before", "target_before_error", "target_now", "target_now_error", "target_refit_needed",
)  # fmt: skip
"""Of the board. ``change``: against the same period of the year before [unit]; ``change_expected``: median of the
course; ``target_now``: probability of the target given the figures of this rate alone."""


def board_table(
    predicted: Predicted,
    figures: pd.DataFrame,
    series: pd.DataFrame,
    outcomes: Mapping[int, Outcome],
    *,
    place: str,
) -> pd.DataFrame:
    """Return the board: a row for each of the three rates, and one for all of them together, `COLUMNS`.

    Parameters
    ----------
    predicted : Predicted
    figures, series : DataFrame
        From `figure_table` and `series_table`.
    outcomes : mapping of int to Outcome
        By indicator, of the scenario that is monitored, at one level.
    place : str
        Code of the whole place.
    """
    rows: list[dict[str, object]] = []
    chosen: list[int] = []
    for rate, (names, target) in RATES.items():
        found = _positions(predicted, names, place)
        if not found:
            rows.append({"rate": rate, "target_id": target, "colour": "none"})
            continue
        chosen += found
        row = {"rate": rate} | _last(predicted, figures, series, found) | _change(predicted, found)
        rows.append(row | _target(predicted.part(found), outcomes.get(target), target))
    if len(chosen) > 1:
        chance, _ = joint_probability(predicted.part(chosen))
        rows.append({"rate": ALL, "probability": chance, "colour": colour_of(chance)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _positions(predicted: Predicted, names: tuple[str, ...], place: str) -> list[int]:
    """Return the figures of the first of some variables that was observed for the place, the latest last.

    Of two populations the one with the latest figure is taken.
    """
    for name in names:
        at = [i for i, one in enumerate(predicted.figures) if (one.variable, one.area) == (name, place)]
        if at:
            at.sort(key=lambda i: (predicted.figures[i].period.end, predicted.figures[i].period.days))
            base = predicted.figures[at[-1]].population_base
            return [i for i in at if predicted.figures[i].population_base == base]
    return []


def _last(predicted: Predicted, figures: pd.DataFrame, series: pd.DataFrame, at: list[int]) -> dict[str, object]:
    """Return the last figure with band and colour, and the colour of its whole series."""
    row, one = figures.iloc[at[-1]], predicted.figures[at[-1]]
    same = (series["name"] == one.name) & (series["area"] == one.area)
    same &= series["population_base"] == one.population_base
    names = ("name", "area", "population_base", "period", "value", "unit", "q05", "q50", "q95", "probability", "side",
             "direction", "colour")  # fmt: skip
    return {name: row[name] for name in names} | {"series_colour": series.loc[same, "colour"].iloc[0]}


def _change(predicted: Predicted, at: list[int]) -> dict[str, object]:
    """Return the change of the last figure against the same period of the year before, and what the course expects."""
    last = predicted.figures[at[-1]]
    for i in at:
        one = predicted.figures[i]
        if _a_year_later(one, last):
            expected = float(np.median(predicted.truth[:, at[-1]] - predicted.truth[:, i]))
            change = last.value - one.value
            percent = 100.0 * change / one.value if one.value else float("nan")
            return {"period_before": str(one.period), "change": change, "change_percent": percent,
                    "change_expected": expected}  # fmt: skip
    return {"period_before": ""}


def _a_year_later(one: Observed, last: Observed) -> bool:
    return one.period.year == last.period.year - 1 and all(
        (a.month, a.day) == (b.month, b.day) or (a.month == b.month == 2 and min(a.day, b.day) >= 28)
        for a, b in ((one.period.start, last.period.start), (one.period.end, last.period.end))
    )


def _target(mine: Predicted, outcome: Outcome | None, number: int) -> dict[str, object]:
    """Return the probability of a target before and after the figures of one rate."""
    if outcome is None:
        return {"target_id": number}
    reached = outcome.reached[0]
    before = float(reached.mean())
    found: dict[str, object] = {"target_id": number, "target_before": before,
             "target_before_error": float(probability_error(before, mine.effective))}  # fmt: skip
    if all(one.variable in UNMOVED for one in mine.figures):
        return found
    update = update_of(mine)
    now, error = weighted_probability(reached, update.weights, effective=update.effective_size)
    return found | {
        "target_now": float(now), "target_now_error": float(error), "target_refit_needed": update.refit_needed,
    }  # fmt: skip
