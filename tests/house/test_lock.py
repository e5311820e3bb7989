"""The lock files: whole, hashed, in step with pyproject.toml, and without an address."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

MAIN, BENCH = "requirements.lock", "requirements-bench.lock"
LOCKED_EXTRAS = {MAIN: ("notebook", "test"), BENCH: ("bench",)}
LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.!+]+)(?: ; (?P<marker>[^\\]+))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


@pytest.fixture(scope="module")
def lines(root):
    return {name: (root / name).read_text(encoding="utf-8").splitlines() for name in LOCKED_EXTRAS}


@pytest.fixture(scope="module")
def locked(lines):
    found = {name: [match for line in lines[name] if (match := LINE.fullmatch(line))] for name in lines}
    return {
        name: {match["name"]: (Version(match["version"]), match["marker"]) for match in matches}
        for name, matches in found.items()
    }


@pytest.fixture(scope="module")
def wanted(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    texts = {
        name: [text for extra in extras for text in project["optional-dependencies"][extra]]
        for name, extras in LOCKED_EXTRAS.items()
    }
    texts[MAIN] += [*project["dependencies"], *settings["build-system"]["requires"]]
    return {name: [Requirement(text) for text in texts[name]] for name in texts}


@pytest.mark.parametrize("name", LOCKED_EXTRAS)
def test_every_line_is_a_pin_or_a_hash(lines, name):
    assert [line for line in lines[name] if not LINE.fullmatch(line) and not HASH.fullmatch(line)] == []


@pytest.mark.parametrize("name", LOCKED_EXTRAS)
def test_every_pin_has_a_hash(lines, name):
    pins = [i for i, line in enumerate(lines[name]) if LINE.fullmatch(line)]
    assert pins
    assert [lines[name][i] for i in pins if not HASH.fullmatch(lines[name][i + 1])] == []


@pytest.mark.parametrize("name", LOCKED_EXTRAS)
def test_the_lock_meets_what_the_project_asks_for(locked, wanted, name):
    for requirement in wanted[name]:
        package = canonicalize_name(requirement.name)
        assert package in locked[name], f"{package} is not in {name}: make lock"
        pin, marker = locked[name][package]
        assert requirement.specifier.contains(pin), f"{requirement} is not met by {pin}: make lock"
        assert marker is None, f"{package} is asked for everywhere, {name} has it only where {marker}"


def test_the_benchmark_changes_nothing_that_the_environment_has(locked):
    assert locked[BENCH].keys() & locked[MAIN].keys() == set()


@pytest.mark.parametrize("name", ["numpy", "pandas", "numba", "xarray", "scipy"])
def test_the_tests_run_with_what_is_locked(locked, name):
    assert Version(version(name)) == locked[MAIN][name][0]
