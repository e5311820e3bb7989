from __future__ import annotations

import pytest

from huyou_sim.output.labels import display_width
from huyou_sim.output.record import Run, target_bounds
from huyou_sim.output.terminal import (
    contradictions_text,
    fit_text,
    indicators_text,
    requirement,
    targets_text,
    text_table,
    verdict_cell,
)  # fmt: skip
from tests.output.conftest import AREA_LABELS


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(run: Run, lang: str, width: int) -> None:
    texts = [
        fit_text(run.fit, lang, width=width, area_labels=AREA_LABELS),
        targets_text(run.targets, run.scenarios, lang, width=width),
        indicators_text(run.indicators, run.scenarios, lang, width=width),
        contradictions_text(["矛盾" * 90, "contradiction " * 20], lang, width=width),
    ]
    for words in texts:
        widest = max(words.splitlines(), key=display_width)
        assert display_width(widest) <= width, widest


def test_columns_are_aligned_by_width() -> None:
    table = text_table(["指标", "value"], [["总和生育率", "0.89"], ["TFR", "1.2"]])
    assert table.splitlines() == ["指标        value", "──────────  ─────", "总和生育率   0.89", "TFR           1.2"]


def test_fit_marks_other_populations_and_residuals(run: Run) -> None:
    words = fit_text(run.fit, "en")
    line = next(line for line in words.splitlines() if line.startswith("Share of second"))
    assert "Household-registered*" in line
    assert "+0.00" in line
    assert "* Bridged" in words
    only_residents = fit_text(run.fit[~run.fit["bridged"]], "en")
    assert "Bridged" not in only_residents


def test_fit_names_areas_when_there_are_several(run: Run) -> None:
    fit = run.fit.copy()
    fit.loc[fit.index[0], "area"] = "330521"
    assert "德清县 出生人数" in fit_text(fit, "zh", area_labels=AREA_LABELS)
    assert "湖州市" not in fit_text(run.fit, "zh", area_labels=AREA_LABELS)


def test_targets_show_every_scenario_and_the_distance(run: Run) -> None:
    words = targets_text(run.targets, run.scenarios, "zh")
    for scenario in run.scenarios:
        assert scenario.label("zh") in words
    row = run.targets.query("level == 'central' and scenario == 'no_new_policy' and variable == 'tfr'").iloc[0]
    assert f"{row['value_2025']:.2f} 差{row['distance']:.2f}" in words


def row(**changes: object) -> dict[str, object]:
    base = {
        "variable": "tfr", "rule": "at_least", "threshold": 0.95, "threshold_upper": float("nan"),
        "value_2025": 0.9499, "distance": 0.0001, "met": False,
    }  # fmt: skip
    return {**base, **changes}


def test_a_distance_never_reads_as_nothing() -> None:
    assert verdict_cell(row(), "en") == "0.95 missed by 0.0001"
    assert verdict_cell(row(met=True, distance=0.0), "zh") == "0.95 达到"


@pytest.mark.parametrize(
    ("rule", "upper", "shown", "bounds"),
    [
        ("at_least", float("nan"), "≥ 0.95", (0.95, float("inf"))),
        ("rise_steady", float("nan"), "≥ 0.95", (0.95, float("inf"))),
        ("at_most", float("nan"), "≤ 0.95", (float("-inf"), 0.95)),
        ("within", 1.2, "0.95–1.20", (0.95, 1.2)),
    ],
)
def test_requirements(rule: str, upper: float, shown: str, bounds: tuple[float, float]) -> None:
    target = row(rule=rule, threshold_upper=upper)
    assert requirement(target, "en") == shown
    assert target_bounds(target) == bounds


def test_unknown_rule_is_shown_by_its_name() -> None:
    assert requirement(row(rule="double"), "en") == "double 0.95"


def test_bands_of_many_trajectories(many: Run) -> None:
    words = indicators_text(many.indicators, many.scenarios, "en", years=(2030,), variables=("tfr",))
    line = words.splitlines()[5]
    assert line.count("–") == 1
    assert line.strip().startswith("No new policy")


def test_years_that_were_not_projected_are_left_out(run: Run) -> None:
    words = indicators_text(run.indicators, run.scenarios, "en", years=(2025, 2080), variables=("tfr",))
    assert "2080" not in words
