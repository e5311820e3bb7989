"""What the best package is best at: a figure over all draws, never that of a central run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.monte_carlo import probability_error, quantile_error
from huyou_sim.planning.trials import Courses, Question, Trials, reached

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.planning.budget import Budget

    Array = NDArray[np.float64]

BIRTHS, PROBABILITY = "births", "probability"
KINDS = (BIRTHS, PROBABILITY)

MEAN = "mean"
SUMMARY = "q10"
"""Of births gained unless told otherwise: what is gained with a probability of 90 %."""

OVER = 10.0
"""Rank of a package over the budget; those within it have ranks from -1 to 1."""

THOUSAND = 1000.0


@dataclass(frozen=True)
class Aim:
    """An objective.

    Parameters
    ----------
    kind : {"births", "probability"}
        Births gained over the base, or the probability that all targets are reached together.
    summary : str
        Of births gained over draws: ``mean``, or a quantile in per cent, ``q10``. A probability is one already.

    Raises
    ------
    ArgumentError
        When there is no such objective or summary.
    """

    kind: str
    summary: str = SUMMARY

    def __post_init__(self) -> None:
        problems = []
        if self.kind not in KINDS:
            problems.append(Problem("maximise", f"'{self.kind}'", " or ".join(KINDS), "Type --maximise births."))
        if self.summary != MEAN and not re.fullmatch(r"q[1-9][0-9]?", self.summary):
            expected = "mean, or a quantile from q1 to q99"
            problems.append(Problem("summary", f"'{self.summary}'", expected, "Type --summary q10."))
        if problems:
            raise ArgumentError(problems)

    @property
    def level(self) -> float | None:
        """Return the quantile that is asked for; None for a mean."""
        return None if self.kind == PROBABILITY or self.summary == MEAN else int(self.summary[1:]) / 100.0

    def summarised(self, by_draw: Array) -> Array:
        """Return the figure over draws, (...), of what `by_draw` gives, (..., draw)."""
        level = self.level
        found: Array = by_draw.mean(axis=-1) if level is None else np.quantile(by_draw, level, axis=-1)
        return found

    def error(self, by_draw: Array, effective: float) -> float:
        """Return the Monte Carlo standard error of that figure, of (draw,) and their effective number."""
        if self.kind == PROBABILITY:
            return float(probability_error(by_draw.mean(), effective))
        if self.level is not None:
            return float(quantile_error(np.sort(by_draw), self.level, effective))
        return float(by_draw.std() / np.sqrt(effective))

    def by_draw(self, question: Question, found: Courses) -> Array:
        """Return births gained, or 1 where all targets are reached in the sense of the question, (candidate, draw)."""
        if self.kind == BIRTHS:
            return found.gained
        true, seen = reached(question, found)
        return (seen if question.seen else true).astype(np.float64)

    def value(self, question: Question, trials: Trials) -> Array:
        """Return the figure of each candidate, (candidate,) [persons or 1]."""
        return self.summarised(trials.gained) if self.kind == BIRTHS else trials.asked(question)

    def ranked(self, question: Question, budget: Budget) -> Callable[[Trials], Array]:
        """Return the rank of candidates: those over the budget last, by how far; the others by the figure."""

        def rank(trials: Trials) -> Array:
            excess = budget.excess(trials.spent, question.years)
            value, scale = self.value(question, trials), THOUSAND
            if self.kind == PROBABILITY:
                # Distances put in order what reaches in equally many draws.
                value, scale = value - 1e-3 * trials.distance / (1.0 + trials.distance), 1.0
            order: Array = np.where(excess > 0.0, OVER + np.tanh(excess), -value / (scale + np.abs(value)))
            return order

        return rank
