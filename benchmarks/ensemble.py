"""An ensemble of Huzhou around its fitted levels, projected part by part with all indicators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from places import SPREAD

from huyou_sim.demography.parts import PART, project_parts
from huyou_sim.inference.calibration import calibrated_levels
from huyou_sim.inference.parameters import level_multipliers
from huyou_sim.planning.packages import Fit

SEED = 20211231


def ensemble_years(fit: Fit, until: int) -> range:
    """Return the years from the first projected one."""
    return range(fit.baseline.stock.year + 1, until + 1)


def ensemble(fit: Fit, draws: int, *, until: int, part: int = PART, progress: bool = False) -> Iterator[xr.Dataset]:
    """Yield the indicators of an ensemble, part by part.

    Every channel has a normal log multiplier around its fitted level, the same in all areas and years. The numbers of
    a part come from a generator that is seeded by the part.
    """
    baseline = fit.baseline
    channels = list(baseline.space.channels)
    levels, migration = level_multipliers(baseline, fit.calibration.parameters, calibrated_levels(fit.calibration))
    levels, migration = levels.isel(draw=0, drop=True), migration.isel(draw=0, drop=True)

    def inputs(draws: range) -> dict[str, Any]:
        values = np.random.default_rng([SEED, draws.start]).normal(0.0, SPREAD, (len(draws), len(channels)))
        shift = xr.DataArray(values, dims=("draw", "channel"), coords={"channel": channels})
        return {"log_multipliers": levels + shift, "migration_level": migration}

    return project_parts(
        baseline.stock,
        baseline.rates,
        baseline.space,
        years=ensemble_years(fit, until),
        draws=draws,
        inputs=inputs,
        part=part,
        progress=progress,
        total=baseline.code,
    )
