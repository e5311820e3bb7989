"""Each scenario file stands beside its expected table; each lever moves what it should and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from . import expected


@pytest.fixture(scope="module")
def packages():
    return expected.run()


@pytest.fixture(scope="module")
def tables(packages):
    return expected.tables(packages)


def test_readme_shows_what_the_run_gives(packages):
    assert expected.readme()[1] == expected.readme_table(packages)


@pytest.mark.parametrize("key", [path.stem for path in expected.files()])
def test_scenario_gives_its_expected_table(tables, key):
    assert np.allclose(tables[key], expected.read(key).loc[tables[key].index, tables[key].columns], rtol=2e-5), (
        f"{expected.path_of(key)}: if the change is meant, run python tests/scenarios/expected.py 'reason'"
    )


def test_every_file_has_a_table_and_every_table_a_file():
    files = [path.relative_to(expected.ROOT).with_suffix(".expected.csv") for path in expected.files()]
    found = [path.relative_to(expected.ROOT) for folder in expected.FOLDERS for path in folder.glob("*.expected.csv")]
    assert sorted(files) == sorted(found)
    assert len({path.name for path in files}) == len(files), "two scenarios of one name"


@pytest.fixture(scope="module")
def result(packages):
    return packages.result


MAY_MOVE = {
    "plan_as_written": ("marriage_", "birth_1_", "birth_2_", "birth_3_"),
    "subsidies_strong": ("marriage_", "birth_1_", "birth_2_", "birth_3_"),
    "childcare_strong": ("marriage_", "birth_1_", "birth_2_", "birth_3_"),
    # Marginal marriages carry fewer births, so first births within marriage may fall.
    "marriage_strong": ("marriage_", "birth_1_", "birth_2_", "birth_3_"),
    "everything_together": ("marriage_", "birth_1_", "birth_2_", "birth_3_"),
}


@pytest.mark.parametrize("key", MAY_MOVE)
def test_package_moves_its_channels_and_nothing_else(result, key):
    log = result["log_multiplier"].isel(draw=0)
    moved = np.abs(log.sel(scenario=key) - log.sel(scenario="no_new_policy")).max(["area", "year"])
    channels = [str(c) for c in moved["channel"].values if float(moved.sel(channel=c)) > 0]
    assert channels, "a package that moves nothing"
    assert all(channel.startswith(MAY_MOVE[key]) for channel in channels), channels
    # Nothing acts before the measures of the plan could: the calibration year is the same in every scenario.
    assert (
        float(
            np.abs(
                log.sel(scenario=key, year=[2021, 2022]) - log.sel(scenario="no_new_policy", year=[2021, 2022])
            ).max()
        )
        == 0.0
    )


def test_packages_leave_deaths_of_those_born_before_alone(result):
    deaths = result["deaths"].isel(draw=0).sel(age=slice(35, None))
    for key in MAY_MOVE:
        assert np.allclose(deaths.sel(scenario=key), deaths.sel(scenario="no_new_policy"), rtol=1e-12)


def test_stronger_packages_have_more_births(result):
    births = (
        result["births"]
        .isel(draw=0)
        .sel(area="330500", year=slice(2023, 2035))
        .sum(["year", "age_reached", "birth_order"])
    )
    base = float(births.sel(scenario="no_new_policy"))
    for key in MAY_MOVE:
        assert float(births.sel(scenario=key)) > base, key
    assert float(births.sel(scenario="everything_together")) == float(births.sel(scenario=list(MAY_MOVE)).max())
