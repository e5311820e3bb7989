"""What a calibration or an ensemble draws, out of two tables: a place's levels and trends, and elasticities."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim.demography.states import MIGRATION, state_space
from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.inference.priors import Prior, parse_params
from huyou_sim.pack.locate import find_pack

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from huyou_sim.demography.baseline import Baseline
    from huyou_sim.pack import Pack

    Array = NDArray[np.float64]

PERSONS = "persons"
"""Unit of what is added to net migration; every other level or contrast multiplies hazards."""

PER_1000 = "per 1000 residents"
"""Unit of what is added to net migration of the years after the calibration year, in all areas alike."""

FACTORS = ("level", "contrast")

YEARLY, PERSISTENCE = "yearly_shock", "persistence"
"""Roles of the standard deviation of a yearly shock, and of the share of one that stays into the next year."""

LATER = "later_migrants"
"""Role of what net migration of the years after the calibration year has more than it, in all or at some ages."""

FILE, EVIDENCE_FILE = "parameters.csv", "priors.csv"

CHECK_ONLY = "CHECK ONLY"
"""Priors of the evidence whose text begins so are held against results and enter none."""


@dataclass(frozen=True)
class Parameter:
    """One quantity with a prior distribution.

    Parameters
    ----------
    name : str
    channels : tuple of str
        Beginnings of the names of the channels that it moves.
    start, lower, upper : float [unit]
        Start of the point fit and value of a central run; bounds, where the prior is cut.
    label_en, label_zh : str
    area : str, optional
        Code of the only area that it moves.
    role : {"level", "contrast", "shock", "trend", "later_migrants", "yearly_shock", "persistence", "elasticity"}
        Level: a factor of hazards, or persons added to net migration. Contrast: one more factor of some of them.
        Shock: log shift of the first year only. Trend: of the years after it. Later migrants: what net migration of
        these years has more, at all ages or at some and then less at the others. Yearly shock: standard deviation of
        what is new in each year after it. Persistence: share of it that stays. Elasticity: an effect of levers.
    fitted : bool
        Whether the point fit moves it.
    prior : Prior, optional
    unit, ages, kind, reason, source : str
        Kind: ``assumed``, ``derived``, ... as in the tables.
    """

    name: str
    channels: tuple[str, ...]
    start: float
    lower: float
    upper: float
    label_en: str
    label_zh: str
    area: str | None = None
    role: str = "level"
    fitted: bool = True
    prior: Prior | None = None
    unit: str = "1"
    ages: str = ""
    kind: str = "assumed"
    reason: str = ""
    source: str = ""

    @property
    def distribution(self) -> Prior:
        """Return the prior, uniform between the bounds where none is given."""
        return self.prior or Prior("uniform", {"lower": self.lower, "upper": self.upper}, self.lower, self.upper)


def parameters_of(pack: Pack) -> tuple[Parameter, ...]:
    """Return the parameters of a place's own table: levels, contrasts, shocks and trends.

    Raises
    ------
    PackError
        For a prior that cannot be read, or whose support excludes the start; for channels or an area that are not
        there; for a factor of hazards that may be negative.
    """
    path = pack.path / FILE
    rows = pack.parameters.to_dict("records")
    priors, problems = _priors(path, rows, bounds=True)
    problems += [found for row in rows for found in _without_effect(pack, path, row)]
    if problems:
        raise PackError(problems)
    return tuple(
        Parameter(
            name=str(row["name"]),
            channels=tuple(str(row["channels"]).split()),
            start=float(row["start"]),
            lower=float(row["lower"]),
            upper=float(row["upper"]),
            label_en=str(row["label_en"]),
            label_zh=str(row["label_zh"]),
            area=str(row["area"]) or None,
            role=str(row["role"]),
            fitted=row["fitted"] == "yes",
            prior=prior,
            **{column: str(row[column]) for column in ("unit", "ages", "kind", "reason", "source")},
        )
        for row, prior in zip(rows, priors, strict=True)
    )


def elasticities_of(pack: Pack) -> tuple[Parameter, ...]:
    """Return the parameters of the evidence: effects of levers and the trends that it has priors for.

    Raises
    ------
    PackError
        As for `parameters_of`.
    """
    if "priors" not in pack.evidence:
        return ()
    uses = pack.settings.uses
    folder = find_pack(uses.evidence, beside=pack.path) if uses.evidence else pack.path
    table = pack.evidence["priors"].assign(name=lambda t: t["id"], start=lambda t: t["central"])
    rows = table.to_dict("records")
    priors, problems = _priors(folder / EVIDENCE_FILE, rows, bounds=False)
    if problems:
        raise PackError(problems)
    return tuple(
        Parameter(
            name=str(row["id"]),
            channels=(),
            start=float(row["central"]),
            lower=prior.support[0],
            upper=prior.support[1],
            label_en=str(row["parameter"]),
            label_zh=str(row["parameter"]),
            role="trend" if "trend" in str(row["parameter"]) else "elasticity",
            fitted=False,
            prior=prior,
            unit=str(row["unit"]),
            reason=str(row["justification"]),
            source=str(row["evidence_basis"]),
        )
        for row, prior in zip(rows, priors, strict=True)
        if not str(row["parameter"]).startswith(CHECK_ONLY)
    )


def all_parameters(pack: Pack) -> tuple[Parameter, ...]:
    """Return every parameter that is drawn for a place: its own table, then the evidence.

    Raises
    ------
    PackError
        As for `parameters_of`, or when both tables have a parameter of one name.
    """
    own, others = parameters_of(pack), elasticities_of(pack)
    twice = sorted({p.name for p in own} & {p.name for p in others})
    if twice:
        path = pack.path / FILE
        raise PackError(
            [
                Problem(
                    "column name",
                    f"'{name}', which the evidence has too",
                    "a name of its own",
                    "Rename or delete the row.",
                    str(path),
                    line_of(path, "name", name),
                )
                for name in twice
            ]
        )
    return own + others


def fitted_parameters(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return the parameters that the point fit moves."""
    return tuple(p for p in parameters if p.fitted)


