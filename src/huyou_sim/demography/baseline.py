"""The start of a projection, built from a data pack: stock by state and rates before calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim.demography import women as states_of_women
from huyou_sim.demography.duration import check_refines, refined
from huyou_sim.demography.inputs import SEX, Rates, Stock
from huyou_sim.demography.schedules import (
    AGES,
    cube,
    death_hazard,
    event_schedules,
    fertility_of_year,
    long_form,
    male_share,
    national_mortality,
    national_status,
    never_married,
)
from huyou_sim.demography.states import StateSpace, state_space
from huyou_sim.errors import PackError, Problem, closest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """Everything a projection of one place starts from.

    Parameters
    ----------
    code : str
        Of the place, which is the sum of its areas.
    stock : Stock
        31 December before the first projected year.
    rates : Rates
        Before calibration: levels are those of the schedules' sources.
    death_rates : (sex, age) [deaths per person-year]
        The rates behind ``rates.death_hazard``, for life expectancy.
    space : StateSpace
    assumptions : mapping
        Name to value of what no source gives.
    mortality_trend : float [log per year]
        Mean yearly change of the national death rates, weighted by this place's deaths.
    construction : mapping
        Variable to value of what the state of women was built to reproduce, for the place as a whole.
    """

    code: str
    stock: Stock
    rates: Rates
    death_rates: xr.DataArray
    space: StateSpace
    assumptions: Mapping[str, float]
    mortality_trend: float
    construction: Mapping[str, float]

    @property
    def areas(self) -> list[str]:
        """Return the codes of the projected areas."""
        return [str(area) for area in self.stock.population["area"].values]


def build_baseline(pack: Pack, *, space: StateSpace | None = None) -> Baseline:
    """Return the baseline of a place at 31 December of its census year.

    Parameters
    ----------
    pack : Pack
        From `load_pack`.
    space : StateSpace, optional
        The family space when omitted, or one that refines it, as ``state_space("duration")``.

    Raises
    ------
    LabelError
        For a space that does not refine the family space.
    PackError, CalibrationError
        When the pack lacks what the construction needs, or its figures cannot be reconciled.

    Notes
    -----
    Rates are common to the areas of a place; stock, marital status, parity and migration are each area's own. A space
    that refines the family space has its women and its rates, told apart more finely (`refined`).
    """
    family = state_space("family")
    space = space or family
    check_refines(space, family)
    assumptions = read_assumptions(pack)
    areas = [str(code) for code in pack.areas["area"]]
    death_rates, trend_by_age = national_mortality(pack)
    census = cube(
        pack.population_single_age,
        "population",
        ("area", "sex", "age"),
        {"area": areas, "sex": list(SEX), "age": AGES},
    )
    migrants = cube(
        pack.net_migration,
        "migrants_per_year",
        ("area", "sex", "age"),
        {"area": areas, "sex": list(SEX), "age": AGES},
    )
    level = assumptions["mortality_level_start"]
    population = carry_forward(pack, census, migrants, death_rates * level)
    women, construction = women_by_state(pack, population, family, assumptions)
    schedules = event_schedules(pack, population, women, family, death_rates * level, assumptions)
    if space.clocks:
        women, schedules = refined(pack, population, women, schedules, space, assumptions)
    rates = Rates(
        death_hazard=death_hazard(death_rates),
        schedules=schedules,
        net_migrants=migration_components(migrants),
        male_share=male_share(pack, space),
    )
    deaths = (death_rates * population.sum("area")).values
    return Baseline(
        code=pack.place.code,
        stock=Stock(pack.start_date.year, population, women),
        rates=rates,
        death_rates=death_rates,
        space=space,
        assumptions=assumptions,
        mortality_trend=float((deaths * trend_by_age.values).sum() / deaths.sum()),
        construction=construction,
    )


ASSUMPTIONS = (
    "mortality_level_start", "first_birth_interval", "childless_ever_married", "children_50_64_ratio",
    "divorce_rate", "remarriage_rate", "husband_age_gap", "birth_outside_marriage_rate",
    "first_birth_trend", "infant_mortality_trend", "migration_trend", "trend_half_life",
)  # fmt: skip
"""What a pack must assume, since no source gives it for a city."""


def read_assumptions(pack: Pack) -> dict[str, float]:
    """Return the assumptions of a pack by name.

    Raises
    ------
    PackError
        When one is missing.
    """
    found = {str(name): float(value) for name, value in pack.assumptions.set_index("name")["value"].items()}
    file = str(pack.path / "assumptions.csv")
    problems = [
        Problem(
            "column name",
            f"no row '{name}'" + (f" (but '{closest(name, set(found))}')" if closest(name, set(found)) else ""),
            f"one row for each of {', '.join(ASSUMPTIONS)}",
            f"Add a row {name},<value>,<unit>,<low>,<high>,<reason>; the packs that ship have examples.",
            file=file,
        )
        for name in ASSUMPTIONS
        if name not in found
    ]
    if problems:
        raise PackError(problems)
    return found


def carry_forward(pack: Pack, census: xr.DataArray, migrants: xr.DataArray, death_rates: xr.DataArray) -> xr.DataArray:
    """Return the census population carried to 31 December of the census year, (area, sex, age).

    A part of the year passes: that share of every age has its birthday, deaths follow the death rates, and the
    newborn come at the pace of the year before the census (the census age 0). Net migration has the pack's age
    pattern; its amount closes the gap to the published year-end total of the place, or is that part of a year's
    migration where no total is published.
    """
    part = (pack.start_date - pack.census_date).days / 365.25
    survive = np.exp(-part * death_rates)
    older = census.shift(age=1, fill_value=0.0)
    aged = (1.0 - part) * census + part * older
    aged = aged.where(aged["age"] > 0, census.isel(age=0, drop=True))
    aged = aged.where(aged["age"] < AGES[-1], census.isel(age=-1, drop=True) + part * census.isel(age=-2, drop=True))
    resident = (aged * survive).transpose("area", "sex", "age")
    moved = part * migrants
    seen = pack.observations
    at_start = seen["date"].astype(str).str[:10] == pack.start_date.isoformat()
    published = seen.loc[
        at_start & (seen["variable"] == "population_total") & (seen["area"] == pack.place.code), "value"
    ]
    if len(published):
        gap = float(published.iloc[0]) - float(resident.sum())
        moved = moved * (gap / float(moved.sum()))
    return (resident + moved).clip(min=0.0).rename("population")


def migration_components(migrants: xr.DataArray) -> xr.DataArray:
    """Return net migration in two components, (component, area, sex, age) [persons per year].

    `observed` is each area's own residual between the censuses. `more` has the age and sex pattern of the whole
    place and sums to one person, so that its level is the number of persons a year by which an area's net
    migration differs from the residual. Scaling the residual itself would blow up the pattern of an area whose
    in- and out-migration nearly cancelled.
    """
    place = migrants.sum("area").clip(min=0.0)
    more = (place / place.sum()).broadcast_like(migrants)
    return xr.concat([migrants, more], dim="component").assign_coords(component=["observed", "more"])


def age_shift(population: xr.DataArray, more: xr.DataArray, lower: int, upper: int) -> xr.DataArray:
    """Return one net migrant more of some ages and one less of all others, (area, sex, age) [persons per year].

    Those who come have the sexes and single ages of the area's residents of these ages; those who do not come have
    the pattern of `more`.

    Parameters
    ----------
    population : (area, sex, age) [persons]
    more : ([area], sex, age) [1]
        Net migrants of all ages, none negative.
    lower, upper : int [completed years]
    """
    ages = population["age"]
    within = (ages >= lower) & (ages <= upper)
    here, there = population.where(within, 0.0), more.where(~within, 0.0)
    return here / here.sum(["sex", "age"]) - there / there.sum(["sex", "age"])


def women_by_state(
    pack: Pack, population: xr.DataArray, space: StateSpace, assumptions: Mapping[str, float]
) -> tuple[xr.DataArray, dict[str, float]]:
    """Return women of reproductive age by state, and the figures of the whole place that they were built from.

    Returns
    -------
    women : (area, age_fertile, marital, parity) [persons]
    construction : dict
        ``never_married_share_women_15plus`` [%] and ``mean_children_ever_born`` [children per woman 15-64].

    Notes
    -----
    The construction stands in `huyou_sim.demography.women`.
    """
    ages = np.array(space.ages)
    cumulated = states_of_women.cohort_fertility(fertility_of_year(pack, ages), pack.start_date.year, ages)
    areas = [
        _women_of_area(pack, str(area), population.sel(area=area, sex="female").values, cumulated, assumptions)
        for area in population["area"].values
    ]
    cells, single, children = (np.stack([area[i] for area in areas]) for i in range(3))
    everyone = population.sel(sex="female").sum("area").values
    women = xr.DataArray(
        cells,
        dims=("area", "age_fertile", "marital", "parity"),
        coords={
            "area": population["area"].values,
            "age_fertile": ages,
            "marital": list(space.marital),
            "parity": list(space.parity),
        },
        name="women",
    )
    return women, {
        "never_married_share_women_15plus": float(100.0 * single.sum() / everyone[15:].sum()),
        "mean_children_ever_born": float(children.sum() / everyone[15:65].sum()),
    }


def _women_of_area(
    pack: Pack, area: str, women: Array, cumulated: Array, assumptions: Mapping[str, float]
) -> tuple[Array, Array, Array]:
    """Return one area's women by (age, marital, parity), its never-married women 15+, its children of women 15-64."""
    ages = AGES[15 : 15 + cumulated.shape[1]]
    span = slice(0, len(ages))
    single, since = never_married(pack, women[15:], long_form(pack, area, "never_married"))
    never = single.at(since)
    interval = assumptions["first_birth_interval"]
    before = 1.0 - single.at(since - interval, younger=interval)
    mothers = (1.0 - assumptions["childless_ever_married"]) * np.minimum(before, 1.0 - never)
    formerly = np.zeros_like(never)
    for status in ("divorced", "widowed"):
        pattern = national_status(pack, status, AGES[15:].astype(float), of_ever=True)
        formerly += states_of_women.formerly_married(women[15:], 1.0 - never, pattern, long_form(pack, area, status))
    older = float(women[50:65].sum())
    ratio = assumptions["children_50_64_ratio"]
    parity = states_of_women.parity_shares(
        cumulated,
        1.0 - never[span],
        mothers[span],
        women[ages],
        older,
        mean_children=float(pack.children_ever_born.set_index("area")["mean_children"][area]),
        children_50_64=ratio,
    )
    cells = states_of_women.cross(women[ages], never[span], formerly[span], parity)
    children = cells.sum(axis=1) @ np.arange(cells.shape[2])
    last = children[-5:].sum() / women[ages][-5:].sum()
    return cells, np.asarray(women[15:] @ never), np.asarray(children.sum() + older * ratio * last)
