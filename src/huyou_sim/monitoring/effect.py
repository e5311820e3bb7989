"""The effect of a measure on published figures: what was published less what would have been without the measure.

The counterfactual of a year is the figure that would have been published under the counterfactual scenario: the truth
of each draw and an error of publication. Draws are conditioned on the figures from before the start of the measure
alone, so that an effect is not explained away. Given these figures, the published one and that of a draw are
exchangeable where the measure has no effect: in nine histories of ten the band of 90 % of the effect then holds zero.

Sources
-------
The counterfactual as the predictive distribution of a model that is fitted to the time before: Brodersen, Gallusser,
Koehler, Remy and Scott (2015), Inferring causal impact using Bayesian structural time-series models, Annals of Applied
Statistics 9(1), 247-274. Predictive p-values: Gelman, Meng and Stern (1996), Posterior predictive assessment of model
fitness via realized discrepancies, Statistica Sinica 6(4), 733-807.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.updating import weighted_quantile
from huyou_sim.planning.subjects import measure_of
from huyou_sim.variables import variable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POWER = 0.8
"""Probability with which the smallest effect that a series can show is shown."""

PREGNANCY = 0.75
"""Years from a start until births may follow from it: births within nine months were conceived before."""

OF_BIRTHS = (
    "births", "tfr", "tempo_adjusted_tfr", "crude_birth_rate", "natural_increase", "share_second_third",
    "mean_age_at_birth", "mean_age_at_first_birth", "sex_ratio_at_birth", "population_under_3",
)  # fmt: skip
"""Beginnings of the names of figures that a measure moves through births."""

UNTOUCHED = ("deaths", "infant_mortality_rate", "net_migration")
"""Figures that a measure of birth support should not move: where they deviate, the model is off, not the measure."""


def lag_of(name: str) -> float:
    """Return the years from the start of a measure until a figure can follow from it: `PREGNANCY` for births."""
    return PREGNANCY if name.startswith(OF_BIRTHS) else 0.0


def affected_share(name: str, start: date, year: int) -> float:
    """Return the share of a year's figure that a measure can have touched [1].

    Of a calendar year the part that lies after the start and the lag (`lag_of`); a figure of 31 December is touched or
    not.

    Parameters
    ----------
    name : str
        Variable.
    start : date
        First day of the measure.
    year : int
    """
    days = (date(start.year + 1, 1, 1) - date(start.year, 1, 1)).days
    begin = start.year + (start - date(start.year, 1, 1)).days / days + lag_of(name)
    left = min(max(year + 1 - begin, 0.0), 1.0)
    return float(left > 0.0) if measure_of(name) == "day" else left


def adds_up(name: str) -> bool:
    """Return whether figures of several years are summed: counts of a year are, rates and stocks are averaged."""
    return variable(name).kind == "flow"


def together(figures: Array, shares: Array, *, total: bool) -> Array:
    """Return figures of several years in one, (...) [as the figures].

    Parameters
    ----------
    figures : (..., year) [any]
    shares : (year,) [1]
        Weight of each year: what the measure can have touched of it.
    total : bool
        The weighted sum; the weighted mean otherwise.
    """
    found: Array = np.asarray(figures) @ (shares if total else shares / shares.sum())
    return found


def detectable(counterfactual: Array, weights: Array, power: float = POWER) -> tuple[float, float]:
    """Return the smallest fall and the smallest rise that a figure would have shown with a probability.

    Shown: the band of 90 % of the effect does not hold zero. A rise of ``q95 - q(1 - power)`` brings the figure above
    the upper end of the counterfactual band in `power` of the draws, a fall likewise. With a normal counterfactual
    both are 2.49 standard deviations.

    Parameters
    ----------
    counterfactual : (draw,) [unit]
    weights : (draw,) [1]
    power : float [1]
    """
    low, lower, upper, high = weighted_quantile(counterfactual, weights, [0.05, 1.0 - power, power, 0.95])
    return float(low - upper), float(high - lower)


def tail(above: float) -> float:
    """Return the probability of a deviation at least as large on either side, from that of a lower value [1]."""
    return min(1.0, 2.0 * min(above, 1.0 - above))


def weighted_share_below(values: Array, limit: float, weights: Array) -> float:
    """Return the weight of the draws below a limit, those at it by half [1]."""
    return float((np.sign(limit - values) + 1.0) @ weights / 2.0)


def effect_of(observed: float, counterfactual: Array, weights: Array, effective: float) -> dict[str, float]:
    """Return the effect on a figure with its band, and what it can be told from.

    Parameters
    ----------
    observed : float [unit]
        As published.
    counterfactual : (draw,) [unit]
        As would have been published.
    weights : (draw,) [1]
        Sum 1.
    effective : float
        Number of independent draws that they are worth.

    Returns
    -------
    found : dict
        ``observed``, ``counterfactual_*``, ``effect_*`` with q05, q50, q95 [unit]; ``probability_above``: that
        the effect is above zero, with its Monte Carlo error; ``p_value``: that a deviation as large, up or down,
        arises without the measure; ``shown``: whether the band of the effect leaves zero out; ``smallest_fall``,
        ``smallest_rise``: see
        `detectable`.
    """
    ends = weighted_quantile(counterfactual, weights, [0.05, 0.5, 0.95])
    low, middle, high = (float(value) for value in ends)
    above = weighted_share_below(counterfactual, observed, weights)
    fall, rise = detectable(counterfactual, weights)
    return {
        "observed": observed,
        "counterfactual_q05": low, "counterfactual_q50": middle, "counterfactual_q95": high,
        "effect_q05": observed - high, "effect_q50": observed - middle, "effect_q95": observed - low,
        "probability_above": above, "probability_above_error": float(probability_error(above, effective)),
        "p_value": tail(above), "shown": not low <= observed <= high,
        "smallest_fall": fall, "smallest_rise": rise,
    }  # fmt: skip
