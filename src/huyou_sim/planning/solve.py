"""Inverse questions on a place from its name on: posterior, ensemble, base and targets, ready to be searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.ensemble import Ensemble, prepare_ensemble
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.trends import FURTHEST_YEAR
from huyou_sim.pack import load_pack
from huyou_sim.planning.aim import KINDS, PROBABILITY, SUMMARY, Aim
from huyou_sim.planning.best import Best, best_package
from huyou_sim.planning.budget import Budget, budget_of, check_named
from huyou_sim.planning.cheapest import check_budget
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.outcomes import pose_like
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.rivals import Robustness, rivals_of, robustness
from huyou_sim.planning.search import GENERATIONS
from huyou_sim.planning.targets import TARGET_YEAR, Target
from huyou_sim.planning.trials import UNLIMITED, Trials, check_bounds, check_probability, find_targets, pose, tried
from huyou_sim.policy import Scenario, load_scenario, load_scenarios, policy_context
from huyou_sim.policy.adjust import settable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from huyou_sim.pack import Pack
    from huyou_sim.policy import PolicyContext

DRAWS, DRAWS_OF_BEST = 1000, 400
"""Of an inverse question, and of the best package, whose cost curve and rivals are as many searches, unless told."""


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
    aim : Aim, optional
        With a budget and rivals, where the best package is asked for.
    budget : Budget
    rivals : tuple of Scenario
    """

    fit: Fit
    posterior: xr.Dataset | None
    ensemble: Ensemble
    base: Scenario
    targets: tuple[Target, ...]
    aim: Aim | None = None
    budget: Budget = UNLIMITED
    rivals: tuple[Scenario, ...] = ()

    @property
    def until(self) -> int:
        """Return the last year that is counted."""
        return self.ensemble.years[-1]


@dataclass(frozen=True)
class Wish:
    """What is asked of the best package, as it is typed.

    Parameters
    ----------
    maximise : str
    summary : str
    limits : tuple of str
        As for `budget_of`.
    payers : tuple of str
    certainty : float, optional [1]
    until : int, optional
        Last year that is counted; the target year when omitted.
    rivals : tuple of str or path
        Scenarios that the best package is held against.
    """

    maximise: str
    summary: str = SUMMARY
    limits: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    certainty: float | None = None
    until: int | None = None
    rivals: tuple[str | Path, ...] = ()


def wish_of(
    maximise: str | None,
    *,
    summary: str | None = None,
    limits: Sequence[str] = (),
    payers: Sequence[str] = (),
    certainty: float | None = None,
    until: int | None = None,
    rivals: Sequence[str | Path] = (),
    p: float | None = None,
    along: bool = False,
) -> Wish | None:
    """Return what is asked of the best package; None where nothing is to be maximised.

    Raises
    ------
    ArgumentError
        With every option that does not go with the others.
    """
    if maximise is None:
        given = {
            "--summary": summary, "--payer": payers, "--certainty": certainty, "--until": until, "--rival": rivals,
        }  # fmt: skip
        lonely = [name for name, value in given.items() if value not in (None, (), [])]
        problems = [
            Problem(name, "no --maximise", "something to maximise, which it goes with", "Add --maximise births.")
            for name in lonely
        ]
    else:
        beside = [*(["--probability"] if p is not None else []), *(["--frontier"] if along else [])]
        expected = "one of both: the best package has no probability to reach, and a cost curve of its own"
        problems = [Problem("--maximise", f"{name} beside it", expected, f"Leave {name} out.") for name in beside]
    if problems:
        raise ArgumentError(problems)
    if maximise is None:
        return None
    return Wish(maximise, summary or SUMMARY, tuple(limits), tuple(payers), certainty, until, tuple(rivals))


