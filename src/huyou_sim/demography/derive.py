"""The derived tables of a pack: single ages and net migration, made from what was observed."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.demography.graduation import graduate, round_within_groups
from huyou_sim.demography.migration import rogers_castro
from huyou_sim.demography.residual import INTERVAL, SEXES, net_migration, pattern_migration
from huyou_sim.errors import PackError, Problem
from huyou_sim.pack.checksums import LIST, checksum_list, pack_files, sha256
from huyou_sim.pack.load import read_part, used_schedules
from huyou_sim.pack.locate import SETTINGS, find_pack

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from huyou_sim.pack.load import Part
    from huyou_sim.pack.settings import Derivation, Migration, Schedule

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]

DECIMALS = 3
"""Decimals of derived counts: few enough that every machine writes the same digits."""
SINGLE_AGES = "population_single_age.csv"
MIGRATION = "net_migration.csv"
ASSUMED_BELOW = 10
"""Ages under this rest on the assumption about children born between the censuses."""


def derive_pack(path: str | Path) -> tuple[Path, ...]:
    """Return the files that changed when the derived tables and checksums of a pack were written anew.

    Parameters
    ----------
    path : str or Path
        Folder or name of a pack. For a place the tables population_single_age and net_migration are made; for
        every pack SHA256SUMS.

    Raises
    ------
    PackError
        With every problem of the tables that are written by hand; nothing is written then.

    Notes
    -----
    Deriving twice writes the same bytes. Each file appears whole or not at all.
    """
    folder = find_pack(path)
    part, problems = read_part(folder, checksums=False, derived=False)
    texts: dict[str, str] = {}
    if part is not None and part.settings.kind == "place":
        schedules, more = used_schedules(folder, part)
        problems += more
        if not problems:
            problems += _missing(part, schedules)
        if not problems:
            texts = derived_tables(part, schedules)
    if problems:
        raise PackError(problems)
    try:
        changed = [folder / name for name, text in texts.items() if write_whole(folder / name, text)]
        sums = {name: sha256(folder / name) for name in pack_files(folder)}
        if write_whole(folder / LIST, checksum_list(sums)):
            changed.append(folder / LIST)
    except OSError as error:
        raise PackError(
            Problem(
                "writing the pack",
                error.strerror or str(error),
                "a folder that may be written",
                "Copy the pack to a folder of yours and derive it there.",
                str(folder),
            )
        ) from error
    return tuple(changed)


def derived_tables(part: Part, schedules: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the text of the derived tables of a place by file name."""
    settings = part.settings
    areas = [str(code) for code in part.tables["areas"].frame["area"]]
    census = part.tables["population_census"].frame
    derivation, dates = settings.derivation, settings.dates
    if derivation is None or dates is None:
        return {}
    day = dates.census.isoformat()
    single = {area: single_ages(census, area, day, derivation, schedules) for area in areas}
    flows = migration(areas, census, day, derivation, schedules, single)
    return {
        SINGLE_AGES: _text(
            ("area", "date", "sex", "age", "population", "kind", "method"),
            (
                (area, day, sex, age, _number(single[area][s, age]), "derived", GRADUATED)
                for area in areas
                for s, sex in enumerate(SEXES)
                for age in range(single[area].shape[1])
            ),
        ),
        MIGRATION: _text(
            ("area", "sex", "age", "migrants_per_year", "kind", "method"),
            (
                (area, sex, age, _number(flows[i, s, age]), *_kind(derivation.migration, age))
                for i, area in enumerate(areas)
                for s, sex in enumerate(SEXES)
                for age in range(flows.shape[2])
            ),
        ),
    }


GRADUATED = "census groups split by the national single ages; least-bending ratio; group sums exact"


def _kind(settings: Migration, age: int) -> tuple[str, str]:
    if settings.method == "pattern":
        return (
            "assumed",
            f"rates by age of area {settings.pattern_area} scaled to an assumed total of the place",
        )
    if settings.method == "schedule":
        return "assumed", "Rogers-Castro schedule by age scaled to an assumed total of the place"
    if age < ASSUMED_BELOW:
        return "assumed", "cohort residual; children born between the censuses moved with their mothers"
    return "derived", "cohort residual between the censuses, spread evenly over the ten years"


