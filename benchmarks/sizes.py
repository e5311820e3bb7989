"""How much is measured: in full, or as little as shows that everything works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Rounds and sizes of all sections.

    Parameters
    ----------
    rounds, few_rounds : int
        Of jobs that take milliseconds, and of those that take seconds.
    stocks : int
        Of France, the first included.
    peer_draws : int
        Trajectories of the ensemble in plain numpy.
    draws : int
        Trajectories of ensembles in the classical model, and wherever something else grows.
    family_draws, family_years : int
        Of the family model.
    many_draws, many_years, many_areas : tuple of int
        What grows.
    years : int
        Where something else grows.
    ensemble : int
        Draws of Huzhou with all indicators.
    until : int
        Last year of the main job.
    scenarios : tuple of str
        Of the main job; all that ship when empty.
    """

    rounds: int
    few_rounds: int
    stocks: int
    peer_draws: int
    draws: int
    family_draws: int
    family_years: int
    many_draws: tuple[int, ...]
    many_years: tuple[int, ...]
    many_areas: tuple[int, ...]
    years: int
    ensemble: int
    until: int
    scenarios: tuple[str, ...]


FULL = Sizes(
    rounds=7, few_rounds=3, stocks=61, peer_draws=256, draws=1024, family_draws=1000, family_years=80,
    many_draws=(1, 64, 256, 1024, 4096), many_years=(10, 30, 80), many_areas=(1, 5, 25), years=30, ensemble=2000,
    until=2050, scenarios=(),
)  # fmt: skip
QUICK = Sizes(
    rounds=1, few_rounds=1, stocks=61, peer_draws=32, draws=128, family_draws=128, family_years=10,
    many_draws=(1, 64, 128), many_years=(2, 6), many_areas=(1, 2), years=5, ensemble=64,
    until=2025, scenarios=("no_new_policy",),
)  # fmt: skip
