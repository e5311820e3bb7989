"""Names that reports, figures and manifests share: areas, levels of strictness, and what a scenario says in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huyou_sim.pack import Pack
    from huyou_sim.planning.packages import Fit
    from huyou_sim.policy import Scenario

LEVELS = ("lenient", "central", "strict")
"""Of strictness, in the order of tables."""


def area_labels(fit: Fit) -> dict[str, dict[str, str]]:
    """Return area code to language to name, the whole place among them."""
    return area_names(fit.pack)


def area_names(pack: Pack) -> dict[str, dict[str, str]]:
    """Return area code to language to name as the pack has them, the whole place among them."""
    place = pack.place
    labels = {
        str(row["area"]): {"en": str(row["name_en"]), "zh": str(row["name_zh"])}
        for row in pack.areas.to_dict("records")
    }
    return {**labels, place.code: {"en": place.name_en, "zh": place.name_zh}}


def resolved_text(scenario: Scenario) -> str:
    """Return what a scenario says after its parents were resolved, as JSON with every default filled in."""
    content = {
        "extends": list(scenario.parents),
        "areas": None if scenario.areas is None else list(scenario.areas),
        "trends": scenario.trends.model_dump(mode="json"),
        "levers": scenario.levers.model_dump(mode="json"),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
