"""The classical model beside leapfrog-py and plain numpy, all on the same France."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from france import CONVENTION, check_first, fertility_multipliers, france_bare, france_place
from leapfrog import leapfrog_population, leapfrog_runner
from machine import CORES
from plain import Account, Inputs, france, plain_runner, relative_error
from show import heading, note, table, threads
from sizes import Sizes
from timing import Job, Times, measure, times_faster

from huyou_sim.demography.engine import Kept
from huyou_sim.demography.keep import AGGREGATES, CELLS
from huyou_sim.demography.projection import project

TITLE = "1. Beside its peers: the classical model, 2 sexes, 81 ages, Spectrum's France"
FINAL, ALL = "leapfrog-py, last year kept", "leapfrog-py, every year kept"
ONE, LABELLED = "ours, 1 trajectory, every cell, engine", "ours, 1 trajectory, every cell, `project`"


def sums_kept(draws: int, number: int) -> str:
    """Return the name of the row of our ensemble with sums kept."""
    return f"ours, {draws:,} trajectories, sums, {threads(number)}"


class Row(NamedTuple):
    """A job, and how its output is looked at.

    Parameters
    ----------
    job : Job
    check : callable
        Output of the job to (largest relative error to Spectrum, people at the end), both of the trajectory that has
        Spectrum's fertility; the error is nan where the years that Spectrum gives are not kept.
    """

    job: Job
    check: Callable[[Any], tuple[float, float]]


def leapfrog_rows(inputs: Inputs) -> list[Row]:
    """Return leapfrog's jobs; none where it is not installed, which is said."""
    steps = len(inputs.years) - 1

    def check_final(output: dict[str, np.ndarray]) -> tuple[float, float]:
        return np.nan, leapfrog_population(output)[-1].sum()

    def check_all(output: dict[str, np.ndarray]) -> tuple[float, float]:
        population = leapfrog_population(output)
        return relative_error(population, inputs.expected), population[-1].sum()

    try:
        return [
            Row(Job(FINAL, leapfrog_runner(inputs, keep="final"), steps), check_final),
            Row(Job(ALL, leapfrog_runner(inputs), steps), check_all),
        ]
    except ImportError as error:
        note(f"leapfrog-py is {error}.")
        return []


def plain_rows(inputs: Inputs, draws: int) -> list[Row]:
    """Return the jobs in plain numpy, which keep every cell of every year."""
    steps = len(inputs.years) - 1
    multipliers = np.exp(fertility_multipliers(draws).sel(channel="fertility").values)

    def check(account: Account) -> tuple[float, float]:
        population = account.population if account.population.ndim == 3 else account.population[..., 0]
        return relative_error(population, inputs.expected), population[-1].sum()

    many = plain_runner(inputs, multipliers=multipliers)
    return [
        Row(Job("plain numpy, 1 trajectory, every cell", plain_runner(inputs), steps), check),
        Row(Job(f"plain numpy, {draws:,} trajectories, every cell", many, steps * draws), check),
    ]


def our_ensembles(inputs: Inputs, draws: int) -> list[Row]:
    """Return our jobs with many trajectories, by what is kept and by threads."""
    sums, cells = (france_bare(inputs, draws=draws, keep=keep) for keep in (AGGREGATES, CELLS))

    def check_sums(kept: Kept) -> tuple[float, float]:
        return check_first(sums, kept, inputs)

    def check_cells(kept: Kept) -> tuple[float, float]:
        return check_first(cells, kept, inputs)

    numbers = sorted({1, CORES})
    return [
        *(Row(Job(sums_kept(draws, n), sums.on(n).project, sums.units), check_sums) for n in numbers),
        *(
            Row(
                Job(f"ours, {draws:,} trajectories, every cell, {threads(n)}", cells.on(n).project, cells.units),
                check_cells,
            )
            for n in numbers
        ),
    ]


def ours_alone(inputs: Inputs) -> list[Row]:
    """Return our jobs with a single trajectory, without and with labels."""
    bare, place, years = france_bare(inputs, draws=1), france_place(inputs), inputs.years[1:]

    def check(found: xr.Dataset) -> tuple[float, float]:
        population = found["population"].isel(scenario=0, draw=0, area=0).transpose("time", "sex", "age").values
        return relative_error(population, inputs.expected), population[-1].sum()

    return [
        Row(Job(ONE, bare.project, bare.units), lambda kept: check_first(bare, kept, inputs)),
        Row(Job(LABELLED, lambda: project(*place, years=years, threads=1, **CONVENTION), bare.units), check),
    ]


def against(slow: Times | None, fast: Times) -> str:
    """Return how many times faster, or a dash where there is nothing to compare with or it is the same."""
    return "-" if slow is None or slow is fast else str(times_faster(slow, fast))


def measure_peers(sizes: Sizes) -> dict[str, Times]:
    """Print the section and return its times by the names of the rows."""
    heading(TITLE)
    inputs = france(sizes.stocks)
    rows = [
        *leapfrog_rows(inputs),
        *plain_rows(inputs, sizes.peer_draws),
        *our_ensembles(inputs, sizes.draws),
        *ours_alone(inputs),
    ]
    checks = {row.job.name: row.check(row.job.work()) for row in rows}
    times = measure([row.job for row in rows], sizes.rounds)
    table(
        ("", "ns", "x leapfrog, all years", "x leapfrog, last year", "error", "people"),
        (
            (
                name,
                f"{one.ns:,.0f}",
                against(times.get(ALL), one),
                against(times.get(FINAL), one),
                "-" if np.isnan(checks[name][0]) else f"{checks[name][0]:.1e}",
                f"{checks[name][1]:,.0f}",
            )
            for name, one in times.items()
        ),
    )
    note(
        f"""{len(inputs.years) - 1} years from {inputs.first_year}, ns per trajectory-year. `x`: how many times as long
        leapfrog-py takes. `error`: the largest relative error in any cell, or kept sum of cells, against the population
        that Spectrum found for 1970-1975 (in single precision); `people`: the population at the end, so that every
        row is seen to do the same work. Trajectories differ by a multiplier of fertility; these two columns are of the
        one whose multiplier is 1."""
    )
    return times
