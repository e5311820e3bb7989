"""The package as a user gets it: built, installed outside the checkout, and at work there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import huyou_sim

# One process builds and installs for all tests of this file.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def call(*command: str | Path, cwd: Path) -> str:
    """Return what a command prints; its whole output is the message when it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(root, tmp_path_factory):
    """Build the sdist, and the wheel from the sdist: what the sdist lacks, the wheel lacks."""
    out = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, root, cwd=out)
    return out


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory):
    """Install the wheel alone into an environment that sees our dependencies, but not our checkout."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "env", with_pip=False, symlinks=True)
    python = home / "env" / "bin" / "python"
    [wheel] = dist.glob("*.whl")
    pip = ("-m", "pip", "--disable-pip-version-check", "--python", python)
    call(sys.executable, *pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    [purelib] = (home / "env").glob("lib/python*/site-packages")
    # A path file does not read the path files of the folder it names: the editable install stays unseen.
    (purelib / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def test_the_wheel_holds_packs_scenarios_font_and_licences(dist, root):
    [wheel] = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        f"huyou_sim/{target}/{path.relative_to(root / source).as_posix()}"
        for source, target in (("data", "_data"), ("scenarios", "_scenarios"))
        for path in (root / source).rglob("*")
        if path.is_file()
    }
    assert expected
    assert expected <= names
    assert {"huyou_sim/py.typed", "huyou_sim/variables.csv", "huyou_sim/fonts/HuyouSansSC-Regular.ttf"} <= names
    licences = {name.split("licenses/")[1] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "src/huyou_sim/fonts/OFL.txt"}


def test_the_sdist_holds_what_the_tests_need(dist):
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"Makefile", "README.md", "pyproject.toml", "tests/house/test_wheel.py"} <= names
    assert {"requirements.lock", "requirements-bench.lock", "benchmarks/run.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc"))]


def test_the_installed_package_finds_its_packs(installed):
    python = installed / "env" / "bin" / "python"
    code = "import huyou_sim; from huyou_sim.pack import load_pack; print(load_pack('huzhou').path)"
    where = Path(call(python, "-W", "error", "-c", code, cwd=installed).strip())
    assert where.parts[-3:] == ("huyou_sim", "_data", "huzhou")
    assert where.is_relative_to(installed)


def test_the_installed_command_does_the_main_job(installed):
    huyou = installed / "env" / "bin" / "huyou"
    assert huyou_sim.__version__ in call(huyou, "--version", cwd=installed)
    call(huyou, "run", "no_new_policy", "--until", "2022", "--lang", "zh", "--out", "result", cwd=installed)
    made = {path.name for path in (installed / "result").iterdir()}
    assert {"result.nc", "results.xlsx", "manifest.json"} <= made
