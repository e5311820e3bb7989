"""Checks of bare arrays by age: the functions of life tables name the value that is wrong by its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, LabelError, Problem, RateError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SEXES = ("male", "female")


def check_choice(name: str, found: object, known: Collection[str]) -> None:
    """Raise ArgumentError unless `found` is one of the known words."""
    if found not in known:
        raise ArgumentError(Problem(name, repr(found), f"one of {', '.join(known)}", suggest(str(found), known)))


def check_same_ages(values: Array, name: str, ages: Sequence[int] | range) -> None:
    """Raise LabelError unless the last axis of `values` is as long as `ages`."""
    found = values.shape[-1] if values.ndim else 0
    if found != len(ages):
        raise LabelError(Problem(name, f"{found} ages", f"{len(ages)}, as in `ages`", "Give one value per age."))


def check_range(
    values: Array,
    name: str,
    ages: Sequence[int] | range | None,
    *,
    upper: float | Array = np.inf,
    fix: str = "Correct the rate.",
) -> None:
    """Raise RateError that names the first value which is not finite, negative, or above `upper`.

    Parameters
    ----------
    values : (..., age)
    name : str
        What the values are, for the message.
    ages : sequence of int, optional
        Labels of the last axis; positions are named without them.
    upper : float or (age,)
        Largest value that may be.
    fix : str
        What to do.
    """
    bad = ~(np.isfinite(values) & (values >= 0) & (values <= upper))
    if not bad.any():
        return
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    *rows, column = first
    place = f"position {column} of the age axis" if ages is None else f"age {ages[column]}"
    if rows:
        place += f", position {', '.join(map(str, rows))} of the axes before"
    limit = float(np.broadcast_to(upper, values.shape)[first])
    raise RateError(
        Problem(
            f"{name} at {place}",
            f"{values[first]:g} ({int(bad.sum())} such value(s))",
            f"0 to {limit:g}" if np.isfinite(limit) else "a finite number of 0 or more",
            fix,
        )
    )


def check_open(mx: Array, sex: str, ages: Sequence[int] | range) -> None:
    """Raise RateError when nobody dies in the open group, who would live for ever."""
    if (mx[..., -1] == 0).any():
        raise RateError(
            Problem(
                f"death rate ({sex}) of the open group {ages[-1]}+",
                "0",
                "more than 0",
                "Close the life table at a lower age.",
            )
        )


def group_widths(ages: Sequence[int] | range) -> Array:
    """Return the length of each age group [years], infinite for the last, which is open.

    Raises
    ------
    LabelError
        Unless ages start at 0 and increase.
    """
    starts = np.asarray(list(ages), dtype=np.float64)
    if len(starts) < 2 or starts[0] != 0 or (np.diff(starts) <= 0).any():
        raise LabelError(
            Problem(
                "ages of a life table",
                f"{[int(age) for age in starts[:5]]} ({len(starts)} ages)",
                "two ages or more, from 0 upwards, the open group last",
                "Sort the ages, and give the lowest age of each group.",
            )
        )
    return np.append(np.diff(starts), np.inf)
