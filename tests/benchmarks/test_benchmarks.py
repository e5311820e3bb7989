"""The benchmark runs, and everything that it measures does the same work. Times are not looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

from huyou_sim.demography.keep import AGGREGATES, CELLS
from huyou_sim.demography.projection import project

TOLERANCE = 5e-6
"""Relative; Spectrum computes in single precision."""


@pytest.fixture(autouse=True)
def rooms(root, monkeypatch):
    """Let tests import what lies in the folder of the benchmark, as its driver does."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))


def run(root, *arguments: str) -> str:
    """Return what a script of the benchmark prints; its whole output is the message when it fails."""
    command = [sys.executable, "-W", "error", *(str(word) for word in arguments)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_benchmark_runs_and_its_rows_do_the_same_work(root):
    """Of its sections that with the peers alone: the others take minutes of compiling."""
    printed = run(root, "benchmarks/run.py", "--quick", "--only", "peers")
    title = import_module("peers").TITLE
    head, peers = printed.split(title)
    for name in ("processor", "cores", "Python", "numpy", "numba", "huyou_sim", "leapfrog-py"):
        assert re.search(rf"^{re.escape(name)} +\S", head, flags=re.MULTILINE), name
    rows = re.findall(r"  (-|\d\.\de[-+]\d\d)  ([\d,]+)$", peers, flags=re.MULTILINE)
    errors = [float(error) for error, _ in rows if error != "-"]
    assert len(errors) >= 6
    assert max(errors) < TOLERANCE
    assert len({people for _, people in rows}) == 1


@pytest.mark.slow
def test_an_ensemble_in_a_process_of_its_own(root):
    from million import KEPT, LIMIT, QUANTILES, YEARS

    found = json.loads(run(root, "benchmarks/million.py", "40"))
    assert found["draws"] == 40
    assert 0.0 < found["before"] <= found["peak"] < LIMIT
    quantiles = np.array(found["quantiles"])
    assert quantiles.shape == (len(KEPT), len(YEARS), len(QUANTILES))
    assert (np.diff(quantiles, axis=-1) > 0.0).all()


@pytest.mark.parametrize("keep", ["all", "final"])
def test_plain_numpy_reaches_spectrum(keep):
    from plain import france, plain_runner, relative_error

    inputs = france(years=6)
    found = plain_runner(inputs, keep=keep)()
    expected = inputs.expected if keep == "all" else inputs.expected[-1:]
    assert found.population.shape == expected.shape
    assert relative_error(found.population, expected) < TOLERANCE


def test_plain_numpy_closes_its_account():
    from plain import france, plain_runner

    inputs = france()
    people, deaths, births = plain_runner(inputs)()
    change = births - deaths.sum(axis=(1, 2)) + inputs.net_migrants[1:].sum(axis=(1, 2))
    np.testing.assert_allclose(np.diff(people.sum(axis=(1, 2))), change, rtol=0, atol=1e-6 * people[0].sum() / 1000)


def test_plain_trajectories_side_by_side_are_those_alone():
    from plain import france, plain_runner

    inputs = france(years=10)
    alone = plain_runner(inputs)()
    for factor, index in ((1.0, 0), (1.2, 1)):
        together = plain_runner(inputs, multipliers=np.array([1.0, 1.2]))()
        single = plain_runner(inputs, multipliers=np.array([factor]))()
        for name in ("population", "deaths", "births"):
            np.testing.assert_allclose(getattr(together, name)[..., index], getattr(single, name)[..., 0], rtol=1e-13)
    np.testing.assert_allclose(together.population[..., 0], alone.population, rtol=1e-13)
    assert (together.births[..., 1] > 1.1 * together.births[..., 0]).all()


@pytest.mark.skipif(find_spec("leapfrog_py") is None, reason="leapfrog-py is an extra of the benchmark")
@pytest.mark.parametrize("keep", ["all", "final"])
def test_leapfrog_and_plain_numpy_agree(keep):
    from leapfrog import leapfrog_population, leapfrog_runner
    from plain import france, plain_runner

    inputs = france()
    found = leapfrog_population(leapfrog_runner(inputs, keep=keep)())
    np.testing.assert_allclose(found, plain_runner(inputs, keep=keep)().population, rtol=1e-12)


def test_plain_numpy_and_the_engine_agree():
    from france import france_bare
    from plain import france, plain_runner

    inputs = france()
    expected = plain_runner(inputs)()
    kept = france_bare(inputs, draws=2).project()
    np.testing.assert_allclose(kept.population[:, 0, :, :, 0], expected.population[1:], rtol=1e-11)
    np.testing.assert_allclose(kept.deaths[:, 0, :, :, 0], expected.deaths, rtol=1e-8)
    np.testing.assert_allclose(kept.events[:, 0, 0, :, 0].sum(axis=-1), expected.births, rtol=1e-11)


@pytest.mark.parametrize("keep", [CELLS, AGGREGATES], ids=["cells", "sums"])
def test_the_bare_engine_is_the_one_of_project(keep):
    from bare import prepare
    from places import consecutive, huzhou, spread

    place, draws = huzhou(2), 3
    options = {
        "years": consecutive(place, 2),
        "draws": draws,
        "log_multipliers": spread(place.space, draws, ("",)),
        "keep": keep,
    }
    kept = prepare(*place, **options).project()
    found = project(*place, **options).isel(scenario=0)
    stocks = found["population"].isel(time=slice(1, None)).transpose("time", "area", "sex", "age", "draw")
    assert np.array_equal(kept.population, stocks)
    assert np.array_equal(kept.newborn, found["newborn"].transpose("year", "area", "sex", "draw"))


def test_coarser_spaces_bear_the_children_of_the_family_space():
    from places import by_number_of_states

    born = []
    for place in by_number_of_states().values():
        found = project(*place, years=[place.stock.year + 1])
        born.append(float(found["newborn"].sum()))
    assert len(born) == 3
    np.testing.assert_allclose(born, born[-1], rtol=0.02)


def test_jobs_take_turns_and_ratios_are_taken_within_a_round():
    from timing import Job, Range, Times, measure, times_faster

    turns = []
    jobs = [Job(name, lambda name=name: turns.append(name), 10.0) for name in "ab"]
    times = measure(jobs, 3, warm_up=False)
    assert turns == list("ababab")
    assert [each.units for each in times.values()] == [10.0, 10.0]
    slow, fast = Times(np.array([2.0, 9.0, 4.0]), 1.0), Times(np.array([2.0, 3.0, 1.0]), 2.0)
    assert times_faster(slow, fast) == Range(6.0, 2.0, 8.0)
    assert (slow.median, fast.ns) == (4.0, 1e9)


@pytest.mark.slow
def test_weights_and_a_refit_are_compared(root):
    printed = run(root, "benchmarks/updating.py", "--quick")
    assert import_module("updating").TITLE in printed
    rows = re.findall(
        r"^(births 202[2-5]|tfr 2025|P\(tfr 2025 >= [\d.]+\)) .*  ([-+]\d+\.\d)  ", printed, flags=re.MULTILINE
    )
    assert len(rows) == 6
    assert max(abs(float(apart)) for _, apart in rows) < 5.0
    assert "effective size" in printed
