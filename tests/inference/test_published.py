"""Figures as they will be published: the size of their errors, what two figures share, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.errors import PackError
from huyou_sim.inference.published import as_published, error_of, publication_noise


@pytest.fixture(scope="module")
def dataset(pack):
    draws, years = np.arange(4000), [2021, 2022, 2025]
    coords = {"scenario": ["a", "b"], "draw": draws, "area": [pack.place.code], "year": years}
    ones = np.ones((2, len(draws), 1, len(years)))
    dims = ("scenario", "draw", "area", "year")
    return xr.Dataset({"tfr": (dims, ones), "natural_increase_rate": (dims, -ones)}, coords, {"seed": 7})


def changed(pack, **columns):
    row = {"variable": "tfr", "standard_error": np.nan, "unit": "", "shared_with": "", "correlation": np.nan}
    table = pd.DataFrame([row | {"reason": ""} | columns])
    return dataclasses.replace(pack, publication_errors=table)


def test_an_error_is_that_of_the_observation_unless_the_table_says_otherwise(pack):
    assert error_of(pack, "tfr").standard_error == 0.07
    assert error_of(pack, "natural_increase_rate").standard_error == 0.6
    assert error_of(pack, "share_second_third").standard_error == 0.4
    assert error_of(changed(pack, standard_error=0.02), "tfr").standard_error == 0.02


def test_noise_has_the_size_of_the_error_and_is_none_where_figures_are_known(pack, dataset):
    noise = publication_noise(pack, "tfr", dataset, known=2021)
    assert (noise.sel(year=2021) == 0.0).all()
    assert float(noise.sel(year=2025).std()) == pytest.approx(0.07, rel=0.05)
    pairs = np.corrcoef(noise.sel(year=2022), noise.sel(year=2025))
    assert abs(pairs[0, 1]) < 0.06
    exact = publication_noise(changed(pack, standard_error=0.0), "tfr", dataset, known=2021)
    assert (exact == 0.0).all()


def test_figures_of_one_survey_have_errors_in_common(pack, dataset):
    both = [publication_noise(pack, name, dataset, known=2021) for name in ("tfr", "natural_increase_rate")]
    assert np.corrcoef(*(noise.sel(year=2025) for noise in both))[0, 1] == pytest.approx(0.7, abs=0.04)
    assert float(both[1].sel(year=2025).std()) == pytest.approx(0.6, rel=0.05)


def test_noise_belongs_to_the_number_of_a_draw(pack, dataset):
    whole = publication_noise(pack, "tfr", dataset, known=2021)
    some = publication_noise(pack, "tfr", dataset.isel(draw=[5, 900]), known=2021)
    assert np.array_equal(some, whole.isel(draw=[5, 900]))


def test_a_published_ensemble_has_one_noise_for_all_scenarios(pack, dataset):
    found = as_published(pack, dataset, ("tfr",), known=2021)
    assert list(found.data_vars) == ["tfr"]
    assert found["tfr"].dims == dataset["tfr"].dims
    assert float(np.abs(found["tfr"].diff("scenario")).max()) == 0.0
    assert (found["tfr"].sel(year=2021) == 1.0).all()
    assert float(found["tfr"].sel(year=2025).std()) == pytest.approx(0.07, rel=0.05)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"shared_with": "tfr", "correlation": 0.5}, "'tfr', correlation 0.5"),
        ({"shared_with": "births"}, "'births', correlation nan"),
    ],
)
def test_a_faulty_share_is_named(pack, columns, found):
    with pytest.raises(PackError) as caught:
        error_of(changed(pack, **columns), "tfr")
    (problem,) = caught.value.problems
    assert problem.file.endswith("publication_errors.csv")
    assert problem.found == found


def test_a_figure_without_any_error_is_named(pack):
    with pytest.raises(PackError) as caught:
        error_of(pack, "median_age")
    (problem,) = caught.value.problems
    assert problem.file.endswith("publication_errors.csv")
    assert "median_age" in problem.found
    assert "0 for a full count" in problem.fix
