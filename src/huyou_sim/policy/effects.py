"""What the levers of scenarios do to the hazards of marriage and birth, year by year.

Source: evidence, section 3. Where that is silent:

* Payments that begin in different years share one saturation; each has its own ramp and tempo (`cash.cash_effect`).
* The ceiling X1 holds for losses as for gains. Assisted reproduction is added after it, as its form says.
* Marriages that the levers bring carry marital hazards times phi (C3). The model does not tell them from others, so
  the hazards of all married women are lowered by their share: among women about to have a first child it is their
  share of new marriages after about two years, among women about to have a second or third it grows for longer
  (`INDUCED_TURNOVER`).
* The lever of childcare is measured against the places that there would be without it, for the same children: a
  coverage that rises because births fall is no effect of policy.
* Where measures are local, areas outside of them get the national subsidy and the tax deduction alone.
* Places that are opened or closed by number are spread over the areas with the measure by their children of the base
  year; a closed place takes its use with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.states import INFANT_MORTALITY
from huyou_sim.errors import ArgumentError, LabelError, Problem
from huyou_sim.policy.cash import ORDERS
from huyou_sim.policy.childcare import coverage
from huyou_sim.policy.courses import course
from huyou_sim.policy.scenario import check_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.policy.context import PolicyContext
    from huyou_sim.policy.scenario import Scenario

    FloatArray = NDArray[np.float64]

MARRIAGE_BELOW = 35
"""Age below which levers move first marriage [completed years]. Source: evidence, section 3, form 3 (20-34)."""

ART_FROM = 30
"""Age from which cover of assisted reproduction moves births [completed years]. Source: form 5 (30-44)."""

INDUCED_TURNOVER = (2.0, 6.0, 10.0)
"""Years until marriages that levers bring have their full share among women about to have a first, second and third
child: mean times from marriage to those births, assumed [years]."""

PRIORS = (
    *(f"A{i}" for i in range(1, 17)), *(f"B{i}" for i in range(1, 9)),
    "C1", "C2", "C3", "C4", "C9", "D1", "D2", "E1", "F1", "X1", "X2",
)  # fmt: skip
"""Ids of the evidence that the effects rest on."""


@dataclass(frozen=True)
class _Channels:
    """Which channels the levers move, as positions on the channel axis."""

    marriage: tuple[int, ...]
    births: tuple[tuple[int, ...], ...]
    older_births: tuple[int, ...]
    infant_mortality: tuple[int, ...]


@dataclass(frozen=True)
class _Courses:
    """Courses of all scenarios, the trajectory (scenario x draw, scenario outermost) last, and the year first."""

    cash: FloatArray
    national_cash: FloatArray
    marriage: FloatArray
    ideal_change: FloatArray
    assisted_reproduction: FloatArray
    infant_mortality: FloatArray
    places: FloatArray
    used: FloatArray
    effective: FloatArray
    baseline: FloatArray
    opened: FloatArray
    closed: FloatArray
    added: FloatArray
    added_used: FloatArray
    added_effective: FloatArray
    first_year: FloatArray
    national_first_year: FloatArray


@dataclass(frozen=True, eq=False)
class PolicyResponse:
    """The levers of scenarios, ready to be asked year by year. Nothing in it changes.

    Parameters
    ----------
    scenarios : tuple of str
    areas, channels : tuple of str
    years : range
        From the base year, in which no lever acts, to the last.
    draws : int
        Trajectories are scenario x draw, scenario outermost.
    """

    scenarios: tuple[str, ...]
    areas: tuple[str, ...]
    channels: tuple[str, ...]
    years: range
    draws: int
    _moved: _Channels
    _courses: _Courses
    _parameters: Mapping[str, FloatArray]
    _applies: NDArray[np.bool_]
    _shares: FloatArray
    _context: PolicyContext

    def log_multipliers(self, year: int, children_under_3: FloatArray, population: FloatArray) -> FloatArray:
        """Return the log multipliers of the levers in `year`.

        Parameters
        ----------
        year : int
        children_under_3, population : (area, trajectory) [persons]
            At the end of the year before.

        Returns
        -------
        log_multipliers : (area, channel, trajectory) [log]
            Exactly 0 where no lever acts.
        """
        part = self.components(year, children_under_3, population)
        found = np.zeros((len(self.areas), len(self.channels), len(self.scenarios) * self.draws))
        for channel in self._moved.marriage:
            found[:, channel] = part["marriage"]
        for i, order in enumerate(ORDERS):
            for channel in self._moved.births[i]:
                found[:, channel] = part[f"birth_{order}"] + part[f"induced_marriages_{order}"]
        for channel in self._moved.older_births:
            found[:, channel] += part["assisted_reproduction"]
        for channel in self._moved.infant_mortality:
            found[:, channel] = part["infant_mortality"]
        return found

    def components(self, year: int, children_under_3: FloatArray, population: FloatArray) -> dict[str, FloatArray]:
        """Return what each lever adds in `year`, (area, trajectory) [log].

        Parameters
        ----------
        year, children_under_3, population
            As in `log_multipliers`.

        Returns
        -------
        components : dict
            ``cash_1`` ... ``cash_3``, ``childcare``, ``ideals``: before the ceiling; ``birth_1`` ... ``birth_3``:
            their combination; ``assisted_reproduction``; ``marriage_measures``; ``marriage``: the sum that moves first
            marriage; ``induced_marriages_1`` ...: what hazards of married women lose to marriages of less intent;
            ``infant_mortality``.
        """
        i = self._index(year)
        p, now, applies = self._parameters, self._courses, self._applies
        self._check(children_under_3, population, len(self.areas))
        care = self._care_effect(i, children_under_3, population)
        cash = np.where(applies, now.cash[i][:, None], now.national_cash[i][:, None])
        ideals = np.where(applies, p["D2"] * now.ideal_change[i] / self._context.tfr_second_third, 0.0)
        measures = np.where(applies, now.marriage[i], 0.0)
        marriage = measures + p["C9"] * cash[0] + p["B8"] * care
        part = {
            "childcare": care,
            "ideals": ideals,
            "assisted_reproduction": np.where(applies, now.assisted_reproduction[i], 0.0),
            "infant_mortality": np.where(applies, now.infant_mortality[i], 0.0),
            "marriage_measures": measures,
            "marriage": marriage,
        }
        since = year - np.where(applies, now.first_year, now.national_first_year)
        for k, order in enumerate(ORDERS):
            total = cash[k] + care * (1.0 - p["B8"]) + p["X2"] * cash[k] * care / 0.1
            total = total + ideals if order > 1 else total
            part[f"cash_{order}"] = cash[k]
            part[f"birth_{order}"] = ceiled(total, p["X1"])
            share = induced_share(marriage, since, INDUCED_TURNOVER[k])
            part[f"induced_marriages_{order}"] = np.log1p(-(1.0 - p["C3"]) * share) + 0.0
        return part

    def childcare(self, year: int, children_under_3: FloatArray, population: FloatArray) -> dict[str, FloatArray]:
        """Return places, who uses and who wants them in `year`, as they are and not as births have responded to them.

        Parameters
        ----------
        year : int
        children_under_3, population : (area, trajectory) [persons]
            At the end of the year before. One more row than there are areas is their sum.

        Returns
        -------
        series : dict of (area, trajectory)
            ``childcare_places`` [places], ``childcare_in_use`` and ``childcare_wanted`` [children under 3]: enrolled,
            and whose families want a place (prior B2).
        """
        i = self._index(year)
        rows = children_under_3.shape[0]
        self._check(children_under_3, population, rows if rows == len(self.areas) + 1 else len(self.areas))
        n, now = len(self.areas), self._courses
        children, people = children_under_3[:n], population[:n] / 1000.0
        kept, added = self._childcare_of(now.places[i], now.added[i], self._context.places_per_1000)
        places = np.maximum(kept * people + added, 0.0)
        kept, added = self._childcare_of(now.used[i], now.added_used[i], now.baseline[i])
        used = np.minimum(kept * people + added, places)
        wanted = self._parameters["B2"] * children
        found = {
            "childcare_places": places,
            "childcare_in_use": coverage(used, children, self._parameters["B2"]) * children,
            "childcare_wanted": wanted,
        }
        if rows > n:
            found = {name: np.vstack([values, values.sum(axis=0)]) for name, values in found.items()}
        return found

    def places_moved(self, year: int) -> tuple[FloatArray, FloatArray]:
        """Return the places that scenarios open and close by number in `year`, two of (area, trajectory) [places]."""
        i, now = self._index(year), self._courses
        return self._shares * now.opened[i], self._shares * now.closed[i]

    def ideal_children(self, year: int) -> FloatArray:
        """Return the mean ideal number of children where the scenario's measures apply, (trajectory,)."""
        ideal: FloatArray = self._context.ideal_children + self._courses.ideal_change[self._index(year)]
        return ideal

    def relocated_cash_effect(self, year: int) -> FloatArray:
        """Return how much of the cash effect is births that moved in and were not additional.

        Returns
        -------
        effect : (order, trajectory) [log]
            A15 times what local payments add to the national subsidy. Births of residents include it; births of the
            province, and welfare, do not. Source: evidence, section 3, form 7.
        """
        i, now = self._index(year), self._courses
        effect: FloatArray = self._parameters["A15"] * (now.cash[i] - now.national_cash[i])
        return effect

    def _index(self, year: int) -> int:
        if year not in self.years:
            span = f"{self.years[0]} to {self.years[-1]}"
            raise ArgumentError(Problem("year of the levers", str(year), span, "Ask for a year of the projection."))
        return self.years.index(year)

    def _care_effect(self, i: int, children: FloatArray, population: FloatArray) -> FloatArray:
        """Return beta_c per 10 points of coverage above what it would be without the lever."""
        p, now, people = self._parameters, self._courses, population / 1000.0
        kept, added = self._childcare_of(now.effective[i], now.added_effective[i], now.baseline[i])
        with_lever = coverage(kept * people + added, children, p["B2"])
        without = coverage(now.baseline[i] * people, children, p["B2"])
        effect: FloatArray = p["B1"] * (with_lever - without) / 0.1
        return effect

    def _childcare_of(
        self, per_1000: FloatArray, added: FloatArray, baseline: FloatArray | float
    ) -> tuple[FloatArray, FloatArray]:
        """Return places per 1000 residents, and those added by number, of each area, (area, trajectory)."""
        return np.where(self._applies, per_1000, baseline), self._shares * added

    def _check(self, children: FloatArray, population: FloatArray, areas: int) -> None:
        expected = (areas, len(self.scenarios) * self.draws)
        for name, array in (("children under 3", children), ("population", population)):
            if array.shape != expected:
                found, text = f"shape {array.shape}", f"(area, trajectory) = {expected}"
                raise LabelError(Problem(name, found, text, "Sum over sex and age, trajectories last."))


