"""The main job: a place, calibrated, projected under policy packages and held against its targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space
from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.calibration import Calibration, calibrate, calibrated_levels
from huyou_sim.inference.contradictions import Contradiction, contradictions
from huyou_sim.inference.first_year import first_year
from huyou_sim.inference.later_migration import migration_levels
from huyou_sim.inference.parameters import level_multipliers
from huyou_sim.inference.trends import (
    FURTHEST_YEAR,
    LAST_YEAR,
    migrant_trends,
    trend_multipliers,
    trend_parameters,
)
from huyou_sim.pack import load_pack
from huyou_sim.planning.targets import assess_targets
from huyou_sim.policy import Scenario, load_scenarios, policy_context, policy_response
from huyou_sim.policy.costs import cost_table, prices
from huyou_sim.policy.series import policy_series

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]


COUNTERFACTUAL = "no_new_policy"
"""Scenario over which additional costs are counted where it is among those of a run."""


@dataclass(frozen=True)
class Fit:
    """A calibrated place: pack, baseline, fitted levels and the sentences about its baselines."""

    pack: Pack
    baseline: Baseline
    calibration: Calibration
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True)
class Packages:
    """A calibrated place projected under scenarios.

    Parameters
    ----------
    fit : Fit
    scenarios : tuple of Scenario
    result : xarray.Dataset
        Stocks and flows by (scenario, draw, area, ...), the place last among the areas.
    indicators : xarray.Dataset
        By (scenario, draw, area, year).
    targets : DataFrame
        Verdicts, from `assess_targets`.
    costs : DataFrame
        By scenario, measure, payer and year, from `cost_table`; additional to no new policy where it is among them.
    """

    fit: Fit
    scenarios: tuple[Scenario, ...]
    result: xr.Dataset
    indicators: xr.Dataset
    targets: pd.DataFrame
    costs: pd.DataFrame


def fit_place(place: str | Path, space: str = "family") -> Fit:
    """Return a place's pack, its baseline and its point calibration.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    space : {"family", "duration"}
        State space of women (`state_space`).

    Raises
    ------
    PackError, CalibrationError
        When the pack is damaged, or its figures cannot be reproduced.
    LabelError
        When there is no such state space, or a baseline is not made for it.
    """
    return fit_pack(load_pack(place), space)


def fit_pack(pack: Pack, space: str = "family") -> Fit:
    """Return the baseline and the point calibration of a pack that is loaded."""
    baseline = build_baseline(pack, space=state_space(space))
    calibration = calibrate(pack, baseline)
    fitted = first_year(baseline, calibration.parameters, calibrated_levels(calibration))
    return Fit(pack, baseline, calibration, contradictions(pack, baseline, calibration, fitted))


def central_evidence(pack: Pack) -> dict[str, Array]:
    """Return the central value of every prior of the evidence, by id, shape (draw,) with one draw."""
    priors = pack.evidence["priors"]
    return {str(name): np.array([float(value)]) for name, value in priors.set_index("id")["central"].items()}


def project_scenarios(
    fit: Fit, scenarios: Sequence[Scenario], *, until: int = LAST_YEAR
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the result and the indicators of a place under scenarios, with central values of all priors.

    The first year is the calibration year: it has the fitted levels, no trend and no lever. From the second on,
    no-policy trends and the scenario's levers move the hazards; levers see the children of the year before.

    Raises
    ------
    ArgumentError
        When `until` is not a year after the start.
    """
    pack, baseline = fit.pack, fit.baseline
    first = baseline.stock.year + 1
    if not first <= until <= FURTHEST_YEAR:
        raise ArgumentError(
            Problem("--until", str(until), f"a year from {first} to {FURTHEST_YEAR}", f"Type --until {LAST_YEAR}.")
        )
    years = list(range(first, until + 1))
    evidence = central_evidence(pack)
    levels, migration = level_multipliers(baseline, fit.calibration.parameters, calibrated_levels(fit.calibration))
    scales = {scenario.key: scenario.trends for scenario in scenarios}
    parameters = trend_parameters(baseline, evidence)
    trends = trend_multipliers(baseline, parameters, scales, years)
    moved = migrant_trends(baseline, parameters, scales, years)
    components = [str(name) for name in migration["component"].values]
    levers = policy_response(
        scenarios,
        evidence,
        policy_context(pack),
        areas=baseline.areas,
        channels=baseline.space.channels,
        years=years,
    )
    result = project(
        baseline.stock,
        baseline.rates,
        baseline.space,
        years=years,
        log_multipliers=levels + trends,
        migration_level=migration_levels(
            baseline, migration.values, moved, components, scenarios=list(scales), years=years
        ),
        response=levers.log_multipliers,
        scenarios=[s.key for s in scenarios],
        total=baseline.code,
    )
    more = policy_series(result, levers, scenarios, evidence)
    return result, indicators(result, baseline.death_rates).assign(more)


def run_packages(
    place: str | Path, scenarios: Sequence[str | Path] = (), *, until: int = LAST_YEAR, progress: bool = False
) -> Packages:
    """Return a place calibrated, projected under policy packages and held against its targets.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    scenarios : sequence
        Names that ship or paths of TOML files; the six packages that ship when empty.
    until : int
        Last projected year.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    PackError, ScenarioError, CalibrationError, ArgumentError
    """
    with tqdm(total=3, desc="huyou", unit="step", disable=not progress or None, leave=False) as bar:
        pack = load_pack(place)
        chosen = load_scenarios(scenarios, areas=list(pack.areas["area"]))
        bar.set_postfix_str("calibrate (the first run compiles: about twenty seconds)")
        fit = fit_pack(pack)
        bar.update()
        bar.set_postfix_str("project")
        result, table = project_scenarios(fit, chosen, until=until)
        bar.update()
        targets = assess_targets(fit.pack, table)
        costs = package_costs(fit, chosen, table)
        bar.update()
    return Packages(fit, chosen, result, table, targets, costs)


def package_costs(fit: Fit, scenarios: Sequence[Scenario], table: xr.Dataset) -> pd.DataFrame:
    """Return what scenarios cost by measure, payer and year, with central values of all priors (`cost_table`)."""
    plain = COUNTERFACTUAL if COUNTERFACTUAL in [scenario.key for scenario in scenarios] else None
    return cost_table(
        scenarios, table, policy_context(fit.pack), prices(fit.pack), areas=fit.baseline.areas, against=plain
    )
