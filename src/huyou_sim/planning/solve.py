"""Inverse questions on a place from its name on: posterior, ensemble, base and targets, ready to be searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.ensemble import Ensemble, prepare_ensemble
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.store import posterior
from huyou_sim.pack import load_pack
from huyou_sim.planning.cheapest import check_budget
from huyou_sim.planning.packages import Fit, fit_pack
from huyou_sim.planning.targets import TARGET_YEAR, Target
from huyou_sim.planning.trials import Trials, check_bounds, check_probability, find_targets, pose, tried
from huyou_sim.policy import Scenario, load_scenario, policy_context
from huyou_sim.policy.adjust import settable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from huyou_sim.pack import Pack
    from huyou_sim.policy import PolicyContext

DRAWS = 1000
"""Of an inverse question, unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A place, ready for inverse questions.

    Parameters
    ----------
    fit : Fit
    posterior : xarray.Dataset or None
    ensemble : Ensemble
    base : Scenario
    targets : tuple of Target
    """

    fit: Fit
    posterior: xr.Dataset | None
    ensemble: Ensemble
    base: Scenario
    targets: tuple[Target, ...]


def prepare_question(
    place: str | Path,
    targets: Sequence[str | int],
    *,
    level: str = "central",
    base: str | Path = "no_new_policy",
    p: float | None = None,
    budgets: Sequence[float] = (),
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Asked:
    """Return a place ready for inverse questions; whatever is wrong with the question is told before any work.

    Parameters
    ----------
    place : str or path
    targets : sequence
        Numbers of indicators, or variables.
    level : {"lenient", "central", "strict"}
    base : str or path
        Scenario that levers are added to.
    p, budgets, bounds
        Of the question, to be checked.
    draws, seed : int
    prior_only : bool
        Draw the levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool

    Raises
    ------
    PackError, ScenarioError, CalibrationError
    ArgumentError
        With everything that is wrong with the question.
    """
    pack = load_pack(place)
    chosen = load_scenario(base, areas=list(pack.areas["area"]))
    found = _checked(pack, targets, level, p, budgets, bounds or {}, draws)
    with tqdm(total=2, desc="huyou", unit="step", disable=not progress or None, leave=False) as bar:
        bar.set_postfix_str("calibrate (the first run compiles: about twenty seconds)")
        fit = fit_pack(pack)
        bar.update()
        bar.set_postfix_str("posterior (the first run samples: ten to thirty seconds)")
        sampled = None if prior_only else posterior(pack, fit.baseline, folder=folder)
        bar.update()
    ensemble = prepare_ensemble(fit, sampled, draws, seed, until=TARGET_YEAR)
    return Asked(fit, sampled, ensemble, chosen, found)


def with_other_numbers(asked: Asked, settings: Mapping[str, float]) -> Trials:
    """Return what comes of one package on as many draws with other random numbers.

    A search picks what fares best on the draws that it sees, so that its own figures flatter what it found.

    Parameters
    ----------
    asked : Asked
    settings : mapping of lever key to value [unit of the lever]
    """
    ensemble = asked.ensemble
    other = prepare_ensemble(asked.fit, asked.posterior, len(ensemble), ensemble.seed + 1, until=TARGET_YEAR)
    return tried(pose(other, asked.base, asked.targets), [settings])


def _checked(
    pack: Pack,
    targets: Sequence[str | int],
    level: str,
    p: float | None,
    budgets: Sequence[float],
    bounds: Mapping[str, tuple[float, float] | None],
    draws: int,
) -> tuple[Target, ...]:
    """Return the targets of a question, or raise one error with all that is wrong with it."""
    economy = policy_context(pack)
    checks: list[Callable[[], object]] = [partial(check_budget, budget) for budget in budgets]
    checks += [partial(_check_lever, key, ends, economy) for key, ends in bounds.items()]
    checks += [] if p is None else [partial(check_probability, p)]
    problems: list[Problem] = []
    found: tuple[Target, ...] = ()
    try:
        found = find_targets(pack, targets, level)
    except ArgumentError as error:
        problems += error.problems
    for check in checks:
        try:
            check()
        except ArgumentError as error:
            problems += error.problems
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if problems:
        raise ArgumentError(problems)
    return found


def _check_lever(key: str, ends: tuple[float, float] | None, economy: PolicyContext) -> None:
    check_bounds(settable(key, economy), ends)
