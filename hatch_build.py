"""Puts the data packs and scenarios of the checkout into every wheel but an editable one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = {"data": "huyou_sim/_data", "scenarios": "huyou_sim/_scenarios"}


class PacksBuildHook(BuildHookInterface):
    """Includes `data/` and `scenarios/` inside the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders, unless the wheel only points at the checkout: a copy there would go stale."""
        if version != "editable":
            build_data["force_include"] |= {str(Path(self.root, at)): to for at, to in FOLDERS.items()}
