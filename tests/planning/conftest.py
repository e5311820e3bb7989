"""Huzhou with draws from priors, prepared once: few of them, since tests ask for mechanics and not for numbers."""

from __future__ import annotations

import pytest

from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.packages import fit_place
from huyou_sim.policy import load_scenario


@pytest.fixture(scope="session")
def fitted():
    return fit_place("huzhou")


@pytest.fixture(scope="session")
def small(fitted):
    """Return an ensemble of 64 draws up to the target year."""
    return prepare_ensemble(fitted, None, 64, until=2025)


@pytest.fixture(scope="session")
def base():
    return load_scenario("no_new_policy")
