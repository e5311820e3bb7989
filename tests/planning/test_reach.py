"""Reachability: identities between levels, truths and published figures, draws, scenarios and sets of targets."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.planning.packages import fit_place
from huyou_sim.planning.reach import COLUMNS, joint_table, outcomes, reach_table, run_reach
from huyou_sim.policy import load_scenarios

LEVELS = ("lenient", "central", "strict")


@pytest.fixture(scope="module")
def fit():
    return fit_place("huzhou")


@pytest.fixture(scope="module")
def pack(fit):
    return fit.pack


@pytest.fixture(scope="module")
def dataset(fit):
    scenarios = load_scenarios(["no_new_policy", "everything_together"], areas=fit.baseline.areas)
    return prepare_ensemble(fit, None, 150, until=2025).project(scenarios)


@pytest.fixture(scope="module")
def table(pack, dataset):
    return reach_table(pack, dataset)


@pytest.fixture(scope="module")
def fertility(pack):
    """Return the pack with the targets of the fertility rate alone."""
    return only(pack, "tfr")


def only(pack, *variables):
    rows = pack.targets[pack.targets["variable"].isin(variables)].reset_index(drop=True)
    return dataclasses.replace(pack, targets=rows)


def exact(pack):
    """Return the pack with figures that are published without error."""
    names = pack.targets["variable"].unique()
    rows = {"standard_error": 0.0, "unit": "", "shared_with": "", "correlation": np.nan, "reason": ""}
    return dataclasses.replace(pack, publication_errors=pd.DataFrame([{"variable": name} | rows for name in names]))


def fertility_of(pack, series):
    """Return a dataset like an ensemble's, with a fertility rate by (draw, year)."""
    coords = {"scenario": ["a"], "draw": np.arange(len(series)), "area": [pack.place.code], "year": range(2021, 2026)}
    attrs = {"mark": "", "seed": 1, "effective_draws": float(len(series))}
    array = np.asarray(series)[None, :, None]
    return xr.Dataset({"tfr": (("scenario", "draw", "area", "year"), array)}, coords, attrs)


SERIES = arrays(np.float64, st.tuples(st.integers(1, 20), st.just(5)), elements=st.floats(0.3, 2.0))


def test_every_target_stands_at_every_level_under_every_scenario_with_all_that_it_needs(table):
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 7 * 3 * 2
    for name in ("definition", "population_base", "rule", "reason", "unit"):
        assert (table[name].str.len() > 0).all(), name
    assert set(table["bridged"]) == {True, False}
    assert table["probability"].between(0.0, 1.0).all()
    assert table["probability_seen"].between(0.0, 1.0).all()
    errors = [name for name in table if name.endswith("_error") and name.startswith("probability")]
    assert len(errors) == 3
    assert (table[errors] > 0.0).all(axis=None), "not even where every draw agrees"
    assert (table["q05"] <= table["q50"]).all()
    assert (table["q50"] <= table["q95"]).all()
    assert (table["distance_q05"] <= table["distance_q95"]).all()


def test_a_stricter_level_is_reached_in_no_other_draw(pack, dataset):
    found = {(one.target.indicator_id, one.target.level): one for one in outcomes(pack, dataset)}
    for indicator, level in found:
        if level != "lenient":
            milder = found[indicator, LEVELS[LEVELS.index(level) - 1]]
            assert (found[indicator, level].reached <= milder.reached).all()
            assert (found[indicator, level].seen <= milder.seen).all()


@given(SERIES)
def test_fertility_of_any_course_is_reached_at_a_milder_level_wherever_at_a_stricter(fertility, series):
    reached = [one.reached for one in outcomes(fertility, fertility_of(fertility, series))]
    assert (reached[2] <= reached[1]).all()
    assert (reached[1] <= reached[0]).all()


@given(SERIES)
def test_a_figure_without_error_shows_the_truth(fertility, series):
    for one in outcomes(exact(fertility), fertility_of(fertility, series)):
        assert np.array_equal(one.seen_values, one.values)
        assert np.array_equal(one.seen, one.reached)


@given(SERIES)
def test_what_is_reached_ends_on_the_right_side(fertility, series):
    for one in outcomes(fertility, fertility_of(fertility, series)):
        assert (one.reached <= one.last).all()


@given(SERIES, st.randoms())
def test_a_draw_alone_is_the_draw_among_many(fertility, series, random):
    number = random.randrange(len(series))
    whole = fertility_of(fertility, series)
    for one, alone in zip(outcomes(fertility, whole), outcomes(fertility, whole.isel(draw=[number])), strict=True):
        for name in ("values", "seen_values", "distance", "seen_distance"):
            assert np.array_equal(getattr(alone, name)[:, 0], getattr(one, name)[:, number]), name


