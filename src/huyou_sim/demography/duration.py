"""Women by state and rates of the `duration` space, told apart within those of the family space.

The family space has one hazard of a first birth for all childless wives of an age, whether married for a month or
for ten years. Here they are *newly* married (no birth yet: a waiting time), *early* in marriage (when nearly all first
births come) or *married* for long, and mothers of one or two children have had their last birth within about a year
(no next one yet) or longer ago. Time moves women from stage to stage: the clocks of the space.

1. *Interval.* A wife who will bear waits through two stages of equal mean length, so that the time from marriage to
   first birth is gamma distributed with shape 2 and the assumed mean; being married for long changes nothing for her.
   A stated share never bears and is left behind in the last stage. Steps of a year add 0.04 to 0.07 years to the mean.
2. *Stages at the start.* Marriages of the past, which are what each cohort's share of never-married women has lost,
   are carried through that interval to the start. This gives the shares of the stages among childless wives of an age,
   and of each stage who will bear. The number of childless wives stays that of the family space.
3. *Hazards.* First births at the start are those of the family space at each age. They divide among the stages as the
   interval has it, so that a stage's hazard falls with age as those who never bear are left behind in it.
4. *Recent births.* The births of the years before the start, of whom the clock has not yet moved on; the others bear
   all next births of the family space.

Sources
-------
Stages in series and the gamma distribution: Cox, D. R. (1955), A use of complex probabilities in the theory of
stochastic processes, Mathematical Proceedings of the Cambridge Philosophical Society 51(2), 313-319. How long stages
last, with ranges and reasons: ``spaces/duration_clocks.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from scipy.linalg import expm

from huyou_sim.demography.schedules import AGES, HIGHEST_RATE, fertility_of_year, long_form, never_married
from huyou_sim.errors import LabelError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.demography.states import StateSpace
    from huyou_sim.demography.women import NeverMarried
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

STEP = 0.25
"""Width of classes of marriage duration [years]: fine against the stages."""

MOST_RECENT = 0.9
"""Largest share of the wives of a parity who had their last birth within the clock: some are always at risk."""

YEARS_BACK = 8
"""Years of births that the clock may not have moved on yet; of older ones less than one in a thousand is left."""


@dataclass(frozen=True)
class Interval:
    """Hazards of the stages between marriage and first birth [per year].

    Parameters
    ----------
    settle : float
        From newly married to early in marriage.
    lengthen : float
        From early in marriage to married for long.
    bear : float
        Of a first birth, after the first stage, for those who will bear.
    never : float [1]
        Share of wives who never bear.
    """

    settle: float
    lengthen: float
    bear: float
    never: float

    def stages(self, durations: int) -> tuple[Array, Array]:
        """Return who is childless in each stage in the middle of each class of `STEP` years of duration.

        Returns
        -------
        bearing, all_wives : (duration, stage) [1]
            Shares of all who married: those who will bear later, and these with those who never will.
        """
        found = []
        for bear, weight in ((self.bear, 1.0 - self.never), (0.0, self.never)):
            leave = np.array([self.settle, self.lengthen + bear, bear])
            generator = np.diag(-leave) + np.diag([self.settle, self.lengthen], k=1)
            step, now = expm(STEP * generator), np.array([1.0, 0.0, 0.0]) @ expm(0.5 * STEP * generator)
            rows = []
            for _ in range(durations):
                rows.append(weight * now)
                now = now @ step
            found.append(np.stack(rows))
        return found[0], found[0] + found[1]


def check_refines(space: StateSpace, coarse: StateSpace) -> None:
    """Raise LabelError unless the labels of `space` stand for those of `coarse`."""
    if (space.coarse_marital, space.coarse_parity) != (coarse.marital, coarse.parity):
        raise LabelError(
            Problem(
                f"state space '{space.name}' of a baseline",
                f"marital {', '.join(space.coarse_marital)}; parity {', '.join(space.coarse_parity)}",
                f"labels that stand for marital {', '.join(coarse.marital)}; parity {', '.join(coarse.parity)}",
                f"Use state_space('{coarse.name}') or state_space('duration').",
            )
        )


def interval_of(space: StateSpace, assumptions: Mapping[str, float]) -> Interval:
    """Return the stages between marriage and first birth that a space's clocks and a pack's assumptions make."""
    newly = space.clock("clock_newly").mean(assumptions)
    early = space.clock("clock_early").mean(assumptions)
    return Interval(
        settle=1.0 / newly,
        lengthen=1.0 / (early - newly),
        bear=1.0 / (assumptions["first_birth_interval"] - newly),
        never=assumptions["childless_ever_married"],
    )


def refined(
    pack: Pack,
    population: xr.DataArray,
    women: xr.DataArray,
    schedules: xr.DataArray,
    space: StateSpace,
    assumptions: Mapping[str, float],
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return women by state and rates of a space that refines the family space.

    Parameters
    ----------
    population : (area, sex, age) [persons]
    women : (area, age_fertile, marital, parity) [persons]
        Of the family space.
    schedules : (schedule, age_fertile) [events per woman-year]
        Likewise.
    space : StateSpace

    Returns
    -------
    women : (area, age_fertile, marital, parity) [persons]
        Their sums over what stands for one state are those of the family space.
    schedules : (schedule, age_fertile) [events per woman-year]
        Births of each order and age at the start are those of the family space, but where a rate meets its cap.
    """
    interval = interval_of(space, assumptions)
    bearing, childless = _by_stage(pack, population, women, interval)
    recent = _recent(pack, population, women, space.clock("clock_recent").mean(assumptions))
    cells = xr.DataArray(
        np.zeros((*women.shape[:2], len(space.marital), len(space.parity))),
        dims=women.dims,
        coords={
            "area": women["area"],
            "age_fertile": women["age_fertile"],
            "marital": list(space.marital),
            "parity": list(space.parity),
        },
        name="women",
    )
    for marital in women["marital"].values:
        for parity in women["parity"].values:
            cells.loc[{"marital": marital, "parity": parity}] = women.sel(marital=marital, parity=parity)
    for i, stage in enumerate(space.married):
        cells.loc[{"marital": stage, "parity": "0"}] = childless[..., i]
    for parity, number in recent.items():
        cells.loc[{"marital": "married", "parity": f"{parity} recent"}] = number
        cells.loc[{"marital": "married", "parity": parity}] -= number
    # The first stage is a waiting time: no birth ends it.
    bearing[..., 0] = 0.0
    return cells, _rates(women, cells, schedules, space, bearing, assumptions)


