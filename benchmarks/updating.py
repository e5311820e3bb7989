"""Weights, draws moved by regression, and a refit: what made-up figures of later years do to a forecast.

python benchmarks/updating.py                 figures of two years, near the course and far below it, 2,000 draws
python benchmarks/updating.py --quick         as little as shows that everything works
python benchmarks/updating.py --draws 1000 --last 2024 --lower 0.85

The figures are made up: medians of the model's own draws, births and total fertility rate also lowered by a share. No
figure of the place is among them. First they have errors as wide as the spread of the draws, as if little were known,
where weights do well; then the errors of publication that the pack tells, here each by itself, which are small beside
that spread.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import xarray as xr
from show import heading, note, table

from huyou_sim.inference.ensemble import Ensemble, prepare_ensemble
from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.inference.priors import generator
from huyou_sim.inference.published import error_of
from huyou_sim.inference.refit import Refit, refit
from huyou_sim.inference.store import posterior
from huyou_sim.inference.updating import (
    Figures,
    Update,
    moved,
    update,
    weighted_mean,
    weighted_probability,
)
from huyou_sim.planning.packages import fit_place
from huyou_sim.planning.trials import find_targets
from huyou_sim.policy import Scenario, load_scenario

TITLE = "Weights of draws, draws moved by regression, and a refit"
OBSERVED = ("births", "tfr", "first_marriages")
LOWERED = ("births", "tfr")
ASKED = (("births", 2022), ("births", 2023), ("births", 2024), ("births", 2025), ("tfr", 2025))
UNTIL = 2025


@dataclass(frozen=True, eq=False)
class Case:
    """Figures, and what the three ways make of them.

    Parameters
    ----------
    name : str
    before, after : xarray.Dataset
        Indicators of the ensemble and of its refit.
    update : Update
    moved : mapping of (variable, year) to (draw,)
        What is asked, in draws that are moved to the figures.
    refit : Refit
    effective : float
        Number of independent draws of the ensemble.
    seconds : (float, float, float)
        Of the weights, of moving, of the refit.
    """

    name: str
    before: xr.Dataset
    after: xr.Dataset
    update: Update
    moved: dict[tuple[str, int], np.ndarray]
    refit: Refit
    effective: float
    seconds: tuple[float, float, float]


def series(dataset: xr.Dataset, name: str, years: int | Sequence[int]) -> np.ndarray:
    """Return an indicator of the place, (draw,) for one year and (draw, year) for several."""
    return dataset[name].squeeze(["scenario", "area"]).sel(year=years).values


def predictions(dataset: xr.Dataset, years: Sequence[int]) -> np.ndarray:
    """Return what is observed, year by year, (draw, figure)."""
    return np.concatenate([series(dataset, name, years) for name in OBSERVED], axis=1)


def made_up(ensemble: Ensemble, before: xr.Dataset, years: Sequence[int], lower: float, wide: float) -> Figures:
    """Return medians of draws, some lowered, with errors of publication or a share `wide` of the spread of draws."""
    predicted = predictions(before, years)
    names = [name for name in OBSERVED for _ in years]
    factors = np.array([lower if name in LOWERED else 1.0 for name in names])
    errors = np.array([error_of(ensemble.pack, name).standard_error for name in names])
    if wide:
        errors = wide * predicted.std(axis=0)
    return Figures(np.median(predicted, axis=0) * factors, np.diag(errors**2))


def case(name: str, ensemble: Ensemble, scenario: Scenario, before: xr.Dataset, figures: Figures, last: int) -> Case:
    """Return what the three ways make of figures of the years up to the last."""
    years = list(range(2022, last + 1))
    began = perf_counter()
    weighted = update(predictions(before, years), figures, effective=ensemble.effective)
    weighing, began = perf_counter() - began, perf_counter()
    shifted = moved_to(ensemble, before, figures, years)
    moving, began = perf_counter() - began, perf_counter()
    found = refit(ensemble, scenario, lambda dataset: predictions(dataset, years), figures, until=last, progress=True)
    seconds = weighing, moving, perf_counter() - began
    after = found.ensemble.project([scenario])
    return Case(name, before, after, weighted, shifted, found, ensemble.effective, seconds)


def moved_to(
    ensemble: Ensemble, before: xr.Dataset, figures: Figures, years: Sequence[int]
) -> dict[tuple[str, int], np.ndarray]:
    """Return what is asked in draws that are moved to the figures by regression."""
    predicted = predictions(before, years)
    noise = generator(ensemble.seed, "errors of figures").standard_normal(predicted.shape)
    missed = figures.values - predicted - noise * np.sqrt(np.diag(figures.covariance))
    spread = np.cov(predicted, rowvar=False) + figures.covariance
    values = np.stack([series(before, name, year) for name, year in ASKED], axis=1)
    return dict(zip(ASKED, moved(values, predicted, missed, spread).T, strict=True))


def rows(one: Case, threshold: float) -> list[tuple[str, ...]]:
    """Return means and a probability in the three ways, with their errors, and how far they are from the refit."""
    weights, size, worth = one.update.weights, one.update.effective_size, one.refit.ensemble.effective
    found = []
    for name, year in ASKED:
        old, shifted, new = series(one.before, name, year), one.moved[name, year], series(one.after, name, year)
        mean = float(weighted_mean(old, weights))
        spread = float(np.sqrt(weighted_mean((old - mean) ** 2, weights)))
        spreads = spread, float(shifted.std()), float(new.std())
        counts = size, one.effective, worth
        means = mean, float(shifted.mean()), float(new.mean())
        pairs = [(value, sd / n**0.5) for value, sd, n in zip(means, spreads, counts, strict=True)]
        found.append(row(f"{name} {year}", pairs, spreads))
    p, error = weighted_probability(series(one.before, "tfr", 2025) >= threshold, weights, effective=size)
    pairs = [(float(p), float(error))]
    for values, n in ((one.moved["tfr", 2025], one.effective), (series(one.after, "tfr", 2025), worth)):
        q = float((values >= threshold).mean())
        pairs.append((q, float(probability_error(q, n))))
    found.append(row(f"P(tfr 2025 >= {threshold:g})", pairs, (float("nan"),) * 3))
    return found


def row(name: str, pairs: Sequence[tuple[float, float]], spreads: Sequence[float]) -> tuple[str, ...]:
    """Return three values with their errors, how far the first two are from the third, and three spreads."""
    last, last_error = pairs[-1]
    apart = [f"{(value - last) / np.hypot(error, last_error):+.1f}" for value, error in pairs[:-1]]
    return (name, *(f"{figure(a)} ± {figure(b)}" for a, b in pairs), *apart, *(figure(value) for value in spreads))


def figure(value: float) -> str:
    """Return a number of persons, or one with four decimals."""
    if np.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10.0 else f"{value:.4f}"


def show(one: Case, threshold: float) -> None:
    """Print a case."""
    heading(one.name)
    table(
        ("mean", "weights", "moved", "refit", "weights apart", "moved apart", "sd weights", "sd moved", "sd refit"),
        rows(one, threshold),
    )
    annealed, made = one.refit.annealed, one.refit.ensemble
    note(
        f"""Weights: {one.seconds[0]:.3f} s, effective size {one.update.effective_size:.1f}, tail index
        {one.update.tail_index:.2f}, {"refit needed" if one.update.refit_needed else "no refit needed"}, log evidence
        {one.update.log_evidence:.2f}. Moved: {one.seconds[1]:.3f} s.
        Refit: {one.seconds[2]:.0f} s, {len(annealed.exponents)} exponents,
        {sum(annealed.moves)} moves of {len(one.refit.moved)} coordinates, acceptance {annealed.acceptance:.2f},
        effective size {made.effective:.0f}, log evidence {annealed.log_evidence:.2f}. {made.draws.mark}"""
    )


def main() -> None:
    """Run the three ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few draws from priors, one year, wide errors only")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--last", type=int, default=2023, choices=range(2022, UNTIL + 1), help="last year of figures")
    parser.add_argument("--lower", type=float, default=0.9, help="births and rate over their medians, in the far case")
    chosen = parser.parse_args()
    place, scenario = fit_place("huzhou"), load_scenario("no_new_policy")
    cases = [("Wide errors, near the course", 1.0, 1.0), ("Errors of publication, near the course", 1.0, 0.0)]
    cases.append((f"Errors of publication, births and rate at {chosen.lower:g} of the course", chosen.lower, 0.0))
    draws, last, sampled = chosen.draws, chosen.last, None
    if chosen.quick:
        draws, last, cases = 160, 2022, cases[:1]
    else:
        sampled = posterior(place.pack, place.baseline)
    threshold = find_targets(place.pack, ["tfr"], "lenient")[0].threshold
    ensemble = prepare_ensemble(place, sampled, draws, until=UNTIL)
    before = ensemble.project([scenario])
    heading(TITLE)
    note(f"{draws:,} draws; made-up figures of {', '.join(OBSERVED)}, 2022 to {last}.")
    for name, lower, wide in cases:
        figures = made_up(ensemble, before, range(2022, last + 1), lower, wide)
        show(case(name, ensemble, scenario, before, figures, last), threshold)


if __name__ == "__main__":
    main()
