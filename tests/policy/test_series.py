"""Births that local payments bring in from elsewhere: by hand, where measures apply, and adding up."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.states import state_space
from huyou_sim.policy import policy_response
from huyou_sim.policy.series import policy_series

AREAS = ("330502", "330503")
YEARS = range(2021, 2027)
BIRTHS = {1: 900.0, 2: 600.0, 3: 80.0}
GRANTS = "".join(f"[[birth_grant]]\norder = {order}\nyuan = 60000\nstart = 2023\n" for order in (1, 2, 3))


@pytest.fixture
def series(central, context):
    """Return a function that gives the policy series of two areas and their sum in which nothing changes."""

    def make(scenarios, **priors):
        drawn = central | {name: np.array(values) for name, values in priors.items()}
        draws = max(len(values) for values in drawn.values())
        drawn = {name: np.broadcast_to(values, draws).copy() for name, values in drawn.items()}
        levers = policy_response(
            scenarios, drawn, context, areas=AREAS, channels=state_space("family").channels, years=YEARS
        )
        head = {"scenario": [s.key for s in scenarios], "draw": range(draws), "area": [*AREAS, "330500"]}
        one = np.broadcast_to(np.array([1.0, 1.0, 2.0])[:, None], (len(scenarios), draws, 3, 1))
        population = np.full((*one.shape[:3], len(YEARS) + 1, 2, 2), [7_000.0, 330_000.0]) * one[..., None, None]
        births = np.full((*one.shape[:3], len(YEARS), 3), [BIRTHS[order] for order in (1, 2, 3)]) * one[..., None]
        result = xr.Dataset(
            {
                "population": (("scenario", "draw", "area", "time", "sex", "age"), population),
                "newborn": (("scenario", "draw", "area", "year", "sex"), np.ones((*one.shape[:3], len(YEARS), 2))),
                "births": (("scenario", "draw", "area", "year", "birth_order"), births),
            },
            head | {"time": range(2020, 2027), "year": list(YEARS), "age": [0, 3], "birth_order": [1, 2, 3]},
        )
        return policy_series(result, levers, scenarios, drawn)["births_relocated"], levers

    return make


def test_relocated_births_by_hand(scenario, series):
    """Of births B of an order with the cash effect e, B (1 - exp(-A15 e)), where a high ceiling takes nothing."""
    found, levers = series([scenario(GRANTS)], A15=[0.3], X1=[1e6])
    children, people = np.full((2, 1), 14_000.0), np.full((2, 1), 674_000.0)
    part = levers.components(2025, children, people)
    expected = sum(born * (1.0 - np.exp(-0.3 * part[f"cash_{order}"][0, 0])) for order, born in BIRTHS.items())
    assert expected > 10.0
    here = found.sel(area="330502", year=2025).item()
    assert here == pytest.approx(expected, rel=1e-6)
    assert found.sel(area="330500", year=2025).item() == pytest.approx(2.0 * expected, rel=1e-6)
    assert (found.sel(year=slice(None, 2022)) == 0.0).all()
    assert found.attrs["units"] == "births"


def test_a_ceiling_takes_from_relocated_births_what_it_takes_from_all(scenario, series):
    """With cash alone, births that stay are the same share of the combined effect as of the effect without ceiling."""
    found, levers = series([scenario(GRANTS)], A15=[0.3], X1=[0.05])
    part = levers.components(2025, np.full((2, 1), 14_000.0), np.full((2, 1), 674_000.0))
    expected = sum(born * (1.0 - np.exp(-0.3 * part[f"birth_{order}"][0, 0])) for order, born in BIRTHS.items())
    loose, _ = series([scenario(GRANTS)], A15=[0.3], X1=[1e6])
    assert found.sel(area="330502", year=2025).item() == pytest.approx(expected, rel=1e-9)
    assert expected < loose.sel(area="330502", year=2025).item()


def test_only_where_measures_apply_and_not_for_the_nation_s_money(scenario, series):
    local = scenario('areas = ["330503"]\n' + GRANTS, name="local")
    nation = scenario("", name="nation", national=3600)
    found, _ = series([local, nation], A15=[0.0, 0.4])
    assert (found.sel(scenario="nation") == 0.0).all()
    assert (found.sel(scenario="local", area="330502") == 0.0).all()
    assert (found.sel(draw=0) == 0.0).all(), "no share is relocated"
    assert found.sel(scenario="local", area="330503", draw=1, year=2025).item() > 1.0
    total = found.sel(area=list(AREAS)).sum("area")
    np.testing.assert_allclose(found.sel(area="330500").transpose(*total.dims), total)
