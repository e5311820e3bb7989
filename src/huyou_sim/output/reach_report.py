"""With what probability each target is reached: as text, and as a folder of tables, NetCDF files and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.output.ensemble_manifest import draws_words, ensemble_manifest, mark_of
from huyou_sim.output.figures import write_reach_figures
from huyou_sim.output.folder import check_folder, output_folder
from huyou_sim.output.labels import (
    number,
    text,
    variable_decimals,
    variable_definition,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.naming import LEVELS, area_labels
from huyou_sim.output.record import scenario_label
from huyou_sim.output.report import summary_years
from huyou_sim.output.store import write_netcdf
from huyou_sim.output.tables import write_table
from huyou_sim.output.terminal import indicators_text, requirement, target_name, terminal_width, text_table
from huyou_sim.output.write import seal
from huyou_sim.planning.reach import Reach, run_reach
from huyou_sim.planning.targets import BASE_YEAR, TARGET_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

BANDS, DRAWS = "bands.nc", "draws.nc"
"""Bands of every indicator; draws of the indicators that have a target, up to the target year."""

DOUBT = "!"
"""Stands at every probability from a sampler that has not converged."""


def reach_report(
    place: str | Path,
    scenarios: Sequence[str | Path] = (),
    *,
    lang: str = "en",
    out: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> str:
    """Return the reachability of a place's targets as text, and write it to a folder where one is named.

    Parameters
    ----------
    place, scenarios
        As for `huyou_sim.planning.reach.run_reach`.
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw them into the folder too.
    options
        Further arguments of `run_reach`: draws, seed, until, together, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_reach`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    reach = run_reach(place, scenarios, progress=progress, **options)
    said = [said_of(reach, lang)]
    if folder is not None:
        write_reach(reach, folder, lang=lang, figures=figures)
        said.append(text("reach.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said)


def said_of(reach: Reach, lang: str) -> str:
    """Return the reachability of all targets as text: both probabilities at each level, joint ones, and bands."""
    width = terminal_width()
    mark = mark_of(reach.posterior, lang)
    draws, seed = reach.indicators.sizes["draw"], int(reach.indicators.attrs["seed"])
    head = draws_words(reach.posterior, draws=draws, seed=seed, lang=lang)
    parts = ["\n".join(line for words in head for line in wrap(words, width))]
    if reach.targets.empty:
        parts.append(text("reach.no_targets", lang))
    else:
        parts += [_titled("reach.title", _target_table(reach, lang, width), "reach.note", mark, lang, width)]
        parts += [_titled("reach.joint_title", _joint_table(reach, lang, width), "reach.joint_note", mark, lang, width)]
    shown = indicators_text(reach.indicators, reach.scenarios, lang, years=summary_years(reach.indicators), width=width)
    return "\n\n".join([*parts, shown, text("reach.bands_note", lang)])


def _titled(title: str, table: str, note: str, mark: str, lang: str, width: int) -> str:
    notes = [text(note, lang), *([f"{DOUBT} {mark}"] if mark else [])]
    return "\n".join([text(title, lang), "", table, "", *(line for words in notes for line in wrap(words, width))])


def _target_table(reach: Reach, lang: str, width: int) -> str:
    rows = []
    for _, same in reach.targets.groupby("indicator_id", sort=False):
        first = same.to_dict("records")[0]
        asked = {row["level"]: requirement(row, lang) for row in same.to_dict("records")}
        unit = variable_unit(str(first["variable"]), lang)
        rows.append([f"{target_name(first, lang)} [{unit}]", "", *(asked[level] for level in LEVELS), ""])
        for scenario in reach.scenarios:
            here = same[same["scenario"] == scenario.key].set_index("level").to_dict("index")
            cells = [both(here[level]) for level in LEVELS]
            central = {"variable": first["variable"], **here["central"]}
            rows.append([f"  {scenario.label(lang)}", _band(central, ""), *cells, _band(central, "distance_")])
    header = [text("reach.target", lang), text("reach.value", lang, year=TARGET_YEAR)]
    header += [text(f"level.{level}", lang) for level in LEVELS] + [text("reach.distance", lang)]
    return text_table(header, rows, width=width, flexible=(0,))


def _joint_table(reach: Reach, lang: str, width: int) -> str:
    rows = []
    for scenario in reach.scenarios:
        here = reach.joint[reach.joint["scenario"] == scenario.key].set_index("level").to_dict("index")
        rows.append([scenario.label(lang), *(both(here[level]) for level in LEVELS)])
    numbers = str(reach.joint["indicator_ids"].iloc[0]).replace(" ", ", ")
    header = [text("reach.together", lang, numbers=numbers), *(text(f"level.{level}", lang) for level in LEVELS)]
    return text_table(header, rows, width=width)


def both(row: Mapping[Any, Any]) -> str:
    """Return both probabilities in per cent with their errors: 18.0±0.9 / 7.8±0.6, marked where they are in doubt."""
    pairs = [(row["probability"], row["probability_error"]), (row["probability_seen"], row["probability_seen_error"])]
    # Rounded up: an error is never shown as none.
    said = [f"{100.0 * chance:.1f}±{ceil(1000.0 * error) / 10.0:.1f}" for chance, error in pairs]
    return " / ".join(said) + (DOUBT if row["mark"] else "")


def _band(row: Mapping[Any, Any], prefix: str) -> str:
    decimals = variable_decimals(str(row["variable"]))
    low, middle, high = (number(row[f"{prefix}{name}"], decimals) for name in ("q05", "q50", "q95"))
    return f"{middle} ({low}–{high})"


# --- files -----------------------------------------------------------------------------------------------


def write_reach(reach: Reach, folder: Path, *, lang: str = "en", figures: bool = True) -> Path:
    """Return the folder that the reachability was written to, whole or not at all.

    It holds tables, NetCDF files, figures (unless they are not asked for) and a manifest.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    manifest = _manifest(reach, lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, reach, manifest, lang, figures)), manifest)
    return folder


def _write_all(part: Path, reach: Reach, manifest: Mapping[str, Any], lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    write_netcdf(reach.bands, part / BANDS, manifest=manifest)
    yield BANDS
    variables = list(dict.fromkeys(reach.targets["variable"]))
    if variables:
        drawn = reach.indicators[variables].sel(year=slice(BASE_YEAR, TARGET_YEAR))
        write_netcdf(drawn, part / DRAWS, manifest=manifest)
        yield DRAWS
    (part / "tables").mkdir()
    tables = {"reach": reach.targets, "joint": reach.joint, "bands": band_table(reach.bands)}
    for name, table in tables.items():
        shown = _named(table, reach, lang)
        yield write_table(shown, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    if figures:
        (part / "figures").mkdir()
        for path in write_reach_figures(reach, part / "figures", lang):
            yield path.relative_to(part).as_posix()


def band_table(bands: xr.Dataset) -> pd.DataFrame:
    """Return bands as a tidy table: scenario, area, year, variable, quantile, value, mc_error."""
    frames = []
    for name, array in bands.data_vars.items():
        wide = array.to_series().unstack("figure")[list(bands["figure"].values)].reset_index()
        frames.append(wide.assign(variable=str(name)))
    order = ["scenario", "area", "year", "variable", "quantile", *(str(figure) for figure in bands["figure"].values)]
    table = pd.concat(frames, ignore_index=True)[order]
    return table.rename_axis(columns=None).sort_values(order[:5], kind="stable", ignore_index=True)


def _named(table: pd.DataFrame, reach: Reach, lang: str) -> pd.DataFrame:
    """Return a table with a name beside each code, and definitions, units and the mark in `lang`."""
    places = area_labels(reach.fit)
    namers: dict[str, Callable[[str], str]] = {
        "scenario": lambda key: scenario_label(reach.scenarios, key, lang),
        "area": lambda code: places.get(code, {}).get(lang, code),
        "variable": lambda name: variable_label(name, lang),
    }
    order: list[str] = []
    named = table.copy()
    for column in [str(column) for column in table.columns]:
        order.append(column)
        if column in namers:
            named[f"{column}_label"] = _mapped(table[column], namers[column])
            order.append(f"{column}_label")
    named = named[order]
    if "variable" in named:
        named["unit"] = _mapped(table["variable"], lambda name: variable_unit(name, lang))
    if "definition" in named:
        named["definition"] = _mapped(table["variable"], lambda name: variable_definition(name, lang))
    return named.assign(mark=mark_of(reach.posterior, lang)) if "mark" in named else named


def _mapped(codes: pd.Series[Any], word: Callable[[str], str]) -> pd.Series[Any]:
    return codes.map({code: word(str(code)) for code in codes.unique()})


def _manifest(reach: Reach, lang: str) -> dict[str, Any]:
    arguments = {
        "command": "reach",
        "draws": reach.indicators.sizes["draw"],
        "until": int(reach.indicators["year"].values[-1]),
        "joint": reach.joint["indicator_ids"].iloc[0] if len(reach.joint) else "",
        "prior_only": reach.posterior is None,
    }
    seed = int(reach.indicators.attrs["seed"])
    return ensemble_manifest(reach.fit, reach.posterior, reach.scenarios, arguments, seed=seed, lang=lang)
