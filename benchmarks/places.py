"""What the engine is measured on: Huzhou with any number of areas, and in coarser state spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import xarray as xr

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.demography.projection import Rates, Stock
from huyou_sim.demography.states import Channel, Event, StateSpace, state_space
from huyou_sim.pack import load_pack

SPREAD = 0.1
"""Standard deviation of the log multipliers of an ensemble."""

OWN_BY_CHANNEL = {
    "the same for all": (),
    "own for births and marriage": ("marriage", "remarriage", "birth", "parity", "fertility"),
    "own for everything": ("",),
}
"""Whose multipliers differ by trajectory: the first words of the channels' names."""


class Place(NamedTuple):
    """What `project` needs of a place."""

    stock: Stock
    rates: Rates
    space: StateSpace


PARITY = StateSpace(
    name="parity",
    marital=("any",),
    parity=("0", "1", "2", "3"),
    events=tuple(
        Event(f"birth_{have}", ("any", str(have)), ("any", str(min(have + 1, 3))), min(have + 1, 3), f"parity_{have}")
        for have in range(4)
    ),
    event_channels=tuple(Channel(f"parity_{have}", f"parity_{have}", 15, 49) for have in range(4)),
    age_lower=15,
    age_upper=49,
)
"""Women by the number of their children alone: four states. A state space is data, so this is all it takes."""


@cache
def huzhou(areas: int = 1) -> Place:
    """Return Huzhou by family state, its areas over and over until there are as many as asked for."""
    baseline = build_baseline(load_pack("huzhou"))
    which = np.arange(areas) % len(baseline.areas)
    labels = [f"{i:04d}" for i in range(areas)]

    def repeated(array: xr.DataArray) -> xr.DataArray:
        return array.isel(area=which).assign_coords(area=labels) if "area" in array.dims else array

    stock, rates = baseline.stock, baseline.rates
    return Place(
        Stock(stock.year, repeated(stock.population), repeated(stock.women)),
        Rates(
            repeated(rates.death_hazard),
            repeated(rates.schedules),
            repeated(rates.net_migrants),
            repeated(rates.male_share),
        ),
        baseline.space,
    )


def births_by_parity(place: Place) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the births of a year and the women at its start, (age, parity), over areas and marital statuses."""
    women = place.stock.women.sum("area")
    births = xr.zeros_like(women)
    for event in place.space.events:
        if event.birth_order:
            marital, parity = event.origin
            one = {"marital": marital, "parity": parity}
            rate = place.rates.schedules.sel(schedule=event.schedule)
            births.loc[one] += (women.sel(one) * rate).transpose("age_fertile").values
    return births.sum("marital"), women.sum("marital")


def coarser(space: StateSpace) -> Place:
    """Return an area of Huzhou in a space with one marital status, with or without parity.

    Women of the states that fall together bear as many children as they did apart.
    """
    place = huzhou(1)

    def collapsed(array: xr.DataArray) -> xr.DataArray:
        return array if len(space.parity) > 1 else array.sum("parity").expand_dims(parity=space.parity)

    births, women = (collapsed(array) for array in births_by_parity(place))
    schedules = (births / women.where(women > 0.0, 1.0)).rename(parity="schedule")
    by_state = collapsed(place.stock.women.sum("marital")).expand_dims(marital=space.marital)
    return Place(
        replace(place.stock, women=by_state.transpose("area", "age_fertile", "marital", "parity")),
        replace(
            place.rates,
            schedules=schedules.transpose("schedule", "age_fertile").assign_coords(schedule=list(space.schedules)),
            male_share=place.rates.male_share.isel(birth_order=slice(len(space.orders))),
        ),
        space,
    )


def by_number_of_states() -> dict[str, Place]:
    """Return an area of Huzhou in spaces from coarse to fine, by a name to be printed."""
    places = (coarser(state_space("classical")), coarser(PARITY), huzhou(1))
    return {f"{place.space.n_states} ({place.space.name})": place for place in places}


def spread(space: StateSpace, draws: int, own: Sequence[str]) -> xr.DataArray:
    """Return log multipliers, (draw, channel): normal for the channels that begin with one of `own`, else zero."""
    values = np.random.default_rng(draws).normal(0.0, SPREAD, (draws, len(space.channels)))
    differs = np.array([channel.startswith(tuple(own)) for channel in space.channels])
    return xr.DataArray(
        np.where(differs, values, 0.0), dims=("draw", "channel"), coords={"channel": list(space.channels)}
    )


def consecutive(place: Place, years: int) -> list[int]:
    """Return so many years from the first one after the stock."""
    return [place.stock.year + 1 + i for i in range(years)]
