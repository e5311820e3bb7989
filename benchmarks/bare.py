"""A projection made ready, with the numbers of each trajectory, to be run again and again without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from huyou_sim.demography import prepared
from huyou_sim.demography.alignment import per_trajectory
from huyou_sim.demography.engine import Engine, Kept
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.projection import Rates, Stock
from huyou_sim.demography.states import StateSpace


@dataclass(frozen=True)
class Bare:
    """A projection and what it is run with.

    Parameters
    ----------
    ready : Prepared
    logs : (year, area, channel, trajectory) [log]
    level : (year, area, component, trajectory)
        One year, which stands for all.
    """

    ready: prepared.Prepared
    logs: np.ndarray
    level: np.ndarray

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.ready.engine

    @property
    def units(self) -> int:
        """Trajectory-years, of all areas, in one projection."""
        years, areas, _, trajectories = self.logs.shape
        return int(years * areas * trajectories)

    def project(self) -> Kept:
        """Return what the engine keeps."""
        return self.ready.project(self.logs, self.level)

    def on(self, threads: int) -> Bare:
        """Return the same on another number of threads."""
        return replace(self, ready=self.ready.on(threads))


def prepare(
    stock: Stock,
    rates: Rates,
    space: StateSpace,
    *,
    years: Sequence[int],
    draws: int = 1,
    log_multipliers: xr.DataArray | None = None,
    migration: Literal["even", "end"] = "even",
    births: Literal["middle", "ends"] = "middle",
    keep: Keep = CELLS,
) -> Bare:
    """Return what `project` makes ready of the same arguments, on one thread."""
    ready = prepared.prepare(stock, rates, space, years=years, migration=migration, births=births, keep=keep, threads=1)
    by_channel = {"year": list(years), "area": ready.areas, "channel": list(space.channels)}
    by_component = {"area": ready.areas, "component": list(ready.components)}
    each = {"scenario": ["projection"], "draw": draws}
    return Bare(
        ready=ready,
        logs=per_trajectory(log_multipliers, "log multiplier", by_channel, each, default=0.0),
        level=per_trajectory(None, "migration level", by_component, each, default=1.0)[None],
    )
