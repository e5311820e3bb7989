"""What could also explain a deviation from the counterfactual: its own spread by source, and other measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from huyou_sim.policy.words import wording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import Scenario
    from huyou_sim.policy.setting import Setting

    Array = NDArray[np.float64]

GROUPS = ("yearly_shocks", "trends", "levels", "migration", "elasticities")
"""Groups of parameters that are switched off in turn."""


def switched_off(ensemble: Ensemble, group: str) -> Ensemble:
    """Return an ensemble in which one group stays at its mean in every draw; all other random numbers are the same.

    Parameters
    ----------
    ensemble : Ensemble
    group : str
        Of `GROUPS`. Levels are those of the calibration year with its shock; migration is levels, trend and shocks of
        net migration.
    """
    if group == "yearly_shocks":
        return replace(ensemble, shocks=np.zeros_like(ensemble.shocks))
    if group == "levels":
        return replace(ensemble, first=_mean(ensemble.first), later=_mean(ensemble.later))
    if group == "elasticities":
        names = [one.name for one in ensemble.draws.parameters if one.role == "elasticity"]
        return _fixed(ensemble, names)
    trends = [one.name for one in ensemble.draws.parameters if one.role == "trend"]
    migrant = [name for name in trends if name == "migration_trend"]
    if group == "trends":
        return _fixed(ensemble, [name for name in trends if name not in migrant])
    steady = _fixed(ensemble, migrant)
    return replace(
        steady,
        migration=_mean(ensemble.migration),
        later_migrants=_mean(ensemble.later_migrants),
        migrant_shocks=np.zeros_like(ensemble.migrant_shocks),
    )


def _mean(values: Array) -> Array:
    """Return the mean over draws in every draw."""
    found: Array = np.broadcast_to(values.mean(axis=0), values.shape).copy()
    return found


def _fixed(ensemble: Ensemble, names: list[str]) -> Ensemble:
    """Return an ensemble with parameters at their means."""
    values = dict(ensemble.draws.values) | {name: _mean(ensemble.draws.values[name]) for name in names}
    return replace(ensemble, draws=replace(ensemble.draws, values=MappingProxyType(values)))


def variance_shares(figure: Array, parts: Mapping[str, Array], weights: Array) -> pd.DataFrame:
    """Return which share of a figure's variance comes with each part of it.

    Parameters
    ----------
    figure : (draw,) [unit]
    parts : mapping of name to (draw,) [unit]
        What a source adds in each draw: the figure less the figure with that source switched off; the error of
        publication as it is.
    weights : (draw,) [1]

    Returns
    -------
    table : DataFrame
        Columns source, share [%] and spread [unit], the standard deviation of the part. A share is the covariance of
        part and figure over the variance of the figure. It is negative for a source that offsets others, as figures
        that were observed make sources depend on each other; ``interaction`` is what is left to 100.

    Source
    ------
    Covariance decomposition of a variance: Li, Rabitz, Yelvington, Oluwole, Bacon, Kolb and Schoendorf (2010), Global
    sensitivity analysis for systems with independent and/or correlated inputs, Journal of Physical Chemistry A
    114(19), 6022-6032.
    """
    off = figure - weights @ figure
    variance = float(weights @ off**2)
    names, shares, spreads = [*parts], [], []
    for part in parts.values():
        own = part - weights @ part
        shares.append(100.0 * float(weights @ (own * off)) / variance if variance > 0.0 else 0.0)
        spreads.append(float(np.sqrt(weights @ own**2)))
    left = 100.0 - sum(shares) if variance > 0.0 else 0.0
    return pd.DataFrame(
        {"source": [*names, "interaction"], "share": [*shares, left], "spread": [*spreads, float("nan")]}
    )


MEASURE_COLUMNS = ("lever", "order", "label_en", "label_zh", "first_year", "last_year", "scenario", "in_counterfactual",
                   "assumed")  # fmt: skip
"""Of `other_measures`."""


def other_measures(against: Scenario, measure: Scenario | None, first: int, last: int) -> pd.DataFrame:
    """Return the measures of two scenarios that start, or are on their way, within some years.

    Parameters
    ----------
    against, measure : Scenario
        The counterfactual, and what is evaluated if it is told.
    first, last : int
        Years that are evaluated.

    Returns
    -------
    table : DataFrame
        `MEASURE_COLUMNS`, by first year. `last_year` is that of a path; ``in_counterfactual``: what it does is in the
        counterfactual already, with what is not known of it.
    """
    kept = {setting.key: setting.value for setting in against.settings}
    rows: dict[tuple[str | int, ...], dict[str, Any]] = {}
    for scenario in (against, *([] if measure is None else [measure])):
        for setting in scenario.settings:
            span = _span(setting)
            if setting.key in rows or span is None or span[0] > last or span[1] < first:
                continue
            rows[setting.key] = {
                "lever": setting.name, "order": setting.key[1] if isinstance(setting.key[-1], int) else pd.NA,
                "first_year": span[0], "last_year": span[1], "scenario": scenario.key,
                "in_counterfactual": kept.get(setting.key) == setting.value, "assumed": setting.assumed,
                **_words(setting),
            }  # fmt: skip
    ordered = sorted(rows.values(), key=lambda row: (row["first_year"], row["lever"]))
    return pd.DataFrame(ordered, columns=list(MEASURE_COLUMNS)).astype({"order": "Int64"})


def _span(setting: Setting) -> tuple[int, int] | None:
    """Return the first year of a setting and the last one in which it changes; None where it names no year."""
    years = sorted(_years(setting.value))
    return (years[0], years[-1]) if years else None


def _years(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        if value.get("start") is not None:
            yield int(value["start"])
        yield from (int(key) for key in value if str(key).isdecimal())


def _words(setting: Setting) -> dict[str, str]:
    words = wording(str(setting.key[0]) if len(setting.key) == 1 or isinstance(setting.key[-1], int) else setting.name)
    return {"label_en": words.label_en, "label_zh": words.label_zh}
