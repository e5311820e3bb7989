"""A new fit: draws of a place given the figures of the calibration year and those published since.

Weights (`huyou_sim.inference.updating`) take the draws as they are; here new ones are made, where the figures want
them. What moves is all that the figures depend on, on the scale where every prior is standard normal: parameters of the
first year, whose own figures go on to count, together with trends, elasticities, sizes of shocks, their persistence and
later migrants, and what is new of each shock in the years of the figures. What the figures do not depend on keeps the
values it was drawn with, as do the shocks of all later years.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.annealing import Annealed, anneal
from huyou_sim.inference.density import Density
from huyou_sim.inference.parameters import Parameter
from huyou_sim.inference.posterior import place_density
from huyou_sim.inference.updating import REFIT_BELOW, Figures, check_figures, log_likelihood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

Predict = Callable[[xr.Dataset], "Array"]
"""Indicators of one scenario to what each draw says that each figure truly is, (draw, figure)."""

IDLE = 0.01
"""Change of all predictions in standard errors of their figures below which a coordinate has no influence: the figures
would narrow it by a ten-thousandth."""

TRIED = 8
"""Draws at which it is tried what the figures depend on."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """What moves, as standard normal numbers.

    Parameters
    ----------
    parameters : tuple of Parameter
    news : tuple of (str, int)
        Name of a yearly shock and number of a year: what is new of it in that year.
    """

    parameters: tuple[Parameter, ...]
    news: tuple[tuple[str, int], ...]

    def __len__(self) -> int:
        return len(self.parameters) + len(self.news)

    def chosen(self, which: Sequence[bool]) -> Coordinates:
        """Return some of the coordinates."""
        count = len(self.parameters)
        return Coordinates(
            tuple(one for one, yes in zip(self.parameters, which[:count], strict=True) if yes),
            tuple(one for one, yes in zip(self.news, which[count:], strict=True) if yes),
        )

    def of(self, ensemble: Ensemble) -> Array:
        """Return where the draws of an ensemble stand, (draw, coordinate)."""
        values = [one.distribution.to_normal(ensemble.draws.values[one.name]) for one in self.parameters]
        return np.stack([*values, *(ensemble.innovations[name][:, i] for name, i in self.news)], axis=1)

    def put(self, ensemble: Ensemble, normal: Array, *, mark: str = "", effective: float | None = None) -> Ensemble:
        """Return an ensemble whose draws stand elsewhere, at `normal` (draw, coordinate); all else as it is."""
        draws, count = ensemble.draws, len(self.parameters)
        values = dict(draws.values)
        for one, column in zip(self.parameters, normal[:, :count].T, strict=True):
            values[one.name] = one.distribution.from_normal()(column)
        new = {name: array.copy() for name, array in ensemble.innovations.items()}
        for (name, i), column in zip(self.news, normal[:, count:].T, strict=True):
            new[name][:, i] = column
        moved = replace(draws, values=MappingProxyType(values), mark="; ".join(filter(None, [draws.mark, mark])))
        return ensemble.given(moved, new, effective=ensemble.effective if effective is None else effective)


@dataclass(frozen=True, eq=False)
class Refit:
    """An ensemble given new figures, and how it came about.

    Parameters
    ----------
    ensemble : Ensemble
        Its draws weigh the same. Its mark says where they are not to be relied upon.
    moved : Coordinates
        What the figures depend on.
    annealed : Annealed
    """

    ensemble: Ensemble
    moved: Coordinates
    annealed: Annealed


def refit(
    ensemble: Ensemble,
    scenario: Scenario,
    predict: Predict,
    figures: Figures,
    *,
    until: int,
    threads: int | None = None,
    progress: bool = False,
) -> Refit:
    """Return draws given new figures, as many as the ensemble has.

    Parameters
    ----------
    ensemble : Ensemble
        As from `prepare_ensemble`, without new figures: a second refit starts from the first ensemble again, with all
        figures.
    scenario : Scenario
        What was in force in the years of the figures.
    predict : callable
        Takes the indicators of the scenario up to `until`.
    figures : Figures
    until : int
        Last year of the figures.
    threads : int, optional
        The number changes no bit of the result.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        When the figures or their predictions are not what they should be, the year is not one of the ensemble, there
        are too few draws, or the ensemble has rows of a posterior of other parameters.
    """
    check_figures(figures)
    if not len(figures):
        raise ArgumentError(Problem("figures", "none", "at least one", "Add a figure; without one nothing changes."))

    def predicted(made: Ensemble) -> Array:
        return predict(made.project([scenario], until=until, threads=threads))

    density = _density(ensemble, threads)
    moves = _depended_on(ensemble, predicted, figures, _all(ensemble, until), density)

    def likely(normal: Array) -> Array:
        found = predicted(moves.put(ensemble, normal))
        finite = np.isfinite(found).all(axis=1)
        log = np.full(len(found), -np.inf)
        log[finite] = log_likelihood(found[finite], figures)
        return log

    annealed = anneal(moves.of(ensemble), _base(moves, density), likely, seed=ensemble.seed, progress=progress)
    # What the rows of the posterior remember of each other stays, as if moving made nothing better.
    effective = 1.0 / (1.0 / annealed.effective + 1.0 / ensemble.effective - 1.0 / len(ensemble))
    made = moves.put(ensemble, annealed.particles.points, mark=refit_mark(annealed, effective), effective=effective)
    return Refit(made, moves, annealed)


def refit_mark(annealed: Annealed, effective: float, lang: str = "en") -> str:
    """Return what must stand beside every probability from a refit: nothing where its draws have mixed."""
    if annealed.mixed and effective >= min(REFIT_BELOW, len(annealed.particles) / 2.0):
        return ""
    figures = (annealed.left, effective)
    if lang == "zh":
        return "重新拟合未充分混合（剩余相关{:.2f}，有效样本量{:.0f}）：概率不可靠".format(*figures)
    return "refit not mixed (correlation left {:.2f}, effective size {:.0f}): do not rely on it".format(*figures)


def _density(ensemble: Ensemble, threads: int | None) -> Density | None:
    """Return the density that the ensemble's rows of a posterior are from; none where all comes from priors."""
    sampled = ensemble.draws.from_posterior
    if not sampled:
        return None
    density = place_density(ensemble.pack, ensemble.baseline, threads=threads)
    names = {one.name for one in density.parameters}
    if names != sampled:
        odd = ", ".join(sorted(names ^ sampled))
        fix = "Sample the posterior of this place again."
        raise ArgumentError(Problem("posterior", f"other parameters: {odd}", "those of the place", fix))
    return density


