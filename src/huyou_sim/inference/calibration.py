"""Point calibration: the few levels with which the projected first year reproduces what was published for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from huyou_sim.errors import CalibrationError, Problem
from huyou_sim.inference.first_year import Simulator, first_year, first_year_simulator
from huyou_sim.inference.observations import (
    MODEL_BASE,
    Observation,
    census_predictions,
    fitted_observations,
    observations,
)
from huyou_sim.inference.parameters import Parameter, fitted_parameters, parameters_of

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

STEP = 1e-4
"""Relative step of the numerical derivative: large against rounding, small against curvature."""


@dataclass(frozen=True)
class Calibration:
    """The outcome of a point fit.

    Parameters
    ----------
    parameters : tuple of Parameter
    values : (parameter,) [1]
        Fitted levels.
    standard_errors : (parameter,) [1]
        From the curvature of the weighted squares at the fit.
    table : DataFrame
        One row per observation: observed, fitted, residual in standard errors, base, definition.
    """

    parameters: tuple[Parameter, ...]
    values: Array
    standard_errors: Array
    table: pd.DataFrame

    @property
    def levels(self) -> dict[str, float]:
        """Return the fitted levels by parameter name."""
        return {p.name: float(v) for p, v in zip(self.parameters, self.values, strict=True)}


def fit_levels(
    simulate: Simulator, parameters: Sequence[Parameter], seen: Sequence[Observation]
) -> tuple[Array, Array]:
    """Return the levels, and their standard errors, that minimise the squared residuals in standard errors.

    Parameters
    ----------
    simulate : callable
        Levels (draw, parameter) to predictions (draw, observation).

    Raises
    ------
    CalibrationError
        When there are fewer observations than parameters, or the search does not converge.
    """
    if len(seen) < len(parameters):
        raise CalibrationError(
            Problem(
                "calibration",
                f"{len(seen)} observation(s) with use = fit",
                f"at least {len(parameters)}, one for each parameter ({', '.join(p.name for p in parameters)})",
                "Add observations, or mark an assumed one with a wide standard error.",
            )
        )
    published = np.array([o.value for o in seen])
    error = np.array([o.standard_error for o in seen])

    def residuals(levels: Array) -> Array:
        found: Array = (simulate(levels[None])[0] - published) / error
        return found

    scale = np.array([max(abs(p.start), (p.upper - p.lower) / 100.0) for p in parameters])

    def jacobian(levels: Array) -> Array:
        shifted = levels + np.vstack([np.zeros_like(levels), np.diag(STEP * scale)])
        found = (simulate(shifted) - published) / error
        slopes: Array = ((found[1:] - found[0]) / np.diag(shifted[1:] - levels)[:, None]).T
        return slopes

    fit = least_squares(
        residuals,
        [p.start for p in parameters],
        jac=jacobian,
        bounds=([p.lower for p in parameters], [p.upper for p in parameters]),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-10,
    )
    at_bound = [p.name for p, active in zip(parameters, fit.active_mask, strict=True) if active]
    if not fit.success or at_bound:
        raise CalibrationError(
            Problem(
                "calibration",
                f"{fit.message} Parameter(s) at a bound: {', '.join(at_bound) or 'none'}",
                "a fit inside the bounds",
                "Check the observations' units and standard errors: no level within the bounds reproduces them.",
            )
        )
    slopes = jacobian(fit.x)
    return fit.x, np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes)))


def calibrate(pack: Pack, baseline: Baseline) -> Calibration:
    """Return the point fit of a place: levels, their standard errors and the fit table.

    Raises
    ------
    CalibrationError
        When observations are missing or cannot be reproduced.
    """
    parameters = fitted_parameters(parameters_of(pack))
    seen = fitted_observations(pack, baseline.stock.year + 1)

    values, errors = fit_levels(first_year_simulator(baseline, parameters, seen), parameters, seen)
    fitted = first_year(baseline, parameters, values[None])
    return Calibration(parameters, values, errors, fit_table(pack, baseline, fitted))


def fit_table(pack: Pack, baseline: Baseline, fitted: xr.Dataset) -> pd.DataFrame:
    """Return observed against fitted for every observation that the model has a value for.

    Columns: id, variable, area, period, observed, fitted, residual_se, standard_error, unit, population_base,
    definition, use, bridged, note. A bridged figure starts at its published value by construction; `model` gives
    the model's own value for its population, so that the distance between the two bases stays visible.
    """
    year = baseline.stock.year + 1
    at_census = census_predictions(pack, baseline)
    rows = []
    for one in observations(pack):
        if one.id in at_census:
            model = at_census[one.id]
        elif one.use != "context" and one.year == year and one.variable in fitted:
            model = float(fitted[one.variable].sel(area=one.area, year=year).isel(scenario=0, draw=0))
        else:
            continue
        bridged = one.use == "bridge"
        value = one.value if bridged else model
        rows.append(
            {
                "id": one.id,
                "variable": one.variable,
                "area": one.area,
                "period": one.period,
                "observed": one.value,
                "fitted": value,
                "residual_se": (value - one.value) / one.standard_error,
                "standard_error": one.standard_error,
                "unit": one.unit,
                "population_base": one.population_base,
                "definition": one.definition,
                "use": one.use,
                "bridged": bridged,
                "model": model,
                "note": one.note,
            }
        )
    return pd.DataFrame(rows)


def base_differs(population_base: str) -> bool:
    """Return whether a figure describes another population than the model projects."""
    return population_base != MODEL_BASE


def calibrated_levels(calibration: Calibration, draws: int = 1) -> Array:
    """Return the fitted levels repeated for each draw, (draw, parameter)."""
    return np.repeat(calibration.values[None], draws, axis=0)


def parameter_table(calibration: Calibration, lang: str = "en") -> pd.DataFrame:
    """Return the fitted parameters with standard errors, bounds and meaning."""
    return pd.DataFrame(
        {
            "parameter": [p.name for p in calibration.parameters],
            "level": calibration.values,
            "standard_error": calibration.standard_errors,
            "lower": [p.lower for p in calibration.parameters],
            "upper": [p.upper for p in calibration.parameters],
            "meaning": [p.label_zh if lang == "zh" else p.label_en for p in calibration.parameters],
        }
    )


__all__ = [
    "Calibration", "base_differs", "calibrate", "calibrated_levels", "fit_levels", "fit_table", "parameter_table",
]  # fmt: skip
