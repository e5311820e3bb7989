"""One mistake, one message: the file, the line, what stands there, what should, and what to type."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim.errors import PackError, Problem
from huyou_sim.pack import check_pack, load_pack
from huyou_sim.pack.locate import data_folder

Seal = Callable[[Path], None]
Complaints = Callable[[Path], list[Problem]]


def change(path: Path, old: str, new: str, *, count: int = 1) -> int:
    """Replace text in a file and return the line where it stood."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}: the test is out of date"
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


CASES = {
    "unknown column": ("observations.csv", "standard_error,", "standart_error,", "standard_error", 2),
    "wrong type": ("observations.csv", ",3372000,", ",3.372 million,", "a number", 1),
    "no standard error": (
        "observations.csv",
        ',1000,"Difference of two',
        ',,"Difference of two',
        "Type the standard error",
        1,
    ),
    "standard error of zero": (
        "observations.csv",
        ',1000,"Difference of two',
        ',0,"Difference of two',
        "above 0",
        1,
    ),
    "date after 2021": (
        "observations.csv",
        "2021-12-31,2021-12-31,3407000",
        "2022-12-31,2022-12-31,3407000",
        "2021-12-31",
        2,
    ),
    "date outside the period": (
        "observations.csv",
        "births,330500,2021,2021-12-31",
        "births,330500,2021,2021-06-30",
        "the last day of period 2021",
        1,
    ),
    "unknown use": ("observations.csv", ",fit,", ",fitt,", "Did you mean 'fit'?", 1),
    "unknown population": ("observations.csv", ",resident,", ",residents,", "Did you mean 'resident'?", 1),
    "unknown area": ("observations.csv", "population_total,330502", "population_total,330520", "330502", 1),
    "duplicate key": ("observations.csv", "\nbirths_2021,", "\ndeaths_2021,", "Delete one of the two rows", 1),
    "negative persons": ("marital_status.csv", ",27892,", ",-27892,", "0 or more", 1),
    "area that is the place": ("areas.csv", "330503,", "330500,", "the place is the sum of its areas", None),
    "row that is too short": ("areas.csv", "330503,南浔区,Nanxun", "330503,南浔区", "3 cells", 1),
    "unbalanced quote": ("areas.csv", "南浔区", '"南浔区', "Correct the quotes", 1),
    "city is not the sum": (
        "population_census.csv",
        "330500,2020-11-01,male,0,0,11490",
        "330500,2020-11-01,male,0,0,11491",
        "the sum of its areas",
        1,
    ),
    "gap in ages": (
        "population_census.csv",
        "330500,2010-11-01,male,5,9,",
        "330500,2010-11-01,male,6,9,",
        "no group for ages 5-5",
        1,
    ),
    "overlap of ages": (
        "population_census.csv",
        "330500,2010-11-01,male,5,9,",
        "330500,2010-11-01,male,5,10,",
        "overlaps the one before",
        1,
    ),
    "no open group": (
        "population_census.csv",
        "330500,2010-11-01,male,85,,",
        "330500,2010-11-01,male,85,99,",
        "no open group from age 100",
        1,
    ),
    "single ages that do not add up": (
        "population_single_age.csv",
        "330502,2020-11-01,male,0,",
        "330502,2020-11-01,male,0,1",
        "type huyou derive",
        1,
    ),
    "missing age": ("net_migration.csv", "330502,male,55,", "330502,male,54,", "no row for age 55", 2),
    "target without its upper bound": ("targets.csv", "within,49.88,40,60,", "within,49.88,40,,", "rule within", 1),
    "unknown key in pack.toml": ("pack.toml", "census =", "censos =", "Did you mean 'census'?", 2),
    "broken TOML": ("pack.toml", "[place]", "[place", "Correct the line", 1),
    "area code as a number": ("pack.toml", 'code = "330500"', "code = 330500", "valid string", 1),
    "start before the census": ("pack.toml", "2020-12-31", "2020-10-31", "not before census", 1),
    "unknown pack of schedules": ("pack.toml", '["china",', '["chine",', "Did you mean 'china'?", 1),
    "residual with a borrowed pattern": (
        "pack.toml",
        "mortality_level = 0.72",
        'mortality_level = 0.72\npattern_area = "330000"',
        "does not take pattern_area",
        1,
    ),
    "schedule without its parameters": (
        "pack.toml",
        'method = "residual"',
        'method = "schedule"',
        "needs schedule, migrants_per_year",
        1,
    ),
    "residual without the first census": ("pack.toml", "first_census = 2010-11-01\n", "", "needs first_census", 1),
}
"""What is wrong: file, text to replace, by what, what the message says, how many problems (None: some)."""


