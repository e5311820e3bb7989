"""Figures as they will be published: the truth, and the sampling error of the year's survey or register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.inference.observations import text
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
    unit, reason : str
    shared_with : str
        Another variable whose figure rests on the same sample, or nothing.
    correlation : float [1]
        Of the errors of both in one year.
    """

    variable: str
    standard_error: float
    unit: str
    reason: str
    shared_with: str = ""
    correlation: float = 0.0


def publication_errors(pack: Pack) -> Mapping[str, PublicationError]:
    """Return the errors of figures to be published, by variable.

    Raises
    ------
    PackError
        When a variable shares its sample with one that is not there, or that shares it with a third.
    """
    rows = pack.publication_errors.to_dict("records")
    found = {
        str(row["variable"]): PublicationError(
            variable=str(row["variable"]),
            standard_error=float(row["standard_error"]),
            unit=str(row["unit"]),
            reason=str(row["reason"]),
            shared_with=text(row["shared_with"]),
            correlation=0.0 if np.isnan(row["correlation"]) else float(row["correlation"]),
        )
        for row in rows
    }
    path = pack.path / FILE
    alone = [name for name, one in found.items() if not one.shared_with]
    problems = [
        Problem(
            f"shared_with of '{name}'",
            f"'{one.shared_with}'",
            "a variable of this table that shares with no other",
            suggest(one.shared_with, alone),
            str(path),
            line_of(path, "variable", name),
        )
        for name, one in found.items()
        if one.shared_with and one.shared_with not in alone
    ]
    if problems:
        raise PackError(problems)
    return MappingProxyType(found)


def error_of(pack: Pack, variable: str) -> PublicationError:
    """Return the error of one figure.

    Raises
    ------
    PackError
        When the pack has none, or a faulty one.
    """
    errors = publication_errors(pack)
    if variable not in errors:
        raise PackError(
            Problem(
                "column variable",
                f"no row '{variable}'",
                "the standard error of its published figure: it is a target",
                "Add the row; 0 for a full count.",
                str(pack.path / FILE),
            )
        )
    return errors[variable]


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
