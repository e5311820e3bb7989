"""The posterior on disk: reused while its inputs are the same, made anew when they or the file are not."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
import xarray as xr

from huyou_sim.inference import store
from huyou_sim.inference.posterior import Plan, converged

PLAN = Plan(chains=2, walkers=32, steps=8, most_steps=8)


@pytest.fixture
def said():
    return []


@pytest.fixture
def kept(pack, baseline, tmp_path, said):
    """Return a function that asks for the posterior in a folder of its own."""

    def ask(**options):
        chosen = {"plan": PLAN, "folder": tmp_path / "cache", "threads": 1, "say": said.append} | options
        return store.posterior(pack, baseline, **chosen)

    return ask


def files(tmp_path):
    return sorted((tmp_path / "cache").iterdir())


@pytest.fixture
def counted(monkeypatch):
    """Return the list of samplings that were made."""
    calls = []
    real = store.sample

    def counting(*given, **named):
        calls.append(1)
        return real(*given, **named)

    monkeypatch.setattr(store, "sample", counting)
    return calls


def test_a_second_run_reads_what_the_first_one_sampled(kept, counted, said, tmp_path):
    one, two = kept(), kept()
    assert len(counted) == 1
    assert len(files(tmp_path)) == 1
    xr.testing.assert_identical(one, two)
    assert not converged(two), "the mark is kept too"
    assert said == []


def test_other_inputs_are_sampled_again(kept, counted, tmp_path):
    kept()
    kept(seed=1)
    kept(plan=dataclasses.replace(PLAN, steps=9))
    assert len(counted) == 3
    assert len(files(tmp_path)) == 3


def test_other_data_have_another_hash(pack):
    first = store.hash_of(store.inputs_of(pack, PLAN, 1))
    sums = {name: dict(found) for name, found in pack.checksums.items()}
    sums["evidence"]["priors.csv"] = "0" * 64
    assert store.hash_of(store.inputs_of(dataclasses.replace(pack, checksums=sums), PLAN, 1)) != first
    assert store.hash_of(store.inputs_of(pack, PLAN, 1)) == first


@pytest.mark.parametrize("content", [b"", b"not a NetCDF file", "cut"])
def test_a_damaged_file_is_made_anew_with_a_word(kept, counted, said, tmp_path, content):
    first = kept()
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:3000] if content == "cut" else content)
    again = kept()
    assert len(counted) == 2
    assert len(said) == 1
    assert "damaged" in said[0]
    assert str(path) in said[0]
    xr.testing.assert_identical(first, again)
    kept()
    assert len(counted) == 2, "the new file is whole"


@pytest.mark.parametrize("fault", ["hash", "names", "numbers"])
def test_a_foreign_file_is_made_anew_with_a_word(kept, counted, said, tmp_path, fault):
    first = kept()
    (path,) = files(tmp_path)
    other = first.copy(deep=True)
    if fault == "hash":
        other.attrs["inputs"] = "0" * 64
    elif fault == "names":
        other = other.rename(mortality_level="something_else")
    else:
        other["mortality_level"].values[0, 0] = np.nan
    store.write_dataset(other, path)
    xr.testing.assert_identical(kept(), first)
    assert len(counted) == 2
    assert len(said) == 1


def test_a_folder_that_cannot_be_written_to_costs_a_word_only(kept, said, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    found = kept(folder=tmp_path / "file")
    assert found.sizes["chain"] == 2
    assert len(said) == 1
    assert "not kept" in said[0]


def test_a_failed_write_leaves_nothing_behind(kept, said, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    kept()
    assert files(tmp_path) == []
    assert "No space left" in said[0]


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv(store.FOLDER, str(tmp_path))
    assert store.cache_folder() == tmp_path
    monkeypatch.delenv(store.FOLDER)
    assert store.cache_folder().name == "huyou_sim"
    if os.name == "posix":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
