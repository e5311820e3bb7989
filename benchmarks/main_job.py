"""The steps of the main job as a user meets them, and the command line as whole processes."""

from __future__ import annotations

import subprocess
import sysconfig
import tempfile
from pathlib import Path

from ensemble import ensemble, ensemble_years
from show import heading, note, table
from sizes import Sizes
from timing import Job, Times, measure

import huyou_sim as hs

TITLE = "4. The main job on Huzhou"
LOAD, FIT, PACKAGES = "load the pack", "load, build the baseline, calibrate", "the same, project packages, targets"
HELP, RUN = "`huyou --help`, whole process", "`huyou run no_new_policy --no-figures`, whole process"
ENSEMBLE = "an ensemble with all indicators"


def huyou(*arguments: str) -> None:
    """Run the command in a process of its own."""
    command = Path(sysconfig.get_path("scripts"), "huyou")
    subprocess.run([str(command), *arguments], check=True, capture_output=True)


def run_one_package(until: int) -> None:
    """Run one package into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        huyou("run", "no_new_policy", "--no-figures", "--quiet", "--until", str(until), "--out", f"{folder}/result")


def measure_main_job(sizes: Sizes) -> dict[str, Times]:
    """Print the section and return its times; the units of the ensemble are years of a trajectory in an area."""
    heading(f"{TITLE}, to {sizes.until}")
    # Compiled code is on disk from here on, which is what is meant by a warm run.
    fit = hs.fit_place("huzhou")
    units = sizes.ensemble * len(fit.baseline.areas) * len(ensemble_years(fit, sizes.until))

    def whole_ensemble() -> None:
        for _ in ensemble(fit, sizes.ensemble, until=sizes.until):
            pass

    jobs = [
        Job(LOAD, lambda: hs.load_pack("huzhou")),
        Job(FIT, lambda: hs.fit_place("huzhou")),
        Job(PACKAGES, lambda: hs.run_packages("huzhou", sizes.scenarios, until=sizes.until)),
        Job(ENSEMBLE, whole_ensemble, units),
        Job(HELP, lambda: huyou("--help")),
        Job(RUN, lambda: run_one_package(sizes.until)),
    ]
    times = measure(jobs, sizes.few_rounds, warm_up=False)
    table(
        ("", "seconds", "smallest-largest"),
        (
            (name, f"{one.median:.2f}", f"{one.seconds.min():.2f}-{one.seconds.max():.2f}")
            for name, one in times.items()
        ),
    )
    number = f"{len(sizes.scenarios)} package(s)" if sizes.scenarios else "All packages that ship"
    note(
        f"""{number}, central values, no files but those of `huyou run`. The ensemble has {sizes.ensemble:,} draws and
        takes {times[ENSEMBLE].ns:,.0f} ns per trajectory-year and area: labels and indicators are in it, unlike in the
        sections above."""
    )
    return times