def first_year_parameters(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return the parameters that move the first projected year, which the observations are of."""
    return tuple(p for p in parameters if p.role in (*FACTORS, "shock"))


def _priors(path: Path, rows: Sequence[Mapping[Any, Any]], *, bounds: bool) -> tuple[list[Prior], list[Problem]]:
    """Return the prior of each row, and what is wrong with them, each with its line."""
    priors, problems = [], []
    for row in rows:
        name, start = str(row["name"]), float(row["start"])
        line = line_of(path, "name" if bounds else "id", name)
        limits = {"lower": float(row["lower"]), "upper": float(row["upper"])} if bounds else {}
        try:
            prior = Prior(str(row["family"]), parse_params(str(row["family"]), str(row["params"])), **limits)
        except ValueError as error:
            (found,) = error.args
            where = f"prior of '{name}', {found.where}"
            problems.append(Problem(where, found.found, found.expected, found.fix, str(path), line))
            continue
        lower, upper = prior.support
        if not lower < upper or not lower <= start <= upper:
            problems.append(
                Problem(
                    f"prior of '{name}'",
                    f"{prior.family} from {lower:g} to {upper:g} within the bounds, start {start:g}",
                    "a distribution whose support holds the start",
                    "Correct the start, the bounds or the parameters of the distribution.",
                    str(path),
                    line,
                )
            )
        priors.append(prior)
    return priors, problems


def _without_effect(pack: Pack, path: Path, row: Mapping[Any, Any]) -> list[Problem]:
    """Return what would make a parameter of the first year move nothing, or not as its row says."""
    name, channels = str(row["name"]), state_space("family").channels
    line = line_of(path, "name", name)
    problems = [
        Problem(
            f"channels of '{name}'",
            f"'{beginning}', with which no channel begins",
            f"beginnings of {', '.join(channels)}",
            suggest(beginning, channels),
            str(path),
            line,
        )
        for beginning in str(row["channels"]).split()
        if not any(channel.startswith(beginning) for channel in channels)
    ]
    areas = [str(code) for code in pack.areas["area"]]
    if row["area"] and row["area"] not in areas:
        expected = f"one of {', '.join(areas)}, or an empty cell for all of them"
        found = f"'{row['area']}', which is not projected by itself"
        problems.append(Problem(f"area of '{name}'", found, expected, "Correct the code.", str(path), line))
    if row["role"] in FACTORS and row["channels"] and row["unit"] != PERSONS and not float(row["lower"]) > 0.0:
        found, expected = f"lower bound {float(row['lower']):g}", "a bound above 0: it multiplies hazards"
        fix = f"Correct the bound; for persons added to net migration type {PERSONS} as unit."
        problems.append(Problem(f"lower of '{name}'", found, expected, fix, str(path), line))
    return problems + _faults_of_shocks(row, str(path), line) + _faults_of_migrants(row, str(path), line)


def _faults_of_shocks(row: Mapping[Any, Any], file: str, line: int | None) -> list[Problem]:
    """Return what is wrong with the row of a yearly shock or of its persistence."""
    name, lower, upper = str(row["name"]), float(row["lower"]), float(row["upper"])
    problems = []
    if row["role"] == YEARLY and (row["area"] or not row["channels"]):
        found = f"area '{row['area']}', channels '{row['channels']}'"
        fix = "Empty the area and name the channels."
        problems.append(Problem(f"yearly shock '{name}'", found, "channels, and all areas", fix, file, line))
    if row["role"] == YEARLY and lower < 0.0:
        expected = "0 or more: it is a standard deviation"
        problems.append(Problem(f"lower of '{name}'", f"{lower:g}", expected, "Correct the bound.", file, line))
    if row["role"] == PERSISTENCE and not 0.0 <= lower <= upper <= 1.0:
        found, expected = f"{lower:g} to {upper:g}", "bounds within 0 to 1: a share"
        problems.append(Problem(f"bounds of '{name}'", found, expected, "Correct the bounds.", file, line))
    return problems


def _faults_of_migrants(row: Mapping[Any, Any], file: str, line: int | None) -> list[Problem]:
    """Return what is wrong with a row that is about net migration after the calibration year."""
    name, role, unit = str(row["name"]), str(row["role"]), str(row["unit"])
    moves_it = role == LATER or (role in ("trend", YEARLY) and str(row["channels"]) == MIGRATION)
    problems = []
    if moves_it and not unit.startswith(PER_1000):
        expected = f"'{PER_1000} and year': it is added to net migration, whose sign may change"
        problems.append(Problem(f"unit of '{name}'", f"'{unit}'", expected, "Correct prior and unit.", file, line))
    if role == LATER and (row["area"] or not _AGES.fullmatch(str(row["ages"]))):
        found, expected = f"ages '{row['ages']}', area '{row['area']}'", "ages such as 15-24 or 0-100, and all areas"
        problems.append(Problem(f"later migrants '{name}'", found, expected, "Correct the row.", file, line))
    return problems


_AGES = re.compile(r"(\d+)-(\d+)")


def ages_of(words: str) -> tuple[int, int]:
    """Return the first and the last age of words such as 15-24 [completed years].

    Raises
    ------
    ValueError
        When the words are not two ages.
    """
    found = _AGES.fullmatch(words)
    if found is None:
        raise ValueError(words)
    return int(found[1]), int(found[2])


def line_of(path: Path, column: str, value: str) -> int | None:
    """Return the line of a table where `column` has `value`, for messages."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            return next((reader.line_num for row in reader if row.get(column, "").strip() == value), None)
    except OSError:
        return None


@dataclass(frozen=True)
class Moves:
    """What each parameter does to the log multipliers and the migrants of a year, as bare arrays.

    Parameters
    ----------
    log : (area, channel, parameter) [1]
        Factor of the parameter's log (level, contrast) or of itself (shock).
    persons : (area, parameter) [1]
    taken_as_log : (parameter,)
        Whether the log of the value counts.
    """

    log: Array
    persons: Array
    taken_as_log: NDArray[np.bool_]

    def logs(self, values: Array) -> Array:
        """Return log multipliers (area, channel, draw) of values (draw, parameter)."""
        scaled = np.where(self.taken_as_log, np.log(np.where(self.taken_as_log, values, 1.0)), values)
        areas, channels, _ = self.log.shape
        found: Array = (self.log.reshape(areas * channels, -1) @ scaled.T).reshape(areas, channels, -1)
        return found

    def migrants(self, values: Array) -> Array:
        """Return the levels (area, component, draw) of the two components of net migration."""
        more = self.persons @ values.T
        found: Array = np.stack([np.ones_like(more), more], axis=1)
        return found


def moves(baseline: Baseline, parameters: Sequence[Parameter]) -> Moves:
    """Return what parameters do to the first projected year of a place."""
    areas, channels = baseline.areas, list(baseline.space.channels)
    log = np.zeros((len(areas), len(channels), len(parameters)))
    persons = np.zeros((len(areas), len(parameters)))
    for column, parameter in enumerate(parameters):
        rows = [i for i, area in enumerate(areas) if parameter.area in (None, area)]
        if parameter.role not in (*FACTORS, "shock"):
            continue
        if parameter.unit == PERSONS:
            persons[rows, column] = 1.0
            continue
        moved = [
            k for k, channel in enumerate(channels) if parameter.channels and channel.startswith(parameter.channels)
        ]
        log[np.ix_(rows, moved, [column])] = 1.0
    as_log = np.array([p.role in FACTORS and p.unit != PERSONS for p in parameters], dtype=bool)
    return Moves(log, persons, as_log)


def level_multipliers(
    baseline: Baseline, parameters: Sequence[Parameter], values: Array
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return parameters of the first year as what a projection takes.

    Parameters
    ----------
    parameters : sequence of Parameter
        Trends and elasticities among them move nothing here.
    values : (draw, parameter) [unit]

    Returns
    -------
    log_multipliers : (draw, area, channel) [log]
        Of the hazards.
    migration : (draw, area, component) [1]
        Levels of the components of net migration.
    """
    move = moves(baseline, parameters)
    head = {"draw": np.arange(len(values)), "area": baseline.areas}
    return (
        xr.DataArray(
            np.moveaxis(move.logs(values), -1, 0),
            dims=("draw", "area", "channel"),
            coords={**head, "channel": list(baseline.space.channels)},
        ),
        xr.DataArray(
            np.moveaxis(move.migrants(values), -1, 0),
            dims=("draw", "area", "component"),
            coords={**head, "component": ["observed", "more"]},
        ),
    )


def prior_table(parameters: Sequence[Parameter], lang: str = "en") -> pd.DataFrame:
    """Return one row per parameter: role, prior with its 5, 50 and 95 % quantiles, bounds, reason, source, meaning."""
    import pandas as pd

    rows = []
    for one in parameters:
        prior = one.distribution
        low, middle, high = prior.quantile([0.05, 0.5, 0.95])
        rows.append(
            {
                "parameter": one.name,
                "role": one.role,
                "fitted": one.fitted,
                "family": prior.family,
                "params": ";".join(f"{name}={value:g}" for name, value in prior.params.items()),
                "q05": low, "q50": middle, "q95": high,
                "lower": one.lower, "upper": one.upper, "start": one.start, "unit": one.unit, "ages": one.ages,
                "kind": one.kind, "reason": one.reason, "source": one.source,
                "meaning": one.label_zh if lang == "zh" else one.label_en,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
