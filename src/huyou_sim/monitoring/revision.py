"""What revised probabilities rest on: the exact way that takes seconds where there is one, else new draws.

Weights of the course's own draws come first. Where they rest on too few draws, a stored refit of these figures is
found again; one of some of them, as of last month's file, has its draws weighted by the rest. Where that rests on too
few as well, draws are made anew and kept. Without new draws, those of the course are moved by regression: with seven
made-up figures that gave total fertility a probability of 46 % of its target, where new draws gave 55 and weights of
those of a refit of five of the figures 54, with Monte Carlo errors of two to three points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.refit import Refit, refit
from huyou_sim.inference.stored_refits import Shelf, Stored, shelf_of
from huyou_sim.inference.updating import Figures, Update, update
from huyou_sim.monitoring.predicted import Predicted, predict, truths, with_assumed_rates
from huyou_sim.monitoring.revised import equal_update, moved_course, update_of
from huyou_sim.monitoring.warning import UNMOVED

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.planning.observed import Observed
    from huyou_sim.policy import Scenario

WAYS = ("weights", "stored", "new", "moved")
"""Weights of the course's draws; weights of the draws of a stored refit; new draws; draws moved by regression."""

LEAST = 1000
"""Draws below which none are made anew unless it is asked for: the refit of fewer is poor, and its time ill spent."""

REASONS = ("", "asked", "few", "impossible", "areas")
"""Why draws are moved: new ones were not wanted; there are fewer than `LEAST`; they could not be made of so few; no
figure is of the whole place."""

ROOMS = ("planning", "monitoring")
"""Rooms whose source says what a draw predicts of a figure."""


@dataclass(frozen=True, eq=False)
class Revision:
    """What the revised probabilities rest on.

    Parameters
    ----------
    way : one of `WAYS`
    weights : Update
        Of the course's own draws.
    update : Update
        Of the draws that the probabilities are of: equal weights where these are new or moved.
    later : xarray.Dataset, optional
        The course in those draws; none where they are the course's own.
    refit : Refit, optional
        That they are from.
    given : tuple of str
        Figures that it was given.
    found : bool
        Whether it was found on disk.
    seconds : float
        That drawing anew took; 0 where nothing was drawn.
    reason : one of `REASONS`
    """

    way: str
    weights: Update
    update: Update
    later: xr.Dataset | None = None
    refit: Refit | None = None
    given: tuple[str, ...] = ()
    found: bool = False
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Course:
    """A course that is monitored.

    Parameters
    ----------
    ensemble : Ensemble
    scenario : Scenario
    plain : xarray.Dataset
        Its indicators in all areas of the figures, as from `Ensemble.project`.
    """

    ensemble: Ensemble
    scenario: Scenario
    plain: xr.Dataset

    def again(self, ensemble: Ensemble) -> Course:
        """Return the course in other draws."""
        areas = [str(area) for area in self.plain["area"].values]
        return Course(ensemble, self.scenario, ensemble.project([self.scenario], areas=areas))

    @property
    def dataset(self) -> xr.Dataset:
        """Return the indicators, with what no draw moves as uncertain as it is."""
        return with_assumed_rates(self.ensemble.pack, self.plain)


def revise(
    course: Course,
    predicted: Predicted,
    *,
    new: bool | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> Revision:
    """Return what the figures make of the draws of a course.

    Parameters
    ----------
    course : Course
    predicted : Predicted
        All figures of the model's variables, from the course's dataset.
    new : bool, optional
        Whether to draw anew; when omitted, where weights rest on too few draws and there are `LEAST` or more.
    folder : path, optional
        Where refits are kept.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        As for `huyou_sim.inference.refit.refit` where new draws are asked for.
    """
    weights = update_of(predicted)
    used = taken(course, predicted.figures)
    if not weights.refit_needed and not (new and used):
        return Revision("weights", weights, weights)
    reason = "areas"
    if used:
        seen, keys = figures_of(course, used), tuple(key_of(one) for one in used)
        shelf = shelf_of(course.ensemble, course.scenario, rooms=ROOMS, folder=folder)
        found = shelf.exact(keys, seen)
        if found is not None:
            return _fresh(course, weights, found, keys, found=True)
        last = None if new else shelf.nearest(keys)
        better = None if last is None else _on_top(course, weights, last, used, seen)
        if better is not None:
            return better
        reason = "asked" if new is False else "few" if new is None and len(course.ensemble) < LEAST else ""
        if not reason:
            try:
                return _drawn(course, weights, shelf, used, seen, progress)
            except ArgumentError:
                if new:
                    raise
                reason = "impossible"
    later = moved_course(predicted, course.dataset)
    return Revision("moved", weights, equal_update(len(course.ensemble), predicted.effective), later, reason=reason)


def taken(course: Course, figures: Sequence[Observed]) -> tuple[Observed, ...]:
    """Return the figures that a refit is given: of the whole place, and of variables that the ensemble moves."""
    place = course.ensemble.baseline.code
    return tuple(one for one in figures if one.area == place and one.variable not in UNMOVED)


def key_of(one: Observed) -> str:
    """Return what tells a figure from all others: what it is of, value and error. A revision has another.

    One that confirms the value and its error has not, whatever its day: draws given the one are draws given the other.
    """
    return " ".join([*map(str, one.key), repr(float(one.value)), repr(float(one.standard_error))])


def figures_of(course: Course, used: Sequence[Observed]) -> Figures:
    """Return figures with all errors about what a draw says of them.

    How far remarriages, which the ensemble does not move, leave a figure of marriages uncertain is one of them.
    """
    pack = course.ensemble.pack
    bare, full = predict(pack, course.plain, used), predict(pack, course.dataset, used)
    covariance = bare.covariance + np.atleast_2d(np.cov(full.truth - bare.truth, rowvar=False))
    return Figures(bare.values, covariance, tuple(f"{one.name} {one.period}" for one in used))


def _on_top(
    course: Course, weights: Update, last: Stored, used: Sequence[Observed], seen: Figures
) -> Revision | None:  # fmt: skip
    """Return weights of the draws of a stored refit given figures that it was not, none where they rest on too few."""
    made = last.refit.ensemble
    later = course.again(made)
    particles = last.refit.annealed.particles
    found = update(
        truths(made.pack, later.plain, used), seen, effective=made.effective, given=particles.likely
    )  # fmt: skip
    if found.refit_needed:
        return None
    return Revision("stored", weights, found, later.dataset, last.refit, tuple(sorted(last.keys)), found=True)


def _drawn(
    course: Course, weights: Update, shelf: Shelf, used: Sequence[Observed], seen: Figures, progress: bool
) -> Revision:
    """Return new draws given the figures, which are kept."""
    began = perf_counter()
    pack, keys = course.ensemble.pack, tuple(key_of(one) for one in used)
    last = max(one.period.year for one in used)
    made = refit(
        course.ensemble, course.scenario, lambda found: truths(pack, found, used), seen, until=last, progress=progress
    )
    seconds = perf_counter() - began
    shelf.keep(keys, seen, made)
    return _fresh(course, weights, made, keys, seconds=seconds)


def _fresh(
    course: Course, weights: Update, made: Refit, keys: tuple[str, ...], *, found: bool = False, seconds: float = 0.0
) -> Revision:
    """Return draws that were given all figures, each of the same weight."""
    equal = equal_update(len(made.ensemble), made.ensemble.effective)
    return Revision("new", weights, equal, course.again(made.ensemble).dataset, made, keys, found, seconds)


__all__ = [
    "LEAST", "REASONS", "WAYS", "Course", "Revision", "figures_of", "key_of", "revise", "taken",
]  # fmt: skip
