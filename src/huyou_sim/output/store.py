"""Results as NetCDF files that describe themselves: units, names in two languages, definitions, manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.errors import OutputError, Problem
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import (
    check_variables,
    variable_definition,
    variable_kind,
    variable_label,
    variable_unit,
)
from huyou_sim.output.manifest import manifest_json

if TYPE_CHECKING:
    import xarray as xr

_COORDINATE_NOTES: Mapping[str, tuple[str, str]] = {
    "scenario": ("scenario key", "情景代码"),
    "draw": ("number of the trajectory", "轨迹编号"),
    "area": ("administrative code; the last is the whole place", "行政区划代码，末位为全市"),
    "year": ("calendar year of a flow", "流量所在公历年"),
    "time": ("year whose 31 December the stock describes", "存量时点所在年（12月31日）"),
    "sex": ("sex", "性别"),
    "age": ("completed years of age; the last group is open", "周岁，末组为开口组"),
    "age_fertile": ("completed years of age of women", "妇女周岁"),
    "age_reached": ("age reached during the year", "当年达到的年龄"),
    "channel": ("channel: events and ages that share a multiplier", "通道：共用乘数的事件与年龄"),
    "marital": ("marital status", "婚姻状况"),
    "parity": ("children ever born; the last group is open", "曾生子女数，末组为开口组"),
    "quantile": ("share of draws below", "低于该值的抽样比例"),
    "figure": ("value of the quantile, or its Monte Carlo standard error", "分位值或其蒙特卡罗标准误"),
    "birth_order": ("order of birth; the last group is open", "孩次，末组为开口组"),
}


def described(
    dataset: xr.Dataset,
    manifest: Mapping[str, Any] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> xr.Dataset:
    """Return a copy of the dataset whose every variable carries unit, names, kind and definition.

    Parameters
    ----------
    words : mapping of name to attributes, optional
        Of variables that are not those of ``variables.csv``, such as differences of them.

    Raises
    ------
    OutputError
        When a variable has neither words nor a row in ``variables.csv``: all of them are listed.
    """
    own = words or {}
    check_variables(str(name) for name in dataset.data_vars if str(name) not in own)
    dataset = dataset.copy(deep=False)
    for name, array in dataset.data_vars.items():
        if str(name) in own:
            array.attrs = dict(own[str(name)])
            continue
        array.attrs = {
            "long_name": variable_label(str(name), "en"),
            "label_zh": variable_label(str(name), "zh"),
            "units": variable_unit(str(name), "en"),
            "unit_zh": variable_unit(str(name), "zh"),
            "kind": variable_kind(str(name)),
            "definition": variable_definition(str(name), "en"),
            "definition_zh": variable_definition(str(name), "zh"),
        }
    for name, coordinate in dataset.coords.items():
        note, note_zh = _COORDINATE_NOTES.get(str(name), (str(name), str(name)))
        coordinate.attrs = {"long_name": note, "label_zh": note_zh}
    if manifest is not None:
        dataset.attrs = {**dataset.attrs, "producer": "huyou_sim", "manifest": manifest_json(manifest)}
    return dataset


def stored(
    dataset: xr.Dataset,
    manifest: Mapping[str, Any] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> xr.Dataset:
    """Return the dataset as `read_result` gives it back from a file: described, its text coordinates plain strings."""
    return _plain_strings(described(dataset, manifest, words))


def write_netcdf(
    dataset: xr.Dataset,
    path: str | Path,
    *,
    manifest: Mapping[str, Any] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> Path:
    """Return the path of the NetCDF file that holds the dataset; equal inputs give equal bytes.

    Parameters
    ----------
    dataset : xarray.Dataset
        A result or indicator dataset. It is not changed.
    path : path
        Ends in ``.nc``. The old file stays until the new one is complete.
    manifest : mapping, optional
        Stored as JSON in the global attribute ``manifest``.
    words : mapping, optional
        As for `described`.

    Raises
    ------
    OutputError
        When a variable is not in ``variables.csv``, or the system refuses to write.
    """
    path = Path(path)
    written = stored(dataset, manifest, words)
    encoding = {
        str(name): {"zlib": True, "complevel": 4, "shuffle": True}
        for name, array in written.data_vars.items()
        if array.ndim
    }
    # HDF5 swallows what the system says when a disk is full at closing. So the file is made in memory, where it
    # cannot fail for that cause, and written by our own hand, which reports it. HDF5 keeps no times unless
    # asked, so equal inputs give equal bytes.
    data = written.to_netcdf(engine="h5netcdf", encoding=encoding)
    return replace_file(path, bytes(data))


def read_result(path: str | Path) -> xr.Dataset:
    """Return the dataset of a NetCDF file written by `write_netcdf`, in memory.

    Raises
    ------
    OutputError
        When the file is missing, truncated or no such file.
    """
    import xarray as xr

    path = Path(path)
    try:
        dataset = xr.load_dataset(path, engine="h5netcdf")
    except FileNotFoundError as error:
        raise OutputError(
            Problem(
                where="result file",
                found="no such file",
                expected="a NetCDF file that huyou wrote",
                fix="Check the name, or run huyou run again.",
                file=str(path),
            )
        ) from error
    except (OSError, RuntimeError, ValueError, KeyError) as error:  # each is what some broken file raises
        size = path.stat().st_size if path.is_file() else 0
        raise OutputError(
            Problem(
                where="result file",
                found=f"{size:,} bytes that cannot be read as NetCDF ({_first_line(error)})",
                expected="a whole NetCDF file that huyou wrote",
                fix="The file is cut off or damaged: copy it again, or run huyou run again.",
                file=str(path),
            )
        ) from error
    dataset.encoding = {}
    for array in dataset.variables.values():
        array.encoding = {}
    return dataset


def stored_manifest(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the manifest that a dataset carries in its global attribute.

    Raises
    ------
    OutputError
        When there is none.
    """
    text = dataset.attrs.get("manifest")
    if not isinstance(text, str):
        raise OutputError(
            Problem("dataset", "no attribute manifest", "a result that huyou wrote", "Run huyou run again.")
        )
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def _plain_strings(dataset: xr.Dataset) -> xr.Dataset:
    """Return the dataset with text coordinates as Python strings, the one form that HDF5 takes without loss."""
    texts = {
        name: (coordinate.dims, [str(item) for item in coordinate.values.tolist()], coordinate.attrs)
        for name, coordinate in dataset.coords.items()
        if coordinate.ndim == 1 and coordinate.dtype.kind not in "iufbmM"
    }
    return dataset.assign_coords(texts)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
