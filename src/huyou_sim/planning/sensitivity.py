"""Why a target is reached or missed: how much of its uncertainty each parameter brings, as Sobol indices.

First order: the share of the variance that would go if the parameter were known. Total: the share that would stay if
all others were known; what it exceeds the first order by are interactions.

The design asks for independent factors. Parameters with priors of their own are; those of the posterior are correlated
with each other, because one published figure speaks of several of them. They enter in groups, whole rows of the
posterior at a time: every pair correlated by more than `CORRELATED` is in one group, and a group has one index. What is
new in each year (the draws of a yearly shock) is a factor beside the parameter that says how large such shocks are.

Source
------
Saltelli et al. (2010), Variance based sensitivity analysis of model output, Computer Physics Communications 181,
259-270, as in `scipy.stats.sobol_indices`; intervals by a bootstrap of the points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from scipy.stats import qmc, rankdata, sobol_indices
from tqdm import tqdm

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.draws import Draws
from huyou_sim.inference.parameters import YEARLY, Parameter
from huyou_sim.inference.posterior import SEED
from huyou_sim.inference.shocks import innovations
from huyou_sim.planning.targets import TARGET_YEAR, Target, load_targets, target_series

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

CORRELATED = 0.1
"""Rank correlation in the posterior above which two parameters share a group [1]."""

POINTS = 512
"""Base points of the design, a power of two; the model is evaluated this often for each factor, and twice more."""

RESAMPLES = 200
CONFIDENCE = 0.95

COLUMNS = (
    "indicator_id", "variable", "factor", "kind", "members", "first_order", "first_order_low", "first_order_high",
    "total", "total_low", "total_high", "mean", "sd", "unit", "label_en", "label_zh",
)  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """One independent source of uncertainty.

    Parameters
    ----------
    key : str
    kind : {"parameter", "group", "yearly"}
        A parameter by itself; parameters correlated in the posterior; what a yearly shock brings anew.
    members : tuple of Parameter
    """

    key: str
    kind: str
    members: tuple[Parameter, ...]

    def label(self, lang: str) -> str:
        """Return what stands behind the factor, in `zh` or else English."""
        names = [one.label_zh if lang == "zh" else one.label_en for one in self.members]
        if self.kind == "yearly":
            return f"{names[0]}：各年新息" if lang == "zh" else f"{names[0]}: what is new in each year"
        return ("；" if lang == "zh" else "; ").join(names)


Evaluate = Callable[["Array", "Mask"], "Array"]
"""Points of the unit cube (sample, point, factor), and which factors of each are of the second sample (sample, factor),
to outputs (sample, point, output)."""

TOGETHER = 2048
"""Points that are evaluated at once."""


def sobol_of(
    evaluate: Evaluate,
    factors: int,
    *,
    points: int = POINTS,
    seed: int = SEED,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    progress: bool = False,
) -> dict[str, Array]:
    """Return Sobol indices of a function on the unit cube.

    Parameters
    ----------
    evaluate : callable
    factors : int
    points : int
        A power of two.
    seed, resamples : int
    confidence : float [1]
    progress : bool

    Returns
    -------
    indices : dict of (output, factor) [1]
        ``first_order`` and ``total``, each with ``_low`` and ``_high``, and ``mean`` and ``sd`` (output,). NaN for an
        output that does not vary.

    Raises
    ------
    ArgumentError
        When `points` is no power of two.
    """
    if points < 2 or points & (points - 1):
        near = 2 ** max(round(np.log2(max(points, 2))), 1)
        raise ArgumentError(Problem("points", str(points), "a power of two, 2 or more", f"Type {near}."))
    cube = qmc.Sobol(2 * factors, rng=np.random.default_rng(seed)).random(points)
    one, other = cube[:, :factors], cube[:, factors:]
    # The first sample, the second, and the first with one factor at a time from the second.
    second = np.vstack([np.zeros((1, factors)), np.ones((1, factors)), np.eye(factors)]).astype(np.bool_)
    size = max(1, TOGETHER // points)
    parts = []
    with tqdm(total=factors + 2, desc="sobol", unit="sample", disable=not progress or None, leave=False) as bar:
        for low in range(0, len(second), size):
            mask = second[low : low + size]
            parts.append(np.moveaxis(evaluate(np.where(mask[:, None], other, one), mask), -1, 1))
            bar.update(len(mask))
    outputs = np.concatenate(parts)
    first, last, mixed = outputs[0], outputs[1], outputs[2:]
    both = np.concatenate([first, last], axis=1)
    varies = both.std(axis=1) > 1e-12 * np.maximum(np.abs(both.mean(axis=1)), 1e-12)
    kept = {"f_A": first[varies], "f_B": last[varies], "f_AB": mixed[:, varies]}
    found = {name: np.full((len(first), factors), np.nan) for name in _INDICES}
    if varies.any():
        for name, values in _indices(kept, points, resamples, confidence, seed).items():
            found[name][varies] = values
    return found | {"mean": both.mean(axis=1), "sd": both.std(axis=1)}


_INDICES = ("first_order", "first_order_low", "first_order_high", "total", "total_low", "total_high")


def _indices(
    samples: Mapping[str, Array], points: int, resamples: int, confidence: float, seed: int
) -> dict[str, Array]:
    """Return indices with their intervals, (output, factor): quantiles of resampled points of the design.

    The bootstrap that comes with scipy's result takes no seed, and its correction needs as many more evaluations as
    there are points.
    """
    rng = np.random.default_rng(seed)
    resampled = [_estimated(samples, rng.integers(points, size=points)) for _ in range(resamples)]
    tail = (1.0 - confidence) / 2.0
    found: dict[str, Array] = {}
    for name, value, again in zip(
        ("first_order", "total"),
        _estimated(samples, np.arange(points)),
        np.moveaxis(np.array(resampled), 1, 0),
        strict=True,
    ):
        found[name] = value
        found[f"{name}_low"], found[f"{name}_high"] = np.quantile(again, [tail, 1.0 - tail], axis=0)
    return found


def _estimated(samples: Mapping[str, Array], rows: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return first-order and total indices from some points of the design, (output, factor)."""
    estimate: Any = sobol_indices  # its declared types know no plain dictionary
    found = estimate(func={name: values[..., rows] for name, values in samples.items()}, n=len(rows))
    shape = (samples["f_A"].shape[0], samples["f_AB"].shape[0])
    return np.reshape(found.first_order, shape), np.reshape(found.total_order, shape)


