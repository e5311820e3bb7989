"""The classical two-sex projection in plain numpy, on Spectrum's France: what a careful script would do.

A peer for the benchmark. It does, and keeps, what leapfrog-py does and keeps, so that the two can be compared with
each other and with the output of Spectrum that stands beside the inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

REFERENCES = Path(__file__).resolve().parents[1] / "tests" / "references"
SEXES = ("male", "female")
FEMALE = SEXES.index("female")
AGES = 81
FERTILE = slice(15, 50)

Keep = Literal["all", "final"]


@dataclass(frozen=True)
class Inputs:
    """A population and its rates by year; row 0 of the rates belongs to the year of the start and is not used.

    Attributes
    ----------
    first_year : int
        Year at whose end the projection starts.
    start : (sex, age) [persons]
        Population at the end of the first year, men first, ages 0-79 and 80+.
    survival : (year, sex, age reached) [probability]
        From birth to age 0, from age to age, from 79 to 80+ (row 80), and inside 80+ (row 81).
    net_migrants : (year, sex, age) [persons]
        Net migrants of the year, added at its end.
    fertility : (year, age 15-49) [births per woman]
        Rates on the mean of the women at the start and at the end of the year, before migration.
    male_share : (year,) [share of births]
        Boys among the births.
    expected : (year, sex, age) [persons]
        What Spectrum found, for the first years only.
    """

    first_year: int
    start: np.ndarray
    survival: np.ndarray
    net_migrants: np.ndarray
    fertility: np.ndarray
    male_share: np.ndarray
    expected: np.ndarray

    @property
    def years(self) -> list[int]:
        """The years at whose ends a population stands, the first one included."""
        return list(range(self.first_year, self.first_year + len(self.male_share)))


class Account(NamedTuple):
    """A projection: one stock more than flows when all years are kept, else the last of each.

    Attributes
    ----------
    population : (year, sex, age[, trajectory]) [persons]
        At the end of the year.
    deaths : (year, sex, age reached[, trajectory]) [persons]
        In the year, by age at its end.
    births : (year[, trajectory]) [births]
        In the year.
    """

    population: np.ndarray
    deaths: np.ndarray
    births: np.ndarray


def by_sex_and_age(table: pd.DataFrame, column: str, ages: int) -> np.ndarray:
    """Return a column as (year, sex, age), men first."""
    wide = table[table["age"] < ages].pivot(index="year", columns=["sex", "age"], values=column)
    return np.stack([wide[sex][list(range(ages))].to_numpy() for sex in SEXES], axis=1)


def france(years: int = 61) -> Inputs:
    """Return France from 1970 for a number of stocks; the rates of 1975, the last given, go on in later years.

    Source
    ------
    Spectrum 6.43, Avenir Health; see the README of the references.
    """
    table = pd.read_csv(REFERENCES / "spectrum_france_1970_1975.csv.gz")
    fertility = pd.read_csv(REFERENCES / "spectrum_france_1970_1975_fertility.csv")
    expected = by_sex_and_age(table, "expected_pop", AGES)
    boys_per_girl = fertility.groupby("year")["srb_m_per_100f"].first().to_numpy() / 100.0
    rows = np.minimum(np.arange(years), len(expected) - 1)
    return Inputs(
        first_year=int(table["year"].min()),
        start=expected[0],
        survival=by_sex_and_age(table, "S", AGES + 1)[rows],
        net_migrants=by_sex_and_age(table, "net_migrants", AGES)[rows],
        fertility=fertility.pivot(index="year", columns="age", values="asfr").to_numpy()[rows],
        male_share=(boys_per_girl / (1.0 + boys_per_girl))[rows],
        expected=expected[:years],
    )


def relative_error(population: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest relative error over the years that Spectrum gives.

    Parameters
    ----------
    population : (year, sex, age[, trajectory]) [persons]
        First year first; years beyond the expected ones are not looked at.
    expected : (year, sex, age) [persons]
        What should have come out.
    """
    if population.ndim > expected.ndim:
        expected = expected[..., None]
    return float(np.abs(population[: len(expected)] / expected - 1.0).max())


def advance(
    now: np.ndarray,
    survival: np.ndarray,
    net_migrants: np.ndarray,
    fertility: np.ndarray,
    sex_share: np.ndarray,
    *,
    multipliers: np.ndarray | float,
    then: np.ndarray,
    deaths: np.ndarray,
) -> np.ndarray:
    """Advance one year: survive and age, bear, count the dead, migrate. Fill `then` and `deaths`, return the births.

    Parameters
    ----------
    now, then : (sex, age[, trajectory]) [persons]
        Population at the start and at the end of the year.
    survival : (sex, age reached[, 1]) [probability]
        See `Inputs`.
    net_migrants : (sex, age[, 1]) [persons]
        At the end of the year.
    fertility : (age 15-49,) [births per woman]
        The same for all trajectories; births are then multiplied.
    sex_share : (sex[, 1]) [share of births]
        Boys and girls among the births.
    multipliers : (trajectory,) or a number [ratio]
        Of fertility.
    deaths : (sex, age reached[, trajectory]) [persons]
        In the year.
    """
    np.multiply(now[:, :-1], survival[:, 1:-1], out=then[:, 1:])
    then[:, -1] += now[:, -1] * survival[:, -1]
    births = multipliers * (fertility @ (0.5 * (now[FEMALE, FERTILE] + then[FEMALE, FERTILE])))
    born = births * sex_share
    then[:, 0] = born * survival[:, 0]
    np.subtract(now[:, :-1], then[:, 1:], out=deaths[:, 1:])
    deaths[:, -1] += now[:, -1]
    deaths[:, 0] = born - then[:, 0]
    then += net_migrants
    return births


def plain_runner(inputs: Inputs, *, multipliers: np.ndarray | None = None, keep: Keep = "all") -> Callable[[], Account]:
    """Return a job without arguments that projects once.

    Parameters
    ----------
    inputs : Inputs
        What to project.
    multipliers : (trajectory,) [ratio], optional
        One for each trajectory, of fertility in every year. Trajectories lie side by side on the last axis and share
        everything else. Without them there is one trajectory and no such axis.
    keep : {"all", "final"}
        Whether every year is kept or only the last.
    """
    side_by_side = () if multipliers is None else (len(multipliers),)
    factor: np.ndarray | float = 1.0 if multipliers is None else np.asarray(multipliers, dtype=float)
    sex_share = np.stack([inputs.male_share, 1.0 - inputs.male_share], axis=1)
    survival, net_migrants, start = inputs.survival, inputs.net_migrants, inputs.start
    if side_by_side:
        survival, net_migrants = survival[..., None], net_migrants[..., None]
        sex_share, start = sex_share[..., None], start[..., None]
    steps = len(inputs.male_share) - 1
    # Two stocks in turn are enough, and one row of deaths, when only the last year is kept.
    stocks, flows = (steps + 1, steps) if keep == "all" else (2, 1)

    def job() -> Account:
        population = np.empty((stocks, *inputs.start.shape, *side_by_side))
        deaths = np.empty((flows, *inputs.start.shape, *side_by_side))
        births = np.empty((flows, *side_by_side))
        population[0] = start
        for year in range(1, steps + 1):
            births[(year - 1) % flows] = advance(
                population[(year - 1) % stocks],
                survival[year],
                net_migrants[year],
                inputs.fertility[year],
                sex_share[year],
                multipliers=factor,
                then=population[year % stocks],
                deaths=deaths[(year - 1) % flows],
            )
        return Account(population if keep == "all" else population[[steps % stocks]], deaths, births)

    return job
