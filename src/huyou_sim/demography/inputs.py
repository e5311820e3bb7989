"""What a projection starts from and what drives it, with labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

SEX = ("male", "female")


@dataclass(frozen=True)
class Stock:
    """A population at 31 December of `year`.

    Parameters
    ----------
    year : int
    population : (area, sex, age) [persons]
        Single ages, the open group last.
    women : (area, age_fertile, marital, parity) [persons]
        Women of reproductive age by state; their sum over states is `population` of that age.
    """

    year: int
    population: xr.DataArray
    women: xr.DataArray


@dataclass(frozen=True)
class Rates:
    """What drives a projection. Every array may carry `area` and `year`; without one it holds for all.

    Parameters
    ----------
    death_hazard : ([year], [area], sex, age_reached) [1]
        Minus the log of survivorship by the age reached; the last label stands for the open group.
    schedules : ([year], [area], schedule, age_fertile) [events per person-year]
        Occurrence-exposure rates of the events of the state space.
    net_migrants : ([year], [area], [component], sex, age) [persons per year]
        The sum over components, each times its level (`migration_level` of `project`).
    male_share : ([year], [area], birth_order) [1]
        Boys among births.
    """

    death_hazard: xr.DataArray
    schedules: xr.DataArray
    net_migrants: xr.DataArray
    male_share: xr.DataArray
