"""A refit: against a linear place whose posterior is known, and against weights in Huzhou where they will do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from huyou_sim.errors import ArgumentError
from huyou_sim.inference import refit as module
from huyou_sim.inference.draws import Draws
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.inference.parameters import YEARLY
from huyou_sim.inference.refit import refit, refit_mark
from huyou_sim.inference.updating import Figures, update, weighted_mean
from huyou_sim.policy import load_scenario

YEARS = (2021, 2022, 2023, 2024)
SIGMA = 0.4
MIXED = np.array([1.0, -0.5, 0.3])


@dataclass(frozen=True, eq=False)
class LinearEnsemble:
    """A place of which one figure a year is a sum of levels, a trend and a shock."""

    draws: Draws
    innovations: dict
    effective: float
    pack: object = None
    baseline: object = None
    seed: int = 3
    years: tuple = YEARS

    def __len__(self):
        return len(self.draws)

    def given(self, draws, innovations, *, effective):
        return replace(self, draws=draws, innovations=innovations, effective=effective)

    def project(self, scenarios, *, until, threads=None):
        values = self.draws.values
        level = sum(slope * values[f"p{i}"] for i, slope in enumerate(MIXED))
        years = [year for year in self.years if year <= until]
        new = self.innovations["shock"][:, : len(years)]
        x = level[:, None] + np.outer(values["trend"], np.arange(len(years))) + values["shock"][:, None] * new
        return xr.Dataset({"x": (("draw", "year"), x)}, {"year": years})


def predict_x(dataset):
    return dataset["x"].sel(year=[2022, 2023]).values


@pytest.fixture
def linear_place(linear_density, normal_parameter, monkeypatch):
    """Return an ensemble of draws given the first year, and mean and covariance of levels, trend and two shocks."""
    density, mean, covariance = linear_density()
    monkeypatch.setattr(module, "place_density", lambda *_, **__: density)
    rng, draws = np.random.default_rng(8), 3000
    parameters = (
        normal_parameter("idle", 0.0, 1.0),
        normal_parameter("trend", 0.1, 0.3),
        replace(normal_parameter("shock", SIGMA, 1e-7), role=YEARLY),
        *density.parameters,
    )
    levels = rng.multivariate_normal(mean, covariance, draws)
    values = {one.name: one.distribution.sample(rng, draws) for one in parameters[:3]}
    values |= {one.name: levels[:, i] for i, one in enumerate(density.parameters)}
    names = frozenset(one.name for one in density.parameters)
    drawn = Draws(parameters, MappingProxyType(values), names, "")
    new = {"shock": np.concatenate([np.zeros((draws, 1)), rng.standard_normal((draws, 3))], axis=1)}
    before = np.diag([0.0, 0.0, 0.0, 0.3**2, 1.0, 1.0])
    before[:3, :3] = covariance
    return LinearEnsemble(drawn, new, float(draws)), np.array([*mean, 0.1, 0.0, 0.0]), before


@pytest.mark.parametrize("sds", [0.7, 4.0])
def test_a_linear_place_has_the_conjugate_posterior(linear_place, sds):
    ensemble, mean, covariance = linear_place
    slopes = np.array([[*MIXED, 1.0, SIGMA, 0.0], [*MIXED, 2.0, 0.0, SIGMA]])
    errors = np.diag([0.1**2, 0.15**2])
    spread = slopes @ covariance @ slopes.T + errors
    values = slopes @ mean + sds * np.sqrt(np.diag(spread))
    found = refit(ensemble, None, predict_x, Figures(values, errors), until=2023)
    gain = covariance @ slopes.T @ np.linalg.inv(spread)
    expected, left = mean + gain @ (values - slopes @ mean), covariance - gain @ slopes @ covariance
    made, sd = found.ensemble, np.sqrt(np.diag(left))
    new = made.innovations["shock"]
    points = np.stack([*(made.draws.values[n] for n in ("p0", "p1", "p2", "trend")), new[:, 1], new[:, 2]], axis=1)
    assert (made.draws.mark, 1000.0 < made.effective <= 3000.0) == ("", True)
    assert (np.abs(points.mean(axis=0) - expected) < 4.0 * sd / np.sqrt(made.effective)).all()
    correlations = np.corrcoef(points.T) - left / np.outer(sd, sd)
    assert np.abs(correlations).max() < 4.0 / np.sqrt(made.effective)
    assert points.std(axis=0) == pytest.approx(sd, rel=4.0 / np.sqrt(2.0 * made.effective))
    # What has no influence, and what comes later, is as it was.
    assert np.array_equal(made.draws.values["idle"], ensemble.draws.values["idle"])
    assert np.array_equal(new[:, 3], ensemble.innovations["shock"][:, 3])
    assert not new[:, 0].any()
    assert {one.name for one in found.moved.parameters} == {"p0", "p1", "p2", "trend"}
    assert found.moved.news == (("shock", 1), ("shock", 2))


def test_a_posterior_of_other_parameters_is_refused(linear_place):
    ensemble, *_ = linear_place
    odd = replace(ensemble, draws=replace(ensemble.draws, from_posterior=frozenset({"p0", "p9"})))
    with pytest.raises(ArgumentError, match="other parameters: p1, p2, p9"):
        refit(odd, None, predict_x, Figures(np.zeros(2), np.eye(2)), until=2023)


def test_what_cannot_be_refit_says_why(linear_place):
    ensemble, *_ = linear_place
    none = Figures(np.empty(0), np.empty((0, 0)))
    with pytest.raises(ArgumentError, match="at least one"):
        refit(ensemble, None, predict_x, none, until=2023)
    with pytest.raises(ArgumentError, match="finite number"):
        refit(ensemble, None, predict_x, Figures(np.array([np.nan, 0.0]), np.eye(2)), until=2023)
    nothing = lambda dataset: predict_x(dataset) * np.nan  # noqa: E731
    with pytest.raises(ArgumentError, match="impossible under every draw"):
        refit(ensemble, None, nothing, Figures(np.zeros(2), np.eye(2)), until=2023)


def test_a_refit_that_did_not_mix_is_marked():
    annealed = SimpleNamespace(mixed=False, left=0.6, particles=range(1000))
    assert "correlation left 0.60, effective size 400" in refit_mark(annealed, 400.0)
    assert "0.60" in refit_mark(annealed, 400.0, "zh")
    annealed.mixed = True
    assert refit_mark(annealed, 400.0) == ""
    assert "effective size 40" in refit_mark(annealed, 40.0)


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("no_new_policy")


@pytest.fixture(scope="module")
def ensemble(pack, baseline):
    return prepare_ensemble(SimpleNamespace(pack=pack, baseline=baseline), None, 1200, until=2025)


def series(dataset, variables, years):
    """Return indicators of some years one after the other, (draw, figure)."""
    return np.concatenate([dataset[v].squeeze(["scenario", "area"]).sel(year=years).values for v in variables], axis=1)


def first(ensemble, count):
    """Return an ensemble of the first draws."""
    draws = ensemble.draws.part(range(count))
    return ensemble.given(draws, {n: v[:count] for n, v in ensemble.innovations.items()}, effective=float(count))


def made_up(dataset, variables, years, *, draw=7, error=1.0):
    """Return the figures of one draw of the model, each with an error of a share of the spread over draws."""
    predicted = series(dataset, variables, years)
    return predicted, Figures(predicted[draw], np.diag((error * predicted.std(axis=0)) ** 2))


def test_refit_and_weights_agree_where_weights_will_do(ensemble, scenario):
    variables, years = ("births", "first_marriages"), [2022]
    before = ensemble.project([scenario])
    predicted, figures = made_up(before, variables, years)
    weighted = update(predicted, figures, effective=ensemble.effective)
    assert not weighted.refit_needed
    some = first(ensemble, 400)
    found = refit(some, scenario, lambda d: series(d, variables, years), figures, until=2022)
    assert found.ensemble.draws.mark == ""
    asked = (("births", "tfr", "first_marriages", "deaths"), [2022, 2023, 2025])
    old, new = series(before, *asked), series(found.ensemble.project([scenario]), *asked)
    mean = weighted_mean(old.T, weighted.weights)
    variance = weighted_mean((old.T - mean[:, None]) ** 2, weighted.weights)
    error = np.sqrt(variance / weighted.effective_size + new.var(axis=0) / found.ensemble.effective)
    assert (np.abs(new.mean(axis=0) - mean) < 4.0 * error).all()
    assert new.std(axis=0) == pytest.approx(np.sqrt(variance), rel=0.3)
    assert new.std(axis=0)[0] < 0.75 * old.std(axis=0)[0], "a figure has told something of its own year"


def test_threads_change_no_bit_and_mistakes_are_told(ensemble, scenario):
    some = first(ensemble, 200)
    _, figures = made_up(some.project([scenario], until=2022), ("births",), [2022], error=2.0)
    runs = [
        refit(some, scenario, lambda d: series(d, ("births",), [2022]), figures, until=2022, threads=n).ensemble
        for n in (1, 2)
    ]
    assert all(np.array_equal(runs[0].draws.values[n], v) for n, v in runs[1].draws.values.items())
    assert all(np.array_equal(runs[0].innovations[n], v) for n, v in runs[1].innovations.items())
    assert not np.array_equal(runs[0].draws.values["first_birth_level"], some.draws.values["first_birth_level"])
    with pytest.raises(ArgumentError, match="a year from 2021 to 2025"):
        refit(some, scenario, lambda d: d["births"].values, figures, until=2030)
    with pytest.raises(ArgumentError, match="that the figures depend on"):
        refit(first(ensemble, 20), scenario, lambda d: series(d, ("births",), [2022]), figures, until=2022)