def single_ages(
    census: pd.DataFrame, area: str, day: str, derivation: Derivation, schedules: Mapping[str, pd.DataFrame]
) -> Array:
    """Return the census of an area by single age, (sex, age) [persons]; group sums are kept."""
    reference = _reference(schedules["population_single_age"], derivation.reference_area, day)
    rows = census[(census["area"] == area) & (census["date"] == day)]
    result = np.zeros_like(reference)
    for s, sex in enumerate(SEXES):
        part = rows[rows["sex"] == sex].sort_values("age_lower")
        lower = part["age_lower"].to_numpy(np.int64)
        totals = part["population"].to_numpy(float)
        counts = graduate(totals, lower, reference[s])
        result[s] = round_within_groups(counts, lower, totals, decimals=DECIMALS)
    return result


def _reference(table: pd.DataFrame, area: str, day: str) -> Array:
    rows = table[(table["area"] == area) & (table["date"] == day)]
    wide = rows.pivot(index="sex", columns="age", values="population")
    reference: Array = wide.loc[list(SEXES)].to_numpy(float)
    return reference


def migration(
    areas: Sequence[str],
    census: pd.DataFrame,
    day: str,
    derivation: Derivation,
    schedules: Mapping[str, pd.DataFrame],
    single: Mapping[str, Array],
) -> Array:
    """Return net migrants a year by single age at the move, (area, sex, age) [persons per year]."""
    settings = derivation.migration
    if settings.method == "residual":
        return np.stack([_residual(census, area, day, derivation, schedules, single[area]) for area in areas])
    total = float(settings.migrants_per_year or 0.0)
    if settings.schedule is not None:
        return model_migration(np.stack([single[area] for area in areas]), areas, settings.schedule, total=total)
    lender = str(settings.pattern_area)
    counted = schedules["population_census"]
    second = single_ages(counted, lender, day, derivation, schedules)
    schedule = _residual(counted, lender, day, derivation, schedules, second)
    # Both populations carry the nation's large and small cohorts of the same day, so these cancel out.
    return pattern_migration(np.stack([single[area] for area in areas]), schedule / second, total=total)


def model_migration(population: Array, areas: Sequence[str], schedule: Schedule, *, total: float) -> Array:
    """Return net migrants that follow a Rogers-Castro schedule, (area, sex, age) [persons per year].

    Parameters
    ----------
    population : (area, sex, age) [persons]
        Divides the migrants among the areas where the schedule does not say how.
    areas : sequence of str
    schedule : Schedule
    total : float [persons per year]
    """
    by_age = rogers_castro(
        np.arange(population.shape[2]),
        childhood=schedule.childhood,
        labour=schedule.labour,
        constant=schedule.constant,
        retirement=schedule.retirement,
        elderly=schedule.elderly,
    )
    by_sex = np.array([schedule.male_share, 1.0 - schedule.male_share])
    given = schedule.area_shares
    by_area = np.array([given[area] for area in areas]) if given else population.sum((1, 2))
    shares = by_area / by_area.sum()
    migrants: Array = total * shares[:, None, None] * by_sex[:, None] * by_age
    return migrants


def _residual(
    census: pd.DataFrame,
    area: str,
    day: str,
    derivation: Derivation,
    schedules: Mapping[str, pd.DataFrame],
    second: Array,
) -> Array:
    """Return net migrants of an area between its two censuses by age, (sex, age) [persons per year]."""
    settings = derivation.migration
    first_day = str(settings.first_census)
    first = single_ages(census, area, first_day, derivation, schedules)
    years = range(int(first_day[:4]) + 1, int(day[:4]) + 1)
    table = schedules["mortality"]
    rates = np.stack(
        [
            table[table["year"] == year].pivot(index="sex", columns="age", values="mx").loc[list(SEXES)].to_numpy(float)
            for year in years
        ]
    )
    rows = census[(census["area"] == area) & (census["date"] == day) & (census["sex"] == "female")]
    lower = np.sort(rows["age_lower"].to_numpy(np.int64))
    return net_migration(first, second, rates, lower, level=float(settings.mortality_level or 1.0)).schedule


