"""The family model: women by marital status and number of children."""

from __future__ import annotations

from bare import prepare
from machine import CORES
from places import OWN_BY_CHANNEL, consecutive, huzhou, spread
from show import heading, note, table, threads
from sizes import Sizes
from timing import Job, Times, measure, times_faster

from huyou_sim.demography.keep import AGGREGATES, CELLS

TITLE = "2. The family model"
KEPT = {"sums": AGGREGATES, "every cell": CELLS}

Key = tuple[str, str, int]
"""Multipliers, what is kept, threads."""


def family_jobs(sizes: Sizes) -> dict[Key, Job]:
    """Return the jobs of the section."""
    place = huzhou(1)
    jobs = {}
    for kept, keep in KEPT.items():
        for own, channels in OWN_BY_CHANNEL.items():
            bare = prepare(
                *place,
                years=consecutive(place, sizes.family_years),
                draws=sizes.family_draws,
                log_multipliers=spread(place.space, sizes.family_draws, channels),
                keep=keep,
            )
            for number in sorted({1, CORES}):
                jobs[own, kept, number] = Job(f"{own}, {kept}, {number}", bare.on(number).project, bare.units)
    return jobs


def measure_family(sizes: Sizes) -> dict[Key, Times]:
    """Print the section and return its times."""
    space = huzhou(1).space
    heading(f"{TITLE}: {space.n_states} states, {len(space.events)} events, 2 sexes, 101 ages")
    jobs = family_jobs(sizes)
    found = measure(list(jobs.values()), sizes.rounds)
    times = {key: found[job.name] for key, job in jobs.items()}
    pairs = [(own, kept, times[own, kept, 1], times[own, kept, CORES]) for own, kept, n in times if n == 1]
    table(
        ("multipliers", "kept", "ns, 1 thread", f"ns, {threads(CORES)}", "ms, 1 thread", f"ms, {threads(CORES)}", "x"),
        (
            (
                own,
                kept,
                f"{one.ns:,.0f}",
                f"{every.ns:,.0f}",
                f"{1e3 * one.median:,.1f}",
                f"{1e3 * every.median:,.1f}",
                str(times_faster(one, every)),
            )
            for own, kept, one, every in pairs
        ),
        left=2,
    )
    note(
        f"""An area of Huzhou, {sizes.family_draws:,} trajectories x {sizes.family_years} years, engine alone: ns per
        trajectory-year, ms for the whole. `x`: the speed-up by threads. Where a multiplier is the same for all
        trajectories of a block, their chances are worked out once."""
    )
    return times
