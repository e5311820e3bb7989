"""Settings that hold for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Figures are drawn to files, never to a screen; set before anything imports matplotlib.
os.environ["MPLBACKEND"] = "Agg"

# The first call of a compiled function takes seconds, so examples have no deadline. CI tries the same examples
# every time; on a developer's machine new ones are tried, and a failing one is printed to be kept as a test.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).resolve().parents[1]
