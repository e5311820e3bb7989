"""The monitor: as text, and as a folder of tables, a workbook, a figure and a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from huyou_sim.monitoring.monitor import SCENARIO, Monitor, run_monitor
from huyou_sim.monitoring.part_years import SEASONS
from huyou_sim.monitoring.warning import AMBER, RED
from huyou_sim.output.ensemble_manifest import draws_words, ensemble_manifest
from huyou_sim.output.figure_monitor import write_monitor_figure
from huyou_sim.output.folder import check_folder, output_folder, replace_file
from huyou_sim.output.labels import text, wrap
from huyou_sim.output.monitor_text import (
    board_text,
    figures_text,
    notes_text,
    series_text,
    targets_text,
    vintages_text,
)
from huyou_sim.output.monitor_words import shown
from huyou_sim.output.tables import left_out_table, left_out_words, write_table
from huyou_sim.output.terminal import terminal_width
from huyou_sim.output.workbook import frames_bytes
from huyou_sim.output.write import seal

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.errors import Problem

WORKBOOK = "monitor.xlsx"
TABLES = ("series", "figures", "board", "targets", "vintages", "bands")
"""Of a folder, each under its own name after ``monitor_``."""


def monitor_report(
    place: str | Path,
    observations: str | Path,
    scenario: str | Path = SCENARIO,
    *,
    lang: str = "en",
    out: Path | None = None,
    csv: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> tuple[str, tuple[Problem, ...]]:
    """Return the monitor as text, and why rows of the file are not in it.

    Parameters
    ----------
    place, observations, scenario
        As for `huyou_sim.monitoring.monitor.run_monitor`.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    csv : path, optional
        Write the table of figures to this file.
    figures : bool
        Draw the bands into the folder too.
    options
        Further arguments of `run_monitor`: as_of, level, draws, seed, prior_only, folder, refit.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_monitor`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    monitor = run_monitor(place, observations, scenario, progress=progress, **options)
    said = [said_of(monitor, lang)]
    if csv is not None:
        write_table(shown(monitor, monitor.figures, lang), csv, lang)
    if folder is not None:
        write_monitor(monitor, folder, lang=lang, figures=figures)
        said.append(text("score.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said), monitor.left_out


def said_of(monitor: Monitor, lang: str, *, width: int | None = None) -> str:
    """Return the monitor as text: board first, then series, figures, targets, vintages and the rule."""
    width = width or terminal_width()
    title = text("monitor.title", lang, day=monitor.as_of.isoformat(), course=monitor.scenario.label(lang),
                 count=len(monitor.observed))  # fmt: skip
    left = [text("monitor.left_out", lang, count=len(monitor.left_out))] if monitor.left_out else []
    about = draws_words(monitor.posterior, draws=monitor.draws, seed=monitor.seed, lang=lang, key="monitor.draws")
    head = [title, *about, *left]
    parts = ["\n".join(line for words in head for line in wrap(words, width))]
    for part in (board_text, series_text, figures_text, targets_text, vintages_text, notes_text):
        parts.append(part(monitor, lang, width))
    return "\n\n".join(part for part in parts if part)


# --- files -----------------------------------------------------------------------------------------------


def write_monitor(monitor: Monitor, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that a monitor was written to, whole or not at all.

    It holds tables (CSV), the same as a workbook, bands with the observed figures (unless not asked for) and a
    manifest, which says by which rule and which rows of the file were left out.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    manifest = _manifest(monitor, lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, monitor, lang, figures)), manifest)
    return folder


def _write_all(part: Path, monitor: Monitor, lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    tables: dict[str, pd.DataFrame] = {
        f"monitor_{name}": shown(monitor, getattr(monitor, name), lang) for name in TABLES
    }
    if monitor.left_out:
        tables["left_out"] = left_out_table(monitor.left_out)
    for name, table in tables.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    sheets = {name: (table, 3) for name, table in tables.items()}
    yield replace_file(part / WORKBOOK, frames_bytes(sheets, lang)).relative_to(part).as_posix()
    if figures and not monitor.series.empty:
        (part / "figures").mkdir()
        for path in write_monitor_figure(monitor, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def _update(monitor: Monitor) -> dict[str, Any]:
    """Return what the revised probabilities rest on, the weights of the course's own draws first."""
    found, weights = monitor.revision, monitor.revision.weights
    return {
        "effective_size": weights.effective_size, "tail_index": weights.tail_index,
        "log_evidence": weights.log_evidence, "refit_needed": weights.refit_needed,
        "way": found.way, "revised_effective_size": found.update.effective_size, "refit_of": list(found.given),
        "reason": found.reason,
    }  # fmt: skip


def _manifest(monitor: Monitor, lang: str) -> dict[str, Any]:
    arguments = {
        "command": "monitor", "level": monitor.level, "draws": monitor.draws, "prior_only": monitor.posterior is None,
        "as_of": monitor.as_of.isoformat(), "amber": AMBER, "red": RED,
        "seasons": {" ".join(one.names): [one.central, one.low, one.high, one.reason] for one in SEASONS},
        "update": _update(monitor),
        "observations": [
            [one.name, one.area, one.population_base, str(one.period), one.value, one.standard_error,
             one.known_from.isoformat()]
            for one in monitor.observed
        ],
        "left_out": left_out_words(monitor.left_out),
    }  # fmt: skip
    return ensemble_manifest(
        monitor.fit, monitor.posterior, [monitor.scenario], arguments, seed=monitor.seed, lang=lang
    )
