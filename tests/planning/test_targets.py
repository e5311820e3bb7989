"""Verdicts: each rule on series that a person can judge at sight."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.pack import load_pack
from huyou_sim.planning.targets import RULES, Target, load_targets


def target(rule, threshold, upper=np.inf, tolerance=0.0):
    return Target(1, "tfr", "central", rule, 0.89, threshold, upper, tolerance, "", "resident", "")


@pytest.mark.parametrize(
    ("rule", "threshold", "upper", "tolerance", "series", "distance"),
    [
        ("at_least", 1.8, np.inf, 0.0, [1.6, 1.8], 0.0),
        ("at_least", 1.8, np.inf, 0.0, [1.6, 1.7], 0.1),
        ("at_most", 1.56, np.inf, 0.0, [1.56, 1.60], 0.04),
        ("at_most", 1.56, np.inf, 0.0, [1.56, 1.50], 0.0),
        ("within", 45.0, 55.0, 0.0, [49.9, 59.0], 4.0),
        ("within", 45.0, 55.0, 0.0, [49.9, 44.0], 1.0),
        ("within", 45.0, 55.0, 0.0, [49.9, 50.0], 0.0),
        ("rise_steady", 0.94, np.inf, 0.02, [0.89, 0.90, 0.89, 0.95], 0.0),
        ("rise_steady", 0.94, np.inf, 0.02, [0.89, 0.90, 0.85, 0.95], 0.03),
        ("rise_steady", 0.94, np.inf, 0.02, [0.89, 0.90, 0.91, 0.92], 0.02),
    ],
)
def test_distance_is_zero_exactly_when_met(rule, threshold, upper, tolerance, series, distance):
    found = RULES[rule](np.array([series]), target(rule, threshold, upper, tolerance))
    assert found[0] == pytest.approx(distance, abs=1e-12)


def test_every_demographic_indicator_stands_at_three_levels_with_a_reason():
    targets = load_targets(load_pack("huzhou"))
    assert {t.indicator_id for t in targets} == {1, 2, 3, 4, 6, 22, 23}
    for indicator in {t.indicator_id for t in targets}:
        assert {t.level for t in targets if t.indicator_id == indicator} == {"lenient", "central", "strict"}
    assert all(len(t.reason) > 20 for t in targets)


def test_a_stricter_level_never_asks_less():
    """At the series of any value, the strict distance is at least the central, the central at least the lenient."""
    targets = load_targets(load_pack("huzhou"))
    for indicator in {t.indicator_id for t in targets}:
        by_level = {t.level: t for t in targets if t.indicator_id == indicator}
        for value in np.linspace(0.5, 1.5, 21):
            some = by_level["central"]
            series = np.array([[some.baseline, some.baseline + (value - 1.0) * abs(some.baseline)]])
            lenient, central, strict = (
                RULES[by_level[level].rule](series, by_level[level])[0] for level in ("lenient", "central", "strict")
            )
            assert lenient <= central + 1e-12 <= strict + 2e-12, (indicator, value)
