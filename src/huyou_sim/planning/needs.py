"""What services a place needs to a horizon, how much of them there is, and when places stand empty.

The band of a figure is that of the population: futures of births, migration and mortality. What the norm may be
otherwise stands beside it, as the need by the lowest and by the highest norm; so does what is not known of the supply.
Means of areas add up to that of the place; medians and ends of bands do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from huyou_sim.errors import ArgumentError, PackError, Problem
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.trends import FURTHEST_YEAR
from huyou_sim.pack import load_pack
from huyou_sim.planning.areas import area_codes
from huyou_sim.planning.futures import prepare_futures, progress_bar
from huyou_sim.planning.packages import Fit
from huyou_sim.planning.services import (
    AGES,
    CHILDCARE,
    LEVELS,
    childcare_supply,
    needs_of,
    people,
    supply_of,
)
from huyou_sim.policy import Scenario, load_scenarios, policy_context

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

SCENARIOS = ("no_new_policy", "plan_as_written")
UNTIL, DRAWS = 2035, 500

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}
"""Columns of the 90 % band, beside the mean."""

EMPTYING_YEARS = (2030, 2035)
"""Years for which places that stand empty are told."""

UNITS = {
    "childcare_places": "places",
    "childcare_places_plan": "places",
    "inclusive_places": "places",
    "kindergarten_places": "places",
    "kindergarten_classes": "classes",
    "kindergarten_teachers": "persons",
    "kindergarten_carers": "persons",
    "paediatricians": "persons",
    "maternity_beds": "beds",
    "midwives": "persons",
    "orphans": "persons",
    "orphan_allowance": "yuan per year",
}
"""Unit of each service, whatever its norm is of."""


@dataclass(frozen=True, eq=False)
class Needs:
    """Services that a place needs under scenarios.

    Parameters
    ----------
    fit : Fit
    scenarios : tuple of Scenario
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    coverage : float, optional
        Places asked for per 100 children under 3, where the user set it [%].
    areas : tuple of str
        Codes, the place last where it is among them.
    norms : DataFrame
        As `service_norms.csv`, with the coverage that was asked for.
    draws : xarray.Dataset
        ``need`` at the central norm, ``supply`` (not a number where none is known) and ``empty`` places by (service,
        scenario, draw, area, year). The place is the sum of its areas: a place that stands empty in one is of no use
        in another.
    table : DataFrame
        `COLUMNS`: one row per scenario, area, year and service.
    emptying : DataFrame
        `EMPTYING_COLUMNS`: one row per scenario, area and service whose supply is known.
    """

    fit: Fit
    scenarios: tuple[Scenario, ...]
    posterior: xr.Dataset | None
    coverage: float | None
    areas: tuple[str, ...]
    norms: pd.DataFrame
    draws: xr.Dataset
    table: pd.DataFrame
    emptying: pd.DataFrame


_BANDED = ("q05", "q50", "q95", "mean")
COLUMNS = (
    "scenario", "area", "year", "service",
    *(f"need_{name}" for name in (*_BANDED, "low", "high")),
    *(f"supply_{name}" for name in (*_BANDED, "low", "high")),
    *(f"gap_{name}" for name in (*_BANDED, "low", "high")),
    *(f"empty_{name}" for name in _BANDED),
    "unit", "norm_kind", "norm_source",
)  # fmt: skip
"""Of the table. ``gap`` is need less supply: above 0 a shortage, below 0 a surplus. ``*_low``, ``*_high``: means by
the lowest and the highest norm or supply, where ``gap_low`` holds the lowest norm against the highest supply."""

EMPTYING_COLUMNS = (
    "scenario", "area", "service", "peak_year_q05", "peak_year_q50", "peak_year_q95",
    "surplus_probability", "surplus_probability_error", "surplus_year_q05", "surplus_year_q50", "surplus_year_q95",
    *(f"fewer_{name}" for name in _BANDED), "until",
    *(f"empty_{year}_{name}" for year in EMPTYING_YEARS for name in _BANDED), "unit",
)  # fmt: skip
"""Of the table of emptying. ``peak_year``: when need is largest; ``surplus_year``: the first in which supply exceeds
need, empty where that is not so in as many draws; ``fewer``: need of the first year less that of ``until``."""


def run_needs(
    place: str | Path,
    scenarios: Sequence[str | Path] = SCENARIOS,
    *,
    until: int = UNTIL,
    draws: int = DRAWS,
    seed: int = SEED,
    coverage: float | None = None,
    areas: Sequence[str] | None = None,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Needs:
    """Return which services a place and its areas need, how much of them there is, and when places stand empty.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    scenarios : sequence
        Names that ship or paths of TOML files.
    until : int
        Last year.
    draws, seed : int
    coverage : float, optional
        Childcare places asked for per 100 children under 3 [%]; the norms of the pack when omitted.
    areas : sequence of str, optional
        Codes or names; all areas and the place when omitted.
    prior_only : bool
        Draw the levels from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show progress bars on standard error.

    Raises
    ------
    ArgumentError
        With everything that is wrong with years, draws, coverage and areas.
    PackError
        When the place has no norms of services, or as for `load_pack`.
    ScenarioError, CalibrationError
    """
    pack = load_pack(place)
    _check_norms(pack)
    codes = _checked(pack, until, draws, coverage, areas)
    chosen = load_scenarios(scenarios, areas=list(pack.areas["area"]))
    with progress_bar("needs", 4, shown=progress) as bar:
        futures = prepare_futures(pack, bar, draws=draws, seed=seed, until=until, prior_only=prior_only, folder=folder)
        fit, ensemble = futures.fit, futures.ensemble
        wanted = ["births", "childcare_places", "childcare_empty"]
        dataset = ensemble.project(chosen, areas=fit.baseline.areas, variables=wanted, ages=AGES, progress=progress)
        bar.update()
        norms = with_coverage(pack.service_norms, coverage)
        needed, supplied, empty = _amounts(pack, dataset, chosen, norms)
        parts = [_selected(part, codes, pack.place.code) for part in (*needed.values(), *supplied.values(), empty)]
        need, supply = dict(zip(LEVELS, parts[:3], strict=True)), dict(zip(LEVELS, parts[3:6], strict=True))
        kept = xr.Dataset(
            {"need": need["central"], "supply": supply["central"], "empty": parts[6]}, attrs=dataset.attrs
        )
        table, emptying = _table(need, supply, parts[6], norms), _emptying(kept, until)
        bar.update()
    return Needs(fit, chosen, futures.posterior, coverage, tuple(codes), norms, kept, table, emptying)


def _check_norms(pack: Pack) -> None:
    if pack.service_norms.empty:
        expected = "norms: how much of each service so many people need"
        fix = "Copy service_norms.csv and service_supply.csv of data/huzhou and put the place's own figures in."
        raise PackError(Problem("service needs", "no table", expected, fix, str(pack.path / "service_norms.csv")))


def _checked(pack: Pack, until: int, draws: int, coverage: float | None, areas: Sequence[str] | None) -> list[str]:
    """Return the codes of the areas, the place last; raise ArgumentError with everything that is wrong."""
    problems = []
    first = pack.start_date.year + 1
    if not first < until <= FURTHEST_YEAR:
        expected = f"a year from {first + 1} to {FURTHEST_YEAR}"
        problems.append(Problem("--until", str(until), expected, f"Type --until {UNTIL}."))
    if draws < 1:
        problems.append(Problem("--draws", str(draws), "1 or more", f"Type --draws {DRAWS}."))
    if coverage is not None and not 0.0 < coverage <= 100.0:
        expected = "above 0 and at most 100: places per 100 children under 3"
        problems.append(Problem("--coverage", f"{coverage:g} %", expected, "Type --coverage 35."))
    every = [*(str(code) for code in pack.areas["area"]), pack.place.code]
    codes, unknown = (every, []) if areas is None else area_codes(pack, areas)
    if areas is not None and not codes and not unknown:
        unknown = [Problem("--areas", "none", "at least one area", f"Type --areas {every[0]}.")]
    problems += unknown
    if problems:
        raise ArgumentError(problems)
    return [code for code in every if code in codes]


def with_coverage(norms: pd.DataFrame, coverage: float | None) -> pd.DataFrame:
    """Return norms in which places are asked for so many of 100 children under 3, at all levels [%]."""
    if coverage is None:
        return norms
    asked = norms["service"] == "childcare_places"
    said = {"low": coverage, "central": coverage, "high": coverage, "kind": "assumed", "source": "asked for"}
    return norms.assign(**{name: norms[name].mask(asked, value) for name, value in said.items()})


Amounts = dict[str, xr.DataArray]


def _amounts(
    pack: Pack, dataset: xr.Dataset, scenarios: Sequence[Scenario], norms: pd.DataFrame
) -> tuple[Amounts, Amounts, xr.DataArray]:
    """Return need and supply by level, and empty places, (service, scenario, draw, area, year), of the areas alone."""
    counts = people(dataset)
    childcare = childcare_supply(dataset, scenarios, policy_context(pack))
    needed = {level: needs_of(norms, counts, level) for level in LEVELS}
    services = list(needed["central"])
    unknown = xr.full_like(counts["births"], np.nan)
    supplied = {}
    for level in LEVELS:
        there = {**supply_of(pack.service_supply, counts, level, pack.place.code), **childcare}
        supplied[level] = _stacked({name: there.get(name, unknown) for name in services})
    pupils, places = needed["central"].get("kindergarten_places"), supplied["central"]
    # Children who come take a place each; in childcare many places stand empty beside families that want one.
    empty = dict.fromkeys(services, unknown)
    if "childcare_places" in services:
        empty["childcare_places"] = dataset["childcare_empty"].transpose(*unknown.dims)
    if pupils is not None:
        empty["kindergarten_places"] = (places.sel(service="kindergarten_places", drop=True) - pupils).clip(min=0.0)
    return {level: _stacked(found) for level, found in needed.items()}, supplied, _stacked(empty)


def _stacked(arrays: Mapping[str, xr.DataArray]) -> xr.DataArray:
    return xr.concat([array.drop_attrs() for array in arrays.values()], pd.Index(list(arrays), name="service"))


def _selected(array: xr.DataArray, codes: Sequence[str], place: str) -> xr.DataArray:
    """Return the areas that are asked for; the place is the sum of its areas."""
    if place not in codes:
        return array.sel(area=list(codes))
    whole = array.sum("area", skipna=False).expand_dims(area=[place])
    return xr.concat([array, whole], "area").transpose(*array.dims).sel(area=list(codes))


def _bands(array: xr.DataArray, prefix: str) -> dict[str, xr.DataArray]:
    """Return the 90 % band and the mean over draws by column."""
    at = array.quantile(list(QUANTILES.values()), "draw", skipna=False)
    found = {f"{prefix}_{name}": at.isel(quantile=i, drop=True) for i, name in enumerate(QUANTILES)}
    return {**found, f"{prefix}_mean": array.mean("draw", skipna=False)}


def _long(columns: Mapping[str, xr.DataArray], order: Sequence[Hashable]) -> pd.DataFrame:
    """Return arrays of the same dimensions as the columns of a tidy table."""
    return xr.Dataset(dict(columns)).to_dataframe(dim_order=list(order)).reset_index()


def _table(need: Amounts, supply: Amounts, empty: xr.DataArray, norms: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, xr.DataArray] = {}
    gap = {"central": need["central"] - supply["central"], "low": need["low"] - supply["high"],
           "high": need["high"] - supply["low"]}  # fmt: skip
    for prefix, amounts in (("need", need), ("supply", supply), ("gap", gap)):
        columns |= _bands(amounts["central"], prefix)
        columns |= {f"{prefix}_{level}": amounts[level].mean("draw", skipna=False) for level in ("low", "high")}
    columns |= _bands(empty, "empty")
    table = _long(columns, ("scenario", "area", "year", "service"))
    by_service = norms.groupby("service", sort=False)
    # A need that rests on an assumption anywhere is assumed.
    kinds = by_service["kind"].agg(lambda kinds: "assumed" if "assumed" in set(kinds) else str(kinds.iloc[-1]))
    sources = by_service["source"].agg(lambda each: "; ".join(dict.fromkeys(each)))
    for name, words in (("unit", UNITS), ("norm_kind", kinds.to_dict()), ("norm_source", sources.to_dict())):
        table[name] = table["service"].map(words)
    return table[list(COLUMNS)]


def _emptying(draws: xr.Dataset, until: int) -> pd.DataFrame:
    """Return when need is largest, when supply exceeds it, and how many places then stand empty."""
    known = [str(name) for name in draws["service"].values if draws["supply"].sel(service=name).notnull().all()]
    chosen = draws.sel(service=known)
    need, supply, years = chosen["need"], chosen["supply"], chosen["year"]
    above = supply > need
    first = years.isel(year=above.argmax("year")).drop_vars("year").where(above.any("year"), np.inf)
    peak = years.isel(year=need.argmax("year")).drop_vars("year")
    columns: dict[str, xr.DataArray] = {}
    for name, level in QUANTILES.items():
        # A year, not a number between two; beyond the horizon it is no year.
        columns[f"peak_year_{name}"] = peak.quantile(level, "draw", method="lower").drop_vars("quantile")
        at = first.quantile(level, "draw", method="lower").drop_vars("quantile")
        columns[f"surplus_year_{name}"] = at.where(np.isfinite(at))
    columns["surplus_probability"] = above.any("year").mean("draw")
    effective = float(draws.attrs["effective_draws"])
    columns["surplus_probability_error"] = columns["surplus_probability"].copy(
        data=probability_error(columns["surplus_probability"].values, effective)
    )
    columns |= _bands(need.isel(year=0, drop=True) - need.isel(year=-1, drop=True), "fewer")
    for year in EMPTYING_YEARS:
        there = year <= until
        at_end = chosen["empty"].sel(year=year if there else until, drop=True)
        columns |= _bands(at_end if there else xr.full_like(at_end, np.nan), f"empty_{year}")
    table = _long(columns, ("scenario", "area", "service"))
    return table.assign(unit=table["service"].map(UNITS), until=until)[list(EMPTYING_COLUMNS)]


__all__ = ["CHILDCARE", "COLUMNS", "EMPTYING_COLUMNS", "UNITS", "Needs", "run_needs", "with_coverage"]
