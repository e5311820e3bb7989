"""Births by the mother's marital status and parity, and the women at risk, found again from a projection.

A projection counts births by the mother's age and by order, not by her marital status. But what happens to a cohort
within a year is a straight line of arithmetic over the event table (`walk`): women by state at its start, rates and
multipliers decide it, and the projection has kept them. The same line is walked here once more, on whole arrays, and
each birth noted by the state that it came from.

Deaths and migrants multiply all states of a cohort alike, so that a walk from one woman gives everything but the
cohort's number, and that is births counted over births per woman walked. The births by state then add up to those of
the projection, order by order; and women by state at the end of the year show whether the rates are the right ones.

Women at risk are those in the *middle* of the year, half its deaths and half its events behind them. Births fall there,
and where births are the last events of the table, as in the `family` space, births over women of the middle depend on
nothing but the hazard ``h`` of the event: ``2 sinh(h / 2)`` where it leaves its state, ``h`` where it does not. Who
marries does not move what married women bear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.demography.alignment import arrange, same_labels
from huyou_sim.demography.indicators import female_exposure, year_end, year_start
from huyou_sim.errors import ArgumentError, LabelError, Problem, RateError, suggest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.inputs import Rates
    from huyou_sim.demography.states import StateSpace

    Array = NDArray[np.float64]

HEAD = ("scenario", "draw", "area", "year")

CLOSE = 1e-6
"""How far shares of women by state may be from those of the projection; rates of another run are further off."""


def births_by_mother(dataset: xr.Dataset, rates: Rates, space: StateSpace, *, years: Sequence[int]) -> xr.Dataset:
    """Return births by the mother's state, and the women who could bear them, in some years of a projection.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `project` with every cell kept (``keep=CELLS``), with or without a place as the last area.
    rates : Rates
        Those that it was projected with; only the schedules are used.
    space : StateSpace
        Likewise.
    years : sequence of int
        Any years of the projection.

    Returns
    -------
    mothers : xarray.Dataset
        ``births`` (scenario, draw, area, year, age_reached, marital, parity, birth_order) [births], by the state that
        the mother leaves: their sum over states is the births of the projection;
        ``women`` (scenario, draw, area, year, age_reached, marital, parity) [persons], women in the middle of the year
        by the age that they reach in it (in a space of one state: woman-years, as below);
        ``woman_years`` (scenario, draw, area, year, age_reached) [person-years], the mean of the cohort's women at
        both ends of the year, which the total fertility rate is counted on.
        The place, an area that is the sum of the others, has the sum of their births and women.

    Raises
    ------
    ArgumentError
        For a year that is not projected, or a dataset that keeps sums only.
    LabelError
        When the state space or the labels of the rates are not those of the dataset.
    RateError
        When the rates do not lead to the women by state that the dataset has.
    """
    _check_kept(dataset, space)
    check_label("years", years, dataset["year"].values.tolist())
    whole, areas = dataset, _areas(dataset)
    dataset = dataset.isel(area=slice(0, areas))
    woman_years = female_exposure(dataset).sel(year=list(years)).transpose(*HEAD, "age_reached")
    counted = dataset["births"].sel(year=list(years)).transpose(*HEAD, "age_reached", "birth_order")
    if space.n_states == 1:
        women, births = woman_years.values[..., None], counted.values[..., None, :]
    else:
        women, births = _found(dataset, rates, space, list(years), counted, woman_years.values)
    states = (*woman_years.shape, len(space.marital), len(space.parity))
    dims = (*woman_years.dims, "marital", "parity")
    coords = {str(dim): counted[dim] for dim in counted.dims}
    coords |= {"marital": dataset["marital"], "parity": dataset["parity"]}
    found = xr.Dataset(
        {
            "births": ((*dims, "birth_order"), births.reshape(*states, -1), {"units": "births"}),
            "women": (dims, women.reshape(states), {"units": "persons"}),
            "woman_years": (woman_years.dims, woman_years.values, {"units": "person-years"}),
        },
        coords=coords,
    )
    if areas == whole.sizes["area"]:
        return found
    place = found.sum("area", keep_attrs=True).expand_dims(area=whole["area"].values[-1:])
    joined = xr.concat([found, place], dim="area")
    return joined.assign({name: joined[name].transpose(*found[name].dims) for name in found.data_vars})


def check_label(name: str, wanted: Sequence[object], known: Sequence[object]) -> None:
    """Raise ArgumentError that names the first wanted label which is not known."""
    for label in wanted:
        if label not in known:
            numbers = all(isinstance(each, int) for each in known)
            expected = f"{known[0]} to {known[-1]}" if numbers else "a label of the dataset"
            fix = f"Type a year from {expected}." if numbers else suggest(str(label), [str(each) for each in known])
            raise ArgumentError(Problem(name, repr(label), expected, fix))


def _check_kept(dataset: xr.Dataset, space: StateSpace) -> None:
    if dataset.attrs.get("state_space") != space.name:
        raise LabelError(
            Problem(
                "state space of the dataset",
                f"'{dataset.attrs.get('state_space')}'",
                f"'{space.name}', the space that was passed",
                "Pass the space of the projection, as from baseline.space.",
            )
        )
    kept = {"births": ("age_reached", [*space.ages, space.ages[-1] + space.width])}
    kept["women"] = ("age_fertile", list(space.ages))
    for name, (dim, labels) in kept.items():
        found = dataset[name][dim].values.tolist() if dim in dataset[name].dims else None
        if found != labels:
            raise ArgumentError(
                Problem(
                    f"dataset, {name}",
                    f"no dimension {dim}" if found is None else f"{dim} {found}",
                    f"every {dim} from {labels[0]} to {labels[-1]}",
                    "Project with keep=CELLS, which keeps every cell.",
                )
            )


def _areas(dataset: xr.Dataset) -> int:
    """Return how many areas there are beside the place: a last one that is the sum of the others (`with_total`)."""
    areas = dataset.sizes["area"]
    cells = [dataset[name].transpose("area", ...).values for name in ("births", "women")]
    is_sum = all(np.allclose(cell[-1], cell[:-1].sum(axis=0), rtol=1e-9, atol=1e-9) for cell in cells)
    return areas - 1 if areas > 1 and is_sum else areas


def _found(
    dataset: xr.Dataset, rates: Rates, space: StateSpace, years: list[int], counted: xr.DataArray, woman_years: Array
) -> tuple[Array, Array]:
    """Return women of the middle (..., cohort, state) and births (..., cohort, state, order)."""
    middle, births, end = _walked(space, _composition(dataset, space, years), _hazards(dataset, rates, space, years))
    per_woman, cases = births.sum(axis=-2), counted.values
    total = per_woman.sum(axis=-1)
    # Where no woman bears, her number decides nothing, and the mean of both ends stands for it.
    number = np.divide(cases.sum(axis=-1), total, out=woman_years.copy(), where=total > 0.0)
    _check_end(dataset, space, years, number, end)
    each = per_woman[..., None, :]
    share = np.divide(births, each, out=np.zeros_like(births), where=each > 0.0)
    _check_orders(counted, number[..., None] * per_woman)
    return number[..., None] * middle, share * cases[..., None, :]


def _composition(dataset: xr.Dataset, space: StateSpace, years: list[int]) -> Array:
    """Return each cohort's shares by state at the start of the year, (..., cohort, state).

    The youngest cohort comes from below reproductive age in the first state, and so do migrants into an empty cell.
    """
    stock = year_start(dataset, "women").sel(year=years)
    cells = stock.transpose(*HEAD, "age_fertile", "marital", "parity").values
    women: Array = cells.reshape(*cells.shape[:5], space.n_states)
    women = np.concatenate([np.zeros_like(women[..., :1, :]), women], axis=-2)
    total = women.sum(axis=-1, keepdims=True)
    shares: Array = np.divide(women, total, out=np.zeros_like(women), where=total > 0.0)
    shares[..., 0] += total[..., 0] <= 0.0
    return shares


def _hazards(dataset: xr.Dataset, rates: Rates, space: StateSpace, years: list[int]) -> Array:
    """Return half a year's hazard of each schedule, (scenario, draw, area, year, cohort, schedule).

    The mean of the rates at the two ages that a cohort passes through, each with its own channel's multiplier.
    """
    every = dataset["year"].values.tolist()
    coords: dict[str, Sequence[object]] = {"year": every, "area": dataset["area"].values.tolist()}
    coords |= {"schedule": space.schedules, "age_fertile": list(space.ages)}
    base = arrange(rates.schedules, "schedules", coords, ("year", "area"))
    if base.shape[0] > 1:
        base = base[[every.index(year) for year in years]]
    log = dataset["log_multiplier"].sel(year=years)
    same_labels(log, "log_multiplier", "channel", space.channels)
    multiplier = np.exp(log.transpose(*HEAD, "channel").values)
    by_schedule = {event.schedule: space.channel_of(event) for event in space.events}
    # An age without a channel has no rate either; any channel will do, as in the kernel.
    channel = np.maximum(np.stack([by_schedule[name] for name in space.schedules]), 0)
    by_age = np.moveaxis(base, 0, 1) * multiplier[..., channel]
    padded = np.pad(by_age, [(0, 0)] * 5 + [(1, 1)])
    halves: Array = np.moveaxis(0.25 * (padded[..., :-1] + padded[..., 1:]), -1, -2)
    return halves


def _walked(space: StateSpace, shares: Array, half: Array) -> tuple[Array, Array, Array]:
    """Walk one woman of each cohort through the events of a year.

    Parameters
    ----------
    shares : (..., cohort, state) [1]
    half : (..., cohort, schedule) [1]
        Hazards of half a year.

    Returns
    -------
    middle : (..., cohort, state)
        Women when half of the events lie behind them.
    births : (..., cohort, state, order)
        By the state that the mother leaves.
    end : (..., cohort, state)
    """
    women = np.array(np.moveaxis(shares, -1, 0))
    births = np.zeros((*women.shape, len(space.orders)))
    leave = -np.expm1(-half)
    rows = list(zip(space.event_table(), space.events, strict=True))
    middle = women
    for turn in (rows, rows[::-1]):
        for (origin, destination, order), event in turn:
            chance = (half if origin == destination else leave)[..., space.schedules.index(event.schedule)]
            moved = chance * women[origin]
            if origin != destination:
                women[origin] -= moved
                women[destination] += moved
            if order >= 0:
                births[origin, ..., order] += moved
        middle = women.copy() if turn is rows else middle
    return np.moveaxis(middle, 0, -1), np.moveaxis(births, 0, -2), np.moveaxis(women, 0, -1)


def _check_end(dataset: xr.Dataset, space: StateSpace, years: list[int], number: Array, end: Array) -> None:
    """Raise RateError unless the walk ends with the shares by state that the projection has."""
    stock = year_end(dataset, "women").sel(year=years).transpose(*HEAD, "age_fertile", "marital", "parity")
    cells = stock.values.reshape(*stock.shape[:5], space.n_states)
    total = cells.sum(axis=-1, keepdims=True)
    # A cell that was empty in between is filled again by migrants in the first state, whatever the walk says.
    known = (total > 0.0) & (number[..., :-1, None] > 0.0)
    shares = np.divide(cells, total, out=np.zeros_like(cells), where=known)
    gap = np.where(known, np.abs(shares - end[..., :-1, :]), 0.0)
    if gap.max() <= CLOSE:
        return
    place = tuple(int(i) for i in np.argwhere(gap == gap.max())[0])
    raise RateError(
        Problem(
            f"share of women {_where(stock, place[:5])}, {_state(space, place[5])}, at the end of the year",
            f"{end[..., :-1, :][place]:.6f} by the rates that were passed",
            f"{shares[place]:.6f}, as in the dataset",
            "Pass the Rates that the dataset was projected with, as from baseline.rates.",
        )
    )


def _check_orders(counted: xr.DataArray, found: Array) -> None:
    """Raise RateError unless births split into orders as the projection counted them."""
    cases = counted.values
    gap = np.abs(cases - found) / np.maximum(cases.sum(axis=-1, keepdims=True), 1e-9)
    if gap.max() > CLOSE:
        place = tuple(int(i) for i in np.argwhere(gap == gap.max())[0])
        raise RateError(
            Problem(
                f"births {_where(counted, place)}",
                f"{found[place]:.6g} by the rates that were passed",
                f"{cases[place]:.6g}, as in the dataset",
                "Pass the Rates that the dataset was projected with, as from baseline.rates.",
            )
        )


def _where(array: xr.DataArray, place: tuple[int, ...]) -> str:
    """Name a cell by its labels."""
    return ", ".join(f"{dim} {array[dim].values[i]}" for dim, i in zip(array.dims, place, strict=False))


def _state(space: StateSpace, state: int) -> str:
    marital, parity = divmod(state, len(space.parity))
    return f"marital {space.marital[marital]}, parity {space.parity[parity]}"
