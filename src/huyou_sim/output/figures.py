"""The figures of a run as PNG and SVG, made from its saved data only, and those of a reachability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huyou_sim.output.drawing import check_glyphs, png_bytes, styled, svg_bytes
from huyou_sim.output.figure_bands import bands_figure
from huyou_sim.output.figure_checks import fit_figure, target_figure
from huyou_sim.output.figure_overview import overview_figure
from huyou_sim.output.figure_reach import reach_figure
from huyou_sim.output.figure_scorecard import scorecard_figure
from huyou_sim.output.figure_structure import pyramid_figure, women_figure
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import check_language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from huyou_sim.output.record import Run
    from huyou_sim.planning.reach import Reach
    from huyou_sim.planning.scorecard import Scorecard

FIGURES: Mapping[str, Callable[[Run, str], Figure]] = MappingProxyType(
    {
        "overview": overview_figure,
        "targets": target_figure,
        "fit": fit_figure,
        "pyramid": pyramid_figure,
        "women_at_start": women_figure,
    }
)
"""Name of each figure -> the function that draws it."""

REACH_FIGURES: Mapping[str, Callable[[Reach, str], Figure]] = MappingProxyType(
    {"bands": bands_figure, "reach": reach_figure}
)
"""The same of a reachability."""


def draw(name: str, run: Run, lang: str) -> tuple[bytes, bytes]:
    """Return the figure `name` of a run as PNG and SVG; equal runs give equal bytes.

    Raises
    ------
    OutputError
        When a character of a name has no glyph.
    """
    return _drawn(FIGURES[name], run, lang)


def draw_reach(name: str, reach: Reach, lang: str) -> tuple[bytes, bytes]:
    """Return the figure `name` of a reachability as PNG and SVG; equal ones give equal bytes.

    Parameters
    ----------
    name : {"bands", "reach"}
        Fan charts of the main indicators, or the probabilities of all targets under all packages.
    reach : Reach
        From `huyou_sim.planning.reach.run_reach`.
    lang : {"en", "zh"}

    Raises
    ------
    OutputError
        When a character of a name has no glyph.
    """
    return _drawn(REACH_FIGURES[name], reach, lang)


def _drawn(maker: Callable[[Any, str], Figure], made: object, lang: str) -> tuple[bytes, bytes]:
    check_language(lang)
    with styled():
        figure = maker(made, lang)
        check_glyphs(figure)
        return png_bytes(figure), svg_bytes(figure)


def figure_names(run: Run) -> list[str]:
    """Return the figures for which the run has data: a place may have no targets or no marital status."""
    there = {"targets": len(run.targets) > 0, "fit": len(run.fit) > 0, "women_at_start": "women" in run.result}
    return [name for name in FIGURES if there.get(name, True)]


def write_figures(run: Run, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the path of each figure once it is written.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    for name in figure_names(run):
        png, svg = draw(name, run, lang)
        yield replace_file(folder / f"{name}.png", png)
        yield replace_file(folder / f"{name}.svg", svg)


def write_reach_figures(reach: Reach, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the path of each figure of a reachability once it is written; a place without targets has no `reach`.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    for name in REACH_FIGURES:
        if name == "reach" and reach.targets.empty:
            continue
        png, svg = draw_reach(name, reach, lang)
        yield replace_file(folder / f"{name}.png", png)
        yield replace_file(folder / f"{name}.svg", svg)


def write_scorecard_figure(card: Scorecard, folder: Path, lang: str) -> Iterator[Path]:
    """Yield the paths of the board of a scorecard, `scorecard.png` and `.svg`, once they are written.

    Raises
    ------
    OutputError
        When a character has no glyph, or the system refuses to write.
    """
    png, svg = _drawn(scorecard_figure, card, lang)
    yield replace_file(folder / "scorecard.png", png)
    yield replace_file(folder / "scorecard.svg", svg)
