from __future__ import annotations

import tomllib

import jsonschema
import pytest
from pydantic import ValidationError

from huyou_sim.policy import (
    DEFAULT_SCENARIOS,
    gallery_scenarios,
    known_scenarios,
    load_scenario,
    load_scenarios,
    scenario_schema,
)
from huyou_sim.policy.levers import FIRST_YEAR, HORIZON, levers
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, TABLES, WHOLE_TABLES, ScenarioFile
from huyou_sim.policy.schema import SCHEMA_FILE, schema_json
from huyou_sim.policy.shelf import find_scenario, scenario_folder
from huyou_sim.policy.words import bounds_text, unit_text

AREAS = ("330502", "330503", "330521", "330522", "330523")


def test_the_six_packages_are_those_of_a_run_without_names():
    assert [s.key for s in load_scenarios()] == list(DEFAULT_SCENARIOS)
    assert known_scenarios() == [*DEFAULT_SCENARIOS, "constant_rates", *gallery_scenarios()]


@pytest.mark.parametrize("name", known_scenarios())
def test_a_scenario_that_ships_loads_has_words_and_reasons(name):
    scenario = load_scenario(name, areas=AREAS)
    assert scenario.key == name
    assert scenario.reason
    assert scenario.label("zh") != scenario.label("en")
    assert scenario.description("zh")
    assert scenario.description("en")
    assert all(s.reason for s in scenario.settings if s.key[0] not in ("trends", "areas")), "a lever without a reason"
    text = find_scenario(name).read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if "#" in line]
    assert any(ord(c) > 0x2E80 for line in comments for c in line), "no comment in Chinese"


def test_amounts_that_the_plan_leaves_open_are_marked():
    plan = load_scenario("plan_as_written")
    assumed = {setting.key for setting in plan.assumptions}
    assert assumed == {(table, order) for table in ("birth_grant", "childcare_allowance") for order in (2, 3)}


def test_the_plan_holds_the_targets_of_the_plan(pack):
    plan = load_scenario("plan_as_written")
    rows = pack.indicators.set_index("id")
    found = {
        16: plan.levers.childcare.places_per_1000,
        17: plan.levers.childcare.inclusive_share_percent,
        23: plan.levers.ideals.ideal_children,
        25: plan.levers.ideals.campaign_events_per_year,
    }
    for i, path in found.items():
        row = rows.loc[i if i in rows.index else str(i)]
        assert path == {"2022": float(row["base_2021"]), "2025": float(row["target_2025"])}


def test_everything_together_holds_all_of_three_and_the_two_means_that_none_of_them_has():
    whole = load_scenario("everything_together")
    parts = [load_scenario(name) for name in ("subsidies_strong", "childcare_strong", "marriage_strong")]
    taken = {(s.key, repr(s.value)) for part in parts for s in part.settings}
    own = {(s.key, repr(s.value)) for s in whole.settings}
    assert taken < own
    assert {key for key, _ in own - taken} == {("assisted_reproduction",), ("ideals", "ideal_children")}


@pytest.mark.parametrize("name", known_scenarios())
def test_the_schema_accepts_the_scenarios_that_ship(name):
    document = tomllib.loads(find_scenario(name).read_text(encoding="utf-8"))
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)


def test_the_schema_that_ships_is_that_of_the_format():
    text = (scenario_folder() / SCHEMA_FILE).read_text(encoding="utf-8")
    assert text == schema_json(), f"huyou schema scenario > scenarios/{SCHEMA_FILE}"


@pytest.mark.parametrize("name", known_scenarios())
def test_a_scenario_that_ships_leads_editors_to_the_schema(name):
    path = find_scenario(name)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("#:schema .")
    assert (path.parent / first.removeprefix("#:schema ")).resolve() == (scenario_folder() / SCHEMA_FILE).resolve()


def test_the_schema_describes_every_key_in_two_languages_with_unit_bounds_and_a_valid_example():
    schema = scenario_schema()
    parts = {table: schema["$defs"][model.__name__] for table, model in TABLES.items()}
    places = {f"{table}.{key}": field for table, part in parts.items() for key, field in part["properties"].items()}
    for key, field in (places | schema["properties"]).items():
        english, chinese = field["description"].split("\n")
        assert len(english) > 3, key
        assert any("一" <= char <= "鿿" for char in chinese), key
    for key, lever in levers().items():
        english, chinese = places[key]["description"].split("\n")
        assert unit_text(lever.unit, "en") in english
        assert unit_text(lever.unit, "zh") in chinese
        assert bounds_text(lever) in english
        checked = {"$defs": schema["$defs"], **places[key]}
        for value in places[key].get("examples", []):
            jsonschema.validate(value, checked, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "change",
    [
        {"zzz": 1},
        {"birth_grant": [{"order": 7, "yuan": 1, "start": 2023}]},
        {"birth_grant": [{"order": 2, "yuan": -1, "start": 2023}]},
        {"birth_grant": [{"order": 2, "yuan": 1, "start": 2021}]},
        {"childcare": {"places_per_1000": {"2019": 3.0}}},
        {"childcare": {"inclusive_share_percent": {"2025": 101}}},
        {"areas": [330502]},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change):
    words = {"zh": "甲", "en": "A"}
    document = {"name": words, "description": words} | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, scenario_schema(), cls=jsonschema.Draft202012Validator)
    with pytest.raises(ValidationError):
        ScenarioFile.model_validate(document)


