"""The forecast of 2020 from the census of 2010: what it may know, what it must reproduce, and how it fared."""

from __future__ import annotations

import inspect
import re
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.demography.residual import survive, yearly_survival
from huyou_sim.demography.schedules import cube, fertility_shapes, national_mortality
from huyou_sim.errors import ArgumentError, PackError
from huyou_sim.inference import census_forecast
from huyou_sim.inference.census_forecast import (
    PARAMETERS,
    Forecast,
    age_pattern,
    birth_space,
    draw_parameters,
    forecast,
)
from huyou_sim.inference.hindcast import compare, hindcast
from huyou_sim.pack import load_pack, locate

DAY = date(2020, 11, 1)
LATEST = "2010-12-31"


@pytest.fixture(scope="module")
def then():
    return load_pack("huzhou_2010")


@pytest.fixture(scope="module")
def now():
    return load_pack("huzhou")


@pytest.fixture(scope="module")
def result(then, now):
    return hindcast(then, now, draws=300)


def fixed(pack, **values):
    """Return a pack whose priors stand at their start, or at `values`."""
    table = pack.parameters.copy()
    start = [float(values.get(name, value)) for name, value in zip(table["name"], table["start"], strict=True)]
    table["family"], table["params"] = "uniform", ""
    table["lower"], table["upper"] = start, start
    return replace(pack, parameters=table)


def still(pack):
    """Return the values with which nobody moves."""
    return {"migrants_per_year": 0.0, **{f"migrants_rate_{area}": 0.0 for area in pack.areas["area"]}}


# --- what was known then -----------------------------------------------------------------------------------


def tables(pack):
    own = {
        name: frame
        for name, frame in ((name, getattr(pack, name)) for name in pack.__dataclass_fields__)
        if isinstance(frame, pd.DataFrame)
    }
    return {**own, **pack.schedules, **pack.evidence}


def test_nothing_dated_after_2010_stands_in_the_pack_or_in_what_it_uses(then):
    seen = 0
    for name, frame in tables(then).items():
        for column in frame.columns.intersection(["date", "period", "women_date"]):
            days = frame[column].astype(str).str.split("/").str[-1]
            days = days[days.str.match(r"\d{4}")]
            assert (days <= LATEST).all(), (name, column)
            seen += len(days)
        for column in frame.columns.intersection(["year", "census_year"]):
            assert (frame[column] <= 2010).all(), (name, column)
            seen += len(frame)
    assert seen > 1000
    assert (then.census_date, then.start_date) == (date(2010, 11, 1), date(2010, 12, 31))


def test_no_source_of_the_pack_is_a_later_count(then):
    for name, frame in tables(then).items():
        for column in frame.columns.intersection(["source", "method", "reason", "note", "source_id"]):
            text = " ".join(frame[column].astype(str).unique())
            years = {int(year) for year in re.findall(r"\b(20[12]\d)\b", text)}
            # The article of May 2011 reports the census; WPP 2024 lends the pace before 2010 and nothing else.
            assert years <= {2010, 2011, 2024}, (name, column, years)
            assert "2024" not in text or "WPP 2024" in text
    assert then.evidence == {}
    assert set(then.checksums) == {"huzhou_2010", "china_2010"}


def test_the_forecast_is_the_same_where_no_later_pack_exists(then, tmp_path, monkeypatch):
    for name in ("huzhou_2010", "china_2010"):
        shutil.copytree(locate.data_folder() / name, tmp_path / name)
    expected = forecast(then, DAY, draws=3).population
    monkeypatch.setattr(locate, "data_folder", lambda: tmp_path)
    assert locate.known_packs(tmp_path) == ["china_2010", "huzhou_2010"]
    xr.testing.assert_identical(forecast(load_pack("huzhou_2010"), DAY, draws=3).population, expected)
    assert "later" not in inspect.signature(forecast).parameters


def test_the_census_of_2010_is_the_one_in_the_later_pack(then, now):
    both = now.population_census.merge(then.population_census, on=["area", "date", "sex", "age_lower"])
    assert len(both) == len(then.population_census) == 228
    assert (both["population_x"] == both["population_y"]).all()


