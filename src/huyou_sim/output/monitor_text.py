"""The monitor as text: series with colours, figures with bands, the board of rates, targets before and after."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.inference.refit import refit_mark
from huyou_sim.monitoring.part_years import season_of
from huyou_sim.monitoring.revision import LEAST
from huyou_sim.monitoring.warning import AMBER, RED
from huyou_sim.output.labels import number, optional_text, text, variable_definition, variable_label, wrap
from huyou_sim.output.monitor_words import (
    BY,
    RATES,
    REASONS,
    STATES,
    colour_words,
    decimals_of,
    off_words,
    series_label,
    unit_of,
)
from huyou_sim.output.scorecard_text import DOUBT, asked, unit_words
from huyou_sim.output.terminal import text_table
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from huyou_sim.monitoring.monitor import Monitor

    Row = Mapping[Any, Any]


def series_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the table of series: one colour each on all its figures together, and the first year off course."""
    if monitor.series.empty:
        return text("monitor.no_figures", lang)
    keys = ("monitor.series", "monitor.figures", "monitor.together", "monitor.colour", "monitor.side",
            "monitor.first_off")  # fmt: skip
    rows = []
    for row in monitor.series.to_dict("records"):
        span = row["first_period"] if row["figures"] == 1 else f"{row['first_period']} … {row['last_period']}"
        rows.append(
            [
                series_label(monitor, row, lang), f"{row['figures']}: {span}", chance(row, "probability"),
                colour_words(row["colour"], lang), off_words(row, lang), str(row["first_year_off"] or "–"),
            ]
        )  # fmt: skip
    return _table("monitor.series_title", keys, rows, lang, width, right=(2, 5), flexible=(0, 4))


def figures_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the table of figures with the band of the course beside each; empty where there is none."""
    if monitor.figures.empty:
        return ""
    keys = ("monitor.series", "monitor.period", "monitor.observed", "monitor.band", "monitor.chance",
            "monitor.colour", "monitor.side")  # fmt: skip
    rows = [
        [f"{series_label(monitor, row, lang)} [{unit_of(row['name'], lang)}]", str(row["period"]),
         shown_value(row["value"], row), band(row), chance(row, "probability"), colour_words(row["colour"], lang),
         off_words(row, lang)]
        for row in monitor.figures.to_dict("records")
    ]  # fmt: skip
    return _table("monitor.figures_title", keys, rows, lang, width, right=(2, 3, 4), flexible=(0, 6))


def board_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the board of marriage, divorce and fertility."""
    keys = ("monitor.rate", "monitor.observed", "monitor.band", "monitor.colour", "monitor.side", "monitor.change",
            "monitor.meaning")  # fmt: skip
    rows = [_board_row(monitor, row, lang) for row in monitor.board.to_dict("records")]
    return _table("monitor.board_title", keys, rows, lang, width, right=(1, 2), flexible=(0, 4, 5, 6))


def _board_row(monitor: Monitor, row: Row, lang: str) -> list[str]:
    rate = text(RATES[str(row["rate"])], lang)
    if row["colour"] == "none":
        return [rate, "–", "–", colour_words("none", lang), "", "", text("monitor.not_observed", lang)]
    if row["rate"] == "all":
        together = text("monitor.all_together", lang, chance=chance(row, "probability", error=False))
        return [rate, "", "", colour_words(row["colour"], lang), "", "", together]
    label = text("monitor.rate_of", lang, rate=rate, label=series_label(monitor, row, lang),
                 unit=unit_of(row["name"], lang))  # fmt: skip
    change = "–"
    if row["period_before"]:
        digits = decimals_of(row["name"])
        change = text(
            "monitor.change_of", lang, change=number(row["change"], digits, sign=True),
            percent=number(row["change_percent"], 1, sign=True), before=row["period_before"],
            expected=number(row["change_expected"], digits, sign=True),
        )  # fmt: skip
    observed = f"{shown_value(row['value'], row)} ({row['period']})"
    return [label, observed, band(row), colour_words(row["colour"], lang), off_words(row, lang), change,
            _meaning(row, lang)]  # fmt: skip


