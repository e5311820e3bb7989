"""An answer to an inverse question, and its folder: tables, a scenario file of each package found, and a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.output.answer import Answer, Found
from huyou_sim.output.ensemble_manifest import ensemble_manifest
from huyou_sim.output.folder import output_folder, write_bytes
from huyou_sim.output.labels import text
from huyou_sim.output.solve_words import package_rows
from huyou_sim.output.tables import write_table
from huyou_sim.output.write import seal
from huyou_sim.policy.adjust import scenario_with
from huyou_sim.policy.measures import Words
from huyou_sim.policy.written import scenario_text

if TYPE_CHECKING:
    from huyou_sim.planning.solve import Asked
    from huyou_sim.policy import Scenario

LANGUAGES = ("zh", "en")


def scenario_of_package(asked: Asked, found: Found) -> Scenario:
    """Return a package as a scenario with words of its own, on top of the base."""
    base, economy = asked.base, asked.ensemble.context
    kinds = {lang: text(found.kind, lang, **({"amount": found.amount} if found.amount else {})) for lang in LANGUAGES}
    names, told = {}, {}
    for lang in LANGUAGES:
        rows = package_rows(found.settings, economy, lang)
        levers = ("；" if lang == "zh" else "; ").join(" ".join(row) for row in rows) or text("solve.no_lever", lang)
        names[lang] = text("solve.package_name", lang, what=kinds[lang])
        told[lang] = text("solve.package_described", lang, base=base.label(lang), levers=levers)
    made = scenario_with(base, found.settings, economy, key=found.key)
    return replace(made, names=Words(**names), descriptions=Words(**told))


def write_answer(
    answer: Answer, folder: Path, *, arguments: Mapping[str, object], lang: str = "en", figures: bool = True
) -> str:
    """Return a sentence that names the folder that an answer was written to, whole or not at all.

    Parameters
    ----------
    answer : Answer
    folder : path
        New, empty, or an earlier result, which is replaced when the new one is complete.
    arguments : mapping
        Of the command, for the manifest.
    lang : {"en", "zh"}
    figures : bool
        Draw the cost curve, where there is one.

    Raises
    ------
    OutputError
        When the folder holds something else than a result, or the system refuses to write.
    """
    made = [scenario_of_package(answer.asked, one) for one in answer.packages]
    manifest = _manifest(answer, made, arguments, lang)
    with output_folder(folder) as part:
        seal(part, list(_write_all(part, answer, made, lang, figures)), manifest)
    return text("solve.written", lang, folder=str(folder))


def _write_all(part: Path, answer: Answer, made: list[Scenario], lang: str, figures: bool) -> Iterator[str]:
    """Write every file but the manifest and yield its name."""
    (part / "tables").mkdir()
    for name, table in answer.tables.items():
        yield write_table(table, part / "tables" / f"{name}.csv", lang).relative_to(part).as_posix()
    for scenario in made:
        content = scenario_text(scenario, reason=answer.said.splitlines()[0])
        path = write_bytes(part / f"{scenario.key}.toml", content.encode("utf-8"))
        yield path.relative_to(part).as_posix()
    if figures and (answer.curve is not None or "frontier" in answer.tables):
        from huyou_sim.output.figure_frontier import MAKERS, draw_answer

        for ending in MAKERS:
            path = draw_answer(answer, part / f"curve{ending}", lang)
            yield path.relative_to(part).as_posix()


def _manifest(answer: Answer, made: list[Scenario], arguments: Mapping[str, object], lang: str) -> dict[str, Any]:
    asked = answer.asked
    scenarios = [asked.base, *asked.rivals, *made]
    full = {"command": "solve", "draws": len(asked.ensemble), **arguments}
    return ensemble_manifest(asked.fit, asked.posterior, scenarios, full, seed=asked.ensemble.seed, lang=lang)
