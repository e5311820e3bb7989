"""The smallest setting reaches, and a little less does not; out of reach is an answer with its best value."""

from __future__ import annotations

import numpy as np
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.planning.inverse import TOLERANCE, smallest_setting
from huyou_sim.planning.trials import check_probability, find_targets, levers_of, pose, tried

GRANT = "birth_grant.yuan"
IDEAL = "ideals.ideal_children"


@pytest.fixture(scope="module")
def tfr(fitted):
    return find_targets(fitted.pack, ["tfr"], "lenient")[0]


@pytest.fixture(scope="module")
def start(small, base, tfr):
    """Return the probability without the lever."""
    return tried(pose(small, base, [tfr]), [{}]).probability[0]


@pytest.fixture(scope="module")
def found(small, base, tfr, start):
    return smallest_setting(small, GRANT, tfr, start + 0.07, base=base)


def test_the_smallest_setting_reaches_and_a_smaller_one_does_not(small, base, tfr, start, found):
    assert found.reached
    assert 0.0 < found.below < found.setting
    assert found.setting - found.below <= TOLERANCE * 200_000 + 1e-6
    again = tried(pose(small, base, [tfr]), [{GRANT: found.setting}, {GRANT: found.below}, {GRANT: 0.98 * found.below}])
    assert again.probability[0] >= start + 0.07
    assert (again.probability[1:] < start + 0.07).all()
    assert found.probability == again.probability[0]
    np.testing.assert_array_equal(found.cost, again.cost[0])


def test_the_answer_comes_with_its_errors_band_and_cost(found, small):
    assert found.probability_error == pytest.approx(np.sqrt(found.probability * (1 - found.probability) / 64), rel=0.1)
    low, high = found.setting_band
    assert low <= found.setting
    assert not high < found.setting
    assert found.value[0] < found.value[1] < found.value[2]
    assert 0.0 < found.cost[0] < found.cost[1] <= found.cost[2]
    assert found.draws == len(small)
    assert found.trace["setting"].is_monotonic_increasing
    assert (found.trace["probability_seen"] <= 1.0).all()


def test_the_published_figure_is_another_question(small, base, tfr, found):
    seen = smallest_setting(small, GRANT, tfr, found.asked, base=base, seen=True)
    assert seen.probability_seen >= seen.asked if seen.reached else seen.probability_seen < seen.asked
    assert (seen.reached, seen.setting) != (found.reached, found.setting)


def test_natural_increase_is_out_of_reach_with_its_best_value(small, base, fitted):
    (target,) = find_targets(fitted.pack, [3])
    best = smallest_setting(small, GRANT, target, 0.5, base=base)
    assert not best.reached
    assert best.setting == best.below == 200_000.0
    assert best.probability < 0.2
    assert best.value[1] == best.trace["q50"].max() < 0.0
    assert np.isnan(best.setting_band[1])


def test_what_needs_no_lever_gets_none(small, base, fitted):
    (target,) = find_targets(fitted.pack, ["infant_mortality_rate"], "lenient")
    assert smallest_setting(small, GRANT, target, 0.05, base=base).setting == 0.0


def test_a_fee_falls_from_the_place_s_own(small, base, tfr):
    fee = smallest_setting(small, "childcare.fee_yuan_per_month", tfr, 0.999, base=base, bounds=(500.0, 1500.0))
    assert fee.bounds == (1500.0, 500.0)
    assert not fee.reached
    assert fee.trace["cost"].iloc[0] == pytest.approx(0.0, abs=1e5)
    assert fee.trace["cost"].iloc[-1] > 1e6


def test_bounds_of_one_s_own_are_kept(small, base, tfr):
    ideal = smallest_setting(small, IDEAL, tfr, 0.999, base=base, bounds=(1.6, 1.7))
    assert ideal.trace["setting"].max() == pytest.approx(1.7)
    assert not ideal.lever.priced


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"p": 0.0}, "probability: found 0; expected a number above 0 and below 1"),
        ({"p": 50.0}, "Type 0.5"),
        ({"lever": "birth_grants.yuan"}, "Did you mean 'birth_grant.yuan"),
        (
            {"bounds": (10.0, 5.0)},
            "bounds of birth_grant.yuan: found 10 to 5; expected the lower one first. Type 5 10",
        ),
        ({"bounds": (-1.0, 5.0)}, r"found -1 to 5; expected a number from 0 to 1000000 yuan per birth\. Type 0 5"),
    ],
)
def test_mistakes_say_what_to_type(small, base, tfr, changes, words):
    asked = {"lever": GRANT, "p": 0.5, "bounds": None} | changes
    with pytest.raises(ArgumentError, match=words):
        smallest_setting(small, asked["lever"], tfr, asked["p"], base=base, bounds=asked["bounds"])


def test_targets_are_found_by_number_and_by_name(fitted):
    three, tfr = find_targets(fitted.pack, [3, "tfr", "3"], "strict")
    assert (three.variable, three.level, tfr.indicator_id) == ("natural_increase_rate", "strict", 1)
    with pytest.raises(ArgumentError) as caught:
        find_targets(fitted.pack, ["tfrr", 99], "strictt")
    assert [problem.where for problem in caught.value.problems] == ["level", "target", "target"]
    assert "Did you mean 'tfr'" in str(caught.value)
    with pytest.raises(ArgumentError, match="target: found none"):
        find_targets(fitted.pack, [])


def test_all_faults_of_bounds_are_told_at_once(small, base, tfr):
    question = pose(small, base, [tfr])
    with pytest.raises(ArgumentError) as caught:
        levers_of(question, {"nothing": None, GRANT: (2.0, 2.0)})
    assert len(caught.value.problems) == 2


def test_a_probability_is_inside_its_bounds():
    assert check_probability(0.5) == 0.5
