"""Components of a change in births: exact, symmetric, and each moved by its own cause alone."""

from __future__ import annotations

import dataclasses
import doctest
from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim import run_packages
from huyou_sim.demography import decomposition
from huyou_sim.demography.decomposition import (
    COMPONENTS,
    Factors,
    births_change,
    births_change_with_levers,
    births_of_levers,
    by_component,
    components,
)
from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.mothers import births_by_mother
from huyou_sim.demography.projection import Stock, project, with_total
from huyou_sim.demography.states import classical_space, state_space
from huyou_sim.errors import ArgumentError, LabelError, RateError

from .conftest import make_rates, make_stock

FAMILY = state_space("family")
YEARS = [2021, 2022, 2023, 2024]
SPAN = (2021, 2024)
WHAT = ["age_reached", "component"]


def shifted(**shifts):
    """Return log multipliers of two scenarios: none, and `shifts` of the channels whose names start so."""
    log = np.zeros((2, len(FAMILY.channels)))
    for start, shift in shifts.items():
        moved = [channel.startswith(start) for channel in FAMILY.channels]
        assert any(moved)
        log[1, moved] = shift
    coords = {"scenario": ["bare", "moved"], "channel": list(FAMILY.channels)}
    return xr.DataArray(log, dims=tuple(coords), coords=coords)


def projected(log=None, *, stock=None, seed=1, rates=None, draws=1, areas=("a", "b"), migrants=0.0, **options):
    """Return a projection and the rates and space it was made with: what the decompositions take."""
    rates = make_rates(FAMILY, migrants=migrants, seed=seed) if rates is None else rates
    stock = make_stock(FAMILY, seed, areas=areas) if stock is None else stock
    if log is not None and "scenario" in log.dims:
        options["scenarios"] = log["scenario"].values.tolist()
    dataset = project(stock, rates, FAMILY, years=YEARS, log_multipliers=log, draws=draws, **options)
    return with_total(dataset, "place"), rates, FAMILY


def areas_of(data):
    """Return the same without the place."""
    dataset, *others = data
    return dataset.isel(area=slice(0, -1)), *others


def random_logs(seed, draws, areas):
    random = np.random.default_rng(seed)
    return xr.DataArray(
        random.normal(0, 0.3, (2, draws, len(areas), len(YEARS), len(FAMILY.channels))),
        dims=("scenario", "draw", "area", "year", "channel"),
        coords={"scenario": ["bare", "moved"], "area": list(areas), "year": YEARS, "channel": list(FAMILY.channels)},
    )


def total(found):
    """Return each component over all ages and orders."""
    return found["contribution"].sum(["age_reached", "birth_order"])


# The method, on bare factors.


def random_factors(seed, ages=3, marital=("never", "married", "formerly"), parity=3, orders=2):
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(len(marital)), ages)
    within = random.dirichlet(np.ones(parity), (ages, len(marital)))
    rates = random.uniform(0, 1, (ages, len(marital), parity, orders))
    coords = {"age_reached": np.arange(ages), "marital": list(marital), "parity": np.arange(parity)}
    dims = (*coords, "birth_order")

    def array(values, n):
        return xr.DataArray(values, dims=dims[:n], coords={dim: coords[dim] for dim in dims[:n] if dim in coords})

    return Factors(array(random.uniform(1, 100, ages), 1), array(shares, 2), array(within, 3), array(rates, 4))


def parts_of(factors):
    return [getattr(factors, name) for name in ("women", "marital", "parity", "fertility")]


def product(parts):
    n, s, p, f = (part.values for part in parts)
    return np.einsum("a,am,amp,ampk->ak", n, s, p, f)


def over_all_orders(before, after):
    """Return what each factor adds, averaged over every order in which they can move: Shapley's own definition."""
    added = np.zeros((4, *product(before).shape))
    orders = list(permutations(range(4)))
    for order in orders:
        now = list(before)
        for which in order:
            last = product(now)
            now[which] = after[which]
            added[which] += (product(now) - last) / len(orders)
    return added


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_two_nodes_are_the_average_over_all_orders_of_the_factors(seed):
    before, after = random_factors(seed), random_factors(seed + 1)
    found = components(before, after).transpose("component", "age_reached", "birth_order")
    expected = over_all_orders(parts_of(before), parts_of(after))
    np.testing.assert_allclose(found[:3], expected[:3], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found[3:].sum("component"), expected[3], rtol=1e-11, atol=1e-11)


