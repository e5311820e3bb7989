"""Constant rates: whatever the start, the population comes to grow at one rate with one age structure.

Both are an eigenvalue and an eigenvector of a matrix that is built here, without the engine, from the rates.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import eig

from huyou_sim.demography.projection import Stock, project
from huyou_sim.demography.states import classical_space, state_space

from .conftest import AGES, make_rates, make_stock

LAST = len(AGES) - 1


def leslie(rates):
    """Return the matrix that takes women by age over one year, births counted on women at both ends.

    Women reach age x with the survivorship S(x) by the age reached, S(last + 1) is inside the open group, so

        W'(x) = S(x) W(x - 1),  W'(last) = S(last) W(last - 1) + S(last + 1) W(last).

    Births are the rate times the mean of the women at both ends, f(x) (W(x) + W'(x)) / 2, and W'(x) is again
    S(x) W(x - 1): a woman aged x counts with f(x) / 2 at the start and with f(x + 1) S(x + 1) / 2 at the end.
    Of the births, a share of girls survives to 31 December with S(0).
    """
    survival = np.exp(-rates.death_hazard.sel(sex="female").values)
    fertility = np.zeros(len(AGES) + 1)
    fertility[rates.schedules["age_fertile"].values] = rates.schedules.values[0]
    girls = (1.0 - float(rates.male_share[0])) * survival[0]
    matrix = np.zeros((len(AGES), len(AGES)))
    for age in AGES[:-1]:
        matrix[age + 1, age] = survival[age + 1]
        matrix[0, age] = girls * 0.5 * (fertility[age] + fertility[age + 1] * survival[age + 1])
    matrix[LAST, LAST] = survival[LAST + 1]
    return matrix


def dominant(matrix):
    """Return the largest eigenvalue and its eigenvector, which sums to 1; and the next largest in absolute value."""
    values, vectors = eig(matrix)
    order = np.argsort(-np.abs(values))
    first = order[0]
    assert abs(values[first].imag) < 1e-12
    vector = vectors[:, first].real
    return float(values[first].real), vector / vector.sum(), float(np.abs(values[order[1]]))


def years_to_forget(matrix, share=1e-12):
    """Return the years after which the start matters less than `share` of the whole."""
    largest, _, next_one = dominant(matrix)
    return int(np.ceil(np.log(share) / np.log(next_one / largest))) + 50


def growth(total):
    return np.log(total.isel(time=-1) / total.isel(time=-2))


@pytest.mark.parametrize("event", [0.02, 0.06, 0.12], ids=["shrinking", "near replacement", "growing"])
def test_classical_projection_comes_to_grow_as_its_leslie_matrix(event):
    space = classical_space()
    rates = make_rates(space, event=event)
    matrix = leslie(rates)
    value, vector, _ = dominant(matrix)
    steps = years_to_forget(matrix)
    years = list(range(2021, 2021 + steps))
    result = project(make_stock(space), rates, space, years=years, births="ends").isel(scenario=0, draw=0)
    women = result["population"].sel(sex="female")
    rate = growth(women.sum("age"))
    print(f"{steps} years, intrinsic rate {np.log(value):.6f}, projected {rate.values}")
    assert np.allclose(rate, np.log(value), rtol=0, atol=1e-12)
    structure = women.isel(time=-1) / women.isel(time=-1).sum("age")
    assert np.allclose(structure, vector, rtol=1e-9, atol=0)
    # Men are born to the same women, so they grow at the same rate.
    assert np.allclose(growth(result["population"].sum(["sex", "age"])), np.log(value), rtol=0, atol=1e-12)


def test_one_year_of_the_projection_is_the_leslie_matrix():
    space = classical_space()
    rates, stock = make_rates(space), make_stock(space)
    result = project(stock, rates, space, years=[2021], births="ends").isel(scenario=0, draw=0, time=1)
    expected = stock.population.sel(sex="female").values @ leslie(rates).T
    assert np.allclose(result["population"].sel(sex="female"), expected, rtol=1e-13)


def test_a_stable_population_stays_stable():
    """A start with the structure of the eigenvector grows at the rate of the eigenvalue from the first year."""
    space = classical_space()
    rates = make_rates(space)
    value, vector, _ = dominant(leslie(rates))
    stock = make_stock(space, areas=("a",))
    people = stock.population.copy(data=np.stack([vector, vector])[None] * 1e5)
    women = stock.women.copy(data=people.values[:, 1, list(space.ages), None, None])
    result = project(Stock(2020, people, women), rates, space, years=list(range(2021, 2071)), births="ends")
    found = result["population"].isel(scenario=0, draw=0, area=0).sel(sex="female").values
    expected = 1e5 * vector * value ** np.arange(51)[:, None]
    assert np.allclose(found, expected, rtol=1e-10)


def family_matrix(space, rates):
    """Return the matrix that takes women by (age, state) over one year, one column per cell.

    With constant rates and without migration the model is linear in its women, so that one woman in every cell,
    each an area of her own, gives the columns.
    """
    first, last = space.age_lower, space.age_upper
    n_states = space.n_states
    cells = [(age, None) for age in AGES if age < first]
    cells += [(age, state) for age in space.ages for state in range(n_states)]
    cells += [(age, None) for age in AGES if age > last]
    areas = [f"{age}/{state}" for age, state in cells]
    people = np.zeros((len(cells), 2, len(AGES)))
    women = np.zeros((len(cells), len(space.ages), n_states))
    for i, (age, state) in enumerate(cells):
        people[i, 1, age] = 1.0
        if state is not None:
            women[i, age - first, state] = 1.0
    blank = make_stock(space, areas=tuple(areas))
    stock = Stock(2020, blank.population.copy(data=people), blank.women.copy(data=women.reshape(blank.women.shape)))
    result = project(stock, rates, space, years=[2021]).isel(scenario=0, draw=0, time=1)
    return vector_of(result, space).T


def vector_of(result, space):
    """Return women by (area, cell), cells in the order of `family_matrix`."""
    by_age = result["population"].sel(sex="female").values
    states = result["women"].values.reshape(len(by_age), -1)
    return np.concatenate([by_age[:, : space.age_lower], states, by_age[:, space.age_upper + 1 :]], axis=1)


def family_rates(space):
    """Return constant rates at which a population of families nearly replaces itself."""
    rates = make_rates(space, event=0.1)
    level = xr.DataArray(
        [0.2 if name == "widowhood" else 0.3 if name == "divorce" else 1.0 for name in space.schedules],
        dims="schedule",
        coords={"schedule": list(space.schedules)},
    )
    rates.schedules.values[:] = (rates.schedules * level).values
    return rates


def test_family_model_comes_to_grow_at_one_rate_in_every_cell():
    space = state_space("family")
    rates = family_rates(space)
    matrix = family_matrix(space, rates)
    value, vector, _ = dominant(matrix)
    steps = years_to_forget(matrix)
    years = list(range(2021, 2021 + steps))
    result = project(make_stock(space), rates, space, years=years).isel(scenario=0, draw=0)
    last = result[["population", "women"]].isel(time=-1)
    before = result[["population", "women"]].isel(time=-2)
    rate = np.log(last / before)
    print(f"{steps} years, intrinsic rate {np.log(value):.6f}, largest difference {spread(rate, value):.1e}")
    assert spread(rate, value) < 1e-11
    found = vector_of(last, space)
    structure = found / found.sum(axis=1, keepdims=True)
    assert np.allclose(structure, vector, rtol=1e-8, atol=0)
    # The start was another one: what is reached is not what was given.
    start = vector_of(result.isel(time=0), space)
    assert not np.allclose(start / start.sum(axis=1, keepdims=True), vector, rtol=0.1)


def spread(rate, value):
    """Return the largest difference of any cell's growth from the intrinsic rate."""
    return max(float(abs(rate[name] - np.log(value)).max()) for name in rate.data_vars)


def test_intrinsic_rate_of_families_solves_the_equation_of_lotka():
    """The same rate from one birth cohort: her daughters, discounted at that rate, are one daughter."""
    space = state_space("family")
    rates = family_rates(space)
    value, _, _ = dominant(family_matrix(space, rates))
    stock = make_stock(space, areas=("a",))
    people = xr.zeros_like(stock.population)
    people.loc[{"sex": "female", "age": 0}] = 1.0
    years = list(range(2021, 2021 + space.age_upper + 1))
    # Her births are those at her own age; daughters bear children too, but at ages below hers.
    result = project(Stock(2020, people, xr.zeros_like(stock.women)), rates, space, years=years)
    result = result.isel(scenario=0, draw=0, area=0)
    births = np.array(
        [result["births"].sel(year=year, age_reached=max(year - 2020, space.age_lower)) for year in years]
    )
    births[: space.age_lower - 1] = 0.0
    girls = (births * (1.0 - rates.male_share.values)).sum(axis=1)
    survived = girls * np.exp(-float(rates.death_hazard.sel(sex="female", age_reached=0)))
    discounted = survived / value ** np.arange(1, len(years) + 1)
    assert discounted.sum() == pytest.approx(1.0, rel=1e-12)
