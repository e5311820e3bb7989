"""The format of packs as data: which tables there are, and what stands in each column."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

KINDS = ("place", "schedules", "evidence")
"""Kinds of pack."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    pack, table, name : str
    type : {"text", "code", "integer", "number", "date", "period"}
    unit : str
    required : bool
        The column must stand in the file, and every cell must be filled.
    lower, upper : str
        Bounds in the column's own type; ``>`` in front of `lower` excludes the bound; empty for none.
    allowed : tuple of str
        The only values, or empty.
    key : bool
        Part of what makes a row unique.
    doc : str
    """

    pack: str
    table: str
    name: str
    type: str
    unit: str
    required: bool
    lower: str
    upper: str
    allowed: tuple[str, ...]
    key: bool
    doc: str


@dataclass(frozen=True)
class Table:
    """One table of a kind of pack: a file ``<name>.csv``.

    Parameters
    ----------
    pack, name : str
    required : bool
    derived : bool
        Written by `huyou derive`, not by hand.
    doc : str
    columns : tuple of Column
    """

    pack: str
    name: str
    required: bool
    derived: bool
    doc: str
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return f"{self.name}.csv"

    @property
    def key(self) -> list[str]:
        """Return the columns that together are unique."""
        return [column.name for column in self.columns if column.key]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("huyou_sim.pack").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def tables() -> tuple[Table, ...]:
    """Return every table of every kind of pack, as `tables.csv` and `columns.csv` declare them."""
    columns = [
        Column(
            pack=row["pack"],
            table=row["table"],
            name=row["column"],
            type=row["type"],
            unit=row["unit"],
            required=row["required"] == "yes",
            lower=row["lower"],
            upper=row["upper"],
            allowed=tuple(row["allowed"].split()),
            key=row["key"] == "yes",
            doc=row["doc"],
        )
        for row in _rows("columns.csv")
    ]
    return tuple(
        Table(
            row["pack"],
            row["table"],
            row["required"] == "yes",
            row["derived"] == "yes",
            row["doc"],
            tuple(c for c in columns if (c.pack, c.table) == (row["pack"], row["table"])),
        )
        for row in _rows("tables.csv")
    )


def tables_of(kind: str) -> dict[str, Table]:
    """Return the tables of a kind of pack by name."""
    return {table.name: table for table in tables() if table.pack == kind}


def describe_format() -> str:
    """Return the declared format as Markdown: a heading and a table of columns for every table."""
    parts = []
    for kind in KINDS:
        parts.append(f"### Tables of a pack of kind `{kind}`\n")
        for table in tables_of(kind).values():
            state = "derived, required" if table.derived else "required" if table.required else "optional"
            parts.append(f"#### `{table.file}` ({state})\n\n{table.doc}.\n")
            rows = ["| column | type | unit | filled | bounds or values | what |", "|---|---|---|---|---|---|"]
            rows += [_describe(column) for column in table.columns]
            parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _describe(column: Column) -> str:
    if column.allowed:
        bounds = ", ".join(column.allowed)
    elif column.lower.startswith(">"):
        bounds = f"above {column.lower[1:]}"
    elif column.lower and column.upper:
        bounds = f"{column.lower} to {column.upper}"
    else:
        bounds = f"{column.lower} or more" if column.lower else ""
    name = f"**{column.name}**" if column.key else column.name
    filled = "yes" if column.required else "may be empty"
    return f"| {name} | {column.type} | {column.unit} | {filled} | {bounds} | {column.doc} |"
