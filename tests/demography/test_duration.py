"""The duration space: the family space told apart more finely, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.baseline import build_baseline
from huyou_sim.demography.decomposition import births_change, by_component
from huyou_sim.demography.duration import STEP, Interval, childless_shares, interval_of
from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES, CELLS
from huyou_sim.demography.mothers import births_by_mother
from huyou_sim.demography.projection import Rates, Stock, account_gap, project
from huyou_sim.demography.states import COMMON_CHANNELS, PASSING, classical_space, state_space
from huyou_sim.demography.women import NeverMarried
from huyou_sim.errors import LabelError
from huyou_sim.inference.calibration import calibrate, calibrated_levels
from huyou_sim.inference.first_year import first_year, first_year_simulator
from huyou_sim.inference.observations import fitted_observations, predict
from huyou_sim.inference.parameters import all_parameters, first_year_parameters
from huyou_sim.pack import load_pack

from .conftest import gompertz, make_rates, make_stock

FAMILY, DURATION = state_space("family"), state_space("duration")
CLOCKS = {clock.schedule for clock in DURATION.clocks}
YEARS = list(range(2021, 2031))


def family_schedule(name: str) -> str:
    """Return the schedule of the family space that one of the duration space is a part of."""
    return name.removesuffix("_newly").removesuffix("_early").removesuffix("_recent")


def coarse(state: tuple[str, str]) -> tuple[str, str]:
    return DURATION.coarse(state[0]), DURATION.coarse(state[1])


def used_states() -> set[tuple[str, str]]:
    return {state for event in DURATION.events for state in (event.origin, event.destination)}


# --- the tables --------------------------------------------------------------------------------------------


def test_labels_stand_for_those_of_the_family_space():
    assert (DURATION.coarse_marital, DURATION.coarse_parity) == (FAMILY.marital, FAMILY.parity)
    assert DURATION.married == ("newly", "early", "married")
    assert FAMILY.married == ("married",)
    assert classical_space().married == ()


def test_women_come_in_the_first_state():
    assert DURATION.state("never", "0") == 0


def test_every_event_is_one_of_the_family_space_or_a_clock():
    known = {(e.origin, e.destination, e.birth_order, e.schedule) for e in FAMILY.events}
    for event in DURATION.events:
        if event.schedule in CLOCKS:
            assert coarse(event.origin) == coarse(event.destination), event.name
            assert event.origin != event.destination, event.name
            assert not event.birth_order, event.name
        else:
            ends = (coarse(event.origin), coarse(event.destination))
            assert (*ends, event.birth_order, family_schedule(event.schedule)) in known, event.name


def test_every_state_has_all_events_of_the_state_that_it_stands_for():
    for state in used_states():
        found = sorted(
            family_schedule(e.schedule) for e in DURATION.events if e.origin == state and e.schedule not in CLOCKS
        )
        assert found == sorted(e.schedule for e in FAMILY.events if e.origin == coarse(state)), state


def test_channels_are_those_of_the_family_space_and_one_for_the_clocks():
    assert [name for name in DURATION.channels if name != "clock"] == list(FAMILY.channels)
    assert DURATION.channels[-4:] == ("clock", *COMMON_CHANNELS)
    for event in DURATION.events:
        if event.schedule not in CLOCKS:
            of_family = next(e for e in FAMILY.events if e.schedule == family_schedule(event.schedule))
            names = [DURATION.channels[i] for i in DURATION.channel_of(event)]
            assert names == [FAMILY.channels[i] for i in FAMILY.channel_of(of_family)], event.name


def test_clocks_are_counted_and_are_no_flow_of_the_dataset():
    assert DURATION.counters == (*FAMILY.counters, PASSING)
    result = project(make_stock(DURATION), make_rates(DURATION), DURATION, years=[2021])
    of_family = project(make_stock(FAMILY), make_rates(FAMILY), FAMILY, years=[2021])
    assert set(result.data_vars) == set(of_family.data_vars)


# --- the key identity --------------------------------------------------------------------------------------


def told_apart(stock: Stock, seed: int) -> Stock:
    """Return a stock of the family space whose women are spread at random over the states of the duration space."""
    random = np.random.default_rng(seed)
    shape = (*stock.women.shape[:2], len(DURATION.marital), len(DURATION.parity))
    weights = np.zeros(shape)
    for marital, parity in used_states():
        place = (..., DURATION.marital.index(marital), DURATION.parity.index(parity))
        weights[place] = random.uniform(0.05, 1.0, shape[:2])
    rows = [FAMILY.marital.index(DURATION.coarse(label)) for label in DURATION.marital]
    columns = [FAMILY.parity.index(DURATION.coarse(label)) for label in DURATION.parity]
    whole = stock.women.values[..., rows, :][..., columns]
    total = collapsed_values(weights)[..., rows, :][..., columns]
    women = xr.DataArray(
        whole * weights / total,
        dims=stock.women.dims,
        coords={**{d: stock.women[d] for d in ("area", "age_fertile")},
                "marital": list(DURATION.marital), "parity": list(DURATION.parity)},
    )  # fmt: skip
    return Stock(stock.year, stock.population, women)


def collapsed_values(women: np.ndarray) -> np.ndarray:
    """Return women (..., marital, parity) of the duration space by the states that theirs stand for."""
    found = np.zeros((*women.shape[:-2], len(FAMILY.marital), len(FAMILY.parity)))
    for i, marital in enumerate(DURATION.marital):
        for j, parity in enumerate(DURATION.parity):
            row, column = FAMILY.marital.index(DURATION.coarse(marital)), FAMILY.parity.index(DURATION.coarse(parity))
            found[..., row, column] += women[..., i, j]
    return found


def with_clocks(rates: Rates, per_year: float = 0.7) -> Rates:
    """Return rates of the family space for the duration space: the same for every stage, and clocks."""
    rows = [
        np.full(len(FAMILY.ages), per_year)
        if name in CLOCKS
        else rates.schedules.sel(schedule=family_schedule(name)).values
        for name in DURATION.schedules
    ]
    schedules = xr.DataArray(
        np.stack(rows),
        dims=("schedule", "age_fertile"),
        coords={"schedule": list(DURATION.schedules), "age_fertile": list(FAMILY.ages)},
    )
    return Rates(rates.death_hazard, schedules, rates.net_migrants, rates.male_share)


def multipliers(seed: int = 3) -> xr.DataArray:
    """Return log multipliers (draw, area, channel, year) of the family space."""
    shape = (2, 2, len(FAMILY.channels), len(YEARS))
    coords = {"area": ["a", "b"], "channel": list(FAMILY.channels), "year": YEARS}
    values = np.random.default_rng(seed).normal(0.0, 0.3, shape)
    return xr.DataArray(values, dims=("draw", "area", "channel", "year"), coords={"draw": [0, 1], **coords})


@pytest.fixture(scope="module")
def twins():
    """Return options of two projections that differ in nothing but what is told apart."""
    stock, rates = make_stock(FAMILY), make_rates(FAMILY, event=0.3, migrants=5.0)
    log = multipliers()
    wide = log.reindex(channel=list(DURATION.channels), fill_value=0.4)
    common = {"years": YEARS, "draws": 2, "total": "place"}
    return (
        (stock, rates, FAMILY, {**common, "log_multipliers": log}),
        (told_apart(stock, 5), with_clocks(rates), DURATION, {**common, "log_multipliers": wide}),
    )


def test_equal_hazards_give_the_family_space_exactly(twins):
    (stock, rates, space, options), (fine_stock, fine_rates, fine, fine_options) = twins
    coarse_result = project(stock, rates, space, **options)
    result = project(fine_stock, fine_rates, fine, **fine_options)
    for name in ("population", "births", "deaths", "first_marriages", "divorces", "remarriages", "newborn"):
        np.testing.assert_allclose(result[name].values, coarse_result[name].values, rtol=1e-9, atol=1e-9, err_msg=name)
    found = collapsed_values(result["women"].values)
    np.testing.assert_allclose(found, coarse_result["women"].values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("keep", [CELLS, AGGREGATES])
def test_equal_hazards_give_the_same_indicators(twins, keep):
    found = [indicators(project(*one[:3], **one[3], keep=keep), gompertz()) for one in twins]
    assert {"married_share_20_29", "ever_married_share_20_29", "tfr"} <= set(found[0].data_vars)
    for name in found[0].data_vars:
        np.testing.assert_allclose(found[1][name].values, found[0][name].values, rtol=1e-9, err_msg=name)


def test_equal_hazards_give_the_same_components_of_a_change_in_births(twins):
    """In each area: on the place's own factors, kinds of parity are weighted by how areas differ in them."""
    rows = []
    for stock, rates, space, options in twins:
        change = births_change(project(stock, rates, space, **options), rates, space, years=(2021, 2030))
        rows.append(by_component(change).sel(area=["a", "b"]))
    np.testing.assert_allclose(rows[1].values, rows[0].values, rtol=1e-7, atol=1e-6)


