"""What can be observed: every indicator of the plan and variable of the model, with unit, population and error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.errors import PackError
from huyou_sim.inference.calibration import base_differs
from huyou_sim.inference.observations import MODEL_BASE, observations
from huyou_sim.inference.published import error_of
from huyou_sim.planning.periods import EXAMPLES, Period, whole_year
from huyou_sim.planning.targets import BASE_YEAR, load_targets
from huyou_sim.variables import variables

if TYPE_CHECKING:
    from huyou_sim.pack import Pack

    Wrong = Callable[[str, str, str, str], None]

SUMS = ("births", "deaths", "first_marriages", "remarriages", "divorces")
"""Variables by age or order, of which indicators hold the sum."""

RATIOS = (
    "share_second_third", "sex_ratio_at_birth", "mean_age_at_birth", "mean_age_at_first_birth",
    "mean_age_at_first_marriage", "infant_mortality_rate",
)  # fmt: skip
"""Of the events of a period, however long."""

SNAPSHOTS = (
    "total_dependency_60", "child_dependency_60", "old_dependency_60",
    "total_dependency_65", "child_dependency_65", "old_dependency_65",
    "married_share_20_29", "ever_married_share_20_29", "median_age", "sex_ratio", "ideal_children",
    "childcare_coverage", "childcare_use_rate",
)  # fmt: skip
"""Of a day, besides what is a stock; the model has them at the end of the year."""

SLIP = 7.0
"""Factor between a figure and the baseline from which one of them has another decimal point or unit."""

BASES = {
    "常住": "resident", "常住人口": "resident", "户籍": "household_registered", "户籍人口": "household_registered",
}  # fmt: skip
"""What offices call the two populations."""

ALL_DIMS = ("scenario", "draw", "area", "year")


@dataclass(frozen=True)
class Subject:
    """One thing that can be observed.

    Parameters
    ----------
    indicator_id : int
        Number in the plan; 0 where the plan does not have it.
    variable : str
        Of the model; empty where the model does not have it.
    measure : {"count", "ratio", "yearly", "day"}
        Events of a period, which add up over its parts; a mean or share of events of a period; a rate for which a
        whole year is needed; a figure of a day.
    units : tuple of str
        That of the table first, and its spelling in Chinese.
    base : str
        Population that the figure describes unless a row says another.
    share : bool
        Whether it lies between 0 and 100 %.
    lower, upper : float [unit]
    error : float [unit]
        Standard error of an indicator that the model does not have.
    baseline : float [unit]
        Last published figure of the place's residents up to the baseline year; not a number where there is none.
    """

    indicator_id: int
    variable: str
    measure: str
    units: tuple[str, ...]
    base: str
    share: bool
    lower: float
    upper: float
    error: float = float("nan")
    baseline: float = float("nan")

    @property
    def name(self) -> str:
        """Return the variable, or ``indicator 12`` where the model has none."""
        return self.variable or f"indicator {self.indicator_id}"

    @property
    def unit(self) -> str:
        """Return the unit of the table."""
        return self.units[0]

    def period_of(self, typed: Period, words: str, column: str, wrong: Wrong) -> Period | None:
        """Return what a figure covers: a day for what is of a day, the year for a flow dated on its last day."""
        if self.measure == "day":
            return Period(typed.end, typed.end)
        if typed == Period(date(typed.year, 12, 31), date(typed.year, 12, 31)):
            return whole_year(typed.year)
        if self.measure == "yearly" and not typed.whole:
            expected = f"a whole year: {self.name} is a rate per year"
            wrong(f"column {column}", f"'{words}'", expected, f"Type {typed.year}, or give counts such as births.")
            return None
        if typed.start == typed.end:
            expected = f"a period, since {self.name} is counted over one: {EXAMPLES}"
            wrong(f"column {column}", f"'{words}'", expected, f"Type {typed.year}-01-01/{typed.end.isoformat()}.")
            return None
        return typed

    def slipped(self, value: float, period: Period, area_share: float) -> tuple[str, str] | None:
        """Return what was expected of a figure that is another power of ten than the baseline, and what to type.

        A slipped decimal point and a count in ten thousands look like that, and no population does so in a few years.

        Parameters
        ----------
        value : float [unit]
        period : Period
        area_share : float [1]
            Of the place's residents.
        """
        usual = self.baseline * (period.share if self.measure == "count" else 1.0)
        usual *= area_share if self.measure == "count" or self.unit == "persons" else 1.0
        if not (usual > 0.0 and value > 0.0 and self.lower >= 0.0):
            return None
        ratio = value / usual
        if 1.0 / SLIP < ratio < SLIP:
            return None
        meant = value / 10.0 ** round(np.log10(ratio))
        return f"a figure near {usual:.4g} {self.unit}, that of the baseline", f"Did you mean {meant:.10g}?"

    def base_of(self, pack: Pack, typed: str, area: str | None, wrong: Wrong) -> str | None:
        """Return the population of a figure: the model's own, or one that the pack has a baseline of."""
        base = BASES.get(typed, typed) or self.base
        if not self.variable:
            if base == self.base:
                return base
            wrong("column population_base", f"'{typed}'", f"{self.base}, as in the plan", "Empty the cell.")
            return None
        if not base_differs(base):
            return base
        if area is not None and bridged_from(pack, self.variable, base, area) is None:
            expected = f"{MODEL_BASE}, or a population of which observations.csv has {self.name} of {BASE_YEAR}"
            where = "column population_base" if typed or area == pack.place.code else "column area"
            fix = f"Type {MODEL_BASE} if it describes residents; else add the figure of {BASE_YEAR} to the pack."
            wrong(where, f"'{base}' in {area}", expected, fix)
            return None
        return base


