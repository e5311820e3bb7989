"""A small made-up run of the shape that the projection returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from huyou_sim.output.manifest import build_manifest, complete_manifest
from huyou_sim.output.record import Run

YEARS = list(range(2021, 2051))
AREAS = ["330502", "330521", "330500"]
AREA_LABELS = {
    "330502": {"en": "Wuxing", "zh": "吴兴区"},
    "330521": {"en": "Deqing", "zh": "德清县"},
    "330500": {"en": "Huzhou", "zh": "湖州市"},
}
WORDS = {
    "no_new_policy": ("No new policy", "无新政策"),
    "plan_as_written": ("The plan as written", "按方案实施"),
    "subsidies_strong": ("Strong subsidies", "强化补贴"),
    "childcare_strong": ("Strong childcare", "强化托育"),
    "marriage_strong": ("Strong marriage support", "强化婚育支持"),
    "everything_together": ("Everything together", "全部措施"),
}


@dataclass(frozen=True)
class Words:
    """A scenario as this room sees it."""

    key: str

    def label(self, lang: str) -> str:
        return WORDS[self.key][lang == "zh"]

    def description(self, lang: str) -> str:
        return f"{self.label(lang)}: ..." if lang == "en" else f"{self.label(lang)}：说明"


SCENARIOS = [Words(key) for key in WORDS]


def _pyramid() -> np.ndarray:
    """Return persons (sex, age) with the waves of births of the 1960s and 1980s."""
    age = np.arange(101)
    waves = 1 + 0.75 * np.exp(-(((age - 54) / 6) ** 2)) + 0.9 * np.exp(-(((age - 33) / 5) ** 2))
    living = 1 / (1 + np.exp((age - 76) / 5.5))
    base = 18_500 * waves * living * np.clip(0.62 + age / 60, 0.6, 1.0)
    return np.stack([base * 1.05, base])


def make_result(draws: int = 1, scenarios: int = 6) -> xr.Dataset:
    """Return counts; the last area is the sum of the others."""
    rng = np.random.default_rng(7)
    time = [2020, *YEARS]
    stock = np.empty((scenarios, draws, 2, len(time), 2, 101))
    stock[:, :, :, 0] = np.array([0.6, 0.4])[:, None, None] * _pyramid()
    lift = 1 + 0.06 * np.arange(scenarios)[:, None, None] + 0.02 * rng.standard_normal((scenarios, draws, 1))
    survival = 1 - np.clip(0.00002 * np.exp(0.1 * np.arange(100)), 0, 0.6)
    births = np.empty((scenarios, draws, 2, len(YEARS)))
    for i in range(len(YEARS)):
        stock[:, :, :, i + 1, :, 1:] = stock[:, :, :, i, :, :-1] * survival
        mothers = stock[:, :, :, i, 1, 20:40].sum(-1)
        births[..., i] = 0.0365 * mothers * lift ** min(1, i / 8)
        stock[:, :, :, i + 1, :, 0] = births[..., i, None] * np.array([0.52, 0.48])
    fertile = np.arange(15, 50)
    never = 1 / (1 + np.exp((fertile - 25.5) / 2.2))
    formerly = 0.0016 * (fertile - 15)
    marital = np.stack([never, 1 - never - formerly, formerly])
    first = 1 / (1 + np.exp(-(fertile - 28) / 2.5)) * (1 - never)
    second = 0.55 / (1 + np.exp(-(fertile - 32) / 3)) * first
    third = 0.08 * second
    parity = np.stack([np.zeros(35), first - second, second - third, third])
    joint = np.zeros((35, 3, 4))
    joint[:, 0, 0] = never
    for status, weight in ((1, marital[1] / (1 - never)), (2, marital[2] / (1 - never))):
        joint[:, status] = (parity * weight).T
        joint[:, status, 0] = marital[status] - joint[:, status, 1:].sum(-1)
    women = stock[:, :, :, :, 1, 15:50, None, None] * joint
    age = np.arange(15, 52)
    shape = np.exp(-(((age - 29) / 4.5) ** 2))
    order = np.array([0.56, 0.38, 0.06])
    flows = births[..., None, None] * (shape / shape.sum())[:, None] * order
    deaths = stock[:, :, :, :-1] * np.append(1 - survival, 0.5)
    head = ("scenario", "draw", "area")
    data = {
        "population": ((*head, "time", "sex", "age"), stock),
        "women": ((*head, "time", "age_fertile", "marital", "parity"), women),
        "births": ((*head, "year", "age_reached", "birth_order"), flows),
        "deaths": ((*head, "year", "sex", "age"), deaths),
        "net_migrants": ((*head, "year", "sex", "age"), 0.004 * stock[:, :, :, :-1]),
        "first_marriages": ((*head, "year", "age_reached"), 0.9 * flows.sum(-1)),
    }
    coords = {
        "scenario": list(WORDS)[:scenarios], "draw": np.arange(draws), "area": AREAS[:2], "year": YEARS, "time": time,
        "sex": ["male", "female"], "age": np.arange(101), "age_fertile": fertile, "age_reached": age,
        "marital": ["never", "married", "formerly"], "parity": ["0", "1", "2", "3"], "birth_order": [1, 2, 3],
    }  # fmt: skip
    parts = xr.Dataset(data, coords=coords)
    return xr.concat([parts, parts.sum("area").expand_dims(area=[AREAS[2]])], dim="area").transpose(
        "scenario", "draw", "area", "year", "time", "sex", "age", "age_fertile", "age_reached", "marital", "parity",
        "birth_order",
    )  # fmt: skip


def make_indicators(result: xr.Dataset) -> xr.Dataset:
    """Return some indicators of the counts, each (scenario, draw, area, year)."""
    stock = result["population"].isel(time=slice(1, None)).rename(time="year").assign_coords(year=YEARS)
    persons = stock.sum(["sex", "age"])
    work = stock.sel(age=slice(15, 59)).sum(["sex", "age"])
    work_65 = stock.sel(age=slice(15, 64)).sum(["sex", "age"])
    births = result["births"].sum(["age_reached", "birth_order"])
    deaths = result["deaths"].sum(["sex", "age"])
    women = stock.sel(sex="female", age=slice(20, 39)).sum("age")
    rise = xr.DataArray(np.linspace(0, 1.2, len(YEARS)), dims="year", coords={"year": YEARS})
    rank = xr.DataArray(np.arange(result.sizes["scenario"]), dims="scenario", coords={"scenario": result["scenario"]})
    values = {
        "population_total": persons,
        "births": births,
        "deaths": deaths,
        "natural_increase": births - deaths,
        "natural_increase_rate": 1000 * (births - deaths) / persons,
        "tfr": 24.4 * births / women,
        "share_second_third": 44.0 + rise * rank + 0 * births,
        "total_dependency_60": 100 * (persons - work) / work,
        "total_dependency_65": 100 * (persons - work_65) / work_65,
        "infant_mortality_rate": 1.56 - 0.2 * rise + 0 * births,
        "married_share_20_29": 46 - rise * (3 - rank) + 0 * births,
        "ideal_children": 1.6 + 0.02 * rank * rise + 0 * births,
    }
    order = ("scenario", "draw", "area", "year")
    plain = {name: array.drop_vars("sex", errors="ignore") for name, array in values.items()}
    return xr.Dataset({name: array.transpose(*order) for name, array in plain.items()})


def make_fit() -> pd.DataFrame:
    """Return seven observations, two of them bridged, one far off."""
    rows = [
        ("births_2021", "births", "2021", 21000, 20850, 500, "births", "resident", "fit", False),
        ("deaths_2021", "deaths", "2021", 22000, 22110, 500, "persons", "resident", "fit", False),
        ("population_2021", "population_total", "2021", 3407000, 3406400, 3400, "persons", "resident", "fit", False),
        ("tfr_2021", "tfr", "2021", 0.89, 0.905, 0.07, "children per woman", "resident", "fit", False),
        ("natural_2021", "natural_increase_rate", "2021", -0.30, -0.37, 0.6, "per 1,000", "resident", "check", False),
        ("imr_2021", "infant_mortality_rate", "2021", 1.56, 1.56, 0.27, "per 1,000 births", "resident", "fit", False),
        ("dependency_2020", "total_dependency_60", "2020-11-01", 49.88, 49.88, 0.05, "%", "resident", "check", False),
        ("share_2021", "share_second_third", "2021", 40.19, 40.19, 0.4, "%", "household_registered", "bridge", True),
        (
            "married_2021",
            "married_share_20_29",
            "2021-12-31",
            30.3,
            46.0,
            1.0,
            "%",
            "household_registered",
            "bridge",
            True,
        ),
    ]
    names = ["id", "variable", "period", "observed", "fitted", "standard_error", "unit", "population_base", "use",
             "bridged"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names)
    frame["area"] = AREAS[-1]
    frame["residual_se"] = (frame["fitted"] - frame["observed"]) / frame["standard_error"]
    frame["definition"] = "as published"
    frame["note"] = ""
    return frame


def make_targets(indicators: xr.Dataset) -> pd.DataFrame:
    """Return verdicts on seven indicators at three levels."""
    rules = {
        (1, "tfr", "rise_steady", "resident"): (0.90, 0.95, 1.0),
        (2, "share_second_third", "at_least", "household_registered"): (41.0, 43.0, 45.0),
        (3, "natural_increase_rate", "rise_steady", "resident"): (-1.0, -0.3, 0.2),
        (4, "total_dependency_60", "within", "resident"): (45.0, 46.0, 47.0),
        (6, "infant_mortality_rate", "at_most", "resident"): (2.0, 1.56, 1.2),
        (22, "married_share_20_29", "at_least", "household_registered"): (31.3, 33.3, 35.3),
        (23, "ideal_children", "at_least", "resident"): (1.7, 1.8, 1.8),
    }
    rows = []
    for (number, variable, rule, base), thresholds in rules.items():
        for level, threshold in zip(("lenient", "central", "strict"), thresholds, strict=True):
            for key in indicators["scenario"].values.tolist():
                value = float(indicators[variable].sel(scenario=key, area=AREAS[-1], year=2025).median())
                upper = 120.0 - 2 * threshold + 50 if rule == "within" else np.nan
                low = max(threshold - value, 0) if rule != "at_most" else max(value - threshold, 0)
                distance = max(low, value - upper) if rule == "within" else low
                rows.append({
                    "scenario": key, "indicator_id": number, "variable": variable, "level": level, "rule": rule,
                    "threshold": threshold, "threshold_upper": upper, "tolerance": 0.02, "value_2025": value,
                    "baseline_2021": float(indicators[variable].sel(scenario=key, area=AREAS[-1], year=2021).median()),
                    "distance": distance, "met": distance == 0, "population_base": base,
                    "bridged": base != "resident", "unit": "", "reason": "for the test",
                })  # fmt: skip
    return pd.DataFrame(rows)


def make_costs(indicators: xr.Dataset) -> pd.DataFrame:
    """Return two years of a measure that two payers share, and a payment that is promised for later."""
    rows = [
        (key, "birth_grant", payer, year, year > 2025, 0.9 * yuan, yuan, 1.1 * yuan)
        for key in indicators["scenario"].values.tolist()
        for payer, yuan in (("city", 1_000_000.5), ("state", 2_000_001.0))
        for year in (2024, 2026)
    ]
    names = ["scenario", "measure", "payer", "year", "promised", "cost_low", "cost", "cost_high"]
    frame = pd.DataFrame(rows, columns=names).assign(discounted=900_000.0, budget_share=0.01)
    more = {f"additional{end}": frame[f"cost{end}"] for end in ("_low", "", "_high")}
    return frame.assign(**more)


def make_inputs(draws: int = 1, lang: str = "en") -> dict:
    """Return the arguments of write_run but the folder."""
    result = make_result(draws)
    indicators = make_indicators(result)
    manifest = build_manifest(
        arguments={"place": "huzhou", "out": "/home/someone/results"},
        inputs={"huzhou": {"areas.csv": "ab" * 32}},
        scenario_texts={"no_new_policy": "key = 'no_new_policy'\n"},
        parameters={"level": np.float64(0.5)},
        calibration={"birth_1": 0.9},
    )
    return {
        "result": result,
        "indicators": indicators,
        "fit": make_fit(),
        "contradictions": ["49.88 % is the census of 2020.", "30.30 % 不可能是常住人口。"],
        "targets": make_targets(indicators),
        "costs": make_costs(indicators),
        "scenarios": SCENARIOS,
        "area_labels": AREA_LABELS,
        "manifest": manifest,
        "lang": lang,
    }


def make_run(draws: int = 1, lang: str = "en") -> Run:
    inputs = make_inputs(draws, lang)
    inputs.pop("lang")
    inputs["manifest"] = complete_manifest(
        inputs["manifest"], lang=lang, place=AREAS[-1], scenarios=SCENARIOS, area_labels=AREA_LABELS
    )
    return Run(**inputs)


@pytest.fixture(scope="session")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="session")
def many() -> Run:
    return make_run(draws=5)