def test_hazards_that_differ_by_stage_make_a_difference(twins):
    _, (stock, rates, space, options) = twins
    slower = rates.schedules.copy()
    slower.loc[{"schedule": "marital_birth_1_newly"}] = 0.0
    other = Rates(rates.death_hazard, slower, rates.net_migrants, rates.male_share)
    births = [project(stock, one, space, **options)["births"].sum() for one in (rates, other)]
    assert float(births[1]) < 0.99 * float(births[0])


# --- the account and the components of any rates ---------------------------------------------------------------


def test_the_account_closes_and_states_add_up():
    stock, rates = make_stock(DURATION), make_rates(DURATION, event=0.4, migrants=150.0)
    result = project(stock, rates, DURATION, years=YEARS, total="place")
    assert float(account_gap(result).max()) < 1e-9
    fertile = result["population"].sel(sex="female", age=slice(15, 49)).values
    by_state = result["women"].sum(["marital", "parity"]).values
    np.testing.assert_allclose(by_state, fertile, rtol=1e-9, atol=1e-9)


def test_components_add_up_to_the_change():
    stock, rates = make_stock(DURATION), make_rates(DURATION, event=0.3)
    result = project(stock, rates, DURATION, years=YEARS, total="place")
    change = births_change(result, rates, DURATION, years=(2021, 2030))
    total = change["contribution"].sum(["age_reached", "component"])
    np.testing.assert_allclose(total.values, change["change"].transpose(*total.dims).values, rtol=1e-9, atol=1e-6)
    with pytest.raises(LabelError, match="never, married, formerly"):
        births_change(result, rates, DURATION, years=(2021, 2030), married=("newly",))


