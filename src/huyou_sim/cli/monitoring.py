"""Commands about what was observed since: evaluate."""

from __future__ import annotations

from pathlib import Path

import click

from huyou_sim.cli.options import (
    Command,
    figures_option,
    keep_option,
    lang_option,
    place_option,
    prior_option,
    quiet_option,
    seed_option,
)


@click.command(cls=Command)
@click.argument("observations", type=click.Path(path_type=Path))
@place_option
@click.option("--since", required=True, help="First day of the measure, as 2023-01-01.")
@click.option("--series", default="births", show_default=True, help="Variable that it is to have moved.")
@click.option("--against", default="no_new_policy", show_default=True, help="The counterfactual: name or TOML file.")
@click.option("--measure", help="Scenario with the measure: what its levers were expected to bring stands beside.")
@click.option("--draws", default=1000, show_default=True, help="Futures.")
@seed_option
@prior_option
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table of effects to this file as well.")
@click.option("--out", type=click.Path(path_type=Path), help="Write all tables (CSV), a figure and a manifest here.")
@figures_option
@keep_option
@quiet_option
@lang_option
def evaluate(
    observations: Path, place: str, since: str, series: str, against: str, measure: str | None, draws: int, seed: int,
    prior_only: bool, csv: Path | None, out: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Say what a measure did to a published series, against what would have come without it.

    OBSERVATIONS is a CSV file of published figures (columns variable, period, value; standard_error and published where
    known). The counterfactual is the model under --against, given the figures from before the start alone. Each year
    and all together: effect with its 90 % band, probability of such a deviation without the measure, and the smallest
    effect that the figures could have shown. Below stands what could also explain it: the sources of the spread, other
    measures of these years, the same test where nothing should be found, revisions, births only brought forward.

    \b
    Births since the plan, beside what its levers were expected to bring:
        huyou evaluate observations.csv --since 2023-01-01 --series births --measure plan_as_written
    All tables and a manifest into a folder, labels in Chinese:
        huyou evaluate observations.csv --since 2023-01-01 --out results/evaluation --lang zh
    """
    from huyou_sim.output.evaluation_report import evaluation_report

    said = evaluation_report(
        place, observations, since, series=series, against=against, measure=measure, draws=draws, seed=seed,
        prior_only=prior_only, folder=keep, csv=csv, out=out, figures=figures, lang=lang, progress=not quiet,
    )  # fmt: skip
    click.echo(said)
