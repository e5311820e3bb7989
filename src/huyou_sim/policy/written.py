"""A scenario as a file: what was made of numbers, written down so that it loads to the same levers.

The file stands alone, without `extends`: everything that its parents set is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES
from huyou_sim.policy.scenario import Scenario
from huyou_sim.policy.setting import Setting

ASSUMED = "Found by a search, not taken from a source"


def scenario_text(
    scenario: Scenario,
    *,
    names: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
    reason: str = "",
    note: Sequence[str] = (),
) -> str:
    """Return the text of a scenario file that loads to the trends, levers and areas of a scenario.

    Settings that stand in no file, since a search made them, are marked as assumed.

    Parameters
    ----------
    scenario : Scenario
    names, descriptions : mapping of language to str, optional
        Instead of those of the scenario, ``zh`` and ``en``.
    reason : str
        Why the package is as it is.
    note : sequence of str
        Lines of comment at its head.
    """
    names = names or scenario.names.model_dump()
    descriptions = descriptions or scenario.descriptions.model_dump()
    head = [f"# {line}".rstrip() for line in note] + ([""] if note else [])
    head += [f"name = {_toml(names)}", f"description = {_toml(descriptions)}"]
    head += [f"reason = {_toml(reason or scenario.reason)}"] if reason or scenario.reason else []
    head += [f"areas = {_toml(list(scenario.areas))}"] if scenario.areas is not None else []
    by_key = {setting.key: setting for setting in scenario.settings}
    parts = ["\n".join(head)]
    for table in OPEN_TABLES:
        inside = [setting for setting in scenario.settings if setting.key[0] == table]
        if inside:
            values = {str(setting.key[1]): setting.value for setting in inside}
            parts.append(_part(f"[{table}]", values, [] if table == "trends" else inside))
    for key in sorted((key for key in by_key if key[0] not in OPEN_TABLES and key != ("areas",)), key=_order):
        header = f"[[{key[0]}]]" if key[0] in LIST_TABLES else f"[{key[0]}]"
        parts.append(_part(header, by_key[key].value, [by_key[key]]))
    return "\n\n".join(parts) + "\n"


def _order(key: tuple[str | int, ...]) -> tuple[bool, str, int]:
    """Return what puts single measures before lists, and lists in order of birth."""
    return key[0] in LIST_TABLES, str(key[0]), int(key[1]) if len(key) > 1 else 0


def _part(header: str, values: Mapping[str, Any], settings: Sequence[Setting]) -> str:
    """Return one table with its values and where they come from."""
    lines = [header, *(f"{key} = {_toml(value)}" for key, value in values.items() if value is not None)]
    made = any(not setting.key_path for setting in settings)
    reasons = dict.fromkeys(setting.reason for setting in settings if setting.key_path and setting.reason)
    why = "; ".join([*([ASSUMED] if made else []), *reasons])
    if made or any(setting.assumed for setting in settings):
        lines.append("assumed = true")
    return "\n".join([*lines, *([f"reason = {_toml(why)}"] if why else [])])


def _toml(value: object) -> str:
    """Return a value as TOML, a number with all its digits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        # A basic string of TOML has the escapes of JSON.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)
