"""What variables of a population's situation are called and shown as."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huyou_sim.output.drawing import minus, scale
from huyou_sim.output.labels import number, text, variable_decimals, variable_label

SHARES: Mapping[str, str] = MappingProxyType(
    {
        "share_0_14": "situation.share_0_14",
        "share_15_59": "situation.share_15_59",
        "share_60": "situation.share_60",
        "share_15_64": "situation.share_15_64",
        "share_65": "situation.share_65",
    }
)
"""Shares of residents, which no other table has -> keys of their names."""

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "never_married": "marital.never",
        "married": "marital.married",
        "divorced": "situation.divorced",
        "widowed": "situation.widowed",
    }
)


def situation_label(name: str, lang: str) -> str:
    """Return the name of a variable or share."""
    return text(SHARES[name], lang) if name in SHARES else variable_label(name, lang)


def situation_unit(name: str, lang: str) -> str:
    """Return the unit that amounts are shown in: thousands, or 万, of persons."""
    return "%" if name in SHARES else scale(name, lang)[1]


def amount(name: str, value: float, lang: str, *, sign: bool = False) -> str:
    """Return a value in its unit for people."""
    if name in SHARES:
        return minus(number(value, 1, sign=sign))
    by = scale(name, lang)[0]
    large = (2 if lang == "zh" else 1) if abs(value / by) < 1000.0 else 0
    decimals = large if by > 1.0 else min(variable_decimals(name), 2 if name == "tfr" else 1)
    return minus(number(value / by, decimals, sign=sign))
