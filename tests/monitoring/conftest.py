"""Huzhou with draws from priors, prepared once, and a file of made-up observations."""

from __future__ import annotations

from datetime import date

import pytest

from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.monitoring.monitor import project_course
from huyou_sim.planning.observed import read_observed
from huyou_sim.planning.packages import fit_place
from huyou_sim.policy import load_scenario

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="session")
def fitted():
    return fit_place("huzhou")


@pytest.fixture(scope="session")
def pack(fitted):
    return fitted.pack


@pytest.fixture(scope="session")
def course():
    return load_scenario("plan_as_written")


@pytest.fixture(scope="session")
def dataset(fitted, course):
    """Return the course in 400 draws, for the place and one county."""
    ensemble = prepare_ensemble(fitted, None, 400, until=2025)

    class County:
        area = "330521"

    return project_course(ensemble, course, [County()])


@pytest.fixture
def read(pack, tmp_path):
    """Return a reader of rows variable,period,value,area,published, all made up."""

    def reader(*rows: str, header: str = "variable,period,value,area,published,population_base,standard_error"):
        path = tmp_path / "made_up.csv"
        width = header.count(",")
        path.write_text("\n".join([header, *(row + "," * (width - row.count(",")) for row in rows)]) + "\n", "utf-8")
        found, problems = read_observed(path, pack, today=TODAY)
        assert problems == (), [str(problem) for problem in problems]
        return found

    return reader
