"""Many futures of a place: every draw of what is not known, under every scenario, with the same random numbers.

Two scenarios differ by their levers and trends alone: levels, trends, elasticities, yearly shocks and the errors of
figures to be published belong to the number of a draw, not to a scenario. Differences are then nearly free of noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import xarray as xr
from tqdm import tqdm

from huyou_sim.demography.indicators import indicators
from huyou_sim.demography.keep import AGGREGATES
from huyou_sim.demography.projection import project
from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.draws import Draws, ensemble_draws, evidence_of, first_and_later
from huyou_sim.inference.later_migration import lasting, migration_levels, shifted_rates
from huyou_sim.inference.monte_carlo import effective_draws
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.shocks import migrant_shocks, shock_multipliers, yearly_innovations
from huyou_sim.inference.trends import FURTHEST_YEAR, LAST_YEAR, migrant_trends, trend_multipliers, trend_parameters
from huyou_sim.policy import PolicyContext, Scenario, policy_context, policy_response
from huyou_sim.policy.series import policy_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.demography.projection import Rates
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

TRAJECTORIES = 2048
"""Scenarios times draws of one part: what is in memory at once, whatever the number of draws."""


class Place(Protocol):
    """What an ensemble needs of a calibrated place."""

    @property
    def pack(self) -> Pack:
        """Data of the place."""

    @property
    def baseline(self) -> Baseline:
        """Start, schedules and state space."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Everything that is drawn for a place and depends on no scenario, worked out once. Nothing in it changes.

    Parameters
    ----------
    pack : Pack
    baseline : Baseline
    context : PolicyContext
    draws : Draws
    seed : int
    effective : float
        Number of independent draws that they are worth.
    years : tuple of int
        From the calibration year to the last that can be projected.
    first, later : (draw, area, channel) [log]
        Levels of the calibration year and of the years after it.
    migration : (draw, area, component) [1]
        Levels of the components of net migration in the calibration year.
    innovations : mapping of str to (draw, year) [sd of the shock]
        What is new in each year of each yearly shock, of which `shocks` and `migrant_shocks` are made.
    shocks : (draw, channel, year) [log]
    later_migrants : (draw, area, component) [persons per year]
        What the years after the calibration year have more, with the components of `rates`.
    migrant_shocks : (draw, year) [persons per 1,000 residents]
    rates : Rates
        Those of the baseline, with a component of net migration for each shift between ages.
    """

    pack: Pack
    baseline: Baseline
    context: PolicyContext
    draws: Draws
    seed: int
    effective: float
    years: tuple[int, ...]
    first: Array
    later: Array
    migration: Array
    innovations: Mapping[str, Array]
    shocks: Array
    later_migrants: Array
    migrant_shocks: Array
    rates: Rates

    def __len__(self) -> int:
        return len(self.draws)

    def given(self, draws: Draws, innovations: Mapping[str, Array], *, effective: float) -> Ensemble:
        """Return an ensemble of the same place and years with other values of what is drawn.

        Parameters
        ----------
        draws : Draws
            Of the same parameters; as many as one likes.
        innovations : mapping of str to (draw, year) [sd of the shock]
            Of every yearly shock and all years, 0 in the first.
        effective : float
            Number of independent draws that they are worth.
        """
        arrays = _arrays(self.baseline, self.rates, draws, innovations, len(self.years))
        return replace(self, draws=draws, effective=effective, **arrays)

    def project(
        self,
        scenarios: Sequence[Scenario],
        *,
        until: int | None = None,
        areas: Sequence[str] | None = None,
        variables: Sequence[str] | None = None,
        ages: Sequence[int] = (),
        threads: int | None = None,
        progress: bool = False,
    ) -> xr.Dataset:
        """Return indicators under scenarios, (scenario, draw, area, year).

        Parameters
        ----------
        scenarios : sequence of Scenario
        until : int, optional
            Last year; the last of the ensemble when omitted.
        areas : sequence of str, optional
            Codes to keep; the place as a whole when omitted.
        variables : sequence of str, optional
            Indicators to keep; all when omitted.
        ages : sequence of int
            Lowest ages of groups. With them the dataset has also ``population``, the residents at year ends by sex
            and age, (scenario, draw, area, time, sex, age), in these groups and those of `AGGREGATES`.
        threads : int, optional
            As for `project`. The number changes no bit of the result.
        progress : bool
            Show a progress bar on standard error.

        Returns
        -------
        indicators : xarray.Dataset
            Attributes: ``mark``, which must stand beside every probability; ``seed``; ``effective_draws``, of which
            Monte Carlo errors come; ``posterior``, names of the parameters whose values come from it.

        Raises
        ------
        ArgumentError
            When there are no scenarios, two of one key, or the year is not one of the ensemble.
        """
        years = self._checked(scenarios, until)
        size = max(1, TRAJECTORIES // len(scenarios))
        parts = []
        with tqdm(total=len(self), desc="project", unit="draw", disable=not progress or None, leave=False) as bar:
            for low in range(0, len(self), size):
                numbers = range(low, min(low + size, len(self)))
                found = self._part(scenarios, numbers, years, tuple(ages), threads)
                found = found.sel(area=list(areas or (self.baseline.code,)))
                kept = [*variables, *(["population"] if ages else [])] if variables is not None else list(found)
                parts.append(found[kept])
                bar.update(len(numbers))
        joined = xr.concat(parts, dim="draw", combine_attrs="override") if len(parts) > 1 else parts[0]
        sampled = " ".join(sorted(self.draws.from_posterior))
        return joined.assign_attrs(
            mark=self.draws.mark, seed=self.seed, effective_draws=self.effective, posterior=sampled
        )

    def _checked(self, scenarios: Sequence[Scenario], until: int | None) -> list[int]:
        last = self.years[-1] if until is None else until
        if last not in self.years:
            expected = f"a year from {self.years[0]} to {self.years[-1]}"
            raise ArgumentError(Problem("until", str(last), expected, f"Type {self.years[-1]}."))
        keys = [scenario.key for scenario in scenarios]
        if not keys or len(set(keys)) < len(keys):
            found = ", ".join(keys) or "none"
            fix = "Name each scenario once."
            raise ArgumentError(Problem("scenarios", found, "at least one, each with a key of its own", fix))
        return list(range(self.years[0], last + 1))

    def _part(
        self,
        scenarios: Sequence[Scenario],
        numbers: range,
        years: Sequence[int],
        ages: tuple[int, ...],
        threads: int | None,
    ) -> xr.Dataset:
        """Return the indicators of some draws in all areas, and residents by age where ages are asked for."""
        baseline, chosen = self.baseline, self.draws.part(numbers)
        evidence = evidence_of(chosen)
        levers = policy_response(
            scenarios, evidence, self.context, areas=baseline.areas, channels=baseline.space.channels, years=years
        )
        result = project(
            baseline.stock,
            self.rates,
            baseline.space,
            years=years,
            draws=len(numbers),
            log_multipliers=self._multipliers(scenarios, numbers, evidence, years),
            migration_level=self._migration(scenarios, numbers, evidence, years),
            response=levers.log_multipliers,
            scenarios=[scenario.key for scenario in scenarios],
            keep=AGGREGATES if not ages else replace(AGGREGATES, ages=tuple(sorted({*(AGGREGATES.ages or ()), *ages}))),
            total=baseline.code,
            threads=threads,
        )
        found = indicators(result, baseline.death_rates).assign(policy_series(result, levers, scenarios, evidence))
        if ages:
            found = found.assign(population=result["population"])
        return found.assign_coords(draw=np.array(numbers))

    def _multipliers(
        self, scenarios: Sequence[Scenario], numbers: range, evidence: dict[str, Array], years: Sequence[int]
    ) -> xr.DataArray:
        """Return levels, trends and shocks of some draws, (scenario, draw, area, channel, year) [log]."""
        rows = slice(numbers.start, numbers.stop)
        scales = {scenario.key: scenario.trends for scenario in scenarios}
        trends = trend_multipliers(self.baseline, trend_parameters(self.baseline, evidence), scales, years)
        moved = trends.transpose("scenario", "draw", "channel", "year").values + self.shocks[rows, :, : len(years)]
        levels = np.repeat(self.later[rows, ..., None], len(years), axis=-1)
        levels[..., 0] = self.first[rows]
        return xr.DataArray(
            levels + moved[:, :, None],
            dims=("scenario", "draw", "area", "channel", "year"),
            coords={
                "scenario": list(scales),
                "draw": np.arange(len(numbers)),
                "area": self.baseline.areas,
                "channel": list(self.baseline.space.channels),
                "year": list(years),
            },
        )

    def _migration(
        self, scenarios: Sequence[Scenario], numbers: range, evidence: dict[str, Array], years: Sequence[int]
    ) -> xr.DataArray:
        """Return the levels of net migration of some draws, (scenario, draw, area, year, component)."""
        rows = slice(numbers.start, numbers.stop)
        scales = {scenario.key: scenario.trends for scenario in scenarios}
        trends = migrant_trends(self.baseline, trend_parameters(self.baseline, evidence), scales, years)
        return migration_levels(
            self.baseline,
            self.migration[rows],
            trends + self.migrant_shocks[rows, : len(years)],
            [str(name) for name in self.rates.net_migrants["component"].values],
            scenarios=list(scales),
            years=years,
            later=self.later_migrants[rows],
        )


def prepare_ensemble(
    place: Place, posterior: xr.Dataset | None, draws: int, seed: int = SEED, *, until: int = LAST_YEAR
) -> Ensemble:
    """Return what an ensemble of a place draws, ready to be projected under any scenarios.

    The first draws of a larger ensemble are those of a smaller one, and so are the years of a longer one.

    Parameters
    ----------
    place : Place
        A calibrated place, as from `fit_place`.
    posterior : xarray.Dataset, optional
        From `huyou_sim.inference.store.posterior`; every parameter comes from its prior without one.
    draws, seed : int
    until : int
        Last year that it can be projected to.

    Raises
    ------
    ArgumentError
        When there are no draws, the year is out of reach, or the posterior is of another place.
    PackError
        When a prior is faulty.
    """
    pack, baseline = place.pack, place.baseline
    start = baseline.stock.year + 1
    if not start <= until <= FURTHEST_YEAR:
        expected = f"a year from {start} to {FURTHEST_YEAR}"
        raise ArgumentError(Problem("until", str(until), expected, f"Type {LAST_YEAR}."))
    drawn = ensemble_draws(pack, posterior, draws, seed=seed)
    years = tuple(range(start, until + 1))
    rates = shifted_rates(baseline, drawn.parameters)
    new = yearly_innovations(drawn.parameters, draws, years, seed=seed)
    arrays = _arrays(baseline, rates, drawn, new, len(years))
    effective = effective_draws(draws, posterior)
    return Ensemble(pack, baseline, policy_context(pack), drawn, seed, effective, years, rates=rates, **arrays)


def _arrays(
    baseline: Baseline, rates: Rates, draws: Draws, innovations: Mapping[str, Array], years: int
) -> dict[str, Any]:
    """Return the arrays of an ensemble that follow from its draws and innovations, which nothing can change."""
    first, later, migration = first_and_later(baseline, draws)
    components = [str(name) for name in rates.net_migrants["component"].values]
    arrays = {
        "first": first.values,
        "later": later.values,
        "migration": migration.values,
        "shocks": shock_multipliers(draws, baseline.space.channels, innovations, years=years),
        "later_migrants": lasting(baseline, draws, components),
        "migrant_shocks": migrant_shocks(draws, innovations, years=years),
    }
    for array in (*arrays.values(), *innovations.values()):
        array.flags.writeable = False
    return {**arrays, "innovations": MappingProxyType(dict(innovations))}


def project_ensemble(
    place: Place,
    scenarios: Sequence[Scenario],
    posterior: xr.Dataset | None = None,
    *,
    draws: int,
    seed: int = SEED,
    until: int = LAST_YEAR,
    areas: Sequence[str] | None = None,
    progress: bool = False,
) -> xr.Dataset:
    """Return the indicators of an ensemble under scenarios: `prepare_ensemble` and `Ensemble.project` in one."""
    return prepare_ensemble(place, posterior, draws, seed, until=until).project(
        scenarios, areas=areas, progress=progress
    )


__all__ = ["Ensemble", "Place", "prepare_ensemble", "project_ensemble"]
