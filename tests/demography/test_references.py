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


@pytest.fixture(scope="module")
def canada():
    """Return survivorship, net migrants and expected stocks; fertility and sex ratios; expected births."""
    table = pd.read_csv(REFERENCES / "canada_1950_2020_population.csv.gz")
    fertility = pd.read_csv(REFERENCES / "canada_1950_2020_fertility.csv.gz")
    births = pd.read_csv(REFERENCES / "canada_1950_2020_births.csv").set_index("year")["births"]
    cells = cube(table, ["Sx", "net_migrants", "expected_pop"], ("year", "sex", "age")).sel(sex=list(SEX))
    return cells, fertility, births


def project_canada(cells, fertility, **options):
    """Return the projection from the first stock, its stocks at the end of each year, and those expected."""
    years = [int(year) for year in fertility["year"].unique()]
    survival = cells["Sx"].sel(year=years)
    # The source gives one ratio for the last closed age and the open group.
    survival = xr.concat([survival, survival.isel(age=[-1]).assign_coords(age=[101])], dim="age")
    space = classical_space(int(fertility["age"].min()), int(fertility["age"].max()))
    result = project(
        start(cells["expected_pop"].sel(year=years[0]).drop_vars("year"), space, years[0] - 1),
        Rates(
            hazard(survival, list(range(101))),
            cube(fertility, "asfr", ("year", "age")).rename(age="age_fertile").expand_dims(schedule=["fertility"]),
            cells["net_migrants"].sel(year=years),
            male_share(fertility.groupby("year")["srb"].first().to_xarray()),
        ),
        space,
        years=years,
        births="ends",
        **options,
    ).isel(scenario=0, draw=0, area=0)
    stocks = result["population"].sel(time=years).rename(time="year")
    # Stocks of the source are of 1 January: ours of 31 December before.
    expected = cells["expected_pop"].sel(year=[year + 1 for year in years]).assign_coords(year=years)
    return result, stocks, expected


def test_canada_1950_2020_by_the_united_nations_engine(canada, reached):
    """70 years from 71 stocks, single age and sex, net migrants at the end of the year."""
    cells, fertility, births = canada
    result, stocks, expected = project_canada(cells, fertility, migration="end")
    assert stocks.shape == (70, 2, 101)
    convention = "births on both ends, migration end"
    reached(
        "Canada 1950-2020",
        "stock of every cell",
        largest_relative_error(stocks, expected),
        1e-12,
        "relative",
        convention,
    )
    born = result["births"].sum(["age_reached", "birth_order"])
    error = largest_relative_error(born, births.loc[born["year"].values].to_numpy())
    reached("Canada 1950-2020", "births of every year", error, 1e-12, "relative", convention)
    died = result["deaths"].sum("age").transpose("year", "sex").to_pandas()
    deaths = pd.read_csv(REFERENCES / "canada_1950_2020_deaths.csv", index_col="year")[list(died.columns)]
    error = (died / deaths - 1.0).abs().to_numpy().max()
    reached("Canada 1950-2020", "deaths of every year and sex", error, 1e-12, "relative", convention)


def test_the_convention_of_migration_matters_for_canada(canada):
    """Half of the migrants at each end, the second before births, is another projection: 0.47 % more people."""
    _, stocks, expected = project_canada(*canada[:2], migration="even", migration_before_births=True)
    total = float(stocks.isel(year=-1).sum() / expected.isel(year=-1).sum())
    assert total - 1.0 == pytest.approx(0.0047, abs=5e-5)


def test_spectrum_france_1970_1975(reached):
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
    error = largest_relative_error(
        result["population"].sel(time=years).rename(time="year"), counts["expected_pop"].sel(year=years)
    )
    convention = "births on both ends, migration end"
    reached("Spectrum, France 1970-1975", "stock of every cell", error, 5e-6, "relative", convention)


def only_women(values, ages, fill):
    """Return (sex, age) with men filled with a constant."""
    return xr.DataArray(
        np.stack([np.full(len(values), fill), np.asarray(values, dtype=float)]),
        dims=("sex", "age"),
        coords={"sex": list(SEX), "age": ages},
    )


