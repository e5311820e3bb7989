"""How the events of a year fall on its parts: in proportion to the days, with an assumed spread.

The share of a year's events that falls on a set of days A has the mean f(A), the share of the days, and

    cov(S(A), S(B)) = omega^2 (f(A and B) - f(A) f(B)),

the covariance of a Brownian bridge: parts add up to their whole, the whole year has no spread, and months, quarters and
cumulative figures of one year agree with each other. Each family of events has its omega from the spread of a quarter.

Source
------
The bridge is the limit of Dirichlet shares of many short parts: Ferguson (1973), A Bayesian Analysis of Some
Nonparametric Problems, Annals of Statistics 1(2), 209-230.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from huyou_sim.planning.periods import Period

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Season:
    """The spread of one family of events within a year. Assumed: no series by quarter of the city is in the pack.

    Parameters
    ----------
    names : tuple of str
        Variables whose season is the same.
    central, low, high : float [1]
        Standard deviation of a quarter's events over what the days say.
    reason : str
    """

    names: tuple[str, ...]
    central: float
    low: float
    high: float
    reason: str

    @property
    def omega(self) -> float:
        """Return the spread of the bridge: that of a quarter is ``omega sqrt((1 - f) / f)``, f a quarter."""
        return float(self.central / 3.0**0.5)


SEASONS = (
    Season(
        ("births", "births_order_1", "births_order_2", "births_order_3"), 0.08, 0.05, 0.12,
        "Assumed: more births in autumn than in spring, zodiac years that begin in February, reports that come late",
    ),
    Season(
        ("deaths",), 0.08, 0.05, 0.12,
        "Assumed: more deaths in winter, by how many depends on the winter",
    ),
    Season(
        ("marriages", "first_marriages", "remarriages"), 0.15, 0.08, 0.25,
        "Assumed: couples choose holidays and lucky days, which move in the solar year with the lunar calendar",
    ),
    Season(
        ("divorces",), 0.10, 0.05, 0.15,
        "Assumed: courts and registries close over the New Year, and courts decide much at the end of the year",
    ),
)  # fmt: skip
"""Every other count has the last of `OTHER`."""

OTHER = Season((), 0.15, 0.08, 0.25, "Assumed: nothing is known of its season, so the widest of the others")


def season_of(variable: str) -> Season:
    """Return the season of a variable that is counted."""
    return next((season for season in SEASONS if variable in season.names), OTHER)


def seasons() -> Mapping[str, Season]:
    """Return the season of each variable that has one of its own."""
    return {name: season for season in SEASONS for name in season.names}


def bridge_covariance(one: Period, other: Period) -> float:
    """Return the covariance of the shares of two periods of one year over omega squared [1]; 0 in different years."""
    if one.year != other.year:
        return 0.0
    return one.overlap(other) - one.share * other.share
