"""The plan's scorecard: as text, and as a folder of tables, a workbook, a figure and a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from huyou_sim.output.ensemble_manifest import draws_words, ensemble_manifest, mark_of
from huyou_sim.output.figures import write_scorecard_figure
from huyou_sim.output.folder import check_folder, output_folder, replace_file
from huyou_sim.output.labels import optional_text, text, wrap
from huyou_sim.output.record import scenario_label
from huyou_sim.output.scorecard_text import (
    BASES,
    KINDS,
    METHODS,
    VERDICTS,
    assumed_words,
    board_text,
    methods_text,
    progress_text,
)
from huyou_sim.output.tables import left_out_table, left_out_words, write_table
from huyou_sim.output.terminal import terminal_width
from huyou_sim.output.workbook import frames_bytes
from huyou_sim.output.write import seal
from huyou_sim.planning.scorecard import SCENARIOS, Scorecard, run_scorecard

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.errors import Problem

WORKBOOK = "scorecard.xlsx"
_BY_LANGUAGE = ("group", "name", "definition", "denominator", "department", "data")
"""Columns that a table has in each language, of which one is shown."""


def scorecard_report(
    place: str | Path,
    scenarios: Sequence[str | Path] = SCENARIOS,
    *,
    lang: str = "en",
    out: Path | None = None,
    figures: bool = True,
    methods: bool = False,
    progress: bool = False,
    **options: Any,
) -> tuple[str, tuple[Problem, ...]]:
    """Return the scorecard of a place's plan as text, and why rows of the observations are not in it.

    It is written to a folder where one is named.

    Parameters
    ----------
    place, scenarios
        As for `huyou_sim.planning.scorecard.run_scorecard`.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw the board into the folder too.
    methods : bool
        Say below the table how each indicator is projected, and from which data.
    options
        Further arguments of `run_scorecard`: level, draws, seed, observations, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_scorecard`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    card = run_scorecard(place, scenarios, progress=progress, **options)
    said = [said_of(card, lang, methods=methods)]
    if folder is not None:
        write_scorecard(card, folder, lang=lang, figures=figures)
        said.append(text("score.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said), card.left_out


def said_of(card: Scorecard, lang: str, *, methods: bool = False, width: int | None = None) -> str:
    """Return the scorecard as text: draws, the table of all indicators, observed progress, and methods if asked for."""
    width = width or terminal_width()
    head = draws_words(card.posterior, draws=card.draws, seed=card.seed, lang=lang)
    parts = ["\n".join(line for words in head for line in wrap(words, width)), board_text(card, lang, width)]
    parts += [part for part in (progress_text(card, lang, width),) if part]
    return "\n\n".join(parts + ([methods_text(card, lang, width)] if methods else []))


# --- files -----------------------------------------------------------------------------------------------


def write_scorecard(card: Scorecard, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that a scorecard was written to, whole or not at all.

    It holds tables (CSV; one of the observations that are left out, where there are any), the same as a workbook, the
    board as a figure (unless not asked for) and a manifest.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    manifest = _manifest(card, lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, card, lang, figures)), manifest)
    return folder


def _write_all(part: Path, card: Scorecard, lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    tables = {"scorecard": shown_table(card, lang), "methods": shown_methods(card, lang), "supply": supply(card, lang)}
    if card.left_out:
        tables["left_out"] = left_out_table(card.left_out)
    for name, table in tables.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    sheets = {name: (table, 3) for name, table in tables.items()}
    yield replace_file(part / WORKBOOK, frames_bytes(sheets, lang)).relative_to(part).as_posix()
    if figures:
        (part / "figures").mkdir()
        for path in write_scorecard_figure(card, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def shown_table(card: Scorecard, lang: str) -> pd.DataFrame:
    """Return the scorecard with words of one language; codes stay codes in English."""
    table = _in_language(card.table, lang)
    labels = {one.key: scenario_label(card.scenarios, one.key, lang) for one in card.scenarios}
    table.insert(1, "scenario_label", table["scenario"].map(labels))
    return table.assign(mark=mark_of(card.posterior, lang))


def shown_methods(card: Scorecard, lang: str) -> pd.DataFrame:
    """Return the table of methods with words of one language, and what is assumed in words."""
    words = [assumed_words(row, lang) for row in card.methods.to_dict("records")]
    return _in_language(card.methods, lang).assign(assumed=words).rename(columns={"supply": "supplies"})


def supply(card: Scorecard, lang: str) -> pd.DataFrame:
    """Return planned supply and assumed denominators with their ranges."""
    columns = {f"label_{lang}": "label", "low": "lowest", "central": "likeliest", "high": "highest", "kind": "origin"}
    table = card.fit.pack.supply.rename(columns=columns)
    return table[["name", "label", "lowest", "likeliest", "highest", "unit", "origin", "confidence", "reason"]]


def _in_language(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return a table with one language of each column that has two; words for codes in Chinese."""
    other = "en" if lang == "zh" else "zh"
    named = {f"{name}_{lang}": "label" if name == "name" else name for name in _BY_LANGUAGE}
    if lang == "zh" and "unit_zh" in table:
        table = table.assign(unit=table["unit_zh"])
    dropped = [f"{name}_{other}" for name in _BY_LANGUAGE] + ["unit_zh"]
    shown = table.drop(columns=[name for name in dropped if name in table]).rename(columns=named)
    shown = shown.rename(columns={"kind": "origin", "base_2021": "baseline"})
    if lang == "en":
        return shown
    words: Mapping[str, Mapping[str, str]] = {
        "verdict": VERDICTS, "target_kind": KINDS, "method": METHODS, "basis": BASES,
    }  # fmt: skip
    for column, keys in words.items():
        if column in shown:
            shown[column] = shown[column].map({code: text(key, lang) for code, key in keys.items()})
    return shown.assign(origin=shown["origin"].map(lambda code: optional_text("kind", code, lang)))


def _manifest(card: Scorecard, lang: str) -> dict[str, Any]:
    arguments = {
        "command": "scorecard",
        "level": card.level,
        "draws": card.draws,
        "prior_only": card.posterior is None,
        "observations": [[one.indicator_id, one.date.isoformat(), one.value] for one in card.progress],
        "left_out": left_out_words(card.left_out),
    }
    return ensemble_manifest(card.fit, card.posterior, card.scenarios, arguments, seed=card.seed, lang=lang)
