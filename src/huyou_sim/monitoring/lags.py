"""How long births lag behind marriages: of the first births of a year, which marriages they come from.

The answer is the model's, by switching marriages off. First births when nobody marries after some year come from
marriages up to it, whatever became of the couples in between; the difference between two such years comes from the
marriages of the year between them. The plain state space has one hazard of a first birth for all childless wives of an
age, so that births wait long for marriages; the one with durations of marriage has most first births within two years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

LAGS = 5
"""Years between marriage and birth that are told apart."""

PULSE = 0.1
"""Rise of the marriages of one year whose births are counted [log]."""

NONE = -50.0
"""Log multiplier under which nobody marries."""

ELDER = "earlier"
"""Row of the table for marriages further back, and births outside marriage."""

COLUMNS = ("space", "lag", "share_q05", "share_q50", "share_q95", "elasticity_first_q05", "elasticity_first_q50",
           "elasticity_first_q95", "elasticity_q05", "elasticity_q50", "elasticity_q95")  # fmt: skip
"""Of `lag_table`."""


def lag_table(ensemble: Ensemble, scenario: Scenario, year: int, *, lags: int = LAGS) -> pd.DataFrame:
    """Return where first births of a year come from, and what more marriages bring, by years between the two.

    Parameters
    ----------
    ensemble : Ensemble
    scenario : Scenario
    year : int
        Of the births of which shares are taken; the marriages of `lags` years before it must be projected.
    lags : int

    Returns
    -------
    table : DataFrame
        `COLUMNS`, the last row `ELDER` without elasticities. ``share_*``: of the first births of the year those from
        marriages so many years before [%]. ``elasticity_first_*``: rise of first births so many years after a rise of
        first marriages, per cent for a per cent; ``elasticity_*``: of all births. Medians and bands of 90 % of draws.

    Raises
    ------
    ArgumentError
        When a year is not one of the ensemble.
    """
    first = year - lags
    if first < ensemble.years[0] or year not in ensemble.years:
        expected = f"a year from {ensemble.years[0] + lags} to {ensemble.years[-1]}"
        raise ArgumentError(Problem("year", str(year), expected, f"Type {ensemble.years[-1]}."))
    shares = marriage_shares(ensemble, scenario, year, lags=lags)
    responses = [birth_response(ensemble, scenario, first, name, lags=lags) for name in ("births_order_1", "births")]
    rows = []
    for i in range(lags + 2):
        row: dict[str, object] = {"space": ensemble.baseline.space.name, "lag": str(i) if i <= lags else ELDER}
        parts = {"share": 100.0 * shares[:, i]}
        if i <= lags:
            parts |= {"elasticity_first": responses[0][:, i], "elasticity": responses[1][:, i]}
        for name, values in parts.items():
            for end, value in zip(("q05", "q50", "q95"), np.quantile(values, [0.05, 0.5, 0.95]), strict=True):
                row[f"{name}_{end}"] = float(value)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def marriage_shares(ensemble: Ensemble, scenario: Scenario, year: int, *, lags: int = LAGS) -> Array:
    """Return the shares of the first births of a year by years since marriage, (draw, lag) [1], the last all earlier.

    Parameters
    ----------
    ensemble, scenario, year, lags
        As for `lag_table`.
    """
    upto = [_births(ensemble, scenario, "births_order_1", year)[:, year - ensemble.years[0]]]
    for back in range(lags + 1):
        # Nobody marries from the year `back` before the births on.
        stopped = married(ensemble, range(year - back, year + 1), NONE)
        upto.append(_births(stopped, scenario, "births_order_1", year)[:, year - ensemble.years[0]])
    counts = np.stack(upto, axis=1)
    found: Array = np.concatenate([-np.diff(counts, axis=1), counts[:, -1:]], axis=1) / counts[:, :1]
    return found


def birth_response(
    ensemble: Ensemble, scenario: Scenario, year: int, variable: str = "births_order_1", *, lags: int = LAGS
) -> Array:
    """Return the elasticity of births to the first marriages of one year, (draw, lag) [1].

    Parameters
    ----------
    year : int
        Of the marriages, which rise by `PULSE`.
    variable : str
        Births that are counted.
    """
    last = year + lags
    more = married(ensemble, [year], PULSE)
    both = [_projected(one, scenario, (variable, "first_marriages"), last) for one in (ensemble, more)]
    rises = [np.log(both[1][name].values / both[0][name].values)[0, :, 0] for name in (variable, "first_marriages")]
    i = year - ensemble.years[0]
    found: Array = rises[0][:, i : i + lags + 1] / rises[1][:, i : i + 1]
    return found


def married(ensemble: Ensemble, years: Sequence[int], change: float) -> Ensemble:
    """Return an ensemble whose hazards of first marriage are changed in some years by a log multiplier."""
    channels = ensemble.baseline.space.channels
    moved = [k for k, name in enumerate(channels) if name.startswith("marriage_")]
    shocks = ensemble.shocks.copy()
    for year in years:
        shocks[:, moved, year - ensemble.years[0]] += change
    return replace(ensemble, shocks=shocks)


def _births(ensemble: Ensemble, scenario: Scenario, variable: str, until: int) -> Array:
    found: Array = _projected(ensemble, scenario, (variable,), until)[variable].values[0, :, 0]
    return found


def _projected(ensemble: Ensemble, scenario: Scenario, variables: Sequence[str], until: int) -> xr.Dataset:
    return ensemble.project([scenario], variables=variables, until=until)
