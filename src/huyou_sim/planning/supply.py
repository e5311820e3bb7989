"""Planned supply over projected people: places, physicians and kindergartens for the children that there will be.

The supply is what the pack assumes (supply.csv, a triangular distribution over low, central and high) or what a
scenario sets; the people are the model's. Figures of the baseline year are the plan's: only change is projected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.planning.targets import BASE_YEAR, TARGET_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.pack import Pack
    from huyou_sim.planning.board import Board

    Array = NDArray[np.float64]

UNIT_OF_PLACES = 10_000.0
"""The plan counts new kindergarten places by ten thousands."""


def triangle(low: float, central: float, high: float, probability: Array) -> Array:
    """Return quantiles of the triangular distribution over three values.

    Source
    ------
    Johnson, Kotz and Balakrishnan (1995), Continuous Univariate Distributions, volume 2, chapter 26.
    """
    below = (central - low) / (high - low)
    rising = low + np.sqrt(probability * (high - low) * (central - low))
    falling = high - np.sqrt((1.0 - probability) * (high - low) * (high - central))
    found: Array = np.where(probability < below, rising, falling)
    return found


def supply(board: Board, name: str) -> Array:
    """Return draws of a planned supply or an assumed denominator, (draw,) [unit of its row].

    Raises
    ------
    PackError
        When supply.csv has no such row.
    """
    low, central, high = supply_range(board.pack, name)
    return triangle(low, central, high, board.uniform(f"supply {name}"))


def supply_range(pack: Pack, name: str) -> tuple[float, float, float]:
    """Return the lowest, most likely and highest value of a planned supply or an assumed denominator.

    Raises
    ------
    PackError
        When supply.csv has no such row.
    """
    rows = {str(row["name"]): row for row in pack.supply.to_dict("records")}
    if name not in rows:
        path = str(pack.path / "supply.csv")
        raise PackError(Problem("column name", f"no '{name}'", "a row", suggest(name, rows), path))
    return float(rows[name]["low"]), float(rows[name]["central"]), float(rows[name]["high"])


def children(board: Board, year: int) -> Array:
    """Return residents aged 0-14 at the end of a year, (scenario, draw): of the ratios that the model keeps.

    With a the ratio of children and d that of all dependants to those of working age, children are P a / (1 + d).
    """
    people = board.series("population_total", year)
    young = board.series("child_dependency_60", year) / 100.0
    dependent = board.series("total_dependency_60", year) / 100.0
    found: Array = people * young / (1.0 + dependent)
    return found


def places_per_resident(board: Board, _row: Mapping[Any, Any]) -> Array:
    """Return childcare places of the scenario per 1,000 residents at the end of the year before."""
    residents = board.series("population_total", TARGET_YEAR - 1)
    found: Array = 1000.0 * board.series("childcare_places", TARGET_YEAR) / residents
    return found


def paediatricians_per_child(board: Board, row: Mapping[Any, Any]) -> Array:
    """Return paediatricians per 1,000 children: their number grows as planned, the children are the model's."""
    grown = (1.0 + supply(board, "paediatrician_growth")) ** (TARGET_YEAR - BASE_YEAR)
    found: Array = float(row["base_2021"]) * grown * children(board, BASE_YEAR) / children(board, TARGET_YEAR)
    return found


def public_kindergarten_share(board: Board, row: Mapping[Any, Any]) -> Array:
    """Return the share of kindergarten children who are in public ones [%].

    Children in public kindergartens are those of the baseline year, less their part of the fall in children, and
    those who take up new public places and would else be in private ones.
    """
    rate = supply(board, "kindergarten_enrolment")
    before, now = (rate * board.series("population_3_5", year) for year in (BASE_YEAR, TARGET_YEAR))
    new = supply(board, "new_public_places") * (TARGET_YEAR - BASE_YEAR)
    public = float(row["base_2021"]) / 100.0 * before
    public = public - supply(board, "public_share_of_decline") * (before - now)
    public = public + supply(board, "public_places_taken_up") * new
    found: Array = 100.0 * np.clip(public / now, 0.0, 1.0)
    return found


def new_public_places(board: Board, _row: Mapping[Any, Any]) -> Array:
    """Return new public kindergarten places a year, mean of the years of the plan [10,000 places]."""
    found: Array = np.broadcast_to(supply(board, "new_public_places") / UNIT_OF_PLACES, board.shape)
    return found


FORMULAS: Mapping[str, Callable[[Board, Mapping[Any, Any]], Array]] = {
    "places_per_resident": places_per_resident,
    "paediatricians_per_child": paediatricians_per_child,
    "public_kindergarten_share": public_kindergarten_share,
    "new_public_places": new_public_places,
}
"""Path of a row of scorecard.csv to its figure of the target year, (scenario, draw) [unit]."""