def _missing(part: Part, schedules: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Return a problem for each table, day or area that the derivation needs and that is not there."""
    derivation, dates = part.settings.derivation, part.settings.dates
    if derivation is None or dates is None or not {"areas", "population_census"} <= set(part.tables):
        return []
    settings = derivation.migration
    first, second = settings.first_census, dates.census
    lacks = [*_missing_schedules(derivation, schedules, first, second), *_missing_shares(part, settings)]
    if first is not None:
        lacks += _missing_censuses(part, settings, schedules, (first.isoformat(), second.isoformat()))
    if first is not None and (first.year + INTERVAL, first.month, first.day) != (second.year, second.month, second.day):
        lacks.append(
            (
                "derivation.migration.first_census",
                f"{first}, not {INTERVAL} years before the census of {second}",
                f"Name a census that was {INTERVAL} years earlier.",
            )
        )
    file = str(part.folder / SETTINGS)
    return [Problem(where, found, "data that the derivation needs", fix, file) for where, found, fix in lacks]


def _missing_schedules(
    derivation: Derivation, schedules: Mapping[str, pd.DataFrame], first: date | None, second: date
) -> Iterator[tuple[str, str, str]]:
    """Yield where, what and the mend for each reference population and year of death rates that is not there."""
    reference = schedules.get("population_single_age")
    for day in (each.isoformat() for each in (first, second) if each is not None):
        area = derivation.reference_area
        if reference is None or not ((reference["area"] == area) & (reference["date"] == day)).any():
            fix = "Name a pack of schedules in [uses] that has them, or another area."
            yield "derivation.reference_area", f"no single ages of area {area} on {day}", fix
    if first is None:
        return
    rates = schedules.get("mortality")
    covered = set() if rates is None else set(rates["year"])
    missing = sorted(set(range(first.year + 1, second.year + 1)) - covered)
    if missing:
        found = f"no death rates of {', '.join(str(year) for year in missing)}"
        yield "uses.schedules", found, "Name a pack of schedules whose mortality.csv has them."


def _missing_shares(part: Part, settings: Migration) -> Iterator[tuple[str, str, str]]:
    """Yield where, what and the mend when the areas' shares of the migrants are not those of the areas."""
    shares = settings.schedule.area_shares if settings.schedule else None
    areas = [str(code) for code in part.tables["areas"].frame["area"]]
    if shares is not None and (sorted(shares) != sorted(areas) or not sum(shares.values()) > 0.0):
        found = ", ".join(f"{area} = {share:g}" for area, share in shares.items())
        fix = f"Give one share for each of {', '.join(areas)}, or leave area_shares out: residents then divide them."
        yield "derivation.migration.schedule.area_shares", found, fix


def _missing_censuses(
    part: Part, settings: Migration, schedules: Mapping[str, pd.DataFrame], days: tuple[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield where, what and the mend for each census that the migration needs and that is not there."""
    areas = [str(code) for code in part.tables["areas"].frame["area"]]
    counted: pd.DataFrame | None = part.tables["population_census"].frame
    if settings.method == "pattern":
        areas, counted = [str(settings.pattern_area)], schedules.get("population_census")
    if counted is None:
        yield "uses.schedules", "no census of a larger area", "Name a pack with population_census.csv."
        return
    for area in areas:
        for day in days:
            if not ((counted["area"] == area) & (counted["date"] == day)).any():
                fix = "Add the census, correct first_census, or set method = 'pattern' to borrow an age pattern."
                yield "derivation.migration", f"no census of area {area} on {day}", fix
    if INTERVAL not in set(counted.loc[counted["area"].isin(areas), "age_lower"]):
        fix = f"Give the census by groups that begin at {INTERVAL}: they part those born between the censuses."
        yield "population_census.csv", f"no age group that begins at {INTERVAL}", fix


def _number(value: float) -> str:
    """Return a number with `DECIMALS` decimals, without needless zeros and without a minus before zero."""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def write_whole(path: Path, text: str) -> bool:
    """Return whether the file changed; it is replaced in one step, so that no reader sees half of it."""
    content = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == content:
        return False
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return True