def ceiled(total: FloatArray, ceiling: FloatArray) -> FloatArray:
    """Return ``ceiling * (1 - exp(-|total| / ceiling))`` with the sign of `total`, exactly 0 at 0."""
    effect: FloatArray = -np.sign(total) * ceiling * np.expm1(-np.abs(total) / ceiling) + 0.0
    return effect


def induced_share(marriage: FloatArray, since: FloatArray, turnover: float) -> FloatArray:
    """Return the share of marriages that levers brought among women about to have a child, [1].

    Parameters
    ----------
    marriage : (area, trajectory) [log]
        Effect of levers on first-marriage hazards; a loss induces none.
    since : (area, trajectory) [years]
        Since levers began.
    turnover : float [years]
        Until such women are all married under the levers.
    """
    grown = np.clip(since / turnover, 0.0, 1.0)
    share: FloatArray = -np.expm1(-np.maximum(marriage, 0.0)) * grown
    return share


def policy_response(
    scenarios: Sequence[Scenario],
    parameters: Mapping[str, FloatArray],
    economy: PolicyContext,
    *,
    areas: Sequence[str],
    channels: Sequence[str],
    years: Sequence[int],
) -> PolicyResponse:
    """Return the levers of scenarios as a frozen response of hazards to the population.

    Parameters
    ----------
    scenarios : sequence of Scenario
    parameters : mapping of prior id to (draw,)
        Draws of the evidence's priors; one draw of the central values for a central run.
    economy : PolicyContext
    areas, channels : sequence of str
        Labels of the axes of the log multipliers.
    years : sequence of int
        Projected years.

    Raises
    ------
    ScenarioError
        When a scenario names an area that is not in `areas`.
    ArgumentError
        When a parameter is missing, or draws differ in number.
    LabelError
        When `channels` has none of marriage or of births by order.
    """
    check_areas(scenarios, areas)
    draws = _check_parameters(parameters)
    span = range(economy.base_year, max(*years, economy.base_year) + 1)
    found = [course(scenario.levers, span, economy, parameters) for scenario in scenarios]

    def joined(arrays: Sequence[FloatArray]) -> FloatArray:
        return np.ascontiguousarray(np.concatenate(arrays, axis=-1))

    def repeated(values: FloatArray) -> FloatArray:
        return np.repeat(values[..., None], draws, axis=-1)

    courses = _Courses(
        cash=joined([np.moveaxis(c.cash, 0, 1) for c in found]),
        national_cash=joined([np.moveaxis(c.national_cash, 0, 1) for c in found]),
        marriage=joined([c.marriage for c in found]),
        ideal_change=joined([c.ideal_change for c in found]),
        assisted_reproduction=joined([c.assisted_reproduction for c in found]),
        infant_mortality=joined([c.infant_mortality for c in found]),
        places=joined([repeated(c.capacity.places) for c in found]),
        used=joined([c.capacity.used for c in found]),
        effective=joined([c.capacity.effective for c in found]),
        baseline=joined([np.broadcast_to(c.capacity.baseline, c.capacity.used.shape) for c in found]),
        opened=joined([repeated(c.capacity.opened) for c in found]),
        closed=joined([repeated(c.capacity.closed) for c in found]),
        added=joined([repeated(c.capacity.added) for c in found]),
        added_used=joined([c.capacity.added_used for c in found]),
        added_effective=joined([c.capacity.added_effective for c in found]),
        first_year=np.repeat([float(c.first_year) for c in found], draws),
        national_first_year=np.repeat([float(c.national_first_year) for c in found], draws),
    )
    applies = np.array([[s.areas is None or area in s.areas for s in scenarios] for area in areas])
    tiled = {name: np.tile(parameters[name], len(scenarios)) for name in PRIORS}
    shares = np.repeat(_area_shares(applies, areas, economy), draws, axis=1)
    for array in (*(getattr(courses, f.name) for f in fields(courses)), *tiled.values(), shares):
        array.flags.writeable = False
    return PolicyResponse(
        scenarios=tuple(scenario.key for scenario in scenarios),
        areas=tuple(areas),
        channels=tuple(channels),
        years=span,
        draws=draws,
        _moved=_moved_channels(channels),
        _courses=courses,
        _parameters=tiled,
        _applies=np.repeat(applies, draws, axis=1),
        _shares=shares,
        _context=economy,
    )