WHOLE_FILE = {"unknown column", "single ages that do not add up", "missing age", "unbalanced quote"}
"""Cases where the message points to the file's header, or to the first row of a group."""


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_located_and_explained(case: str, packs: Path, seal: Seal, problems: Complaints) -> None:
    name, old, new, says, count = CASES[case]
    folder = packs / "huzhou"
    line = change(folder / name, old, new)
    seal(folder)
    found = problems(folder)
    assert count is None or len(found) == count, "\n".join(map(str, found))
    said = [p for p in found if says in str(p)]
    assert said, "\n".join(map(str, found))
    assert all(str(p.file).startswith(str(packs)) for p in found)
    assert Path(str(said[0].file)).name == name
    if case not in WHOLE_FILE:
        assert said[0].line is not None
        assert abs(said[0].line - line) <= 3, f"{said[0].line} is far from {line}"


def test_all_problems_come_at_once(packs: Path, seal: Seal, problems: Complaints) -> None:
    folder = packs / "huzhou"
    change(folder / "observations.csv", ",fit,", ",fitt,")
    change(folder / "marital_status.csv", ",27892,", ",-27892,")
    change(folder / "economy.csv", "yuan per year", "")
    change(folder / "pack.toml", 'title_zh = "浙江省湖州市"\n', "")
    seal(folder)
    files = {Path(str(p.file)).name for p in problems(folder)}
    assert files == {"pack.toml"}, "nothing can be checked before the kind of pack is known"
    change(folder / "pack.toml", 'title_en = "Huzhou', 'title_zh = "x"\ntitle_en = "Huzhou')
    seal(folder)
    files = {Path(str(p.file)).name for p in problems(folder)}
    assert files == {"observations.csv", "marital_status.csv", "economy.csv"}


def test_problems_of_packs_that_are_used_are_reported_too(packs: Path, seal: Seal, problems: Complaints) -> None:
    change(packs / "china" / "mortality.csv", "2015,male,40,", "2015,male,41,")
    change(packs / "evidence" / "priors.csv", "lognormal,", "log-normal,")
    for name in ("china", "evidence"):
        seal(packs / name)
    found = [str(p) for p in problems(packs / "huzhou")]
    assert any("year 2015, sex male: found no row for age 40" in text for text in found)
    assert any("Did you mean 'lognormal'?" in text for text in found)


def test_shares_that_do_not_add_up(packs: Path, seal: Seal, problems: Complaints) -> None:
    change(
        packs / "china" / "marital_status.csv",
        "2000,male,15,19,never_married,0.99",
        "2000,male,15,19,never_married,0.89",
    )
    seal(packs / "china")
    [found] = problems(packs / "huzhou")
    assert "shares that add up to 0.9" in str(found)


def test_many_mistakes_of_one_kind_are_counted(packs: Path, seal: Seal, problems: Complaints) -> None:
    folder = packs / "huzhou"
    change(folder / "marital_status.csv", ",observed,", ",seen,", count=100)
    seal(folder)
    found = problems(folder)
    assert len(found) == 6
    assert "43 more rows like this" in found[-1].found