def prepare_question(
    place: str | Path,
    targets: Sequence[str | int],
    *,
    level: str = "central",
    base: str | Path = "no_new_policy",
    p: float | None = None,
    budgets: Sequence[float] = (),
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    wish: Wish | None = None,
    draws: int | None = None,
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
    wish : Wish, optional
        Where the best package is asked for.
    draws : int, optional
        `DRAWS`, or `DRAWS_OF_BEST` with a wish, when omitted.
    seed : int
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
    if draws is None:
        draws = DRAWS if wish is None else DRAWS_OF_BEST
    pack = load_pack(place)
    chosen = load_scenario(base, areas=list(pack.areas["area"]))
    found, aim, budget = _checked(pack, targets, level, p, budgets, bounds or {}, draws, wish)
    rivals = load_scenarios(wish.rivals, areas=list(pack.areas["area"])) if wish is not None and wish.rivals else ()
    until = TARGET_YEAR if wish is None or wish.until is None else wish.until
    with progress_bar("huyou", 2, shown=progress) as bar:
        futures = prepare_futures(pack, bar, draws=draws, seed=seed, until=until, prior_only=prior_only, folder=folder)
    return Asked(futures.fit, futures.posterior, futures.ensemble, chosen, found, aim, budget, rivals)


def with_other_numbers(asked: Asked, settings: Mapping[str, float]) -> Trials:
    """Return what comes of one package on as many draws with other random numbers.

    A search picks what fares best on the draws that it sees, so that its own figures flatter what it found.

    Parameters
    ----------
    asked : Asked
    settings : mapping of lever key to value [unit of the lever]
    """
    return tried(pose(other_numbers(asked), asked.base, asked.targets), [settings])


def other_numbers(asked: Asked) -> Ensemble:
    """Return as many draws with other random numbers."""
    ensemble = asked.ensemble
    return prepare_ensemble(asked.fit, asked.posterior, len(ensemble), ensemble.seed + 1, until=asked.until)


def ask_best(
    asked: Asked,
    *,
    bounds: Mapping[str, tuple[float, float] | None] | None = None,
    seen: bool = False,
    generations: int = GENERATIONS // 2,
    progress: bool = False,
) -> tuple[Best, Robustness]:
    """Return the best package for the budget that is asked for, and whether its rank holds against rivals.

    Parameters
    ----------
    asked : Asked
        With an aim.
    bounds, seen, generations, progress
        As for `best_package`.

    Raises
    ------
    ArgumentError
        When nothing is to be maximised, or as for `best_package`.
    """
    if asked.aim is None:
        raise ArgumentError(Problem("maximise", "nothing", " or ".join(KINDS), "Type --maximise births."))
    ensemble, other = asked.ensemble, other_numbers(asked)
    best = best_package(
        ensemble, asked.aim, asked.budget, base=asked.base, targets=asked.targets, until=asked.until, bounds=bounds,
        seen=seen, other=other, generations=generations, seed=ensemble.seed, progress=progress,
    )  # fmt: skip
    question = pose(ensemble, asked.base, asked.targets, seen=seen, until=asked.until, budget=asked.budget)
    plan = load_scenario(PLAN)
    rivals = rivals_of(best, question, plan=None if asked.rivals and _named(asked, PLAN) else plan, named=asked.rivals)
    return best, robustness(pose_like(question, other), asked.aim, rivals, seed=ensemble.seed)


PLAN = "plan_as_written"
"""Scenario whose mix is scaled to the budget as a rival."""


def _named(asked: Asked, key: str) -> bool:
    return any(one.key == key for one in asked.rivals)


def _checked(
    pack: Pack,
    targets: Sequence[str | int],
    level: str,
    p: float | None,
    budgets: Sequence[float],
    bounds: Mapping[str, tuple[float, float] | None],
    draws: int,
    wish: Wish | None,
) -> tuple[tuple[Target, ...], Aim | None, Budget]:
    """Return targets, aim and budget of a question, or raise one error with all that is wrong with it."""
    economy = policy_context(pack)
    checks: list[Callable[[], object]] = [partial(check_budget, budget) for budget in budgets]
    checks += [partial(_check_lever, key, ends, economy) for key, ends in bounds.items()]
    checks += [] if p is None else [partial(check_probability, p)]
    problems: list[Problem] = []
    found: tuple[Target, ...] = ()
    aim, budget = None, UNLIMITED
    try:
        # Births are gained with or without a target.
        found = find_targets(pack, targets, level) if targets or wish is None or wish.maximise == PROBABILITY else ()
    except ArgumentError as error:
        problems += error.problems
    for check in checks:
        try:
            check()
        except ArgumentError as error:
            problems += error.problems
    if wish is not None:
        aim, budget, wrong = _wished(wish)
        problems += wrong
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if problems:
        raise ArgumentError(problems)
    return found, aim, budget


def _wished(wish: Wish) -> tuple[Aim | None, Budget, list[Problem]]:
    """Return aim and budget, and all that is wrong with what is asked of the best package."""
    aim, budget = None, UNLIMITED
    problems: list[Problem] = []
    until = TARGET_YEAR if wish.until is None else wish.until
    if not TARGET_YEAR <= until <= FURTHEST_YEAR:
        expected = f"a year from {TARGET_YEAR}, when levers are at their full strength, to {FURTHEST_YEAR}"
        problems.append(Problem("--until", str(until), expected, "Type --until 2030."))
        until = TARGET_YEAR
    try:
        aim = Aim(wish.maximise, wish.summary)
    except ArgumentError as error:
        problems += error.problems
    try:
        budget = budget_of(wish.limits, payers=wish.payers, certainty=wish.certainty, until=until)
        check_named(budget)
    except ArgumentError as error:
        problems += error.problems
    return aim, budget, problems


def _check_lever(key: str, ends: tuple[float, float] | None, economy: PolicyContext) -> None:
    check_bounds(settable(key, economy), ends)
