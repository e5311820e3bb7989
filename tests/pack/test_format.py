from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from huyou_sim.pack.locate import data_folder
from huyou_sim.pack.schema import KINDS, describe_format, tables, tables_of
from huyou_sim.pack.table import PARSERS

README = data_folder() / "README.md"


def test_every_column_stands_in_the_guide() -> None:
    text = README.read_text(encoding="utf-8")
    for table in tables():
        assert f"`{table.file}`" in text
        for column in table.columns:
            name = f"**{column.name}**" if column.key else column.name
            assert f"| {name} | {column.type} | {column.unit} |" in text, (table.name, column.name)


def test_the_guide_is_made_from_the_declared_columns() -> None:
    text = README.read_text(encoding="utf-8")
    inside = text.split("columns.csv) -->\n")[1].split("<!-- format: end -->")[0]
    assert inside.strip() == describe_format().strip()


def test_columns_are_declared_soundly() -> None:
    for table in tables():
        assert table.pack in KINDS
        assert table.columns, table.name
        assert table.key, f"{table.name} has no key"
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names))
        for column in table.columns:
            assert column.type in PARSERS
            assert column.doc
            assert not (column.allowed and (column.lower or column.upper))
            assert not (column.key and not column.required), "a key cannot be empty"


@pytest.mark.parametrize("folder", sorted(p.parent for p in data_folder().glob("*/pack.toml")))
def test_packs_hold_what_is_declared_and_say_whose_it_is(folder: Path) -> None:
    settings = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
    declared = {table.file for table in tables_of(settings["kind"]).values()}
    there = {path.name for path in folder.iterdir()}
    assert there <= declared | {"pack.toml", "SHA256SUMS"}
    attributed = " ".join(item["used_for"] for item in settings["attribution"])
    assert settings["attribution"]
    assert all(item["licence"] for item in settings["attribution"])
    for name in there & {t.file for t in tables_of("schedules").values()}:
        if settings["kind"] == "schedules":
            assert name in attributed


@pytest.mark.parametrize("name", ["huzhou", "huzhou_2010", "jiaxing", "china", "china_2010", "zhejiang", "evidence"])
def test_checksums_are_in_the_form_that_sha256sum_reads(name: str) -> None:
    folder = data_folder() / name
    listed = {}
    for line in (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        found = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        assert found, line
        listed[found[2]] = found[1]
    there = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.name != "SHA256SUMS"}
    assert listed == there


def test_data_files_have_unix_line_ends_and_no_byte_order_mark() -> None:
    for path in data_folder().rglob("*.csv"):
        content = path.read_bytes()
        assert b"\r" not in content
        assert not content.startswith(b"\xef\xbb\xbf")
        assert content.endswith(b"\n")
