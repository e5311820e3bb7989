"""What services, their units and their amounts are called and shown as, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huyou_sim.output.labels import number, text

SERVICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "childcare_places": ("service.childcare_places", "service.unit_places"),
        "childcare_places_plan": ("service.childcare_places_plan", "service.unit_places"),
        "inclusive_places": ("service.inclusive_places", "service.unit_places"),
        "kindergarten_places": ("service.kindergarten_places", "service.unit_places"),
        "kindergarten_classes": ("service.kindergarten_classes", "service.unit_classes"),
        "kindergarten_teachers": ("service.kindergarten_teachers", "service.unit_persons"),
        "kindergarten_carers": ("service.kindergarten_carers", "service.unit_persons"),
        "paediatricians": ("service.paediatricians", "service.unit_persons"),
        "maternity_beds": ("service.maternity_beds", "service.unit_beds"),
        "midwives": ("service.midwives", "service.unit_persons"),
        "orphans": ("service.orphans", "service.unit_persons"),
        "orphan_allowance": ("service.orphan_allowance", "service.unit_money"),
    }
)
"""Service -> keys of its name and of the unit that tables for people have."""

_MONEY = {"en": 1_000.0, "zh": 10_000.0}


def service_label(service: str, lang: str) -> str:
    """Return the name of a service."""
    return text(SERVICES[service][0], lang)


def service_unit(service: str, lang: str, *, plain: bool = False) -> str:
    """Return the unit of a service: thousands of yuan, or 万元, for people; yuan where it is `plain`."""
    key = SERVICES[service][1]
    return text("service.unit_yuan" if plain and key == "service.unit_money" else key, lang)


def divisor(service: str, lang: str) -> float:
    """Return what amounts are divided by to be in the unit for people."""
    return _MONEY[lang] if SERVICES[service][1] == "service.unit_money" else 1.0


def shown(service: str, amount: float, lang: str, *, sign: bool = False) -> str:
    """Return an amount in the unit for people, whole: 17,208; money in Chinese to a tenth."""
    by = divisor(service, lang)
    return number(float(amount) / by, 1 if by == _MONEY["zh"] else 0, sign=sign)
