"""The situation of a population: as text, and as a folder of tables, a workbook, figures and a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.output.drawing import minus
from huyou_sim.output.ensemble_manifest import draws_words, ensemble_manifest
from huyou_sim.output.explain_report import component_label
from huyou_sim.output.figure_situation import write_situation_figures
from huyou_sim.output.folder import check_folder, output_folder, replace_file
from huyou_sim.output.labels import column, local_label, number, text, variable_unit, wrap
from huyou_sim.output.naming import area_labels
from huyou_sim.output.sheets import sheets_bytes
from huyou_sim.output.situation_words import SHARES, STATUSES, amount, situation_label, situation_unit
from huyou_sim.output.tables import write_table
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.output.write import seal
from huyou_sim.planning.situation import FLOWS, STRUCTURE, Situation, run_situation

if TYPE_CHECKING:
    from collections.abc import Sequence

    Labels = Mapping[str, Mapping[str, str]]

BESIDE = (
    ("population_total", "share_0_14", "share_60"),
    ("share_65", "median_age", "sex_ratio"),
    ("total_dependency_60", "total_dependency_65", "women_20_34"),
    ("births", "natural_increase", "net_migration"),
)
"""Variables that stand side by side for all areas, three in a table."""

WORKBOOK = "situation.xlsx"


def situation_report(
    place: str | Path,
    area: str | None = None,
    *,
    lang: str = "en",
    out: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> str:
    """Return the situation of a population as text, and write it to a folder where one is named.

    Parameters
    ----------
    place, area
        As for `huyou_sim.planning.situation.run_situation`.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw them into the folder too.
    options
        Further arguments of `run_situation`: years, scenario, draws, seed, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_situation`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    found = run_situation(place, area, progress=progress, **options)
    said = [situation_text(found, lang)]
    if folder is not None:
        write_situation(found, folder, lang=lang, figures=figures)
        said.append(text("needs.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said)


def situation_text(found: Situation, lang: str) -> str:
    """Return the situation of the area, its change, its areas side by side, and why births change, as text."""
    width = terminal_width()
    labels = area_labels(found.fit)
    name = local_label(labels, found.area, lang)
    about = draws_words(found.posterior, draws=found.draws, seed=found.seed, lang=lang)
    title = text("situation.title", lang, place=name, scenario=found.scenario.label(lang))
    change = text("situation.change_title", lang, place=name, last=found.years[-1])
    first = found.census_years[-1] if found.census_years else found.years[0]
    beside = text("situation.beside_title", lang, first=first, last=found.years[-1])
    births = text("situation.births_title", lang, first=found.years[0], last=found.years[-1])
    parts = [
        "\n".join(line for words in about for line in wrap(words, width)),
        f"{title}\n\n{_main_table(found, lang, width)}",
        f"{change}\n\n{_change_table(found, lang, width)}",
        "\n\n".join([beside, *(_beside_table(found, names, first, labels, lang, width) for names in BESIDE)]),
        f"{births}\n\n{_births_table(found, labels, lang, width)}",
    ]
    if len(found.marital):
        day = max(found.marital["date"])
        parts.append(
            f"{text('situation.marital_title', lang, day=day)}\n\n{_marital_table(found, day, labels, lang, width)}"
        )
    parts.append("\n".join(wrap(text("situation.note", lang), width)))
    return "\n\n".join(parts)


def _row_label(name: str, lang: str) -> str:
    return f"{situation_label(name, lang)} [{situation_unit(name, lang)}]"


def _cell(name: str, row: Mapping[Any, Any] | None, lang: str, *, sign: bool = False) -> str:
    """Return a census count as it is, and a median with its 90 % band."""
    if row is None:
        return "–"
    middle = amount(name, row["q50"], lang, sign=sign)
    if pd.isna(row["q05"]):
        return middle
    low, high = (amount(name, row[end], lang, sign=sign) for end in ("q05", "q95"))
    return f"{middle} ({low}…{high})" if sign or low.startswith(minus("-")) else f"{middle} ({low}–{high})"


def _indexed(table: pd.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], Mapping[Any, Any]]:
    return {tuple(row[key] for key in keys): row for row in table.to_dict("records")}


def _main_table(found: Situation, lang: str, width: int) -> str:
    """Return every variable of the area in the years of the censuses and of the model."""
    here = _indexed(found.table[found.table["area"] == found.area], ("variable", "year", "basis"))
    # What a narrow screen holds: two censuses, and the first, a middle and the last year.
    years = found.years if len(found.years) <= 3 else (found.years[0], found.years[-2], found.years[-1])
    columns = [*((year, "census") for year in found.census_years[-2:]), *((year, "model") for year in years)]
    rows = []
    for name in (*STRUCTURE, *FLOWS):
        cells = [_cell(name, here.get((name, *at)), lang) for at in columns]
        if any(cell != "–" for cell in cells):
            rows.append([_row_label(name, lang), *cells])
    header = [column("variable_label", lang)]
    header += [text("situation.census", lang, year=year) if basis == "census" else str(year) for year, basis in columns]
    return text_table(header, rows, width=width)


def _change_table(found: Situation, lang: str, width: int) -> str:
    """Return the change of every variable to the last year, with its band."""
    here = _indexed(found.change[found.change["area"] == found.area], ("variable", "from_year", "basis"))
    since = [*((year, "census") for year in found.census_years[-2:]), (found.years[0], "model")]
    rows = []
    for name in (*STRUCTURE, *FLOWS):
        cells = [_cell(name, here.get((name, *at)), lang, sign=True) for at in since]
        if any(cell != "–" for cell in cells):
            rows.append([_row_label(name, lang), *cells])
    header = [column("variable_label", lang)]
    header += [text("situation.since", lang, year=year) for year, _ in since]
    return text_table(header, rows, width=width)


def _beside_table(found: Situation, names: Sequence[str], first: int, labels: Labels, lang: str, width: int) -> str:
    """Return variables of all areas: as the last census counted them, or in the first year, and in the last year."""
    here = _indexed(found.table, ("area", "variable", "year", "basis"))
    last = found.years[-1]
    rows = []
    for code in found.areas:
        cells = []
        for name in names:
            counted = here.get((code, name, first, "census"))
            early = counted or here.get((code, name, found.years[0], "model"))
            cells += [_cell(name, early, lang), _cell(name, here.get((code, name, last, "model")), lang)]
        rows.append([local_label(labels, code, lang), *cells])
    header = [column("area_label", lang)]
    for name in names:
        start = first if (found.area, name, first, "census") in here else found.years[0]
        header += [f"{_row_label(name, lang)} {start}", str(last)]
    return text_table(header, rows, width=width)


def _births_table(found: Situation, labels: Labels, lang: str, width: int) -> str:
    """Return why births change in every area."""
    table = found.births
    rows = []
    for code in found.areas:
        here = table[table["area"] == code].set_index("component")
        cells = [_signed(value) for value in here["births"]]
        ends = [number(float(here[side].iloc[0]), 0) for side in ("before", "after")]
        rows.append([local_label(labels, code, lang), ends[0], *cells, ends[1]])
    names = [component_label(str(name), lang) for name in dict.fromkeys(table["component"])]
    header = [column("area_label", lang), str(found.years[0]), *names, str(found.years[-1])]
    return text_table(header, rows, width=width)


def _signed(value: float) -> str:
    return minus(f"{value:+,.0f}") if abs(value) >= 0.5 else "0"


def _marital_table(found: Situation, day: str, labels: Labels, lang: str, width: int) -> str:
    """Return shares of marital status by sex in every area."""
    shares = found.marital[found.marital["date"] == day].set_index(["area", "sex", "status"])["share"]
    rows = []
    for code in [code for code in found.areas if code in shares.index.get_level_values("area")]:
        cells = [number(shares.get((code, sex, status)), 1) for sex in ("female", "male") for status in STATUSES]
        rows.append([local_label(labels, code, lang), *cells])
    header = [column("area_label", lang)]
    header += [
        f"{text(f'sex.{sex}', lang)}: {text(key, lang)}" for sex in ("female", "male") for key in STATUSES.values()
    ]
    return text_table(header, rows, width=width)


# --- files -----------------------------------------------------------------------------------------------


def write_situation(found: Situation, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that a situation was written to, whole or not at all: CSV, Excel, figures, manifest.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    arguments = {
        "command": "situation",
        "area": found.area,
        "years": list(found.years),
        "draws": found.draws,
        "prior_only": found.posterior is None,
    }
    manifest = ensemble_manifest(found.fit, found.posterior, [found.scenario], arguments, seed=found.seed, lang=lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, found, lang, figures)), manifest)
    return folder


def _write_all(part: Path, found: Situation, lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    labels = area_labels(found.fit)
    sheets = {
        "situation": (text("situation.sheet", lang), found.table),
        "change": (text("situation.sheet_change", lang), found.change),
        "pyramids": (text("situation.sheet_pyramids", lang), found.pyramids),
        "births": (text("situation.sheet_births", lang), found.births),
        "marital": (text("situation.sheet_marital", lang), found.marital),
    }
    shown = {name: (title, _named(table, labels, lang)) for name, (title, table) in sheets.items()}
    for name, (_, table) in shown.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    title = text("situation.sheet", lang)
    replace_file(part / WORKBOOK, sheets_bytes(dict(shown.values()), lang, title=title))
    yield WORKBOOK
    if figures:
        (part / "figures").mkdir()
        for path in write_situation_figures(found, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def _named(table: pd.DataFrame, labels: Labels, lang: str) -> pd.DataFrame:
    """Return a table with a name beside each area and variable; amounts stay in the plain unit of the variable."""
    named = table.copy()
    area = table["area"].map({code: local_label(labels, str(code), lang) for code in table["area"].unique()})
    named.insert(1, "area_label", area)
    if "variable" in table:
        names = table["variable"].unique()
        at = list(named.columns).index("variable") + 1
        named.insert(at, "variable_label", table["variable"].map({name: situation_label(name, lang) for name in names}))
        units = {name: "%" if name in SHARES else variable_unit(name, lang) for name in names}
        named["unit"] = table["variable"].map(units)
    if "component" in table:
        at = list(named.columns).index("component") + 1
        words = {name: component_label(str(name), lang) for name in table["component"].unique()}
        named.insert(at, "component_label", table["component"].map(words))
    return named


__all__ = ["situation_report", "situation_text", "write_situation"]
