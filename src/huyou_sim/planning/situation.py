"""The situation of a population: its size, structure and change, by area, from the censuses to a horizon.

Census figures are counts; figures of the model are the futures of an ensemble under one scenario. Both come from one
function of persons by sex and age, so that a change between them is a change and not a difference of definitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from huyou_sim.demography.decomposition import births_change, by_component
from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.trends import FURTHEST_YEAR
from huyou_sim.pack import load_pack
from huyou_sim.planning.areas import area_codes
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.packages import Fit, project_scenarios
from huyou_sim.policy import Scenario, load_scenarios

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

SCENARIO = "no_new_policy"
YEARS, DRAWS = (2021, 2025, 2035), 300

AGES = (0, *range(5, 90, 5))
"""Lowest ages of the groups of a pyramid; the last is open."""

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}

SHARES = {
    "share_0_14": (0, 14), "share_15_59": (15, 59), "share_60": (60, None), "share_15_64": (15, 64),
    "share_65": (65, None),
}  # fmt: skip
"""Share of residents -> completed ages from and to."""

FLOWS = ("births", "deaths", "natural_increase", "net_migration", "tfr", "married_share_20_29")
"""Variables that a census by age and sex does not give."""

STRUCTURE = (
    "population_total", *SHARES, "sex_ratio", "median_age",
    "child_dependency_60", "old_dependency_60", "total_dependency_60",
    "child_dependency_65", "old_dependency_65", "total_dependency_65", "women_20_34",
)  # fmt: skip
"""Variables of persons by sex and age."""

SHARE_UNIT = "%"


@dataclass(frozen=True, eq=False)
class Situation:
    """Size, structure and change of a place's population, by area.

    Parameters
    ----------
    fit : Fit
    scenario : Scenario
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    area : str
        Code of the area that was asked for.
    areas : tuple of str
        All codes, the place last.
    years, census_years : tuple of int
    seed, draws : int
    table : DataFrame
        area, year, basis (census or model), variable, q05, q50, q95; a census has q50 alone.
    change : DataFrame
        area, variable, from_year, to_year, q05, q50, q95: to the last year, from each year before.
    pyramids : DataFrame
        area, year, basis, sex, age_lower, q05, q50, q95 [persons].
    births : DataFrame
        area, component, births, and first_year, last_year, before, after: why births change, by central values.
    marital : DataFrame
        area, date, sex, status, count, share [%]: residents of 15 and over, as the census counted them.
    """

    fit: Fit
    scenario: Scenario
    posterior: xr.Dataset | None
    area: str
    areas: tuple[str, ...]
    years: tuple[int, ...]
    census_years: tuple[int, ...]
    seed: int
    draws: int
    table: pd.DataFrame
    change: pd.DataFrame
    pyramids: pd.DataFrame
    births: pd.DataFrame
    marital: pd.DataFrame


def run_situation(
    place: str | Path,
    area: str | None = None,
    *,
    years: Sequence[int] = YEARS,
    scenario: str | Path = SCENARIO,
    draws: int = DRAWS,
    seed: int = SEED,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Situation:
    """Return the situation of a place's population: size, structure, change, pyramids, and why births change.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    area : str, optional
        Code or name; the place as a whole when omitted.
    years : sequence of int
        Projected years; those of the censuses are added.
    scenario : str or path
    draws, seed : int
    prior_only : bool
        Draw the levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show progress bars on standard error.

    Raises
    ------
    ArgumentError
        With everything that is wrong with area, years and draws.
    PackError, ScenarioError, CalibrationError
    """
    pack = load_pack(place)
    code, chosen_years = _checked(pack, area, years, draws)
    (chosen,) = load_scenarios([scenario], areas=list(pack.areas["area"]))
    with progress_bar("situation", 4, shown=progress) as bar:
        futures = prepare_futures(
            pack, bar, draws=draws, seed=seed, until=chosen_years[-1], prior_only=prior_only, folder=folder
        )
        fit = futures.fit
        codes = (*fit.baseline.areas, fit.baseline.code)
        variables = [*FLOWS, "median_age"]
        projected = futures.ensemble.project(
            [chosen], areas=codes, variables=variables, ages=AGES, progress=progress
        ).isel(scenario=0, drop=True)
        bar.update()
        births = _births(fit, chosen, chosen_years)
        bar.update()
    census = census_counts(pack)
    counted = {year: structure_of(stock) for year, stock in census.items()}
    known = _modelled(projected, chosen_years)
    return Situation(
        fit=fit,
        scenario=chosen,
        posterior=futures.posterior,
        area=code,
        areas=codes,
        years=chosen_years,
        census_years=tuple(census),
        seed=seed,
        draws=draws,
        table=_table(counted, known),
        change=_change(counted, known),
        pyramids=_pyramids(census, projected, chosen_years),
        births=births,
        marital=_marital(pack),
    )


def _checked(pack: Pack, area: str | None, years: Sequence[int], draws: int) -> tuple[str, tuple[int, ...]]:
    """Return the code of the area and the years in order; raise ArgumentError with everything that is wrong."""
    codes, problems = area_codes(pack, [area] if area is not None else [pack.place.code], "AREA")
    first = pack.start_date.year + 1
    wrong = [year for year in years if not first <= year <= FURTHEST_YEAR]
    # The years of the censuses stand in the table anyhow.
    wrong = [year for year in wrong if year not in _census_years(pack)]
    if wrong:
        expected = f"years from {first} to {FURTHEST_YEAR}"
        problems.append(Problem("--years", ", ".join(map(str, wrong)), expected, "Type --years 2021,2025,2035."))
    ahead = sorted({year for year in years if first <= year <= FURTHEST_YEAR})
    if len(ahead) < 2 and not wrong:
        found = ", ".join(map(str, ahead)) or "none"
        problems.append(
            Problem("--years", found, f"at least two years from {first} on", "Type --years 2021,2025,2035.")
        )
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if problems:
        raise ArgumentError(problems)
    return codes[0], tuple(ahead)


def _census_years(pack: Pack) -> list[int]:
    return sorted({int(day[:4]) for day in pack.population_census["date"]})


def census_counts(pack: Pack) -> dict[int, xr.DataArray]:
    """Return the residents that each census counted, by (area, sex, age), the place last as the sum of its areas.

    Parameters
    ----------
    pack : Pack

    Returns
    -------
    counts : dict of year to (area, sex, age) [persons]
        By `AGES`; only censuses that have every area.
    """
    areas = [str(code) for code in pack.areas["area"]]
    found = {}
    rows = pack.population_census[pack.population_census["area"].isin(areas)]
    for day, same in rows.groupby("date"):
        lower = np.array(AGES)[np.searchsorted(AGES, same["age_lower"].to_numpy(), side="right") - 1]
        cells = same.assign(age=lower).groupby(["area", "sex", "age"])["population"].sum()
        array = cells.to_xarray().reindex(area=areas, sex=["male", "female"], age=list(AGES))
        if array.notnull().all():
            whole = array.sum("area").expand_dims(area=[pack.place.code])
            found[int(str(day)[:4])] = xr.concat([array, whole], "area").transpose("area", "sex", "age")
    return found


def structure_of(stock: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return size and structure of residents by sex and age group, over all other dimensions.

    Parameters
    ----------
    stock : (..., sex, age) [persons]
        Ages are the lowest of groups, in which 15, 20, 35, 60 and 65 begin a group and the last is open.

    Returns
    -------
    structure : dict of variable to (...)
        `STRUCTURE`. The median age is even within its group.
    """
    people = stock.sum("sex")
    total = people.sum("age")

    def aged(lower: int, upper: int | None) -> xr.DataArray:
        return people.sel(age=slice(lower, upper)).sum("age")

    found = {"population_total": total}
    found |= {name: 100.0 * aged(*span) / total for name, span in SHARES.items()}
    males, females = (stock.sel(sex=sex, drop=True).sum("age") for sex in ("male", "female"))
    found |= {"sex_ratio": 100.0 * males / females, "median_age": _median(people)}
    for old in (60, 65):
        working = aged(15, old - 1)
        child, aged_people = (100.0 * part / working for part in (aged(0, 14), aged(old, None)))
        found |= {f"child_dependency_{old}": child, f"old_dependency_{old}": aged_people}
        found[f"total_dependency_{old}"] = child + aged_people
    found["women_20_34"] = stock.sel(sex="female", drop=True).sel(age=slice(20, 34)).sum("age")
    return {name: found[name] for name in STRUCTURE}


