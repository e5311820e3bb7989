"""Timing of jobs in rounds, so that what disturbs the machine disturbs all of them alike.

In every round each job has its turn (A B C, A B C, ...). A time is the median over rounds; a ratio is taken round by
round, between runs that stood next to each other, and shown as the median with the smallest and the largest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np

SHORTEST = 0.02
"""Seconds that a job is repeated for within a round, so that the clock's own grain does not show."""


class Job(NamedTuple):
    """A piece of work by name, and how many units of it (trajectory-years) one call does."""

    name: str
    work: Callable[[], object]
    units: float = 1.0


class Range(NamedTuple):
    """A ratio over the rounds: its median, smallest and largest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g}-{self.high:.3g})"


@dataclass(frozen=True)
class Times:
    """How long one call took in each round [seconds], and the units that it did."""

    seconds: np.ndarray
    units: float

    @property
    def median(self) -> float:
        """Seconds of one call."""
        return float(np.median(self.seconds))

    @property
    def ns(self) -> float:
        """Nanoseconds per unit."""
        return 1e9 * self.median / self.units


def seconds_of(work: Callable[[], object], calls: int = 1) -> float:
    """Return the wall time of one call, the mean of `calls` in a row."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def measure(jobs: Sequence[Job], rounds: int, *, warm_up: bool = True) -> dict[str, Times]:
    """Return the times of jobs by name.

    Parameters
    ----------
    jobs : sequence of Job
    rounds : int
        Turns that each job has.
    warm_up : bool
        Whether a first call, which may compile and load, is left uncounted.
    """
    calls = {job.name: 1 for job in jobs}
    if warm_up:
        for job in jobs:
            job.work()
            calls[job.name] = max(1, ceil(SHORTEST / seconds_of(job.work)))
    turns = [{job.name: seconds_of(job.work, calls[job.name]) for job in jobs} for _ in range(rounds)]
    return {job.name: Times(np.array([turn[job.name] for turn in turns]), job.units) for job in jobs}


def times_faster(slow: Times, fast: Times) -> Range:
    """Return how many times as long `slow` takes per unit as `fast`, round by round."""
    ratio = (slow.seconds / slow.units) / (fast.seconds / fast.units)
    return Range(float(np.median(ratio)), float(ratio.min()), float(ratio.max()))
