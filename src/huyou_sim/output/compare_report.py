"""Policy packages against a counterfactual, as text: effects, costs, cost of a birth, targets, levers, parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.compare_files import Answer, write_comparison
from huyou_sim.output.compare_words import (
    cost_scale,
    gift_words,
    identical_words,
    lever_label,
    names_of,
    outcome_decimals,
    outcome_words,
    parameter_label,
    trend_words,
)
from huyou_sim.output.folder import check_folder
from huyou_sim.output.labels import number, text, wrap
from huyou_sim.output.reach_report import DOUBT, both
from huyou_sim.output.record import scenario_label
from huyou_sim.output.terminal import requirement, terminal_width, text_table
from huyou_sim.planning.compare import Comparison, run_comparison
from huyou_sim.planning.shapley import MEASURED, TOTAL, Attribution, attribute
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.planning.tornado import Tornado, tornado
from huyou_sim.planning.unit_cost import PLAN_YEARS
from huyou_sim.policy.costs import PAYERS, prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[Any, Any]

MILLION = 1e6

SHOWN = 8
"""Parameters of a tornado that are printed; the table has all."""


def compare_report(
    place: str | Path,
    scenarios: Sequence[str | Path] = (),
    *,
    shapley: str | None = None,
    along: str | None = None,
    lang: str = "en",
    out: Path | None = None,
    figures: bool = True,
    progress: bool = False,
    **options: Any,
) -> str:
    """Return the comparison of policy packages as text, and write it to a folder where one is named.

    Parameters
    ----------
    place, scenarios
        As for `huyou_sim.planning.compare.run_comparison`.
    shapley : str, optional
        Key of the package whose levers are told apart.
    along : str, optional
        Key of the package whose effect is shown along every parameter (tornado).
    lang : {"en", "zh"}
    out : path, optional
        New, empty, or an earlier result, which is replaced when the new one is complete.
    figures : bool
        Draw them into the folder too.
    options
        Further arguments of `run_comparison`: against, draws, seed, until, level, trends_differ, prior_only, folder.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    PackError, ScenarioError, CalibrationError, ArgumentError
        As for `run_comparison`, `attribute` and `tornado`.
    """
    started = perf_counter()
    folder = None if out is None else check_folder(out)
    asked = [(where, key) for where, key in (("--shapley", shapley), ("--tornado", along)) if key is not None]
    found = run_comparison(place, scenarios, asked=asked, progress=progress, **options)
    base = found.against
    levers = None if shapley is None else attribute(found.ensemble, found.scenario(shapley), base, progress=progress)
    swings = (
        None if along is None
        else tornado(found.ensemble, found.scenario(along), base, found.posterior, progress=progress)
    )  # fmt: skip
    answer = Answer(found, levers, swings)
    said = [said_of(answer, lang)]
    if folder is not None:
        write_comparison(answer, folder, lang=lang, figures=figures)
        said.append(text("compare.written", lang, folder=str(folder)))
    said.append(text("reach.seconds", lang, seconds=f"{perf_counter() - started:.0f}"))
    return "\n\n".join(said)


def said_of(answer: Answer, lang: str) -> str:
    """Return a comparison as text."""
    found, width = answer.comparison, terminal_width()
    parts = ["\n".join(line for words in head_words(found, lang) for line in wrap(words, width))]
    parts += [_effects(found, lang, width), _costs(found, lang, width), _births(found, lang, width)]
    parts.append(_targets(found, lang, width))
    if answer.attribution is not None:
        parts.append(shapley_text(answer.attribution, lang, width))
    if answer.tornado is not None:
        parts.append(tornado_text(answer.tornado, lang, width))
    return "\n\n".join(parts)


def head_words(found: Comparison, lang: str) -> list[str]:
    """Return what is compared with what on how many draws, and every warning that goes with it."""
    mark = "" if found.posterior is None else warning_mark(found.posterior, lang)
    last = int(found.indicators["year"].values[-1])
    about = {"draws": f"{len(found.ensemble):,}", "seed": found.ensemble.seed, "until": last}
    said = [f"{DOUBT} {mark}"] if mark else []
    said.append(text("compare.head", lang, against=found.against.label(lang), **about))
    doubts = (*trend_words(found, lang), *identical_words(found, lang), *gift_words(found, lang))
    return [*said, *(f"{DOUBT} {words}" for words in doubts)]


def _rows(found: Comparison) -> list[Row]:
    return list(found.summary.to_dict("records"))


def _table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], width: int, notes: Sequence[str] = ()
) -> str:
    lines = [line for note in notes for line in wrap(note, width)]
    table = text_table(header, rows, width=width, flexible=(0,))
    return "\n".join([*wrap(title, width), "", table, *(["", *lines] if lines else [])])


def _name(found: Comparison, key: str, lang: str) -> str:
    label = scenario_label([found.against, *found.scenarios], key, lang)
    return f"{label} {text('compare.trends_mark', lang)}" if key in found.trends_differ else label


def band_words(row: Row, name: str, decimals: int, lang: str, *, divisor: float = 1.0) -> str:
    """Return median and 90 % band of a figure."""
    low, middle, high = (number(row[f"{name}_{end}"] / divisor, decimals) for end in ("q05", "q50", "q95"))
    return text("compare.band", lang, low=low, middle=middle, high=high)


def _effects(found: Comparison, lang: str, width: int) -> str:
    rows = _rows(found)
    last = rows[0]["until"]
    columns = [
        ("births_gained_period", 0, text("compare.births_period", lang, year=TARGET_YEAR)),
        ("births_gained", 0, text("compare.births", lang, year=last)),
        ("births_lasting", 0, text("compare.births_lasting", lang)),
        ("tfr_period", 3, text("compare.tfr", lang, year=TARGET_YEAR)),
        ("natural_increase_rate_period", 2, text("compare.natural_increase", lang, year=TARGET_YEAR)),
        ("population_under_3_period", 0, text("compare.under_3", lang, year=TARGET_YEAR)),
        ("total_dependency_60", 2, text("compare.dependency_60", lang, year=last)),
        ("total_dependency_65", 2, text("compare.dependency_65", lang, year=last)),
    ]
    # Two tables of four columns: eight bands are wider than a terminal.
    tables = []
    for some in (columns[:4], columns[4:]):
        body = [
            [_name(found, row["scenario"], lang), *(band_words(row, name, digits, lang) for name, digits, _ in some)]
            for row in rows[1:]
        ]
        header = [text("compare.package", lang), *(title for _, _, title in some)]
        tables.append(text_table(header, body, width=width, flexible=(0,)))
    return "\n\n".join(["\n".join(wrap(text("compare.effects", lang), width)), *tables])


def _costs(found: Comparison, lang: str, width: int) -> str:
    rows, price = _rows(found), prices(found.fit.pack)
    means = found.costs.set_index(["scenario", "quantity", "unit_costs"])["value"]
    body, more = [], []
    for row in rows[1:]:
        key = row["scenario"]
        ends = [number(means[key, "cost_period", level] / MILLION, 0) for level in ("low", "high")]
        payers = [number(means[key, f"cost_period_{payer}", "central"] / MILLION, 0) for payer in PAYERS]
        name = _name(found, key, lang)
        body.append(
            [name, band_words(row, "cost_period", 0, lang, divisor=MILLION), "–".join(ends), " / ".join(payers),
             band_words(row, "budget_share", 2, lang)]
        )  # fmt: skip
        more.append(
            [name, band_words(row, "per_child", 0, lang), band_words(row, "cost_lasting", 0, lang, divisor=MILLION),
             band_words(row, "cost_lasting_discounted", 0, lang, divisor=MILLION)]
        )  # fmt: skip
    span = {"first": PLAN_YEARS[0], "last": PLAN_YEARS[-1]}
    header = [
        text("compare.package", lang), text("compare.cost_period", lang, year=TARGET_YEAR),
        text("compare.low_high", lang), text("compare.payers", lang), text("compare.budget", lang, **span),
    ]  # fmt: skip
    last = rows[0]["until"]
    below = [
        text("compare.package", lang), text("compare.child", lang, year=TARGET_YEAR),
        text("compare.cost_until", lang, year=last),
        text("compare.cost_discounted", lang, year=last, base=price.base_year),
    ]  # fmt: skip
    note = text("compare.costs_note", lang, base=price.base_year, year=TARGET_YEAR)
    second = text_table(below, more, width=width, flexible=(0,))
    first = _table(text("compare.costs", lang), header, body, width)
    return "\n\n".join([first, second, "\n".join(wrap(note, width))])


def _births(found: Comparison, lang: str, width: int) -> str:
    """Return what an additional birth costs: of every package in the period and lasting."""
    divisor, unit = cost_scale(lang)
    last = _rows(found)[0]["until"]
    own = found.costs.set_index(["scenario", "quantity", "unit_costs"]).to_dict("index")
    kinds = [
        ("per_birth_period", text("compare.in_period", lang)),
        ("per_birth_lasting", text("compare.lasting", lang)),
        ("per_birth_lasting_discounted", text("compare.lasting_discounted", lang)),
    ]
    body = []
    for scenario in found.scenarios:
        body.append([_name(found, scenario.key, lang), *[""] * 4])
        for quantity, title in kinds:
            row = own[scenario.key, quantity, "central"]
            means = [_cost(row[end], divisor, lang) for end in ("value_q05", "value", "value_q95")]
            futures = [_cost(row[end], divisor, lang) for end in ("q05", "q50", "q95")]
            ends = [_cost(own[scenario.key, quantity, level]["value"], divisor, lang) for level in ("low", "high")]
            none = f"{100.0 * row['probability_none']:.1f}±{_error(row['probability_none_error'])}"
            body.append([title, _banded(means, lang), "–".join(ends), _banded(futures, lang), none])
    header = [
        text("compare.package", lang), text("compare.ratio", lang), text("compare.low_high", lang),
        text("compare.over_draws", lang), text("compare.no_rise", lang),
    ]  # fmt: skip
    note = text("compare.birth_note", lang, year=TARGET_YEAR, until=last)
    return _table(text("compare.cost_of_birth", lang, unit=unit), header, body, width, [note])


def _cost(value: float, divisor: float, lang: str) -> str:
    return number(value / divisor, 1 if lang == "zh" else 0) if math.isfinite(value) else text("compare.no_cost", lang)


def _banded(three: Sequence[str], lang: str) -> str:
    low, middle, high = three
    return text("compare.band", lang, low=low, middle=middle, high=high)


def _error(error: float) -> str:
    # Rounded up: an error is never shown as none.
    return f"{math.ceil(1000.0 * error) / 10.0:.1f}"


def _targets(found: Comparison, lang: str, width: int) -> str:
    fertility = found.targets[(found.targets["variable"] == "tfr") & (found.targets["level"] == found.level)]
    header = [text("compare.package", lang)]
    if len(fertility):
        header.append(text("compare.tfr_target", lang, required=requirement(fertility.to_dict("records")[0], lang)))
        header.append(text("compare.all_targets", lang))
    header.append(text("compare.beaten", lang))
    names = ("probability", "probability_error", "probability_seen", "probability_seen_error")
    body = []
    for row in _rows(found):
        cells = [
            both({name: row[f"{kind}_{name}"] for name in names} | {"mark": row["mark"]}) for kind in ("tfr", "all")
        ] if len(fertility) else []  # fmt: skip
        beaten = names_of(found.scenarios, str(row["dominated_by"]).split(), lang) or text("compare.unbeaten", lang)
        is_base = row["scenario"] == found.against.key
        body.append([_name(found, row["scenario"], lang), *cells, "–" if is_base else beaten])
    level = text(f"level.{found.level}", lang)
    title = text("compare.targets", lang, level=level) if len(fertility) else text("compare.pairs", lang)
    words = (0, len(header) - 1)
    right = [i not in words for i in range(len(header))]
    table = text_table(header, body, width=width, flexible=words, right=right)
    note = text("compare.dominance_note", lang, until=_rows(found)[0]["until"])
    return "\n".join([*wrap(title, width), "", table, "", *wrap(note, width)])


def shapley_text(one: Attribution, lang: str, width: int) -> str:
    """Return what each lever of a package adds to births, fertility and cost."""
    titles = {"alone": "compare.alone", "last": "compare.last", "shapley": "compare.shapley_value",
              "interaction": "compare.interaction"}  # fmt: skip
    parts = []
    for outcome, same in one.table.groupby("outcome", sort=False):
        rows = {(row["lever"], row["measured"]): row for row in same.to_dict("records")}
        divisor = MILLION if outcome == "cost" else 1.0
        show = _mean_words(outcome_decimals(str(outcome)), divisor, lang)
        body = [
            [lever_label(lever, lang) if lever != TOTAL else text("compare.together", lang),
             *(show(rows[lever, name]) if (lever, name) in rows else "" for name in MEASURED)]
            for lever in (*one.levers, TOTAL)
        ]  # fmt: skip
        words = outcome_words(str(outcome), one.year, lang)
        title = text("compare.shapley", lang, package=one.scenario.label(lang), outcome=words)
        header = ["", *(text(titles[name], lang) for name in MEASURED)]
        parts.append(_table(title, header, body, width))
    return "\n\n".join([*parts, "\n".join(wrap(text("compare.shapley_note", lang), width))])


def _mean_words(decimals: int, divisor: float, lang: str) -> Callable[[Row], str]:
    def show(row: Row) -> str:
        low, middle, high = (number(row[end] / divisor, decimals) for end in ("q05", "mean", "q95"))
        return text("compare.band", lang, low=low, middle=middle, high=high)

    return show


def tornado_text(one: Tornado, lang: str, width: int) -> str:
    """Return the parameters that move the effect of a package most, for each outcome."""
    parts = []
    for outcome, same in one.table.groupby("outcome", sort=False):
        rows = same.to_dict("records")
        decimals = outcome_decimals(str(outcome))
        body = [
            [parameter_label(row, lang), *(number(row[name], decimals) for name in ("at_low", "at_high", "width"))]
            for row in rows[:SHOWN]
        ]
        central = number(rows[0]["central"], decimals)
        words = outcome_words(str(outcome), int(rows[0]["year"]), lang)
        title = text("compare.tornado", lang, package=one.scenario.label(lang), outcome=words, central=central)
        header = [text("compare.parameter", lang), text("compare.at_low", lang), text("compare.at_high", lang),
                  text("compare.width", lang)]  # fmt: skip
        parts.append(_table(title, header, body, width))
    return "\n\n".join([*parts, "\n".join(wrap(text("compare.tornado_note", lang), width))])
