"""A forecast from an earlier census with what was known then.

The forecast takes one thing only: the pack of a place as it was known at an earlier census. Every parameter comes from
the priors of that pack (`parameters.csv`), whose reasons it gives; nothing is fitted. How it fared at the next census
is the business of `hindcast`.

The state space is the *classical* one, with births by order and sex as events of their own. The family space would
need children ever born by the women of the city at the earlier census, births by order, and how fast its women
marry; where none is published, all would be priors that no figure of age and sex can hold to account. Marriage acts
through first births: their level, their trend, and the ages that postponement moves them to. Each age of each kind of
birth is a channel, so that postponement differs by draw; each sex and age of net migration is a component, so that
its age pattern does. That pattern is a model schedule with parameters of its own, and beside it each broad age group
has net migrants beyond its share, the others less: a schedule of one peak leaves hardly any to the ages above 45, and
what leaves there and comes is not known.

Three simplifications are small against the bands: the weeks from the census to the start have the migration of the
pack's schedule in every draw; a parameter keeps its value, and a trend its pace, for all years; children whom the
census missed are added at the end with nobody of them dying (3 in 1,000 of them would).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtr, ndtri

from huyou_sim.demography.baseline import age_shift, carry_forward
from huyou_sim.demography.migration import rogers_castro
from huyou_sim.demography.projection import SEX, Rates, Stock, project
from huyou_sim.demography.schedules import AGES, cube, death_hazard, fertility_shapes, national_mortality
from huyou_sim.demography.states import INFANT_MORTALITY, MORTALITY, Channel, Event, StateSpace
from huyou_sim.errors import ArgumentError, PackError, Problem
from huyou_sim.inference.parameters import LATER, ages_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

PARAMETERS = (
    "death_level", "death_trend", "infant_death_level", "infant_death_trend",
    "birth_level", "second_birth_contrast", "first_birth_trend", "higher_birth_trend", "birth_postponement",
    "sex_ratio_at_birth", "child_coverage",
    "migrants_per_year", "migrants_male_share", "migrants_peak", "migrants_descent", "migrants_child_share",
    "migrants_return",
    "later_migrants_0_14", "later_migrants_15_24", "later_migrants_25_34", "later_migrants_35_49",
    "later_migrants_50_64", "later_migrants_65_100",
)  # fmt: skip
"""What is drawn for the place as a whole; each area has also a ``migrants_rate_<code>``."""
FAMILIES = ("normal", "lognormal", "uniform")
"""Families that a prior may have."""
ORDERS = (1, 2, 3)
CHILDREN = 10
"""Ages below this have the coverage of children in the census."""
GROWN = 15
"""Ages below this are children among those who come."""
RETURN = (48.0, 7.0)
"""Mean and standard deviation of the age at which workers go home [years]; the reason stands in the pack."""
FAINT = 1e-9
"""Rate that stands for none [births per woman], since a multiplier cannot lift a rate from 0."""


@dataclass(frozen=True)
class Forecast:
    """An ensemble of populations at one day.

    Parameters
    ----------
    population : (draw, area, sex, age) [persons]
    parameters : DataFrame
        One row for each draw, one column for each parameter.
    day : date
    """

    population: xr.DataArray
    parameters: pd.DataFrame
    day: date


def birth_space() -> StateSpace:
    """Return the one-state space with births by order and sex: sons of order j are j, daughters 3 + j.

    Every age of every kind of birth is a channel.
    """
    kinds = [(f"{sex}_{order}", order + shift) for shift, sex in ((0, "son"), (len(ORDERS), "daughter"))
             for order in ORDERS]  # fmt: skip
    alone = ("any", "any")
    events = tuple(Event(name, alone, alone, number, name) for name, number in kinds)
    channels = tuple(Channel(f"{name}_{age}", name, age, age) for name, _ in kinds for age in range(15, 50))
    return StateSpace("births by order and sex", ("any",), ("any",), events, channels, 15, 49)


def draw_parameters(pack: Pack, *, draws: int, seed: int) -> dict[str, Array]:
    """Return independent draws from the priors of a pack, by name, each of shape (draw,).

    A parameter's draws depend on the seed and on its own name, so that another prior more or less changes no other.

    Raises
    ------
    PackError
        When a prior is missing or of an unknown family.
    """
    rows = {str(row["name"]): row for row in pack.parameters.to_dict("records")}
    names = [*PARAMETERS, *(f"migrants_rate_{area}" for area in pack.areas["area"])]
    file = str(pack.path / "parameters.csv")
    problems = [
        Problem("column name", f"no row '{name}'", "a prior of it", "Add the row; huzhou_2010 has an example.", file)
        for name in names
        if name not in rows
    ]
    problems += [
        Problem(
            f"family of '{name}'", f"'{rows[name]['family']}'", f"one of {', '.join(FAMILIES)}", "Correct it.", file
        )
        for name in names
        if name in rows and rows[name]["family"] not in FAMILIES
    ]
    if problems:
        raise PackError(problems)
    return {
        name: _quantiles(rows[name], np.random.default_rng([seed, zlib.crc32(name.encode())]).random(draws))
        for name in names
    }


def _quantiles(row: Mapping[Hashable, Any], uniform: Array) -> Array:
    """Return the quantiles of a prior, cut at its bounds, at numbers between 0 and 1."""
    ends = np.array([row["lower"], row["upper"]], dtype=np.float64)
    if row["family"] == "uniform":
        flat: Array = ends[0] + (ends[1] - ends[0]) * uniform
        return flat
    given = {key: float(value) for key, value in (part.split("=") for part in str(row["params"]).split(";"))}
    if row["family"] == "lognormal":
        centre, spread, ends = np.log(given["median"]), given["sigma_log"], np.log(ends)
    else:
        centre, spread = given["mean"], given["sd"]
    low, high = ndtr((ends - centre) / spread)
    quantiles: Array = centre + spread * ndtri(low + (high - low) * uniform)
    return np.exp(quantiles) if row["family"] == "lognormal" else quantiles


def forecast(pack: Pack, day: date, *, draws: int = 400, seed: int = 2010, threads: int | None = None) -> Forecast:
    """Return the population at a day as an ensemble from the priors of a pack.

    Parameters
    ----------
    pack : Pack
    day : date
        Counts at it are linear in time between the year ends around it, at fixed ages.
    draws, seed : int
    threads : int, optional

    Raises
    ------
    PackError
        When a prior is missing or of an unknown family, or migration does not follow a schedule.
    ArgumentError
        When there are less than two draws, or the day is not in a year after the start.
    """
    if draws < 2 or day.year <= pack.start_date.year:
        raise ArgumentError(
            Problem(
                "draws, day",
                f"{draws}, {day}",
                f"2 draws or more, and a day after {pack.start_date}",
                "Type draws=400, and name a pack with a later census.",
            )
        )
    values = draw_parameters(pack, draws=draws, seed=seed)
    years = list(range(pack.start_date.year + 1, day.year + 1))
    start = _start(pack)
    space = birth_space()
    rates, logs = _rates(pack, start, space, values, years)
    women = start.sel(sex="female", age=list(space.ages)).rename(age="age_fertile").drop_vars("sex")
    women = women.expand_dims(marital=["any"], parity=["any"]).transpose("area", "age_fertile", "marital", "parity")
    found = project(
        Stock(pack.start_date.year, start, women),
        rates,
        space,
        years=years,
        draws=draws,
        log_multipliers=logs,
        migration_level=_migrants(pack, start, values),
        threads=threads,
    )
    stocks = found["population"].isel(scenario=0, drop=True).transpose("time", "draw", "area", "sex", "age").values
    begin, end = (_with_missed(stocks[i], start.values, values["child_coverage"], len(years) + 1 + i) for i in (-2, -1))
    whole = date(day.year, 12, 31) - date(day.year - 1, 12, 31)
    part = (day - date(day.year - 1, 12, 31)) / whole
    dims = ("draw", "area", "sex", "age")
    labels = {"draw": np.arange(draws), **{dim: start[dim].values for dim in dims[1:]}}
    at_day = xr.DataArray((1.0 - part) * begin + part * end, dims=dims, coords=labels, name="population")
    return Forecast(at_day, pd.DataFrame(values).rename_axis("draw"), day)


def _start(pack: Pack) -> xr.DataArray:
    """Return the census carried to the start, (area, sex, age) [persons]."""
    labels = {"area": [str(code) for code in pack.areas["area"]], "sex": list(SEX), "age": AGES}
    census = cube(pack.population_single_age, "population", ("area", "sex", "age"), labels)
    migrants = cube(pack.net_migration, "migrants_per_year", ("area", "sex", "age"), labels)
    return carry_forward(pack, census, migrants, national_mortality(pack)[0])


def _with_missed(stock: Array, start: Array, coverage: Array, years: int) -> Array:
    """Return a stock with the survivors of the children whom the census at the start missed, (draw, area, sex, age)."""
    result = stock.copy()
    missed = start[..., :CHILDREN]
    result[..., years : years + CHILDREN] += (coverage - 1.0)[:, None, None, None] * missed
    return result


def _rates(
    pack: Pack, start: xr.DataArray, space: StateSpace, values: Mapping[str, Array], years: Sequence[int]
) -> tuple[Rates, xr.DataArray]:
    """Return rates common to all draws, and the log multipliers (draw, year, channel) that tell the draws apart."""
    # Rates of a census are those of the twelve months before it; a year of projection has its own in its middle.
    census = pack.census_date.year + (pack.census_date.timetuple().tm_yday - 1) / 365.25
    passed = np.array(years) + 0.5 - (census - 0.5)
    base = np.maximum(list(fertility_shapes(pack, np.array(space.ages)).values())[-1], FAINT)
    women = start.sel(sex="female", age=list(space.ages)).sum("area").values
    by_order = np.log(np.maximum(_fertility(base, women, values, passed), FAINT) / base)
    sons = values["sex_ratio_at_birth"] / (100.0 + values["sex_ratio_at_birth"])
    by_sex = np.log(2.0 * np.stack([sons, 1.0 - sons], axis=1))
    births = by_order[:, :, None] + by_sex[:, None, :, None, None]
    logs = np.zeros((len(sons), len(years), len(space.channels)))
    logs[:, :, : len(space.event_channels)] = births.reshape(len(sons), len(years), -1)
    for channel, name in ((MORTALITY, "death"), (INFANT_MORTALITY, "infant_death")):
        level, trend = values[f"{name}_level"], values[f"{name}_trend"]
        logs[:, :, space.channel(channel)] = np.log(level)[:, None] + np.outer(trend, passed)
    cells = np.eye(2 * len(AGES)).reshape(-1, 2, len(AGES))
    rates = Rates(
        death_hazard=death_hazard(national_mortality(pack)[0]),
        schedules=xr.DataArray(
            np.concatenate([base, base]) / 2.0,
            dims=("schedule", "age_fertile"),
            coords={"schedule": list(space.schedules), "age_fertile": list(space.ages)},
        ),
        net_migrants=xr.DataArray(
            cells,
            dims=("component", "sex", "age"),
            coords={"component": _components(), "sex": list(SEX), "age": AGES},
        ),
        male_share=xr.DataArray(
            np.repeat([1.0, 0.0], len(ORDERS)), dims="birth_order", coords={"birth_order": list(space.orders)}
        ),
    )
    coords = {"draw": np.arange(len(sons)), "year": list(years), "channel": list(space.channels)}
    return rates, xr.DataArray(logs, dims=("draw", "year", "channel"), coords=coords)


def _fertility(base: Array, women: Array, values: Mapping[str, Array], passed: Array) -> Array:
    """Return fertility rates by draw, (draw, year, order, age) [births per woman].

    The contrast between orders leaves the number of births at the census as it was: only it was counted.
    """
    expected = base @ women
    contrast = values["second_birth_contrast"]
    same = expected.sum() / (expected[0] + contrast * expected[1:].sum())
    trends = [values["first_birth_trend"]] + [values["higher_birth_trend"]] * (len(base) - 1)
    result = np.empty((len(contrast), len(passed), *base.shape))
    ages = np.arange(base.shape[1])
    for row, rates in enumerate(base):
        level = values["birth_level"] * same * (contrast if row else 1.0)
        later = ages - (values["birth_postponement"][:, None] * passed)[..., None]
        moved = np.interp(later, ages, rates, left=0.0, right=0.0)
        moved *= rates.sum() / moved.sum(-1, keepdims=True)
        result[:, :, row] = (level[:, None] * np.exp(np.outer(trends[row], passed)))[..., None] * moved
    return result


def _components() -> list[str]:
    return [f"{sex}_{age}" for sex in SEX for age in AGES]


def _migrants(pack: Pack, start: xr.DataArray, values: Mapping[str, Array]) -> xr.DataArray:
    """Return net migrants of each sex and age as levels of the components, (draw, area, component) [persons a year]."""
    areas = [str(area) for area in start["area"].values]
    people = start.sum(["sex", "age"]).values
    rates = np.stack([values[f"migrants_rate_{area}"] for area in areas], axis=1)
    # Areas differ around the place: what one has more, the others have less.
    rates = rates - (rates @ people / people.sum())[:, None]
    by_area = values["migrants_per_year"][:, None] * people / people.sum() + rates * people
    men = values["migrants_male_share"]
    by_sex = np.stack([men, 1.0 - men], axis=1)
    pattern = age_pattern(pack, values)
    cells = by_area[:, :, None, None] * by_sex[:, None, :, None] * pattern[:, None, None]
    cells = cells + _shifts(pack, start, values, np.maximum(pattern, 0.0))
    return xr.DataArray(
        cells.reshape(len(men), len(areas), -1),
        dims=("draw", "area", "component"),
        coords={"draw": np.arange(len(men)), "area": areas, "component": _components()},
    )


def _shifts(pack: Pack, start: xr.DataArray, values: Mapping[str, Array], pattern: Array) -> Array:
    """Return net migrants beyond the share of their age, which sum to 0, (draw, area, sex, age) [persons a year].

    Those who come more have the sexes and single ages of the residents; those who do not come have `pattern`
    (draw, age), half of them men.
    """
    thousands = start.sum(["sex", "age"]).values / 1000.0
    dims = ("draw", "sex", "age")
    less = xr.DataArray(np.stack([pattern, pattern], axis=1), dims=dims, coords={d: start[d] for d in dims[1:]})
    result = np.zeros((len(pattern), *start.shape))
    rows = pack.parameters[pack.parameters["role"] == LATER]
    for name, ages in zip(rows["name"], rows["ages"], strict=True):
        shift = age_shift(start, less, *ages_of(ages)).transpose("draw", *start.dims).values
        result += (values[name][:, None] * thousands)[:, :, None, None] * shift
    return result


def age_pattern(pack: Pack, values: Mapping[str, Array]) -> Array:
    """Return the age pattern of net migrants, (draw, age) [1], which sums to 1.

    Workers follow the labour peak of Rogers and Castro, children under 15 come with a part of them, and some workers
    go home later: their ages are negative.

    Raises
    ------
    PackError
        When the pack's migration does not follow a schedule.
    """
    schedule = pack.settings.derivation.migration.schedule if pack.settings.derivation else None
    if schedule is None:
        raise PackError(
            Problem(
                "derivation.migration.method",
                "no schedule",
                "'schedule': a forecast of that day cannot have the migration of later years",
                "Name the pack of a place as it was known then.",
                str(pack.path / "pack.toml"),
            )
        )
    ascent, descent = schedule.labour[3], schedule.childhood[1]
    workers = np.stack(
        [
            rogers_castro(AGES, childhood=(0.0, 0.0), labour=(1.0, fall, peak, ascent))
            for fall, peak in zip(values["migrants_descent"], values["migrants_peak"], strict=True)
        ]
    )
    children = np.where(AGES < GROWN, np.exp(-descent * AGES), 0.0)
    home = np.exp(-0.5 * ((AGES - RETURN[0]) / RETURN[1]) ** 2)
    share, back = values["migrants_child_share"][:, None], values["migrants_return"][:, None]
    coming = (1.0 - share) * workers + share * children / children.sum()
    pattern: Array = (1.0 + back) * coming - back * home / home.sum()
    return pattern
