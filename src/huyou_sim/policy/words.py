"""What each table and key of a scenario file is called, does and may be, in English and Chinese.

Names, units and English words of levers stand in ``levers.csv``; ``words.csv`` holds what that table does not: Chinese
sentences, the names of tables and of keys that are no levers, values for an example, units in Chinese.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from huyou_sim.policy.levers import Lever, levers
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, TABLES, WHOLE_TABLES

MEASURES = tuple(name for name in TABLES if name in (*LIST_TABLES, *OPEN_TABLES, *WHOLE_TABLES))
"""Every table of levers, in the order in which a file is written."""


@dataclass(frozen=True)
class Wording:
    """What people read of a table or a key.

    Parameters
    ----------
    label_en, label_zh : str
        Name.
    doc_en, doc_zh : str
        What it does; empty where nothing is known beyond the name.
    example : str
        A sensible value as it is typed in a file; empty where there is none.
    instead_of : str
        Key of the same measure that says the same in another way, of which a file has only one; empty for most.
    """

    label_en: str
    label_zh: str
    doc_en: str
    doc_zh: str
    example: str = ""
    instead_of: str = ""

    def label(self, lang: str) -> str:
        """Return the name in `zh` or else English."""
        return self.label_zh if lang == "zh" else self.label_en

    def doc(self, lang: str) -> str:
        """Return what it does in `zh` or else English."""
        return self.doc_zh if lang == "zh" else self.doc_en


@cache
def word_rows() -> Mapping[str, Mapping[str, str]]:
    """Return the rows of ``words.csv`` by key."""
    text = files("huyou_sim.policy").joinpath("words.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["key"]: MappingProxyType(row) for row in csv.DictReader(text.splitlines())})


def wording(key: str) -> Wording:
    """Return the words of a table ("birth_grant"), of a key in it ("birth_grant.yuan") or of a key outside ("areas").

    A lever without words of its own here has those of ``levers.csv``; a table without any has those of its model and,
    in Chinese, the name of its first quantity.
    """
    lever = levers().get(key)
    own = word_rows().get(key) or word_rows().get(key.rpartition(".")[2]) or {}
    if lever is not None:
        own = word_rows().get(key, {})
        more = {name: own.get(name, "") for name in ("doc_zh", "example", "instead_of")}
        return Wording(lever.label_en, lever.label_zh, lever.doc, **more)
    plain = key.rpartition(".")[2].replace("_", " ")
    model = TABLES.get(key)
    first = next((one for one in _quantities(key)), None)
    return Wording(
        own.get("label_en") or plain.capitalize(),
        own.get("label_zh") or (first.label_zh if first else plain),
        own.get("doc_en") or (_sentence(model.__doc__ or "") if model else ""),
        own.get("doc_zh", ""),
        own.get("example", ""),
    )


def _quantities(table: str) -> list[Lever]:
    """Return the levers of a table, those that say for whom or when after those that say how much."""
    found = [lever for key, lever in levers().items() if key.startswith(f"{table}.")]
    return sorted(found, key=lambda lever: lever.unit in ("birth order", "year", "years", "months"))


def _sentence(doc: str) -> str:
    """Return a docstring on one line, without its full stop and begun as the middle of a sentence."""
    line = " ".join(doc.split()).rstrip(".")
    return line[:1].lower() + line[1:]


def unit_text(unit: str, lang: str) -> str:
    """Return a unit of ``levers.csv`` in `zh` or else English; empty for a pure number."""
    if unit == "1":
        return ""
    row = word_rows().get(f"unit.{unit}", {})
    return row.get("label_zh", unit) if lang == "zh" else unit


def bounds_text(lever: Lever) -> str:
    """Return the bounds of a lever as numbers with a dash between: 0–1,000,000."""
    if lever.unit == "year":
        return f"{lever.lower:.0f}–{lever.upper:.0f}"
    return f"{plain_number(lever.lower)}–{plain_number(lever.upper)}"


def plain_number(value: float) -> str:
    """Return a number as people write it: 30,000 and 2.63, without trailing zeros."""
    whole, dot, rest = f"{float(value):,.10f}".partition(".")
    rest = rest.rstrip("0")
    return f"{whole}{dot}{rest}" if rest else whole