def sobol_table(
    ensemble: Ensemble,
    scenario: Scenario,
    posterior: xr.Dataset | None,
    *,
    against: Scenario | None = None,
    points: int = POINTS,
    seed: int = SEED,
    resamples: int = RESAMPLES,
    progress: bool = False,
) -> pd.DataFrame:
    """Return the Sobol indices of every parameter for every target's figure of the target year.

    Parameters
    ----------
    ensemble : Ensemble
        For place, baseline and parameters; its draws are replaced by those of the design.
    scenario : Scenario
    posterior : xarray.Dataset, optional
        Whose rows are drawn; every parameter comes from its prior without one.
    against : Scenario, optional
        Then for the difference that `scenario` makes to it.
    points, seed, resamples : int
    progress : bool

    Returns
    -------
    table : DataFrame
        `COLUMNS`, factors by falling total within a target. Attributes: ``points``, ``evaluations``, ``largest_left``
        (largest rank correlation between parameters of different groups), ``mark``.

    Raises
    ------
    ArgumentError
        When `points` is no power of two.
    """
    rows = _rows(posterior)
    factors, left = factors_of(ensemble.draws.parameters, rows)
    scenarios = [scenario] if against is None else [scenario, against]

    def evaluate(cube: Array, second: Mask) -> Array:
        made = designed(ensemble, factors, rows, cube, second, seed=seed)
        figures = _figures(made, scenarios)
        return figures.reshape(*cube.shape[:2], -1)

    found = sobol_of(evaluate, len(factors), points=points, seed=seed, resamples=resamples, progress=progress)
    table = _table(ensemble, factors, found)
    table.attrs = {
        "points": points,
        "evaluations": points * (len(factors) + 2),
        "largest_left": left,
        "mark": ensemble.draws.mark,
    }
    return table


def _rows(posterior: xr.Dataset | None) -> Mapping[str, Array]:
    """Return the draws of a posterior by name, one row after the other."""
    if posterior is None:
        return MappingProxyType({})
    return MappingProxyType({str(name): posterior[name].values.reshape(-1) for name in posterior.data_vars})


