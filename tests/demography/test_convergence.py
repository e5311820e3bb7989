"""Whole steps of the projection against the exact solution in continuous time, and the order of their error.

One cohort of women is followed for one year in `steps` equal parts: ages are counted in parts of a year, and rates
and migrants are per part. All hazards are the same at all ages, so that the exact solution is one matrix
exponential: of the women by state ``y``, who migrate in the composition ``p`` of those who stay, and the counters::

    p' = p Q        y' = y (Q - mu) + M p        counters' = y R        deaths' = mu sum(y)

The step halves deaths and migration around the events and walks the events forward and back, so that its error has
to fall to a quarter when the step is halved, in every state and every flow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import expm

from huyou_sim.demography.projection import SEX, Rates, Stock, project
from huyou_sim.demography.states import state_space

MU = 0.15
STEPS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Year:
    """What one year makes of the cohort."""

    women: np.ndarray  # (state,)
    counts: np.ndarray  # (counter,): births by order, then other events by schedule
    deaths: float


def setting(name, seed):
    """Return the space, the hazards of its schedules, and women by state at the start."""
    space = state_space(name)
    random = np.random.default_rng(seed)
    return (
        space,
        random.uniform(0.05, 0.6, len(space.schedules)),
        1000.0 * random.uniform(0.1, 1.0, space.n_states),
    )


def exact(space, hazards, start, migrants):
    """Return the solution in continuous time."""
    n, counters = space.n_states, len(space.counters)
    moves, counted = np.zeros((n, n)), np.zeros((n, counters))
    for event in space.events:
        origin, destination = space.state(*event.origin), space.state(*event.destination)
        rate = hazards[space.schedules.index(event.schedule)]
        moves[origin, origin] -= rate
        moves[origin, destination] += rate
        counted[origin, space.counter_of(event)] += rate
    total = np.zeros((2 * n + counters + 1,) * 2)
    y, p, c = slice(0, n), slice(n, 2 * n), slice(2 * n, 2 * n + counters)
    total[y, y] = moves - MU * np.eye(n)
    total[p, p] = moves
    total[p, y] = migrants * np.eye(n)
    total[y, c] = counted
    total[y, -1] = MU
    begin = np.concatenate([start, start / start.sum(), np.zeros(counters + 1)])
    end = begin @ expm(total)
    # What clocks do is counted last, and is no flow of a projection.
    return Year(end[y], end[c][: len(space.orders) + len(space.kinds)], end[-1])


def projected(space, hazards, start, migrants, steps, **options):
    """Return what `project` makes of the year in `steps` parts, of a cohort aged 2 where ages 1 to 3 reproduce."""
    low, high, age = steps, 4 * steps - 1, 2 * steps
    channels = tuple(replace(channel, age_lower=low, age_upper=high) for channel in space.event_channels)
    fine = replace(space, age_lower=low, age_upper=high, event_channels=channels)
    ages = np.arange(5 * steps)
    people = xr.DataArray(
        np.zeros((1, 2, len(ages))), dims=("area", "sex", "age"), coords={"area": ["a"], "sex": list(SEX), "age": ages}
    )
    people.loc[{"sex": "female", "age": age}] = start.sum()
    women = np.zeros((1, len(fine.ages), len(space.marital), len(space.parity)))
    women[0, age - low] = start.reshape(women.shape[2:])
    coords = {
        "area": ["a"],
        "age_fertile": list(fine.ages),
        "marital": list(space.marital),
        "parity": list(space.parity),
    }
    reached = np.arange(len(ages) + 1)
    result = project(
        Stock(2020, people, xr.DataArray(women, dims=tuple(coords), coords=coords)),
        Rates(
            xr.DataArray(
                np.full((2, len(reached)), MU / steps),
                dims=("sex", "age_reached"),
                coords={"sex": list(SEX), "age_reached": reached},
            ),
            xr.DataArray(
                np.repeat(hazards[:, None] / steps, len(fine.ages), axis=1),
                dims=("schedule", "age_fertile"),
                coords={"schedule": list(space.schedules), "age_fertile": list(fine.ages)},
            ),
            xr.DataArray(
                np.full((2, len(ages)), migrants / steps),
                dims=("sex", "age"),
                coords={"sex": list(SEX), "age": ages},
            ),
            xr.DataArray(
                np.full(len(space.orders), 0.5), dims="birth_order", coords={"birth_order": list(space.orders)}
            ),
        ),
        fine,
        years=list(range(2021, 2021 + steps)),
        **options,
    ).isel(scenario=0, draw=0, area=0)
    # The cohort is one age older at the end of every part. Migrants come to all ages, so that its own events stand
    # on a diagonal; without migrants it is the only one, and births at both ends stand at both of its ages.
    year = xr.DataArray(np.arange(steps), dims="part")
    at = {"year": year, "age_reached": age + 1 + year - low} if migrants else {}
    counts = [result["births"].sel(birth_order=order).isel(**at) for order in space.orders]
    counts += [result[f"{name}s"].isel(**at) for name in space.kinds]
    return Year(
        result["women"].isel(time=-1).sel(age_fertile=age + steps).values.ravel(),
        np.array([float(count.sum()) for count in counts]),
        float(result["deaths"].sel(sex="female").isel(year=year, age=age + 1 + year).sum()),
    )


def errors(name, share, **options):
    """Return the error of each kind of result for each number of steps, as a share of the women at the start."""
    space, hazards, start = setting(name, seed=3)
    migrants = share * start.sum()
    truth = exact(space, hazards, start, migrants)
    years = [projected(space, hazards, start, migrants, steps, **options) for steps in STEPS]
    found = {
        "women by state": [np.abs(year.women - truth.women).max() for year in years],
        "events by kind": [np.abs(year.counts - truth.counts).max() for year in years],
        "deaths": [abs(year.deaths - truth.deaths) for year in years],
    }
    return {what: np.array(values) / start.sum() for what, values in found.items()}


def orders(values):
    """Return by which power of the step the error falls, from one halving to the next."""
    found = np.log2(values[:-1] / values[1:])
    print([f"{value:.2e}" for value in values], np.round(found, 3))
    return found


@pytest.mark.parametrize("share", [0.3, -0.3])
@pytest.mark.parametrize("name", ["family", "duration", "classical"])
def test_halving_the_step_quarters_the_error(name, share):
    """`share` of the women come, or go, in the year, half at each end of every step."""
    for what, values in errors(name, share).items():
        assert np.abs(orders(values)[1:] - 2.0).max() < 0.03, what


def test_halving_the_step_quarters_the_error_without_migration():
    found = errors("family", 0.0)
    for what in ("women by state", "events by kind"):
        assert np.abs(orders(found[what])[1:] - 2.0).max() < 0.03, what
    # Events move women between states, and leave their number alone: deaths are exact in one step.
    assert found["deaths"].max() < 1e-14


def test_without_states_and_migration_only_births_are_split():
    """Births in the middle or at both ends: of the second order both, with errors of two to one."""
    middle, ends = (errors("classical", 0.0, births=births) for births in ("middle", "ends"))
    for found in (middle, ends):
        assert found["women by state"].max() < 1e-14
        assert found["deaths"].max() < 1e-14
        assert np.abs(orders(found["events by kind"])[1:] - 2.0).max() < 0.03
    assert ends["events by kind"][-1] / middle["events by kind"][-1] == pytest.approx(2.0, abs=0.01)


def test_migration_at_the_end_is_of_the_first_order():
    """The comparison can tell: who comes all at the end of a step is not there during it."""
    for what, values in errors("family", 0.3, migration="end").items():
        assert orders(values)[-1] == pytest.approx(1.0, abs=0.1), what