# --- the interval from marriage to first birth -----------------------------------------------------------------


def cohort(interval: Interval, years: int = 25) -> np.ndarray:
    """Return first births by year after 31 December of brides aged 20, who neither die nor divorce, per bride."""
    stock, rates = make_stock(DURATION, areas=("a",)), make_rates(DURATION, deaths=gompertz(1e-12))
    women = xr.zeros_like(stock.women)
    women.loc[{"marital": "never", "parity": "0"}] = stock.women.sum(["marital", "parity"])
    brides = {"area": "a", "age_fertile": 20}
    women.loc[brides] = 0.0
    women.loc[{**brides, "marital": "newly", "parity": "0"}] = stock.women.sel(brides).sum()
    schedules = xr.zeros_like(rates.schedules)
    for name, rate in (
        ("clock_newly", interval.settle),
        ("clock_early", interval.lengthen),
        ("marital_birth_1_early", interval.bear),
        ("marital_birth_1", interval.bear),
    ):
        schedules.loc[{"schedule": name}] = rate
    still = Rates(rates.death_hazard, schedules, rates.net_migrants, rates.male_share)
    span = list(range(2021, 2021 + years))
    result = project(Stock(2020, stock.population, women), still, DURATION, years=span)
    births = result["births"].sel(birth_order=1).sum("age_reached").values.ravel()
    return births / float(women.sel(brides).sum())


