"""The formats of the files that users write, and the variables of the files they get, as text."""

from __future__ import annotations

import csv
import io

from huyou_sim.pack.schema import Column, tables
from huyou_sim.policy.schema import schema_json
from huyou_sim.variables import variables


def schema_text(kind: str, lang: str = "en") -> str:
    """Return a format as text.

    Parameters
    ----------
    kind : {"scenario", "pack", "variables"}
        JSON Schema of a scenario file; CSV of the columns of every table of a pack; CSV of all output variables.
    lang : {"en", "zh"}
        Of the labels and definitions of variables.
    """
    if kind == "scenario":
        return schema_json().rstrip("\n")
    if kind == "pack":
        return _csv([_column(column) for table in tables() for column in table.columns])
    zh = lang == "zh"
    return _csv(
        [
            {
                "name": one.name,
                "dims": " ".join(one.dims),
                "unit": one.unit_zh if zh else one.unit,
                "kind": one.kind,
                "label": one.label_zh if zh else one.label_en,
                "definition": one.definition_zh if zh else one.definition_en,
            }
            for one in variables().values()
        ]
    )


def _column(column: Column) -> dict[str, object]:
    return {
        "pack": column.pack,
        "file": f"{column.table}.csv",
        "column": column.name,
        "type": column.type,
        "unit": column.unit,
        "required": "yes" if column.required else "no",
        "lower": column.lower,
        "upper": column.upper,
        "allowed": " ".join(column.allowed),
        "what": column.doc,
    }


def _csv(rows: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")
