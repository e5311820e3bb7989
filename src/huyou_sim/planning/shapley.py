"""What each lever of a package adds: alone, on top of all others, and as its Shapley value, in every draw.

Levers that saturate, share a ceiling or work on the same births bring less together than the sum of what each brings
alone. The Shapley value is the mean of what a lever adds over all orders in which the package could be put together;
the values of all levers add up to the effect of the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.planning.gains import GAINED, additional_costs, differences, projected
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.costs import LEVELS, prices
from huyou_sim.policy.scenario import scenario_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import Scenario
    from huyou_sim.policy.costs import Prices
    from huyou_sim.policy.setting import LeverKey, Setting

    Array = NDArray[np.float64]

MOST = 8
"""Levers of a package for which all combinations are projected: 256 of them."""

BLOCK = 32
"""Combinations that are projected side by side."""

AREAS = "areas"
"""Setting that says where measures apply; it is no lever."""

TOTAL = "total"
"""Stands for all levers together."""

UNITS: Mapping[str, str] = {GAINED: "births", "tfr": "children per woman", "cost": "yuan"}
"""What levers are asked for, with units."""

MEASURED = ("alone", "last", "shapley", "interaction")
"""Of each lever: what it adds to the counterfactual by itself; what the package would lack without it; its Shapley
value; and by how much the first exceeds the third, which is what interaction takes away."""

COLUMNS = ("scenario", "outcome", "year", "lever", "measured", "mean", "mean_error", "q05", "q50", "q95", "unit")


def shapley_values(values: Array) -> Array:
    """Return the Shapley value of each player.

    Parameters
    ----------
    values : (subset, ...) [any]
        What each set of players brings. Player i is in set number s where bit i of s is 1, so that there are
        ``2 ** players`` sets: 0 is nobody, the last is all.

    Returns
    -------
    shapley : (player, ...) [as the values]
        They add up to what all bring beyond what nobody does.

    Raises
    ------
    ArgumentError
        When the number of sets is no power of two.

    Source
    ------
    Shapley (1953), A Value for n-Person Games, Contributions to the Theory of Games II, 307-317.
    """
    values = np.asarray(values, dtype=np.float64)
    players = _players_of(values)
    sets = np.arange(len(values))
    size = np.array([int(one).bit_count() for one in sets])
    found = np.zeros((players, *values.shape[1:]))
    for i in range(players):
        without = sets[sets >> i & 1 == 0]
        weight = np.array([factorial(size[s]) * factorial(players - size[s] - 1) / factorial(players) for s in without])
        found[i] = np.tensordot(weight, values[without | 1 << i] - values[without], axes=1)
    return found


def _players_of(values: Array) -> int:
    count = len(values) if values.ndim else 0
    if count < 2 or count & (count - 1):
        fix = "Give a value for every set of players."
        raise ArgumentError(Problem("values by subset", f"{count} sets", "a power of two, 2 or more", fix))
    return count.bit_length() - 1


def parts_of(values: Array) -> dict[str, Array]:
    """Return `MEASURED` of each player, (player, ...), of values as `shapley_values` takes them."""
    values = np.asarray(values, dtype=np.float64)
    players = _players_of(values)
    shapley = shapley_values(values)
    alone = np.stack([values[1 << i] - values[0] for i in range(players)])
    last = np.stack([values[-1] - values[len(values) - 1 - (1 << i)] for i in range(players)])
    return {"alone": alone, "last": last, "shapley": shapley, "interaction": alone - shapley}


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each lever of a package adds.

    Parameters
    ----------
    scenario, against : Scenario
    levers : tuple of str
        Tables of the scenario file, in the order of the bits of a subset.
    year : int
        To which births and costs are summed.
    values : mapping of outcome to (subset, draw)
        Births gained, TFR of the target year beyond the counterfactual, cost; see `shapley_values`.
    table : DataFrame
        `COLUMNS`; the lever `TOTAL` is the whole package. Means and 90 % bands over draws.
    """

    scenario: Scenario
    against: Scenario
    levers: tuple[str, ...]
    year: int
    values: Mapping[str, Array]
    table: pd.DataFrame


def levers_that_differ(scenario: Scenario, against: Scenario) -> tuple[str, ...]:
    """Return the tables of a scenario file in which a package differs from a counterfactual, sorted as it sets them.

    Where measures apply is no lever: all combinations have the areas of the package.
    """
    mine, others = _layer(scenario), _layer(against)
    keys = [*mine, *(key for key in others if key not in mine)]
    changed = [str(key[0]) for key in keys if _value(mine, key) != _value(others, key)]
    return tuple(dict.fromkeys(table for table in changed if table != AREAS))


def _layer(scenario: Scenario) -> dict[LeverKey, Setting]:
    return {setting.key: setting for setting in scenario.settings}


def _value(layer: Mapping[LeverKey, Setting], key: LeverKey) -> object:
    return layer[key].value if key in layer else None


