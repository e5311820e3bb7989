"""Indicators whose published figure describes another population than the one the model projects.

Such a figure is *bridged*: what the model says of change, on the scale where change is comparable between
populations, is carried onto the published baseline. The level stays the publisher's, the movement is the model's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    import xarray as xr


def bridge(series: xr.DataArray, published: float, year: int, *, unit: str) -> xr.DataArray:
    """Return `series` moved so that it equals `published` in `year`.

    Parameters
    ----------
    series : (..., year)
        The model's indicator.
    published : float [unit]
        The figure of the other population in `year`.
    unit : str
        Shares in ``%`` move on the logit scale, everything else on the log scale.

    Raises
    ------
    ArgumentError
        When a figure lies outside its scale: a share outside 0-100 %, a rate of zero or below.
    """
    share = unit == "%"
    top = 100.0 if share else np.inf
    smallest = min(float(series.min()), published)
    largest = max(float(series.max()), published)
    if not 0.0 < smallest <= largest < top:
        raise ArgumentError(
            Problem(
                f"bridge of '{series.name}'",
                f"values from {smallest:g} to {largest:g} {unit}",
                "values above 0 and below 100 %" if share else "values above 0",
                "Only shares and positive rates can be carried onto another population.",
            )
        )
    if share:
        scaled = series.copy(data=logit(series.values / 100.0))
        shifted = scaled + (logit(published / 100.0) - scaled.sel(year=year, drop=True))
        moved = shifted.copy(data=100.0 * expit(shifted.values))
    else:
        moved = series * (published / series.sel(year=year, drop=True))
    return moved.transpose(*series.dims)
