"""Refits on disk, beside the posteriors: drawn once, and found again by the figures that they were given.

A file has where the particles of a refit stand, and how likely the figures are under each. All that they do not move
comes from the ensemble, which is the same to the bit while the inputs have the same hash; so a refit that is read is
the one that was written, and goes as far into the future as the ensemble at hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from huyou_sim.inference.annealing import Annealed, Particles
from huyou_sim.inference.refit import Coordinates, Refit, refit_mark
from huyou_sim.inference.store import CODE, cache_folder, hash_of, made_of, read_dataset, to_stderr, write_dataset

if TYPE_CHECKING:
    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.inference.updating import Figures
    from huyou_sim.policy import Scenario

ROOMS = (*CODE, "policy")
"""Rooms whose source every refit depends on."""

BY_DRAW = ("points", "base", "likely", "ancestors")
"""Of the particles."""

NUMBERS = ("log_evidence", "acceptance", "left")
"""Of `Annealed`, kept as they are."""

FAULTY = "the file holds no refit of these draws"


@dataclass(frozen=True, eq=False)
class Stored:
    """A refit with the figures that it was given.

    Parameters
    ----------
    refit : Refit
    keys : frozenset of str
    """

    refit: Refit
    keys: frozenset[str]


@dataclass(frozen=True, eq=False)
class Shelf:
    """Where the refits of an ensemble under a scenario are kept.

    Parameters
    ----------
    ensemble : Ensemble
        Without new figures.
    inputs : str
        Hash of all that they depend on but the figures.
    folder : Path
    say : callable
        Takes a sentence when a file is passed over or could not be written.
    """

    ensemble: Ensemble
    inputs: str
    folder: Path
    say: Callable[[str], None]

    def path(self, keys: Sequence[str]) -> Path:
        """Return the file of the refit that was given some figures."""
        return self.folder / f"{self._start()}-{hash_of({'figures': sorted(keys)})[:16]}.nc"

    def exact(self, keys: Sequence[str], figures: Figures) -> Refit | None:
        """Return the refit that was given these figures and no others, if it is kept.

        Parameters
        ----------
        keys : sequence of str
            What tells each figure from all others, its value and error among it.
        figures : Figures
            In the order of the keys.
        """
        path = self.path(keys)
        dataset = self._read(path)
        if dataset is None:
            return None
        found = self._stored(dataset, path)
        same = found is not None and found.keys == set(keys) and _same(dataset, figures)
        return found.refit if found is not None and same else None

    def nearest(self, keys: Sequence[str]) -> Stored | None:
        """Return the mixed refit that was given the most of some figures and nothing else, if there is one."""
        best: Stored | None = None
        for path in sorted(self.folder.glob(f"{self._start()}-*.nc")):
            dataset = self._read(path)
            if dataset is None:
                continue
            given = _keys(dataset)
            if not given <= set(keys) or len(given) <= (0 if best is None else len(best.keys)):
                continue
            found = self._stored(dataset, path)
            if found is not None and not refit_mark(found.refit.annealed, found.refit.ensemble.effective):
                best = found
        return best

    def keep(self, keys: Sequence[str], figures: Figures, refit: Refit) -> Path | None:
        """Return the file that a refit was written to, whole; none where that could not be, with a word."""
        path = self.path(keys)
        try:
            return write_dataset(_dataset(keys, figures, refit).assign_attrs(inputs=self.inputs), path)
        except OSError as error:
            self.say(f"{path}: {error.strerror or error}; the refit is not kept for the next run.")
            return None

    def _start(self) -> str:
        return f"refit-{self.ensemble.pack.name}-{self.inputs[:16]}"

    def _read(self, path: Path) -> xr.Dataset | None:
        """Return what a file holds, none with a word where it is damaged or of other inputs."""
        dataset, fault = read_dataset(path, self.inputs)
        if fault:
            self.say(f"{path}: {fault}; it is passed over.")
        return dataset

    def _stored(self, dataset: xr.Dataset, path: Path) -> Stored | None:
        """Return the refit of a file, none with a word where there is no such refit in it."""
        try:
            return Stored(_refit(dataset, self.ensemble), _keys(dataset))
        except (KeyError, ValueError, TypeError, IndexError):  # each is what some foreign file raises
            self.say(f"{path}: {FAULTY}; it is passed over.")
            return None


def shelf_of(
    ensemble: Ensemble,
    scenario: Scenario,
    *,
    rooms: Sequence[str] = (),
    folder: str | Path | None = None,
    say: Callable[[str], None] = to_stderr,
) -> Shelf:
    """Return where the refits of an ensemble under a scenario are kept.

    Parameters
    ----------
    ensemble : Ensemble
        Without new figures.
    scenario : Scenario
    rooms : sequence of str
        Further rooms of the package whose source says what a draw predicts of a figure.
    folder : path, optional
        `cache_folder` when omitted.
    say : callable
        As for `Shelf`.
    """
    inputs = hash_of(made_of(ensemble.pack, (*ROOMS, *rooms)) | _drawn(ensemble) | {"scenario": _resolved(scenario)})
    return Shelf(ensemble, inputs, Path(folder or cache_folder()).expanduser(), say)


def _drawn(ensemble: Ensemble) -> dict[str, Any]:
    """Return what tells an ensemble from others: each draw of each parameter, and the seed of all shocks."""
    drawn = sha256()
    for name, values in sorted(ensemble.draws.values.items()):
        drawn.update(name.encode("utf-8") + b"\0" + np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return {
        "seed": ensemble.seed,
        "draws": drawn.hexdigest(),
        "posterior": sorted(ensemble.draws.from_posterior),
        "effective": ensemble.effective,
        "channels": list(ensemble.baseline.space.channels),
    }


def _resolved(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario does, whatever it is called."""
    return {
        "areas": scenario.areas,
        "trends": scenario.trends.model_dump(mode="json"),
        "levers": scenario.levers.model_dump(mode="json"),
    }


