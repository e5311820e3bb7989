"""Service needs: norms by hand, areas that add up draw by draw, supply that stays, and one error for all mistakes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.errors import ArgumentError, PackError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.areas import area_codes
from huyou_sim.planning.needs import COLUMNS, EMPTYING_COLUMNS, run_needs, with_coverage
from huyou_sim.planning.services import needs_of, supply_of
from huyou_sim.policy import load_scenarios

DIMS = ("scenario", "draw", "area", "year")
COUNTIES = ["330502", "330503", "330521", "330522", "330523"]


@pytest.fixture(scope="module")
def needs():
    return run_needs("huzhou", draws=24, until=2030, prior_only=True)


@pytest.fixture(scope="module")
def norms(needs):
    return needs.fit.pack.service_norms


def counts(years, **people):
    """Return numbers of people in two areas, the same in every year unless a list is given."""
    labels = {"scenario": ["no_new_policy", "other"], "draw": [0], "area": ["1", "2"], "year": years}
    shape = (2, 1, 2, len(years))
    names = ("residents", "births", "children_0_2", "children_3", "children_4", "children_5", "children_3_5",
             "children_0_14", "children_0_17")  # fmt: skip
    given = dict.fromkeys(names, 0.0) | people
    return {
        name: xr.DataArray(np.broadcast_to(value, shape).astype(float), labels, DIMS) for name, value in given.items()
    }


def at(found, service, year):
    return found[service].sel(year=year).values[0, 0, 0]


def test_norms_by_hand(norms):
    people = counts([2021, 2023, 2030], children_3=1000, children_4=1000, children_5=1000, children_0_14=9000,
                    births=1000, children_0_2=3000, residents=100000, children_0_17=10000)  # fmt: skip
    found = needs_of(norms, people, "central")
    assert at(found, "kindergarten_places", 2021) == pytest.approx(2940)
    assert at(found, "kindergarten_classes", 2021) == pytest.approx(980 / 25 + 980 / 30 + 980 / 35)
    assert at(found, "kindergarten_teachers", 2021) == pytest.approx(2 * (980 / 25 + 980 / 30 + 980 / 35))
    assert at(found, "maternity_beds", 2030) == pytest.approx(17)
    assert at(found, "midwives", 2030) == pytest.approx(6)
    # Straight lines between 2021 and 2025, level afterwards.
    assert at(found, "childcare_places_plan", 2023) == pytest.approx(100 * (2.63 + 4.60) / 2)
    assert at(found, "inclusive_places", 2023) == pytest.approx(0.5 * 0.356 * 3000)
    assert at(found, "paediatricians", 2030) == pytest.approx(9 * 1.05)
    assert at(found, "orphan_allowance", 2030) == pytest.approx(2 * 29000)
    assert at(found, "orphan_allowance", 2021) == pytest.approx(2 * 24852)


def test_the_lowest_norm_needs_least_and_larger_classes_are_fewer(norms):
    people = counts([2021, 2030], children_3=1000, children_4=1000, children_5=1000, children_0_14=1, births=1000,
                    children_0_2=10, residents=10, children_0_17=10)  # fmt: skip
    low, central, high = (needs_of(norms, people, level) for level in ("low", "central", "high"))
    for service in central:
        assert (low[service] <= central[service]).all(), service
        assert (central[service] <= high[service]).all(), service
    assert at(low, "kindergarten_classes", 2021) == pytest.approx(950 / 25 + 950 / 30 + 950 / 35)
    assert at(high, "kindergarten_classes", 2021) == pytest.approx(1000 / 20 + 1000 / 26 + 1000 / 31)


def test_supply_by_hand():
    def row(area, year, last, rule, value):
        of = {"service": "kindergarten_places", "area": area, "of": "children_3_5", "rule": rule, "year": year}
        return of | {"last_year": last, "low": value, "central": value, "high": 2 * value}

    years = [2021, 2022, 2023, 2024]
    children = np.array([[300.0, 200.0, 100.0, 50.0], [100.0, 100.0, 100.0, 100.0]])
    people = counts(years, children_3_5=children)
    place = pd.DataFrame([row("9", 2021, np.nan, "per_1000", 1000), row("9", 2022, 2023, "number", 40)])
    found = supply_of(place, people, "central", "9")["kindergarten_places"]
    # What there is keeps its number; additions go to areas by their children, and only where there is a plan.
    assert found.sel(scenario="other").values[0].tolist() == [[300, 330, 360, 360], [100, 110, 120, 120]]
    assert found.sel(scenario="no_new_policy").values[0].tolist() == [[300] * 4, [100] * 4]
    assert supply_of(place, people, "high", "9")["kindergarten_places"].sel(scenario="other").values[0, 0, 1] == 660
    own = pd.DataFrame([row("1", 2021, np.nan, "number", 500), row("2", 2021, np.nan, "number", 70),
                        row("2", 2023, np.nan, "number", 90)])  # fmt: skip
    found = supply_of(own, people, "central", "9")["kindergarten_places"].values[0, 0]
    assert found.tolist() == [[500] * 4, [70, 70, 90, 90]]


def test_areas_add_up_to_the_place_in_every_draw(needs):
    whole = needs.draws.sel(area="330500")
    parts = needs.draws.sel(area=COUNTIES).sum("area", skipna=False)
    for name in ("need", "supply", "empty"):
        off = abs(parts[name] - whole[name]) / np.maximum(abs(whole[name]), 1.0)
        assert float(off.max()) < 1e-9
    means = needs.table.pivot_table(index=["scenario", "year", "service"], columns="area", values="gap_mean")
    assert np.allclose(means[COUNTIES].sum(axis=1), means["330500"], rtol=1e-9, atol=1e-6)


def test_the_place_needs_what_its_own_children_need(needs):
    """From the indicators of the place, which are no sum of what was counted here."""
    chosen = load_scenarios(["no_new_policy"])
    direct = prepare_ensemble(needs.fit, None, 24, until=2030).project(chosen).sel(scenario="no_new_policy")
    need = needs.draws["need"].sel(scenario="no_new_policy", area="330500")
    whole = direct.sel(area="330500")
    for service, share, variable in (("childcare_places", 0.356, "population_under_3"),
                                     ("kindergarten_places", 0.98, "population_3_5"),
                                     ("midwives", 0.006, "births")):  # fmt: skip
        assert np.allclose(need.sel(service=service), share * whole[variable], rtol=1e-9)
    places = needs.draws["supply"].sel(scenario="no_new_policy", area="330500", service="childcare_places")
    assert np.allclose(places, whole["childcare_places"], rtol=1e-9)
    empty = needs.draws["empty"].sel(scenario="no_new_policy", area="330500", service="childcare_places")
    assert np.allclose(empty, whole["childcare_places"] - whole["childcare_in_use"], rtol=1e-9)


def test_the_plan_brings_places_and_no_new_policy_does_not(needs):
    supply = needs.draws["supply"].sel(area="330500")
    kindergarten = supply.sel(service="kindergarten_places")
    added = kindergarten.sel(scenario="plan_as_written") - kindergarten.sel(scenario="no_new_policy")
    assert np.allclose(added.sel(year=[2021, 2022, 2025, 2030]).T, [[0.0], [1400.0], [5600.0], [5600.0]])
    plan = supply.sel(scenario="plan_as_written", year=2025)
    assert np.allclose(plan.sel(service="inclusive_places"), 0.6 * plan.sel(service="childcare_places"))
    none = supply.sel(scenario="no_new_policy", year=2025)
    assert np.allclose(none.sel(service="inclusive_places"), 0.4 * none.sel(service="childcare_places"))
    # In the base year there are, by definition, as many paediatricians as the norm of that year asks for.
    first = needs.draws.sel(service="paediatricians", year=2021)
    assert np.allclose(first["need"], first["supply"])


def test_the_table_is_whole_and_in_order(needs):
    table, emptying = needs.table, needs.emptying
    assert tuple(table.columns) == COLUMNS
    assert tuple(emptying.columns) == EMPTYING_COLUMNS
    assert len(table) == 2 * 6 * 10 * 12
    assert (table["need_q05"] <= table["need_q50"]).all()
    assert (table["need_q50"] <= table["need_q95"]).all()
    assert (table["need_low"] <= table["need_mean"] * (1 + 1e-9)).all()
    assert (table["need_mean"] <= table["need_high"] * (1 + 1e-9)).all()
    known = table.dropna(subset="supply_mean")
    assert np.allclose(known["gap_mean"], known["need_mean"] - known["supply_mean"])
    assert set(known["service"]) == {"childcare_places", "childcare_places_plan", "inclusive_places",
                                     "kindergarten_places", "paediatricians"}  # fmt: skip
    assert set(emptying["service"]) == set(known["service"])


def test_fewer_children_empty_kindergartens(needs):
    one = needs.emptying.query("scenario == 'no_new_policy' and area == '330500'").set_index("service")
    kindergarten = one.loc["kindergarten_places"]
    draws = needs.draws.sel(scenario="no_new_policy", service="kindergarten_places")
    # A place that stands empty in one county is of no use in another: those of the city are the sum.
    empty = np.maximum(draws["supply"] - draws["need"], 0.0).sel(year=2030, area=COUNTIES).sum("area")
    assert kindergarten["empty_2030_mean"] == pytest.approx(float(empty.mean()))
    draws = draws.sel(area="330500")
    assert np.isnan(kindergarten["empty_2035_mean"])  # beyond the horizon
    assert kindergarten["fewer_mean"] == pytest.approx(float((draws["need"][:, 0] - draws["need"][:, -1]).mean()))
    assert kindergarten["surplus_year_q50"] == 2021
    assert one.loc["childcare_places_plan", "surplus_probability"] == 0.0
    assert np.isnan(one.loc["childcare_places_plan", "surplus_year_q05"])


def test_coverage_replaces_the_norm_of_childcare_alone(norms):
    asked = with_coverage(norms, 30.0)
    rows = asked["service"] == "childcare_places"
    assert (asked.loc[rows, ["low", "central", "high"]] == 30.0).all().all()
    assert asked[~rows].equals(norms[~rows])
    assert with_coverage(norms, None) is norms


def test_areas_are_known_by_code_and_by_name(needs):
    pack = needs.fit.pack
    assert area_codes(pack, ["330521", "Anji", "德清", "长兴县", "anji"])[0] == ["330521", "330523", "330522"]
    codes, problems = area_codes(pack, ["Deqin"])
    assert codes == []
    assert "Did you mean 'Deqing'?" in str(problems[0])


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ArgumentError) as caught:
        run_needs("huzhou", coverage=140.0, until=2020, areas=["Deqin", "Anji"], draws=0)
    assert len(caught.value.problems) == 4
    for said in ("140 %", "2022 to", "Did you mean 'Deqing'?", "1 or more"):
        assert said in str(caught.value)


def test_a_place_without_norms_says_what_to_copy():
    with pytest.raises(PackError, match=r"service_norms\.csv") as caught:
        run_needs("jiaxing")
    assert len(caught.value.problems) == 1