def test_where_only_the_end_counts_it_is_all_that_counts(pack, dataset):
    for one in outcomes(pack, dataset):
        if one.target.rule != "rise_steady":
            assert np.array_equal(one.reached, one.last)


def test_published_series_begin_at_the_figure_that_is_known(fertility):
    """A true rate that rises from 1.2 to 1.21 is seen to jump from 0.89, and a fall from 2.0 is not seen at all."""
    sure = fertility_of(fertility, [[1.20, 1.20, 1.20, 1.20, 1.21], [2.0, 1.5, 1.5, 1.5, 1.5]])
    small = dataclasses.replace(
        fertility, publication_errors=exact(fertility).publication_errors.assign(standard_error=1e-6)
    )
    lenient = outcomes(small, sure)[0]
    assert lenient.reached.tolist() == [[True, False]]
    assert lenient.seen.tolist() == [[True, True]]


def test_order_of_scenarios_changes_nothing_but_the_order(pack, dataset, table):
    turned = reach_table(pack, dataset.isel(scenario=[1, 0]))
    key = ["scenario", "indicator_id", "level"]
    pd.testing.assert_frame_equal(turned.sort_values(key, ignore_index=True), table.sort_values(key, ignore_index=True))


def test_equal_scenarios_have_equal_rows(pack, dataset):
    twins = xr.concat(
        [dataset.isel(scenario=[1]), dataset.isel(scenario=[1]).assign_coords(scenario=["twin"])], dim="scenario"
    ).assign_attrs(dataset.attrs)
    both = reach_table(pack, twins)
    one, other = (both[both["scenario"] == key].drop(columns="scenario") for key in ("everything_together", "twin"))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))


def test_together_is_no_more_probable_than_alone(pack, dataset, table):
    joint = joint_table(pack, dataset, {1, 6})
    assert len(joint) == 2 * 3
    assert set(joint["indicator_ids"]) == {"1 6"}
    for row in joint.to_dict("records"):
        same = table[(table["scenario"] == row["scenario"]) & (table["level"] == row["level"])]
        alone = same.set_index("indicator_id").loc[[1, 6]]
        for name in ("probability", "probability_seen"):
            assert alone[name].sum() - 1.0 - 1e-12 <= row[name] <= alone[name].min()
    everything = joint_table(pack, dataset)
    assert set(everything["indicator_ids"]) == {"1 2 3 4 6 22 23"}


def test_one_target_together_is_the_target_itself(pack, dataset, table):
    joint = joint_table(pack, dataset, [6]).set_index(["scenario", "level"])
    alone = table[table["indicator_id"] == 6].set_index(["scenario", "level"]).loc[joint.index]
    assert np.array_equal(joint["probability"], alone["probability"])
    assert np.array_equal(joint["probability_seen_error"], alone["probability_seen_error"])


def test_the_mark_goes_to_every_row(pack, dataset):
    doubtful = dataset.assign_attrs(mark="sampler not converged")
    assert set(reach_table(pack, doubtful)["mark"]) == {"sampler not converged"}
    assert set(joint_table(pack, doubtful)["mark"]) == {"sampler not converged"}
    unmarked = dataset.assign_attrs()
    del unmarked.attrs["mark"]
    with pytest.raises(ArgumentError, match="no probability goes without the mark"):
        reach_table(pack, unmarked)


def test_mistakes_say_what_to_type(pack, dataset):
    with pytest.raises(ArgumentError, match="--until 2025"):
        reach_table(pack, dataset.sel(year=slice(None, 2024)))
    with pytest.raises(ArgumentError, match=r"found 5, 99; expected some of 1, 2, 3"):
        joint_table(pack, dataset, [1, 5, 99])
    with pytest.raises(ArgumentError) as caught:
        run_reach("huzhou", draws=0, until=2024)
    assert [problem.where for problem in caught.value.problems] == ["--draws", "--until"]
    with pytest.raises(ArgumentError, match="found 5"):
        run_reach("huzhou", together=[5])


def test_a_place_without_targets_has_bands_and_no_rows():
    reach = run_reach("jiaxing", ["no_new_policy"], draws=3, until=2025, prior_only=True)
    assert reach.targets.empty
    assert reach.joint.empty
    assert list(reach.targets.columns) == list(COLUMNS)
    assert reach.bands["tfr"].sizes["quantile"] == 9
    with pytest.raises(ArgumentError, match="a place that has targets"):
        run_reach("jiaxing", together=[1])
