"""pack.toml: what a pack is, which others it uses, and how its derived tables are made."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from huyou_sim.errors import Problem, suggest

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

Code = Annotated[str, Field(pattern=r"^\d{6}$")]
Text = Annotated[str, Field(min_length=1)]


class Closed(BaseModel):
    """A value that cannot change and takes no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Place(Closed):
    """The place as a whole: the sum of its areas."""

    code: Code
    name_zh: Text
    name_en: Text


class Dates(Closed):
    """When the projection starts, and when the census was that it starts from."""

    start: date
    census: date

    @model_validator(mode="after")
    def _in_order(self) -> Dates:
        if self.start < self.census:
            raise ValueError(f"start ({self.start}) not before census ({self.census})")
        return self


class Uses(Closed):
    """Packs that this one leans on, by name. Evidence is what levers need; a place may be projected without."""

    schedules: tuple[Text, ...] = ()
    evidence: Text | None = None


class Schedule(Closed):
    """An age pattern of net migrants from a model: Rogers-Castro parameters, and how they divide by sex and area.

    `childhood`, `labour`, `constant`, `retirement` and `elderly` are those of
    `huyou_sim.demography.migration.rogers_castro`.
    """

    childhood: tuple[float, float]
    labour: tuple[float, float, float, float]
    constant: Annotated[float, Field(ge=0.0)] = 0.0
    retirement: tuple[float, float, float, float] | None = None
    elderly: tuple[float, float] | None = None
    male_share: Annotated[float, Field(gt=0.0, lt=1.0)]
    area_shares: dict[Code, float] | None = None
    reason: Text


class Migration(Closed):
    """How net migration by age and sex is made.

    ``residual``: from the place's own two censuses, with death rates times `mortality_level`.
    ``pattern``: rates by age of another area (`pattern_area`, from its two censuses with `mortality_level`),
    scaled to `migrants_per_year` in all.
    ``schedule``: a model schedule by age (`schedule`), scaled to `migrants_per_year` in all: where no census of
    ten years before can be had. Its areas take part by `area_shares`, or by their residents.
    """

    method: Literal["residual", "pattern", "schedule"]
    first_census: date | None = None
    mortality_level: Annotated[float, Field(gt=0.2, lt=2.0)] | None = None
    mortality_level_reason: Text | None = None
    pattern_area: Code | None = None
    migrants_per_year: float | None = None
    migrants_per_year_reason: Text | None = None
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _complete(self) -> Migration:
        censuses = ("first_census", "mortality_level", "mortality_level_reason")
        total = ("migrants_per_year", "migrants_per_year_reason")
        takes = {
            "residual": censuses,
            "pattern": (*censuses, "pattern_area", *total),
            "schedule": ("schedule", *total),
        }
        needed = takes[self.method]
        missing = [name for name in needed if getattr(self, name) is None]
        if missing:
            raise ValueError(f"method = '{self.method}' needs {', '.join(missing)}")
        others = dict.fromkeys(name for names in takes.values() for name in names if name not in needed)
        given = [name for name in others if getattr(self, name) is not None]
        if given:
            raise ValueError(f"method = '{self.method}' does not take {', '.join(given)}")
        return self


class Derivation(Closed):
    """How the derived tables are made."""

    reference_area: Code
    migration: Migration


class Attribution(Closed):
    """Where material comes from, and under which licence."""

    source: Text
    licence: Text
    used_for: Text


class Settings(Closed):
    """All of pack.toml."""

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Literal["place", "schedules", "evidence"]
    title_en: Text
    title_zh: Text
    place: Place | None = None
    dates: Dates | None = None
    uses: Uses = Uses()
    derivation: Derivation | None = None
    attribution: tuple[Attribution, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        parts = {"place": self.place, "dates": self.dates, "derivation": self.derivation}
        if self.kind == "place":
            missing = [name for name, part in parts.items() if part is None]
            if missing:
                raise ValueError(f"kind = 'place' needs the tables {', '.join(f'[{m}]' for m in missing)}")
            if not self.uses.schedules:
                raise ValueError("kind = 'place' needs [uses] with schedules")
        else:
            given = [name for name, part in parts.items() if part is not None]
            if given:
                raise ValueError(f"kind = '{self.kind}' does not take {', '.join(f'[{g}]' for g in given)}")
        return self


def read_settings(path: Path) -> tuple[Settings | None, list[Problem]]:
    """Return the settings of a pack, or None with all that is wrong in the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [
            Problem(
                "encoding",
                f"byte {error.start} is not UTF-8",
                "UTF-8 text",
                "Save the file as UTF-8.",
                str(path),
            )
        ]
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(position[1]), int(position[2])) if position else (len(text.splitlines()) or 1, None)
        what = str(error).split(" (at")[0]
        return None, [Problem("TOML", what, "a valid TOML file", "Correct the line.", str(path), line, column)]
    try:
        return Settings.model_validate(content), []
    except ValidationError as error:
        return None, [_problem(path, text, item) for item in error.errors()]


def _problem(path: Path, text: str, item: ErrorDetails) -> Problem:
    keys = [str(part) for part in item["loc"]]
    where = ".".join(keys) or "pack.toml"
    line = _line_of(text, keys)
    value = item.get("input")
    match item["type"]:
        case "extra_forbidden":
            known = _known_keys(keys[:-1])
            return Problem(
                where,
                "an unknown key",
                f"one of {', '.join(known)}",
                suggest(keys[-1], known),
                str(path),
                line,
            )
        case "missing":
            return Problem(where, "no such key", f"the key {keys[-1]}", f"Type {keys[-1]} = ...", str(path), line)
        case "value_error":
            message = str(item["msg"]).removeprefix("Value error, ")
            return Problem(where, "keys that do not fit together", message, "See data/README.md.", str(path), line)
        case _:
            return Problem(where, repr(value), str(item["msg"]), "Correct the value.", str(path), line)


def line_of_key(path: Path, *keys: str) -> int | None:
    """Return the line of a key in a pack.toml that could be read."""
    return _line_of(path.read_text(encoding="utf-8-sig"), list(keys))


def _line_of(text: str, keys: list[str]) -> int | None:
    """Return the line of a key, or of the table it belongs in."""
    tables = [re.escape(key) for key in keys if not key.isdigit()]
    patterns = []
    if tables:
        patterns.append(rf"^\s*{tables[-1]}\s*=")
    for depth in range(len(tables), 0, -1):
        header = r"\.".join(tables[:depth])
        patterns.append(rf"^\s*\[+{header}\]")
    for pattern in patterns:
        found = re.search(pattern, text, flags=re.MULTILINE)
        if found:
            return text.count("\n", 0, found.end()) + 1
    return None


def _known_keys(keys: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    steps: dict[str, type[BaseModel]] = {
        "place": Place,
        "dates": Dates,
        "uses": Uses,
        "derivation": Derivation,
        "migration": Migration,
        "schedule": Schedule,
        "attribution": Attribution,
    }
    for key in keys:
        model = steps.get(key, model)
    return list(model.model_fields)
