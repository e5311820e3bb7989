"""The posterior of a place on disk: sampled once, used again while nothing that it depends on has changed.

Refits are kept beside it (`huyou_sim.inference.stored_refits`), with the same helpers.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim._version import __version__
from huyou_sim.inference.parameters import first_year_parameters, parameters_of
from huyou_sim.inference.posterior import SEED, place_density, sample
from huyou_sim.inference.sampling import Plan

if TYPE_CHECKING:
    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

FOLDER = "HUYOU_CACHE"
"""Environment variable that names another folder than the user's cache."""

CODE = ("demography", "inference")
"""Rooms whose source the posterior depends on."""


def cache_folder() -> Path:
    """Return the folder where posteriors are kept: `HUYOU_CACHE`, or the user's cache folder."""
    if os.environ.get(FOLDER):
        return Path(os.environ[FOLDER]).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "huyou_sim"


def inputs_of(pack: Pack, plan: Plan, seed: int) -> dict[str, Any]:
    """Return what a posterior depends on: data by checksum, version, source, libraries, options, seed."""
    return made_of(pack, CODE) | {"plan": asdict(plan), "seed": seed}


def made_of(pack: Pack, rooms: Sequence[str]) -> dict[str, Any]:
    """Return what any result depends on: data by checksum, version, source of some rooms of the package, libraries."""
    source = sha256()
    for room in rooms:
        for item in sorted(_sources(files("huyou_sim").joinpath(room)), key=lambda found: found[0]):
            source.update(item[0].encode("utf-8") + b"\0" + item[1])
    return {
        "packs": {name: dict(sorted(sums.items())) for name, sums in sorted(pack.checksums.items())},
        "version": __version__,
        "source": source.hexdigest(),
        "libraries": {name: version(name) for name in ("emcee", "numpy", "scipy")},
    }


def _sources(folder: Any) -> list[tuple[str, bytes]]:
    """Return name and content of the source files below a folder of the package."""
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        if item.is_dir() and item.name != "__pycache__":
            found += [(f"{item.name}/{name}", content) for name, content in _sources(item)]
        elif item.name.endswith((".py", ".csv")):
            found.append((item.name, item.read_bytes()))
    return found


def hash_of(inputs: Mapping[str, Any]) -> str:
    """Return the SHA-256 of inputs, as hexadecimal digits."""
    return sha256(json.dumps(inputs, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def to_stderr(words: str) -> None:
    """Write a line to the standard error stream."""
    sys.stderr.write(f"{words}\n")


def posterior(
    pack: Pack,
    baseline: Baseline,
    *,
    plan: Plan | None = None,
    seed: int = SEED,
    folder: str | Path | None = None,
    threads: int | None = None,
    say: Callable[[str], None] = to_stderr,
) -> xr.Dataset:
    """Return the posterior of a place, from its file where that has the hash of the inputs, else sampled and stored.

    Parameters
    ----------
    folder : path, optional
        Where files are kept; `cache_folder` when omitted. A folder that cannot be written to costs the sampling of
        every run, and a word.
    threads : int, optional
        Of the sampling. The number changes no bit of the result.
    say : callable
        Takes a sentence when a file was damaged or could not be written.

    Returns
    -------
    posterior : xarray.Dataset
        As from `sample`, with the attribute ``inputs``, the hash.

    Raises
    ------
    PackError, CalibrationError
        As for `place_density`.
    """
    plan = plan or Plan()
    inputs = hash_of(inputs_of(pack, plan, seed))
    path = Path(folder or cache_folder()).expanduser() / f"posterior-{pack.name}-{inputs[:16]}.nc"
    stored, fault = read_posterior(path, inputs, {one.name for one in first_year_parameters(parameters_of(pack))})
    if stored is not None:
        return stored
    if fault:
        say(f"{path}: {fault}; the posterior is sampled anew.")
    found = sample(place_density(pack, baseline, threads=1), plan=plan, seed=seed, threads=threads)
    found.attrs["inputs"] = inputs
    try:
        write_dataset(found, path)
    except OSError as error:
        say(f"{path}: {error.strerror or error}; the posterior is not kept for the next run.")
    return found


def read_dataset(path: Path, inputs: str) -> tuple[xr.Dataset | None, str]:
    """Return what a file holds, or None with what is wrong with it; no fault where there is none.

    Parameters
    ----------
    inputs : str
        Hash that the file must have.
    """
    try:
        if not path.is_file():
            return None, ""
        dataset = xr.load_dataset(path, engine="h5netcdf")
    except (OSError, RuntimeError, ValueError, KeyError) as error:  # each is what some broken file raises
        return None, f"the file is damaged ({type(error).__name__})"
    if dataset.attrs.get("inputs") != inputs:
        return None, "the file was made from other inputs than its name says"
    return dataset, ""


def read_posterior(path: Path, inputs: str, known: set[str]) -> tuple[xr.Dataset | None, str]:
    """Return a stored posterior, or None with what is wrong with the file; no fault where there is none.

    Parameters
    ----------
    inputs : str
        Hash that the file must have.
    known : set of str
        Parameters of which it may have draws.
    """
    dataset, fault = read_dataset(path, inputs)
    if dataset is None:
        return None, fault
    arrays = list(dataset.data_vars.values())
    names = {str(name) for name in dataset.data_vars}
    if not arrays or not names <= known or any(a.dims != ("chain", "draw") for a in arrays):
        return None, "the file holds no draws of this place's parameters"
    if not all(np.isfinite(array.values).all() for array in arrays):
        return None, "the file has draws that are no numbers"
    for variable in dataset.variables.values():
        variable.encoding = {}
    return dataset, ""


def write_dataset(dataset: xr.Dataset, path: Path) -> Path:
    """Return the path of a NetCDF file; it appears there only when it is whole.

    Raises
    ------
    OSError
        When the system refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made in memory: HDF5 swallows what the system says when a disk is full.
    data = bytes(dataset.to_netcdf(engine="h5netcdf"))
    part = path.with_name(f".{path.stem}.{os.getpid()}.part.nc")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return path
