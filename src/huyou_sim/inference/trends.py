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
    "birth_3_15_29": ("third_birth_trend", "fertility"),
    "birth_3_30_49": ("third_birth_trend", "fertility"),
    "mortality": ("mortality_trend", "mortality"),
    "infant_mortality": ("infant_mortality_trend", "infant_mortality"),
}
"""Channel to (parameter [log per year], the scenario's scale of it). Channels not named keep their level.

Net migration has a trend that is added: `migrant_trends`.
"""

LAST_YEAR = 2050
"""Last projected year, unless told otherwise."""

FURTHEST_YEAR = 2100
"""Last year that may be asked for."""

OWN_TRENDS = ("first_birth_trend", "third_birth_trend", "infant_mortality_trend", "migration_trend", "trend_half_life")
"""Parameters of the pack."""


def damped_years(years: Sequence[int], start: int, half_life: float | Array) -> Array:
    """Return how many undamped years of trend have passed by the middle of each year after `start`, ([draw], year).

    The yearly pace halves every `half_life` years (a number, or one per draw), so the sum has a limit and no hazard
    runs to zero or without bound.
    """
    lives = np.asarray(half_life, dtype=np.float64)[..., None]
    paces = 0.5 ** (np.arange(max(max(years) - start, 0)) / lives)
    passed = np.concatenate([np.zeros_like(lives), np.cumsum(paces, axis=-1)], axis=-1)
    found: Array = passed[..., [max(year - start, 0) for year in years]]
    return found


def trend_parameters(baseline: Baseline, evidence: Mapping[str, Array]) -> dict[str, Array]:
    """Return each trend [log per year; that of migration per 1,000 residents and year, per year], by parameter name.

    Each, and the half-life of all [years], has the shape (draw,).

    Marriage and second births have priors in the evidence; mortality follows the national decline of the years
    before the start, and what is drawn beyond it. The rest are parameters of the pack: where `evidence` does not hold
    draws of one, the assumption of its name, or no trend.
    """
    like = np.ones_like(evidence["C5"])

    def own(name: str) -> Array:
        return evidence[name] if name in evidence else like * baseline.assumptions.get(name, 0.0)

    return {
        **{name: evidence[name] for name in ("C5", "C6", "C7", "X3")},
        "mortality_trend": like * baseline.mortality_trend + own("mortality_trend_shift"),
        **{name: own(name) for name in OWN_TRENDS},
    }


def migrant_trends(
    baseline: Baseline, parameters: Mapping[str, Array], scales: Mapping[str, Trends], years: Sequence[int]
) -> Array:
    """Return the trend of net migration, (scenario, draw, year) [persons per 1,000 residents and year].

    Parameters
    ----------
    parameters, scales, years
        As for `trend_multipliers`. A trend of migration is added, as net migration may change its sign.
    """
    trend = parameters["migration_trend"]
    lives = parameters.get("trend_half_life", np.full(len(trend), baseline.assumptions["trend_half_life"]))
    moved = trend[:, None] * damped_years(years, years[0], lives)
    return np.stack([scale.migration * moved for scale in scales.values()])


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
    draws = len(parameters["C5"])
    lives = parameters.get("trend_half_life", np.full(draws, baseline.assumptions["trend_half_life"]))
    passed = damped_years(years, years[0], lives)
    channels = list(baseline.space.channels)
    log = np.zeros((len(scales), draws, len(years), len(channels)))
    for channel, (name, scale) in TREND_OF_CHANNEL.items():
        for i, scenario in enumerate(scales.values()):
            log[i, :, :, channels.index(channel)] = getattr(scenario, scale) * parameters[name][:, None] * passed
    return xr.DataArray(
        log,
        dims=("scenario", "draw", "year", "channel"),
        coords={"scenario": list(scales), "draw": np.arange(draws), "year": list(years), "channel": channels},
    )
