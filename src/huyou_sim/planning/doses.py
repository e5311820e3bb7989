"""Whether levers follow the evidence: its static table, dose-response curves and studies, from draws of its priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.draws import ensemble_draws, evidence_of
from huyou_sim.inference.posterior import SEED
from huyou_sim.pack import load_pack
from huyou_sim.policy import policy_context
from huyou_sim.policy.costs import prices
from huyou_sim.policy.responses import curves, heterogeneity, points, shares_inside, time_profiles
from huyou_sim.policy.static import evidence_table, static_table, unit_cost

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FEWEST = 100
"""Draws below which the ends of a 90 % band rest on fewer than five."""


@dataclass(frozen=True, eq=False)
class Doses:
    """The evidence beside what the model's functions make of its priors.

    Parameters
    ----------
    static : DataFrame
        From `huyou_sim.policy.static.static_table`.
    points, shares, curves, profiles : DataFrame
        From `huyou_sim.policy.responses`.
    heterogeneity : float [log]
        Of the studies that count and found a gain.
    running_subsidy : float [yuan per child-month]
        That costs of places rest on.
    draws, seed : int
    """

    static: pd.DataFrame
    points: pd.DataFrame
    shares: pd.DataFrame
    curves: pd.DataFrame
    profiles: pd.DataFrame
    heterogeneity: float
    running_subsidy: float
    draws: int
    seed: int


def dose_response(place: str | Path, *, draws: int = 4000, seed: int = SEED) -> Doses:
    """Return what the priors of a place's evidence say of its levers, beside the evidence itself.

    Parameters
    ----------
    place : str or path
    draws : int
        Of the priors; no posterior enters, since the evidence has none.
    seed : int

    Raises
    ------
    ArgumentError
        For fewer than `FEWEST` draws.
    PackError
        When the pack is not sound, or its evidence has no studies or no static table.
    """
    if draws < FEWEST:
        raise ArgumentError(Problem("--draws", str(draws), f"{FEWEST} or more", "Type --draws 4000."))
    pack = load_pack(place)
    published, studies = evidence_table(pack, "static_effects"), evidence_table(pack, "studies")
    context, parameters = policy_context(pack), evidence_of(ensemble_draws(pack, None, draws, seed=seed))
    price = prices(pack)
    table = points(parameters, context, studies)
    return Doses(
        static=static_table(parameters, context, price, published),
        points=table,
        shares=shares_inside(table),
        curves=curves(parameters, context),
        profiles=time_profiles(parameters),
        heterogeneity=heterogeneity(table),
        running_subsidy=unit_cost(price, "childcare_running"),
        draws=draws,
        seed=seed,
    )
