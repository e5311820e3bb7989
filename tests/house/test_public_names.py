"""The public screen: what it holds, and that every name is there and says what it is."""

from __future__ import annotations

import inspect

import pytest

import huyou_sim

# A name that is added or removed is a change for every user: it is made here on purpose.
PUBLIC = [
    "Baseline",
    "Calibration",
    "HuyouError",
    "Pack",
    "Rates",
    "Scenario",
    "Stock",
    "assess_targets",
    "build_baseline",
    "calibrate",
    "fit_place",
    "indicators",
    "load_pack",
    "load_scenario",
    "project",
    "read_result",
    "run_comparison",
    "run_monitor",
    "run_needs",
    "run_packages",
    "run_reach",
    "run_scorecard",
    "state_space",
]


def test_the_public_names_are_these():
    assert sorted(huyou_sim.__all__) == PUBLIC
    assert len(huyou_sim.__all__) == len(set(huyou_sim.__all__))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_there_and_documented(name):
    found = getattr(huyou_sim, name)
    assert inspect.getmodule(found).__name__.startswith("huyou_sim.")
    assert inspect.getdoc(found)


def test_dir_lists_the_public_names():
    assert set(PUBLIC) <= set(dir(huyou_sim))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="run_package"):
        _ = huyou_sim.run_package
