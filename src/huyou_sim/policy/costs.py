"""What scenarios cost: quantities times unit costs, by measure, payer and year.

Costs are nominal at the unit costs of the evidence, which do not grow with wages. Amounts of a table are rounded to the
cent (fen) and add up: payers to measures, measures and years to totals, with nothing lost to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.errors import ArgumentError, PackError, Problem, suggest
from huyou_sim.policy.quantities import MEASURES, quantities

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.scenario import Scenario

    Array = NDArray[np.float64]

PAYERS = ("city", "province", "state")
"""Who pays, in the order of all tables."""

LEVELS = ("low", "central", "high")
"""Unit costs: of every measure the low, the central or the high value."""

NATIONAL = "national_childcare_subsidy"
"""The measure that is paid in every scenario, by the state, and is nobody's choice here."""

DISCOUNTING = "discounting"
JOINED = " * "
NO_ITEM = "none"
CENT = 100.0


@dataclass(frozen=True, eq=False)
class Prices:
    """What a unit of each measure costs, and who pays.

    Parameters
    ----------
    units : (measure, level) [yuan per unit]
        In the order of `MEASURES` and `LEVELS`.
    shares : (measure, payer) [1]
        Adding up to 1 over payers.
    discount : float [per year]
    base_year : int
        To which costs are discounted.
    budget : float [yuan per year]
        General public budget expenditure of the base year; NaN where none is known.
    """

    units: Array
    shares: Array
    discount: float
    base_year: int
    budget: float


def prices(pack: Pack) -> Prices:
    """Return unit costs, payers and discount rate of a place's evidence, and its budget.

    Raises
    ------
    PackError
        When a measure has no price or no payer, names a unit cost that is not there, or shares do not add up.
    """
    base_year = pack.start_date.year + 1
    found = _factors(pack)
    units = np.stack([found[measure] for measure in MEASURES])
    rows = pack.economy[(pack.economy["name"] == "general_budget_expenditure") & (pack.economy["year"] == base_year)]
    budget = float(rows["value"].iloc[0]) if len(rows) == 1 else float("nan")
    return Prices(units, _shares(pack), float(found[DISCOUNTING][1]), base_year, budget)


def _factors(pack: Pack) -> Mapping[str, Array]:
    """Return low, central and high price of each measure: factors times unit costs, summed over its items."""
    known = pack.evidence["unit_costs"].set_index("item")
    found: dict[str, Array] = {}
    problems: list[Problem] = []
    for row in pack.evidence["cost_items"].to_dict("records"):
        price = np.array([row["factor_low"], row["factor_central"], row["factor_high"]], dtype=np.float64)
        for item in [] if row["items"] == NO_ITEM else str(row["items"]).split(JOINED):
            if item not in known.index:
                fix = suggest(item, known.index)
                problems.append(Problem("items", f"'{item}'", "items of unit_costs.csv", fix, "cost_items.csv"))
                continue
            price = price * known.loc[item, ["value_low", "value_central", "value_high"]].to_numpy(dtype=np.float64)
        found[str(row["measure"])] = found.get(str(row["measure"]), 0.0) + price
    missing = [measure for measure in (*MEASURES, DISCOUNTING) if measure not in found]
    problems += [Problem(name, "no row", "at least one", f"Add '{name}'.", "cost_items.csv") for name in missing]
    if problems:
        raise PackError(problems)
    return MappingProxyType(found)


def _shares(pack: Pack) -> Array:
    table = pack.evidence["cost_payers"].set_index(["measure", "payer"])["share"]
    found = np.array([[float(table.get((measure, payer), 0.0)) for payer in PAYERS] for measure in MEASURES])
    wrong = [
        Problem(measure, f"shares that add up to {total:g}", "1", "Correct the shares.", "cost_payers.csv")
        for measure, total in zip(MEASURES, found.sum(axis=1), strict=True)
        if abs(total - 1.0) > 1e-9
    ]
    if wrong:
        raise PackError(wrong)
    return found