def test_every_marital_status_counts_as_it_is_named():
    before, after = random_factors(1), random_factors(2)
    married = components(before, after)
    union = components(before, after, married=("married", "formerly"))
    fertility = ["within_marriage", "outside_marriage"]
    np.testing.assert_allclose(
        union.sel(component=fertility).sum("component"), married.sel(component=fertility).sum("component"), rtol=1e-12
    )
    assert not np.allclose(union.sel(component="within_marriage"), married.sel(component="within_marriage"))


def test_which_factor_stands_first_does_not_matter():
    """With one status and one parity three factors are plain numbers; exchanged, their components are exchanged."""
    one, other = (random_factors(seed, marital=("married",), parity=1) for seed in (1, 2))

    def turned(factors):
        weight = factors.fertility.isel(marital=0, parity=0, birth_order=0, drop=True)
        return dataclasses.replace(
            factors, women=weight, fertility=factors.women * xr.ones_like(factors.fertility.isel(birth_order=[0]))
        )

    first = dataclasses.replace(one, fertility=one.fertility.isel(birth_order=[0]))
    last = dataclasses.replace(other, fertility=other.fertility.isel(birth_order=[0]))
    straight, crossed = components(first, last), components(turned(first), turned(last))
    for name, twin in (("women", "within_marriage"), ("within_marriage", "women")):
        np.testing.assert_allclose(
            straight.sel(component=name).squeeze(), crossed.sel(component=twin).squeeze(), rtol=1e-12
        )


@pytest.mark.parametrize(
    ("factor", "moved"),
    [
        ("women", {"women"}),
        ("marital", {"marriage"}),
        ("parity", {"parity"}),
        ("fertility", {"within_marriage", "outside_marriage"}),
    ],
)
def test_a_factor_that_moves_alone_gets_all_and_exactly(factor, moved):
    before, other = random_factors(3), random_factors(4)
    after = dataclasses.replace(before, **{factor: getattr(other, factor)})
    found = components(before, after)
    change = product(parts_of(after)) - product(parts_of(before))
    np.testing.assert_allclose(
        found.sum("component").transpose("age_reached", "birth_order"), change, rtol=1e-12, atol=1e-12
    )
    for name in COMPONENTS:
        assert (np.abs(found.sel(component=name)).max() > 0.01) == (name in moved)
        assert name in moved or (found.sel(component=name) == 0.0).all()


def test_factors_with_other_labels_are_refused():
    before, after = random_factors(1), random_factors(2)
    other = dataclasses.replace(after, women=after.women.assign_coords(age_reached=[0, 1, 9]))
    with pytest.raises(LabelError, match="age_reached"):
        components(before, other)


def test_the_example_of_the_docstring_computed_by_hand():
    found = doctest.testmod(decomposition)
    assert found.attempted > 0
    assert found.failed == 0


# Births by the mother's state.


def test_births_by_state_are_the_births_of_the_projection():
    log = random_logs(5, 2, ("a", "b"))
    dataset, rates, space = projected(log, draws=2, migrants=30.0)
    mothers = births_by_mother(dataset, rates, space, years=[2021, 2023, 2024])
    expected = dataset["births"].sel(year=[2021, 2023, 2024])
    np.testing.assert_allclose(mothers["births"].sum(["marital", "parity"]), expected, rtol=1e-12, atol=1e-12)
    # An order comes from the parity below it, the last one also from itself.
    for parity, order in (("0", 1), ("1", 2)):
        only = mothers["births"].sel(birth_order=order)
        np.testing.assert_array_equal(only.sum("parity"), only.sel(parity=parity))
    assert (mothers["births"].sel(birth_order=3, parity=["0", "1"]) == 0.0).all()


def test_women_of_the_middle_are_nearly_the_mean_of_both_ends():
    """Half a year's deaths take half of the year's, but for a square of the death rate."""
    mothers = births_by_mother(*projected(random_logs(5, 1, ("a", "b"))), years=[2021, 2023, 2024])
    np.testing.assert_allclose(mothers["women"].sum(["marital", "parity"]), mothers["woman_years"], rtol=1e-4)


