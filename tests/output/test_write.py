from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
import xarray as xr

from huyou_sim.errors import OutputError
from huyou_sim.output.manifest import check_files, read_manifest
from huyou_sim.output.write import read_run, redraw, write_run
from tests.output.conftest import make_inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("run") / "out"
    write_run(target, **make_inputs(lang="zh"), progress=False)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_paths_are_the_files(tmp_path: Path) -> None:
    paths = write_run(tmp_path / "out", **make_inputs(), figures=False, progress=False)
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in paths) == sorted(contents(tmp_path / "out"))
    assert not (tmp_path / "out" / "figures").exists()


def test_two_runs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_run(tmp_path / "other", **make_inputs(lang="zh"), progress=False)
    one, other = contents(folder), contents(tmp_path / "other")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_the_run_comes_back(folder: Path) -> None:
    inputs = make_inputs(lang="zh")
    run = read_run(folder)
    xr.testing.assert_equal(run.result, inputs["result"])
    xr.testing.assert_equal(run.indicators, inputs["indicators"])
    assert list(run.contradictions) == inputs["contradictions"]
    assert run.fit["residual_se"].tolist() == pytest.approx(inputs["fit"]["residual_se"].tolist(), abs=1e-9)
    assert run.targets["met"].tolist() == inputs["targets"]["met"].tolist()
    assert run.targets["level"].tolist() == inputs["targets"]["level"].tolist()
    assert [scenario.label("en") for scenario in run.scenarios] == [s.label("en") for s in inputs["scenarios"]]


def test_figures_can_be_drawn_again_from_the_folder(folder: Path, tmp_path: Path) -> None:
    for path in redraw(folder, tmp_path / "again"):
        assert path.read_bytes() == (folder / "figures" / path.name).read_bytes(), path.name
    english = redraw(folder, tmp_path / "english", lang="en")
    assert english[0].read_bytes() != (folder / "figures" / english[0].name).read_bytes()


def test_manifest_lists_every_file_with_its_hash(folder: Path, tmp_path: Path) -> None:
    check_files(folder)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "results.xlsx").write_bytes(b"edited")
    (copy / "tables" / "fit.csv").unlink()
    with pytest.raises(OutputError) as caught:
        check_files(copy)
    assert len(caught.value.problems) == 2


def test_manifest_names_no_place_on_the_disk(folder: Path) -> None:
    assert "/home/" not in (folder / "manifest.json").read_text(encoding="utf-8")
    assert read_manifest(folder)["arguments"]["out"] == "results"


def test_files_of_two_runs_do_not_mix(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    other = make_inputs()
    other["manifest"]["seed"] = 5
    write_run(tmp_path / "other", **other, figures=False, progress=False)
    shutil.copy(tmp_path / "other" / "result.nc", copy / "result.nc")
    with pytest.raises(OutputError, match="files of two runs were mixed"):
        read_run(copy)


def test_failure_in_the_last_figure_keeps_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huyou_sim.output import figures

    target = tmp_path / "out"
    write_run(target, **make_inputs(), figures=False, progress=False)
    before = contents(tmp_path)

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(figures, "svg_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(target, **make_inputs(), progress=False)
    assert contents(tmp_path) == before
    assert os.listdir(tmp_path) == ["out"]


def test_inputs_are_not_changed(tmp_path: Path) -> None:
    inputs = make_inputs()
    result, fit, manifest = inputs["result"].copy(deep=True), inputs["fit"].copy(), dict(inputs["manifest"])
    write_run(tmp_path / "out", **inputs, figures=False, progress=False)
    xr.testing.assert_identical(inputs["result"], result)
    assert inputs["fit"].equals(fit)
    assert inputs["manifest"] == manifest


def test_all_mistakes_of_the_inputs_at_once(tmp_path: Path) -> None:
    inputs = make_inputs()
    inputs["fit"] = inputs["fit"].drop(columns=["note"])
    inputs["scenarios"] = inputs["scenarios"][1:]
    with pytest.raises(OutputError) as caught:
        write_run(tmp_path / "out", **inputs, progress=False)
    assert len(caught.value.problems) == 3
    assert os.listdir(tmp_path) == []


def test_a_place_without_targets_or_observations(tmp_path: Path) -> None:
    inputs = make_inputs()
    inputs["targets"] = inputs["targets"].iloc[:0][[]]
    inputs["fit"] = inputs["fit"].iloc[:0]
    inputs["contradictions"] = []
    write_run(tmp_path / "out", **inputs, progress=False)
    run = read_run(tmp_path / "out")
    assert len(run.targets) == len(run.fit) == len(run.contradictions) == 0
    assert not (tmp_path / "out" / "figures" / "targets.png").exists()


def test_progress_bar_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "out", **make_inputs(lang="zh"), figures=False)
    assert capsys.readouterr().err == ""  # no terminal
    write_run(tmp_path / "out", **make_inputs(lang="zh"), figures=False, progress=True)
    captured = capsys.readouterr()
    assert "写出结果" in captured.err
    assert captured.out == ""


def test_extra_columns_are_kept(tmp_path: Path) -> None:
    inputs = make_inputs(lang="zh")
    inputs["targets"] = inputs["targets"].assign(q05=0.1, q95=0.2, probability=0.4)
    write_run(tmp_path / "out", **inputs, progress=False)
    assert read_run(tmp_path / "out").targets["probability"].tolist()[:2] == [0.4, 0.4]


def test_run_is_frozen(folder: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_run(folder).fit = None  # type: ignore[misc]
