from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.policy import known_scenarios
from huyou_sim.policy.positions import nearest_place, positions
from huyou_sim.policy.shelf import find_scenario

TEXT = '''# a comment with [brackets] = 1
extends = ["a", "b"] # and another
name = { zh = "湖 # }", en = 'x' }
description.zh = """a
[no]
b = 1"""
areas = [
  "1", # c ]
  "2",
]
[childcare]
places_per_1000 = { 2022 = 2.63, 2025 = 4.60 }
[[birth_grant]]
order = 2
[[birth_grant]]
  order = 3
"yuan" = 7
'''


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("extends",), (2, 1, 2, 11)),
        (("extends", 1), (2, 17, 2, 17)),
        (("name", "en"), (3, 24, 3, 29)),
        (("description", "zh"), (4, 1, 4, 18)),
        (("areas", 1), (9, 3, 9, 3)),
        (("childcare",), (11, 1, 11, 1)),
        (("childcare", "places_per_1000", "2025"), (12, 34, 12, 41)),
        (("birth_grant", 0, "order"), (14, 1, 14, 9)),
        (("birth_grant", 1, "order"), (16, 3, 16, 11)),
        (("birth_grant", 1, "yuan"), (17, 1, 17, 10)),
    ],
)
def test_places_of_keys_and_values(path, expected):
    tomllib.loads(TEXT)
    assert tuple(positions(TEXT)[path]) == expected


def test_the_places_of_a_text_with_carriage_returns_are_the_same():
    assert positions(TEXT.replace("\n", "\r\n")) == positions(TEXT)


def test_what_has_no_place_gets_that_of_its_table():
    places = positions(TEXT)
    assert nearest_place(places, ("birth_grant", 1, "start")).line == 15
    assert nearest_place(places, ("nothing",)) == (1, 1, 1, 1)


def paths(value, path=()):
    """Return every path of keys and indices into a TOML document, as the standard library read it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {p for key, item in items for p in ({(*path, key)} | paths(item, (*path, key)))}


@pytest.mark.parametrize("name", known_scenarios())
def test_every_key_of_the_scenarios_has_a_place(name):
    text = find_scenario(name).read_text(encoding="utf-8")
    assert set(positions(text)) == paths(tomllib.loads(text))


KEYS = st.text("abc_-09", min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["true", '"x # y"', "'a]b}'", '"q\\"e"', "1979-05-27", '"""m\nn"""', "'''[a]\n'''", '""', "2.5e3"]),
)


def array(values):
    return "[\n " + ", # c ]}\n ".join(values) + " ]"


def inline_table(values):
    return "{ " + ", ".join(f"{key}={value}" for key, value in values.items()) + " }"


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(array), st.dictionaries(KEYS, inner, max_size=3).map(inline_table)
    ),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=3), st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3)))
def test_places_are_found_in_any_document(top, tables):
    lines = [f"{k} = {v} # x" for k, v in top.items()]
    for name, table in tables.items():
        lines += [f"[[t.{name}]]", *(f"{k}={v}" for k, v in table.items())] * 2
    text = "\n".join(lines)
    document = tomllib.loads(text)
    places = positions(text)
    # The parent of dotted tables has no line of its own.
    assert set(places) == paths(document) - {("t",)}
    for path, place in places.items():
        if isinstance(path[-1], str) and path[0] != "t":
            line = text.split("\n")[place.line - 1][place.column - 1 :]
            assert line.startswith(path[-1])
