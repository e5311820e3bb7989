"""Sentences that say where published baselines cannot all describe one population, each computed from the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.lifetable import life_expectancy
from huyou_sim.inference.observations import Observation, dependency, observations

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.inference.calibration import Calibration
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contradiction:
    """One sentence about baselines that disagree, in both languages."""

    id: str
    text_en: str
    text_zh: str

    def text(self, lang: str) -> str:
        """Return the sentence in ``en`` or ``zh``."""
        return self.text_zh if lang == "zh" else self.text_en


def _find(pack: Pack, variable: str, *, base: str | None = None, year: int | None = None) -> Observation | None:
    """Return the place's own observation of a variable, or None."""
    for one in observations(pack):
        if (one.variable, one.area) != (variable, pack.place.code):
            continue
        if base in (None, one.population_base) and year in (None, one.year):
            return one
    return None


def _dependency(pack: Pack, fitted: xr.Dataset) -> Contradiction | None:
    seen = _find(pack, "total_dependency_60")
    if seen is None:
        return None
    people = pack.population_single_age
    inside = people[people["area"].isin(pack.areas["area"])]
    wide, narrow = dependency(inside, old=60), dependency(inside, old=65)
    now = float(fitted["total_dependency_60"])
    return Contradiction(
        "dependency",
        f"The plan's dependency ratio of {seen.value:.2f} % for 2021 is the census of {pack.census_date}: 0-14 and "
        f"60+ over 15-59 gives {wide:.2f} %, 15-64 / 65+ would give {narrow:.2f} %. The same definition at the end of "
        f"{pack.start_date.year + 1} is {now:.2f} %: {now - wide:.1f} points have passed unseen.",
        f"计划所列2021年总抚养比{seen.value:.2f}%实为{pack.census_date}普查口径：（0-14岁与60岁及以上）/15-59岁"
        f"={wide:.2f}%；若按15-64岁/65岁及以上则为{narrow:.2f}%。同一口径在{pack.start_date.year + 1}年末为{now:.2f}%，"
        f"已上升{now - wide:.1f}个百分点。",
    )


def _married(pack: Pack, fitted: xr.Dataset) -> Contradiction | None:
    seen = _find(pack, "married_share_20_29")
    if seen is None:
        return None
    people = pack.population_single_age
    women = people[(people["sex"] == "female") & people["area"].isin(pack.areas["area"])]

    def count(lower: int, upper: int) -> float:
        return float(women.loc[women["age"].between(lower, upper), "population"].sum())

    form = pack.marital_status[
        (pack.marital_status["sex"] == "female") & pack.marital_status["area"].isin(pack.areas["area"])
    ]
    share = form.loc[form["status"] == "never_married", "count"].sum() / form["count"].sum()
    single = share * count(15, 100)
    bound = 100.0 * (1.0 - (single - count(15, 19)) / count(20, 29))
    model = float(fitted["ever_married_share_20_29"])
    return Contradiction(
        "married_share",
        f"{seen.value:.2f} % of women 20-29 married cannot describe residents: the census long form has "
        f"{100 * share:.2f} % never married among women 15 and over ({single:,.0f} women); even if all those over 19 "
        f"were 20-29, at least {bound:.1f} % of resident women 20-29 are or were married (the model: {model:.1f} %). "
        "The figure most likely comes from the household register, so it is bridged, not fitted.",
        f"20-29岁妇女已婚比例{seen.value:.2f}%不可能是常住口径：普查长表15岁及以上妇女未婚率为{100 * share:.2f}%"
        f"（约{single:,.0f}人），即使其中20岁以上者全部为20-29岁，常住20-29岁妇女中有过婚姻者也不低于{bound:.1f}%"
        f"（模型为{model:.1f}%）。该数最可能来自户籍口径，故只作口径衔接，不参与拟合。",
    )


def _births(pack: Pack, fitted: xr.Dataset) -> Contradiction | None:
    rate, births = _find(pack, "tfr"), _find(pack, "births", base="resident", year=pack.start_date.year + 1)
    if rate is None or births is None:
        return None
    per_birth = float(fitted["tfr"]) / float(fitted["births"])
    return Contradiction(
        "fertility",
        f"A total fertility rate of {rate.value:.2f} and {births.value:,.0f} births are two readings of one "
        f"sample survey: with the resident women of the census, {births.value:,.0f} births need a rate of "
        f"{births.value * per_birth:.3f}, and a rate of {rate.value:.2f} gives "
        f"{rate.value / per_birth:,.0f} births. The gap is "
        f"{abs(births.value * per_birth - rate.value) / rate.standard_error:.1f} standard errors of the rate.",
        f"总和生育率{rate.value:.2f}与出生{births.value:,.0f}人来自同一抽样调查：按普查常住妇女，"
        f"{births.value:,.0f}人出生对应总和生育率{births.value * per_birth:.3f}，而总和生育率{rate.value:.2f}"
        f"只对应{rate.value / per_birth:,.0f}人，相差"
        f"{abs(births.value * per_birth - rate.value) / rate.standard_error:.1f}个标准误。",
    )


def _expectancy(baseline: Baseline, level: float) -> float:
    rates = [level * baseline.death_rates.sel(sex=sex).values for sex in ("male", "female")]
    both = [float(life_expectancy(rate, sex)) for rate, sex in zip(rates, ("male", "female"), strict=True)]
    return 0.52 * both[0] + 0.48 * both[1]