def _median(people: xr.DataArray) -> xr.DataArray:
    """Return the age that halves a population by age group, even within the group."""
    ages = people["age"].values.astype(float)
    upto = people.transpose(..., "age").cumsum("age").values
    half = upto[..., -1:] / 2.0
    at = (upto < half).sum(axis=-1, keepdims=True)
    counts = people.transpose(..., "age").values
    inside = np.take_along_axis(counts, at, -1)
    below = np.take_along_axis(upto, at, -1) - inside
    width = np.diff(ages, append=101.0)[at]
    median = ages[at] + width * (half - below) / inside
    return people.isel(age=0, drop=True).copy(data=median[..., 0])


def _modelled(futures: xr.Dataset, years: Sequence[int]) -> dict[str, xr.DataArray]:
    """Return every variable of the model by (draw, area, year)."""
    stock = futures["population"].sel(time=list(years)).rename(time="year")
    found = structure_of(stock)
    # By single ages the model knows the median better than by groups.
    found["median_age"] = futures["median_age"].sel(year=list(years))
    found |= {name: futures[name].sel(year=list(years)) for name in FLOWS if name in futures}
    return {name: array.transpose("draw", "area", "year") for name, array in found.items()}


def _banded(array: xr.DataArray, dims: Sequence[str]) -> pd.DataFrame:
    """Return the 90 % band of draws as columns, a row per label of `dims`."""
    at = array.quantile(list(QUANTILES.values()), "draw")
    columns = {name: at.isel(quantile=i, drop=True) for i, name in enumerate(QUANTILES)}
    return xr.Dataset(columns).to_dataframe(dim_order=list(dims)).reset_index()


