"""What is new in each year after the calibration year: shocks that pass in part, the same for every scenario.

No year is a normal one. What a hazard is off its course in year t is ``x(t) = rho x(t - 1) + sigma z(t)`` on the log
scale, with ``x`` 0 in the calibration year, whose own shock is a parameter. Net migration, which may change its sign,
is off by so many persons per 1,000 residents instead. The standard deviation ``sigma`` of each
shock and the share ``rho`` that stays are drawn with the other parameters; ``z`` depends on the seed, the name of the
shock, the year and the number of the draw alone.

Source
------
An autoregressive process of first order; Alho and Spencer (2005), Statistical Demography and Forecasting, chapter 8,
on why rates of single years must vary in a forecast of a population.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.inference.parameters import PER_1000, PERSISTENCE, YEARLY, Parameter
from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.draws import Draws

    Array = NDArray[np.float64]


def yearly_innovations(
    parameters: Sequence[Parameter], draws: int, years: Sequence[int], *, seed: int
) -> dict[str, Array]:
    """Return what is new in each year by the name of its shock, (draw, year) [sd of the shock]; 0 in the first year.

    Parameters
    ----------
    parameters : sequence of Parameter
        Those of other roles have none.
    draws : int
    years : sequence of int
        Consecutive; the first is the calibration year.
    seed : int
    """
    return {one.name: innovations(one.name, draws, years, seed) for one in parameters if one.role == YEARLY}


def shock_multipliers(draws: Draws, channels: Sequence[str], new: Mapping[str, Array], *, years: int) -> Array:
    """Return the yearly shocks as log multipliers, (draw, channel, year) [log]; 0 in the first year.

    Parameters
    ----------
    draws : Draws
    channels : sequence of str
        Of the state space.
    new : mapping
        From `yearly_innovations`.
    years : int
        Number of years.
    """
    log = np.zeros((len(draws), len(channels), years))
    rho = persistence(draws)
    for one in draws.parameters:
        if one.role == YEARLY and not moves_migrants(one):
            moved = [k for k, channel in enumerate(channels) if channel.startswith(one.channels)]
            log[:, moved] += course(draws.values[one.name], rho, new[one.name])[:, None]
    return log


def migrant_shocks(draws: Draws, new: Mapping[str, Array], *, years: int) -> Array:
    """Return the yearly shocks of net migration, (draw, year) [persons per 1,000 residents]; 0 in the first year.

    Parameters
    ----------
    draws, new, years
        As for `shock_multipliers`.
    """
    persons = np.zeros((len(draws), years))
    rho = persistence(draws)
    for one in draws.parameters:
        if one.role == YEARLY and moves_migrants(one):
            persons += course(draws.values[one.name], rho, new[one.name])
    return persons


def moves_migrants(one: Parameter) -> bool:
    """Return whether a yearly shock is added to net migration; every other one multiplies hazards."""
    return one.unit.startswith(PER_1000)


def persistence(draws: Draws) -> Array:
    """Return the share of a shock that stays into the next year, (draw,); none where no parameter says so."""
    stays = [draws.values[one.name] for one in draws.parameters if one.role == PERSISTENCE]
    return stays[0] if stays else np.zeros(len(draws))


def innovations(name: str, draws: int, years: Sequence[int], seed: int) -> Array:
    """Return what is new of one shock, (draw, year) [sd of the shock]; 0 in the first year."""
    new = np.zeros((draws, len(years)))
    for i, year in enumerate(years[1:], start=1):
        new[:, i] = generator(seed, f"{name} {year}").standard_normal(draws)
    return new


def course(sigma: Array, rho: Array, new: Array) -> Array:
    """Return how far one shock puts its object off the course, (draw, year) [unit of sigma]; 0 in the first year.

    Parameters
    ----------
    sigma : (draw,) [log, or persons per 1,000 residents]
        Standard deviation of what is new in a year.
    rho : (draw,) [1]
        Share that stays into the next year.
    new : (draw, year) [sd of the shock]
        From `innovations`.
    """
    off = np.zeros_like(new)
    for i in range(1, new.shape[1]):
        off[:, i] = rho * off[:, i - 1] + sigma * new[:, i]
    return off
