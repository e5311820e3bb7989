from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from huyou_sim.demography import derive
from huyou_sim.demography.derive import derive_pack, write_whole
from huyou_sim.errors import PackError
from huyou_sim.pack import load_pack
from huyou_sim.pack.locate import data_folder

PLACES = ("huzhou", "jiaxing")


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_folder(), tmp_path / "data"))


@pytest.mark.parametrize("name", [*PLACES, "china", "zhejiang", "evidence"])
def test_deriving_again_changes_nothing(name: str, packs: Path) -> None:
    assert derive_pack(packs / name) == ()


@pytest.mark.parametrize("name", PLACES)
def test_derived_tables_are_made_anew_to_the_byte(name: str, packs: Path) -> None:
    made = ("population_single_age.csv", "net_migration.csv", "SHA256SUMS")
    for file in made:
        (packs / name / file).unlink()
    assert {path.name for path in derive_pack(packs / name)} == set(made)
    for file in made:
        assert (packs / name / file).read_bytes() == (data_folder() / name / file).read_bytes()


def test_a_changed_census_goes_through_to_single_ages(packs: Path) -> None:
    path = packs / "huzhou" / "population_census.csv"
    text = path.read_text(encoding="utf-8")
    for area in ("330500", "330502"):
        row = next(line for line in text.splitlines() if line.startswith(f"{area},2020-11-01,male,0,0,"))
        cells = row.split(",")
        cells[5] = str(int(cells[5]) + 100)
        text = text.replace(row, ",".join(cells))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="huyou derive"):
        load_pack(packs / "huzhou")
    changed = {path.name for path in derive_pack(packs / "huzhou")}
    assert changed == {"population_single_age.csv", "net_migration.csv", "SHA256SUMS"}
    before, after = (load_pack(p).population_single_age["population"] for p in ("huzhou", packs / "huzhou"))
    assert after.sum() - before.sum() == pytest.approx(100)


def test_nothing_is_written_when_a_table_is_wrong(packs: Path) -> None:
    folder = packs / "huzhou"
    path = folder / "marital_status.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",27892,", ",many,"), encoding="utf-8")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(PackError, match="'many'"):
        derive_pack(folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("first_census = 2010-11-01", "first_census = 2000-11-01", "not 10 years before"),
        ('reference_area = "000000"', 'reference_area = "330000"', "no single ages of area 330000"),
        ('schedules = ["china", "zhejiang"]', 'schedules = ["zhejiang"]', "no death rates of 2011"),
    ],
)
def test_what_the_derivation_lacks_is_said(old: str, new: str, says: str, packs: Path) -> None:
    path = packs / "huzhou" / "pack.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError, match=says):
        derive_pack(packs / "huzhou")


def test_a_pattern_needs_the_census_of_the_larger_area(packs: Path) -> None:
    path = packs / "jiaxing" / "pack.toml"
    text = path.read_text(encoding="utf-8").replace('pattern_area = "330000"', 'pattern_area = "320000"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError, match="no census of area 320000 on 2010-11-01"):
        derive_pack(packs / "jiaxing")


def test_jiaxing_has_the_assumed_total_and_the_pattern_of_the_province() -> None:
    table = load_pack("jiaxing").net_migration
    assert table["migrants_per_year"].sum() == pytest.approx(55_000, abs=1)
    by_age = table.groupby("age")["migrants_per_year"].sum()
    assert 20 <= int(by_age.to_numpy().argmax()) <= 27


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old\n", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(derive.os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new\n")
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text(encoding="utf-8") == "old\n"


def test_a_folder_that_cannot_be_written_is_a_plain_message(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (packs / "huzhou" / "SHA256SUMS").unlink()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(derive.os, "replace", refuse)
    with pytest.raises(PackError, match="Permission denied"):
        derive_pack(packs / "huzhou")


def test_numbers_are_written_without_needless_digits() -> None:
    assert [derive._number(v) for v in (120.0, 0.5, -0.0001, 100.25)] == ["120", "0.5", "0", "100.25"]
    assert np.isclose(float(derive._number(1 / 3)), 0.333)
