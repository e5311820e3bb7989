"""The plan's scorecard as text: 28 rows, packages side by side, with verdicts, probabilities and how each is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.output.labels import display_width, longest_piece, number, optional_text, text, wrap
from huyou_sim.output.terminal import text_table
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.levers import levers

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.planning.scorecard import Scorecard

    Row = Mapping[Any, Any]

VERDICTS = {
    "reached": "score.reached", "likely": "score.likely", "open": "score.open", "missed": "score.missed",
    "untested": "score.untested",
}  # fmt: skip
"""Verdict to the key of its word, the best first."""

KINDS = {
    "value": "score.kind.value", "steady_rise": "score.kind.steady_rise", "marked_rise": "score.kind.marked_rise",
    "reasonable_range": "score.kind.reasonable_range", "historical_low": "score.kind.historical_low",
    "full_coverage": "score.kind.full_coverage",
}  # fmt: skip
METHODS = {
    "ensemble": "score.method.ensemble", "supply_over_people": "score.method.supply_over_people",
    "poisson_over_births": "score.method.poisson_over_births", "scenario": "score.method.scenario",
    "course": "score.method.course", "none": "score.method.none",
}  # fmt: skip
BASES = {
    "set": "score.basis.set", "kept": "score.basis.kept", "projected": "score.basis.projected",
    "none": "score.basis.none",
}  # fmt: skip

MARKS = {"set": " §", "kept": " ※"}
"""Beside the verdict of a figure that is no forecast."""

DOUBT = "!"
WHOLE = ("count", "events per year", "yuan per year")
"""Units whose figures are shown without decimals."""

_BESIDE, _WIDE = 2, 112
"""Packages that stand beside each other, from so many columns on."""

_NARROWEST, _WIDEST = 18, 44
"""Columns of the name of an indicator."""


def board_text(card: Scorecard, lang: str, width: int) -> str:
    """Return the table of all indicators, packages two by two beside each other, and how to read it."""
    count = card.table["indicator_id"].nunique()
    title = text("score.title", lang, count=count, year=TARGET_YEAR, level=text(f"level.{card.level}", lang))
    parts = []
    beside = _BESIDE if width >= _WIDE else 1
    for at in range(0, len(card.scenarios), beside):
        chosen = card.scenarios[at : at + beside]
        header = [text("score.indicator", lang), text("score.start", lang),
                  text("score.required", lang, year=TARGET_YEAR), *(one.label(lang) for one in chosen)]  # fmt: skip
        rows = _rows(card.table, [one.key for one in chosen], header[1:], lang, width)
        right = [False, True, True, *(False for _ in chosen)]
        parts.append(text_table(header, rows, right=right, width=width, flexible=()))
    notes = [*tallies(card, lang), text("score.rule", lang), text("score.marks", lang), text("score.alike", lang)]
    below = "\n".join(line for note in notes for line in wrap(note, width))
    return "\n\n".join(["\n".join(wrap(title, width)), *parts, below])


def _rows(table: pd.DataFrame, keys: Sequence[str], header: Sequence[str], lang: str, width: int) -> list[list[str]]:
    """Return the lines of every indicator: its name, wrapped, beside figures and verdicts; groups have a line."""
    blocks = []
    for _, same in table.groupby("indicator_id", sort=False):
        cells = {row["scenario"]: row for row in same.to_dict("records")}
        first = cells[keys[0]]
        columns = [
            [figure(first["baseline"], first), pace_words(first, lang)],
            [asked(first), kind_words(first, lang)],
            *([band(cells[key]), f"{verdict_words(cells[key], lang)} {chances(cells[key])}".rstrip()] for key in keys),
        ]
        blocks.append((first, columns))
    taken = [
        max([longest_piece(header[at]), *(display_width(line) for _, columns in blocks for line in columns[at])])
        for at in range(len(header))
    ]
    room = min(max(width - sum(taken) - 2 * len(taken), _NARROWEST), _WIDEST)
    rows: list[list[str]] = []
    group = ""
    for first, columns in blocks:
        if first[f"group_{lang}"] != group:
            group = first[f"group_{lang}"]
            rows.append([f"— {group}", *("" for _ in header)])
        whole = [wrap(indicator_name(first, lang), room), *columns]
        height = max(len(column) for column in whole)
        rows += [[column[line] if line < len(column) else "" for column in whole] for line in range(height)]
    return rows


def indicator_name(row: Row, lang: str) -> str:
    """Return number, name and unit of an indicator, with a star when it is bridged."""
    star = "*" if row["bridged"] else ""
    return f"{row['indicator_id']} {row[f'name_{lang}']}{star} [{unit_words(row, lang)}]"


def unit_words(row: Row, lang: str) -> str:
    """Return the unit that an indicator is shown in."""
    return str(row["unit_zh"] if lang == "zh" else row["unit"])


def figure(value: object, row: Row) -> str:
    """Return a figure with the decimals of its unit; a stroke for none, as the plan has it."""
    shown = number(value, 0 if row["unit"] in WHOLE else 2)
    return "/" if shown == "–" else shown


def asked(row: Row) -> str:
    """Return what a target asks of the target year: ≥ 0.94, ≤ 11.40, or 40.00–55.00."""
    if np.isnan(row["threshold"]):
        return "?"
    if row["rule"] == "within":
        return f"{figure(row['threshold'], row)}–{figure(row['threshold_upper'], row)}"
    return f"{'≤' if row['rule'] == 'at_most' else '≥'} {figure(row['threshold'], row)}"


def kind_words(row: Row, lang: str) -> str:
    """Return the words of a target that is no number."""
    return "" if row["target_kind"] == "value" else text(KINDS[str(row["target_kind"])], lang)


def pace_words(row: Row, lang: str) -> str:
    """Return the yearly pace that the threshold asks for; nothing where none is asked."""
    pace = float(row["required_pace"])
    if np.isnan(pace) or pace == 0.0:
        return ""
    small = 0 if row["unit"] in WHOLE else 3 if abs(pace) < 0.1 else 2
    return text("score.pace", lang, pace=number(pace, small, sign=True))


def band(row: Row) -> str:
    """Return the median of the target year with its 90 % band; the figure alone where it is set or kept."""
    middle = figure(row["q50"], row)
    if row["basis"] in ("projected", "none") and not np.isnan(row["q05"]):
        return f"{middle} ({figure(row['q05'], row)}–{figure(row['q95'], row)})"
    return middle


def verdict_words(row: Row, lang: str) -> str:
    """Return the verdict in a word, marked where the figure is set or kept."""
    return text(VERDICTS[str(row["verdict"])], lang) + MARKS.get(str(row["basis"]), "")


def chances(row: Row) -> str:
    """Return both probabilities in per cent with their errors; nothing for a setting, of which none is worked out."""
    if np.isnan(row["probability"]) or row["basis"] in MARKS:
        return ""
    pairs = [(row["probability"], row["probability_error"]), (row["probability_seen"], row["probability_seen_error"])]
    # Rounded up: an error is never shown as none.
    said = [f"{100.0 * chance:.1f}±{ceil(1000.0 * error) / 10.0:.1f}" for chance, error in pairs]
    return " / ".join(said) + (DOUBT if row["mark"] else "")


def tallies(card: Scorecard, lang: str) -> list[str]:
    """Return a line for each package: how many indicators have which verdict."""
    lines = []
    for scenario in card.scenarios:
        found = card.table.loc[card.table["scenario"] == scenario.key, "verdict"].value_counts()
        parts = [text("score.tally_part", lang, count=int(found[word]), verdict=text(key, lang))
                 for word, key in VERDICTS.items() if word in found]  # fmt: skip
        joined = text("figure.definition_separator", lang).join(parts)
        lines.append(text("score.tally", lang, package=scenario.label(lang), parts=joined))
    return lines


def progress_text(card: Scorecard, lang: str, width: int) -> str:
    """Return the observed figures beside the pace that is asked; empty where nothing was observed."""
    seen = card.table[(card.table["scenario"] == card.scenarios[0].key) & (card.table["observed_date"] != "")]
    if seen.empty:
        return ""
    header = [text("score.indicator", lang), text("score.progress_day", lang), text("score.progress_value", lang),
              text("score.progress_asked", lang), text("score.progress_pace", lang),
              text("score.progress_covered", lang), text("score.progress_chance", lang)]  # fmt: skip
    rows = [
        [indicator_name(row, lang), str(row["observed_date"]), figure(row["observed_value"], row),
         number(row["required_pace"], 2, sign=True), number(row["observed_pace"], 2, sign=True),
         number(100.0 * float(row["covered"]), 0), number(100.0 * float(row["probability_at_pace"]), 1)]
        for row in seen.to_dict("records")
    ]  # fmt: skip
    table = text_table(header, rows, width=width, flexible=(0,))
    return "\n".join([*wrap(text("score.progress_title", lang), width), "", table])


def methods_text(card: Scorecard, lang: str, width: int) -> str:
    """Return how each indicator is projected and from which data, and what is assumed of planned supply."""
    header = [text("score.indicator", lang), text("column.method", lang), text("column.denominator", lang),
              text("column.data", lang), text("column.assumed", lang)]  # fmt: skip
    rows = [
        [text("score.defined", lang, number=row["indicator_id"], name=row[f"name_{lang}"],
              definition=row[f"definition_{lang}"]), method_words(row, lang), denominator_words(row, lang),
         str(row[f"data_{lang}"]), assumed_words(row, lang)]
        for row in card.methods.to_dict("records")
    ]  # fmt: skip
    left = [False] * len(header)
    table = text_table(header, rows, width=width, flexible=range(len(header)), right=left)
    supplies = card.fit.pack.supply.to_dict("records")
    named = [[str(row[f"label_{lang}"]), f"{row['low']:g}", f"{row['central']:g}", f"{row['high']:g}", str(row["unit"])]
             for row in supplies]  # fmt: skip
    words = [text(key, lang) for key in ("column.label", "column.lowest", "column.likeliest", "column.highest")]
    below = text_table([*words, text("column.unit", lang)], named, width=width, flexible=(0,))
    titles = [text("score.methods_title", lang), text("score.supply_title", lang)]
    return "\n\n".join([titles[0], table, titles[1], below])


def method_words(row: Row, lang: str) -> str:
    """Return how an indicator is projected, with the name of the lever where one sets it."""
    words = text(METHODS[str(row["method"])], lang)
    lever = levers().get(str(row["path"]))
    return words if lever is None else f"{words} ({lever.label_zh if lang == 'zh' else lever.label_en})"


def denominator_words(row: Row, lang: str) -> str:
    """Return the denominator of an indicator with its population base."""
    return f"{row[f'denominator_{lang}']} ({optional_text('base', row['population_base'], lang)})"


def assumed_words(row: Row, lang: str) -> str:
    """Return what is assumed of an indicator: the prior of its pace, or rows of planned supply."""
    low, central, high = (row[name] for name in ("prior_low", "prior_central", "prior_high"))
    parts = []
    if not np.isnan(low):
        values = {"low": f"{low:g}", "central": f"{central:g}", "high": f"{high:g}"}
        level = np.isnan(float(row["base_2021"]))
        parts.append(
            text("score.level_prior", lang, year=TARGET_YEAR, **values)
            if level
            else text("score.pace_prior", lang, step=f"{row['step_sd']:g}", **values)
        )
    if row["supply"]:
        parts.append(text("score.from_supply", lang, names=str(row["supply"]).replace(" ", ", ")))
    return text("figure.definition_separator", lang).join(parts) or "–"
