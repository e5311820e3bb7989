"""Our engine on the inputs of the peers: France, ages 0-79 and 80+, by the convention of Spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from bare import Bare, prepare
from places import Place, spread
from plain import AGES, SEXES, Inputs, relative_error

from huyou_sim.demography.engine import Kept
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.projection import Rates, Stock
from huyou_sim.demography.states import classical_space

CONVENTION: dict[str, Any] = {"births": "ends", "migration": "end"}
"""Births on the mean of women at both ends of the year, all migrants at its end."""


def france_place(inputs: Inputs) -> Place:
    """Return France as `project` takes it."""
    space = classical_space(15, 49)
    ages, sexes = list(range(AGES)), list(SEXES)
    people = xr.DataArray(inputs.start[None], coords={"area": ["France"], "sex": sexes, "age": ages})
    women = people.sel(sex="female", age=list(space.ages)).rename(age="age_fertile").drop_vars("sex")
    women = women.expand_dims(marital=space.marital, parity=space.parity)
    years = {"year": inputs.years[1:]}
    rates = {
        "death_hazard": xr.DataArray(
            -np.log(inputs.survival[1:]), coords={**years, "sex": sexes, "age_reached": [*ages, AGES]}
        ),
        "schedules": xr.DataArray(
            inputs.fertility[1:, None],
            coords={**years, "schedule": list(space.schedules), "age_fertile": list(space.ages)},
        ),
        "net_migrants": xr.DataArray(inputs.net_migrants[1:], coords={**years, "sex": sexes, "age": ages}),
        "male_share": xr.DataArray(inputs.male_share[1:, None], coords={**years, "birth_order": list(space.orders)}),
    }
    stock = Stock(inputs.first_year, people, women.transpose("area", "age_fertile", "marital", "parity"))
    return Place(stock, Rates(**rates), space)


def fertility_multipliers(draws: int) -> xr.DataArray:
    """Return log multipliers of fertility, (draw, channel); the first draw has none, and so can be checked."""
    logs = spread(classical_space(), draws, ("fertility",))
    logs[0] = 0.0
    return logs


def france_bare(inputs: Inputs, *, draws: int, keep: Keep = CELLS) -> Bare:
    """Return the engine for France: fertility differs by trajectory, mortality and migration do not."""
    return prepare(
        *france_place(inputs),
        years=inputs.years[1:],
        draws=draws,
        log_multipliers=fertility_multipliers(draws),
        keep=keep,
        **CONVENTION,
    )


def check_first(bare: Bare, kept: Kept, inputs: Inputs) -> tuple[float, float]:
    """Return the largest relative error to Spectrum, in the groups of ages that were kept, and the people at the end.

    Both are of the first trajectory.
    """
    population = kept.population[:, 0, :, :, 0]
    rows = bare.engine.groups.ages
    groups = rows[:, None] == np.arange(rows.max() + 1)
    return relative_error(population, inputs.expected[1:] @ groups), float(population[-1].sum())
