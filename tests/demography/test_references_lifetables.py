"""Life tables, model life tables and a Lee-Carter fit computed by others.

Where the numbers come from, and by which convention each was computed, stands in ``tests/references/README.md``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from huyou_sim.demography.lifetable import (
    group_survivorship,
    infant_mortality,
    life_expectancy,
    life_table,
    survivors,
    survivorship,
)
from huyou_sim.demography.mortality import lee_carter, lee_carter_rates
from huyou_sim.demography.separation import death_probabilities, death_rates

REFERENCES = Path(__file__).parents[1] / "references"
COLUMNS = {
    "qx": "qx",
    "lx": "lx",
    "dx": "dx",
    "person_years": "Lx",
    "above": "Tx",
    "expectancy": "ex",
    "ax": "ax",
}


def relative(found, expected):
    """Return the largest relative error; both are 0 at the same places, if anywhere."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert ((found == 0) == (expected == 0)).all()
    known = expected != 0
    return np.abs(found[known] / expected[known] - 1.0).max()


@pytest.mark.parametrize("sex", ["male", "female"])
def test_single_ages_of_canada_2019(sex, reached):
    """MortCast, by our short way for single ages."""
    table = pd.read_csv(REFERENCES / "lifetable_canada_2019_mortcast.csv").query("sex == @sex")
    rates = table["mx"].to_numpy()
    qx, lx, person_years = survivors(rates, sex)
    found = {"q": (qx, "qx"), "l": (lx, "lx"), "L": (person_years, "Lx")}
    error = max(relative(ours, table[theirs]) for ours, theirs in found.values())
    name, how = "Canada 2019, MortCast", "single ages, Andreev-Kingkade"
    reached(name, "q, l, L of every age", error, 1e-12, "relative", how)
    error = abs(life_expectancy(rates, sex) / table["ex"].iloc[0] - 1.0)
    reached(name, "life expectancy at birth", error, 1e-12, "relative", how)
    # Their row x is from x - 1 to x; the last one is T(100) / T(99).
    reached(name, "S of every age", relative(survivorship(rates, sex)[:-1], table["sx"]), 1e-12, "relative", how)
    assert infant_mortality(rates, sex) == qx[0]


@pytest.mark.parametrize("period", ["1960-1965", "2020-2025"])
@pytest.mark.parametrize("sex", ["male", "female"])
@pytest.mark.parametrize(
    ("rule", "childhood", "name"),
    [("ak", "andreev_kingkade", "Andreev-Kingkade"), ("cd", "coale_demeny", "Coale-Demeny")],
)
def test_abridged_tables_of_china(period, sex, rule, childhood, name, reached):
    """MortCast; d is a difference of survivors, where digits cancel."""
    table = pd.read_csv(REFERENCES / "lifetable_china_mortcast.csv.gz").query(
        "period == @period and sex == @sex and a0rule == @rule"
    )
    found = life_table(table["mx"].to_numpy(), table["age"].tolist(), sex, childhood=childhood)
    error = max(relative(getattr(found, ours), table[theirs]) for ours, theirs in COLUMNS.items())
    title, how = "China 1960-1965 and 2020-2025, MortCast", f"abridged, {name}, graduated from 15"
    reached(title, "q, l, d, L, T, e, a of every group", error, 2e-13, "relative", how)
    # Their rows 0 and 1 carry birth to 0-4 and 0-4 to 5-9; the row of 95 is into the open group.
    ratios = group_survivorship(found, 5)
    reached(title, "S of every group", relative(ratios[:-1], table["sx"].to_numpy()[:-1]), 1e-14, "relative", how)
    assert ratios[-1] == ratios[-2]


def test_men_of_austria_1992(reached):
    """Preston, Heuveline and Guillot (2001), box 3.1: printed to five decimals, from a(x) printed to three."""
    table = pd.read_csv(REFERENCES / "lifetable_austria_1992_men.csv")
    rates, ages = table["mx"].to_numpy(), table["age_start"].tolist()
    found = life_table(rates, ages, "male", ax=table["ax"].to_numpy())
    name = "Austria 1992, Preston et al."
    reached(name, "q of every group", relative(found.qx, table["qx"]), 1e-12, "relative", "a(x) as printed")
    for ours, theirs, title in (("lx", "lx", "l"), ("dx", "dx", "d"), ("person_years", "nLx", "L")):
        error = np.abs(getattr(found, ours) - table[theirs]).max()
        reached(name, f"{title} of every group", error, 5.1e-6, "per birth", "a(x) as printed")
    # T adds up nineteen rounded L; e divides it by a rounded l.
    reached(name, "T of every group", np.abs(found.above - table["Tx"]).max(), 2e-5, "years", "a(x) as printed")
    reached(name, "e of every group", relative(found.expectancy, table["ex"]), 1e-5, "relative", "a(x) as printed")