def test_every_lever_is_a_key_of_the_format_with_its_bounds_and_default():
    for key, lever in levers().items():
        table, name = key.split(".")
        field = TABLES[table].model_fields[name]
        assert field.title == lever.label_en
        if field.default is not None and field.is_required() is False:
            assert field.default == lever.default, key
        bounds = repr(TABLES[table].model_json_schema()["properties"][name])
        assert all(f"{word}': {value:g}" in bounds.replace(".0", "").replace("1000000", "1e+06")
                   for word, value in (("minimum", lever.lower), ("maximum", lever.upper))), key  # fmt: skip


def test_every_key_of_a_table_is_a_declared_lever():
    words = {"assumed", "reason", "enrolled_only", "on_top_of_national"}
    assert set(TABLES) - {"name", "description"} == {*LIST_TABLES, *OPEN_TABLES, *WHOLE_TABLES}
    found = {f"{t}.{k}" for t in (*LIST_TABLES, *OPEN_TABLES, *WHOLE_TABLES) for k in TABLES[t].model_fields}
    assert {key for key in found if key.split(".")[1] not in words} == set(levers())


def test_the_years_of_a_path_are_those_of_the_table_of_levers():
    import re

    from huyou_sim.policy.measures import YEAR_PATTERN

    years = [year for year in range(1900, 2200) if re.match(YEAR_PATTERN, str(year))]
    assert years == list(range(FIRST_YEAR, HORIZON + 1))


def test_every_prior_of_the_table_of_levers_is_known_and_every_prior_of_effects_is_in_it(pack):
    from huyou_sim.policy.effects import PRIORS

    declared = {prior for lever in levers().values() for prior in lever.priors}
    assert declared <= set(pack.evidence["priors"]["id"])
    # Trends belong to the calibration's parameters.
    assert declared - {"C5", "C6", "C7", "X3"} == set(PRIORS)


def test_a_child_decides_what_its_parents_leave_open(write):
    write("[childcare]\nplaces_per_1000 = { 2025 = 4.6 }\n", "one")
    write("[childcare]\nplaces_per_1000 = { 2025 = 6.0 }\ninclusive_share_percent = { 2025 = 70 }\n", "two")
    text = 'extends = ["one", "two"]\n[childcare]\nplaces_per_1000 = { 2025 = 5.0 }\n'
    childcare = load_scenario(write(text)).levers.childcare
    assert childcare.places_per_1000 == {"2025": 5.0}
    assert childcare.inclusive_share_percent == {"2025": 70.0}


def test_parents_may_agree_and_a_common_ancestor_is_no_collision(write):
    write("[[birth_grant]]\norder = 2\nyuan = 5000\nstart = 2023\nreason = 'x'\n", "root")
    write('extends = "root"\n[marriage_grant]\nyuan = 1\nstart = 2023\n', "left")
    write('extends = "root"\n[marriage_grant]\nyuan = 1.0\nstart = 2023\n[trends]\nmarriage = 0.5\n', "right")
    found = load_scenario(write('extends = ["left", "right"]\n'))
    assert [g.yuan for g in found.levers.birth_grant] == [5000]
    assert found.trends.marriage == 0.5
    assert found.parents == ("left", "right")


def test_a_measure_is_taken_over_whole(write):
    write("[[birth_grant]]\norder = 2\nyuan = 5000\nstart = 2023\npayment_years = 3\n", "root")
    text = 'extends = "root"\n[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2024\n'
    (grant,) = load_scenario(write(text)).levers.birth_grant
    assert (grant.yuan, grant.start, grant.payment_years) == (1, 2024, 1)


def test_areas_and_trends_are_taken_over(write):
    write('areas = ["330502"]\n[trends]\nmarriage = 0\n', "root")
    found = load_scenario(write('extends = "root"\n'))
    assert found.areas == ("330502",)
    assert found.trends.model_dump() == {
        "marriage": 0, "fertility": 1, "mortality": 1, "infant_mortality": 1, "migration": 1
    }  # fmt: skip


def test_the_national_subsidy_is_on_unless_turned_off(write):
    assert load_scenario(write("")).levers.national_childcare_subsidy.yuan_per_year == 3600
    assert load_scenario("no_new_policy").levers == load_scenario(write("")).levers.model_copy(
        update={"national_childcare_subsidy": load_scenario("no_new_policy").levers.national_childcare_subsidy}
    )
    assert load_scenario("constant_rates").levers.national_childcare_subsidy.yuan_per_year == 0


def test_a_scenario_cannot_be_changed():
    scenario = load_scenario("plan_as_written")
    with pytest.raises(AttributeError):
        scenario.key = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        scenario.levers.birth_grant[0].yuan = 1.0  # type: ignore[misc]


def test_names_are_looked_for_beside_the_file_first(write):
    write("[trends]\nmarriage = 0.25\n", "no_new_policy")
    assert load_scenario(write('extends = "no_new_policy"\n')).trends.marriage == 0.25


def test_a_name_may_stand_in_the_current_folder(write, monkeypatch):
    path = write("", "own_package")
    monkeypatch.chdir(path.parent)
    assert load_scenario("own_package").path == path
    assert load_scenario("own_package.toml").path == path
