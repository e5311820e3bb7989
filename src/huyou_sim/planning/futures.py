"""A place made ready for questions about its futures: calibrated, its posterior found, its draws prepared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from huyou_sim.inference.ensemble import Ensemble, prepare_ensemble
from huyou_sim.inference.store import posterior
from huyou_sim.planning.packages import Fit, fit_pack

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.pack import Pack


@dataclass(frozen=True, eq=False)
class Futures:
    """A calibrated place with an ensemble of its futures.

    Parameters
    ----------
    fit : Fit
    posterior : xarray.Dataset, optional
        Whose rows the levels are; None when every parameter comes from its prior.
    ensemble : Ensemble
    """

    fit: Fit
    posterior: xr.Dataset | None
    ensemble: Ensemble


def progress_bar(name: str, steps: int, *, shown: bool) -> tqdm[None]:
    """Return a bar of steps on standard error, for a terminal alone, that leaves nothing behind."""
    return tqdm(total=steps, desc=name, unit="step", disable=not shown or None, leave=False)


def prepare_futures(
    pack: Pack,
    bar: tqdm[None],
    *,
    draws: int,
    seed: int,
    until: int,
    prior_only: bool = False,
    folder: Path | None = None,
) -> Futures:
    """Return a place ready for questions about its futures, two steps further on a progress bar.

    Parameters
    ----------
    pack : Pack
    bar : tqdm
        From `progress_bar`.
    draws, seed : int
    until : int
        Last year that can be projected to.
    prior_only : bool
        Draw the levels from their priors, as if no figure were published.
    folder : path, optional
        Where posteriors are kept and found again.

    Raises
    ------
    PackError, CalibrationError
    ArgumentError
        As for `prepare_ensemble`.
    """
    bar.set_postfix_str("calibrate (the first run compiles: about twenty seconds)")
    fit = fit_pack(pack)
    bar.update()
    bar.set_postfix_str("posterior (the first run samples: ten to thirty seconds)")
    found = None if prior_only else posterior(pack, fit.baseline, folder=folder)
    bar.update()
    bar.set_postfix_str("")
    return Futures(fit, found, prepare_ensemble(fit, found, draws, seed, until=until))
