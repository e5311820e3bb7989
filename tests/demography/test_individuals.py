"""The model against simulated lives: women who marry, bear children and die at random, one by one.

Each woman carries the model's hazards in continuous time, with the rates as the model reads them: a cohort aged
``a`` at 31 December lives the next year under the mean of the rates at ``a`` and ``a + 1``. Nothing is split into
steps, so the mean of many lives is what the model's expected numbers have to be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from huyou_sim.demography.projection import SEX, Stock, project
from huyou_sim.demography.states import state_space

from .conftest import AGES, gompertz, make_rates

YEARS = [2021, 2022, 2023, 2024, 2025]
YOUNGEST, OLDEST = 9, 49
LIVES = 500_000


@dataclass(frozen=True)
class Lives:
    """What was counted over the years: the states at the end, and who died, bore or married, and when."""

    age: np.ndarray  # at the end
    state: np.ndarray
    alive: np.ndarray
    births: np.ndarray  # (woman, order), over all years
    marriages: np.ndarray  # first marriages of each woman
    deaths: np.ndarray  # (year,)


def setting():
    """Return the start in shares of all women (they sum to 1), rates with plenty of events, and the space."""
    space = state_space("family")
    random = np.random.default_rng(11)
    ages = np.arange(YOUNGEST, OLDEST + 1)
    women = np.zeros(len(AGES))
    women[ages] = random.uniform(0.5, 1.5, len(ages))
    women /= women.sum()
    inside = random.uniform(0.2, 1.0, (len(space.ages), len(space.marital), len(space.parity)))
    inside *= (women[list(space.ages)] / inside.sum(axis=(1, 2)))[:, None, None]
    people = np.stack([np.zeros(len(AGES)), women])[None]
    stock = Stock(
        2020,
        xr.DataArray(
            people, dims=("area", "sex", "age"), coords={"area": ["a"], "sex": list(SEX), "age": AGES}
        ),
        xr.DataArray(
            inside[None],
            dims=("area", "age_fertile", "marital", "parity"),
            coords={
                "area": ["a"],
                "age_fertile": list(space.ages),
                "marital": list(space.marital),
                "parity": list(space.parity),
            },
        ),
    )  # fmt: skip
    return stock, make_rates(space, event=0.08, deaths=gompertz(level=2e-3, slope=0.04)), space


def cohort_rates(rates, space, *, reading):
    """Return events per year by (schedule, age at the start), for all ages up to 100."""
    by_age = np.zeros((len(space.schedules), len(AGES) + 1))
    by_age[:, list(space.ages)] = rates.schedules.values
    if reading == "start":
        return by_age[:, :-1]
    return 0.5 * (by_age[:, :-1] + by_age[:, 1:])


def live(stock, rates, space, n, seed, *, reading="mean"):
    """Return `n` lives by Gillespie's method: exponential waiting times, all women side by side."""
    random = np.random.default_rng(seed)
    table = np.array(space.event_table())
    schedule = np.array([space.schedules.index(event.schedule) for event in space.events])
    marriage = np.array([event.schedule == "first_marriage" for event in space.events])
    age, state = _drawn_start(stock, space, n, random)
    alive = np.ones(n, dtype=bool)
    births = np.zeros((n, len(space.orders)), dtype=np.int64)
    marriages = np.zeros(n, dtype=np.int64)
    deaths = np.zeros(len(YEARS), dtype=np.int64)
    by_age = cohort_rates(rates, space, reading=reading)
    death = rates.death_hazard.sel(sex="female").values
    for year in range(len(YEARS)):
        # Hazards of this year by (age, state, event); the last one is death.
        hazard = np.zeros((len(AGES), space.n_states, len(table) + 1))
        for event, (origin, _, _) in enumerate(table):
            hazard[:, origin, event] = by_age[schedule[event]]
        hazard[:, :, -1] = death[1:, None]
        upto = np.cumsum(hazard, axis=2)
        who = np.flatnonzero(alive)
        clock = np.zeros(len(who))
        while len(who):
            here = upto[age[who], state[who]]
            clock += random.standard_exponential(len(who)) / here[:, -1]
            within = clock < 1.0
            who, clock, here = who[within], clock[within], here[within]
            mark = random.random(len(who)) * here[:, -1]
            event = (mark[:, None] >= here).sum(axis=1)
            dies = event == len(table)
            alive[who[dies]] = False
            deaths[year] += dies.sum()
            who, clock, event = who[~dies], clock[~dies], event[~dies]
            order = table[event, 2]
            bears = order >= 0
            births[who[bears], order[bears]] += 1
            marriages[who] += marriage[event]
            state[who] = table[event, 1]
        age[alive] += 1
    return Lives(age, state, alive, births, marriages, deaths)


