"""The best package for a budget as text: what it is, what it gains and costs, and whether it stays the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from huyou_sim.output.labels import number, optional_text, text, variable_label, wrap
from huyou_sim.output.reach_report import DOUBT, both
from huyou_sim.output.solve_words import (
    MILLION,
    cost_words,
    package_rows,
    setting_words,
    table_under,
    value_words,
)
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.planning.aim import PROBABILITY, Aim
from huyou_sim.planning.outcomes import TOTAL, Figures
from huyou_sim.planning.rivals import BEST, FAMILY, SCALED
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.adjust import START, settable
from huyou_sim.policy.costs import PAYERS

if TYPE_CHECKING:
    from huyou_sim.planning.best import Best
    from huyou_sim.planning.budget import Budget
    from huyou_sim.planning.rivals import Rival, Robustness
    from huyou_sim.planning.solve import Asked
    from huyou_sim.policy.context import PolicyContext

SHOWN = 6
"""Parameters whose halves are printed; the table has all."""


def best_parts(asked: Asked, best: Best, robust: Robustness, lang: str) -> list[str]:
    """Return the paragraphs of the answer."""
    return [
        package_part(asked, best, lang),
        accounts_part(best, lang),
        curve_part(asked, best, lang),
        rivals_part(best, robust, lang),
        splits_part(asked, robust, lang),
        text("best.note", lang, until=best.until),
        text("best.rule_halves", lang),
    ]


def aim_words(aim: Aim, seen: bool, lang: str) -> str:
    """Return the figure that is maximised: the mean, a quantile, or the probability in its sense."""
    if aim.kind == PROBABILITY:
        return text("solve.seen" if seen else "solve.true", lang)
    if aim.level is None:
        return text("best.mean", lang)
    level = 100.0 * aim.level
    return text("best.quantile", lang, level=f"{level:g}", sure=f"{100.0 - level:g}")


def budget_words(budget: Budget, lang: str) -> str:
    """Return limits in millions of yuan, whose payments count, and how surely they hold."""
    limits = [text("best.total", lang, amount=number(budget.total / MILLION, 0))] if math.isfinite(budget.total) else []
    limits += [
        text("best.year", lang, amount=number(limit / MILLION, 0), year=year) for year, limit in budget.by_year.items()
    ]
    comma = "，" if lang == "zh" else ", "
    sure = budget.certainty
    rule = text("best.rule_mean", lang) if sure is None else text("best.rule_sure", lang, sure=f"{100.0 * sure:g}")
    payers = comma.join(optional_text("payer", payer, lang) for payer in budget.payers)
    return text("best.budget_words", lang, limits=comma.join(limits), payers=payers, rule=rule)


def value_of(aim: Aim, value: float, error: float, lang: str) -> str:
    """Return the figure that is maximised with its Monte Carlo error."""
    if aim.kind == PROBABILITY:
        return f"{number(100.0 * value, 1)} ± {_up(1000.0 * error, 10.0)} %"
    return text("best.people", lang, value=number(value, 0), error=_up(error, 1.0))


def _up(error: float, scale: float) -> str:
    """Return an error rounded up, so that none is shown as nothing."""
    return "–" if not math.isfinite(error) else f"{math.ceil(error) / scale:,.{1 if scale > 1.0 else 0}f}"


def title_of(best: Best, lang: str) -> str:
    """Return what the package is best at."""
    what = aim_words(best.aim, best.seen, lang)
    if best.aim.kind == PROBABILITY:
        return text("best.title_probability", lang, question=what)
    return text("best.title_births", lang, first=START, until=best.until, summary=what)


def package_part(asked: Asked, best: Best, lang: str) -> str:
    """Return the package, what it gains on both sets of draws, and the price of the bound."""
    aim, here, economy = best.aim, best.figures, asked.ensemble.context
    rows = [[text("best.budget", lang), budget_words(best.budget, lang)]]
    rows += package_rows(best.settings, economy, lang) or [[text("solve.no_lever", lang), ""]]
    told = text("best.value", lang, what=aim_words(aim, best.seen, lang))
    rows.append([told, value_of(aim, here.value, here.error, lang) + (DOUBT if best.mark else "")])
    again = text("solve.again", lang)
    if best.again is not None:
        rows.append([again, value_of(aim, best.again.value, best.again.error, lang)])
    rows.append([text("best.gained", lang), _gained(here)])
    if best.again is not None:
        rows.append([again, _gained(best.again)])
    if best.targets:
        rows.append([text("solve.probability", lang), _chances(here, best.mark)])
        rows += [[again, _chances(best.again, best.mark)]] if best.again is not None else []
    for target, quantiles in zip(best.targets, here.values.tolist(), strict=True):
        rows.append(
            [f"{variable_label(target.variable, lang)}, {TARGET_YEAR}", value_words(target.variable, quantiles, lang)]
        )
    rows.append([text("solve.cost", lang), cost_words(here.cost.tolist(), lang)])
    rows.append([text("best.held", lang), f"{100.0 * here.held:.0f} %"])
    rows.append([text("best.price", lang), _price(best, lang)])
    rows.append([text("best.effort", lang), f"{best.evaluations:,}; {best.tried:,}"])
    return table_under(title_of(best, lang), rows, _bound_words(best, economy, lang))


def _bound_words(best: Best, economy: PolicyContext, lang: str) -> list[str]:
    """Return the sentence on levers that stand at the end of their search: beyond it nobody looked."""
    ends = [key for key, value in best.settings.items() if math.isclose(value, best.bounds[key][1], rel_tol=1e-3)]
    if not ends:
        return []
    names = ("、" if lang == "zh" else "; ").join(settable(key, economy).label(lang) for key in ends)
    return [text("best.at_bound", lang, names=names)]


def _gained(one: Figures) -> str:
    low, middle, high = (number(value, 0) for value in one.band)
    return f"{number(one.mean, 0)}; {middle} ({low}–{high})"


def _chances(one: Figures, mark: str) -> str:
    names = ("probability", "probability_error", "probability_seen", "probability_seen_error")
    return both({name: getattr(one, name) for name in names} | {"mark": mark})


def _price(best: Best, lang: str) -> str:
    if best.aim.kind == PROBABILITY:
        return text("best.price_points", lang, value=number(100.0 * best.price_of_bound, 4))
    return text("best.price_births", lang, value=number(best.price_of_bound, 2))


def accounts_part(best: Best, lang: str) -> str:
    """Return costs by year and payer beside the limits."""
    rows = []
    for row in best.accounts.to_dict("records"):
        year = text("best.all_years", lang) if row["year"] == TOTAL else str(row["year"])
        year = text("best.promised", lang, year=year) if row["promised"] else year
        cost = _millions(row, lang)
        bounded = math.isfinite(row["limit"])
        limits = [_amount(row[name]) if bounded else "–" for name in ("held_to", "limit", "slack")]
        rows.append([year, cost, *(_amount(row[payer]) for payer in PAYERS), *limits])
    header = [text("best.account_year", lang), text("best.account_cost", lang)]
    header += [optional_text("payer", payer, lang) for payer in PAYERS]
    header += [text(key, lang) for key in ("best.held_to", "best.limit", "best.slack")]
    return _titled(text("best.accounts", lang), header, rows, flexible=())


def _millions(row: Mapping[Any, Any], lang: str) -> str:
    low, middle, high = (_amount(row[name]) for name in ("cost_low", "cost", "cost_high"))
    return f"{middle}（{low}–{high}）" if lang == "zh" else f"{middle} ({low}–{high})"


def _amount(yuan: float) -> str:
    return number(yuan / MILLION, 1)


def curve_part(asked: Asked, best: Best, lang: str) -> str:
    """Return the cost curve, and what the package of each budget is."""
    records, rows = best.curve.to_dict("records"), []
    for row in records:
        rows.append(
            [
                number(row["budget"] / MILLION, 0),
                _millions(row, lang),
                value_of(best.aim, row["value"], row["value_error"], lang),
                _value(best.aim, row["value_again"]),
                f"{number(row['mean'], 0)} ({number(row['q05'], 0)}–{number(row['q95'], 0)})",
                *([both(row)] if best.targets else []),
            ]
        )
    keys = ("solve.budget", "solve.cost", "best.curve_value", "best.curve_again", "best.curve_mean")
    header = [text(key, lang) for key in keys]
    header += [text("solve.probability", lang)] if best.targets else []
    curve = _titled(text("best.curve", lang), header, rows, flexible=(len(header) - 1,))
    return f"{curve}\n\n{_packages(asked, best, lang)}"


def _packages(asked: Asked, best: Best, lang: str) -> str:
    """Return the setting of each lever in the package of each budget; a dash where it is not used."""
    rows, records = [], best.curve.to_dict("records")
    for key in best.bounds:
        lever = settable(key, asked.ensemble.context)
        cells = ["–" if math.isnan(row[key]) else setting_words(lever, row[key], lang) for row in records]
        if set(cells) != {"–"}:
            rows.append([lever.label(lang), *cells])
    header = [text("solve.package", lang), *(number(row["budget"] / MILLION, 0) for row in records)]
    if not rows:
        rows = [[text("solve.no_lever", lang), *([""] * len(records))]]
    return _titled(text("best.packages", lang), header, rows, flexible=range(len(header)))


def _value(aim: Aim, value: float) -> str:
    return number(100.0 * value, 1) if aim.kind == PROBABILITY else number(value, 0)


def rival_name(rival: Rival, lang: str) -> str:
    """Return what a rival is called."""
    if rival.kind == BEST:
        return text("best.itself", lang)
    if rival.kind == FAMILY:
        return text("best.only", lang, name=optional_text("family", rival.key, lang))
    label = rival.scenario.label(lang)
    return text("best.scaled", lang, name=label) if rival.kind == SCALED else label


def rivals_part(best: Best, robust: Robustness, lang: str) -> str:
    """Return the ranking on draws that no search has seen."""
    rows, names = [], {one.key: rival_name(one, lang) for one in robust.rivals}
    for row in robust.table.to_dict("records"):
        name = names[row["rival"]]
        rows.append(
            [
                name if row["ranked"] else text("best.unranked", lang, name=name),
                number(row["mean"], 0),
                number(row["q10"], 0),
                *([number(100.0 * row["probability"], 1)] if best.targets else []),
                number(row["cost"] / MILLION, 0),
                number(row["mean_rank"], 1),
                number(100.0 * row["p_first"], 0),
                f"{row['halves_first']} / {row['halves']}" if row["ranked"] else "–",
            ]
        )
    keys = ["best.rival", "best.rival_mean", "best.rival_low", *(["best.rival_chance"] if best.targets else [])]
    keys += ["best.rival_cost", "best.rival_rank", "best.rival_first", "best.rival_halves"]
    title = text("best.robust", lang, draws=f"{robust.draws:,}")
    return _titled(title, [text(key, lang) for key in keys], rows, flexible=(0,))


def splits_part(asked: Asked, robust: Robustness, lang: str) -> str:
    """Return which parameters flip the ranking, and the halves that agree least with it."""
    splits, rivals = robust.splits, {one.key: rival_name(one, lang) for one in robust.rivals}
    words = {one.name: one.label_zh if lang == "zh" else one.label_en for one in asked.ensemble.draws.parameters}
    names = list(dict.fromkeys(splits["parameter"]))
    rows = []
    for row in splits[splits["parameter"].isin(names[:SHOWN])].to_dict("records"):
        label = "; ".join(f"{name} {words.get(name, '')}".strip() for name in str(row["parameter"]).split("*"))
        side = f"{optional_text('half', row['half'], lang)} {row['median']:.3g}"
        rows.append([label, side, f"{rivals[row['first']]} [{100.0 * row['p_first']:.0f}]", number(row["tau"], 2)])
    keys = ("best.split_parameter", "best.split_half", "best.split_first", "best.split_tau")
    flips = list(dict.fromkeys(splits.loc[splits["flips"], "parameter"]))
    said = text("best.flips", lang, names=", ".join(flips)) if flips else text("best.no_flip", lang, count=len(names))
    shown = _titled(text("best.splits", lang), [text(key, lang) for key in keys], rows, flexible=(0, 2))
    return "\n".join([shown, *wrap(said, terminal_width())])


def _titled(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: Sequence[int] = (0,)) -> str:
    width = terminal_width()
    right = [i not in flexible and i > 0 for i in range(len(header))]
    return "\n".join([*wrap(title, width), text_table(header, rows, width=width, flexible=flexible, right=right)])