def _by_stage(pack: Pack, population: xr.DataArray, women: xr.DataArray, interval: Interval) -> tuple[Array, Array]:
    """Return childless wives who will bear, and all of them, both (area, age_fertile, stage) [persons]."""
    found = []
    for area in women["area"].values:
        residents = population.sel(area=area, sex="female").values
        single, since = never_married(pack, residents[15:], long_form(pack, str(area), "never_married"))
        shares = childless_shares(single, since, interval, women.sizes["age_fertile"])
        wives = women.sel(area=area, marital="married", parity="0").values[:, None]
        total = shares[1].sum(axis=1, keepdims=True)
        found.append([wives * share / total for share in shares])
    bearing, childless = (np.stack([area[i] for area in found]) for i in (0, 1))
    return bearing, childless


def childless_shares(single: NeverMarried, since: float, interval: Interval, ages: int) -> tuple[Array, Array]:
    """Return childless wives by stage for marriages of the past carried through an interval.

    Parameters
    ----------
    single : NeverMarried
        Share of never-married women by age and time.
    since : float [years]
        From its origin to the start.
    ages : int
        How many, from its first.

    Returns
    -------
    bearing, all_wives : (age, stage) [1]
        Per woman of the age: childless wives who will bear later, and all childless wives.
    """
    classes = round(ages / STEP)
    back = STEP * np.arange(classes + 1)
    ever = np.stack([1.0 - single.at(since - years, younger=years)[:ages] for years in back])
    # A cohort's share of ever-married women never falls; where the pattern of two censuses says so, nobody married.
    married = np.maximum(ever[:-1] - ever[1:], 0.0)
    bearing, everyone = (married.T @ stages for stages in interval.stages(classes))
    return bearing, everyone