def _table(census: dict[int, dict[str, xr.DataArray]], known: dict[str, xr.DataArray]) -> pd.DataFrame:
    frames = []
    for year, found in census.items():
        for name, array in found.items():
            frame = array.rename("q50").to_dataframe().reset_index()[["area", "q50"]]
            frames.append(frame.assign(year=year, basis="census", variable=name, q05=np.nan, q95=np.nan))
    for name, array in known.items():
        frames.append(_banded(array, ("area", "year")).assign(basis="model", variable=name))
    order = ["area", "year", "basis", "variable", *QUANTILES]
    return pd.concat(frames, ignore_index=True)[order]


def _change(census: dict[int, dict[str, xr.DataArray]], known: dict[str, xr.DataArray]) -> pd.DataFrame:
    """Return the change of every variable to the last year, from each census and each year of the model."""
    frames = []
    for name, array in known.items():
        last = array.isel(year=-1, drop=True)
        to_year = int(array["year"].values[-1])
        for year, found in census.items():
            if name in found:
                rows = _banded(last - found[name], ("area",))
                frames.append(rows.assign(variable=name, from_year=year, basis="census", to_year=to_year))
        for year in array["year"].values[:-1]:
            rows = _banded(last - array.sel(year=year, drop=True), ("area",))
            frames.append(rows.assign(variable=name, from_year=int(year), basis="model", to_year=to_year))
    order = ["area", "variable", "from_year", "basis", "to_year", *QUANTILES]
    return pd.concat(frames, ignore_index=True)[order]


def _pyramids(census: dict[int, xr.DataArray], futures: xr.Dataset, years: Sequence[int]) -> pd.DataFrame:
    """Return residents by sex and five-year age group: of each census, and with their band in each year."""
    frames = []
    for year, stock in census.items():
        rows = stock.rename("q50").to_dataframe().reset_index()
        frames.append(rows.assign(year=year, basis="census", q05=np.nan, q95=np.nan))
    stock = futures["population"].sel(time=list(years)).rename(time="year")
    starts = np.array(AGES)[np.searchsorted(AGES, stock["age"].values, side="right") - 1]
    grouped = stock.assign_coords(age=starts).groupby("age").sum()
    frames.append(_banded(grouped, ("area", "year", "sex", "age")).assign(basis="model"))
    order = ["area", "year", "basis", "sex", "age_lower", *QUANTILES]
    return pd.concat(frames, ignore_index=True).rename(columns={"age": "age_lower"})[order]


def _births(fit: Fit, scenario: Scenario, years: Sequence[int]) -> pd.DataFrame:
    """Return why births change from the first year to the last, by central values."""
    first, last = years[0], years[-1]
    baseline = fit.baseline
    result = project_scenarios(fit, [scenario], until=last)[0]
    change = births_change(result, baseline.rates, baseline.space, years=(first, last))
    change = change.isel(scenario=0, draw=0, drop=True)
    rows = by_component(change).rename("births").to_dataframe().reset_index()[["area", "component", "births"]]
    for side in ("before", "after"):
        totals = change[side].sum("birth_order").to_series()
        rows[side] = rows["area"].map(totals)
    return rows.assign(first_year=first, last_year=last)


def _marital(pack: Pack) -> pd.DataFrame:
    """Return residents of 15 and over by marital status, as censuses counted them, with shares of each sex."""
    rows = pack.marital_status[["area", "date", "sex", "status", "count"]]
    total = rows.groupby(["area", "date", "sex"])["count"].transform("sum")
    return rows.assign(share=100.0 * rows["count"] / total).reset_index(drop=True)


__all__ = ["AGES", "FLOWS", "STRUCTURE", "Situation", "census_counts", "run_situation", "structure_of"]
