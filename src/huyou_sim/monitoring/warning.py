"""Early warning: a colour for each figure, and one for each series on all its figures together.

The rule is one number, the predictive probability: how likely a figure as far off the course as the observed one, on
either side, is while the course is right. A series is judged once, by the distance of all its figures together, so that
many looks do not add up to false alarms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.calibration import base_differs
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.monitoring.predicted import Predicted
    from huyou_sim.planning.targets import Target

    Array = NDArray[np.float64]

AMBER = 0.10
"""Predictive probability below which a figure is amber: it lies outside the 90 % band that stands beside it."""

RED = 0.02
"""Predictive probability below which it is red: outside the 98 % band. An office that looks at ten figures a year while
all is on course sees one amber a year and a false red in five years."""

COLOURS = ("green", "amber", "red")

BAND = (0.05, 0.5, 0.95)
"""Quantiles beside each figure."""

FIGURE_COLUMNS = (
    "name", "indicator_id", "area", "population_base", "bridged", "period", "year", "value", "unit", "known_from",
    "q05", "q50", "q95", "publication_error", "probability", "probability_error", "side", "direction", "colour",
    "updates", "draws", "effective_draws", "mark",
)  # fmt: skip
"""Of the table of figures. ``probability``: of a figure as far off, on either side; ``side``: above or below the
median; ``direction``: better or worse by the rule of the target, neutral where there is none; ``updates``: whether the
figure revises the probabilities."""

SERIES_COLUMNS = (
    "name", "indicator_id", "area", "population_base", "figures", "first_period", "last_period", "distance",
    "probability", "probability_error", "side", "direction", "colour", "first_year_off",
)  # fmt: skip
"""Of the table of series. ``distance``: Mahalanobis distance from the course; ``probability``: of one as great;
``first_year_off``: first year with which the series so far was red, 0 while it never was."""


def colour_of(probability: float) -> str:
    """Return the colour of a predictive probability: red below `RED`, amber below `AMBER`, else green."""
    if probability < RED:
        return "red"
    return "amber" if probability < AMBER else "green"


def either_side(below: Array) -> Array:
    """Return the probability of a figure as far off on either side, of that of one below it."""
    found: Array = 2.0 * np.minimum(below, 1.0 - below)
    return found


def direction_of(side: str, target: Target | None, median: float) -> str:
    """Return whether a figure above or below the course is better or worse for the target of its variable.

    Parameters
    ----------
    side : {"above", "below"}
    target : Target or None
    median : float [unit]
        Of the course: a range is neared from where the course is.
    """
    if target is None:
        return "neutral"
    upwards = target.rule in ("at_least", "rise_steady")
    if target.rule == "within":
        upwards = median < (target.threshold + target.threshold_upper) / 2.0
    return "better" if upwards == (side == "above") else "worse"


def figure_table(predicted: Predicted, targets: Mapping[str, Target], *, mark: str = "") -> pd.DataFrame:
    """Return every figure with its band, probability and colour, `FIGURE_COLUMNS`.

    Parameters
    ----------
    predicted : Predicted
    targets : mapping of str to Target
        By variable, of one level.
    mark : str
        What must stand beside every probability.
    """
    below, error = predicted.below(predicted.values)
    bands = predicted.quantiles(BAND)
    rows: list[dict[str, object]] = []
    for i, one in enumerate(predicted.figures):
        side, median = "above" if below[i] >= 0.5 else "below", float(bands[1, i])
        chance = float(either_side(below)[i])
        rows.append(
            {
                **{name: getattr(one, name) for name in ("name", "indicator_id", "area", "population_base", "value")},
                "unit": one.unit, "period": str(one.period), "year": one.period.year,
                "known_from": one.known_from.isoformat(), "bridged": base_differs(one.population_base),
                "q05": float(bands[0, i]), "q50": median, "q95": float(bands[2, i]),
                "publication_error": float(predicted.sd[i]), "probability": chance,
                "probability_error": 2.0 * float(error[i]), "side": side,
                "direction": direction_of(side, targets.get(one.variable), median), "colour": colour_of(chance),
                "updates": one.variable not in UNMOVED, "draws": len(predicted.draws),
                "effective_draws": predicted.effective, "mark": mark,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))


UNMOVED = ("divorces", "crude_divorce_rate", "remarriages")
"""Variables whose hazards no draw of the ensemble moves: their figures are judged, but revise nothing."""


def distances(predicted: Predicted, values: Array) -> tuple[Array, Array]:
    """Return Mahalanobis distances of figures from the course, (history,), and of each draw's own, (draw,) [1].

    Figures that are positive by definition are compared by their logs: shocks and levels are factors, so that a fall by
    a fifth is as far as a rise by a quarter.

    Parameters
    ----------
    predicted : Predicted
    values : (history, figure)

    Source
    ------
    Mahalanobis (1936), On the Generalised Distance in Statistics, Proceedings of the National Institute of Sciences of
    India 2(1), 49-55; its rank among predictive draws as a posterior predictive p-value: Gelman, Meng and Stern (1996),
    Posterior Predictive Assessment of Model Fitness via Realized Discrepancies, Statistica Sinica 6(4), 733-760.
    """
    own = predicted.published()
    bounded = np.array([variables()[one.variable].lower == 0.0 for one in predicted.figures], dtype=bool)
    logs = bounded & (own > 0.0).all(axis=0)
    least = own.min(axis=0) * LEAST

    def scaled(figures: Array) -> Array:
        return np.where(logs, np.log(np.where(logs, np.maximum(figures, least), 1.0)), figures)

    drawn, seen = scaled(own), scaled(np.atleast_2d(values))
    middle, scale = drawn.mean(axis=0), drawn.std(axis=0)
    correlations = np.atleast_2d(np.corrcoef(drawn, rowvar=False))
    inverse = np.asarray(np.linalg.pinv(correlations, hermitian=True), dtype=np.float64)

    def of(figures: Array) -> Array:
        off: Array = (figures - middle) / scale
        found: Array = np.sqrt(np.einsum("hi,ij,hj->h", off, inverse, off))
        return found

    return of(seen), of(drawn)


LEAST = 1e-3
"""Part of the smallest drawn figure that a lower one counts as: the log of none has no end."""


def rank_probability(distance: Array, own: Array) -> Array:
    """Return the share of draws that lie as far off, (history,): the observed history counts as one of them."""
    ordered = np.sort(own)
    further = len(ordered) - np.searchsorted(ordered, distance, side="left")
    found: Array = np.asarray((further + 1.0) / (len(ordered) + 1.0), dtype=np.float64)
    return found


def series_of(predicted: Predicted) -> dict[tuple[str, str, str], list[int]]:
    """Return the positions of the figures of each series: variable, area and population."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for i, one in enumerate(predicted.figures):
        found.setdefault(one.key[:3], []).append(i)
    return found