def test_births_per_woman_of_the_middle_depend_on_the_hazard_alone():
    """An independent formula: 2 sinh(h / 2) where a birth leaves its state, h where it does not."""
    log = shifted(marriage=0.7, birth_1=-0.2, birth_outside=0.4)
    dataset, rates, space = areas_of(projected(log))
    mothers = births_by_mother(dataset, rates, space, years=[2021, 2024])
    schedules = {"married": [f"marital_birth_{order}" for order in (1, 2, 3, 3)]}
    schedules |= dict.fromkeys(("never", "formerly"), ["birth_outside_marriage"] * 4)
    channel = {event.schedule: space.channel_of(event) for event in space.events}
    for marital, names in schedules.items():
        for parity, name in zip("0123", names, strict=True):
            rate = rates.schedules.sel(schedule=name).values * np.exp(log.values[:, channel[name]])
            padded = np.pad(rate, ((0, 0), (1, 1)))
            hazard = (padded[:, :-1] + padded[:, 1:]) / 2.0
            expected = hazard if parity == "3" else 2.0 * np.sinh(hazard / 2.0)
            cell = mothers.sel(marital=marital, parity=parity)
            found = cell["births"].sum("birth_order") / cell["women"].where(cell["women"] > 0.0)
            expected = np.where(np.isfinite(found), expected[:, None, None, None], np.nan)
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_women_by_state_are_split_as_the_stock_is():
    """Halfway between the ends of the year, the shares lie between those of the ends, cell by cell on average."""
    dataset, rates, space = areas_of(projected())
    found = births_by_mother(dataset, rates, space, years=[2022])["women"].isel(year=0)
    found = (found / found.sum(["marital", "parity"])).sel(age_reached=slice(16, 49)).values
    stocks = dataset["women"] / dataset["women"].sum(["marital", "parity"])
    start = stocks.sel(time=2021, age_fertile=slice(15, 48)).values
    end = stocks.sel(time=2022, age_fertile=slice(16, 49)).values
    np.testing.assert_allclose(found, (start + end) / 2.0, atol=2e-3)
    assert np.abs(end - start).max() > 0.02


def test_rates_by_year_and_area_are_taken_where_they_belong():
    base = make_rates(FAMILY)
    by_year = xr.DataArray([1.0, 1.2, 0.8, 1.1], dims="year", coords={"year": YEARS})
    by_area = xr.DataArray([1.0, 1.5], dims="area", coords={"area": ["a", "b"]})
    rates = dataclasses.replace(base, schedules=base.schedules * by_year * by_area)
    dataset, *others = projected(rates=rates)
    found = births_change(dataset, *others, years=SPAN)
    np.testing.assert_allclose(found["contribution"].sum(WHAT), found["change"], rtol=1e-9, atol=1e-9)


# Adding up.


@settings(max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    migrants=st.sampled_from([0.0, 40.0, 2000.0]),
    areas=st.sampled_from([("a",), ("a", "b", "c")]),
    migration=st.sampled_from(["even", "end"]),
    measure=st.sampled_from(["births", "tfr"]),
    years=st.permutations(YEARS).map(lambda years: tuple(years[:2])),
)
def test_components_add_up_to_the_change(seed, migrants, areas, migration, measure, years):
    log = random_logs(seed, 2, areas)
    data = projected(log, seed=seed, draws=2, areas=areas, migrants=migrants, migration=migration)
    options = {"years": years, "measure": measure}
    table = indicators(data[0])[measure].sel(year=list(years))
    found = births_change(*data, **options)
    np.testing.assert_allclose(found["before"].sum("birth_order"), table.isel(year=0), rtol=1e-9)
    np.testing.assert_allclose(found["after"].sum("birth_order"), table.isel(year=1), rtol=1e-9)
    scale = 1e-9 * float(table.max())
    np.testing.assert_allclose(found["contribution"].sum(WHAT), found["change"], rtol=1e-9, atol=scale)
    both = births_change_with_levers(*data, **options, without="bare")
    np.testing.assert_allclose(both["contribution"].sum([*WHAT, "part"]), both["change"], rtol=1e-9, atol=scale)
    xr.testing.assert_allclose(both["change"], found["change"])
    levers = both["contribution"].sel(part="levers")
    assert (levers.sel(scenario="bare") == 0.0).all()
    late, early = (births_of_levers(*data, year=y, without="bare", measure=measure) for y in (years[1], years[0]))
    np.testing.assert_array_equal(levers, (late["contribution"] - early["contribution"]).transpose(*levers.dims))
    row = by_component(both)
    np.testing.assert_allclose(row.sum(["part", "component"]), both["change"].sum("birth_order"), rtol=1e-9, atol=scale)