def total_costs(quantity: Array, price: Prices, *, payers: Sequence[str] = PAYERS, national: bool = False) -> Array:
    """Return what all years cost, what was promised for later ones included.

    Parameters
    ----------
    quantity : (scenario, measure, draw, year)
        From `quantities`.
    price : Prices
    payers : sequence of str
        Whose payments count.
    national : bool
        Whether the national subsidy counts.

    Returns
    -------
    costs : (scenario, draw, level) [yuan]
    """
    paid = price.shares[:, [PAYERS.index(payer) for payer in payers]].sum(axis=1)
    weights = price.units * paid[:, None]
    if not national:
        weights[MEASURES.index(NATIONAL)] = 0.0
    costs: Array = np.einsum("smdy,ml->sdl", quantity, weights)
    return costs


def cost_table(
    scenarios: Sequence[Scenario],
    indicators: xr.Dataset,
    economy: PolicyContext,
    price: Prices,
    *,
    areas: Sequence[str],
    against: str | None = None,
) -> pd.DataFrame:
    """Return what scenarios cost by measure, payer and year: means over draws.

    Parameters
    ----------
    scenarios : sequence of Scenario
    indicators : xarray.Dataset
        By (scenario, draw, area, year), with `quantities.NEEDED`.
    economy : PolicyContext
    price : Prices
    areas : sequence of str
        Areas that add up to the place.
    against : str, optional
        The scenario over which additional costs are counted; without one, nothing is taken off.

    Returns
    -------
    table : DataFrame
        scenario, measure, payer, year, promised (a payment after the last projected year), cost_low, cost, cost_high
        [yuan, nominal], discounted [yuan of the base year], additional_low, additional, additional_high [yuan],
        budget_share [%, of the general public budget of the base year, of `cost`]. Rows without any cost are left out.

    Raises
    ------
    ArgumentError
        When `against` is not among the scenarios, or an indicator is missing.
    """
    keys = [scenario.key for scenario in scenarios]
    if against is not None and against not in keys:
        raise ArgumentError(Problem("against", f"'{against}'", "one of the scenarios", suggest(against, keys)))
    counted, years = quantities(scenarios, indicators, economy, areas)
    mean = counted.mean(axis=2)
    cents = split_cents(mean[..., None] * price.units[:, None, :], price.shares)
    factor = (1.0 + price.discount) ** -(np.array(years) - price.base_year)
    present = split_cents(mean * price.units[:, 1, None] * factor, price.shares)
    other = cents[keys.index(against)] if against is not None else np.zeros_like(cents[0])
    last = int(indicators["year"].values[-1])
    rows = []
    for s, m, p, y in np.argwhere(((cents != 0) | (other != 0)).any(axis=-1)).tolist():
        amount, more = cents[s, m, p, y] / CENT, (cents[s, m, p, y] - other[m, p, y]) / CENT
        rows.append(
            {
                "scenario": keys[s], "measure": MEASURES[m], "payer": PAYERS[p], "year": years[y],
                "promised": years[y] > last,
                "cost_low": amount[0], "cost": amount[1], "cost_high": amount[2],
                "discounted": present[s, m, p, y] / CENT,
                "additional_low": more[0], "additional": more[1], "additional_high": more[2],
                "budget_share": 100.0 * amount[1] / price.budget,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


COLUMNS = (
    "scenario", "measure", "payer", "year", "promised", "cost_low", "cost", "cost_high", "discounted",
    "additional_low", "additional", "additional_high", "budget_share",
)  # fmt: skip


def split_cents(yuan: Array, shares: Array) -> NDArray[np.int64]:
    """Return amounts in whole cents, split among payers so that they add up to the rounded amount.

    Parameters
    ----------
    yuan : (scenario, measure, year, ...) [yuan]
    shares : (measure, payer) [1]

    Returns
    -------
    cents : (scenario, measure, payer, year, ...) [cent]
        The largest payer takes what rounding leaves.
    """
    whole = np.rint(yuan * CENT).astype(np.int64)
    spread = shares.reshape(1, *shares.shape, *(1,) * (yuan.ndim - 2))
    found = np.rint(whole[:, :, None] * spread).astype(np.int64)
    left = whole - found.sum(axis=2)
    largest = shares.argmax(axis=1)
    for measure, payer in enumerate(largest):
        found[:, measure, payer] += left[:, measure]
    return found
