"""Ensembles of any size in bounded memory, each in a fresh process whose peak is read at its end.

    python benchmarks/million.py DRAWS

is that process: it prints one line of JSON. `show_million` starts two, a small and a large one.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import CORES
from show import heading, note, table, threads

TITLE = "6. Memory is bounded by the part, not by the number of draws"
PART = 512
"""Draws of one part: as fast as any larger one, and well below the limit."""

UNTIL = 2050
LIMIT = 1024.0
"""Peak memory that is asked for [MiB]."""

YEARS = (2025, 2050)
KEPT = ("births", "tfr", "natural_increase_rate", "population_total")
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)


def peak_mib() -> float:
    """Return the most memory that this program has held so far [MiB].

    Linux says it of the program alone; what `getrusage` says includes the process that it was started from.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        high_water = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(high_water.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def project_and_keep(draws: int) -> dict[str, Any]:
    """Return what an ensemble of Huzhou gave, and what it took."""
    import numpy as np
    from ensemble import ensemble, ensemble_years

    import huyou_sim as hs

    fit = hs.fit_place("huzhou")
    before = peak_mib()
    kept = np.empty((len(KEPT), len(YEARS), draws), dtype=np.float32)
    low, start = 0, time.perf_counter()
    for part in ensemble(fit, draws, until=UNTIL, part=PART, progress=True):
        place = part.isel(scenario=0).sel(area=fit.baseline.code, year=list(YEARS))
        high = low + part.sizes["draw"]
        for i, name in enumerate(KEPT):
            kept[i, :, low:high] = place[name].transpose("year", "draw").values
        low = high
    seconds = time.perf_counter() - start
    areas, years = len(fit.baseline.areas), len(ensemble_years(fit, UNTIL))
    quantiles = np.quantile(kept, QUANTILES, axis=-1)
    return {
        "draws": low,
        "seconds": seconds,
        "ns": 1e9 * seconds / (draws * areas * years),
        "before": before,
        "kept": kept.nbytes / 2**20,
        "peak": peak_mib(),
        "quantiles": quantiles.transpose(1, 2, 0).tolist(),  # (variable, year, quantile)
    }


def in_a_fresh_process(draws: int) -> dict[str, Any]:
    """Return what `project_and_keep` found in a process of its own; its progress bar is shown."""
    command = [sys.executable, str(Path(__file__).resolve()), str(draws)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def show_million(draws: int) -> None:
    """Print the section."""
    heading(f"{TITLE}: Huzhou, 5 areas, 12 states, to {UNTIL}, {threads(CORES)}")
    runs = [in_a_fresh_process(n) for n in sorted({max(draws // 10, 1), draws})]
    limit = f"under {LIMIT:,.0f}"
    table(
        ("draws", "seconds", "ns", "peak MiB", "before", "kept", limit),
        (
            (
                f"{run['draws']:,}",
                f"{run['seconds']:,.1f}",
                f"{run['ns']:,.0f}",
                f"{run['peak']:,.0f}",
                f"{run['before']:,.0f}",
                f"{run['kept']:,.1f}",
                "yes" if run["peak"] < LIMIT else "no",
            )
            for run in runs
        ),
        left=0,
    )
    note(
        f"""Parts of {PART:,} draws with all indicators; ns per trajectory-year and area. `peak`: the largest resident
        memory of the process; `before`: its peak before it projects, libraries and calibration; `kept`: the
        {len(KEPT) * len(YEARS)} numbers in single precision that are kept of each draw."""
    )
    print()
    show_quantiles(runs[-1]["quantiles"])


def show_quantiles(quantiles: list[list[list[float]]]) -> None:
    """Print quantiles by (variable, year, quantile)."""
    table(
        ("the place as a whole", "", *(f"{100 * q:g} %" for q in QUANTILES)),
        (
            (name, str(year), *(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}" for value in values))
            for name, years in zip(KEPT, quantiles, strict=True)
            for year, values in zip(YEARS, years, strict=True)
        ),
        left=2,
    )
    note(
        """Quantiles over draws. Every hazard, and migration, has a normal log multiplier of 0.1 around its fitted
        level; there are no trends and no levers. They show that numbers came out; they are no forecast."""
    )


if __name__ == "__main__":
    print(json.dumps(project_and_keep(int(sys.argv[1]))))