def _recent(pack: Pack, population: xr.DataArray, women: xr.DataArray, years: float) -> dict[str, Array]:
    """Return wives of parity 1 and 2 whose last birth the clock has not moved on yet, (area, age_fertile) [persons].

    Births of a year fall half at the age that is reached in it and half at the age before.
    """
    ages = women["age_fertile"].values
    rates, start = fertility_of_year(pack, ages), pack.start_date.year
    left = np.zeros((3, len(ages)))
    for back in range(YEARS_BACK):
        then = np.pad(rates(start - back), ((0, 0), (back + 1, 0)))
        born = 0.5 * (then[:, 1 : 1 + len(ages)] + then[:, : len(ages)])
        # The mean share left of births spread evenly over the year.
        left += born * years * (np.exp(-back / years) - np.exp(-(back + 1) / years))
    residents = population.sel(sex="female").sel(age=AGES[ages]).values
    wives = women.sel(marital="married")
    return {
        parity: np.minimum(residents * left[order], MOST_RECENT * wives.sel(parity=parity).values)
        for order, parity in enumerate(("1", "2"))
    }


def _rates(
    coarse: xr.DataArray,
    cells: xr.DataArray,
    schedules: xr.DataArray,
    space: StateSpace,
    bearing: Array,
    assumptions: Mapping[str, float],
) -> xr.DataArray:
    """Return rates of all events: the births of the coarse space, borne by those who can bear.

    `bearing` (area, age_fertile, stage) [persons] says how first births divide among the stages.
    """
    wives, finer = coarse.sum("area").sel(marital="married"), cells.sum("area")
    by_name = {str(name): schedules.sel(schedule=name).values for name in schedules["schedule"].values}
    ages = coarse.sizes["age_fertile"]
    by_name |= {clock.schedule: np.full(ages, 1.0 / clock.mean(assumptions)) for clock in space.clocks}
    by_name["clock_early"] = np.full(ages, interval_of(space, assumptions).lengthen)
    births = by_name["marital_birth_1"] * wives.sel(parity="0").values
    divided = bearing.sum(axis=0)
    divided = divided / divided.sum(axis=1, keepdims=True)
    for i, stage in enumerate(space.married):
        at_risk = finer.sel(marital=stage, parity="0").values
        name = "marital_birth_1" if stage == "married" else f"marital_birth_1_{stage}"
        by_name[name] = births * divided[:, i] / np.maximum(at_risk, 1e-9)
    # Nor does a birth end the stage after a birth.
    for order, able in ((2, ["1"]), (3, ["2", "3"])):
        births = by_name[f"marital_birth_{order}"] * wives.sel(parity=able).sum("parity").values
        at_risk = finer.sel(marital="married", parity=able).sum("parity").values
        by_name[f"marital_birth_{order}"] = births / np.maximum(at_risk, 1e-9)
        by_name[f"marital_birth_{order}_recent"] = np.zeros(ages)
    rates = np.stack([by_name[name] for name in space.schedules])
    birth = np.array([name.startswith("marital_birth") for name in space.schedules])
    rates[birth] = np.minimum(rates[birth], HIGHEST_RATE)
    return xr.DataArray(
        rates,
        dims=("schedule", "age_fertile"),
        coords={"schedule": list(space.schedules), "age_fertile": coarse["age_fertile"]},
        name="schedules",
    )
