"""A new scenario file as text: chosen measures set, all others commented out, each line explained in two languages.

In the text a line of code that is commented out begins with ``#`` and a letter or bracket, an explanation with ``# ``:
taking the ``#`` away from the lines of a table makes it live. Keys that a measure need not have stay comments then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from huyou_sim.errors import ArgumentError, Problem, ScenarioError, suggest
from huyou_sim.policy.document import toml_text
from huyou_sim.policy.levers import FIRST_YEAR, Lever, levers
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, TABLES, Measure
from huyou_sim.policy.scenario import load_scenario, scenario_files
from huyou_sim.policy.schema import SCHEMA_FILE
from huyou_sim.policy.setting import LeverKey, Setting
from huyou_sim.policy.shelf import find_scenario, gallery_folder, known_scenarios, scenario_folder
from huyou_sim.policy.words import MEASURES, bounds_text, unit_text, wording

PARENT = "no_new_policy"
"""What a new scenario extends that names nothing."""

_EXAMPLE_NAMES = {"zh": "我的方案", "en": "My package"}

_LONG = 40
"""Characters of a key and its value behind which comments are no longer aligned."""

EXAMPLE_REASON = "Example values of huyou new: put your own, and where they come from"


@dataclass(frozen=True)
class Template:
    """What a new scenario file shall hold.

    Parameters
    ----------
    path : Path
        Absolute path of the file.
    name_zh, name_en : str
    extends : tuple of str
        As they stand in the file: names, or paths from its folder.
    measures : tuple of str
        Tables that are set.
    taken_over : mapping of lever key to Setting
        What the parents set, of two that differ the first.
    """

    path: Path
    name_zh: str
    name_en: str
    extends: tuple[str, ...]
    measures: tuple[str, ...]
    taken_over: Mapping[LeverKey, Setting] = field(default_factory=dict)


def template(
    path: str | Path,
    *,
    extends: Sequence[str] = (PARENT,),
    measures: Sequence[str] = (),
    name_zh: str | None = None,
    name_en: str | None = None,
) -> Template:
    """Return what a new scenario file shall hold, checked.

    Parameters
    ----------
    path : path
        Of the file: ends in .toml, and its name is that of no scenario that ships.
    extends : sequence of str
        Names of scenarios, or paths as seen from the current folder.
    measures : sequence of str
        Tables to set, of `MEASURES`.
    name_zh, name_en : str, optional
        Made of the file's name when omitted.

    Raises
    ------
    ArgumentError, ScenarioError
        With every fault of the path and of the names, or every problem of the scenarios to extend.
    """
    target = Path(path).expanduser().resolve()
    parents, faults = _parents(extends)
    faults = [*_path_faults(path, target), *_name_faults(zh=name_zh, en=name_en), *_measure_faults(measures), *faults]
    if faults:
        raise ArgumentError(faults)
    taken_over: dict[LeverKey, Setting] = {}
    problems: list[Problem] = []
    for parent in parents:
        try:
            files = scenario_files(parent)
            settings = load_scenario(parent).settings
        except ScenarioError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        if target in files:
            found, expected = f"'{parent.stem}', which is made of {target.name} itself", "a chain that ends"
            problems.append(Problem("--extends", found, expected, "Choose another name for the new file."))
        for setting in settings:
            taken_over.setdefault(setting.key, setting)
    if problems:
        raise ScenarioError(problems)
    plain = target.stem.replace("_", " ")
    return Template(
        path=target,
        name_zh=name_zh if name_zh is not None else f"新情景 {plain}",
        name_en=name_en if name_en is not None else plain[:1].upper() + plain[1:],
        extends=tuple(_as_typed(parent, target) for parent in parents),
        measures=tuple(name for name in MEASURES if name in measures),
        taken_over=taken_over,
    )


def _path_faults(path: str | Path, target: Path) -> list[Problem]:
    where, known = "PATH", known_scenarios()
    if target.suffix != ".toml":
        return [Problem(where, f"'{path}'", "a file that ends in .toml", f"Type {path}.toml.")]
    if target.stem in known:
        found = f"'{target.stem}', a scenario that ships"
        return [Problem(where, found, "a name of its own", f"Type my_{target.stem}.toml, or another name.")]
    return []


def _parents(extends: Sequence[str]) -> tuple[list[Path], list[Problem]]:
    """Return the files to extend, and a problem for each that is not there or named twice."""
    parents: list[Path] = []
    faults: list[Problem] = []
    for one in extends:
        try:
            parent = find_scenario(one)
        except ScenarioError as error:
            faults += [Problem("--extends", p.found, p.expected, p.fix, p.file) for p in error.problems]
            continue
        if parent in parents:
            faults.append(Problem("--extends", f"'{one}' twice", "each parent once", "Leave one of the two out."))
        parents.append(parent)
    return parents, faults


def _name_faults(**names: str | None) -> list[Problem]:
    """Return a problem for each name that is given and empty, or holds what no table can show."""
    return [
        Problem(f"--name-{lang}", f"{name!r}", "a name on one line", f'Type --name-{lang} "{_EXAMPLE_NAMES[lang]}".')
        for lang, name in names.items()
        if name is not None and not (name.strip() and name.isprintable())
    ]


def _measure_faults(measures: Sequence[str]) -> list[Problem]:
    return [
        Problem("--with", f"'{name}'", "a measure of a scenario file", suggest(name, MEASURES))
        for name in dict.fromkeys(measures)
        if name not in MEASURES
    ]


def _as_typed(parent: Path, target: Path) -> str:
    """Return a scenario as a file in another folder names it: by name where it is found so, else by its path."""
    if parent.parent in (scenario_folder().resolve(), gallery_folder().resolve(), target.parent):
        return parent.stem
    try:
        return Path(os.path.relpath(parent, target.parent)).as_posix()
    except ValueError:  # on another drive
        return parent.as_posix()


# --- text ------------------------------------------------------------------------------------------------


def template_text(new: Template) -> str:
    """Return the text of a new scenario file."""
    parts = [_head(new), *(_table(name, new) for name in MEASURES if name in new.measures)]
    others = [name for name in MEASURES if name not in new.measures]
    if others:
        parts.append(
            "# ---- 未采用的措施: 各行行首删去一个 # 即可采用 ----\n"
            "# ---- Measures that are not used: delete one # from the beginning of each line to use them ----\n"
        )
    parts += [_table(name, new, live=False) for name in others]
    return "\n".join(parts)


def _head(new: Template) -> str:
    extends = _typed(new.extends[0] if len(new.extends) == 1 else list(new.extends))
    names = {"zh": new.name_zh, "en": new.name_en}
    about = {"zh": f"{new.name_zh}。", "en": f"{new.name_en}."}
    areas = new.taken_over.get(("areas",))
    return "\n".join(
        [
            f"#:schema ./{SCHEMA_FILE}",
            f"# {_plain(new.name_zh)} / {_plain(new.name_en)}",
            "# 单位与范围写在方括号内。 / Units and bounds stand in brackets.",
            "",
            *([f"extends = {extends}  {_note('extends')}"] if new.extends else []),
            f"name = {_typed(names)}  {_note('name')}",
            f"description = {_typed(about)}  {_note('description')}",
            f'reason = ""  {_note("reason")}',
            f'#areas = ["330502", "330503"]  {_note("areas", *([areas.value] if areas else []))}',
            "",
        ]
    )


def _plain(words: str) -> str:
    """Return words on one line, as a comment needs them."""
    return " ".join(words.split())


def _typed(value: object) -> str:
    """Return a value as it is typed in a TOML file, whatever characters its texts hold."""
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for the one control character that JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, list):
        return f"[{', '.join(_typed(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_typed(item)}' for key, item in value.items())} }}"
    return toml_text(value)


@dataclass(frozen=True)
class _Element:
    """What parents set of one measure: of one birth order in a list; nothing where no parent uses it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    assumed: bool = True
    reason: str = EXAMPLE_REASON


