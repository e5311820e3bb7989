"""What two scenarios set differently: every lever whose value is not the same once parents are resolved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BaseModel

from huyou_sim.policy.document import problem_at
from huyou_sim.policy.double_counting import NUMBERS
from huyou_sim.policy.levers import levers
from huyou_sim.policy.measures import TABLES, Measure, by_year
from huyou_sim.policy.words import MEASURES, wording

if TYPE_CHECKING:
    from huyou_sim.policy.scenario import Scenario
    from huyou_sim.policy.setting import LeverKey, Setting

COLUMNS = (
    "lever", "order", "year", "old", "new", "unit", "label_en", "label_zh", "set_old", "set_new",
    "assumed_old", "assumed_new", "reason_old", "reason_new",
)  # fmt: skip
"""Columns of `scenario_difference`."""

BASELINE = "baseline"
"""Value of a lever that is given by year, before the first year of its path: the place's own figure."""

EVERYWHERE = "all"
"""Value of `areas` where a scenario names none."""

FLOWS = tuple(f"childcare.{name}" for name in NUMBERS)
"""Levers by year that are none before the first year of their path and after its last; all others are levels."""

_ABOUT = ("assumed", "reason", "order")


class Entry(NamedTuple):
    """One key of one measure in one scenario."""

    value: Any
    setting: Setting | None


Place = tuple[str, int | None]
"""Key as `table.key`, and the birth order where there is one."""


def scenario_difference(a: Scenario, b: Scenario) -> pd.DataFrame:
    """Return every lever whose value differs between two scenarios, in the order of the format.

    Levers that are given by year are compared in every year that either scenario names, as the model reads them: a
    straight line between the years of a path, and level after its last, but for `FLOWS`. Two paths that are typed
    differently and mean the same do not differ.

    Parameters
    ----------
    a, b : Scenario
        The old and the new one.

    Returns
    -------
    pandas.DataFrame
        A row for each difference, with `COLUMNS`. `lever` is ``table.key`` or ``areas``; `order` and `year` are missing
        where they say nothing. `old` and `new` [`unit`] are numbers, truths or texts: None where a lever is not used,
        `BASELINE` before the first year of a path. `set_old` and `set_new` are the file and line that set the value,
        empty where none did; `assumed_*` and `reason_*` are what that file says of it.
    """
    old, new = _entries(a), _entries(b)
    places = sorted({*old, *new}, key=_rank)
    rows = [row for place in places for row in _rows(place, old.get(place), new.get(place))]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)  # of objects, so that None stays None
    kinds = dict.fromkeys(("order", "year"), "Int64") | dict.fromkeys(("assumed_old", "assumed_new"), "bool")
    return table.astype(kinds)


def _rank(place: Place) -> tuple[int, int, int]:
    """Return where a lever stands in the format: table, birth order, key."""
    table, _, key = place[0].partition(".")
    keys = list(_fields(table)) if table in MEASURES else [key]
    return (MEASURES.index(table) if table in MEASURES else -1, place[1] or 0, keys.index(key))


def _fields(table: str) -> Mapping[str, Any]:
    return TABLES[table].model_fields


def _entries(scenario: Scenario) -> dict[Place, Entry]:
    """Return every key of every measure that a scenario uses, and the setting behind it."""
    settings = {setting.key: setting for setting in scenario.settings}
    found: dict[Place, Entry] = {}
    areas = EVERYWHERE if scenario.areas is None else ", ".join(sorted(scenario.areas))
    found["areas", None] = Entry(areas, settings.get(("areas",)))
    for table in MEASURES:
        measures = scenario.trends if table == "trends" else getattr(scenario.levers, table)
        for number, measure in _measures(measures):
            for key in type(measure).model_fields:
                if key in _ABOUT:
                    continue
                setting = _setting(settings, table, key, number)
                found[f"{table}.{key}", number] = Entry(getattr(measure, key), setting)
    return found


def _measures(measures: BaseModel | tuple[Measure, ...] | None) -> Iterator[tuple[int | None, BaseModel]]:
    """Yield the measures of a table, with the birth order, or the position, where there may be several."""
    if isinstance(measures, tuple):
        for i, measure in enumerate(measures):
            yield getattr(measure, "order", i + 1), measure
    elif measures is not None:
        yield None, measures


def _setting(settings: Mapping[LeverKey, Setting], table: str, key: str, number: int | None) -> Setting | None:
    return settings.get((table, number) if number is not None else (table, key)) or settings.get((table,))


def _rows(place: Place, old: Entry | None, new: Entry | None) -> Iterator[dict[str, Any]]:
    """Yield a row for each difference in one key: one for each year of a path."""
    values = [None if entry is None else entry.value for entry in (old, new)]
    if any(isinstance(value, Mapping) for value in values):
        paths = [by_year(value) for value in values]
        for year in sorted({*paths[0], *paths[1]}):
            pair = [_at(path, year, flow=place[0] in FLOWS) for path in paths]
            if pair[0] != pair[1]:
                yield _row(place, year, pair, old, new)
    elif values[0] != values[1] and not (None in (old, new) and values[old is None] is False):
        # A flag that is off says no more than a measure that is not there.
        yield _row(place, None, values, old, new)


def _at(path: Mapping[int, float], year: int, *, flow: bool) -> float | str | None:
    """Return what a path gives in a year, to ten digits: a line between two years has no others."""
    if not path:
        return None
    if flow and not min(path) <= year <= max(path):
        return 0.0
    if year < min(path):
        return BASELINE
    return float(f"{np.interp(year, list(path), list(path.values())):.10g}")


def _row(place: Place, year: int | None, values: list[Any], old: Entry | None, new: Entry | None) -> dict[str, Any]:
    key, order = place
    lever, words = levers().get(key), wording(key)
    row: dict[str, Any] = {
        "lever": key,
        "order": order,
        "year": year,
        "unit": lever.unit if lever else "",
        "label_en": words.label_en,
        "label_zh": words.label_zh,
    }
    for when, value, entry in zip(("old", "new"), values, (old, new), strict=True):
        setting = entry.setting if entry is not None else None
        row |= {
            when: value,
            f"set_{when}": _file_and_line(setting, key, year),
            f"assumed_{when}": setting is not None and setting.assumed,
            f"reason_{when}": setting.reason if setting is not None else "",
        }
    return row


def _file_and_line(setting: Setting | None, key: str, year: int | None) -> str:
    """Return where a value stands, as file:line; empty where no file set it."""
    if setting is None or not setting.key_path:
        return ""
    name = key.rpartition(".")[2]
    path = setting.key_path if setting.key_path[-1] == name else (*setting.key_path, name)
    place = path if year is None else (*path, str(year))
    return problem_at(setting.path, place, key, "", "", "").position.rpartition(":")[0]
