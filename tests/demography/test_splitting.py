"""The walk over the event table against the exact solution: a matrix exponential of the same hazards."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from huyou_sim.demography.prepared import event_tables
from huyou_sim.demography.states import state_space
from huyou_sim.demography.walk import ALIVE, END, ENTER, HALF, JOIN, LEAVE, VACANT, stay_slots, written_walk


def generator(space, hazards):
    """Return the intensity matrix (from, to) of the events that leave their state."""
    matrix = np.zeros((space.n_states, space.n_states))
    for event, (origin, destination, _) in zip(space.events, space.event_table(), strict=True):
        if origin != destination:
            rate = hazards[space.schedules.index(event.schedule)]
            matrix[origin, destination] += rate
            matrix[origin, origin] -= rate
    return matrix


def written(space, width):
    """Return the walk that the kernel compiles, as a plain function."""
    rows, *_ = event_tables(space, 101)
    scope = {}
    exec(written_walk(rows, space.n_states, len(space.counters), width), scope)
    return rows, scope["walk"]


def walked(space, hazards, start, steps):
    """Return the states after one year, walked in `steps` equal parts, and births by order."""
    rows, walk = written(space, 1)
    part = hazards / steps
    stay = stay_slots(rows)
    factor = np.zeros(HALF + len(part) + len(stay))
    factor[[ENTER, LEAVE]] = 1.0
    factor[HALF : HALF + len(part)] = 1.0 - np.exp(-part / 2)
    for schedule, slot in stay.items():
        factor[slot] = part[schedule] / 2
    before, births = start.copy(), np.zeros(len(space.orders))
    for _ in range(steps):
        after, flow = np.zeros_like(before), np.zeros(len(space.counters) + 2)
        walk(before, after, factor, flow)
        before = after
        births += flow[: len(births)]
        assert flow[-1] == pytest.approx(after.sum(), rel=1e-14)
    return before, births


def test_walk_is_the_loop_over_the_table_to_the_bit():
    """Written out or looked up: the same events in the same order."""
    space, width = state_space("family"), 3
    random = np.random.default_rng(4)
    rows, walk = written(space, width)
    factor = random.uniform(0.0, 0.5, (HALF + 2 * len(space.schedules), width))
    before = random.uniform(0.0, 9.0, (space.n_states, width))
    after, flow = np.zeros_like(before), np.zeros((len(space.counters) + 2, width))
    walk(before.ravel(), after.ravel(), factor.ravel(), flow.ravel())
    tile, counted, stay = before * factor[ENTER], np.zeros_like(flow), stay_slots(rows)
    tile[0] += factor[VACANT]
    for origin, destination, counter, schedule in (*rows, *rows[::-1]):
        moved = factor[stay[schedule] if origin == destination else HALF + schedule] * tile[origin]
        if origin != destination:
            tile[origin] -= moved
            tile[destination] += moved
        counted[counter] += moved
    tile *= factor[LEAVE]
    alive = sum(tile[1:], start=tile[0].copy())
    tile *= (alive + factor[JOIN]) / alive
    n = len(space.counters)
    assert np.array_equal(after, tile)
    assert np.array_equal(flow[:n], counted[:n])
    assert np.array_equal(flow[n + ALIVE], alive)
    assert np.array_equal(flow[n + END], sum(tile[1:], start=tile[0].copy()))


@pytest.mark.parametrize(("name", "states"), [("family", 12), ("classical", 1)])
def test_migrants_of_the_end_follow_the_women_who_are_there(name, states):
    """They keep the composition, take no more than there are, and come in the first state where there is nobody."""
    space = state_space(name)
    _, walk = written(space, 3)
    factor = np.zeros((HALF + 2 * len(space.schedules), 3))
    factor[[ENTER, LEAVE]] = 1.0
    factor[JOIN] = [5.0, -1e6, 7.0]
    before = np.arange(1.0, 3 * states + 1).reshape(states, 3)
    before[:, 2] = 0.0
    after, flow = np.zeros_like(before), np.zeros((len(space.counters) + 2, 3))
    walk(before.ravel(), after.ravel(), factor.ravel(), flow.ravel())
    total = before.sum(axis=0)
    assert after[:, 0] == pytest.approx(before[:, 0] * (total[0] + 5.0) / total[0])
    assert (after[:, 1] == 0.0).all()
    assert after[0, 2] == 7.0
    assert (after[1:, 2] == 0.0).all()
    assert flow[-1] == pytest.approx([total[0] + 5.0, 0.0, 7.0])


@pytest.mark.parametrize("seed", range(5))
def test_halving_the_step_quarters_the_error(seed):
    space = state_space("family")
    random = np.random.default_rng(seed)
    hazards = random.uniform(0.05, 0.6, len(space.schedules))
    start = random.uniform(0, 1, space.n_states)
    exact = start @ expm(generator(space, hazards))
    errors = [np.abs(walked(space, hazards, start, n)[0] - exact).max() for n in (1, 2, 4, 8, 16)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders[1:] > 1.9), orders
    assert np.all(orders[1:] < 2.1), orders


def test_births_converge_with_second_order():
    space = state_space("family")
    hazards = np.linspace(0.05, 0.5, len(space.schedules))
    start = np.linspace(1.0, 0.1, space.n_states)
    best = walked(space, hazards, start, 512)[1]
    errors = [np.abs(walked(space, hazards, start, n)[1] - best).max() for n in (1, 2, 4, 8)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.85), orders


def test_walk_keeps_the_number_of_women():
    space = state_space("family")
    start = np.linspace(1.0, 0.1, space.n_states)
    after, _ = walked(space, np.full(len(space.schedules), 3.0), start, 1)
    assert after.sum() == pytest.approx(start.sum(), rel=1e-14)
    assert (after >= 0).all()
