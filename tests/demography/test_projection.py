"""Identities that a projection keeps whatever its rates, and the errors of its seam."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.projection import account_gap, project, with_total
from huyou_sim.demography.states import state_space
from huyou_sim.errors import LabelError, RateError

from .conftest import AGES, gompertz, make_rates, make_stock

YEARS = range(2021, 2027)


def run(space_name="family", *, seed=1, years=YEARS, stock=None, rates=None, **options):
    space = state_space(space_name)
    stock = stock or make_stock(space, seed)
    rates = rates or make_rates(space, migrants=20.0)
    return project(stock, rates, space, years=list(years), **options)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    event=st.floats(0.0, 1.5),
    migrants=st.floats(0.0, 3000.0),
    space_name=st.sampled_from(["family", "classical"]),
    migration=st.sampled_from(["even", "end"]),
)
def test_account_closes_in_every_cell_and_nobody_is_negative(seed, event, migrants, space_name, migration):
    space = state_space(space_name)
    rates = make_rates(space, event=event, migrants=migrants, seed=seed)
    births = "ends" if space_name == "classical" else "middle"
    result = project(make_stock(space, seed), rates, space, years=list(YEARS), migration=migration, births=births)
    assert float(account_gap(result).max()) < 1e-9
    assert float(account_gap(with_total(result, "city")).max()) < 1e-9
    assert float(result["population"].min()) >= 0.0
    assert float(result["women"].min()) >= 0.0
    assert float(result["clipped"].max()) <= 0.0
    women = result["women"].sum(["marital", "parity"]).rename(age_fertile="age")
    cells = result["population"].sel(sex="female", age=women["age"])
    assert np.allclose(women, cells, rtol=1e-12, atol=1e-9)


def test_marriages_are_first_and_again_and_their_rates_per_mean_residents():
    result = run(seed=3)
    found = indicators(result)
    again = result["remarriages"].sum("age_reached")
    assert float(again.max()) > 0.0
    assert np.allclose(found["marriages"], result["first_marriages"].sum("age_reached") + again)
    people = result["population"].sum(["sex", "age"]).values
    mean = (people[..., :-1] + people[..., 1:]) / 2.0
    for rate, events in (("crude_marriage_rate", "marriages"), ("crude_divorce_rate", "divorces")):
        assert np.allclose(found[rate], 1000.0 * found[events].values / mean)
    assert "crude_marriage_rate" not in indicators(run("classical", births="ends"))


def test_out_migration_beyond_the_stock_is_clipped_and_reported():
    space = state_space("family")
    rates = make_rates(space)
    gone = rates.net_migrants.copy()
    gone.loc[{"sex": "female", "age": 30}] = -1e6
    result = project(
        make_stock(space), dataclasses.replace(rates, net_migrants=gone), space, years=[2021], migration="end"
    )
    cell = result.isel(scenario=0, draw=0, area=0, year=0).sel(sex="female", age=30)
    assert float(cell["net_migrants"]) == -1e6
    assert float(result["population"].sel(time=2021, sex="female", age=30).max()) == 0.0
    assert -1e6 < float(cell["clipped"]) < -1e6 + 1000


def test_without_events_people_only_grow_older():
    space = state_space("family")
    still = make_rates(space, event=0.0, deaths=gompertz() * 0.0 + 1e-300)
    stock = make_stock(space)
    result = project(stock, still, space, years=[2021])
    after = result["population"].isel(scenario=0, draw=0, time=1)
    before = stock.population
    assert np.allclose(after.isel(age=slice(1, 100)), before.isel(age=slice(0, 99)), rtol=1e-12)
    assert np.allclose(after.isel(age=100), before.isel(age=99) + before.isel(age=100), rtol=1e-12)
    assert float(after.isel(age=0).sum()) == 0.0
    women = result["women"].isel(scenario=0, draw=0, time=1)
    assert np.allclose(women.isel(age_fertile=slice(1, None)), stock.women.isel(age_fertile=slice(0, -1)), rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_scaling_the_stock_scales_the_flows(factor):
    space = state_space("family")
    rates = make_rates(space)
    one = project(make_stock(space), rates, space, years=list(YEARS))
    many = project(make_stock(space, scale=factor), rates, space, years=list(YEARS))
    for name in ("population", "women", "births", "deaths", "first_marriages"):
        assert np.allclose(many[name], factor * one[name], rtol=1e-9, atol=1e-9 * factor), name


def test_a_run_is_a_value():
    """Twice the same bits; inputs untouched; split equals whole; one call equals year by year."""
    space = state_space("family")
    stock, rates = make_stock(space), make_rates(space, migrants=20.0)
    copies = stock.population.copy(deep=True), rates.schedules.copy(deep=True)
    first = project(stock, rates, space, years=list(YEARS))
    again = project(stock, rates, space, years=list(YEARS))
    xr.testing.assert_identical(first, again)
    xr.testing.assert_identical(stock.population, copies[0])
    xr.testing.assert_identical(rates.schedules, copies[1])

    half = project(stock, rates, space, years=[2021, 2022, 2023])
    end = half.isel(scenario=0, draw=0, time=-1)
    middle = dataclasses.replace(
        stock, year=2023, population=end["population"].drop_vars("time"), women=end["women"].drop_vars("time")
    )
    rest = project(middle, rates, space, years=[2024, 2025, 2026])
    assert np.array_equal(rest["population"].values, first["population"].sel(time=slice(2023, None)).values)

    def nothing(year, children, population):
        return np.zeros((2, len(space.channels), children.shape[1]))

    stepwise = project(stock, rates, space, years=list(YEARS), response=nothing)
    xr.testing.assert_identical(stepwise, first)


def test_one_or_two_threads_give_the_same_bits():
    space = state_space("family")
    stock, rates = make_stock(space), make_rates(space, migrants=20.0)
    one, two = (project(stock, rates, space, years=list(range(2021, 2051)), draws=300, threads=n) for n in (1, 2))
    xr.testing.assert_identical(one, two)


def test_trajectories_do_not_touch_each_other():
    """A block holds many trajectories; each equals its own single run, to the bit."""
    space = state_space("family")
    stock, rates = make_stock(space), make_rates(space, migrants=20.0)
    n = 70
    log = xr.DataArray(
        np.random.default_rng(5).normal(0, 0.2, (n, len(space.channels))),
        dims=("draw", "channel"),
        coords={"channel": list(space.channels)},
    )
    many = project(stock, rates, space, years=[2021, 2022], log_multipliers=log, draws=n)
    for draw in (0, 63, 64, 69):
        one = project(stock, rates, space, years=[2021, 2022], log_multipliers=log.isel(draw=[draw]))
        assert np.array_equal(one["population"].values[:, 0], many["population"].values[:, draw])


def test_each_channel_moves_only_its_own_flows():
    space = state_space("family")
    base = run(years=[2021])
    for channel in space.channels:
        log = xr.DataArray([0.3], dims="channel", coords={"channel": [channel]}).reindex(
            channel=list(space.channels), fill_value=0.0
        )
        moved = run(years=[2021], log_multipliers=log)
        older = {"age": slice(1, None)}
        same_deaths = np.allclose(moved["deaths"].sel(**older), base["deaths"].sel(**older), rtol=1e-12)
        assert same_deaths == (channel not in ("mortality", "migration")), channel
        if channel.startswith("marriage_"):
            low, high = (int(x) for x in channel.split("_")[1:])
            away = [a for a in base["age_reached"].values if not low <= a <= high + 1]
            assert np.array_equal(
                moved["first_marriages"].sel(age_reached=away), base["first_marriages"].sel(age_reached=away)
            )
            assert float(moved["first_marriages"].sum()) > float(base["first_marriages"].sum())
        if channel.startswith("birth_1"):
            assert float(moved["births"].sel(birth_order=1).sum()) > float(base["births"].sel(birth_order=1).sum())


def test_total_is_the_sum_of_areas():
    result = with_total(run(), "city")
    parts = result["population"].sel(area=["a", "b"]).sum("area")
    assert np.array_equal(result["population"].sel(area="city"), parts)
    assert result["population"].dims == ("scenario", "draw", "area", "time", "sex", "age")


def test_even_migration_is_added_once_in_all():
    space = state_space("classical")
    rates = make_rates(space, event=0.0, migrants=0.0, deaths=gompertz() * 0.0 + 1e-300)
    rates = dataclasses.replace(rates, net_migrants=rates.net_migrants + 10.0)
    result = project(make_stock(space), rates, space, years=[2021], births="ends")
    growth = result["population"].isel(time=1).sum() - result["population"].isel(time=0).sum()
    assert float(growth) == pytest.approx(2 * 2 * 101 * 10.0, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            lambda r: dataclasses.replace(r, schedules=r.schedules.isel(age_fertile=slice(1, None))),
            LabelError,
            "age_fertile",
        ),
        (lambda r: dataclasses.replace(r, schedules=r.schedules - 1.0), RateError, "schedules"),
        (lambda r: dataclasses.replace(r, death_hazard=r.death_hazard * np.nan), RateError, "death hazard"),
        (
            lambda r: dataclasses.replace(r, net_migrants=r.net_migrants.isel(age=slice(3, None))),
            LabelError,
            "net migrants",
        ),
        (
            lambda r: dataclasses.replace(r, male_share=r.male_share.expand_dims(planet=2)),
            LabelError,
            "planet",
        ),
    ],
)
def test_rates_that_do_not_fit_are_named(change, error, words):
    space = state_space("family")
    with pytest.raises(error, match=words):
        project(make_stock(space), change(make_rates(space)), space, years=[2021])


def test_years_must_follow_the_stock():
    with pytest.raises(LabelError, match="2021"):
        run(years=[2022, 2023])
    with pytest.raises(LabelError, match="2021"):
        run(years=[2021, 2023])


def test_states_must_add_up_to_the_population():
    space = state_space("family")
    stock = make_stock(space)
    with pytest.raises(LabelError, match="age 15"):
        run(stock=dataclasses.replace(stock, women=stock.women * 1.1))


def test_ages_are_zero_to_the_open_group():
    assert AGES[-1] == 100
    assert list(run(years=[2021])["age"].values) == list(AGES)


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        (xr.DataArray(np.zeros(3), dims="draw"), {"draws": 2}, "2 draw"),
        (xr.DataArray(np.zeros(2), dims="planet"), {}, "planet"),
        (xr.DataArray([0.0], dims="channel", coords={"channel": ["marriage"]}), {}, "channel"),
        (xr.DataArray([0.0], dims="scenario", coords={"scenario": ["b"]}), {"scenarios": ["a"]}, "scenario"),
    ],
)
def test_multipliers_that_do_not_fit_are_named(array, options, words):
    with pytest.raises(LabelError, match=words):
        run(years=[2021], log_multipliers=array, **options)


def test_a_multiplier_that_is_not_finite_is_named():
    with pytest.raises(RateError, match="log multiplier at draw 1"):
        run(years=[2021], draws=2, log_multipliers=xr.DataArray([0.0, np.nan], dims="draw"))
