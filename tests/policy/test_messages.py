"""Every message that a scenario file can bring about: where, both values and what to type."""

from __future__ import annotations

import re

import pytest

from huyou_sim.errors import ArgumentError, LabelError, PackError, ScenarioError
from huyou_sim.policy import known_scenarios, load_scenario, load_scenarios, policy_context, policy_response

HEAD = 'name = { zh = "甲", en = "A" }\ndescription = { zh = "甲。", en = "A." }\n'
AREAS = ("330502", "330503", "330521", "330522", "330523")

GRANT = "[[birth_grant]]\norder = 2\nyuan = 5000\nstart = 2023\n"

ONE_MISTAKE = [
    # text below the two lines of the head, line, column, where, found, expected, fix
    ("[[birth_grant]]\norder = 7\nyuan = 1\nstart = 2023", 4, 9, "birth_grant 1.order", "7", "1, 2 or 3", "order = 1"),
    ("[[birth_grant]]\norder = 0\nyuan = 1\nstart = 2023", 4, 9, "birth_grant 1.order", "0", "1, 2 or 3", "order = 1"),
    ("[[birth_grant]]\norder = 2\nyuan = -5\nstart = 2023", 5, 8, "birth_grant 1.yuan", "-5 yuan per birth",
     "a number from 0 to 1000000 yuan per birth", "between 0 and 1000000"),
    ("[[birth_grant]]\norder = 2\nyuan = 2e6\nstart = 2023", 5, 8, "birth_grant 1.yuan", "2000000 yuan per birth",
     "a number from 0 to 1000000 yuan per birth", "between 0 and 1000000"),
    ("[[birth_grant]]\norder = 2\nyuan = '5000'\nstart = 2023", 5, 8, "birth_grant 1.yuan", '"5000" (a text)',
     "a number from 0", "Type yuan = 5000, without quotes"),
    ("[[birth_grant]]\norder = 2.0\nyuan = 1\nstart = 2023", 4, 9, "birth_grant 1.order", "2 (a number)",
     "1, 2 or 3", "Type order = 2."),
    ("[childcare]\nplaces_per_1000 = { 2025 = '4.6' }", 4, 28, "childcare.places_per_1000.2025", '"4.6" (a text)',
     "a number from 0 to 50", "= 4.6, without quotes"),
    ("[childcare]\nplaces_per_1000 = [2.6, 4.6]", 4, 19, "childcare.places_per_1000", "[2.6, 4.6] (a list)",
     "values by year", "Type places_per_1000 = { 2025 = 2.6 }."),
    ("areas = '330502'", 3, 9, "areas", '"330502" (a text)', "a list in square brackets", 'Type areas = ["330502"].'),
    ("areas = ['330502', '330502']", 3, 20, "areas", "'330502' twice", "each area once", "Delete one of the two"),
    ("[marriage_grant]\nyuan = 1\nstart = 2023\n[marriage_grant]\nyuan = 2\nstart = 2024", 6, 1, "[marriage_grant]",
     "the first stands in line 3", "each table once", "under the first [marriage_grant]"),
    ("[[birth_grant]]\norder = 2\nyuan = true\nstart = 2023", 5, 8, "birth_grant 1.yuan", "true (true or false)",
     "a number from 0", "Type yuan = 0"),
    ("[[birth_grant]]\norder = 2\nyuan = nan\nstart = 2023", 5, 8, "birth_grant 1.yuan", "nan", "a number from 0",
     "Type yuan = 0"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2021", 6, 9, "birth_grant 1.start", "2021",
     "a year from 2022 to 2050", "2021 is the calibration year"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2051", 6, 9, "birth_grant 1.start", "2051",
     "a year from 2022 to 2050", "Type a year from 2022 to 2050"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2023.5", 6, 9, "birth_grant 1.start", "2023.5 (a number)",
     "a year from 2022 to 2050", "Type start = 2023"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2024-01-01", 6, 9, "birth_grant 1.start", "2024-01-01 (date)",
     "a year from 2022 to 2050", "Type start = 2023"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2025\nend = 2024", 7, 1, "birth_grant 1.end", "2024",
     "2025 (its start) or later", "Type end = 2025"),
    ("[[birth_grant]]\norder = 2\nyuan = 1", 3, 1, "birth_grant 1.start", "nothing", "a year from 2022",
     "start = 2023"),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2023\nassumed = true", 7, 1, "birth_grant 1.reason", "nothing",
     "a reason", 'Type reason = "..."'),
    ("[[birth_grant]]\norder = 2\nyuan = 1\nstart = 2023\nassumed = 'yes'", 7, 11, "birth_grant 1.assumed", '"yes"',
     "true or false", "Type true or false"),
    (GRANT + GRANT, 8, 1, "[[birth_grant]] for order 2", "the first stands in line 3", "one for each birth order",
     "Delete one of the two"),
    ("[birth_grant]\norder = 2\nyuan = 1\nstart = 2023", 3, 1, "birth_grant", "(a table)", "one [[table]]",
     "Type [[birth_grant]], with two brackets"),
    ("[[childcare]]\nplaces_per_1000 = { 2025 = 4 }", 3, 1, "childcare", "(a list)", "a table", "Type [childcare]"),
    ("[[birth_grants]]\norder = 2", 3, 1, "birth_grants", "an unknown key 'birth_grants'", "a key of a scenario file",
     "Did you mean 'birth_grant'?"),
    ("[childcare]\nplaces_per_thousand = { 2025 = 4 }", 4, 1, "childcare.places_per_thousand", "an unknown key",
     "a key of [childcare]", "Type places_per_1000"),
    ("places_per_1000 = { 2025 = 4 }", 3, 1, "places_per_1000", "an unknown key", "a key of a scenario file",
     "Move 'places_per_1000' under [childcare]"),
    ("payment_years = 3", 3, 1, "payment_years", "an unknown key", "a key of a scenario file", "under [[birth_grant]]"),
    ("zzz = 3", 3, 1, "zzz", "an unknown key 'zzz'", "a key of a scenario file", "Type one of: areas, assisted_"),
    ("[childcare]\nplaces_per_1000 = { 2023 = 3, 2019 = 2 }", 4, 31, "childcare.places_per_1000.2019", "year '2019'",
     "a year from 2022 to 2050", "2021 is the calibration year"),
    ("[childcare]\nplaces_per_1000 = { soon = 2 }", 4, 21, "childcare.places_per_1000.soon", "year 'soon'",
     "a year from 2022 to 2050", "Type a year from 2022"),
    ("[childcare]\nplaces_per_1000 = 4.6", 4, 19, "childcare.places_per_1000", "4.6 (a number)", "values by year",
     "Type places_per_1000 = { 2025 = 4.6 }"),
    ("[childcare]\nplaces_per_1000 = {}", 4, 19, "childcare.places_per_1000", "{}", "something in it", "or delete it"),
    ("[childcare]\nplaces_per_1000 = { 2025 = 60 }", 4, 28, "childcare.places_per_1000.2025",
     "60 places per 1000 residents", "a number from 0 to 50 places per 1000 residents", "between 0 and 50"),
    ("[childcare]\ninclusive_share_percent = { 2025 = 101 }", 4, 36, "childcare.inclusive_share_percent.2025", "101 %",
     "a number from 0 to 100 %", "60 for 60 %"),
    ("[childcare]\nfee_yuan_per_month = { 2025 = -1 }", 4, 31, "childcare.fee_yuan_per_month.2025", "-1 yuan per month",
     "a number from 50 to 10000 yuan per month", "between 50 and 10000"),
    ("[[childcare_allowance]]\norder = 2\nyuan_per_month = 1\nmonths = -1\nstart = 2023", 6, 10,
     "childcare_allowance 1.months", "-1 months", "a number from 0 to 216 months", "between 0 and 216"),
    ("[[childcare_allowance]]\norder = 2\nyuan_per_month = 300\nmonths = 36\nstart = 2025", 5, 1,
     "[[childcare_allowance]] for order 2", "the national subsidy of 3600 yuan a year", "would count twice",
     "on_top_of_national = true"),
    ("[marriage_services]\nintensity = 1.5\nstart = 2023", 4, 13, "marriage_services.intensity", "1.5",
     "a number from 0 to 1", "between 0 and 1"),
    ("[assisted_reproduction]\ncover_share = 60\nstart = 2023", 4, 15, "assisted_reproduction.cover_share", "60",
     "a number from 0 to 1", "between 0 and 1"),
    ("[trends]\nmariage = 1", 4, 1, "trends.mariage", "an unknown key", "a key of [trends]", "Type marriage"),
    ("[trends]\nmarriage = -1", 4, 12, "trends.marriage", "-1", "a number from 0 to 2", "between 0 and 2"),
    ("areas = [330502]", 3, 10, "areas 1", "330502 (a number)", 'a text in quotes, like "330502"', "a text in quotes"),
    ("areas = []", 3, 9, "areas", "[]", "something in it", "or delete it"),
    ("extends = 3", 3, 11, "extends", "3", "a scenario's name", 'Type extends = "no_new_policy"'),
    ('extends = "no_new_polcy"', 3, 1, "extends", "'no_new_polcy'", "a known scenario", "Type no_new_policy"),
    ('extends = ["no_new_policy", "gone.toml"]', 3, 29, "extends", "'gone.toml'", "the path of a TOML file", "Check"),
    ('extends = ["no_new_policy", "no_new_policy"]', 3, 29, "extends", "twice", "each parent once", "Delete one"),
    ('extends = "mine"', 3, 1, "extends", "a circle: mine extends mine", "a chain that ends", "Delete 'mine'"),
    ("[trends\nmarriage = 1", 3, 8, "TOML syntax", "'[trends'", "key = value", "Correct line 3"),
    ("[trends]\nmarriage = 1\nmarriage = 0", 5, 13, "TOML syntax", "Cannot overwrite a value", "key = value", "line 5"),
    ("[trends]\nmarriage =", 4, 11, "TOML syntax", "Invalid value", "key = value", "Correct line 4"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "where", "found", "expected", "fix"), ONE_MISTAKE)