@pytest.mark.parametrize("mean", [1.2, 1.7, 2.3])
def test_the_mean_interval_of_a_cohort_is_the_assumed_one(mean):
    interval = interval_of(DURATION, {"first_birth_interval": mean, "childless_ever_married": 0.0})
    births = cohort(interval)
    assert births.sum() == pytest.approx(1.0, abs=1e-3)
    # Births of a year fall in its middle. Steps of a year, long against stages of half the mean, add some weeks.
    found = float((births * (np.arange(len(births)) + 0.5)).sum() / births.sum())
    assert mean < found < mean + 0.07


def test_the_interval_has_the_shape_of_a_gamma_distribution():
    interval = interval_of(DURATION, {"first_birth_interval": 1.7, "childless_ever_married": 0.0})
    upto = np.cumsum(cohort(interval))
    years = np.arange(1, len(upto) + 1)
    gamma = 1.0 - (1.0 + years / 0.85) * np.exp(-years / 0.85)
    assert np.abs(upto - gamma).max() < 0.04
    assert gamma[1] == pytest.approx(0.68, abs=0.005)
    assert gamma[4] == pytest.approx(0.98, abs=0.005)


def test_stages_empty_as_in_closed_form():
    interval = Interval(settle=1.2, lengthen=0.25, bear=1.2, never=0.1)
    bearing, everyone = interval.stages(40)
    time = STEP * (np.arange(40) + 0.5)
    waiting = np.exp(-1.2 * time)
    np.testing.assert_allclose(everyone[:, 0], waiting, rtol=1e-9)
    np.testing.assert_allclose(bearing.sum(axis=1), 0.9 * (1.0 + 1.2 * time) * waiting, rtol=1e-9)
    np.testing.assert_allclose((everyone - bearing).sum(axis=1), 0.1, rtol=1e-9)


def test_childless_wives_are_the_marriages_of_one_mean_interval_where_nothing_changes():
    """Little's law: a stock is its inflow times the mean stay, whatever the shape."""
    ages = np.arange(15.0, 101.0)
    single = NeverMarried(ages, 6.0 - 0.01 * (ages - 15.0), np.zeros_like(ages), 0.0)
    interval = interval_of(DURATION, {"first_birth_interval": 1.7, "childless_ever_married": 0.0})
    bearing, everyone = childless_shares(single, 0.0, interval, 35)
    np.testing.assert_allclose(bearing, everyone)
    yearly = single.at(0.0, younger=1.0) - single.at(0.0)
    assert everyone[30].sum() == pytest.approx(1.7 * yearly[30], rel=0.05)


# --- the baseline and its fit ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["huzhou", "jiaxing"])
def built(request):
    """Return a pack and its baselines in both spaces."""
    pack = load_pack(request.param)
    return pack, build_baseline(pack), build_baseline(pack, space=DURATION)


def test_women_at_the_start_are_those_of_the_family_space(built):
    _, family, duration = built
    found = collapsed_values(duration.stock.women.values)
    np.testing.assert_allclose(found, family.stock.women.values, rtol=1e-9, atol=1e-6)
    assert float(duration.stock.women.min()) >= 0.0
    assert dict(duration.construction) == dict(family.construction)


def test_women_are_in_states_that_events_lead_to(built):
    *_, duration = built
    for marital in DURATION.marital:
        for parity in DURATION.parity:
            if (marital, parity) not in used_states():
                assert float(duration.stock.women.sel(marital=marital, parity=parity).sum()) == 0.0


