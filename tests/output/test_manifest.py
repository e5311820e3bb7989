from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest

from huyou_sim.errors import OutputError
from huyou_sim.output.manifest import build_manifest, manifest_json, run_id, sha256_text

INPUTS = {"arguments": {"place": "huzhou"}, "inputs": {"huzhou": {"a.csv": "00"}}, "scenario_texts": {"a": "x = 1\n"}}


def test_manifest_has_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert "created" not in build_manifest(**INPUTS)
    assert manifest_json(build_manifest(**INPUTS)) == manifest_json(build_manifest(**INPUTS))


def test_created_is_outside_the_run_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    plain = run_id(build_manifest(**INPUTS))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1640908800")
    dated = build_manifest(**INPUTS)
    assert dated["created"] == "2021-12-31T00:00:00+00:00"
    assert run_id(dated) == plain
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(OutputError, match="SOURCE_DATE_EPOCH"):
        build_manifest(**INPUTS)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1}, {"parameters": {"x": 1}}, {"calibration": {"x": 1.0}}, {"scenario_texts": {"a": "x = 2\n"}},
        {"inputs": {"huzhou": {"a.csv": "01"}}}, {"arguments": {"place": "jiaxing"}},
    ],
)  # fmt: skip
def test_every_input_changes_the_run_id(change: dict[str, object]) -> None:
    assert run_id(build_manifest(**INPUTS)) != run_id(build_manifest(**{**INPUTS, **change}))


def test_no_absolute_path_is_kept(tmp_path: Path) -> None:
    windows = PureWindowsPath("C:/", "folder", "x")
    arguments = {"out": tmp_path / "out", "place": str(tmp_path / "mytown"), "win": windows, "list": ["/etc/passwd"]}
    manifest = build_manifest(arguments=arguments, inputs={}, scenario_texts={})
    assert manifest["arguments"] == {"out": "out", "place": "mytown", "win": "x", "list": ["passwd"]}
    assert str(tmp_path) not in manifest_json(manifest)


def test_numpy_values_are_plain() -> None:
    odd = {"a": np.float64(0.1), "b": np.arange(3), "c": np.bool_(True), "d": float("nan"), "e": {2, 1}}
    plain = {"a": 0.1, "b": [0, 1, 2], "c": True, "d": None, "e": [1, 2]}
    assert json.loads(manifest_json(build_manifest(**INPUTS, parameters=odd)))["parameters"] == plain


def test_a_value_that_json_lacks_is_named() -> None:
    with pytest.raises(OutputError, match=r"parameters\.fit\.x: found a object"):
        build_manifest(**INPUTS, parameters={"fit": {"x": object()}})


def test_line_ends_do_not_change_a_hash() -> None:
    assert sha256_text("a\r\nb") == sha256_text("a\nb")
