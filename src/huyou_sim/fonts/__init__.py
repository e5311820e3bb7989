"""The Chinese font that figures are drawn with, so that they look alike on every machine.

See ``NOTICE.txt`` for what it holds and where it comes from, ``OFL.txt`` for its licence.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

FAMILY = "Huyou Sans SC"
"""Family name inside the font file, to be given to matplotlib."""


def font_path() -> Path:
    """Return the path of the TrueType file of `FAMILY`."""
    return Path(str(files("huyou_sim.fonts"))) / "HuyouSansSC-Regular.ttf"