@pytest.mark.parametrize("rule", ["graduated", "iterated"])
def test_rules_of_separation_on_austria_1992(rule, reached):
    """The book's a0 and 4a1 are Coale and Demeny's; its other a(x) come from another table, and ours are near."""
    table = pd.read_csv(REFERENCES / "lifetable_austria_1992_men.csv")
    own = life_table(
        table["mx"].to_numpy(),
        table["age_start"].tolist(),
        "male",
        ax=rule,
        childhood="coale_demeny",
        graduated_from=10,
    )
    name = "Austria 1992, Preston et al."
    error = np.abs(own.ax[:2] - table["ax"][:2]).max()
    reached(name, "a0 and 4a1, printed to 0.001", error, 5e-4, "years", "Coale-Demeny")
    error = abs(own.expectancy[0] - table["ex"].iloc[0])
    reached(name, "life expectancy at birth", error, 0.009, "years", f"a(x) {rule} from 10")
    # Half of every group is four times as far.
    middle = life_table(own.mx, own.age, "male", ax="middle", childhood="coale_demeny")
    assert abs(middle.expectancy[0] - table["ex"].iloc[0]) > 0.03


def test_men_of_the_united_nations_1982(reached):
    """Model Life Tables for Developing Countries, p. 34: death rates printed to five decimals, e to three."""
    table = pd.read_csv(REFERENCES / "lifetable_un1982_p34_men.csv")
    rates, ages = table["nMx"].to_numpy(), table["age"].tolist()
    found = life_table(rates, ages, "male", childhood="coale_demeny").expectancy
    error = np.abs(found - table["expected_ex"])
    # No further away than the rounding of the death rates can move it.
    rounding = found - life_table(rates + 5e-6, ages, "male", childhood="coale_demeny").expectancy + 5e-4
    assert (error <= rounding).all()
    how = "abridged, Coale-Demeny, graduated from 15"
    reached("United Nations 1982, p. 34", "e of every group", error.max(), 0.0035, "years", how)
    # The convention matters: half of every group from 5 on is eight times as far.
    middle = life_table(rates, ages, "male", ax="middle", childhood="coale_demeny").expectancy
    assert np.abs(middle - table["expected_ex"]).max() > 0.025


def test_men_of_the_population_analysis_spreadsheets(reached):
    """LTPOPDTH: q0 given as 0.1, North family (a0 0.33, 4a1 1.5577), half of every other group; e to two decimals."""
    table = pd.read_csv(REFERENCES / "lifetable_pas_north_men.csv")
    lived = np.full(len(table), 2.5)
    lived[:2] = 0.33, 1.5577
    ages = table["age"].tolist()
    rates = (table["deaths"] / table["exposure"]).to_numpy(copy=True)
    qx = death_probabilities(rates, lived, ages)
    qx[0] = 0.1
    rates[0] = death_rates(qx, lived, ages)[0]
    error = np.abs(life_table(rates, ages, "male", ax=lived).expectancy - table["expected_ex"]).max()
    how = "q0 given, a0 and 4a1 of the North family, middle"
    reached("PAS LTPOPDTH", "e of every group, printed to 0.01", error, 0.005, "years", how)


@pytest.mark.parametrize("expectancy", [60, 70, 80])
@pytest.mark.parametrize("sex", ["male", "female"])
def test_coale_demeny_west_tables_have_the_expectancy_they_are_named_by(sex, expectancy, reached):
    table = pd.read_csv(REFERENCES / "lifetable_coale_demeny_west.csv").query("sex == @sex and e0 == @expectancy")
    found = life_table(table["mx"].to_numpy(), table["age"].tolist(), sex, childhood="coale_demeny")
    how = "abridged to 130+, Coale-Demeny, graduated from 15"
    error = abs(found.expectancy[0] - expectancy)
    reached("Coale-Demeny West 60, 70, 80", "life expectancy at birth", error, 0.0025, "years", how)
    # Closed at 100+, it is the same table: the death rate there is the open group's.
    closed = table["age"] <= 100
    rates = table.loc[closed, "mx"].to_numpy(copy=True)
    at = int(closed.sum()) - 1
    rates[-1] = 1.0 / found.expectancy[at]
    short = life_table(rates, table.loc[closed, "age"].tolist(), sex, ax=found.ax[: at + 1])
    assert np.allclose(short.expectancy, found.expectancy[: at + 1], rtol=1e-13)


def test_lee_carter_of_chinese_women_1950_2020(reached):
    """MortCast's values from the death rates of World Population Prospects 2024."""
    rates = pd.read_csv(REFERENCES / "china_wpp2024_1950_2100_death_rates.csv.gz").query("sex == 'female'")
    by_age = pd.read_csv(REFERENCES / "lee_carter_china_women_by_age.csv")
    by_period = pd.read_csv(REFERENCES / "lee_carter_china_women_by_period.csv")
    wide = rates.pivot(index="period", columns="age", values="mx").loc[by_period["period"]]
    mx = wide.to_numpy()
    found = lee_carter(mx, wide.columns)
    for title, ours, theirs, tolerance in (
        ("a(x) of every group", found.level, by_age["ax"], 2e-13),
        ("b(x) of every group", found.pattern, by_age["bx"], 1e-14),
        ("k(t) of every period", found.index, by_period["kt"], 2e-13),
    ):
        error = np.abs(ours - theirs).max()
        reached("Lee-Carter, China 1950-2020", title, error, tolerance, "absolute", "slope of each age on k")
    # One pattern describes 70 years of change to 3 % in the median, to 0.41 of the log at the worst age and period.
    again = lee_carter_rates(found.level, found.pattern, found.index)
    assert np.median(np.abs(np.log(again / mx))) < 0.03
    assert np.abs(np.log(again / mx)).max() < 0.42
