"""The monitor as a whole: the day decides what counts, the order of rows nothing, targets move as they should."""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from huyou_sim.errors import ArgumentError
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.monitoring.monitor import project_course, run_monitor
from huyou_sim.monitoring.predicted import predict
from huyou_sim.monitoring.revised import moved_course

ROWS = [
    "tfr,,2022,0.87,2023-03-20", "tfr,,2023,0.70,2024-03-20", "tfr,,2023,0.90,2024-09-20",
    "crude_marriage_rate,,2022,4.9,2023-02-01", "crude_marriage_rate,,2023,2.2,2024-02-01",
    "crude_divorce_rate,,2023,1.2,2024-02-01", "births,,2024Q1,4800,2024-04-20",
    ",12,2023-12-31,75,2024-01-20", ",26,2023-12-31,120,2024-01-20",
]  # fmt: skip
HEADER = "variable,indicator_id,period,value,published"


@pytest.fixture(scope="module")
def monitor_of(tmp_path_factory, fitted):
    def run(rows, day=date(2024, 12, 1), **options):
        path = tmp_path_factory.mktemp("made_up") / "made_up.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        with patch("huyou_sim.planning.futures.fit_pack", lambda _pack, _space: fitted):
            return run_monitor("huzhou", path, as_of=day, draws=150, prior_only=True, **options)

    return run


@pytest.fixture(scope="module")
def found(monitor_of):
    return monitor_of(ROWS)


def test_the_order_of_rows_changes_nothing(monitor_of, found):
    again = monitor_of(ROWS[::-1])
    for name in ("figures", "series", "board", "targets", "bands"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name))
    pd.testing.assert_frame_equal(
        found.vintages.drop(columns=["line", "file"]), again.vintages.drop(columns=["line", "file"])
    )


def test_a_revision_changes_the_colour_from_its_day_on(monitor_of, found):
    before = monitor_of(ROWS, date(2024, 9, 19))
    values = [one.figures.query("name == 'tfr' and year == 2023").iloc[0] for one in (before, found)]
    assert [one["value"] for one in values] == [0.70, 0.90]
    assert values[0]["probability"] < values[1]["probability"]
    early = monitor_of(ROWS, date(2023, 12, 1))
    assert sorted(set(early.figures["year"])) == [2022]
    assert (early.vintages["state"] == "not_yet_known").sum() == 7
    assert len(early.vintages) == len(ROWS)


def test_the_board_has_three_rates_and_says_what_they_mean(found):
    board = found.board.set_index("rate")
    assert list(board.index) == ["marriage", "divorce", "fertility", "all"]
    assert board.loc["marriage", "colour"] == "red"
    assert board.loc["marriage", "change"] == pytest.approx(-2.7)
    assert board.loc["marriage", "target_id"] == 22
    assert np.isfinite(board.loc["marriage", "target_now"])
    assert np.isnan(board.loc["divorce", "target_now"]), "no draw moves divorces"
    assert board.loc["fertility", "direction"] in ("better", "worse")
    assert board.loc["all", "colour"] in ("amber", "red")
    series = found.series.set_index("name")
    assert series.loc["crude_marriage_rate", "first_year_off"] == 2023


def test_a_rate_that_was_not_observed_says_so(monitor_of):
    board = monitor_of(["births,,2023,17000,"]).board.set_index("rate")
    assert board.loc["marriage", "colour"] == "none"
    assert board.loc["fertility", "name"] == "births"
    assert "all" not in board.index, "one figure is not judged twice"


def test_targets_follow_the_figures_and_courses_their_own(monitor_of):
    low, high = (monitor_of([f"tfr,,2022,{a},", f"tfr,,2023,{b},", ",12,2023-12-31,85,"]).targets.set_index(
        "indicator_id") for a, b in ((0.72, 0.70), (1.05, 1.10)))  # fmt: skip
    assert low.loc[1, "probability_before"] == high.loc[1, "probability_before"]
    assert low.loc[1, "probability"] < low.loc[1, "probability_before"] < high.loc[1, "probability"]
    assert low.loc[1, "revised_by"] == "figures"
    assert low.loc[12, "revised_by"] == "course"
    assert low.loc[12, "probability"] > low.loc[12, "probability_before"]
    assert low.loc[17, "revised_by"] == "nothing"
    assert low.loc[17, "probability"] == low.loc[17, "probability_before"]


