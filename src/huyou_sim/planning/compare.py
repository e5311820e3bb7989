"""Policy packages against a counterfactual: what each brings, what it costs, and which of them none other beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.inference.ensemble import Ensemble
from huyou_sim.inference.monte_carlo import bands, probability_error
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.trends import FURTHEST_YEAR, LAST_YEAR
from huyou_sim.pack import load_pack
from huyou_sim.planning.dominance import dominance_table, undominated
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.gains import GAINED, additional_costs, differences, projected
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.reach import joint_table, reach_table
from huyou_sim.planning.targets import TARGET_YEAR, load_targets
from huyou_sim.planning.unit_cost import Accounts, accounts_of, cost_figures, unpriced_levers
from huyou_sim.policy import Scenario, load_scenario, load_scenarios
from huyou_sim.policy.costs import prices

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 1000
"""Of a comparison, unless told otherwise: differences need fewer than figures of their own."""

LEVELS = ("lenient", "central", "strict")
"""How strictly a target is read."""

BANDS = (0.5, 0.9)

COLUMNS = (
    "scenario", "variable", "year", "q05", "q25", "q50", "q75", "q95", "mean", "mean_error",
    "probability_above", "probability_above_error", "unit",
)  # fmt: skip
"""Of the table of differences."""

PERIOD = "_period"
"""Ending of what is summed to, or seen in, the target year; all else to or in the last year."""

SUMMED = {
    "births_gained_period": GAINED, "births_gained": GAINED, "tfr_period": "tfr",
    "natural_increase_rate_period": "natural_increase_rate", "population_under_3_period": "population_under_3",
    "total_dependency_60": "total_dependency_60", "total_dependency_65": "total_dependency_65",
    "population_total": "population_total",
}  # fmt: skip
"""Column of the summary to the variable whose difference it is; each with `FIGURES` behind it."""

FIGURES = ("mean", "q05", "q50", "q95", "mean_error")

TARGET_COLUMNS = ("probability", "probability_error", "probability_seen", "probability_seen_error")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Policy packages held against a counterfactual, with the same random numbers.

    Parameters
    ----------
    fit : Fit
    ensemble : Ensemble
    posterior : xarray.Dataset or None
    scenarios : tuple of Scenario
        Without the counterfactual.
    against : Scenario
    level : str
        How strictly targets are read.
    trends_differ : tuple of str
        Packages whose trends are not those of the counterfactual: their differences are not of policy alone.
    indicators : xarray.Dataset
        Of all areas and the place, counterfactual first, (scenario, draw, area, year).
    gains : xarray.Dataset
        What each package has more, (scenario, draw, year).
    bands : xarray.Dataset
        Of `gains`, (quantile, figure, scenario, year).
    differences : DataFrame
        `COLUMNS`, of `gains`.
    accounts : Accounts
        Births and additional costs of each package by draw.
    costs : DataFrame
        `unit_cost.COLUMNS`.
    targets, joint : DataFrame
        Probabilities from `reach_table` and `joint_table`, of counterfactual and packages at every level.
    dominance : DataFrame
        `dominance.COLUMNS`.
    summary : DataFrame
        One row for the counterfactual and each package.
    """

    fit: Fit
    ensemble: Ensemble
    posterior: xr.Dataset | None
    scenarios: tuple[Scenario, ...]
    against: Scenario
    level: str
    trends_differ: tuple[str, ...]
    indicators: xr.Dataset
    gains: xr.Dataset
    bands: xr.Dataset
    differences: pd.DataFrame
    accounts: Accounts
    costs: pd.DataFrame
    targets: pd.DataFrame
    joint: pd.DataFrame
    dominance: pd.DataFrame
    summary: pd.DataFrame

    def scenario(self, key: str) -> Scenario:
        """Return a package by its key.

        Raises
        ------
        ArgumentError
            When no package has the key; the nearest is suggested.
        """
        return chosen_package(self.scenarios, key, "package")


def chosen_package(scenarios: Sequence[Scenario], key: str, where: str) -> Scenario:
    """Return the package of a key, or raise an ArgumentError that names `where` it was asked for."""
    keys = [one.key for one in scenarios]
    if key not in keys:
        expected = f"a package of the comparison: {', '.join(keys)}"
        raise ArgumentError(Problem(where, f"'{key}'", expected, suggest(key, keys)))
    return scenarios[keys.index(key)]


