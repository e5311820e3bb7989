"""Checks of a user's files: data packs and scenario files, all problems of all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from huyou_sim.errors import HuyouError, Problem
from huyou_sim.inference.parameters import all_parameters
from huyou_sim.inference.published import error_of
from huyou_sim.pack import Pack, load_pack
from huyou_sim.planning.targets import load_targets
from huyou_sim.policy import load_scenario


def check_inputs(paths: Sequence[str | Path]) -> list[str]:
    """Return one line for each file or folder that is in order.

    Parameters
    ----------
    paths : sequence
        A path that ends in ``.toml`` is a scenario, everything else a data pack.

    Raises
    ------
    HuyouError
        With the problems of all paths that are not in order.
    """
    lines: list[str] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            if str(path).endswith(".toml"):
                scenario = load_scenario(path)
                lines.append(f"{path}: scenario '{scenario.key}' is in order.")
            else:
                pack = load_pack(path)
                problems += unfit(pack)
                lines.append(f"{path}: pack '{pack.name}' is in order ({len(pack.areas)} areas).")
        except HuyouError as error:
            problems.extend(error.problems)
    if problems:
        raise HuyouError(problems)
    return lines


def unfit(pack: Pack) -> list[Problem]:
    """Return what would stop a calibration or an ensemble of a pack that can be read: priors, targets, errors."""
    looks: list[Callable[[], object]] = [lambda: all_parameters(pack), lambda: load_targets(pack)]
    wanted = dict.fromkeys(str(name) for name in pack.targets["variable"])
    looks += [partial(error_of, pack, name) for name in wanted]
    problems: list[Problem] = []
    for look in looks:
        try:
            look()
        except HuyouError as error:
            problems.extend(error.problems)
    return problems
