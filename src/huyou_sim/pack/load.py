"""A data pack as one frozen value: everything read, typed and checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from huyou_sim.errors import PackError, Problem, suggest
from huyou_sim.pack.checks import check_place, check_schedules
from huyou_sim.pack.checksums import is_cut_short, verify
from huyou_sim.pack.locate import SETTINGS, find_pack
from huyou_sim.pack.schema import tables_of
from huyou_sim.pack.settings import Place, Settings, line_of_key, read_settings
from huyou_sim.pack.table import Checked, check_table, empty


class Part(NamedTuple):
    """One folder of data, read and checked."""

    folder: Path
    settings: Settings
    tables: Mapping[str, Checked]
    checksums: Mapping[str, str]


@dataclass(frozen=True, repr=False, eq=False)
class Pack:
    """The data of one place. Columns of every table are declared in `columns.csv` (see `data/README.md`).

    Parameters
    ----------
    name : str
    path : Path
        Folder of the pack.
    title_en, title_zh : str
    place : Place
        ``code``, ``name_zh`` and ``name_en`` of the whole, which is the sum of its areas.
    start_date, census_date : date
    areas, population_census, population_single_age, net_migration, marital_status, children_ever_born,
    observations, economy, assumptions, parameters, publication_errors, targets, indicators, scorecard, supply,
    service_norms, service_supply : DataFrame
        `observations` has also ``year``, the calendar year of ``date``. `publication_errors` and the tables after it
        have no rows where a place has no plan.
    schedules : mapping of str to DataFrame
        Tables of the larger areas, from the packs that this one names.
    evidence : mapping of str to DataFrame
        ``priors`` and ``unit_costs``; PackError when the pack names no evidence.
    settings : Settings
        pack.toml as it stands.
    checksums : mapping
        Pack name to file name to SHA-256, of this pack and of those it names.
    """

    name: str
    path: Path
    title_en: str
    title_zh: str
    place: Place
    start_date: date
    census_date: date
    areas: pd.DataFrame
    population_census: pd.DataFrame
    population_single_age: pd.DataFrame
    net_migration: pd.DataFrame
    marital_status: pd.DataFrame
    children_ever_born: pd.DataFrame
    observations: pd.DataFrame
    economy: pd.DataFrame
    assumptions: pd.DataFrame
    parameters: pd.DataFrame
    publication_errors: pd.DataFrame
    targets: pd.DataFrame
    indicators: pd.DataFrame
    scorecard: pd.DataFrame
    supply: pd.DataFrame
    service_norms: pd.DataFrame
    service_supply: pd.DataFrame
    schedules: Mapping[str, pd.DataFrame]
    evidence: Mapping[str, pd.DataFrame]
    settings: Settings
    checksums: Mapping[str, Mapping[str, str]]

    def __repr__(self) -> str:
        return f"<Pack {self.name}: {self.title_en}, {len(self.areas)} areas, {self.path}>"


class Evidence(dict[str, pd.DataFrame]):
    """Tables of the evidence; a pack that names none says so when one is asked for."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
        super().__init__(tables)
        self._settings = str(folder / SETTINGS)

    def __missing__(self, name: str) -> pd.DataFrame:
        raise PackError(
            Problem(
                "uses.evidence",
                "no pack of evidence",
                f"one: levers and trends need its table '{name}'",
                'Type evidence = "evidence" under [uses].',
                self._settings,
            )
        )


def load_pack(place: str | Path) -> Pack:
    """Return the data of a place, checked.

    Parameters
    ----------
    place : str or Path
        Name of a pack that comes with the software ("huzhou"), or the path of a pack's folder.

    Raises
    ------
    PackError
        With every problem that was found in the pack and in the packs it names.
    """
    folder = find_pack(place)
    part, problems = read_part(folder)
    others, more = _used_parts(folder, part)
    problems += more
    if part is not None and part.settings.kind != "place":
        problems.append(
            Problem(
                "kind",
                f"'{part.settings.kind}'",
                "'place': only a place can be projected",
                "Name the pack of a place.",
                str(folder / SETTINGS),
            )
        )
    schedules, more = _merge([p for p in others if p.settings.kind == "schedules"])
    problems += more
    if problems or part is None:
        raise PackError(problems)
    return _pack(folder, part, others, schedules)


def check_pack(place: str | Path) -> list[Problem]:
    """Return all problems of a pack of any kind; none when it is sound."""
    try:
        folder = find_pack(place)
        part, problems = read_part(folder)
        if part is not None and part.settings.kind == "place" and not problems:
            load_pack(folder)
    except PackError as error:
        return list(error.problems)
    return problems


