"""The studies behind the priors: complete, converted as it is said, and no more certain than they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from huyou_sim.pack import load_pack
from huyou_sim.pack.locate import data_folder


@pytest.fixture(scope="module")
def pack():
    return load_pack("huzhou")


@pytest.fixture(scope="module")
def studies(pack):
    return pack.evidence["studies"].set_index("id")


@pytest.fixture(scope="module")
def effects(pack):
    return pack.evidence["evidence"].set_index("id")


def test_all_effects_are_there(effects):
    assert len(effects) == 96
    families = effects["lever"].value_counts().to_dict()
    assert families == {"a_cash": 50, "b_childcare": 17, "c_marriage": 18, "d_culture": 7, "e_art": 4}


def test_studies_are_effects_of_the_evidence(studies, effects):
    same = effects.loc[studies.index]
    for column in ("study", "country", "period", "design", "source", "credibility"):
        assert (studies[column] == same[column]).all(), column


def test_what_was_not_verified_is_not_verified_here(studies, effects):
    unverified = effects.loc[studies.index, "verified"] == "no"
    assert (studies.loc[unverified, "verified"] == "no").all()
    assert (studies.loc[studies["verified"] == "no", "kind"] == "assumed").all()


def test_doses_of_cash_are_converted_as_the_format_says(pack, studies):
    economy = pack.economy[pack.economy["year"] == 2021].set_index("name")["value"]
    factor = economy["gdp_per_capita"] / economy["disposable_income_per_head"] / 100.0
    assert factor == pytest.approx(0.018702, abs=1e-6)
    cash = studies[studies["lever"] == "cash"]
    np.testing.assert_allclose(cash["dose"], cash["dose_gdp"] * factor, atol=6e-4)
    assert studies.loc[studies["lever"] != "cash", "dose_gdp"].isna().all()


def test_a_derived_dose_is_effect_over_size(studies, effects):
    """Where the evidence gives an effect and its size per 1 % of GDP per head, the dose follows."""
    for name in ("A09", "A10", "A12", "A16", "A17", "A31", "A39", "B11"):
        size = float(re.findall(r"\d\.\d+", effects.loc[name, "std_effect"])[-1])
        assert studies.loc[name, "kind"] == "derived"
        assert studies.loc[name, "effect"] / studies.loc[name, "dose_gdp"] == pytest.approx(size, rel=0.02), name


def test_ranges_hold_their_value(studies):
    for name in ("dose", "effect"):
        known = studies[studies[f"{name}_low"].notna()]
        assert len(known)
        assert known[name].between(known[f"{name}_low"], known[f"{name}_high"]).all()


def test_every_effect_is_a_point_or_said_to_be_left_out(studies, effects):
    guide = (data_folder() / "README.md").read_text(encoding="utf-8")
    words = guide.split("Left out, since no dose")[1].split("\n\n")[0]
    left_out = set()
    for letter, first, _, last in re.findall(r"([A-E])(\d\d)(-[A-E](\d\d))?", words):
        left_out |= {f"{letter}{number:02d}" for number in range(int(first), int(last or first) + 1)}
    assert left_out == set(effects.index) - set(studies.index)


def test_the_static_table_has_bands_around_its_medians(pack):
    table = pack.evidence["static_effects"]
    banded = table[table["q05"].notna()]
    assert len(banded) == 21
    assert banded["median"].between(banded["q05"], banded["q95"]).all()
    assert (table["label_zh"].str.contains("[一-鿿]")).all()