def _meaning(row: Row, lang: str) -> str:
    """Return what a rate alone makes of the probability of the target that it bears on."""
    values = {"target": int(row["target_id"]), "before": percent(row["target_before"], row["target_before_error"])}
    if np.isnan(float(row["target_before"])):
        return ""
    if np.isnan(float(row["target_now"])):
        return text("monitor.unmoved", lang, **values)
    words = text("monitor.means", lang, now=percent(row["target_now"], row["target_now_error"]), **values)
    return words + (DOUBT if row["target_refit_needed"] is True else "")


def targets_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the probability of each target before and after the figures, and how far that can be trusted."""
    table = monitor.targets[monitor.targets["revised_by"] != "nothing"]
    if table.empty:
        return ""
    keys = ("score.indicator", "monitor.asked", "monitor.before", "monitor.now", "monitor.seen_before",
            "monitor.seen_now", "monitor.by")  # fmt: skip
    rows = [
        [f"{row['indicator_id']} {row[f'name_{lang}']} [{unit_words(row, lang)}]", asked(row),
         _probability(row, "probability_before"), _probability(row, "probability"),
         _probability(row, "probability_seen_before"), _probability(row, "probability_seen"),
         text(BY[str(row["revised_by"])], lang)]
        for row in table.to_dict("records")
    ]  # fmt: skip
    said = _table("monitor.targets_title", keys, rows, lang, width, right=(1, 2, 3, 4, 5), flexible=(0, 6),
                  level=text(f"level.{monitor.level}", lang), year=TARGET_YEAR)  # fmt: skip
    return "\n\n".join([said, "\n".join(wrap(trust_words(monitor, lang), width))])


def trust_words(monitor: Monitor, lang: str) -> str:
    """Return what the revised probabilities rest on: weights, those of stored draws, new draws, or moved ones."""
    found = monitor.revision
    weights, again = found.weights, found.refit
    values = {"size": _size(found.update.effective_size), "draws": f"{monitor.draws:,}"}
    before = {"before": _size(weights.effective_size), "tail": number(weights.tail_index, 2)}
    if found.way == "moved":
        why = text(REASONS[found.reason], lang, least=LEAST)
        return text("monitor.moved", lang, **before, **values) + (" " if lang == "en" else "") + why
    if again is None:
        return text("monitor.effective", lang, **values)
    if found.way == "stored":
        return text("monitor.stored", lang, given=len(found.given), **before, **values)
    doubt = refit_mark(again.annealed, again.ensemble.effective, lang)
    when = text("monitor.kept", lang) if found.found else text("monitor.drawn", lang, seconds=ceil(found.seconds))
    fresh = text("monitor.refitted", lang, given=len(found.given), moved=len(again.moved), when=when, **values)
    said = [*([DOUBT, doubt] if doubt else []), fresh]
    if weights.refit_needed:
        said.append(text("monitor.too_few", lang, **before))
    return (" " if lang == "en" or doubt else "").join(said)


def _size(value: float) -> str:
    return number(value, 0 if value >= 10.0 else 1)


def vintages_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the vintages that were superseded or are not yet known; a line where every row counts."""
    table = monitor.vintages
    counts = {state: int((table["state"] == state).sum()) for state in STATES}
    words = text("monitor.vintages", lang, rows=len(table), day=monitor.as_of.isoformat(), **counts)
    moved = table[(table["state"] != "counts") | table["revision"].notna()]
    if moved.empty:
        return "\n".join(wrap(words, width))
    keys = ("monitor.series", "monitor.period", "monitor.published", "monitor.observed", "monitor.revision",
            "monitor.state")  # fmt: skip
    rows = []
    for row in moved.to_dict("records"):
        digits = decimals_of(row["name"])
        known = text(STATES[str(row["state"])], lang)
        by = text("monitor.by_day", lang, day=row["superseded_by"]) if row["superseded_by"] else ""
        rows.append(
            [series_label(monitor, row, lang), str(row["period"]), str(row["known_from"]),
             number(row["value"], digits), number(row["revision"], digits, sign=True), f"{known} {by}".strip()]
        )  # fmt: skip
    header = [text(key, lang) for key in keys]
    right = [at in (3, 4) for at in range(len(keys))]
    return "\n\n".join(["\n".join(wrap(words, width)), text_table(header, rows, width=width, right=right,
                                                                  flexible=(0, 5))])  # fmt: skip