def _deaths(pack: Pack, fitted: xr.Dataset, baseline: Baseline) -> Contradiction | None:
    deaths = _find(pack, "deaths", base="resident", year=pack.start_date.year + 1)
    published = _find(pack, "life_expectancy")
    if deaths is None or published is None:
        return None
    levels = np.linspace(0.3, 1.2, 181)
    spans = np.array([_expectancy(baseline, level) for level in levels])
    # The level of death rates that the published expectancy needs; expectancy falls as the level rises.
    needed = float(np.interp(-published.value, -spans, levels))
    implied = float(fitted["life_expectancy"])
    level = float(np.interp(-implied, -spans, levels))
    low = float(fitted["deaths"]) * needed / level
    return Contradiction(
        "mortality",
        f"{deaths.value:,.0f} deaths of residents mean a life expectancy of {implied:.1f} years; the published "
        f"{published.value:.2f} years (household register) would mean about {low:,.0f} deaths. The deaths are "
        "fitted; the register's expectancy is kept as an upper scenario.",
        f"常住人口死亡{deaths.value:,.0f}人对应平均预期寿命{implied:.1f}岁；公布的{published.value:.2f}岁（户籍）"
        f"则只对应约{low:,.0f}人死亡。模型拟合死亡人数，户籍预期寿命仅作上限情景。",
    )


def _orders(pack: Pack, fitted: xr.Dataset) -> Contradiction | None:
    seen = _find(pack, "share_second_third")
    orders = pack.schedules["births_by_order_sex"].groupby("birth_order")["births"].sum()
    if seen is None:
        return None
    province = 100.0 * float(orders[orders.index > 1].sum() / orders.sum())
    return Contradiction(
        "birth_order",
        f"{seen.value:.2f} % second and third births are birth reports of the household-registered; the province's "
        f"residents had {province:.1f} % in the census year 2020. The resident model is fitted to the plan's figure "
        f"（{float(fitted['share_second_third']):.2f} %) with a wide standard error ({seen.standard_error:.1f} "
        "points), since no order shares of residents were published for the city.",
        f"二孩、三孩占比{seen.value:.2f}%为户籍出生登记口径；2020年普查全省常住口径为{province:.1f}%。本市无常住分孩次数据，"
        f"模型按计划数拟合（{float(fitted['share_second_third']):.2f}%），但取较宽的标准误（{seen.standard_error:.1f}个百分点）。",
    )


def _marriages(pack: Pack, fitted: xr.Dataset) -> Contradiction | None:
    seen = _find(pack, "first_marriages", year=pack.start_date.year + 1)
    if seen is None:
        return None
    first, married = float(fitted["births_order_1"]), float(fitted["first_marriages"])
    ratio = first / married
    age, bearing = float(fitted["mean_age_at_first_marriage"]), float(fitted["mean_age_at_first_birth"])
    return Contradiction(
        "marriages",
        f"{married:,.0f} women marry for the first time in {seen.year} (derived from the nation: {seen.value:,.0f}) "
        f"and {first:,.0f} bear a first child: {ratio:.3f} first births to a first marriage. Nearly all wives in China "
        "have a child, and those who bore had married in years with more marriages, so a ratio of 1 or more was to be "
        "expected. Either fewer residents married than derived, or births were put off in that year, or wives now stay "
        f"childless: the first two let first births rise against marriages later. First births come "
        f"{bearing - age:.1f} years after first marriages in mean age ({bearing:.1f} and {age:.1f}, by rates).",
        f"{seen.year}年女性初婚{married:,.0f}人（由全国数推得{seen.value:,.0f}人），一孩出生{first:,.0f}人，"
        f"每例初婚仅对应{ratio:.3f}个一孩。我国已婚妇女绝大多数生育，且当年生育者结婚的年份初婚更多，该比值本应不低于1。"
        f"或是常住人口初婚少于推算，或是当年生育推迟，或是婚后不育增多；若为前两种，一孩相对初婚此后将回升。"
        f"按率计算，平均初育年龄与平均初婚年龄（{bearing:.1f}岁与{age:.1f}岁）相差{bearing - age:.1f}年。",
    )


def _infants(pack: Pack, calibration: Calibration) -> Contradiction | None:
    seen = _find(pack, "infant_mortality_rate")
    if seen is None:
        return None
    general, infant = (calibration.levels[name] for name in ("mortality_level", "infant_mortality_level"))
    scaled = float(seen.value) * general / infant
    return Contradiction(
        "infant_mortality",
        f"Scaling the national life table to the city's deaths (factor {general:.2f}) would give an infant mortality "
        f"of {scaled:.1f} per 1,000; {seen.value:.2f} was published, so infants have a level of their own "
        f"({infant:.2f}).",
        f"若按死亡人数把全国生命表整体缩放（系数{general:.2f}），婴儿死亡率将为{scaled:.1f}‰；公布值为{seen.value:.2f}‰，"
        f"故婴儿死亡率单独设水平（{infant:.2f}）。",
    )


def contradictions(
    pack: Pack, baseline: Baseline, calibration: Calibration, fitted: xr.Dataset
) -> tuple[Contradiction, ...]:
    """Return the sentences that apply to a place.

    Parameters
    ----------
    fitted : xarray.Dataset
        From `first_year` at the fitted levels.
    """
    place = fitted.sel(area=baseline.code, year=baseline.stock.year + 1).isel(scenario=0, draw=0)
    checks: tuple[Callable[[], Contradiction | None], ...] = (
        lambda: _dependency(pack, place),
        lambda: _married(pack, place),
        lambda: _births(pack, place),
        lambda: _deaths(pack, place, baseline),
        lambda: _orders(pack, place),
        lambda: _marriages(pack, place),
        lambda: _infants(pack, calibration),
    )
    return tuple(found for check in checks if (found := check()) is not None)