def test_the_years_exchanged_change_the_sign_alone():
    data = projected(random_logs(7, 1, ("a", "b")), migrants=40.0)
    there, back = (births_change(*data, years=years) for years in (SPAN, SPAN[::-1]))
    np.testing.assert_allclose(there["contribution"], -back["contribution"], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(there["change"], -back["change"])
    still = births_change(*data, years=(2023, 2023))
    assert (still["contribution"] == 0.0).all()


def test_cells_without_women_have_no_share_in_it():
    """No women of an age, no married women of another: what comes later is composition and not fertility."""
    stock = make_stock(FAMILY)
    people, women = stock.population.copy(), stock.women.copy()
    empty = {"sex": "female", "age": [30, 31]}
    people.loc[empty] = 0.0
    women.loc[{"age_fertile": [30, 31]}] = 0.0
    single = women.sel(age_fertile=22).sum("marital")
    women.loc[{"age_fertile": 22}] = 0.0
    women.loc[{"age_fertile": 22, "marital": "never"}] = single.values
    data = projected(stock=Stock(2020, people, women), migrants=5.0)
    found = births_change(*data, years=SPAN)
    assert np.isfinite(found["contribution"]).all()
    np.testing.assert_allclose(found["contribution"].sum(WHAT), found["change"], rtol=1e-9, atol=1e-9)
    # From nobody to the women who grew into the age and back: only their number moved.
    gone = found["contribution"].sel(age_reached=34, area="a", birth_order=1).squeeze()
    assert abs(gone.sel(component="women")) > 1.0


# One cause at a time.


def test_when_numbers_of_women_move_nothing_else_does():
    small = projected(scenarios=("bare",))
    stock = make_stock(FAMILY)
    # Every cohort by another factor: number and age structure.
    factor = xr.DataArray(np.linspace(0.5, 2.0, 101), dims="age", coords={"age": np.arange(101)})
    fertile = factor.sel(age=slice(15, 49)).rename(age="age_fertile")
    large, *others = projected(stock=Stock(2020, stock.population * factor, stock.women * fertile), scenarios=("more",))
    dataset = xr.concat([small[0], large], dim="scenario")
    # The place is left out: its shares move with the weights of its areas, but here all areas move alike.
    found = total(births_of_levers(dataset, *others, year=2023, without="bare")).sel(scenario="more")
    assert (np.abs(found.sel(component="women")) > 1.0).all()
    np.testing.assert_allclose(found.drop_sel(component="women"), 0.0, atol=1e-8)
    rate = total(births_of_levers(dataset, *others, year=2023, without="bare", measure="tfr"))
    np.testing.assert_allclose(rate.drop_sel(component="women"), 0.0, atol=1e-10)


def test_when_marriage_moves_women_and_fertility_do_not():
    rates = make_rates(FAMILY, migrants=20.0)
    outside = rates.schedules["schedule"] == "birth_outside_marriage"
    rates = dataclasses.replace(rates, schedules=rates.schedules.where(~outside, 0.01 * rates.schedules))
    data = areas_of(projected(shifted(marriage=0.5), rates=rates))
    change = births_of_levers(*data, year=2024, without="bare").sel(scenario="moved")
    found = total(change)
    assert (found.sel(component="marriage") > 1.0).all()
    # Who marries has other parities than who is married, so that those of the married move too, by order.
    parity = change["contribution"].sel(component="parity").sum("age_reached")
    assert (np.abs(parity).max("birth_order") > 0.1).all()
    still = found.sel(component=["within_marriage", "outside_marriage"])
    np.testing.assert_allclose(still, 0.0, atol=1e-8)
    np.testing.assert_allclose(found.sel(component="women"), 0.0, atol=1e-8)


def test_when_second_births_move_only_their_order_does():
    data = areas_of(projected(shifted(birth_2=0.5)))
    found = births_of_levers(*data, year=2021, without="bare").sel(scenario="moved")
    row = by_component(found)
    assert (row.sel(component="within_marriage_2") > 20.0).all()
    others = ["women", "marriage", "within_marriage_1", "within_marriage_3", "outside_marriage"]
    np.testing.assert_allclose(row.sel(component=others), 0.0, atol=1e-8)
    # Half a year of second births has moved mothers to the next parity before the middle of the year.
    assert (np.abs(row.sel(component="parity")) < 0.05 * row.sel(component="within_marriage_2")).all()
    assert (row.sel(component="parity") != 0.0).all()
    later = by_component(births_of_levers(*data, year=2024, without="bare").sel(scenario="moved"))
    assert (later.sel(component="parity") < row.sel(component="parity")).all()


def test_when_births_outside_marriage_move_only_they_do():
    data = areas_of(projected(shifted(birth_outside=0.5)))
    row = by_component(births_of_levers(*data, year=2021, without="bare").sel(scenario="moved"))
    assert (row.sel(component="outside_marriage") > 20.0).all()
    names = ["women", "marriage", "within_marriage_1", "within_marriage_2", "within_marriage_3"]
    np.testing.assert_allclose(row.sel(component=names), 0.0, atol=1e-8)


# Areas and the place.


def test_changes_of_areas_add_up_and_their_components_do_not():
    data = projected(random_logs(11, 1, ("a", "b")), migrants=60.0)
    found = births_change(*data, years=SPAN)
    np.testing.assert_allclose(found["change"].sel(area=["a", "b"]).sum("area"), found["change"].sel(area="place"))
    parts = total(found)
    summed, place = parts.sel(area=["a", "b"]).sum("area"), parts.sel(area="place")
    np.testing.assert_allclose(summed.sum("component"), place.sum("component"), rtol=1e-9)
    assert not np.allclose(summed, place, rtol=1e-4)


def test_components_of_like_areas_add_up():
    """Areas that differ in size alone move alike, so that it does not matter where they are summed."""
    one = make_stock(FAMILY, areas=("a",))
    people, women = (
        xr.concat([array, 3.0 * array.assign_coords(area=["b"])], dim="area") for array in (one.population, one.women)
    )
    found = total(births_change(*projected(stock=Stock(2020, people, women)), years=SPAN))
    np.testing.assert_allclose(found.sel(area=["a", "b"]).sum("area"), found.sel(area="place"), rtol=1e-9, atol=1e-9)


def test_a_place_of_one_area_is_that_area():
    found = births_change(*projected(areas=("a",), migrants=20.0), years=SPAN)
    np.testing.assert_allclose(found["contribution"].sel(area="a"), found["contribution"].sel(area="place"), rtol=1e-9)


# Other spaces.


@pytest.mark.parametrize("births", ["middle", "ends"])
def test_the_classical_model_knows_women_and_fertility(births):
    space = classical_space()
    rates = make_rates(space)
    log = (
        xr.DataArray([0.0, 0.1, 0.2, 0.3], dims="year", coords={"year": YEARS})
        .expand_dims(channel=["fertility"])
        .reindex(channel=list(space.channels), fill_value=0.0)
    )
    dataset = project(make_stock(space), rates, space, years=YEARS, log_multipliers=log, births=births)
    dataset = with_total(dataset, "place")
    row = by_component(births_change(dataset, rates, space, years=SPAN, married=("any",)))
    assert (row.sel(component=["marriage", "parity", "outside_marriage"]) == 0.0).all()
    assert (row.sel(component="within_marriage_1") > 1.0).all()
    births_now = indicators(dataset)["births"]
    change = births_now.sel(year=2024) - births_now.sel(year=2021)
    np.testing.assert_allclose(row.sum("component"), change, rtol=1e-9)
    rate = by_component(births_change(dataset, rates, space, years=SPAN, married=("any",), measure="tfr"))
    np.testing.assert_allclose(rate.sel(component="women"), 0.0, atol=1e-12)


# Huzhou.


@pytest.fixture(scope="module")
def huzhou():
    packages = run_packages("huzhou", ["no_new_policy", "plan_as_written"], until=2025)
    baseline = packages.fit.baseline
    return packages, (packages.result, baseline.rates, baseline.space)


def test_the_change_of_huzhou_to_2025_is_told_in_full(huzhou):
    packages, data = huzhou
    found = births_change_with_levers(*data, years=(2021, 2025), without="no_new_policy")
    row = by_component(found).isel(draw=0)
    births = packages.indicators["births"].isel(draw=0)
    change = births.sel(year=2025) - births.sel(year=2021)
    np.testing.assert_allclose(row.sum(["part", "component"]), change, rtol=1e-9)
    city = row.sel(area="330500")
    print(city.sel(scenario="plan_as_written").to_pandas().T)
    bare = city.sel(part="without_levers")
    assert (bare.sel(scenario="no_new_policy") == bare.sel(scenario="plan_as_written")).all()
    assert (bare.sel(component=["women", "marriage"]) < -1000.0).all()
    levers = city.sel(scenario="plan_as_written", part="levers")
    # Whom the levers bring into being has not grown up by 2025.
    assert abs(levers.sel(component="women")) < 1e-6
    assert levers.sel(component="within_marriage_2") > levers.sel(component="within_marriage_3") > 0.0
    assert levers.sel(component="marriage") > 0.0


def test_births_of_huzhou_outside_marriage_are_few(huzhou):
    _, data = huzhou
    births = births_by_mother(*data, years=[2021])["births"].sum(["age_reached", "parity", "birth_order"])
    assert (births.sel(marital=["never", "formerly"]).sum("marital") < 0.02 * births.sum("marital")).all()


# What does not go together.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"years": (2021, 2031)}, "2031.*2021 to 2024"),
        ({"years": (2020, 2024)}, "2020.*2021 to 2024"),
        ({"years": SPAN, "measure": "tfrs"}, "Type tfr"),
        ({"years": SPAN, "married": ("wed",)}, "'wed'.*never, married, formerly"),
        ({"years": SPAN, "married": ()}, "none"),
    ],
)
def test_what_cannot_be_decomposed_is_named(arguments, words):
    with pytest.raises((ArgumentError, LabelError), match=words):
        births_change(*projected(), **arguments)


