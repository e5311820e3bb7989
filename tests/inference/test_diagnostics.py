"""Prior against posterior, and predicted against published figures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from huyou_sim.inference.diagnostics import diagnostics_table, learnt, learnt_table, predictive_check
from huyou_sim.inference.posterior import Plan, sample, sample_place


@pytest.fixture(scope="module")
def posterior(pack, baseline):
    return sample_place(pack, baseline, plan=Plan(steps=40, most_steps=80, effective=400))


def test_shrinkage_of_a_linear_problem_is_the_exact_one(linear_density, normal_parameter):
    density, _, covariance = linear_density()
    posterior = sample(density, plan=Plan(effective=8000))
    table = learnt([*density.parameters, normal_parameter("other", 0.0, 1.0)], posterior).set_index("parameter")
    for i, one in enumerate(density.parameters):
        exact = 1 - covariance[i, i] / one.prior.params["sd"] ** 2
        assert table.loc[one.name, "shrinkage"] == pytest.approx(exact, abs=0.03)
    assert table.loc["other", "shrinkage"] == 0.0
    assert "keeps its prior" in table.loc["other", "verdict"]


def test_the_words_are_for_what_data_do_not_tell(pack, posterior):
    table = learnt_table(pack, posterior).set_index("parameter")
    nothing = "the data say nothing about it"
    assert table.loc["marriages_2021_shock", "shrinkage"] < 0.15
    assert table.loc["births_2021_shock", "shrinkage"] < 0.15
    assert table.loc["third_birth_contrast", "shrinkage"] < 0.3
    assert table.loc["mortality_level", "verdict"] != nothing
    assert table.loc["mortality_level", "shrinkage"] > 0.9
    assert not table.loc["A1", "sampled"]
    sampled = table[table["sampled"]]
    assert (sampled.loc[sampled["shrinkage"] < 0.05, "verdict"] == nothing).all()
    assert (sampled.loc[sampled["shrinkage"] >= 0.05, "verdict"] != nothing).all()
    assert set(learnt_table(pack, posterior, "zh")["parameter"]) == set(table.index)


def test_every_published_figure_of_residents_is_predicted(pack, baseline, posterior):
    table = predictive_check(pack, baseline, posterior, draws=800).set_index("id")
    assert {"births_2021", "tfr_2021", "crude_birth_rate_2021", "never_married_women_2020", "total_dependency_60_2020",
            "population_2021", "natural_increase_rate_2021"} <= set(table.index)  # fmt: skip
    residents = table[table["same_base"]]
    assert (residents["p_value"] > 0.01).all(), residents[["observed", "q05", "q95", "p_value"]]
    assert ((residents["q05"] < residents["observed"]) & (residents["observed"] < residents["q95"])).mean() > 0.8
    assert table.loc["births_2021", "entered"]
    assert not table.loc["crude_birth_rate_2021", "entered"]
    assert table.loc["life_expectancy_2020", "p_value"] < 0.05 if "life_expectancy_2020" in table.index else True


def test_a_figure_that_the_model_cannot_explain_shows(pack, baseline, posterior):
    wrong = pack.observations.copy()
    wrong.loc[wrong["id"] == "crude_birth_rate_2021", "value"] = 9.0
    table = predictive_check(dataclasses.replace(pack, observations=wrong), baseline, posterior, draws=400)
    assert table.set_index("id").loc["crude_birth_rate_2021", "p_value"] < 0.01


def test_diagnostics_carry_the_mark(posterior):
    table = diagnostics_table(posterior)
    assert len(table) == len(posterior.data_vars)
    assert (table["effective_size"] > 0).all()
    assert table["converged"].iloc[0] == bool(posterior.attrs["converged"])
    false = posterior.assign_attrs(converged=0)
    assert "not converged" in diagnostics_table(false)["mark"].iloc[0]
    assert np.isfinite(table["r_hat"]).all()
