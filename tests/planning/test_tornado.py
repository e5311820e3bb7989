"""A tornado: one parameter at a time, ranked, the middle in the middle; parameters of no effect have no width."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.tornado import COLUMNS, points_ensemble, quantiles_of, tornado, varied
from huyou_sim.policy import load_scenario


@pytest.fixture(scope="module")
def ensemble(fitted):
    return prepare_ensemble(fitted, None, 4, until=2027)


@pytest.fixture(scope="module")
def table(ensemble, base):
    return tornado(ensemble, load_scenario("subsidies_strong"), base, None).table


def test_every_parameter_stands_once_for_each_outcome_by_falling_width(ensemble, table):
    assert list(table.columns) == list(COLUMNS)
    names = sorted(one.name for one in varied(ensemble.draws.parameters))
    assert [name for name, _ in table.groupby(["outcome", "year"], sort=False)] == [
        ("births_gained", 2025), ("births_lasting", 2027), ("tfr", 2025)
    ]  # fmt: skip
    for _, rows in table.groupby("outcome"):
        assert sorted(rows["parameter"]) == names
        assert rows["width"].is_monotonic_decreasing
        assert rows["rank"].tolist() == list(range(1, len(names) + 1))
        assert rows["central"].nunique() == 1
        three = rows[["at_low", "central", "at_high"]]
        np.testing.assert_allclose(rows["width"], three.max(axis=1) - three.min(axis=1))


def test_what_cannot_move_the_effect_has_no_width(table):
    """No marriage services, no cover of assisted reproduction, and births do not depend on the ideal number here."""
    width = table.set_index(["outcome", "parameter"])["width"]
    for name in ("C4", "E1", "D2"):
        assert width["births_gained", name] == 0.0
    # The slope of the effect of cash moves births; relocation only those that are not brought in.
    assert width["births_gained", "A1"] > 10.0
    assert width["births_gained", "A15"] == pytest.approx(0.0, abs=1e-9)
    assert width["births_lasting", "A15"] > 1.0
    rows = table.set_index(["outcome", "parameter"])
    assert rows.loc[("births_gained", "A1"), "at_low"] < rows.loc[("births_gained", "A1"), "at_high"]


def test_points_are_ends_of_one_parameter_and_medians_of_all_others(ensemble):
    ends = quantiles_of(ensemble.draws.parameters, None)
    made = points_ensemble(ensemble, ends)
    chosen = varied(ensemble.draws.parameters)
    assert len(made.draws) == 1 + 2 * len(chosen)
    assert not made.shocks.any()
    assert not made.migrant_shocks.any()
    matrix = made.draws.matrix(chosen)
    middle = np.array([ends[one.name][1] for one in chosen])
    assert (matrix[0] == middle).all()
    for i, one in enumerate(chosen):
        for row, end in ((1 + 2 * i, 0), (2 + 2 * i, 2)):
            expected = middle.copy()
            expected[i] = ends[one.name][end]
            assert (matrix[row] == expected).all()


def test_quantiles_are_of_the_posterior_where_there_is_one(ensemble):
    parameters = ensemble.draws.parameters
    values = np.linspace(0.4, 0.6, 101)[None]
    found = quantiles_of(parameters, xr.Dataset({"first_birth_level": (("chain", "draw"), values)}))
    np.testing.assert_allclose(found["first_birth_level"], [0.41, 0.5, 0.59])
    prior = next(one for one in parameters if one.name == "A1").distribution
    np.testing.assert_allclose(found["A1"], prior.quantile([0.05, 0.5, 0.95]))
