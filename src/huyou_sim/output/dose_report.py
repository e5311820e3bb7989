"""Whether the levers follow the evidence, as text and as a table: the static table, and studies against the priors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from huyou_sim.output.drawing import minus
from huyou_sim.output.labels import local_label, number, text, wrap
from huyou_sim.output.naming import area_names
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.pack import load_pack
from huyou_sim.planning.doses import Doses, dose_response
from huyou_sim.policy.static import CHILDREN, FEWER_CHILDREN

QUANTITIES: Mapping[str, tuple[str, int]] = {
    "births": ("dose.births", 1),
    "lasting_tfr": ("dose.lasting_tfr", 3),
    "hazard": ("dose.hazard", 1),
    "lasting_hazard": ("dose.lasting_hazard", 1),
    "cost": ("dose.cost", 0),
    "cost_all_enrolled": ("dose.cost_all_enrolled", 0),
    "cost_once": ("dose.cost_once", 0),
}
"""Words of each quantity of the static table, and the decimals with which it was published."""

VARIANTS = {"places_fewer": "dose.places_fewer", "tianmen_2017": "dose.tianmen_2017"}
REASONS = {
    "children": ("a", "dose.reason_children"),
    "ages": ("b", "dose.reason_ages"),
    "mix": ("c", "dose.reason_mix"),
    "open": ("?", "dose.reason_open"),
}
"""Mark of each reason, and its words, which stand under the table."""

FLAGS = {"inside": "", "own": "own_", "wide": "wide_"}
KINDS = {"observed": "dose.observed", "derived": "dose.derived", "assumed": "dose.assumed"}


def explain_doses(
    place: str | Path, *, draws: int = 4000, seed: int = 2021, lang: str = "en"
) -> tuple[str, pd.DataFrame, Doses]:
    """Return whether levers follow the evidence: as text, as one tidy table, and all of it for a picture.

    Parameters
    ----------
    place : str or path
    draws, seed : int
    lang : {"en", "zh"}

    Returns
    -------
    text : str
    table : DataFrame
        ``part`` (`static` or `study`), ``id`` (package or study), ``quantity``, ``unit``, ``observed`` with
        ``observed_q05`` and ``observed_q95`` where there are such, ours as ``q05``, ``median``, ``q95``, ``inside``,
        and of studies the ``own_`` and ``wide_`` bands; ``note``: the reason of a difference, or how a dose was formed.
    doses : Doses

    Raises
    ------
    ArgumentError, PackError
        As for `huyou_sim.planning.doses.dose_response`.
    """
    found = dose_response(place, draws=draws, seed=seed)
    pack = load_pack(place)
    width = terminal_width()
    name = local_label(area_names(pack), pack.place.code, lang)
    title = text("dose.title", lang, place=name, draws=f"{draws:,}", seed=seed)
    banded = found.static[found.static["published_q05"].notna() & ~found.static["package"].isin(list(VARIANTS))]
    medians = {"medians": int(banded["inside"].astype(bool).sum()), "banded": len(banded)}
    parts = [
        title,
        _wrapped(text("dose.static", lang), width),
        _static(found.static, lang, width),
        "\n".join(_wrapped(words, width) for words in (*_reasons(found, lang), text("dose.rest", lang, **medians))),
        _wrapped(text("dose.points", lang), width),
        _points(found.points, lang, width),
        "\n".join(_wrapped(words, width) for words in (
            shares_text(found, lang), text("dose.other", lang), text("dose.note", lang))),
    ]  # fmt: skip
    return "\n\n".join(parts), _tidy(found), found


def _reasons(found: Doses, lang: str) -> list[str]:
    """Return the words of every reason that the static table names."""
    given = {"children": {"children": number(CHILDREN, 0)}, "ages": {"rate": number(found.running_subsidy, 0)}}
    named = set(found.static["why"])
    return [text(key, lang, **given.get(why, {})) for why, (_, key) in REASONS.items() if why in named]


def shares_text(found: Doses, lang: str) -> str:
    """Return how many studies lie inside the bands, in one sentence."""
    count: dict[str, int] = {}
    for lever, prefix in (("all", ""), ("cash", "cash_"), ("childcare", "care_")):
        row = found.shares[found.shares["lever"] == lever].sum(numeric_only=True)
        count |= {f"{prefix}{name}": int(row[f"{flag}inside"]) for name, flag in FLAGS.items()}
        count[prefix.rstrip("_") or "studies"] = int(row["studies"])
    return text("dose.share", lang, spread=number(found.heterogeneity, 2), **count)


def _wrapped(words: str, width: int) -> str:
    return "\n".join(wrap(words, width))


def band_text(row: Mapping[Any, Any], prefix: str, decimals: int) -> str:
    """Return a median with its band, or the band alone where the median is None; one figure without a band."""
    low, high = (minus(number(row[prefix + name], decimals)) for name in ("q05", "q95"))
    middle = row.get(f"{prefix}median", np.nan)
    band = f"{low} … {high}"
    if row[prefix + "q05"] == row[prefix + "q95"]:
        return low
    return band if middle is None else f"{minus(number(middle, decimals))} ({band})"


def _static(table: pd.DataFrame, lang: str, width: int) -> str:
    rows = []
    for row in table.to_dict("records"):
        package = str(row[f"label_{lang}"])
        if row["package"] in VARIANTS:
            words = {"package": package, "children": number(FEWER_CHILDREN, 0)}
            package = text(VARIANTS[str(row["package"])], lang, **words)
        quantity, decimals = QUANTITIES[str(row["quantity"])]
        asked = minus(number(row["published"], decimals))
        if not np.isnan(row["published_q05"]):
            asked = band_text({**row, "published_median": row["published"]}, "published_", decimals)
        rows.append([
            package, text(quantity, lang), asked, band_text(row, "", decimals), number(row["ratio"], 2),
            REASONS[str(row["why"])][0] if row["why"] else "",
        ])  # fmt: skip
    header = [text(key, lang) for key in (
        "dose.package", "dose.quantity", "dose.published", "dose.found", "dose.ratio", "dose.why",
    )]  # fmt: skip
    # A package is named once; its other quantities follow.
    named = [[row[0] if i == 0 or rows[i - 1][0] != row[0] else "", *row[1:]] for i, row in enumerate(rows)]
    right = [False, False, True, True, True, False]
    return text_table(header, named, right=right, width=width, flexible=(0, 1))


def _points(table: pd.DataFrame, lang: str, width: int) -> str:
    rows = []
    for row in table.to_dict("records"):
        counted = row["counted"] == "yes"
        verdicts = [_verdict(bool(row[f"{prefix}inside"]), lang) if counted else "" for prefix in ("", "own_", "wide_")]
        state = text("dose.verified" if row["verified"] == "yes" else "dose.not_verified", lang)
        state = f"{state}; {text(KINDS[str(row['kind'])], lang)}"
        rows.append([
            str(row["id"]), f"{row['study']}, {row['country']}",
            state if counted else f"{state}; {text('dose.not_counted', lang)}",
            number(row["dose"], 2), minus(number(row["effect"], 1)),
            *(f"{band_text({**row, f'{prefix}median': None}, prefix, 1)} {verdict}".rstrip()
              for prefix, verdict in zip(("", "own_", "wide_"), verdicts, strict=True)),
        ])  # fmt: skip
    header = ["", *(text(key, lang) for key in (
        "dose.study", "dose.kind", "dose.dose", "dose.effect", "dose.model", "dose.own", "dose.wide",
    ))]  # fmt: skip
    right = [False, False, False, True, True, True, True, True]
    return text_table(header, rows, right=right, width=width, flexible=(1, 2))


def _verdict(inside: bool, lang: str) -> str:
    return text("dose.inside" if inside else "dose.outside", lang)


def _tidy(found: Doses) -> pd.DataFrame:
    """Return both tables below each other."""
    static = found.static.rename(
        columns={"package": "id", "published": "observed", "published_q05": "observed_q05",
                 "published_q95": "observed_q95", "why": "note"}
    )  # fmt: skip
    studies = found.points.rename(
        columns={"lever": "quantity", "effect": "observed", "effect_unit": "unit", "effect_low": "observed_q05",
                 "effect_high": "observed_q95"}
    )  # fmt: skip
    columns = ["part", "id", "quantity", "unit", "dose", "dose_unit", "observed", "observed_q05", "observed_q95"]
    columns += [f"{prefix}{name}" for prefix in ("", "own_", "wide_") for name in ("q05", "median", "q95", "inside")]
    columns += ["verified", "counted", "kind", "note"]
    both = pd.concat([static.assign(part="static"), studies.assign(part="study")], ignore_index=True)
    return both[columns]
