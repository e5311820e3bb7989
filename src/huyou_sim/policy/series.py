"""What levers set or move beside hazards, year by year: childcare places, coverage, the ideal number of children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.variables import variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.policy.effects import PolicyResponse

    Array = NDArray[np.float64]


def policy_series(result: xr.Dataset, levers: PolicyResponse) -> dict[str, xr.DataArray]:
    """Return childcare as stock and flow and the ideal number of children by (scenario, draw, area, year).

    Places, those in use, those wanted; opened and closed, of which the account is: places of a year are those of the
    year before, plus opened, less closed. In the first year nothing is opened or closed.

    Parameters
    ----------
    result : xarray.Dataset
        From `project`, every cell or the sums of `AGGREGATES`; of the years of the levers.
    levers : PolicyResponse
    """
    stock = result["population"].sum("sex").transpose("area", "scenario", "draw", "time", "age")
    areas, scenarios, draws = stock.shape[:3]

    def by_trajectory(counts: xr.DataArray) -> Array:
        flat: Array = counts.sum("age").values.reshape(areas, scenarios * draws, -1)
        return flat

    under_3, everybody = by_trajectory(stock.sel(age=slice(0, 2))), by_trajectory(stock)
    template = result["newborn"].sum("sex").transpose("scenario", "draw", "area", "year")
    years = [int(year) for year in result["year"].values]
    series: dict[str, list[Array]] = {}
    for i, year in enumerate(years):
        children, people = under_3[..., i], everybody[..., i]
        now = levers.childcare(year, children, people)
        now |= {"children": children, "ideal_children": np.broadcast_to(levers.ideal_children(year), children.shape)}
        for name, values in now.items():
            series.setdefault(name, []).append(values)
    stacked = {name: np.stack(values, axis=-1) for name, values in series.items()}
    flows = _flows(stacked["childcare_places"], levers, years)
    arrays = {}
    for name, values in (_shares(stacked) | flows).items():
        cube = values.reshape(areas, scenarios, draws, len(years))
        about = {"units": variable(name).unit, "long_name": variable(name).label_en}
        arrays[name] = template.copy(data=np.moveaxis(cube, 0, 2)).assign_attrs(about)
    return arrays


def _shares(series: dict[str, Array]) -> dict[str, Array]:
    """Return the series with rates of use and coverage, and with places and wishes that do not meet."""
    places, used, wanted = (series[f"childcare_{name}"] for name in ("places", "in_use", "wanted"))
    children = np.maximum(series["children"], 1e-9)
    found = {name: values for name, values in series.items() if name != "children"}
    return found | {
        "childcare_coverage": 100.0 * used / children,
        "childcare_use_rate": 100.0 * np.divide(used, places, out=np.zeros_like(used), where=places > 0.0),
        "childcare_empty": places - used,
        "childcare_unmet": np.maximum(wanted - used, 0.0),
    }


def _flows(places: Array, levers: PolicyResponse, years: Sequence[int]) -> dict[str, Array]:
    """Return places opened and closed in each year, (area, trajectory, year).

    What scenarios open and close by number, and the rest of the change, which keeps pace with residents or with the
    course of a ratio: opened where it is positive, closed where it is negative. The place is the sum of its areas.
    """
    n = len(levers.areas)
    moved = [levers.places_moved(year) for year in years]
    opened, closed = (np.stack([pair[k] for pair in moved], axis=-1) for k in (0, 1))
    opened[..., 0], closed[..., 0] = 0.0, 0.0
    rest = np.diff(places[:n], axis=-1, prepend=places[:n, :, :1]) - opened + closed
    # A closure that found no place left to close is none.
    missing = np.where(places[:n] == 0.0, np.maximum(rest, 0.0), 0.0)
    found = {
        "childcare_opened": opened + np.maximum(rest, 0.0) - missing,
        "childcare_closed": closed + np.maximum(-rest, 0.0) - missing,
    }
    if places.shape[0] > n:
        found = {name: np.concatenate([values, values.sum(axis=0, keepdims=True)]) for name, values in found.items()}
    return found
