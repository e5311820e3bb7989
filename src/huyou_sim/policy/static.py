"""The static table of the evidence, made again from the same priors with the functions of the model itself.

Conventions of the evidence, section 5, taken from its figures where it does not say them:

* Total fertility 0.89 by order, 21,000 births, incomes of 2021 that do not grow; the ceiling X1 over all levers holds.
* The effect of the first years is the full one: after the ramp, before any tempo part has faded.
* The lasting effect is without the whole tempo share (the model takes half of it, since its hazards deplete the women
  who may bear), and of local payments without the share that is relocation (A15). Nothing crosses orders (A16 = 0).
* Payments cost their present value at the households' rate, for the births that they bring as well.
* A change of ideals moves total fertility by kappa (D2) times itself. Childcare counts with what it does through
  marriage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from huyou_sim.errors import PackError, Problem
from huyou_sim.policy.cash import ORDERS, Transfer, cash_effect, transfers
from huyou_sim.policy.childcare import coverage
from huyou_sim.policy.costs import Prices
from huyou_sim.policy.courses import Course, course, enrolled_share
from huyou_sim.policy.effects import ceiled
from huyou_sim.policy.measures import (
    AssistedReproduction,
    BirthGrant,
    Childcare,
    ChildcareAllowance,
    Ideals,
    Levers,
    MarriageGrant,
    NationalSubsidy,
)
from huyou_sim.policy.profiles import FADE_FROM, RAMP_LAG
from huyou_sim.policy.quantities import MEASURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.policy.context import PolicyContext

    FloatArray = NDArray[np.float64]
    Parameters = Mapping[str, FloatArray]

TFR_BY_ORDER = np.array([0.532, 0.338, 0.020])
"""Total fertility rate by order, Huzhou 2021 [children per woman]. Source: evidence, section 1."""

BIRTHS = 21_000.0
"""Births of residents, Huzhou 2021. Source: evidence, section 1."""

RESIDENTS, CHILDREN = 3_407_000.0, 70_500.0
"""Residents, and children under 3 (66,000 to 75,000), Huzhou 2021 [persons]. Source: evidence, section 1."""

START = 2022
FULL = range(2021, START + int(FADE_FROM) + 1)
"""Years up to the one in which a lever that begins in `START` has its full effect and none has faded."""

CAMPAIGN_YEARS = 5
BAND = (0.05, 0.5, 0.95)

TIANMEN_INCOME = 38_000.0
"""Disposable income per head [yuan per year]. Source: evidence.csv, A39."""

TIANMEN_CASH = (0.0, 31_100.0, 45_000.0)
"""Cash by order [yuan]. Source: unit_costs.csv, central values."""

TIANMEN_COUPON, TAKE_UP = (0.0, 50_000.0, 120_000.0), 0.15
"""Housing coupon by order [yuan], of which prior A12 is worth cash, and the share of births whose parents use one (10
to 20 %). Source: unit_costs.csv; the second from its central, the third from its high value."""

MIXES: Mapping[str, FloatArray] = MappingProxyType(
    {"tianmen": TFR_BY_ORDER, "tianmen_2017": np.array([0.67, 0.81, 0.11])}
)
"""Births by order to which the grants of Tianmen are applied: of Huzhou, and of the nation in 2017 (evidence.csv, C05).
Its own are not known."""

FEWER_CHILDREN, LOWER_FEE = 50_000.0, 0.9
"""Children under 3 once births have fallen during the lag of places [persons], and what is left of the fee [1]: a guess
at what the published effect of places rests on, shown as `places_fewer`."""

VARIANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"places": ("places", "places_fewer"), "tianmen": tuple(MIXES)}
)
"""Rows that stand beside one published row: the second is what would explain the difference."""

WHY: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("places", "births"): "children",
        ("places", "lasting_tfr"): "children",
        ("places", "cost"): "ages",
        ("places", "cost_all_enrolled"): "ages",
        ("tianmen", "births"): "mix",
        ("places_fewer", "cost"): "ages",
        ("places_fewer", "cost_all_enrolled"): "ages",
    }
)
"""Code of the reason for a difference, by package and quantity."""

OPEN = "open"
"""Code where no reason is known."""


def static_packages() -> Mapping[str, Levers]:
    """Return the eleven packages of the static table."""

    def grants(*yuan: float, years: Sequence[int] = (1, 1, 1)) -> Levers:
        given = [
            BirthGrant(order=order, yuan=amount, start=START, payment_years=count)
            for order, amount, count in zip(ORDERS, yuan, years, strict=True)
            if amount
        ]
        return _levers(birth_grant=tuple(given))

    def monthly(*orders: int) -> Levers:
        given = [ChildcareAllowance(order=each, yuan_per_month=1000.0, months=36, start=START) for each in orders]
        return _levers(childcare_allowance=tuple(given))

    year = str(START)
    places = Childcare(places_per_1000={year: 4.60}, inclusive_share_percent={year: 60.0})
    found = {
        "national": Levers(national_childcare_subsidy=NationalSubsidy(start=START)),
        "hangzhou": grants(0.0, 7_000.0, 25_000.0),
        "monthly_later": monthly(2, 3),
        "monthly_all": monthly(*ORDERS),
        "hohhot": grants(10_000.0, 50_000.0, 100_000.0, years=(1, 5, 10)),
        "large": grants(50_000.0, 100_000.0, 200_000.0),
        "places": _levers(childcare=places),
        "marriage_grant": _levers(marriage_grant=MarriageGrant(yuan=20_000.0, start=START)),
        "campaigns": _levers(ideals=Ideals(campaign_events_per_year={year: 1000.0})),
        "ideal": _levers(ideals=Ideals(ideal_children={year: 1.80})),
        "assisted_reproduction": _levers(assisted_reproduction=AssistedReproduction(cover_share=1.0, start=START)),
    }
    return MappingProxyType(found)


def _levers(**given: object) -> Levers:
    """Return levers without the national subsidy."""
    return Levers.model_validate({"national_childcare_subsidy": NationalSubsidy(yuan_per_year=0.0), **given})


def unfaded(parameters: Parameters) -> dict[str, FloatArray]:
    """Return parameters under which a lever has its full effect in the last of `FULL` and nothing fades or crosses."""
    nothing = np.zeros_like(parameters["A1"])
    swift = {"A10": nothing + RAMP_LAG, "B6": nothing + 1.0}
    return {**parameters, **swift, **dict.fromkeys(("A7", "A8", "A16", "B7", "C2"), nothing)}


def full_cash(payments: Sequence[Transfer], context: PolicyContext, parameters: Parameters) -> FloatArray:
    """Return the full log effect of payments on marital birth hazards by order, before ceiling, ramp and tempo.

    Parameters
    ----------
    payments : sequence of Transfer
        From `START` on.
    context : PolicyContext
        Incomes stay those of its base year.
    parameters : mapping of prior id to (draw,)

    Returns
    -------
    effect : (order, draw) [log]
    """
    still = replace(context, income_growth=0.0)
    enrolled = enrolled_share(context, parameters)
    return cash_effect(payments, range(FULL[-1], FULL[-1] + 1), still, unfaded(parameters), enrolled)[:, 0]


def static_effects(
    package: str, levers: Levers, context: PolicyContext, parameters: Parameters, price: Prices
) -> dict[str, FloatArray]:
    """Return what one package of `static_packages` does under the conventions of the static table.

    Returns
    -------
    effects : dict of (draw,)
        ``births`` [%], ``lasting_tfr`` [children per woman], ``hazard`` and ``lasting_hazard`` of first marriage [%],
        ``cost`` [million yuan per year] and its parts: those that the package has.
    """
    p, still = parameters, replace(context, income_growth=0.0)
    now = course(levers, FULL, still, unfaded(p))
    cost = {"cost": np.full_like(p["A1"], unit_cost(price, "campaigns") * 1000.0 / 1e6)}
    if package == "places":
        return _places(now, p, price, CHILDREN)
    if package == "marriage_grant":
        full = now.marriage[-1]
        return {"hazard": percent(full), "lasting_hazard": percent(full * (1.0 - p["C2"]))}
    if package == "ideal":
        return {"lasting_tfr": p["D2"] * now.ideal_change[-1]}
    if package == "campaigns":
        years = range(FULL[0], START + CAMPAIGN_YEARS)
        return {"lasting_tfr": p["D2"] * course(levers, years, still, p).ideal_change[-1], **cost}
    if package == "assisted_reproduction":
        full = now.assisted_reproduction[-1]
        return {"births": percent(full), "lasting_tfr": TFR_BY_ORDER.sum() * np.expm1(full)}
    return _cash(now, levers, context, p)


def percent(effect: FloatArray) -> FloatArray:
    """Return a log effect as a change in per cent."""
    change: FloatArray = 100.0 * np.expm1(effect)
    return change


def births_gained(effect: FloatArray, mix: FloatArray) -> FloatArray:
    """Return the gain of births in per cent, (draw,), of log effects (order, draw) and births by order (order,)."""
    gain: FloatArray = 100.0 * (mix[:, None] * np.expm1(effect)).sum(axis=0) / mix.sum()
    return gain


def _cash(now: Course, levers: Levers, context: PolicyContext, p: Parameters) -> dict[str, FloatArray]:
    effect = ceiled(now.cash[:, -1], p["X1"])
    local = np.any(now.cash[:, -1] != now.national_cash[:, -1])
    tempo = np.stack([p["A7"], p["A8"], p["A8"]])
    kept = 1.0 - p["A15"] if local else 1.0
    value = np.zeros_like(effect)
    for payment in transfers(levers, context):
        value[ORDERS.index(payment.order)] += payment.present_value(p["A11"])
    mix = (TFR_BY_ORDER / TFR_BY_ORDER.sum())[:, None]
    return {
        "births": births_gained(effect, TFR_BY_ORDER),
        "lasting_tfr": (TFR_BY_ORDER[:, None] * np.expm1(effect * (1.0 - tempo))).sum(axis=0) * kept,
        "cost": BIRTHS * (mix * np.exp(effect) * value).sum(axis=0) / 1e6,
    }


def _places(now: Course, p: Parameters, price: Prices, count: float) -> dict[str, FloatArray]:
    """Return the effect of places for so many children, and the residents of section 1 of the evidence."""
    children, thousands = np.full_like(p["B2"], count), RESIDENTS / 1000.0
    covered = coverage(now.capacity.effective[-1] * thousands, children, p["B2"])
    more = covered - coverage(now.capacity.baseline * thousands, children, p["B2"])
    effect = ceiled(p["B1"] * more / 0.1, p["X1"])
    opened = (now.capacity.places[-1] - now.capacity.places[0]) * thousands
    yearly = 12.0 * unit_cost(price, "childcare_running") / 1e6
    return {
        "births": percent(effect),
        "lasting_tfr": TFR_BY_ORDER.sum() * np.expm1(effect * (1.0 - p["B7"])),
        "cost": yearly * more * count,
        "cost_all_enrolled": yearly * covered * count,
        "cost_once": np.full_like(effect, opened * unit_cost(price, "childcare_places") / 1e6),
    }


def _fewer_children(context: PolicyContext, p: Parameters, price: Prices) -> dict[str, FloatArray]:
    """Return the effect of places as `FEWER_CHILDREN` and `LOWER_FEE` would have it."""
    places = static_packages()["places"]
    fee = {"fee_yuan_per_month": {str(START): LOWER_FEE * context.fee}}
    cheaper = places.model_copy(update={"childcare": places.childcare.model_copy(update=fee)})
    now = course(cheaper, FULL, replace(context, income_growth=0.0), unfaded(p))
    return _places(now, p, price, FEWER_CHILDREN)


def unit_cost(price: Prices, measure: str) -> float:
    """Return the central unit cost of a measure [yuan per unit]."""
    return float(price.units[MEASURES.index(measure), 1])


def tianmen(context: PolicyContext, parameters: Parameters, mix: FloatArray) -> FloatArray:
    """Return the gain of births in per cent, (draw,), that the priors expect of the grants of Tianmen in full.

    Parameters
    ----------
    mix : (order,)
        Births by order before the grants.
    """
    worth = float(np.median(parameters["A12"])) * TAKE_UP
    amounts = [cash + worth * coupon for cash, coupon in zip(TIANMEN_CASH, TIANMEN_COUPON, strict=True)]
    payments = [Transfer(order, (yuan,), (0.0,), START) for order, yuan in zip(ORDERS, amounts, strict=True)]
    effect = full_cash(payments, replace(context, disposable_income=TIANMEN_INCOME), parameters)
    return births_gained(ceiled(effect, parameters["X1"]), mix)


def static_table(
    parameters: Parameters, context: PolicyContext, price: Prices, published: pd.DataFrame
) -> pd.DataFrame:
    """Return the static table of the evidence beside what the model's functions make of the same priors.

    Parameters
    ----------
    parameters : mapping of prior id to (draw,)
        Draws of the priors, A12 among them.
    context : PolicyContext
    price : Prices
    published : DataFrame
        Table `static_effects` of the evidence.

    Returns
    -------
    table : DataFrame
        One row per package and quantity: the published ``published``, ``published_q05`` and ``published_q95``; ours as
        ``q05``, ``median`` and ``q95``; ``difference`` of the medians [unit] and their ``ratio``; ``inside``: whether
        our median lies in the published band; ``overlap``: the share of the narrower band that both have; ``why``:
        code of the reason where the median leaves the band or differs by more than a third, and a cost by more than a
        twentieth. Where no band was published ``inside`` and ``overlap`` are empty.
    """
    found = {
        name: static_effects(name, levers, context, parameters, price) for name, levers in static_packages().items()
    }
    found["places_fewer"] = _fewer_children(context, parameters, price)
    found |= {name: {"births": tianmen(context, parameters, mix)} for name, mix in MIXES.items()}
    rows = []
    for package, same in published.groupby("package", sort=False):
        for name in VARIANTS.get(str(package), (str(package),)):
            rows += [_row(row, name, found[name][row["quantity"]]) for row in same.to_dict("records")]
    return pd.DataFrame(rows)


def _row(row: Mapping[Any, Any], package: str, draws: FloatArray) -> dict[str, Any]:
    lower, median, upper = (float(value) for value in np.quantile(draws, BAND))
    quantity, asked, low, high = str(row["quantity"]), float(row["median"]), float(row["q05"]), float(row["q95"])
    banded = not np.isnan(low)
    shared = (min(upper, high) - max(lower, low)) / min(upper - lower, high - low) if banded else np.nan
    inside = low <= median <= high if banded else None
    far = 1.0 / 20.0 if quantity.startswith("cost") else 1.0 / 3.0
    apart = abs(median - asked) > far * abs(asked) or inside is False
    return {
        "package": package, "label_en": row["label_en"], "label_zh": row["label_zh"], "quantity": quantity,
        "unit": row["unit"], "published": asked, "published_q05": low, "published_q95": high,
        "q05": lower, "median": median, "q95": upper, "difference": median - asked, "ratio": median / asked,
        "inside": inside, "overlap": shared, "why": WHY.get((package, quantity), OPEN) if apart else "",
    }  # fmt: skip


def evidence_table(pack: Pack, name: str) -> pd.DataFrame:
    """Return an optional table of a place's evidence.

    Raises
    ------
    PackError
        When its evidence has none.
    """
    if "priors" in pack.evidence and name not in pack.evidence:
        text = "the table, which the comparison rests on"
        raise PackError(
            Problem(f"{name}.csv", "no such table", text, "Copy it from the pack 'evidence'.", str(pack.path))
        )
    return pack.evidence[name]
