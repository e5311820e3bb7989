"""What the published figures say of the parameters: draws from their posterior distribution."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from huyou_sim._version import __version__
from huyou_sim.errors import CalibrationError, Problem
from huyou_sim.inference.convergence import effective_size, r_hat
from huyou_sim.inference.density import Density, laplace, touched
from huyou_sim.inference.first_year import first_year_simulator
from huyou_sim.inference.likelihood import likelihood_of
from huyou_sim.inference.observations import fitted_observations
from huyou_sim.inference.parameters import Parameter, first_year_parameters, parameters_of
from huyou_sim.inference.sampling import Plan, acceptance, advance, ensembles, kept_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

SEED = 2021
"""Of the draws of a run, unless told otherwise."""


def place_density(pack: Pack, baseline: Baseline, *, threads: int | None = None) -> Density:
    """Return the posterior density of a place: the parameters that the likelihood touches, model and figures.

    Raises
    ------
    PackError, CalibrationError
        When a prior or an observation is faulty, or no observation touches any parameter.
    """
    parameters = first_year_parameters(parameters_of(pack))
    year = baseline.stock.year + 1
    seen = [
        one for one in fitted_observations(pack, year) if one.variable not in baseline.construction and one.year == year
    ]
    likelihood = likelihood_of(seen, place=baseline.code, areas=baseline.areas)
    simulate = first_year_simulator(baseline, parameters, likelihood.seen, threads=threads)
    chosen = touched(simulate, parameters, likelihood)
    if not chosen:
        raise CalibrationError(
            Problem(
                "posterior",
                f"{len(likelihood.seen)} observation(s), none of which depends on a parameter",
                "at least one that does",
                "Add observations with use = fit.",
                file=str(pack.path / "observations.csv"),
            )
        )
    return Density(chosen, first_year_simulator(baseline, chosen, likelihood.seen, threads=threads), likelihood)


def sample_place(
    pack: Pack, baseline: Baseline, *, plan: Plan | None = None, seed: int = SEED, threads: int | None = None
) -> xr.Dataset:
    """Return draws from the posterior of a place's parameters, sampled anew: see `sample`.

    `huyou_sim.inference.store.posterior` keeps and reuses them.
    """
    return sample(place_density(pack, baseline, threads=1), plan=plan, seed=seed, threads=threads)


def sample(density: Density, *, plan: Plan | None = None, seed: int = SEED, threads: int | None = None) -> xr.Dataset:
    """Return draws from a posterior density.

    Parameters
    ----------
    density : Density
    plan : Plan, optional
    seed : int
    threads : int, optional
        Chains at once; all processors when omitted. The number changes no bit of the result.

    Returns
    -------
    posterior : xarray.Dataset
        One variable per parameter, (chain, draw) [unit], with its own `r_hat` and `effective_size`. Draws of a chain
        stand step by step, all walkers of a step together. Attributes: ``converged`` (1 or 0), ``r_hat`` (largest),
        ``effective_size`` (smallest), ``acceptance``, ``seed``, ``walkers``, ``steps``, ``warm_up``, ``thin``, and
        ``convergence``, the mark in words.
    """
    plan = plan or Plan()
    started = perf_counter()
    centre, covariance = laplace(density, density.likelihood.values[None])
    chains = ensembles(density.log, centre[0], covariance[0], plan, seed)
    steps = plan.steps
    advance(chains, steps, threads or os.cpu_count() or 1)
    while True:
        points, warm_up, thin = kept_steps(chains, plan)
        measures = [(r_hat(points[..., i]), effective_size(points[..., i])) for i in range(points.shape[-1])]
        if _met(measures, plan) or 2 * steps > plan.most_steps:
            break
        advance(chains, steps, threads or os.cpu_count() or 1)
        steps *= 2
    values = density.values(points.reshape(-1, points.shape[-1])).reshape(points.shape)
    worst = (max(m[0] for m in measures), min(m[1] for m in measures))
    attrs = {
        "converged": int(_met(measures, plan)),
        "r_hat": worst[0],
        "effective_size": worst[1],
        "acceptance": acceptance(chains),
        "seed": seed,
        "walkers": points.shape[2],
        "steps": steps,
        "warm_up": warm_up,
        "thin": thin,
        "plan": json.dumps(asdict(plan), sort_keys=True),
        "observations": " ".join(one.id for one in density.likelihood.seen),
        "version": __version__,
    }
    attrs["convergence"] = convergence_words(attrs, plan)
    dataset = _dataset(density.parameters, values, measures, attrs)
    # How long it took is no part of the result, which is the same on every machine.
    dataset.encoding["seconds"] = perf_counter() - started
    return dataset


def _met(measures: Sequence[tuple[float, float]], plan: Plan) -> bool:
    return all(rhat < plan.r_hat and size >= plan.effective for rhat, size in measures)


def convergence_words(attrs: dict[str, object], plan: Plan) -> str:
    """Return the mark of convergence in words, with the figures it rests on."""
    reached = f"largest R-hat {attrs['r_hat']:.4f}, smallest effective size {attrs['effective_size']:.0f}"
    asked = f"below {plan.r_hat:g} and {plan.effective:.0f} or more asked"
    return f"{'converged' if attrs['converged'] else 'NOT CONVERGED'}: {reached} ({asked})"


def _dataset(
    parameters: Sequence[Parameter], values: Array, measures: Sequence[tuple[float, float]], attrs: dict[str, object]
) -> xr.Dataset:
    chains, steps, walkers, _ = values.shape
    draws = values.reshape(chains, steps * walkers, -1)
    data = {
        one.name: (
            ("chain", "draw"),
            draws[..., i],
            {
                "units": one.unit,
                "long_name": one.label_en,
                "label_zh": one.label_zh,
                "role": one.role,
                "r_hat": measures[i][0],
                "effective_size": measures[i][1],
            },
        )
        for i, one in enumerate(parameters)
    }
    coords = {"chain": np.arange(chains), "draw": np.arange(steps * walkers)}
    return xr.Dataset(data, coords=coords, attrs=attrs)


def converged(posterior: xr.Dataset) -> bool:
    """Return whether the chains of a posterior have met and are worth the draws that were asked."""
    return bool(posterior.attrs["converged"])


def warning_mark(posterior: xr.Dataset, lang: str = "en") -> str:
    """Return what must stand beside every probability from these draws: nothing where they have converged."""
    if converged(posterior):
        return ""
    figures = (posterior.attrs["r_hat"], posterior.attrs["effective_size"])
    if lang == "zh":
        return "抽样未收敛（最大R-hat {:.3f}，最小有效样本量{:.0f}）：概率不可靠".format(*figures)
    return "sampler not converged (largest R-hat {:.3f}, smallest effective size {:.0f}): do not rely on it".format(
        *figures
    )


__all__ = [
    "SEED", "Plan", "converged", "place_density", "sample", "sample_place",
    "warning_mark",
]  # fmt: skip
