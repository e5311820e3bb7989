"""The compiled step against an independent one in plain numpy, written from the model's description alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from huyou_sim.demography.projection import SEX, Rates, Stock, project
from huyou_sim.demography.states import classical_space, state_space

from .conftest import make_rates, make_stock


def plain_year(population, women, rates, space, *, even=True):
    """Return (population, women, births by order) one year later; one area, arrays (sex, age), (age, state)."""
    hazard, schedules, migrants, boys = rates
    first, last = space.age_lower, space.age_upper
    population, women = population.copy(), women.copy()
    if even:
        population = population + migrants / 2
        women *= (population[1, first : last + 1] / women.sum(axis=1))[:, None]
    survival = np.exp(-hazard)
    after = np.zeros_like(population)
    after[:, 1:] = population[:, :-1] * survival[:, 1:-1]
    after[:, -1] += population[:, -1] * survival[:, -1]
    women_after = np.zeros_like(women)
    births = np.zeros(len(space.orders))
    table = space.event_table()
    for start_age in range(first - 1, last + 1):
        reached = start_age + 1
        if start_age == first - 1:
            cell = np.zeros(women.shape[1])
            cell[0] = population[1, start_age]
        else:
            cell = women[start_age - first].copy()
        cell = cell * np.sqrt(survival[1, reached])

        def rate(schedule, age):
            return schedules[schedule][age - first] if first <= age <= last else 0.0

        walk = list(range(len(table)))
        for event in walk + walk[::-1]:
            origin, destination, order = table[event]
            name = space.events[event].schedule
            h = 0.5 * (rate(name, start_age) + rate(name, reached))
            count = cell[origin] * (h / 2 if origin == destination else 1 - np.exp(-h / 2))
            if origin != destination:
                cell[origin] -= count
                cell[destination] += count
            if order >= 0:
                births[order] += count
        cell = cell * np.sqrt(survival[1, reached])
        if reached <= last:
            women_after[reached - first] = cell
            after[1, reached] = cell.sum()
    newborn = np.array([(births * boys).sum(), (births * (1 - boys)).sum()])
    after[:, 0] = newborn * survival[:, 0]
    grown = after + (migrants / 2 if even else migrants)
    women_after *= (grown[1, first : last + 1] / after[1, first : last + 1])[:, None]
    return grown, women_after, births


@pytest.mark.parametrize("migration", ["even", "end"])
def test_compiled_step_equals_the_plain_one(migration):
    space = state_space("family")
    stock, rates = make_stock(space, areas=("a",)), make_rates(space, migrants=5.0)
    # In-migrants only: clipping has its own test.
    rates = dataclasses.replace(rates, net_migrants=abs(rates.net_migrants))
    result = project(stock, rates, space, years=[2021, 2022, 2023], migration=migration).isel(
        scenario=0, draw=0, area=0
    )
    bare = (
        rates.death_hazard.values,
        {str(s): rates.schedules.sel(schedule=s).values for s in rates.schedules["schedule"].values},
        rates.net_migrants.values,
        rates.male_share.values,
    )
    population = stock.population.values[0]
    women = stock.women.values[0].reshape(len(space.ages), -1)
    for year in (2021, 2022, 2023):
        population, women, births = plain_year(population, women, bare, space, even=migration == "even")
        assert np.allclose(result["population"].sel(time=year), population, rtol=1e-12)
        assert np.allclose(result["women"].sel(time=year).values.reshape(women.shape), women, rtol=1e-12)
        assert np.allclose(result["births"].sel(year=year).sum("age_reached"), births, rtol=1e-12)


def plain_groups(population, survival, fertility, migrants, boys, *, first, width, even, before_births):
    """Return (population, births by age, clipped) of one state, `width` years later, births counted at both ends."""
    early, late = (migrants / 2, migrants / 2) if even else (0.0 * migrants, migrants)
    start = np.maximum(population + early, 0.0)
    clipped = np.minimum(population + early, 0.0).sum()
    end = np.zeros_like(start)
    end[:, 1:] = start[:, :-1] * survival[:, 1:-1]
    end[:, -1] += start[:, -1] * survival[:, -1]
    there = np.maximum(end + late, 0.0) if before_births else end
    fertile = slice(first, first + len(fertility))
    births = width * fertility * (start[1, fertile] + there[1, fertile]) / 2
    end[:, 0] = births.sum() * np.array([boys, 1 - boys]) * survival[:, 0]
    clipped += np.minimum(end + late, 0.0).sum()
    return np.maximum(end + late, 0.0), births, clipped


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    width=st.sampled_from([1, 5, 10]),
    groups=st.integers(5, 22),
    migrants=st.sampled_from([0.0, 30.0, 2000.0]),
    even=st.booleans(),
    before_births=st.booleans(),
)
def test_named_options_are_what_a_plain_step_does(seed, width, groups, migrants, even, before_births):
    """Any width of groups, the open group's own survival, migration at the end or even, before births or after."""
    random = np.random.default_rng(seed)
    ages = [width * i for i in range(groups)]
    first, last = 1, groups - 3
    space = classical_space(ages[first], ages[last], width=width)
    population = random.uniform(1.0, 1000.0, (2, groups))
    survival = random.uniform(0.3, 1.0, (2, groups + 1))
    fertility = random.uniform(0.0, 0.3, last - first + 1)
    moving = migrants * random.standard_normal((2, groups))
    people = xr.DataArray(
        population[None], dims=("area", "sex", "age"), coords={"area": ["a"], "sex": list(SEX), "age": ages}
    )
    women = xr.DataArray(
        population[1, first : last + 1].reshape(1, -1, 1, 1),
        dims=("area", "age_fertile", "marital", "parity"),
        coords={"area": ["a"], "age_fertile": ages[first : last + 1], "marital": ["any"], "parity": ["any"]},
    )
    rates = Rates(
        xr.DataArray(
            -np.log(survival),
            dims=("sex", "age_reached"),
            coords={"sex": list(SEX), "age_reached": [*ages, ages[-1] + width]},
        ),
        xr.DataArray(
            fertility[None],
            dims=("schedule", "age_fertile"),
            coords={"schedule": ["fertility"], "age_fertile": ages[first : last + 1]},
        ),
        xr.DataArray(moving, dims=("sex", "age"), coords={"sex": list(SEX), "age": ages}),
        xr.DataArray([0.52], dims="birth_order", coords={"birth_order": [1]}),
    )
    years = [2020 + width, 2020 + 2 * width]
    result = project(
        Stock(2020, people, women),
        rates,
        space,
        years=years,
        births="ends",
        migration="even" if even else "end",
        migration_before_births=before_births,
    ).isel(scenario=0, draw=0, area=0)
    for year in years:
        population, births, clipped = plain_groups(
            population, survival, fertility, moving, 0.52,
            first=first, width=width, even=even, before_births=before_births,
        )  # fmt: skip
        assert np.allclose(result["population"].sel(time=year), population, rtol=1e-12, atol=1e-9)
        found = result["births"].sel(year=year, age_reached=ages[first : last + 1]).squeeze("birth_order")
        assert np.allclose(found, births, rtol=1e-12)
        assert float(result["clipped"].sel(year=year).sum()) == pytest.approx(clipped, rel=1e-9, abs=1e-9)
