"""Colours that people who confuse red and green can tell apart, dark enough for paper.

Source: Okabe and Ito, Color Universal Design (2008), the yellow left out, which fades on white.
"""

from __future__ import annotations

COLOURS = ("#222222", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F6A00")
"""Of scenarios, in their order; the first, mostly no new policy, is near black."""

DASHES: tuple[tuple[int, tuple[float, ...]], ...] = (
    (0, ()),
    (0, ()),
    (0, (5, 1.5)),
    (0, (2.5, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (1.2, 1.0)),
)
"""Of scenarios, so that a picture in black and white still tells them apart."""

MALE, FEMALE = "#0072B2", "#D55E00"
GREY, LIGHT, INK = "#6B6B6B", "#D9D9D9", "#222222"
REACHED, MISSED = "#D6E8F5", "#FBE3D3"
"""Grounds of verdicts; the verdict itself stands in words."""

PARITY = ("#DCE6EE", "#92B9D6", "#3E83B5", "#0B4A78")
MARITAL = ("#F2D3B8", "#3E83B5", "#8C8C8C")
