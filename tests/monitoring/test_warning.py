"""Colours at their thresholds, directions by the rule of the target, rates of false alarms near the nominal ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from huyou_sim.monitoring.predicted import predict
from huyou_sim.monitoring.warning import (
    AMBER,
    RED,
    colour_of,
    direction_of,
    distances,
    either_side,
    figure_table,
    rank_probability,
    series_table,
    worst,
)
from huyou_sim.planning.targets import load_targets


@pytest.fixture(scope="module")
def goals(pack):
    return {one.variable: one for one in load_targets(pack) if one.level == "central"}


def test_colours_change_at_their_thresholds():
    assert [colour_of(p) for p in (1.0, AMBER, AMBER - 1e-9, RED, RED - 1e-9, 0.0)] == [
        "green", "green", "amber", "amber", "red", "red",
    ]  # fmt: skip
    assert worst(["green", "red", "amber"]) == "red"
    assert worst([]) == "green"
    assert np.allclose(either_side(np.array([0.5, 0.05, 0.95, 0.0])), [1.0, 0.1, 0.1, 0.0])


def test_direction_is_that_of_the_target(goals):
    assert direction_of("above", goals["tfr"], 0.9) == "better"
    assert direction_of("below", goals["share_second_third"], 40.0) == "worse"
    assert direction_of("below", goals["infant_mortality_rate"], 1.5) == "better"
    assert direction_of("above", goals["total_dependency_60"], 56.0) == "worse"
    assert direction_of("above", goals["total_dependency_60"], 38.0) == "better"
    assert direction_of("above", None, 1.0) == "neutral"


def test_a_figure_outside_its_band_is_amber_and_far_outside_red(pack, dataset, read, goals):
    figures = read("tfr,2022,0.9", "tfr,2023,0.9", "births,2022,16000", "births,2023,16000")
    found = predict(pack, dataset, figures)
    q = found.quantiles([0.0099, 0.0101, 0.049, 0.051, 0.5])
    for i, expected in enumerate(["red", "amber", "amber", "green", "green"]):
        seen = tuple(replace(one, value=float(value)) for one, value in zip(figures, q[i], strict=True))
        table = figure_table(replace(found, figures=seen), goals, mark="m")
        assert set(table["colour"]) == {expected}
        assert set(table["mark"]) == {"m"}
    off = tuple(replace(one, value=float(q[0, i]) if one.period.year == 2023 else float(q[4, i]))
                for i, one in enumerate(figures))  # fmt: skip
    late = replace(found, figures=off)
    series = series_table(late, figure_table(late, goals)).set_index("name")
    assert series["first_year_off"].to_dict() == {"births": 2023, "tfr": 2023}
    assert series.loc["tfr", "side"] == "below"
    assert series.loc["tfr", "direction"] == "worse"
    assert series.loc["births", "direction"] == "neutral"


def test_histories_of_the_course_raise_alarms_at_the_nominal_rate(pack, dataset, read):
    rows = [
        f"{name},{year},{value}" for name, value in (("tfr", 0.9), ("births", 16000)) for year in (2022, 2023, 2024)
    ]
    found = predict(pack, dataset, read(*rows, "births,2023Q1,4000"))
    band, held = found.of_draws(slice(0, 200)), found.of_draws(slice(200, 400)).published()
    chances = either_side(band.below(held)[0])
    for limit in (AMBER, RED):
        rate = (chances < limit).mean(axis=0)
        spread = 4.0 * (limit * (1.0 - limit) * (1 / 200 + 1 / 200)) ** 0.5
        assert (np.abs(rate - limit) < spread).all(), (limit, rate)
    ranks = rank_probability(*distances(band, held))
    assert abs((ranks < AMBER).mean() - AMBER) < 4.0 * (0.1 * 0.9 * 2 / 200) ** 0.5
    assert ranks.min() >= 1 / 201


def test_the_distance_is_mahalanobis_of_logs_where_figures_are_positive(pack, dataset, read):
    found = predict(pack, dataset, read("births,2022,19000", "natural_increase_rate,2022,-1", "tfr,2022,0.9"))
    own = found.published()
    logs = np.array([True, False, True])
    drawn, seen = (np.where(logs, np.log(np.abs(one)), one) for one in (own, found.values))
    spread = np.cov(drawn, rowvar=False, bias=True)
    off = seen - drawn.mean(axis=0)
    assert distances(found, found.values[None])[0][0] == pytest.approx(float(off @ np.linalg.solve(spread, off)) ** 0.5)