def coalitions(scenario: Scenario, against: Scenario, levers: Sequence[str]) -> tuple[Scenario, ...]:
    """Return a scenario for every subset of levers, in the order of `shapley_values`.

    A lever of the subset is set as in the package, every other as in the counterfactual.

    Raises
    ------
    ScenarioError
        When a combination would count one thing twice.
    """
    mine, others = _layer(scenario), _layer(against)
    made = []
    for subset in range(2 ** len(levers)):
        chosen = {lever for i, lever in enumerate(levers) if subset >> i & 1} | {AREAS}
        layer = {key: setting for key, setting in others.items() if str(key[0]) not in chosen}
        layer |= {key: setting for key, setting in mine.items() if str(key[0]) in chosen}
        # Nobody is the counterfactual itself, its areas too.
        made.append(scenario_of(replace(scenario, key=f"subset {subset}"), others if subset == 0 else layer))
    return tuple(made)


def attribute(
    ensemble: Ensemble,
    scenario: Scenario,
    against: Scenario,
    *,
    year: int = TARGET_YEAR,
    progress: bool = False,
) -> Attribution:
    """Return what each lever of a package adds to a counterfactual.

    One table of the scenario file is one lever, so that a grant for each birth order is one lever, and so are places,
    fee and inclusive share of childcare. All combinations have the same random numbers.

    Parameters
    ----------
    ensemble : Ensemble
    scenario, against : Scenario
    year : int
        To which births and costs are summed, the target year or later.
    progress : bool

    Raises
    ------
    ArgumentError
        When the package has no lever of its own or more than `MOST`, or the year is not one of the ensemble.
    ScenarioError
        When a combination would count one thing twice.
    """
    levers = levers_that_differ(scenario, against)
    _check(scenario, against, levers, ensemble, year)
    made, price = coalitions(scenario, against, levers), prices(ensemble.pack)
    parts: list[dict[str, Array]] = []
    with tqdm(total=len(made), desc="shapley", unit="package", disable=not progress or None, leave=False) as bar:
        for low in range(0, len(made), BLOCK):
            block = made[low : low + BLOCK]
            parts.append(_outcomes(ensemble, block, against, year, price))
            bar.update(len(block))
    values = {name: np.concatenate([one[name] for one in parts]) for name in UNITS}
    return Attribution(scenario, against, levers, year, values, _table(scenario, levers, year, values, ensemble))


def _check(scenario: Scenario, against: Scenario, levers: Sequence[str], ensemble: Ensemble, year: int) -> None:
    problems = []
    where = f"levers of '{scenario.key}'"
    if not levers:
        found = f"the same as in '{against.key}'"
        problems.append(Problem(where, found, "at least one that differs", "Name another package or counterfactual."))
    if len(levers) > MOST:
        found = f"{len(levers)}: {', '.join(levers)}"
        fix = f"Put the levers that belong together ({', '.join(levers[MOST - 1 :])}) into a parent scenario, and name "
        fix += "it with --against: they are then in every combination."
        problems.append(Problem(where, found, f"at most {MOST}: all {2**MOST} combinations are projected", fix))
    if not TARGET_YEAR <= year <= ensemble.years[-1]:
        expected = f"a year from {TARGET_YEAR} to {ensemble.years[-1]}"
        problems.append(Problem("year of the Shapley values", str(year), expected, f"Type {TARGET_YEAR}."))
    if problems:
        raise ArgumentError(problems)


def _outcomes(
    ensemble: Ensemble, block: Sequence[Scenario], against: Scenario, year: int, price: Prices
) -> dict[str, Array]:
    """Return outcomes of some combinations beyond the counterfactual, (combination, draw)."""
    areas = list(ensemble.baseline.areas)
    found = projected(ensemble, [*block, against], year)
    more = differences(found, against.key, ensemble.baseline.code)
    cost = additional_costs(block, against, found, ensemble.context, price, areas)
    return {
        GAINED: more[GAINED].sel(year=year).values,
        "tfr": more["tfr"].sel(year=TARGET_YEAR).values,
        "cost": cost.sel(level=LEVELS[1]).sum(("payer", "year")).values,
    }


def _table(
    scenario: Scenario, levers: Sequence[str], year: int, values: Mapping[str, Array], ensemble: Ensemble
) -> pd.DataFrame:
    rows = []
    for outcome, unit in UNITS.items():
        found = parts_of(values[outcome])
        whole = values[outcome][-1] - values[outcome][0]
        figures = [(lever, name, found[name][i]) for i, lever in enumerate(levers) for name in MEASURED]
        # Of the whole package the sum of what levers do alone, and by how much it exceeds the effect.
        together = {"alone": found["alone"].sum(axis=0), "shapley": whole}
        together |= {"interaction": together["alone"] - whole}
        figures += [(TOTAL, name, series) for name, series in together.items()]
        at = TARGET_YEAR if outcome == "tfr" else year
        for lever, name, series in figures:
            q05, q50, q95 = np.quantile(series, [0.05, 0.5, 0.95]).tolist()
            error = float(series.std(ddof=1) / np.sqrt(ensemble.effective)) if len(series) > 1 else float("nan")
            rows.append(
                {
                    "scenario": scenario.key, "outcome": outcome, "year": at, "lever": lever, "measured": name,
                    "mean": float(series.mean()), "mean_error": error,
                    "q05": q05, "q50": q50, "q95": q95, "unit": unit,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
