"""The effect of a measure after the fact, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import pandas as pd

from huyou_sim.monitoring.effect import adds_up
from huyou_sim.output.drawing import minus
from huyou_sim.output.ensemble_manifest import draws_words
from huyou_sim.output.labels import (
    column,
    local_label,
    number,
    text,
    variable_decimals,
    variable_definition,
    variable_label,
    variable_unit,
    wrap,
)
from huyou_sim.output.naming import area_labels
from huyou_sim.output.nowcast_report import band
from huyou_sim.output.record import scenario_label
from huyou_sim.output.terminal import terminal_width, text_table

if TYPE_CHECKING:
    from huyou_sim.monitoring.evaluating import Evaluation

    Row = Mapping[Any, Any]

SOURCES = {
    "publication": "evaluation.publication", "yearly_shocks": "evaluation.yearly_shocks",
    "trends": "evaluation.trends", "levels": "evaluation.levels", "migration": "evaluation.migration",
    "elasticities": "evaluation.elasticities", "interaction": "evaluation.interaction",
}  # fmt: skip
PLACEBOS = {"before": "evaluation.before", "too_early": "evaluation.too_early", "untouched": "evaluation.untouched"}


def evaluation_text(found: Evaluation, lang: str, *, width: int | None = None) -> str:
    """Return the effect with its bands, what the figures could have shown, and what else could explain it.

    Parameters
    ----------
    found : Evaluation
    lang : {"en", "zh"}
    width : int, optional
        Of lines; that of the terminal when omitted.
    """
    width = width or terminal_width()
    parts = [_wrapped(_head(found, lang), width), _effects(found, lang, width), _wrapped(_said(found, lang), width)]
    if "sum_q50" in found.effects:
        parts += [text("evaluation.tempo_title", lang), _sums(found, lang, width)]
        parts.append(_wrapped([text("evaluation.tempo", lang)], width))
    parts += [text("evaluation.sources_title", lang), _sources(found, lang, width)]
    parts.append(_wrapped([text("evaluation.sources_note", lang)], width))
    parts += _measures(found, lang, width) + _placebos(found, lang, width)
    if found.revisions["year"].duplicated().any():
        parts += [text("evaluation.revisions_title", lang), _revisions(found, lang, width)]
    return "\n\n".join(parts)


def _wrapped(sentences: Sequence[str], width: int) -> str:
    return "\n".join(line for words in sentences for line in wrap(words, width))


def _head(found: Evaluation, lang: str) -> list[str]:
    question, draws = found.question, found.case.draws
    series = variable_label(question.series, lang)
    title = text(
        "evaluation.title", lang, series=series, unit=variable_unit(question.series, lang),
        start=question.start.isoformat(), against=found.scenarios[0].label(lang),
        place=local_label(area_labels(found.fit), found.fit.baseline.code, lang),
    )  # fmt: skip
    if not draws.figures:
        given = text("evaluation.unconditioned", lang)
    elif draws.moved:
        given = text("evaluation.moved", lang, count=draws.figures)
    else:
        given = text("evaluation.weighted", lang, count=draws.figures, effective=f"{draws.effective:,.0f}")
    about = draws_words(found.posterior, draws=found.draws, seed=found.seed, lang=lang)
    definition = variable_definition(question.series, lang)
    said = [title, text("evaluation.definition", lang, series=series, definition=definition), *about, given]
    said.append(text("evaluation.unusable", lang))
    if found.problems:
        said.append(text("monitor.left_out", lang, count=len(found.problems)))
    return said


def _chance(row: Row) -> str:
    """Return the probability of an effect above zero in per cent with its Monte Carlo error."""
    return f"{100.0 * row['probability_above']:.0f}±{ceil(100.0 * row['probability_above_error'])} %"


def _smallest(row: Row, decimals: int) -> str:
    return " / ".join(minus(number(row[name], decimals, sign=True)) for name in ("smallest_rise", "smallest_fall"))


def _effects(found: Evaluation, lang: str, width: int) -> str:
    series = found.question.series
    decimals = variable_decimals(series)
    total = text("evaluation.sum" if adds_up(series) else "evaluation.mean", lang)
    mark = "!" if found.mark else ""
    rows = []
    for row in found.effects.to_dict("records"):
        year = total if pd.isna(row["year"]) else str(row["year"])
        cells = [year, f"{row['affected_share']:.2f}", number(row["observed"], decimals),
                 band(row, "counterfactual_", decimals), band(row, "effect_", decimals, sign=True),
                 _chance(row) + mark, f"{row['p_value']:.2f}{mark}", _smallest(row, decimals)]  # fmt: skip
        if found.question.measure is not None:
            cells += [band(row, "expected_", decimals, sign=True), f"{row['compatible']:.2f}{mark}"]
        rows.append(cells)
    keys = ["evaluation.without", "evaluation.effect", "evaluation.above", "evaluation.p_value",
            "evaluation.smallest", "evaluation.expected", "evaluation.compatible"]  # fmt: skip
    header = [column("year", lang), text("evaluation.share", lang), column("observed", lang)]
    header += [text(key, lang) for key in keys]
    return text_table(header[: len(rows[0])], rows, width=width)


def _said(found: Evaluation, lang: str) -> list[str]:
    """Return in words whether an effect is shown, what could have been, and whether it fits what was expected."""
    last = found.effects.to_dict("records")[-1]
    series, decimals = variable_label(found.question.series, lang), variable_decimals(found.question.series)
    if not last["shown"]:
        said = [text("evaluation.not_shown", lang)]
    elif last["effect_q50"] > 0.0:
        said = [text("evaluation.shown_rise", lang, series=series)]
    else:
        said = [text("evaluation.shown_fall", lang, series=series)]
    limits = {"rise": number(last["smallest_rise"], decimals), "fall": number(-last["smallest_fall"], decimals)}
    power = text("evaluation.power", lang, **limits)
    if found.question.measure is None:
        return [*said, power, text("evaluation.lag", lang)]
    power += " " + text("evaluation.power_expected", lang, percent=f"{100.0 * last['expected_share']:.0f}")
    fits = text("evaluation.compatible_words", lang, p=f"{last['compatible']:.2f}")
    return [*said, power, fits, text("evaluation.lag", lang)]


def _sums(found: Evaluation, lang: str, width: int) -> str:
    decimals = variable_decimals(found.question.series)
    years = found.effects[found.effects["year"].notna() & found.effects["sum_q50"].notna()]
    rows = [
        [str(row["year"]), band(row, "effect_", decimals, sign=True), band(row, "sum_", decimals, sign=True)]
        for row in years.to_dict("records")
    ]
    header = [column("year", lang), text("evaluation.effect", lang), text("evaluation.sum_upto", lang)]
    return text_table(header, rows, width=width)


def _sources(found: Evaluation, lang: str, width: int) -> str:
    decimals = variable_decimals(found.question.series)
    rows = [
        [text(SOURCES[str(row["source"])], lang), minus(number(row["share"], 0)), number(row["spread"], decimals)]
        for row in found.sources.to_dict("records")
    ]
    unit = variable_unit(found.question.series, lang)
    header = [text("evaluation.part_of", lang), text("evaluation.share_percent", lang)]
    return text_table([*header, text("evaluation.spread", lang, unit=unit)], rows, width=width)


def _measures(found: Evaluation, lang: str, width: int) -> list[str]:
    if found.measures.empty:
        return [_wrapped([text("evaluation.measures_none", lang)], width)]
    rows = []
    for row in found.measures.to_dict("records"):
        label = str(row["label_zh" if lang == "zh" else "label_en"])
        name = label if pd.isna(row["order"]) else text("diff.order", lang, label=label, order=row["order"])
        span = str(row["first_year"]) + (f"–{row['last_year']}" if row["last_year"] > row["first_year"] else "")
        kept = text("yes.true" if row["in_counterfactual"] else "yes.false", lang)
        rows.append([name, span, scenario_label(found.scenarios, row["scenario"], lang), kept])
    header = [text(key, lang) for key in ("evaluation.measure", "evaluation.from", "evaluation.scenario",
                                          "evaluation.in_counterfactual")]  # fmt: skip
    table = text_table(header, rows, right=[False] * 4, width=width, flexible=(0, 2))
    return [_wrapped([text("evaluation.measures_title", lang)], width), table]


def _placebos(found: Evaluation, lang: str, width: int) -> list[str]:
    if found.placebos.empty:
        return [_wrapped([text("evaluation.placebo_none", lang)], width)]
    rows = []
    for row in found.placebos.to_dict("records"):
        decimals = variable_decimals(row["variable"])
        rows.append([text(PLACEBOS[row["placebo"]], lang), variable_label(row["variable"], lang), str(row["year"]),
                     number(row["observed"], decimals), band(row, "counterfactual_", decimals),
                     band(row, "effect_", decimals, sign=True), f"{row['p_value']:.2f}"])  # fmt: skip
    header = [text("evaluation.placebo", lang), column("variable_label", lang), column("year", lang),
              column("observed", lang), text("evaluation.without", lang), text("evaluation.effect", lang),
              text("evaluation.p_value", lang)]  # fmt: skip
    count = text("evaluation.placebo_count", lang, count=int(found.placebos["shown"].sum()), all=len(found.placebos))
    table = text_table(header, rows, right=[index > 1 for index in range(7)], width=width, flexible=(0, 1))
    return [text("evaluation.placebo_title", lang), table, _wrapped([count], width)]


def _revisions(found: Evaluation, lang: str, width: int) -> str:
    decimals = variable_decimals(found.question.series)
    rows = [
        [str(row["year"]), row["published"] or "–", number(row["value"], decimals),
         band(row, "effect_", decimals, sign=True), f"{row['p_value']:.2f}"]
        for row in found.revisions.to_dict("records")
    ]  # fmt: skip
    header = [column("year", lang), text("evaluation.published", lang), text("evaluation.value", lang),
              text("evaluation.effect", lang), text("evaluation.p_value", lang)]  # fmt: skip
    return text_table(header, rows, width=width)
