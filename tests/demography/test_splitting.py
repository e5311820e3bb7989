"""The walk over the event table against the exact solution: a matrix exponential of the same hazards."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from huyou_sim.demography.kernel import _walk
from huyou_sim.demography.states import state_space


def generator(space, hazards):
    """Return the intensity matrix (from, to) of the events that leave their state."""
    matrix = np.zeros((space.n_states, space.n_states))
    for event, (origin, destination, _) in zip(space.events, space.event_table(), strict=True):
        if origin != destination:
            rate = hazards[space.schedules.index(event.schedule)]
            matrix[origin, destination] += rate
            matrix[origin, origin] -= rate
    return matrix


def walked(space, hazards, start, steps):
    """Return the states after one year, walked in `steps` equal parts, and births by order."""
    table = np.array(
        [
            (*space.event_table()[i, :2], space.counter_of(event), space.schedules.index(event.schedule))
            for i, event in enumerate(space.events)
        ]
    )
    tile = start[:, None].copy()
    part = (hazards / steps)[:, None]
    births = np.zeros(len(space.orders))
    for _ in range(steps):
        flow = np.zeros((len(space.counters), 1))
        _walk(tile, table, 1.0 - np.exp(-part / 2), part, flow)
        births += flow[: len(births), 0]
    return tile[:, 0], births


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
