"""The command `huyou`: arguments in, public functions, exit code out. No arithmetic lives here."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from huyou_sim.errors import EXIT_CODE, ArgumentError, HuyouError, Problem

LANGUAGES = click.Choice(["en", "zh"])
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect."""


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


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    """Return the numbers of a list such as 1,3,22."""
    if value is None:
        return None
    parts = value.replace(",", " ").split()
    if not parts or not all(part.isdecimal() for part in parts):
        fix = "Type --joint 1,3,22."
        raise ArgumentError(Problem("--joint", f"'{value}'", "numbers of the plan with commas between", fix))
    return [int(part) for part in parts]


def _years(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    """Return the years of a list such as 2021,2035."""
    parts = None if value is None else value.replace(",", " ").split()
    if parts is not None and (not parts or not all(part.isdecimal() for part in parts)):
        fix = "Type --years 2021,2025,2035."
        raise ArgumentError(Problem("--years", f"'{value}'", "years with commas between", fix))
    return None if parts is None else [int(part) for part in parts]


class Command(click.Command):
    r"""A command whose help keeps paragraphs after a line \b as they stand, two letters in raw docstrings."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.help = (self.help or "").replace("\\b\n", "\b\n")


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


@cli.command()
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--out", type=click.Path(path_type=Path), help="Output folder.  [default: results/PLACE]")
@click.option("--until", default=2050, show_default=True, help="Last projected year.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Draw PNG and SVG figures.")
@click.option("--quiet", is_flag=True, help="No progress bars and no tables on the terminal.")
@lang_option
def run(
    scenarios: tuple[str, ...],
    place: str,
    out: Path | None,
    until: int,
    figures: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Project SCENARIOS (names that ship, or paths of TOML files; all packages when none is given).

    Writes a NetCDF result, tidy CSV tables, an Excel workbook, figures and a manifest to the output folder, and
    prints the fit of the baselines and the verdict on every target. An earlier result in the folder is replaced
    only when the new one is complete.
    """
    from huyou_sim.output import report
    from huyou_sim.planning.packages import run_packages

    folder = report.result_folder(place, out)
    packages = run_packages(place, scenarios, until=until, progress=not quiet)
    written = report.write(packages, folder, lang=lang, figures=figures, progress=not quiet)
    if not quiet:
        click.echo(report.summary(packages, written, lang))


@cli.command()
@place_option
@lang_option
@click.option("--csv", type=click.Path(path_type=Path), help="Write the fit table to this file as well.")
def baseline(place: str, lang: str, csv: Path | None) -> None:
    """Fit the model to the published baselines and print observed, fitted and residual.

    Below the table stand the fitted levels and the sentences that name baselines which contradict each other.
    """
    from huyou_sim.output import report
    from huyou_sim.planning.packages import fit_place

    fit = fit_place(place)
    if csv is not None:
        report.write_fit(fit, csv, lang)
    click.echo(report.fit_report(fit, lang))


@cli.command()
@place_option
@lang_option
@click.option("--out", type=click.Path(path_type=Path), help="Write the three tables as CSV into this folder as well.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--seed", type=int, help="Of the draws.  [default: 2021]")
def calibrate(place: str, lang: str, out: Path | None, keep: Path | None, seed: int | None) -> None:
    r"""Draw the model's parameters from their posterior, given the figures published up to 2021.

    Prints whether the sampler converged, prior against posterior, and each published figure beside what the model would
    publish. Parameters that no observation depends on keep their priors. The draws are kept and found again by a hash
    of all that they depend on; a sampler that has not converged says so in the first line.

    \b
        huyou calibrate
        huyou calibrate --lang zh --out results/posterior
    """
    from huyou_sim.output import posterior_report

    report, tables = posterior_report.calibrate_report(place, lang, folder=keep, seed=seed)
    if out is not None:
        posterior_report.write_tables(tables, out, lang)
    click.echo(report)


@cli.command()
@click.argument("scenarios", nargs=-1)
@place_option
@click.option(
    "--years",
    nargs=2,
    type=int,
    show_default="2021 2025; 2025 2030 with --structure",
    help="The earlier and the later year.",
)
@click.option("--area", help="Code of an area.  [default: the whole place]")
@click.option(
    "--structure", is_flag=True, help="Compare state spaces instead: with and without duration of marriage and birth."
)
@click.option("--sobol", is_flag=True, help="Say instead which parameters bring the uncertainty of each target.")
@click.option("--points", default=512, show_default=True, help="With --sobol: points of the design, a power of two.")
@click.option("--against", help="With --sobol: of the difference from this scenario.")
@click.option("--doses", is_flag=True, help="Hold the effects of levers against the studies that they rest on.")
@click.option("--draws", default=4000, show_default=True, help="With --doses: draws of the priors.")
@click.option("--figure", type=click.Path(path_type=Path), help="With --doses: draw it into this PNG or SVG file.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the whole table to this file as well.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@lang_option
def explain(
    scenarios: tuple[str, ...], place: str, years: tuple[int, int] | None, area: str | None, structure: bool,
    sobol: bool, points: int, against: str | None, doses: bool, draws: int, figure: Path | None, csv: Path | None,
    quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Say why births change between two years: women, marriage, parity, fertility within marriage, and levers.

    The change without new policy stands first, and what each of the SCENARIOS adds to it beside it. Everything adds up
    to the births of the later year.

    With --structure: what the answers become where women newly married and with a recent birth are told apart, in both
    years.

    \b
        huyou explain plan_as_written everything_together
        huyou explain plan_as_written --years 2021 2030 --area 330523 --lang zh
        huyou explain marriage_strong subsidies_strong --structure
    Why a target is uncertain (Sobol indices of the first of the SCENARIOS), and why the effect of a package is:
        huyou explain plan_as_written --sobol
        huyou explain plan_as_written --sobol --against no_new_policy
    Whether levers follow the evidence: its static table, dose and response, and the studies' points:
        huyou explain --doses --figure doses.png --csv doses.csv
    """
    from huyou_sim.output.dose_report import explain_doses
    from huyou_sim.output.explain_report import explain_births
    from huyou_sim.output.figure_dose import check_dose_picture, draw_doses
    from huyou_sim.output.sobol_report import sobol_report
    from huyou_sim.output.structure_report import explain_structure
    from huyou_sim.output.tables import write_table

    if structure + sobol + doses > 1:
        raise click.UsageError("--structure, --sobol and --doses ask different questions: choose one.")
    if figure is not None:
        check_dose_picture(figure, doses=doses)
    if doses:
        said, table, found = explain_doses(place, draws=draws, lang=lang)
        if figure is not None:
            draw_doses(found, figure, lang)
    elif structure:
        chosen, span = scenarios or ("marriage_strong", "subsidies_strong"), years or (2025, 2030)
        said, table = explain_structure(place, chosen, years=span, area=area, lang=lang, progress=not quiet)
    elif sobol:
        chosen = scenarios or ("plan_as_written",)
        said, table = sobol_report(place, chosen[0], against=against, points=points, lang=lang, progress=not quiet)
    else:
        chosen, span = scenarios or ("plan_as_written",), years or (2021, 2025)
        said, table = explain_births(place, chosen, years=span, area=area, lang=lang, progress=not quiet)
    if csv is not None:
        write_table(table, csv, lang)
    click.echo(said)


@cli.command()
@click.argument("place")
@click.argument("scenarios", nargs=-1)
@click.option("--draws", default=2000, show_default=True, help="Futures of each package.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--until", default=2050, show_default=True, help="Last year of the bands, 2025 or later.")
@click.option(
    "--joint",
    callback=_numbers,
    help="Targets to be reached together, as 1,3,22 (numbers of the plan).  [default: all of them]",
)
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, NetCDF, figures and a manifest here.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@lang_option
def reach(
    place: str, scenarios: tuple[str, ...], draws: int, seed: int, until: int, joint: list[int] | None,
    prior_only: bool, out: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Say with what probability each 2025 target of PLACE is reached under SCENARIOS (all packages if none is given).

    Each target stands with two probabilities: that it is truly reached, and that the published figures, which come
    from a sample, will show it. Both depend on what is not known: levels (from the posterior of `huyou calibrate`),
    trends, shocks of single years, effects of levers. All packages have the same random numbers, so that their
    differences are nearly free of noise. The number after ± is the Monte Carlo standard error: four times the draws
    halve it. A sampler that has not converged marks every probability with an exclamation mark.

    \b
    All packages that ship, on Huzhou:
        huyou reach huzhou
    Two packages, fertility and natural increase together, only to the target year:
        huyou reach huzhou plan_as_written everything_together --joint 1,3 --until 2025
    Tables (CSV), bands and draws (NetCDF), figures (PNG, SVG) and a manifest into a folder, labels in Chinese:
        huyou reach huzhou --draws 10000 --lang zh --out results/reach
    """
    from huyou_sim.output.reach_report import reach_report

    said = reach_report(
        place, scenarios, draws=draws, seed=seed, until=until, together=joint, prior_only=prior_only, folder=keep,
        lang=lang, out=out, figures=figures, progress=not quiet,
    )  # fmt: skip
    click.echo(said)


@cli.command()
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--against", default="no_new_policy", show_default=True, help="The counterfactual: name or TOML file.")
@click.option("--draws", default=1000, show_default=True, help="Futures, the same for every package.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--until", default=2050, show_default=True, help="Last year, to which births and costs are summed.")
@click.option("--level", default="central", show_default=True, help="How strict targets are: lenient, central, strict.")
@click.option("--shapley", metavar="NAME", help="Tell the levers of this package apart: alone, last, Shapley value.")
@click.option("--tornado", metavar="NAME", help="Say which parameters move the effect of this package most.")
@click.option("--allow-trends", is_flag=True, help="Compare packages whose trends are not the counterfactual's too.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, workbook, NetCDF, figures, manifest here.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@lang_option
def compare(
    scenarios: tuple[str, ...], place: str, against: str, draws: int, seed: int, until: int, level: str,
    shapley: str | None, tornado: str | None, allow_trends: bool, prior_only: bool, out: Path | None, figures: bool,
    keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Hold SCENARIOS (all packages if none is given) against a counterfactual: what each brings and costs.

    Births, fertility, children, natural increase and dependency beyond the counterfactual, additional cost by payer,
    cost of a birth in the period and of a lasting one, probability of the targets, and which package another beats. All
    packages have the same random numbers; every difference stands with the band that holds 90 % of its futures.

    \b
    All packages that ship, against no new policy:
        huyou compare
    What a second package adds to a first one:
        huyou compare everything_together --against plan_as_written
    Which lever brings how much, and which parameter matters most; everything into a folder, in Chinese:
        huyou compare --shapley everything_together --tornado plan_as_written --lang zh --out results/compare
    """
    from huyou_sim.output.compare_report import compare_report

    said = compare_report(
        place, scenarios, against=against, draws=draws, seed=seed, until=until, level=level, shapley=shapley,
        along=tornado, trends_differ=allow_trends, prior_only=prior_only, folder=keep, lang=lang, out=out,
        figures=figures, progress=not quiet,
    )  # fmt: skip
    click.echo(said)


@cli.command()
@click.argument("place")
@click.option("--target", "targets", multiple=True, help="Number or variable of a target; more than one: all together.")
@click.option("--level", default="central", show_default=True, help="How strict: lenient, central or strict.")
@click.option("--probability", type=float, help="Asked for, above 0 and below 1.  [default: 0.5]")
@click.option("--published", is_flag=True, help="Ask that the published figures show it, not that it is truly so.")
@click.option("--lever", "levers", multiple=True, help="Lever to turn; several, or none, ask for the cheapest package.")
@click.option(
    "--bounds", multiple=True, type=(str, float, float), help="LEVER LOWER UPPER: bounds of one's own for a lever."
)
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="YUAN|YEAR=YUAN",
    help="Most that a package may cost, in all or a year.",
)
@click.option("--frontier", is_flag=True, help="The highest probability that each --budget can reach.")
@click.option("--maximise", help="births or probability: the best package for the budget.")
@click.option("--summary", help="Of births gained: mean, or a quantile in per cent.  [default: q10]")
@click.option("--until", type=int, help="With --maximise: last year that counts.  [default: 2025]")
@click.option("--payer", "payers", multiple=True, help="Whose payments the budget bounds: city, province, state.")
@click.option("--certainty", type=float, help="Share of draws in which the budget must hold; else its mean must.")
@click.option("--rival", "rivals", multiple=True, help="Scenario that the best package is held against.")
@click.option("--base", default="no_new_policy", show_default=True, help="Scenario that levers are added to.")
@click.option("--draws", type=int, help="Futures of each candidate.  [default: 1000; 400 with --maximise]")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--csv", type=click.Path(path_type=Path), help="Write what was tried to this file as well.")
@click.option("--figure", type=click.Path(path_type=Path), help="Draw the frontier or cost curve: PNG or SVG.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of tables, scenario files, figure and manifest.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@lang_option
def solve(
    place: str, targets: tuple[str, ...], level: str, probability: float | None, published: bool,
    levers: tuple[str, ...], bounds: tuple[tuple[str, float, float], ...], budgets: tuple[str, ...], frontier: bool,
    maximise: str | None, summary: str | None, until: int | None, payers: tuple[str, ...], certainty: float | None,
    rivals: tuple[str, ...], base: str, draws: int | None, seed: int, prior_only: bool, keep: Path | None,
    csv: Path | None, figure: Path | None, out: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Turn the question round: say what it would take to reach a target of PLACE, and what that would cost.

    One lever: its smallest setting that reaches the target with the probability. Several levers, or none named: the
    cheapest package. With --frontier: how far each budget can come. With --maximise: the best package for a budget,
    with its cost curve, and whether it stays the best under other priors. What cannot be reached within the bounds is
    answered with the best that can. --out writes each package as a scenario file that `huyou run` takes.

    \b
    The smallest birth grant for which fertility rises as asked in one future of five:
        huyou solve huzhou --target tfr --probability 0.2 --lever birth_grant.yuan
    The cheapest package, and the best one for a billion yuan, on top of the plan:
        huyou solve huzhou --target tfr --probability 0.2
        huyou solve huzhou --target tfr --probability 0.3 --budget 1e9 --base plan_as_written
    What money can buy:
        huyou solve huzhou --target natural_increase_rate --level lenient --frontier --figure frontier.png
    The best package for a billion: births gained with a probability of 90 %; two targets together, the city's money:
        huyou solve huzhou --maximise births --until 2030 --budget 1e9 --rival everything_together --out results/best
        huyou solve huzhou --maximise probability --target tfr --target 23 --budget 1e9 --payer city
    A limit of each year, kept in nine draws of ten:
        huyou solve huzhou --maximise births --budget 2023=2e8 --budget 2025=4e8 --certainty 0.9 --summary mean
    """
    from huyou_sim.output.figure_frontier import check_picture, draw_answer
    from huyou_sim.output.folder import check_folder
    from huyou_sim.output.solve_folder import write_answer
    from huyou_sim.output.solve_report import solve_report
    from huyou_sim.output.tables import write_table
    from huyou_sim.planning.solve import wish_of

    if figure is not None:
        check_picture(figure, along=frontier or maximise is not None)
    folder = None if out is None else check_folder(out)
    wish = wish_of(
        maximise, summary=summary, limits=budgets, payers=payers, certainty=certainty, until=until, rivals=rivals,
        p=probability, along=frontier,
    )  # fmt: skip
    answer = solve_report(
        place, targets, p=probability, level=level, levers=levers, bounds=bounds, along=frontier,
        budgets=budgets if wish is None else (), wish=wish, seen=published, base=base, draws=draws, seed=seed,
        prior_only=prior_only, folder=keep, lang=lang, progress=not quiet,
    )  # fmt: skip
    if csv is not None:
        write_table(answer.table, csv, lang)
    if figure is not None:
        draw_answer(answer, figure, lang)
    if folder is not None:
        arguments = {
            "targets": targets, "level": level, "probability": probability, "published": published, "levers": levers,
            "bounds": bounds, "budgets": budgets, "frontier": frontier, "maximise": maximise, "summary": summary,
            "until": until, "payers": payers, "certainty": certainty, "rivals": rivals, "base": base,
            "prior_only": prior_only,
        }  # fmt: skip
        written = write_answer(answer, folder, arguments=arguments, lang=lang)
    click.echo(answer.said if folder is None else f"{answer.said}\n\n{written}")


@cli.command()
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--level", default="central", show_default=True, help="How strict: lenient, central or strict.")
@click.option("--draws", default=1000, show_default=True, help="Futures of each package.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--observations", type=click.Path(path_type=Path), help="CSV of observed progress; see below.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--methods", is_flag=True, help="Say below how each indicator is projected, and from which data.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, a workbook, a figure and a manifest here.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
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


@cli.command()
@click.argument("observations", type=click.Path(path_type=Path), required=False)
@place_option
@click.option("--scenario", default="plan_as_written", show_default=True, help="The course that the place is on.")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="Day; later figures are hidden.  [today]")
@click.option("--level", default="central", show_default=True, help="How strict targets are: lenient, central, strict.")
@click.option("--draws", default=1000, show_default=True, help="Futures of the course.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure of 2021 were known.")
@click.option("--refit", is_flag=True, help="Draw anew given the figures, where weights leave too few draws: minutes.")
@click.option("--template", type=click.Path(path_type=Path), help="Write a file of observations to fill in, and stop.")
@click.option("--drill", is_flag=True, help="Say how often the warning warns, rightly and wrongly, and stop.")
@click.option("--histories", default=1000, show_default=True, help="With --drill: simulated histories of each truth.")
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, a workbook, a figure and a manifest here.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table of figures to this file as well.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
@lang_option
def monitor(
    observations: Path | None, place: str, scenario: str, as_of: datetime | None, level: str, draws: int, seed: int,
    prior_only: bool, refit: bool, template: Path | None, drill: bool, histories: int, out: Path | None,
    csv: Path | None, figures: bool, keep: Path | None, quiet: bool, lang: str,
) -> None:  # fmt: skip
    r"""Hold OBSERVATIONS, a CSV file, against the course of a package: early warning, and targets revised.

    Each figure stands beside the band of what would be published on the course, with the predictive probability of one
    as far off and a colour: green, amber, red. A series is judged once on all its figures together, and has a first
    year off course. Marriage, divorce and fertility have a board. The probability of each target stands before and
    after the figures; where they leave too few draws, the report says so and what to type.

    Columns of the file: indicator_id (1-28) or variable, area, period (2023, 2023Q1, 2023-03, 2023-12-31 or
    2023-01-01/2023-06-30), value; where known unit, population_base, standard_error, published, note. Rows may stand in
    any order. A revision is a row more with its own day in `published`: every vintage is kept, and the one known last
    on the day counts. A row that cannot be used is named with its line and left out; the exit code is then 2.

    \b
    A file to fill in, then the monitor:
        huyou monitor --template observed.csv
        huyou monitor observed.csv
    New draws given the figures, where weights leave too few (some minutes):
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


@cli.command()
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--until", default=2035, show_default=True, help="Last year.")
@click.option("--coverage", type=float, help="Childcare places for so many of 100 children under 3, in per cent.")
@click.option("--areas", help="Codes or names with commas between.  [default: all areas and the place]")
@click.option("--draws", default=500, show_default=True, help="Futures of each package.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--out", type=click.Path(path_type=Path), help="Write CSV, Excel, figures and a manifest here.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
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


@cli.command()
@click.argument("area", required=False)
@place_option
@click.option("--years", callback=_years, help="Projected years with commas between.  [default: 2021,2025,2035]")
@click.option("--scenario", default="no_new_policy", show_default=True, help="Scenario of the projected years.")
@click.option("--draws", default=300, show_default=True, help="Futures.")
@click.option("--seed", default=2021, show_default=True, help="Of the random numbers; equal seeds give equal results.")
@click.option("--prior-only", is_flag=True, help="Draw levels from their priors, as if no figure were published.")
@click.option("--out", type=click.Path(path_type=Path), help="Write CSV, Excel, figures and a manifest here.")
@click.option("--figures/--no-figures", default=True, show_default=True, help="With --out: draw PNG and SVG figures.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder of stored posteriors.  [default: your cache]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
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


@cli.command()
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


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--extends", multiple=True, help="Scenario whose levers it takes over; may be repeated.  [default: no_new_policy]"
)
@click.option("--with", "measures", multiple=True, help="Measure that is set, as childcare; may be repeated.")
@click.option("--name-zh", help="Name in Chinese.  [default: of the file's name]")
@click.option("--name-en", help="Name in English.  [default: of the file's name]")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@lang_option
def new(
    path: Path, extends: tuple[str, ...], measures: tuple[str, ...], name_zh: str | None, name_en: str | None,
    force: bool, lang: str,
) -> None:  # fmt: skip
    r"""Write a scenario file to PATH to start from, each line explained in Chinese and English with unit and bounds.

    The measures named --with are set: to the values of the scenario that it extends, or to examples, marked as assumed,
    which you replace. All other measures stand in the file as comments. A schema for completion in editors is written
    beside it. The file is checked before it takes its name.

    \b
        huyou new mine.toml --with birth_grant --with childcare
        huyou new mine.toml --extends hohhot_2025 --with birth_grant --name-zh 我的方案 --name-en "My package"
    Then:
        huyou check mine.toml
        huyou diff no_new_policy mine.toml
        huyou run mine.toml no_new_policy
    """
    from huyou_sim.output.authoring import new_report, new_scenario
    from huyou_sim.policy.template import PARENT

    made, written = new_scenario(
        path, extends=extends or (PARENT,), measures=measures, name_zh=name_zh, name_en=name_en, force=force
    )
    click.echo(new_report(made, written, lang))


@cli.command()
@click.argument("old")
@click.argument("new")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table to this file, with reasons.")
@lang_option
def diff(old: str, new: str, csv: Path | None, lang: str) -> None:
    r"""Say what two scenarios set differently: every lever from its OLD to its NEW value, with units.

    OLD and NEW are names that ship, or paths of TOML files. What they take over from others is compared as well, so
    that a lever stands here when it differs and not when it is only typed elsewhere. Behind each value stands the file
    and line that set it.

    \b
        huyou diff no_new_policy plan_as_written
        huyou diff hangzhou_2023 mine.toml --lang zh --csv difference.csv
    """
    from huyou_sim.output.difference_report import difference_report
    from huyou_sim.output.tables import write_table

    said, table = difference_report(old, new, lang=lang)
    if csv is not None:
        write_table(table, csv, lang)
    click.echo(said)


@cli.command()
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


@cli.command()
@click.argument("pack", type=click.Path(path_type=Path))
def derive(pack: Path) -> None:
    """Recompute the derived tables of a data PACK (a folder) and refresh its checksums.

    Single ages are graduated from the census groups, net migration is the residual between two censuses. Run it
    after you changed a table of the pack on purpose.
    """
    from huyou_sim.demography.derive import derive_pack

    for path in derive_pack(pack):
        click.echo(path)


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
