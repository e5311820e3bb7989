"""What no file of the project may hold, and what every test file must."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", "build", "dist", "results", "__pycache__", ".hypothesis"}
LEFT_OUT |= {".mypy_cache", ".pytest_cache", ".ruff_cache"}
TEXT = {".cfg", ".csv", ".ipynb", ".json", ".lock", ".md", ".py", ".toml", ".txt", ".yaml", ".yml", ""}


def project_files() -> list[str]:
    """Return the files that are or would be committed; all but the caches where there is no git."""
    git = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if git.returncode == 0:
        return sorted(name for name in git.stdout.split("\0") if name and (ROOT / name).is_file())
    walked = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        walked += [Path(folder, name).relative_to(ROOT).as_posix() for name in names]
    return sorted(walked)


FILES = project_files()
TEXTS = [name for name in FILES if Path(name).suffix in TEXT]
CODE = [name for name in FILES if name.endswith(".py") and not name.startswith("tests/")]
TESTS = [name for name in FILES if name.endswith(".py") and name.startswith("tests/")]

# Brackets keep the words themselves out of this file.
ADDRESSES = re.compile(
    r"py[p]i\.org|python[h]osted|npm[j]s\.|conda[.]anaconda|index[-]url\b|extra[-]index"
    r"|registry *= *[{\"']|https?://[^ \"]*/(simple|packages)/"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~])/(?:(?:work|root|opt)/|(?:home|Users)/(?!(?:someone|user|me)\b))\w")
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|NotImplementedError)\b|pragma: no cover|except Exception\b|except:|\bbreakpoint\("
)
# A test may be left out on a machine that cannot do what it needs, with the reason; never for good.
SKIPPED = re.compile(
    r"mark\.(skip\b|xfail)|pytest\.(xfail|importorskip)\(|unittest\.skip"
    r"|mark\.skipif\((?!.*reason=\"\w)|pytest\.skip\((?!\"\w)"
)


def hits(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    """Return `file:line: text` of every line that matches."""
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name in names
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_files_are_seen():
    assert {"pyproject.toml", "requirements.lock", "Makefile", ".ci/run", "LICENSE"} <= set(TEXTS)
    assert {"requirements-bench.lock", "benchmarks/run.py"} <= set(TEXTS)
    assert "src/huyou_sim/errors.py" in CODE
    assert "tests/house/test_source.py" in TESTS


def test_no_file_names_a_registry():
    assert hits(ADDRESSES, TEXTS) == []


def test_no_file_names_a_path_of_some_machine():
    assert hits(MACHINE_PATHS, TEXTS) == []


def test_nothing_is_left_unfinished_in_the_source():
    assert hits(UNFINISHED, CODE) == []


def test_no_test_is_skipped_for_good():
    assert hits(SKIPPED, TESTS) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (ADDRESSES, "--index" + "-url https://mirror.example/x"),
        (ADDRESSES, "https://mirror.example/sim" + "ple/numpy/"),
        (MACHINE_PATHS, "see /ho" + "me/anna/file"),
        (UNFINISHED, "    # TO" + "DO: later"),
        (UNFINISHED, "    except Excep" + "tion:"),
        (SKIPPED, "@pytest.mark.sk" + "ip"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern, line):
    assert pattern.search(line)


@pytest.mark.parametrize("name", CODE)
def test_no_class_has_a_run(name):
    """Frozen values in, datasets out: nothing changes itself by running."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    methods = [
        f"{node.name}.{part.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name in ("run", "__setattr__", "__call__")
    ]
    assert methods == []


def collected(source: str) -> list[str]:
    """Return the tests that pytest finds in a file, by its own naming rules."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            if "__init__" not in methods:
                found += [f"{node.name}.{name}" for name in methods if name.startswith("test")]
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id.startswith("Test") for target in node.targets
        ):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]  # a state machine
    return found


def defined(source: str) -> list[str]:
    """Return every function that looks like a test, wherever it stands."""
    tree = ast.parse(source)
    return [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
def test_every_test_is_collected(name):
    source = (ROOT / name).read_text(encoding="utf-8")
    if Path(name).name.startswith("test_"):
        assert collected(source), f"{name} holds no test"
        assert len(defined(source)) <= len(collected(source)), f"{name} holds a test that pytest does not find"
        names = collected(source)
        assert sorted(set(names)) == sorted(names), f"{name} defines a test twice: the first is lost"
    else:
        assert not collected(source), f"{name} holds tests, but its name does not start with test_"


def test_a_test_that_is_not_collected_is_seen():
    source = "class TestA:\n    def __init__(self): pass\n    def test_a(self): pass\n"
    assert collected(source) == []
    assert defined(source) == ["test_a"]


def test_warnings_are_errors():
    with pytest.raises(UserWarning, match="on purpose"):
        warnings.warn("on purpose", stacklevel=1)


def test_warnings_are_let_pass_by_name_only():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    first, *others = settings["ini_options"]["filterwarnings"]
    assert first == "error"
    for rule in others:
        action, message, category = rule.split(":")[:3]
        assert action == "ignore"
        assert message, f"'{rule}' lets every {category} pass: give the start of its message"


def test_make_help_explains_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split()) - {"help", "FORCE"}
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert targets == set(re.findall(r"^  make (\w+) {2,}", shown, flags=re.MULTILINE))
    assert {"run", "test", "lint", "bench"} <= targets
