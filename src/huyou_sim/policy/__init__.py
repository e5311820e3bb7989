"""Policy packages: scenario files, and what their levers do to the hazards of marriage and birth."""

from __future__ import annotations

from huyou_sim.policy.context import PolicyContext, policy_context
from huyou_sim.policy.effects import PolicyResponse, policy_response
from huyou_sim.policy.scenario import Scenario, check_areas, load_scenario, load_scenarios
from huyou_sim.policy.schema import scenario_schema
from huyou_sim.policy.shelf import DEFAULT_SCENARIOS, gallery_scenarios, known_scenarios

__all__ = [
    "DEFAULT_SCENARIOS",
    "PolicyContext",
    "PolicyResponse",
    "Scenario",
    "check_areas",
    "gallery_scenarios",
    "known_scenarios",
    "load_scenario",
    "load_scenarios",
    "policy_context",
    "policy_response",
    "scenario_schema",
]
