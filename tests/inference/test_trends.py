"""No-policy trends: none in the calibration year, damped after it, switched off at will."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.inference.trends import damped_years


def test_calibration_year_has_no_trend_and_the_first_year_a_whole_one():
    assert damped_years([2021, 2022], 2021, 8.0).tolist() == [0.0, 1.0]


def test_pace_halves_every_half_life_and_the_sum_is_bounded():
    years = list(range(2021, 2221))
    passed = damped_years(years, 2021, 8.0)
    pace = np.diff(passed)
    assert np.allclose(pace[8:] / pace[:-8], 0.5)
    assert passed[-1] == pytest.approx(1 / (1 - 0.5 ** (1 / 8)), rel=1e-6)
