"""China 2020-2100 by the United Nations in steps of five years, with the same public `project`.

The convention stands in ``tests/references/README.md``. The United Nations project by single years; what is left is
the unevenness of people inside five-year groups.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.demography.lifetable import group_survivorship, life_table
from huyou_sim.demography.projection import SEX, Rates, Stock, project
from huyou_sim.demography.states import classical_space

REFERENCES = Path(__file__).parents[1] / "references"
YEARS = list(range(2025, 2101, 5))
PERIODS = [f"{year - 5}-{year}" for year in YEARS]
AGES = list(range(0, 101, 5))


@pytest.fixture(scope="module")
def counts():
    """Return expected stocks of 1 July and net migrants of the five years before, in persons."""
    table = pd.read_csv(REFERENCES / "china_wpp2024_2020_2100_population.csv.gz")
    cube = table.set_index(["year", "sex", "age"]).to_xarray().sel(sex=list(SEX), age=AGES) * 1000.0
    return cube.rename(pop_thousands="population", net_migrants_thousands="net_migrants")


def own_table(mx, ages, sex):
    """Return life tables as the United Nations make them: graduated from 15, the growth of 90-94 for 95-99 too."""
    return life_table(mx, ages, sex)


def open_table(mx, ages, sex):
    """Return life tables graduated from 10, with the growth from 90-94 to the open group for 95-99."""
    table = life_table(mx, ages, sex, graduated_from=10)
    growth = np.log(mx[:, -1] / mx[:, -3]) / 10.0
    lived = table.ax.copy()
    lived[:, -2] = 2.5 - 25.0 / 12.0 * (mx[:, -2] - growth)
    return life_table(mx, ages, sex, ax=lived)


def death_rates(sex, periods):
    table = pd.read_csv(REFERENCES / "china_wpp2024_1950_2100_death_rates.csv.gz").query("sex == @sex")
    wide = table.pivot(index="period", columns="age", values="mx").loc[periods]
    return wide.to_numpy(), list(wide.columns)


def make_rates(counts, tables):
    levels = pd.read_csv(REFERENCES / "china_wpp2024_1950_2100_levels.csv").set_index("period").loc[PERIODS]
    pattern = pd.read_csv(REFERENCES / "china_wpp2024_2020_2100_fertility_pattern.csv")
    survival = [group_survivorship(tables(*death_rates(sex, PERIODS), sex), 5) for sex in SEX]
    shares = pattern.pivot(index="period", columns="age", values="pasfr").loc[PERIODS] / 100.0
    fertility = shares.mul(levels["tfr"], axis=0).to_numpy() / 5.0
    return Rates(
        xr.DataArray(
            -np.log(np.stack(survival, axis=1)),
            dims=("year", "sex", "age_reached"),
            coords={"year": YEARS, "sex": list(SEX), "age_reached": [*AGES, 105]},
        ),
        xr.DataArray(
            fertility[:, None],
            dims=("year", "schedule", "age_fertile"),
            coords={"year": YEARS, "schedule": ["fertility"], "age_fertile": list(shares.columns)},
        ),
        counts["net_migrants"].sel(year=YEARS),
        xr.DataArray(
            (levels["srb"] / (1.0 + levels["srb"])).to_numpy()[:, None],
            dims=("year", "birth_order"),
            coords={"year": YEARS, "birth_order": [1]},
        ),
    )


def projected(counts, rates, **options):
    space = classical_space(15, 45, width=5)
    population = counts["population"].sel(year=2020).drop_vars("year").expand_dims(area=["china"])
    women = population.sel(sex="female", age=list(space.ages)).drop_vars("sex").rename(age="age_fertile")
    stock = Stock(2020, population, women.expand_dims(marital=["any"], parity=["any"], axis=(2, 3)))
    result = project(stock, rates, space, years=YEARS, births="ends", **options).isel(scenario=0, draw=0, area=0)
    return result["population"].sel(time=YEARS).rename(time="year")


EVEN = {"migration": "even", "migration_before_births": True}
OWN = "graduated from 15, 95-99 as 90-94"
OPEN = "graduated from 10, 95-99 towards the open group"
TABLES = {OWN: own_table, OPEN: open_table}


@pytest.mark.parametrize(
    ("convention", "tolerance"),
    # The source is printed to four decimals.
    [(OWN, 6e-5), (OPEN, 2.4e-3)],
)
def test_expectancy_at_birth(convention, tolerance, reached):
    """All 30 periods from 1950 to 2100, both sexes."""
    levels = pd.read_csv(REFERENCES / "china_wpp2024_1950_2100_levels.csv").set_index("period")
    error = max(
        np.abs(TABLES[convention](*death_rates(sex, levels.index), sex).expectancy[:, 0] - levels[f"e0_{sex}"]).max()
        for sex in SEX
    )
    reached("China 1950-2100, WPP 2024", "life expectancy at birth", error, tolerance, "years", convention)


def test_one_step(counts, reached):
    """2020 to 2025 in every group under 80."""
    found = projected(counts, make_rates(counts, own_table), **EVEN).sel(year=2025)
    error = 100.0 * abs(found / counts["population"].sel(year=2025) - 1.0)
    name, convention = "China 2020-2025, WPP 2024", f"migration even, before births; {OWN}"
    reached(name, "groups under 80", error.sel(age=slice(0, 75)).max(), 0.24, "%", convention)
    reached(name, "children under 5", error.sel(age=0).max(), 0.03, "%", convention)


@pytest.mark.parametrize(
    ("convention", "tolerances"),
    [
        # Total, 65+, 0-14; more than the reached error by less than its last printed digit.
        (OWN, (0.099, 0.0165, 1.11)),
        (OPEN, (0.095, 0.0055, 1.11)),
    ],
)
def test_chained_to_2100(convention, tolerances, counts, reached):
    """Sixteen steps. The residual is unevenness of people inside five-year groups, and has one sign."""
    result = projected(counts, make_rates(counts, TABLES[convention]), **EVEN)
    found, expected = result.sel(year=2100), counts["population"].sel(year=2100)
    name, how = "China 2020-2100, WPP 2024", f"migration even, before births; {convention}"
    for what, ages, tolerance in zip(
        ("total in 2100", "65+ in 2100", "0-14 in 2100"),
        (slice(0, 100), slice(65, 100), slice(0, 10)),
        tolerances,
        strict=True,
    ):
        error = 100.0 * float(found.sel(age=ages).sum() / expected.sel(age=ages).sum() - 1.0)
        reached(name, what, error, tolerance, "%", how)
    totals = result.sum(["sex", "age"]) / counts["population"].sel(year=YEARS).sum(["sex", "age"])
    reached(name, "total on the way", 100.0 * abs(totals - 1.0).max(), 0.16, "%", how)


@pytest.mark.parametrize("options", [{"migration": "end"}, {"migration": "even"}])
def test_the_convention_of_migration_matters(options, counts):
    """Twice to ten times as far off at 65 and over."""
    found = projected(counts, make_rates(counts, own_table), **options).sel(year=2100)
    expected, old = counts["population"].sel(year=2100), slice(65, 100)
    error = 100.0 * float(found.sel(age=old).sum() / expected.sel(age=old).sum() - 1.0)
    assert error == pytest.approx(0.156 if options["migration"] == "end" else 0.035, abs=0.001)