def project_sweden(table, **options):
    """Return women of 1998 and births of five years by group, for the groups that bear."""
    ages = table["age"].tolist()
    space = classical_space(15, 45, width=5)
    # The last ratio is the same inside the open group.
    by_age_reached = np.append(table["S_f"].to_numpy(), table["S_f"].iloc[-1])
    fertility = table.set_index("age")["asfr"].loc[list(space.ages)]
    result = project(
        start(only_women(table["pop_1993_f"], ages, 0.0), space, 1993),
        Rates(
            hazard(only_women(by_age_reached, [*ages, 90], 1.0), ages, width=5),
            xr.DataArray(
                fertility.to_numpy()[None],
                dims=("schedule", "age_fertile"),
                coords={"schedule": ["fertility"], "age_fertile": list(space.ages)},
            ),
            only_women(table["net_migrants_f_5y"], ages, 0.0),
            xr.DataArray([1.05 / 2.05], dims="birth_order", coords={"birth_order": [1]}),
        ),
        space,
        years=[1998],
        births="ends",
        **options,
    ).isel(scenario=0, draw=0, area=0)
    births = result["births"].isel(year=0, birth_order=0).sel(age_reached=list(space.ages))
    return result["population"].sel(time=1998, sex="female").values, births.values


def test_sweden_1993_five_year_step(reached):
    """Preston, Heuveline and Guillot (2001), box 6.2, printed in whole persons: half a person is exact."""
    table = pd.read_csv(REFERENCES / "sweden_1993_women.csv")
    women, births = project_sweden(table, migration="even", migration_before_births=True)
    convention = "births on both ends, migration even, second half before births"
    error = np.abs(women - table["expected_pop_1998_f"]).max()
    reached("Sweden 1993-1998", "women of every group, 85+ included", error, 0.5, "persons", convention)
    expected = table.set_index("age")["expected_births_5y"]
    assert (expected.drop(range(15, 50, 5)) == 0).all()
    error = np.abs(births - expected.loc[15:45]).max()
    reached("Sweden 1993-1998", "births by age of the mother", error, 0.5, "persons", convention)


@pytest.mark.parametrize("options", [{"migration": "end"}, {"migration": "even"}])
def test_the_convention_of_migration_matters_for_sweden(options):
    table = pd.read_csv(REFERENCES / "sweden_1993_women.csv")
    women, births = project_sweden(table, **options)
    assert np.abs(women - table["expected_pop_1998_f"]).max() > 5.0
    assert np.abs(births - table.set_index("age")["expected_births_5y"].loc[15:45]).max() > 50.0


def project_burkina(everything, fertile, **options):
    """Return the largest relative error over nine steps, each from our own stock of the step before."""
    # Survival has one row more than there are groups: the last is inside the open group.
    ages = [int(a) for a in everything["age_start"].values if a <= 80]
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
            births="ends",
            **options,
        ).isel(scenario=0, draw=0, area=0)  # fmt: skip
        stock = result["population"].isel(time=-1).drop_vars(["time", "scenario", "draw", "area"])
        expected = everything["expected_pop"].sel(year_start=year + 5, age_start=ages).values
        worst = max(worst, float(np.abs(stock.sel(sex="female").values / expected - 1.0).max()))
    return worst


def test_burkina_faso_five_year_groups(reached):
    """popReconstruct: women, migration as a share of the starting stock, half at each end, the second after births."""
    table = pd.read_csv(REFERENCES / "burkina_1960_2005_women.csv")
    everything = cube(table, ["asfr", "net_mig_prop", "S", "expected_pop"], ("year_start", "age_start"))
    fertile = [int(a) for a in everything["age_start"].values if float(everything["asfr"].sel(age_start=a).max()) > 0]
    error = project_burkina(everything, fertile, migration="even")
    convention = "births on both ends, migration even, second half after births"
    reached("Burkina Faso 1960-2005", "women of every group", error, 1e-12, "relative", convention)
    # The convention matters: so far is what the other two would give.
    for other in ({"migration": "end"}, {"migration": "even", "migration_before_births": True}):
        assert project_burkina(everything, fertile, **other) > 1e-4


@pytest.mark.parametrize("name", sorted(path.name for path in REFERENCES.glob("*.csv*")))
def test_every_reference_is_attributed_and_used(name):
    assert name in (REFERENCES / "README.md").read_text(encoding="utf-8")
    assert any(name in path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
