"""What the command line shows and keeps of a fit and of a run: text for the terminal, files for the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.output.folder import check_folder, replace_file
from huyou_sim.output.labels import number, text, wrap
from huyou_sim.output.manifest import build_manifest
from huyou_sim.output.naming import LEVELS, area_labels, resolved_text
from huyou_sim.output.tables import csv_bytes
from huyou_sim.output.terminal import (
    SUMMARY_YEARS,
    contradictions_text,
    fit_text,
    indicators_text,
    requirement,
    target_name,
    targets_text,
    terminal_width,
    text_table,
)
from huyou_sim.output.write import write_run
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.costs import PAYERS

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.planning.packages import Fit, Packages


def result_folder(place: str, folder: Path | None = None) -> Path:
    """Return the folder that a run of `place` may write to: the one given, or ``results/<place>``.

    Asked before the work starts, so that a folder which holds something else is refused at once.

    Raises
    ------
    OutputError
        When the folder holds something else than a result.
    """
    return check_folder(folder or Path("results") / Path(place).name)


def write(
    packages: Packages,
    folder: Path,
    *,
    lang: str = "en",
    figures: bool = True,
    progress: bool = True,
) -> Path:
    """Return the folder that a run was written to, whole or not at all.

    Parameters
    ----------
    folder : Path
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw PNG and SVG figures.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    fit = packages.fit
    manifest = build_manifest(
        arguments={
            "place": fit.pack.name,
            "scenarios": [scenario.key for scenario in packages.scenarios],
            "until": int(packages.indicators["year"].values[-1]),
        },
        inputs=fit.pack.checksums,
        scenario_texts={scenario.key: resolved_text(scenario) for scenario in packages.scenarios},
        parameters={**fit.baseline.assumptions, "mortality_trend": fit.baseline.mortality_trend},
        calibration=fit.calibration.levels,
    )
    write_run(
        folder,
        result=packages.result,
        indicators=packages.indicators,
        fit=fit.calibration.table,
        contradictions=[sentence.text(lang) for sentence in fit.contradictions],
        targets=packages.targets,
        costs=packages.costs,
        scenarios=packages.scenarios,
        area_labels=area_labels(fit),
        manifest=manifest,
        lang=lang,
        figures=figures,
        progress=None if progress else False,
    )
    return folder


def fit_report(fit: Fit, lang: str) -> str:
    """Return the fit table of the place, the fitted levels and the contradictions as text."""
    width = terminal_width()
    parts = [
        fit_text(fit.calibration.table, lang, width=width, area_labels=area_labels(fit)),
        levels_text(fit, lang, width),
        contradictions_text([sentence.text(lang) for sentence in fit.contradictions], lang, width=width),
    ]
    return "\n\n".join(part for part in parts if part)


def levels_text(fit: Fit, lang: str, width: int) -> str:
    """Return the fitted levels with their standard errors as text."""
    calibration = fit.calibration
    rows = [
        [parameter.label_zh if lang == "zh" else parameter.label_en, f"{value:,.3f}", f"{error:,.3f}"]
        for parameter, value, error in zip(
            calibration.parameters, calibration.values, calibration.standard_errors, strict=True
        )
    ]
    header = [text(f"levels.{name}", lang) for name in ("parameter", "level", "standard_error")]
    return "\n".join([text("levels.title", lang), "", text_table(header, rows, width=width)])


def summary(packages: Packages, folder: Path, lang: str) -> str:
    """Return the fit of the place, the verdicts and the main indicators as text, and where the files are."""
    width = terminal_width()
    fit = packages.fit
    place = fit.calibration.table.query("area == @fit.pack.place.code")
    parts = [
        fit_text(place, lang, width=width, area_labels=area_labels(fit)),
        contradictions_text([sentence.text(lang) for sentence in fit.contradictions], lang, width=width),
        *verdicts(packages, lang, width),
        costs_text(packages, lang, width),
        indicators_text(
            packages.indicators, packages.scenarios, lang, years=summary_years(packages.indicators), width=width
        ),
        text("report.written", lang, folder=str(folder)),
    ]
    return "\n\n".join(part for part in parts if part)


def summary_years(indicators: xr.Dataset) -> list[int]:
    """Return the years of the summary that the run has, and its last one."""
    last = int(indicators["year"].values[-1])
    return sorted({year for year in SUMMARY_YEARS if year < last} | {last})


def verdicts(packages: Packages, lang: str, width: int) -> list[str]:
    """Return the verdicts as text: values and distances at the central level, then every level at a glance.

    Nothing for a place without targets.
    """
    targets = packages.targets
    if targets.empty:
        return [text("verdicts.too_short", lang)] if len(packages.fit.pack.targets) else []
    central = targets_text(targets, packages.scenarios, lang, level="central", width=width)
    shown = {scenario.key: scenario.label(lang) for scenario in packages.scenarios}
    rows = []
    for _, same in targets.groupby("indicator_id"):
        asked = {row["level"]: requirement(row, lang) for row in same.to_dict("records")}
        cells = []
        for key in shown:
            met = same[same["scenario"] == key].set_index("level")["met"]
            cells.append("".join(MARKS[bool(met[level])] for level in LEVELS))
        first = same.to_dict("records")[0]
        rows.append([target_name(first, lang), "  ".join(asked[level] for level in LEVELS), *cells])
    header = [text("column.target", lang), text("verdicts.required", lang), *shown.values()]
    table = text_table(header, rows, right=[False] * len(header), width=width, flexible=list(range(len(header))))
    return [central, "\n".join([text("verdicts.title", lang), "", table, "", text("verdicts.note", lang)])]


MARKS = {True: "■", False: "□"}
"""How a level that is reached, or missed, stands in the table of all levels."""


def costs_text(packages: Packages, lang: str, width: int) -> str:
    """Return what each package costs, by payer and beyond no new policy, as text; nothing where nothing is paid."""
    costs = packages.costs
    if costs.empty:
        return ""
    last = int(packages.indicators["year"].values[-1])
    ends = sorted({min(TARGET_YEAR, last), last})
    rows = []
    for scenario in packages.scenarios:
        for year in ends:
            own = costs[(costs["scenario"] == scenario.key) & (costs["year"] <= year)]
            paid = [own.loc[own["payer"] == payer, "cost"].sum() for payer in PAYERS]
            spread = " – ".join(millions(own[name].sum()) for name in ("cost_low", "cost_high"))
            more = millions(own["additional"].sum())
            rows.append(
                [scenario.label(lang), str(year), millions(own["cost"].sum()), spread, *map(millions, paid), more]
            )
    payers = [text(f"payer.{payer}", lang) for payer in PAYERS]
    names = ("column.scenario_label", "costs.until", "costs.central", "costs.range")
    header = [*(text(name, lang) for name in names), *payers, text("costs.additional", lang)]
    table = text_table(header, rows, width=width)
    note = "\n".join(wrap(text("costs.note", lang), width))
    return "\n".join([text("costs.title", lang), "", table, "", note])


def millions(yuan: float) -> str:
    """Return an amount in millions of yuan."""
    return number(yuan / 1e6, 1)


def write_fit(fit: Fit, path: Path, lang: str) -> Path:
    """Return the path of the fit table written as CSV.

    Raises
    ------
    OutputError
        When the file cannot be written; an earlier one is then unchanged.
    """
    return replace_file(path, csv_bytes(fit.calibration.table, lang))
