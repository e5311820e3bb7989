"""The engine without labels: what `project` hands to it, held apart so that it can be called again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr

from huyou_sim.demography import projection
from huyou_sim.demography.alignment import arrange, per_trajectory
from huyou_sim.demography.engine import Engine, Kept
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.projection import SEX, Rates, Stock
from huyou_sim.demography.states import StateSpace


@dataclass(frozen=True)
class Bare:
    """An engine and the arrays that it projects.

    Parameters
    ----------
    engine : Engine
    start : (area, sex, age) [persons]
    women : (area, reproductive age, state) [persons]
    logs : (year, area, channel, trajectory) [log]
    level : (area, component, trajectory)
    years : tuple of int
    """

    engine: Engine
    start: np.ndarray
    women: np.ndarray
    logs: np.ndarray
    level: np.ndarray
    years: tuple[int, ...]

    @property
    def units(self) -> int:
        """Trajectory-years, of all areas, in one projection."""
        years, areas, _, trajectories = self.logs.shape
        return int(years * areas * trajectories)

    def project(self) -> Kept:
        """Return what the engine keeps."""
        return self.engine.project(self.start, self.women, self.logs, self.level, self.years)

    def on(self, threads: int) -> Bare:
        """Return the same on another number of threads."""
        return replace(self, engine=replace(self.engine, threads=threads))


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
    """Return the engine that `project` builds of the same arguments, on one thread, and its arrays."""
    areas = [str(area) for area in stock.population["area"].values]
    ages = [int(age) for age in stock.population["age"].values]
    by_state: dict[str, Sequence[object]] = {
        "area": areas,
        "age_fertile": list(space.ages),
        "marital": space.marital,
        "parity": space.parity,
    }
    labels: dict[str, Sequence[object]] = {"year": list(years), "area": areas, "channel": list(space.channels)}
    each = {"scenario": ["projection"], "draw": draws}
    components = projection._components(rates)
    rate_year, yearly = projection._yearly(projection._bare_rates(rates, space, areas, ages, years), len(years))
    events, *channels = projection._tables(space, len(ages))
    return Bare(
        engine=Engine(
            events=events,
            states=space.n_states,
            counters=len(space.counters),
            channels=(channels[0], channels[1]),
            rate_year=rate_year,
            rates=yearly,
            options=(ages.index(space.age_lower), float(space.width), births == "ends", migration == "even", False),
            groups=keep.groups(space, ages),
            threads=1,
        ),
        start=arrange(stock.population, "population", {"area": areas, "sex": SEX, "age": ages}, ()),
        women=arrange(stock.women, "women by state", by_state, ()).reshape(len(areas), len(space.ages), -1),
        logs=per_trajectory(log_multipliers, "log multiplier", labels, each, default=0.0),
        level=per_trajectory(None, "migration level", {"area": areas, "component": components}, each, default=1.0),
        years=tuple(years),
    )
