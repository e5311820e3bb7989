"""What was learnt: the posterior beside the prior, and every published figure beside what the model would publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.inference.first_year import first_year
from huyou_sim.inference.likelihood import likelihood_of
from huyou_sim.inference.observations import MODEL_BASE, census_predictions, observations
from huyou_sim.inference.parameters import all_parameters, first_year_parameters
from huyou_sim.inference.posterior import warning_mark
from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.inference.observations import Observation
    from huyou_sim.inference.parameters import Parameter
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

LITTLE = 0.05
"""Shrinkage below which the data are said to say nothing."""

WORDS = {
    "en": {
        "nothing": "the data say nothing about it",
        "prior": "no observation depends on it: it keeps its prior",
        "little": "the data say a little",
        "much": "the data say most",
    },
    "zh": {
        "nothing": "数据对其没有信息",
        "prior": "没有观测值与之有关，保持先验",
        "little": "数据提供部分信息",
        "much": "主要由数据决定",
    },
}

QUANTILES = (0.05, 0.5, 0.95)


def diagnostics_table(posterior: xr.Dataset) -> pd.DataFrame:
    """Return R-hat and effective size of every sampled parameter, and whether it met what was asked of the sampler."""
    rows = [
        {"parameter": str(name), "r_hat": array.attrs["r_hat"], "effective_size": array.attrs["effective_size"]}
        for name, array in posterior.data_vars.items()
    ]
    mark = warning_mark(posterior)
    return pd.DataFrame(rows).assign(converged=not mark, mark=mark)


def learnt_table(pack: Pack, posterior: xr.Dataset, lang: str = "en") -> pd.DataFrame:
    """Return prior against posterior of every parameter, sampled or not.

    Columns: parameter, role, unit, prior and posterior mean, sd, q05, q50, q95, shrinkage (1 - posterior variance over
    prior variance), verdict, meaning, mark.
    """
    return learnt(all_parameters(pack), posterior, lang)


def learnt(parameters: Sequence[Parameter], posterior: xr.Dataset, lang: str = "en") -> pd.DataFrame:
    """Return prior against posterior of `parameters`: see `learnt_table`."""
    words, rows = WORDS[lang], []
    for one in parameters:
        prior = one.distribution
        mean, sd = prior.moments()
        before = prior.quantile(QUANTILES)
        row = {"parameter": one.name, "role": one.role, "unit": one.unit, "prior_mean": mean, "prior_sd": sd}
        row |= dict(zip(("prior_q05", "prior_q50", "prior_q95"), before, strict=True))
        if one.name in posterior:
            draws = posterior[one.name].values
            after = np.quantile(draws, QUANTILES)
            shrinkage = 1.0 - float(draws.var()) / sd**2
            verdict = "nothing" if shrinkage < LITTLE else "little" if shrinkage < 0.5 else "much"
            row |= {"posterior_mean": float(draws.mean()), "posterior_sd": float(draws.std()), "sampled": True}
        else:
            after, shrinkage, verdict = before, 0.0, "prior"
            row |= {"posterior_mean": mean, "posterior_sd": sd, "sampled": False}
        row |= dict(zip(("posterior_q05", "posterior_q50", "posterior_q95"), after, strict=True))
        row |= {"shrinkage": shrinkage, "verdict": words[verdict], "mark": warning_mark(posterior, lang)}
        rows.append(row | {"meaning": one.label_zh if lang == "zh" else one.label_en})
    return pd.DataFrame(rows)


def predictive_check(
    pack: Pack, baseline: Baseline, posterior: xr.Dataset, *, draws: int = 2000, seed: int = 1
) -> pd.DataFrame:
    """Return every published figure beside what the model, drawn from the posterior, would publish.

    A predicted figure is the model's value and an error with the standard error of the published one; errors of
    figures that share a source are drawn together. Figures of another population (``bridge``) start at their published
    value and are left out.

    Columns: id, variable, area, use, observed, standard_error, unit, population_base, same_base, model (median of the
    model's own value), q05, q50, q95 (of predicted figures), p_value (two-sided: how often a predicted figure is at
    least as far out as the published one), entered (in the likelihood), mark. A p-value below 0.05 is a figure that the
    model cannot explain.
    """
    seen = _comparable(pack, baseline)
    rng = generator(seed, "predictive check")
    names = [str(name) for name in posterior.data_vars]
    parameters = [one for one in first_year_parameters(all_parameters(pack)) if one.name in names]
    rows = np.sort(rng.permutation(posterior.sizes["chain"] * posterior.sizes["draw"])[:draws])
    values = np.stack([posterior[one.name].values.reshape(-1)[rows] for one in parameters], axis=1)
    model = _model_values(pack, baseline, seen, parameters, values)
    likelihood = likelihood_of(seen, place=baseline.code, areas=baseline.areas)
    error = rng.standard_normal(model.shape) * np.array([one.standard_error for one in seen])
    joint = likelihood.simulate(np.zeros((len(values), len(likelihood.seen))), rng)
    for column, one in enumerate(likelihood.seen):
        error[:, [two.id for two in seen].index(one.id)] = joint[:, column]
    entered = set(str(posterior.attrs["observations"]).split())
    return pd.DataFrame(
        [_check(one, model[:, i], model[:, i] + error[:, i], one.id in entered) for i, one in enumerate(seen)]
    ).assign(mark=warning_mark(posterior))


def _comparable(pack: Pack, baseline: Baseline) -> list[Observation]:
    """Return the observations that the model has a value of its own for."""
    at_census = census_predictions(pack, baseline)
    year = baseline.stock.year + 1
    return [
        one
        for one in observations(pack)
        if one.use in ("fit", "check") and (one.id in at_census or one.year == year) and one.standard_error > 0
    ]


def _model_values(
    pack: Pack, baseline: Baseline, seen: Sequence[Observation], parameters: Sequence[Parameter], values: Array
) -> Array:
    """Return the model's value of each observation, (draw, observation); constant where it was built into the start."""
    at_census = census_predictions(pack, baseline)
    indicators = first_year(baseline, parameters, values)
    year = baseline.stock.year + 1
    columns = [
        np.full(len(values), at_census[one.id])
        if one.id in at_census
        else indicators[one.variable].sel(area=one.area, year=year).isel(scenario=0).values
        for one in seen
    ]
    return np.stack(columns, axis=1)


def _check(one: Observation, model: Array, predicted: Array, entered: bool) -> dict[str, object]:
    low, middle, high = np.quantile(predicted, QUANTILES)
    above = float((predicted >= one.value).mean())
    return {
        "id": one.id, "variable": one.variable, "area": one.area, "use": one.use, "observed": one.value,
        "standard_error": one.standard_error, "unit": one.unit, "population_base": one.population_base,
        "same_base": one.population_base == MODEL_BASE, "model": float(np.median(model)),
        "q05": low, "q50": middle, "q95": high, "p_value": min(1.0, 2.0 * min(above, 1.0 - above)), "entered": entered,
    }  # fmt: skip
