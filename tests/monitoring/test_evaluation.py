"""The effect of a measure: closed forms on normal draws, coverage on histories of the model, and every mistake."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.monitoring.alternatives import GROUPS, other_measures, switched_off, variance_shares
from huyou_sim.monitoring.conditioning import conditioned_by
from huyou_sim.monitoring.effect import affected_share, detectable, effect_of, together
from huyou_sim.monitoring.evaluating import check_series, run_evaluation, seen_of, source_table
from huyou_sim.monitoring.evaluation import Question, case_of, effect_table, placebo_table
from huyou_sim.monitoring.nowcast import Figure
from huyou_sim.planning.observed import read_observed
from huyou_sim.planning.packages import fit_place
from huyou_sim.policy import load_scenario, load_scenarios

ERROR = 500.0
HISTORIES = 220
FIGURES = "variable,period,value\nbirths,2022,20400\nbirths,2023,20500\nbirths,2024,21000\ndeaths,2023,22000\n"


@pytest.fixture(scope="module")
def fitted():
    return fit_place("huzhou")


@pytest.fixture(scope="module")
def ensemble(fitted):
    return prepare_ensemble(fitted, None, 700, until=2025)


@pytest.fixture(scope="module")
def projected(ensemble, fitted):
    names = ["births", "deaths", "first_marriages"]
    chosen = load_scenarios(["no_new_policy", "plan_as_written"], areas=list(fitted.pack.areas["area"]))
    return ensemble.project(chosen, variables=names)


@pytest.fixture
def observed(tmp_path, fitted):
    path = tmp_path / "seen.csv"
    path.write_text(FIGURES, encoding="utf-8")
    return read_observed(path, fitted.pack)[0]


def normal_draws(draws: int = 4000) -> np.ndarray:
    from scipy.stats import norm

    return np.asarray(norm.ppf((np.arange(draws) + 0.5) / draws))


def test_the_smallest_effect_is_two_and_a_half_standard_deviations():
    values = 100.0 + 10.0 * normal_draws()
    fall, rise = detectable(values, np.full(len(values), 1.0 / len(values)))
    assert rise == pytest.approx(24.865, abs=0.05)
    assert fall == pytest.approx(-24.865, abs=0.05)


def test_an_effect_of_that_size_is_shown_in_four_histories_of_five():
    values = 100.0 + 10.0 * normal_draws(400)
    weights = np.full(len(values), 1.0 / len(values))
    rise = detectable(values, weights)[1]
    shown = [effect_of(float(value + rise), values, weights, 400.0)["shown"] for value in values]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.01)


def test_the_p_value_of_no_effect_is_spread_evenly():
    values = normal_draws(500)
    weights = np.full(len(values), 1.0 / len(values))
    found = [effect_of(float(value), values, weights, 500.0)["p_value"] for value in values]
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.01)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("name", "start", "year", "share"),
    [
        ("births", date(2023, 1, 1), 2023, 0.25),
        ("births", date(2023, 1, 1), 2024, 1.0),
        ("births", date(2023, 1, 1), 2022, 0.0),
        ("births", date(2023, 7, 2), 2023, 0.0),
        ("births", date(2023, 7, 2), 2024, 0.75),
        ("tfr", date(2023, 1, 1), 2023, 0.25),
        ("first_marriages", date(2023, 7, 2), 2023, 0.5),
        ("population_total", date(2023, 7, 2), 2023, 1.0),
        ("population_under_3", date(2023, 7, 2), 2023, 0.0),
        ("married_share_20_29", date(2023, 7, 2), 2022, 0.0),
    ],
)
def test_births_within_nine_months_follow_from_nothing(name, start, year, share):
    assert affected_share(name, start, year) == pytest.approx(share, abs=0.003)


@given(st.dates(date(2022, 1, 1), date(2026, 12, 31)))
def test_the_parts_of_the_years_add_up_to_the_time_since_the_lag(start):
    days = (date(start.year + 1, 1, 1) - date(start.year, 1, 1)).days
    begin = start.year + (start - date(start.year, 1, 1)).days / days + 0.75
    total = sum(affected_share("births", start, year) for year in range(2022, 2031))
    assert total == pytest.approx(2031 - begin)


def test_counts_are_summed_and_rates_averaged():
    figures, shares = np.array([[4.0, 8.0]]), np.array([0.5, 1.0])
    assert together(figures, shares, total=True)[0] == 10.0
    assert together(figures, shares, total=False)[0] == pytest.approx(10.0 / 1.5)


def linear(draws: int = 3000) -> xr.Dataset:
    """Return births of a random walk: a closed form for the second year given the first."""
    rng = np.random.default_rng(3)
    steps = rng.normal(0.0, [300.0, 400.0], size=(draws, 2))
    values = 20000.0 + np.cumsum(steps, axis=1)
    dims = ("scenario", "draw", "area", "year")
    coords = {"scenario": ["a"], "draw": np.arange(draws), "area": ["x"], "year": [2022, 2023]}
    dataset = xr.Dataset({"births": (dims, values[None, :, None, :])}, coords)
    return dataset.assign_attrs(seed=7, effective_draws=float(draws))


@pytest.mark.parametrize(("value", "moved"), [(20100.0, False), (21500.0, True)])
def test_draws_weighted_or_moved_have_the_mean_and_spread_of_the_closed_form(value, moved):
    dataset = linear()
    draws = conditioned_by(dataset, "a", [Figure("births", 2022, value, 200.0)])
    assert draws.moved is moved
    later = draws.of(dataset["births"].values[0, :, 0, 1:])[:, 0]
    gain = 300.0**2 / (300.0**2 + 200.0**2)
    mean = float(draws.weights @ later)
    assert mean == pytest.approx(20000.0 + gain * (value - 20000.0), abs=40.0)
    spread = np.sqrt(400.0**2 + 300.0**2 * (1.0 - gain))
    assert np.sqrt(draws.weights @ (later - mean) ** 2) == pytest.approx(spread, rel=0.06)


def test_without_figures_draws_stay_as_they_are():
    draws = conditioned_by(linear(50), "a", [])
    assert draws.figures == 0
    assert np.array_equal(draws.of(np.ones((50, 1))), np.ones((50, 1)))


def histories(projected, measured: bool):
    """Yield the table of effects and the true effects of histories that the model drew, under the plan or not."""
    past, rest = (projected.isel(draw=part) for part in (slice(0, HISTORIES), slice(HISTORIES, None)))
    rest = rest.assign_attrs(effective_draws=float(rest.sizes["draw"]))
    question = Question("births", date(2024, 1, 1), "no_new_policy", "plan_as_written")
    rng = np.random.default_rng(11)
    years = [2022, 2023, 2024, 2025]
    births = past["births"].isel(area=0).sel(year=years)
    without = births.sel(scenario="no_new_policy").values
    effect = births.sel(scenario="plan_as_written").values - without
    effect[:, :2] = 0.0
    for h in range(HISTORIES):
        true = effect[h] if measured else np.zeros(4)
        values = without[h] + true + rng.normal(0.0, ERROR, 4)
        seen = [Figure("births", year, float(value), ERROR) for year, value in zip(years, values, strict=True)]
        case = case_of(rest, seen, question)
        yield effect_table(case), [true[2], true[3], case.shares @ true[2:]]


@pytest.mark.parametrize("name", ["ideal_children", "childcare_coverage", "population_total"])
def test_a_figure_of_a_day_is_touched_or_not(name):
    assert affected_share(name, date(2023, 7, 1), 2023) == 1.0
    assert affected_share(name, date(2024, 1, 1), 2023) == 0.0
    assert 0.4 < affected_share("deaths", date(2023, 7, 1), 2023) < 0.6


@pytest.mark.parametrize("measured", [True, False])
def test_bands_hold_the_true_effect_of_histories_of_the_model(projected, measured):
    inside, alarms = [], []
    for table, true in histories(projected, measured):
        inside.append([low <= value <= high for low, value, high in
                       zip(table["effect_q05"], true, table["effect_q95"], strict=True)])  # fmt: skip
        alarms.append(table["p_value"].to_numpy() < 0.1)
    # Three standard errors of a share of so many histories: 2 points each.
    error = 3.0 * np.sqrt(0.9 * 0.1 / HISTORIES)
    assert np.mean(inside, axis=0) == pytest.approx(0.9, abs=error)
    if not measured:
        assert np.mean(alarms, axis=0) == pytest.approx(0.1, abs=error)


def test_figures_since_the_start_do_not_move_the_counterfactual(projected):
    question = Question("births", date(2024, 1, 1), "no_new_policy")
    before = [Figure("births", 2022, 20000.0, ERROR), Figure("births", 2023, 19500.0, ERROR)]
    tables = [
        effect_table(case_of(projected, [*before, Figure("births", 2024, value, ERROR)], question))
        for value in (19000.0, 25000.0)
    ]
    assert tables[0]["counterfactual_q50"].equals(tables[1]["counterfactual_q50"])
    assert tables[1]["effect_q50"][0] - tables[0]["effect_q50"][0] == pytest.approx(6000.0)


def test_placebos_are_earlier_years_years_too_early_and_other_series(projected):
    seen = [Figure("births", year, 20000.0, ERROR) for year in (2022, 2023, 2024)]
    seen += [Figure("deaths", 2024, 23000.0, ERROR), Figure("first_marriages", 2024, 13000.0, 1700.0)]
    table = placebo_table(projected, seen, Question("births", date(2023, 7, 1), "no_new_policy"))
    found = list(zip(table["placebo"], table["variable"], table["year"], table["figures"], strict=True))
    assert found == [("before", "births", 2022, 0), ("too_early", "births", 2023, 1), ("untouched", "deaths", 2024, 1)]


def test_shares_of_parts_that_add_up_are_those_of_their_variances():
    rng = np.random.default_rng(5)
    parts = {"a": 3.0 * rng.normal(size=20000), "b": rng.normal(size=20000)}
    table = variance_shares(sum(parts.values()), parts, np.full(20000, 1.0 / 20000)).set_index("source")["share"]
    assert table["a"] == pytest.approx(90.0, abs=1.0)
    assert table["interaction"] == pytest.approx(0.0, abs=1e-9)
    assert table.sum() == pytest.approx(100.0)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_is_switched_off_narrows_and_leaves_the_others_alone(ensemble, group):
    off = switched_off(ensemble, group)
    same = {name: np.array_equal(getattr(off, name), getattr(ensemble, name))
            for name in ("first", "later", "shocks", "migration", "later_migrants", "migrant_shocks")}  # fmt: skip
    moved = {"levels": {"first", "later"}, "yearly_shocks": {"shocks"},
             "migration": {"migration", "later_migrants", "migrant_shocks"}}.get(group, set())  # fmt: skip
    assert {name for name, kept in same.items() if not kept} == moved


def test_sources_name_yearly_shocks_and_little_is_left_over(ensemble, projected):
    question = Question("births", date(2023, 1, 1), "no_new_policy")
    seen = [Figure("births", year, 20000.0, ERROR) for year in (2022, 2023, 2024)]
    case = case_of(projected, seen, question)
    table = source_table(ensemble, load_scenario("no_new_policy"), projected, case, question.before(seen))
    share = table.set_index("source")["share"]
    assert share.sum() == pytest.approx(100.0)
    assert abs(share["interaction"]) < 20.0
    assert share["yearly_shocks"] > share["publication"] > 0.0


def test_other_measures_stand_with_their_first_year():
    table = other_measures(load_scenario("no_new_policy"), load_scenario("plan_as_written"), 2023, 2025)
    at = table.set_index("lever")
    assert at.loc["national_childcare_subsidy", "first_year"] == 2025
    assert at.loc["national_childcare_subsidy", "in_counterfactual"]
    assert not at.loc["[[birth_grant]] for order 2", "in_counterfactual"]
    assert other_measures(load_scenario("no_new_policy"), None, 2023, 2024).empty


def test_the_last_published_value_counts(tmp_path, fitted):
    path = tmp_path / "seen.csv"
    path.write_text("variable,period,value,published\nbirths,2022,20400,2023-02-01\nbirths,2022,20100,2023-10-01\n"
                    "births,2023Q1,5000,2023-05-01\n", encoding="utf-8")  # fmt: skip
    seen = seen_of(fitted.pack, read_observed(path, fitted.pack)[0])
    assert [(one.year, one.value) for one in seen] == [(2022, 20100.0)]


@pytest.mark.parametrize(
    ("series", "start", "words"),
    [
        ("birth", date(2023, 1, 1), "Did you mean 'births'"),
        ("tempo", date(2023, 1, 1), "Type --series births"),
        ("births", date(2026, 1, 1), "a day before the last figure of births, of 2024"),
        ("births", date(2024, 8, 1), "nine months"),
    ],
)
def test_a_series_that_cannot_be_told_is_refused(fitted, observed, series, start, words):
    with pytest.raises(ArgumentError, match=words):
        check_series(fitted.pack, observed, series, start, "seen.csv")


@pytest.mark.parametrize("since", ["soon", "2023-13-01", "2021-06-01", "2023"])
def test_a_start_that_is_no_day_after_the_fit_is_refused(since):
    with pytest.raises(ArgumentError, match=r"--since.*Type --since 2023-01-01") as error:
        run_evaluation("huzhou", "nowhere.csv", since, draws=1)
    assert len(error.value.problems) == 2
