"""Values of every parameter for an ensemble: rows of the posterior, and draws from the priors of what it has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.parameters import Parameter, all_parameters, first_year_parameters, level_multipliers
from huyou_sim.inference.posterior import SEED, warning_mark
from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """An ensemble's values of every parameter.

    Parameters
    ----------
    parameters : tuple of Parameter
    values : mapping
        Name to (draw,) [unit].
    from_posterior : frozenset of str
        Names of the parameters whose values are rows of the posterior; the others come from their priors.
    mark : str
        What must stand beside every probability that rests on these draws; nothing where the sampler converged.
    """

    parameters: tuple[Parameter, ...]
    values: Mapping[str, Array]
    from_posterior: frozenset[str] = frozenset()
    mark: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def part(self, numbers: range) -> Draws:
        """Return the draws of these numbers."""
        chosen = {name: values[numbers.start : numbers.stop : numbers.step] for name, values in self.values.items()}
        return Draws(self.parameters, MappingProxyType(chosen), self.from_posterior, self.mark)

    def matrix(self, parameters: Sequence[Parameter]) -> Array:
        """Return the values of some parameters as (draw, parameter)."""
        return np.stack([self.values[one.name] for one in parameters], axis=1)


def ensemble_draws(pack: Pack, posterior: xr.Dataset | None, draws: int, *, seed: int = SEED) -> Draws:
    """Return `draws` values of every parameter of a place.

    The first draws of a larger ensemble are those of a smaller one, and another parameter in the tables changes the
    draws of none. Rows of the posterior come in a fixed order without repeating, each parameter's value with the others
    of its row; beyond the number of rows they come again.

    Parameters
    ----------
    posterior : xarray.Dataset, optional
        From `huyou_sim.inference.store.posterior`; every parameter comes from its prior without one.
    draws : int
    seed : int

    Raises
    ------
    ArgumentError
        When there are no draws, or the posterior has a parameter that the place has not.
    """
    if draws < 1:
        raise ArgumentError(Problem("draws", str(draws), "1 or more", "Type a number of draws such as 1000."))
    parameters = all_parameters(pack)
    sampled = [] if posterior is None else [str(name) for name in posterior.data_vars]
    unknown = sorted(set(sampled) - {one.name for one in parameters})
    if unknown:
        raise ArgumentError(
            Problem(
                "posterior",
                f"draws of {', '.join(unknown)}",
                f"parameters of {pack.name}",
                "Sample the posterior of this place again.",
            )
        )
    values: dict[str, Array] = {}
    rows = _rows(posterior, draws, seed) if posterior is not None else None
    for one in parameters:
        if posterior is not None and one.name in sampled:
            values[one.name] = posterior[one.name].values.reshape(-1)[rows]
        else:
            values[one.name] = one.distribution.sample(generator(seed, one.name), draws)
    mark = warning_mark(posterior) if posterior is not None else ""
    return Draws(parameters, MappingProxyType(values), frozenset(sampled), mark)


def _rows(posterior: xr.Dataset, draws: int, seed: int) -> NDArray[np.int64]:
    """Return the rows that an ensemble takes, in their fixed order."""
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    order = generator(seed, "rows of the posterior").permutation(size)
    return np.resize(order, draws)


def evidence_of(draws: Draws) -> dict[str, Array]:
    """Return trends and elasticities by name, (draw,), as `trend_parameters` and `policy_response` take them."""
    return {one.name: draws.values[one.name] for one in draws.parameters if one.role in ("trend", "elasticity")}


def draw_multipliers(baseline: Baseline, draws: Draws, years: Sequence[int]) -> tuple[xr.DataArray, xr.DataArray]:
    """Return levels and shocks of an ensemble as what a projection takes.

    Parameters
    ----------
    years : sequence of int
        The first is the calibration year, the only one that has the shocks.

    Returns
    -------
    log_multipliers : (draw, area, channel, year) [log]
    migration : (draw, area, component) [1]
    """
    first, later, migration = first_and_later(baseline, draws)
    by_year = xr.concat([first, *[later] * (len(years) - 1)], dim="year").assign_coords(year=list(years))
    return by_year.transpose("draw", "area", "channel", "year"), migration


def first_and_later(baseline: Baseline, draws: Draws) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return the levels of the calibration year, which has the shocks, those of later years, and of migration.

    Returns
    -------
    first, later : (draw, area, channel) [log]
    migration : (draw, area, component) [1]
    """
    parameters = first_year_parameters(draws.parameters)
    lasting = tuple(one for one in parameters if one.role != "shock")
    first, migration = level_multipliers(baseline, parameters, draws.matrix(parameters))
    later, _ = level_multipliers(baseline, lasting, draws.matrix(lasting))
    return first, later, migration