def run_comparison(
    place: str | Path,
    scenarios: Sequence[str | Path] = (),
    *,
    against: str | Path = "no_new_policy",
    draws: int = DRAWS,
    seed: int = SEED,
    until: int = LAST_YEAR,
    level: str = "central",
    trends_differ: bool = False,
    asked: Sequence[tuple[str, str]] = (),
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Comparison:
    """Return policy packages held against a counterfactual.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    scenarios : sequence
        Names that ship or paths of TOML files; the packages that ship when empty. The counterfactual need not stand
        among them.
    against : str or path
        The counterfactual.
    draws, seed : int
    until : int
        Last year, to which births and costs are summed.
    level : {"lenient", "central", "strict"}
    trends_differ : bool
        Let packages pass whose trends are not those of the counterfactual.
    asked : sequence of (where, key)
        Packages that must be among the scenarios, and who asks for them: checked before any work.
    prior_only : bool
        Draw the levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show progress bars on standard error.

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        With everything that is wrong with numbers and packages; trends that differ are among it, since no-policy
        trends are no policy (evidence, section 3, double-counting rules).
    """
    pack = load_pack(place)
    areas = list(pack.areas["area"])
    base = load_scenario(against, areas=areas)
    loaded = load_scenarios(scenarios, areas=areas)
    packages = tuple(one for one in loaded if one.path != base.path)
    _check(draws, until, level, packages, base, asked, allowed=trends_differ)
    with progress_bar("huyou", 4, shown=progress) as bar:
        futures = prepare_futures(pack, bar, draws=draws, seed=seed, until=until, prior_only=prior_only, folder=folder)
        fit, ensemble = futures.fit, futures.ensemble
        named = dict.fromkeys(target.variable for target in load_targets(pack))
        indicators = projected(ensemble, [base, *packages], until, more=list(named), progress=progress)
        bar.update()
        bar.set_postfix_str("compare")
        found = compared(fit, ensemble, futures.posterior, packages, base, indicators, level)
        bar.update()
    return found


def compared(
    fit: Fit,
    ensemble: Ensemble,
    sampled: xr.Dataset | None,
    packages: Sequence[Scenario],
    base: Scenario,
    indicators: xr.Dataset,
    level: str,
) -> Comparison:
    """Return the comparison of packages whose indicators are known (`gains.projected`, with those of the targets)."""
    pack, areas = fit.pack, list(fit.baseline.areas)
    gains = differences(indicators, base.key, fit.baseline.code)
    price = prices(pack)
    whole, period = (
        additional_costs(packages, base, one, ensemble.context, price, areas)
        for one in (indicators, indicators.sel(year=slice(None, TARGET_YEAR)))
    )
    accounts = accounts_of(gains, whole, period, indicators["population_under_3"].sel(area=fit.baseline.code), price)
    around = bands(gains, BANDS)
    tables = {
        "differences": difference_table(gains, around, ensemble.effective),
        "costs": cost_figures(accounts, ensemble.seed),
        "targets": reach_table(pack, indicators),
        "joint": joint_table(pack, indicators),
        "dominance": dominance_table(accounts, ensemble.effective),
    }
    changed = tuple(one.key for one in packages if one.trends != base.trends)
    gifts = {one.key: unpriced_levers(one, base, ensemble.context) for one in packages}
    summary = _summary([base.key, *(one.key for one in packages)], tables, level)
    summary = summary.assign(
        trends_differ=summary["scenario"].isin(changed),
        unpriced=[" ".join(gifts.get(str(key), ())) for key in summary["scenario"]],
        mark=str(indicators.attrs["mark"]),
    )
    return Comparison(
        fit, ensemble, sampled, tuple(packages), base, level, changed, indicators, gains, around,
        accounts=accounts, summary=summary, **tables,
    )  # fmt: skip


def difference_table(gains: xr.Dataset, around: xr.Dataset, effective: float) -> pd.DataFrame:
    """Return the differences of every variable, year and package: bands, mean and probability of being above 0.

    Parameters
    ----------
    gains : xarray.Dataset
        From `gains.differences`, (scenario, draw, year).
    around : xarray.Dataset
        Its bands.
    effective : float
        Number of independent draws.
    """
    quantiles = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
    frames = []
    for name, array in gains.data_vars.items():
        above = (array > 0.0).mean("draw")
        spread = array.std("draw", ddof=1) if array.sizes["draw"] > 1 else array.mean("draw") * np.nan
        columns = {
            column: around[name].sel(quantile=quantile, figure="value", drop=True)
            for column, quantile in quantiles.items()
        }
        columns |= {
            "mean": array.mean("draw"),
            "mean_error": spread / np.sqrt(effective),
            "probability_above": above,
            "probability_above_error": above.copy(data=probability_error(above.values, effective)),
        }
        wide = pd.DataFrame({key: value.transpose("scenario", "year").to_series() for key, value in columns.items()})
        frames.append(wide.reset_index().assign(variable=str(name), unit=array.attrs.get("units", "")))
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def _summary(keys: Sequence[str], tables: Mapping[str, pd.DataFrame], level: str) -> pd.DataFrame:
    """Return one row for each scenario, the counterfactual first; what it has no figure of is not a number."""
    differ, costs, pairs = tables["differences"], tables["costs"], tables["dominance"]
    last = int(differ["year"].max())
    bests = undominated(pairs, keys[1:])
    rows = []
    for key in keys:
        row: dict[str, object] = {"scenario": key, "until": last, "level": level}
        mine = differ[differ["scenario"] == key].set_index(["variable", "year"])
        for column, variable in SUMMED.items():
            year = TARGET_YEAR if column.endswith(PERIOD) else last
            for figure in FIGURES if len(mine) else ():
                row[f"{column}_{figure}"] = mine[figure][variable, year]
        own = costs[(costs["scenario"] == key) & costs["unit_costs"].isin(["", "central"])]
        for quantity, values in own.set_index("quantity")[["value", "q05", "q50", "q95"]].to_dict("index").items():
            row |= {f"{quantity}_{figure}": value for figure, value in values.items()}
        targets = tables["targets"]
        for prefix, table in (("tfr", targets[targets["variable"] == "tfr"]), ("all", tables["joint"])):
            row |= {f"{prefix}_{name}": value for name, value in _chance(table, key, level).items()}
        row["undominated"] = key in bests
        row["dominated_by"] = " ".join(pairs["scenario"][(pairs["other"] == key) & pairs["dominates_at_means"]])
        rows.append(row)
    return pd.DataFrame(rows)


def _chance(table: pd.DataFrame, key: str, level: str) -> dict[str, object]:
    found = table[(table["scenario"] == key) & (table["level"] == level)]
    return {name: float(found[name].iloc[0]) if len(found) else float("nan") for name in TARGET_COLUMNS}


def _check(
    draws: int,
    until: int,
    level: str,
    packages: Sequence[Scenario],
    base: Scenario,
    asked: Sequence[tuple[str, str]],
    *,
    allowed: bool,
) -> None:
    """Raise one ArgumentError with everything that is wrong, before any work."""
    problems = []
    if draws < 2:
        expected = "2 or more: a band needs more than one future"
        problems.append(Problem("--draws", str(draws), expected, f"Type --draws {DRAWS}."))
    if not TARGET_YEAR <= until <= FURTHEST_YEAR:
        expected = f"a year from {TARGET_YEAR}, the target year, to {FURTHEST_YEAR}"
        problems.append(Problem("--until", str(until), expected, f"Type --until {LAST_YEAR}."))
    if level not in LEVELS:
        problems.append(Problem("--level", f"'{level}'", " or ".join(LEVELS), suggest(level, LEVELS)))
    if not packages:
        found = f"none but the counterfactual '{base.key}'"
        problems.append(Problem("scenarios", found, "at least one other", "Name a package, or leave all names out."))
    for one in packages:
        if one.key == base.key:
            fix = "Rename one of the two files."
            problems.append(Problem("scenarios", f"'{one.key}', as the counterfactual", "another name", fix))
        if one.trends != base.trends and not allowed:
            problems.append(_other_trends(one, base))
    for where, key in asked:
        try:
            chosen_package(packages, key, where)
        except ArgumentError as error:
            problems += error.problems
    if problems:
        raise ArgumentError(problems)


def _other_trends(one: Scenario, base: Scenario) -> Problem:
    mine, others = one.trends.model_dump(), base.trends.model_dump()
    words = [f"{name} {mine[name]:g} against {others[name]:g}" for name in mine if mine[name] != others[name]]
    expected = f"those of '{base.key}': a trend is no policy, and its effect would count as the package's"
    fix = "Name a counterfactual that has these trends with --against, or add --allow-trends."
    return Problem(f"trends of '{one.key}'", ", ".join(words), expected, fix)
