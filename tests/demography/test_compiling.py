"""Compiled code is kept between processes, found only by those that it belongs to, and never in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
sys.path.insert(0, {root!r})
from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space
from tests.demography.conftest import make_rates, make_stock
space = state_space("classical")
rates = make_rates(space)
found = [
    project(make_stock(space), rates, space, years=[2021], births="ends", draws=draws)["population"].values[0, 0]
    for draws in {draws}
]
print(json.dumps([float(each.sum()).hex() for each in found]))
"""


def projected(root: Path, folder: Path, draws: tuple[int, ...] = (1,), **settings: str) -> tuple[list[str], list[str]]:
    """Return what a process of its own computes, and what numba says of its cache in `folder`."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "NUMBA_DEBUG_CACHE": "1", **settings}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(root=str(root), draws=draws)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    values: list[str] = json.loads(lines[-1])
    return values, [line for line in lines[:-1] if "advance_" in line]


@pytest.mark.slow
def test_second_process_takes_what_the_first_compiled_and_a_damaged_file_is_passed_over(root, tmp_path):
    first, saved = projected(root, tmp_path)
    assert any("data saved" in line for line in saved)
    second, loaded = projected(root, tmp_path)
    assert second == first
    assert sum("data loaded" in line for line in loaded) == 1
    assert not any("saved" in line for line in loaded)
    for path in tmp_path.rglob("*.nbc"):
        path.write_bytes(path.read_bytes()[:1000])
    assert projected(root, tmp_path)[0] == first


BOTH = """
import hashlib, json, sys
sys.path.insert(0, {root!r})
from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space
from tests.demography.conftest import make_rates, make_stock
found = {{}}
for name in {names}:
    space = state_space(name)
    result = project(make_stock(space), make_rates(space, migrants=20.0), space, years=[2021, 2022])
    found[name] = hashlib.sha256(result["women"].values.tobytes() + result["births"].values.tobytes()).hexdigest()
print(json.dumps(found))
"""


@pytest.mark.slow
def test_spaces_compiled_by_different_processes_do_not_run_each_others_code(root, tmp_path):
    """One linker takes both: pieces of two spaces that had the same name would be mistaken for each other."""

    def run(*names: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", BOTH.format(root=str(root), names=names)],
            cwd=root,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, str] = json.loads(done.stdout)
        return found

    alone = run("classical") | run("family")
    assert run("classical", "family") == alone
    assert run("family", "classical") == alone


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(root, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way of a folder")
    values, said = projected(root, blocked / "cache", NUMBA_CACHE_LOCATOR_CLASSES="_UserProvidedCacheLocator")
    assert values == projected(root, tmp_path)[0]
    assert said == []


def test_the_name_of_the_compiled_function_holds_what_it_does(monkeypatch):
    """Another walk, or another line in any function of the kernel, is another function to the cache."""
    from huyou_sim.demography import compiling, kernel

    names = []
    monkeypatch.setattr(compiling, "on_disk", lambda function: names.append(function.__name__))
    compiling.assembled(kernel, "def walk(before, after, factor, flow):\n    pass\n")
    compiling.assembled(kernel, "def walk(before, after, factor, flow):\n    pass\n")
    compiling.assembled(kernel, "def walk(before, after, factor, flow):\n    flow[0] = 1.0\n")
    monkeypatch.setattr(kernel, "_add", lambda part, whole: None)
    compiling.assembled(kernel, "def walk(before, after, factor, flow):\n    pass\n")
    assert names[0] == names[1]
    assert len(set(names)) == 3
