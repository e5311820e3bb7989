"""How cost grows with draws, years, states and areas."""

from __future__ import annotations

from bare import Bare, prepare
from machine import CORES
from places import OWN_BY_CHANNEL, Place, by_number_of_states, consecutive, huzhou, spread
from show import heading, note, table, threads
from sizes import Sizes
from timing import Job, Times, measure

from huyou_sim.demography.keep import AGGREGATES

TITLE = "3. How cost grows"
OWN = OWN_BY_CHANNEL["own for births and marriage"]

Key = tuple[str, str, int]
"""What grows, how much there is of it, threads."""


def ensemble(place: Place, draws: int, years: int) -> Bare:
    """Return the engine for an ensemble with own multipliers for births and marriage, sums kept."""
    return prepare(
        *place,
        years=consecutive(place, years),
        draws=draws,
        log_multipliers=spread(place.space, draws, OWN),
        keep=AGGREGATES,
    )


def growing(sizes: Sizes) -> dict[tuple[str, str], Bare]:
    """Return the engines by what grows and how much there is of it."""
    draws, years = sizes.draws, sizes.years
    return {
        **{("draws", f"{n:,}"): ensemble(huzhou(1), n, years) for n in sizes.many_draws},
        **{("years", f"{n:,}"): ensemble(huzhou(1), draws, n) for n in sizes.many_years},
        **{("states", name): ensemble(place, draws, years) for name, place in by_number_of_states().items()},
        **{("areas", f"{n:,}"): ensemble(huzhou(n), draws, years) for n in sizes.many_areas},
    }


def measure_growth(sizes: Sizes) -> dict[Key, Times]:
    """Print the section and return its times."""
    heading(TITLE)
    jobs: dict[Key, Job] = {}
    for what, bare in growing(sizes).items():
        for number in sorted({1, CORES}):
            jobs[*what, number] = Job(f"{what}, {number}", bare.on(number).project, bare.units)
    found = measure(list(jobs.values()), sizes.rounds)
    times = {key: found[job.name] for key, job in jobs.items()}
    pairs = [(what, much, times[what, much, 1], times[what, much, CORES]) for what, much, n in times if n == 1]
    table(
        ("", "", "ms, 1 thread", f"ms, {threads(CORES)}", "ns, 1 thread", f"ns, {threads(CORES)}"),
        (
            (
                what,
                much,
                f"{1e3 * one.median:,.2f}",
                f"{1e3 * every.median:,.2f}",
                f"{one.ns:,.0f}",
                f"{every.ns:,.0f}",
            )
            for what, much, one, every in pairs
        ),
        left=2,
    )
    note(
        f"""Engine alone, sums kept, own multipliers for births and marriage; what does not grow stands at
        {sizes.draws:,} draws, {sizes.years} years, 12 states, 1 area. ns per trajectory-year and area: where they stay
        the same, cost grows in proportion. Trajectories go side by side in blocks: a single one fills a whole block."""
    )
    return times
