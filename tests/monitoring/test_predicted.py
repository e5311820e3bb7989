"""Predicted figures: parts of years add up, a mixture of normals is one, errors of one sample go together."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from huyou_sim.errors import ArgumentError
from huyou_sim.monitoring.part_years import SEASONS, bridge_covariance, season_of
from huyou_sim.monitoring.predicted import ASSUMED_RATES, Predicted, predict
from huyou_sim.planning.course import SPREAD_90
from huyou_sim.planning.periods import Period, parse_period

DAYS = st.integers(0, 364)


def test_a_quarter_varies_as_it_is_assumed_to_and_a_year_not_at_all():
    quarter = Period(date(2023, 1, 1), date(2023, 4, 2))  # 92 days
    for season in SEASONS:
        sd = season.omega * bridge_covariance(quarter, quarter) ** 0.5 / quarter.share
        assert sd == pytest.approx(season.central, rel=0.02)
        assert season.low < season.central < season.high
        assert season.reason.startswith("Assumed")
    year = parse_period("2023")
    assert bridge_covariance(year, year) == pytest.approx(0.0)
    assert bridge_covariance(quarter, parse_period("2024Q1")) == 0.0
    assert season_of("births").central < season_of("marriages").central


@given(st.lists(DAYS, min_size=2, max_size=5, unique=True))
def test_shares_of_any_parts_add_up_and_their_covariance_is_one(days):
    ends = [0, *sorted(days), 365]
    first = date(2023, 1, 1).toordinal()
    parts = [Period(date.fromordinal(first + a), date.fromordinal(first + b - 1))
             for a, b in pairwise(ends) if b > a]  # fmt: skip
    matrix = np.array([[bridge_covariance(a, b) for b in parts] for a in parts])
    assert sum(part.share for part in parts) == pytest.approx(1.0)
    assert np.allclose(matrix.sum(axis=0), 0.0, atol=1e-12), "what one part has more the others have less"
    assert np.linalg.eigvalsh(matrix).min() > -1e-12


def test_truths_are_the_model_s_by_days_between_year_ends_and_of_another_population(pack, dataset, read):
    figures = read(
        "births,2023Q1,4000", "births,2023,16000", "population_total,2023-06-30,3400000", "tfr,2023,0.9",
        "share_second_third,2023-01-01/2023-06-30,40", "births,2023,15000,,,household_registered",
    )  # fmt: skip
    found = predict(pack, dataset, figures)
    by = {(one.name, one.population_base, str(one.period)): found.truth[:, i] for i, one in enumerate(figures)}
    place = dataset.sel(area="330500").isel(scenario=0)
    births = place["births"].sel(year=2023).values
    assert np.allclose(by["births", "resident", "2023Q1"], births * 90 / 365)
    assert np.allclose(by["births", "resident", "2023"], births)
    people = place["population_total"]
    middle = people.sel(year=2022) + (people.sel(year=2023) - people.sel(year=2022)) * 181 / 365
    assert np.allclose(by["population_total", "resident", "2023-06-30"], middle)
    moved = 17_500.0 * births / place["births"].sel(year=2021).values
    assert np.allclose(by["births", "household_registered", "2023"], moved)
    share = by["share_second_third", "household_registered", "2023-01-01/2023-06-30"]
    logit = lambda p: np.log(p / (100.0 - p))  # noqa: E731
    own = place["share_second_third"]
    expected = logit(40.19) + logit(own.sel(year=2023).values) - logit(own.sel(year=2021).values)
    assert np.allclose(logit(share), expected)


def test_errors_of_one_sample_and_of_overlapping_periods_go_together(pack, dataset, read):
    figures = read(
        "tfr,2023,0.9", "natural_increase_rate,2023,-1", "tfr,2022,0.9", "births,2023Q1,4000",
        "births,2023-01-01/2023-06-30,8000", "births,2023,16000", "births,2023,2900,Deqing",
    )  # fmt: skip
    found = predict(pack, dataset, figures)
    at = {(one.name, one.area, str(one.period)): i for i, one in enumerate(figures)}
    size = found.covariance / np.outer(found.sd, found.sd)

    def corr(one, other):
        return size[at[one], at[other]]

    tfr, growth = ("tfr", "330500", "2023"), ("natural_increase_rate", "330500", "2023")
    assert corr(tfr, growth) == pytest.approx(0.7, rel=1e-6)
    assert corr(tfr, ("tfr", "330500", "2022")) == 0.0
    quarter, half = ("births", "330500", "2023Q1"), ("births", "330500", "2023-01-01/2023-06-30")
    year = ("births", "330500", "2023")
    assert 0.3 < corr(quarter, half) < 0.9
    assert found.sd[at[year]] == pytest.approx(500.0, rel=1e-6)
    births = float(dataset["births"].sel(area="330500", year=2023).median())
    omega, part = season_of("births").omega, 90 / 365
    expected = (500.0**2 * part + (births * omega) ** 2 * part * (1.0 - part)) ** 0.5
    assert found.sd[at[quarter]] == pytest.approx(expected, rel=1e-6)
    assert np.linalg.eigvalsh(size).min() > -1e-9
    assert corr(year, ("births", "330521", "2023")) == 0.0


def made(truth, covariance, figures):
    return Predicted(tuple(figures), truth, covariance, float(len(truth)), 7, np.arange(len(truth)))


def test_the_predictive_distribution_is_a_mixture_of_normals(read):
    figures = read("tfr,2022,0.9", "tfr,2023,0.9")
    truth = np.random.default_rng(1).normal([0.9, 0.8], [0.05, 0.1], (4000, 2))
    one = made(truth, np.diag([0.07**2, 0.07**2]), figures)
    below, error = one.below(np.array([0.85, 0.85]))
    spread = [np.hypot(0.05, 0.07), np.hypot(0.1, 0.07)]
    assert np.allclose(below, norm.cdf([0.85, 0.85], [0.9, 0.8], spread), atol=0.02)
    assert (error > 0).all()
    quantiles = one.quantiles([0.05, 0.5, 0.95])
    assert np.allclose(one.below(quantiles)[0], [[0.05] * 2, [0.5] * 2, [0.95] * 2], atol=1e-9)
    drawn = one.published()
    assert drawn.std(axis=0) == pytest.approx(spread, rel=0.05)


def test_a_part_of_the_draws_has_their_figures(pack, dataset, read):
    figures = read("tfr,2022,0.9", "births,2023,16000")
    whole = predict(pack, dataset, figures)
    part = whole.of_draws(slice(100, 200))
    assert np.array_equal(part.truth, whole.truth[100:200])
    assert np.array_equal(part.published(), whole.published()[100:200])
    assert part.effective == pytest.approx(whole.effective / 4)


def test_what_no_draw_moves_has_the_range_of_its_assumption(pack, dataset):
    rows = pack.assumptions.set_index("name")
    logs = np.log(dataset["divorces"].sel(area="330500", year=2022).values[0])
    wide = float(np.log(rows.loc["divorce_rate", "high"] / rows.loc["divorce_rate", "low"])) / SPREAD_90
    assert logs.std() == pytest.approx(np.hypot(wide, 0.10), rel=0.12)
    assert set(ASSUMED_RATES.values()) <= set(rows.index)
    both = dataset["first_marriages"] + dataset["remarriages"]
    assert np.allclose(dataset["marriages"], both)
    ratio = dataset["crude_marriage_rate"] / dataset["crude_divorce_rate"]
    assert np.allclose(ratio, dataset["marriages"] / dataset["divorces"])


def test_what_cannot_be_bridged_is_an_error(pack, dataset, read):
    one = read("births,2023,15000,,,household_registered")[0]
    low = dataset.assign(births=dataset["births"] * 0.0)
    with pytest.raises(ArgumentError, match="bridge"):
        predict(pack, low, [one])
