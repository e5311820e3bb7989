"""Commands that project a place, fit it, and say why: run, baseline, calibrate, explain, reach."""

from __future__ import annotations

from pathlib import Path

import click

from huyou_sim.cli.options import (
    Command,
    figures_option,
    indicator_numbers,
    keep_option,
    lang_option,
    place_option,
    prior_option,
    quiet_option,
    seed_option,
)


@click.command(cls=Command)
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


@click.command(cls=Command)
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


@click.command(cls=Command)
@place_option
@lang_option
@click.option("--out", type=click.Path(path_type=Path), help="Write the three tables as CSV into this folder as well.")
@keep_option
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


@click.command(cls=Command)
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


@click.command(cls=Command)
@click.argument("place")
@click.argument("scenarios", nargs=-1)
@click.option("--draws", default=2000, show_default=True, help="Futures of each package.")
@seed_option
@click.option("--until", default=2050, show_default=True, help="Last year of the bands, 2025 or later.")
@click.option(
    "--joint",
    callback=indicator_numbers,
    help="Targets to be reached together, as 1,3,22 (numbers of the plan).  [default: all of them]",
)
@prior_option
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, NetCDF, figures and a manifest here.")
@figures_option
@keep_option
@quiet_option
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