def test_every_prior_has_a_reason_and_its_start_in_the_middle(then):
    rows = then.parameters.set_index("name")
    drawn = draw_parameters(then, draws=4000, seed=1)
    assert list(drawn) == [*PARAMETERS, *(f"migrants_rate_{area}" for area in then.areas["area"])]
    assert set(drawn) == set(rows.index)
    for name, values in drawn.items():
        row = rows.loc[name]
        assert len(row["reason"]) > 60
        assert ((values >= row["lower"]) & (values <= row["upper"])).all()
        assert np.median(values) == pytest.approx(row["start"], abs=0.08 * values.std()), name
    other = draw_parameters(replace(then, parameters=then.parameters[::-1]), draws=4, seed=1)
    assert all((other[name] == drawn[name][:4]).all() for name in drawn)


def test_the_figures_that_the_reasons_give_are_those_of_the_census(then):
    reason = then.parameters.set_index("name")["reason"]
    census = census_forecast._start(then).sum("area")
    rates, _ = national_mortality(then)
    deaths = float((census * rates).sum())
    assert 2_893_542 * 0.00615 / deaths == pytest.approx(0.86, abs=0.01)
    women = census.sel(sex="female", age=slice(15, 49)).values
    births = float((sum(fertility_shapes(then, np.arange(15, 50)).values()).sum(0) * women).sum())
    assert 2_893_542 * 0.00676 / births == pytest.approx(0.757, abs=0.01)
    assert "0.86" in reason["death_level"]
    assert "0.757" in reason["birth_level"]
    people = then.observations.query("variable == 'population_total' and period == '2010-11-01'")
    residents, registered = (
        people[people["population_base"] == base].set_index("area")["value"]
        for base in ("resident", "household_registered")
    )
    excess = 100.0 * (residents - registered) / residents
    assert (residents - registered)["330500"] == 294_830
    for area in then.areas["area"]:
        assert f": {excess[area] - excess['330500']:.1f} per 1,000" in reason[f"migrants_rate_{area}"]


def test_the_family_space_could_start_there_too(then):
    """The census that gives the pattern of marriage is that of the start: the city leads the nation or lags it."""
    baseline = build_baseline(then)
    assert baseline.construction["never_married_share_women_15plus"] == pytest.approx(100 * 17703 / 123899, abs=0.06)
    assert baseline.construction["mean_children_ever_born"] == pytest.approx(1.25)
    assert baseline.mortality_trend == pytest.approx(-0.018, abs=0.0005)
    women = baseline.stock.women.sum("parity")
    never = (women.sel(marital="never") / women.sum("marital")).sel(age_fertile=[20, 25, 30, 40]).values
    assert (np.diff(never, axis=1) < 0).all()
    # Wuxing, the seat of the city, has the most single women of long-form age, Nanxun few.
    assert never[0, 1] == never[:, 1].max()


# --- what the projection must reproduce ---------------------------------------------------------------------


def test_with_nobody_moving_adults_are_the_survivors_of_a_plain_calculation(then):
    ensemble = forecast(fixed(then, **still(then), child_coverage=1.0), date(2020, 12, 31), draws=2).population
    rates, _ = national_mortality(then)
    start = census_forecast._start(then).sum("area").values
    value = then.parameters.set_index("name")["start"]
    level = [
        value["death_level"] * np.exp(value["death_trend"] * (year + 0.5 - 2010.3333)) for year in range(2011, 2021)
    ]
    survival = yearly_survival(np.stack([factor * rates.values for factor in level]), 1.0)
    expected = survive(start, survival)[:, 10:90]
    found = ensemble.isel(draw=0).sum("area").values[:, 10:90]
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_migrants_add_up_and_follow_their_pattern(then):
    values = draw_parameters(then, draws=50, seed=3)
    start = census_forecast._start(then)
    cells = census_forecast._migrants(then, start, values).values.reshape(50, 5, 2, 101)
    np.testing.assert_allclose(cells.sum((1, 2, 3)), values["migrants_per_year"], rtol=1e-9)
    alike = {name: 0.0 * value if name.startswith("later_migrants") else value for name, value in values.items()}
    plain = census_forecast._migrants(then, start, alike).values.reshape(50, 5, 2, 101)
    np.testing.assert_allclose(plain[:, :, 0].sum((1, 2)) / plain.sum((1, 2, 3)), values["migrants_male_share"])
    old = (cells - plain)[..., 65:].sum((1, 2, 3)) / start.values.sum() * 1000.0
    assert np.corrcoef(old, values["later_migrants_65_100"])[0, 1] > 0.95
    np.testing.assert_allclose(cells.sum((2, 3)), plain.sum((2, 3)), rtol=1e-9)
    pattern = age_pattern(then, values)
    np.testing.assert_allclose(pattern.sum(1), 1.0)
    assert (pattern[:, 20:30].min(1) > 0).all()
    assert (pattern[:, 48] < pattern[:, 30]).all()
    more = age_pattern(then, {**values, "migrants_child_share": values["migrants_child_share"] * 1.5})
    assert (more[:, :15].sum(1) > pattern[:, :15].sum(1)).all()


