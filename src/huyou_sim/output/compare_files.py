"""A comparison of policy packages as a folder of tables, workbook, NetCDF, figures and a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.compare_words import (
    QUANTITIES,
    difference_attributes,
    difference_label,
    difference_unit,
    lever_label,
)
from huyou_sim.output.ensemble_manifest import ensemble_manifest
from huyou_sim.output.figure_compare import write_compare_figures
from huyou_sim.output.folder import output_folder, replace_file
from huyou_sim.output.labels import optional_text, text
from huyou_sim.output.record import scenario_label
from huyou_sim.output.store import write_netcdf
from huyou_sim.output.tables import write_table
from huyou_sim.output.workbook import frames_bytes
from huyou_sim.output.write import seal
from huyou_sim.planning.compare import Comparison
from huyou_sim.planning.shapley import TOTAL, Attribution
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.planning.tornado import Tornado

if TYPE_CHECKING:
    from collections.abc import Mapping

BANDS, WORKBOOK = "differences.nc", "comparison.xlsx"


@dataclass(frozen=True, eq=False)
class Answer:
    """A comparison with what was asked of single packages.

    Parameters
    ----------
    comparison : Comparison
    attribution : Attribution, optional
        What each lever of a package adds.
    tornado : Tornado, optional
        What each parameter does to the effect of a package.
    """

    comparison: Comparison
    attribution: Attribution | None = None
    tornado: Tornado | None = None


def write_comparison(answer: Answer, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that a comparison was written to, whole or not at all.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    manifest = _manifest(answer, lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, answer, manifest, lang, figures)), manifest)
    return folder


def _write_all(part: Path, answer: Answer, manifest: Mapping[str, Any], lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    found = answer.comparison
    words = {str(name): difference_attributes(str(name), found.against) for name in found.bands.data_vars}
    write_netcdf(found.bands, part / BANDS, manifest=manifest, words=words)
    yield BANDS
    (part / "tables").mkdir()
    tables = tables_of(answer, lang)
    for name, table in tables.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    yield replace_file(part / WORKBOOK, frames_bytes(_sheets(answer, tables, lang), lang)).relative_to(part).as_posix()
    if figures:
        (part / "figures").mkdir()
        for path in write_compare_figures(found, answer.attribution, answer.tornado, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def tables_of(answer: Answer, lang: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a comparison by name, with words beside codes."""
    found = answer.comparison
    mark = "" if found.posterior is None else warning_mark(found.posterior, lang)
    tables = {
        "differences": found.differences,
        "costs": found.costs,
        "dominance": found.dominance.assign(mark=mark),
        "targets": found.targets.assign(mark=mark),
        "joint": found.joint.assign(mark=mark),
    }
    if answer.attribution is not None:
        tables["shapley"] = answer.attribution.table
    if answer.tornado is not None:
        label = f"label_{lang}"
        tables["tornado"] = answer.tornado.table.drop(columns={"label_en", "label_zh"} - {label})
    for name in ("differences", "costs", "shapley", "tornado"):
        if name in tables:
            differs = tables[name]["scenario"].isin(found.trends_differ)
            tables[name] = tables[name].assign(against=found.against.key, trends_differ=differs, mark=mark)
    return {name: _named(table, found, lang) for name, table in tables.items()}


def _named(table: pd.DataFrame, found: Comparison, lang: str) -> pd.DataFrame:
    """Return a table with a name beside each code, and units in `lang`."""
    every = [found.against, *found.scenarios]
    namers: dict[str, Callable[[str], str]] = {
        "scenario": lambda key: scenario_label(every, key, lang),
        "other": lambda key: scenario_label(every, key, lang),
        "variable": lambda name: difference_label(name, lang),
        "quantity": lambda name: text(QUANTITIES[name], lang),
        "lever": lambda name: text("compare.together", lang) if name == TOTAL else lever_label(name, lang),
    }
    order: list[str] = []
    named = table.copy()
    for column in [str(column) for column in table.columns]:
        order.append(column)
        if column in namers:
            named[f"{column}_label"] = [namers[column](str(code)) for code in table[column]]
            order.append(f"{column}_label")
    named = named[order]
    if "unit" in named:
        units = table["unit"] if "variable" not in table else [difference_unit(str(v), lang) for v in table["variable"]]
        named["unit"] = [optional_text("outcome_unit", unit, lang) for unit in units]
    return named


def _sheets(answer: Answer, tables: Mapping[str, pd.DataFrame], lang: str) -> dict[str, tuple[pd.DataFrame, int]]:
    """Return the sheets of the workbook with their decimals: a read-me, and the tables; differences of some years."""
    found = answer.comparison
    last = int(found.gains["year"].values[-1])
    notes = [
        text("compare.head", lang, against=found.against.label(lang), draws=f"{len(found.ensemble):,}",
             seed=found.ensemble.seed, until=last),
        text("compare.costs_note", lang, base=found.ensemble.pack.start_date.year + 1, year=TARGET_YEAR),
        text("compare.birth_note", lang, year=TARGET_YEAR, until=last),
        text("compare.dominance_note", lang, until=last),
        text("compare.shapley_note", lang), text("compare.tornado_note", lang),
    ]  # fmt: skip
    sheets = {"readme": (pd.DataFrame({"number": range(1, len(notes) + 1), "note": notes}), 0)}
    digits = {"differences": 4, "costs": 2, "dominance": 3, "targets": 3, "joint": 3, "shapley": 4, "tornado": 4}
    for name, table in tables.items():
        shown = table[table["year"].isin({TARGET_YEAR, 2030, 2035, last})] if name == "differences" else table
        sheets[name] = (shown.drop(columns="variable", errors="ignore"), digits[name])
    return sheets


def _manifest(answer: Answer, lang: str) -> dict[str, Any]:
    found = answer.comparison
    arguments = {
        "command": "compare",
        "scenarios": [one.key for one in found.scenarios],
        "against": found.against.key,
        "draws": len(found.ensemble),
        "until": int(found.gains["year"].values[-1]),
        "level": found.level,
        "shapley": "" if answer.attribution is None else answer.attribution.scenario.key,
        "tornado": "" if answer.tornado is None else answer.tornado.scenario.key,
        "allow_trends": bool(found.trends_differ),
        "prior_only": found.posterior is None,
    }
    every = [found.against, *found.scenarios]
    return ensemble_manifest(found.fit, found.posterior, every, arguments, seed=found.ensemble.seed, lang=lang)
