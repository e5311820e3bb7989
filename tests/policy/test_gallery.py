"""The packages for comparison: found by name, and with the amounts that their sources give."""

from __future__ import annotations

import re

import pytest

from huyou_sim.policy import DEFAULT_SCENARIOS, gallery_scenarios, known_scenarios, load_scenario
from huyou_sim.policy.difference import scenario_difference
from huyou_sim.policy.shelf import find_scenario, gallery_folder, scenario_folder

# Birth order: yuan in all and years over which they are paid, as the sources have them.
GRANTS = {
    "hangzhou_2023": {2: (7000, 1), 3: (25000, 1)},
    "hohhot_2025": {1: (10000, 1), 2: (50000, 5), 3: (100000, 10)},
    "tianmen_2024": {2: (31100, 1), 3: (45000, 1)},
    "twice_hohhot": {1: (50000, 1), 2: (100000, 5), 3: (200000, 10)},
}
# Birth order: yuan a month and months.
ALLOWANCES = {
    "survey_offer": {2: (1000, 36), 3: (1000, 36)},
    "survey_offer_all": {1: (1000, 36), 2: (1000, 36), 3: (1000, 36)},
}
# Birth order: yuan a coupon and per cent of families that use it.
COUPONS = {"tianmen_2024": {2: (50000, 15), 3: (120000, 15)}}
SINGLE = {
    "places_only": {
        ("childcare", "places_per_1000"): {"2022": 2.63, "2025": 4.60},
        ("childcare", "inclusive_share_percent"): {"2022": 40, "2025": 60},
    },
    "marriage_grant_20k": {("marriage_grant",): {"yuan": 20000, "start": 2023, "end": None}},
    "campaigns_doubled": {
        ("ideals", "campaign_events_per_year"): {"2022": 500, "2023": 1000, "2027": 1000, "2028": 500}
    },
    "art_cover": {("assisted_reproduction",): {"cover_share": 1, "start": 2023}},
    "ideal_reached": {("ideals", "ideal_children"): {"2022": 1.60, "2025": 1.80}},
}
SUBSIDY = {"national_3600": 3600, "without_national_subsidy": 0}
SOURCED = {"national_3600", "hangzhou_2023", "hohhot_2025", "tianmen_2024", "survey_offer", "survey_offer_all",
           "twice_hohhot", "marriage_grant_20k"}  # fmt: skip


def test_the_gallery_is_this_and_its_names_are_no_others():
    names = gallery_scenarios()
    assert set(names) == {*GRANTS, *ALLOWANCES, *SINGLE, *SUBSIDY}
    assert not set(names) & {path.stem for path in scenario_folder().glob("*.toml")}
    assert not set(names) & set(DEFAULT_SCENARIOS)
    assert known_scenarios()[-len(names) :] == names


@pytest.mark.parametrize("name", gallery_scenarios())
def test_a_package_is_found_by_name_and_explained(name):
    assert find_scenario(name) == (gallery_folder() / f"{name}.toml").resolve()
    text = find_scenario(name).read_text(encoding="utf-8")
    assert text.startswith("#:schema ../scenario.schema.json\n")
    comments = [line.partition("#")[2] for line in text.splitlines()[1:] if "#" in line]
    assert any(ord(char) > 0x2E80 for line in comments for char in line)
    assert any(re.search("[a-z]{4}", line) for line in comments)
    assert ("https://" in text) == (name in SOURCED)


@pytest.mark.parametrize("name", gallery_scenarios())
def test_levers_are_as_the_sources_say_and_no_others(name):
    scenario, base = load_scenario(name), load_scenario("no_new_policy")
    levers = scenario.levers
    assert {g.order: (g.yuan, g.payment_years) for g in levers.birth_grant} == GRANTS.get(name, {})
    found = {one.order: (one.yuan_per_month, one.months) for one in levers.childcare_allowance}
    assert found == ALLOWANCES.get(name, {})
    coupons = {one.order: (one.yuan, one.take_up_percent) for one in levers.housing_coupon}
    assert coupons == COUPONS.get(name, {})
    assert levers.national_childcare_subsidy.yuan_per_year == SUBSIDY.get(name, 3600)
    lists = (*levers.birth_grant, *levers.childcare_allowance, *levers.housing_coupon)
    starts = {measure.start for measure in lists}
    assert starts <= {2023}
    settings = {setting.key: setting.value for setting in scenario.settings}
    for key, value in SINGLE.get(name, {}).items():
        assert settings[key] == value
    own = {setting.key for setting in scenario.settings if setting.key[0] != "national_childcare_subsidy"}
    orders = {("birth_grant", order) for order in GRANTS.get(name, {})}
    orders |= {("childcare_allowance", order) for order in ALLOWANCES.get(name, {})}
    orders |= {("housing_coupon", order) for order in COUPONS.get(name, {})}
    assert own == orders | set(SINGLE.get(name, {}))
    assert scenario.trends == base.trends


def test_the_national_scheme_is_that_of_no_new_policy():
    base = load_scenario("no_new_policy")
    assert scenario_difference(base, load_scenario("national_3600")).empty
    without = scenario_difference(load_scenario("national_3600"), load_scenario("without_national_subsidy"))
    assert without[["lever", "old", "new"]].values.tolist() == [
        ["national_childcare_subsidy.yuan_per_year", 3600.0, 0.0]
    ]


def test_what_no_source_gives_is_marked():
    assumed = {name: {s.key for s in load_scenario(name).assumptions} for name in gallery_scenarios()}
    assert {name: keys for name, keys in assumed.items() if keys} == {
        "tianmen_2024": {(table, order) for table in ("birth_grant", "housing_coupon") for order in (2, 3)},
        "twice_hohhot": {("birth_grant", 1), ("birth_grant", 2), ("birth_grant", 3)},
        "marriage_grant_20k": {("marriage_grant",)},
    }
