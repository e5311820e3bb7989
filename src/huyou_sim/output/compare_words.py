"""Words of a comparison: levers, outcomes, quantities, parameters, scales of costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huyou_sim.output.labels import text, variable_decimals, variable_definition, variable_label, variable_unit
from huyou_sim.output.record import scenario_label
from huyou_sim.planning.gains import GAINED, LASTING
from huyou_sim.policy.levers import levers

if TYPE_CHECKING:
    from huyou_sim.output.record import ScenarioText
    from huyou_sim.planning.compare import Comparison

QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "births_period": "compare.q_births_period",
        "births_lasting": "compare.q_births_lasting",
        "cost_period": "compare.q_cost_period",
        "cost_period_city": "compare.q_cost_city",
        "cost_period_province": "compare.q_cost_province",
        "cost_period_state": "compare.q_cost_state",
        "cost_lasting": "compare.q_cost_lasting",
        "cost_lasting_discounted": "compare.q_cost_discounted",
        "per_birth_period": "compare.q_period",
        "per_birth_lasting": "compare.q_lasting",
        "per_birth_lasting_discounted": "compare.q_lasting_discounted",
        "per_child": "compare.q_child",
        "budget_share": "compare.q_budget",
    }
)
"""Quantity of the table of costs to the key of its words."""

_TABLES: Mapping[str, str] = MappingProxyType(
    {"childcare": "compare.childcare", "ideals": "compare.ideals", "trends": "compare.trends_lever"}
)
_SUMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        GAINED: ("compare.gained", "compare.gained_definition"),
        LASTING: ("compare.lasting_births", "compare.lasting_definition"),
    }
)
_DETAILS = ("order", "start", "end", "months", "payment_years", "enrolled_only", "on_top_of_national")


def lever_label(key: str, lang: str) -> str:
    """Return the name of a lever, or of a whole table of a scenario file."""
    if key in _TABLES:
        return text(_TABLES[key], lang)
    known = levers()
    inside = [one for name, one in known.items() if name.split(".")[0] == key and name.split(".")[1] not in _DETAILS]
    found = known.get(key) or (inside[0] if inside else None)
    if found is None:
        return key
    return found.label_zh if lang == "zh" else found.label_en


def names_of(scenarios: Sequence[ScenarioText], keys: Iterable[str], lang: str) -> str:
    """Return the names of scenarios, one after the other."""
    return ("、" if lang == "zh" else "; ").join(scenario_label(scenarios, key, lang) for key in keys)


def trend_words(found: Comparison, lang: str) -> list[str]:
    """Return the sentence on packages whose trends are not those of the counterfactual, where there are any."""
    if not found.trends_differ:
        return []
    return [text("compare.trends", lang, names=names_of(found.scenarios, found.trends_differ, lang))]


def identical_words(found: Comparison, lang: str) -> list[str]:
    """Return the sentence on packages that are the counterfactual under another name, where there are any."""
    other = found.against
    same = [
        one.key
        for one in found.scenarios
        if (one.levers, one.trends, one.areas) == (other.levers, other.trends, other.areas)
    ]
    return [text("compare.identical", lang, names=names_of(found.scenarios, same, lang))] if same else []


def gift_words(found: Comparison, lang: str) -> list[str]:
    """Return the sentence on levers whose cost nobody knows and on the packages that they flatter, if any."""
    gifts = {str(row["scenario"]): str(row["unpriced"]).split() for row in found.summary.to_dict("records")}
    unpriced = dict.fromkeys(lever_label(lever, lang) for mine in gifts.values() for lever in mine)
    if not unpriced:
        return []
    names = names_of(found.scenarios, [key for key, mine in gifts.items() if mine], lang)
    return [text("compare.unpriced", lang, levers=", ".join(unpriced), names=names)]


def cost_scale(lang: str) -> tuple[float, str]:
    """Return the divisor and unit in which the cost of a birth is shown: thousand yuan in English, 万元 in Chinese."""
    return (1e4 if lang == "zh" else 1e3), text("compare.thousand_yuan", lang)


def outcome_decimals(outcome: str) -> int:
    """Return the decimals of an outcome of levers or parameters; differences of rates need one more than rates."""
    return variable_decimals(outcome) + 1 if outcome not in (GAINED, LASTING, "cost") else 0


def outcome_words(outcome: str, year: int, lang: str) -> str:
    """Return what levers or parameters move."""
    if outcome == "tfr":
        return text("compare.shapley_tfr", lang, year=year)
    if outcome == "cost":
        return text("compare.shapley_cost", lang, year=year)
    if outcome == LASTING:
        return text("compare.lasting_to", lang, year=year)
    return text("compare.shapley_births", lang, year=year)


def parameter_label(row: Mapping[Any, Any], lang: str) -> str:
    """Return the name of a parameter of a tornado."""
    return str(row["label_zh" if lang == "zh" else "label_en"])


def difference_label(name: str, lang: str) -> str:
    """Return the name of a variable whose difference is taken."""
    return text(_SUMS[name][0], lang) if name in _SUMS else variable_label(name, lang)


def difference_unit(name: str, lang: str) -> str:
    """Return the unit of a variable whose difference is taken."""
    return variable_unit("births" if name in _SUMS else name, lang)


def difference_definition(name: str, lang: str) -> str:
    """Return the definition of a variable whose difference is taken."""
    return text(_SUMS[name][1], lang) if name in _SUMS else variable_definition(name, lang)


def difference_attributes(name: str, against: ScenarioText) -> dict[str, str]:
    """Return what a NetCDF file says of a difference, in both languages."""
    labels = {
        lang: text("compare.difference", lang, label=difference_label(name, lang), against=against.label(lang))
        for lang in ("en", "zh")
    }
    return {
        "long_name": labels["en"],
        "label_zh": labels["zh"],
        "units": difference_unit(name, "en"),
        "unit_zh": difference_unit(name, "zh"),
        "definition": difference_definition(name, "en"),
        "definition_zh": difference_definition(name, "zh"),
    }
