"""Structural sensitivity: the same answers in both state spaces, side by side."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError, LabelError
from huyou_sim.output.structure_report import explain_structure
from huyou_sim.pack import load_pack
from huyou_sim.planning.packages import fit_place, project_scenarios
from huyou_sim.planning.structure import SHOWN, SPACES, structural_sensitivity
from huyou_sim.policy import load_scenarios

NAMES = ["no_new_policy", "marriage_strong", "subsidies_strong"]
KEYS = ["area", "variable", "year", "space", "scenario"]


@pytest.fixture(scope="module")
def pack():
    return load_pack("huzhou")


@pytest.fixture(scope="module")
def scenarios(pack):
    return load_scenarios(NAMES, areas=list(pack.areas["area"]))


@pytest.fixture(scope="module")
def table(pack, scenarios):
    return structural_sensitivity(pack, scenarios, years=(2021, 2025, 2030)).set_index(KEYS)


def at(table, variable, year, scenario="no_new_policy", column="value"):
    """Return a figure of the place in each space."""
    return np.array([table.loc[("330500", variable, year, space, scenario), column] for space in SPACES])


def test_the_table_is_complete(table):
    assert len(table) == 6 * len(SHOWN) * 3 * len(SPACES) * len(NAMES)
    assert not table.index.has_duplicates
    assert np.isfinite(table.to_numpy()).all()


@pytest.mark.parametrize("space", SPACES)
def test_figures_are_those_of_the_projection(table, scenarios, space):
    _, expected = project_scenarios(fit_place("huzhou", space), scenarios, until=2030)
    for scenario in NAMES:
        found = table.loc[("330500", "births", 2025, space, scenario), "value"]
        cell = {"area": "330500", "year": 2025, "scenario": scenario}
        assert found == pytest.approx(float(expected["births"].sel(cell).item()), rel=1e-12)


def test_effects_are_differences_to_no_new_policy(table):
    wide = table.unstack("scenario")
    for scenario in NAMES:
        expected = wide["value"][scenario] - wide["value"]["no_new_policy"]
        np.testing.assert_allclose(wide["effect"][scenario], expected, atol=1e-9)
    assert (wide["effect"]["no_new_policy"] == 0.0).all()


def test_both_spaces_reproduce_the_first_year(table):
    """Births 21,000 (standard error 500), total fertility 0.89 (0.07), as published for 2021."""
    assert (np.abs(at(table, "births", 2021) - 21_000) < 500).all()
    assert (np.abs(at(table, "tfr", 2021) - 0.89) < 0.07).all()


def test_what_does_not_hang_on_births_is_the_same(table):
    for year in (2021, 2025, 2030):
        family, duration = at(table, "married_share_20_29", year)
        assert duration == pytest.approx(family, abs=0.02)


def test_the_answers_agree_between_the_spaces(table):
    """Levels differ by a few hundred births, far less than the uncertainty of either; effects by a tenth."""
    for year in (2025, 2030):
        family, duration = at(table, "births", year)
        assert 0.0 < duration - family < 500.0
        for scenario in ("marriage_strong", "subsidies_strong"):
            effects = at(table, "births", year, scenario, "effect")
            assert (effects > 0.0).all()
            assert effects[1] == pytest.approx(effects[0], rel=0.1), (year, scenario)


def test_readme_has_these_figures(table, root):
    said = (root / "README.md").read_text(encoding="utf-8")
    levels = at(table, "births", 2025)
    effects = [at(table, "births", 2025, name, "effect") for name in ("marriage_strong", "subsidies_strong")]
    assert f"({levels[1]:,.0f} against {levels[0]:,.0f})" in said
    assert f"{effects[0][1]:.0f} more births in 2025 with *marriage strong* ({effects[0][0]:.0f})" in said
    assert f"{effects[1][1]:.0f} with\n  *subsidies strong* ({effects[1][0]:.0f})" in said


def test_a_scenario_to_compare_with_is_needed(pack, scenarios):
    with pytest.raises(ArgumentError, match="Add no_new_policy"):
        structural_sensitivity(pack, scenarios[1:])


def test_years_before_the_projection_are_refused(pack, scenarios):
    with pytest.raises(ArgumentError, match="from 2021 on"):
        structural_sensitivity(pack, scenarios, years=(2020, 2025))


def test_an_unknown_space_is_refused():
    with pytest.raises(LabelError, match="duration"):
        fit_place("huzhou", "durations")


@pytest.mark.parametrize(("lang", "words"), [("en", ("Huzhou", "Duration", "Family")), ("zh", ("湖州市", "时长状态"))])
def test_the_report_names_both_spaces(lang, words):
    said, table = explain_structure("huzhou", ["marriage_strong"], years=(2025,), lang=lang)
    for word in words:
        assert word in said
    assert set(table["scenario"]) == {"no_new_policy", "marriage_strong"}


def test_the_report_refuses_an_unknown_area():
    with pytest.raises(ArgumentError, match="330502"):
        explain_structure("huzhou", ["marriage_strong"], area="33")
