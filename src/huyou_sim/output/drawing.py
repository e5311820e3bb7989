"""What all figures share: font, style, page with title and caption, check of glyphs, PNG and SVG bytes.

No global state of matplotlib is changed: no pyplot, and settings hold inside `styled` only.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huyou_sim import fonts
from huyou_sim.errors import OutputError, Problem
from huyou_sim.output.labels import display_width, optional_text, text, variable_kind, variable_unit, wrap
from huyou_sim.output.palette import GREY, INK, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

    from huyou_sim.output.record import Run

DPI = 150
_FALLBACK = "DejaVu Sans"  # comes with matplotlib
_TITLE, _CAPTION = 15.0, 7.8  # points
_MARGIN = 0.35  # inches

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": [fonts.FAMILY, _FALLBACK],
        "font.size": 9.5,
        "text.color": INK,
        "text.parse_math": False,  # a $ in the name of a scenario is a dollar
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": LIGHT,
        "grid.linewidth": 0.6,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "svg.hashsalt": "huyou_sim",  # equal figures, equal bytes
        "svg.fonttype": "path",  # looks alike where the font is not installed
    }
)


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Hold the settings of our figures inside the block, whatever the user's own settings are."""
    from matplotlib import style

    _register_font()
    with style.context(["default", dict(STYLE)]):
        yield


def _register_font() -> None:
    """Make the package's font known to matplotlib by its name, once."""
    from matplotlib.font_manager import fontManager

    if all(entry.name != fonts.FAMILY for entry in fontManager.ttflist):
        fontManager.addfont(str(fonts.font_path()))


@dataclass(frozen=True)
class Page:
    """A figure with its title and caption set; the body between them is free.

    Parameters
    ----------
    top, bottom : float
        Limits of the body as fractions of the height.
    """

    figure: Figure
    top: float
    bottom: float

    def grid(self, rows: int, columns: int, *, left: float, right: float, **options: Any) -> GridSpec:
        """Return a grid over the body; margins `left` and `right` in inches."""
        width = float(self.figure.get_figwidth())
        return self.figure.add_gridspec(
            rows, columns, left=left / width, right=1 - right / width, top=self.top, bottom=self.bottom, **options
        )

    def down(self, inches: float) -> float:
        """Return the height that lies so many inches below the top of the body."""
        return self.top - inches / float(self.figure.get_figheight())


def new_page(
    width: float,
    body: float,
    *,
    title: str,
    notes: Sequence[str],
    head: float = 0.0,
    foot: float = 0.5,
    subtitle: str = "",
) -> Page:
    """Return a page of `width` inches whose body is `body` inches high, under a title, over a wrapped caption.

    Parameters
    ----------
    head : float
        Inches kept free between title and body, for a legend.
    foot : float
        Inches kept free between body and caption, for the name of an axis.
    """
    from matplotlib.figure import Figure

    lines = [line for note in notes if note for line in wrap(note, _caption_columns(width, note))]
    caption = len(lines) * _CAPTION * 1.42 / 72
    above = _MARGIN + 0.24 + (0.24 if subtitle else 0.0) + head
    below = _MARGIN * 0.7 + caption + foot
    height = above + body + below
    figure = Figure(figsize=(width, height), facecolor="white")
    left = _MARGIN / width
    figure.text(left, 1 - _MARGIN * 0.75 / height, title, fontsize=_TITLE, va="top")
    if subtitle:
        figure.text(left, 1 - (_MARGIN * 0.75 + 0.3) / height, subtitle, fontsize=9.5, color=GREY, va="top")
    figure.text(
        left, _MARGIN * 0.6 / height, "\n".join(lines), fontsize=_CAPTION, color=GREY, va="bottom", linespacing=1.35
    )
    return Page(figure, top=1 - (above + 0.12) / height, bottom=below / height)


def _caption_columns(width: float, note: str) -> int:
    """Return how many columns of a note fit into a line; Chinese fills its columns, Latin letters are narrower."""
    column = 0.515 if any(display_width(char) == 2 for char in note) else 0.475  # of the size of the letters
    return int((width - 2 * _MARGIN) * 72 / (_CAPTION * column))


