"""What levers set or move beside hazards, year by year: childcare places, coverage, the ideal number of children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.policy.effects import PolicyResponse

    Array = NDArray[np.float64]


def policy_series(result: xr.Dataset, levers: PolicyResponse) -> dict[str, xr.DataArray]:
    """Return childcare places, effective coverage and the ideal number of children by (scenario, draw, area, year).

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
    series: dict[str, list[Array]] = {}
    for i, year in enumerate(result["year"].values):
        children, people = under_3[..., i], everybody[..., i]
        now = levers.childcare(int(year), children, people)
        now = now | {"ideal_children": np.broadcast_to(levers.ideal_children(int(year)), children.shape)}
        for name, values in now.items():
            series.setdefault(name, []).append(values)
    arrays = {}
    for name, years in series.items():
        cube = np.stack(years, axis=-1).reshape(areas, scenarios, draws, len(years))
        about = {"units": variable(name).unit, "long_name": variable(name).label_en}
        arrays[name] = template.copy(data=np.moveaxis(cube, 0, 2)).assign_attrs(about)
    return arrays