def _all(ensemble: Ensemble, until: int) -> Coordinates:
    """Return every coordinate that figures up to a year may depend on."""
    numbers = [i for i, year in enumerate(ensemble.years) if i and year <= until]
    return Coordinates(ensemble.draws.parameters, tuple((name, i) for name in ensemble.innovations for i in numbers))


def _depended_on(
    ensemble: Ensemble,
    predicted: Callable[[Ensemble], Array],
    figures: Figures,
    coordinates: Coordinates,
    density: Density | None,
) -> Coordinates:
    """Return the parameters of the density first, then all coordinates of which any figure depends.

    Each is given the value of the next draw in turn, at some draws; what changes none by `IDLE` has no influence.
    """
    tried = np.arange(min(TRIED, len(ensemble)))
    count = len(coordinates) + 1
    rows = np.repeat(tried, count)
    normal = coordinates.of(ensemble)
    points = normal[rows].reshape(len(tried), count, -1)
    for i in range(len(coordinates)):
        points[:, i + 1, i] = normal[(tried + 1) % len(ensemble), i]
    draws = replace(
        ensemble.draws, values=MappingProxyType({name: array[rows] for name, array in ensemble.draws.values.items()})
    )
    new = {name: array[rows] for name, array in ensemble.innovations.items()}
    some = ensemble.given(draws, new, effective=float(len(rows)))
    found = predicted(coordinates.put(some, points.reshape(len(rows), -1))).reshape(len(tried), count, -1)
    errors = np.sqrt(np.diag(figures.covariance))
    off = np.nan_to_num(np.abs(found[:, 1:] - found[:, :1]) / errors, nan=np.inf).max(axis=(0, 2))
    sampled = () if density is None else density.parameters
    known = {one.name for one in sampled}
    others = coordinates.chosen(off > IDLE)
    return Coordinates((*sampled, *(one for one in others.parameters if one.name not in known)), others.news)


def _base(moves: Coordinates, density: Density | None) -> Callable[[Array], Array]:
    """Return the log density without the new figures: standard normal, and the likelihood of the first year's."""
    known = 0 if density is None else len(density.parameters)

    def base(normal: Array) -> Array:
        rest: Array = -0.5 * (normal[:, known:] ** 2).sum(axis=1)
        return rest if density is None else density.log(normal[:, :known]) + rest

    return base


__all__ = ["Coordinates", "Predict", "Refit", "refit", "refit_mark"]