def minus(figures: str) -> str:
    """Return a number with the sign that printers use for less than nothing."""
    return figures.replace("-", "−")


def source_note(run: Run, lang: str) -> str:
    """Return the line that says what a figure was made from."""
    return text("figure.source", lang, version=run.manifest.get("version", ""), run=run.manifest.get("run_id", ""))


def definitions_note(items: Mapping[str, str], lang: str) -> str:
    """Return the line with the definitions of labels."""
    parts = [
        text("figure.definition_item", lang, label=label, definition=definition.rstrip("。."))
        for label, definition in items.items()
        if definition
    ]
    if not parts:
        return ""
    joined = text("figure.definition_separator", lang).join(parts)
    return text("figure.definitions", lang, definitions=joined) + ("。" if lang == "zh" else ".")


def panel_title(axes: Axes, label: str, unit: str) -> None:
    """Set the name of a panel and, under it, the unit of its axis."""
    axes.annotate(label, (0, 1), (-30, 21), xycoords="axes fraction", textcoords="offset points", fontsize=11)
    axes.annotate(
        unit, (0, 1), (-30, 8), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color=GREY
    )


def scale(name: str, lang: str) -> tuple[float, str]:
    """Return the divisor and unit in which a count is shown: thousands in English, 万 in Chinese."""
    unit = variable_unit(name, lang)
    english = variable_unit(name, "en")
    if variable_kind(name) in ("stock", "flow") and english in ("persons", "births"):
        large = "births" if english == "births" else "large"
        return (10_000.0 if lang == "zh" else 1_000.0), optional_text("scale", large, lang)
    return 1.0, unit


def spread(positions: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Return positions moved apart until none is nearer than `gap` to the next, in the same order.

    Blocks of labels that would overlap are set around their own mean, so that each stays near its line, and
    inside `lowest` to `highest` as far as there is room.
    """

    def middle(mean: float, size: int) -> float:
        half = gap * (size - 1) / 2
        return min(max(mean, lowest + half), highest - half)

    order = sorted(range(len(positions)), key=lambda index: positions[index])
    blocks: list[tuple[float, list[int]]] = []  # mean, members from low to high
    for index in order:
        block = (middle(positions[index], 1), [index])
        while blocks and block[0] - blocks[-1][0] < gap * (len(block[1]) + len(blocks[-1][1])) / 2:
            mean, members = blocks.pop()
            size = len(members) + len(block[1])
            joined = (mean * len(members) + block[0] * len(block[1])) / size
            block = (middle(joined, size), members + block[1])
        blocks.append(block)
    placed = [0.0] * len(positions)
    for mean, members in blocks:
        for rank, index in enumerate(members):
            placed[index] = mean + gap * (rank - (len(members) - 1) / 2)
    return placed


# --- bytes -----------------------------------------------------------------------------------------------


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG of 150 dots per inch."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG without a date."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": "huyou_sim"})
    return stream.getvalue()


def check_glyphs(figure: Figure) -> None:
    """Check that every character of the figure has a glyph: a box in a report is worse than an error.

    Raises
    ------
    OutputError
        One problem for each text with characters that the fonts lack.
    """
    from matplotlib.text import Text

    found: list[Any] = figure.findobj(Text)
    texts = dict.fromkeys(str(item.get_text()) for item in found)
    problems = []
    for words in texts:
        lacking = sorted({char for char in words if char not in "\n\t" and ord(char) not in _glyphs()})
        if lacking:
            problems.append(
                Problem(
                    where=f"text {words!r} of a figure",
                    found="no glyph for " + ", ".join(f"{char} (U+{ord(char):04X})" for char in lacking),
                    expected=f"characters of the font {fonts.FAMILY} (GB 2312 level 1) or {_FALLBACK}",
                    fix="Write the name with other characters.",
                )
            )
    if problems:
        raise OutputError(problems)


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points that the two fonts can draw."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    paths = [str(fonts.font_path()), str(findfont(FontProperties(family=_FALLBACK)))]
    return frozenset(code for path in paths for code in FT2Font(path).get_charmap())
