from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from huyou_sim.errors import OutputError
from huyou_sim.output import folder
from huyou_sim.output.folder import check_folder, output_folder, replace_file, write_bytes
from tests.output.conftest import make_inputs


def write_small(target: Path, content: str = "new") -> None:
    with output_folder(target) as part:
        write_bytes(part / "a.csv", content.encode())
        (part / "manifest.json").write_text(json.dumps({"producer": "huyou_sim", "files": {"a.csv": ""}}))


def everything(parent: Path) -> dict[str, bytes]:
    return {p.relative_to(parent).as_posix(): p.read_bytes() for p in parent.rglob("*") if p.is_file()}


def test_new_folder_appears_whole_and_alone(tmp_path: Path) -> None:
    write_small(tmp_path / "deep" / "out")
    assert sorted(everything(tmp_path)) == ["deep/out/a.csv", "deep/out/manifest.json"]


@pytest.mark.parametrize("exchange", [True, False])
def test_earlier_result_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    if not exchange:
        monkeypatch.setattr(folder, "_exchange", lambda one, other: False)
    write_small(tmp_path / "out", "old")
    write_small(tmp_path / "out", "new")
    assert (tmp_path / "out" / "a.csv").read_text() == "new"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_failure_in_the_middle_leaves_the_old_result(tmp_path: Path, error: type[BaseException]) -> None:
    write_small(tmp_path / "out", "old")
    before = everything(tmp_path)

    def fail_halfway() -> None:
        with output_folder(tmp_path / "out") as part:
            write_bytes(part / "a.csv", b"half")
            raise error

    with pytest.raises(error):
        fail_halfway()
    assert everything(tmp_path) == before
    assert os.listdir(tmp_path) == ["out"]


def test_failure_leaves_no_new_parents(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), output_folder(tmp_path / "results" / "huzhou"):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_second_rename_fails_and_the_first_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small(tmp_path / "out", "old")
    before = everything(tmp_path)
    rename, calls = os.rename, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError(errno.EIO, "simulated")
        rename(source, target)

    monkeypatch.setattr(folder, "_exchange", lambda one, other: False)
    monkeypatch.setattr(folder.os, "rename", failing)
    with pytest.raises(OutputError, match="earlier result was left"):
        write_small(tmp_path / "out", "new")
    monkeypatch.undo()
    assert len(calls) == 3
    assert everything(tmp_path) == before


def test_foreign_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.docx.*no result of an earlier run"):
        write_small(tmp_path)
    assert everything(tmp_path) == {"thesis.docx": b"years of work"}


def test_own_file_beside_an_earlier_result_is_refused(tmp_path: Path) -> None:
    write_small(tmp_path / "out", "old")
    (tmp_path / "out" / "notes.md").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(OutputError, match=r"notes\.md beside an earlier result.*Move it"):
        write_small(tmp_path / "out")
    assert everything(tmp_path) == before


def test_debris_of_desktops_is_no_obstacle(tmp_path: Path) -> None:
    write_small(tmp_path / "out", "old")
    (tmp_path / "out" / ".DS_Store").write_text("")
    (tmp_path / "out" / "~$results.xlsx").write_text("")
    write_small(tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["a.csv", "manifest.json"]


def test_manifest_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"producer": "other"}')
    with pytest.raises(OutputError, match="no result of an earlier run"):
        check_folder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="found a file; expected a folder"):
        check_folder(tmp_path / "out")
    with pytest.raises(OutputError, match="part of the path is a file"):
        check_folder(tmp_path / "out" / "below")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_disk_names_path_and_mend() -> None:
    with pytest.raises(OutputError, match=r"/dev/full.*No space left.*free some space"):
        write_bytes(Path("/dev/full"), b"x" * 100_000)


def test_full_disk_during_a_run_keeps_the_old_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huyou_sim.output import write as room

    write_small(tmp_path / "out", "old")
    before = everything(tmp_path)
    inputs = make_inputs()
    written = []

    def full(path: Path, data: bytes, *, shown: Path | None = None) -> Path:
        written.append(path)
        if len(written) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        path.write_bytes(data)
        return path

    monkeypatch.setattr(folder, "write_bytes", full)
    with pytest.raises(OutputError, match="free some space"):
        room.write_run(tmp_path / "out", **inputs, figures=False, progress=False)
    assert len(written) == 4
    assert everything(tmp_path) == before


def test_replace_file_keeps_the_old_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    replace_file(path, b"old")

    def failing(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(folder.os, "fsync", failing)
    with pytest.raises(OutputError, match="disk is full"):
        replace_file(path, b"new")
    assert everything(tmp_path) == {"a.csv": b"old"}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are those of Unix")
def test_file_larger_than_the_system_allows_is_an_output_error(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from huyou_sim.errors import OutputError
from huyou_sim.output.store import write_netcdf
from tests.output.conftest import make_result
result = make_result()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_netcdf(result, sys.argv[1])
except OutputError as error:
    print("OutputError", error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "result.nc")],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("OutputError"), done.stderr
    assert "result.nc" in done.stdout
    assert os.listdir(tmp_path) == []
