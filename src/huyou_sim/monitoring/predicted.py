"""What the course that is monitored predicts of each published figure: its truth by draw, and the errors about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from huyou_sim.inference.bridge import bridge
from huyou_sim.inference.calibration import base_differs
from huyou_sim.inference.observations import text
from huyou_sim.inference.priors import generator
from huyou_sim.monitoring.part_years import bridge_covariance, season_of
from huyou_sim.planning.course import SPREAD_90
from huyou_sim.planning.subjects import Subject, bridged_from, subjects
from huyou_sim.planning.targets import BASE_YEAR

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.planning.observed import Observed

    Array = NDArray[np.float64]

ASSUMED_RATES = {"divorces": "divorce_rate", "remarriages": "remarriage_rate"}
"""Events whose hazard no draw moves, and the row of assumptions.csv that gives its range."""

YEARLY = 0.10
"""Standard deviation of the log of such a hazard from year to year. Assumed (0.05 to 0.20): rules and waiting times at
registries move divorces more than births; no series of the city is in the pack."""

STEPS = 60
"""Halvings of the bracket of a quantile: it is then known to the last digit."""

SMALLEST = 1e-6
"""Least error of a figure over the spread of its truths: a full count is no point."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """Published figures as a course predicts them: each draw's truth, and normal errors about it.

    Parameters
    ----------
    figures : tuple of Observed
    truth : (draw, figure) [unit of each figure]
        Without any error of publication; a part of a year has its share of the days.
    covariance : (figure, figure) [product of the units]
        Of the figures about their truth: errors of publication, and how a year falls on its parts.
    effective : float
        Number of independent draws.
    seed : int
    draws : (draw,)
        Numbers of the draws.
    """

    figures: tuple[Observed, ...]
    truth: Array
    covariance: Array
    effective: float
    seed: int
    draws: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.figures)

    @property
    def values(self) -> Array:
        """Return the observed values, (figure,)."""
        return np.array([one.value for one in self.figures])

    @property
    def sd(self) -> Array:
        """Return the standard deviations of figures about their truth, (figure,)."""
        found: Array = np.sqrt(np.diag(self.covariance))
        return found

    def part(self, chosen: Sequence[int]) -> Predicted:
        """Return some of the figures."""
        at = list(chosen)
        figures = tuple(self.figures[i] for i in at)
        return replace(self, figures=figures, truth=self.truth[:, at], covariance=self.covariance[np.ix_(at, at)])

    def of_draws(self, rows: slice) -> Predicted:
        """Return some of the draws."""
        size = len(self.draws[rows]) / len(self.draws)
        return replace(self, truth=self.truth[rows], draws=self.draws[rows], effective=self.effective * size)

    def below(self, values: Array) -> tuple[Array, Array]:
        """Return the probability of a published figure below each value, and its Monte Carlo error, (..., figure).

        The errors are normal about each draw's truth, so that the probability is a mean over draws and no count.
        """
        chances = ndtr((np.asarray(values)[..., None, :] - self.truth) / self.sd)
        return chances.mean(axis=-2), chances.std(axis=-2) / self.effective**0.5

    def quantiles(self, asked: Sequence[float]) -> Array:
        """Return quantiles of the published figures, (quantile, figure)."""
        shape = (len(asked), len(self))
        low = np.broadcast_to(self.truth.min(axis=0) - 10.0 * self.sd, shape)
        high = np.broadcast_to(self.truth.max(axis=0) + 10.0 * self.sd, shape)
        wanted = np.asarray(asked)[:, None]
        for _ in range(STEPS):
            middle = (low + high) / 2.0
            under = self.below(middle)[0] < wanted
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        found: Array = (low + high) / 2.0
        return found

    def published(self) -> Array:
        """Return figures as they may be published, one for each draw, (draw, figure)."""
        noise = [
            generator(self.seed, f"monitored {' '.join(map(str, one.key))}").standard_normal(int(self.draws.max()) + 1)
            for one in self.figures
        ]
        if not noise:
            return self.truth
        size, turned = np.linalg.eigh(self.covariance)
        root = turned * np.sqrt(np.maximum(size, 0.0)) @ turned.T
        found: Array = self.truth + np.stack(noise, axis=-1)[self.draws] @ root
        return found


def predict(pack: Pack, dataset: xr.Dataset, figures: Sequence[Observed]) -> Predicted:
    """Return what a course predicts of figures of the model's variables.

    Parameters
    ----------
    pack : Pack
    dataset : xarray.Dataset
        From `Ensemble.project`, of one scenario and of all areas of the figures, after `with_assumed_rates`.
    figures : sequence of Observed

    Raises
    ------
    ArgumentError
        When a figure of another population cannot be carried onto its baseline.
    """
    known = subjects(pack)
    truth = truths(pack, dataset, figures)
    middles = [
        float(np.median(column)) / (one.period.share if known[one.variable].measure == "count" else 1.0)
        for one, column in zip(figures, truth.T, strict=True)
    ]
    covariance = error_covariance(pack, figures, middles, known)
    covariance[np.diag_indices(len(figures))] += (SMALLEST * truth.std(axis=0)) ** 2 + np.finfo(float).tiny
    attrs, draws = dataset.attrs, np.asarray(dataset["draw"].values, dtype=np.int64)
    return Predicted(tuple(figures), truth, covariance, float(attrs["effective_draws"]), int(attrs["seed"]), draws)


def truths(pack: Pack, dataset: xr.Dataset, figures: Sequence[Observed]) -> Array:
    """Return what each figure truly is in each draw, (draw, figure) [unit of each figure].

    Parameters
    ----------
    pack, dataset, figures
        As for `predict`.

    Raises
    ------
    ArgumentError
        As for `predict`.
    """
    known = subjects(pack)
    found = np.empty((dataset.sizes["draw"], len(figures)))
    for i, one in enumerate(figures):
        found[:, i] = _of_period(_yearly(pack, dataset, one), one, known[one.variable])
    return found


def _yearly(pack: Pack, dataset: xr.Dataset, one: Observed) -> xr.DataArray:
    """Return the figure's variable, area and population in each year, (draw, year)."""
    series = dataset[one.variable].isel(scenario=0, drop=True).sel(area=one.area, drop=True)
    if not base_differs(one.population_base):
        return series
    baseline = bridged_from(pack, one.variable, one.population_base, one.area)
    return bridge(series, float("nan") if baseline is None else baseline, BASE_YEAR, unit=one.unit)