def _table(table: str, new: Template, *, live: bool = True) -> str:
    """Return a measure with its values, or as it would stand, commented out."""
    words = wording(table)
    lines = [f"# {words.label_zh} / {words.label_en}"]
    lines += [f"# {doc}" for doc in (words.doc_zh, words.doc_en) if doc]
    mark = "" if live else "#"
    elements = _elements(table, new.taken_over)
    for element in elements if live else [_Element()]:
        lines.append(f"{mark}[[{table}]]" if table in LIST_TABLES else f"{mark}[{table}]")
        lines += _keys(table, element, [element] if live else elements, live=live)
        lines.append("")
    return "\n".join(lines)


def _elements(table: str, taken_over: Mapping[LeverKey, Setting]) -> list[_Element]:
    """Return what the parents set of a measure, for each birth order of a list; one empty where they set nothing."""
    settings = [setting for key, setting in taken_over.items() if key[0] == table]
    if not settings:
        return [_Element()]
    if table in OPEN_TABLES:
        values = {str(setting.key[1]): setting.value for setting in settings}
        return [_Element(values, any(one.assumed for one in settings), settings[0].reason)]
    found = [_Element(setting.value, setting.assumed, setting.reason) for setting in settings]
    return sorted(found, key=lambda one: int(one.values.get("order", 0)))


