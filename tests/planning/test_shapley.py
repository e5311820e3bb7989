"""Shapley values: the axioms that define them, and the levers of packages, which must add up to the package."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.shapley import (
    COLUMNS,
    MEASURED,
    TOTAL,
    UNITS,
    attribute,
    coalitions,
    levers_that_differ,
    parts_of,
    shapley_values,
)
from huyou_sim.policy import load_scenario
from huyou_sim.policy.scenario import scenario_of
from huyou_sim.policy.setting import Setting

GAMES = st.integers(1, 5).flatmap(
    lambda players: arrays(np.float64, (2**players, 2), elements=st.floats(-1e3, 1e3, width=32))
)


def over_orders(values):
    """Return Shapley values as they are told: the mean of what a player adds over all orders of arrival."""
    players = len(values).bit_length() - 1
    orders = list(permutations(range(players)))
    found = np.zeros((players, *values.shape[1:]))
    for order in orders:
        there = 0
        for player in order:
            found[player] += (values[there | 1 << player] - values[there]) / len(orders)
            there |= 1 << player
    return found


def swapped(subset, i, k):
    """Return the number of the set in which two players have changed places."""
    one, other = subset >> i & 1, subset >> k & 1
    return subset & ~(1 << i | 1 << k) | one << k | other << i


@given(GAMES)
def test_values_are_the_mean_over_all_orders_and_add_up(values):
    found = shapley_values(values)
    np.testing.assert_allclose(found, over_orders(values), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), values[-1] - values[0], atol=1e-9)


@given(GAMES, st.data())
def test_a_player_that_adds_the_same_to_every_set_gets_just_that(values, data):
    players = len(values).bit_length() - 1
    i = data.draw(st.integers(0, players - 1))
    added = data.draw(st.floats(-10.0, 10.0))
    for subset in range(len(values)):
        if subset >> i & 1:
            values[subset] = values[subset & ~(1 << i)] + added
    parts = parts_of(values)
    for name in ("alone", "last", "shapley"):
        np.testing.assert_allclose(parts[name][i], added, atol=1e-9)
    np.testing.assert_allclose(parts["interaction"][i], 0.0, atol=1e-9)


@given(GAMES.filter(lambda values: len(values) > 2), st.data())
def test_players_that_are_interchangeable_get_the_same(values, data):
    players = len(values).bit_length() - 1
    i, k = data.draw(st.lists(st.integers(0, players - 1), min_size=2, max_size=2, unique=True))
    even = np.array([(values[s] + values[swapped(s, i, k)]) / 2.0 for s in range(len(values))])
    found = shapley_values(even)
    np.testing.assert_allclose(found[i], found[k], atol=1e-9)


def test_the_glove_game():
    """One left glove and two right ones: a pair is worth 1. Source: Shapley values 2/3, 1/6, 1/6, textbook example."""
    values = np.array([float(s & 1 and s >> 1 > 0) for s in range(8)])
    np.testing.assert_allclose(shapley_values(values), [2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("count", [0, 1, 3, 6])
def test_values_are_of_every_set(count):
    with pytest.raises(ArgumentError, match=f"{count} sets; expected a power of two"):
        shapley_values(np.zeros((count, 2)))


@pytest.fixture(scope="module")
def strong():
    return load_scenario("subsidies_strong")


@pytest.fixture(scope="module")
def found(fitted, strong, base):
    return attribute(prepare_ensemble(fitted, None, 12, until=2026), strong, base, year=2026)


def test_values_add_up_to_the_package_in_every_draw(found):
    assert set(found.values) == set(UNITS)
    for name, values in found.values.items():
        scale = max(1.0, float(np.abs(values).max()))
        shapley = shapley_values(values)
        assert np.abs(shapley.sum(axis=0) - values[-1]).max() <= 1e-9 * scale, name
        assert (values[0] == 0.0).all(), "nobody is the counterfactual itself"


def test_a_lever_alone_is_the_scenario_with_it_alone(fitted, strong, base, found):
    """The last set is the package itself, and the set of one lever what a file of this lever alone gives."""
    ensemble = prepare_ensemble(fitted, None, 12, until=2026)
    alone = tuple(setting for setting in strong.settings if setting.key[0] == found.levers[0])
    kept = {setting.key: setting for setting in (*base.settings, *alone)}
    single = scenario_of(replace(strong, key="single"), kept)
    projected = ensemble.project([base, single, strong], until=2026, variables=["births", "tfr"]).squeeze("area")
    births = projected["births"].sum("year")
    np.testing.assert_allclose(
        found.values["births_gained"][[1, -1]],
        (births.isel(scenario=[1, 2]) - births.isel(scenario=0)).transpose("scenario", "draw"),
        atol=1e-6,
    )
    rises = projected["tfr"].sel(year=2025)
    np.testing.assert_allclose(found.values["tfr"][-1], rises.isel(scenario=2) - rises.isel(scenario=0), atol=1e-12)


def test_the_table_has_a_row_for_every_lever_and_measure(found):
    assert list(found.table.columns) == list(COLUMNS)
    assert found.levers == ("birth_grant", "childcare_allowance")
    assert len(found.table) == len(UNITS) * (len(found.levers) * len(MEASURED) + 3)
    assert (found.table["q05"] <= found.table["q95"]).all()
    assert (found.table["mean_error"] >= 0.0).all()
    rows = found.table.set_index(["outcome", "lever", "measured"])["mean"]
    for outcome in UNITS:
        parts = sum(rows[outcome, lever, "shapley"] for lever in found.levers)
        assert parts == pytest.approx(rows[outcome, TOTAL, "shapley"])
        off = rows[outcome, TOTAL, "alone"] - rows[outcome, TOTAL, "shapley"]
        assert rows[outcome, TOTAL, "interaction"] == pytest.approx(off)
    assert set(found.table.loc[found.table["outcome"] == "tfr", "year"]) == {2025}


def test_one_table_is_one_lever_and_what_is_the_same_is_none(base):
    everything = load_scenario("everything_together")
    levers = levers_that_differ(everything, base)
    assert levers.count("birth_grant") == 1
    assert "national_childcare_subsidy" not in levers
    assert "areas" not in levers
    assert levers_that_differ(base, base) == ()
    made = coalitions(everything, base, levers)
    assert len(made) == 2 ** len(levers)
    assert made[0].levers == base.levers
    assert made[-1].levers == everything.levers
    assert levers_that_differ(made[1 << 2], base) == (levers[2],)


def test_mistakes_say_what_to_do(fitted, base, small):
    with pytest.raises(ArgumentError, match="at least one that differs"):
        attribute(small, base, base)
    with pytest.raises(ArgumentError, match="a year from 2025 to 2025"):
        attribute(small, load_scenario("plan_as_written"), base, year=2030)
    many = [Setting((f"lever_{i}",), {"yuan": 1.0}, base.path, ()) for i in range(9)]
    with pytest.raises(ArgumentError, match=r"9: lever_0.*at most 8: all 256.*--against"):
        attribute(small, replace(base, key="many", settings=(*base.settings, *many)), base)
