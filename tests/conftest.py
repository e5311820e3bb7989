"""Settings that hold for every test, and the table of references at the end of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Figures are drawn to files, never to a screen; set before anything imports matplotlib.
os.environ["MPLBACKEND"] = "Agg"
# Tables are laid out for this width, whatever terminal the tests are started from.
os.environ["COLUMNS"] = "120"

# The first call of a compiled function takes seconds, so examples have no deadline. CI tries the same examples
# every time; on a developer's machine new ones are tried, and a failing one is printed to be kept as a test.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("house")

REACHED = "reached error"
"""Under this name a test's report carries what it compared; such properties reach the summary from workers too."""

COLUMNS = ("reference", "compared", "reached", "tolerance", "unit", "convention")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def reached(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Return a function that holds an error against its tolerance, and shows both at the end of the run.

    ``reached(reference, compared, error, tolerance, unit, convention)``: the error is 0 or more; one that is not a
    number fails.
    """

    def check(reference: str, compared: str, error: float, tolerance: float, unit: str, convention: str) -> None:
        error = float(error)
        record_property(REACHED, [reference, compared, error, float(tolerance), unit, convention])
        assert 0.0 <= error <= tolerance, f"{reference}, {compared}: {error:.3g} {unit}, not within {tolerance:.3g}"

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the errors against references that the tests of this run reached; of equal rows the worst."""
    worst: dict[tuple[str, str, str, str], tuple[float, float]] = {}
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, value in report.user_properties if report.when == "call" else ():
            if name == REACHED:
                reference, compared, error, tolerance, unit, convention = value
                key = reference, compared, unit, convention
                if key not in worst or not error / tolerance <= worst[key][0] / worst[key][1]:
                    worst[key] = error, tolerance
    if not worst:
        return
    rows = [COLUMNS] + [
        (key[0], key[1], f"{'' if error <= tolerance else 'MISSED '}{error:.3g}", f"{tolerance:.3g}", *key[2:])
        for key, (error, tolerance) in sorted(worst.items())
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    terminalreporter.section("references: reached error against tolerance")
    for row in rows:
        cells = (
            text.rjust(width) if name in ("reached", "tolerance") else text.ljust(width)
            for text, width, name in zip(row, widths, COLUMNS, strict=True)
        )
        terminalreporter.write_line("  ".join(cells).rstrip())
