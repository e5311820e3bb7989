"""Probabilities of a year out of hazards. Plain functions of arithmetic alone, which `compiling` compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.walk import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Indices = NDArray[np.int64]


def _leave(hazard: float) -> float:
    """Return ``1 - exp(-hazard)`` for a hazard of 0 or more, to about 1e-15 of its value.

    The library's function is called once per number; this one is plain arithmetic, which the compiler spreads over a
    whole vector of trajectories. A sixteenth of the hazard is small enough for the Pade approximant of order (5, 5) of
    the exponential, ``(even - odd) / (even + odd)``, and ``q (2 - q)`` doubles the time, four times. Beyond 40 nobody
    is left to 4e-18 anyway.
    """
    z = 0.0625 * (hazard if hazard < 40.0 else 40.0)
    square = z * z
    odd = z * (15120.0 + square * (420.0 + square))
    even = 30240.0 + square * (3360.0 + 30.0 * square)
    q = (odd + odd) / (even + odd)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    q = q * (2.0 - q)
    return q * (2.0 - q)


def _leave_all(hazards: Array) -> None:
    """Turn hazards into probabilities, in place."""
    flat = hazards.reshape(hazards.size)
    for i in range(flat.size):
        flat[i] = _leave(flat[i])


def _common(values: Array, common: Indices) -> int:
    """Mark the rows whose value is the same for all trajectories of the block; return 1 when all are."""
    every = 1
    for k in range(values.shape[0]):
        differ = 0
        for b in range(BLOCK):
            differ += 1 if values[k, b] != values[k, 0] else 0
        common[k] = 1 if differ == 0 else 0
        every = every if differ == 0 else 0
    return every


def _chances(
    hazard: Array, death_channel: Indices, rate: Array, channel: Indices, multiplier: Array, stay: Array, half: Array
) -> None:
    """Fill the chances that hold for all trajectories where their multiplier does: the first one's.

    `stay` (sex, age reached) is the probability to survive the year, `half` (schedule, cohort) to leave in half of
    it. Where multipliers differ, these values are not used.
    """
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            stay[sex, age] = hazard[sex, age] * multiplier[death_channel[sex, age], 0]
    _leave_all(stay)
    for sex in range(hazard.shape[0]):
        for age in range(hazard.shape[1]):
            stay[sex, age] = 1.0 - stay[sex, age]
    for schedule in range(half.shape[0]):
        for row in range(half.shape[1]):
            younger, older = channel[schedule, row], channel[schedule, row + 1]
            half[schedule, row] = (0.25 * rate[schedule, row]) * multiplier[younger, 0] + (
                0.25 * rate[schedule, row + 1]
            ) * multiplier[older, 0]
    _leave_all(half)
