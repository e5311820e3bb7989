"""Shocks of single years: their size, how much of them stays, and that nothing else changes them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.inference.draws import ensemble_draws
from huyou_sim.inference.parameters import PERSISTENCE, YEARLY
from huyou_sim.inference.shocks import course, innovations, migrant_shocks, shock_multipliers, yearly_innovations

YEARS = tuple(range(2021, 2041))


def shock(name, sigma, rho, years, seed):
    return course(sigma, rho, innovations(name, len(sigma), years, seed))


def shocks(draws, channels, years, *, seed):
    """Return the shocks of hazards and those of migrants."""
    new = yearly_innovations(draws.parameters, len(draws), years, seed=seed)
    log = shock_multipliers(draws, channels, new, years=len(years))
    return log, migrant_shocks(draws, new, years=len(years))


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_the_process_has_the_moments_of_an_autoregression(rho):
    draws, sigma = 20_000, 0.07
    off = shock("x", np.full(draws, sigma), np.full(draws, rho), YEARS, 3)
    assert (off[:, 0] == 0.0).all(), "the calibration year has its own shock"
    for i in (1, 2, 10):
        expected = sigma * np.sqrt(sum(rho ** (2 * k) for k in range(i)))
        assert off[:, i].std() == pytest.approx(expected, rel=0.03)
        assert abs(off[:, i].mean()) < 4.0 * expected / np.sqrt(draws)
    lag = (off[:, 9] * off[:, 10]).mean() / (off[:, 9] ** 2).mean()
    assert lag == pytest.approx(rho, abs=0.03)


@given(st.integers(1, 50), st.integers(2, 20), st.integers(0, 2**31))
def test_fewer_draws_and_years_are_the_beginning_of_more(draws, years, seed):
    sigma, rho = np.full(50, 0.1), np.full(50, 0.5)
    many = shock("x", sigma, rho, YEARS, seed)
    assert np.array_equal(shock("x", sigma[:draws], rho[:draws], YEARS[:years], seed), many[:draws, :years])


def test_shocks_move_the_channels_of_their_row_and_are_independent(pack, baseline):
    draws = ensemble_draws(pack, None, 4000)
    channels = list(baseline.space.channels)
    log, persons = shocks(draws, channels, [2021, 2022], seed=1)
    assert (log[..., 0] == 0.0).all()
    second = {channel: log[:, k, 1] for k, channel in enumerate(channels)}
    assert np.array_equal(second["marriage_15_24"], second["marriage_30_34"])
    assert np.array_equal(second["birth_2_15_29"], second["birth_3_30_49"])
    assert not np.array_equal(second["birth_1_15_29"], second["birth_2_15_29"])
    for name in ("marriage_15_24", "birth_1_15_29", "mortality", "infant_mortality"):
        assert second[name].std() > 0.01, name
    none = ("divorce", "widow", "remarriage", "migration")
    assert not any(second[name].any() for name in channels if name.startswith(none))
    assert (persons[:, 0] == 0.0).all()
    several = np.stack([*(second[name] for name in ("marriage_15_24", "birth_1_15_29", "mortality")), persons[:, 1]])
    assert np.abs(np.corrcoef(several) - np.eye(4)).max() < 0.08


def test_without_persistence_a_shock_passes_and_another_row_changes_none(pack, baseline):
    rows = pack.parameters
    gone = rows[~rows["role"].isin([PERSISTENCE]) & (rows["name"] != "migration_yearly_shock")].reset_index(drop=True)
    channels = list(baseline.space.channels)
    full, moved = shocks(ensemble_draws(pack, None, 50), channels, YEARS, seed=1)
    draws = ensemble_draws(dataclasses.replace(pack, parameters=gone), None, 50)
    found, still = shocks(draws, channels, YEARS, seed=1)
    deaths = channels.index("mortality")
    assert np.array_equal(found[:, deaths, 1], full[:, deaths, 1])
    assert not np.array_equal(found[:, deaths, 2], full[:, deaths, 2])
    assert moved[:, 1:].all()
    assert not still.any()
    assert {one.role for one in draws.parameters} >= {YEARLY}