def series_table(predicted: Predicted, figures: pd.DataFrame) -> pd.DataFrame:
    """Return every series with a colour on all its figures together, and its first year off course.

    Parameters
    ----------
    predicted : Predicted
    figures : DataFrame
        From `figure_table`, in the same order.
    """
    rows = []
    for (name, area, base), at in series_of(predicted).items():
        mine, own = predicted.part(at), figures.iloc[at]
        chance, distance = joint_probability(mine)
        side = side_of(mine)
        worth = own["direction"].where(own["side"] == side).dropna()
        rows.append(
            {
                "name": name, "indicator_id": mine.figures[0].indicator_id, "area": area, "population_base": base,
                "figures": len(at), "first_period": str(own["period"].iloc[0]),
                "last_period": str(own["period"].iloc[-1]), "distance": distance, "probability": chance,
                "probability_error": float(probability_error(chance, mine.effective)), "side": side,
                "direction": str(worth.iloc[-1]) if len(worth) else "neutral", "colour": colour_of(chance),
                "first_year_off": first_year_off(mine),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SERIES_COLUMNS))


def first_year_off(predicted: Predicted) -> int:
    """Return the first year with which a series, judged on its figures so far, is red; 0 where it never is."""
    years = [one.period.year for one in predicted.figures]
    for year in sorted(set(years)):
        so_far = predicted.part([i for i, each in enumerate(years) if each <= year])
        if colour_of(joint_probability(so_far)[0]) == "red":
            return year
    return 0


def joint_probability(predicted: Predicted) -> tuple[float, float]:
    """Return how likely figures as far off together are while the course is right, and their distance."""
    chance, distance = together(predicted, predicted.values[None])
    return float(chance[0]), float(distance[0])


def together(predicted: Predicted, values: Array) -> tuple[Array, Array]:
    """Return how likely figures as far off together are while the course is right, and distances, both (history,).

    One figure alone has the probability that it has by itself.
    """
    distance, own = distances(predicted, values)
    if len(predicted) == 1:
        return either_side(predicted.below(np.atleast_2d(values))[0])[:, 0], distance
    return rank_probability(distance, own), distance


def side_of(predicted: Predicted) -> str:
    """Return on which side of the course the figures lie on the whole, each in its own spread."""
    spread = np.sqrt(predicted.truth.var(axis=0) + np.diag(predicted.covariance))
    return "above" if float(((predicted.values - predicted.truth.mean(axis=0)) / spread).mean()) >= 0.0 else "below"


def worst(colours: Sequence[str]) -> str:
    """Return the worst of some colours; green of none."""
    return max(colours, key=COLOURS.index, default="green")
