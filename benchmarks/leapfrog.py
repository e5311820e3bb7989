"""leapfrog-py, the Python interface of the C++ engine behind Spectrum and Naomi, on the inputs of `plain.py`.

It has five model variants. "DemographicProjection" is the only one without HIV, and does nothing but survival,
births and migration of 2 sexes by 81 ages: what `plain_runner` does. Times measured here are of its public function
`run_model`, the reading of the parameters and the copying of its output included, as a caller would meet them.

leapfrog-py is an extra of the benchmark alone: `make bench` installs it where there is a wheel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from plain import Inputs, Keep

VARIANT = "DemographicProjection"


def parameters(inputs: Inputs) -> dict[str, Any]:
    """Return the inputs by leapfrog's names, the year last.

    leapfrog reads the bare memory of an array: Fortran order and 64 bits are taken for granted, not checked (another
    order or type gives wrong numbers without a word), and an array that is read-only, as pandas hands them out, ends
    in `std::bad_cast`. Hence every array is a fresh copy in that order.
    """

    def column_major(values: np.ndarray) -> np.ndarray:
        return np.array(values.T, dtype=np.float64, order="F", copy=True)

    return {
        "basepop": column_major(inputs.start),  # (age, sex)
        "Sx": column_major(inputs.survival),  # (age reached, sex, year)
        "netmigr_adj": column_major(inputs.net_migrants),  # (age, sex, year)
        "asfr": column_major(inputs.fertility),  # (age 15-49, year)
        "births_sex_prop": np.array([inputs.male_share, 1.0 - inputs.male_share], order="F"),  # (sex, year)
        "projection_start_year": inputs.first_year,
        "projection_period": "calendar",  # migrants at the end of the year
        # Read by every variant, of no effect in this one.
        "tfr": inputs.fertility.sum(axis=1),  # (year,)
        "t_ART_start": len(inputs.years),
        "hts_per_year": 1,
    }


def leapfrog_runner(inputs: Inputs, *, keep: Keep = "all") -> Callable[[], dict[str, np.ndarray]]:
    """Return a job without arguments that runs leapfrog once.

    Parameters
    ----------
    inputs : Inputs
        What to project; one trajectory, as leapfrog knows no other.
    keep : {"all", "final"}
        Whether every year is kept or only the last.

    Raises
    ------
    ImportError
        leapfrog-py is not installed; the message says what installs it.
    """
    try:
        from leapfrog_py import run_model
    except ImportError as error:
        raise ImportError("not installed: make bench installs it") from error
    values = parameters(inputs)
    years = inputs.years if keep == "all" else inputs.years[-1:]
    return lambda: run_model(values, VARIANT, years)


def leapfrog_population(output: dict[str, np.ndarray]) -> np.ndarray:
    """Return leapfrog's population as (year, sex, age) [persons], men first, of the years kept."""
    return output["p_totpop"].transpose(2, 1, 0)
