"""State spaces of women of reproductive age, declared as data.

A state space is two small tables: the events (from state, to state, birth or not, hazard schedule) and the
channels (which ages of a schedule share one multiplier). The kernel walks the tables, so a finer space is a
new pair of tables and not new code. Events stand in the order in which one half-step walks them: marital
events first and births last, so that births fall in the middle of the year.

A space that refines another has two more tables: which label stands for which of the coarser space, and the clocks
by which time alone moves women on. Clocks stand between marital events and births. Where copies of one event from
the stages that stand for one state follow each other and have one rate, the finer space moves exactly as the coarser.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import LabelError, Problem, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MORTALITY = "mortality"
INFANT_MORTALITY = "infant_mortality"
MIGRATION = "migration"
COMMON_CHANNELS = (MORTALITY, INFANT_MORTALITY, MIGRATION)
"""Channels that every state space has, after its own."""

MARRIED = "married"
"""The marital status within marriage, or what statuses within marriage stand for."""

PASSING = "passing"
"""Counter of all that clocks do: bookkeeping of a state space and no event in the life of a woman."""


@dataclass(frozen=True)
class Event:
    """One way to leave a state, or to bear a child in it.

    Parameters
    ----------
    name : str
    origin, destination : (marital, parity) labels
        Equal for an event that does not leave its state.
    birth_order : int
        0 for an event without a birth; the highest order stands for itself and all above.
    schedule : str
        Name of the occurrence-exposure schedule [events per person-year] by age.
    """

    name: str
    origin: tuple[str, str]
    destination: tuple[str, str]
    birth_order: int
    schedule: str


@dataclass(frozen=True)
class Channel:
    """Ages `age_lower`..`age_upper` of one schedule, which share a multiplier.

    Channels of one name are one channel: schedules of one kind (first births of newly and of longer married women)
    then move together.
    """

    name: str
    schedule: str
    age_lower: int
    age_upper: int


@dataclass(frozen=True)
class Clock:
    """A schedule of passing from one stage to the next with time, at the same hazard at every age.

    Parameters
    ----------
    schedule : str
    years : float [years, or multiples of `times`]
        Mean time until a woman has passed.
    times : str
        Assumption of the pack that `years` multiplies; empty when it stands for itself.
    """

    schedule: str
    years: float
    times: str = ""

    def mean(self, assumptions: Mapping[str, float]) -> float:
        """Return the mean time until a woman has passed [years]."""
        return self.years * (assumptions[self.times] if self.times else 1.0)


@dataclass(frozen=True)
class StateSpace:
    """Marital statuses, parities, events and channels of women aged `age_lower`..`age_upper`.

    `width` is the number of years in an age group, and in a step of the projection. A finer space tells statuses apart
    that a coarser one has as one: `stands_for` maps its labels to those (newly married is married); a label that it
    does not name stands for itself. `clocks` are the schedules by which women pass from stage to stage with time.
    """

    name: str
    marital: tuple[str, ...]
    parity: tuple[str, ...]
    events: tuple[Event, ...]
    event_channels: tuple[Channel, ...]
    age_lower: int
    age_upper: int
    width: int = 1
    stands_for: tuple[tuple[str, str], ...] = ()
    clocks: tuple[Clock, ...] = ()

    @property
    def ages(self) -> range:
        """Return the lowest age of each reproductive age group, `width` years apart."""
        return range(self.age_lower, self.age_upper + 1, self.width)

    @property
    def n_states(self) -> int:
        """Return the number of states, marital status outermost."""
        return len(self.marital) * len(self.parity)

    @property
    def coarse_marital(self) -> tuple[str, ...]:
        """Return the marital statuses that those of this space stand for, in their order."""
        return tuple(dict.fromkeys(self.coarse(label) for label in self.marital))

    @property
    def coarse_parity(self) -> tuple[str, ...]:
        """Return the parities that those of this space stand for, in their order."""
        return tuple(dict.fromkeys(self.coarse(label) for label in self.parity))

    def clock(self, schedule: str) -> Clock:
        """Return the clock of a schedule."""
        return next(clock for clock in self.clocks if clock.schedule == schedule)

    @property
    def married(self) -> tuple[str, ...]:
        """Return the marital statuses within marriage, none where the space knows no marriage."""
        return tuple(label for label in self.marital if self.coarse(label) == MARRIED)

    def coarse(self, label: str) -> str:
        """Return the label that a marital status or parity stands for."""
        return dict(self.stands_for).get(label, label)

    @property
    def orders(self) -> tuple[int, ...]:
        """Return the birth orders that the events declare."""
        return tuple(sorted({event.birth_order for event in self.events if event.birth_order}))

    @property
    def schedules(self) -> tuple[str, ...]:
        """Return the names of the schedules that a projection in this space needs."""
        return tuple(dict.fromkeys(event.schedule for event in self.events))

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the names of all channels: those of the events, then mortality and migration."""
        return (*dict.fromkeys(channel.name for channel in self.event_channels), *COMMON_CHANNELS)

    def state(self, marital: str, parity: str) -> int:
        """Return the position of a state on the flattened state axis."""
        return self.marital.index(marital) * len(self.parity) + self.parity.index(parity)

    def event_table(self) -> NDArray[np.int64]:
        """Return what the kernel walks.

        Returns
        -------
        table : (event, 3)
            Origin state, destination state, index of the birth order (-1 without a birth).
        """
        rows = [
            (
                self.state(*event.origin),
                self.state(*event.destination),
                self.orders.index(event.birth_order) if event.birth_order else -1,
            )
            for event in self.events
        ]
        return np.array(rows, dtype=np.int64)

    @property
    def counters(self) -> tuple[str, ...]:
        """Return what a projection counts by age: births of each order, then each schedule without births.

        Passing by a clock is all one, and last.
        """
        return tuple(dict.fromkeys([*(f"birth_{order}" for order in self.orders), *self.kinds, *self._passing]))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the schedules of events that happen to women, without births and without clocks."""
        clocks = {clock.schedule for clock in self.clocks}
        found = (event.schedule for event in self.events if not event.birth_order and event.schedule not in clocks)
        return tuple(dict.fromkeys(found))

    @property
    def _passing(self) -> tuple[str, ...]:
        return (PASSING,) if self.clocks else ()

    def counter_of(self, event: Event) -> int:
        """Return the position of an event among `counters`."""
        if event.birth_order:
            return self.counters.index(f"birth_{event.birth_order}")
        return self.counters.index(event.schedule if event.schedule in self.kinds else PASSING)

    def channel_of(self, event: Event) -> NDArray[np.int64]:
        """Return the channel index of each reproductive age for `event`, shape (age,)."""
        found = np.full(len(self.ages), -1, dtype=np.int64)
        for channel in self.event_channels:
            if channel.schedule == event.schedule:
                inside = [channel.age_lower <= age <= channel.age_upper for age in self.ages]
                found[inside] = self.channels.index(channel.name)
        return found

    def channel(self, name: str) -> int:
        """Return the index of a channel.

        Raises
        ------
        LabelError
            When there is no channel of that name.
        """
        if name not in self.channels:
            raise LabelError(
                Problem(
                    f"channel of state space '{self.name}'",
                    name,
                    "a known channel",
                    suggest(name, self.channels),
                )
            )
        return self.channels.index(name)


def _rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of a state space, none where the space has no such table."""
    table = files("huyou_sim.demography").joinpath("spaces", name)
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines())) if table.is_file() else []