def _of_period(series: xr.DataArray, one: Observed, subject: Subject) -> Array:
    """Return what a figure truly is in each draw: of a day between two year ends, or the year's part by its days."""
    this: Array = series.sel(year=one.period.year).values
    if subject.measure == "day":
        before: Array = series.sel(year=one.period.year - 1).values
        days = one.period.end.timetuple().tm_yday
        return before + (this - before) * days / (one.period.days / one.period.share)
    return this * one.period.share if subject.measure == "count" else this


def error_covariance(
    pack: Pack, figures: Sequence[Observed], middles: Sequence[float], known: dict[str, Subject]
) -> Array:
    """Return the covariance of figures about their truth, (figure, figure).

    Errors of one sample go together as publication_errors.csv says, and those of overlapping periods by the days that
    they share; counts of parts of a year have the spread of `SEASONS` as well.

    Parameters
    ----------
    middles : sequence of float
        What the year of each figure is likely to be [unit].
    """
    found = np.zeros((len(figures), len(figures)))
    shared = {one.variable: _sample(pack, one.variable) for one in figures}
    for i, one in enumerate(figures):
        for j, other in enumerate(figures[: i + 1]):
            root, own = shared[one.variable]
            root_, other_ = shared[other.variable]
            alike = 1.0 if one.variable == other.variable else own * other_ * (root == root_)
            if (one.area, one.population_base) == (other.area, other.population_base):
                found[i, j] = one.standard_error * other.standard_error * alike * _together(one, other)
            both = (known[one.variable].measure, known[other.variable].measure)
            season = season_of(one.variable)
            if both == ("count", "count") and (one.variable == other.variable or other.variable in season.names):
                spread = season.omega**2 * bridge_covariance(one.period, other.period)
                found[i, j] += middles[i] * middles[j] * spread
            found[j, i] = found[i, j]
    return found


def _sample(pack: Pack, variable: str) -> tuple[str, float]:
    """Return the variable whose sample a figure comes from, and the correlation with it."""
    rows = pack.publication_errors[pack.publication_errors["variable"] == variable].to_dict("records")
    if rows and text(rows[0]["shared_with"]):
        return text(rows[0]["shared_with"]), float(rows[0]["correlation"])
    return variable, 1.0


def _together(one: Observed, other: Observed) -> float:
    """Return the correlation of the sampling errors of two periods: the days that they share."""
    if one.period == other.period:
        return 1.0
    if 1 in (one.period.days, other.period.days):
        return 0.0
    size: float = (one.period.share * other.period.share) ** 0.5
    return one.period.overlap(other.period) / size


def with_assumed_rates(pack: Pack, dataset: xr.Dataset) -> xr.Dataset:
    """Return indicators whose divorces and remarriages vary by draw as far as their assumed rates are uncertain.

    No draw of an ensemble moves these hazards: they are assumptions with a range, too small to matter to births, but
    all that is uncertain in a rate of divorce. The log of each has the range as its 90 % band, the same in every year,
    and a step of its own each year (`YEARLY`).
    """
    found: dict[str, xr.DataArray] = {}
    ranges = {str(row["name"]): (float(row["low"]), float(row["high"])) for row in pack.assumptions.to_dict("records")}
    for name, assumption in ASSUMED_RATES.items():
        if name not in dataset or assumption not in ranges:
            continue
        low, high = ranges[assumption]
        found[name] = dataset[name] * _factors(dataset, name, float(np.log(high / low)) / SPREAD_90)
    if "remarriages" in found:
        found["marriages"] = dataset["first_marriages"] + found["remarriages"]
    for rate, name in (("crude_marriage_rate", "marriages"), ("crude_divorce_rate", "divorces")):
        if name in found:
            found[rate] = dataset[rate] * found[name] / dataset[name]
    return dataset.assign({name: array.transpose(*dataset[name].dims) for name, array in found.items()})


def _factors(dataset: xr.Dataset, name: str, sd: float) -> xr.DataArray:
    """Return what an assumed hazard is multiplied by, (draw, year) [1]."""
    import xarray as xr

    years, draws, seed = dataset["year"].values, dataset["draw"].values, int(dataset.attrs["seed"])
    normal = [generator(seed, f"assumed {name} {year}").standard_normal(int(draws.max()) + 1)[draws]
              for year in ("every year", *years)]  # fmt: skip
    log = sd * normal[0][:, None] + YEARLY * np.stack(normal[1:], axis=-1)
    return xr.DataArray(np.exp(log), dims=("draw", "year"), coords={"draw": draws, "year": years})
