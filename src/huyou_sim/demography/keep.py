"""What a projection keeps: every cell, or only sums that the indicators need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huyou_sim.demography.engine import Groups
from huyou_sim.demography.states import StateSpace
from huyou_sim.errors import ArgumentError, Problem


@dataclass(frozen=True)
class Keep:
    """Which sums of cells a projection keeps; the default keeps every cell.

    Parameters
    ----------
    ages : tuple of int, optional
        Lowest ages of the groups of the population, from 0 on; flows are then summed over age. Every age of stocks
        and flows when omitted.
    women : tuple of (lower, upper), optional
        Completed ages of the groups of women by state. Every reproductive age when omitted.
    measures : bool
        Whether the kernel sums the rates of each event over age, per area and for the whole place, and finds the
        median age: what the indicators can no longer work out when cells are not kept.
    """

    ages: tuple[int, ...] | None = None
    women: tuple[tuple[int, int], ...] | None = None
    measures: bool = False

    @property
    def by_age(self) -> bool:
        """Return whether flows are kept by single age."""
        return self.ages is None

    def groups(self, space: StateSpace, ages: Sequence[int]) -> Groups:
        """Return the kept row of each cell of a population by `ages`.

        Raises
        ------
        ArgumentError
            When groups do not start at 0, do not increase, or overlap.
        """
        starts = self.ages if self.ages is not None else tuple(ages)
        if list(starts) != sorted(set(starts)) or not set(starts) <= set(ages) or starts[:1] != (ages[0],):
            span = f"{ages[0]}..{ages[-1]}"
            raise _wrong("ages", starts, f"lowest ages of groups that rise from {ages[0]}, out of {span}")
        fertile = np.arange(len(space.ages))
        if self.women is not None:
            fertile = np.full(len(space.ages), -1)
            for i, (lower, upper) in enumerate(self.women):
                inside = np.array([lower <= age <= upper for age in space.ages])
                if not inside.any() or (fertile[inside] >= 0).any():
                    raise _wrong("women", self.women, f"ranges of {space.age_lower}..{space.age_upper} without overlap")
                fertile[inside] = i
        by_age = np.searchsorted(starts, ages, side="right") - 1
        cohorts = np.arange(len(space.ages) + 1)
        return Groups(
            ages=by_age,
            fertile=fertile,
            flows=np.arange(len(ages)) if self.by_age else np.zeros(len(ages), dtype=np.int64),
            cohorts=cohorts if self.by_age else np.zeros_like(cohorts),
            measures=self.measures,
        )

    def check_feedback(self, groups: Groups) -> None:
        """Raise ArgumentError unless children under 3, whom a response is told of, are kept apart."""
        if len(groups.ages) < 4 or groups.ages[2] == groups.ages[3]:
            raise _wrong("ages", self.ages, "a group that starts at 3: a response depends on the children under 3")


def _wrong(name: str, found: object, expected: str) -> ArgumentError:
    return ArgumentError(Problem(f"keep, {name}", str(found), expected, "Use AGGREGATES, or correct the groups."))


CELLS = Keep()
"""Every cell of every stock and flow, by single age and state."""

AGGREGATES = Keep(ages=(0, 3, 6, 15, 20, 35, 50, 60, 65), women=((20, 29),), measures=True)
"""The sums that all indicators need, and no more: about a twentieth of the cells."""
