"""Net migration of the years after the calibration year: its level, its ages, and what is new in each year.

Net migration is the difference of two large flows and may change its sign, so nothing here multiplies it: all is
persons per 1,000 residents of the start and year, added to the net migrants of the calibration year. Four things are
added, each with a prior of its own: how far one year's figure was off the level of the years that follow, the same in
all of them; a damped trend; a shock of each year (`huyou_sim.inference.shocks`); and for broad ages, how many more of
the net migrants are of these ages and how many less of the others, which leaves their number as it is.

The calibration year has none of it: what was published for it speaks on its total and not on its ages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.demography.baseline import age_shift
from huyou_sim.inference.parameters import LATER, Parameter, ages_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.demography.projection import Rates
    from huyou_sim.inference.draws import Draws

    Array = NDArray[np.float64]

MORE = "more"
"""Component of net migration that has the ages of the whole place; its level is persons a year."""


def shifts_of(parameters: Sequence[Parameter], oldest: int) -> tuple[Parameter, ...]:
    """Return the parameters that move net migrants between ages, not their number."""
    return tuple(one for one in parameters if one.role == LATER and ages_of(one.ages) != (0, oldest))


def shifted_rates(baseline: Baseline, parameters: Sequence[Parameter]) -> Rates:
    """Return the rates of a baseline with one more component of net migration for each shift between ages.

    The component of a parameter has its name, and a level of 1 is one person a year.
    """
    rates = baseline.rates
    population = baseline.stock.population
    more = rates.net_migrants.sel(component=MORE, drop=True)
    parts = [rates.net_migrants]
    for one in shifts_of(parameters, int(population["age"][-1])):
        part = age_shift(population, more, *ages_of(one.ages))
        parts.append(part.transpose(*more.dims).expand_dims(component=[one.name]))
    return replace(rates, net_migrants=xr.concat(parts, dim="component"))


def residents_in_thousands(baseline: Baseline) -> Array:
    """Return the residents of each area at the start, (area,) [1,000 persons]."""
    found: Array = baseline.stock.population.sum(["sex", "age"]).values / 1000.0
    return found


def lasting(baseline: Baseline, draws: Draws, components: Sequence[str]) -> Array:
    """Return what all years after the calibration year have more than it, (draw, area, component) [persons a year].

    Parameters
    ----------
    components : sequence of str
        Of net migration, as from `shifted_rates`.
    """
    oldest = int(baseline.stock.population["age"][-1])
    found = np.zeros((len(draws), len(baseline.areas), len(components)))
    for one in draws.parameters:
        if one.role == LATER:
            component = MORE if ages_of(one.ages) == (0, oldest) else one.name
            found[..., list(components).index(component)] += np.outer(
                draws.values[one.name], residents_in_thousands(baseline)
            )
    return found


def migration_levels(
    baseline: Baseline,
    first: Array,
    moved: Array,
    components: Sequence[str],
    *,
    scenarios: Sequence[str],
    years: Sequence[int],
    later: Array | None = None,
) -> xr.DataArray:
    """Return the levels of the components of net migration, (scenario, draw, area, year, component).

    Parameters
    ----------
    first : (draw, area, component) [1, persons a year]
        Of the calibration year, for the first of `components`; the others have none in it.
    moved : (scenario, draw, year) [persons per 1,000 residents and year]
        Trend and shocks; nothing in the calibration year.
    later : (draw, area, component) [persons a year], optional
        From `lasting`.
    """
    draws, areas, known = first.shape
    levels = np.zeros((len(scenarios), draws, areas, len(years), len(components)))
    levels[..., :known] = first[:, :, None, :]
    if later is not None:
        levels[:, :, :, 1:] += later[:, :, None, :]
    levels[..., list(components).index(MORE)] += moved[:, :, None] * residents_in_thousands(baseline)[:, None]
    return xr.DataArray(
        levels,
        dims=("scenario", "draw", "area", "year", "component"),
        coords={
            "scenario": list(scenarios),
            "draw": np.arange(draws),
            "area": baseline.areas,
            "year": list(years),
            "component": list(components),
        },
    )


__all__ = ["lasting", "migration_levels", "residents_in_thousands", "shifted_rates", "shifts_of"]