def subjects(pack: Pack) -> dict[str, Subject]:
    """Return everything that can be observed of a place, by the plan's number and by the model's name."""
    found: dict[str, Subject] = {}
    bases = {int(row["indicator_id"]): str(row["population_base"]) for row in pack.scorecard.to_dict("records")}
    bases |= {one.indicator_id: one.population_base for one in load_targets(pack)}
    errors = {int(row["indicator_id"]): float(row["measurement_error"]) for row in pack.scorecard.to_dict("records")}
    spelt = {int(row["indicator_id"]): str(row["unit_zh"]) for row in pack.scorecard.to_dict("records")}
    ordered = sorted(observations(pack), key=lambda one: one.year)
    published = {one.variable: one.value for one in ordered
                 if (one.area, one.population_base) == (pack.place.code, MODEL_BASE)}  # fmt: skip
    numbers = {}
    for row in pack.indicators.to_dict("records"):
        number, unit = int(row["id"]), str(row["unit"])
        if row["variable"]:
            numbers[str(row["variable"])] = number
            continue
        units = tuple(dict.fromkeys([unit, spelt.get(number, unit)]))
        found[str(number)] = Subject(
            number, "", "day", units, bases.get(number, "administrative"), unit == "%", 0.0, np.inf,
            errors.get(number, float("nan")),
        )  # fmt: skip
    for name, about in variables().items():
        if about.dims != ALL_DIMS and name not in SUMS:
            continue
        number = numbers.get(name, 0)
        one = Subject(
            number, name, measure_of(name), tuple(dict.fromkeys([about.unit, about.unit_zh])),
            bases.get(number, MODEL_BASE), about.unit == "%" and about.upper is not None,
            -np.inf if about.lower is None else about.lower, np.inf if about.upper is None else about.upper,
            baseline=published.get(name, float("nan")),
        )  # fmt: skip
        found[name] = one
        if number:
            found[str(number)] = one
    return found


def measure_of(name: str) -> str:
    """Return what a variable of the model is: count, ratio, yearly or day, as in `Subject`."""
    kind = variables()[name].kind
    if kind == "flow":
        return "count"
    if kind == "stock" or name in SNAPSHOTS:
        return "day"
    return "ratio" if name in RATIOS else "yearly"


def bridged_from(pack: Pack, variable: str, base: str, area: str) -> float | None:
    """Return the published figure of the baseline year of another population [unit], None where the pack has none."""
    if area == pack.place.code:
        for one in load_targets(pack):
            if one.variable == variable and one.population_base == base and np.isfinite(one.baseline):
                return one.baseline
    for seen in observations(pack):
        if (seen.variable, seen.population_base, seen.area, seen.year) == (variable, base, area, BASE_YEAR):
            return seen.value
    return None


def default_error(pack: Pack, subject: Subject, base: str, area: str, period: Period, wrong: Wrong) -> float:
    """Return the standard error of a figure that gives none [unit], for its part of the year and of the residents.

    The pack has that of a year of the whole place. Events of a period, or of an area, are a part of the sample: the
    error of a count goes with the root of the part, that of a mean or share with one over it.

    Source
    ------
    Simple random sampling: Cochran (1977), Sampling Techniques, third edition, chapters 2 and 3.
    """
    if not subject.variable:
        return subject.error
    seen = [one for one in observations(pack)
            if (one.variable, one.population_base, one.area) == (subject.variable, base, pack.place.code)]  # fmt: skip
    given = (pack.publication_errors["variable"] == subject.variable).any()
    if seen and not given:
        error = max(seen, key=lambda one: one.year).standard_error
    else:
        try:
            error = error_of(pack, subject.variable).standard_error
        except PackError:
            expected = f"the standard error of {subject.name}, of which the pack has none"
            wrong("column standard_error", "an empty cell", expected, f"Type it [{subject.unit}]; 0 for a full count.")
            return float("nan")
    part = share_of_residents(pack, area) * (1.0 if subject.measure == "day" else period.share)
    adds_up = subject.measure == "count" or subject.unit == "persons"
    return float(error * (part**0.5 if adds_up else part**-0.5))


def share_of_residents(pack: Pack, area: str) -> float:
    """Return the share of the place's residents who live in an area at the census [1]."""
    if area == pack.place.code:
        return 1.0
    people = pack.population_single_age
    residents = people[people["area"].isin(pack.areas["area"])].groupby("area")["population"].sum()
    return float(residents[area] / residents.sum())