def test_a_mistake_is_one_located_problem(write, text, line, column, where, found, expected, fix):
    path = write(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert len(caught.value.problems) == 1, str(caught.value)
    problem = caught.value.problems[0]
    assert problem.where == where
    assert found in problem.found
    assert expected in problem.expected
    assert fix in problem.fix
    assert (problem.file, problem.line, problem.column) == (str(path), line, column)


WHOLE_MESSAGES = [
    ("[[birth_grant]]\norder = 7\nyuan = 1\nstart = 2023",
     "4:9: birth_grant 1.order: found 7; expected 1, 2 or 3. Type order = 1, 2 or 3; 3 stands for the third and all "
     "later births."),
    ("[national_childcare_subsidy]\nmonths = -1",
     "4:10: national_childcare_subsidy.months: found -1 months; expected a number from 0 to 216 months. Type a value "
     "of months between 0 and 216."),
    ("[childcare]\ninclusive_share_percent = { 2025 = 120 }",
     "4:36: childcare.inclusive_share_percent.2025: found 120 %; expected a number from 0 to 100 %. Type a percentage: "
     "60 for 60 %."),
    ("[marriage_services]\nintensity = 1\nstart = 2019",
     "5:9: marriage_services.start: found 2019; expected a year from 2022 to 2050. Type a year from 2022 to 2050: "
     "2021 is the calibration year."),
    ("[childcare]\nplaces_per_1000 = { 2021 = 2.63, 2025 = 4.6 }",
     "4:21: childcare.places_per_1000.2021: found year '2021'; expected a year from 2022 to 2050. Type a year "
     "from 2022 to 2050: 2021 is the calibration year."),
    (GRANT + GRANT.replace("2023", "2030"),
     "8:1: [[birth_grant]] for order 2: found a second one (the first stands in line 3); expected one for each birth "
     "order. Delete one of the two, or type another order."),
    ("[childcare]\nfee_yuan_per_month = { 2025 = 20 }",
     "4:31: childcare.fee_yuan_per_month.2025: found 20 yuan per month; expected a number from 50 to 10000 yuan per "
     "month. Type a value of fee_yuan_per_month between 50 and 10000."),
    ("marriage_grant = 5000",
     "3:18: marriage_grant: found 5000 (a number); expected a table. Type [marriage_grant], with one bracket, "
     "above its keys."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WHOLE_MESSAGES)
def test_a_message_says_where_what_and_how(write, text, message):
    path = write(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value) == f"{path}:{message}"


def test_one_measure_twice_in_a_file_is_refused_where_the_second_stands(write):
    table = "[marriage_grant]\nyuan = 1\nstart = 2023\n"
    with pytest.raises(ScenarioError, match=r"mine\.toml:6:1: \[marriage_grant\]: found a second \[marriage_grant\]"):
        load_scenario(write(table + table))


def test_words_are_asked_for(write):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write('name = { zh = "", en = "A" }\n', head=""))
    assert [p.where for p in caught.value.problems] == ["description", "name.zh"]
    assert 'Type description = { zh = "……", en = "..." }' in str(caught.value)


def test_all_mistakes_of_a_file_and_of_its_parents_come_at_once_in_the_order_of_each_file(write):
    write("[trends]\nmarriage = 9\n", "parent")
    text = 'extends = ["parent", "nobody"]\n' + GRANT + GRANT.replace("2023", "2024\nend = 2023\nassumed = true")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(text))
    found = [(p.file.rsplit("/", 1)[-1], p.line, p.where) for p in caught.value.problems]
    assert found == [
        ("mine.toml", 9, "[[birth_grant]] for order 2"),
        ("mine.toml", 12, "birth_grant 2.end"),
        ("mine.toml", 13, "birth_grant 2.reason"),
        ("mine.toml", 3, "extends"),
        ("parent.toml", 4, "trends.marriage"),
    ]
    assert len(str(caught.value).splitlines()) == 5


