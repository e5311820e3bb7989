"""`huyou check` looks beyond the format: at priors, targets and the errors of published figures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from huyou_sim.errors import HuyouError
from huyou_sim.pack.checksums import LIST, checksum_list, pack_files, sha256
from huyou_sim.pack.locate import data_folder
from huyou_sim.planning.checks import check_inputs


def changed(folder: Path, file: str, old: str, new: str) -> int:
    """Return the line of a text that was replaced in a file of a pack."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    sums = {name: sha256(folder / name) for name in pack_files(folder)}
    (folder / LIST).write_text(checksum_list(sums), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(data_folder(), tmp_path / "data")) / "huzhou"


def test_what_ships_is_in_order():
    lines = check_inputs([data_folder() / name for name in ("huzhou", "jiaxing", "huzhou_2010")])
    assert len(lines) == 3


def test_every_mistake_of_an_ensemble_is_named_with_its_line_in_one_go(folder):
    lines = [
        changed(folder, "parameters.csv", "normal,mean=0;sd=0.006", "uniform,lower=0.01;upper=0.02"),
        changed(folder, "parameters.csv", "lower=0;upper=0.8,0,0.8,0.4", "lower=0;upper=0.8,0,2,0.4"),
        changed(folder, "publication_errors.csv", "per 1000,tfr,0.7", "per 1000,natural_increase_rate,0.7"),
    ]
    with pytest.raises(HuyouError) as caught:
        check_inputs([folder])
    found = [(Path(problem.file).name, problem.line) for problem in caught.value.problems]
    assert found == [
        ("parameters.csv", lines[0]), ("parameters.csv", lines[1]), ("publication_errors.csv", lines[2]),
    ]  # fmt: skip


def test_bounds_that_contradict_and_a_missing_standard_error_are_named(folder):
    line = changed(folder, "parameters.csv", "median=0.6;sigma_log=0.45,0.05,4,0.6", "median=0.6;sigma_log=0.45,4,1,2")
    other = changed(folder, "observations.csv", "0.07,Simple random", ",Simple random")
    with pytest.raises(HuyouError) as caught:
        check_inputs([folder])
    found = {(Path(problem.file).name, problem.line) for problem in caught.value.problems}
    assert found == {("parameters.csv", line), ("observations.csv", other)}
