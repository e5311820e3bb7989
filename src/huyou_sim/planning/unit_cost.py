"""What a birth costs: additional costs of packages over births gained, never over next to none without a word.

Two figures stand beside each other. In the period: what births, marriages and places up to the target year were
promised, over births gained up to it. Lasting: what was promised up to a later year, over births gained up to that
year without relocated ones; births that were only moved forward are paid back by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.priors import generator
from huyou_sim.planning.gains import GAINED, LASTING
from huyou_sim.planning.targets import TARGET_YEAR
from huyou_sim.policy.adjust import START, settable, settable_keys
from huyou_sim.policy.costs import LEVELS, PAYERS
from huyou_sim.policy.measures import OPEN_TABLES

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.policy import PolicyContext, Scenario
    from huyou_sim.policy.costs import Prices
    from huyou_sim.policy.setting import LeverKey

    Array = NDArray[np.float64]

RISE = 0.5
"""Fewest births gained over which a cost is a cost per birth [births]: less than one birth by half is none."""

RESAMPLES = 500
"""Of the draws, for the Monte Carlo band of a mean or of a ratio of means."""

PLAN_YEARS = tuple(range(START, TARGET_YEAR + 1))
"""Years over which the share of the budget is the mean."""

BAND = (0.05, 0.5, 0.95)

COLUMNS = (
    "scenario", "quantity", "unit_costs", "value", "value_q05", "value_q95", "q05", "q50", "q95",
    "probability_none", "probability_none_error", "unit",
)  # fmt: skip
"""Of the table of costs. ``value``: mean over draws, or ratio of two means; ``value_q05``, ``value_q95``: its Monte
Carlo band from resampled draws; ``q05``, ``q50``, ``q95``: over draws, in which a cost per birth is infinite where
births do not rise; ``probability_none``: share of such draws."""


@dataclass(frozen=True, eq=False)
class Accounts:
    """Births and additional costs of packages in every draw.

    Parameters
    ----------
    scenarios : tuple of str
    births_period, births_lasting : (scenario, draw) [births]
        Beyond the counterfactual: to the target year; to the last year, without relocated ones.
    cost_period, cost_lasting, cost_discounted : (scenario, draw, payer, level) [yuan]
        Additional to the counterfactual, with what is promised for later: to the target year; to the last year; the
        same discounted to the base year.
    cost_year, children : (scenario, draw, level) [yuan], (scenario, draw) [persons]
        What falls due in the target year, and residents under 3 at its end.
    cost_plan : (scenario, draw, level) [yuan per year]
        What falls due in the years of the plan, their mean.
    budget : float [yuan per year]
    effective : float
    """

    scenarios: tuple[str, ...]
    births_period: Array
    births_lasting: Array
    cost_period: Array
    cost_lasting: Array
    cost_discounted: Array
    cost_year: Array
    cost_plan: Array
    children: Array
    budget: float
    effective: float


def accounts_of(
    gains: xr.Dataset, whole: xr.DataArray, period: xr.DataArray, children: xr.DataArray, price: Prices
) -> Accounts:
    """Return births and costs of packages by draw.

    Parameters
    ----------
    gains : xarray.Dataset
        From `gains.differences`.
    whole, period : (scenario, draw, payer, level, year) [yuan]
        From `gains.additional_costs`, of all years and of those to the target year.
    children : (scenario, draw, year) [persons]
        Residents under 3.
    price : Prices
    """
    order = ("scenario", "draw", "payer", "level", "year")
    all_years, to_target = whole.transpose(*order), period.transpose(*order)
    factor = (1.0 + price.discount) ** -(all_years["year"] - price.base_year)
    due = all_years.sum("payer")
    births = {name: gains[name].transpose("scenario", "draw", "year") for name in (GAINED, LASTING)}
    keys = [str(key) for key in gains["scenario"].values]
    here = children.sel(scenario=keys, year=TARGET_YEAR).transpose("scenario", "draw")
    return Accounts(
        scenarios=tuple(keys),
        births_period=births[GAINED].sel(year=TARGET_YEAR).values,
        births_lasting=births[LASTING].isel(year=-1).values,
        cost_period=to_target.sum("year").values,
        cost_lasting=all_years.sum("year").values,
        cost_discounted=(all_years * factor).sum("year").values,
        cost_year=due.sel(year=TARGET_YEAR).values,
        cost_plan=due.sel(year=list(PLAN_YEARS)).mean("year").values,
        children=here.values,
        budget=price.budget,
        effective=float(gains.attrs["effective_draws"]),
    )


def per_birth(cost: Array, births: Array) -> Array:
    """Return cost over births [yuan per birth], infinite where births do not rise by `RISE`."""
    rises = births > RISE
    found: Array = np.where(rises, cost / np.where(rises, births, 1.0), np.inf)
    return found


def quantiles(values: Array, levels: tuple[float, ...] = BAND) -> list[float]:
    """Return quantiles of values, (draw,); order statistics where some are infinite, since nothing lies between."""
    if np.isfinite(values).all():
        return [float(one) for one in np.quantile(values, levels)]
    ordered = np.sort(values)
    return [float(ordered[max(ceil(level * len(ordered)) - 1, 0)]) for level in levels]


def cost_figures(accounts: Accounts, seed: int) -> pd.DataFrame:
    """Return `COLUMNS` of all packages: births, costs, costs per birth and child, share of the budget.

    Parameters
    ----------
    accounts : Accounts
    seed : int
        Of the resampling.
    """
    draws = accounts.births_period.shape[1]
    # As many draws are resampled as there are independent ones: errors of a chain are not understated.
    size = max(round(accounts.effective), 1)
    weights = generator(seed, "resampled draws of a comparison").multinomial(
        size, np.full(draws, 1.0 / draws), size=RESAMPLES
    )
    rows = [
        {"scenario": key, "quantity": name, "unit_costs": level} | figures
        for i, key in enumerate(accounts.scenarios)
        for (name, level), figures in _figures(accounts, i, weights / size).items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _figures(a: Accounts, i: int, weights: Array) -> Mapping[tuple[str, str], dict[str, object]]:
    """Return the figures of one package by quantity and level of unit costs."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    one = np.ones_like(a.births_period[i])

    def add(name: str, level: str, top: Array, bottom: Array, unit: str) -> None:
        found[name, level] = _figure(top, bottom, weights, a.effective, unit, divides=bottom is not one)

    add("births_period", "", a.births_period[i], one, "births")
    add("births_lasting", "", a.births_lasting[i], one, "births")
    for k, level in enumerate(LEVELS):
        period, lasting, discounted = (
            cost[i, :, :, k].sum(axis=1) for cost in (a.cost_period, a.cost_lasting, a.cost_discounted)
        )
        add("cost_period", level, period, one, "yuan")
        for p, payer in enumerate(PAYERS):
            add(f"cost_period_{payer}", level, a.cost_period[i, :, p, k], one, "yuan")
        add("cost_lasting", level, lasting, one, "yuan")
        add("cost_lasting_discounted", level, discounted, one, "yuan")
        add("per_birth_period", level, period, a.births_period[i], "yuan per birth")
        add("per_birth_lasting", level, lasting, a.births_lasting[i], "yuan per birth")
        add("per_birth_lasting_discounted", level, discounted, a.births_lasting[i], "yuan per birth")
        child = a.cost_year[i, :, k] / np.maximum(a.children[i], 1.0)
        add("per_child", level, child, one, "yuan per child and year")
        add("budget_share", level, 100.0 * a.cost_plan[i, :, k] / a.budget, one, "%")
    return found


