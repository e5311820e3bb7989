"""A new scenario file: it loads as it is, and with each of its commented tables made live."""

from __future__ import annotations

import re
import tomllib
from typing import Literal

import jsonschema
import pytest

from huyou_sim.errors import ArgumentError, ScenarioError
from huyou_sim.policy import load_scenario, scenario_schema
from huyou_sim.policy import template as room
from huyou_sim.policy.difference import scenario_difference
from huyou_sim.policy.levers import levers
from huyou_sim.policy.measures import TABLES, Measure
from huyou_sim.policy.template import example, template, template_text
from huyou_sim.policy.words import MEASURES, bounds_text, unit_text, word_rows, wording


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a template and returns its path and text."""

    def make(name="mine", **options):
        path = tmp_path / f"{name}.toml"
        text = template_text(template(path, **options))
        path.write_text(text, encoding="utf-8")
        return path, text

    return make


def uncommented(text, table):
    """Return the text with one commented table made live."""
    blocks = text.split("\n\n")
    header = re.compile(rf"^#\[\[?{table}\]\]?$", flags=re.MULTILINE)
    (i,) = [i for i, block in enumerate(blocks) if header.search(block)]
    blocks[i] = re.sub(r"^#(?=[#\[a-z])", "", blocks[i], flags=re.MULTILINE)
    return "\n\n".join(blocks)


def test_without_measures_it_is_its_parent(made):
    path, text = made()
    scenario = load_scenario(path)
    assert scenario_difference(load_scenario("no_new_policy"), scenario).empty
    assert text.startswith("#:schema ./scenario.schema.json\n")
    assert set(tomllib.loads(text)) == {"extends", "name", "description", "reason"}


@pytest.mark.parametrize("table", MEASURES)
def test_each_table_loads_when_it_is_set_and_when_it_is_made_live(made, table):
    live, text = made("live", extends=[], measures=[table])
    assert list(tomllib.loads(text))[-1] == table
    assert {setting.key[0] for setting in load_scenario(live).settings} == {table}
    _, commented = made()
    path, _ = made("later")
    later = uncommented(commented, table)
    path.write_text(later, encoding="utf-8")
    load_scenario(path)
    document = tomllib.loads(later)
    assert document[table] == tomllib.loads(text)[table], "another table when it is made live"
    shown = set(re.findall(r"^#?([a-z_0-9]+) = ", text.partition(f"[{table}]")[2].partition("\n\n")[0], re.MULTILINE))
    assert shown == set(TABLES[table].model_fields), "a key that the template does not show"
    jsonschema.validate(document, scenario_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("table", MEASURES)
def test_each_key_that_is_left_out_may_be_made_live(made, table):
    path, text = made(measures=[table])
    head, rest = text.split(f"[{table}]")
    block = rest.partition("\n\n")[0]
    for key in re.findall(r"^#([a-z_0-9]+) = ", block, re.MULTILINE):
        other = wording(f"{table}.{key}").instead_of
        lines = re.sub(rf"^#{key} = ", f"{key} = ", block, flags=re.MULTILINE)
        lines = re.sub(rf"^{other} = ", f"#{other} = ", lines, flags=re.MULTILINE) if other else lines
        path.write_text(f"{head}[{table}]{lines}\n", encoding="utf-8")
        setting = next(
            one for one in load_scenario(path).settings if one.key[0] == table and one.path == path.resolve()
        )
        assert setting, key


def test_all_tables_made_live_load_together(made):
    path, text = made()
    for table in MEASURES:
        text = uncommented(text, table)
    path.write_text(text, encoding="utf-8")
    assert {setting.key[0] for setting in load_scenario(path).settings} == set(MEASURES)


def test_each_line_of_a_key_is_explained_in_two_languages_with_unit_and_bounds(made):
    _, text = made(measures=["birth_grant", "childcare"])
    keys = [line for line in text.splitlines() if re.match(r"#{0,2}[a-z_0-9]+ = ", line)]
    assert len(keys) > 40
    for line in keys:
        note = line.partition("  #")[2]
        assert re.search("[一-鿿]", note), line
        assert re.search(r" / [A-Z]", note), line
    for key, lever in levers().items():
        assert any(f"{lever.label_zh} [" in line and f"{lever.label_en} [" in line and bounds_text(lever) in line
                   and lever.doc in line for line in keys), key  # fmt: skip


CARE = ("places_per_1000", "inclusive_share_percent", "fee_yuan_per_month")


def test_examples_are_marked_as_assumed(made):
    path, _ = made(measures=["marriage_grant", "childcare"])
    own = [setting for setting in load_scenario(path).settings if setting.path == path.resolve()]
    assert {setting.key for setting in own} == {("marriage_grant",)} | {("childcare", key) for key in CARE}
    assert all(setting.assumed and "Example" in setting.reason for setting in own)


def test_a_measure_of_the_parent_is_set_to_what_the_parent_has(made):
    path, text = made(extends=["hohhot_2025"], measures=["birth_grant"])
    scenario = load_scenario(path)
    assert scenario_difference(load_scenario("hohhot_2025"), scenario).empty
    own = [setting for setting in scenario.settings if setting.path == path.resolve()]
    assert [setting.value["yuan"] for setting in own] == [10000, 50000, 100000]
    assert all("Hohhot" in setting.reason and not setting.assumed for setting in own)
    assert "(沿用值 / parent: 50000)" in text
    _, commented = made(extends=["hohhot_2025"])
    assert "(沿用值 / parent: 10000; 50000; 100000)" in commented


def test_what_the_parent_leaves_open_stays_open(made):
    path, text = made(extends=["places_only"], measures=["childcare"])
    assert scenario_difference(load_scenario("places_only"), load_scenario(path)).empty
    assert "\n#fee_yuan_per_month = " in text


def test_a_parent_of_ones_own_is_named_from_the_folder_of_the_new_file(made, tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    made("parent", measures=["marriage_grant"])
    monkeypatch.chdir(tmp_path)
    for given in ("parent.toml", "parent"):
        path, text = made("below/child", extends=[given])
        assert tomllib.loads(text)["extends"] == "../parent.toml"
        assert load_scenario(path).levers.marriage_grant.yuan == 5000
    assert tomllib.loads(made("brother", extends=["parent.toml"])[1])["extends"] == "parent"


@pytest.mark.parametrize("name", ['"', "a\\b", "\x7f!"[1:] + "'''", "中文 # x", "{ } = ["])
def test_names_may_hold_any_character_that_can_be_shown(made, name):
    path, _ = made(name_zh=name, name_en=name)
    assert load_scenario(path).names.en == name


def test_all_faults_come_at_once(tmp_path):
    with pytest.raises(ArgumentError) as caught:
        template(
            tmp_path / "hohhot_2025.toml", extends=["no_new", "no_new_policy", "no_new_policy"],
            measures=["birthgrant", "zzz"], name_zh="  ", name_en="a\nb",
        )  # fmt: skip
    found = [(problem.where, problem.found) for problem in caught.value.problems]
    assert found == [
        ("PATH", "'hohhot_2025', a scenario that ships"),
        ("--name-zh", "'  '"),
        ("--name-en", r"'a\nb'"),
        ("--with", "'birthgrant'"),
        ("--with", "'zzz'"),
        ("--extends", "'no_new'"),
        ("--extends", "'no_new_policy' twice"),
    ]
    fixes = [problem.fix for problem in caught.value.problems]
    assert fixes[3] == "Did you mean 'birth_grant'? Type birth_grant."
    assert fixes[4].startswith("Type one of: assisted_reproduction, birth_grant,")
    assert fixes[5] == "Did you mean 'no_new_policy'? Type no_new_policy."


def test_a_path_that_is_no_toml_file_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"ends in \.toml\. Type mine\.toml"):
        template("mine")


def test_a_file_cannot_extend_itself(made):
    path, _ = made("first")
    made("second", extends=[str(path)])
    with pytest.raises(ScenarioError, match=r"'second', which is made of first\.toml itself"):
        template(path, extends=[str(path.with_name("second.toml"))])


def test_a_parent_with_mistakes_is_told(write, tmp_path):
    broken = write("[trends]\nmarriage = 9\n", "broken")
    with pytest.raises(ScenarioError, match=r"broken\.toml:4:12: trends\.marriage"):
        template(tmp_path / "mine.toml", extends=[str(broken)])


class Later(Measure):
    """A measure of a kind that the format does not have yet."""

    kind: Literal["new", "converted"]
    note: str | None = None


def test_a_key_without_words_of_its_own_still_has_a_value(monkeypatch):
    monkeypatch.setattr(room, "TABLES", {"later": Later})
    assert example("later", "kind") == '"new"'
    assert example("later", "assumed") == "false"


def test_words_are_of_known_keys_in_chinese_and_examples_keep_their_bounds():
    fields = {f"{table}.{key}" for table, model in TABLES.items() for key in model.model_fields}
    known = {*TABLES, *fields, *(key.partition(".")[2] for key in fields), "extends", "areas"}
    for key, row in word_rows().items():
        if key.startswith("unit."):
            assert key.removeprefix("unit.") in {lever.unit for lever in levers().values()}, key
            continue
        assert key in known, key
        assert re.search("[一-鿿]", row["doc_zh"]), key


def test_every_table_lever_and_unit_has_words_in_chinese():
    rows = word_rows()
    assert [table for table in MEASURES if not rows[table]["label_zh"]] == []
    assert [key for key in levers() if not rows[key]["doc_zh"]] == [], "add a row to policy/words.csv"
    assert {lever.unit for lever in levers().values()} <= {key.removeprefix("unit.") for key in rows}
    assert unit_text("yuan per birth", "zh") == "元/孩"
    assert unit_text("yuan per birth", "en") == "yuan per birth"
    assert unit_text("1", "zh") == ""
