"""The drill of the early warning: rates of false alarms and of detection as text, and as a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from huyou_sim.monitoring.drill import FIRST, SHIFT, Drill, run_drill
from huyou_sim.monitoring.monitor import SCENARIO
from huyou_sim.monitoring.warning import AMBER, RED
from huyou_sim.output.ensemble_manifest import ensemble_manifest
from huyou_sim.output.folder import check_folder, output_folder, replace_file
from huyou_sim.output.labels import text, variable_label, wrap
from huyou_sim.output.scorecard_text import DOUBT
from huyou_sim.output.tables import write_table
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.output.workbook import frames_bytes
from huyou_sim.output.write import seal
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.variables import variables

if TYPE_CHECKING:
    import pandas as pd

    Row = Mapping[Any, Any]

TRUTHS = {
    "no_new_policy": "drill.no_new_policy", "births_10": "drill.births_10", "births_20": "drill.births_20",
    "births_30": "drill.births_30", "marriages_20": "drill.marriages_20",
}  # fmt: skip
RULES = {
    "figure": "drill.figure", "any_figure": "drill.any_figure", "series": "drill.series", "board": "drill.board",
    "ever_series": "drill.ever_series", "ever_board": "drill.ever_board",
}  # fmt: skip
WORKBOOK = "drill.xlsx"


def drill_report(
    place: str | Path,
    scenario: str | Path = SCENARIO,
    *,
    lang: str = "en",
    out: Path | None = None,
    csv: Path | None = None,
    progress: bool = False,
    **options: Any,
) -> str:
    """Return the drill as text, and write its table to a file or a folder where one is named.

    Parameters
    ----------
    place, scenario
        As for `huyou_sim.monitoring.drill.run_drill`.
    lang : {"en", "zh"}
    out, csv : path, optional
    options
        Further arguments of `run_drill`: histories, draws, seed, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_drill`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    drill = run_drill(place, scenario, progress=progress, **options)
    said = [said_of(drill, lang)]
    if csv is not None:
        write_table(shown(drill, lang), csv, lang)
    if folder is not None:
        manifest = _manifest(drill, lang)
        with output_folder(folder) as part:
            seal(part, list(_write_all(part, drill, lang)), manifest)
        said.append(text("drill.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said)


def said_of(drill: Drill, lang: str, *, width: int | None = None) -> str:
    """Return a table for each truth: rules and series down, years across, both colours in each cell."""
    width = width or terminal_width()
    head = text("drill.title", lang, histories=f"{drill.histories:,}", draws=f"{drill.draws:,}", seed=drill.seed,
                course=drill.scenario.label(lang))  # fmt: skip
    parts = ["\n".join(wrap(head, width))]
    years = [str(year) for year in range(FIRST, TARGET_YEAR + 1)]
    doubt = DOUBT if drill.table["mark"].ne("").any() else ""
    for truth, mine in drill.table.groupby("truth", sort=False):
        title = text("drill.false", lang, amber=f"{100 * AMBER:g}", red=f"{100 * RED:g}")
        if truth != drill.scenario.key:
            title = text("drill.detected", lang, truth=text(TRUTHS[str(truth)], lang, year=SHIFT))
        rows = []
        for (rule, subject), same in mine.groupby(["rule", "subject"], sort=False):
            cells = {str(row["until"]): f"{_share(row, 'amber')} / {_share(row, 'red')}{doubt}"
                     for row in same.to_dict("records")}  # fmt: skip
            rows.append([rule_words(str(rule), str(subject), lang), *(cells[year] for year in years)])
        body = text_table([text("drill.rule", lang), *years], rows, width=width)
        parts.append("\n".join([*wrap(title, width), "", body]))
    parts.append("\n".join(wrap(text("drill.note", lang), width)))
    return "\n\n".join(parts)


def rule_words(rule: str, subject: str, lang: str) -> str:
    """Return the words of a rule, and of the series that it is applied to."""
    words = text(RULES[rule], lang)
    return (
        text("drill.of", lang, rule=words, subject=variable_label(subject, lang)) if subject in variables() else words
    )


def _share(row: Row, colour: str) -> str:
    return f"{100.0 * row[colour]:.1f}±{ceil(1000.0 * row[f'{colour}_error']) / 10.0:.1f}"


def shown(drill: Drill, lang: str) -> pd.DataFrame:
    """Return the table of a drill; words for codes in Chinese."""
    table = drill.table
    if lang == "en":
        return table
    known = {key: text(word, lang, year=SHIFT) for key, word in TRUTHS.items()}
    known |= {drill.scenario.key: drill.scenario.label(lang)}
    return table.assign(
        truth=table["truth"].map(known), rule=table["rule"].map({key: text(word, lang) for key, word in RULES.items()}),
        subject=[variable_label(name, lang) if name in variables() else "" for name in table["subject"]],
    )  # fmt: skip


def _write_all(part: Path, drill: Drill, lang: str) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    table = shown(drill, lang)
    yield write_table(table, part / "tables" / "drill.csv", lang).relative_to(part).as_posix()
    yield replace_file(part / WORKBOOK, frames_bytes({"drill": (table, 3)}, lang)).relative_to(part).as_posix()


def _manifest(drill: Drill, lang: str) -> dict[str, Any]:
    arguments = {
        "command": "monitor --drill", "histories": drill.histories, "draws": drill.draws,
        "prior_only": drill.posterior is None, "amber": AMBER, "red": RED,
    }  # fmt: skip
    return ensemble_manifest(drill.fit, drill.posterior, [drill.scenario], arguments, seed=drill.seed, lang=lang)
