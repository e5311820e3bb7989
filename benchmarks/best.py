"""The search for the best package against chance, with as many projections of the model.

python benchmarks/best.py                    births gained and a probability, a billion yuan, five seeds
python benchmarks/best.py --quick            as little as shows that everything works
python benchmarks/best.py --until 2030 --draws 200 --seeds 3

All have the same draws, levers, bounds and rank: a package over the budget stands behind every one that keeps to it.
Projections are counted whatever they are for, so that those of which the stand-in is made count as well; what is tried
on the stand-in alone stands apart. Chance has two forms: packages at random, small ones as often as large ones; and
random mixes, each scaled to the budget with the money that single levers cost, whose projections it pays for too.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from show import heading, note, table

from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.aim import Aim
from huyou_sim.planning.best import search_best
from huyou_sim.planning.budget import Budget
from huyou_sim.planning.packages import fit_place
from huyou_sim.planning.search import GENERATIONS, LEVERS, Search, affordable, random_shares, search_of
from huyou_sim.planning.trials import find_targets, pose
from huyou_sim.policy import load_scenario

TITLE = "The best package for a budget against chance"
LARGEST = 4.0


@dataclass(frozen=True)
class Race:
    """What each way finds with the same number of projections: births or a probability in per cent."""

    aim: str
    seed: int
    evaluations: int
    optimiser: float
    random: float
    scaled: float
    seconds: float

    @property
    def won(self) -> bool:
        """Return whether the search finds more than both forms of chance."""
        return self.optimiser > max(self.random, self.scaled)


def best_of(search: Search, aim: Aim, shares: np.ndarray) -> float:
    """Return the figure of the best of some packages that keeps to the budget; nothing gains nothing."""
    trials, budget = search.look(shares), search.question.budget
    at = int(np.argmin(aim.ranked(search.question, budget)(trials)))
    kept = budget.excess(trials.spent[at : at + 1], search.question.years)[0] <= 0.0
    return float(aim.value(search.question, trials)[at]) if kept else 0.0


def race(search: Search, aim: Aim, seed: int, generations: int) -> Race:
    """Return what the search and both forms of chance find."""
    counts: list[int] = []
    began = perf_counter()
    found = search_best(search, aim, generations=generations, seed=seed, done=counts.append)
    seconds, total = perf_counter() - began, sum(counts)
    levers = len(search.levers)
    built: list[int] = []
    stand_in = search.stand_in(built.append)
    mixes = random_shares(levers, max(1, total - sum(built)), seed + 1000)
    scaled = affordable(stand_in, search.question.budget.times(0.99), mixes, most=LARGEST)
    figures = (found[None], random_shares(levers, total, seed), scaled)
    factor = 1.0 if aim.kind == "births" else 100.0
    values = [factor * best_of(search, aim, rows) for rows in figures]
    return Race(aim.kind if aim.level is None else f"{aim.kind}, {aim.summary}", seed, total, *values, seconds)


def races(*, draws: int, until: int, seeds: Sequence[int], generations: int, levers: Sequence[str]) -> list[Race]:
    """Return the races of all aims and seeds, on draws from priors."""
    place, base, found = fit_place("huzhou"), load_scenario("no_new_policy"), []
    ensemble = prepare_ensemble(place, None, draws, until=until)
    targets = find_targets(place.pack, ["tfr"], "lenient")
    for aim in (Aim("births"), Aim("births", "mean"), Aim("probability")):
        question = pose(ensemble, base, targets, until=until, budget=Budget(1e9))
        search = search_of(question, dict.fromkeys(levers))
        found += [race(search, aim, seed, generations) for seed in seeds]
    return found


def main() -> None:
    """Run the races and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few draws, seeds and levers")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--until", type=int, default=2025)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    sizes = {"draws": chosen.draws, "until": chosen.until, "seeds": range(chosen.seeds)}
    more = {"generations": GENERATIONS // 2, "levers": LEVERS}
    if chosen.quick:
        sizes, more = {"draws": 16, "until": 2025, "seeds": (0,)}, {"generations": 2, "levers": LEVERS[:3]}
    heading(TITLE)
    found = races(**sizes, **more)
    table(
        ("maximised", "seed", "projections", "search", "chance", "chance, scaled", "seconds", "won"),
        (
            (
                one.aim, str(one.seed), f"{one.evaluations:,}", f"{one.optimiser:,.1f}", f"{one.random:,.1f}",
                f"{one.scaled:,.1f}", f"{one.seconds:.0f}", "yes" if one.won else "no",
            )
            for one in found
        ),
    )  # fmt: skip
    note(
        f"""Births gained from 2023 to {chosen.until}, and the probability that the fertility rate reaches its lenient
        target in per cent, with a billion yuan on top of no new policy. The search won
        {sum(one.won for one in found)} of {len(found)} races."""
    )


if __name__ == "__main__":
    main()
