"""README: its code runs in the order in which it stands, and its links lead somewhere.

Blocks marked ``python`` run in one namespace, ``sh`` line by line, ``toml`` and ``json`` are parsed. What is only
to be looked at, as the output of a command, is marked ``console`` or ``text``. Unmarked blocks are refused.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
import warnings
from collections.abc import Callable
from typing import NamedTuple

import pytest

SHOWN = {"console", "text", "csv"}
SHELL = {"sh", "bash", "shell"}
ELSEWHERE = ("git clone ", "cd ", "pip install ", "python3 -m venv ", "source ")
"""Shell lines that a test cannot run: they set up what the tests stand in."""


class Block(NamedTuple):
    """One fenced block: its language, the line where it starts, its text."""

    language: str
    line: int
    text: str


def blocks(markdown: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    found = []
    for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```[ ]*$", markdown, flags=re.MULTILINE | re.DOTALL):
        line = markdown.count("\n", 0, match.start()) + 2
        found.append(Block(match[1].strip(), line, match[2]))
    return found


def shell_commands(text: str) -> list[list[str]]:
    """Return the commands of a shell block, comments and line continuations undone."""
    joined = text.replace("\\\n", " ")
    return [words for line in joined.splitlines() if (words := shlex.split(line, comments=True))]


def exit_code(main: Callable[[list[str]], object], arguments: list[str]) -> object:
    """Return the exit code of a command."""
    try:
        main(arguments)
    except SystemExit as stop:
        return stop.code or 0
    return 0


def run_shell(block: Block, targets: set[str]) -> None:
    """Run every `huyou` of a block; `make` must name a target; anything else must be set-up."""
    from huyou_sim.cli import main

    for words in shell_commands(block.text):
        command = " ".join(words)
        if words[0].split("/")[-1] == "huyou":
            code = exit_code(main, words[1:])
            assert code == 0, f"README line {block.line}: `{command}` exits with {code}"
        elif words[0] == "make":
            named = {word for word in words[1:] if "=" not in word}
            assert named <= targets, f"README line {block.line}: no target {named - targets}"
        else:
            assert f"{command} ".startswith(ELSEWHERE), f"README line {block.line}: cannot check `{command}`"


@pytest.fixture(scope="module")
def readme(root):
    path = root / "README.md"
    assert path.is_file(), "README.md is missing"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def targets(root):
    return set(re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), flags=re.MULTILINE)[1].split())


def test_readme_code_runs(readme, targets, root, tmp_path, monkeypatch):
    for name in ("data", "scenarios", "notebooks"):  # paths in the text are those of a checkout
        (tmp_path / name).symlink_to(root / name)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "readme"}
    ran = {"python": 0, "shell": 0}
    for block in blocks(readme):
        if block.language == "python":
            with warnings.catch_warnings(action="error"):
                exec(compile("\n" * (block.line - 1) + block.text, "README.md", "exec"), namespace)
            ran["python"] += 1
        elif block.language in SHELL:
            run_shell(block, targets)
            ran["shell"] += 1
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            json.loads(block.text)
        else:
            assert block.language in SHOWN, f"README line {block.line}: mark the block, '{block.language}' is unknown"
    assert min(ran.values()) > 0, f"README shows a block of python and one of sh; ran {ran}"


def test_readme_links_lead_somewhere(readme, root):
    text = re.sub(r"^```.*?^```", "", readme, flags=re.MULTILINE | re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and "://" not in link]
    assert local, "README shows a picture that a run made, and points to further pages"
    assert [link for link in local if not (root / link).exists()] == []


def test_readme_shows_a_picture_and_the_two_commands(readme):
    assert re.search(r"!\[[^\]]+\]\([^)]+\.(png|svg)\)", readme), "a picture with a text for those who cannot see it"
    lines = [line.strip() for block in blocks(readme) if block.language in SHELL for line in block.text.splitlines()]
    assert any(line.startswith("make run") for line in lines)


def test_blocks_are_found_and_told_apart():
    found = blocks("a\n```sh\nhuyou run \\\n  --lang zh  # Chinese\n```\n\n```console\n$ x\n```\n")
    assert found == [Block("sh", 3, "huyou run \\\n  --lang zh  # Chinese\n"), Block("console", 8, "$ x\n")]
    assert shell_commands(found[0].text) == [["huyou", "run", "--lang", "zh"]]


@pytest.mark.parametrize("text", ["make nonsense", "curl example.org", "huyou nonsense"])
def test_a_wrong_command_in_readme_is_seen(text):
    with pytest.raises(AssertionError, match="README line 7"):
        run_shell(Block("sh", 7, text), {"run"})