def read_part(folder: Path, *, checksums: bool = True, derived: bool = True) -> tuple[Part | None, list[Problem]]:
    """Return one pack folder of any kind, and everything that is wrong in it.

    Parameters
    ----------
    checksums : bool
        Hold the files against SHA256SUMS.
    derived : bool
        Read the derived tables too; without, they need not exist.
    """
    settings, problems = read_settings(folder / SETTINGS)
    sums, changed = verify(folder) if checksums else ({}, {})
    problems += [changed[name] for name in sorted(changed)]
    if settings is None:
        return None, problems
    tables = tables_of(settings.kind)
    problems += _files(folder, settings, tables=list(tables), derived=derived, reported=set(changed))
    read: dict[str, Checked] = {}
    for table in tables.values():
        path = folder / table.file
        if (table.derived and not derived) or not path.is_file():
            continue
        if table.file in changed and is_cut_short(path):
            continue
        checked, faults = check_table(path, table)
        problems += faults
        if checked is not None:
            read[table.name] = checked
    check = {"place": lambda: check_place(settings, read), "schedules": lambda: check_schedules(read)}
    if settings.kind in check:
        problems += check[settings.kind]()
    return Part(folder, settings, MappingProxyType(read), MappingProxyType(sums)), problems


def _files(folder: Path, settings: Settings, *, tables: list[str], derived: bool, reported: set[str]) -> list[Problem]:
    """Return a problem for each required file that is missing and each that no table is declared for."""
    declared = tables_of(settings.kind)
    problems = []
    for table in declared.values():
        missing = not (folder / table.file).is_file() and table.file not in reported
        if table.required and missing and (derived or not table.derived):
            fix = f"Type: huyou derive {folder}" if table.derived else "Add the file (see data/README.md)."
            problems.append(Problem("file", "missing", table.doc, fix, str(folder / table.file)))
    for path in sorted(folder.glob("*.csv")):
        if path.stem not in declared:
            problems.append(
                Problem(
                    "file",
                    "an unknown table",
                    f"one of {', '.join(tables)}",
                    suggest(path.stem, tables),
                    str(path),
                )
            )
    return problems


def _used_parts(folder: Path, part: Part | None) -> tuple[list[Part], list[Problem]]:
    """Return the packs that a pack names."""
    parts: list[Part] = []
    problems: list[Problem] = []
    uses = part.settings.uses if part else None
    wanted = [(name, "schedules") for name in uses.schedules] if uses else []
    if uses and uses.evidence:
        wanted.append((uses.evidence, "evidence"))
    for name, kind in wanted:
        settings = folder / SETTINGS
        line = line_of_key(settings, "uses", kind)
        try:
            found = find_pack(name, beside=folder)
        except PackError as error:
            problems += [
                replace(problem, where=f"uses.{kind}", file=str(settings), line=line) for problem in error.problems
            ]
            continue
        other, faults = read_part(found)
        problems += faults
        if other is None:
            continue
        if other.settings.kind != kind:
            problems.append(
                Problem(
                    f"uses.{kind}",
                    f"'{name}', a pack of kind '{other.settings.kind}'",
                    f"a pack of kind '{kind}'",
                    "Name another pack.",
                    str(settings),
                    line,
                )
            )
        parts.append(other)
    return parts, problems


def used_schedules(folder: Path, part: Part) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Return the schedules that a place names, and everything that is wrong with the packs they come from."""
    others, problems = _used_parts(folder, part)
    merged, more = _merge([other for other in others if other.settings.kind == "schedules"])
    return merged, problems + more


def _merge(parts: list[Part]) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Return the tables of several packs of schedules, rows of one name below each other."""
    merged: dict[str, pd.DataFrame] = {}
    problems = []
    for name, table in tables_of("schedules").items():
        given = [part.tables[name] for part in parts if name in part.tables]
        if not given:
            continue
        for i, checked in enumerate(given):
            for other in given[:i]:
                both = pd.concat([other.frame, checked.frame], ignore_index=True)
                if both.duplicated(table.key).any():
                    problems.append(
                        Problem(
                            f"table {name}",
                            f"rows that {other.path} has too",
                            "keys that no other pack has",
                            "Delete one of the two, or name one pack less in [uses].",
                            str(checked.path),
                        )
                    )
        merged[name] = pd.concat([c.frame for c in given], ignore_index=True) if len(given) > 1 else given[0].frame
    return merged, problems


def _pack(folder: Path, part: Part, others: list[Part], schedules: dict[str, pd.DataFrame]) -> Pack:
    settings = part.settings
    if settings.place is None or settings.dates is None:
        # Settings of a place cannot lack them; said for the type checker.
        raise PackError(Problem("pack.toml", "no place", "[place] and [dates]", "Add them.", str(folder / SETTINGS)))
    frames = {
        name: part.tables[name].frame if name in part.tables else empty(table)
        for name, table in tables_of("place").items()
    }
    observations = frames.pop("observations")
    year = observations["date"].str.slice(0, 4).astype("int64")
    evidence = {
        name: checked.frame for p in others if p.settings.kind == "evidence" for name, checked in p.tables.items()
    }
    return Pack(
        name=settings.name,
        path=folder,
        title_en=settings.title_en,
        title_zh=settings.title_zh,
        place=settings.place,
        start_date=settings.dates.start,
        census_date=settings.dates.census,
        observations=observations.assign(year=year),
        schedules=MappingProxyType(schedules),
        evidence=MappingProxyType(Evidence(evidence, folder)),
        settings=settings,
        checksums=MappingProxyType({p.settings.name: p.checksums for p in (part, *others)}),
        **frames,
    )
