"""A nowcast from a file of observations: read, checked, projected in the state space that knows the lag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from huyou_sim.errors import ArgumentError, Problem
from huyou_sim.inference.ensemble import prepare_ensemble
from huyou_sim.inference.posterior import SEED
from huyou_sim.monitoring.evaluating import seen_of
from huyou_sim.monitoring.lags import LAGS, lag_table
from huyou_sim.monitoring.nowcast import HISTORIES, Nowcast, last_marriages, nowcast
from huyou_sim.pack import load_pack
from huyou_sim.planning.futures import Futures, prepare_futures, progress_bar
from huyou_sim.planning.observed import read_observed
from huyou_sim.planning.vintages import counting
from huyou_sim.policy import Scenario, load_scenarios

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.planning.packages import Fit

SCENARIO, SPACE, DRAWS = "plan_as_written", "duration", 1000
"""Course, state space and draws unless told otherwise."""

SPACES = ("family", "duration")
"""State spaces whose lags stand beside each other."""

LAG_DRAWS = 200
"""Of the lag table, at most: its bands are of the model's structure, and it projects a dozen times."""


@dataclass(frozen=True, eq=False)
class Nowcasting:
    """A nowcast with what it was made from.

    Parameters
    ----------
    fit : Fit
    posterior : xarray.Dataset, optional
    as_of : date
        Day on which it stands: what became known later is hidden.
    nowcast : Nowcast
    left_out : tuple of Problem
        Why rows of the file are not used.
    """

    fit: Fit
    posterior: xr.Dataset | None
    as_of: date
    nowcast: Nowcast
    left_out: tuple[Problem, ...]


def run_nowcast(
    place: str | Path,
    observations: str | Path,
    scenario: str | Path = SCENARIO,
    *,
    as_of: date | None = None,
    space: str = SPACE,
    draws: int = DRAWS,
    histories: int = HISTORIES,
    seed: int = SEED,
    prior_only: bool = False,
    folder: Path | None = None,
    progress: bool = False,
) -> Nowcasting:
    """Return births of the last year whose marriages are known, and of the next, from a file of observations.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    observations : path
        CSV file, see `huyou_sim.planning.observed.read_observed`; yearly figures of residents of the place enter.
    scenario : str or path
        The course that the place says it is on.
    as_of : date, optional
        Figures that became known later are hidden; the day of the run when omitted.
    space : {"family", "duration"}
        State space that tells.
    draws, histories, seed : int
        Futures; histories of the back-test, at most a quarter of the futures.
    prior_only : bool
        Draw the levels of the model from their priors too.
    folder : path, optional
        Where posteriors are kept and found again.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        When there are too few draws, the file has no marriages, or the state space is unknown.
    PackError, ScenarioError, CalibrationError
    """
    if draws < 8:
        raise ArgumentError(Problem("--draws", str(draws), "8 or more", f"Type --draws {DRAWS}."))
    pack = load_pack(place)
    chosen = load_scenarios([scenario], areas=list(pack.areas["area"]))[0]
    today = max(date.today(), as_of or date.today())
    rows, left_out = read_observed(observations, pack, today=today)
    day = as_of or today
    seen = seen_of(pack, counting(rows, day))
    marriages = last_marriages(seen)
    with progress_bar("nowcast", 6, shown=progress) as bar:
        futures = {
            name: prepare_futures(
                pack, bar, draws=draws, seed=seed, until=marriages.year + 1, space=name, prior_only=prior_only,
                folder=folder,
            )
            for name in sorted({*SPACES, space}, key=lambda name: name == space)
        }  # fmt: skip
        bar.set_postfix_str("lags")
        lags = pd.concat([_lags(futures[name], chosen) for name in SPACES], ignore_index=True)
        bar.update()
        mine = futures[space]
        bar.set_postfix_str("back-test")
        found = nowcast(mine.ensemble, chosen, seen, lags=lags, histories=histories)
        bar.update()
    return Nowcasting(mine.fit, mine.posterior, day, found, left_out)


def _lags(futures: Futures, scenario: Scenario) -> pd.DataFrame:
    """Return the lag table of a state space, of births so late that all its marriages are projected."""
    ensemble = futures.ensemble
    year = ensemble.years[0] + 1 + LAGS
    few = min(len(ensemble), LAG_DRAWS)
    longer = prepare_ensemble(futures.fit, futures.posterior, few, ensemble.seed, until=year)
    return lag_table(longer, scenario, year)