def test_the_whole_ensemble_grows_by_its_migrants(then):
    moved, none = (
        float(forecast(fixed(then, **{**still(then), "migrants_per_year": number}), DAY, draws=2).population[0].sum())
        for number in (20_000.0, 0.0)
    )
    # Ten years to November less two months; young migrants hardly die, and have some children.
    assert 0.99 < (moved - none) / (20_000 * (9 + 306 / 366)) < 1.12


def test_births_at_the_census_do_not_depend_on_the_contrast_and_postponement_moves_ages(then):
    space = birth_space()
    ages = np.array(space.ages)
    base = list(fertility_shapes(then, ages).values())[-1]
    women = np.linspace(2000.0, 1000.0, len(ages))
    values = draw_parameters(then, draws=20, seed=4)
    rates = census_forecast._fertility(base, women, values, np.array([0.0, 5.0]))
    np.testing.assert_allclose((rates[:, 0] @ women).sum(1), values["birth_level"] * (base @ women).sum())
    ratio = (rates[:, 0, 1] @ women) / (rates[:, 0, 0] @ women) / ((base[1] @ women) / (base[0] @ women))
    np.testing.assert_allclose(ratio, values["second_birth_contrast"])
    mean = (rates @ ages) / rates.sum(-1)
    np.testing.assert_allclose(mean[:, 1] - mean[:, 0], 5 * values["birth_postponement"][:, None] * [1, 1, 1], atol=0.2)
    grown = np.log(rates[:, 1].sum(-1) / rates[:, 0].sum(-1))
    np.testing.assert_allclose(grown[:, 0], 5 * values["first_birth_trend"])
    np.testing.assert_allclose(grown[:, 2], 5 * values["higher_birth_trend"])


def test_the_sex_ratio_at_birth_and_the_missed_children_go_through_to_the_end(then):
    plain, boys, more = (
        forecast(fixed(then, **{**still(then), "child_coverage": 1.0, **given}), DAY, draws=2).population[0].sum("area")
        for given in ({}, {"sex_ratio_at_birth": 120.0}, {"child_coverage": 1.1})
    )
    young = [each.sel(age=slice(0, 4)).sum("age").values for each in (plain, boys)]
    assert young[1].sum() == pytest.approx(young[0].sum(), rel=1e-3)
    assert young[1][0] / young[1][1] / (young[0][0] / young[0][1]) == pytest.approx(120 / 107, rel=1e-3)
    added = (more - plain).sum("sex")
    grown = census_forecast._start(then).sum(["area", "sex"]).sel(age=slice(0, 9)).sum()
    assert float(added.sel(age=slice(9, 19)).sum()) == pytest.approx(0.1 * float(grown), rel=1e-9)
    assert abs(float(added.sel(age=slice(25, 100)).sum())) < 1e-6


def test_the_census_day_lies_between_the_year_ends(then):
    pack = fixed(then)
    before, between, after = (
        forecast(pack, day, draws=2).population[0].values for day in (date(2019, 12, 31), DAY, date(2020, 12, 31))
    )
    np.testing.assert_allclose(between, before + 306 / 366 * (after - before), rtol=1e-9)


def test_a_forecast_is_a_value_and_more_draws_change_no_draw(then):
    few, again, many = (forecast(then, DAY, draws=draws) for draws in (3, 3, 7))
    xr.testing.assert_identical(few.population, again.population)
    xr.testing.assert_identical(few.population, many.population.isel(draw=slice(3)))
    assert not np.array_equal(few.population, forecast(then, DAY, draws=3, seed=1).population)
    assert (few.population.values >= 0).all()


# --- how it fared -------------------------------------------------------------------------------------------


def test_every_figure_is_there_once_with_the_published_ratios(result):
    table = result.table
    assert len(table) == 6 * (2 * 18 + 1 + 6)
    assert not table.duplicated(["variable", "area", "sex", "age_lower"]).any()
    seen = table[table["area"] == "330500"].set_index("variable")["observed"]
    assert seen["population_total"] == 3_367_579
    assert seen["total_dependency_60"] == pytest.approx(49.88, abs=0.005)
    assert seen["total_dependency_65"] == pytest.approx(37.84, abs=0.005)
    start = table[table["area"] == "330500"].set_index("variable")["start"]
    assert start["population_total"] == 2_893_542
    parts = table[table["kind"] == "age_and_sex"].groupby("area")["observed"].sum()
    assert parts["330500"] == parts.drop("330500").sum() == 3_367_579


