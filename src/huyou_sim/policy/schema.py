"""JSON Schema of a scenario file with words in English and Chinese, units, bounds and examples, for editors."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from huyou_sim.policy import measures
from huyou_sim.policy.levers import FIRST_YEAR, HORIZON, levers
from huyou_sim.policy.measures import TABLES
from huyou_sim.policy.words import bounds_text, unit_text, wording

SCHEMA_FILE = "scenario.schema.json"
"""Name of the schema where it stands beside scenario files."""


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario file.

    Each table and key has a title, and a description in English and Chinese with unit and bounds; keys for which a
    sensible value is known have it as an example.
    """
    schema = measures.scenario_schema()
    parts = schema["$defs"]
    for table, model in TABLES.items():
        part = parts[model.__name__]
        for key, field in part["properties"].items():
            field |= _about(f"{table}.{key}")
    for model_name in {model.__name__ for model in TABLES.values()}:
        tables = [name for name, model in TABLES.items() if model.__name__ == model_name]
        if len(tables) == 1:  # name and description share theirs
            parts[model_name] |= _about(tables[0])
    for key, field in schema["properties"].items():
        field |= _about(key)
    schema["description"] = (
        f"A package of policy levers, {FIRST_YEAR} to {HORIZON}.\n{FIRST_YEAR}年至{HORIZON}年的一组政策措施。"
    )
    return schema


def schema_json() -> str:
    """Return the JSON Schema as the text of a file."""
    return json.dumps(scenario_schema(), ensure_ascii=False, indent=2) + "\n"


def _about(key: str) -> dict[str, Any]:
    """Return title, description and example of a table or key."""
    words = wording(key)
    lever = levers().get(key)
    lines = [words.doc_en or words.label_en, words.doc_zh or words.label_zh]
    if lever is not None:
        units = [", ".join(filter(None, (unit_text(lever.unit, lang), bounds_text(lever)))) for lang in ("en", "zh")]
        lines = [f"{line} [{unit}]" for line, unit in zip(lines, units, strict=True)]
    about: dict[str, Any] = {
        "title": f"{words.label_en} / {words.label_zh}",
        "title_zh": words.label_zh,
        "description": "\n".join(lines),
    }
    if words.example:
        about["examples"] = [tomllib.loads(f"example = {words.example}")["example"]]
    return about
