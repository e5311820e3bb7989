"""A new scenario file on the disk: checked before it takes its name, with the schema for editors beside it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from huyou_sim.errors import ArgumentError, Problem, ScenarioError
from huyou_sim.output.folder import replace_file, write_bytes, writing_error
from huyou_sim.output.labels import check_language, text
from huyou_sim.policy import load_scenario
from huyou_sim.policy.document import shown
from huyou_sim.policy.schema import SCHEMA_FILE, schema_json
from huyou_sim.policy.template import PARENT, Template, template, template_text


def new_scenario(
    path: str | Path,
    *,
    extends: Sequence[str] = (PARENT,),
    measures: Sequence[str] = (),
    name_zh: str | None = None,
    name_en: str | None = None,
    force: bool = False,
) -> tuple[Template, list[Path]]:
    """Return what a new scenario file holds, and the files written: the scenario, and the schema where there was none.

    Parameters
    ----------
    path, extends, measures, name_zh, name_en
        As in `huyou_sim.policy.template.template`.
    force : bool
        Replace a file that exists.

    Raises
    ------
    ArgumentError
        When the file exists, or as in `template`.
    ScenarioError
        When the scenarios to extend have problems, or set one lever to different values.
    OutputError
        When the system refuses to write. Nothing is half-written.
    """
    new = template(path, extends=extends, measures=measures, name_zh=name_zh, name_en=name_en)
    target, schema = new.path, new.path.with_name(SCHEMA_FILE)
    try:
        _check_free(target, force=force)
        alone = not schema.exists()
    except OSError as error:
        raise writing_error(error, target) from error
    content = template_text(new).encode("utf-8")
    _check_loads(target, content)
    written = [replace_file(schema, schema_json().encode("utf-8"))] if alone else []
    return new, [replace_file(target, content), *written]


def _check_free(target: Path, *, force: bool) -> None:
    """Refuse a folder, and a file that exists unless it may be replaced."""
    if target.is_dir():
        raise ArgumentError(Problem("PATH", "a folder", "a new file", "Choose another name.", shown(target)))
    if target.exists() and not force:
        fix = "Choose another name, or type --force to replace it."
        raise ArgumentError(Problem("PATH", "a file that exists", "a new file", fix, shown(target)))


def _check_loads(target: Path, content: bytes) -> None:
    """Raise the problems that a scenario file would have, under its own name, before it takes that name."""
    part = target.with_name(f".{target.stem}.{os.getpid()}.part.toml")
    try:
        write_bytes(part, content, shown=target)
        load_scenario(part)
    except ScenarioError as error:
        raise ScenarioError([_renamed(problem, part, target) for problem in error.problems]) from None
    finally:
        with contextlib.suppress(OSError):  # where the part could not be made, it cannot be removed either
            part.unlink(missing_ok=True)


def _renamed(problem: Problem, part: Path, target: Path) -> Problem:
    if "two parents set it differently" in problem.expected:
        table = problem.where.removeprefix("[[").partition("]")[0].partition(".")[0]
        fix = f"Extend one of the two, or type --with {table}: then the new file decides."
        return Problem(problem.where, problem.found, problem.expected, fix)
    words = {key: getattr(problem, key).replace(part.name, target.name) for key in ("found", "expected", "fix")}
    file = problem.file and problem.file.replace(part.name, target.name)
    return replace(problem, **words, file=file)


def new_report(new: Template, written: Sequence[Path], lang: str = "en") -> str:
    """Return what was written, and what to type next.

    Parameters
    ----------
    new, written
        From `new_scenario`.
    lang : {"en", "zh"}
    """
    check_language(lang)
    comma = "、" if lang == "zh" else ", "
    file = shown(written[0])
    if new.extends:
        lines = [text("new.written", lang, file=file, parents=comma.join(new.extends))]
    else:
        lines = [text("new.alone", lang, file=file)]
    lines += [text("new.schema", lang, file=shown(path)) for path in written[1:]]
    chosen = comma.join(new.measures) or text("new.nothing", lang)
    return "\n".join([*lines, text("new.next", lang, set=chosen, file=file)])