def _drawn_start(stock, space, n, random):
    """Return age and state of each woman, drawn from the stock; girls and older women have the first state."""
    cells = np.zeros((len(AGES), space.n_states))
    cells[:, 0] = stock.population.sel(sex="female").values[0]
    cells[list(space.ages)] = stock.women.values[0].reshape(len(space.ages), -1)
    drawn = random.choice(cells.size, size=n, p=cells.ravel() / cells.sum())
    return drawn // space.n_states, drawn % space.n_states


@pytest.fixture(scope="module")
def model():
    stock, rates, space = setting()
    return project(stock, rates, space, years=YEARS).isel(scenario=0, draw=0, area=0)


@pytest.fixture(scope="module")
def lives():
    return live(*setting(), LIVES, seed=20)


def counted(lives, space):
    """Return living women by (reproductive age, state) at the end."""
    inside = lives.alive & (lives.age >= space.age_lower) & (lives.age <= space.age_upper)
    table = np.zeros((len(space.ages), space.n_states))
    np.add.at(table, (lives.age[inside] - space.age_lower, lives.state[inside]), 1)
    return table


def expected_states(model):
    cells = model["women"].isel(time=-1)
    return cells.values.reshape(cells.sizes["age_fertile"], -1)


def z_of_share(count, share, n):
    """Return how many standard errors a count lies from its binomial expectation."""
    return (count - n * share) / np.sqrt(n * share * (1.0 - share))


def z_of_mean(per_woman, mean):
    """Return how many standard errors the mean over women lies from its expectation."""
    return (per_woman.mean(axis=0) - mean) / (per_woman.std(axis=0, ddof=1) / np.sqrt(len(per_woman)))


def test_states_of_simulated_women_are_those_of_the_model(model, lives):
    space = state_space("family")
    share = expected_states(model)
    z = z_of_share(counted(lives, space), share, LIVES)[share * LIVES > 20]
    print(f"{z.size} cells: largest |z| {np.abs(z).max():.2f}, mean square {np.mean(z**2):.3f}")
    assert z.size > 300
    assert np.abs(z).max() < 4.5
    # Were the model a little wrong everywhere, no single cell would show it, but their mean square would.
    assert np.mean(z**2) == pytest.approx(1.0, abs=5 * np.sqrt(2 / z.size))
    by_state = z_of_share(counted(lives, space).sum(axis=0), share.sum(axis=0), LIVES)
    assert np.abs(by_state).max() < 4.0


def test_births_by_order_and_first_marriages_are_those_of_the_model(model, lives):
    births = z_of_mean(lives.births, model["births"].sum(["year", "age_reached"]).values)
    marriages = z_of_mean(lives.marriages, float(model["first_marriages"].sum()))
    print(f"births by order z {np.round(births, 2)}, first marriages z {marriages:.2f}")
    assert lives.births.sum(axis=0).min() > 5_000
    assert np.abs(births).max() < 4.0
    assert abs(marriages) < 4.0


def test_deaths_of_each_year_are_those_of_the_model(model, lives):
    women = model["deaths"].sel(sex="female")
    # Girls born on the way are not followed one by one.
    ages = np.arange(YOUNGEST + 1, OLDEST + len(YEARS) + 1)
    z = z_of_share(lives.deaths, women.sel(age=ages).sum("age").values, LIVES)
    print(f"deaths by year z {np.round(z, 2)}")
    assert lives.deaths.min() > 300
    assert np.abs(z).max() < 4.0


def test_error_shrinks_with_the_square_root_of_the_number_of_lives(model):
    stock, rates, space = setting()
    share = expected_states(model)
    sizes = np.array([2_000, 8_000, 32_000, 128_000])
    errors = [
        np.sqrt(np.mean((counted(live(stock, rates, space, int(n), seed=30 + i), space) / n - share) ** 2))
        for i, n in enumerate(sizes)
    ]
    order = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    print(
        "lives and root mean square error of a share:", dict(zip(sizes.tolist(), errors, strict=True)), f"{order=:.3f}"
    )
    assert order == pytest.approx(-0.5, abs=0.05)


def test_another_reading_of_the_rates_would_be_seen(model):
    """The comparison has the power to fail: half a year of age in the rates is far outside the standard errors."""
    stock, rates, space = setting()
    wrong = live(stock, rates, space, LIVES, seed=20, reading="start")
    share = expected_states(model)
    z = z_of_share(counted(wrong, space), share, LIVES)[share * LIVES > 20]
    assert np.mean(z**2) > 1.0 + 10 * np.sqrt(2 / z.size)
