"""Importing the package or the command line loads nothing heavy and takes no time."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest

HEAVY = {
    "dask", "emcee", "h5netcdf", "h5py", "matplotlib", "nicegui", "numba", "numpy", "pandas", "pyarrow",
    "pydantic", "scipy", "tqdm", "xarray", "xlsxwriter",
}  # fmt: skip
HELP = "from huyou_sim.cli import main; main(['--help'])"
SECONDS = 0.25


def loaded(code: str) -> set[str]:
    """Return the top-level names of all modules that `code` imports in a new interpreter."""
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True)
    names = re.findall(r"^import time:.*\|\s*([\w.]+)$", done.stderr, flags=re.MULTILINE)
    assert "huyou_sim" in names
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize(
    "code",
    [
        "import huyou_sim",
        "import huyou_sim.cli",
        "import huyou_sim.errors, huyou_sim.variables, huyou_sim.fonts",
        "from huyou_sim import variables; variables.variables()",
        HELP,
    ],
)
def test_import_loads_nothing_heavy(code):
    assert loaded(code) & HEAVY == set()


def test_the_rule_sees_a_heavy_import():
    assert "numpy" in loaded("import huyou_sim, numpy") & HEAVY


def test_help_is_fast():
    # Processor time, the best of five: what else the machine does at the moment is not measured.
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < SECONDS