def births_at_the_start(baseline, order):
    """Return marital births a year by age at the rates and the women of the start, before any calibration."""
    total = baseline.stock.women.sum("area")
    events = [e for e in baseline.space.events if e.birth_order == order and "outside" not in e.schedule]
    return sum(
        baseline.rates.schedules.sel(schedule=e.schedule, drop=True)
        * total.sel(marital=e.origin[0], parity=e.origin[1], drop=True)
        for e in events
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_births_at_the_start_are_those_of_the_family_space(built, order):
    """By order and age; where few women are in a state, its rate may meet the cap in one space only."""
    _, family, duration = built
    expected, found = births_at_the_start(family, order), births_at_the_start(duration, order)
    assert float(found.sum()) == pytest.approx(float(expected.sum()), rel=5e-3)
    inside = slice(18, 45)
    np.testing.assert_allclose(found.sel(age_fertile=inside), expected.sel(age_fertile=inside), rtol=1e-9)


def test_stages_differ_as_they_should(built):
    *_, duration = built
    rates = duration.rates.schedules.sel(age_fertile=slice(20, 40))
    assert (rates.sel(schedule="marital_birth_1_newly") == 0.0).all()
    assert (rates.sel(schedule="marital_birth_1_early") > rates.sel(schedule="marital_birth_1")).all()
    assert (rates.sel(schedule=["marital_birth_2_recent", "marital_birth_3_recent"]) == 0.0).all()


def test_rates_other_than_births_within_marriage_are_those_of_the_family_space(built):
    _, family, duration = built
    for name in ("first_marriage", "divorce", "widowhood", "remarriage", "birth_outside_marriage"):
        found, expected = (b.rates.schedules.sel(schedule=name).values for b in (duration, family))
        np.testing.assert_array_equal(found, expected)


def test_a_baseline_is_not_made_for_a_space_that_does_not_refine_the_family_space():
    with pytest.raises(LabelError, match=r"classical.*never, married, formerly"):
        build_baseline(load_pack("huzhou"), space=state_space("classical"))


@pytest.fixture(scope="module")
def fitted():
    pack = load_pack("huzhou")
    baseline = build_baseline(pack, space=DURATION)
    return pack, baseline, calibrate(pack, baseline)


def test_the_first_year_reproduces_the_observations(fitted):
    *_, calibration = fitted
    table = calibration.table.query("use == 'fit'")
    assert len(table) >= 10
    assert table["residual_se"].abs().max() < 1.0, table[["id", "residual_se"]]


def test_the_first_year_without_labels_is_the_labelled_one(fitted):
    pack, baseline, calibration = fitted
    seen = fitted_observations(pack, baseline.stock.year + 1)
    simulate = first_year_simulator(baseline, calibration.parameters, seen)
    levels = calibrated_levels(calibration, 3) * np.array([[1.0], [0.9], [1.1]])
    expected = predict(first_year(baseline, calibration.parameters, levels), seen)
    np.testing.assert_allclose(simulate(levels), expected, rtol=1e-9)


def test_parameters_of_the_family_space_move_the_same_channels(fitted):
    pack, *_ = fitted
    for one in first_year_parameters(all_parameters(pack)):
        for beginning in one.channels:
            assert any(channel.startswith(beginning) for channel in DURATION.channels), one.name
    assert not any("clock".startswith(b) for p in all_parameters(pack) for b in p.channels)


def test_births_by_mother_are_those_of_the_projection(fitted):
    _, baseline, _ = fitted
    result = project(baseline.stock, baseline.rates, DURATION, years=[2021, 2022], total="place")
    mothers = births_by_mother(result, baseline.rates, DURATION, years=[2021, 2022])
    found = mothers["births"].sum(["marital", "parity"]).transpose(*result["births"].dims)
    np.testing.assert_allclose(found.values, result["births"].values, rtol=1e-9, atol=1e-9)
    of_newly = mothers["births"].sel(marital="newly").sum()
    assert float(of_newly) == 0.0
