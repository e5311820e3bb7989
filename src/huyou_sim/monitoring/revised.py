"""What observed figures make of the probability of each target: the draws that foresaw them count more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.updating import Figures, Update, moved, update, weighted_probability
from huyou_sim.monitoring.warning import UNMOVED
from huyou_sim.planning.course import ROUNDING
from huyou_sim.planning.progress import Progress, of_indicator, progress_of
from huyou_sim.planning.reach import true_and_seen
from huyou_sim.planning.scorecard import board_of, plan_rows, verdict_of
from huyou_sim.planning.scored import METHODS
from huyou_sim.planning.targets import BASE_YEAR, RULES, TARGET_YEAR, Target
from huyou_sim.variables import Variable, variables

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.monitoring.predicted import Predicted
    from huyou_sim.pack import Pack
    from huyou_sim.planning.observed import Observed
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

WEIGHTED = ("ensemble", "supply_over_people")
"""Methods of the scorecard whose figures depend on the draws of the population."""

PLANNED = ("new_public_places",)
"""Paths of theirs that do not."""

COLUMNS = (
    "indicator_id", "name_en", "name_zh", "unit", "unit_zh", "method", "rule", "threshold", "threshold_upper", "level",
    "revised_by", "probability_before", "probability_before_error", "probability", "probability_error",
    "probability_seen_before", "probability_seen_before_error", "probability_seen", "probability_seen_error",
    "verdict_before", "verdict", "draws", "effective_draws", "refit_needed", "mark",
    "mark_before",
)  # fmt: skip
"""Of `revised_table`. ``revised_by``: figures of the model, the indicator's own course, or nothing; ``verdict``:
untested where too few draws are left for a word (``refit_needed``)."""

VERDICTS = ("verdict_before", "verdict")

SMALLEST_LEFT = 0.1
"""Of the smallest value in any draw, what a count or a rate keeps when it is moved [1]."""

EDGE = 1e-6
"""How near to a bound a share is taken to be that stands on it [1]."""


def update_of(predicted: Predicted) -> Update:
    """Return the weights of the draws given all figures whose hazards the ensemble moves."""
    moved = [i for i, one in enumerate(predicted.figures) if one.variable not in UNMOVED]
    mine = predicted.part(moved)
    names = tuple(f"{one.name} {one.period}" for one in mine.figures)
    return update(mine.truth, Figures(mine.values, mine.covariance, names), effective=mine.effective)


def moved_course(predicted: Predicted, dataset: xr.Dataset) -> xr.Dataset:
    """Return a course whose draws are moved to the figures: what there is where weights would rest on too few.

    Every indicator of every year is moved by its regression on the figures (`huyou_sim.inference.updating.moved`),
    shares on their logits. Births less deaths are still the natural increase of each draw.

    Parameters
    ----------
    predicted : Predicted
        The figures, as the course predicts them.
    dataset : xarray.Dataset
        The course, with the same draws.
    """
    of_model = [i for i, one in enumerate(predicted.figures) if one.variable not in UNMOVED]
    mine = predicted.part(of_model)
    spread = np.atleast_2d(np.cov(mine.truth, rowvar=False)) + mine.covariance
    missed = mine.values - mine.published()
    arrays = {}
    for name, array in dataset.data_vars.items():
        first = array.transpose("draw", ...)
        free, bound = scale_of(first.values, variables()[str(name)])
        flat = moved(free.reshape(len(first), -1), mine.truth, missed, spread)
        arrays[name] = first.copy(data=bound(flat.reshape(first.shape))).transpose(*array.dims)
    return dataset.assign(arrays)


def scale_of(values: Array, known: Variable) -> tuple[Array, Callable[[Array], Array]]:
    """Return values on a scale without bounds, and the way back: logits between two bounds, else as they are.

    What cannot fall below zero stays above a tenth of its smallest value.
    """
    lower, upper = known.lower, known.upper
    if lower is None:
        return values, lambda found: found
    if upper is None:
        least = max(lower, SMALLEST_LEFT * float(values.min()))
        return values, lambda found: np.maximum(found, least)
    inside = np.clip((values - lower) / (upper - lower), EDGE, 1.0 - EDGE)
    return logit(inside), lambda found: lower + (upper - lower) * expit(found)


def equal_update(draws: int, effective: float) -> Update:
    """Return the weights of draws that stand at the figures already: all the same."""
    return Update(np.full(draws, 1.0 / draws), effective, float("nan"), 0.0, False)


def revised_table(
    pack: Pack,
    scenario: Scenario,
    dataset: xr.Dataset,
    found: Update,
    observed: Sequence[Observed],
    *,
    as_of: date,
    level: str,
    later: xr.Dataset | None = None,
) -> pd.DataFrame:
    """Return the probability of each target before and after the figures, with Monte Carlo errors, `COLUMNS`.

    Demographic indicators and ratios to people are weighted by `found`; administrative ones follow their own course, as
    in the scorecard. A published figure that is known takes the place of what was to be published.

    Parameters
    ----------
    pack, scenario, dataset
        Of the course; the dataset from `Ensemble.project`, of this scenario alone, to the target year or beyond.
    found : Update
    observed : sequence of Observed
        Figures that count.
    as_of : date
    level : {"lenient", "central", "strict"}
    later : xarray.Dataset, optional
        The course in new draws given the figures, of which `found` are the weights; those of `dataset` when omitted.
    """
    now_set = dataset if later is None else later
    learnt = later is not None or bool(np.ptp(found.weights) > 0.0)
    progress = progress_of(observed, pack, as_of)
    before = board_of(pack, [scenario], dataset, (), level)
    after = board_of(pack, [scenario], now_set, progress, level)
    rows = []
    for row in plan_rows(pack):
        if row["method"] not in METHODS:
            continue
        number = int(row["indicator_id"])
        course = row["method"] == "course" and any(one.indicator_id == number for one in progress)
        prior = METHODS[str(row["method"])](before, row)
        # What a package sets, or plans whatever the population, no figure revises.
        weighted = learnt and row["method"] in WEIGHTED and row["path"] not in PLANNED
        weighted = weighted and bool(np.ptp(prior.values[0]) > ROUNDING)
        mine = now_set if weighted else dataset
        now = METHODS[str(row["method"])](after, row) if course or mine is not dataset else prior
        seen = now.seen[0]
        rule = {"rule": row["rule"], "threshold": row[level], "threshold_upper": float("nan")}
        if row["method"] == "ensemble":
            target = before.outcomes[number].target
            rule = {name: getattr(target, name) for name in rule}
            seen = _seen(pack, target, mine, progress)
        effective = float(dataset.attrs["effective_draws"])
        weights = found if weighted else None
        rows.append(
            {name: row[name] for name in ("indicator_id", "name_en", "name_zh", "unit", "unit_zh", "method")}
            | rule
            | _chance("probability{}_before", prior.reached[0], None, effective, "")
            | _chance("probability{}_before", prior.seen[0], None, effective, "_seen")
            | _chance("probability{}", now.reached[0], weights, effective, "")
            | _chance("probability{}", seen, weights, effective, "_seen")
            | {
                "level": level, "revised_by": "figures" if weighted else "course" if course else "nothing",
                "draws": prior.reached.shape[1], "effective_draws": found.effective_size if weighted else effective,
                "refit_needed": bool(weighted and found.refit_needed), "mark": str(mine.attrs["mark"]),
                "mark_before": str(dataset.attrs["mark"]),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    words = {name: table[name.replace("verdict", "probability")].map(verdict_of) for name in VERDICTS}
    # What rests on the worth of a draw or two is no verdict.
    words["verdict"] = words["verdict"].mask(table["refit_needed"], verdict_of(float("nan")))
    return table.assign(**words)


def _chance(
    name: str, truths: NDArray[np.bool_], found: Update | None, effective: float, seen: str
) -> dict[str, object]:
    """Return a share of draws, weighted where weights are given, under its name, with its Monte Carlo error."""
    key = name.format(seen)
    if found is None:
        chance, error = float(truths.mean()), float(probability_error(truths.mean(), effective))
    else:
        chance, error = map(float, weighted_probability(truths, found.weights, effective=found.effective_size))
    return {key: chance, f"{key}_error": error}


def _seen(pack: Pack, target: Target, dataset: xr.Dataset, progress: Sequence[Progress]) -> NDArray[np.bool_]:
    """Return whether the published figures reach a target in each draw, those that are known being what they are."""
    _, seen, _ = true_and_seen(pack, target, dataset)
    for one in of_indicator(progress, target.indicator_id):
        if one.date.year <= TARGET_YEAR and one.date.timetuple().tm_yday >= 365:
            seen[..., one.date.year - BASE_YEAR] = one.value
    found: NDArray[np.bool_] = RULES[target.rule](seen, target)[0] == 0.0
    return found
