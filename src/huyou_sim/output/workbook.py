"""One Excel workbook of a run, with charts that Excel draws from the tables beside them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import (
    check_language,
    column,
    display_width,
    optional_text,
    text,
    variable_decimals,
    variable_definition,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.palette import COLOURS
from huyou_sim.output.record import Floats, Run, calendar, summary
from huyou_sim.output.tables import (
    VOCABULARIES,
    age_groups,
    age_label,
    contradiction_table,
    costs_table,
    fit_table,
    scenario_table,
    target_table,
)

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FONTS: Mapping[str, str] = MappingProxyType({"en": "Calibri", "zh": "微软雅黑"})
MAIN_INDICATORS = (
    "population_total", "births", "deaths", "natural_increase", "natural_increase_rate", "net_migration",
    "tfr", "tfr_order_1", "tfr_order_2", "tfr_order_3", "share_second_third", "mean_age_at_birth",
    "first_marriages", "mean_age_at_first_marriage", "married_share_20_29", "total_dependency_60",
    "child_dependency_60", "old_dependency_60", "total_dependency_65", "population_under_3", "population_3_5",
    "women_20_34", "median_age", "life_expectancy", "infant_mortality_rate", "ideal_children",
    "childcare_places", "childcare_coverage",
)  # fmt: skip
AREA_INDICATORS = ("population_total", "births", "tfr", "natural_increase_rate", "total_dependency_60")
CHARTS = ("births", "tfr", "natural_increase_rate", "total_dependency_60")

_CREATED = datetime(2021, 12, 31, tzinfo=UTC).replace(tzinfo=None)  # fixed, so that equal runs give equal bytes
_WIDEST, _NARROWEST = 60, 6

# Text that begins with = stays text: a name from a pack must never be run as a formula.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "nan_inf_to_errors": False}  # fmt: skip


@dataclass(frozen=True)
class _Styles:
    """Formats of a workbook by role; numbers by count of decimals."""

    title: Format
    header: Format
    year: Format
    body: Format
    wrapped: Format
    met: Format
    missed: Format
    numbers: Mapping[int, Format]

    def number(self, decimals: int) -> Format:
        """Return the format of a number with so many decimals."""
        return self.numbers[min(max(decimals, 0), max(self.numbers))]


def write_workbook(run: Run, path: str | Path, lang: str) -> Path:
    """Return the path of the Excel workbook of a run; equal runs give equal bytes.

    Raises
    ------
    OutputError
        When the system refuses to write.
    """
    return replace_file(Path(path), workbook_bytes(run, lang))


def workbook_bytes(run: Run, lang: str) -> bytes:
    """Return the Excel workbook of a run as bytes."""
    import xlsxwriter

    check_language(lang)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, _OPTIONS) as book:
        book.set_properties({"title": _title(run, lang), "author": "huyou_sim", "created": _CREATED})
        styles = _styles(book, lang)
        _readme(book, styles, run, lang)
        _frame_sheet(book, styles, "scenarios", scenario_table(run, lang), lang)
        _frame_sheet(book, styles, "fit", _fit_frame(run, lang), lang)
        _frame_sheet(book, styles, "targets", _target_frame(run, lang), lang)
        _frame_sheet(book, styles, "costs", costs_table(run, lang), lang)
        places = _indicator_sheet(book, styles, run, lang)
        _chart_sheet(book, run, lang, places)
        _population_sheet(book, styles, run, lang)
        _area_sheet(book, styles, run, lang)
        _frame_sheet(book, styles, "contradictions", contradiction_table(run, lang), lang)
        _manifest_sheet(book, styles, run, lang)
    return stream.getvalue()


def _title(run: Run, lang: str) -> str:
    return text("readme.title", lang, place=run.area_label(run.place, lang))


def _styles(book: Workbook, lang: str) -> _Styles:
    font = {"font_name": FONTS[lang], "font_size": 10, "valign": "vcenter"}
    book.formats[0].set_font_name(FONTS[lang])
    book.formats[0].set_font_size(10)

    def style(**more: object) -> Format:
        return book.add_format({**font, **more})

    numbers = {n: style(num_format="#,##0" + ("." + "0" * n if n else "")) for n in range(7)}
    head = {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True, "border": 1,
            "border_color": "#BFBFBF"}  # fmt: skip
    return _Styles(
        title=style(bold=True, font_size=15, font_color="#1F4E79"),
        header=style(**head),
        year=style(**head, align="right"),
        body=style(),
        wrapped=style(text_wrap=True, valign="top"),
        met=style(bg_color="#DCEBF7", font_color="#0B3C66"),
        missed=style(bg_color="#FBE5D6", font_color="#7F3300"),
        numbers=MappingProxyType(numbers),
    )


# --- sheets ----------------------------------------------------------------------------------------------


def _readme(book: Workbook, styles: _Styles, run: Run, lang: str) -> None:
    sheet = book.add_worksheet(text("sheet.readme", lang))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, _title(run, lang), styles.title)
    sheet.set_row(0, 26)
    row = 2
    for key in ("what", "model", "stocks", "base", "limits"):
        row = _paragraph(sheet, styles, row, text(f"readme.{key}", lang))
    run_words = {"run": run.manifest.get("run_id", ""), "version": run.manifest.get("version", "")}
    row = _paragraph(sheet, styles, row, text("readme.run", lang, **run_words)) + 1
    row = _pairs_header(sheet, styles, row, text("readme.sheet", lang), text("readme.content", lang))
    for name in ("scenarios", "fit", "targets", "costs", "indicators", "charts", "population", "areas",
                 "contradictions", "manifest"):  # fmt: skip
        title = text(f"sheet.{name}", lang)
        sheet.write_url(row, 0, f"internal:'{title}'!A1", string=title)
        sheet.write_string(row, 1, text(f"readme.{name}", lang), styles.wrapped)
        row += 1
    row = _pairs_header(sheet, styles, row + 1, column("variable_label", lang), column("definition", lang))
    for name in [name for name in MAIN_INDICATORS if name in run.indicators]:
        unit = variable_unit(name, lang)
        label = variable_label(name, lang) + (f" [{unit}]" if unit else "")
        sheet.write_string(row, 0, label, styles.wrapped)
        definition = variable_definition(name, lang)
        sheet.write_string(row, 1, definition, styles.wrapped)
        sheet.set_row(row, 15 * max(len(wrap(definition, 98)), len(wrap(label, 23))))
        row += 1


def _paragraph(sheet: Worksheet, styles: _Styles, row: int, words: str) -> int:
    sheet.merge_range(row, 0, row, 1, words, styles.wrapped)
    sheet.set_row(row, 15 * len(wrap(words, 118)) + 3)
    return row + 1


def _pairs_header(sheet: Worksheet, styles: _Styles, row: int, left: str, right: str) -> int:
    sheet.write_string(row, 0, left, styles.header)
    sheet.write_string(row, 1, right, styles.header)
    return row + 1


def _fit_frame(run: Run, lang: str) -> pd.DataFrame:
    frame = fit_table(run, lang)
    first = ["variable_label", "area_label", "period", "observed", "fitted", "residual_se", "standard_error", "unit",
             "population_base", "use", "bridged"]  # fmt: skip
    return frame[[*first, *[name for name in frame.columns if name not in first]]]


def _target_frame(run: Run, lang: str) -> pd.DataFrame:
    frame = target_table(run, lang)
    first = ["indicator_id", "variable_label", "scenario_label", "level", "rule", "threshold", "threshold_upper",
             "value_2025", "met", "distance", "unit"]  # fmt: skip
    return frame[[*first, *[name for name in frame.columns if name not in first]]]


def frames_bytes(sheets: Mapping[str, tuple[pd.DataFrame, int]], lang: str) -> bytes:
    """Return a workbook of plain tables as bytes; equal tables give equal bytes.

    Parameters
    ----------
    sheets : mapping of name to (table, decimals)
        Names have words under ``sheet.`` in ``labels.csv``.
    lang : {"en", "zh"}
    """
    import xlsxwriter

    check_language(lang)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, _OPTIONS) as book:
        book.set_properties({"author": "huyou_sim", "created": _CREATED})
        styles = _styles(book, lang)
        for name, (frame, decimals) in sheets.items():
            _frame_sheet(book, styles, name, frame, lang, decimals)
    return stream.getvalue()


def _frame_sheet(book: Workbook, styles: _Styles, name: str, frame: pd.DataFrame, lang: str, digits: int = 2) -> None:
    """Write a table as it stands, words of closed vocabularies in `lang`."""
    sheet = book.add_worksheet(text(f"sheet.{name}", lang))
    names = [str(column_name) for column_name in frame.columns]
    header = [column(item, lang) if _has_header(item) else item for item in names]
    for position, title in enumerate(header):
        sheet.write_string(0, position, title, styles.header)
    cells: list[list[str]] = [[title] for title in header]
    for row, record in enumerate(frame.to_dict("records"), start=1):
        decimals = variable_decimals(str(record["variable"])) if "variable" in record else digits
        for position, item in enumerate(names):
            cells[position].append(_cell(sheet, styles, row, position, item, record[item], decimals, lang))
    _layout(sheet, cells, rows=len(frame), frozen=(1, 1))


def _has_header(name: str) -> bool:
    return optional_text("column", name, "en") != name or name in {"column"}


def _cell(
    sheet: Worksheet, styles: _Styles, row: int, position: int, name: str, value: object, decimals: int, lang: str
) -> str:
    """Write one cell by the kind of its column and return what its width is judged by."""
    if name in VOCABULARIES:
        code = str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
        word = optional_text(VOCABULARIES[name], code, lang)
        style = styles.body if name != "met" else styles.met if code == "true" else styles.missed
        sheet.write_string(row, position, word, style)
        return word
    if isinstance(value, int | float | np.integer | np.floating):
        if not np.isfinite(float(value)):
            sheet.write_blank(row, position, None, styles.body)
            return ""
        digits = {"residual_se": 2, "number": 0, "probability": 3, "indicator_id": 0}.get(name, decimals)
        digits += 1 if name in {"standard_error", "distance", "tolerance"} and decimals else 0
        sheet.write_number(row, position, float(value), styles.number(digits))
        return f"{float(value):,.{digits}f}"
    word = str(value)
    sheet.write_string(row, position, word, styles.wrapped if display_width(word) > _WIDEST else styles.body)
    return word


def _layout(sheet: Worksheet, cells: Sequence[Sequence[str]], *, rows: int, frozen: tuple[int, int]) -> None:
    """Set widths by what is shown, freeze the header, and let every column be filtered."""
    for position, shown in enumerate(cells):
        widest = max(display_width(cell) for cell in shown)
        sheet.set_column(position, position, min(max(widest + 2.5, _NARROWEST), _WIDEST))
    sheet.freeze_panes(*frozen)
    sheet.autofilter(0, 0, max(rows, 1), max(len(cells) - 1, 0))


def _wide(
    book: Workbook,
    styles: _Styles,
    title: str,
    header: Sequence[str],
    years: Sequence[int],
    rows: Sequence[tuple[Sequence[str], Floats, int]],
) -> None:
    """Write words, then one column a year; each row has its own decimals."""
    sheet = book.add_worksheet(title)
    for position, word in enumerate([*header, *[str(year) for year in years]]):
        sheet.write(0, position, word if position < len(header) else int(word),
                    styles.header if position < len(header) else styles.year)  # fmt: skip
    cells = [[word] for word in header] + [[str(year)] for year in years]
    for row, (words, values, decimals) in enumerate(rows, start=1):
        for position, word in enumerate(words):
            sheet.write_string(row, position, word, styles.body)
            cells[position].append(word)
        for position, value in enumerate(values, start=len(words)):
            if np.isfinite(value):
                sheet.write_number(row, position, float(value), styles.number(decimals))
                cells[position].append(f"{value:,.{decimals}f}")
    _layout(sheet, cells, rows=len(rows), frozen=(1, len(header)))


def _indicator_sheet(book: Workbook, styles: _Styles, run: Run, lang: str) -> dict[tuple[str, str], int]:
    """Write the main indicators of the whole place; return the row of each central series."""
    years = calendar(run.indicators["year"], "year")
    place = run.indicators.isel(area=-1)
    many = run.indicators.sizes["draw"] > 1
    rows: list[tuple[list[str], Floats, int]] = []
    where = {}
    for name in [name for name in MAIN_INDICATORS if name in run.indicators]:
        for key in run.scenario_keys:
            for part, values in summary(place[name].sel(scenario=key)).items():
                if part in ("value", "q50"):
                    where[name, key] = len(rows) + 1
                words = [variable_label(name, lang), variable_unit(name, lang), run.scenario_label(key, lang)]
                words += [column(part, lang)] if many else []
                rows.append((words, values.values, variable_decimals(name)))
    header = [column(item, lang) for item in ("variable_label", "unit", "scenario_label")]
    header += [column("value", lang)] if many else []
    _wide(book, styles, text("sheet.indicators", lang), header, years, rows)
    return where


def _area_sheet(book: Workbook, styles: _Styles, run: Run, lang: str) -> None:
    years = calendar(run.indicators["year"], "year")
    rows = []
    for name in [name for name in AREA_INDICATORS if name in run.indicators]:
        for key in run.scenario_keys:
            for area in run.indicators["area"].values.tolist():
                series = summary(run.indicators[name].sel(scenario=key, area=area))
                values = series.get("value", series.get("q50"))
                words = [variable_label(name, lang), variable_unit(name, lang), run.scenario_label(key, lang),
                         run.area_label(str(area), lang)]  # fmt: skip
                assert values is not None
                rows.append((words, values.values, variable_decimals(name)))
    header = [column(item, lang) for item in ("variable_label", "unit", "scenario_label", "area_label")]
    _wide(book, styles, text("sheet.areas", lang), header, years, rows)


def _population_sheet(book: Workbook, styles: _Styles, run: Run, lang: str) -> None:
    population = run.result["population"].isel(area=-1)
    top = int(population["age"].values[-1])
    parts = summary(age_groups(population, "age", 5))
    values = parts.get("value", parts.get("q50"))
    assert values is not None
    rows = []
    for key in run.scenario_keys:
        for sex in values["sex"].values.tolist():
            for age in values["age"].values.tolist():
                series = values.sel(scenario=key, sex=sex, age=age).values
                words = [run.scenario_label(key, lang), text(f"sex.{sex}", lang), age_label(int(age), 5, top)]
                rows.append((words, series, 0))
    header = [column(item, lang) for item in ("scenario_label", "sex", "age_group")]
    _wide(book, styles, text("sheet.population", lang), header, calendar(values["time"], "time"), rows)


def _chart_sheet(book: Workbook, run: Run, lang: str, where: Mapping[tuple[str, str], int]) -> None:
    """Draw one line chart per main indicator, a line a scenario, from the sheet of indicators."""
    sheet = book.add_worksheet(text("sheet.charts", lang))
    sheet.hide_gridlines(2)
    source = text("sheet.indicators", lang)
    years = run.indicators.sizes["year"]
    first = 4 if run.indicators.sizes["draw"] > 1 else 3
    font = {"name": FONTS[lang], "size": 9}
    for index, name in enumerate(name for name in CHARTS if name in run.indicators):
        chart = book.add_chart({"type": "line"})
        for position, key in enumerate(run.scenario_keys):
            row = where[name, key]
            line = {"color": COLOURS[position % len(COLOURS)], "width": 2.0 if position else 2.75,
                    "dash_type": _DASHES[position % len(_DASHES)]}  # fmt: skip
            chart.add_series({
                "name": run.scenario_label(key, lang),
                "categories": [source, 0, first, 0, first + years - 1],
                "values": [source, row, first, row, first + years - 1],
                "line": line,
            })  # fmt: skip
        unit = variable_unit(name, lang)
        chart.set_title({"name": variable_label(name, lang), "name_font": {**font, "size": 12}, "overlay": False})
        chart.set_x_axis({"num_font": font, "interval_unit": 5, "label_position": "low"})
        digits = "#,##0" if variable_decimals(name) == 0 else "0." + "0" * min(variable_decimals(name), 2)
        chart.set_y_axis({"name": unit, "name_font": font, "num_font": font, "num_format": digits,
                          "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})  # fmt: skip
        chart.set_legend({"position": "bottom", "font": font})
        chart.set_size({"width": 620, "height": 380})
        sheet.insert_chart(1 + 20 * (index // 2), 10 * (index % 2), chart)


_DASHES = ("solid", "solid", "dash", "long_dash", "dash_dot", "solid")


def _manifest_sheet(book: Workbook, styles: _Styles, run: Run, lang: str) -> None:
    """Write the manifest as one row per value; long texts such as scenario files stay in manifest.json."""
    sheet = book.add_worksheet(text("sheet.manifest", lang))
    for position, name in enumerate(("key", "value")):
        sheet.write_string(0, position, column(name, lang), styles.header)
    sheet.set_column(0, 0, 52)
    sheet.set_column(1, 1, 90)
    row = 1
    for key, value in _flat(run.manifest, ""):
        if "\n" in value:
            continue
        sheet.write_string(row, 0, key, styles.body)
        sheet.write_string(row, 1, value[:32000], styles.body)  # Excel takes 32,767 characters a cell
        row += 1
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(row - 1, 1), 1)


def _flat(value: Any, prefix: str) -> list[tuple[str, str]]:
    """Return nested mappings as pairs of dotted key and text, sorted by key."""
    if isinstance(value, Mapping):
        return [pair for key in sorted(value) for pair in _flat(value[key], f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping | list) for item in value):
        return [pair for index, item in enumerate(value) for pair in _flat(item, f"{prefix}[{index}]")]
    return [(prefix, "" if value is None else str(value))]
