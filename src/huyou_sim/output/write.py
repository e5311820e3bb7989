"""A run to its folder, and a folder back to its run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.errors import OutputError, Problem
from huyou_sim.output.folder import MANIFEST, output_folder, write_bytes
from huyou_sim.output.labels import check_language, text
from huyou_sim.output.manifest import complete_manifest, manifest_json, read_manifest
from huyou_sim.output.record import (
    COLUMNS,
    Run,
    SavedScenario,
    ScenarioText,
    check_run,
    place_code,
)
from huyou_sim.output.store import read_result, stored, stored_manifest, write_netcdf
from huyou_sim.output.tables import TABLES, read_table, write_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from tqdm import tqdm

RESULT = "result.nc"
INDICATORS = "indicators.nc"
WORKBOOK = "results.xlsx"


def write_run(
    folder: str | Path,
    *,
    result: xr.Dataset,
    indicators: xr.Dataset,
    fit: pd.DataFrame,
    contradictions: Sequence[str],
    targets: pd.DataFrame,
    costs: pd.DataFrame,
    scenarios: Sequence[ScenarioText],
    area_labels: Mapping[str, Mapping[str, str]],
    manifest: Mapping[str, Any],
    lang: str = "en",
    figures: bool = True,
    progress: bool | None = None,
) -> list[Path]:
    """Return the paths of all files of a run, written as a whole: NetCDF, CSV, Excel, figures, manifest.

    Parameters
    ----------
    folder : path
        New, empty, or an earlier result, which is replaced when the new one is complete.
    result, indicators : xarray.Dataset
        Counts by scenario, draw, area, year or time and age; indicators (scenario, draw, area, year). The last
        area is the whole place.
    fit, targets, costs : pandas.DataFrame
        Columns in `huyou_sim.output.record`.
    contradictions : sequence of str
        Sentences in the language `lang`.
    scenarios : sequence
        Objects with ``key``, ``label(lang)`` and ``description(lang)``, in the order of tables and figures.
    area_labels : mapping
        Area code -> language -> name.
    manifest : mapping
        See `huyou_sim.output.manifest.build_manifest`.
    lang : str
        ``en`` or ``zh``: of tables, workbook and figures.
    figures : bool
        Draw PNG and SVG figures.
    progress : bool, optional
        Show a bar on the standard error stream. None: when it is a terminal.

    Raises
    ------
    OutputError
        When the inputs do not fit together, the folder may not be replaced, or the system refuses to write.
        Then no new folder is left behind, and an earlier result stays as it was.
    """
    from huyou_sim.output.figures import figure_names

    check_language(lang)
    full = complete_manifest(
        manifest, lang=lang, place=place_code(indicators), scenarios=scenarios, area_labels=area_labels
    )
    frames = {"fit": fit, "targets": targets, "costs": costs}
    frames = {name: _with_columns(frame, COLUMNS[name]) for name, frame in frames.items()}
    run = Run(
        result=result, indicators=indicators, contradictions=contradictions, scenarios=scenarios,
        area_labels=area_labels, manifest=full, **frames,
    )  # fmt: skip
    check_run(run)
    total = 4 + len(TABLES) + (2 * len(figure_names(run)) if figures else 0)
    with _bar(progress, lang, total) as bar, output_folder(folder) as part:
        names = []
        for name in _write_all(part, run, lang, figures=figures):
            names.append(name)
            bar.update()
        seal(part, names, full)
        bar.update()
    return [Path(folder) / name for name in [*names, MANIFEST]]


def seal(part: Path, names: Sequence[str], manifest: Mapping[str, Any]) -> Path:
    """Return the path of the manifest of a folder, written with the hash of each of its files."""
    files = {name: hashlib.sha256((part / name).read_bytes()).hexdigest() for name in sorted(names)}
    return write_bytes(part / MANIFEST, manifest_json({**manifest, "files": files}).encode("utf-8"))


def read_run(folder: str | Path) -> Run:
    """Return the run that a result folder holds, as `write_run` wrote it.

    Raises
    ------
    OutputError
        When the folder holds no result, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    return _read(folder, manifest)


def redraw(folder: str | Path, target: str | Path, *, lang: str | None = None) -> list[Path]:
    """Return the figures of a result folder, drawn again from its files into the folder `target`.

    Parameters
    ----------
    lang : str, optional
        Another language than that of the run.

    Raises
    ------
    OutputError
        When the folder holds no result, or a picture cannot be written.
    """
    from huyou_sim.output.figures import write_figures

    run = read_run(folder)
    Path(target).mkdir(parents=True, exist_ok=True)
    return list(write_figures(run, Path(target), lang or str(run.manifest["lang"])))


def _write_all(part: Path, run: Run, lang: str, *, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name; workbook and figures see saved data only."""
    from huyou_sim.output.figures import write_figures
    from huyou_sim.output.workbook import write_workbook

    write_netcdf(run.result, part / RESULT, manifest=run.manifest)
    yield RESULT
    write_netcdf(run.indicators, part / INDICATORS, manifest=run.manifest)
    yield INDICATORS
    (part / "tables").mkdir()
    for name, build in TABLES.items():
        yield write_table(build(run, lang), part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    # What the files hold, without the second that it takes to read NetCDF back.
    saved = _of_files(part, run.manifest, stored(run.result, run.manifest), stored(run.indicators, run.manifest))
    yield write_workbook(saved, part / WORKBOOK, lang).relative_to(part).as_posix()
    if not figures:
        return
    (part / "figures").mkdir()
    for path in write_figures(saved, part / "figures", lang):
        yield path.relative_to(part).as_posix()


def _with_columns(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return an empty table with its columns, since a place may have no observations or no targets."""
    return frame if len(frame) else frame.reindex(columns=list(columns))


def _read(folder: Path, manifest: Mapping[str, Any]) -> Run:
    result = read_result(folder / RESULT)
    indicators = read_result(folder / INDICATORS)
    if stored_manifest(result).get("run_id") != manifest.get("run_id"):
        raise OutputError(
            Problem(
                where=RESULT,
                found=f"run {stored_manifest(result).get('run_id')}",
                expected=f"run {manifest.get('run_id')}, as the manifest says",
                fix="The files of two runs were mixed: copy the result again, or run huyou run again.",
                file=str(folder),
            )
        )
    return _of_files(folder, manifest, result, indicators)


def _of_files(folder: Path, manifest: Mapping[str, Any], result: xr.Dataset, indicators: xr.Dataset) -> Run:
    """Return the run of a folder whose NetCDF files hold these datasets."""
    tables = folder / "tables"
    return Run(
        result=result,
        indicators=indicators,
        fit=read_table(tables / "fit.csv"),
        contradictions=read_table(tables / "contradictions.csv")["sentence"].tolist(),
        targets=read_table(tables / "targets.csv"),
        costs=read_table(tables / "costs.csv"),
        scenarios=[SavedScenario(item["key"], item["label"], item["description"]) for item in manifest["scenarios"]],
        area_labels=manifest["areas"],
        manifest=manifest,
    )


@contextmanager
def _bar(progress: bool | None, lang: str, total: int) -> Iterator[tqdm[Any]]:
    from tqdm import tqdm

    disable = None if progress is None else not progress  # None: tqdm looks whether stderr is a terminal
    with tqdm(total=total, desc=text("progress.write", lang), disable=disable, leave=False) as bar:
        yield bar
