"""Where scenarios are found: those that come with the software, by name, and files of one's own, by path."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from huyou_sim.errors import Problem, ScenarioError, suggest
from huyou_sim.policy.document import shown

DEFAULT_SCENARIOS = (
    "no_new_policy",
    "plan_as_written",
    "subsidies_strong",
    "childcare_strong",
    "marriage_strong",
    "everything_together",
)
"""The packages of a run that names none, in the order of its tables."""


def scenario_folder() -> Path:
    """Return the folder of the scenarios that come with the software: of the wheel, else of the checkout."""
    installed = Path(str(files("huyou_sim"))) / "_scenarios"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / "scenarios"


def gallery_folder() -> Path:
    """Return the folder of packages for comparison that come with the software: real schemes, and single measures."""
    return scenario_folder() / "gallery"


def gallery_scenarios() -> list[str]:
    """Return the names of the packages for comparison, in alphabetical order."""
    return sorted(path.stem for path in gallery_folder().glob("*.toml"))


def known_scenarios() -> list[str]:
    """Return the names of the scenarios that come with the software: of a run without names, others, the gallery."""
    found = sorted(path.stem for path in scenario_folder().glob("*.toml"))
    first = [name for name in DEFAULT_SCENARIOS if name in found]
    return [*first, *(name for name in found if name not in first), *gallery_scenarios()]


def find_scenario(scenario: str | Path, *, beside: Path | None = None) -> Path:
    """Return the path of a scenario file.

    Parameters
    ----------
    scenario : str or Path
        A name, or a path; a text that ends in .toml or has a folder in it is a path.
    beside : Path, optional
        A scenario file: names and paths are looked for in its folder first.

    Raises
    ------
    ScenarioError
        When there is no such file; known names are listed.
    """
    text = str(scenario)
    is_path = isinstance(scenario, Path) or text.endswith(".toml") or len(Path(text).parts) != 1
    if is_path:
        path = (beside.parent / text if beside else Path(text)).resolve()
        if path.is_file():
            return path
        expected = "the path of a TOML file"
        raise ScenarioError(Problem("scenario file", "no such file", expected, "Check the path.", shown(path)))
    for folder in ([beside.parent] if beside else []) + [scenario_folder(), gallery_folder(), Path.cwd()]:
        path = folder / f"{text}.toml"
        if path.is_file():
            return path.resolve()
    known = known_scenarios()
    raise ScenarioError(
        Problem(
            "scenario",
            f"'{text}'",
            f"a known scenario ({', '.join(known)}) or the path of a TOML file",
            suggest(text, known),
        )
    )
