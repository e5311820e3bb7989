"""Dose-response curves of the levers from their priors, and the studies' points beside them.

Each curve is the full effect of one lever alone: after ramp and lag, before any tempo part has faded. It comes twice:

* as the model has it, with transferability (A3) and the ceiling over all levers (X1), and with childcare shrunk for
  what grandparents do (0.75 within B1);
* as in the studies' own settings: A3 = 1, no ceiling, childcare not shrunk.

A study is compared with both, and with the second widened by the heterogeneity of the studies: the standard deviation
of the log ratio of observed to expected over the studies that count and found a gain. That band is fitted to the points
that it is held against, so it says how far studies differ and is no test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.policy.cash import DEPLETION, ORDERS, Transfer
from huyou_sim.policy.courses import CAMPAIGN_CAP
from huyou_sim.policy.effects import ceiled
from huyou_sim.policy.profiles import capacity_weights, cash_profile
from huyou_sim.policy.static import START, TFR_BY_ORDER, births_gained, full_cash, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext

    FloatArray = NDArray[np.float64]
    Parameters = Mapping[str, FloatArray]

SHRUNK = 0.75
"""Factor for care by grandparents that the prior B1 contains. Source: evidence, prior B1."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = ("q05", "q25", "median", "q75", "q95")

PARITY: Mapping[str, FloatArray] = MappingProxyType(
    {
        "all": TFR_BY_ORDER,
        "second_up": TFR_BY_ORDER * (0.0, 1.0, 1.0),
        "third_up": TFR_BY_ORDER * (0.0, 0.0, 1.0),
        **{f"order_{order}": TFR_BY_ORDER * (np.array(ORDERS) == order) for order in ORDERS},
    }
)
"""Births that a payment is made for and an effect is a share of, by order."""

PROFILE_YEARS = range(16)


@dataclass(frozen=True)
class Family:
    """A curve: what is given, and what is moved.

    Parameters
    ----------
    lever : str
        Family of levers, as the studies name it.
    parity : str
        Births that cash is for, as in `PARITY`; ``""`` for other levers.
    doses : (dose,)
    """

    lever: str
    parity: str
    doses: FloatArray


def _even(last: float) -> FloatArray:
    return np.linspace(0.0, last, 31)


_CASH_DOSES = np.geomspace(0.02, 5.0, 31)

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "cash_all": Family("cash", "all", _CASH_DOSES),
        **{f"cash_{order}": Family("cash", f"order_{order}", _CASH_DOSES) for order in ORDERS},
        "childcare": Family("childcare", "", _even(65.0)),
        "marriage_grant": Family("marriage_grant", "", _even(5.5)),
        "marriage_services": Family("marriage_services", "", _even(2.0)),
        "assisted_reproduction": Family("assisted_reproduction", "", _even(1.0)),
        "ideals": Family("ideals", "", _even(0.4)),
        "campaigns": Family("campaigns", "", _even(15.0)),
    }
)
"""Curves by name. Doses: cash and marriage grant [years of disposable income per head]; childcare [percentage points of
effective coverage]; services [intensity]; assisted reproduction [share of births covered]; ideals [children]; campaigns
[years of 500 events above the baseline]."""


def response(
    lever: str, parity: str, dose: float, parameters: Parameters, context: PolicyContext, *, transferred: bool = True
) -> FloatArray:
    """Return the full effect of one dose of one lever.

    Parameters
    ----------
    lever, parity, dose
        As in `FAMILIES`.
    parameters : mapping of prior id to (draw,)
    context : PolicyContext
    transferred : bool
        As the model has it; false for the studies' own settings.

    Returns
    -------
    effect : (draw,)
        Of births or first-marriage hazards [%]; of ideals and campaigns on total fertility [children per woman].
    """
    p = parameters
    if lever == "cash":
        return _cash(parity, dose, p, context, transferred=transferred)
    if lever == "childcare":
        effect = p["B1"] * dose / 10.0
        return percent(ceiled(effect, p["X1"]) if transferred else effect / SHRUNK)
    if lever == "marriage_grant":
        return percent(p["C1"] * dose)
    if lever == "marriage_services":
        return percent(p["C4"] * dose)
    if lever == "assisted_reproduction":
        return percent(p["E1"] * dose)
    change = np.clip(p["D1"] * dose, -CAMPAIGN_CAP, CAMPAIGN_CAP) if lever == "campaigns" else dose
    effect = p["D2"] * change
    return effect


def _cash(parity: str, dose: float, p: Parameters, context: PolicyContext, *, transferred: bool) -> FloatArray:
    mix = PARITY[parity]
    yuan = dose * context.disposable_income
    payments = [Transfer(order, (yuan,), (0.0,), START) for order, births in zip(ORDERS, mix, strict=True) if births]
    if not transferred:
        p = {**p, "A3": np.ones_like(p["A3"])}
    effect = full_cash(payments, context, p)
    return births_gained(ceiled(effect, p["X1"]) if transferred else effect, mix)