def test_bands_quantiles_and_ranks_agree(result):
    table = result.table
    columns = [name for name in table.columns if name.startswith("q")]
    assert columns == ["q2.5", "q10", "q25", "q50", "q75", "q90", "q97.5"]
    assert (np.diff(table[columns].to_numpy(), axis=1) >= 0).all()
    for level, lower, upper in (("in_50", "q25", "q75"), ("in_80", "q10", "q90"), ("in_95", "q2.5", "q97.5")):
        assert (table[level] == table["observed"].between(table[lower], table[upper])).all()
    assert (table.loc[table["observed"] > table["q97.5"], "pit"] > 0.97).all()
    assert (table["crps"] > 0).all()


def test_the_summary_is_that_of_the_table(result):
    rows = result.table.query("kind == 'age_and_sex' and area != '330500'")
    [found] = result.summary.query("kind == 'age_and_sex' and where == 'areas'").to_dict("records")
    assert found["figures"] == len(rows) == 180
    assert found["coverage_80"] == rows["in_80"].mean()
    assert found["crps"] == pytest.approx(rows["crps"].mean())
    assert found["skill"] == pytest.approx(1 - rows["crps"].sum() / rows["crps_no_change"].sum())


def test_it_is_far_better_than_no_change_and_its_bands_are_too_narrow(result):
    """What README and reports say of the hindcast; a change of the model or its priors must not pass unseen."""
    found = result.summary.set_index(["kind", "where"])
    assert (found["skill"] > 0.5).all()
    assert found.loc[("age_and_sex", "place"), "coverage_95"] == pytest.approx(0.84, abs=0.06)
    assert found.loc[("age_and_sex", "areas"), "coverage_95"] == pytest.approx(0.72, abs=0.05)
    assert found.loc[("dependency_60", "place"), "coverage_80"] == 1.0
    missed = result.table.query("kind == 'age_and_sex' and area == '330500' and not in_95")
    # All misses of the place are ages 45-84, and all are too low: what no prior of 2010 had room for.
    assert missed["age_lower"].between(45, 80).all()
    assert (missed["observed"] > missed["q97.5"]).all()


def test_a_forecast_that_knows_the_census_scores_so(then, now):
    areas, ages = [str(area) for area in now.areas["area"]], np.arange(101)
    labels = {"area": areas, "sex": ["male", "female"], "age": ages}
    truth = cube(now.population_single_age, "population", ("area", "sex", "age"), labels)
    noise = xr.DataArray(np.linspace(-1e-6, 1e-6, 41), dims="draw", coords={"draw": np.arange(41)})
    known = Forecast((truth * (1.0 + noise)).transpose("draw", "area", "sex", "age"), pd.DataFrame(), DAY)
    found = compare(known, then, now)
    persons = found.table[found.table["unit"] == "persons"]
    assert persons["in_50"].all()
    assert persons["pit"].to_numpy() == pytest.approx(0.5, abs=1.5 / 42)
    assert (found.summary["skill"] > 0.99).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda then, now: hindcast(then, now, draws=1), ArgumentError, "2 draws or more"),
        (lambda then, now: hindcast(then, then), ArgumentError, "later census"),
        (lambda then, now: hindcast(now, then), ArgumentError, "later census"),
        (lambda then, now: hindcast(now, now), ArgumentError, "later census"),
        (lambda then, now: forecast(now, date(2030, 1, 1)), PackError, "no row 'death_level'"),
        (
            lambda then, now: forecast(replace(then, parameters=then.parameters.replace("lognormal", "beta")), DAY),
            PackError, "family of 'death_level'.*normal, lognormal, uniform",
        ),
        (
            lambda then, now: forecast(replace(then, settings=now.settings), DAY, draws=2),
            PackError, "no schedule",
        ),
        (
            lambda then, now: compare(forecast(then, DAY, draws=2), then, replace(now, areas=now.areas[:4])),
            PackError, "330502, 330503, 330521, 330522; expected",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_hindcast_is_refused(call, error, words, then, now):
    with pytest.raises(error, match=words):
        call(then, now)
