"""Scenarios: found by name or path, their chain of parents resolved, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from huyou_sim.errors import Problem, ScenarioError, suggest
from huyou_sim.policy.document import Document, problem_at, read_document, shown
from huyou_sim.policy.double_counting import check_double_counting
from huyou_sim.policy.measures import LIST_TABLES, OPEN_TABLES, WHOLE_TABLES, Levers, Trends, Words
from huyou_sim.policy.positions import KeyPath
from huyou_sim.policy.setting import LeverKey, Setting
from huyou_sim.policy.shelf import DEFAULT_SCENARIOS, find_scenario


@dataclass(frozen=True)
class Scenario:
    """A package of levers, all parents resolved.

    Parameters
    ----------
    key : str
        Name of the file without its ending.
    names, descriptions : Words
    reason : str
    path : Path
    parents : tuple of str
        Names of the scenarios that it extends directly.
    areas : tuple of str, optional
        Codes of the areas where local measures apply; None for all. The national subsidy applies everywhere.
    trends : Trends
    levers : Levers
    settings : tuple of Setting
        Which file set each lever, why, and whether the value is assumed.
    """

    key: str
    names: Words
    descriptions: Words
    reason: str
    path: Path
    parents: tuple[str, ...]
    areas: tuple[str, ...] | None
    trends: Trends
    levers: Levers
    settings: tuple[Setting, ...]

    def label(self, lang: str) -> str:
        """Return the name for people, in `zh` or else English."""
        return self.names.zh if lang == "zh" else self.names.en

    def description(self, lang: str) -> str:
        """Return a sentence on what the scenario does, in `zh` or else English."""
        return self.descriptions.zh if lang == "zh" else self.descriptions.en

    @property
    def assumptions(self) -> tuple[Setting, ...]:
        """Return the settings whose values no source gives."""
        return tuple(setting for setting in self.settings if setting.assumed)


def load_scenario(scenario: str | Path, *, areas: Sequence[str] | None = None) -> Scenario:
    """Return a scenario with all its parents resolved.

    Parameters
    ----------
    scenario : str or Path
        Name of one that comes with the software ("plan_as_written"), or the path of a TOML file.
    areas : sequence of str, optional
        Codes of the areas that exist; when given, the scenario's areas are held against them.

    Raises
    ------
    ScenarioError
        With every problem of the file and of its parents.
    """
    path = find_scenario(scenario)
    documents, problems = _read_chain(path)
    if problems:
        raise ScenarioError(problems)
    layer = _resolve(documents[path], documents)
    found = _scenario(documents[path], layer)
    if areas is not None:
        check_areas([found], areas)
    return found


def scenario_files(scenario: str | Path) -> tuple[Path, ...]:
    """Return the files that a scenario is made of: its own and all that it extends, each once.

    Raises
    ------
    ScenarioError
        With every problem of these files.
    """
    documents, problems = _read_chain(find_scenario(scenario))
    if problems:
        raise ScenarioError(problems)
    return tuple(documents)


def load_scenarios(scenarios: Sequence[str | Path] = (), *, areas: Sequence[str] | None = None) -> tuple[Scenario, ...]:
    """Return several scenarios in the order given; the packages of `DEFAULT_SCENARIOS` when none is.

    Raises
    ------
    ScenarioError
        With every problem of every file, each once; also when two scenarios have one name.
    """
    loaded: list[Scenario] = []
    problems: list[Problem] = []
    for given in scenarios or DEFAULT_SCENARIOS:
        try:
            scenario = load_scenario(given, areas=areas)
        except ScenarioError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        twin = next((other for other in loaded if other.key == scenario.key), None)
        if twin is not None:
            found = f"'{scenario.key}' twice: {shown(twin.path)} and {shown(scenario.path)}"
            problems.append(Problem("scenarios", found, "each name once", "Leave one out, or rename its file."))
        loaded.append(scenario)
    if problems:
        raise ScenarioError(problems)
    return tuple(loaded)


def check_areas(scenarios: Iterable[Scenario], areas: Sequence[str]) -> None:
    """Raise a ScenarioError that locates every area code of the scenarios which is not in `areas`."""
    problems: list[Problem] = []
    for scenario in scenarios:
        setting = next((s for s in scenario.settings if s.key == ("areas",)), None)
        if setting is None:
            continue
        for i, code in enumerate(setting.value):
            if code not in areas:
                known = f"one of {', '.join(areas)}"
                place: KeyPath = ("areas", i)
                problem = problem_at(setting.path, place, "areas", f"'{code}'", known, suggest(code, areas))
                problems += [problem] if problem not in problems else []
    if problems:
        raise ScenarioError(problems)


def _parents(document: Document) -> tuple[list[Path], list[Problem]]:
    """Return the files that a document extends, and a problem for each that does not exist."""
    paths, problems = [], []
    for i, name in enumerate(document.extends):
        place: KeyPath = ("extends",) if isinstance(document.content.extends, str) else ("extends", i)
        try:
            parent = find_scenario(name, beside=document.path)
        except ScenarioError as error:
            p = error.problems[0]
            problems.append(problem_at(document.path, place, "extends", f"'{name}'", p.expected, p.fix))
            continue
        if parent in paths:
            found, expected = f"'{name}' twice", "each parent once"
            fix = "Delete one of the two."
            problems.append(problem_at(document.path, place, "extends", found, expected, fix))
        paths.append(parent)
    return paths, problems


def _read_chain(path: Path) -> tuple[dict[Path, Document], list[Problem]]:
    """Return a file and everything that it extends, each read once, and all their problems."""
    documents: dict[Path, Document] = {}
    problems: list[Problem] = []

    def visit(current: Path, above: tuple[Path, ...]) -> None:
        if current in above:
            circle = " extends ".join(p.stem for p in (*above[above.index(current) :], current))
            problems.append(
                problem_at(
                    above[-1], ("extends",), "extends", f"a circle: {circle}", "a chain that ends",
                    f"Delete '{current.stem}' from extends in {shown(above[-1])}.",
                )
            )  # fmt: skip
            return
        if current in documents:
            return
        document, found = read_document(current)
        problems.extend(found)
        if document is None:
            return
        parents, found = _parents(document)
        problems.extend(found)
        for parent in parents:
            visit(parent, (*above, current))
        documents[current] = document

    visit(path, ())
    return documents, problems


def _own_settings(document: Document) -> dict[LeverKey, Setting]:
    """Return the levers that one file sets itself."""
    content = document.content
    found: list[Setting] = []
    if content.areas is not None:
        found.append(Setting(("areas",), tuple(content.areas), document.path, ("areas",)))
    words = {"assumed", "reason"}
    for table in OPEN_TABLES:
        part = getattr(content, table)
        why = (getattr(part, "assumed", False), getattr(part, "reason", ""))
        values = part.model_dump(include=part.model_fields_set - words)
        found += [Setting((table, k), v, document.path, (table, k), *why) for k, v in values.items()]
    for table in WHOLE_TABLES:
        part = getattr(content, table)
        if table in content.model_fields_set:
            value = part.model_dump(exclude=words)
            found.append(Setting((table,), value, document.path, (table,), part.assumed, part.reason))
    for table in LIST_TABLES:
        for i, part in enumerate(getattr(content, table)):
            value = part.model_dump(exclude=words)
            key = (table, part.order)
            found.append(Setting(key, value, document.path, (table, i), part.assumed, part.reason))
    return {setting.key: setting for setting in found}


def _resolve(document: Document, documents: Mapping[Path, Document]) -> dict[LeverKey, Setting]:
    """Return the settings of a file over those of its parents, which must not collide.

    Raises
    ------
    ScenarioError
        When two parents set a lever to different values and the file does not decide.
    """
    own = _own_settings(document)
    merged: dict[LeverKey, Setting] = {}
    problems: list[Problem] = []
    parents, _ = _parents(document)
    for path in parents:
        for key, setting in _resolve(documents[path], documents).items():
            other = merged.setdefault(key, setting)
            if other.value != setting.value and key not in own:
                problems.append(_collision(document, other, setting))
    if problems:
        raise ScenarioError(problems)
    return merged | own


def _collision(document: Document, one: Setting, other: Setting) -> Problem:
    places = [setting.position for setting in (one, other)]
    return problem_at(
        document.path,
        ("extends",),
        one.name,
        f"{one.typed()} ({places[0]}) and {other.typed()} ({places[1]})",
        "one value: two parents set it differently",
        f"Set it in {document.file}, which decides: type {one.typed()}",
    )


def _scenario(document: Document, layer: Mapping[LeverKey, Setting]) -> Scenario:
    """Return the scenario that a document's resolved settings make."""
    content = document.content
    bare = Scenario(
        key=document.path.stem,
        names=content.name,
        descriptions=content.description,
        reason=content.reason,
        path=document.path,
        parents=document.extends,
        areas=None,
        trends=Trends(),
        levers=Levers(),
        settings=(),
    )
    return scenario_of(bare, layer)


def scenario_of(base: Scenario, layer: Mapping[LeverKey, Setting]) -> Scenario:
    """Return a scenario with the words of `base` and the levers, trends and areas of resolved settings.

    Raises
    ------
    ScenarioError
        When measures that are each allowed would count one thing twice.
    """
    merged: dict[str, Any] = {}
    for key, setting in layer.items():
        table = str(key[0])
        if table in LIST_TABLES:
            merged.setdefault(table, []).append(setting.value)
        elif table in OPEN_TABLES:
            merged.setdefault(table, {})[key[1]] = setting.value
        else:
            merged[table] = setting.value
    for table in LIST_TABLES:
        merged.get(table, []).sort(key=lambda measure: measure["order"])
    trends = Trends.model_validate(merged.pop("trends", {}))
    areas = merged.pop("areas", None)
    check_double_counting(layer)
    return replace(
        base, areas=areas, trends=trends, levers=Levers.model_validate(merged), settings=tuple(layer.values())
    )
