"""Where packs are: a folder that the user names, the data of the installed package, or of a checkout."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from huyou_sim.errors import PackError, Problem, suggest

SETTINGS = "pack.toml"


def data_folder() -> Path:
    """Return the folder of the packs that come with the software: of the wheel, else of the checkout."""
    installed = Path(str(files("huyou_sim"))) / "_data"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / "data"


def known_packs(folder: Path | None = None) -> list[str]:
    """Return the names of the packs in a folder of packs, sorted; those of the software when omitted."""
    folder = folder or data_folder()
    return sorted(p.parent.name for p in folder.glob(f"*/{SETTINGS}"))


def find_pack(place: str | Path, *, beside: Path | None = None) -> Path:
    """Return the folder of a pack.

    Parameters
    ----------
    place : str or Path
        A name ("huzhou"), or the path of a folder that holds pack.toml.
    beside : Path, optional
        A pack's folder: a name is looked for next to it first, so that a copied set of packs stays together.

    Raises
    ------
    PackError
        When there is no such pack; known names are listed.
    """
    name = str(place)
    if isinstance(place, Path) or len(Path(name).parts) != 1 or name.endswith(("/", os.sep)) or name in (".", ".."):
        return _given(Path(place))
    folders = [data_folder()] if beside is None else [beside.resolve().parent, data_folder()]
    for folder in folders:
        if (folder / name / SETTINGS).is_file():
            return folder / name
    if (Path(name) / SETTINGS).is_file():
        return Path(name)
    known = sorted({pack for folder in folders for pack in known_packs(folder)})
    raise PackError(
        Problem(
            "place",
            f"'{name}'",
            f"a known pack ({', '.join(known)}) or the path of a folder with {SETTINGS}",
            suggest(name, known),
        )
    )


def _given(folder: Path) -> Path:
    if (folder / SETTINGS).is_file():
        return folder
    found = "a folder without it" if folder.is_dir() else "no such folder"
    raise PackError(
        Problem(
            f"pack folder, {SETTINGS}",
            found,
            f"a folder that holds {SETTINGS}",
            f"Type the path of a pack, or one of its names: {', '.join(known_packs())}.",
            str(folder),
        )
    )
