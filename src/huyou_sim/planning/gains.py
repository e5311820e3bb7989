"""What packages bring and cost over a counterfactual, draw by draw.

All packages and the counterfactual have the same random numbers, so that a difference is one of levers and nearly free
of noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.policy.costs import LEVELS, NATIONAL, PAYERS
from huyou_sim.policy.quantities import MEASURES, NEEDED, quantities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import PolicyContext, Scenario
    from huyou_sim.policy.costs import Prices

    Array = NDArray[np.float64]

COMPARED = (
    "births", "births_relocated", "tfr", "population_under_3", "population_3_5", "natural_increase_rate",
    "total_dependency_60", "total_dependency_65", "population_total",
)  # fmt: skip
"""Indicators whose differences are taken."""

GAINED, LASTING = "births_gained", "births_lasting"
"""Births of residents beyond the counterfactual, summed from the first year on; and the same without those that local
payments brought in from elsewhere."""


def projected(
    ensemble: Ensemble, scenarios: Sequence[Scenario], until: int, *, more: Sequence[str] = (), progress: bool = False
) -> xr.Dataset:
    """Return what comparisons rest on, `COMPARED` and what costs need, for all areas and the place.

    Parameters
    ----------
    ensemble : Ensemble
    scenarios : sequence of Scenario
    until : int
    more : sequence of str
        Further indicators.
    progress : bool

    Raises
    ------
    ArgumentError
        As for `Ensemble.project`.
    """
    baseline = ensemble.baseline
    return ensemble.project(
        scenarios,
        until=until,
        areas=[*baseline.areas, baseline.code],
        variables=list(dict.fromkeys([*COMPARED, *NEEDED, *more])),
        progress=progress,
    )


def differences(indicators: xr.Dataset, against: str, area: str) -> xr.Dataset:
    """Return what every other scenario has more than the counterfactual, (scenario, draw, year).

    Parameters
    ----------
    indicators : xarray.Dataset
        From `projected`.
    against : str
        Key of the counterfactual.
    area : str

    Returns
    -------
    differences : xarray.Dataset
        `COMPARED`, `GAINED` and `LASTING`.
    """
    here = indicators[list(COMPARED)].sel(area=area, drop=True).transpose("scenario", "draw", "year")
    others = [key for key in here["scenario"].values if key != against]
    found = here.sel(scenario=others) - here.sel(scenario=against, drop=True)
    for name in COMPARED:
        found[name].attrs.update(indicators[name].attrs)
    births = {"units": "births"}
    found[GAINED] = found["births"].cumsum("year").assign_attrs(births)
    found[LASTING] = (found["births"] - found["births_relocated"]).cumsum("year").assign_attrs(births)
    return found.assign_attrs(indicators.attrs)


def additional_costs(
    scenarios: Sequence[Scenario],
    against: Scenario,
    indicators: xr.Dataset,
    economy: PolicyContext,
    price: Prices,
    areas: Sequence[str],
) -> xr.DataArray:
    """Return what scenarios pay more than the counterfactual, in the years in which payments fall due.

    What births, marriages and places up to the last year of the indicators were promised for later years is counted in
    those years. The national subsidy that additional children bring is no cost of a package and is left out, as in
    `total_costs`; a package that changes the subsidy itself is charged with it.

    Parameters
    ----------
    scenarios : sequence of Scenario
    against : Scenario
    indicators : xarray.Dataset
        With all these scenarios, from `projected`.
    economy : PolicyContext
    price : Prices
    areas : sequence of str
        That add up to the place.

    Returns
    -------
    costs : (scenario, draw, payer, level, year) [yuan]
    """
    every = [*scenarios, against]
    counted, years = quantities(every, indicators, economy, areas)
    found = _paid(counted, price, national=False)
    changed = [one.levers.national_childcare_subsidy != against.levers.national_childcare_subsidy for one in scenarios]
    extra = found[:-1] - found[-1]
    if any(changed):
        with_national = _paid(counted, price, national=True)
        extra = np.where(np.reshape(changed, (-1, 1, 1, 1, 1)), with_national[:-1] - with_national[-1], extra)
    # Millionths of a yuan are what is left of equal costs taken off each other.
    extra = np.round(extra, 6) + 0.0
    coords = {
        "scenario": [one.key for one in scenarios],
        "draw": indicators["draw"].values,
        "payer": list(PAYERS),
        "level": list(LEVELS),
        "year": list(years),
    }
    return xr.DataArray(extra, coords, tuple(coords), attrs={"units": "yuan"})


def _paid(quantity: Array, price: Prices, *, national: bool) -> Array:
    """Return what quantities (scenario, measure, draw, year) cost, (scenario, draw, payer, level, year) [yuan]."""
    weights = price.shares[:, :, None] * price.units[:, None, :]
    if not national:
        weights[MEASURES.index(NATIONAL)] = 0.0
    found: Array = np.einsum("smdy,mpl->sdply", quantity, weights, optimize=True)
    return found
