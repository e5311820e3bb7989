"""The birth certificate of a run: what is needed to make it again.

A manifest names versions, inputs with their hashes, arguments, seed, parameters and calibration. It holds no
absolute path. It holds no clock time either, so that equal runs give equal bytes; only when the environment
variable ``SOURCE_DATE_EPOCH`` is set does it carry that moment as ``created``, which no hash includes.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from huyou_sim.errors import OutputError, Problem
from huyou_sim.output.folder import MANIFEST, PRODUCER

if TYPE_CHECKING:
    from huyou_sim.output.record import ScenarioText

LIBRARIES = ("numpy", "scipy", "pandas", "xarray", "numba", "h5netcdf", "h5py", "matplotlib", "xlsxwriter")
"""Libraries whose versions can change a number or a byte of the output."""

_UNHASHED = ("created", "files", "run_id")


def sha256_text(content: str) -> str:
    """Return the SHA-256 of a text with line ends as LF, so that it is the same on every platform."""
    return sha256_bytes(content.replace("\r\n", "\n").encode("utf-8"))


def sha256_bytes(content: bytes) -> str:
    """Return the SHA-256 of some bytes as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def build_manifest(
    *,
    arguments: Mapping[str, object],
    inputs: Mapping[str, Mapping[str, str]],
    scenario_texts: Mapping[str, str],
    parameters: Mapping[str, object] | None = None,
    calibration: Mapping[str, object] | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """Return the manifest of a run as plain values that JSON can hold.

    Parameters
    ----------
    arguments : mapping
        Options of the command as the user gave them. Absolute paths are cut to their last name.
    inputs : mapping
        Pack name -> file inside the pack -> SHA-256.
    scenario_texts : mapping
        Scenario key -> its text after `extends` was resolved; kept whole, with its SHA-256.
    parameters, calibration : mapping
        Settings of the model, and fitted values.
    seed : int, optional
        Of the random numbers; None when none were drawn.

    Raises
    ------
    OutputError
        When a value cannot be written as JSON.
    """
    from huyou_sim._version import __version__

    manifest: dict[str, Any] = {
        "producer": PRODUCER,
        "version": __version__,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "arguments": _plain(arguments, "arguments"),
        "seed": seed,
        "inputs": _plain(inputs, "inputs"),
        "scenario_files": {
            key: {"sha256": sha256_text(content), "text": content.replace("\r\n", "\n")}
            for key, content in scenario_texts.items()
        },
        "parameters": _plain(parameters or {}, "parameters"),
        "calibration": _plain(calibration or {}, "calibration"),
    }
    moment = _source_date()
    return manifest if moment is None else {**manifest, "created": moment}


def manifest_json(manifest: Mapping[str, Any]) -> str:
    """Return the manifest as JSON: sorted keys, so that equal manifests are equal texts.

    Raises
    ------
    OutputError
        When a value cannot be written as JSON; its place is named.
    """
    plain = _plain(manifest, "manifest")
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def run_id(manifest: Mapping[str, Any]) -> str:
    """Return eight digits that stand for the run: the start of the SHA-256 of what decides its numbers.

    The time of creation and the files written are left out.
    """
    hashed = {key: value for key, value in manifest.items() if key not in _UNHASHED}
    return sha256_text(manifest_json(hashed))[:8]


def complete_manifest(
    manifest: Mapping[str, Any],
    *,
    lang: str,
    place: str,
    scenarios: Sequence[ScenarioText],
    area_labels: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Return the manifest with the names that tables and figures need, and its run id.

    With them a folder explains itself: pictures can be drawn again from it without packs or scenario files.
    """
    named = {
        **manifest,
        "producer": PRODUCER,
        "lang": lang,
        "place": place,
        "scenarios": [
            {
                "key": scenario.key,
                "label": {code: scenario.label(code) for code in ("en", "zh")},
                "description": {code: scenario.description(code) for code in ("en", "zh")},
            }
            for scenario in scenarios
        ],
        "areas": {code: dict(names) for code, names in area_labels.items()},
    }
    return {**named, "run_id": run_id(named)}


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a result folder.

    Raises
    ------
    OutputError
        When the folder holds no result of this package.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else "a file that is not JSON"
        raise _no_result(path, found) from error
    if not isinstance(manifest, dict) or manifest.get("producer") != PRODUCER:
        raise _no_result(path, "a manifest of another program")
    return manifest


def check_files(folder: str | Path) -> None:
    """Check that every file of a result folder is as the run left it.

    Raises
    ------
    OutputError
        One problem for each file that is missing or changed.
    """
    folder = Path(folder)
    problems = []
    for name, digest in read_manifest(folder).get("files", {}).items():
        path = folder / name
        if not path.is_file():
            found = "no such file"
        elif sha256_bytes(path.read_bytes()) != digest:
            found = "other bytes"
        else:
            continue
        problems.append(
            Problem(
                where="result file",
                found=found,
                expected=f"the file that the run wrote (SHA-256 {digest[:12]}…)",
                fix="Copy the result again, or run huyou run again.",
                file=str(path),
            )
        )
    if problems:
        raise OutputError(problems)


def _no_result(path: Path, found: str) -> OutputError:
    return OutputError(
        Problem("result folder", found, "the manifest of a huyou run", "Name a folder that huyou run wrote.",
                file=str(path))
    )  # fmt: skip


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"


def _source_date() -> str | None:
    """Return the moment of SOURCE_DATE_EPOCH, the usual switch of reproducible builds, or None."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise OutputError(
            Problem("SOURCE_DATE_EPOCH", repr(epoch), "seconds since 1970 as a whole number",
                    "Unset the environment variable, or set it to a whole number.")
        ) from error  # fmt: skip


def _plain(value: object, where: str) -> Any:
    """Return the value as JSON knows it: no numpy scalars, no absolute paths, no NaN."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _portable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return _portable(str(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [_plain(item, where) for item in sorted(value, key=str)]
    convert = getattr(value, "tolist", None)  # numpy scalars and arrays
    if callable(convert):
        return _plain(convert(), where)
    raise OutputError(
        Problem(where, f"a {type(value).__name__}", "text, numbers, lists or tables of these",
                "Convert the value before it goes into the manifest.")
    )  # fmt: skip


def _portable(value: str) -> str:
    """Return a path relative or cut to its last name: where a user keeps files is nobody's business."""
    if "\n" in value or not (PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()):
        return value
    return PureWindowsPath(value).name or value
