"""Answers to inverse questions as text: the smallest setting, the cheapest package, the best one, the frontier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.inference.calibration import base_differs
from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.answer import Answer, Found
from huyou_sim.output.best_report import aim_words, best_parts, title_of
from huyou_sim.output.labels import number, text, variable_label, wrap
from huyou_sim.output.reach_report import DOUBT, both
from huyou_sim.output.solve_words import (
    MILLION,
    cost_words,
    package_rows,
    package_table,
    setting_words,
    table_under,
    target_words,
    value_words,
)
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.planning.budget import amounts_of
from huyou_sim.planning.cheapest import Package, cheapest_package, frontier
from huyou_sim.planning.inverse import Smallest, smallest_setting
from huyou_sim.planning.solve import Asked, Wish, ask_best, prepare_question, with_other_numbers
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.adjust import START, settable

if TYPE_CHECKING:
    from huyou_sim.planning.best import Best
    from huyou_sim.planning.rivals import Robustness
    from huyou_sim.planning.trials import Trials
    from huyou_sim.policy.context import PolicyContext

BUDGETS = (0.0, 1e8, 3e8, 1e9, 3e9, 1e10)
"""Of a frontier that names none [yuan]."""


def solve_report(
    place: str | Path,
    targets: Sequence[str],
    *,
    p: float | None = None,
    levers: Sequence[str] = (),
    bounds: Sequence[tuple[str, float, float]] = (),
    budgets: Sequence[str] = (),
    along: bool = False,
    wish: Wish | None = None,
    seen: bool = False,
    lang: str = "en",
    progress: bool = False,
    **options: Any,
) -> Answer:
    """Return the answer to an inverse question.

    One lever without a budget is asked for its smallest setting; several, or none, for the cheapest package; `along`
    asks for the highest probability of each budget, `wish` for the best package.

    Parameters
    ----------
    place : str or path
    targets : sequence of str
    p : float [1]
    levers : sequence of str
    bounds : sequence of (lever, lower, upper)
        A lever that stands here need not be named among the levers.
    budgets : sequence of str [yuan]
        Those of `wish` stand there.
    along : bool
    wish : Wish, optional
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
    limits = amounts_of(budgets)
    asked = prepare_question(place, targets, p=p, budgets=limits, bounds=own, wish=wish, progress=progress, **options)
    if wish is not None:
        return _best_answer(asked, *ask_best(asked, bounds=own, seen=seen, progress=progress), lang)
    more: dict[str, Any] = {"base": asked.base, "seen": seen, "progress": progress}
    probability = 0.5 if p is None else p
    head, notes = _head(asked, lang), _notes(asked, lang)
    if along:
        table = frontier(asked.ensemble, asked.targets, budgets=limits or BUDGETS, bounds=own, **more)
        table.attrs["head"] = head
        said = joined([head, frontier_text(asked, table, seen, lang), *notes])
        return Answer(asked, said, {"frontier": table}, _frontier_packages(table, lang))
    if len(own) == 1 and len(asked.targets) == 1 and not limits:
        ((key, ends),) = own.items()
        one = smallest_setting(asked.ensemble, key, asked.targets[0], probability, bounds=ends, **more)
        said = joined([head, smallest_text(one, lang), *notes])
        return Answer(
            asked, said, {"tried": one.trace}, (Found("smallest", "solve.kind_smallest", {key: one.setting}),)
        )
    budget = limits[0] if limits else None
    package = cheapest_package(asked.ensemble, asked.targets, probability, budget=budget, bounds=own, **more)
    economy = asked.ensemble.context
    told = package_text(package, economy, lang, again=with_other_numbers(asked, package.settings))
    tables = {"package": package_table(package.settings, economy, lang)}
    found = Found("cheapest", "solve.kind_cheapest", package.settings)
    return Answer(asked, joined([head, told, *notes]), tables, (found,))


def _best_answer(asked: Asked, best: Best, robust: Robustness, lang: str) -> Answer:
    head = _head(asked, lang)
    if not asked.targets:
        what = text("best.births", lang, first=START, until=best.until)
        head = text(
            "best.head", lang, what=what, base=asked.base.label(lang), draws=f"{len(asked.ensemble):,}",
            seed=asked.ensemble.seed,
        )  # fmt: skip
    curve = best.curve
    curve.attrs |= {"head": head, "title": title_of(best, lang), "what": aim_words(best.aim, best.seen, lang)}
    curve.attrs |= {"kind": best.aim.kind, "first": START, "until": best.until}
    tables = {
        "curve": curve,
        "package": package_table(best.settings, asked.ensemble.context, lang),
        "accounts": best.accounts,
        "rivals": robust.table,
        "splits": robust.splits,
    }
    said = joined([head, *best_parts(asked, best, robust, lang), *_doubts(asked, lang)])
    return Answer(asked, said, tables, (Found("best", "solve.kind_best", best.settings),), curve=curve)


def _frontier_packages(table: pd.DataFrame, lang: str) -> tuple[Found, ...]:
    """Return the package of each budget of a frontier."""
    keys = [str(name) for name in table.columns if str(name).count(".") >= 1]
    found = []
    for row in table.to_dict("records"):
        settings = {key: row[key] for key in keys if not math.isnan(row[key])}
        amount = number(row["budget"] / MILLION, 0)
        found.append(Found(f"budget_{row['budget'] / MILLION:g}_million", "solve.kind_budget", settings, amount))
    return tuple(found)


def joined(parts: Sequence[str]) -> str:
    """Return paragraphs in the width of the screen; tables are left as they are."""
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
    return [text("solve.note", lang, year=TARGET_YEAR), *_doubts(asked, lang)]


def _doubts(asked: Asked, lang: str) -> list[str]:
    """Return what must be said of other populations, and of a sampler that has not converged."""
    mark = "" if asked.posterior is None else warning_mark(asked.posterior, lang)
    bridged = any(base_differs(target.population_base) for target in asked.targets)
    return [*([text("solve.bridged", lang)] if bridged else []), *([f"{DOUBT} {mark}"] if mark else [])]


def _chances(one: Smallest | Package, mark: str) -> str:
    names = ("probability", "probability_error", "probability_seen", "probability_seen_error")
    return both({name: getattr(one, name) for name in names} | {"mark": mark})


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
        [text("solve.value", lang, year=TARGET_YEAR), value_words(one.target.variable, one.value.tolist(), lang)],
        [
            text("solve.cost", lang),
            cost_words(one.cost.tolist(), lang) if one.lever.priced else text("solve.unpriced", lang),
        ],
    ]
    notes = [] if one.monotone else [text("solve.not_monotone", lang)]
    return table_under(title, rows, notes)


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
    rows = package_rows(one.settings, economy, lang) or [[text("solve.no_lever", lang), ""]]
    rows += [[text("solve.probability", lang), _chances(one, one.mark)]]
    if again is not None:
        other = {"probability": again.probability[0], "probability_seen": again.probability_seen[0], "mark": one.mark}
        errors = {name: getattr(one, name) for name in ("probability_error", "probability_seen_error")}
        rows.append([text("solve.again", lang), both(other | errors)])
    for target, quantiles in zip(one.targets, one.values.tolist(), strict=True):
        label = f"{variable_label(target.variable, lang)}, {TARGET_YEAR}"
        rows.append([label, value_words(target.variable, quantiles, lang)])
    rows.append([text("solve.cost", lang), cost_words(one.cost.tolist(), lang)])
    if math.isfinite(one.budget_share):
        rows.append([text("solve.share", lang), f"{one.budget_share:.2f} %"])
    return table_under(title, rows)


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
