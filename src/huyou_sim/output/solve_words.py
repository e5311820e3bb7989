"""Words that answers to inverse questions share: targets, settings, costs, packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from huyou_sim.inference.calibration import base_differs
from huyou_sim.output.labels import (
    number,
    text,
    variable_decimals,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.terminal import requirement, terminal_width, text_table
from huyou_sim.policy.adjust import settable
from huyou_sim.policy.words import unit_text

if TYPE_CHECKING:
    from huyou_sim.planning.targets import Target
    from huyou_sim.policy.adjust import Settable
    from huyou_sim.policy.context import PolicyContext

MILLION = 1e6


def target_words(target: Target, lang: str) -> str:
    """Return a target as one reads it: Total fertility rate ≥ 0.94 (central)."""
    row = {
        "variable": target.variable, "rule": target.rule, "threshold": target.threshold,
        "threshold_upper": target.threshold_upper, "level": target.level,
    }  # fmt: skip
    asked = requirement(row, lang)
    unit = variable_unit(target.variable, lang)
    star = "*" if base_differs(target.population_base) else ""
    return f"{variable_label(target.variable, lang)}{star} {asked} {unit} ({text(f'level.{target.level}', lang)})"


def setting_words(lever: Settable, value: float, lang: str) -> str:
    """Return a setting with its unit."""
    size = abs(lever.strongest - lever.weakest)
    decimals = 0 if size >= 1000.0 else 1 if size >= 20.0 else 2
    return f"{number(value, decimals)} {unit_text(lever.lever.unit, lang)}".rstrip()


def cost_words(cost: Sequence[float], lang: str) -> str:
    """Return central, low and high cost in millions of yuan."""
    low, middle, high = (number(value / MILLION, 0) for value in cost)
    return text("solve.millions", lang, low=low, middle=middle, high=high)


def value_words(variable: str, quantiles: Sequence[float], lang: str) -> str:
    """Return median and band of a figure with its unit."""
    decimals = variable_decimals(variable)
    low, middle, high = (number(value, decimals) for value in quantiles)
    return f"{middle} ({low}–{high}) {variable_unit(variable, lang)}"


def package_table(settings: Mapping[str, float], economy: PolicyContext, lang: str) -> pd.DataFrame:
    """Return the levers that a package uses: lever, label, setting, unit, and the setting in words."""
    rows = []
    for key, value in settings.items():
        lever = settable(key, economy)
        rows.append(
            {
                "lever": key,
                "label": lever.label(lang),
                "setting": value,
                "unit": unit_text(lever.lever.unit, lang) or lever.lever.unit,
                "setting_words": setting_words(lever, value, lang),
            }
        )
    return pd.DataFrame(rows, columns=["lever", "label", "setting", "unit", "setting_words"])


def package_rows(settings: Mapping[str, float], economy: PolicyContext, lang: str) -> list[list[str]]:
    """Return levers that a package uses with their settings in words."""
    return [[row["label"], row["setting_words"]] for row in package_table(settings, economy, lang).to_dict("records")]


def table_under(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> str:
    """Return rows of a name and what it is, under a title, over notes."""
    width = terminal_width()
    header = ["", ""]
    table = text_table(header, rows, width=width, flexible=(0, 1), right=[False, False])
    return "\n".join([*wrap(title, width), table, *(line for note in notes for line in wrap(note, width))])
