"""Transfers at and after birth: present value in years of income, and the log effect on birth hazards by order.

Source: evidence, section 3, form 1, with priors A1-A11 and A16. What is not cash counts as the cash that it is worth to
a family, times the weight of its prior: housing A12, tax A13, leave and employers A14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.policy.profiles import cash_profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.measures import Levers

    FloatArray = NDArray[np.float64]

ORDERS = (1, 2, 3)
"""Birth orders of the model; the last stands for itself and all above."""

DEPLETION = 0.5
"""Share of a tempo share that is still to be taken off [1]: age x parity hazards deplete the women who may bear,
which is the other half. Source: evidence, section 3, form 1."""


HOUSING, TAX, LEAVE = "A12", "A13", "A14"
"""Priors by which families weigh housing, tax saved and leave against cash."""

LEGAL_LEAVE = 158.0 / 365.0
"""When leave beyond the law begins [years after birth]. Source: unit costs, leave of Zhejiang after a first birth."""


@dataclass(frozen=True)
class Transfer:
    """Payments for one birth of an order.

    Parameters
    ----------
    order : int
    yuan, at : (payment,) [yuan], [years after birth]
    start, end : int, int or None
        First and last year whose births qualify.
    local : bool
        Paid by the place alone, so that part of the effect is relocation.
    enrolled_only : bool
        Paid only for children in childcare.
    weight : str, optional
        Id of the prior by which families weigh it against cash.
    share : float [1]
        Of the families of the order that get it.
    indexed : bool
        Whether it grows with incomes, as wages and rents do; a fixed amount loses worth.
    """

    order: int
    yuan: tuple[float, ...]
    at: tuple[float, ...]
    start: int
    end: int | None = None
    local: bool = True
    enrolled_only: bool = False
    weight: str | None = None
    share: float = 1.0
    indexed: bool = False

    def present_value(self, discount: FloatArray) -> FloatArray:
        """Return the worth at birth of all payments, (draw,) [yuan]: ``sum(yuan / (1 + discount) ** at)``.

        Parameters
        ----------
        discount : (draw,) [per year]
            Households' rate, prior A11.
        """
        at, yuan = np.array(self.at), np.array(self.yuan)
        value: FloatArray = (yuan[:, None] * (1.0 + discount) ** -at[:, None]).sum(axis=0)
        return value

    def active(self, years: range) -> NDArray[np.bool_]:
        """Return whether births of each year qualify."""
        last = years[-1] if self.end is None else self.end
        active: NDArray[np.bool_] = (np.array(years) >= self.start) & (np.array(years) <= last)
        return active


def _monthly(yuan: float, months: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return (yuan,) * months, tuple(month / 12.0 for month in range(months))


def transfers(levers: Levers, context: PolicyContext) -> tuple[Transfer, ...]:
    """Return all payments for births of a scenario, and what counts as payment; the national subsidy among them."""
    national = levers.national_childcare_subsidy
    found = [
        Transfer(order, *_monthly(national.yuan_per_year / 12.0, national.months), national.start, local=False)
        for order in ORDERS
    ]
    for grant in levers.birth_grant:
        yuan = (grant.yuan / grant.payment_years,) * grant.payment_years
        found.append(Transfer(grant.order, yuan, tuple(map(float, range(len(yuan)))), grant.start, grant.end))
    for allowance in levers.childcare_allowance:
        yuan, at = _monthly(allowance.yuan_per_month, allowance.months)
        found.append(
            Transfer(allowance.order, yuan, at, allowance.start, allowance.end, enrolled_only=allowance.enrolled_only)
        )
    return (*found, *_tax(levers, context), *_housing(levers, context), *_leave(levers, context))


def _tax(levers: Levers, context: PolicyContext) -> list[Transfer]:
    """Return the tax that families save: the state's rule, so that nobody moves for it."""
    tax = levers.tax_deduction
    if tax is None:
        return []
    saved = _monthly(tax.yuan_per_month * context.tax_saved_per_yuan, tax.months)
    return [Transfer(order, *saved, tax.start, tax.end, local=False, weight=TAX) for order in ORDERS]


def _housing(levers: Levers, context: PolicyContext) -> list[Transfer]:
    """Return what coupons, cheaper rents and larger loans are worth to the families that use them."""
    found = [
        Transfer(
            coupon.order, (coupon.yuan,), (0.0,), coupon.start, coupon.end,
            weight=HOUSING, share=coupon.take_up_percent / 100.0,
        )
        for coupon in levers.housing_coupon
    ]  # fmt: skip
    if (rent := levers.rent_reduction) is not None:
        saved = _monthly(context.market_rent * rent.percent / 100.0, rent.months)
        share = rent.take_up_percent / 100.0
        found += [
            Transfer(order, *saved, rent.start, rent.end, weight=HOUSING, share=share, indexed=True)
            for order in ORDERS[rent.from_order - 1 :]
        ]
    if (loan := levers.provident_fund_loan) is not None:
        worth = ((context.provident_fund_worth * loan.limit_raised_percent,), (0.0,))
        share = loan.take_up_percent / 100.0
        found += [
            Transfer(order, *worth, loan.start, loan.end, weight=HOUSING, share=share)
            for order in ORDERS[loan.from_order - 1 :]
        ]
    return found


