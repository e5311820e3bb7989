"""No-policy trends: how hazards would move by themselves after the calibration year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.policy.measures import Trends

    Array = NDArray[np.float64]

TREND_OF_CHANNEL: Mapping[str, tuple[str, str]] = {
    "marriage_15_24": ("C5", "marriage"),
    "marriage_25_29": ("C6", "marriage"),
    "marriage_30_34": ("C7", "marriage"),
    "marriage_35_49": ("C7", "marriage"),
    "birth_1_15_29": ("first_birth_trend", "fertility"),
    "birth_1_30_49": ("first_birth_trend", "fertility"),
    "birth_2_15_29": ("X3", "fertility"),
    "birth_2_30_49": ("X3", "fertility"),
    "mortality": ("mortality_trend", "mortality"),
    "infant_mortality": ("infant_mortality_trend", "infant_mortality"),
    "migration": ("migration_trend", "migration"),
}
"""Channel to (parameter [log per year], the scenario's scale of it). Channels not named keep their level."""


def damped_years(years: Sequence[int], start: int, half_life: float) -> Array:
    """Return how many undamped years of trend have passed by the middle of each year after `start`.

    The yearly pace halves every `half_life` years, so the sum has a limit and no hazard runs to zero or without
    bound.
    """
    paces = 0.5 ** (np.arange(max(max(years) - start, 0)) / half_life)
    passed = np.concatenate([[0.0], np.cumsum(paces)])
    return np.array([passed[max(year - start, 0)] for year in years])


def trend_parameters(baseline: Baseline, evidence: Mapping[str, Array]) -> dict[str, Array]:
    """Return each trend [log per year] by parameter name, shape (draw,).

    Marriage and second births have priors in the evidence; mortality follows the national decline of the years
    before the start; first births, infant mortality and migration are assumptions of the pack.
    """
    like = np.ones_like(evidence["C5"])
    return {
        **{name: evidence[name] for name in ("C5", "C6", "C7", "X3")},
        "mortality_trend": like * baseline.mortality_trend,
        **{
            name: like * baseline.assumptions[name]
            for name in ("first_birth_trend", "infant_mortality_trend", "migration_trend")
        },
    }


def trend_multipliers(
    baseline: Baseline,
    parameters: Mapping[str, Array],
    scales: Mapping[str, Trends],
    years: Sequence[int],
) -> xr.DataArray:
    """Return the log multipliers of the trends, (scenario, draw, year, channel).

    Parameters
    ----------
    parameters : mapping
        From `trend_parameters`.
    scales : mapping
        Scenario to the share of each trend that it takes.
    years : sequence of int
        The first is the calibration year, which has no trend yet.
    """
    passed = damped_years(years, years[0], baseline.assumptions["trend_half_life"])
    channels = list(baseline.space.channels)
    draws = len(parameters["C5"])
    log = np.zeros((len(scales), draws, len(years), len(channels)))
    for channel, (name, scale) in TREND_OF_CHANNEL.items():
        for i, scenario in enumerate(scales.values()):
            log[i, :, :, channels.index(channel)] = getattr(scenario, scale) * np.outer(parameters[name], passed)
    return xr.DataArray(
        log,
        dims=("scenario", "draw", "year", "channel"),
        coords={"scenario": list(scales), "draw": np.arange(draws), "year": list(years), "channel": channels},
    )
