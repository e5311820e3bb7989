"""What was to be reached, and what is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from family import Key as FamilyKey
from growth import Key as GrowthKey
from machine import CORES, beside_the_goals
from main_job import ENSEMBLE, HELP, RUN
from peers import ONE, sums_kept
from places import OWN_BY_CHANNEL
from show import brief, heading, note, table, threads
from sizes import Sizes
from timing import Times, times_faster

TITLE = "5. Against the goals"
COUNTIES, COUNTY_DRAWS, COUNTY_YEARS = 2943, 1000, 30
"""Every county of China, to 2050."""


class Goal(NamedTuple):
    """A goal, its limit, what was reached, and whether more is better."""

    work: str
    limit: float
    reached: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Return whether the goal is reached."""
        return self.reached >= self.limit if self.at_least else self.reached <= self.limit

    def row(self) -> tuple[str, str, str, str]:
        """Return the goal as it is printed."""
        sign = ">=" if self.at_least else "<="
        verdict = "yes" if self.met else "no"
        return self.work, f"{sign} {self.limit:g} {self.unit}", f"{brief(self.reached)} {self.unit}", verdict


def engine_goals(peers: Mapping[str, Times], family: Mapping[FamilyKey, Times], sizes: Sizes) -> list[Goal]:
    """Return the goals of the engine alone."""
    goals = [
        Goal("classical ensemble, sums kept, 1 thread", 50.0, peers[sums_kept(sizes.draws, 1)].ns, "ns"),
        Goal("one trajectory, every year kept, call included", 150.0, peers[ONE].ns, "ns"),
    ]
    for own in OWN_BY_CHANNEL:
        one, every = family[own, "sums", 1], family[own, "sums", CORES]
        work = f"family model, sums kept, multipliers {own}"
        goals += [
            Goal(f"{work}: 1 thread", 300.0, one.ns, "ns"),
            Goal(f"{work}: {threads(CORES)} against 1", 1.8, times_faster(one, every).median, "x", at_least=True),
            Goal(f"{work}: 1,000 x 80 years, {threads(CORES)}", 30.0, every.ns * 1000 * 80 / 1e6, "ms"),
        ]
    return goals


def job_goals(growth: Mapping[GrowthKey, Times], job: Mapping[str, Times], sizes: Sizes) -> list[Goal]:
    """Return the goals of whole jobs."""
    areas = growth["areas", f"{max(sizes.many_areas):,}", CORES]
    counties = COUNTIES * COUNTY_DRAWS * COUNTY_YEARS / 1e9
    work = f"{COUNTIES:,} counties x {COUNTY_DRAWS:,} draws to 2050, {threads(CORES)}"
    run = "`huyou run` of one package, warm, without figures"
    return [
        Goal("`huyou --help`", 0.25, job[HELP].median, "s"),
        Goal(f"{run}: central values", 5.0, job[RUN].median, "s"),
        Goal(f"{run}: and {sizes.ensemble:,} draws*", 5.0, job[RUN].median + job[ENSEMBLE].median, "s"),
        Goal(f"{work}: engine*", 90.0, areas.ns * counties, "s"),
        Goal(f"{work}: with all indicators*", 90.0, job[ENSEMBLE].ns * counties, "s"),
    ]


def show_goals(goals: Sequence[Goal], sizes: Sizes) -> None:
    """Print the section."""
    heading(TITLE)
    table(("work", "goal", "here", "met"), (goal.row() for goal in goals))
    note(
        f"""* not run as such. Draws: the time of `huyou run` and of the ensemble of section 4, added. Counties: from
        the time per trajectory-year and area of {max(sizes.many_areas)} areas (section 3), and of the ensemble. One
        goal more, 1,000,000 draws in less than 1 GiB, is shown by make bench ARGS=--million. {beside_the_goals()}"""
    )
