"""Where in a TOML text each key stands: read only after a mistake was found, to say its line and column.

The standard library's reader keeps no positions. This scanner assumes a text that the reader accepted, so it
needs to know where keys and values begin and end, and nothing about what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

KeyPath = tuple[str | int, ...]


class Place(NamedTuple):
    """Line and column of a key and of its value, counted from 1."""

    line: int
    column: int
    value_line: int
    value_column: int


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\])*\"|'[^']*'")
_STRING = re.compile(r"\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class _Scanner:
    """One pass over one text. Lives for one call of `positions`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[KeyPath, Place] = {}
        self.counts: dict[KeyPath, int] = {}

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match.group() if match else ""

    def peek(self) -> str:
        """Return the next character that is neither blank nor part of a comment; empty at the end."""
        self.skip(_BLANK)
        return self.text[self.at : self.at + 1]

    def line_column(self, offset: int) -> tuple[int, int]:
        start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - start + 1

    def note(self, path: KeyPath, key: int, value: int) -> None:
        self.places.setdefault(path, Place(*self.line_column(key), *self.line_column(value)))

    def dotted_key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self.skip(_SPACE)
            part = self.skip(_KEY_PART)
            parts.append(part[1:-1] if part[:1] in "\"'" else part)
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def prefix(self, parts: tuple[str, ...]) -> KeyPath:
        """Return `parts` with the index of the current element after each array of tables."""
        path: KeyPath = ()
        for part in parts:
            path = (*path, part)
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def header(self) -> KeyPath:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        *parents, last = self.dotted_key()
        path: KeyPath = (*self.prefix(tuple(parents)), last)
        self.at += 2 if many else 1
        if many:
            self.note(path, start, start)
            self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, self.counts[path])
        self.note(path, start, start)
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self.dotted_key())
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.note(path, start, self.at)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at : self.at + 1]
        if first not in ("[", "{"):
            self.skip(_STRING if first in ('"', "'") else _SCALAR)
            return
        self.at += 1
        index = 0
        while (character := self.peek()) not in ("]", "}", ""):
            if character == ",":
                self.at += 1
            elif first == "{":
                self.pair(path)
            else:
                self.note((*path, index), self.at, self.at)
                self.value((*path, index))
                index += 1
        self.at += 1

    def scan(self) -> dict[KeyPath, Place]:
        table: KeyPath = ()
        while character := self.peek():
            if character == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.places


def positions(text: str) -> Mapping[KeyPath, Place]:
    """Return the place of every table, key and array element of a TOML text that has been read without error.

    Parameters
    ----------
    text : str
        Key paths name tables and keys, and count elements of arrays from 0: ("birth_grant", 0, "yuan").
    """
    return _Scanner(text.replace("\r\n", "\n")).scan()


def nearest_place(places: Mapping[KeyPath, Place], path: Sequence[str | int]) -> Place:
    """Return the place of `path`, or of the closest table around it, or the start of the file."""
    for length in range(len(path), 0, -1):
        if tuple(path[:length]) in places:
            return places[tuple(path[:length])]
    return Place(1, 1, 1, 1)
