"""How fast the engine is: nanoseconds per trajectory-year and area, medians of several runs in one process.

    python benchmarks/run.py [--quick]

A trajectory-year is one trajectory of one area advanced one year, all ages and both sexes, with every stock and
flow kept. Timings are noisy on a shared machine: compare rows of one print-out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import huyou_sim as hs
from huyou_sim.demography.baseline import build_baseline
from huyou_sim.demography.projection import project
from huyou_sim.pack import load_pack

YEARS = list(range(2021, 2051))


def median_seconds(job: Callable[[], object], repeats: int) -> float:
    """Return the median time of `repeats` runs after one that is not counted (it compiles)."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def engine(repeats: int) -> None:
    """Print the cost of the family model by number of trajectories and threads."""
    baseline = build_baseline(load_pack("huzhou"))
    areas = len(baseline.areas)
    print(
        f"family model, {baseline.space.n_states} states, {len(baseline.space.events)} events, {areas} areas, 30 years"
    )
    print(f"{'trajectories':>14}{'threads':>9}{'ms':>10}{'ns per trajectory-year':>26}")
    for draws in (1, 64, 256):
        for threads in (1, os.cpu_count() or 1):
            seconds = median_seconds(
                lambda d=draws, t=threads: project(
                    baseline.stock, baseline.rates, baseline.space, years=YEARS, draws=d, threads=t
                ),
                repeats,
            )
            each = 1e9 * seconds / (draws * areas * len(YEARS))
            print(f"{draws:>14}{threads:>9}{1e3 * seconds:>10.1f}{each:>26,.0f}")


def jobs(repeats: int) -> None:
    """Print the time of the steps of the main job on Huzhou, without writing files."""
    print(f"\n{'step of the main job':<40}{'seconds':>10}")
    for name, job in (
        ("load the pack", lambda: load_pack("huzhou")),
        ("load, build the baseline, calibrate", lambda: hs.fit_place("huzhou")),
        ("the same, six packages to 2050, targets", lambda: hs.run_packages("huzhou")),
    ):
        print(f"{name:<40}{median_seconds(job, repeats):>10.2f}")


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run of each instead of five")
    repeats = 1 if parser.parse_args().quick else 5
    engine(repeats)
    jobs(repeats)


if __name__ == "__main__":
    main()
