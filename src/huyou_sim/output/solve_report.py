"""Answers to inverse questions as text: the smallest setting, the cheapest package, the frontier, Sobol indices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.inference.calibration import base_differs
from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.labels import (
    number,
    text,
    variable_decimals,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.reach_report import DOUBT, both
from huyou_sim.output.report import terminal_width
from huyou_sim.output.terminal import requirement, text_table
from huyou_sim.planning.cheapest import Package, cheapest_package, frontier
from huyou_sim.planning.inverse import Smallest, smallest_setting
from huyou_sim.planning.sensitivity import sobol_table
from huyou_sim.planning.solve import Asked, prepare_question, with_other_numbers
from huyou_sim.planning.targets import TARGET_YEAR, Target
from huyou_sim.policy import load_scenario
from huyou_sim.policy.adjust import settable
from huyou_sim.policy.words import unit_text

if TYPE_CHECKING:
    from huyou_sim.planning.trials import Trials
    from huyou_sim.policy.adjust import Settable
    from huyou_sim.policy.context import PolicyContext

MILLION = 1e6
BUDGETS = (0.0, 1e8, 3e8, 1e9, 3e9, 1e10)
"""Of a frontier that names none [yuan]."""

MOST = 6
"""Factors of each target that are printed; the table has all."""


def solve_report(
    place: str | Path,
    targets: Sequence[str],
    *,
    p: float | None = None,
    levers: Sequence[str] = (),
    bounds: Sequence[tuple[str, float, float]] = (),
    budgets: Sequence[float] = (),
    along: bool = False,
    seen: bool = False,
    lang: str = "en",
    progress: bool = False,
    **options: Any,
) -> tuple[str, pd.DataFrame]:
    """Return the answer to an inverse question as text, and its table.

    One lever without a budget is asked for its smallest setting; several, or none, for the cheapest package; `along`
    asks for the highest probability of each budget.

    Parameters
    ----------
    place : str or path
    targets : sequence of str
    p : float [1]
    levers : sequence of str
    bounds : sequence of (lever, lower, upper)
        A lever that stands here need not be named among the levers.
    budgets : sequence of float [yuan]
    along : bool
    seen : bool
        Ask that the published figures show it.
    lang : {"en", "zh"}
    progress : bool
    options
        Further arguments of `prepare_question`.

    Raises
    ------
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `prepare_question` and the searches.
    """
    own: dict[str, tuple[float, float] | None] = dict.fromkeys(levers)
    own |= {key: (low, high) for key, low, high in bounds}
    asked = prepare_question(place, targets, p=p, budgets=budgets, bounds=own, progress=progress, **options)
    more: dict[str, Any] = {"base": asked.base, "seen": seen, "progress": progress}
    probability = 0.5 if p is None else p
    if along:
        table = frontier(asked.ensemble, asked.targets, budgets=budgets or BUDGETS, bounds=own, **more)
        table.attrs["head"] = _head(asked, lang)
        return _joined([_head(asked, lang), frontier_text(asked, table, seen, lang), *_notes(asked, lang)]), table
    if len(own) == 1 and len(asked.targets) == 1 and not budgets:
        ((key, ends),) = own.items()
        one = smallest_setting(asked.ensemble, key, asked.targets[0], probability, bounds=ends, **more)
        return _joined([_head(asked, lang), smallest_text(one, lang), *_notes(asked, lang)]), one.trace
    budget = budgets[0] if budgets else None
    package = cheapest_package(asked.ensemble, asked.targets, probability, budget=budget, bounds=own, **more)
    economy = asked.ensemble.context
    said = package_text(package, economy, lang, again=with_other_numbers(asked, package.settings))
    return _joined([_head(asked, lang), said, *_notes(asked, lang)]), package_table(package, economy, lang)


def _joined(parts: Sequence[str]) -> str:
    width = terminal_width()
    return "\n\n".join(part if "─" in part else "\n".join(wrap(part, width)) for part in parts)


def _head(asked: Asked, lang: str) -> str:
    """Return what is asked of what, on how many draws."""
    names = "; ".join(target_words(target, lang) for target in asked.targets)
    return text(
        "solve.head",
        lang,
        targets=names,
        base=asked.base.label(lang),
        draws=f"{len(asked.ensemble):,}",
        seed=asked.ensemble.seed,
    )


def _notes(asked: Asked, lang: str) -> list[str]:
    mark = "" if asked.posterior is None else warning_mark(asked.posterior, lang)
    bridged = any(base_differs(target.population_base) for target in asked.targets)
    notes = [text("solve.note", lang, year=TARGET_YEAR), *([text("solve.bridged", lang)] if bridged else [])]
    return [*notes, *([f"{DOUBT} {mark}"] if mark else [])]


def target_words(target: Target, lang: str) -> str:
    """Return a target as one reads it: Total fertility rate ≥ 0.94 (central)."""
    row = {
        "variable": target.variable, "rule": target.rule, "threshold": target.threshold,
        "threshold_upper": target.threshold_upper, "level": target.level,
    }  # fmt: skip
    asked = requirement(row, lang)
    unit = variable_unit(target.variable, lang)
    star = "*" if base_differs(target.population_base) else ""
    return f"{variable_label(target.variable, lang)}{star} {asked} {unit} ({text(f'level.{target.level}', lang)})"


def setting_words(lever: Settable, value: float, lang: str) -> str:
    """Return a setting with its unit."""
    size = abs(lever.strongest - lever.weakest)
    decimals = 0 if size >= 1000.0 else 1 if size >= 20.0 else 2
    return f"{number(value, decimals)} {unit_text(lever.lever.unit, lang)}".rstrip()


def cost_words(cost: Sequence[float], lang: str) -> str:
    """Return central, low and high cost in millions of yuan."""
    low, middle, high = (number(value / MILLION, 0) for value in cost)
    return text("solve.millions", lang, low=low, middle=middle, high=high)


def _chances(one: Smallest | Package, mark: str) -> str:
    names = ("probability", "probability_error", "probability_seen", "probability_seen_error")
    return both({name: getattr(one, name) for name in names} | {"mark": mark})


def _value(target: Target, quantiles: Sequence[float], lang: str) -> str:
    decimals = variable_decimals(target.variable)
    low, middle, high = (number(value, decimals) for value in quantiles)
    return f"{middle} ({low}–{high}) {variable_unit(target.variable, lang)}"


def smallest_text(one: Smallest, lang: str) -> str:
    """Return the smallest setting of a lever, or the best one where the target is out of reach."""
    asked = {"lever": one.lever.label(lang), "p": f"{100.0 * one.asked:g}"}
    question = text("solve.seen" if one.seen else "solve.true", lang)
    title = text("solve.smallest" if one.reached else "solve.out", lang, question=question, **asked)
    rows = [[text("solve.setting" if one.reached else "solve.best", lang), setting_words(one.lever, one.setting, lang)]]
    if one.reached:
        band = [setting_words(one.lever, value, lang) if math.isfinite(value) else "–" for value in one.setting_band]
        rows.append([text("solve.band", lang), f"{band[0]} … {band[1]}"])
    ends = " … ".join(setting_words(one.lever, end, lang) for end in one.bounds)
    rows += [
        [text("solve.bounds", lang), ends],
        [text("solve.probability", lang), _chances(one, one.mark)],
        [text("solve.value", lang, year=TARGET_YEAR), _value(one.target, one.value.tolist(), lang)],
        [
            text("solve.cost", lang),
            cost_words(one.cost.tolist(), lang) if one.lever.priced else text("solve.unpriced", lang),
        ],
    ]
    notes = [] if one.monotone else [text("solve.not_monotone", lang)]
    return _table(title, rows, notes)


def package_text(one: Package, economy: PolicyContext, lang: str, *, again: Trials | None = None) -> str:
    """Return the cheapest package, or the best one where targets are out of reach.

    Parameters
    ----------
    again : Trials, optional
        Of the package with other random numbers.
    """
    question = text("solve.seen" if one.seen else "solve.true", lang)
    limit = f"{one.budget / MILLION:,.0f}" if math.isfinite(one.budget) else "–"
    title = text(
        "solve.cheapest" if one.reached else "solve.out_package",
        lang, question=question, p=f"{100.0 * one.asked:g}", budget=limit,
    )  # fmt: skip
    rows = [[row["label"], row["setting_words"]] for row in package_table(one, economy, lang).to_dict("records")]
    rows = rows or [[text("solve.no_lever", lang), ""]]
    rows += [[text("solve.probability", lang), _chances(one, one.mark)]]
    if again is not None:
        other = {"probability": again.probability[0], "probability_seen": again.probability_seen[0], "mark": one.mark}
        errors = {name: getattr(one, name) for name in ("probability_error", "probability_seen_error")}
        rows.append([text("solve.again", lang), both(other | errors)])
    for target, quantiles in zip(one.targets, one.values.tolist(), strict=True):
        label = f"{variable_label(target.variable, lang)}, {TARGET_YEAR}"
        rows.append([label, _value(target, quantiles, lang)])
    rows.append([text("solve.cost", lang), cost_words(one.cost.tolist(), lang)])
    if math.isfinite(one.budget_share):
        rows.append([text("solve.share", lang), f"{one.budget_share:.2f} %"])
    return _table(title, rows, [])


def package_table(one: Package, economy: PolicyContext, lang: str) -> pd.DataFrame:
    """Return the levers that a package uses: lever, label, setting, unit, and the setting in words."""
    rows = []
    for key, value in one.settings.items():
        lever = settable(key, economy)
        rows.append(
            {
                "lever": key,
                "label": lever.label(lang),
                "setting": value,
                "unit": unit_text(lever.lever.unit, lang) or lever.lever.unit,
                "setting_words": setting_words(lever, value, lang),
            }
        )
    return pd.DataFrame(rows, columns=["lever", "label", "setting", "unit", "setting_words"])


def _table(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> str:
    width = terminal_width()
    header = ["", ""]
    table = text_table(header, rows, width=width, flexible=(0, 1), right=[False, False])
    return "\n".join([*wrap(title, width), table, *(line for note in notes for line in wrap(note, width))])


def frontier_text(asked: Asked, table: pd.DataFrame, seen: bool, lang: str) -> str:
    """Return the highest probability of each budget, with the package that reaches it."""
    economy = asked.ensemble.context
    keys = [str(name) for name in table.columns if str(name).count(".") >= 1]
    rows = []
    for row in table.to_dict("records"):
        used = [settable(key, economy) for key in keys if not math.isnan(row[key])]
        package = "; ".join(f"{lever.label(lang)} {setting_words(lever, row[lever.key], lang)}" for lever in used)
        cost = cost_words([row["cost_low"], row["cost"], row["cost_high"]], lang)
        rows.append([f"{row['budget'] / MILLION:,.0f}", cost, both(row), package or text("solve.no_lever", lang)])
    header = [text(key, lang) for key in ("solve.budget", "solve.cost", "solve.probability", "solve.package")]
    width = terminal_width()
    question = text("solve.seen" if seen else "solve.true", lang)
    title = wrap(text("solve.frontier", lang, question=question), width)
    shown = text_table(header, rows, width=width, flexible=(1, 3), right=[True, False, True, False])
    return "\n".join([*title, shown])


# --- Sobol indices ---------------------------------------------------------------------------------------


def sobol_report(
    place: str | Path,
    scenario: str | Path,
    *,
    against: str | Path | None = None,
    points: int,
    lang: str = "en",
    progress: bool = False,
    **options: Any,
) -> tuple[str, pd.DataFrame]:
    """Return which parameters bring the uncertainty of each target, as text, and the whole table.

    Parameters
    ----------
    place, scenario, against : str or path
    points : int
    lang : {"en", "zh"}
    progress : bool
    options
        Further arguments of `prepare_question`.

    Raises
    ------
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `prepare_question` and `sobol_table`.
    """
    # The design has draws of its own: of the ensemble only the place is needed.
    asked = prepare_question(place, ["tfr"], base=scenario, draws=1, progress=progress, **options)
    other = None if against is None else load_scenario(against, areas=list(asked.fit.pack.areas["area"]))
    table = sobol_table(asked.ensemble, asked.base, asked.posterior, against=other, points=points, progress=progress)
    width = terminal_width()
    words = {"scenario": asked.base.label(lang), "evaluations": f"{table.attrs['evaluations']:,}"}
    title = text("sobol.title", lang, **words)
    if other is not None:
        title = text("sobol.difference", lang, against=other.label(lang), **words)
    parts = ["\n".join(wrap(title, width))]
    parts += [_target_indices(rows, lang, width) for _, rows in table.groupby("indicator_id", sort=False)]
    note = text("sobol.note", lang, left=f"{table.attrs['largest_left']:.2f}")
    parts.append("\n".join(wrap(note, width)))
    return "\n\n".join(parts), table


def _target_indices(rows: pd.DataFrame, lang: str, width: int) -> str:
    """Return the largest factors of one target."""
    records = rows.to_dict("records")
    name = variable_label(str(records[0]["variable"]), lang)
    decimals = variable_decimals(str(records[0]["variable"])) + 1
    unit = variable_unit(str(records[0]["variable"]), lang)
    spread = f"{name}: {number(records[0]['mean'], decimals)} ± {number(records[0]['sd'], decimals)} {unit}"
    if not math.isfinite(records[0]["total"]):
        return f"{spread}. {text('sobol.constant', lang)}"
    header = [spread, text("sobol.first", lang), text("sobol.total", lang)]
    shown = [[_factor(row, lang), _index(row, "first_order"), _index(row, "total")] for row in records[:MOST]]
    return text_table(header, shown, width=width, flexible=(0,))


def _factor(row: Mapping[Any, Any], lang: str) -> str:
    """Return what a factor is called; a group by the names of its parameters, whose meanings would fill a page."""
    if row["kind"] != "group":
        return str(row["label_zh" if lang == "zh" else "label_en"])
    names = str(row["members"]).split()
    return text("sobol.group", lang, count=len(names), names=", ".join(names))


def _index(row: Mapping[Any, Any], name: str) -> str:
    low, middle, high = (number(row[key], 2) for key in (f"{name}_low", name, f"{name}_high"))
    return f"{middle} ({low}–{high})"
