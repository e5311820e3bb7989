"""Every array that a run makes is declared in variables.csv as it is, and every declared one is made."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim import run_packages
from huyou_sim.variables import variables


@pytest.fixture(scope="module")
def packages():
    return run_packages("huzhou", ["no_new_policy", "everything_together"], until=2026)


@pytest.fixture(scope="module")
def arrays(packages):
    """Return (where, name, array) of both datasets."""
    return [
        (where, str(name), array)
        for where, dataset in (("result", packages.result), ("indicators", packages.indicators))
        for name, array in dataset.data_vars.items()
    ]


def test_what_is_declared_is_made_and_what_is_made_is_declared(arrays):
    observed = {name for name, row in variables().items() if row.dims == ("area",)}
    assert {name for _, name, _ in arrays} == set(variables()) - observed


def test_what_is_only_observed_stands_in_the_fit(packages):
    observed = {name for name, row in variables().items() if row.dims == ("area",)}
    assert observed <= set(packages.fit.calibration.table["variable"])


def test_dimensions_are_as_declared(arrays):
    summed = ("scenario", "draw", "area", "year")
    found = {(where, name): array.dims for where, name, array in arrays}
    expected = {(where, name): variables()[name].dims if where == "result" else summed for where, name in found}
    assert found == expected


def test_values_keep_their_bounds(arrays):
    for where, name, array in arrays:
        row = variables()[name]
        values = array.values
        assert np.isfinite(values).all(), f"{where} {name} is not finite"
        assert row.lower is None or values.min() >= row.lower, f"{where} {name} falls to {values.min()}"
        assert row.upper is None or values.max() <= row.upper, f"{where} {name} rises to {values.max()}"


def test_a_share_is_a_percentage_and_not_a_fraction(arrays):
    for _, name, array in arrays:
        if variables()[name].unit == "%":
            assert array.values.max() > 1.0, f"{name} looks like a fraction"


def test_arrays_carry_their_declared_unit(arrays):
    for where, name, array in arrays:
        assert array.attrs.get("units") == variables()[name].unit, f"{where} {name}"
