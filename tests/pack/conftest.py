"""Copies of the shipped packs that a test may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from huyou_sim.errors import PackError, Problem
from huyou_sim.pack import Pack, load_pack
from huyou_sim.pack.checksums import LIST, checksum_list, pack_files, sha256
from huyou_sim.pack.locate import data_folder


@pytest.fixture(scope="session")
def huzhou() -> Pack:
    return load_pack("huzhou")


@pytest.fixture(scope="session")
def jiaxing() -> Pack:
    return load_pack("jiaxing")


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """Return a folder with a copy of every pack."""
    return Path(shutil.copytree(data_folder(), tmp_path / "data"))


@pytest.fixture
def seal() -> Callable[[Path], None]:
    """Return a function that writes SHA256SUMS anew, so that only the content of a pack can be wrong."""

    def write(folder: Path) -> None:
        sums = {name: sha256(folder / name) for name in pack_files(folder)}
        (folder / LIST).write_text(checksum_list(sums), encoding="utf-8")

    return write


@pytest.fixture
def problems() -> Callable[[Path], list[Problem]]:
    """Return a function that lists what loading a pack complains about."""

    def complaints(folder: Path) -> list[Problem]:
        try:
            load_pack(folder)
        except PackError as error:
            return list(error.problems)
        return []

    return complaints
