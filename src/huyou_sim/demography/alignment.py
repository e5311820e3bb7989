"""Checks that a labelled array lines up with what a projection expects; out comes a bare array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim.errors import LabelError, Problem, RateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def same_labels(array: xr.DataArray, name: str, dim: str, expected: Sequence[object]) -> None:
    """Raise LabelError unless the labels of `dim` are exactly those expected, in that order."""
    found = array[dim].values.tolist() if dim in array.dims else None
    if found is not None and [str(v) for v in found] == [str(v) for v in expected]:
        return
    if found is None:
        text = f"no dimension '{dim}' in {tuple(array.dims)}"
    else:
        missing = [v for v in expected if str(v) not in {str(f) for f in found}]
        extra = [v for v in found if str(v) not in {str(e) for e in expected}]
        text = f"labels {found[0]}..{found[-1]} (missing {missing[:5]}, not expected {extra[:5]})"
    raise LabelError(
        Problem(
            f"{name}, dimension {dim}",
            text,
            f"exactly {expected[0]}..{expected[-1]} ({len(expected)} labels, in this order)",
            f"Reindex {name} along {dim} and fill what is missing with data.",
        )
    )


def check_finite(
    array: Array, labels: xr.DataArray, name: str, *, lower: float | None = 0.0, upper: float | None = None
) -> None:
    """Raise RateError that names the first value which is not finite or outside the bounds, by its labels."""
    bad = ~np.isfinite(array)
    if lower is not None:
        bad |= array < lower
    if upper is not None:
        bad |= array > upper
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        where = ", ".join(f"{dim} {labels[dim].values[i]}" for dim, i in zip(labels.dims, place, strict=True))
        expected = "a finite number" if lower is None else f"a finite number of {lower:g} or more"
        if lower is not None and upper is not None:
            expected = f"{lower:g} to {upper:g}"
        raise RateError(
            Problem(
                f"{name} at {where}",
                f"{array[place]:g} ({int(bad.sum())} such)",
                expected,
                f"Correct {name}.",
            )
        )


def arrange(
    array: xr.DataArray,
    name: str,
    coords: Mapping[str, Sequence[object]],
    optional: Sequence[str],
    *,
    lower: float | None = 0.0,
    upper: float | None = None,
) -> Array:
    """Return `array` as a bare contiguous array over `coords`, labels checked; a missing year has length 1."""
    for dim, expected in coords.items():
        if dim in array.dims or dim not in optional:
            same_labels(array, name, dim, expected)
    unknown = [str(dim) for dim in array.dims if dim not in coords]
    if unknown:
        raise LabelError(
            Problem(name, f"dimension(s) {unknown}", f"only {list(coords)}", f"Select or sum over {unknown}.")
        )
    check_finite(np.asarray(array.values, dtype=np.float64), array, name, lower=lower, upper=upper)
    full = array.expand_dims([dim for dim in coords if dim not in array.dims]).transpose(*coords)
    shape = [1 if dim == "year" and dim not in array.dims else len(labels) for dim, labels in coords.items()]
    # A copy even where the shape fits: one that may be written to, as the kernel knows arrays of no other kind.
    return np.array(np.broadcast_to(full.values, shape), dtype=np.float64, order="C")


def per_trajectory(
    array: xr.DataArray | None,
    name: str,
    coords: Mapping[str, Sequence[object]],
    trajectories: Mapping[str, Any],
    *,
    default: float,
) -> Array:
    """Return an array over `coords` and, last, the trajectories: every draw of the first scenario, then the next.

    Parameters
    ----------
    array : ([scenario], [draw], and any of `coords`), optional
        What it does not tell apart is the same for all; `default` everywhere when there is none.
    coords : mapping
        Dimension to its exact labels.
    trajectories : mapping
        ``scenario``: labels; ``draw``: how many.

    Raises
    ------
    LabelError
        For a dimension that does not belong, labels that do not line up, or another number of draws.
    RateError
        For a value that is not finite.
    """
    scenarios, draws = list(trajectories["scenario"]), int(trajectories["draw"])
    shape = (len(scenarios), draws, *(len(labels) for labels in coords.values()))
    if array is None:
        return np.full((*shape[2:], shape[0] * shape[1]), default)
    dims = ("scenario", "draw", *coords)
    for dim in map(str, array.dims):
        if dim in coords:
            same_labels(array, name, dim, coords[dim])
        elif dim == "scenario":
            same_labels(array, name, dim, scenarios)
        elif dim != "draw" or array.sizes[dim] != draws:
            raise LabelError(
                Problem(
                    f"{name}, dimension {dim}",
                    f"{array.sizes[dim]} long",
                    f"{draws} draw(s)" if dim == "draw" else f"only {', '.join(dims)}",
                    f"Pass draws={array.sizes[dim]}." if dim == "draw" else f"Select or sum over {dim}.",
                )
            )
    check_finite(np.asarray(array.values, dtype=np.float64), array, name, lower=None)
    full = array.expand_dims([dim for dim in dims if dim not in array.dims]).transpose(*dims)
    bare = np.broadcast_to(full.values, shape).reshape(-1, *shape[2:])
    # A copy: the projection adds to it what a response asks for.
    return np.array(np.moveaxis(bare, 0, -1), dtype=np.float64, order="C")
