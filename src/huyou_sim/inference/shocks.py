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

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.inference.parameters import PER_1000, PERSISTENCE, YEARLY, Parameter
from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.draws import Draws

    Array = NDArray[np.float64]


def shock_multipliers(draws: Draws, channels: Sequence[str], years: Sequence[int], *, seed: int) -> Array:
    """Return the yearly shocks as log multipliers, (draw, channel, year) [log]; 0 in the first year.

    Parameters
    ----------
    draws : Draws
        The whole ensemble, from its first draw on.
    channels : sequence of str
        Of the state space.
    years : sequence of int
        Consecutive; the first is the calibration year.
    seed : int
    """
    log = np.zeros((len(draws), len(channels), len(years)))
    rho = persistence(draws)
    for one in draws.parameters:
        if one.role == YEARLY and not moves_migrants(one):
            moved = [k for k, channel in enumerate(channels) if channel.startswith(one.channels)]
            log[:, moved] += shock(one.name, draws.values[one.name], rho, years, seed)[:, None]
    return log


def migrant_shocks(draws: Draws, years: Sequence[int], *, seed: int) -> Array:
    """Return the yearly shocks of net migration, (draw, year) [persons per 1,000 residents]; 0 in the first year.

    Parameters
    ----------
    draws, years, seed
        As for `shock_multipliers`.
    """
    persons = np.zeros((len(draws), len(years)))
    rho = persistence(draws)
    for one in draws.parameters:
        if one.role == YEARLY and moves_migrants(one):
            persons += shock(one.name, draws.values[one.name], rho, years, seed)
    return persons


def moves_migrants(one: Parameter) -> bool:
    """Return whether a yearly shock is added to net migration; every other one multiplies hazards."""
    return one.unit.startswith(PER_1000)


def persistence(draws: Draws) -> Array:
    """Return the share of a shock that stays into the next year, (draw,); none where no parameter says so."""
    stays = [draws.values[one.name] for one in draws.parameters if one.role == PERSISTENCE]
    return stays[0] if stays else np.zeros(len(draws))


def shock(name: str, sigma: Array, rho: Array, years: Sequence[int], seed: int) -> Array:
    """Return how far one shock puts its object off the course, (draw, year) [unit of sigma]; 0 in the first year.

    Parameters
    ----------
    name : str
    sigma : (draw,) [log, or persons per 1,000 residents]
        Standard deviation of what is new in a year.
    rho : (draw,) [1]
        Share that stays into the next year.
    """
    off = np.zeros((len(sigma), len(years)))
    for i, year in enumerate(years[1:], start=1):
        new = generator(seed, f"{name} {year}").standard_normal(len(sigma))
        off[:, i] = rho * off[:, i - 1] + sigma * new
    return off
