"""Areas of a place as people type them: by code or by name, in either language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from huyou_sim.errors import Problem, suggest

if TYPE_CHECKING:
    from huyou_sim.pack import Pack


def area_codes(pack: Pack, words: Sequence[str], option: str = "--areas") -> tuple[list[str], list[Problem]]:
    """Return the codes of areas, and a problem for each word that names none.

    Parameters
    ----------
    pack : Pack
    words : sequence of str
        Codes (330521) or names in English or Chinese (Deqing, 德清县, 德清); the place itself is one of them.
    option : str
        What a problem names.
    """
    names = names_of_areas(pack)
    folded = {name.casefold(): code for name, code in names.items()}
    codes: dict[str, None] = {}
    problems = []
    for word in words:
        code = folded.get(word.strip().casefold())
        if code is None:
            expected = "an area: " + ", ".join(_listed(pack))
            problems.append(Problem(option, f"'{word}'", expected, suggest(word, names)))
        else:
            codes[code] = None
    return list(codes), problems


def names_of_areas(pack: Pack) -> dict[str, str]:
    """Return every code and name of the areas and of the place, and the code that it stands for."""
    place = pack.place
    rows = [*pack.areas[["area", "name_en", "name_zh"]].itertuples(index=False, name=None)]
    found: dict[str, str] = {}
    for code, english, chinese in [*rows, (place.code, place.name_en, place.name_zh)]:
        # 德清 for 德清县, as people say it; a name of two characters stays whole.
        short = chinese[:-1] if len(chinese) > 2 else chinese
        found |= {str(code): str(code), str(english): str(code), str(chinese): str(code), str(short): str(code)}
    return found


def _listed(pack: Pack) -> list[str]:
    rows = pack.areas[["area", "name_en"]].itertuples(index=False, name=None)
    return [f"{code} {name}" for code, name in [*rows, (pack.place.code, pack.place.name_en)]]


__all__ = ["area_codes", "names_of_areas"]