def test_an_unknown_scenario_is_named():
    data = projected(shifted(birth_2=0.5))
    with pytest.raises(ArgumentError, match=r"'bear'.*Type bare"):
        births_of_levers(*data, year=2021, without="bear")
    with pytest.raises(ArgumentError, match=r"'bear'.*Type bare"):
        births_change_with_levers(*data, years=SPAN, without="bear")


def test_a_dataset_of_sums_is_refused_with_what_to_type():
    dataset, *others = projected()
    summed = dataset.assign(births=dataset["births"].sum("age_reached"))
    with pytest.raises(ArgumentError, match=r"births: found no dimension age_reached.*keep=CELLS"):
        births_change(summed, *others, years=SPAN)
    with pytest.raises(ArgumentError, match=r"women.*every age_fertile from 15 to 49.*keep=CELLS"):
        births_change(dataset.sel(age_fertile=slice(20, 29)), *others, years=SPAN)


def test_rates_or_spaces_of_another_run_are_refused():
    dataset, rates, space = projected()
    other = dataclasses.replace(rates, schedules=1.01 * rates.schedules)
    with pytest.raises(RateError, match=r"share of women.*parity.*Pass the Rates"):
        births_change(dataset, other, space, years=SPAN)
    squared = dataset.sel(area=["a"]).assign(births=dataset["births"].sel(area=["a"]) ** 2)
    with pytest.raises(RateError, match=r"births .*birth_order.*Pass the Rates"):
        births_change(squared, rates, space, years=SPAN)
    with pytest.raises(LabelError, match=r"'family'.*'classical'"):
        births_by_mother(dataset, rates, classical_space(), years=SPAN)
    fewer = dataclasses.replace(rates, schedules=rates.schedules.isel(schedule=slice(1, None)))
    with pytest.raises(LabelError, match="schedules, dimension schedule"):
        births_change(dataset, fewer, space, years=SPAN)


def test_inputs_stay_as_they_are():
    data = projected(migrants=20.0)
    before = data[0].copy(deep=True)
    births_change_with_levers(*data, years=SPAN, without="projection")
    xr.testing.assert_identical(data[0], before)
