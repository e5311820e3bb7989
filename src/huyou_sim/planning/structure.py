"""How far answers hang on the state space: the same place, observations and packages in spaces of different detail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.planning.packages import fit_pack, project_scenarios

if TYPE_CHECKING:
    from huyou_sim.pack import Pack
    from huyou_sim.policy import Scenario

SPACES = ("family", "duration")
"""State spaces that a baseline is built for, the one that answers rest on first."""

SHOWN = ("tfr", "births", "births_order_1", "natural_increase", "married_share_20_29")
"""Indicators that a state space of women can move most."""

WITHOUT = "no_new_policy"
"""The scenario that effects are counted from."""


def structural_sensitivity(
    pack: Pack,
    scenarios: Sequence[Scenario],
    *,
    spaces: Sequence[str] = SPACES,
    years: Sequence[int] = (2025, 2030),
    variables: Sequence[str] = SHOWN,
    without: str = WITHOUT,
    progress: bool = False,
) -> pd.DataFrame:
    """Return indicators of scenarios, and their effects, in each state space.

    Each space is calibrated to the pack's observations by itself, so that what differs is the model and not the data.

    Parameters
    ----------
    pack : Pack
    scenarios : sequence of Scenario
        One of them called `without`.
    spaces : sequence of str
        Names of `state_space`.
    years : sequence of int
        Projected years.
    variables : sequence of str
        Indicators (variables.csv).
    without : str
        Scenario that effects are counted from.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    table : DataFrame
        Columns area, variable, year, space, scenario, value and effect (value less that of `without`), both in the
        variable's unit; the place last among the areas.

    Raises
    ------
    ArgumentError
        When no scenario is called `without`, or a year is not projected.
    CalibrationError, LabelError
        When a space cannot be fitted, or does not exist.
    """
    keys = [scenario.key for scenario in scenarios]
    if without not in keys:
        found = ", ".join(keys) or "none"
        raise ArgumentError(Problem("scenarios", found, f"one called {without}", f"Add {without} to the scenarios."))
    frames = []
    for space in tqdm(spaces, desc="structure", unit="space", disable=not progress or None, leave=False):
        fit = fit_pack(pack, space)
        first = fit.baseline.stock.year + 1
        if min(years) < first:
            expected = f"{first} or later"
            raise ArgumentError(Problem("years", str(min(years)), expected, f"Type a year from {first} on."))
        table = project_scenarios(fit, scenarios, until=max(years))[1]
        chosen = table[list(variables)].sel(year=list(years)).isel(draw=0, drop=True)
        changed = chosen - chosen.sel(scenario=without, drop=True)
        both = pd.DataFrame(
            {"value": chosen.to_array().to_series(), "effect": changed.to_array().to_series()}
        ).reset_index()
        frames.append(both.assign(space=space))
    columns = ["area", "variable", "year", "space", "scenario", "value", "effect"]
    return pd.concat(frames, ignore_index=True)[columns]


__all__ = ["SHOWN", "SPACES", "WITHOUT", "structural_sensitivity"]
