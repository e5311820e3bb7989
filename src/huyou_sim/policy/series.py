"""What levers set or move beside hazards, year by year: childcare places, coverage, ideal number, relocated births."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.policy.cash import ORDERS
from huyou_sim.variables import variable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.policy.effects import PolicyResponse
    from huyou_sim.policy.scenario import Scenario

    Array = NDArray[np.float64]


def policy_series(
    result: xr.Dataset, levers: PolicyResponse, scenarios: Sequence[Scenario], parameters: Mapping[str, Array]
) -> dict[str, xr.DataArray]:
    """Return what levers set or move beside hazards, by (scenario, draw, area, year).

    Childcare is a stock and its flows: places of a year are those of the year before, plus opened, less closed. In the
    first year nothing is opened or closed.

    Parameters
    ----------
    result : xarray.Dataset
        From `project`, every cell or the sums of `AGGREGATES`; of the years of the levers.
    levers : PolicyResponse
    scenarios : sequence of Scenario
        Those of the levers, in their order.
    parameters : mapping of prior id to (draw,)
        Those of the levers.

    Returns
    -------
    series : dict
        ``childcare_places``, ``childcare_empty``, ``childcare_opened``, ``childcare_closed`` [places],
        ``childcare_in_use``, ``childcare_wanted``, ``childcare_unmet`` [children], ``childcare_coverage``,
        ``childcare_use_rate`` [%], ``ideal_children`` [children], ``births_relocated`` [births].
    """
    stock = result["population"].sum("sex").transpose("area", "scenario", "draw", "time", "age")
    areas, packages, draws = stock.shape[:3]

    def by_trajectory(counts: xr.DataArray) -> Array:
        flat: Array = counts.sum("age").values.reshape(areas, packages * draws, -1)
        return flat

    under_3, everybody = by_trajectory(stock.sel(age=slice(0, 2))), by_trajectory(stock)
    template = result["newborn"].sum("sex").transpose("scenario", "draw", "area", "year")
    years = [int(year) for year in result["year"].values]
    births = _births_by_order(result)
    applies = np.array([[one.areas is None or area in one.areas for one in scenarios] for area in levers.areas])
    local = np.repeat(applies, draws, axis=1)
    ceiling = np.tile(parameters["X1"], len(scenarios))
    series: dict[str, list[Array]] = {}
    for i, year in enumerate(years):
        children, people = under_3[..., i], everybody[..., i]
        now = levers.childcare(year, children, people)
        now |= {"children": children, "ideal_children": np.broadcast_to(levers.ideal_children(year), children.shape)}
        now["births_relocated"] = _relocated(levers, year, children, people, births[..., i], local, ceiling)
        for name, values in now.items():
            series.setdefault(name, []).append(values)
    stacked = {name: np.stack(values, axis=-1) for name, values in series.items()}
    flows = _flows(stacked["childcare_places"], levers, years)
    arrays = {}
    for name, values in (_shares(stacked) | flows).items():
        cube = values.reshape(areas, packages, draws, len(years))
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


def _births_by_order(result: xr.Dataset) -> Array:
    """Return births, (order, area, trajectory, year); the last order holds all above."""
    births = result["births"]
    found = births.sum("age_reached") if "age_reached" in births.dims else births
    cube = found.transpose("birth_order", "area", "scenario", "draw", "year").values
    flat: Array = cube.reshape(*cube.shape[:2], -1, cube.shape[-1])
    return flat


def _relocated(
    levers: PolicyResponse, year: int, children: Array, people: Array, births: Array, local: Array, ceiling: Array
) -> Array:
    """Return the births of a year that local payments brought in from elsewhere, (area, trajectory) [births].

    Parameters
    ----------
    children, people : (area, trajectory) [persons]
        At the end of the year before; one more row than there are areas is their sum, here as there.
    births : (order, area, trajectory) [births]
    local : (area, trajectory)
        Whether the scenario's own measures apply.
    ceiling : (trajectory,) [log]
        Prior X1.

    Source
    ------
    Evidence, section 3, form 7: extra fertility is 1 - A15 of what local payments bring, so that of births ``B`` with
    the log effect ``e`` of relocation ``B (1 - exp(-e))`` would have been borne elsewhere. The form is silent on the
    ceiling over all levers: the effect is lowered by it as the sum of all levers is. First births from marriages that
    payments bring are taken for births of this place.
    """
    n = len(levers.areas)
    part = levers.components(year, children[:n], people[:n])
    effect = levers.relocated_cash_effect(year)
    found = np.zeros_like(part["childcare"])
    for k, order in enumerate(ORDERS):
        kept = effect[k] * _under_ceiling(part[f"birth_{order}"], ceiling)
        found -= np.where(local, births[k, :n] * np.expm1(-np.maximum(kept, 0.0)), 0.0)
    return found if len(children) == n else np.vstack([found, found.sum(axis=0)])


def _under_ceiling(combined: Array, ceiling: Array) -> Array:
    """Return the share of all levers' sum that the ceiling leaves [1], from what it leaves of it [log]."""
    size = np.minimum(np.abs(combined) / ceiling, 1.0 - 1e-12)
    # The sum without the ceiling is -ceiling * log(1 - size); of no effect all is left.
    share: Array = np.divide(size, -np.log1p(-size), out=np.ones_like(size), where=size > 0.0)
    return share
