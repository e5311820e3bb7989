"""Why births change: the decomposition of a place's births between two years, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from huyou_sim.demography.decomposition import births_change_with_levers, by_component
from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.output.labels import text
from huyou_sim.output.naming import area_labels
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.planning.packages import run_packages

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.planning.packages import Packages

WITHOUT = "no_new_policy"
"""The scenario whose births are those without new levers."""

LABELS = {
    "women": "explain.women",
    "marriage": "explain.marriage",
    "parity": "explain.parity",
    "within_marriage": "explain.within_marriage",
    "outside_marriage": "explain.outside_marriage",
}


def explain_births(
    place: str | Path,
    scenarios: Sequence[str | Path],
    *,
    years: tuple[int, int],
    area: str | None = None,
    lang: str = "en",
    progress: bool = False,
) -> tuple[str, pd.DataFrame]:
    """Return why births change between two years, as text, and as a tidy table of all areas.

    Parameters
    ----------
    place : str or path
    scenarios : sequence
        Names that ship or paths of TOML files; `WITHOUT` is added where it is missing.
    years : (earlier, later)
    area : str, optional
        Code of the area to print; the whole place when omitted.
    lang : {"en", "zh"}

    Raises
    ------
    ArgumentError
        When years are not in order, or there is no such area.
    PackError, ScenarioError, CalibrationError
    """
    if not years[0] < years[1]:
        found = f"{years[0]} {years[1]}"
        raise ArgumentError(Problem("--years", found, "an earlier and a later year", "Type --years 2021 2025."))
    names = [*scenarios] if WITHOUT in scenarios else [WITHOUT, *scenarios]
    packages = run_packages(place, names, until=years[1], progress=progress)
    baseline = packages.fit.baseline
    change = births_change_with_levers(packages.result, baseline.rates, baseline.space, years=years, without=WITHOUT)
    row = by_component(change).isel(draw=0, drop=True)
    known = [str(code) for code in row["area"].values]
    code = baseline.code if area is None else area
    if code not in known:
        raise ArgumentError(Problem("--area", code, f"one of {', '.join(known)}", f"Type --area {known[0]}."))
    totals = change[["before", "after"]].isel(draw=0, drop=True).sum("birth_order")
    table = row.rename("births").to_dataframe().reset_index()[["scenario", "area", "part", "component", "births"]]
    return _text(packages, table, totals.to_dataframe(), code, years, lang), table


def _text(
    packages: Packages, table: pd.DataFrame, totals: pd.DataFrame, code: str, years: tuple[int, int], lang: str
) -> str:
    here = table[table["area"] == code].set_index(["scenario", "part", "component"])["births"]
    shown = [scenario for scenario in packages.scenarios if scenario.key != WITHOUT]
    rows = []
    for component in here[WITHOUT]["without_levers"].index:
        plain = here[WITHOUT]["without_levers"][component]
        added = [here[scenario.key]["levers"][component] for scenario in shown]
        rows.append([component_label(component, lang), *(_signed(value) for value in (plain, *added))])
    sums = [here[WITHOUT]["without_levers"].sum(), *(here[scenario.key]["levers"].sum() for scenario in shown)]
    rows.append([text("explain.total", lang), *(_signed(value) for value in sums)])
    header = [text("explain.component", lang), text("explain.without", lang), *(each.label(lang) for each in shown)]
    before = float(totals["before"].loc[(WITHOUT, code)])
    keys = [WITHOUT, *(scenario.key for scenario in shown)]
    after = [float(totals["after"].loc[(key, code)]) for key in keys]
    name = area_labels(packages.fit).get(code, {}).get(lang, code)
    title = text("explain.title", lang).format(place=name, first=years[0], last=years[1], before=before)
    rows.append([text("explain.after", lang).format(year=years[1]), *(f"{value:,.0f}" for value in after)])
    return "\n\n".join(
        [
            title,
            text_table(header, rows, width=terminal_width(), flexible=range(len(header))),
            text("explain.note", lang),
        ]
    )


def _signed(value: float) -> str:
    """Return whole births with their sign, none for less than half a birth."""
    return f"{value:+,.0f}" if abs(value) >= 0.5 else "0"


def component_label(name: str, lang: str) -> str:
    """Return what a component of a change in births is called; fertility within marriage by order."""
    if name.startswith("within_marriage_"):
        return text(LABELS["within_marriage"], lang).format(order=name.rsplit("_", 1)[1])
    return text(LABELS[name], lang)
