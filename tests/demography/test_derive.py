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

PLACES = ("huzhou", "huzhou_2010", "jiaxing")


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_folder(), tmp_path / "data"))


@pytest.mark.parametrize("name", [*PLACES, "china", "china_2010", "zhejiang", "evidence"])
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


def test_a_schedule_gives_the_assumed_total_and_the_shares_of_areas_and_sexes() -> None:
    pack = load_pack("huzhou_2010")
    settings = pack.settings.derivation.migration
    table = pack.net_migration
    assert (table["kind"] == "assumed").all()
    assert table["migrants_per_year"].sum() == pytest.approx(settings.migrants_per_year, abs=1)
    shares = table.groupby("area")["migrants_per_year"].sum() / settings.migrants_per_year
    assert shares.to_dict() == pytest.approx(settings.schedule.area_shares, abs=1e-4)
    men = table.query("sex == 'male'")["migrants_per_year"].sum() / settings.migrants_per_year
    assert men == pytest.approx(settings.schedule.male_share, abs=1e-4)
    by_age = table.groupby("age")["migrants_per_year"].sum()
    assert int(by_age.to_numpy().argmax()) == 23
    assert by_age[:15].sum() / by_age.sum() == pytest.approx(0.13, abs=0.01)


def test_residents_divide_the_migrants_where_no_shares_are_given(packs: Path) -> None:
    path = packs / "huzhou_2010" / "pack.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("area_shares")), encoding="utf-8")
    derive_pack(packs / "huzhou_2010")
    pack = load_pack(packs / "huzhou_2010")
    moved = pack.net_migration.groupby("area")["migrants_per_year"].sum()
    people = pack.population_single_age.groupby("area")["population"].sum()
    np.testing.assert_allclose(moved / moved.sum(), people / people.sum(), atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("330523 = 0.103", "330524 = 0.103", "330524 = 0.103"),
        ("330502 = 0.394, ", "", "Give one share for each of 330502"),
        ('reference_area = "000000"', 'reference_area = "330000"', "no single ages of area 330000 on 2010-11-01"),
    ],
)
def test_what_a_schedule_lacks_is_said(old: str, new: str, says: str, packs: Path) -> None:
    path = packs / "huzhou_2010" / "pack.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PackError, match=says):
        derive_pack(packs / "huzhou_2010")


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
