"""From plain functions to one compiled function, kept between processes.

Compiling takes about twenty seconds, once: the machine code is kept on disk, beside the source where that can be
written, else in the user's cache folder. It is found again by the processor, the version of numba, and a name that
holds a hash of everything that was compiled, so that no code of another version can ever be taken for this one. A
package compiled ahead of time would know neither the user's processor (its vectors make the speed) nor a state space of
the user's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pickle import UnpicklingError
from types import CodeType, FunctionType, ModuleType
from typing import Any

from numba import njit

from huyou_sim.demography import chances, cohorts, counting, kernel, single
from huyou_sim.demography.walk import Row, written_walk

OPTIONS: dict[str, Any] = {"error_model": "numpy"}
"""Division by zero gives an infinity, as in numpy. No `fastmath`: it would let bits depend on the processor."""


@cache
def compiled(events: tuple[Row, ...], states: int, counters: int) -> Callable[..., None]:
    """Return the year step of `kernel` for a state space.

    Parameters
    ----------
    events : tuple of (origin, destination, counter, schedule)
    states, counters : int
        As for `written_walk`.
    """
    return assembled(kernel, written_walk(events, states, counters))


@cache
def compiled_single() -> Callable[..., None]:
    """Return the year step of `single`."""
    return assembled(single)


def assembled(module: ModuleType, written: str = "") -> Callable[..., None]:
    """Return `_advance` of a module, compiled with all functions of the module in it.

    Parameters
    ----------
    module : module
        Its functions are plain. Each is made anew in a scope of its own, so that the module stays as it is.
    written : str
        Source of the function that takes the place of `_walk`.
    """
    # What a module takes from another needs the functions and constants that it stands beside there.
    scope = {**vars(chances), **vars(counting), **vars(cohorts), **vars(module)}
    functions = {name: value for name, value in scope.items() if isinstance(value, FunctionType)}
    if written:
        exec(compile(written, "<written walk>", "exec"), scope)
        functions["_walk"] = scope["walk"]
    constants = {name: value for name, value in scope.items() if isinstance(value, int | float)}
    contents = [(name, *_contents(function.__code__)) for name, function in sorted(functions.items())]
    digest = hashlib.sha256(repr((constants, contents)).encode()).hexdigest()[:16]
    for name, function in functions.items():
        made = FunctionType(function.__code__, scope, f"{name.lstrip('_')}_{digest}")
        # The linker knows pieces by these names: those of two spaces must differ, or one would run the other's code.
        made.__qualname__ = made.__name__
        scope[name] = on_disk(made) if name == "_advance" else njit(**OPTIONS)(made)
    advance: Callable[..., None] = scope["_advance"]
    return advance


def _contents(code: CodeType) -> tuple[object, ...]:
    """Return what a function does, whatever file and line it stands in."""
    constants = [_contents(each) if isinstance(each, CodeType) else each for each in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames


def on_disk(function: Callable[..., Any]) -> Callable[..., None]:
    """Return a function compiled and kept on disk, where there is a disk that can keep it.

    A folder that cannot be written, a full disk or a damaged file is no reason to stop: the function is then compiled
    for this process alone.
    """
    plain = njit(**OPTIONS, nogil=True)(function)
    try:
        kept = njit(**OPTIONS, nogil=True, cache=True)(function)
    except RuntimeError:
        alone: Callable[..., None] = plain
        return alone

    def call(*arguments: Any) -> None:
        try:
            kept(*arguments)
        except (OSError, EOFError, UnpicklingError):
            plain(*arguments)

    return call
