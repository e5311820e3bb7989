"""A run is written to its folder as a whole, or not at all.

Everything goes to a hidden sibling folder first. Only when the last byte is on the disk does the sibling take
the place of the target, so Ctrl-C, an exception or a full disk leave no half-written result and leave an
earlier result as it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from huyou_sim.errors import OutputError, Problem

MANIFEST = "manifest.json"
"""Name of the file by which a folder is known as a result of this package."""

PRODUCER = "huyou_sim"

_DEBRIS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__", ".ipynb_checkpoints"})
_LOCK_PREFIXES = ("~$", ".~lock.")  # left by office programs while a workbook is open


def writing_error(error: OSError | RuntimeError, path: Path, *, what: str = "output") -> OutputError:
    """Return the OutputError for a failed write: the path, what the system said, and what to do."""
    code = error.errno if isinstance(error, OSError) else None
    fixes = {
        errno.ENOSPC: "The disk is full: free some space, or choose another folder.",
        errno.EDQUOT: "Your disk quota is used up: delete files, or choose another folder.",
        errno.EFBIG: "The file may not grow so large here: choose another folder.",
        errno.EACCES: "You may not write there: choose another folder.",
        errno.EPERM: "You may not write there: choose another folder.",
        errno.EROFS: "The disk is read-only: choose another folder.",
        errno.ENAMETOOLONG: "Choose a shorter folder name.",
        errno.ENOTDIR: "A part of the path is a file: choose another folder.",
        errno.EBUSY: "Another program holds the folder: close it and run again.",
    }
    said = os.strerror(code) if code is not None else str(error).splitlines()[0] if str(error) else "a failure"
    return OutputError(
        Problem(
            where=what,
            found=said,
            expected="a folder with room and permission to write",
            fix=fixes.get(code or 0, "Check the folder, or choose another.") + " An earlier result was left as it was.",
            file=str(path),
        )
    )


def write_bytes(path: Path, data: bytes, *, shown: Path | None = None) -> Path:
    """Return the path of a file that holds `data` and is on the disk.

    Parameters
    ----------
    shown : Path, optional
        The file that an error names, where `path` is only a part of it under another name.

    Raises
    ------
    OutputError
        When the system refuses: disk full, no permission, name too long.
    """
    try:
        with open(path, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise writing_error(error, shown or path) from error
    return path


def replace_file(path: Path, data: bytes) -> Path:
    """Return the path of a single file written as a whole: the old content stays until the new is complete."""
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write_bytes(part, data, shown=path)
        os.replace(part, path)
    except OSError as error:
        raise writing_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):  # where the part could not be made, it cannot be removed either
            part.unlink(missing_ok=True)
    return path


def check_folder(target: str | Path) -> Path:
    """Return the resolved output folder when a run may be written there.

    A folder that does not exist, is empty, or holds an earlier result and nothing else will do. To be called
    before a long run, so that a wrong folder costs no time.

    Raises
    ------
    OutputError
        When the path is a file, a folder with other people's files, or no place to write.
    """
    path = Path(target).expanduser().resolve()
    try:
        _check_parent(path)
        if not path.exists():
            return path
        if not path.is_dir():
            raise _refusal(target, "a file", "a folder", "Choose another folder with --out.")
        present = sorted(item.relative_to(path).as_posix() for item in path.rglob("*") if not item.is_dir())
        present = [name for name in present if not _is_debris(name)]
        if not present:
            return path
        owned = _files_of_result(path)
    except OSError as error:
        raise writing_error(error, Path(target)) from error
    if owned is None:
        raise _refusal(
            target,
            f"{_some(present)}, no result of an earlier run",
            "an empty folder, a new one, or an earlier result",
            "Choose another folder with --out, or empty this one.",
        )
    strangers = [name for name in present if name not in owned]
    if strangers:
        raise _refusal(
            target,
            f"{_some(strangers)} beside an earlier result",
            "nothing but the earlier result, which is replaced as a whole",
            "Move it elsewhere, or choose another folder with --out.",
        )
    return path


@contextlib.contextmanager
def output_folder(target: str | Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `target` when the block ends without an exception.

    Until then `target` stays as it was. After an exception, Ctrl-C included, the new folder is removed.

    Raises
    ------
    OutputError
        When the target may not be written (see `check_folder`), or the system refuses.
    """
    path = check_folder(target)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    missing = [parent for parent in path.parents if not parent.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)  # of a killed process that had the same number
        part.mkdir()
        yield part
        check_folder(target)  # someone may have put a file there during a long run
        _sync_tree(part)
        _swap(part, path, old)
        _sync_folder(path.parent)
    except OSError as error:
        raise writing_error(error, Path(target)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if path.exists():  # never the only copy
            shutil.rmtree(old, ignore_errors=True)
        for parent in missing:
            with contextlib.suppress(OSError):  # not empty: the result is in it
                parent.rmdir()


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put `new` in the place of `target`; what was there ends under `new` or `old`."""
    if not target.exists():
        os.rename(new, target)
    elif not _exchange(new, target):
        # Without an exchange in one step: two renames, and back if the second fails.
        os.rename(target, old)
        try:
            os.rename(new, target)
        except BaseException:
            os.rename(old, target)
            raise


def _exchange(one: Path, other: Path) -> bool:
    """Return whether two folders could be exchanged in one step, which Linux can on most file systems."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of <linux/fs.h>
    return bool(renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def _sync_tree(folder: Path) -> None:
    """Bring the names of all files in the folder to the disk; their contents are there already."""
    for item in [folder, *folder.rglob("*")]:
        if item.is_dir():
            _sync_folder(item)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder for this
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_parent(path: Path) -> None:
    """Raise OSError when the nearest existing folder above `path` cannot be written."""
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(parent))
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(parent))


def _files_of_result(folder: Path) -> frozenset[str] | None:
    """Return the files that the manifest of an earlier result lists, or None when it is no such folder."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(manifest, dict) or manifest.get("producer") != PRODUCER:
        return None
    files = manifest.get("files")
    return frozenset([MANIFEST, *(files if isinstance(files, dict) else ())])


def _is_debris(name: str) -> bool:
    parts = name.split("/")
    return any(part in _DEBRIS for part in parts) or parts[-1].startswith(_LOCK_PREFIXES)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _refusal(target: str | Path, found: str, expected: str, fix: str) -> OutputError:
    return OutputError(Problem("output folder", found, expected, fix, file=str(target)))
