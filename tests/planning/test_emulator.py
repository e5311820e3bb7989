"""The stand-in for the model: exact for single levers at its knots, near it elsewhere, exact where it was corrected."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.planning.emulator import KNOTS, emulator_of
from huyou_sim.planning.trials import find_targets, modelled, pose

KEYS = ("birth_grant.yuan.1", "birth_grant.yuan.2", "marriage_services.intensity")
STRONGEST = np.array([200_000.0, 200_000.0, 1.0])


def settings(shares):
    return dict(zip(KEYS, (STRONGEST * shares).tolist(), strict=True))


@pytest.fixture(scope="module")
def question(small, base, fitted):
    return pose(small, base, find_targets(fitted.pack, ["tfr", "natural_increase_rate"]))


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def stand_in(question, told):
    return emulator_of(question, 3, settings, done=told.append)


def test_it_is_the_model_at_its_knots(question, stand_in, told):
    shares = np.array([[0.0, 0.0, 0.0], [KNOTS[3], 0.0, 0.0], [0.0, KNOTS[-1], 0.0], [0.0, 0.0, KNOTS[1]]])
    exact, said = modelled(question, [settings(row) for row in shares]), stand_in.predict(shares)
    np.testing.assert_allclose(said.true, exact.true, atol=1e-9)
    np.testing.assert_allclose(said.seen, exact.seen, atol=1e-9)
    np.testing.assert_allclose(said.cost, exact.cost, atol=1.0)
    assert sum(told) == 1 + 3 * (len(KNOTS) - 1)


def test_it_is_near_the_model_between_and_above_it_for_sums(question, stand_in):
    shares = np.array([[0.05, 0.1, 0.5]])
    exact, said = modelled(question, [settings(shares[0])]), stand_in.predict(shares)
    change, error = exact.true[0] - stand_in.start.true[0], said.true[0] - exact.true[0]
    assert np.abs(error).mean() < 0.15 * np.abs(change).mean()
    assert said.cost[0, 1] == pytest.approx(exact.cost[0, 1], rel=0.05)


def test_a_correction_makes_it_the_model_for_one_package(question, stand_in):
    shares = np.array([0.2, 0.3, 0.8])
    exact = modelled(question, [settings(shares)])
    corrected = stand_in.corrected(shares, exact)
    said = corrected.predict(shares[None])
    np.testing.assert_allclose(said.true, exact.true, atol=1e-6)
    np.testing.assert_allclose(said.cost, exact.cost, rtol=1e-9)
    assert corrected.look(shares[None]).probability.shape == (1,)
    assert all((factor == 1.0).all() for factor in stand_in.factor.values())