def factors_of(parameters: Sequence[Parameter], rows: Mapping[str, Array]) -> tuple[tuple[Factor, ...], float]:
    """Return the independent factors, and the largest rank correlation that is left between groups.

    Parameters
    ----------
    parameters : sequence of Parameter
    rows : mapping of name to (row,)
        Of the posterior.
    """
    sampled = [one for one in parameters if one.name in rows]
    found: list[Factor] = []
    left = 0.0
    if sampled:
        ranks = np.stack([rankdata(rows[one.name]) for one in sampled])
        close = np.abs(np.atleast_2d(np.corrcoef(ranks)))
        count, group = connected_components(close > CORRELATED, directed=False)
        left = float(np.where(group[:, None] != group, close, 0.0).max())
        for i in range(count):
            members = tuple(one for one, mine in zip(sampled, group, strict=True) if mine == i)
            kind = "parameter" if len(members) == 1 else "group"
            found.append(Factor(" + ".join(one.name for one in members), kind, members))
    found += [Factor(one.name, "parameter", (one,)) for one in parameters if one.name not in rows]
    found += [Factor(f"{one.name}: years", "yearly", (one,)) for one in parameters if one.role == YEARLY]
    return tuple(found), left


def designed(
    ensemble: Ensemble, factors: Sequence[Factor], rows: Mapping[str, Array], cube: Array, second: Mask, *, seed: int
) -> Ensemble:
    """Return an ensemble whose draws are points of the unit cube.

    Parameters
    ----------
    cube : (sample, point, factor) [1]
        Quantile of a prior, or place of a row among those of the posterior. Draws are all points of the first sample,
        then those of the next.
    second : (sample, factor)
        Factors of the second sample: yearly shocks among them have the random numbers of another seed.
    """
    points = cube.shape[1]
    cube = cube.reshape(-1, len(factors))
    values: dict[str, Array] = {}
    seeds: dict[str, NDArray[np.int64]] = {}
    for i, factor in enumerate(factors):
        if factor.kind == "yearly":
            seeds[factor.members[0].name] = seed + second[:, i].astype(np.int64)
        elif factor.members[0].name in rows:
            size = len(rows[factor.members[0].name])
            chosen = np.minimum((cube[:, i] * size).astype(np.int64), size - 1)
            values |= {one.name: rows[one.name][chosen] for one in factor.members}
        else:
            values[factor.members[0].name] = factor.members[0].distribution.quantile(cube[:, i])
    draws = Draws(ensemble.draws.parameters, MappingProxyType(values), frozenset(rows), ensemble.draws.mark)
    new = {
        name: np.concatenate([innovations(name, points, ensemble.years, its_seed) for its_seed in its_seeds.tolist()])
        for name, its_seeds in seeds.items()
    }
    return ensemble.given(draws, new, effective=ensemble.effective)


def _figures(ensemble: Ensemble, scenarios: Sequence[Scenario]) -> Array:
    """Return each target's figure of the target year, (draw, target); the difference where there are two scenarios."""
    targets = _targets(ensemble)
    found = ensemble.project(scenarios, until=TARGET_YEAR, variables=list(targets))
    series = [target_series(one, found, ensemble.pack.place.code)[0] for one in targets.values()]
    values = np.stack([one.transpose("scenario", "draw", "year").values[..., -1] for one in series], axis=-1)
    figures: Array = values[0] - values[1] if len(scenarios) > 1 else values[0]
    return figures


def _targets(ensemble: Ensemble) -> dict[str, Target]:
    """Return one target for each variable, in the order of the plan."""
    return {one.variable: one for one in reversed(load_targets(ensemble.pack))}


def _table(ensemble: Ensemble, factors: Sequence[Factor], found: Mapping[str, Array]) -> pd.DataFrame:
    rows = []
    for i, (name, target) in enumerate(_targets(ensemble).items()):
        for k in np.argsort(-np.nan_to_num(found["total"][i]), kind="stable"):
            factor = factors[k]
            rows.append(
                {
                    "indicator_id": target.indicator_id,
                    "variable": name,
                    "factor": factor.key,
                    "kind": factor.kind,
                    "members": " ".join(one.name for one in factor.members),
                    **{index: float(found[index][i, k]) for index in _INDICES},
                    "mean": float(found["mean"][i]),
                    "sd": float(found["sd"][i]),
                    "unit": target.unit,
                    "label_en": factor.label("en"),
                    "label_zh": factor.label("zh"),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("indicator_id", kind="stable", ignore_index=True)
