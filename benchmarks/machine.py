"""The head of a print-out: what was measured, and on what."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from llvmlite import binding
from show import note, table

CORES = os.cpu_count() or 1
GOALS_CACHE = 2048
"""Second-level cache per core of the machine that the goals were set on [KiB]; it also had AVX-512."""

PACKAGES = ("numpy", "numba", "xarray", "huyou_sim", "leapfrog-py")


def processor() -> str:
    """Return the processor's name, and what the compiler knows it as."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name} ({binding.get_host_cpu_name()})"


def has_avx512() -> bool:
    """Return whether the compiler may use vectors of 512 bits."""
    return bool(binding.get_host_cpu_features().get("avx512f", False))


def second_level_cache() -> int | None:
    """Return the second-level cache of a core [KiB], where the system tells."""
    path = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return int(text[:-1]) if text.endswith("K") else None


def package_version(name: str) -> str:
    """Return the version of a package, or that it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def load() -> str:
    """Return how busy the machine is with everything that runs on it."""
    return f"{os.getloadavg()[0]:.2f} programs running in the last minute" if hasattr(os, "getloadavg") else "unknown"


def beside_the_goals() -> str:
    """Return how this machine differs from the one that the goals were set on; empty where it does not."""
    cache = second_level_cache()
    differs = [] if has_avx512() else ["has no AVX-512"]
    if cache is not None and cache < GOALS_CACHE:
        differs.append(f"has {cache:,} KiB of second-level cache per core")
    if not differs:
        return ""
    return (
        f"The goals were set on a machine with AVX-512 and {GOALS_CACHE // 1024} MiB of second-level cache per core; "
        f"this one {' and '.join(differs)}."
    )


def head() -> None:
    """Print the machine, the versions, and how to read the numbers."""
    cache = second_level_cache()
    table(
        ("huyou_sim benchmark", ""),
        (
            ("processor", processor()),
            ("cores", str(CORES)),
            ("AVX-512", "yes" if has_avx512() else "no"),
            ("second-level cache", "unknown" if cache is None else f"{cache:,} KiB per core"),
            ("load at the start", load()),
            ("system", f"{platform.system()} {platform.machine()}"),
            ("Python", platform.python_version()),
            *((name, package_version(name)) for name in PACKAGES),
        ),
        left=2,
    )
    print()
    note(
        """Timings are noisy. Each is the median of several rounds, in which the jobs of a table take turns
        (A B C, A B C, ...); ratios are taken round by round and shown as median (smallest-largest). Compare rows of
        one print-out. A trajectory-year is one trajectory of one area advanced one year, all ages and both sexes."""
    )
