"""How a forecast from an earlier census fares at the next one, which enters here alone, after the ensemble is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from huyou_sim.demography.graduation import group_sums
from huyou_sim.demography.projection import SEX
from huyou_sim.errors import PackError, Problem
from huyou_sim.inference.census_forecast import Forecast, forecast
from huyou_sim.inference.scores import LEVELS, crps, inside, interval_score, pit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@dataclass(frozen=True)
class Hindcast:
    """A forecast beside what was counted.

    Parameters
    ----------
    table : DataFrame
        One row for each figure: kind, variable, area, sex, age_lower, age_upper, unit, observed, start (the figure at
        the earlier census), quantiles q2.5 to q97.5, in_50, in_80, in_95, pit, crps, crps_no_change (of the figure
        at the earlier census as the forecast), interval_score_95.
    summary : DataFrame
        By kind of figure and place or areas: number, coverage of each band [1], mean CRPS, mean CRPS over the figure
        [%], the share by which it undercuts no change (skill), mean rank.
    parameters : DataFrame
    """

    table: pd.DataFrame
    summary: pd.DataFrame
    parameters: pd.DataFrame


def hindcast(start: Pack, later: Pack, *, draws: int = 400, seed: int = 2010, threads: int | None = None) -> Hindcast:
    """Return how a forecast from an earlier census fares at the census of a later pack of the same place.

    Parameters
    ----------
    start : Pack
        The place as it was known then, with the priors of `PARAMETERS` in its parameters.
    later : Pack
        Only its census is read.
    draws, seed : int
    threads : int, optional
        As for `project`.

    Raises
    ------
    PackError
        When a prior is missing or of an unknown family, or the packs have different areas.
    ArgumentError
        When there are less than two draws, or the later census is not years later.
    """
    return compare(forecast(start, later.census_date, draws=draws, seed=seed, threads=threads), start, later)


def compare(ensemble: Forecast, start: Pack, later: Pack) -> Hindcast:
    """Return a forecast beside the census of a later pack, with scores.

    Parameters
    ----------
    ensemble : Forecast
        At the day of the later census.
    start, later : Pack
        The census of `start` is the forecast of no change.

    Raises
    ------
    PackError
        When the packs have different areas.
    """
    areas = [str(area) for area in ensemble.population["area"].values]
    if sorted(areas) != sorted(str(area) for area in later.areas["area"]):
        raise PackError(
            Problem(
                "areas of the later census",
                ", ".join(sorted(str(area) for area in later.areas["area"])),
                ", ".join(sorted(areas)),
                "Name two packs of one place with the same areas.",
                str(later.path / "areas.csv"),
            )
        )
    counted = later.population_census
    rows = counted[(counted["area"].isin(areas)) & (counted["date"] == later.census_date.isoformat())]
    lower = np.unique(rows["age_lower"].to_numpy(np.int64) // 5 * 5)
    members = np.apply_along_axis(group_sums, -1, ensemble.population.values, lower)
    seen, before = (_counts(pack, areas, lower) for pack in (later, start))
    labels, arrays = zip(
        *(_figures(each, [*areas, start.place.code], lower) for each in (members, seen[None], before[None])),
        strict=True,
    )
    table = _scored(labels[0], arrays[0], arrays[1][0], arrays[2][0])
    return Hindcast(table, _summary(table, start.place.code), ensemble.parameters)


def _counts(pack: Pack, areas: Sequence[str], lower: NDArray[np.int64]) -> Array:
    """Return the census of a pack by the groups that begin at `lower`, (area, sex, group) [persons]."""
    rows = pack.population_census
    rows = rows[rows["date"] == pack.census_date.isoformat()]
    group = np.searchsorted(lower, rows["age_lower"].to_numpy(), side="right") - 1
    sums = rows.assign(group=group).groupby(["area", "sex", "group"])["population"].sum()
    full = pd.MultiIndex.from_product([areas, SEX, range(len(lower))])
    counts: Array = sums.reindex(full).to_numpy(float).reshape(len(areas), len(SEX), len(lower))
    return counts


def _figures(counts: Array, areas: Sequence[str], lower: NDArray[np.int64]) -> tuple[pd.DataFrame, Array]:
    """Return the labels of all figures, and the figures (member, figure), of counts (member, area, sex, group).

    The last of `areas` is the place, the sum of the others.
    """
    whole = np.concatenate([counts, counts.sum(1, keepdims=True)], axis=1)
    labels: list[tuple[object, ...]] = []
    columns: list[Array] = []
    upper = [*(lower[1:] - 1).tolist(), ""]
    for i, area in enumerate(areas):
        for s, sex in enumerate(SEX):
            for g, low in enumerate(lower.tolist()):
                labels.append(("age_and_sex", "population", area, sex, low, upper[g], "persons"))
                columns.append(whole[:, i, s, g])
        people = whole[:, i].sum(1)
        labels.append(("total", "population_total", area, "", "", "", "persons"))
        columns.append(people.sum(-1))
        for old in (60, 65):
            work = people[:, (lower >= 15) & (lower < old)].sum(-1)
            child, aged = people[:, lower < 15].sum(-1), people[:, lower >= old].sum(-1)
            for name, part in (("child", child), ("old", aged), ("total", child + aged)):
                labels.append((f"dependency_{old}", f"{name}_dependency_{old}", area, "", "", "", "%"))
                columns.append(100.0 * part / work)
    names = ["kind", "variable", "area", "sex", "age_lower", "age_upper", "unit"]
    return pd.DataFrame(labels, columns=names), np.stack(columns, axis=1)


def _scored(labels: pd.DataFrame, members: Array, observed: Array, before: Array) -> pd.DataFrame:
    quantiles = np.quantile(members, QUANTILES, axis=0)
    return labels.assign(
        observed=observed,
        start=before,
        **{f"q{100 * q:g}": row for q, row in zip(QUANTILES, quantiles, strict=True)},
        **{f"in_{100 * level:.0f}": inside(members, observed, level) for level in LEVELS},
        pit=pit(members, observed),
        crps=crps(members, observed),
        crps_no_change=np.abs(before - observed),
        interval_score_95=interval_score(members, observed, 0.95),
    )


def _summary(table: pd.DataFrame, place: str) -> pd.DataFrame:
    where = np.where(table["area"] == place, "place", "areas")
    rows = table.assign(where=where, relative=100.0 * table["crps"] / table["observed"])
    groups = rows.groupby(["kind", "where"], sort=False)
    columns = {f"coverage_{100 * level:.0f}": groups[f"in_{100 * level:.0f}"].mean() for level in LEVELS}
    return pd.DataFrame(
        {
            "figures": groups.size(),
            **columns,
            "crps": groups["crps"].mean(),
            "crps_percent": groups["relative"].mean(),
            "skill": 1.0 - groups["crps"].sum() / groups["crps_no_change"].sum(),
            "pit": groups["pit"].mean(),
        }
    ).reset_index()
