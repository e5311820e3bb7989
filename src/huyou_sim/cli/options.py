"""Options that commands share, and how their help is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from huyou_sim.errors import ArgumentError, Problem

LANGUAGES = click.Choice(["en", "zh"])


class Command(click.Command):
    r"""A command whose help keeps paragraphs after a line \b as they stand, two letters in raw docstrings."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = (self.help or "").replace("\\b\n", "\b\n")


def _default_language() -> str:
    """Return zh where the user's locale is Chinese, en elsewhere."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


lang_option = click.option(
    "--lang",
    type=LANGUAGES,
    default=_default_language,
    show_default="your locale",
    help="Language of labels.",
)
place_option = click.option(
    "--place",
    default="huzhou",
    show_default=True,
    help="A pack that ships (huzhou, jiaxing), or the path of your own.",
)
figures_option = click.option(
    "--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures."
)
keep_option = click.option(
    "--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors and refits.  [default: your cache]"
)
level_option = click.option(
    "--level", default="central", show_default=True, help="How strict: lenient, central or strict."
)
prior_option = click.option(
    "--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published."
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress bars.")
seed_option = click.option(
    "--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results."
)


def indicator_numbers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    """Return the numbers of a list such as 1,3,22."""
    if value is None:
        return None
    parts = value.replace(",", " ").split()
    if not parts or not all(part.isdecimal() for part in parts):
        fix = "Type --joint 1,3,22."
        raise ArgumentError(Problem("--joint", f"'{value}'", "numbers of the plan with commas between", fix))
    return [int(part) for part in parts]


def chosen_years(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    """Return the years of a list such as 2021,2035."""
    parts = None if value is None else value.replace(",", " ").split()
    if parts is not None and (not parts or not all(part.isdecimal() for part in parts)):
        fix = "Type --years 2021,2025,2035."
        raise ArgumentError(Problem("--years", f"'{value}'", "years with commas between", fix))
    return None if parts is None else [int(part) for part in parts]
