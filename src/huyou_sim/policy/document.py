"""One scenario file: read, checked against the format, every mistake with its line and column."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from huyou_sim.errors import Problem, suggest
from huyou_sim.policy.levers import FIRST_YEAR, HORIZON, Lever, levers
from huyou_sim.policy.measures import LIST_TABLES, TABLES, Measure, ScenarioFile
from huyou_sim.policy.positions import KeyPath, Place, nearest_place, positions

_EXAMPLE = {
    "name": 'name = { zh = "补贴为主", en = "Subsidies strong" }',
    "description": 'description = { zh = "……", en = "..." }',
    "order": "order = 2",
    "start": "start = 2023",
    "zh": 'zh = "……"',
    "en": 'en = "..."',
}

_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": 'a text in quotes, like "330502"',
    "bool_type": "true or false",
    "list_type": "a list in square brackets",
    "tuple_type": "a list: one [[table]] for each birth order",
    "dict_type": "values by year, like { 2023 = 3.0, 2025 = 4.6 }",
    "model_type": "a table",
    "finite_number": "a finite number",
}


@dataclass(frozen=True)
class Document:
    """A scenario file that keeps to the format.

    Parameters
    ----------
    path : Path
        Absolute.
    file : str
        As a message names it.
    content : ScenarioFile
    """

    path: Path
    file: str
    content: ScenarioFile

    @property
    def extends(self) -> tuple[str, ...]:
        """Return the names or paths of the scenarios that this one takes over."""
        given = self.content.extends
        return (given,) if isinstance(given, str) else tuple(given)


def shown(path: Path) -> str:
    """Return a path as one would type it here: relative to the current folder where it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def toml_text(value: object) -> str:
    """Return a value as it is typed in a TOML file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {toml_text(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(toml_text(item) for item in value)}]"
    return str(value)


def problem_at(file: str | Path, path: KeyPath, where: str, found: str, expected: str, fix: str) -> Problem:
    """Return a problem at the place of a key in a file that has been read without error before."""
    place = nearest_place(positions(Path(file).read_text(encoding="utf-8")), path)
    return Problem(where, found, expected, fix, shown(Path(file).resolve()), place.line, place.column)


def read_document(path: Path) -> tuple[Document | None, list[Problem]]:
    """Return a scenario file and all its mistakes; no document when it does not keep to the format."""
    file = shown(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.object[error.start]:#04x} at offset {error.start}, which is not UTF-8"
        return None, [Problem("encoding", found, "a text in UTF-8", "Save the file as UTF-8.", file)]
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax_problem(str(error), text, file)]
    try:
        content = ScenarioFile.model_validate(raw)
    except ValidationError as error:
        return None, _format_problems(error, raw, text, file)
    return Document(path, file, content), _own_problems(content, text, file)


def _syntax_problem(message: str, text: str, file: str) -> Problem:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    lines = text.split("\n")
    line, column = (int(match[1]), int(match[2])) if match else (len(lines), len(lines[-1]) + 1)
    what = re.sub(r"\s*\(at .*\)$", "", message)
    typed = lines[line - 1].strip() if line <= len(lines) else ""
    if twice := re.search(r"Cannot declare \((.*)\) twice", what):
        header = "[" + ".".join(re.findall("'([^']*)'", twice[1])) + "]"
        first, second = [i for i, one in enumerate(lines, 1) if one.strip().startswith(header)][:2]
        found = f"a second {header} (the first stands in line {first})"
        fix = f"Move the keys of line {second} and below under the first {header}, or delete one of the two."
        return Problem(header, found, "each table once", fix, file, second, 1)
    return Problem(
        "TOML syntax",
        f"'{typed}' ({what})" if typed else f"the end of the file ({what})",
        "key = value, [table], [[table]] or # comment",
        f"Correct line {line}.",
        file,
        line,
        column,
    )


def _where(path: KeyPath) -> str:
    """Return a key path in words: birth_grant 2, yuan; elements of a list count from 1."""
    text = ""
    for part in path:
        text += f" {part + 1}" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _lever(path: KeyPath) -> Lever | None:
    names = [part for part in path if isinstance(part, str)]
    return levers().get(".".join(names[:2]))


def _known_keys(table: KeyPath) -> list[str]:
    model = TABLES.get(str(table[0])) if table else ScenarioFile
    return list(model.model_fields) if model else []


def _unknown_key(key: str, table: KeyPath, place: str) -> tuple[str, str]:
    """Return what was expected instead of an unknown key, and what to type."""
    known = _known_keys(table)
    homes = [lever.key.split(".")[0] for lever in levers().values() if lever.key.split(".")[1] == key]
    expected = f"a key of {place}"
    if homes:
        bracket = "[[{}]]" if homes[0] in LIST_TABLES else "[{}]"
        return expected, f"Move '{key}' under {bracket.format(homes[0])}."
    return expected, suggest(key, known)


def _format_problems(error: ValidationError, raw: Mapping[str, Any], text: str, file: str) -> list[Problem]:
    """Return the mistakes that the format found, in the order of the file."""
    places = positions(text)
    found: dict[KeyPath, tuple[bool, Problem]] = {}
    for detail in error.errors(include_url=False):
        path: KeyPath = tuple(detail["loc"])
        if path[0] == "extends":
            path = path[:1]
        if path[-1] == "[key]":
            path = path[:-1]
        place = nearest_place(places, path)
        on_key = detail["type"] in ("extra_forbidden", "string_pattern_mismatch", "missing")
        line, column = (place.line, place.column) if on_key else (place.value_line, place.value_column)
        where, value, expected, fix = _format_words(detail["type"], path, detail["input"])
        found.setdefault(path, (on_key, Problem(where, value, expected, fix, file, line, column)))
    problems = [problem for _, problem in found.values()]
    return sorted(problems, key=lambda p: (p.line or 0, p.column or 0))


def _format_words(kind: str, path: KeyPath, value: object) -> tuple[str, str, str, str]:
    """Return where, found, expected and fix of one mistake of the format."""
    where, key, table = _where(path), str(path[-1]), path[:-1]
    place = f"[{_where(table)}]" if table else "a scenario file"
    lever = _lever(path)
    typed = toml_text(value)
    if kind == "extra_forbidden":
        expected, fix = _unknown_key(key, table, place)
        return where, f"an unknown key '{key}'", expected, fix
    if kind == "missing":
        unit = f" ({lever.range_text()})" if lever else ""
        return where, "nothing", f"'{key}' in {place}{unit}", f"Type {_EXAMPLE.get(key, f'{key} = ...')}."
    if kind == "string_pattern_mismatch":
        fix = f"Type a year from {FIRST_YEAR} to {HORIZON}: {FIRST_YEAR - 1} is the calibration year."
        return where, f"year '{key}'", f"a year from {FIRST_YEAR} to {HORIZON}", fix
    if kind in ("greater_than_equal", "less_than_equal") and lever is not None:
        unit = "" if lever.unit in ("1", "year", "birth order") else f" {lever.unit}"
        return where, f"{typed}{unit}", lever.range_text(), _range_fix(lever, str(path[-1]))
    if kind in ("too_short", "string_too_short"):
        return where, typed, "something in it", f"Fill '{key}', or delete it."
    if path[0] == "extends":
        return where, typed, "a scenario's name, or a list of names", 'Type extends = "no_new_policy".'
    if kind == "tuple_type":
        return where, _with_type(value), _TYPES[kind], f"Type [[{key}]], with two brackets, above its keys."
    if kind == "model_type":
        return where, _with_type(value), _TYPES[kind], f"Type [{key}], with one bracket, above its keys."
    if kind == "dict_type":
        first = next(iter(value), 1) if isinstance(value, list) else value
        number = toml_text(first).strip('"')
        return where, _with_type(value), _TYPES[kind], f"Type {key} = {{ 2025 = {number} }}."
    if kind == "list_type":
        return where, _with_type(value), _TYPES[kind], f"Type {key} = [{typed}]."
    expected = _TYPES.get(kind, "another value")
    if lever is not None:
        return where, _with_type(value), lever.range_text(), f"Type {key} = {_meant(value, lever)}."
    return where, _with_type(value), expected, f"Type {expected}."


def _meant(value: object, lever: Lever) -> str:
    """Return the number that somebody meant who typed it as a text or with decimals, or an example."""
    whole = lever.unit in ("months", "years", "year", "birth order")
    try:
        number = float(value) if isinstance(value, str | float) else float("nan")
    except ValueError:
        number = float("nan")
    if lever.lower <= number <= lever.upper and not (isinstance(value, bool)):
        said = f"{int(number) if whole else number:.10g}"
    else:
        said = lever.example
    return f"{said}, without quotes" if isinstance(value, str) else said


def _with_type(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", int: "a number", float: "a number", dict: "a table", list: "a list"}
    return f"{toml_text(value)} ({kinds.get(type(value), type(value).__name__)})"


def _range_fix(lever: Lever, key: str) -> str:
    if lever.unit == "birth order":
        return f"Type {key} = 1, 2 or 3; 3 stands for the third and all later births."
    if lever.unit == "year":
        return f"Type a year from {FIRST_YEAR} to {HORIZON}: {FIRST_YEAR - 1} is the calibration year."
    if lever.unit == "%":
        return "Type a percentage: 60 for 60 %."
    name = lever.key.split(".")[1] if key.isdigit() else key
    return f"Type a value of {name} between {lever.lower:.10g} and {lever.upper:.10g}."


def _own_problems(content: ScenarioFile, text: str, file: str) -> list[Problem]:
    """Return what is wrong in one file although every value alone is allowed."""
    places = positions(text)
    problems = []
    for path, where, found, expected, fix in (*_contradictions(content), *_twice(content, places)):
        place = nearest_place(places, path)
        problems.append(Problem(where, found, expected, fix, file, place.line, place.column))
    return sorted(problems, key=lambda p: (p.line or 0, p.column or 0))


Fault = tuple[KeyPath, str, str, str, str]
"""Path, where, found, expected and fix of a mistake that has no position yet."""


def _contradictions(content: ScenarioFile) -> Iterator[Fault]:
    """Yield areas named twice, and measures that end before they start or are assumed without a reason."""
    for i, area in enumerate(content.areas or ()):
        if area in (content.areas or ())[:i]:
            yield ("areas", i), "areas", f"'{area}' twice", "each area once", "Delete one of the two."
    for path, measure in _measures(content):
        where = _where(path)
        if measure.assumed and not measure.reason.strip():
            expected = "a reason, since the values are assumed"
            fix = 'Type reason = "...", or delete assumed.'
            yield (*path, "assumed"), f"{where}.reason", "nothing", expected, fix
        start, end = getattr(measure, "start", None), getattr(measure, "end", None)
        if start is not None and end is not None and end < start:
            fix = f"Type end = {start} or a later year, or leave it out."
            yield (*path, "end"), f"{where}.end", str(end), f"{start} (its start) or later", fix


def _twice(content: ScenarioFile, places: Mapping[KeyPath, Place]) -> Iterator[Fault]:
    """Yield measures that one file counts twice."""
    for table in LIST_TABLES:
        first: dict[int, int] = {}
        for i, measure in enumerate(getattr(content, table)):
            if measure.order in first:
                line = nearest_place(places, (table, first[measure.order])).line
                found = f"a second one (the first stands in line {line})"
                fix = "Delete one of the two, or type another order."
                where = f"[[{table}]] for order {measure.order}"
                yield (table, i, "order"), where, found, "one for each birth order", fix
            first.setdefault(measure.order, i)


def _measures(content: ScenarioFile) -> list[tuple[KeyPath, Measure]]:
    found: list[tuple[KeyPath, Measure]] = []
    for name in TABLES:
        value = getattr(content, name)
        if isinstance(value, Measure):
            found.append(((name,), value))
        elif isinstance(value, tuple):
            found += [((name, i), measure) for i, measure in enumerate(value)]
    return found
