"""Keeping sums instead of cells changes what is returned and nothing else."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES, CELLS, Keep
from huyou_sim.demography.parts import project_parts
from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space
from huyou_sim.errors import ArgumentError

from .conftest import gompertz, make_rates, make_stock

YEARS = [2021, 2022, 2023, 2024]


def both(space_name, *, seed=1, draws=3, areas=("a", "b"), migrants=60.0, **options):
    """Return the same projection with every cell kept, and with sums."""
    space = state_space(space_name)
    stock, rates = make_stock(space, seed, areas=areas), make_rates(space, migrants=migrants, seed=seed)
    log = xr.DataArray(
        np.random.default_rng(seed).normal(0, 0.2, (draws, len(areas), len(space.channels))),
        dims=("draw", "area", "channel"),
        coords={"area": list(areas), "channel": list(space.channels)},
    )
    options = {"years": YEARS, "draws": draws, "log_multipliers": log, "total": "place", **options}
    return project(stock, rates, space, **options), project(stock, rates, space, keep=AGGREGATES, **options)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    migration=st.sampled_from(["even", "end"]),
    areas=st.sampled_from([("a",), ("a", "b", "c")]),
    migrants=st.sampled_from([0.0, 60.0, 3000.0]),
)
def test_every_indicator_is_the_same_from_sums_as_from_cells(seed, migration, areas, migrants):
    cells, sums = both("family", seed=seed, migration=migration, areas=areas, migrants=migrants)
    expected, found = indicators(cells, gompertz()), indicators(sums, gompertz())
    assert set(found.data_vars) == set(expected.data_vars)
    for name in expected.data_vars:
        assert found[name].dims == expected[name].dims
        # Random rates move the mean age by nearly a year a year, where the tempo-adjusted rate has a pole.
        near = 1e-6 if name == "tempo_adjusted_tfr" else 1e-11
        np.testing.assert_allclose(found[name], expected[name], rtol=near, atol=1e-9, err_msg=str(name))


@pytest.mark.parametrize("births", ["ends", "middle"])
def test_the_classical_model_too(births):
    cells, sums = both("classical", births=births)
    expected, found = indicators(cells), indicators(sums)
    for name in expected.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-11, atol=1e-9, err_msg=str(name))


def test_groups_are_sums_of_their_cells():
    cells, sums = both("family")
    starts = [*AGGREGATES.ages, 101]
    for lower, upper in pairwise(starts):
        expected = cells["population"].sel(age=slice(lower, upper - 1)).sum("age")
        np.testing.assert_allclose(sums["population"].sel(age=lower), expected, rtol=1e-12)
    expected = cells["women"].sel(age_fertile=slice(20, 29)).sum("age_fertile")
    np.testing.assert_allclose(sums["women"].isel(age_fertile=0), expected, rtol=1e-11)
    for name in ("deaths", "net_migrants", "clipped"):
        np.testing.assert_allclose(sums[name], cells[name].sum("age"), rtol=1e-11, atol=1e-9)
    assert sums.nbytes < cells.nbytes / 15


def test_groups_of_ones_own_choice():
    space = state_space("family")
    keep = Keep(ages=(0, 7, 18), women=((15, 19), (35, 49)))
    stock, rates = make_stock(space), make_rates(space)
    found = project(stock, rates, space, years=YEARS, keep=keep)
    expected = project(stock, rates, space, years=YEARS, keep=CELLS)
    assert list(found["age"].values) == [0, 7, 18]
    assert list(found["age_fertile"].values) == [15, 35]
    np.testing.assert_allclose(
        found["women"].sel(age_fertile=35),
        expected["women"].sel(age_fertile=slice(35, 49)).sum("age_fertile"),
        rtol=1e-12,
    )
    np.testing.assert_allclose(found["deaths"], expected["deaths"].sum("age"), rtol=1e-12)


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (Keep(ages=(5, 10)), "from 0"),
        (Keep(ages=(0, 10, 5)), "rise"),
        (Keep(ages=(0, 200)), "0..100"),
        (Keep(women=((20, 29), (25, 34))), "overlap"),
        (Keep(women=((60, 70),)), "15..49"),
    ],
)
def test_groups_that_cannot_be_are_named(keep, words):
    space = state_space("family")
    with pytest.raises(ArgumentError, match=words):
        project(make_stock(space), make_rates(space), space, years=YEARS, keep=keep)


def test_feedback_sees_the_same_children():
    """What levers respond to is summed from what is kept, so both ways see the same."""
    space = state_space("family")
    stock, rates = make_stock(space), dataclasses.replace(make_rates(space))
    seen = {}

    def listen(name):
        def response(year, children, population):
            seen.setdefault(name, []).append((children.copy(), population.copy()))
            return np.full((2, len(space.channels), population.shape[1]), -1e-6) * children[:, None]

        return response

    for name, keep in (("cells", CELLS), ("sums", AGGREGATES)):
        project(stock, rates, space, years=YEARS, keep=keep, response=listen(name))
    for (children, people), (expected_children, expected_people) in zip(seen["sums"], seen["cells"], strict=True):
        np.testing.assert_allclose(children, expected_children, rtol=1e-12)
        np.testing.assert_allclose(people, expected_people, rtol=1e-12)
    with pytest.raises(ArgumentError, match="3"):
        project(stock, rates, space, years=YEARS, keep=Keep(ages=(0, 5)), response=listen("wrong"))


def test_parts_of_an_ensemble_are_the_ensemble():
    """However many draws a part has, each trajectory has the same bits, and all parts make the whole."""
    space = state_space("family")
    stock, rates = make_stock(space), make_rates(space, migrants=20.0)
    log = xr.DataArray(
        np.random.default_rng(3).normal(0, 0.2, (150, len(space.channels))),
        dims=("draw", "channel"),
        coords={"channel": list(space.channels)},
    )
    options = {"years": YEARS, "total": "place"}

    def inputs(draws):
        return {"log_multipliers": log.isel(draw=slice(draws.start, draws.stop))}

    whole = indicators(project(stock, rates, space, draws=150, log_multipliers=log, keep=AGGREGATES, **options))
    for part in (1000, 70, 64):
        parts = list(project_parts(stock, rates, space, draws=150, inputs=inputs, part=part, **options))
        assert [each.sizes["draw"] for each in parts] == [min(part, 150 - low) for low in range(0, 150, part)]
        joined = xr.concat(parts, dim="draw")
        for name in set(whole.data_vars) - {"tempo_adjusted_tfr"}:
            assert np.array_equal(joined[name], whole[name]), name
        assert list(joined["draw"].values) == list(range(150))


@pytest.mark.parametrize(("draws", "part"), [(0, 10), (10, 0)])
def test_an_ensemble_without_draws_is_refused(draws, part):
    space = state_space("family")
    parts = project_parts(
        make_stock(space), make_rates(space), space, years=YEARS, draws=draws, part=part, inputs=lambda draws: {}
    )
    with pytest.raises(ArgumentError, match="1 or more"):
        next(parts)
