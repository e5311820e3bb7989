"""A file of observations to start from: the header, comments in two languages, a row for each indicator."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import text
from huyou_sim.pack import load_pack
from huyou_sim.planning.observed import COLUMNS
from huyou_sim.planning.subjects import Subject, subjects
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from huyou_sim.pack import Pack

HEADER = tuple(name for name in COLUMNS if name != "date")
"""Of a new file: `date` is the older word for `period`."""

BESIDE = ("births", "deaths", "marriages", "first_marriages", "divorces", "crude_birth_rate", "crude_marriage_rate",
          "crude_divorce_rate", "population_total")  # fmt: skip
"""Variables of the model that stand below the plan's indicators."""

COMMENTS = (
    "monitor.template.what", "monitor.template.indicator", "monitor.template.period", "monitor.template.value",
    "monitor.template.error", "monitor.template.published", "monitor.template.next",
)  # fmt: skip


def write_template(path: str | Path, place: str | Path, lang: str) -> str:
    """Return what was written: a file of observations with a row for each indicator of a place's plan, empty.

    Raises
    ------
    ArgumentError
        When the file exists.
    OutputError
        When the system refuses to write. Nothing is half-written.
    PackError
        When there is no such place.
    """
    target = Path(path)
    if target.exists():
        found = "a folder" if target.is_dir() else "a file that exists"
        raise ArgumentError(Problem("--template", found, "a new file", "Choose another name.", str(path)))
    pack = load_pack(place)
    # With the mark of UTF-8, without which spreadsheets take Chinese for another encoding.
    replace_file(target, template_text(pack).encode("utf-8-sig"))
    return text("monitor.template.written", lang, file=str(path))


def template_text(pack: Pack) -> str:
    """Return a file of observations whose values are empty: each row is skipped until its value is typed."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for key in COMMENTS:
        for lang in ("zh", "en"):
            writer.writerow([f"# {text(key, lang)}"])
    writer.writerow(HEADER)
    known = subjects(pack)
    for row in pack.indicators.to_dict("records"):
        one = known[str(int(row["id"]))]
        writer.writerow(_row(one, f"{row['name_zh']} / {row['name_en']}"))
    for name in BESIDE:
        about = variables()[name]
        writer.writerow(_row(known[name], f"{about.label_zh} / {about.label_en}"))
    return stream.getvalue()


def _row(one: Subject, note: str) -> list[str]:
    cells = {
        "indicator_id": str(one.indicator_id or ""), "variable": one.variable, "unit": one.unit,
        "population_base": one.base, "note": note,
    }  # fmt: skip
    return [cells.get(name, "") for name in HEADER]