def notes_text(monitor: Monitor, lang: str, width: int) -> str:
    """Return the rule, what is assumed, and the definition and population of each series."""
    notes = [text("monitor.rule", lang, amber=f"{100 * AMBER:g}", red=f"{100 * RED:g}")]
    parts = monitor.figures[monitor.figures["period"].astype(str).str.contains("[-Q/]")]
    known = [name for name in dict.fromkeys(parts["name"]) if variables()[name].kind == "flow"]
    for name in known:
        season = season_of(name)
        spread = [f"{100 * value:g}" for value in (season.central, season.low, season.high)]
        notes.append(text("monitor.season", lang, label=series_name(name, lang), central=spread[0], low=spread[1],
                          high=spread[2]))  # fmt: skip
    if {"divorces", "crude_divorce_rate", "remarriages"} & set(monitor.figures["name"]):
        notes.append(text("monitor.assumed_rates", lang))
    if monitor.series["population_base"].eq("household_registered").any():
        notes.append(text("monitor.bridged", lang))
    for row in monitor.series.drop_duplicates(["name", "population_base"]).to_dict("records"):
        notes.append(
            text("monitor.defined", lang, label=series_name(str(row["name"]), lang),
                 base=optional_text("base", row["population_base"], lang),
                 definition=variable_definition(str(row["name"]), lang).rstrip("。."))
        )  # fmt: skip
    return "\n".join(line for note in notes for line in wrap(note, width))


def series_name(name: str, lang: str) -> str:
    """Return the name of a variable with its unit."""
    return f"{variable_label(name, lang)} [{unit_of(name, lang)}]"


def _table(
    title: str, keys: tuple[str, ...], rows: list[list[str]], lang: str, width: int, *, right: tuple[int, ...],
    flexible: tuple[int, ...], **values: object,
) -> str:  # fmt: skip
    """Return rows under the words of some keys, below a title."""
    sides = [at in right for at in range(len(keys))]
    body = text_table([text(key, lang) for key in keys], rows, width=width, right=sides, flexible=flexible)
    return "\n".join([*wrap(text(title, lang, **values), width), "", body])


def shown_value(value: object, row: Row) -> str:
    """Return a figure with the decimals of its variable."""
    return number(value, decimals_of(row["name"]))


def band(row: Row) -> str:
    """Return the median of the course with its 90 % band."""
    return f"{shown_value(row['q50'], row)} ({shown_value(row['q05'], row)}–{shown_value(row['q95'], row)})"


def chance(row: Row, name: str, *, error: bool = True) -> str:
    """Return a predictive probability in per cent with its Monte Carlo error."""
    value = 100.0 * float(row[name])
    if not error:
        return f"{value:.1f}"
    words = f"{value:.1f}±{ceil(1000.0 * float(row[f'{name}_error'])) / 10.0:.1f}"
    return words + (DOUBT if row.get("mark") else "")


def percent(value: object, error: object) -> str:
    """Return a probability in per cent with its Monte Carlo error, which is never shown as none."""
    return f"{100.0 * float(str(value)):.1f}±{ceil(1000.0 * float(str(error))) / 10.0:.1f}"


def _probability(row: Row, name: str) -> str:
    doubt = row["mark_before"] if name.endswith("before") else row["mark"] or row["refit_needed"]
    return percent(row[name], row[f"{name}_error"]) + (DOUBT if doubt else "")
