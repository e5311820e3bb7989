"""The course of an administrative indicator to its target: required pace, course so far, probability of arriving.

No population stands behind a rate of screening or a number of rooms that a projection could know. Its course is a
straight line whose pace is uncertain, with irregular steps about it; every figure that is observed updates the pace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_ndtr, ndtr

from huyou_sim.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SPREAD_90 = 2.0 * 1.6448536269514722
"""Standard deviations between the 5 % and the 95 % quantile of a normal distribution."""


@dataclass(frozen=True)
class Pace:
    """What is held of a course before anything is observed.

    Parameters
    ----------
    mean, sd : float [unit per year]
        Of the pace.
    step_sd : float [unit per square root of a year]
        Irregularity: standard deviation of what one year brings beyond the pace.
    start_sd : float [unit]
        Of the figure of the baseline year, which a survey may have missed.
    error : float [unit]
        Standard error of any later observed figure.
    """

    mean: float
    sd: float
    step_sd: float
    start_sd: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class CourseAnswer:
    """Where a course stands and where it leads.

    Parameters
    ----------
    mean, sd : float [unit]
        Of the true figure of the target year, given all observations.
    probability, probability_seen : float [1]
        That the true figure, and the published one, are at or beyond the target.
    pace, pace_sd : float [unit per year]
        Given all observations.
    required_pace : float [unit per year]
        From the baseline to the target in a straight line.
    observed_pace : float [unit per year]
        From the baseline to the last observation; not a number without one.
    still_required_pace : float [unit per year]
        From the last observation on; the required pace without one.
    covered : float [1]
        Share of the way from baseline to target that the last observation has covered; not a number without one.
    probability_at_pace : float [1]
        That the target is reached if the observed pace goes on; not a number without an observation.
    """

    mean: float
    sd: float
    probability: float
    probability_seen: float
    pace: float
    pace_sd: float
    required_pace: float
    observed_pace: float
    still_required_pace: float
    covered: float
    probability_at_pace: float


def course_probability(
    baseline: float,
    target: float,
    observations: Sequence[tuple[float, float]],
    years: float,
    *,
    pace: Pace,
    falls: bool = False,
    cap: float = np.inf,
) -> CourseAnswer:
    """Return with what probability a course reaches its target, and at what pace.

    The figure after t years is ``baseline + pace t + step_sd W(t)``, W a Brownian motion, the pace and the start
    normal: all is normal, and observations update it exactly.

    Parameters
    ----------
    baseline, target : float [unit]
    observations : sequence of (float [years since the baseline], float [unit])
        Published figures, none of them before the baseline.
    years : float [years]
        From the baseline to the target.
    pace : Pace
    falls : bool
        The target is reached at or below it, not at or above.
    cap : float [unit]
        Highest figure that can be published, 100 of a share: one at the cap says that the course is there or beyond,
        and is taken as the mean of what lies beyond, given the figures before it.

    Raises
    ------
    ArgumentError
        When the target is not after the baseline, or an observation is not after it.

    Source
    ------
    Conditioning of normal distributions: Rasmussen and Williams (2006), Gaussian Processes for Machine Learning,
    equation 2.19; the kernel of a Brownian motion with a drift that is normal.
    """
    _check(observations, years)
    ordered = _uncapped(baseline, sorted(observations), pace, cap)
    at = np.array([time for time, _ in ordered])
    seen = np.array([value for _, value in ordered])
    mean, sd = _posterior(baseline, at, seen, years, pace)
    slope, slope_sd = _slope(baseline, at, seen, pace)
    side = -1.0 if falls else 1.0
    required = (target - baseline) / years
    last = ordered[-1] if ordered else (0.0, baseline)
    left = years - last[0]
    observed = (last[1] - baseline) / last[0] if ordered else float("nan")
    still = (target - last[1]) / left if left > 0.0 else float("nan")
    ahead = last[1] + observed * left
    return CourseAnswer(
        mean=mean,
        sd=sd,
        probability=_beyond(side * (mean - target), sd),
        probability_seen=_beyond(side * (mean - target), float(np.hypot(sd, pace.error))),
        pace=slope,
        pace_sd=slope_sd,
        required_pace=required,
        observed_pace=observed,
        still_required_pace=still,
        covered=(last[1] - baseline) / (target - baseline) if ordered and target != baseline else float("nan"),
        probability_at_pace=_beyond(side * (ahead - target), pace.step_sd * left**0.5) if ordered else float("nan"),
    )


def _check(observations: Sequence[tuple[float, float]], years: float) -> None:
    problems = []
    if not years > 0.0:
        problems.append(Problem("years", f"{years:g}", "a target year after the baseline", "Give years above 0."))
    for time, value in observations:
        if not time > 0.0 or not np.isfinite(value):
            found = f"{value:g} after {time:g} years"
            problems.append(Problem("observations", found, "figures after the baseline", "Leave it out."))
    if problems:
        raise ArgumentError(problems)


def _beyond(distance: float, sd: float) -> float:
    """Return the probability that a normal figure so far beyond a target is beyond it; certain without a spread."""
    if sd <= 0.0:
        return float(distance >= -ROUNDING)
    return float(ndtr(distance / sd))


def _uncapped(
    baseline: float, ordered: Sequence[tuple[float, float]], pace: Pace, cap: float
) -> list[tuple[float, float]]:
    """Return observed figures, those at the cap replaced by the mean of a normal distribution that is cut there.

    Source
    ------
    Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions, volume 1, section 13.10.1.
    """
    found: list[tuple[float, float]] = []
    for time, value in ordered:
        if value < cap - ROUNDING:
            found.append((time, value))
            continue
        at, seen = np.array([t for t, _ in found]), np.array([v for _, v in found])
        mean, sd = _posterior(baseline, at, seen, time, pace)
        below = (cap - mean) / sd if sd > 0.0 else 0.0
        # Far beyond the mean a normal distribution that is cut lies at the cut.
        beyond = mean + sd * np.exp(-0.5 * below**2 - log_ndtr(-below)) / np.sqrt(2.0 * np.pi)
        found.append((time, max(float(beyond), value)))
    return found


ROUNDING = 1e-9
"""By which a figure may miss a threshold: that of floating point [unit]."""


def _covariance(one: Array, other: Array, pace: Pace) -> Array:
    """Return the covariance of true figures at two sets of years since the baseline, (one, other) [unit squared]."""
    found: Array = (
        pace.start_sd**2 + pace.sd**2 * np.multiply.outer(one, other) + pace.step_sd**2 * np.minimum.outer(one, other)
    )
    return found


def _weights(at: Array, pace: Pace) -> Array:
    """Return the inverse covariance of observed figures, (observation, observation)."""
    both = _covariance(at, at, pace) + pace.error**2 * np.eye(len(at))
    found: Array = np.asarray(np.linalg.pinv(both, hermitian=True), dtype=np.float64)
    return found


def _posterior(baseline: float, at: Array, seen: Array, years: float, pace: Pace) -> tuple[float, float]:
    """Return mean and standard deviation of the true figure after `years`."""
    end = np.array([years])
    mean, variance = baseline + pace.mean * years, float(_covariance(end, end, pace)[0, 0])
    if len(at):
        gain = _covariance(end, at, pace)[0] @ _weights(at, pace)
        mean += float(gain @ (seen - baseline - pace.mean * at))
        variance -= float(gain @ _covariance(at, end, pace)[:, 0])
    return mean, float(np.sqrt(max(variance, 0.0)))


def _slope(baseline: float, at: Array, seen: Array, pace: Pace) -> tuple[float, float]:
    """Return mean and standard deviation of the pace."""
    mean, variance = pace.mean, pace.sd**2
    if len(at):
        gain = pace.sd**2 * at @ _weights(at, pace)
        mean += float(gain @ (seen - baseline - pace.mean * at))
        variance -= float(gain @ (pace.sd**2 * at))
    return mean, float(np.sqrt(max(variance, 0.0)))
