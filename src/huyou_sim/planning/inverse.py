"""The inverse question: the smallest setting of one lever that reaches a target with a probability.

"Out of reach" is an answer, not an error: it says how far the best setting within the bounds comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from huyou_sim.inference.monte_carlo import probability_error
from huyou_sim.planning.trials import Question, Trials, check_bounds, check_probability, joined, pose, tried
from huyou_sim.policy.adjust import Settable, settable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from huyou_sim.inference.ensemble import Ensemble
    from huyou_sim.planning.targets import Target
    from huyou_sim.policy import Scenario

    Array = NDArray[np.float64]

GRID = 17
"""Settings of the first look at a lever, from one end of its bounds to the other."""

BETWEEN = 15
"""Settings inside a bracket that are tried at once: each round divides it by 16."""

TOLERANCE = 1e-3
"""Width at which a bracket is narrow enough [share of the range between the bounds]."""


@dataclass(frozen=True, eq=False)
class Smallest:
    """The smallest setting of a lever that reaches a target with a probability, or the best that it can do.

    Parameters
    ----------
    lever : Settable
    target : Target
    asked : float [1]
        Probability that was asked for.
    seen : bool
        Whether the published figure must show it.
    reached : bool
    setting : float [unit of the lever]
        The smallest one that reaches; where none does, the best one.
    below : float [unit of the lever]
        The largest weaker one that was tried and does not reach: the true smallest lies between both. As `setting`
        where the weakest setting reaches, or none does.
    setting_band : (float, float) [unit of the lever]
        Settings that reach the asked probability less and plus its Monte Carlo error; NaN where that is out of reach.
    probability, probability_seen : float [1]
    probability_error, probability_seen_error : float [1]
        Monte Carlo.
    value : (quantile,) [unit of the target]
        True figure of the target year: 5 %, median, 95 %.
    cost : (level,) [yuan]
        Low, central, high; additional to the base, up to the target year and with what is promised after it.
    bounds : (float, float) [unit of the lever]
        From the end nearest to not using the lever to the other.
    monotone : bool
        Whether the probability never falls by more than its error as the setting grows. Where it does, a stronger
        setting may miss what a weaker one reaches, and the first that reaches is given.
    draws : int
    mark : str
        What must stand beside every probability.
    trace : DataFrame
        Every setting that was tried: setting, probability, probability_seen, q05, q50, q95, cost_low, cost, cost_high.
    """

    lever: Settable
    target: Target
    asked: float
    seen: bool
    reached: bool
    setting: float
    below: float
    setting_band: tuple[float, float]
    probability: float
    probability_error: float
    probability_seen: float
    probability_seen_error: float
    value: Array
    cost: Array
    bounds: tuple[float, float]
    monotone: bool
    draws: int
    mark: str
    trace: pd.DataFrame


def smallest_setting(
    ensemble: Ensemble,
    lever: str,
    target: Target,
    p: float,
    *,
    base: Scenario,
    bounds: tuple[float, float] | None = None,
    seen: bool = False,
    tolerance: float = TOLERANCE,
    progress: bool = False,
) -> Smallest:
    """Return the smallest setting of one lever, on top of a scenario, that reaches a target with probability `p`.

    Settings from one end of the bounds to the other are tried side by side, then those inside the first bracket whose
    weaker end does not reach and whose stronger end does, until it is narrow. Random numbers are the same for all.

    Parameters
    ----------
    ensemble : Ensemble
    lever : str
        A key of `huyou_sim.policy.adjust.settable_keys`.
    target : Target
        From `find_targets`.
    p : float [1]
    base : Scenario
        What the lever is added to, and what costs are counted against.
    bounds : (lower, upper) [unit of the lever], optional
        Those of ``settable.csv`` when omitted.
    seen : bool
        Ask that the published figure shows it, rather than that the truth reaches it.
    tolerance : float [1]
        Width of the last bracket, as a share of the range.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    ArgumentError
        When the probability is not between 0 and 1, there is no such lever, or bounds are wrong.
    """
    check_probability(p)
    one = settable(lever, ensemble.context)
    weak, strong = check_bounds(one, bounds)
    question = pose(ensemble, base, [target], seen=seen)
    shares = np.linspace(0.0, 1.0, GRID)
    with tqdm(desc=lever, unit="setting", disable=not progress or None, leave=False) as bar:

        def look(at: Array) -> Trials:
            found = tried(question, [{lever: float(weak + (strong - weak) * share)} for share in at])
            bar.update(len(at))
            return found

        trials = look(shares)
        while (bracket := _bracket(shares, trials.asked(question), p)) is not None:
            low, high = bracket
            if high - low <= tolerance:
                break
            inside = np.linspace(low, high, BETWEEN + 2)[1:-1]
            trials = joined([trials, look(inside)])
            shares = np.concatenate([shares, inside])
            order = np.argsort(shares, kind="stable")
            shares, trials = shares[order], _ordered(trials, order)
    return _answer(question, one, target, p, (weak, strong), shares, trials)


def _ordered(trials: Trials, order: NDArray[np.int64]) -> Trials:
    return joined([trials.row(int(i)) for i in order])


def _bracket(shares: Array, probability: Array, p: float) -> tuple[float, float] | None:
    """Return the last share that does not reach before the first that does; None where no share, or every one, does."""
    reaching = np.flatnonzero(probability >= p)
    if not len(reaching) or reaching[0] == 0:
        return None
    return float(shares[reaching[0] - 1]), float(shares[reaching[0]])


def _answer(
    question: Question,
    lever: Settable,
    target: Target,
    p: float,
    ends: tuple[float, float],
    shares: Array,
    trials: Trials,
) -> Smallest:
    probability = trials.asked(question)
    draws, effective = len(question.ensemble), question.ensemble.effective
    reaching = np.flatnonzero(probability >= p)
    # Of settings that reach equally often, the best comes nearest; then the weakest, which is the first.
    best = int(np.lexsort((shares, trials.distance, -probability))[0])
    at = int(reaching[0]) if len(reaching) else best
    below = at - 1 if len(reaching) and at > 0 else at
    settings = ends[0] + (ends[1] - ends[0]) * shares
    error = probability_error(probability, effective)
    highest = np.maximum.accumulate(probability)
    return Smallest(
        lever=lever,
        target=target,
        asked=p,
        seen=question.seen,
        reached=bool(len(reaching)),
        setting=float(settings[at]),
        below=float(settings[below]),
        setting_band=_band(settings, highest, p, float(probability_error(p, effective))),
        probability=float(trials.probability[at]),
        probability_error=float(probability_error(trials.probability[at], effective)),
        probability_seen=float(trials.probability_seen[at]),
        probability_seen_error=float(probability_error(trials.probability_seen[at], effective)),
        value=trials.values[at, 0],
        cost=trials.cost[at],
        bounds=ends,
        monotone=bool((highest - probability <= error).all()),
        draws=draws,
        mark=question.ensemble.draws.mark,
        trace=_trace(settings, trials),
    )


def _band(settings: Array, highest: Array, p: float, error: float) -> tuple[float, float]:
    """Return where the probability passes `p` less and plus its error, a straight line between the settings tried."""

    def passes(level: float) -> float:
        above = np.flatnonzero(highest >= level)
        if not len(above):
            return float("nan")
        i = int(above[0])
        if i == 0:
            return float(settings[0])
        share = (level - highest[i - 1]) / (highest[i] - highest[i - 1])
        return float(settings[i - 1] + share * (settings[i] - settings[i - 1]))

    return passes(p - error), passes(p + error)


def _trace(settings: Array, trials: Trials) -> pd.DataFrame:
    columns = {"setting": settings, "probability": trials.probability, "probability_seen": trials.probability_seen}
    columns |= {name: trials.values[:, 0, i] for i, name in enumerate(("q05", "q50", "q95"))}
    columns |= {name: trials.cost[:, i] for i, name in enumerate(("cost_low", "cost", "cost_high"))}
    return pd.DataFrame(columns)
