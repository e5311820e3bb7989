"""The compiled step against an independent one in plain numpy, written from the model's description alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space

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
