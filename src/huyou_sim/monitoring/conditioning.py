"""Draws of an ensemble given published figures: weighted by them, or moved to them where few draws are near.

Weights make every quantity of a draw a weighted one (`huyou_sim.inference.updating`). Where they rest on too few draws,
each draw is moved instead: by the regression of what is asked on the figures, times how far the figures lie from those
that the draw would have published (`huyou_sim.inference.updating.moved`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from huyou_sim.inference.priors import generator
from huyou_sim.inference.updating import Figures, moved, update

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ENOUGH = 400.0
"""Effective size from which weights are used: each end of a band of 90 % then rests on the worth of twenty draws.

In simulated histories of births the bands of weighted draws worth 100 to 400 held 85 to 88 % of the figures, those of
moved draws 90 to 93 % of the same."""


class Seen(Protocol):
    """A published figure of the place."""

    @property
    def variable(self) -> str:
        """Name in variables.csv."""

    @property
    def year(self) -> int:
        """Calendar year, or that at whose end it holds."""

    @property
    def value(self) -> float:
        """In the unit of the variable."""

    @property
    def standard_error(self) -> float:
        """Of publication."""


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Draws given figures.

    Parameters
    ----------
    weights : (draw,) [1]
        Sum 1; all the same where draws are moved, or there are no figures.
    effective : float
        Number of independent draws that they are worth.
    figures : int
        How many figures there are.
    moved : bool
        Whether draws are moved, since weights would rest on too few of them.
    predicted : (draw, figure) [unit of each], optional
        What a draw says that each figure truly is; with draws that are moved.
    missed : (draw, figure) [unit of each], optional
        The figures less what the draw would have published.
    spread : (figure, figure), optional
        Covariance of the figures that draws would publish.
    """

    weights: Array
    effective: float
    figures: int = 0
    moved: bool = False
    predicted: Array | None = None
    missed: Array | None = None
    spread: Array | None = None

    def of(self, values: Array) -> Array:
        """Return quantities of the draws given the figures: as they are, or moved.

        Parameters
        ----------
        values : (draw, quantity) [any]
        """
        if self.predicted is None or self.missed is None or self.spread is None:
            return values
        return moved(values, self.predicted, self.missed, self.spread)


def conditioned_by(dataset: xr.Dataset, scenario: str, seen: Sequence[Seen]) -> Conditioned:
    """Return the draws of a scenario given published figures.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `Ensemble.project`, of one area.
    scenario : str
    seen : sequence of Seen
        Whose errors of publication are independent; draws stay as they are without any.
    """
    draws, independent = dataset.sizes["draw"], float(dataset.attrs["effective_draws"])
    equal = np.full(draws, 1.0 / draws)
    if not seen:
        return Conditioned(equal, independent)
    values, errors = (np.array([getattr(one, name) for one in seen]) for name in ("value", "standard_error"))
    figures = Figures(values, np.diag(errors**2), tuple(f"{one.variable} {one.year}" for one in seen))
    predicted = truth(dataset, scenario, seen)
    found = update(predicted, figures, effective=independent)
    if found.effective_size >= ENOUGH and not found.refit_needed:
        return Conditioned(found.weights, found.effective_size, len(seen))
    missed = values - predicted - errors_of(dataset, seen)
    spread = np.atleast_2d(np.cov(predicted.T)) + figures.covariance
    return Conditioned(equal, independent, len(seen), True, predicted, missed, spread)


def truth(dataset: xr.Dataset, scenario: str, seen: Sequence[Seen]) -> Array:
    """Return what the model says where figures were published, (draw, figure) [unit of each]."""
    own = dataset.sel(scenario=scenario).isel(area=0)
    found: Array = np.stack([own[one.variable].sel(year=one.year).values for one in seen], axis=1)
    return found


def errors_of(dataset: xr.Dataset, seen: Sequence[Seen]) -> Array:
    """Return errors of publication by draw, (draw, figure) [unit of each]: new ones, not those of the figures."""
    seed, draws = int(dataset.attrs["seed"]), dataset["draw"].values
    columns = []
    for one in seen:
        drawn = generator(seed, f"counterfactual {one.variable} {one.year}").standard_normal(int(draws.max()) + 1)
        columns.append(one.standard_error * drawn[draws])
    found: Array = np.stack(columns, axis=1)
    return found
