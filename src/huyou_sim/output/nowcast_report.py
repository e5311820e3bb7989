"""Births told from marriages, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from huyou_sim.monitoring.lags import ELDER
from huyou_sim.monitoring.nowcast import GIVEN
from huyou_sim.output.drawing import minus
from huyou_sim.output.labels import column, number, text, variable_decimals, variable_label, variable_unit, wrap
from huyou_sim.output.terminal import terminal_width, text_table

if TYPE_CHECKING:
    from huyou_sim.monitoring.nowcast import Nowcast

SPACES = {"family": "nowcast.family", "duration": "nowcast.duration"}
STAGES = {"nothing": "nowcast.nothing", "others": "nowcast.others", "marriages": "nowcast.marriages"}
TESTED = ("births", "births_order_1")
"""Figures of which the back-test is printed; its table has all."""


def nowcast_text(found: Nowcast, lang: str, *, width: int | None = None) -> str:
    """Return births of the year of the marriages and of the next one, the lag table and the back-test, as text.

    Parameters
    ----------
    found : Nowcast
    lang : {"en", "zh"}
    width : int, optional
        Of lines; that of the terminal when omitted.
    """
    width = width or terminal_width()
    about = text(
        "nowcast.about", lang, space=text(SPACES[found.space], lang), scenario=found.scenario.label(lang),
        draws=f"{found.draws:,}", seed=found.seed,
    )  # fmt: skip
    title = text("nowcast.title", lang, year=found.year, value=number(found.marriages.value, 0))
    head = [title, *([f"! {found.mark}"] if found.mark else []), about]
    parts = ["\n".join(line for words in head for line in wrap(words, width)), _table(found, lang, width)]
    if len(found.lags):
        parts += [
            text("nowcast.lags_title", lang),
            _lags(found, lang, width),
            _wrapped("nowcast.lags_note", lang, width),
        ]
    histories = int(found.back_test["histories"].iloc[0])
    parts += [text("nowcast.test_title", lang, histories=histories), _test(found, lang, width)]
    return "\n\n".join([*parts, _wrapped("nowcast.test_note", lang, width)])


def _wrapped(key: str, lang: str, width: int) -> str:
    return "\n".join(wrap(text(key, lang), width))


def band(row: Mapping[Any, Any], prefix: str, decimals: int, *, sign: bool = False) -> str:
    """Return median and band of a row: 20,100 (18,000–22,000)."""
    middle, low, high = (minus(number(row[f"{prefix}{end}"], decimals, sign=sign)) for end in ("q50", "q05", "q95"))
    return f"{middle} ({low}…{high})" if sign else f"{middle} ({low}–{high})"


def _label(name: str, lang: str) -> str:
    return f"{variable_label(name, lang)} [{variable_unit(name, lang)}]"


def _table(found: Nowcast, lang: str, width: int) -> str:
    rows = []
    for (name, year), same in found.table.groupby(["variable", "year"], sort=False):
        at = {row["given"]: row for row in same.to_dict("records")}
        cells = [band(at[stage], "", variable_decimals(str(name))) for stage in GIVEN]
        gain = minus(number(100.0 * at["marriages"]["gain"], 0))
        rows.append([_label(str(name), lang), str(year), *cells, f"{gain} %"])
    header = [column("variable_label", lang), column("year", lang)]
    header += [*(text(STAGES[stage], lang) for stage in GIVEN), text("nowcast.gain", lang)]
    return text_table(header, rows, width=width)


def _lags(found: Nowcast, lang: str, width: int) -> str:
    rows = []
    for row in found.lags.to_dict("records"):
        last = row["lag"] == ELDER
        lag = text("nowcast.earlier", lang) if last else str(row["lag"])
        responses = ["–", "–"] if last else [band(row, name, 2) for name in ("elasticity_first_", "elasticity_")]
        rows.append([text(SPACES[row["space"]], lang), lag, band(row, "share_", 0), *responses])
    header = [
        text(key, lang) for key in ("nowcast.space", "nowcast.lag", "nowcast.share", "nowcast.first", "nowcast.all")
    ]
    return text_table(header, rows, width=width)


def _test(found: Nowcast, lang: str, width: int) -> str:
    rows = []
    for row in found.back_test.to_dict("records"):
        if row["variable"] in TESTED:
            inside = [f"{100.0 * row[f'coverage_{stage}']:.0f}" for stage in GIVEN[1:]]
            gain = minus(number(100.0 * row["gain"], 0))
            rows.append([number(row["marriage_error"], 0), _label(row["variable"], lang), str(row["year"]),
                         f"{gain} %", f"{inside[0]} → {inside[1]}"])  # fmt: skip
    header = [text("nowcast.error", lang), column("variable_label", lang), column("year", lang),
              text("nowcast.gain", lang), text("nowcast.coverage", lang)]  # fmt: skip
    return text_table(header, rows, right=[True, False, True, True, True], width=width, flexible=(1,))
