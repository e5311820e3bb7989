"""The command `huyou`: arguments in, public functions, exit code out. No arithmetic lives here."""

from __future__ import annotations

import sys
from typing import Any

import click

from huyou_sim.cli import inputs, monitoring, packages, plan, projection
from huyou_sim.cli.options import Command
from huyou_sim.errors import EXIT_CODE, HuyouError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect."""


class Commands(click.Group):
    """The group of all commands."""

    command_class = Command

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = (self.help or "").replace("\\b\n", "\b\n")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="huyou-sim", prog_name="huyou")
def cli() -> None:
    r"""Project a city's population under policy packages and test its birth-support targets.

    \b
    The main job on Huzhou, into ./results/huzhou:
        huyou run
    Two packages of your own, labels in Chinese:
        huyou run mine.toml no_new_policy --lang zh --out results/mine
    How well the model reproduces the published baselines:
        huyou baseline
    With what probability each target is reached:
        huyou reach huzhou
    Every indicator of the plan with a verdict, and how each is projected:
        huyou scorecard --methods
    Observed figures against the course of the plan: early warning:
        huyou monitor --template observed.csv
        huyou monitor observed.csv
    A package of your own to start from, and how it differs from the plan:
        huyou new mine.toml --with birth_grant
        huyou diff plan_as_written mine.toml
    Is my file right?
        huyou check mine.toml data/huzhou
    """


for _command in (
    projection.run, projection.baseline, projection.calibrate, projection.explain, projection.reach,
    packages.compare, packages.solve, packages.new, packages.diff,
    plan.scorecard, plan.needs, plan.situation,
    monitoring.monitor, monitoring.evaluate,
    inputs.check, inputs.schema, inputs.derive,
):  # fmt: skip
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors of the user leave one message and exit code 2, never a traceback."""
    try:
        cli.main(args=arguments, standalone_mode=False)
    except HuyouError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_CODE)
    except click.exceptions.Abort:
        click.echo("Stopped; nothing was written.", err=True)
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
