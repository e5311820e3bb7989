"""Which single parameter moves the effect of a package most: each at its ends, all others in the middle.

Ends are the 5 % and the 95 % quantile of the posterior, or of the prior where there is none, the middle is the median.
One parameter at a time says nothing of parameters that go together; `huyou explain --sobol` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.draws import Draws
from huyou_sim.inference.parameters import PERSISTENCE, YEARLY
from huyou_sim.planning.gains import GAINED, LASTING, differences, projected
from huyou_sim.planning.targets import TARGET_YEAR

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.inference.parameters import Parameter
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

ENDS = (0.05, 0.5, 0.95)
"""Quantiles of a parameter: lower end, middle, upper end."""

COLUMNS = (
    "scenario", "outcome", "year", "rank", "parameter", "role", "low", "middle", "high", "at_low", "central", "at_high",
    "width", "unit", "parameter_unit", "label_en", "label_zh",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tornado:
    """How far each parameter moves the effect of a package.

    Parameters
    ----------
    scenario, against : Scenario
    until : int
        To which births last.
    table : DataFrame
        `COLUMNS`: for each outcome (births gained to the target year, births gained to `until` without relocated ones,
        TFR of the target year, each beyond the counterfactual) parameters by falling width.
    """

    scenario: Scenario
    against: Scenario
    until: int
    table: pd.DataFrame


def quantiles_of(parameters: Sequence[Parameter], posterior: xr.Dataset | None) -> dict[str, Array]:
    """Return lower end, middle and upper end of each parameter, (3,) [unit of the parameter].

    Parameters
    ----------
    posterior : xarray.Dataset, optional
        Whose quantiles are taken of the parameters that it has.
    """
    sampled = {} if posterior is None else {str(name): posterior[name].values for name in posterior.data_vars}
    return {
        one.name: np.quantile(sampled[one.name], ENDS) if one.name in sampled else one.distribution.quantile(ENDS)
        for one in parameters
    }


def varied(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return the parameters that are varied: all but those of yearly shocks, which are held at none."""
    return tuple(one for one in parameters if one.role not in (YEARLY, PERSISTENCE))


def points_ensemble(ensemble: Ensemble, ends: Mapping[str, Array]) -> Ensemble:
    """Return an ensemble whose first draw has all parameters in the middle, then two for each varied one: its ends.

    There are no yearly shocks, neither of hazards nor of migrants.
    """
    chosen = varied(ensemble.draws.parameters)
    count = 1 + 2 * len(chosen)
    values = {name: np.full(count, three[1]) for name, three in ends.items()}
    for i, one in enumerate(chosen):
        values[one.name][[1 + 2 * i, 2 + 2 * i]] = ends[one.name][[0, 2]]
    old = ensemble.draws
    draws = Draws(old.parameters, MappingProxyType(values), old.from_posterior, old.mark)
    none = {name: np.zeros((count, len(ensemble.years))) for name in ensemble.innovations}
    return ensemble.given(draws, none, effective=float(count))


def tornado(
    ensemble: Ensemble,
    scenario: Scenario,
    against: Scenario,
    posterior: xr.Dataset | None,
    *,
    until: int | None = None,
    progress: bool = False,
) -> Tornado:
    """Return how far each parameter of evidence, trends and levels moves what a package adds to a counterfactual.

    Parameters
    ----------
    ensemble : Ensemble
        For place, baseline and parameters; its draws are replaced by the points.
    scenario, against : Scenario
    posterior : xarray.Dataset, optional
        That the ensemble was drawn from.
    until : int, optional
        The last year of the ensemble when omitted.
    progress : bool

    Raises
    ------
    ArgumentError
        When the year is not one of the ensemble.
    """
    last = ensemble.years[-1] if until is None else until
    ends = quantiles_of(ensemble.draws.parameters, posterior)
    found = projected(points_ensemble(ensemble, ends), [scenario, against], last, progress=progress)
    more = differences(found, against.key, ensemble.baseline.code).sel(scenario=scenario.key)
    outcomes = [(GAINED, TARGET_YEAR, "births"), (LASTING, last, "births"), ("tfr", TARGET_YEAR, "children per woman")]
    frames = [
        _ranked(scenario, ensemble, ends, name, year, unit, more[name].sel(year=year).values)
        for name, year, unit in outcomes
    ]
    return Tornado(scenario, against, last, pd.concat(frames, ignore_index=True))


def _ranked(
    scenario: Scenario, ensemble: Ensemble, ends: Mapping[str, Array], outcome: str, year: int, unit: str, effect: Array
) -> pd.DataFrame:
    """Return the parameters of one outcome by falling width, of its effects (point,)."""
    chosen = varied(ensemble.draws.parameters)
    low, high = effect[1::2], effect[2::2]
    width = np.ptp(np.stack([low, high, np.full_like(low, effect[0])]), axis=0)
    rows = []
    for rank, i in enumerate(np.argsort(-width, kind="stable").tolist(), 1):
        one = chosen[i]
        at = dict(zip(("low", "middle", "high"), ends[one.name].tolist(), strict=True))
        rows.append(
            {
                "scenario": scenario.key, "outcome": outcome, "year": year, "rank": rank, "parameter": one.name,
                "role": one.role, **at, "at_low": float(low[i]), "central": float(effect[0]),
                "at_high": float(high[i]), "width": float(width[i]), "unit": unit, "parameter_unit": one.unit,
                "label_en": one.label_en, "label_zh": one.label_zh,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
