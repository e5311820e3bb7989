"""Tidy tables of a run: one value a row, codes beside names, in English or Chinese.

A table is built with English column names and codes. `localise` gives it Chinese headers and words, and
`read_table` takes both back, so nothing is lost by the choice of language.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import OutputError, Problem
from huyou_sim.output.folder import replace_file
from huyou_sim.output.labels import (
    check_language,
    check_variables,
    column,
    label_keys,
    optional_text,
    text,
    variable_kind,
    variable_label,
    variable_unit,
)
from huyou_sim.output.record import Run, calendar, summary

if TYPE_CHECKING:
    import xarray as xr

VOCABULARIES: Mapping[str, str] = MappingProxyType(
    {
        "sex": "sex",
        "marital": "marital",
        "population_base": "base",
        "use": "use",
        "level": "level",
        "rule": "rule",
        "met": "verdict",
        "bridged": "yes",
        "promised": "yes",
        "payer": "payer",
    }
)
"""Columns of closed vocabularies -> prefix of their words in ``labels.csv``."""

_MONEY = ("cost_low", "cost", "cost_high", "discounted", "additional_low", "additional", "additional_high")
"""Columns of yuan that add up to the cent, however large they are."""
_NUMBERS = frozenset(
    {
        "draw", "indicator_id", "number", "year", "year_end", "age", "age_lower", "age_upper",
        "value", "q05", "q50", "q95", "observed", "fitted", "model", "residual_se", "standard_error",
        "threshold", "threshold_upper", "tolerance", "value_2025", "published_2021", "baseline_2021", "distance",
        "probability", "budget_share", *_MONEY,
    }
)  # fmt: skip
_SUMMED = ("age", "age_fertile", "age_reached", "marital", "parity")  # what a table of flows adds up over
_TRUTHS = frozenset({"met", "bridged", "promised"})
_DIGITS = "%.10g"


def left_out_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return why rows of a user's file are left out: file, line, place, what was found, expected, to be typed."""
    names = ("file", "line", "where", "found", "expected", "fix")
    rows = [{name: getattr(problem, name) for name in names} for problem in problems]
    # Where a user keeps files is nobody's business.
    return pd.DataFrame(rows, columns=list(names)).assign(file=[Path(one.file or "").name for one in problems])


def left_out_words(problems: Sequence[Problem]) -> list[str]:
    """Return why rows of a user's file are left out, in sentences that do not tell where the file is kept."""
    return [str(replace(problem, file=Path(problem.file or "").name)) for problem in problems]


def indicator_table(run: Run, lang: str) -> pd.DataFrame:
    """Return every indicator by scenario, area and year, one value a row; years without a value are left out.

    Columns scenario, scenario_label, area, area_label, year, variable, variable_label, value or q05, q50, q95,
    unit.
    """
    frames = []
    for name, array in run.indicators.data_vars.items():
        frame = _long(array, ("scenario", "area", "year"))
        frame.insert(len(frame.columns) - _values(frame), "variable", str(name))
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    return _named(table.dropna(subset=_value_columns(table), how="all"), run, lang)


def population_table(run: Run, lang: str, *, width: int = 5, place_only: bool = False) -> pd.DataFrame:
    """Return population at year ends by scenario, area, sex and age.

    Parameters
    ----------
    width : int
        Years in an age group: 5 or 1. The open group keeps its own row, with an empty upper age.
    place_only : bool
        Only the whole place, not its areas.
    """
    population = run.result["population"]
    if place_only:
        population = population.sel(area=[run.place])
    frame = _long(age_groups(population, "age", width), ("scenario", "area", "year_end", "sex", "age"))
    top = int(population["age"].values[-1])
    return _named(_age_columns(frame, "age", width, top).assign(variable="population"), run, lang)


def women_table(run: Run, lang: str) -> pd.DataFrame:
    """Return women of the whole place at year ends by five-year age, marital status and parity."""
    if "women" not in run.result:  # a state space without marital status
        return pd.DataFrame(columns=["scenario", "area", "year_end", "variable", "value"])
    women = age_groups(run.result["women"].sel(area=[run.place]), "age_fertile", 5)
    frame = _long(women, ("scenario", "area", "year_end", "age_fertile", "marital", "parity"))
    return _named(_age_columns(frame, "age_fertile", 5, None).assign(variable="women"), run, lang)


