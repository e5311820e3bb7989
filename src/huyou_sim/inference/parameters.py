"""The few named parameters that a calibration moves: levels of the hazards against the schedules' sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A level: what the hazards of its channels are multiplied by, or the migrants an area has more.

    Parameters
    ----------
    name : str
    channels : tuple of str
        Prefixes of the channels that it moves.
    start, lower, upper : float [1]
    area : str, optional
        Code of the only area that it moves.
    label_en, label_zh : str
    """

    name: str
    channels: tuple[str, ...]
    start: float
    lower: float
    upper: float
    label_en: str
    label_zh: str
    area: str | None = None


COMMON = (
    Parameter(
        "first_marriage_level", ("marriage_",), 0.9, 0.2, 3.0,
        "First-marriage rates, against the pace seen between censuses", "初婚率水平(相对于普查间趋势)",
    ),
    Parameter(
        "first_birth_level", ("birth_1_",), 0.75, 0.1, 4.0,
        "Marital first-birth rates, against the Fuzhou 2020 schedule", "已婚一孩生育率水平(相对于福州2020年模式)",
    ),
    Parameter(
        "higher_birth_level", ("birth_2_", "birth_3_"), 0.6, 0.05, 4.0,
        "Marital second- and third-birth rates, against the Fuzhou 2020 schedule",
        "已婚二孩及以上生育率水平(相对于福州2020年模式)",
    ),
    Parameter(
        "mortality_level", ("mortality",), 0.72, 0.3, 2.0,
        "Death rates from age 1, against the national rates of 2021", "1岁及以上死亡率水平(相对于全国2021年)",
    ),
    Parameter(
        "infant_mortality_level", ("infant_mortality",), 0.35, 0.02, 3.0,
        "Infant death rates, against the national rates of 2021", "婴儿死亡率水平(相对于全国2021年)",
    ),
)  # fmt: skip


def parameters_of(baseline: Baseline) -> tuple[Parameter, ...]:
    """Return the parameters of a place: the common ones, and the change of net migration in each area."""
    people = baseline.stock.population.sum(["sex", "age"])
    migration = tuple(
        Parameter(
            f"more_migrants_{area}", ("migration",), 0.0, -0.1 * float(people.sel(area=area)),
            0.1 * float(people.sel(area=area)),
            f"Net migrants of area {area} above the yearly mean of 2010-2020 [persons]",
            f"{area}年净迁移人数与2010-2020年均值之差[人]",
            area=area,
        )
        for area in baseline.areas
    )  # fmt: skip
    return COMMON + migration


def level_multipliers(
    baseline: Baseline, parameters: Sequence[Parameter], values: Array
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return levels as what a projection takes.

    Parameters
    ----------
    values : (draw, parameter) [1]

    Returns
    -------
    log_multipliers : (draw, area, channel) [log]
        Of the hazards.
    migration : (draw, area, component) [1]
        Levels of the components of net migration.
    """
    channels = list(baseline.space.channels)
    areas = baseline.areas
    log = np.zeros((len(values), len(areas), len(channels)))
    migration = np.ones((len(values), len(areas), 2))
    for column, parameter in enumerate(parameters):
        rows = [i for i, area in enumerate(areas) if parameter.area in (None, area)]
        if parameter.channels == ("migration",):
            migration[:, rows, 1] = values[:, [column]]
            continue
        for k, channel in enumerate(channels):
            if channel.startswith(parameter.channels):
                log[:, rows, k] = np.log(values[:, [column]])
    draw = np.arange(len(values))
    return (
        xr.DataArray(log, dims=("draw", "area", "channel"), coords={"draw": draw, "area": areas, "channel": channels}),
        xr.DataArray(
            migration,
            dims=("draw", "area", "component"),
            coords={"draw": draw, "area": areas, "component": ["observed", "more"]},
        ),
    )