def test_several_files_report_together_and_a_shared_parent_once(write):
    write("[trends]\nmarriage = 9\n", "parent")
    files = [write('extends = "parent"\n', name) for name in ("one", "two")]
    with pytest.raises(ScenarioError) as caught:
        load_scenarios([*files, "nobody"])
    assert [p.where for p in caught.value.problems] == ["trends.marriage", "scenario"]


def test_one_name_for_two_scenarios_is_refused(write, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "mine.toml"
    other.write_text(HEAD, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"'mine' twice.*rename its file"):
        load_scenarios([write(""), other])


def test_an_unknown_scenario_lists_the_known_ones():
    with pytest.raises(ScenarioError) as caught:
        load_scenario("subsidies_stong")
    problem = caught.value.problems[0]
    assert all(name in problem.expected for name in known_scenarios())
    assert "Type subsidies_strong" in problem.fix


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=re.escape(str(tmp_path / "no.toml"))):
        load_scenario(tmp_path / "no.toml")


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "gbk.toml"
    path.write_bytes('name = "湖州"'.encode("gbk"))
    with pytest.raises(ScenarioError, match="Save the file as UTF-8"):
        load_scenario(path)


def test_a_circle_of_three_names_them_all(write):
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        write(f'extends = "{parent}"\n', name)
    with pytest.raises(ScenarioError, match="a circle: a extends b extends c extends a") as caught:
        load_scenario(write('extends = "b"\n', "a"))
    assert caught.value.problems[0].file.endswith("c.toml")


