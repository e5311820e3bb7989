"""What a projection cannot use is named: the array, the label, the value, and what to type."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.projection import account_gap, project
from huyou_sim.demography.states import state_space
from huyou_sim.errors import HuyouError, LabelError, RateError

from .conftest import make_rates, make_stock

YEARS = [2021, 2022]


def put(array, value, **place):
    """Return a copy with one value put where `place` says."""
    changed = array.copy()
    changed.loc[place] = value
    return changed


def changed(field, change):
    """Return a function of rates that changes one array."""
    return lambda rates: dataclasses.replace(rates, **{field: change(getattr(rates, field))})


CASES = {
    "a rate below 0": (
        changed("schedules", lambda a: put(a, -0.2, schedule="marital_birth_1", age_fertile=30)),
        RateError,
        ("schedules", "schedule marital_birth_1", "age_fertile 30", "-0.2", "0 or more"),
    ),
    "a rate that is not a number": (
        changed("schedules", lambda a: put(a, np.nan, schedule="divorce", age_fertile=41)),
        RateError,
        ("schedules", "schedule divorce", "age_fertile 41", "nan", "finite"),
    ),
    "an infinite death hazard": (
        changed("death_hazard", lambda a: put(a, np.inf, sex="male", age_reached=99)),
        RateError,
        ("death hazard", "sex male", "age_reached 99", "inf", "finite"),
    ),
    "a survival above 1": (
        changed("death_hazard", lambda a: put(a, -np.log(1.01), sex="female", age_reached=7)),
        RateError,
        ("survivorship", "may not exceed 1", "sex female", "age_reached 7", "-0.00995033"),
    ),
    "more boys than births": (
        changed("male_share", lambda a: put(a, 1.2, birth_order=2)),
        RateError,
        ("male share of births", "birth_order 2", "1.2", "0 to 1"),
    ),
    "ages missing": (
        changed("schedules", lambda a: a.drop_sel(age_fertile=[20, 21])),
        LabelError,
        ("schedules", "age_fertile", "missing [20, 21]", "15..49"),
    ),
    "ages that are moved by one": (
        changed("net_migrants", lambda a: a.assign_coords(age=a["age"] + 1)),
        LabelError,
        ("net migrants", "dimension age", "1..101", "0..100"),
    ),
    "ages in another order": (
        changed("death_hazard", lambda a: a.isel(age_reached=slice(None, None, -1))),
        LabelError,
        ("death hazard", "age_reached", "101..0", "in this order"),
    ),
    "a year missing": (
        changed("schedules", lambda a: a.expand_dims(year=[2021])),
        LabelError,
        ("schedules", "dimension year", "missing [2022]", "2021..2022"),
    ),
    "an area missing": (
        changed("net_migrants", lambda a: a.expand_dims(area=["a"])),
        LabelError,
        ("net migrants", "dimension area", "missing ['b']"),
    ),
    "a sex misspelt": (
        changed("death_hazard", lambda a: a.assign_coords(sex=["male", "femal"])),
        LabelError,
        ("death hazard", "dimension sex", "missing ['female']", "not expected ['femal']"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rates_that_cannot_be(name):
    change, kind, words = CASES[name]
    space = state_space("family")
    with pytest.raises(HuyouError) as raised:
        project(make_stock(space), change(make_rates(space)), space, years=YEARS)
    assert isinstance(raised.value, kind)
    for word in words:
        assert word in str(raised.value), f"{word!r} is not in: {raised.value}"


def test_negative_people():
    space = state_space("family")
    stock = make_stock(space)
    wrong = dataclasses.replace(stock, population=put(stock.population, -3.0, area="b", sex="male", age=60))
    with pytest.raises(RateError, match=r"population at area b, sex male, age 60.*-3"):
        project(wrong, make_rates(space), space, years=YEARS)


@pytest.mark.parametrize("years", [[], [2022], [2021, 2023], [2020, 2021]])
def test_years_that_do_not_follow_each_other(years):
    space = state_space("family")
    with pytest.raises(LabelError, match=r"consecutive steps of 1 year\(s\) from 2021"):
        project(make_stock(space), make_rates(space), space, years=years)


@pytest.mark.parametrize("migration", ["even", "end"])
def test_out_migration_from_an_empty_cell_is_clipped_and_reported(migration):
    """Nobody becomes negative, nothing divides by zero, and what was asked for in vain stands in the account."""
    space = state_space("family")
    stock = make_stock(space, areas=("a",))
    empty = {"sex": "female", "age": slice(28, 31)}
    people = put(stock.population, 0.0, **empty)
    women = put(stock.women, 0.0, age_fertile=slice(28, 31))
    rates = make_rates(space)
    leaving = dataclasses.replace(rates, net_migrants=put(rates.net_migrants, -40.0, sex="female", age=30))
    result = project(
        dataclasses.replace(stock, population=people, women=women), leaving, space, years=YEARS, migration=migration
    )
    assert all(np.isfinite(array).all() for array in result.data_vars.values())
    assert float(result["population"].min()) == 0.0
    assert float(account_gap(result).max()) < 1e-9
    clipped = result["clipped"].sel(sex="female").isel(scenario=0, draw=0, area=0, year=0)
    assert float(clipped.sum()) == pytest.approx(-40.0)
    assert set(clipped["age"].values[clipped.values < 0]) <= {30, 31}


def test_in_migration_into_an_empty_cell_comes_in_the_first_state():
    space = state_space("family")
    stock = make_stock(space, areas=("a",))
    people = put(stock.population, 0.0, sex="female", age=slice(29, 30))
    women = put(stock.women, 0.0, age_fertile=slice(29, 30))
    rates = make_rates(space, event=0.0)
    coming = dataclasses.replace(rates, net_migrants=put(rates.net_migrants, 10.0, sex="female", age=30))
    start = dataclasses.replace(stock, population=people, women=women)
    result = project(start, coming, space, years=[2021], migration="end")
    cell = result["women"].isel(scenario=0, draw=0, area=0, time=1).sel(age_fertile=30)
    assert float(cell.sel(marital="never", parity="0")) == pytest.approx(10.0)
    assert float(cell.sum()) == pytest.approx(10.0)


def test_all_trajectories_are_checked():
    space = state_space("family")
    log = xr.DataArray(np.array([0.0, 0.0, np.inf]), dims="draw")
    with pytest.raises(RateError, match=r"log multiplier at draw 2.*inf"):
        project(make_stock(space), make_rates(space), space, years=YEARS, draws=3, log_multipliers=log)
