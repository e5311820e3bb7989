"""Bridging carries change, not level."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.bridge import bridge


def series(values):
    years = 2021 + np.arange(len(values))
    return xr.DataArray(np.array(values)[None], dims=("draw", "year"), coords={"year": years}, name="share")


@given(values=st.lists(st.floats(1, 99), min_size=2, max_size=6), published=st.floats(1, 99))
def test_share_keeps_the_change_in_log_odds(values, published):
    moved = bridge(series(values), published, 2021, unit="%").isel(draw=0).values
    assert moved[0] == pytest.approx(published)
    change = logit(np.array(values) / 100) - logit(values[0] / 100)
    assert np.allclose(logit(moved / 100) - logit(published / 100), change, atol=1e-9)


def test_rate_keeps_the_ratio():
    moved = bridge(series([2.0, 1.0]), 10.0, 2021, unit="per 1,000").isel(draw=0).values
    assert moved.tolist() == [10.0, 5.0]


def test_figures_outside_the_scale_are_refused():
    with pytest.raises(ArgumentError, match="below 100"):
        bridge(series([50.0, 100.0]), 30.0, 2021, unit="%")
    with pytest.raises(ArgumentError, match="above 0"):
        bridge(series([1.0, 2.0]), -0.3, 2021, unit="per 1,000")
