"""Data packs: the only room that opens the folder `data`."""

from __future__ import annotations

from huyou_sim.pack.load import Pack, check_pack, load_pack
from huyou_sim.pack.locate import known_packs

__all__ = ["Pack", "check_pack", "known_packs", "load_pack"]
