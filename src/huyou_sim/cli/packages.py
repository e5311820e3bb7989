"""Commands about packages: compare, solve, new, diff."""

from __future__ import annotations

from pathlib import Path

import click

from huyou_sim.cli.options import (
    Command,
    figures_option,
    keep_option,
    lang_option,
    level_option,
    place_option,
    prior_option,
    quiet_option,
    seed_option,
)


@click.command(cls=Command)
@click.argument("scenarios", nargs=-1)
@place_option
@click.option("--against", default="no_new_policy", show_default=True, help="The counterfactual: name or TOML file.")
@click.option("--draws", default=1000, show_default=True, help="Futures, the same for every package.")
@seed_option
@click.option("--until", default=2050, show_default=True, help="Last year, to which births and costs are summed.")
@level_option
@click.option("--shapley", metavar="NAME", help="Tell the levers of this package apart: alone, last, Shapley value.")
@click.option("--tornado", metavar="NAME", help="Say which parameters move the effect of this package most.")
@click.option("--allow-trends", is_flag=True, help="Compare packages whose trends are not the counterfactual's too.")
@prior_option
@click.option("--out", type=click.Path(path_type=Path), help="Write tables, workbook, NetCDF, figures, manifest here.")
@figures_option
@keep_option
@quiet_option
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


@click.command(cls=Command)
@click.argument("place")
@click.option("--target", "targets", multiple=True, help="Number or variable of a target; more than one: all together.")
@level_option
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
@seed_option
@prior_option
@keep_option
@click.option("--csv", type=click.Path(path_type=Path), help="Write what was tried to this file as well.")
@click.option("--figure", type=click.Path(path_type=Path), help="Draw the frontier or cost curve: PNG or SVG.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of tables, scenario files, figure and manifest.")
@quiet_option
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


@click.command(cls=Command)
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


@click.command(cls=Command)
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