def _dataset(keys: Sequence[str], figures: Figures, refit: Refit) -> xr.Dataset:
    """Return all of a refit that its ensemble does not have."""
    annealed, moves = refit.annealed, refit.moved
    particles = annealed.particles
    coordinates = [*((one.name, None) for one in moves.parameters), *moves.news]
    return xr.Dataset(
        {
            "points": (("draw", "coordinate"), particles.points),
            **{name: ("draw", getattr(particles, name)) for name in BY_DRAW[1:]},
            "values": ("figure", np.asarray(figures.values)),
            "covariance": (("figure", "other"), np.asarray(figures.covariance)),
        },
        attrs={
            "keys": json.dumps(list(keys), ensure_ascii=False),
            "names": json.dumps(figures.names, ensure_ascii=False),
            "moved": json.dumps(coordinates),
            "exponents": json.dumps(annealed.exponents),
            "moves": json.dumps(annealed.moves),
            "effective_particles": annealed.effective,
            "effective": refit.ensemble.effective,
            **{name: getattr(annealed, name) for name in NUMBERS},
        },
    )


def _keys(dataset: xr.Dataset) -> frozenset[str]:
    """Return the figures of a file; none where it does not say."""
    found = json.loads(str(dataset.attrs.get("keys", "[]")))
    return frozenset(map(str, found))


def _same(dataset: xr.Dataset, figures: Figures) -> bool:
    """Return whether a file's figures have these values and errors, and these alone."""
    pairs = ((dataset["values"].values, figures.values), (dataset["covariance"].values, figures.covariance))
    return all(one.shape == np.shape(other) and np.allclose(one, other, rtol=1e-9, atol=0.0) for one, other in pairs)


def _refit(dataset: xr.Dataset, ensemble: Ensemble) -> Refit:
    """Return a refit from its file and the ensemble that it moved; a ValueError or its like where they do not fit."""
    known = {one.name: one for one in ensemble.draws.parameters}
    listed = [(str(name), number) for name, number in json.loads(dataset.attrs["moved"])]
    moves = Coordinates(
        tuple(known[name] for name, number in listed if number is None),
        tuple((name, int(number)) for name, number in listed if number is not None),
    )
    if any(name not in ensemble.innovations or not 0 < i < len(ensemble.years) for name, i in moves.news):
        raise ValueError(FAULTY)
    points, base, likely, ancestors = (np.ascontiguousarray(dataset[name].values) for name in BY_DRAW)
    shapes = [(len(ensemble), len(moves)), *[(len(ensemble),)] * 3]
    if [one.shape for one in (points, base, likely, ancestors)] != shapes:
        raise ValueError(FAULTY)
    if not all(np.isfinite(one).all() for one in (points, base, likely)):
        raise ValueError(FAULTY)
    attrs = dataset.attrs
    annealed = Annealed(
        Particles(points, base, likely, ancestors.astype(np.int64)),
        exponents=tuple(json.loads(attrs["exponents"])),
        moves=tuple(json.loads(attrs["moves"])),
        effective=float(attrs["effective_particles"]),
        **{name: float(attrs[name]) for name in NUMBERS},
    )
    effective = float(attrs["effective"])
    made = moves.put(ensemble, points, mark=refit_mark(annealed, effective), effective=effective)
    return Refit(made, moves, annealed)


__all__ = ["Shelf", "Stored", "shelf_of"]
