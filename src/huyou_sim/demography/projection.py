"""A projection with labels: made ready, run, labelled again.

Account of every cell and year, in persons::

    end = start + births - deaths + net migrants - clipped

`net_migrants` is the migration asked for, `clipped` the part of it that the cell could not give (zero or
negative), so that nobody becomes a negative person and nothing is lost without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from huyou_sim.demography.alignment import per_trajectory
from huyou_sim.demography.engine import Response
from huyou_sim.demography.inputs import SEX, Rates, Stock
from huyou_sim.demography.keep import CELLS, Keep
from huyou_sim.demography.labelling import account_gap, labelled, with_total
from huyou_sim.demography.prepared import prepare

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.demography.states import StateSpace


def project(
    stock: Stock,
    rates: Rates,
    space: StateSpace,
    *,
    years: Sequence[int],
    log_multipliers: xr.DataArray | None = None,
    migration_level: xr.DataArray | None = None,
    response: Response | None = None,
    scenarios: Sequence[str] = ("projection",),
    draws: int = 1,
    migration: Literal["even", "end"] = "even",
    migration_before_births: bool = False,
    births: Literal["middle", "ends"] = "middle",
    keep: Keep = CELLS,
    total: str | None = None,
    threads: int | None = None,
) -> xr.Dataset:
    """Return stocks and flows of a population projected over `years`.

    Parameters
    ----------
    stock : Stock
        The start, at 31 December before the first year.
    rates : Rates
    space : StateSpace
        From `state_space`.
    years : sequence of int
        Ends of consecutive steps, each of the width of the state space's age groups (one year, or five).
    log_multipliers : ([scenario], [draw], [area], [channel], [year]) [log], optional
        Shift of each channel's hazards; migration counts are multiplied by its exponential.
    migration_level : ([scenario], [draw], [area], [year], component) [1], optional
        Factor of each component of net migration; it may be negative and so has no log.
    response : callable, optional
        Adds log multipliers that depend on the children under 3 and the population one year before.
    scenarios, draws
        Labels and number of trajectories: every scenario has every draw.
    migration : {"even", "end"}
        Half of the net migrants at each end of the step, or all at its end.
    births : {"middle", "ends"}
        `middle`: births fall in the middle of the year, inside the symmetric splitting. `ends`: rate times the
        mean of women at the start and the end, as the United Nations do; for a one-state space only.
    migration_before_births : bool
        With ``births="ends"``: whether the women at the end, on whom births are counted, include the migrants of
        the end of the step (Preston, Heuveline and Guillot) or not (United Nations).
    keep : Keep
        `CELLS`, or `AGGREGATES` for ensembles: the sums that the indicators need, at a twentieth of the memory.
    total : str, optional
        Code of the place: one more area, last, the sum of all (`with_total`).
    threads : int, optional
        All processors when omitted. The number changes no bit of the result.

    Returns
    -------
    dataset : xarray.Dataset
        Dimensions scenario, draw, area, year (flows) or time (stocks at 31 December), sex, age, marital, parity.

    Raises
    ------
    LabelError
        When arrays do not line up.
    RateError
        When a rate is negative or not finite.
    """
    prepared = prepare(
        stock,
        rates,
        space,
        years=years,
        migration=migration,
        migration_before_births=migration_before_births,
        births=births,
        keep=keep,
        threads=threads,
    )
    if response is not None:
        keep.check_feedback(prepared.engine.groups)
    trajectories: dict[str, object] = {"scenario": list(scenarios), "draw": draws}
    by_channel: dict[str, Sequence[object]] = {
        "year": list(years),
        "area": prepared.areas,
        "channel": list(space.channels),
    }
    by_component: dict[str, Sequence[object]] = {"area": prepared.areas, "component": list(prepared.components)}
    by_year = migration_level is not None and "year" in migration_level.dims
    if by_year:
        by_component = {"year": list(years), **by_component}
    logs = per_trajectory(log_multipliers, "log multiplier", by_channel, trajectories, default=0.0)
    level = per_trajectory(migration_level, "migration level", by_component, trajectories, default=1.0)
    kept = prepared.project(logs, level if by_year else level[None], response)
    return labelled(kept, prepared, scenarios, draws, logs, total)


__all__ = ["SEX", "Rates", "Response", "Stock", "account_gap", "project", "with_total"]
