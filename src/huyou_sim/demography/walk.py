"""The event table written out: one straight line of arithmetic that takes a cohort of women through its year.

The table of a state space is known before any number is, so the walk over it need not look anything up while it
runs. `written_walk` spells it out as the source of a function, which the kernel compiles: states stay in
registers, and a whole vector of trajectories goes through all events at once, about three times as fast as a loop
over the table. A finer state space is still only another table.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

Row = tuple[int, int, int, int]
"""Origin state, destination state, counter, schedule of one event."""

BLOCK = 1 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 128
"""Trajectories side by side in one block: long enough for vectors, short enough for the cache. A constant of compiled
code, so that loops over it are unrolled; uncompiled there is nothing to put side by side. The width changes no bit of a
result."""

ENTER, VACANT, LEAVE, JOIN, HALF = 0, 1, 2, 3, 4
"""Slots of a cohort's factors before the slots of its hazards."""

ALIVE, END = 0, 1
"""Rows of a cohort's flows after its counters: women alive before the migrants of the end of the year, and after."""


def stay_slots(events: Sequence[Row]) -> dict[int, int]:
    """Return the slot of half the hazard of each schedule with an event that does not leave its state."""
    schedules = 1 + max(row[3] for row in events)
    staying = sorted({schedule for origin, destination, _, schedule in events if origin == destination})
    return {schedule: HALF + schedules + i for i, schedule in enumerate(staying)}


def written_walk(events: Sequence[Row], states: int, counters: int, width: int = BLOCK) -> str:
    """Return the source of ``walk(before, after, factor, flow)`` for one cohort and `width` trajectories.

    Half a year of deaths, the events forward and back with half a year each (a symmetric splitting of second
    order), half a year of deaths, the migrants of the end of the year. An event that leaves its state takes
    ``1 - exp(-h / 2)`` of it, one that does not counts ``h / 2`` per woman. Migrants have the composition of the cohort
    that they come to or leave, which loses no more women than it has; into an empty one they come in the first state.

    Parameters
    ----------
    events : sequence of (origin, destination, counter, schedule)
    states, counters : int
    width : int
        Trajectories side by side: how far rows lie apart.

    Notes
    -----
    All four arguments are flat, one row of `width` trajectories after the other. `before` and `after` hold women by
    state; `factor` what they are multiplied by on entering (deaths and migration), the women who come into an empty
    cell, the survival on leaving, the migrants of the end of the year [women], then per schedule ``1 - exp(-h / 2)``,
    then ``h / 2`` for the schedules of `stay_slots`; `flow` the counters, then the women before and after those
    migrants.
    """
    stay = stay_slots(events)

    def at(array: str, row: int) -> str:
        return f"{array}[{row * width} + b]" if row else f"{array}[b]"

    lines = [f"enter = {at('factor', ENTER)}", f"leave = {at('factor', LEAVE)}"]
    lines += [f"x{state} = {at('before', state)} * enter" for state in range(states)]
    # Migrants into an empty cell have no composition to follow: they come in the first state.
    lines += [f"x0 = x0 + {at('factor', VACANT)}"]
    counted: set[int] = set()
    for origin, destination, counter, schedule in (*events, *reversed(events)):
        slot = stay[schedule] if origin == destination else HALF + schedule
        lines += [f"m = {at('factor', slot)} * x{origin}"]
        if origin != destination:
            lines += [f"x{origin} = x{origin} - m", f"x{destination} = x{destination} + m"]
        lines += [f"f{counter} = f{counter} + m" if counter in counted else f"f{counter} = m"]
        counted.add(counter)
    lines += [f"{at('flow', counter)} = f{counter}" for counter in sorted(counted)]
    lines += [f"x{state} = x{state} * leave" for state in range(states)]
    total = " + ".join(f"x{state}" for state in range(states))
    lines += [f"alive = {total}", f"{at('flow', counters + ALIVE)} = alive"]
    lines += [f"joined = alive + {at('factor', JOIN)}", "end = joined if joined > 0.0 else 0.0"]
    if states == 1:
        lines += ["x0 = end"]
    else:
        lines += ["share = end / alive if alive > 0.0 else 0.0"]
        lines += [f"x{state} = x{state} * share" for state in range(states)]
        lines += ["x0 = x0 if alive > 0.0 else end"]
    lines += [f"{at('after', state)} = x{state}" for state in range(states)]
    lines += [f"{at('flow', counters + END)} = {total}"]
    body = "".join(f"        {line}\n" for line in lines)
    return f"def walk(before, after, factor, flow):\n    for b in range({width}):\n{body}"
