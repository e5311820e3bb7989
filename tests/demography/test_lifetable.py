"""Life tables against identities: whatever the rates, the columns hang together, and a fault is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.demography.lifetable import (
    group_survivorship,
    life_expectancy,
    life_table,
    scaled_expectancy,
    survivors,
    survivorship,
)
from huyou_sim.demography.separation import (
    coale_demeny_separation,
    death_probabilities,
    death_rates,
    infant_separation,
    separation,
)
from huyou_sim.errors import ArgumentError, LabelError, RateError


@given(level=st.floats(1e-5, 3e-4), slope=st.floats(0.05, 0.087))
def test_columns_hang_together(level, slope):
    rates = level * np.exp(slope * np.arange(101))
    qx, lx, person_years = survivors(rates, "female")
    assert ((qx >= 0) & (qx <= 1)).all()
    assert (np.diff(lx) <= 0).all()
    assert lx[0] == 1.0
    ratios = survivorship(rates, "female")
    assert ((ratios > 0) & (ratios <= 1)).all()
    # People who die at rate m live d / m years: the definition of the rate.
    deaths = lx * qx
    closed = slice(0, 100)
    assert np.allclose(deaths[closed], rates[closed] * person_years[closed], rtol=1e-9)


@pytest.mark.parametrize("ages", [list(range(101)), [0, 1, *range(5, 101, 5)]])
@pytest.mark.parametrize("rate", [1e-3, 0.02, 0.4, 5.0])
def test_constant_rate_has_the_exponential_expectancy(ages, rate):
    """Everybody dies once and at one rate per year lived: 1 / m years, however a(x) splits them."""
    table = life_table(np.full(len(ages), rate), ages, "male", ax="middle")
    assert table.expectancy[0] == pytest.approx(1.0 / rate, rel=1e-12)
    if len(ages) == 101:
        assert life_expectancy(np.full(101, rate), "male") == pytest.approx(1.0 / rate, rel=1e-12)


ABRIDGED = [0, 1, *range(5, 101, 5)]


def gompertz(level, slope):
    middles = np.array([0.5, 3.0, *np.arange(7.5, 103, 5)])
    return level * np.exp(slope * middles)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_single_ages_are_the_same_table_bit_for_bit(sex):
    # Steep enough for a last closed age at which nobody can live through the year.
    rates = 5e-5 * np.exp(0.11 * np.arange(101))
    assert rates[-2] > 2.0
    table = life_table(rates, range(101), sex)
    qx, lx, person_years = survivors(rates, sex)
    assert (table.qx == qx).all()
    assert (table.lx == lx).all()
    assert np.allclose(table.person_years, person_years, rtol=1e-13, atol=0)
    assert np.allclose(group_survivorship(table, 1), survivorship(rates, sex), rtol=1e-13, atol=0)


@given(
    level=st.floats(1e-6, 1e-3),
    slope=st.floats(0.03, 0.12),
    sex=st.sampled_from(["male", "female"]),
    rule=st.sampled_from(["graduated", "iterated", "middle"]),
)
def test_abridged_columns_hang_together(level, slope, sex, rule):
    rates = gompertz(level, slope)
    table = life_table(rates, ABRIDGED, sex, ax=rule)
    assert ((table.qx >= 0) & (table.qx <= 1)).all()
    assert table.qx[-1] == 1.0
    assert table.dx.sum() == pytest.approx(1.0, rel=1e-12)
    # The rate is deaths per person-year, whatever a(x) is, the open group included.
    assert np.allclose(table.dx, rates * table.person_years, rtol=1e-9, atol=1e-300)
    assert table.expectancy[-1] == pytest.approx(1 / rates[-1], rel=1e-12) or table.lx[-1] == 0
    assert np.allclose(table.above[:-1] - table.above[1:], table.person_years[:-1], rtol=1e-9, atol=1e-9)
    ratios = group_survivorship(table, 5)
    assert ratios.shape == (22,)
    assert ((ratios >= 0) & (ratios <= 1)).all()
    if (rates[:-1] * table.ax[:-1] < 1).all():
        back = death_rates(table.qx, table.ax, ABRIDGED)
        assert np.allclose(back, rates, rtol=1e-9)


@given(level=st.floats(1e-5, 2e-4), slope=st.floats(0.05, 0.09))
def test_five_year_survivorship_of_single_ages(level, slope):
    """People of a stationary population: those of 5-9 now over those of 0-4 five years ago."""
    table = life_table(level * np.exp(slope * np.arange(101)), range(101), "male")
    ratios = group_survivorship(table, 5)
    lived = table.person_years
    assert ratios[0] == pytest.approx(lived[:5].sum() / 5, rel=1e-13)
    assert ratios[4] == pytest.approx(lived[20:25].sum() / lived[15:20].sum(), rel=1e-13)
    assert ratios[-1] == pytest.approx(lived[100] / lived[95:].sum(), rel=1e-13)


def test_iterated_separation_solves_its_own_equation():
    table = life_table(gompertz(1e-5, 0.1), ABRIDGED, "female", ax="iterated")
    dx, at = table.dx, np.arange(4, 20)
    expected = 2.5 + 5 / 24 * (dx[at + 1] - dx[at - 1]) / dx[at]
    assert np.allclose(table.ax[at], expected, atol=1e-10)
    # The last closed group has no neighbour of its kind, and keeps the graduated value.
    assert table.ax[20] == separation(table.mx, ABRIDGED, "female")[20]


def test_many_tables_at_once():
    rates = np.stack([gompertz(3e-5, 0.1), gompertz(1e-4, 0.08)])
    for rule in ("graduated", "iterated", "middle"):
        both = life_table(rates, ABRIDGED, "male", ax=rule)
        for i in range(2):
            assert np.allclose(
                both.expectancy[i], life_table(rates[i], ABRIDGED, "male", ax=rule).expectancy, rtol=1e-11
            )
        assert np.allclose(
            group_survivorship(both, 5)[1], group_survivorship(life_table(rates[1], ABRIDGED, "male", ax=rule), 5)
        )


@pytest.mark.parametrize(
    ("sex", "m0", "a0"),
    # On both sides of each threshold, worked out by hand from the printed formulas.
    [
        ("male", 0.0229, 0.103594),
        ("male", 0.0232, 0.103957),
        ("male", 0.0830, 0.298917),
        ("male", 0.0835, 0.299150),
        ("female", 0.0172, 0.113679),
        ("female", 0.0174, 0.114197),
        ("female", 0.0688, 0.313675),
        ("female", 0.0693, 0.314110),
    ],
)
def test_separation_of_infants_by_andreev_and_kingkade(sex, m0, a0):
    assert infant_separation(np.array(m0), sex) == pytest.approx(a0, abs=1e-6)


@pytest.mark.parametrize(
    ("sex", "m0", "a0", "child"),
    [
        ("male", 0.106, 0.329504, 1.352504),
        ("male", 0.108, 0.330, 1.352),
        ("female", 0.106, 0.349800, 1.361092),
        ("female", 0.108, 0.350, 1.361),
    ],
)
def test_separation_of_children_by_coale_and_demeny(sex, m0, a0, child):
    assert np.allclose(coale_demeny_separation(np.array(m0), sex), (a0, child), rtol=0, atol=1e-9)


def test_many_tables_of_single_ages_at_once():
    rates = 5e-5 * np.exp(0.09 * np.arange(101)) * np.array([0.5, 1.0, 2.0, 4.0])[:, None]
    many = rates.reshape(2, 2, 101)
    for function in (survivorship, life_expectancy):
        found = function(many, "female")
        assert found.shape[:2] == (2, 2)
        for i in range(4):
            assert np.array_equal(found.reshape(4, -1)[i], np.atleast_1d(function(rates[i], "female")))


def test_graduated_separation_in_numbers():
    """Greville by hand: m of 20-24 0.01, growing by a tenth a year, gives 2.5 - 25/12 (0.01 - 0.1)."""
    rates = 0.01 * np.exp(0.1 * (np.array([0, 1, *range(5, 101, 5)]) - 20.0))
    lived = separation(rates, ABRIDGED, "male")
    assert lived[ABRIDGED.index(20)] == pytest.approx(2.5 - 25 / 12 * (0.01 - 0.1), rel=1e-12)
    # 95-99 has the growth of 90-94 and would fall below 0: the United Nations' bound is taken.
    assert lived[-2] == 0.97
    assert lived[ABRIDGED.index(10)] == 2.5
    assert separation(rates, ABRIDGED, "male", graduated_from=10)[ABRIDGED.index(10)] > 2.6
    assert lived.min() > 0
    assert lived[-1] == np.inf
    # Rates that grow fourfold every year would ask for more than the group has.
    for factor, expected in ((2.0, 2.5 + 25 / 12 * np.log(2)), (4.0, 5.0)):
        lived = separation(1e-80 * factor ** np.array(ABRIDGED, dtype=float), ABRIDGED, "male")
        assert lived[10] == pytest.approx(expected, rel=1e-12)


def test_groups_of_other_lengths_keep_their_middle():
    ages = [0, 1, 5, 10, 15, 20, 30, 40, 45, 50, 55]
    rates = 1e-3 * np.exp(0.05 * np.array(ages))
    lived = dict(zip(ages, separation(rates, ages, "female", graduated_from=10), strict=True))
    # Only 10-14 and 45-49 stand between closed groups of five years; 50-54 is the last of them.
    assert [age for age in ages[2:-1] if lived[age] not in (2.5, 5.0)] == [10, 45, 50]
    assert lived[20] == lived[30] == 5.0


@pytest.mark.parametrize("empty", [10, 20, 40])
def test_a_group_without_deaths_has_no_growth_to_take(empty):
    """In a small place a group may be without deaths: its neighbours keep their middle, and nothing is not finite."""
    at = ABRIDGED.index(empty)
    rates = gompertz(3e-5, 0.1)
    rates[at] = 0.0
    for rule in ("graduated", "iterated"):
        table = life_table(rates, ABRIDGED, "male", ax=rule)
        assert table.qx[at] == table.dx[at] == 0.0
        assert np.isfinite(table.expectancy).all()
    lived = separation(rates, ABRIDGED, "male")
    assert lived[at - 1] == lived[at + 1] == 2.5


def test_whole_numbers_are_numbers():
    table = life_table([1, 0, 0, 1], [0, 1, 5, 10], "female")
    assert table.lx.dtype == float
    assert 0 < table.lx[1] < 1
    single, *_ = survivors(np.array([1, 0, 1]), "female")
    assert 0 < single[0] < 1


def test_inputs_are_left_alone():
    rates, lived = gompertz(3e-5, 0.1), np.full(22, 0.5)
    before = rates.copy(), lived.copy()
    life_table(rates, ABRIDGED, "male", ax=lived)
    assert (rates == before[0]).all()
    assert (lived == before[1]).all()


def put(values, age, value):
    return np.where(np.array(ABRIDGED) == age, value, values)


RATES = gompertz(3e-5, 0.1)
MIDDLE = np.full(22, 0.5)
SINGLE = np.full(101, 0.01)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: life_table(put(RATES, 15, np.nan), ABRIDGED, "male"),
            RateError,
            r"death rate \(male\) at age 15.*nan",
        ),
        (lambda: life_table(put(RATES, 5, -0.25), ABRIDGED, "male"), RateError, r"age 5: found -0\.25"),
        (lambda: life_table(put(RATES, 5, np.inf), ABRIDGED, "male"), RateError, "age 5: found inf"),
        (lambda: life_table(np.stack([RATES, put(RATES, 5, -1.0)]), ABRIDGED, "male"), RateError, "age 5, position 1"),
        (lambda: life_table(put(RATES, 100, 0.0), ABRIDGED, "male"), RateError, r"open group 100\+: found 0"),
        (
            lambda: life_table(RATES, ABRIDGED, "male", ax=put(MIDDLE, 10, 5.5)),
            RateError,
            r"a\(x\) at age 10: found 5\.5",
        ),
        (lambda: life_table(RATES, ABRIDGED, "male", ax=put(MIDDLE, 10, np.nan)), RateError, "age 10: found nan"),
        (lambda: life_table(RATES, ABRIDGED, "male", ax=MIDDLE[:-1]), LabelError, r"a\(x\): found 21 ages"),
        (
            lambda: life_table(RATES[:-1], ABRIDGED, "male"),
            LabelError,
            r"death rate \(male\): found 21 ages; expected 22",
        ),
        (lambda: life_table(RATES, ABRIDGED[::-1], "male"), LabelError, "from 0 upwards"),
        (lambda: life_table(RATES, ABRIDGED, "Male"), ArgumentError, "sex: found 'Male'; expected one of male, female"),
        (lambda: life_table(RATES, ABRIDGED, "male", ax="gratuated"), ArgumentError, "rule of a.* Type graduated"),
        (lambda: life_table(RATES, ABRIDGED, "male", childhood="west"), ArgumentError, "rule of a0: found 'west'"),
        (lambda: group_survivorship(life_table(RATES, ABRIDGED, "male"), 4), LabelError, "no group from 4 on"),
        (lambda: group_survivorship(life_table(RATES, ABRIDGED, "male"), 0), ArgumentError, "width .* found 0"),
        (lambda: survivors(np.where(np.arange(101) == 7, -1.0, SINGLE), "male"), RateError, "age 7: found -1"),
        (lambda: survivorship(np.where(np.arange(101) == 100, 0.0, SINGLE), "male"), RateError, r"open group 100\+"),
        (lambda: life_expectancy(SINGLE, "men"), ArgumentError, "sex: found 'men'"),
        (lambda: infant_separation(SINGLE[0], "boys"), ArgumentError, "sex: found 'boys'"),
        (lambda: death_probabilities(put(RATES, 20, -1e-3), MIDDLE, ABRIDGED), RateError, r"age 20: found -0\.001"),
        (
            lambda: death_rates(put(MIDDLE, 20, 1.01), MIDDLE, ABRIDGED),
            RateError,
            r"to die at age 20: found 1\.01.*0 to 1",
        ),
        (lambda: death_rates(MIDDLE[:-1], MIDDLE, ABRIDGED), LabelError, "probability to die: found 21 ages"),
        (
            lambda: death_rates(put(MIDDLE, 20, 1.0), put(MIDDLE, 20, 0.0), ABRIDGED),
            RateError,
            r"a\(x\) at age 20: found 0, and nobody outlives",
        ),
    ],
)
def test_faults_are_named_with_array_age_and_value(call, error, words):
    with pytest.raises(error, match=words):
        call()


@given(logs=st.lists(st.floats(-12.0, 1.0), min_size=22, max_size=22))
def test_iterated_separation_settles_on_any_rates(logs):
    lived = separation(np.exp(logs), ABRIDGED, "male", rule="iterated")
    assert ((lived[:-1] >= 0) & (lived[:-1] <= 5)).all()


def test_an_iteration_that_does_not_settle_says_so(monkeypatch):
    monkeypatch.setattr("huyou_sim.demography.separation.ITERATIONS", 2)
    with pytest.raises(RateError, match=r"still moving by .* Use the graduated"):
        separation(RATES, ABRIDGED, "male", rule="iterated")


@pytest.mark.parametrize("sex", ["male", "female"])
@pytest.mark.parametrize("levels", [3, 400])
def test_expectancy_at_many_levels_is_that_of_a_life_table_for_each(sex, levels):
    """The polynomial between levels stands for the life tables, from half the mortality to twice as much."""
    random = np.random.default_rng(6)
    mx = 2e-4 * np.exp(0.09 * np.arange(101))
    level, infant = random.uniform(0.5, 2.0, (levels, 2)), random.uniform(0.2, 3.0, (levels, 2))
    scaled = mx * level[..., None]
    scaled[..., 0] = mx[0] * infant
    found = scaled_expectancy(mx, sex, level, infant)
    assert found.shape == level.shape
    np.testing.assert_allclose(found, life_expectancy(scaled, sex), rtol=1e-11)
