"""Rooms import one way: only from rooms above them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "huyou_sim"

ORDER = (
    ("_version", "errors"),
    ("variables", "fonts"),
    ("pack",),
    ("demography",),
    ("policy",),
    ("inference",),
    ("planning",),
    ("monitoring",),
    ("output",),
    ("batch",),
    ("cli", "cockpit"),
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def room_of(file: str) -> str:
    """Return the room that a source file belongs to: its folder, or its own name at the top."""
    return file.split("/")[0].removesuffix(".py")


def imported_rooms(source: str, file: str) -> dict[str, int]:
    """Return the rooms that a file imports, at any depth and for types as well, each with a line."""
    package = ["huyou_sim", *file.split("/")[:-1]]
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "huyou_sim" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "huyou_sim":
                found.setdefault(parts[1] if len(parts) > 1 else "__init__", node.lineno)
    return found


def wrong_imports(source: str, file: str) -> list[str]:
    """Return one sentence for each import that goes up, sideways, or through the public screen."""
    room = room_of(file)
    wrong = []
    for other, line in imported_rooms(source, file).items():
        if other == room:
            continue
        if other not in LEVEL:
            wrong.append(f"{file}:{line} imports '{other}', which is no room: name the room itself")
        elif LEVEL[other] >= LEVEL[room]:
            wrong.append(f"{file}:{line} ({room}) imports {other}, which is not above it")
    return wrong


@pytest.mark.parametrize("file", [file for file in FILES if file != "__init__.py"])
def test_file_imports_only_from_rooms_above(file):
    assert room_of(file) in LEVEL, f"{file} lies in no room of DESIGN: add the room to ORDER, with a reason"
    assert wrong_imports((PACKAGE / file).read_text(encoding="utf-8"), file) == []


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("from huyou_sim.policy import Scenario", "demography/kernel.py"),
        ("import huyou_sim.cli", "output/tables.py"),
        ("def f():\n    from huyou_sim import planning", "inference/bridge.py"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from huyou_sim.output import store", "pack/load.py"),
        ("from ..policy import levers", "demography/states.py"),
        ("from huyou_sim import run_packages", "output/write.py"),
        ("import huyou_sim", "planning/targets.py"),
    ],
)
def test_the_rule_sees_a_wrong_import(source, file):
    assert len(wrong_imports(source, file)) == 1


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("from huyou_sim import variables", "output/labels.py"),
        ("from huyou_sim._version import __version__", "output/manifest.py"),
        ("from .states import Event", "demography/kernel.py"),
        ("from huyou_sim.pack import load_pack\nimport numpy", "cli.py"),
    ],
)
def test_the_rule_lets_right_imports_pass(source, file):
    assert wrong_imports(source, file) == []


@pytest.mark.parametrize("file", [file for file in FILES if room_of(file) == "demography"])
def test_demography_knows_no_place(file):
    text = (PACKAGE / file).read_text(encoding="utf-8").lower()
    assert not [word for word in ("huzhou", "jiaxing", "湖州", "3305") if word in text]
