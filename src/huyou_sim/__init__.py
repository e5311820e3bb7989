"""huyou_sim: project a city's population and test whether policy can reach its birth-support targets.

The public screen. Everything here is a frozen value or a function; importing loads nothing heavy, each name is
loaded when it is first used::

    import huyou_sim as hs

    packages = hs.run_packages("huzhou")
    packages.targets                      # verdict per scenario, indicator and level
    packages.indicators["tfr"].sel(area="330500", year=2025)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from huyou_sim._version import __version__ as __version__

if TYPE_CHECKING:
    from huyou_sim.demography.baseline import Baseline, build_baseline
    from huyou_sim.demography.indicators import indicators
    from huyou_sim.demography.projection import Rates, Stock, project
    from huyou_sim.demography.states import state_space
    from huyou_sim.errors import HuyouError
    from huyou_sim.inference.calibration import Calibration, calibrate
    from huyou_sim.monitoring.monitor import run_monitor
    from huyou_sim.output import read_result
    from huyou_sim.pack import Pack, load_pack
    from huyou_sim.planning.compare import run_comparison
    from huyou_sim.planning.needs import run_needs
    from huyou_sim.planning.packages import fit_place, run_packages
    from huyou_sim.planning.reach import run_reach
    from huyou_sim.planning.scorecard import run_scorecard
    from huyou_sim.planning.targets import assess_targets
    from huyou_sim.policy import Scenario, load_scenario

_HOME = {
    "Baseline": "demography.baseline",
    "Calibration": "inference.calibration",
    "HuyouError": "errors",
    "Pack": "pack",
    "Rates": "demography.projection",
    "Scenario": "policy",
    "Stock": "demography.projection",
    "assess_targets": "planning.targets",
    "build_baseline": "demography.baseline",
    "calibrate": "inference.calibration",
    "fit_place": "planning.packages",
    "indicators": "demography.indicators",
    "load_pack": "pack",
    "load_scenario": "policy",
    "project": "demography.projection",
    "read_result": "output",
    "run_comparison": "planning.compare",
    "run_monitor": "monitoring.monitor",
    "run_needs": "planning.needs",
    "run_packages": "planning.packages",
    "run_reach": "planning.reach",
    "run_scorecard": "planning.scorecard",
    "state_space": "demography.states",
}

__all__ = [
    "Baseline",
    "Calibration",
    "HuyouError",
    "Pack",
    "Rates",
    "Scenario",
    "Stock",
    "assess_targets",
    "build_baseline",
    "calibrate",
    "fit_place",
    "indicators",
    "load_pack",
    "load_scenario",
    "project",
    "read_result",
    "run_comparison",
    "run_monitor",
    "run_needs",
    "run_packages",
    "run_reach",
    "run_scorecard",
    "state_space",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its room when it is first used."""
    if name in _HOME:
        return getattr(import_module(f"huyou_sim.{_HOME[name]}"), name)
    raise AttributeError(f"module 'huyou_sim' has no public name '{name}'; see huyou_sim.__all__")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
