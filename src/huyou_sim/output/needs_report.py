"""Services that a place needs: as text, and as a folder of tables, a workbook, figures and a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.output.drawing import minus
from huyou_sim.output.ensemble_manifest import draws_words, ensemble_manifest
from huyou_sim.output.figure_needs import write_needs_figures
from huyou_sim.output.folder import check_folder, output_folder, replace_file
from huyou_sim.output.labels import column, local_label, text, wrap
from huyou_sim.output.naming import area_labels
from huyou_sim.output.record import scenario_label
from huyou_sim.output.service_words import service_label, service_unit, shown
from huyou_sim.output.sheets import sheets_bytes
from huyou_sim.output.tables import write_table
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.output.write import seal
from huyou_sim.planning.needs import EMPTYING_YEARS, Needs, run_needs
from huyou_sim.planning.services import LEVELS

if TYPE_CHECKING:
    Labels = Mapping[str, Mapping[str, str]]
    Rows = Mapping[tuple[Any, ...], Mapping[Any, Any]]

YEARS = (2025, 2030, 2035)
"""That tables on the terminal show, as far as the horizon goes, and its last year."""

BY_AREA = ("childcare_places", "childcare_places_plan", "kindergarten_places")
"""Services whose need and supply stand side by side for all areas."""

ALSO_BY_AREA = (
    "kindergarten_classes", "kindergarten_teachers", "paediatricians", "maternity_beds", "midwives", "orphan_allowance",
)  # fmt: skip
"""Services whose need alone does."""

WORKBOOK = "needs.xlsx"


def needs_report(
    place: str | Path,
    scenarios: Sequence[str | Path] = (),
    *,
    lang: str = "en",
    out: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> str:
    """Return the services that a place needs as text, and write them to a folder where one is named.

    Parameters
    ----------
    place, scenarios
        As for `huyou_sim.planning.needs.run_needs`; its own packages when there are none.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw them into the folder too.
    options
        Further arguments of `run_needs`: draws, seed, until, coverage, areas, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_needs`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    chosen: dict[str, Any] = {"scenarios": scenarios} if scenarios else {}
    needs = run_needs(place, **chosen, progress=progress, **options)
    said = [needs_text(needs, lang)]
    if folder is not None:
        write_needs(needs, folder, lang=lang, figures=figures)
        said.append(text("needs.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said)


def shown_years(needs: Needs) -> list[int]:
    """Return the years of the tables: three at most, the last of the horizon among them."""
    last = int(needs.draws["year"].values[-1])
    return [*(year for year in YEARS if year < last), last][-3:]


def needs_text(needs: Needs, lang: str) -> str:
    """Return need, shortage and emptying as text: the place with bands, its areas with means that add up to it."""
    width = terminal_width()
    labels = area_labels(needs.fit)
    place = needs.fit.baseline.code
    heads = [place] if place in needs.areas else list(needs.areas)
    about = draws_words(
        needs.posterior, draws=needs.draws.sizes["draw"], seed=int(needs.draws.attrs["seed"]), lang=lang
    )
    parts = ["\n".join(line for words in about for line in wrap(words, width))]
    for code in heads:
        for scenario in needs.scenarios:
            here = needs.table[(needs.table["area"] == code) & (needs.table["scenario"] == scenario.key)]
            name = {"place": local_label(labels, code, lang), "scenario": scenario.label(lang)}
            parts.append(text("needs.title", lang, **name) + "\n\n" + _need_table(needs, here, lang, width))
            parts.append(text("needs.gap_title", lang, **name) + "\n\n" + _gap_table(needs, here, lang, width))
    parts.append(_notes(["needs.note", "needs.childcare_note"], lang, width))
    if len(needs.areas) > 1:
        parts += _area_parts(needs, labels, lang, width)
    parts += [_emptying_part(needs, code, local_label(labels, code, lang), lang, width) for code in heads]
    parts.append(_notes(["needs.supply_note", "needs.emptying_note"], lang, width))
    return "\n\n".join(parts)


def _notes(keys: Sequence[str], lang: str, width: int) -> str:
    return "\n".join(line for key in keys for line in wrap(text(key, lang), width))


def _row_label(service: str, lang: str) -> str:
    return f"{service_label(service, lang)} [{service_unit(service, lang)}]"


def _band(row: Mapping[Any, Any], prefix: str, lang: str, *, sign: bool = False) -> str:
    values = [shown(row["service"], row[f"{prefix}_{name}"], lang, sign=sign) for name in ("q50", "q05", "q95")]
    return "–" if values[0] == "–" else f"{values[0]} ({values[1]}…{values[2]})" if sign else (
        f"{values[0]} ({values[1]}–{values[2]})"
    )  # fmt: skip


def _by_service(here: pd.DataFrame, year: int) -> dict[str, Mapping[Any, Any]]:
    return {str(row["service"]): row for row in here[here["year"] == year].to_dict("records")}


def _need_table(needs: Needs, here: pd.DataFrame, lang: str, width: int) -> str:
    """Return medians and bands of need, and what the lowest and the highest norm would make of the last year."""
    years = shown_years(needs)
    at = {year: _by_service(here, year) for year in years}
    rows = []
    for service, last in at[years[-1]].items():
        ends = [shown(service, last[name], lang) for name in ("need_low", "need_high")]
        spread = "–" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"
        rows.append([_row_label(service, lang), *(_band(at[year][service], "need", lang) for year in years), spread])
    header = [text("needs.service", lang), *map(str, years), text("needs.norm_range", lang, year=years[-1])]
    return text_table(header, rows, width=width)


def _gap_table(needs: Needs, here: pd.DataFrame, lang: str, width: int) -> str:
    """Return shortage or surplus where a supply is known, with what norm and supply may be otherwise."""
    years = shown_years(needs)
    at = {year: _by_service(here, year) for year in years}
    rows = []
    for service, last in at[years[-1]].items():
        if pd.isna(last["gap_mean"]):
            continue
        ends = [minus(shown(service, last[name], lang, sign=True)) for name in ("gap_low", "gap_high")]
        bands = [minus(_band(at[year][service], "gap", lang, sign=True)) for year in years]
        spread = "–" if ends[0] == ends[1] else f"{ends[0]}…{ends[1]}"
        rows.append([_row_label(service, lang), *bands, spread])
    header = [text("needs.service", lang), *map(str, years), text("needs.gap_range", lang, year=years[-1])]
    return text_table(header, rows, width=width)


def _area_parts(needs: Needs, labels: Labels, lang: str, width: int) -> list[str]:
    """Return need and supply of all areas side by side, and the need for what no supply is known of."""
    parts = []
    for scenario in needs.scenarios:
        mine = needs.table[needs.table["scenario"] == scenario.key]
        at = {(row["area"], row["year"], row["service"]): row for row in mine.to_dict("records")}
        there = set(mine["service"])
        for service in [name for name in BY_AREA if name in there]:
            title = text("needs.area_title", lang, service=_row_label(service, lang), scenario=scenario.label(lang))
            parts.append(title + "\n\n" + _area_table(needs, service, at, labels, lang, width))
        others = [name for name in ALSO_BY_AREA if name in there]
        if others:
            last = int(needs.draws["year"].values[-1])
            title = text("needs.others_title", lang, year=last, scenario=scenario.label(lang))
            parts.append(title + "\n\n" + _others_table(needs, others, last, at, labels, lang, width))
    parts.append(_notes(["needs.area_note"], lang, width))
    return parts


def _area_table(needs: Needs, service: str, at: Rows, labels: Labels, lang: str, width: int) -> str:
    years = shown_years(needs)
    rows = []
    for code in needs.areas:
        cells = []
        for year in years:
            row = at[code, year, service]
            cells += [shown(service, row["need_mean"], lang), shown(service, row["supply_mean"], lang)]
            cells.append(minus(shown(service, row["gap_mean"], lang, sign=True)))
        rows.append([local_label(labels, code, lang), *cells])
    words = [text("needs.need", lang), text("needs.supply", lang), text("needs.gap", lang)]
    header = [column("area_label", lang), *(f"{year} {word}" for year in years for word in words)]
    return text_table(header, rows, width=width)


def _others_table(
    needs: Needs, services: Sequence[str], year: int, at: Rows, labels: Labels, lang: str, width: int
) -> str:
    rows = []
    for code in needs.areas:
        cells = [shown(name, at[code, year, name]["need_mean"], lang) for name in services]
        rows.append([local_label(labels, code, lang), *cells])
    header = [column("area_label", lang), *(_row_label(name, lang) for name in services)]
    return text_table(header, rows, width=width)


def _emptying_part(needs: Needs, code: str, name: str, lang: str, width: int) -> str:
    """Return when need is largest, when supply exceeds it, and how many places stand empty."""
    mine = needs.emptying[needs.emptying["area"] == code]
    last = int(needs.draws["year"].values[-1])
    ends = [year for year in EMPTYING_YEARS if year <= last]
    courses: list[list[str]] = []
    empty: list[list[str]] = []
    for service, same in mine.groupby("service", sort=False):
        courses.append([service_label(str(service), lang), "", "", "", ""])
        counted = ends and not same[f"empty_{ends[0]}_mean"].isna().any()
        empty += [[service_label(str(service), lang), *[""] * len(ends)]] if counted else []
        for row in same.to_dict("records"):
            label = f"  {scenario_label(needs.scenarios, str(row['scenario']), lang)}"
            chance = f"{100.0 * row['surplus_probability']:.0f}±{ceil(100.0 * row['surplus_probability_error'])} %"
            fewer = minus(_band(row, "fewer", lang, sign=True))
            courses.append([label, _years(row, "peak_year"), chance, _years(row, "surplus_year"), fewer])
            empty += [[label, *(_band(row, f"empty_{year}", lang) for year in ends)]] if counted else []
    keys = ("needs.service", "needs.peak", "needs.surplus", "needs.surplus_year", "needs.fewer")
    header = [text(key, lang).format(last=last) for key in keys]
    parts = [text("needs.emptying_title", lang, place=name), text_table(header, courses, width=width)]
    if empty:
        header = [text("needs.service", lang), *(text("needs.empty", lang, year=year) for year in ends)]
        parts += [text("needs.empty_title", lang, place=name), text_table(header, empty, width=width)]
    return "\n\n".join(parts)


def _years(row: Mapping[Any, Any], prefix: str) -> str:
    """Return the years of a band: 2025 (2022-2031), a dash where it is not reached."""
    values = ["–" if pd.isna(row[f"{prefix}_{name}"]) else str(int(row[f"{prefix}_{name}"])) for name in _ORDER]
    return f"{values[0]} ({values[1]}…{values[2]})" if values[1] != "–" else "–"


_ORDER = ("q50", "q05", "q95")


# --- files -----------------------------------------------------------------------------------------------


def write_needs(needs: Needs, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that needs were written to, whole or not at all: CSV, Excel, NetCDF, figures, manifest.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    arguments = {
        "command": "needs",
        "until": int(needs.draws["year"].values[-1]),
        "coverage": needs.coverage,
        "areas": list(needs.areas),
        "draws": needs.draws.sizes["draw"],
        "prior_only": needs.posterior is None,
    }
    seed = int(needs.draws.attrs["seed"])
    manifest = ensemble_manifest(needs.fit, needs.posterior, needs.scenarios, arguments, seed=seed, lang=lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, needs, lang, figures)), manifest)
    return folder


def _write_all(part: Path, needs: Needs, lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    tables = {
        "needs": (text("needs.sheet", lang), _named(needs.table, needs, lang)),
        "emptying": (text("needs.sheet_emptying", lang), _named(needs.emptying, needs, lang)),
        "norms": (text("needs.sheet_norms", lang), _named(needs.norms, needs, lang)),
        "supply": (text("needs.sheet_supply", lang), _named(needs.fit.pack.service_supply, needs, lang)),
    }
    for name, (_, table) in tables.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    title = text("needs.sheet", lang)
    replace_file(part / WORKBOOK, sheets_bytes(dict(tables.values()), lang, title=title))
    yield WORKBOOK
    if figures:
        (part / "figures").mkdir()
        for path in write_needs_figures(needs, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def _named(table: pd.DataFrame, needs: Needs, lang: str) -> pd.DataFrame:
    """Return a table with a name beside each code, and units of amounts in `lang`; yuan stay yuan."""
    labels = area_labels(needs.fit)
    named = table.copy()
    words: dict[str, Callable[[str], str]] = {
        "scenario": lambda key: scenario_label(needs.scenarios, key, lang),
        "area": lambda code: local_label(labels, code, lang),
        "service": lambda name: service_label(name, lang),
    }
    for name, word in ((name, word) for name, word in words.items() if name in table):
        shown_as = table[name].map({code: word(str(code)) for code in table[name].unique()})
        named.insert(list(named.columns).index(name) + 1, f"{name}_label", shown_as)
    if "scenario" not in table:  # a table of the pack: its units are those of norms
        return named.rename(columns={name: f"norm_{name}" for name in ("rule", *LEVELS)})
    units = {name: service_unit(str(name), lang, plain=True) for name in table["service"].unique()}
    return named.assign(unit=table["service"].map(units))
