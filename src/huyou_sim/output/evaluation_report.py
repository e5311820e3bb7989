"""The effect of a measure after the fact: as text, and as a folder of tables and a manifest."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from huyou_sim.monitoring.evaluating import Evaluation, run_evaluation
from huyou_sim.output.ensemble_manifest import ensemble_manifest
from huyou_sim.output.evaluation_text import evaluation_text
from huyou_sim.output.figure_evaluation import write_evaluation_figures
from huyou_sim.output.folder import check_folder, output_folder
from huyou_sim.output.labels import check_language, text
from huyou_sim.output.tables import left_out_table, write_table
from huyou_sim.output.write import seal

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.errors import Problem


def evaluation_report(
    place: str | Path,
    observations: str | Path,
    since: str,
    *,
    lang: str = "en",
    out: Path | None = None,
    csv: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> tuple[str, tuple[Problem, ...]]:
    """Return the effect of a measure as text, and why rows of the file are not in it.

    It is written where a file or a folder is named.

    Parameters
    ----------
    place, observations, since
        As for `huyou_sim.monitoring.evaluating.run_evaluation`.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    csv : path, optional
        File for the table of effects.
    figures : bool
        Draw the effect into the folder too.
    options
        Further arguments of `run_evaluation`: series, against, measure, draws, seed, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_evaluation`.
    """
    started = perf_counter()
    check_language(lang)
    folder = None if out is None else check_folder(out)
    found = run_evaluation(place, observations, since, progress=progress, **options)
    said = [evaluation_text(found, lang)]
    if csv is not None:
        write_table(tables(found)["effects"], csv, lang)
    if folder is not None:
        write_evaluation(found, folder, lang=lang, figures=figures)
        said.append(text("evaluation.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said), found.problems


def tables(found: Evaluation) -> dict[str, pd.DataFrame]:
    """Return every table of an evaluation by name, probabilities with the mark of convergence."""
    effects = found.effects.assign(variable=found.question.series, mark=found.mark)
    return {
        "effects": effects,
        "placebos": found.placebos.assign(mark=found.mark),
        "sources": found.sources,
        "measures": found.measures,
        "revisions": found.revisions,
        "left_out": left_out_table(found.problems),
    }


def write_evaluation(found: Evaluation, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that an evaluation was written to, whole or not at all: CSV tables, a figure and a manifest.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    question = found.question
    arguments = {
        "command": "evaluate",
        "since": question.start.isoformat(),
        "series": question.series,
        "against": question.against,
        "measure": question.measure,
        "draws": found.draws,
        "prior_only": found.posterior is None,
        "figures": [[one.variable, one.year, one.value, one.standard_error] for one in found.case.seen],
    }
    manifest = ensemble_manifest(found.fit, found.posterior, found.scenarios, arguments, seed=found.seed, lang=lang)
    with output_folder(folder) as part:
        (part / "tables").mkdir()
        names = []
        for name, table in tables(found).items():
            names.append(write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix())
        if figures:
            (part / "figures").mkdir()
            paths = write_evaluation_figures(found, part / "figures", lang)
            names += [path.relative_to(part).as_posix() for path in paths]
        seal(part, names, manifest)
    return folder