def test_two_parents_that_differ_name_both_files_lines_and_values(write):
    one = write("[childcare]\nplaces_per_1000 = { 2025 = 4.6 }\n", "one")
    two = write("# a line\n[childcare]\nplaces_per_1000 = { 2025 = 6.0 }\n", "two")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write('extends = ["one", "two"]\n'))
    (problem,) = caught.value.problems
    assert problem.where == "childcare.places_per_1000"
    assert f"{{ 2025 = 4.6 }} ({one}:4:1) and" in problem.found
    assert f"{{ 2025 = 6 }} ({two}:5:1)" in problem.found
    assert "[childcare] places_per_1000 = { 2025 = 4.6 }" in problem.fix
    assert (problem.line, problem.column) == (3, 1)


def test_two_parents_that_differ_in_grants_of_one_order_are_refused(write):
    write(GRANT, "one")
    write(GRANT.replace("5000", "6000"), "two")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write('extends = ["one", "two"]\n'))
    (problem,) = caught.value.problems
    assert problem.where == "[[birth_grant]] for order 2"
    assert "yuan = 5000" in problem.found
    assert "yuan = 6000" in problem.found


def test_a_fee_subsidy_counts_once(write):
    allowance = "[[childcare_allowance]]\norder = 1\nyuan_per_month = 500\nmonths = 36\nstart = 2023\n"
    text = allowance + "enrolled_only = true\n[childcare]\nfee_yuan_per_month = { 2023 = 1000 }\n"
    with pytest.raises(ScenarioError, match=r"mine\.toml:3:1.*mine\.toml:10:1.*a fee subsidy in one place"):
        load_scenario(write(text))
    assert load_scenario(write(text.replace("enrolled_only = true\n", ""))).levers.childcare_allowance


