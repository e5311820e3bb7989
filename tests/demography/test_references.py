"""Projections computed by others, reproduced with the same public `project` and its named options.

Where the numbers come from, and by which convention each was computed, stands in ``tests/references/README.md``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.demography.projection import SEX, Rates, Stock, project
from huyou_sim.demography.states import classical_space

REFERENCES = Path(__file__).parents[1] / "references"


def cube(table, value, dims):
    return table.set_index(list(dims))[value].to_xarray()


def start(population, space, year, area="x"):
    """Return a stock from (sex, age) counts."""
    women = population.sel(sex="female", age=list(space.ages)).rename(age="age_fertile").drop_vars("sex")
    return Stock(
        year,
        population.sel(sex=list(SEX)).expand_dims(area=[area]).transpose("area", "sex", "age").astype(float),
        women.expand_dims(area=[area], marital=["any"], parity=["any"])
        .transpose("area", "age_fertile", "marital", "parity")
        .astype(float),
    )


def hazard(survival, ages, width=1):
    """Return minus the log of survivorship (..., sex, age reached), with one label more than there are ages."""
    reached = [*ages, ages[-1] + width]
    dims = (*survival.dims[:-1], "age_reached")
    coords = {dim: survival[dim].values for dim in survival.dims[:-1]} | {"age_reached": reached}
    return xr.DataArray(-np.log(survival.values), dims=dims, coords=coords)


def male_share(ratio):
    """Return boys among births, (year, birth_order), from boys per girl by year."""
    return (ratio / (1.0 + ratio)).expand_dims(birth_order=[1]).transpose("year", "birth_order")


def largest_relative_error(found, expected):
    return float((abs(found - expected) / expected).max())


def test_canada_1950_2020_by_the_united_nations_engine():
    """71 years, single age and sex, net migrants at the end of the year."""
    table = pd.read_csv(REFERENCES / "canada_1950_2020_population.csv.gz")
    fertility = pd.read_csv(REFERENCES / "canada_1950_2020_fertility.csv.gz")
    everything = cube(table, ["Sx", "net_migrants", "expected_pop"], ("year", "sex", "age")).sel(sex=list(SEX))
    years = [int(y) for y in fertility["year"].unique()]
    space = classical_space(int(fertility["age"].min()), int(fertility["age"].max()))
    survival = everything["Sx"].sel(year=years)
    # The source gives one ratio for the last closed age and the open group.
    survival = xr.concat([survival, survival.isel(age=[-1]).assign_coords(age=[101])], dim="age")
    result = project(
        start(everything["expected_pop"].sel(year=years[0]).drop_vars("year"), space, years[0] - 1),
        Rates(
            hazard(survival, list(range(101))),
            cube(fertility, "asfr", ("year", "age")).rename(age="age_fertile").expand_dims(schedule=["fertility"]),
            everything["net_migrants"].sel(year=years),
            male_share(fertility.groupby("year")["srb"].first().to_xarray()),
        ),
        space,
        years=years,
        migration="end",
        births="ends",
    ).isel(scenario=0, draw=0, area=0)
    # Stocks of the source are of 1 January: ours of 31 December before.
    expected = everything["expected_pop"].sel(year=[y + 1 for y in years]).assign_coords(year=years)
    found = result["population"].sel(time=years).rename(time="year")
    assert largest_relative_error(found, expected) < 1e-12
    births = pd.read_csv(REFERENCES / "canada_1950_2020_births.csv").set_index("year")["births"]
    assert np.allclose(result["births"].sum(["age_reached", "birth_order"]), births.loc[years], rtol=1e-12)
    # The convention matters: half of the migrants at each end is another projection.
    other = project(
        start(everything["expected_pop"].sel(year=years[0]).drop_vars("year"), space, years[0] - 1),
        Rates(
            hazard(survival, list(range(101))),
            cube(fertility, "asfr", ("year", "age")).rename(age="age_fertile").expand_dims(schedule=["fertility"]),
            everything["net_migrants"].sel(year=years),
            male_share(fertility.groupby("year")["srb"].first().to_xarray()),
        ),
        space,
        years=years,
        migration="even",
        births="ends",
    )
    total = float(other["population"].isel(time=-1).sum()) / float(expected.isel(year=-1).sum())
    assert 1.001 < total < 1.01


def test_spectrum_france_1970_1975():
    """DemProj, single ages to 80+, migrants at the end of the year; its output is in single precision."""
    table = pd.read_csv(REFERENCES / "spectrum_france_1970_1975.csv.gz")
    fertility = pd.read_csv(REFERENCES / "spectrum_france_1970_1975_fertility.csv")
    ages = list(range(81))
    years = [1971, 1972, 1973, 1974, 1975]
    survival = cube(table, "S", ("year", "sex", "age")).sel(sex=list(SEX), year=years)
    counts = cube(table[table["age"] <= 80], ["net_migrants", "expected_pop"], ("year", "sex", "age")).sel(
        sex=list(SEX)
    )
    space = classical_space(15, 49)
    result = project(
        start(counts["expected_pop"].sel(year=1970).drop_vars("year"), space, 1970),
        Rates(
            hazard(survival, ages),
            cube(fertility, "asfr", ("year", "age")).sel(year=years, age=list(space.ages))
            .rename(age="age_fertile").expand_dims(schedule=["fertility"]),
            counts["net_migrants"].sel(year=years),
            male_share(fertility.groupby("year")["srb_m_per_100f"].first().to_xarray().sel(year=years) / 100.0),
        ),
        space,
        years=years,
        migration="end",
        births="ends",
    ).isel(scenario=0, draw=0, area=0)  # fmt: skip
    expected = counts["expected_pop"].sel(year=years)
    assert largest_relative_error(result["population"].sel(time=years).rename(time="year"), expected) < 5e-6


def only_women(values, ages, fill):
    """Return (sex, age) with men filled with a constant."""
    return xr.DataArray(
        np.stack([np.full(len(values), fill), np.asarray(values, dtype=float)]),
        dims=("sex", "age"),
        coords={"sex": list(SEX), "age": ages},
    )


def test_sweden_1993_five_year_step():
    """Preston, Heuveline and Guillot (2001), box 6.2: half of the migrants at each end, births after both."""
    table = pd.read_csv(REFERENCES / "sweden_1993_women.csv")
    ages = table["age"].tolist()
    space = classical_space(15, 45, width=5)
    by_age_reached = np.append(table["S_f"].to_numpy(), table["S_f"].iloc[-1])
    rates = table.set_index("age")["asfr"].loc[list(space.ages)]
    result = project(
        start(only_women(table["pop_1993_f"], ages, 0.0), space, 1993),
        Rates(
            hazard(only_women(by_age_reached, [*ages, 90], 1.0), ages, width=5),
            xr.DataArray(
                rates.to_numpy()[None],
                dims=("schedule", "age_fertile"),
                coords={"schedule": ["fertility"], "age_fertile": list(space.ages)},
            ),
            only_women(table["net_migrants_f_5y"], ages, 0.0),
            xr.DataArray([1.05 / 2.05], dims="birth_order", coords={"birth_order": [1]}),
        ),
        space,
        years=[1998],
        migration="even",
        migration_before_births=True,
        births="ends",
    ).isel(scenario=0, draw=0, area=0)
    found = result["population"].sel(time=1998, sex="female").values
    # The book rounds to persons, and its open group to the same survivorship for the last closed age.
    assert np.abs(found - table["expected_pop_1998_f"])[:-1].max() <= 1.0
    births = result["births"].isel(year=0, birth_order=0).sel(age_reached=list(space.ages)).values
    assert np.allclose(births, table.set_index("age")["expected_births_5y"].loc[list(space.ages)], atol=1.0)


def test_burkina_faso_five_year_groups():
    """popReconstruct: women, migration as a share of the starting stock, half at each end, the second after births."""
    table = pd.read_csv(REFERENCES / "burkina_1960_2005_women.csv")
    # Survival has one row more than there are groups: the last is inside the open group.
    ages = [int(a) for a in sorted(table["age_start"].unique()) if a <= 80]
    everything = cube(table, ["asfr", "net_mig_prop", "S", "expected_pop"], ("year_start", "age_start"))
    fertile = [a for a in ages if float(everything["asfr"].sel(age_start=a).max()) > 0]
    space = classical_space(fertile[0], fertile[-1], width=5)
    worst = 0.0
    stock = only_women(everything["expected_pop"].sel(year_start=1960, age_start=ages), ages, 0.0)
    for year in range(1960, 2005, 5):
        now = everything.sel(year_start=year)
        survival = now["S"].dropna("age_start").values
        assert len(survival) == len(ages) + 1
        counts = now["net_mig_prop"].sel(age_start=ages).values * stock.sel(sex="female").values
        result = project(
            start(stock, space, year),
            Rates(
                hazard(only_women(survival, [*ages, 85], 1.0), ages, width=5),
                now["asfr"].sel(age_start=fertile).rename(age_start="age_fertile").drop_vars("year_start")
                .expand_dims(schedule=["fertility"]),
                only_women(counts, ages, 0.0),
                xr.DataArray([1.05 / 2.05], dims="birth_order", coords={"birth_order": [1]}),
            ),
            space,
            years=[year + 5],
            migration="even",
            births="ends",
        ).isel(scenario=0, draw=0, area=0)  # fmt: skip
        stock = result["population"].isel(time=-1).drop_vars(["time", "scenario", "draw", "area"])
        expected = everything["expected_pop"].sel(year_start=year + 5, age_start=ages).values
        worst = max(worst, float(np.abs(stock.sel(sex="female").values / expected - 1.0).max()))
    assert worst < 1e-12


@pytest.mark.parametrize("name", ["canada_1950_2020_population.csv.gz", "sweden_1993_women.csv"])
def test_references_are_attributed(name):
    assert name in (REFERENCES / "README.md").read_text(encoding="utf-8")
