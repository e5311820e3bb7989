"""Words of the monitor: names of series, colours with their marks, and its tables in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from huyou_sim.output.labels import local_label, optional_text, text, variable_decimals, variable_label, variable_unit
from huyou_sim.output.naming import area_labels
from huyou_sim.output.scorecard_text import METHODS, VERDICTS
from huyou_sim.variables import variables

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.monitoring.monitor import Monitor

    Row = Mapping[Any, Any]

COLOURS = {"green": "monitor.green", "amber": "monitor.amber", "red": "monitor.red", "none": "monitor.none"}
SHAPES = {"green": "●", "amber": "▲", "red": "■", "none": "–"}
"""Marks beside the word of a colour, for those who cannot tell colours apart and for paper in black and white."""

SIDES = {"above": "monitor.above", "below": "monitor.below"}
DIRECTIONS = {"better": "monitor.better", "worse": "monitor.worse", "neutral": "monitor.neutral"}
STATES = {
    "counts": "monitor.state.counts", "superseded": "monitor.state.superseded",
    "not_yet_known": "monitor.state.not_yet_known",
}  # fmt: skip
RATES = {
    "marriage": "monitor.rate.marriage", "divorce": "monitor.rate.divorce", "fertility": "monitor.rate.fertility",
    "all": "monitor.rate.all",
}  # fmt: skip
BY = {"figures": "monitor.by.figures", "course": "monitor.by.course", "nothing": "monitor.by.nothing"}
REASONS = {
    "asked": "monitor.moved.asked", "few": "monitor.moved.few", "impossible": "monitor.moved.impossible",
    "areas": "monitor.moved.areas",
}  # fmt: skip

CHANCES = {"probability": "chance", "probability_error": "chance_error", "distance": "distance_off"}
"""Columns whose word would else be that of reaching a target."""


def colour_words(colour: object, lang: str) -> str:
    """Return the mark and the word of a colour."""
    return f"{SHAPES[str(colour)]} {text(COLOURS[str(colour)], lang)}"


def off_words(row: Row, lang: str) -> str:
    """Return on which side of the course a figure lies, and whether that is better or worse for the target."""
    side, direction = text(SIDES[str(row["side"])], lang), str(row["direction"])
    return side if direction == "neutral" else f"{side} ({text(DIRECTIONS[direction], lang)})"


def series_label(monitor: Monitor, row: Row, lang: str) -> str:
    """Return the name of a series, with its area where it is none of the whole place and a star when it is bridged."""
    return named(area_labels(monitor.fit), monitor.fit.baseline.code, row, lang)


def named(areas: Mapping[str, Mapping[str, str]], place: str, row: Row, lang: str) -> str:
    """Return the name of a variable, its area and a star for another population."""
    star = "*" if row["population_base"] == "household_registered" else ""
    label = subject_label(row["name"], lang) + star
    area = str(row["area"])
    return label if area == place else text("monitor.in_area", lang, label=label, area=local_label(areas, area, lang))


def unit_of(name: object, lang: str) -> str:
    """Return the unit of a variable; nothing for what the model does not have."""
    return variable_unit(str(name), lang) if str(name) in variables() else ""


def subject_label(name: object, lang: str) -> str:
    """Return the name of a variable, and of an indicator that the model does not have its number."""
    if str(name) in variables():
        return variable_label(str(name), lang)
    number = str(name).removeprefix("indicator ")
    return text("monitor.indicator", lang, number=number) if number.isdecimal() else str(name)


def decimals_of(name: object) -> int:
    """Return the decimals that a reader of a variable needs."""
    return variable_decimals(str(name)) if str(name) in variables() else 2


def shown(monitor: Monitor, table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return a table of the monitor with names beside codes and words of one language."""
    labels = area_labels(monitor.fit)
    other = "en" if lang == "zh" else "zh"
    found = table.drop(columns=[name for name in (f"name_{other}", "unit_zh" if lang == "en" else "") if name in table])
    if lang == "zh" and "unit_zh" in found:
        found = found.assign(unit=found.pop("unit_zh"))
    found = found.rename(columns={f"name_{lang}": "label", "name": "subject", "figures": "figures_count"})
    if "side" in found:
        found = found.rename(columns=CHANCES)
    if "subject" in found:
        at = list(found.columns).index("subject") + 1
        found["subject"] = found["subject"].fillna("")
        found.insert(at, "subject_label", [subject_label(name, lang) for name in found["subject"]])
        if lang == "zh" and "unit" in found:
            found["unit"] = [unit_of(name, lang) or unit for name, unit in zip(found["subject"], found["unit"],
                                                                               strict=True)]  # fmt: skip
    if "area" in found:
        names = found["area"].map(lambda code: local_label(labels, str(code), lang) if code == code else "")
        found.insert(list(found.columns).index("area") + 1, "area_label", names)
    return _words(found, lang)


def _words(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return a table with words for the codes of closed vocabularies in Chinese; codes stay codes in English."""
    if lang == "en":
        return table
    vocabularies: Mapping[str, Mapping[str, str]] = {
        "colour": COLOURS, "series_colour": COLOURS, "side": SIDES, "direction": DIRECTIONS, "state": STATES,
        "rate": RATES, "revised_by": BY, "verdict": VERDICTS, "verdict_before": VERDICTS, "method": METHODS,
    }  # fmt: skip
    words = {
        name: table[name].map(lambda code, keys=keys: text(keys[code], lang) if code in keys else code)
        for name, keys in vocabularies.items()
        if name in table
    }
    if "population_base" in table:
        bases = table["population_base"].fillna("")
        words["population_base"] = bases.map(lambda code: optional_text("base", code, lang) if code else "")
    return table.assign(**words)
