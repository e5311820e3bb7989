"""Ensembles of any size in bounded memory: draws go through a projection part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES
from huyou_sim.demography.projection import project
from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.demography.inputs import Rates, Stock
    from huyou_sim.demography.states import StateSpace

PART = 1024
"""Draws of one part: some ten megabytes for each area and decade, whatever the number of draws."""

Inputs = Callable[[range], Mapping[str, Any]]
"""Draws to the arguments of `project` that differ by draw: log_multipliers, migration_level, response."""


def project_parts(
    stock: Stock,
    rates: Rates,
    space: StateSpace,
    *,
    years: Sequence[int],
    draws: int,
    inputs: Inputs,
    part: int = PART,
    death_rates: xr.DataArray | None = None,
    progress: bool = False,
    **options: Any,
) -> Iterator[xr.Dataset]:
    """Yield the indicators of an ensemble, `part` draws at a time.

    Memory is bounded by the size of a part and by what the caller keeps of each, not by the number of draws. Parts are
    in the order of draws, and a trajectory is the same whatever part it falls into.

    Parameters
    ----------
    stock, rates, space, years
        As for `project`.
    draws : int
        Of the whole ensemble.
    inputs : callable
        Takes the numbers of the draws of a part, as a range, and returns the arguments of `project` that differ by
        draw. A draw should depend on its number alone (a random generator seeded with it, or a row of a posterior).
    part : int
        Draws of one part.
    death_rates : (sex, age) [deaths per person-year], optional
        For life expectancy and infant mortality, as for `indicators`.
    progress : bool
        Show a progress bar on standard error.
    options
        Further arguments of `project`: scenarios, migration, births, total, threads.

    Raises
    ------
    ArgumentError
        When there are no draws, or a part has none.
    """
    if draws < 1 or part < 1:
        raise ArgumentError(
            Problem("draws, part", f"{draws}, {part}", "1 or more of each", f"Type draws=1000, part={PART}.")
        )
    with tqdm(total=draws, desc="project", unit="draw", disable=not progress or None, leave=False) as bar:
        for low in range(0, draws, part):
            numbers = range(low, min(low + part, draws))
            found = project(
                stock, rates, space, years=years, draws=len(numbers), keep=AGGREGATES, **inputs(numbers), **options
            )
            yield indicators(found, death_rates).assign_coords(draw=np.array(numbers))
            bar.update(len(numbers))
