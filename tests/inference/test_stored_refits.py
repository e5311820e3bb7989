"""Refits on disk: found again to the bit, never mistaken for another, and weighted by figures that came later."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from huyou_sim.inference.draws import Draws
from huyou_sim.inference.parameters import YEARLY
from huyou_sim.inference.refit import refit
from huyou_sim.inference.stored_refits import shelf_of
from huyou_sim.inference.updating import Figures, update, weighted_mean
from huyou_sim.policy import load_scenario

YEARS = (2021, 2022, 2023, 2024)
KEYS = ("x 2022 1.0", "x 2023 0.5")
ERRORS = np.array([[0.20, 0.14, 0.17], [0.14, 0.25, 0.19], [0.17, 0.19, 0.30]])
"""Of three figures; they go together."""


@dataclass(frozen=True, eq=False)
class LinearEnsemble:
    """A place of which one figure a year is a level, a trend and a shock: all is known of it in closed form."""

    draws: Draws
    innovations: dict
    effective: float
    pack: object
    baseline: object
    seed: int = 3
    years: tuple = YEARS

    def __len__(self):
        return len(self.draws)

    def given(self, draws, innovations, *, effective):
        return replace(self, draws=draws, innovations=innovations, effective=effective)

    def project(self, scenarios, *, until, threads=None):
        values = self.draws.values
        at = [i for i, year in enumerate(self.years) if year <= until]
        x = values["level"][:, None] + np.outer(values["trend"], at) + 0.4 * self.innovations["shock"][:, at]
        return xr.Dataset({"x": (("draw", "year"), x)}, {"year": [self.years[i] for i in at]})


def linear(pack, normal_parameter, *, seed=8, draws=1600):
    rng = np.random.default_rng(seed)
    parameters = (
        normal_parameter("level", 1.0, 1.0),
        normal_parameter("trend", 0.1, 0.3),
        replace(normal_parameter("shock", 0.4, 1e-7), role=YEARLY),
    )
    values = {one.name: one.distribution.sample(rng, draws) for one in parameters}
    new = {"shock": np.concatenate([np.zeros((draws, 1)), rng.standard_normal((draws, 3))], axis=1)}
    space = SimpleNamespace(space=SimpleNamespace(channels=("x",)))
    drawn = Draws(parameters, MappingProxyType(values))
    return LinearEnsemble(drawn, new, float(draws), pack, space)


def conjugate(values, errors):
    """Return mean and covariance of x in three years given its first figures."""
    years = np.arange(1.0, 4.0)
    covariance = 1.0 + 0.09 * np.outer(years, years) + 0.16 * np.eye(3)
    mean, count = 1.0 + 0.1 * years, len(values)
    gain = covariance[:, :count] @ np.linalg.inv(covariance[:count, :count] + errors)
    return mean + gain @ (values - mean[:count]), covariance - gain @ covariance[:count]


def seen(values):
    count = len(values)
    return Figures(np.array(values), ERRORS[:count, :count], tuple(f"x {2022 + i}" for i in range(count)))


def until(last):
    return lambda dataset: dataset["x"].sel(year=range(2022, last + 1)).values


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("no_new_policy")


@pytest.fixture(scope="module")
def ensemble(pack, normal_parameter):
    return linear(pack, normal_parameter)


@pytest.fixture(scope="module")
def made(ensemble):
    """Return a refit of two figures."""
    return refit(ensemble, None, until(2023), seen([3.0, 2.6]), until=2023)


@pytest.fixture
def said():
    return []


@pytest.fixture
def shelf(ensemble, scenario, tmp_path, said):
    return shelf_of(ensemble, scenario, folder=tmp_path / "cache", say=said.append)


def test_what_is_kept_is_found_again_to_the_bit(shelf, made, said):
    assert (shelf.exact(KEYS, seen([3.0, 2.6])), shelf.nearest(KEYS)) == (None, None)
    shelf.keep(KEYS, seen([3.0, 2.6]), made)
    found = shelf.exact(KEYS, seen([3.0, 2.6]))
    for name, values in made.ensemble.draws.values.items():
        assert np.array_equal(found.ensemble.draws.values[name], values), name
    assert np.array_equal(found.ensemble.innovations["shock"], made.ensemble.innovations["shock"])
    for name in ("points", "base", "likely", "ancestors"):
        one, other = (getattr(each.annealed.particles, name) for each in (found, made))
        assert (one.dtype, np.array_equal(one, other)) == (other.dtype, True)
    rest = [one.name for one in dataclasses.fields(made.annealed) if one.name != "particles"]
    assert [getattr(found.annealed, name) for name in rest] == [getattr(made.annealed, name) for name in rest]
    assert (found.moved.parameters, found.moved.news) == (made.moved.parameters, made.moved.news)
    assert found.ensemble.effective == made.ensemble.effective
    assert found.ensemble.draws.mark == made.ensemble.draws.mark
    assert said == []


def test_another_ensemble_scenario_or_figure_is_not_mistaken(
    shelf, made, ensemble, scenario, pack, normal_parameter, said
):
    shelf.keep(KEYS, seen([3.0, 2.6]), made)
    assert shelf.exact(("x 2022 1.0", "x 2023 0.6"), seen([3.0, 2.6])) is None
    assert shelf.exact(KEYS, seen([3.0, 2.7])) is None
    assert shelf.exact(KEYS[:1], seen([3.0])) is None
    assert shelf.nearest(("x 2022 1.0", "x 2023 0.6", "x 2024 2.0")) is None, "a revised figure is none of them"
    sums = {name: dict(found) for name, found in pack.checksums.items()}
    sums["huzhou"]["census.csv"] = "0" * 64
    others = [
        (linear(pack, normal_parameter, seed=9), scenario),
        (linear(pack, normal_parameter, draws=1599), scenario),
        (replace(ensemble, seed=4), scenario),
        (replace(ensemble, pack=replace(pack, checksums=sums)), scenario),
        (ensemble, load_scenario("plan_as_written")),
    ]
    for one, course in others:
        other = shelf_of(one, course, folder=shelf.folder, say=said.append)
        assert other.inputs != shelf.inputs
        assert (other.exact(KEYS, seen([3.0, 2.6])), other.nearest(KEYS)) == (None, None)
    assert said == []


@pytest.mark.parametrize("fault", ["cut", "empty", "inputs", "coordinate", "draws", "numbers"])
def test_a_damaged_or_foreign_file_is_passed_over_with_a_word(shelf, made, said, fault):
    path = shelf.keep(KEYS, seen([3.0, 2.6]), made)
    dataset = xr.load_dataset(path, engine="h5netcdf")
    if fault in ("cut", "empty"):
        path.write_bytes(path.read_bytes()[: 3000 if fault == "cut" else 0])
    elif fault == "inputs":
        dataset.assign_attrs(inputs="0" * 64).to_netcdf(path, engine="h5netcdf")
    elif fault == "coordinate":
        dataset.assign_attrs(moved='[["p9", null], ["shock", 1]]').to_netcdf(path, engine="h5netcdf")
    elif fault == "draws":
        dataset.isel(draw=slice(10)).to_netcdf(path, engine="h5netcdf")
    else:
        dataset["points"].values[0, 0] = np.nan
        dataset.to_netcdf(path, engine="h5netcdf")
    assert shelf.exact(KEYS, seen([3.0, 2.6])) is None
    assert shelf.nearest(KEYS) is None
    assert len(said) == 2
    assert all(str(path) in words and "passed over" in words for words in said)


def test_the_refit_of_the_most_figures_is_the_nearest(shelf, made, ensemble):
    one = refit(ensemble, None, until(2022), seen([3.0]), until=2022)
    shelf.keep(KEYS[:1], seen([3.0]), one)
    shelf.keep(KEYS, seen([3.0, 2.6]), made)
    assert shelf.nearest((*KEYS, "x 2024 2.0")).keys == set(KEYS)
    assert shelf.nearest(("x 2024 2.0", KEYS[0])).keys == {KEYS[0]}
    assert shelf.nearest(("x 2024 2.0",)) is None


def test_what_did_not_mix_is_found_with_its_mark_but_not_weighted(shelf, made):
    poor = replace(made, annealed=replace(made.annealed, left=0.6))
    shelf.keep(KEYS, seen([3.0, 2.6]), poor)
    assert "not mixed" in shelf.exact(KEYS, seen([3.0, 2.6])).ensemble.draws.mark
    assert shelf.nearest(KEYS) is None


def test_a_folder_that_cannot_be_written_to_costs_a_word_only(ensemble, scenario, made, tmp_path, said):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    shelf = shelf_of(ensemble, scenario, folder=tmp_path / "file", say=said.append)
    assert shelf.keep(KEYS, seen([3.0, 2.6]), made) is None
    assert "not kept" in said[0]


def test_draws_of_a_refit_weighted_by_a_later_figure_have_the_posterior_of_all(shelf, made):
    """Errors of the later figure go together with those of the earlier: the difference of two likelihoods is exact."""
    shelf.keep(KEYS, seen([3.0, 2.6]), made)
    values = np.array([3.0, 2.6, 3.5])
    stored = shelf.nearest((*KEYS, "x 2024 3.5"))
    last = stored.refit.ensemble
    predicted = until(2024)(last.project([None], until=2024))
    likely = stored.refit.annealed.particles.likely
    found = update(predicted, seen(values), effective=last.effective, given=likely)
    assert not found.refit_needed
    mean, covariance = conjugate(values, ERRORS)
    error = np.sqrt(np.diag(covariance) / found.effective_size)
    assert (np.abs(weighted_mean(predicted.T, found.weights) - mean) < 4.0 * error).all()
    spread = np.sqrt(weighted_mean((predicted.T - mean[:, None]) ** 2, found.weights))
    assert spread == pytest.approx(np.sqrt(np.diag(covariance)), rel=4.0 / np.sqrt(2.0 * found.effective_size))
    # As if its error were its own, the mean would be another: the test can tell.
    alone = np.diag([0.0, 0.0, ERRORS[2, 2]])
    alone[:2, :2] = ERRORS[:2, :2]
    assert (np.abs(conjugate(values, alone)[0] - mean) > 4.0 * error).any()


def test_weights_given_all_figures_are_equal(made):
    predicted = until(2023)(made.ensemble.project([None], until=2023))
    likely = made.annealed.particles.likely
    found = update(predicted, seen([3.0, 2.6]), effective=made.ensemble.effective, given=likely)
    assert found.weights == pytest.approx(np.full(1600, 1.0 / 1600), rel=1e-6)
