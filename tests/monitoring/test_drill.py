"""The drill: false alarms near the nominal rate, larger shifts seen more often, and no history judged by itself."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.monitoring.drill import BOARD, COLUMNS, SERIES, SHIFTS, run_drill, shifted
from huyou_sim.monitoring.warning import AMBER, RED

HISTORIES = DRAWS = 250


@pytest.fixture(scope="module")
def run(fitted):
    def drill(**options):
        with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
            return run_drill("huzhou", draws=DRAWS, histories=HISTORIES, prior_only=True, **options)

    return drill


@pytest.fixture(scope="module")
def table(run):
    return run().table


def of(table, truth, rule, subject="", until=2025):
    chosen = table[(table["truth"] == truth) & (table["rule"] == rule) & (table["until"] == until)]
    chosen = chosen[chosen["subject"] == subject]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_the_table_has_every_truth_rule_and_year(table):
    assert list(table.columns) == list(COLUMNS)
    assert set(table["truth"]) == {"plan_as_written", "no_new_policy", *SHIFTS}
    assert len(table) == 6 * 4 * (2 * len(SERIES) + 1 + 1 + 2)
    assert (table["red"] <= table["amber"]).all()
    assert (table[["amber_error", "red_error"]] > 0.0).all(axis=None)
    assert set(BOARD) < set(SERIES)


def test_false_alarms_are_as_many_as_the_rule_says(table):
    mine = table[table["truth"] == "plan_as_written"]
    for rule in ("figure", "series", "board"):
        for colour, nominal in (("amber", AMBER), ("red", RED)):
            rates = mine.loc[mine["rule"] == rule, colour]
            # Band and histories are both of finite size; looks at one history are not independent.
            spread = (nominal * (1.0 - nominal) * (1.0 / HISTORIES + 1.0 / DRAWS)) ** 0.5
            assert (np.abs(rates - nominal) < 4.5 * spread).all(), (rule, colour, rates.tolist())


def test_before_the_shift_nothing_differs_and_after_it_the_larger_is_seen_more_often(table):
    for rule, subject in (("figure", "births"), ("series", "tfr"), ("board", "all")):
        early = {of(table, truth, rule, subject, 2022)["amber"] for truth in ("plan_as_written", *SHIFTS)}
        assert len(early) == 1, "the same histories until then"
        seen = [of(table, truth, rule, subject, 2023)["amber"] for truth in ("births_10", "births_20", "births_30")]
        assert seen == sorted(seen)
        assert seen[-1] > of(table, "plan_as_written", rule, subject, 2023)["amber"]
    marriages = of(table, "marriages_20", "figure", "crude_marriage_rate", 2023)["amber"]
    assert marriages > of(table, "plan_as_written", "figure", "crude_marriage_rate", 2023)["amber"]


def test_a_longer_watch_has_seen_no_less(table):
    for rule in ("any_figure", "ever_series", "ever_board"):
        for _, same in table[table["rule"] == rule].groupby("truth"):
            rates = same.sort_values("until")["amber"].to_numpy()
            assert (np.diff(rates) >= 0.0).all()


def test_equal_seeds_give_equal_drills(run, table):
    pd.testing.assert_frame_equal(run().table, table)


def test_a_shift_moves_its_channels_from_its_year_on(fitted):
    ensemble = prepare_ensemble(fitted, None, 3, until=2025)
    moved = shifted(ensemble, ("birth_",), 0.8)
    births = [name.startswith("birth_") for name in ensemble.baseline.space.channels]
    change = moved.shocks - ensemble.shocks
    assert np.allclose(change[:, births, 2:], np.log(0.8))
    assert np.count_nonzero(change) == 3 * sum(births) * 3
    assert not ensemble.shocks.flags.writeable


def test_few_draws_and_histories_are_named_together():
    with pytest.raises(ArgumentError) as caught:
        run_drill("huzhou", draws=1, histories=0)
    assert [problem.where for problem in caught.value.problems] == ["--draws", "--histories"]