def _figure(
    top: Array, bottom: Array, weights: Array, effective: float, unit: str, *, divides: bool
) -> dict[str, object]:
    """Return mean or ratio of means with its Monte Carlo band, and the band over draws."""
    tops, bottoms = weights @ top, weights @ bottom
    value, again, series = (
        (per_birth(top.mean(), bottom.mean()), per_birth(tops, bottoms), per_birth(top, bottom))
        if divides
        else (top.mean(), tops, top)
    )
    none = float((bottom <= RISE).mean()) if divides else float("nan")
    low, high = quantiles(again, (0.05, 0.95))
    q05, q50, q95 = quantiles(series)
    return {
        "value": float(value), "value_q05": low, "value_q95": high, "q05": q05, "q50": q50, "q95": q95,
        "probability_none": none,
        "probability_none_error": float(probability_error(none, effective)) if divides else float("nan"),
        "unit": unit,
    }  # fmt: skip


def unpriced_levers(scenario: Scenario, against: Scenario, economy: PolicyContext) -> tuple[str, ...]:
    """Return the levers that a package sets unlike the counterfactual and that no known payment buys.

    Their births count and their cost does not, so that a cost per birth flatters the package.
    """
    before = {setting.key: setting.value for setting in against.settings}
    changed = [setting.key for setting in scenario.settings if before.get(setting.key) != setting.value]
    plain = [key for key in settable_keys() if key.count(".") == 1 and not settable(key, economy).priced]
    return tuple(key for key in plain if any(_sets(one, *key.split(".")) for one in changed))


def _sets(key: LeverKey, table: str, quantity: str) -> bool:
    """Return whether a setting holds a quantity: by itself, or as part of a measure that is set whole."""
    return key[0] == table and (table not in OPEN_TABLES or key[1] == quantity)
