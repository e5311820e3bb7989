"""Observed progress of the plan's indicators: what the scorecard takes of a file of observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from huyou_sim.planning.targets import BASE_YEAR
from huyou_sim.planning.vintages import counting

if TYPE_CHECKING:
    from huyou_sim.pack import Pack
    from huyou_sim.planning.observed import Observed

DAYS = 365.25


@dataclass(frozen=True)
class Progress:
    """One figure of an indicator after the baseline.

    Parameters
    ----------
    indicator_id : int
    date : date
    value : float [unit of the plan]
    """

    indicator_id: int
    date: date
    value: float

    @property
    def years(self) -> float:
        """Return years since the end of the baseline year."""
        return (self.date - date(BASE_YEAR, 12, 31)).days / DAYS


def progress_of(observed: Sequence[Observed], pack: Pack, as_of: date) -> tuple[Progress, ...]:
    """Return the figures of the plan's indicators that count on a day, by indicator and date.

    Of the whole place, its own population of the plan, and whole years where a figure is of a period: a part of a year
    is no figure of the plan.

    Parameters
    ----------
    observed : sequence of Observed
    pack : Pack
    as_of : date
    """
    bases = plan_bases(pack)
    chosen = [
        Progress(one.indicator_id, one.period.end, one.value)
        for one in counting(observed, as_of)
        if one.indicator_id and one.area == pack.place.code
        and one.population_base == bases.get(one.indicator_id, one.population_base)
        and (one.period.whole or one.period.days == 1)
    ]  # fmt: skip
    return tuple(sorted(chosen, key=lambda one: (one.indicator_id, one.date)))


def plan_bases(pack: Pack) -> Mapping[int, str]:
    """Return the population that each indicator of the plan describes."""
    return {int(row["indicator_id"]): str(row["population_base"]) for row in pack.scorecard.to_dict("records")}


def of_indicator(progress: Sequence[Progress], number: int) -> tuple[Progress, ...]:
    """Return the figures of one indicator, the earliest first."""
    return tuple(one for one in progress if one.indicator_id == number)
