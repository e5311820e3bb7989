"""What must not matter does not matter: order, company, threads, a lever at zero, the way a constant is given."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.projection import Stock, account_gap, project, with_total
from huyou_sim.demography.states import state_space

from .conftest import make_rates, make_stock

YEARS = [2021, 2022, 2023, 2024]
seeds = st.integers(0, 10_000)
space_names = st.sampled_from(["family", "classical"])
quick = settings(max_examples=12, deadline=None)


def births_option(space_name):
    return "ends" if space_name == "classical" else "middle"


def multipliers(space, seed, *, spread=0.3, **sizes):
    """Return random log multipliers by channel and whatever dimensions `sizes` names."""
    random = np.random.default_rng(seed)
    labels = {"year": YEARS, "area": ["a", "b", "c"], "scenario": ["x", "y", "z"]}
    coords = {dim: labels[dim][:size] for dim, size in sizes.items() if dim in labels}
    shape = (*sizes.values(), len(space.channels))
    return xr.DataArray(
        random.normal(0.0, spread, shape),
        dims=(*sizes, "channel"),
        coords={**coords, "channel": list(space.channels)},
    )


def by_area(rates, areas, seed):
    """Return rates that differ by area."""
    random = np.random.default_rng(seed)
    level = xr.DataArray(random.uniform(0.5, 1.5, len(areas)), dims="area", coords={"area": list(areas)})
    return dataclasses.replace(
        rates,
        death_hazard=rates.death_hazard * level,
        schedules=rates.schedules * level,
        net_migrants=rates.net_migrants * level,
        male_share=rates.male_share * (0.9 + 0.1 * level),
    )


def same_bits(left, right):
    """Whether two datasets have the same labels and the same bits."""
    xr.testing.assert_identical(left, right)
    for name in left.data_vars:
        assert left[name].values.tobytes() == right[name].values.tobytes(), name


# No events: people only grow older, whatever levers do to nothing.


@quick
@given(seed=seeds, space_name=space_names, migration=st.sampled_from(["even", "end"]))
def test_no_events_means_only_ageing(seed, space_name, migration):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, event=0.0)
    rates = dataclasses.replace(rates, death_hazard=xr.zeros_like(rates.death_hazard))
    options = {"years": YEARS, "migration": migration, "births": births_option(space_name)}
    log = multipliers(space, seed, area=2, year=4, spread=2.0)
    result = project(stock, rates, space, log_multipliers=log, **options).isel(scenario=0, draw=0)
    for name in set(result.data_vars) - {"population", "women", "deaths", "log_multiplier"}:
        assert float(abs(result[name]).max()) == 0.0, name
    # The women of a cell are added up from their states: there is nothing but the last digit of that sum.
    assert float(abs(result["deaths"]).max()) < 1e-11
    before, after = (result.isel(time=i) for i in (slice(None, -1), slice(1, None)))
    people, older = before["population"].values, after["population"].values
    assert (older[..., 0] == 0.0).all()
    assert np.allclose(older[..., 1:-1], people[..., :-2], rtol=1e-14, atol=0)
    assert np.array_equal(older[..., 0, 1:-1], people[..., 0, :-2])
    assert np.array_equal(older[..., -1], people[..., -2] + people[..., -1])
    women, grown = before["women"].values, after["women"].values
    assert np.allclose(grown[:, :, 1:], women[:, :, :-1], rtol=1e-14, atol=0)


# Sums and scale: with equal rates the model is linear.


@quick
@given(seed=seeds, space_name=space_names, event=st.floats(0.001, 0.5))
def test_sum_of_areas_is_the_whole_when_rates_are_equal(seed, space_name, event):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed, areas=("a", "b", "c")), make_rates(space, event=event, seed=seed)
    whole = Stock(
        stock.year,
        stock.population.sum("area").expand_dims(area=["whole"]),
        stock.women.sum("area").expand_dims(area=["whole"]),
    )
    options = {"years": YEARS, "births": births_option(space_name)}
    parts = with_total(project(stock, rates, space, **options), "whole").sel(area=["whole"])
    one = project(whole, rates, space, **options)
    for name in one.data_vars:
        assert np.allclose(parts[name], one[name], rtol=1e-12, atol=1e-9), name
    found, expected = indicators(parts), indicators(one)
    for name in expected.data_vars:
        assert np.allclose(found[name], expected[name], rtol=1e-9, equal_nan=True), name


@quick
@given(seed=seeds, space_name=space_names, factor=st.floats(1e-4, 1e6), migration=st.sampled_from(["even", "end"]))
def test_scaling_stock_and_migrants_scales_everything_but_rates(seed, space_name, factor, migration):
    space = state_space(space_name)
    rates = make_rates(space, migrants=200.0, seed=seed)
    many = dataclasses.replace(rates, net_migrants=rates.net_migrants * factor)
    options = {"years": YEARS, "migration": migration, "births": births_option(space_name)}
    one = project(make_stock(space, seed), rates, space, **options)
    scaled = project(make_stock(space, seed, scale=factor), many, space, **options)
    for name in set(one.data_vars) - {"log_multiplier"}:
        assert np.allclose(scaled[name], factor * one[name], rtol=1e-9, atol=1e-9 * factor), name
    assert np.allclose(indicators(scaled)["tfr"], indicators(one)["tfr"], rtol=1e-9)


@pytest.mark.parametrize("space_name", ["family", "duration", "classical"])
@pytest.mark.parametrize("power", [-20, 1, 40])
def test_scaling_by_a_power_of_two_scales_to_the_bit(space_name, power):
    """A power of two only shifts the exponent: whatever is not exactly proportional would show here."""
    space = state_space(space_name)
    factor = 2.0**power
    rates = make_rates(space, migrants=200.0)
    many = dataclasses.replace(rates, net_migrants=rates.net_migrants * factor)
    options = {"years": YEARS, "births": births_option(space_name)}
    one = project(make_stock(space), rates, space, **options)
    scaled = project(make_stock(space, scale=factor), many, space, **options)
    assert float(one["clipped"].min()) < 0.0
    for name in ("population", "women", "births", "deaths", "clipped"):
        assert np.array_equal(scaled[name], factor * one[name]), name


# Order of areas, draws, scenarios.


@quick
@given(seed=seeds, space_name=space_names, order=st.permutations(["a", "b", "c"]))
def test_order_of_areas_changes_no_bit(seed, space_name, order):
    space = state_space(space_name)
    areas = ("a", "b", "c")
    stock = make_stock(space, seed, areas=areas)
    rates = by_area(make_rates(space, migrants=100.0, seed=seed), areas, seed)
    log = multipliers(space, seed, draw=3, area=3, year=4)
    options = {"years": YEARS, "draws": 3, "births": births_option(space_name)}
    straight = project(stock, rates, space, log_multipliers=log, **options)
    moved_rates = dataclasses.replace(
        rates,
        **{field.name: getattr(rates, field.name).sel(area=order) for field in dataclasses.fields(rates)},
    )
    moved_stock = Stock(stock.year, stock.population.sel(area=order), stock.women.sel(area=order))
    moved = project(moved_stock, moved_rates, space, log_multipliers=log.sel(area=order), **options)
    same_bits(moved, straight.sel(area=order))


@quick
@given(seed=seeds, draws=st.integers(1, 150), space_name=space_names)
def test_order_of_draws_changes_no_bit(seed, draws, space_name):
    """Draws change their neighbours and their place in a block, and keep every bit."""
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=100.0, seed=seed)
    log = multipliers(space, seed, draw=draws)
    order = np.random.default_rng(seed).permutation(draws)
    options = {"years": YEARS[:2], "draws": draws, "births": births_option(space_name)}
    straight = project(stock, rates, space, log_multipliers=log, **options)
    moved = project(stock, rates, space, log_multipliers=log.isel(draw=order), **options)
    same_bits(moved, straight.isel(draw=order).assign_coords(draw=straight["draw"].values))


@quick
@given(seed=seeds, order=st.permutations(["x", "y", "z"]), space_name=space_names)
def test_order_of_scenarios_changes_no_bit(seed, order, space_name):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=100.0, seed=seed)
    log = multipliers(space, seed, scenario=3, draw=2, year=4)
    options = {"years": YEARS, "draws": 2, "births": births_option(space_name)}
    straight = project(stock, rates, space, log_multipliers=log, scenarios=["x", "y", "z"], **options)
    moved = project(stock, rates, space, log_multipliers=log.sel(scenario=order), scenarios=order, **options)
    same_bits(moved, straight.sel(scenario=order))
    alone = project(stock, rates, space, log_multipliers=log.sel(scenario=["y"]), scenarios=["y"], **options)
    same_bits(alone, straight.sel(scenario=["y"]))


@quick
@given(seed=seeds, order=st.permutations(["area", "draw", "channel", "year"]))
def test_order_of_dimensions_changes_no_bit(seed, order):
    space = state_space()
    stock, rates = make_stock(space, seed, areas=("a", "b")), make_rates(space, migrants=100.0, seed=seed)
    log = multipliers(space, seed, draw=3, area=2, year=4)
    turned = dataclasses.replace(
        rates,
        **{field.name: getattr(rates, field.name).transpose(..., *getattr(rates, field.name).dims[::-1])
           for field in dataclasses.fields(rates)},
    )  # fmt: skip
    straight = project(stock, rates, space, years=YEARS, draws=3, log_multipliers=log)
    moved = project(
        Stock(stock.year, stock.population.transpose("age", "area", "sex"), stock.women.transpose()),
        turned,
        space,
        years=YEARS,
        draws=3,
        log_multipliers=log.transpose(*order),
    )
    same_bits(moved, straight)


# Levers at zero, constants given by year.


@quick
@given(
    seed=seeds,
    space_name=space_names,
    dims=st.lists(st.sampled_from(["area", "draw", "year", "scenario"]), unique=True),
    zero=st.sampled_from([0.0, -0.0]),
)
def test_log_multipliers_of_zero_change_no_bit(seed, space_name, dims, zero):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=100.0, seed=seed)
    options = {"years": YEARS, "draws": 3, "scenarios": ["x", "y"], "births": births_option(space_name)}
    plain = project(stock, rates, space, **options)
    sizes = {"area": 2, "draw": 3, "year": 4, "scenario": 2}
    log = multipliers(space, seed, **{dim: sizes[dim] for dim in dims})
    lever = project(stock, rates, space, log_multipliers=xr.full_like(log, zero), **options)
    for name in set(plain.data_vars) - {"log_multiplier"}:
        assert lever[name].values.tobytes() == plain[name].values.tobytes(), name
    moved = project(stock, rates, space, log_multipliers=log, **options)
    assert not np.array_equal(moved["population"], plain["population"])


@quick
@given(seed=seeds, space_name=space_names)
def test_a_lever_at_zero_in_one_scenario_is_untouched_by_the_others(seed, space_name):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=100.0, seed=seed)
    log = multipliers(space, seed, scenario=3, spread=2.0)
    log.loc[{"scenario": "y"}] = 0.0
    options = {"years": YEARS, "births": births_option(space_name)}
    beside = project(stock, rates, space, log_multipliers=log, scenarios=["x", "y", "z"], **options)
    alone = project(stock, rates, space, scenarios=["y"], **options)
    same_bits(beside.sel(scenario=["y"]), alone)


@quick
@given(
    seed=seeds,
    space_name=space_names,
    which=st.sets(st.sampled_from(["death_hazard", "schedules", "net_migrants", "male_share"]), min_size=1),
    by=st.sampled_from(["year", "area", "both"]),
)
def test_a_constant_given_by_year_or_area_is_the_constant(seed, space_name, which, by):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=100.0, seed=seed)
    labels = {"year": {"year": YEARS}, "area": {"area": ["a", "b"]}, "both": {"year": YEARS, "area": ["a", "b"]}}
    wide = dataclasses.replace(rates, **{name: getattr(rates, name).expand_dims(labels[by]) for name in which})
    options = {"years": YEARS, "births": births_option(space_name)}
    same_bits(project(stock, wide, space, **options), project(stock, rates, space, **options))


@quick
@given(seed=seeds, year=st.sampled_from(YEARS[1:]))
def test_rates_of_a_year_touch_no_year_before(seed, year):
    space = state_space()
    stock, rates = make_stock(space, seed), make_rates(space, migrants=20.0, seed=seed)
    wide = rates.schedules.expand_dims(year=YEARS).copy()
    wide.loc[{"year": year}] *= 1.5
    changed = project(stock, dataclasses.replace(rates, schedules=wide), space, years=YEARS)
    plain = project(stock, rates, space, years=YEARS)
    before = [y for y in YEARS if y < year]
    assert np.array_equal(changed["births"].sel(year=before), plain["births"].sel(year=before))
    assert np.array_equal(
        changed["women"].sel(time=slice(None, year - 1)), plain["women"].sel(time=slice(None, year - 1))
    )
    assert not np.array_equal(changed["births"].sel(year=year), plain["births"].sel(year=year))


# Inputs, threads.


@quick
@given(seed=seeds, space_name=space_names, migration=st.sampled_from(["even", "end"]))
def test_inputs_are_untouched_and_not_shared(seed, space_name, migration):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=500.0, seed=seed)
    log = multipliers(space, seed, scenario=1, draw=1, area=2, year=4)
    level = xr.DataArray([1.1], dims="component", coords={"component": ["all"]})
    inputs = [stock.population, stock.women, log, level]
    inputs += [getattr(rates, field.name) for field in dataclasses.fields(rates)]
    copies = [array.copy(deep=True) for array in inputs]

    def feedback(year, children, population):
        return np.full((2, len(space.channels), population.shape[1]), 0.01)

    options = {"years": YEARS, "scenarios": ["x"], "migration": migration, "births": births_option(space_name)}
    result = project(
        stock, rates, space, log_multipliers=log, migration_level=level, response=feedback, **options
    )  # fmt: skip
    for array in result.data_vars.values():
        array.values[...] = -1.0
    for array, copy in zip(inputs, copies, strict=True):
        xr.testing.assert_identical(array, copy)


@pytest.mark.parametrize("space_name", ["family", "duration", "classical"])
@pytest.mark.parametrize("draws", [1, 65, 130])
def test_number_of_threads_changes_no_bit(space_name, draws):
    space = state_space(space_name)
    areas = tuple("abcdefg")
    stock = make_stock(space, areas=areas)
    rates = by_area(make_rates(space, migrants=100.0), areas, 4)
    log = multipliers(space, 3, draw=draws)
    # Enough work for threads to be started at all, and little more.
    years = list(range(2021, 2061 if draws == 1 else 2041))
    assert len(areas) * -(-draws // 64) * len(years) >= 256
    options = {"years": years, "draws": draws, "log_multipliers": log, "births": births_option(space_name)}
    one = project(stock, rates, space, threads=1, **options)
    for threads in (2, 5):
        same_bits(project(stock, rates, space, threads=threads, **options), one)
    same_bits(project(stock, rates, space, **options), one)


# Extremes, and the two ways of migration.


@quick
@given(
    seed=seeds,
    space_name=space_names,
    event=st.floats(0.0, 50.0),
    deaths=st.floats(0.0, 100.0),
    migrants=st.floats(0.0, 1e6),
    spread=st.floats(0.0, 3.0),
    migration=st.sampled_from(["even", "end"]),
)
def test_nobody_is_negative_and_the_account_closes_under_extreme_rates(
    seed, space_name, event, deaths, migrants, spread, migration
):
    space = state_space(space_name)
    rates = make_rates(space, event=event, migrants=migrants, seed=seed)
    rates = dataclasses.replace(rates, death_hazard=rates.death_hazard * deaths)
    log = multipliers(space, seed, spread=spread, draw=4)
    options = {"years": YEARS, "draws": 4, "migration": migration, "births": births_option(space_name)}
    result = project(make_stock(space, seed), rates, space, log_multipliers=log, **options)
    for name in ("population", "women", "births", "newborn"):
        assert float(result[name].min()) >= 0.0, name
        assert np.isfinite(result[name]).all(), name
    assert float(result["clipped"].max()) <= 0.0
    start = result["population"].isel(time=slice(None, -1)).sum(["sex", "age"]).values
    moved = abs(result["net_migrants"]).sum(["sex", "age"]).values + result["newborn"].sum("sex").values
    # A death is a difference of stocks: it may fall below zero by the rounding of the stock, not more.
    assert (result["deaths"].min(["sex", "age"]).values >= -1e-12 * (start + moved)).all()
    # In- and out-migration that dwarf the cell leave a gap of the rounding of the migrants, no more.
    gap = account_gap(result)
    scale = max(1.0, float(np.exp(log.sel(channel="migration")).max()) * migrants)
    assert float(gap.max()) < 1e-9 * scale


@quick
@given(seed=seeds, space_name=space_names, event=st.floats(0.0, 1.0))
def test_even_and_end_agree_when_nobody_migrates(seed, space_name, event):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, event=event, seed=seed)
    options = {"years": YEARS, "births": births_option(space_name)}
    even = project(stock, rates, space, migration="even", **options)
    end = project(stock, rates, space, migration="end", **options)
    for name in even.data_vars:
        assert np.allclose(even[name], end[name], rtol=1e-13, atol=1e-10), name


def test_even_and_end_differ_when_somebody_migrates():
    space = state_space()
    stock, rates = make_stock(space), make_rates(space)
    rates = dataclasses.replace(rates, net_migrants=rates.net_migrants + 100.0)
    even, end = (project(stock, rates, space, years=[2021], migration=kind) for kind in ("even", "end"))
    # Who comes at the start can die and bear a child within the year.
    assert float(even["births"].sum()) > float(end["births"].sum())
    assert float(even["deaths"].sum()) > float(end["deaths"].sum())
    assert float(even["net_migrants"].sum()) == pytest.approx(float(end["net_migrants"].sum()), rel=1e-12)


@quick
@given(seed=seeds, space_name=space_names, level=st.floats(-3.0, 3.0))
def test_level_of_migration_is_a_factor_of_the_migrants(seed, space_name, level):
    space = state_space(space_name)
    stock, rates = make_stock(space, seed), make_rates(space, migrants=50.0, seed=seed)
    factor = xr.DataArray([level], dims="component", coords={"component": ["all"]})
    scaled = dataclasses.replace(rates, net_migrants=rates.net_migrants * level)
    options = {"years": YEARS, "births": births_option(space_name)}
    found = project(stock, rates, space, migration_level=factor, **options)
    expected = project(stock, scaled, space, **options)
    # The count of migrants is a sum before it is scaled, so that it may differ by its rounding; nothing else may.
    np.testing.assert_allclose(found["net_migrants"], expected["net_migrants"], rtol=1e-13, atol=1e-12)
    same_bits(found.drop_vars("net_migrants"), expected.drop_vars("net_migrants"))


@quick
@given(
    seed=seeds,
    migration=st.sampled_from(["even", "end"]),
    before=st.booleans(),
    migrants=st.sampled_from([0.0, 100.0, 5000.0]),
    year=st.booleans(),
)
def test_a_single_trajectory_has_the_bits_of_one_in_a_block(seed, migration, before, migrants, year):
    """The classical model has a second spelling for one trajectory, which goes through ages side by side."""
    space = state_space("classical")
    stock = make_stock(space, seed)
    rates = by_area(make_rates(space, migrants=migrants, seed=seed), ["a", "b"], seed)
    log = multipliers(space, seed, area=2, **({"year": 4} if year else {}))
    options = {
        "years": YEARS,
        "births": "ends",
        "migration": migration,
        "migration_before_births": before,
        "log_multipliers": log,
    }
    one = project(stock, rates, space, **options)
    among = project(stock, rates, space, draws=2, **options)
    same_bits(one, among.isel(draw=[0]))
