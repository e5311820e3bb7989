"""Pictures of the population's structure: pyramids, and women at the start of the projection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.output.drawing import definitions_note, new_page, scale, source_note
from huyou_sim.output.labels import number, text, variable_definition, variable_label
from huyou_sim.output.palette import FEMALE, GREY, INK, MALE, MARITAL, PARITY
from huyou_sim.output.record import Floats, Run, calendar, central

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PYRAMID_YEARS = (2020, 2025, 2050)
_BANDS = ((0, 14, 7), (15, 59, 20), (60, None, 94))  # ages from and to, and where the share is written
_REFERENCE = "no_new_policy"


def pyramid_figure(run: Run, lang: str) -> Figure:
    """Return pyramids by single age at three year ends under no new policy, with the first as an outline."""
    population = run.result["population"].isel(area=-1)
    keys = run.scenario_keys
    key = _REFERENCE if _REFERENCE in keys else keys[0]
    stock = central(population.sel(scenario=key))
    known = calendar(stock["time"], "time")
    years = [year for year in PYRAMID_YEARS if year in known] or [known[0], known[-1]]
    divisor, unit = scale("population", lang)
    definition = {variable_label("population", lang): variable_definition("population", lang)}
    page = new_page(
        13.0,
        6.0,
        head=0.45,
        title=text("figure.pyramid.title", lang, place=run.area_label(run.place, lang),
                   years=_listed([str(year) for year in years], lang)),
        subtitle=text("figure.pyramid.scenario", lang, scenario=run.scenario_label(key, lang), unit=unit,
                      year=years[0]),
        notes=[definitions_note(definition, lang), source_note(run, lang)],
    )  # fmt: skip
    grid = page.grid(1, len(years), left=0.62, right=0.3, wspace=0.10)
    sides = [{sex: stock.isel(time=known.index(year)).sel(sex=sex).values / divisor for sex in ("male", "female")}
             for year in years]  # fmt: skip
    widest = max(float(side.max()) for pair in sides for side in pair.values()) * 1.12
    ages = np.asarray(stock["age"].values, dtype=int)
    for position, (year, pair) in enumerate(zip(years, sides, strict=True)):
        axes = page.figure.add_subplot(grid[0, position])
        _pyramid(axes, ages, pair, sides[0] if position else None, lang)
        axes.set_xlim(-widest, widest)
        axes.set_title(str(year), fontsize=12, pad=20, loc="center")
        axes.set_xlabel(text("figure.pyramid.axis", lang, unit=unit))
        if position == 0:
            axes.set_ylabel(text("figure.pyramid.age", lang))
        else:
            axes.tick_params(labelleft=False)
    return page.figure


def _listed(words: list[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(words)


def _pyramid(
    axes: Axes, ages: Floats | np.ndarray, pair: dict[str, Floats], first: dict[str, Floats] | None, lang: str
) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for sex, sign, colour in (("male", -1, MALE), ("female", 1, FEMALE)):
        axes.barh(ages + 0.5, sign * pair[sex], height=1.0, color=colour, alpha=0.78, linewidth=0)
        if first is not None:
            axes.stairs(sign * first[sex], [*ages, ages[-1] + 1], orientation="horizontal", color=INK,
                        linewidth=0.8, alpha=0.75)  # fmt: skip
        total = number(float(pair[sex].sum()), 1)
        label = text("figure.pyramid.total", lang, sex=text(f"sex.{sex}", lang), value=total)
        axes.annotate(label, ((sign + 1) / 2, 1.0), (0, 5), xycoords="axes fraction", textcoords="offset points",
                      ha="left" if sign < 0 else "right", color=colour, fontsize=9.5)  # fmt: skip
    axes.axvline(0, color="white", linewidth=0.8)
    everyone = float(sum(side.sum() for side in pair.values()))
    for lower, upper, height in _BANDS:
        inside = (ages >= lower) & (ages <= (ages[-1] if upper is None else upper))
        share = 100 * sum(float(side[inside].sum()) for side in pair.values()) / everyone
        name = f"{lower}+" if upper is None else f"{lower}–{upper}"
        axes.annotate(f"{name}\n{share:.1f} %", (0.985, height), xycoords=("axes fraction", "data"),
                      ha="right", va="center", fontsize=9, color=INK)  # fmt: skip
        if lower:
            axes.axhline(lower, color=GREY, linewidth=0.7, linestyle=(0, (4, 3)))
    axes.set_ylim(0, ages[-1] + 1)
    axes.set_yticks(list(range(0, int(ages[-1]) + 1, 10)))
    axes.grid(visible=False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, symmetric=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{abs(value):g}"))


def women_figure(run: Run, lang: str) -> Figure:
    """Return women of fertile age at the start by marital status and by children ever born, at each age."""
    stock = central(run.result["women"].isel(area=-1, scenario=0))
    year = calendar(stock["time"], "time")[0]
    women = stock.isel(time=0)
    ages = np.asarray(women["age_fertile"].values, dtype=int)
    divisor, unit = scale("women", lang)
    page = new_page(
        13.0,
        4.6,
        head=0.5,
        title=text("figure.women.title", lang, place=run.area_label(run.place, lang), lower=ages[0],
                   upper=ages[-1], year=year),
        notes=[definitions_note({variable_label("women", lang): variable_definition("women", lang)}, lang),
               source_note(run, lang)],
    )  # fmt: skip
    grid = page.grid(1, 3, left=0.75, right=0.3, wspace=0.22)
    marital = _stack(women, "marital", "parity")
    parity = _stack(women, "parity", "marital")
    marital_words = [text(f"marital.{status}", lang) for status in women["marital"].values.tolist()]
    parity_words = _parity_words(women["parity"].values.tolist(), lang)
    counts = page.figure.add_subplot(grid[0, 0])
    _layers(counts, ages, marital / divisor, marital_words, MARITAL)
    counts.set_ylabel(text("figure.women.counts", lang, unit=unit))
    _heading(counts, text("figure.women.counts_title", lang), lang)
    for position, (layers, words, colours, key) in enumerate(
        ((marital, marital_words, MARITAL, "marital"), (parity, parity_words, PARITY, "parity")), start=1
    ):
        axes = page.figure.add_subplot(grid[0, position])
        total = layers.sum(axis=0)
        shares = 100 * np.divide(layers, total, out=np.zeros_like(layers), where=total > 0)
        _layers(axes, ages, shares, words, colours)
        axes.set_ylim(0, 100)
        axes.set_ylabel(text("figure.women.axis", lang))
        _heading(axes, text(f"figure.women.{key}", lang), lang)
    return page.figure


def _stack(women: xr.DataArray, kept: str, summed: str) -> Floats:
    """Return counts (status, age)."""
    return np.asarray(women.sum(summed).transpose(kept, "age_fertile").values, dtype=float)


def _layers(axes: Axes, ages: np.ndarray, layers: Floats, words: list[str], colours: tuple[str, ...]) -> None:
    """Stack one bar per age and name the layers above the panel, in their order from below."""
    floor = np.zeros(len(ages))
    for layer, word, colour in zip(layers, words, colours, strict=False):
        axes.bar(ages, layer, bottom=floor, width=1.0, color=colour, edgecolor="white", linewidth=0.3, label=word)
        floor = floor + layer
    axes.set_xlim(ages[0] - 0.5, ages[-1] + 0.5)
    axes.set_xticks([age for age in ages if age % 5 == 0])
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(words), fontsize=8.5, handlelength=1.0,
                columnspacing=0.9, handletextpad=0.4, borderaxespad=0.2)  # fmt: skip


def _heading(axes: Axes, words: str, lang: str) -> None:
    axes.set_xlabel(text("figure.pyramid.age", lang))
    axes.annotate(words, (0, 1), (0, 24), xycoords="axes fraction", textcoords="offset points", fontsize=11)


def _parity_words(parities: list[object], lang: str) -> list[str]:
    """Return childless, 1 child, 2 children, 3 or more children."""
    words = []
    for position, parity in enumerate(parities):
        if position == len(parities) - 1:
            key = "figure.parity_open"
        else:
            key = {0: "figure.parity_none", 1: "figure.parity_one"}.get(position, "figure.parity")
        words.append(text(key, lang, parity=str(parity).rstrip("+")))
    return words
