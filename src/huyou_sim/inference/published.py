"""Figures as they will be published: the truth, and the sampling error of the year's survey or register."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.inference.observations import observations, text
from huyou_sim.inference.parameters import line_of
from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

FILE = "publication_errors.csv"


@dataclass(frozen=True)
class PublicationError:
    """How far the published figure of a year may stand from the truth.

    Parameters
    ----------
    variable : str
    standard_error : float [unit]
    shared_with : str
        Another variable whose figure rests on the same sample, or nothing.
    correlation : float [1]
        Of the errors of both in one year.
    """

    variable: str
    standard_error: float
    shared_with: str = ""
    correlation: float = 0.0


def error_of(pack: Pack, variable: str) -> PublicationError:
    """Return the error of a figure to be published: of the pack's table, else of the last observation of the place.

    Raises
    ------
    PackError
        When the pack has neither, or the sample is shared with a figure that shares it with a third.
    """
    row = _row(pack, variable)
    error = float("nan") if row is None else float(row["standard_error"])
    if np.isnan(error):
        error = _observed_error(pack, variable)
    if row is None or not text(row["shared_with"]):
        return PublicationError(variable, error)
    other = text(row["shared_with"])
    beyond = _row(pack, other)
    if other == variable or (beyond is not None and text(beyond["shared_with"])) or np.isnan(row["correlation"]):
        path = pack.path / FILE
        raise PackError(
            Problem(
                f"shared_with of '{variable}'",
                f"'{other}', correlation {float(row['correlation']):g}",
                "another variable, which shares with no third, and a correlation",
                "Correct the cell, or empty it where the samples differ.",
                str(path),
                line_of(path, "variable", variable),
            )
        )
    error_of(pack, other)
    return PublicationError(variable, error, other, float(row["correlation"]))


def _row(pack: Pack, variable: str) -> Mapping[Hashable, Any] | None:
    rows = pack.publication_errors
    chosen = rows[rows["variable"] == variable].to_dict("records")
    return chosen[0] if chosen else None


def _observed_error(pack: Pack, variable: str) -> float:
    """Return the standard error of the last observation of a variable for the place as a whole."""
    seen = [one for one in observations(pack) if one.variable == variable and one.area == pack.place.code]
    if not seen:
        known = sorted({one.variable for one in observations(pack)})
        raise PackError(
            Problem(
                "column variable",
                f"no standard error of '{variable}'",
                "a row, or an observation of it for the place: its published figure has an error",
                f"Add the row; 0 for a full count. {suggest(variable, known)}",
                str(pack.path / FILE),
            )
        )
    return max(seen, key=lambda one: one.year).standard_error


def publication_noise(pack: Pack, variable: str, dataset: xr.Dataset, *, known: int) -> xr.DataArray:
    """Return how far the published figures of a variable will stand from the truth, (draw, year) [unit].

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project`: its draws, years and seed. Every scenario has the same noise.
    known : int
        Year up to which figures are published: no noise in it or before.

    Raises
    ------
    PackError
        As for `error_of`.
    """
    one = error_of(pack, variable)
    years, draws = dataset["year"].values, dataset["draw"].values
    noise = np.zeros((len(draws), len(years)))
    for i, year in enumerate(years):
        if year > known and one.standard_error > 0.0:
            noise[:, i] = one.standard_error * _standard(one, int(year), int(dataset.attrs["seed"]), draws)
    return xr.DataArray(noise, dims=("draw", "year"), coords={"draw": draws, "year": years})


def _standard(one: PublicationError, year: int, seed: int, draws: Array) -> Array:
    """Return standard errors of one year by draw, correlated with those of the figure of the same sample."""

    def own(variable: str) -> Array:
        drawn: Array = generator(seed, f"published {variable} {year}").standard_normal(int(draws.max()) + 1)[draws]
        return drawn

    alone = own(one.variable)
    if not one.shared_with:
        return alone
    rest = float(np.sqrt(1.0 - one.correlation**2))
    return one.correlation * own(one.shared_with) + rest * alone


def as_published(pack: Pack, dataset: xr.Dataset, variables: tuple[str, ...], *, known: int) -> xr.Dataset:
    """Return variables of an ensemble as they will be published: with the sampling error of each year after `known`.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project`, of the place as a whole.
    variables : tuple of str
        Each with a standard error in the pack.
    known : int
        Last year whose figures are published.

    Raises
    ------
    PackError
        As for `error_of`.
    """
    chosen = dataset[list(variables)].sel(area=[pack.place.code])
    arrays = {}
    for name, array in chosen.data_vars.items():
        noise = publication_noise(pack, str(name), dataset, known=known)
        arrays[name] = (array + noise).transpose(*array.dims).assign_attrs(array.attrs)
    return chosen.assign(arrays)
