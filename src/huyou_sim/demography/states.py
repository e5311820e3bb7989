"""State spaces of women of reproductive age, declared as data.

A state space is two small tables: the events (from state, to state, birth or not, hazard schedule) and the
channels (which ages of a schedule share one multiplier). The kernel walks the tables, so a finer space is a
new pair of tables and not new code. Events stand in the order in which one half-step walks them: marital
events first and births last, so that births fall in the middle of the year.
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
    from numpy.typing import NDArray

MORTALITY = "mortality"
INFANT_MORTALITY = "infant_mortality"
MIGRATION = "migration"
COMMON_CHANNELS = (MORTALITY, INFANT_MORTALITY, MIGRATION)
"""Channels that every state space has, after its own."""


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
    """Ages `age_lower`..`age_upper` of one schedule, which share a multiplier."""

    name: str
    schedule: str
    age_lower: int
    age_upper: int


@dataclass(frozen=True)
class StateSpace:
    """Marital statuses, parities, events and channels of women aged `age_lower`..`age_upper`.

    `width` is the number of years in an age group, and in a step of the projection.
    """

    name: str
    marital: tuple[str, ...]
    parity: tuple[str, ...]
    events: tuple[Event, ...]
    event_channels: tuple[Channel, ...]
    age_lower: int
    age_upper: int
    width: int = 1

    @property
    def ages(self) -> range:
        """Return the lowest age of each reproductive age group, `width` years apart."""
        return range(self.age_lower, self.age_upper + 1, self.width)

    @property
    def n_states(self) -> int:
        """Return the number of states, marital status outermost."""
        return len(self.marital) * len(self.parity)

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
        return tuple(channel.name for channel in self.event_channels) + COMMON_CHANNELS

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
        """Return what a projection counts by age: births of each order, then each schedule without births."""
        kinds = dict.fromkeys(event.schedule for event in self.events if not event.birth_order)
        return (*(f"birth_{order}" for order in self.orders), *kinds)

    def counter_of(self, event: Event) -> int:
        """Return the position of an event among `counters`."""
        return self.counters.index(f"birth_{event.birth_order}" if event.birth_order else event.schedule)

    def channel_of(self, event: Event) -> NDArray[np.int64]:
        """Return the channel index of each reproductive age for `event`, shape (age,)."""
        found = np.full(len(self.ages), -1, dtype=np.int64)
        for index, channel in enumerate(self.event_channels):
            if channel.schedule == event.schedule:
                inside = [channel.age_lower <= age <= channel.age_upper for age in self.ages]
                found[inside] = index
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
    text = files("huyou_sim.demography").joinpath("spaces", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


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
    name : {"family", "classical"}
        `family`: never, married and formerly married by parity 0, 1, 2, 3+. `classical`: one state, which is
        the cohort-component model.

    Raises
    ------
    LabelError
        When no space of that name ships.
    """
    known = ("classical", "family")
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
    return StateSpace(
        name=name,
        marital=tuple(dict.fromkeys(marital for marital, _ in ends)),
        parity=tuple(dict.fromkeys(parity for _, parity in ends)),
        events=events,
        event_channels=channels,
        age_lower=min(channel.age_lower for channel in channels),
        age_upper=max(channel.age_upper for channel in channels),
    )
