"""The kernel compiled and uncompiled: one source, the same bits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib, json, sys
sys.path.insert(0, {root!r})
from huyou_sim.demography.keep import AGGREGATES, CELLS
from huyou_sim.demography.projection import project
from huyou_sim.demography.states import state_space
from huyou_sim.demography.walk import BLOCK
from tests.demography.conftest import make_rates, make_stock
from tests.demography.test_invariance import multipliers

digests = {{"block": BLOCK}}
for name, births, draws in (
    ("family", "middle", 2), ("duration", "middle", 2), ("classical", "ends", 2), ("classical", "ends", 1)
):
    space = state_space(name)
    rates = make_rates(space, migrants=150.0)
    log = multipliers(space, 5, draw=draws, area=2)
    for migration in ("even", "end"):
        for keep in (CELLS, AGGREGATES):
            result = project(
                make_stock(space), rates, space, years=[2021, 2022], draws=draws, log_multipliers=log, births=births,
                migration=migration, keep=keep, total="place",
            )
            for array, values in result.data_vars.items():
                key = f"{{name}} {{draws}} {{migration}} {{keep is CELLS}} {{array}}"
                digests[key] = hashlib.sha256(values.values.tobytes()).hexdigest()
print(json.dumps(digests))
"""


def digests(root: Path, *, compiled: bool) -> dict[str, object]:
    """Return a hash of the bits of every array of some projections, from a process of its own."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if compiled else "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(root=str(root))],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_compiled_and_uncompiled_have_the_same_bits(root):
    """Uncompiled, blocks hold one trajectory: the width of a block changes no bit either."""
    compiled, plain = digests(root, compiled=True), digests(root, compiled=False)
    assert (compiled.pop("block"), plain.pop("block")) == (128, 1)
    assert len(compiled) > 100
    assert plain == compiled
