"""What a run leaves behind: NetCDF result, tidy tables, workbook, figures, manifest, terminal tables.

Figures and workbook are made from saved data only. This room opens neither data packs nor scenario files:
names of areas and scenarios come as arguments.
"""

from __future__ import annotations

from huyou_sim.output.folder import check_folder
from huyou_sim.output.manifest import build_manifest
from huyou_sim.output.store import read_result, write_netcdf
from huyou_sim.output.terminal import contradictions_text, fit_text, indicators_text, targets_text
from huyou_sim.output.write import read_run, redraw, write_run

__all__ = [
    "build_manifest",
    "check_folder",
    "contradictions_text",
    "fit_text",
    "indicators_text",
    "read_result",
    "read_run",
    "redraw",
    "targets_text",
    "write_netcdf",
    "write_run",
]