def test_a_published_target_year_is_what_it_is(monitor_of):
    rows = ["share_second_third,,2025,46,2026-03-01"]
    one = monitor_of(rows, date(2026, 4, 1)).targets.set_index("indicator_id").loc[2]
    assert one["probability_seen"] == pytest.approx(1.0)
    assert one["probability_seen_before"] < 1.0


def test_where_exact_figures_leave_too_few_draws_all_are_moved(monitor_of):
    years = ("2022", "2023")
    rows = [f"population_total,,{y}-12-31,3450000," for y in years] + [f"births,,{y},18000," for y in years]
    one = monitor_of(rows)
    assert one.revision.weights.refit_needed
    revised = one.targets[one.targets["revised_by"] == "figures"]
    assert not revised["refit_needed"].any()
    assert (revised["effective_draws"] > one.revision.weights.effective_size).all()
    many = monitor_of([row.replace("18000", "23000") for row in rows]).targets.set_index("indicator_id")
    assert revised.set_index("indicator_id").loc[1, "probability"] < many.loc[1, "probability"] - 0.1


def test_moved_draws_stand_at_the_figures_and_their_accounts_still_close(monitor_of):
    one = monitor_of(["births,,2022,18000,", "deaths,,2022,23000,"])
    pack, scenario = one.fit.pack, one.scenario
    ensemble = prepare_ensemble(one.fit, None, 300, until=2025)
    dataset = project_course(ensemble, scenario, one.observed)
    moved = moved_course(predict(pack, dataset, one.observed), dataset).isel(scenario=0, area=0)
    births = moved["births"].sel(year=2022)
    assert float(births.mean()) == pytest.approx(18000.0, rel=0.01)
    assert float(births.std()) < 0.7 * float(dataset["births"].sel(year=2022).std())
    assert 0.0 < float(moved["share_second_third"].min()) < float(moved["share_second_third"].max()) < 100.0
    assert np.allclose(moved["births"] - moved["deaths"], moved["natural_increase"], atol=1e-6)
    assert float(moved["births"].sel(year=2024).mean()) < float(dataset["births"].sel(year=2024).mean())


def test_before_anything_is_known_nothing_is_revised(monitor_of):
    one = monitor_of(ROWS, date(2022, 6, 1))
    assert one.observed == ()
    assert (one.targets["revised_by"] == "nothing").all()
    assert (one.vintages["state"] == "not_yet_known").all()


def test_one_figure_alone_has_the_same_colour_as_its_series(monitor_of):
    one = monitor_of(["tfr,,2022,1.3,", "births,,2022,12000,"])
    assert one.series["probability"].tolist() == pytest.approx(one.figures["probability"].tolist())
    assert one.series["colour"].tolist() == one.figures["colour"].tolist()


def test_offices_alone_have_no_series_but_courses(monitor_of):
    one = monitor_of([",12,2023-12-31,75,"])
    assert one.series.empty
    assert one.figures.empty
    assert one.board["colour"].tolist() == ["none"] * 3
    assert (one.targets["revised_by"] == "course").sum() == 1


def test_a_place_without_a_plan_says_so_before_any_work(tmp_path):
    with pytest.raises(ArgumentError, match=r"'jiaxing', whose pack has no indicators\.csv"):
        run_monitor("jiaxing", tmp_path / "none.csv")


def test_level_and_draws_are_checked_together(tmp_path):
    with pytest.raises(ArgumentError) as caught:
        run_monitor("huzhou", tmp_path / "none.csv", level="strickt", draws=1)
    assert [problem.where for problem in caught.value.problems] == ["--level", "--draws"]
