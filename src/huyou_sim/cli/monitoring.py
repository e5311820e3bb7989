"""Commands about what was observed since: monitor, nowcast, evaluate."""

from __future__ import annotations

from datetime import datetime
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
from huyou_sim.errors import ArgumentError, Problem


@click.command(cls=Command)
@click.argument("observations", type=click.Path(path_type=Path), required=False)
@place_option
@click.option("--scenario", default="plan_as_written", show_default=True, help="The course that the place is on.")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="Day; later figures are hidden.  [today]")
@click.option("--level", default="central", show_default=True, help="How strict targets are: lenient, central, strict.")
@click.option("--draws", default=1000, show_default=True, help="Futures of the course.")
@seed_option
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure of 2021 were known.")
@click.option(
    "--refit/--no-refit", default=None,
    help="Draw anew given the figures, or never.  [where weights leave too few draws: a minute or so]",
)  # fmt: skip
@click.option("--template", type=click.Path(path_type=Path), help="Write a file of observations to fill in, and stop.")
@click.option("--drill", is_flag=True, help="Say how often the warning warns, rightly and wrongly, and stop.")
@click.option("--histories", default=1000, show_default=True, help="With --drill: simulated histories of each truth.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, a workbook, a figure and a manifest here.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table of figures to this file as well.")
@figures_option
@keep_option
@quiet_option
@lang_option
def monitor(
    observations: Path | None, place: str, scenario: str, as_of: datetime | None, level: str, draws: int, seed: int,
    prior_only: bool, refit: bool | None, template: Path | None, drill: bool, histories: int, out: Path | None,
    csv: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Hold OBSERVATIONS, a CSV file, against the course of a package: early warning, and targets revised.

    Each figure stands beside the band of what would be published on the course, with the predictive probability of one
    as far off and a colour: green, amber, red. A series is judged once on all its figures together, and has a first
    year off course. Marriage, divorce and fertility have a board. The probability of each target stands before and
    after the figures: by weights of the draws; where these leave too few, by draws made anew, which are kept, so that
    the same file is answered in seconds, and one with a row more by weights of the kept draws.

    Columns of the file: indicator_id (1-28) or variable, area, period (2023, 2023Q1, 2023-03, 2023-12-31 or
    2023-01-01/2023-06-30), value; where known unit, population_base, standard_error, published, note. Rows may stand in
    any order. A revision is a row more with its own day in `published`: every vintage is kept, and the one known last
    on the day counts. A row that cannot be used is named with its line and left out; the exit code is then 2.

    \b
    A file to fill in, then the monitor:
        huyou monitor --template observed.csv
        huyou monitor observed.csv
    In seconds whatever the figures, less exactly, by moving draws where weights leave too few; or new draws anyway:
        huyou monitor observed.csv --no-refit
        huyou monitor observed.csv --refit
    As it stood on a day, against no new policy, in Chinese:
        huyou monitor observed.csv --as-of 2024-06-30 --scenario no_new_policy --lang zh
    Tables (CSV, Excel), figure and manifest into a folder:
        huyou monitor observed.csv --out results/monitor
    How often the warning is false, and how soon it sees a lasting fall:
        huyou monitor --drill
    """
    from huyou_sim.output.drill_report import drill_report
    from huyou_sim.output.monitor_report import monitor_report
    from huyou_sim.output.monitor_template import write_template

    if (observations is not None) + (template is not None) + drill != 1:
        fix = "Type huyou monitor observed.csv; --template observed.csv writes a file to fill in."
        given = [name for name, there in (("OBSERVATIONS", observations), ("--template", template), ("--drill", drill))
                 if there]  # fmt: skip
        found = " and ".join(given) or "none"
        raise ArgumentError(Problem("OBSERVATIONS, --template, --drill", found, "one of the three", fix))
    if drill:
        said = drill_report(
            place, scenario, histories=histories, draws=draws, seed=seed, prior_only=prior_only, folder=keep, lang=lang,
            out=out, csv=csv, progress=not quiet,
        )  # fmt: skip
        click.echo(said)
        return
    if template is not None:
        click.echo(write_template(template, place, lang))
        return
    said, left_out = monitor_report(
        place, observations or "", scenario, as_of=None if as_of is None else as_of.date(), level=level, draws=draws,
        seed=seed, prior_only=prior_only, refit=refit, folder=keep, lang=lang, out=out, csv=csv, figures=figures,
        progress=not quiet,
    )  # fmt: skip
    click.echo(said)
    if left_out:
        raise ArgumentError(left_out)


@click.command(cls=Command)
@click.argument("observations", type=click.Path(path_type=Path))
@place_option
@click.option("--scenario", default="plan_as_written", show_default=True, help="Course that the place is on.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Stand on this day: what came later is hidden.")
@click.option(
    "--space", type=click.Choice(["family", "duration"]), default="duration", show_default=True,
    help="State space: with durations of marriage and since a birth, or plain.",
)  # fmt: skip
@click.option("--draws", default=1000, show_default=True, help="Futures.")
@click.option("--histories", default=200, show_default=True, help="Simulated histories of the back-test.")
@seed_option
@prior_option
@click.option("--csv", type=click.Path(path_type=Path), help="Write the nowcast to this file as well.")
@click.option("--out", type=click.Path(path_type=Path), help="Write all tables (CSV) and a manifest here.")
@keep_option
@quiet_option
@lang_option
def nowcast(
    observations: Path, place: str, scenario: str, as_of: datetime | None, space: str, draws: int, histories: int,
    seed: int, prior_only: bool, csv: Path | None, out: Path | None, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Tell births that are not published yet from marriages that are: married this year, first births next year.

    OBSERVATIONS is the file of `huyou monitor`, with at least one yearly figure of first_marriages. Births of that year
    and the next one, by order, stand with nothing observed, with all other figures, and with the marriages too; beside
    them how long births lag behind marriages in both state spaces, and a back-test on simulated histories: how much
    narrower the marriages make the bands, and whether these hold what came.

    \b
        huyou nowcast observed.csv
        huyou nowcast observed.csv --as-of 2024-03-31 --lang zh --out results/nowcast
    """
    from huyou_sim.output.nowcast_report import nowcast_report

    said, left_out = nowcast_report(
        place, observations, scenario, as_of=None if as_of is None else as_of.date(), space=space, draws=draws,
        histories=histories, seed=seed, prior_only=prior_only, folder=keep, csv=csv, out=out, lang=lang,
        progress=not quiet,
    )  # fmt: skip
    click.echo(said)
    if left_out:
        raise ArgumentError(left_out)


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
    measures of these years, the same test where nothing should be found, revisions, births only brought forward. A row
    that cannot be used is named with its line and left out; the exit code is then 2.

    \b
    Births since the plan, beside what its levers were expected to bring:
        huyou evaluate observations.csv --since 2023-01-01 --series births --measure plan_as_written
    All tables and a manifest into a folder, labels in Chinese:
        huyou evaluate observations.csv --since 2023-01-01 --out results/evaluation --lang zh
    """
    from huyou_sim.output.evaluation_report import evaluation_report

    said, left_out = evaluation_report(
        place, observations, since, series=series, against=against, measure=measure, draws=draws, seed=seed,
        prior_only=prior_only, folder=keep, csv=csv, out=out, figures=figures, lang=lang, progress=not quiet,
    )  # fmt: skip
    click.echo(said)
    if left_out:
        raise ArgumentError(left_out)