def _keys(table: str, element: _Element, parents: Sequence[_Element], *, live: bool) -> list[str]:
    """Return the lines of the keys of a measure: the parents' values where they have any, else examples."""
    model, mark = TABLES[table], "" if live else "#"
    rows: list[tuple[str, str]] = []
    for key, about in model.model_fields.items():
        if key in ("assumed", "reason"):
            continue
        value = element.values.get(key)
        left_out = value is None and not about.is_required() and (bool(element.values) or not _is_used(table, key))
        typed = _typed(value) if value is not None else example(table, key)
        note = _note(f"{table}.{key}", *(parent.values.get(key) for parent in parents))
        rows.append((f"{mark}{'#' if left_out else ''}{key} = {typed}", note))
    if issubclass(model, Measure):
        rows += [(f"{mark}assumed = true", _note("assumed"))] if element.assumed else []
        rows.append((f"{mark}reason = {_typed(element.reason)}", _note("reason")))
    # Long values do not push the comments of all others to the right.
    width = max((len(code) for code, _ in rows if len(code) <= _LONG), default=0)
    return [f"{code:<{width}}  {note}" for code, note in rows]


def _is_used(table: str, key: str) -> bool:
    """Return whether an optional key belongs into a measure that is used: a path, an amount.

    An end or a flag does not, nor a key that says in another way what a key before it has said.
    """
    name = f"{table}.{key}"
    lever = levers().get(name)
    return lever is not None and (table in OPEN_TABLES or lever.default is not None) and not wording(name).instead_of


def _note(key: str, *parents: Any) -> str:
    """Return the comment behind a key: Chinese and English name, unit, bounds, what it does, the parents' values."""
    words, lever = wording(key), levers().get(key)
    said = " / ".join(_sentence(words.label(lang), words.doc(lang), lever, lang) for lang in ("zh", "en"))
    known = [_typed(value) for value in parents if value is not None]
    return f"# {said}" + (f" (沿用值 / parent: {'; '.join(known)})" if known else "")


def _sentence(label: str, doc: str, lever: Lever | None, lang: str) -> str:
    unit = ""
    if lever is not None:
        parts = (unit_text(lever.unit, lang) if lever.unit != "year" else "", bounds_text(lever))
        unit = f" [{', '.join(filter(None, parts))}]"
    return f"{label}{unit}{f': {doc}' if doc else ''}"


def example(table: str, key: str) -> str:
    """Return a value of a key that a file may hold, as it is typed: a sensible one where it is known."""
    name = f"{table}.{key}"
    lever, typed = levers().get(name), wording(name).example
    if typed:
        return typed
    about = TABLES[table].model_fields[key]
    if lever is not None:
        value = lever.example if lever.default is None else f"{lever.default:.10g}"
        return f"{{ {FIRST_YEAR + 1} = {value} }}" if _is_path(about.annotation) else value
    choices = _choices(about.annotation)
    if choices:
        return toml_text(choices[0])
    return toml_text(about.default if not about.is_required() and about.default is not None else False)


def _is_path(annotation: Any) -> bool:
    """Return whether a type is, or may be, a mapping of years."""
    return get_origin(annotation) is dict or any(_is_path(part) for part in get_args(annotation))


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the values of a type that is, or may be, one of a few."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for part in get_args(annotation) if (found := _choices(part))), ())
