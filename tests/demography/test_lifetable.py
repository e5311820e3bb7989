"""Life tables against published ones and against identities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.demography.lifetable import infant_mortality, life_expectancy, survivors, survivorship
from huyou_sim.errors import RateError

REFERENCES = Path(__file__).parents[1] / "references"


@given(level=st.floats(1e-5, 3e-4), slope=st.floats(0.05, 0.087))
def test_columns_hang_together(level, slope):
    rates = level * np.exp(slope * np.arange(101))
    qx, lx, person_years = survivors(rates, "female")
    assert ((qx >= 0) & (qx <= 1)).all()
    assert (np.diff(lx) <= 0).all()
    assert lx[0] == 1.0
    ratios = survivorship(rates, "female")
    assert ((ratios > 0) & (ratios <= 1)).all()
    # People who die at rate m live d / m years: the definition of the rate.
    deaths = lx * qx
    closed = slice(0, 100)
    assert np.allclose(deaths[closed], rates[closed] * person_years[closed], rtol=1e-9)


def test_constant_rate_has_the_exponential_expectancy():
    assert life_expectancy(np.full(101, 0.02), "male") == pytest.approx(1 / 0.02, rel=2e-3)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_published_life_tables_of_canada_2019(sex):
    """MortCast's single-age life tables, to their last printed digit."""
    table = pd.read_csv(REFERENCES / "lifetable_canada_2019_mortcast.csv").query("sex == @sex")
    qx, lx, person_years = survivors(table["mx"].to_numpy(), sex)
    assert np.allclose(qx, table["qx"], rtol=1e-12)
    assert np.allclose(lx, table["lx"], rtol=1e-12)
    assert np.allclose(person_years, table["Lx"], rtol=1e-12)
    assert life_expectancy(table["mx"].to_numpy(), sex) == pytest.approx(table["ex"].iloc[0], rel=1e-12)
    assert infant_mortality(table["mx"].to_numpy(), sex) == pytest.approx(table["qx"].iloc[0], rel=1e-12)


def test_a_negative_rate_is_named():
    with pytest.raises(RateError, match="age 7"):
        survivors(np.where(np.arange(101) == 7, -1.0, 0.01), "male")