def test_a_truncated_file_gives_one_problem(packs: Path, problems: Complaints) -> None:
    path = packs / "huzhou" / "population_census.csv"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    [found] = problems(packs / "huzhou")
    assert found.file == str(path)
    assert found.line == content[: len(content) // 2].count(b"\n") + 1
    assert "breaks off" in found.found
    assert f"huyou derive {packs / 'huzhou'}" in found.fix


def test_an_empty_file_gives_one_problem(packs: Path, seal: Seal, problems: Complaints) -> None:
    path = packs / "huzhou" / "economy.csv"
    path.write_bytes(b"")
    [found] = problems(packs / "huzhou")
    assert "an empty file" in found.found
    seal(packs / "huzhou")
    [found] = problems(packs / "huzhou")
    assert (found.found, found.file) == ("an empty file", str(path))


def test_a_changed_file_says_how_to_accept_the_change(packs: Path, problems: Complaints) -> None:
    folder = packs / "huzhou"
    change(folder / "economy.csv", "57500", "57498")
    [found] = problems(folder)
    assert found.where == "checksum"
    assert "If you changed it on purpose, type: huyou derive" in found.fix


def test_a_missing_file_and_a_file_that_is_not_listed(packs: Path, problems: Complaints) -> None:
    folder = packs / "huzhou"
    (folder / "economy.csv").unlink()
    shutil.copy(folder / "areas.csv", folder / "aeras.csv")
    found = problems(folder)
    assert {(Path(str(p.file)).name, p.found) for p in found} == {
        ("economy.csv", "missing"),
        ("aeras.csv", "not listed in SHA256SUMS"),
        ("aeras.csv", "an unknown table"),
    }


def test_a_pack_without_its_list_of_checksums(packs: Path, problems: Complaints) -> None:
    (packs / "huzhou" / "SHA256SUMS").unlink()
    [found] = problems(packs / "huzhou")
    assert "huyou derive" in found.fix


def test_a_damaged_list_of_checksums(packs: Path, problems: Complaints) -> None:
    change(packs / "huzhou" / "SHA256SUMS", "  areas.csv", " areas.csv")
    found = problems(packs / "huzhou")
    assert {Path(str(p.file)).name for p in found} == {"SHA256SUMS", "areas.csv"}


def test_text_in_gbk_is_recognised(packs: Path, seal: Seal, problems: Complaints) -> None:
    path = packs / "huzhou" / "areas.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    seal(packs / "huzhou")
    [found] = problems(packs / "huzhou")
    assert (found.file, found.line) == (str(path), 2)
    assert "GBK" in found.fix
    assert "not UTF-8" in found.found


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(packs: Path, seal: Seal, problems: Complaints) -> None:
    for name in ("areas.csv", "observations.csv", "pack.toml"):
        path = packs / "huzhou" / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    seal(packs / "huzhou")
    assert problems(packs / "huzhou") == []


def test_a_place_needs_rows_for_every_area(packs: Path, seal: Seal, problems: Complaints) -> None:
    folder = packs / "huzhou"
    path = folder / "children_ever_born.csv"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("330522")]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    seal(folder)
    [found] = problems(folder)
    assert found.found == "no row for 330522"


def test_a_place_without_evidence_loads_and_says_so_when_it_is_asked_for() -> None:
    pack = load_pack("huzhou_2010")
    assert dict(pack.evidence) == {}
    with pytest.raises(PackError, match=r"uses\.evidence: found no pack of evidence.*'priors'.*Type evidence ="):
        pack.evidence["priors"]


def test_schedules_cannot_be_loaded_as_a_place() -> None:
    with pytest.raises(PackError, match="only a place can be projected"):
        load_pack("china")


@pytest.mark.parametrize("name", ["huzhou", "huzhou_2010", "jiaxing", "china", "china_2010", "zhejiang", "evidence"])
def test_the_shipped_packs_are_in_order(name: str) -> None:
    assert check_pack(name) == []


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_happens_to_a_file_there_is_no_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    packs = Path(shutil.copytree(data_folder(), tmp_path_factory.mktemp("packs") / "data"))
    name = data.draw(st.sampled_from(sorted(p.name for p in (packs / "huzhou").iterdir())))
    path = packs / "huzhou" / name
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["cut", "overwrite", "insert"])):
        case "cut":
            del content[place:]
        case "overwrite":
            content[place] ^= data.draw(st.integers(1, 255))
        case _:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=4))
    path.write_bytes(bytes(content))
    found = check_pack(packs / "huzhou")
    assert found or name == "SHA256SUMS", "only an empty line in the list itself may pass unseen"
    assert all(p.file and p.found and p.expected and p.fix for p in found)
    shutil.rmtree(packs)
