"""The manifest of a result that an ensemble gave, and the words on its draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from huyou_sim.inference.posterior import warning_mark
from huyou_sim.output.labels import text
from huyou_sim.output.manifest import build_manifest, complete_manifest
from huyou_sim.output.naming import area_labels, resolved_text

if TYPE_CHECKING:
    import xarray as xr

    from huyou_sim.planning.packages import Fit
    from huyou_sim.policy import Scenario

_KEPT = ("convergence", "r_hat", "effective_size", "inputs", "seed", "plan", "observations")


def mark_of(posterior: xr.Dataset | None, lang: str) -> str:
    """Return what must stand beside every probability: nothing where the sampler converged or nothing was sampled."""
    return "" if posterior is None else warning_mark(posterior, lang)


def draws_words(
    posterior: xr.Dataset | None, *, draws: int, seed: int, lang: str, key: str = "reach.draws"
) -> list[str]:
    """Return how many draws there are, where levels come from, and a warning where the sampler has not converged."""
    said = text(key, lang, draws=f"{draws:,}", seed=seed)
    if posterior is None:
        return [f"{said} {text('reach.prior_only', lang)}"]
    figures = {"r_hat": f"{posterior.attrs['r_hat']:.4f}", "effective": f"{posterior.attrs['effective_size']:,.0f}"}
    state = text("posterior.converged" if posterior.attrs["converged"] else "posterior.not_converged", lang)
    about = text("reach.posterior", lang, count=len(posterior.data_vars), state=state, **figures)
    mark = mark_of(posterior, lang)
    return [*([f"! {mark}"] if mark else []), f"{said} {about}"]


def ensemble_manifest(
    fit: Fit,
    posterior: xr.Dataset | None,
    scenarios: Sequence[Scenario],
    arguments: Mapping[str, object],
    *,
    seed: int,
    lang: str,
) -> dict[str, Any]:
    """Return the manifest of a result: what is needed to make it again.

    Parameters
    ----------
    fit, posterior, scenarios
        What it was made from.
    arguments : mapping
        Of the command, its name among them.
    seed : int
    lang : {"en", "zh"}
    """
    sampled: dict[str, object] = {"posterior": "none: every parameter comes from its prior"}
    if posterior is not None:
        sampled = {name: posterior.attrs[name] for name in _KEPT if name in posterior.attrs}
        sampled["parameters"] = [str(name) for name in posterior.data_vars]
    manifest = build_manifest(
        arguments={"place": fit.pack.name, "scenarios": [scenario.key for scenario in scenarios], **arguments},
        inputs=fit.pack.checksums,
        scenario_texts={scenario.key: resolved_text(scenario) for scenario in scenarios},
        parameters={**fit.baseline.assumptions, "mortality_trend": fit.baseline.mortality_trend},
        calibration=sampled | {"mark": mark_of(posterior, "en")},
        seed=seed,
    )
    return complete_manifest(
        manifest, lang=lang, place=fit.baseline.code, scenarios=scenarios, area_labels=area_labels(fit)
    )
