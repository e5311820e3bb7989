"""What all indicators of a scorecard are projected from, with random numbers that belong to a draw and a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.inference.priors import generator

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.planning.progress import Progress
    from huyou_sim.planning.reach import Outcome
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Board:
    """What all indicators are projected from.

    Parameters
    ----------
    pack : Pack
    scenarios : sequence of Scenario
    dataset : xarray.Dataset
        From `Ensemble.project`, of the place as a whole, up to the target year or beyond.
    outcomes : mapping of int to Outcome
        Indicators with demographic targets, at one level.
    progress : sequence of Progress
    level : {"lenient", "central", "strict"}
    """

    pack: Pack
    scenarios: Sequence[Scenario]
    dataset: xr.Dataset
    outcomes: Mapping[int, Outcome]
    progress: Sequence[Progress]
    level: str

    @property
    def shape(self) -> tuple[int, int]:
        """Return numbers of scenarios and of draws."""
        return len(self.scenarios), int(self.dataset.sizes["draw"])

    def series(self, variable: str, year: int) -> Array:
        """Return a variable of the place in a year, (scenario, draw)."""
        chosen = self.dataset[variable].sel(area=self.pack.place.code, year=year)
        found: Array = chosen.transpose("scenario", "draw").values
        return found

    def uniform(self, name: str) -> Array:
        """Return numbers between 0 and 1 by draw: the same in every scenario, whatever else is drawn, (draw,)."""
        draws = self.dataset["draw"].values
        drawn = generator(int(self.dataset.attrs["seed"]), f"scorecard {name}").random(int(draws.max()) + 1)
        return np.asarray(drawn[draws])

    def normal(self, name: str) -> Array:
        """Return standard normal numbers by draw, as `uniform`."""
        draws = self.dataset["draw"].values
        found = generator(int(self.dataset.attrs["seed"]), f"scorecard {name}").standard_normal(int(draws.max()) + 1)
        return np.asarray(found[draws])