def _leave(levers: Levers, context: PolicyContext) -> list[Transfer]:
    """Return the wage of extra leave, and what employers get for mothers on leave, as if mothers had it."""
    share = context.employed_share_mothers
    found = [
        Transfer(
            leave.order, (leave.extra_days * context.wage_per_leave_day,), (LEGAL_LEAVE,), leave.start, leave.end,
            weight=LEAVE, share=share, indexed=True,
        )
        for leave in levers.maternity_leave
    ]  # fmt: skip
    if (employer := levers.employer_subsidy) is not None:
        paid = _monthly(employer.yuan_per_month, employer.months)
        found += [Transfer(order, *paid, employer.start, employer.end, weight=LEAVE, share=share) for order in ORDERS]
    return found


def doses(
    payments: Sequence[Transfer],
    years: range,
    context: PolicyContext,
    parameters: Mapping[str, FloatArray],
    enrolled: FloatArray,
) -> dict[int, FloatArray]:
    """Return the dose of payments by their start: present value over the year's disposable income.

    Parameters
    ----------
    payments : sequence of Transfer
    years : range
    context : PolicyContext
    parameters : mapping of prior id to (draw,)
        The discount rate A11, and weights where payments have one.
    enrolled : (draw,) [1]
        Share of children in childcare, which weighs payments for the enrolled only.

    Returns
    -------
    doses : mapping of start to (order, year, draw) [years of income per head]
    """
    discount = parameters["A11"]
    income = np.array([context.income(year) for year in years])
    found: dict[int, FloatArray] = {}
    for payment in payments:
        value = payment.share * payment.present_value(discount) * (enrolled if payment.enrolled_only else 1.0)
        if payment.weight is not None:
            value = value * parameters[payment.weight]
        unit = context.disposable_income if payment.indexed else income[:, None]
        dose = np.where(payment.active(years)[:, None], value / unit, 0.0)
        by_start = found.setdefault(payment.start, np.zeros((len(ORDERS), len(years), len(discount))))
        by_start[ORDERS.index(payment.order)] += dose
    return found


def saturating(dose: FloatArray, slope: FloatArray, ceiling: FloatArray) -> FloatArray:
    """Return ``ceiling * (1 - exp(-slope * dose / ceiling))``, exactly 0 at dose 0."""
    effect: FloatArray = -ceiling * np.expm1(-slope * dose / ceiling)
    return effect


def cash_effect(
    payments: Sequence[Transfer],
    years: range,
    context: PolicyContext,
    parameters: Mapping[str, FloatArray],
    enrolled: FloatArray,
) -> FloatArray:
    """Return the log effect of payments on marital birth hazards, before the ceiling over all levers.

    Parameters
    ----------
    payments : sequence of Transfer
    years : range
    context : PolicyContext
    parameters : mapping of prior id to (draw,)
    enrolled : (draw,) [1]

    Returns
    -------
    effect : (order, year, draw) [log]
        ``T * m_order * A * (1 - exp(-b * x / A))`` times the time profile. Where payments begin in different
        years, each has its own profile on what it adds to those before it, so that doses share one saturation.
        First births also get A16 times the second-birth effect of what is paid for second births only.
    """
    p = parameters
    by_start = doses(payments, years, context, p, enrolled)
    parity = np.stack([p["A4"], p["A5"], p["A6"]])[:, None, :]
    total = np.zeros((len(ORDERS), len(years), len(p["A1"])))
    effect = np.zeros_like(total)
    before = np.zeros_like(total)
    for start in sorted(by_start):
        total = total + by_start[start]
        full = p["A3"] * parity * saturating(total, p["A1"], p["A2"])
        profile = np.stack(
            [
                cash_profile(start, years, p["A10"], DEPLETION * p["A7" if order == 1 else "A8"], p["A9"])
                for order in ORDERS
            ]
        )
        effect += (full - before) * profile
        before = full
    return _with_cross_parity(effect, total, p["A16"])


def _with_cross_parity(effect: FloatArray, dose: FloatArray, fraction: FloatArray) -> FloatArray:
    """Add to first births the effect of what only later births get, prior A16."""
    later_only = np.maximum(dose[1] - dose[0], 0.0)
    share = np.divide(later_only, dose[1], out=np.zeros_like(later_only), where=dose[1] > 0)
    crossed = effect.copy()
    crossed[0] += fraction * share * effect[1]
    return crossed