def curves(parameters: Parameters, context: PolicyContext) -> pd.DataFrame:
    """Return all dose-response curves.

    Returns
    -------
    curves : DataFrame
        One row per ``curve``, ``transferred`` and ``dose``: ``q05``, ``q25``, ``median``, ``q75``, ``q95`` over draws.
    """
    rows = []
    for name, family in FAMILIES.items():
        for transferred in (True, False):
            for dose in family.doses:
                effect = response(
                    family.lever, family.parity, float(dose), parameters, context, transferred=transferred
                )
                quantiles = dict(zip(NAMES, np.quantile(effect, QUANTILES).tolist(), strict=True))
                rows.append({"curve": name, "transferred": transferred, "dose": float(dose), **quantiles})
    return pd.DataFrame(rows)


def points(parameters: Parameters, context: PolicyContext, studies: pd.DataFrame) -> pd.DataFrame:
    """Return the studies' effects beside what the priors expect at their doses.

    Parameters
    ----------
    studies : DataFrame
        Table `studies` of the evidence.

    Returns
    -------
    points : DataFrame
        The table with ``q05``, ``median``, ``q95`` and ``inside`` of the model's band, the same after ``own_`` for the
        studies' own settings and after ``wide_`` for these with the heterogeneity of the studies; ``own_gap``: how far
        the effect lies above (or, negative, below) the own band, 0 inside [unit of the effect]; and
        ``own_log_ratio``: log of observed over expected median, empty for no gain.
    """
    table = studies.reset_index(drop=True).copy()
    seen = table["effect"].to_numpy(dtype=np.float64)
    as_model, own = (
        np.stack(
            [
                response(row["lever"], row["parity"], float(row["dose"]), parameters, context, transferred=transferred)
                for row in table.to_dict("records")
            ]
        )
        for transferred in (True, False)
    )
    expected = np.median(own, axis=1)
    ratio = np.log(np.where(seen > 0.0, seen, np.nan) / np.where(expected > 0.0, expected, np.nan))
    spread = heterogeneity(table.assign(own_log_ratio=ratio))
    # Quantiles of a standard normal in a fixed order that has nothing to do with the draws: no other random numbers.
    widening = np.exp(spread * _scrambled_normal(own.shape[1]))
    for prefix, draws in (("", as_model), ("own_", own), ("wide_", own * widening)):
        low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95), axis=1)
        columns = {"q05": low, "median": middle, "q95": high, "inside": (low <= seen) & (seen <= high)}
        table = table.assign(**{prefix + name: values for name, values in columns.items()})
    gap = np.maximum(seen - table["own_q95"], 0.0) - np.maximum(table["own_q05"] - seen, 0.0)
    return table.assign(own_gap=gap, own_log_ratio=ratio)


def heterogeneity(table: pd.DataFrame) -> float:
    """Return the standard deviation of the log ratio of observed to expected over counted studies with a gain."""
    counted = table.loc[table["counted"] == "yes", "own_log_ratio"].dropna()
    return float(counted.std()) if len(counted) > 1 else 0.0


def _scrambled_normal(draws: int) -> FloatArray:
    from scipy.special import ndtri

    golden = (np.sqrt(5.0) - 1.0) / 2.0
    found: FloatArray = ndtri((np.arange(draws) * golden + 0.5) % 1.0)
    return found


def shares_inside(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many of the studies that count lie inside the 90 % bands, of each lever and of all.

    Returns
    -------
    shares : DataFrame
        ``lever``, ``studies``, ``verified`` (number of them verified), ``inside``, ``own_inside``, ``wide_inside``.
    """
    counted = table[table["counted"] == "yes"]
    groups = [*counted.groupby("lever", sort=False), ("all", counted)]
    flags = ("inside", "own_inside", "wide_inside")
    return pd.DataFrame(
        [
            {
                "lever": lever, "studies": len(part), "verified": int((part["verified"] == "yes").sum()),
                **{flag: int(part[flag].sum()) for flag in flags},
            }
            for lever, part in groups
        ]
    )  # fmt: skip


def time_profiles(parameters: Parameters) -> pd.DataFrame:
    """Return the share of the full effect by years since the start, as the model has it.

    Returns
    -------
    profiles : DataFrame
        ``profile`` (``first``, ``later``: cash for first and later births; ``marriage``; ``childcare``), ``since``
        [years], ``q05``, ``q25``, ``median``, ``q75``, ``q95`` [%].
    """
    p = parameters
    shares = {
        "first": cash_profile(0, PROFILE_YEARS, p["A10"], DEPLETION * p["A7"], p["A9"]),
        "later": cash_profile(0, PROFILE_YEARS, p["A10"], DEPLETION * p["A8"], p["A9"]),
        "marriage": cash_profile(0, PROFILE_YEARS, p["A10"], p["C2"], p["A9"]),
        "childcare": capacity_weights(len(PROFILE_YEARS), p["B6"], DEPLETION * p["B7"], p["A9"]),
    }
    rows = []
    for name, share in shares.items():
        for since, quantiles in zip(PROFILE_YEARS, np.quantile(100.0 * share, QUANTILES, axis=1).T, strict=True):
            rows.append({"profile": name, "since": since, **dict(zip(NAMES, quantiles.tolist(), strict=True))})
    return pd.DataFrame(rows)