def classical_space(age_lower: int = 15, age_upper: int = 49, *, width: int = 1) -> StateSpace:
    """Return the one-state space of the cohort-component model for other reproductive ages or age groups.

    Parameters
    ----------
    age_lower, age_upper : int
        First and last completed age with a fertility rate.
    width : int
        Years per age group and per step.
    """
    space = state_space("classical")
    channel = replace(space.event_channels[0], age_lower=age_lower, age_upper=age_upper)
    return replace(space, event_channels=(channel,), age_lower=age_lower, age_upper=age_upper, width=width)


@cache
def state_space(name: str = "family") -> StateSpace:
    """Return a state space that ships with the package.

    Parameters
    ----------
    name : {"family", "duration", "classical"}
        `family`: never, married and formerly married by parity 0, 1, 2, 3+. `duration`: the same with childless
        wives newly married, early in marriage and married for long, and with a birth within the last year apart.
        `classical`: one state, which is the cohort-component model.

    Raises
    ------
    LabelError
        When no space of that name ships.
    """
    known = ("classical", "duration", "family")
    if name not in known:
        raise LabelError(Problem("state space", name, "a space that ships", suggest(name, known)))
    events = tuple(
        Event(
            row["event"],
            (row["from_marital"], row["from_parity"]),
            (row["to_marital"], row["to_parity"]),
            int(row["birth_order"]),
            row["schedule"],
        )
        for row in _rows(f"{name}_events.csv")
    )
    channels = tuple(
        Channel(row["channel"], row["schedule"], int(row["age_lower"]), int(row["age_upper"]))
        for row in _rows(f"{name}_channels.csv")
    )
    ends = [end for event in events for end in (event.origin, event.destination)]
    labels = _rows(f"{name}_labels.csv")
    # The first state is where women come from. Labels that are not listed stand in the order of the events.
    listed = {axis: [row["label"] for row in labels if row["axis"] == axis] for axis in ("marital", "parity")}
    return StateSpace(
        name=name,
        marital=tuple(dict.fromkeys([*listed["marital"], *(marital for marital, _ in ends)])),
        parity=tuple(dict.fromkeys([*listed["parity"], *(parity for _, parity in ends)])),
        events=events,
        event_channels=channels,
        age_lower=min(channel.age_lower for channel in channels),
        age_upper=max(channel.age_upper for channel in channels),
        stands_for=tuple((row["label"], row["stands_for"]) for row in labels),
        clocks=tuple(Clock(row["schedule"], float(row["years"]), row["times"]) for row in _rows(f"{name}_clocks.csv")),
    )