def _area_shares(applies: NDArray[np.bool_], areas: Sequence[str], economy: PolicyContext) -> FloatArray:
    """Return what share of places opened by number each area gets, (area, scenario), by children of the base year."""
    even = economy.children_under_3 / len(areas)
    children = np.array([economy.children_by_area.get(area, even) for area in areas])[:, None] * applies
    shares: FloatArray = children / np.maximum(children.sum(axis=0), 1e-9)
    return shares


def _check_parameters(parameters: Mapping[str, FloatArray]) -> int:
    missing = [name for name in PRIORS if name not in parameters]
    if missing:
        text = "draws of every prior that levers rest on"
        raise ArgumentError(Problem("parameters", f"no {', '.join(missing)}", text, "Add them by their id."))
    shapes = {np.shape(parameters[name]) for name in PRIORS}
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        found = f"shapes {sorted(shapes)}"
        raise ArgumentError(Problem("parameters", found, "one shape (draw,)", "Draw all of them alike."))
    return int(next(iter(shapes))[0])


def _moved_channels(channels: Sequence[str]) -> _Channels:
    """Return the channels that levers move, by their names: marriage_<ages>, birth_<order>_<ages>."""
    marriage, older, infants = [], [], []
    births: dict[int, list[int]] = {order: [] for order in ORDERS}
    for i, name in enumerate(channels):
        if (match := re.fullmatch(r"marriage_(\d+)_\d+", name)) and int(match[1]) < MARRIAGE_BELOW:
            marriage.append(i)
        if name == INFANT_MORTALITY:
            infants.append(i)
        if match := re.fullmatch(r"birth_(\d)_(\d+)_\d+", name):
            births[int(match[1])].append(i)
            if int(match[2]) >= ART_FROM:
                older.append(i)
    if not marriage or not all(births.values()) or not older:
        text = f"marriage below {MARRIAGE_BELOW}, births of orders 1 to 3, some of them from age {ART_FROM}"
        fix = "Use state_space('family')."
        raise LabelError(Problem("channels that levers move", ", ".join(channels) or "none", text, fix))
    return _Channels(tuple(marriage), tuple(tuple(births[order]) for order in ORDERS), tuple(older), tuple(infants))
