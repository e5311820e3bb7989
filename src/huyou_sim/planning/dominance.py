"""Which packages none other beats: more lasting births for no more money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.policy.costs import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from huyou_sim.planning.unit_cost import Accounts

    Array = NDArray[np.float64]

COLUMNS = (
    "scenario", "other", "probability", "probability_error", "births_difference", "cost_difference",
    "dominates_at_means",
)  # fmt: skip
"""Of each ordered pair: probability that ``scenario`` has more lasting births than ``other`` at no higher cost to the
last year (nominal, central unit costs); mean differences [births], [yuan]; whether the means alone say so."""


def dominance_table(accounts: Accounts, effective: float) -> pd.DataFrame:
    """Return `COLUMNS` of every ordered pair of packages; empty for a single one."""
    births = accounts.births_lasting
    cost = accounts.cost_lasting[..., LEVELS.index("central")].sum(axis=2)
    rows = []
    for i, key in enumerate(accounts.scenarios):
        for k, other in enumerate(accounts.scenarios):
            if i == k:
                continue
            chance = float(((births[i] > births[k]) & (cost[i] <= cost[k])).mean())
            more, dearer = float((births[i] - births[k]).mean()), float((cost[i] - cost[k]).mean())
            rows.append(
                {
                    "scenario": key, "other": other, "probability": chance,
                    "probability_error": float(probability_error(chance, effective)),
                    "births_difference": more, "cost_difference": dearer,
                    "dominates_at_means": more >= 0.0 and dearer <= 0.0 and (more > 0.0 or dearer < 0.0),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def undominated(table: pd.DataFrame, scenarios: Sequence[str]) -> tuple[str, ...]:
    """Return the packages that no other of a table of pairs dominates at the means, in their order."""
    beaten = set(table.loc[table["dominates_at_means"].astype(bool), "other"])
    return tuple(key for key in scenarios if key not in beaten)
