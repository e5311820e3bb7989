"""Prior distributions as the tables write them: a family, its parameters as text, and bounds that cut it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from huyou_sim.errors import Problem, suggest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "lognormal": ("median", "sigma_log"),
    "normal": ("mean", "sd"),
    "truncnormal": ("loc", "scale", "lower", "upper"),
    "beta": ("a", "b"),
    "uniform": ("lower", "upper"),
}
"""Family to the names of its parameters."""

POSITIVE = ("median", "sigma_log", "sd", "scale", "a", "b")
"""Parameters of a family that must be above zero."""

REACH = 8.0
"""Standard deviations up to which a standard normal value is told apart from an infinite one."""


@dataclass(frozen=True)
class Prior:
    """A distribution of one parameter, cut at its bounds.

    Parameters
    ----------
    family : {"lognormal", "normal", "truncnormal", "beta", "uniform"}
    params : mapping
        Of the family, as in `FAMILIES`.
    lower, upper : float
        Where the distribution is cut; what lies between has the density of the family, scaled up to one.
    """

    family: str
    params: Mapping[str, float]
    lower: float = -math.inf
    upper: float = math.inf

    @property
    def support(self) -> tuple[float, float]:
        """Return the lowest and highest value that the family and the bounds allow."""
        lower, upper = family_support(self.family, self.params)
        return max(lower, self.lower), min(upper, self.upper)

    @property
    def distribution(self) -> Any:
        """Return the frozen distribution of the family, not cut."""
        from scipy import stats

        p = self.params
        build: Mapping[str, Callable[[], Any]] = {
            "lognormal": lambda: stats.lognorm(p["sigma_log"], scale=p["median"]),
            "normal": lambda: stats.norm(p["mean"], p["sd"]),
            "truncnormal": lambda: stats.truncnorm(
                (p["lower"] - p["loc"]) / p["scale"], (p["upper"] - p["loc"]) / p["scale"], p["loc"], p["scale"]
            ),
            "beta": lambda: stats.beta(p["a"], p["b"]),
            "uniform": lambda: stats.uniform(p["lower"], p["upper"] - p["lower"]),
        }
        return build[self.family]()

    @property
    def _below(self) -> tuple[float, float]:
        """Return the probability of the family below each bound."""
        family = self.distribution
        return float(family.cdf(self.support[0])), float(family.cdf(self.support[1]))

    def logpdf(self, values: ArrayLike) -> Array:
        """Return the log density at values of any shape; minus infinity outside the support."""
        values = np.asarray(values, dtype=np.float64)
        low, high = self._below
        lower, upper = self.support
        inside = (values >= lower) & (values <= upper)
        found: Array = np.where(inside, self.distribution.logpdf(values) - math.log(high - low), -np.inf)
        return found

    def cdf(self, values: ArrayLike) -> Array:
        """Return the probability of a lower value."""
        low, high = self._below
        found: Array = np.clip((self.distribution.cdf(values) - low) / (high - low), 0.0, 1.0)
        return found

    def quantile(self, probability: ArrayLike) -> Array:
        """Return the values below which `probability` lies."""
        low, high = self._below
        within = low + np.asarray(probability, dtype=np.float64) * (high - low)
        found: Array = np.clip(self.distribution.ppf(within), *self.support)
        return found

    def sample(self, rng: np.random.Generator, draws: int) -> Array:
        """Return `draws` values; the first of a longer sample are those of a shorter one."""
        return self.quantile(rng.random(draws))

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation of the cut distribution, by even quantiles."""
        values = self.quantile((np.arange(20_000) + 0.5) / 20_000)
        return float(values.mean()), float(values.std())

    def from_normal(self) -> Callable[[Array], Array]:
        """Return the function that takes a standard normal value to the value of the same probability.

        Where the bounds cut nothing off, lognormal and normal priors need no quantile: a factor and a shift.
        """
        p = self.params
        low, high = self._below
        if self.family == "normal" and low < 1e-15 and high == 1.0:
            return lambda z: p["mean"] + p["sd"] * z
        if self.family == "lognormal" and low < 1e-15 and high == 1.0:
            return lambda z: p["median"] * np.exp(p["sigma_log"] * z)
        lower, upper = self.support

        def within(z: Array) -> Array:
            return low + ndtr(np.clip(z, -REACH, REACH)) * (high - low)

        if self.family == "normal":
            return lambda z: np.clip(p["mean"] + p["sd"] * ndtri(within(z)), lower, upper)
        if self.family == "lognormal":
            return lambda z: np.clip(p["median"] * np.exp(p["sigma_log"] * ndtri(within(z))), lower, upper)
        ppf = self.distribution.ppf
        return lambda z: np.clip(ppf(within(z)), lower, upper)

    def to_normal(self, values: ArrayLike) -> Array:
        """Return the standard normal values of the same probability."""
        found: Array = np.clip(ndtri(self.cdf(values)), -REACH, REACH)
        return found


def family_support(family: str, params: Mapping[str, float]) -> tuple[float, float]:
    """Return the lowest and highest value of a family."""
    if family == "lognormal":
        return 0.0, math.inf
    if family == "beta":
        return 0.0, 1.0
    if family in ("truncnormal", "uniform"):
        return params["lower"], params["upper"]
    return -math.inf, math.inf


def parse_params(family: str, text: str) -> dict[str, float]:
    """Return the parameters of a family from a text like ``median=0.9;sigma_log=0.35``.

    Raises
    ------
    ValueError
        With a `Problem` for what is wrong: an unknown family, a name that is missing, unknown or given twice, what is
        no number, a scale of zero or below, bounds that contradict each other.
    """
    where = f"prior '{family}'"
    if family not in FAMILIES:
        raise ValueError(Problem("family", f"'{family}'", "a known family", suggest(family, FAMILIES)))
    example = ";".join(f"{name}=..." for name in FAMILIES[family])
    found: dict[str, float] = {}
    for part in text.split(";"):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        value = _number(number) if equals else math.nan
        if name not in FAMILIES[family] or name in found or not math.isfinite(value):
            raise ValueError(Problem(where, f"'{part.strip()}'", example, f"Type the parameters as {example}."))
        found[name] = value
    missing = [name for name in FAMILIES[family] if name not in found]
    if missing:
        raise ValueError(Problem(where, f"no {' and no '.join(missing)} in '{text}'", example, f"Type {example}."))
    for name in POSITIVE:
        if name in found and not found[name] > 0.0:
            raise ValueError(Problem(where, f"{name}={found[name]:g}", f"{name} above 0", f"Correct {name}."))
    if "lower" in found and not found["lower"] < found["upper"]:
        raise ValueError(
            Problem(
                f"{where}, bounds",
                f"lower={found['lower']:g}, upper={found['upper']:g}",
                "a lower bound below the upper one",
                "Exchange or correct the two bounds.",
            )
        )
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the random generator of one parameter: another parameter more changes none of its draws."""
    digest = int.from_bytes(sha256(name.encode("utf-8")).digest()[:8], "big")
    return np.random.default_rng([seed, digest])