def flow_table(run: Run, lang: str) -> pd.DataFrame:
    """Return the flows of each year by scenario and area: births by order, deaths and migrants by sex, marriages.

    Only flows are added up over ages; other series of the result have their own definitions.
    """
    check_variables(str(name) for name in run.result.data_vars)
    frames = []
    for name, array in run.result.data_vars.items():
        if "year" not in array.dims or variable_kind(str(name)) != "flow":
            continue
        ages = [dimension for dimension in _SUMMED if dimension in array.dims]
        kept = [dimension for dimension in ("sex", "birth_order") if dimension in array.dims]
        frame = _long(array.sum(ages), ("scenario", "area", "year", *kept))
        words = {item: frame[item].astype(str) if item in kept else "" for item in ("sex", "birth_order")}
        frames.append(frame.assign(variable=str(name), **words))
    if not frames:
        return pd.DataFrame(columns=["scenario", "area", "year", "variable", "value"])
    table = pd.concat(frames, ignore_index=True)
    order = ["scenario", "area", "year", "variable", "sex", "birth_order", *_value_columns(table)]
    return _named(table[order], run, lang)


def fit_table(run: Run, lang: str) -> pd.DataFrame:
    """Return observed and fitted values with the residual in standard errors, one observation a row."""
    return _named(run.fit, run, lang, unit=False)


def target_table(run: Run, lang: str) -> pd.DataFrame:
    """Return the verdict on each target by scenario and level of strictness."""
    return _named(run.targets, run, lang, unit=False)


def costs_table(run: Run, lang: str) -> pd.DataFrame:
    """Return what each scenario costs by measure, payer and year, to the cent."""
    frame = run.costs.drop(columns=["scenario_label", "measure_label"], errors="ignore")
    scenarios = {key: run.scenario_label(str(key), lang) for key in frame["scenario"].unique()}
    measures = {name: text(f"measure.{name}", lang) for name in frame["measure"].unique()}
    named = frame.assign(scenario_label=frame["scenario"].map(scenarios), measure_label=frame["measure"].map(measures))
    first = ["scenario", "scenario_label", "measure", "measure_label"]
    return named[[*first, *[name for name in frame.columns if name not in first]]]


def contradiction_table(run: Run, lang: str) -> pd.DataFrame:
    """Return the sentences on baselines that contradict each other."""
    check_language(lang)
    return pd.DataFrame({"number": np.arange(1, len(run.contradictions) + 1), "sentence": list(run.contradictions)})


def scenario_table(run: Run, lang: str) -> pd.DataFrame:
    """Return key, name and description of each scenario."""
    return pd.DataFrame(
        {
            "scenario": [scenario.key for scenario in run.scenarios],
            "scenario_label": [scenario.label(lang) for scenario in run.scenarios],
            "description": [scenario.description(lang) for scenario in run.scenarios],
        }
    )


def _single_ages(run: Run, lang: str) -> pd.DataFrame:
    return population_table(run, lang, width=1, place_only=True)


TABLES: Mapping[str, Callable[[Run, str], pd.DataFrame]] = MappingProxyType(
    {
        "indicators": indicator_table,
        "population_five_year": population_table,
        "population_single_age": _single_ages,
        "women": women_table,
        "flows": flow_table,
        "fit": fit_table,
        "targets": target_table,
        "costs": costs_table,
        "contradictions": contradiction_table,
        "scenarios": scenario_table,
    }
)
"""Name of each CSV table -> the function that builds it."""


# --- writing and reading ---------------------------------------------------------------------------------


