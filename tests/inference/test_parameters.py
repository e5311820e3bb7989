"""The table of parameters: read, checked with file and line, and the point fit left as it was."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from huyou_sim.errors import CalibrationError, HuyouError, PackError
from huyou_sim.inference.observations import fitted_observations
from huyou_sim.inference.parameters import (
    all_parameters,
    first_year_parameters,
    fitted_parameters,
    parameters_of,
    prior_table,
)
from huyou_sim.pack import load_pack
from huyou_sim.pack.checksums import LIST, checksum_list, pack_files, sha256
from huyou_sim.pack.locate import data_folder


@pytest.fixture
def broken(tmp_path):
    """Return a function that replaces one text in a file of a copy of Huzhou, and gives the copy and the line."""
    folder = Path(shutil.copytree(data_folder(), tmp_path / "data")) / "huzhou"

    def change(file, old, new):
        target = folder / file if (folder / file).exists() else folder.parent / "evidence" / file
        text = target.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        target.write_text(text.replace(old, new), encoding="utf-8")
        for pack in (target.parent,):
            sums = {name: sha256(pack / name) for name in pack_files(pack)}
            (pack / LIST).write_text(checksum_list(sums), encoding="utf-8")
        return folder, target, text[: text.index(old)].count("\n") + 1

    return change


BROKEN = {
    "support excludes the start": (
        "parameters.csv", "normal,mean=0;sd=0.6,-3,3", "uniform,lower=0.1;upper=0.2,-3,3",
        "uniform from 0.1 to 0.2 within the bounds, start 0", "support holds the start",
    ),
    "start outside the bounds": (
        "parameters.csv", "median=0.75;sigma_log=0.4,0.1,4,0.75",
        "median=0.75;sigma_log=0.4,0.1,4,5", "5", "between the bounds",
    ),
    "bounds that contradict": (
        "parameters.csv", "median=0.6;sigma_log=0.45,0.05,4,0.6", "median=0.6;sigma_log=0.45,4,0.05,0.6",
        "lower 4, upper 0.05", "below the upper",
    ),
    "unreadable prior": (
        "parameters.csv", "median=0.72;sigma_log=0.12", "median=0.72;sigma=0.12", "'sigma=0.12'", "sigma_log",
    ),
    "another value than the assumption": (
        "parameters.csv", "-0.2,0.15,-0.035", "-0.2,0.15,-0.03", "-0.03", "-0.035, the value",
    ),
    "a family that does not exist": (
        "parameters.csv", "lognormal,median=0.35;sigma_log=0.6", "gamma,median=0.35;sigma_log=0.6",
        "'gamma'", "one of lognormal",
    ),
    "area that is not there": ("parameters.csv", "0-100,330503,normal", "0-100,330599,normal", "330599", "330503"),
    "channels that are not there": (
        "parameters.csv", "contrast,no,birth_3_", "contrast,no,births_3_", "'births_3_'", "beginnings of",
    ),
    "the place instead of an area": (
        "parameters.csv", "0-100,330503,normal", "0-100,330500,normal", "'330500'", "330502, 330503",
    ),
    "a factor that may be negative": (
        "parameters.csv", "54281,0,persons", "54281,0,1", "lower bound -54281", "above 0",
    ),
    "a yearly shock that moves nothing": (
        "parameters.csv", "yearly_shock,no,mortality,", "yearly_shock,no,,", "channels ''", "channels, and all areas",
    ),
    "a yearly shock of one area": (
        "parameters.csv", "yearly_shock,no,mortality,1-100,,", "yearly_shock,no,mortality,1-100,330503,",
        "area '330503'", "all areas",
    ),
    "a negative standard deviation of a yearly shock": (
        "parameters.csv", "median=0.03;sigma_log=0.6,0.002,0.4", "median=0.03;sigma_log=0.6,-0.1,0.4",
        "-0.1", "0 or more",
    ),
    "a trend of migration that multiplies": (
        "parameters.csv", '-3,3,0,"per 1000 residents and year, per year"', "-3,3,0,log per year",
        "'log per year'", "per 1000 residents and year",
    ),
    "later migrants of no ages": (
        "parameters.csv", "later_migrants,no,migration,15-24", "later_migrants,no,migration,young", "'young'", "15-24",
    ),
    "a share above one": (
        "parameters.csv", "lower=0;upper=0.8,0,0.8,0.4", "lower=0;upper=0.8,0,2,0.4", "0 to 2", "within 0 to 1",
    ),
    "evidence that excludes its centre": (
        "priors.csv", "loc=-0.4;scale=0.2;lower=-1.2;upper=0", "loc=-0.4;scale=0.2;lower=-0.3;upper=0",
        "from -0.3 to 0", "support holds the start",
    ),
    "evidence with contradictory bounds": (
        "priors.csv", "loc=-0.4;scale=0.2;lower=-1.2;upper=0", "loc=-0.4;scale=0.2;lower=1.2;upper=0",
        "lower=1.2, upper=0", "below the upper",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_with_file_line_and_both_values(broken, name):
    file, old, new, found, expected = BROKEN[name]
    folder, target, line = broken(file, old, new)
    with pytest.raises(PackError) as caught:
        all_parameters(load_pack(folder))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(target), line)
    assert found in problem.found
    assert expected in problem.expected
    assert problem.fix


def test_the_command_ends_with_code_2_and_the_line(broken):
    folder, target, line = broken("parameters.csv", "median=0.72;sigma_log=0.12", "median=0.72;sigma=0.12")
    command = [sys.executable, "-c", "from huyou_sim.cli import main; main()", "baseline", "--place", str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert f"{target}:{line}" in found.stderr
    assert "Traceback" not in found.stderr


def test_an_observation_without_standard_error_is_named(broken):
    folder, target, line = broken(
        "observations.csv",
        'in the calendar year,500,"Rounded to 1,000 (290), and the adjustment of the survey to registers; simple',
        'in the calendar year,,"Rounded to 1,000 (290), and the adjustment of the survey to registers; simple',
    )
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(target), line)
    assert "standard error" in problem.fix


def test_a_standard_error_of_zero_in_memory_is_named_too(pack):
    table = pack.observations.copy()
    table.loc[table["id"] == "births_2021", "standard_error"] = 0.0
    with pytest.raises(CalibrationError) as caught:
        fitted_observations(dataclasses.replace(pack, observations=table), 2021)
    (problem,) = caught.value.problems
    assert problem.line == 9
    assert "births_2021" in problem.where


def test_one_list_holds_levels_trends_and_elasticities(pack):
    parameters = all_parameters(pack)
    roles = {one.role for one in parameters}
    assert roles == {
        "level", "contrast", "shock", "trend", "later_migrants", "yearly_shock", "persistence", "elasticity",
    }  # fmt: skip
    assert len({one.name for one in parameters}) == len(parameters)
    by_name = {one.name: one for one in parameters}
    assert by_name["C5"].role == by_name["X3"].role == by_name["first_birth_trend"].role == "trend"
    assert by_name["A1"].role == "elasticity"
    assert "C8" not in by_name, "what is a check only enters no result"
    table = prior_table(parameters)
    assert (table["q05"] < table["q95"]).all()
    assert (table["reason"].str.len() > 3).all()
    assert ((table["lower"] <= table["start"]) & (table["start"] <= table["upper"])).all()


def test_priors_of_the_evidence_have_the_quantiles_that_stand_beside_them(pack):
    table = pack.evidence["priors"].set_index("id")
    for one in all_parameters(pack):
        if one.name in table.index:
            row = table.loc[one.name]
            scale = abs(row["q95"] - row["q05"])
            assert np.allclose(one.distribution.quantile([0.05, 0.5, 0.95]), row[["q05", "q50", "q95"]].astype(float),
                               atol=0.01 * scale), one.name  # fmt: skip


@pytest.mark.parametrize("place", ["huzhou", "jiaxing"])
def test_every_parameter_moves_something_that_is_there(place):
    from huyou_sim.demography.states import state_space

    channels = state_space("family").channels
    for one in parameters_of(load_pack(place)):
        if one.name == "trend_half_life" or one.role == "persistence":
            continue
        assert one.channels, one.name
        for beginning in one.channels:
            assert any(channel.startswith(beginning) for channel in channels), (one.name, beginning)


def test_medians_of_trends_are_the_values_of_a_central_run(pack):
    for one in parameters_of(pack):
        assert float(one.distribution.quantile(0.5)) == pytest.approx(one.start, abs=0.005 * max(1, abs(one.upper))), (
            one
        )


def test_the_point_fit_moves_the_levels_and_the_contrast_that_the_age_at_marriage_tells(pack):
    fitted = fitted_parameters(parameters_of(pack))
    assert {one.name for one in fitted if one.role != "level"} == {"first_marriage_15_24_contrast"}
    assert len(fitted) == 11
    assert len(first_year_parameters(parameters_of(pack))) == 15


def test_errors_are_of_the_one_tree():
    assert issubclass(PackError, HuyouError)
    assert issubclass(CalibrationError, HuyouError)
