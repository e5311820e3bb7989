"""A scenario that is written to a file loads to what it was."""

from __future__ import annotations

import tomllib

import pytest

from huyou_sim.policy import known_scenarios, load_scenario
from huyou_sim.policy.adjust import scenario_with, settable, settable_keys
from huyou_sim.policy.written import ASSUMED, scenario_text


def again(scenario, tmp_path, **words):
    path = tmp_path / "again.toml"
    path.write_text(scenario_text(scenario, **words), encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("name", known_scenarios())
def test_every_package_that_ships_loads_to_the_same_levers(name, tmp_path):
    scenario = load_scenario(name)
    loaded = again(scenario, tmp_path)
    assert (loaded.levers, loaded.trends, loaded.areas) == (scenario.levers, scenario.trends, scenario.areas)
    assert (loaded.names, loaded.descriptions, loaded.reason) == (
        scenario.names,
        scenario.descriptions,
        scenario.reason,
    )
    assert {s.name for s in loaded.assumptions} >= {s.name for s in scenario.assumptions}


def test_every_lever_that_can_be_set_is_written_with_all_its_digits(context, tmp_path):
    keys = [key for key in settable_keys() if key.count(".") == 1 and key != "childcare_allowance.yuan_per_month"]
    settings = {}
    for key in keys:
        lower, upper = settable(key, context).bounds
        settings[key] = lower + (upper - lower) / 3.0
    made = scenario_with(load_scenario("no_new_policy"), settings, context)
    loaded = again(made, tmp_path)
    assert loaded.levers == made.levers
    found = {setting.name: setting for setting in loaded.settings}
    assert found["[[birth_grant]] for order 2"].assumed
    assert found["[[birth_grant]] for order 2"].reason == ASSUMED
    assert loaded.levers.birth_grant[1].yuan == 200_000.0 / 3.0


def test_measures_for_some_areas_with_an_end_and_a_text_in_quotes(write, context, tmp_path):
    base = load_scenario(
        write(
            'areas = ["330502"]\n[marriage_grant]\nyuan = 1500\nstart = 2024\nend = 2027\nreason = "a \\"b\\" \\\\ c"\n'
        )
    )
    made = scenario_with(base, {"marriage_services.intensity": 0.25}, context)
    loaded = again(made, tmp_path, names={"zh": "新", "en": 'New "one"'}, note=["第一行", ""], reason="tried")
    assert (loaded.levers, loaded.areas, loaded.reason) == (made.levers, ("330502",), "tried")
    assert loaded.label("en") == 'New "one"'
    assert next(s for s in loaded.settings if s.key == ("marriage_grant",)).reason == 'a "b" \\ c'


def test_the_text_says_it_is_complete():
    text = scenario_text(load_scenario("plan_as_written"))
    assert "extends" not in tomllib.loads(text)
