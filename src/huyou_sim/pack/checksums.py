"""SHA-256 of the files of a pack, in the form that `sha256sum -c` reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from huyou_sim.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIST = "SHA256SUMS"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pack_files(folder: Path) -> list[str]:
    """Return the names of the files of a pack that need a checksum: its tables and pack.toml, sorted."""
    return sorted(p.name for p in folder.iterdir() if p.is_file() and p.suffix in (".csv", ".toml"))


def checksum_list(sums: Mapping[str, str]) -> str:
    """Return the text of SHA256SUMS."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def refresh(folder: Path) -> str:
    """Return what to type when a file was changed on purpose."""
    return f"If you changed it on purpose, type: huyou derive {folder}"


def verify(folder: Path) -> tuple[dict[str, str], dict[str, Problem]]:
    """Return the checksums of a pack's files, and one problem for each file whose checksum does not hold.

    Parameters
    ----------
    folder : Path
        Of the pack; it exists.

    Returns
    -------
    sums : dict
        File name to the SHA-256 of what stands there now.
    problems : dict
        File name to what is wrong with it: missing, not listed, changed or cut short.
    """
    found = {name: sha256(folder / name) for name in pack_files(folder)}
    path = folder / LIST
    if not path.is_file():
        return found, {
            LIST: Problem(
                LIST,
                "no such file",
                "the SHA-256 of every file of the pack",
                f"Type: huyou derive {folder}",
                str(path),
            )
        }
    expected, problems = _read_list(path)
    for name, digest in expected.items():
        if name not in found:
            problems[name] = Problem(
                "file",
                "missing",
                f"the file that {LIST} lists",
                f"Put it back. {refresh(folder)}",
                str(folder / name),
            )
        elif found[name] != digest:
            problems[name] = _changed(folder, name, found[name], digest)
    for name in sorted(set(found) - set(expected)):
        problems[name] = Problem(
            "file", f"not listed in {LIST}", "a checksum for every file", refresh(folder), str(folder / name)
        )
    return found, problems


def _changed(folder: Path, name: str, found: str, expected: str) -> Problem:
    """Return the problem of a file that is not the one that was listed."""
    content = (folder / name).read_bytes()
    line = content.count(b"\n") + (not content.endswith(b"\n"))
    if not content:
        what, fix = "an empty file", f"Put the file back. {refresh(folder)}"
    elif not content.endswith(b"\n"):
        what = f"a file that breaks off in line {line} (SHA-256 {found[:12]}...)"
        fix = f"It was cut short or changed: put the file back. {refresh(folder)}"
    else:
        what, fix = f"SHA-256 {found[:12]}...", f"The file was changed. {refresh(folder)}"
    return Problem("checksum", what, f"SHA-256 {expected[:12]}... of {LIST}", fix, str(folder / name), line or 1)


def is_cut_short(path: Path) -> bool:
    """Return whether a file is empty or ends in the middle of a line."""
    return not path.read_bytes().endswith(b"\n")


def _read_list(path: Path) -> tuple[dict[str, str], dict[str, Problem]]:
    expected: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        digest, _, name = text.partition("  ")
        name = name.strip()
        if len(digest) == 64 and set(digest) <= set("0123456789abcdef") and name:
            expected[name] = digest
        elif text.strip():
            problems[f"{LIST}:{number}"] = Problem(
                "line",
                repr(text[:40]),
                "64 hexadecimal digits, two spaces and a file name",
                f"Type: huyou derive {path.parent}",
                str(path),
                number,
            )
    return expected, problems
