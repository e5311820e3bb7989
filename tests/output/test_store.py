from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from huyou_sim.errors import OutputError
from huyou_sim.output.manifest import build_manifest
from huyou_sim.output.record import Run
from huyou_sim.output.store import read_result, stored, stored_manifest, write_netcdf
from huyou_sim.variables import variable


@pytest.mark.parametrize("name", ["result", "indicators"])
def test_values_and_labels_come_back(run: Run, tmp_path: Path, name: str) -> None:
    dataset = getattr(run, name)
    before = dataset.copy(deep=True)
    back = read_result(write_netcdf(dataset, tmp_path / "a.nc", manifest=run.manifest))
    xr.testing.assert_equal(back, dataset)
    for array in dataset.data_vars:
        assert back[array].dims == dataset[array].dims
    xr.testing.assert_identical(dataset, before)  # the input is not touched
    assert os.listdir(tmp_path) == ["a.nc"]


def test_every_variable_describes_itself(run: Run, tmp_path: Path) -> None:
    back = read_result(write_netcdf(run.result, tmp_path / "a.nc", manifest=run.manifest))
    for name, array in back.data_vars.items():
        row = variable(str(name))
        assert array.attrs == {
            "long_name": row.label_en, "label_zh": row.label_zh, "units": row.unit, "unit_zh": row.unit_zh,
            "kind": row.kind, "definition": row.definition_en, "definition_zh": row.definition_zh,
        }  # fmt: skip
    for coordinate in back.coords.values():
        assert coordinate.attrs["label_zh"] != coordinate.name


def test_equal_inputs_give_equal_bytes(run: Run, tmp_path: Path) -> None:
    one = write_netcdf(run.result, tmp_path / "one.nc", manifest=run.manifest).read_bytes()
    other = write_netcdf(run.result.copy(deep=True), tmp_path / "b.nc", manifest=run.manifest).read_bytes()
    assert one == other


def test_manifest_larger_than_an_hdf5_header_comes_back(run: Run, tmp_path: Path) -> None:
    manifest = build_manifest(arguments={}, inputs={}, scenario_texts={"long": "湖有善育\n" * 30_000})
    back = read_result(write_netcdf(run.indicators, tmp_path / "a.nc", manifest=manifest))
    assert stored_manifest(back) == json.loads(json.dumps(manifest))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_truncated_file_is_named(run: Run, tmp_path: Path, share: float) -> None:
    path = write_netcdf(run.indicators, tmp_path / "a.nc")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(OutputError, match=r"a\.nc: result file.*cut off or damaged"):
        read_result(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none\.nc: result file: found no such file"):
        read_result(tmp_path / "none.nc")


def test_unknown_variables_are_all_listed(run: Run, tmp_path: Path) -> None:
    odd = run.indicators.assign(birthz=run.indicators["births"], tfrr=run.indicators["tfr"])
    with pytest.raises(OutputError, match="birthz") as caught:
        write_netcdf(odd, tmp_path / "a.nc")
    assert len(caught.value.problems) == 2
    assert "Type births" in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_many_trajectories_come_back(many: Run, tmp_path: Path) -> None:
    back = read_result(write_netcdf(many.result, tmp_path / "a.nc"))
    np.testing.assert_array_equal(back["births"].values, many.result["births"].values)


@pytest.mark.parametrize("name", ["result", "indicators"])
def test_what_is_stored_is_what_comes_back(run: Run, tmp_path: Path, name: str) -> None:
    """Workbook and figures are made of the one, `redraw` of the other."""
    dataset = getattr(run, name)
    path = write_netcdf(dataset, tmp_path / "run.nc", manifest=run.manifest)
    xr.testing.assert_identical(read_result(path), stored(dataset, run.manifest))