def localise(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the table with headers and words of closed vocabularies in `lang`; in English they stay codes."""
    if check_language(lang) == "en":
        return frame
    words = {
        name: frame[name].map({code: optional_text(prefix, _code(code), lang) for code in frame[name].unique()})
        for name, prefix in VOCABULARIES.items()
        if name in frame.columns
    }
    return frame.assign(**words).rename(columns={name: _header(str(name), lang) for name in frame.columns})


def csv_bytes(frame: pd.DataFrame, lang: str) -> bytes:
    """Return the table as CSV in UTF-8 with LF and ten significant digits, yuan of costs with two decimals.

    In Chinese it begins with a byte order mark, without which Excel shows Chinese as noise.
    """
    money = {name: frame[name].map("{:.2f}".format, na_action="ignore") for name in _MONEY if name in frame}
    content = localise(frame.assign(**money), lang).to_csv(index=False, float_format=_DIGITS, lineterminator="\n")
    return content.encode("utf-8-sig" if lang == "zh" else "utf-8")


def write_table(frame: pd.DataFrame, path: str | Path, lang: str) -> Path:
    """Return the path of the CSV file that holds the table; the old file stays until the new is complete.

    Raises
    ------
    OutputError
        When the system refuses to write.
    """
    return replace_file(Path(path), csv_bytes(frame, lang))


def read_table(path: str | Path) -> pd.DataFrame:
    """Return a table written by `write_table`, in either language, with English columns and codes.

    Raises
    ------
    OutputError
        When the file is missing or no table.
    """
    path = Path(path)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        frame = frame.rename(columns={header: _column_of(str(header)) for header in frame.columns})
        return frame.assign(**{name: _typed(frame[name], name) for name in frame.columns})
    except (OSError, ValueError) as error:  # of the parser, the encoding or a number: all are ValueErrors
        raise OutputError(
            Problem("table", str(error).splitlines()[0], "a CSV table that huyou wrote",
                    "Check the name, or run huyou run again.", file=str(path))
        ) from error  # fmt: skip


def _column_of(header: str) -> str:
    """Return the English name of a column by its header in either language."""
    columns = {column(name, "zh"): name for name in _known_columns()}
    return columns.get(header, header)


def _typed(values: pd.Series[str], name: str) -> pd.Series[float] | pd.Series[bool] | pd.Series[str]:
    """Return a column of text as numbers, truths or codes, by its name."""
    prefix = VOCABULARIES.get(name)
    if prefix is not None:
        keys = [key for key in label_keys() if key.startswith(f"{prefix}.")]
        values = values.replace({text(key, "zh"): key.removeprefix(f"{prefix}.") for key in keys})
    if name in _TRUTHS:
        return values.isin(["True", "true"])
    if name in _NUMBERS:
        return pd.to_numeric(values.mask(values == ""))
    return values


def _known_columns() -> list[str]:
    return [key.removeprefix("column.") for key in label_keys() if key.startswith("column.")]


def _header(name: str, lang: str) -> str:
    return column(name, lang) if f"column.{name}" in label_keys() else name


def _code(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


# --- shapes ----------------------------------------------------------------------------------------------


def age_groups(array: xr.DataArray, dimension: str, width: int) -> xr.DataArray:
    """Return counts added up in age groups of `width` years, labelled by their lowest age."""
    if width == 1:
        return array
    ages = np.asarray(array[dimension].values, dtype=int)
    lower = ages // width * width
    starts = np.flatnonzero(np.r_[True, lower[1:] != lower[:-1]])
    axis = array.get_axis_num(dimension)
    assert isinstance(axis, int)
    sums = np.add.reduceat(array.values, starts, axis=axis)
    grouped = array.isel({dimension: starts}).assign_coords({dimension: lower[starts]})
    return grouped.copy(data=sums)


def age_label(lower: int, width: int, top: int | None) -> str:
    """Return 20–24, 7, or 100+ for an age group; the dash keeps Excel from reading a date."""
    if top is not None and lower >= top:
        return f"{lower}+"
    return str(lower) if width == 1 else f"{lower}–{lower + width - 1}"


def _age_columns(frame: pd.DataFrame, dimension: str, width: int, top: int | None) -> pd.DataFrame:
    """Return the table with age_lower and age_upper in place of the age."""
    lower = frame.pop(dimension).astype(int)
    upper = (lower + width - 1).astype("Int64")
    if top is not None:
        upper = upper.mask(lower >= top)
    position = len(frame.columns) - _values(frame)
    frame.insert(position, "age_lower", lower)
    frame.insert(position + 1, "age_upper", upper)
    return frame


def _long(array: xr.DataArray, columns: Sequence[str]) -> pd.DataFrame:
    """Return one row per cell with the coordinates as `columns`, then the value or its quantiles."""
    parts = summary(array)
    if "time" in array.dims:
        parts = {name: part.assign_coords(time=calendar(part, "time")).rename(time="year_end")
                 for name, part in parts.items()}  # fmt: skip
    first = next(iter(parts.values())).transpose(*columns)
    index = pd.MultiIndex.from_product([first[name].values for name in columns], names=list(columns))
    frame = index.to_frame(index=False)
    for name, part in parts.items():
        frame[name] = part.transpose(*columns).values.reshape(-1)
    return frame


def _value_columns(frame: pd.DataFrame) -> list[str]:
    return [name for name in ("value", "q05", "q50", "q95") if name in frame.columns]


def _values(frame: pd.DataFrame) -> int:
    return len(_value_columns(frame))


def _named(frame: pd.DataFrame, run: Run, lang: str, *, unit: bool = True) -> pd.DataFrame:
    """Return the table with a name beside each code, the values and unit last."""
    check_variables(str(name) for name in frame["variable"].unique())
    namers: dict[str, Callable[[Hashable], str]] = {
        "scenario": lambda key: run.scenario_label(str(key), lang),
        "area": lambda code: run.area_label(str(code), lang),
        "variable": lambda name: variable_label(str(name), lang),
    }
    frame = frame.drop(columns=[f"{name}_label" for name in namers], errors="ignore")  # of another language
    values = _value_columns(frame)
    order: list[str] = []
    named = frame.copy()
    for name in [str(name) for name in frame.columns if name not in values]:
        order.append(name)
        if name in namers:
            named[f"{name}_label"] = frame[name].map({code: namers[name](code) for code in frame[name].unique()})
            order.append(f"{name}_label")
    if unit:
        named["unit"] = frame["variable"].map(
            {name: variable_unit(str(name), lang) for name in frame["variable"].unique()}
        )
        values = [*values, "unit"]
    return named[[*order, *values]]
