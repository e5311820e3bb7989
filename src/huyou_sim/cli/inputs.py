"""Commands about files: check, schema, derive."""

from __future__ import annotations

from pathlib import Path

import click

from huyou_sim.cli.options import Command, lang_option


@click.command(cls=Command)
@click.argument("paths", nargs=-1, required=True)
def check(paths: tuple[str, ...]) -> None:
    r"""Check data packs and scenario files; lists all problems of all PATHS at once.

    A path that ends in .toml is a scenario, everything else the folder of a data pack. Each problem stands with
    file, line, what was found, what was expected and what to type. Nothing is written.

    \b
        huyou check mine.toml
        huyou check data/huzhou scenarios/*.toml
    """
    from huyou_sim.planning.checks import check_inputs

    for line in check_inputs(paths):
        click.echo(line)


@click.command(cls=Command)
@click.argument("kind", type=click.Choice(["scenario", "pack", "variables"]), default="scenario")
@lang_option
def schema(kind: str, lang: str) -> None:
    r"""Print the format of a file: JSON Schema of `scenario`, columns of a `pack`, or all output `variables`.

    \b
    For completion and checks in an editor:
        huyou schema scenario > scenario.schema.json
    """
    from huyou_sim.output import schemas

    click.echo(schemas.schema_text(kind, lang))


@click.command(cls=Command)
@click.argument("pack", type=click.Path(path_type=Path))
def derive(pack: Path) -> None:
    """Recompute the derived tables of a data PACK (a folder) and refresh its checksums.

    Single ages are graduated from the census groups, net migration is the residual between two censuses. Run it
    after you changed a table of the pack on purpose.
    """
    from huyou_sim.demography.derive import derive_pack

    for path in derive_pack(pack):
        click.echo(path)