def test_a_local_allowance_as_high_as_the_national_may_be_meant(write):
    text = "[[childcare_allowance]]\norder = 2\nyuan_per_month = 300\nmonths = 36\nstart = 2025\n"
    assert load_scenario(write(text + "on_top_of_national = true\n")).levers.childcare_allowance[0].months == 36


def test_an_unknown_area_is_located_when_the_place_is_known(write, central, context, ask):
    path = write('areas = [\n  "330502",\n  "330503x",\n]\n')
    scenario = load_scenario(path)
    expected = rf"mine\.toml:5:3: areas: found '330503x'; expected one of {', '.join(AREAS)}.*Type 330503"
    with pytest.raises(ScenarioError, match=expected):
        ask(scenario)
    with pytest.raises(ScenarioError, match=expected):
        load_scenario(path, areas=AREAS)


def test_a_missing_prior_is_named(central, context, ask):
    with pytest.raises(ArgumentError, match="no A1, X2"):
        ask(load_scenario("no_new_policy"), parameters={k: v for k, v in central.items() if k not in ("A1", "X2")})


def test_draws_must_agree_in_number(central, ask):
    with pytest.raises(ArgumentError, match=r"\(1,\), \(2,\)"):
        ask(load_scenario("no_new_policy"), parameters=central | {"A1": central["A1"].repeat(2)})


def test_channels_without_births_by_order_are_refused(central, context):
    with pytest.raises(LabelError, match=r"found fertility, mortality.*state_space\('family'\)"):
        policy_response(
            [load_scenario("no_new_policy")], central, context,
            areas=AREAS, channels=["fertility", "mortality"], years=[2021],
        )  # fmt: skip


def test_a_year_outside_the_run_and_arrays_of_another_shape_are_refused(ask):
    asked = ask(load_scenario("no_new_policy"), until=2030)
    with pytest.raises(ArgumentError, match="found 2031; expected 2021 to 2030"):
        asked.log(2031)
    with pytest.raises(LabelError, match=r"population: found shape \(5,\)"):
        asked.response.log_multipliers(2025, asked.children, asked.population[:, 0])
    with pytest.raises(LabelError, match=r"children under 3: found shape \(4, 1\)"):
        asked.response.childcare(2025, asked.children[:4], asked.population)


def test_a_pack_that_lacks_what_levers_need_is_told_all_of_it(pack):
    from dataclasses import replace

    economy = pack.economy[~pack.economy["name"].isin(["childcare_fee", "ideal_children"])]
    observations = pack.observations[pack.observations["variable"] != "tfr"]
    with pytest.raises(PackError) as caught:
        policy_context(replace(pack, economy=economy, observations=observations))
    assert [p.where for p in caught.value.problems] == ["childcare_fee, 2021", "ideal_children, 2021", "tfr, 2021"]
