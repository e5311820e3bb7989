"""Running the kernel: arrays for its outputs, threads, and the year-by-year loop where the future feeds back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.states import StateSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Response = Callable[[int, "Array", "Array"], "Array"]
"""(year, children under 3, population), both (area, trajectory) one year before, to the log multipliers that
depend on them: (area, channel, trajectory)."""

SMALL = 256
"""Task-years below which starting threads costs more than it saves."""


@dataclass(frozen=True)
class Arrays:
    """Outputs of the kernel by (year, area, ..., trajectory)."""

    population: Array
    women: Array
    flows: tuple[Array, Array, Array, Array, Array]

    @staticmethod
    def empty(years: int, areas: int, ages: int, space: StateSpace, n: int) -> Arrays:
        """Return arrays of zeros for `n` trajectories."""
        reached = len(space.ages) + 1
        head = (years, areas)
        return Arrays(
            np.zeros((*head, 2, ages, n)),
            np.zeros((*head, len(space.ages), space.n_states, n)),
            (
                np.zeros((*head, len(space.counters), reached, n)),
                np.zeros((*head, 2, n)),
                np.zeros((*head, 2, ages, n)),
                np.zeros((*head, 2, ages, n)),
                np.zeros((*head, 2, ages, n)),
            ),
        )

    def part(self, low: int, high: int) -> tuple[Array, Array, tuple[Array, ...]]:
        """Return views of the years `low`..`high`, as the kernel takes them."""
        return self.population[low:high], self.women[low:high], tuple(flow[low:high] for flow in self.flows)


@dataclass(frozen=True)
class Engine:
    """What stays the same from call to call of the kernel."""

    tables: tuple[NDArray[np.int64], ...]
    rates: tuple[Array, ...]
    migration_level: Array
    options: tuple[int, float, bool, bool, bool]
    threads: int

    def advance(self, start: Array, women: Array, logs: Array, out: Arrays, low: int, high: int) -> None:
        """Fill the years `low`..`high` of `out`."""
        from huyou_sim.demography.kernel import BLOCK, advance

        *fixed, rate_year = self.tables
        step = (*fixed, rate_year[low:high])
        multiplier = np.exp(logs[low:high])
        tasks = start.shape[0] * -(-start.shape[-1] // BLOCK)
        bounds = np.linspace(0, tasks, min(self.threads, tasks) + 1).astype(int)

        def part(first: int, end: int) -> None:
            advance(
                start, women, step, self.rates, multiplier, self.migration_level, self.options,
                *out.part(low, high), (first, end),
            )  # fmt: skip

        pairs = [(int(a), int(b)) for a, b in pairwise(bounds)]
        if tasks * (high - low) < SMALL:
            part(0, tasks)
            return
        with ThreadPoolExecutor(len(pairs)) as pool:
            for done in [pool.submit(part, *pair) for pair in pairs]:
                done.result()


def run(
    engine: Engine,
    start: Array,
    women: Array,
    logs: Array,
    out: Arrays,
    years: Sequence[int],
    response: Response | None,
) -> None:
    """Call the kernel once, or year by year where multipliers depend on the population of the year before.

    Adds what the response asked for to `logs`, so that the result carries the multipliers that were used.
    """
    if response is None:
        engine.advance(start, women, logs, out, 0, len(years))
        return
    for i, year in enumerate(years):
        logs[i] += response(year, start[:, :, :3].sum(axis=(1, 2)), start.sum(axis=(1, 2)))
        engine.advance(start, women, logs, out, i, i + 1)
        start, women = out.population[i], out.women[i]
