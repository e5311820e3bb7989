"""Budgets: a total, limits of single years, whose money it is, and how surely it must do.

The rules. Money is what a package adds to its base, in yuan of the day at central unit costs, without the national
subsidy. The total bounds all years together: those in which the levers are counted, and those after them in which what
was promised falls due. A path of limits bounds each calendar year by itself, promises included: a year that the path
does not name has the limit of the last named year before it, and years before the first have the limit of the first.
Without a certainty the mean over draws must keep to every limit; with one, that share of draws must keep to all of them
at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import ArgumentError, Problem, suggest
from huyou_sim.policy.adjust import START
from huyou_sim.policy.costs import NATIONAL, PAYERS, Prices
from huyou_sim.policy.quantities import MEASURES, TAIL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CENTRAL = 1
"""Place of the central unit costs among the levels."""


@dataclass(frozen=True)
class Budget:
    """Most that a package may cost beyond its base.

    Parameters
    ----------
    total : float [yuan]
        Of all years together; infinite where none is given.
    by_year : mapping of year to float [yuan]
        Limits of single years.
    payers : tuple of str
        Whose payments count.
    certainty : float, optional [1]
        Share of draws in which every limit must hold; without one, the mean must.
    """

    total: float = math.inf
    by_year: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    payers: tuple[str, ...] = PAYERS
    certainty: float | None = None

    @property
    def named(self) -> bool:
        """Return whether there is any limit."""
        return math.isfinite(self.total) or bool(self.by_year)

    def times(self, factor: float) -> Budget:
        """Return the budget with every limit times a factor."""
        path = {year: factor * limit for year, limit in self.by_year.items()}
        return replace(self, total=factor * self.total, by_year=MappingProxyType(path))

    def limit(self, year: int) -> float:
        """Return the limit of a year; infinite where there is no path."""
        if not self.by_year:
            return math.inf
        before = [one for one in self.by_year if one <= year]
        return self.by_year[max(before) if before else min(self.by_year)]

    def limits(self, years: Sequence[int]) -> Array:
        """Return the limit of each account, (account,): the total, then each year where there is a path."""
        return np.array([self.total, *([self.limit(year) for year in years] if self.by_year else [])])

    def accounts(self, paid: Array) -> Array:
        """Return payments by year, (..., year), as the accounts that have a limit, (..., account)."""
        total = paid.sum(axis=-1, keepdims=True)
        return np.concatenate([total, paid], axis=-1) if self.by_year else total

    def excess(self, spent: Array, years: Sequence[int]) -> Array:
        """Return by what share of its limit a package goes beyond the worst one, (candidate,); 0 or less when it keeps.

        Parameters
        ----------
        spent : (candidate, sample, account) [yuan]
            Each draw, or their mean as the only sample.
        years : sequence of int
        """
        over = self._over(spent, years)
        level = 1.0 if self.certainty is None else self.certainty
        # The smallest excess that this share of draws stays at or below: no interpolation between two draws.
        found: Array = np.quantile(over, level, axis=-1, method="inverted_cdf")
        return found

    def held(self, spent: Array, years: Sequence[int]) -> Array:
        """Return the share of samples that keep to every limit at once, (candidate,) [1]."""
        found: Array = (self._over(spent, years) <= 0.0).mean(axis=-1)
        return found

    def _over(self, spent: Array, years: Sequence[int]) -> Array:
        """Return the worst relative excess over all limits, (candidate, sample)."""
        limits = self.limits(years)
        bound = np.isfinite(limits)
        if not bound.any():
            return np.full(spent.shape[:-1], -1.0)
        # A limit of zero is measured in yuan.
        over: Array = ((spent[..., bound] - limits[bound]) / np.maximum(limits[bound], 1.0)).max(axis=-1)
        return np.where(np.abs(over) < ROUNDING, 0.0, over)


ROUNDING = 1e-12
"""Excess that is none but the rounding of sums [1]."""


def budget_of(
    limits: Sequence[str],
    *,
    payers: Sequence[str] = (),
    certainty: float | None = None,
    until: int,
) -> Budget:
    """Return a budget as it is typed: ``1e9`` for the total, ``2023=2e8`` for a year.

    Parameters
    ----------
    limits : sequence of str
    payers : sequence of str
        All when empty.
    certainty : float, optional [1]
    until : int
        Last year in which levers are counted; promises fall due after it.

    Raises
    ------
    ArgumentError
        With everything that is wrong.
    """
    total, path = math.inf, dict[int, float]()
    problems: list[Problem] = []
    last = until + TAIL
    for one in limits:
        year, _, amount = one.rpartition("=")
        try:
            value = float(amount)
        except ValueError:
            value = math.nan
        if not 0.0 <= value < math.inf:
            expected = "0 yuan or more"
            fix = "Type --budget 1e9 for a billion in all, --budget 2023=2e8 for a year."
            problems.append(Problem("budget", f"'{one}'", expected, fix))
        elif not year:
            problems += [_twice(one, "total")] if math.isfinite(total) else []
            total = value
        elif not (year.isdecimal() and START <= int(year) <= last):
            expected = f"a year from {START}, when levers begin, to {last}, when the last promise falls due"
            problems.append(Problem("budget", f"'{one}'", expected, f"Type --budget {START}={amount}."))
        else:
            problems += [_twice(one, year)] if int(year) in path else []
            path[int(year)] = value
    problems += [
        Problem("payer", f"'{payer}'", " or ".join(PAYERS), suggest(payer, PAYERS))
        for payer in payers
        if payer not in PAYERS
    ]
    if certainty is not None and not 0.0 < certainty < 1.0:
        fix = f"Type --certainty {certainty / 100.0:g}." if 1.0 < certainty < 100.0 else "Type --certainty 0.9."
        problems.append(Problem("certainty", f"{certainty:g}", "a number above 0 and below 1", fix))
    if problems:
        raise ArgumentError(problems)
    chosen = tuple(payer for payer in PAYERS if payer in payers) or PAYERS
    return Budget(total, MappingProxyType(dict(sorted(path.items()))), chosen, certainty)


def check_named(budget: Budget) -> None:
    """Raise an ArgumentError where a budget has no limit to spend up to."""
    if not budget.named:
        fix = "Type --budget 1e9 for a billion in all, --budget 2023=2e8 for a year."
        raise ArgumentError(Problem("budget", "none", "a limit, since more money never gains less", fix))


def amounts_of(limits: Sequence[str]) -> list[float]:
    """Return budgets as they are typed where each is a total.

    Raises
    ------
    ArgumentError
        With everything that is no amount.
    """
    found, problems = [], []
    for one in limits:
        try:
            found.append(float(one))
        except ValueError:
            fix = "Add --maximise, which limits of years go with." if "=" in one else "Type --budget 1e9 for a billion."
            problems.append(Problem("budget", f"'{one}'", "an amount in yuan", fix))
    if problems:
        raise ArgumentError(problems)
    return found


def _twice(text: str, what: str) -> Problem:
    return Problem("budget", f"'{text}', a second limit of the {what}", "one limit of each", f"Leave out '{text}'.")


def payments(counted: Array, price: Prices, payers: Sequence[str]) -> Array:
    """Return what falls due in each year at central unit costs, without the national subsidy.

    Parameters
    ----------
    counted : (scenario, measure, draw, year)
        From `huyou_sim.policy.quantities.quantities`.
    price : Prices
    payers : sequence of str
        Whose payments count.

    Returns
    -------
    paid : (scenario, draw, year) [yuan]
    """
    weights = price.units[:, CENTRAL] * price.shares[:, [PAYERS.index(payer) for payer in payers]].sum(axis=1)
    weights[MEASURES.index(NATIONAL)] = 0.0
    found: Array = np.einsum("smdy,m->sdy", counted, weights)
    return found


def bills(counted: Array, price: Prices) -> Array:
    """Return what falls due by year, payer and level of unit costs: means over draws, without the national subsidy.

    Parameters
    ----------
    counted : (scenario, measure, draw, year)

    Returns
    -------
    bills : (scenario, year, payer, level) [yuan]
    """
    chosen = np.array([measure != NATIONAL for measure in MEASURES], dtype=np.float64)
    found: Array = np.einsum("smy,ml,mp,m->sypl", counted.mean(axis=2), price.units, price.shares, chosen)
    return found
