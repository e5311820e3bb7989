"""Small populations with known rates: no data pack is needed to test the engine."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.lifetable import survivorship
from huyou_sim.demography.projection import SEX, Rates, Stock
from huyou_sim.demography.states import StateSpace, state_space

AGES = np.arange(101)


def gompertz(level: float = 2e-4, slope: float = 0.085) -> xr.DataArray:
    """Return death rates that rise with age as Gompertz found, (sex, age)."""
    rate = np.stack([level * factor * np.exp(slope * AGES) for factor in (1.3, 1.0)])
    return xr.DataArray(rate, dims=("sex", "age"), coords={"sex": list(SEX), "age": AGES})


def make_stock(space: StateSpace, seed: int = 1, areas: tuple[str, ...] = ("a", "b"), scale: float = 1.0) -> Stock:
    """Return a random population whose women by state add up to the women by age."""
    random = np.random.default_rng(seed)
    people = scale * random.uniform(50, 1000, (len(areas), 2, 101))
    weights = random.uniform(0.01, 1, (len(areas), len(space.ages), len(space.marital), len(space.parity)))
    fertile = people[:, 1, space.age_lower : space.age_upper + 1]
    weights *= (fertile / weights.sum(axis=(2, 3)))[..., None, None]
    coords = {"area": list(areas), "sex": list(SEX), "age": AGES}
    return Stock(
        2020,
        xr.DataArray(people, dims=tuple(coords), coords=coords),
        xr.DataArray(
            weights,
            dims=("area", "age_fertile", "marital", "parity"),
            coords={
                "area": list(areas),
                "age_fertile": list(space.ages),
                "marital": list(space.marital),
                "parity": list(space.parity),
            },
        ),
    )


def make_rates(
    space: StateSpace,
    *,
    event: float = 0.06,
    migrants: float = 0.0,
    deaths: xr.DataArray | None = None,
    seed: int = 2,
) -> Rates:
    """Return rates that differ by age; `migrants` is the standard deviation of net migrants in a cell."""
    random = np.random.default_rng(seed)
    deaths = gompertz() if deaths is None else deaths
    hazard = np.stack([-np.log(survivorship(deaths.sel(sex=sex).values, sex)) for sex in SEX])
    level = event * random.uniform(0.3, 1.7, (len(space.schedules), len(space.ages)))
    return Rates(
        xr.DataArray(hazard, dims=("sex", "age_reached"), coords={"sex": list(SEX), "age_reached": np.arange(102)}),
        xr.DataArray(
            level,
            dims=("schedule", "age_fertile"),
            coords={"schedule": list(space.schedules), "age_fertile": list(space.ages)},
        ),
        xr.DataArray(
            migrants * random.standard_normal((2, 101)),
            dims=("sex", "age"),
            coords={"sex": list(SEX), "age": AGES},
        ),
        xr.DataArray(
            [0.52, 0.515, 0.53][: len(space.orders)],
            dims="birth_order",
            coords={"birth_order": list(space.orders)},
        ),
    )


@pytest.fixture
def family() -> StateSpace:
    return state_space("family")


@pytest.fixture
def classical() -> StateSpace:
    return state_space("classical")
