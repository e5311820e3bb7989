"""The first year without labels is the first year with labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.inference.first_year import QUANTITIES, first_year, first_year_simulator
from huyou_sim.inference.observations import fitted_observations, predict
from huyou_sim.inference.parameters import first_year_parameters, parameters_of


@pytest.fixture(scope="module")
def parameters(pack):
    return first_year_parameters(parameters_of(pack))


@pytest.fixture(scope="module")
def values(parameters):
    return np.stack([one.distribution.sample(np.random.default_rng(i), 70) for i, one in enumerate(parameters)], axis=1)


@pytest.fixture(scope="module")
def seen(pack, baseline):
    one = fitted_observations(pack, 2021)[0]
    areas = (*baseline.areas, baseline.code)
    return [dataclasses.replace(one, variable=name, area=area) for name in QUANTITIES for area in areas]


def test_every_quantity_of_every_area_is_the_labelled_one(baseline, parameters, values, seen):
    bare = first_year_simulator(baseline, parameters, seen)(values)
    labelled = predict(first_year(baseline, parameters, values), seen)
    assert np.allclose(bare, labelled, rtol=1e-10, atol=1e-9)


def test_a_variable_that_is_not_prepared_takes_the_labelled_way(baseline, parameters, values, seen):
    one = dataclasses.replace(seen[0], variable="median_age", area=baseline.code)
    found = first_year_simulator(baseline, parameters, [one])(values[:2])
    assert np.array_equal(found, predict(first_year(baseline, parameters, values[:2]), [one]))


def test_threads_and_neighbours_change_no_bit(baseline, parameters, values, seen):
    wide = np.tile(values, (65, 1))
    one = first_year_simulator(baseline, parameters, seen[:12], threads=1)(wide)
    two = first_year_simulator(baseline, parameters, seen[:12], threads=2)(wide)
    assert np.array_equal(one, two)


def test_a_shock_moves_the_first_year_as_much_as_a_level(baseline, parameters, values, seen):
    simulate = first_year_simulator(baseline, parameters, seen)
    names = [one.name for one in parameters]
    base = values[:1].copy()
    level, shock = base.copy(), base.copy()
    level[0, names.index("first_birth_level")] *= np.exp(0.1)
    level[0, names.index("higher_birth_level")] *= np.exp(0.1)
    shock[0, names.index("births_2021_shock")] += 0.1
    assert np.allclose(simulate(level), simulate(shock), rtol=1e-12)
    assert not np.allclose(simulate(level), simulate(base), rtol=1e-4)
