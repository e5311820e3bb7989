from __future__ import annotations

from pathlib import Path

import pytest

from huyou_sim.errors import PackError
from huyou_sim.pack import known_packs, load_pack
from huyou_sim.pack.locate import data_folder, find_pack


def test_a_name_finds_the_pack_that_ships() -> None:
    assert find_pack("huzhou") == data_folder() / "huzhou"
    assert known_packs() == ["china", "china_2010", "evidence", "huzhou", "huzhou_2010", "jiaxing", "zhejiang"]


def test_a_misspelt_name_is_corrected() -> None:
    with pytest.raises(PackError, match="Did you mean 'huzhou'\\? Type huzhou\\."):
        load_pack("huzou")


def test_an_unknown_name_lists_what_is_known() -> None:
    with pytest.raises(PackError, match="china, china_2010, evidence, huzhou, huzhou_2010, jiaxing, zhejiang"):
        load_pack("qqqq")


@pytest.mark.parametrize("given", [str, Path])
def test_a_path_is_taken_as_it_is(packs: Path, given: type) -> None:
    assert load_pack(given(packs / "huzhou")).path == packs / "huzhou"


def test_packs_beside_a_pack_come_before_those_that_ship(packs: Path) -> None:
    assert find_pack("china", beside=packs / "huzhou") == packs / "china"
    assert find_pack("china", beside=packs.parent / "elsewhere") == data_folder() / "china"


def test_a_relative_name_in_the_working_folder_is_found(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (packs / "huzhou").rename(packs / "mine")
    monkeypatch.chdir(packs)
    assert load_pack("mine").name == "huzhou"


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="a folder without it"):
        load_pack(tmp_path)
    with pytest.raises(PackError, match="no such folder"):
        load_pack(tmp_path / "nowhere")


def test_installed_data_come_before_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_data").mkdir()
    monkeypatch.setattr("huyou_sim.pack.locate.files", lambda _: tmp_path)
    assert data_folder() == tmp_path / "_data"
