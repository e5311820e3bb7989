"""The lock file: whole, hashed, in step with pyproject.toml, and without an address."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKED_EXTRAS = ("notebook", "test")
LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.!+]+)(?: ; (?P<marker>[^\\]+))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


@pytest.fixture(scope="module")
def lines(root):
    return (root / "requirements.lock").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def locked(lines):
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    return {match["name"]: (Version(match["version"]), match["marker"]) for match in found}


@pytest.fixture(scope="module")
def wanted(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    texts = [*project["dependencies"], *settings["build-system"]["requires"]]
    texts += [text for extra in LOCKED_EXTRAS for text in project["optional-dependencies"][extra]]
    return [Requirement(text) for text in texts]


def test_every_line_is_a_pin_or_a_hash(lines):
    assert [line for line in lines if not LINE.fullmatch(line) and not HASH.fullmatch(line)] == []


def test_every_pin_has_a_hash(lines):
    pins = [i for i, line in enumerate(lines) if LINE.fullmatch(line)]
    assert pins
    assert [lines[i] for i in pins if not HASH.fullmatch(lines[i + 1])] == []


def test_the_lock_meets_what_the_project_asks_for(locked, wanted):
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in requirements.lock: make lock"
        pin, marker = locked[name]
        assert requirement.specifier.contains(pin), f"{requirement} is not met by {pin}: make lock"
        assert marker is None, f"{name} is asked for everywhere, the lock has it only where {marker}"


@pytest.mark.parametrize("name", ["numpy", "pandas", "numba", "xarray", "scipy"])
def test_the_tests_run_with_what_is_locked(locked, name):
    assert Version(version(name)) == locked[name][0]
