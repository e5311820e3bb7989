"""Every fixed word of tables, figures, workbook and terminal, in English and Chinese.

The words of this room stand in ``labels.csv``; the names, units and definitions of variables stand in
``variables.csv`` of the package. Names of areas and scenarios come as arguments: this room opens neither
data packs nor scenario files.
"""

from __future__ import annotations

import csv
import math
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from huyou_sim import variables
from huyou_sim.errors import ArgumentError, OutputError, Problem, suggest

LANGUAGES = ("en", "zh")
"""Languages of labels, in the order of the columns of ``labels.csv``."""


def check_language(lang: str) -> str:
    """Return `lang` when labels exist in it.

    Raises
    ------
    ArgumentError
        When `lang` is not one of `LANGUAGES`.
    """
    if lang not in LANGUAGES:
        raise ArgumentError(Problem("language", repr(lang), " or ".join(LANGUAGES), suggest(str(lang), LANGUAGES)))
    return lang


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    """Return key -> language -> text, read once from ``labels.csv``."""
    source = files("huyou_sim.output").joinpath("labels.csv").read_text(encoding="utf-8")
    rows = {row["key"]: MappingProxyType({lang: row[lang] for lang in LANGUAGES})
            for row in csv.DictReader(source.splitlines())}  # fmt: skip
    return MappingProxyType(rows)


def label_keys() -> tuple[str, ...]:
    """Return the key of every fixed word, in the order of ``labels.csv``."""
    return tuple(_table())


def text(key: str, lang: str, **values: object) -> str:
    """Return the fixed word or sentence `key` in `lang`, with `values` put into its braces.

    Raises
    ------
    ArgumentError
        When the language is unknown.
    KeyError
        When the key is unknown: a mistake in the program, not of a user.
    """
    found = _table()[key][check_language(lang)]
    return found.format(**values) if values else found


def optional_text(prefix: str, code: object, lang: str) -> str:
    """Return the word for ``prefix.code``, or the code itself when it has no word of its own.

    For codes that come from a data pack, where a new code must still be readable in a table.
    """
    key = f"{prefix}.{code}"
    return text(key, lang) if key in _table() else str(code)


def column(name: str, lang: str) -> str:
    """Return the header of a table column for people to read."""
    return text(f"column.{name}", lang)


# --- variables -------------------------------------------------------------------------------------------


def variable_label(name: str, lang: str) -> str:
    """Return the name of a variable in `lang`."""
    return variables.label(name, check_language(lang))


def variable_unit(name: str, lang: str) -> str:
    """Return the unit of a variable in `lang`."""
    return variables.unit(name, check_language(lang))


def variable_definition(name: str, lang: str) -> str:
    """Return the definition of a variable in `lang`."""
    entry = variables.variable(name)
    return entry.definition_zh if check_language(lang) == "zh" else entry.definition_en


def variable_decimals(name: str) -> int:
    """Return the number of decimals that a reader of the variable needs."""
    return int(variables.variable(name).decimals)


def variable_kind(name: str) -> str:
    """Return stock, flow, rate, share, level or parameter."""
    return str(variables.variable(name).kind)


def check_variables(names: Iterable[str]) -> None:
    """Raise one OutputError that lists every name missing in ``variables.csv``."""
    known = variables.variables()
    problems = [
        Problem(
            where="variable",
            found=repr(name),
            expected="a name of variables.csv",
            fix="Add its row to src/huyou_sim/variables.csv. " + suggest(name, known),
        )
        for name in names
        if name not in known
    ]
    if problems:
        raise OutputError(problems)


def local_label(labels: Mapping[str, Mapping[str, str]], code: str, lang: str) -> str:
    """Return the name of an area in `lang`, in another language, or its code, in that order."""
    names = labels.get(code, {})
    return names.get(lang) or next((name for name in names.values() if name), code)


# --- numbers ---------------------------------------------------------------------------------------------


def number(value: object, decimals: int = 2, *, missing: str = "–", sign: bool = False) -> str:
    """Return a number with thousands separators; `missing` when there is none."""
    if value is None or isinstance(value, str):
        return missing if not value else str(value)
    figure = float(value)  # type: ignore[arg-type]
    if math.isnan(figure):
        return missing
    shown = f"{figure:{'+' if sign else ''},.{decimals}f}"
    # -0.00 would make a reader look for a loss that is not there.
    return shown.replace("-", "", 1) if not any(digit in shown for digit in "123456789") else shown


# --- widths ----------------------------------------------------------------------------------------------


def display_width(string: str) -> int:
    """Return the columns that a string takes on a terminal: 2 for Chinese characters, 0 for accents.

    Source: Unicode Standard Annex 11, East Asian Width; ambiguous characters count as narrow.
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in string
    )


def pad(string: str, width: int, *, right: bool = False) -> str:
    """Return the string filled with blanks to `width` columns, at the left or the right margin."""
    blanks = " " * max(0, width - display_width(string))
    return blanks + string if right else string + blanks


def wrap(string: str, width: int) -> list[str]:
    """Return the lines of a text broken to at most `width` columns, Chinese or English.

    English breaks at blanks and after hyphens, Chinese after any character, but never before a closing mark.
    """
    lines: list[str] = []
    for paragraph in string.split("\n"):
        line = ""
        for word in _words(paragraph):
            if line and display_width((line + word).rstrip()) > width:
                lines.append(line.rstrip())
                line = word.lstrip()
            else:
                line += word
            while display_width(line.rstrip()) > width:  # one word longer than a line
                cut = max(1, _fitting(line, width))
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    return lines


def _fitting(string: str, width: int) -> int:
    """Return how many characters of the string fit into `width` columns."""
    used = 0
    for position, char in enumerate(string):
        used += display_width(char)
        if used > width:
            return position
    return len(string)


_CLOSING = frozenset("，。；：、！？）》」』”’】,.;:!?)]}%‰*")
_OPENING = frozenset("（《「『“‘【([{")


def longest_piece(string: str) -> int:
    """Return the width below which `wrap` would have to cut a word."""
    return max((display_width(word.rstrip()) for line in string.split("\n") for word in _words(line)), default=0)


def _words(paragraph: str) -> list[str]:
    """Return the pieces between which a line may break; joined they give the paragraph back."""
    pieces: list[str] = []
    for char in paragraph:
        wide = display_width(char) == 2
        last = pieces[-1] if pieces else ""
        starts_new = (
            not last
            or (last[-1] == " " and char != " ")
            or (len(last) > 1 and last[-1] == "-" and last[-2].isalpha())
            or ((wide or display_width(last[-1]) == 2) and char not in _CLOSING and last[-1] not in _OPENING)
        )
        if (starts_new and char != " ") or not pieces:
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces
