"""What was learnt from the published figures, as text: convergence, prior against posterior, predictive check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huyou_sim.inference.diagnostics import diagnostics_table, learnt_table, predictive_check
from huyou_sim.inference.store import posterior
from huyou_sim.output.labels import text, variable_label
from huyou_sim.output.naming import area_labels
from huyou_sim.output.tables import write_table
from huyou_sim.output.terminal import terminal_width, text_table
from huyou_sim.planning.packages import fit_place

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from huyou_sim.planning.packages import Fit

UNEXPLAINED = 0.05
"""p-value of a predicted figure below which the published one is marked."""


def calibrate_report(
    place: str | Path, lang: str, *, folder: Path | None = None, seed: int | None = None
) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the posterior of a place as text, and its tables by name.

    Parameters
    ----------
    place : str or path
        Name of a pack that ships, or folder of one.
    lang : {"en", "zh"}
    folder : path, optional
        Where the posterior is kept and found again.
    seed : int, optional

    Raises
    ------
    PackError, CalibrationError
        When the pack is damaged, or its figures cannot be reproduced.
    """
    fit = fit_place(place)
    options: dict[str, Any] = {"folder": folder} | ({} if seed is None else {"seed": seed})
    found = posterior(fit.pack, fit.baseline, **options)
    tables = {
        "convergence": diagnostics_table(found),
        "prior_posterior": learnt_table(fit.pack, found, lang),
        "predictive_check": predictive_check(fit.pack, fit.baseline, found),
    }
    return _report(found, tables, fit, lang), tables


def write_tables(tables: dict[str, pd.DataFrame], folder: Path, lang: str) -> list[Path]:
    """Return the paths of the tables, written as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_table(table, folder / f"{name}.csv", lang) for name, table in tables.items()]


def _report(found: xr.Dataset, tables: dict[str, pd.DataFrame], fit: Fit, lang: str) -> str:
    width = terminal_width()
    about = text("posterior.about", lang).format(
        draws=found.sizes["chain"] * found.sizes["draw"],
        chains=found.sizes["chain"],
        acceptance=100.0 * float(found.attrs["acceptance"]),
        seed=found.attrs["seed"],
    )
    plan = json.loads(found.attrs["plan"])
    mark = text("posterior.converged" if found.attrs["converged"] else "posterior.not_converged", lang)
    reached = text("posterior.reached", lang).format(
        r_hat=found.attrs["r_hat"],
        effective=found.attrs["effective_size"],
        r_hat_asked=plan["r_hat"],
        effective_asked=plan["effective"],
    )
    parts = [f"{mark}: {reached}\n{about}", *_sections(tables, fit, lang, width)]
    return "\n\n".join(parts)


def _sections(tables: dict[str, pd.DataFrame], fit: Fit, lang: str, width: int) -> list[str]:
    learnt, check = tables["prior_posterior"], tables["predictive_check"]
    effective = tables["convergence"].set_index("parameter")
    sampled = learnt[learnt["sampled"]]
    rows = [
        [
            str(row["meaning"]),
            _band(row, "prior_q50", "prior_q05", "prior_q95"),
            _band(row, "posterior_q50", "posterior_q05", "posterior_q95"),
            f"{effective.loc[row['parameter'], 'r_hat']:.3f}",
            f"{effective.loc[row['parameter'], 'effective_size']:,.0f}",
            str(row["verdict"]),
        ]
        for row in sampled.to_dict("records")
    ]
    header = _header(
        [
            "posterior.meaning",
            "posterior.prior",
            "posterior.posterior",
            "posterior.r_hat",
            "posterior.effective_size",
            "posterior.verdict",
        ],
        lang,
    )
    names = area_labels(fit)
    figures = [
        [
            variable_label(row["variable"], lang),
            names.get(row["area"], {}).get(lang, row["area"]),
            _figure(row["observed"]),
            _band(row, "q50", "q05", "q95"),
            f"{row['p_value']:.2f}{' *' if row['p_value'] < UNEXPLAINED else ''}",
            text("posterior.entered_yes" if row["entered"] else "posterior.entered_no", lang),
        ]
        for row in check.to_dict("records")
    ]
    columns = _header(
        [
            "posterior.figure",
            "posterior.area",
            "posterior.observed",
            "posterior.predicted",
            "posterior.p_value",
            "posterior.entered",
        ],
        lang,
    )
    prior_only = learnt[~learnt["sampled"]]["parameter"].tolist()
    return [
        "\n".join([text("posterior.learnt", lang), "", text_table(header, rows, width=width, flexible=(0, 5))]),
        text("posterior.prior_only", lang).format(count=len(prior_only), names=", ".join(prior_only)),
        "\n".join([text("posterior.check", lang), "", text_table(columns, figures, width=width)]),
        text("posterior.note", lang),
    ]


def _figure(value: float) -> str:
    """Return a figure to four digits, persons as whole numbers."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{0.0 if abs(value) < 1e-12 else value:.4g}"


def _band(row: Mapping[Any, Any], middle: str, low: str, high: str) -> str:
    return f"{_figure(row[middle])} ({_figure(row[low])}, {_figure(row[high])})"


def _header(names: Sequence[str], lang: str) -> list[str]:
    return [text(name, lang) for name in names]
