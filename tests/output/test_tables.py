from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from huyou_sim.errors import OutputError
from huyou_sim.output.record import Run
from huyou_sim.output.tables import (
    TABLES,
    age_label,
    csv_bytes,
    flow_table,
    indicator_table,
    population_table,
    read_table,
    target_table,
    women_table,
    write_table,
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", list(TABLES))
def test_tables_come_back_from_their_files(run: Run, tmp_path: Path, name: str, lang: str) -> None:
    table = TABLES[name](run, lang).reset_index(drop=True)
    back = read_table(write_table(table, tmp_path / "a.csv", lang))
    assert list(back.columns) == list(table.columns)
    assert len(back) == len(table)
    for column in table.columns:
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        if back[column].dtype.kind in "fi" and column != "period":
            np.testing.assert_allclose(back[column].to_numpy(dtype=float), numbers, rtol=1e-9)
        else:
            assert back[column].astype(str).tolist() == table[column].astype(str).tolist()


def test_codes_keep_leading_zeros_and_stay_text(run: Run, tmp_path: Path) -> None:
    table = TABLES["fit"](run, "zh").assign(area="030500", period="2021")
    back = read_table(write_table(table, tmp_path / "a.csv", "zh"))
    assert set(back["area"]) == {"030500"}
    assert set(back["period"]) == {"2021"}
    assert back["bridged"].dtype == bool


def test_chinese_file_has_a_mark_for_excel_and_chinese_words(run: Run) -> None:
    content = csv_bytes(target_table(run, "zh"), "zh")
    assert content.startswith(b"\xef\xbb\xbf")
    first = content.decode("utf-8-sig").splitlines()
    assert "是否达到" in first[0]
    assert "未达到" in content.decode("utf-8-sig")
    assert not csv_bytes(target_table(run, "en"), "en").startswith(b"\xef\xbb\xbf")


def test_equal_runs_give_equal_csv(run: Run) -> None:
    for name, build in TABLES.items():
        assert csv_bytes(build(run, "zh"), "zh") == csv_bytes(build(run, "zh"), "zh"), name


def test_ten_digits_are_kept(run: Run) -> None:
    line = csv_bytes(pd.DataFrame({"value": [1 / 3, 3407000.123456]}), "en").decode()
    assert line == "value\n0.3333333333\n3407000.123\n"


def test_indicators_are_tidy(run: Run) -> None:
    table = indicator_table(run, "en")
    assert list(table.columns) == [
        "scenario", "scenario_label", "area", "area_label", "year", "variable", "variable_label", "value", "unit",
    ]  # fmt: skip
    row = table.query("scenario == 'no_new_policy' and area == '330500' and year == 2030 and variable == 'tfr'")
    expected = float(run.indicators["tfr"].sel(scenario="no_new_policy", area="330500", year=2030).item())
    assert row["value"].tolist() == [expected]
    assert not table["value"].isna().any()


def test_years_without_a_value_are_left_out(run: Run) -> None:
    holes = run.indicators.copy(deep=True)
    holes["tfr"][..., 0] = np.nan
    changed = Run(**{**run.__dict__, "indicators": holes})
    assert 2021 not in set(indicator_table(changed, "en").query("variable == 'tfr'")["year"])


def test_many_trajectories_become_quantiles(many: Run) -> None:
    table = indicator_table(many, "en")
    assert {"q05", "q50", "q95"} <= set(table.columns)
    assert "value" not in table.columns
    assert (table["q05"] <= table["q50"]).all()
    series = many.indicators["births"].sel(scenario="no_new_policy", area="330500", year=2040)
    row = table.query("scenario == 'no_new_policy' and area == '330500' and year == 2040 and variable == 'births'")
    assert row["q95"].item() == pytest.approx(float(np.quantile(series, 0.95)))


@pytest.mark.parametrize("width", [1, 5])
def test_age_groups_add_up(run: Run, width: int) -> None:
    table = population_table(run, "en", width=width)
    total = table.query("scenario == 'no_new_policy' and area == '330500' and year_end == 2035")
    exact = run.result["population"].sel(scenario="no_new_policy", area="330500", time=2035).sum()
    assert total["value"].sum() == pytest.approx(float(exact), rel=1e-12)
    assert len(total) == 2 * (101 if width == 1 else 21)
    assert total[total["age_upper"].isna()]["age_lower"].tolist() == [100, 100]


def test_one_age_group_is_the_sum_of_its_ages(run: Run) -> None:
    table = population_table(run, "en")
    cell = table.query("scenario == 'everything_together' and area == '330502' and year_end == 2028")
    exact = run.result["population"].sel(
        scenario="everything_together", area="330502", time=2028, sex="female", age=slice(25, 29)
    )
    assert cell.query("sex == 'female' and age_lower == 25 and age_upper == 29")["value"].item() == pytest.approx(
        float(exact.sum())
    )


def test_women_add_up(run: Run) -> None:
    table = women_table(run, "zh")
    cells = table.query("scenario == 'no_new_policy' and year_end == 2020")
    exact = run.result["women"].sel(scenario="no_new_policy", area="330500", time=2020).sum()
    assert cells["value"].sum() == pytest.approx(float(exact))
    assert set(table["age_upper"]) == {19, 24, 29, 34, 39, 44, 49}


def test_flows_by_their_own_dimensions(run: Run) -> None:
    table = flow_table(run, "en")
    births = table.query("variable == 'births' and scenario == 'no_new_policy' and area == '330500' and year == 2025")
    assert births["birth_order"].tolist() == ["1", "2", "3"]
    assert set(births["sex"]) == {""}
    deaths = table.query("variable == 'deaths' and scenario == 'no_new_policy' and area == '330500' and year == 2025")
    assert deaths["sex"].tolist() == ["male", "female"]
    assert "population" not in set(table["variable"])


def test_places_without_marital_status_have_no_women(run: Run) -> None:
    bare = Run(**{**run.__dict__, "result": run.result.drop_vars("women")})
    assert len(women_table(bare, "en")) == 0


def test_age_labels_are_no_dates() -> None:
    assert age_label(5, 5, 100) == "5–9"
    assert age_label(100, 5, 100) == "100+"
    assert age_label(7, 1, 100) == "7"


def test_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("year,value\n2021,many\n")
    with pytest.raises(OutputError, match=r"a\.csv: table: found Unable to parse"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(OutputError, match=r"b\.csv"):
        read_table(tmp_path / "b.csv")
