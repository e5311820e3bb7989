"""How fast the engine is, beside its peers; how cost grows; what memory it takes.

make bench                           everything but the last: some minutes
make bench ARGS=--quick              as little as shows that everything works
make bench ARGS="--only peers"       one section: peers, family, growth or job
make bench ARGS=--million            1,000,000 draws in bounded memory: a quarter of an hour or more
make bench ARGS="--million 50_000"   another number of draws
"""

from __future__ import annotations

import argparse

from machine import head, load
from million import show_million
from show import note
from sizes import FULL, QUICK, Sizes

SECTIONS = ("peers", "family", "growth", "job")


def show_speed(sizes: Sizes, only: str | None = None) -> None:
    """Print all sections on time and the goals, or one section."""
    # Not above: what these load would count as memory of the processes that `show_million` starts.
    from family import measure_family
    from goals import engine_goals, job_goals, show_goals
    from growth import measure_growth
    from main_job import measure_main_job
    from peers import measure_peers

    if sizes is QUICK:
        note("With --quick all sizes are small: calls cost more than work, and the times mean nothing.")
    makers = (measure_peers, measure_family, measure_growth, measure_main_job)
    if only is not None:
        makers[SECTIONS.index(only)](sizes)
        return
    peers, family, growth, job = (maker(sizes) for maker in makers)
    show_goals(engine_goals(peers, family, sizes) + job_goals(growth, job, sizes), sizes)


def main() -> None:
    """Run the benchmarks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds and small sizes: numbers mean nothing")
    parser.add_argument("--only", choices=SECTIONS, help="one section, without the goals")
    parser.add_argument(
        "--million", nargs="?", type=int, const=1_000_000, metavar="N", help="only show the memory of so many draws"
    )
    chosen = parser.parse_args()
    head()
    if chosen.million is None:
        show_speed(QUICK if chosen.quick else FULL, chosen.only)
    else:
        show_million(chosen.million)
    print()
    note(f"Load at the end: {load()}.")


if __name__ == "__main__":
    main()
