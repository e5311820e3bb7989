"""Commands that a city's office lives with: scorecard, needs, situation."""

from __future__ import annotations

from pathlib import Path

import click

from huyou_sim.cli.options import (
    Command,
    chosen_years,
    figures_option,
    keep_option,
    lang_option,
    level_option,
    place_option,
    prior_option,
    quiet_option,
    seed_option,
)
from huyou_sim.errors import ArgumentError


@click.command(cls=Command)
@click.argument("scenarios", nargs=-1)
@place_option
@level_option
@click.option("--draws", default=1000, show_default=True, help="Futures of each package.")
@seed_option
@click.option("--observations", type=click.Path(path_type=Path), help="CSV of observed progress; see below.")
@prior_option
@click.option("--methods", is_flag=True, help="Say below how each indicator is projected, and from which data.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, a workbook, a figure and a manifest here.")
@figures_option
@keep_option
@quiet_option
@lang_option
def scorecard(
    scenarios: tuple[str, ...], place: str, level: str, draws: int, seed: int, observations: Path | None,
    prior_only: bool, methods: bool, out: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Score every indicator of the plan in 2025 under SCENARIOS (no new policy and the plan as written by default).

    Demographic indicators come from the futures of `huyou reach`; ratios to people from planned supply over the people
    that there will be; what a lever sets from the package; the rest from a course to its target, whose pace is
    uncertain. Each stands with its baseline, what is asked, the value with its 90 % band, a verdict in a word and the
    probability that the target is truly reached and that the published figures will show it.

    A file of observations has the columns indicator_id, date (2023-12-31, or 2023) and value, in the units of the plan;
    it is the file of `huyou monitor`, whose --template writes one. It updates the courses: pace so far, probability at
    that pace. Other indicators only show it. A row that cannot be used is named and left out; the exit code is then 2.

    \b
    The table of all 28 indicators on Huzhou, and how each is made:
        huyou scorecard
        huyou scorecard --methods
    Other packages, stricter thresholds:
        huyou scorecard everything_together marriage_strong --level strict
    With the progress of 2023, tables, workbook and board into a folder, in Chinese:
        huyou scorecard --observations progress.csv --out results/scorecard --lang zh
    """
    from huyou_sim.output.scorecard_report import scorecard_report

    said, left_out = scorecard_report(
        place, scenarios, level=level, draws=draws, seed=seed, observations=observations, prior_only=prior_only,
        methods=methods, folder=keep, lang=lang, out=out, figures=figures, progress=not quiet,
    )  # fmt: skip
    click.echo(said)
    if left_out:
        raise ArgumentError(left_out)


@click.command(cls=Command)
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--until", default=2035, show_default=True, help="Last year.")
@click.option("--coverage", type=float, help="Childcare places for so many of 100 children under 3, in per cent.")
@click.option("--areas", help="Codes or names with commas between.  [default: all areas and the place]")
@click.option("--draws", default=500, show_default=True, help="Futures of each package.")
@seed_option
@prior_option
@click.option("--out", type=click.Path(path_type=Path), help="Write CSV, Excel, figures and a manifest here.")
@figures_option
@keep_option
@quiet_option
@lang_option
def needs(
    scenarios: tuple[str, ...], place: str, until: int, coverage: float | None, areas: str | None, draws: int,
    seed: int, prior_only: bool, out: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Say what services need under SCENARIOS (no new policy and the plan if none is given), by area.

    Childcare, inclusive and kindergarten places, classes, teachers, paediatricians, maternity beds, midwives and the
    allowance for orphans, from the projected children and births. Each has a norm with a source, or an assumed one
    with its range (service_norms.csv of the place); where a supply is known, the shortage or surplus of each year, and
    how many places stand empty as births fall. Means of areas add up to the city.

    \b
    Huzhou and its five areas to 2035:
        huyou needs
    Places for 30 of 100 children under 3, two areas, labels in Chinese:
        huyou needs no_new_policy --coverage 30 --areas Deqing,Anji --lang zh
    Tables (CSV, Excel), figures and a manifest into a folder:
        huyou needs plan_as_written childcare_strong --until 2040 --out results/needs
    """
    from huyou_sim.output.needs_report import needs_report

    said = needs_report(
        place, scenarios, until=until, coverage=coverage, areas=None if areas is None else areas.split(","),
        draws=draws, seed=seed, prior_only=prior_only, folder=keep, lang=lang, out=out, figures=figures,
        progress=not quiet,
    )  # fmt: skip
    click.echo(said)


@click.command(cls=Command)
@click.argument("area", required=False)
@place_option
@click.option("--years", callback=chosen_years, help="Projected years with commas between.  [default: 2021,2025,2035]")
@click.option("--scenario", default="no_new_policy", show_default=True, help="Scenario of the projected years.")
@click.option("--draws", default=300, show_default=True, help="Futures.")
@seed_option
@prior_option
@click.option("--out", type=click.Path(path_type=Path), help="Write CSV, Excel, figures and a manifest here.")
@figures_option
@keep_option
@quiet_option
@lang_option
def situation(
    area: str | None, place: str, years: list[int] | None, scenario: str, draws: int, seed: int, prior_only: bool,
    out: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Analyse the population of AREA (a code or a name; the whole place if none is given): size, structure, change.

    Ages in both definitions (15-59 / 60+ and 15-64 / 65+), sex ratio, median age, dependency, women of 20-34, births,
    deaths and migration, from the censuses to the last year with bands; all areas side by side; why births change;
    marital status as the census counted it. With --out also pyramids.

    \b
    Huzhou, with its areas side by side:
        huyou situation
    One county, to 2040, labels in Chinese:
        huyou situation Deqing --years 2021,2030,2040 --lang zh
    Tables (CSV, Excel), pyramids and a manifest into a folder, with the plan carried out:
        huyou situation --scenario plan_as_written --out results/situation
    """
    from huyou_sim.output.situation_report import situation_report

    chosen = {} if years is None else {"years": years}
    said = situation_report(
        place, area, scenario=scenario, draws=draws, seed=seed, prior_only=prior_only, folder=keep, lang=lang, out=out,
        figures=figures, progress=not quiet, **chosen,
    )  # fmt: skip
    click.echo(said)
