"""Every vintage of an observed figure: which one counts on a day, and by how much later ones revised earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from huyou_sim.planning.observed import Observed

COUNTS, SUPERSEDED, HIDDEN = "counts", "superseded", "not_yet_known"
"""States of a row on a day."""

COLUMNS = (
    "name", "indicator_id", "area", "population_base", "period", "value", "unit", "standard_error", "published",
    "known_from", "state", "superseded_by", "revision", "note", "file", "line",
)  # fmt: skip
"""Of `vintage_table`."""


def counting(observed: Sequence[Observed], as_of: date) -> tuple[Observed, ...]:
    """Return of each figure the vintage that was known last on a day, by key.

    Parameters
    ----------
    observed : sequence of Observed
        In any order; no two of one key and day of publication.
    as_of : date
    """
    last: dict[object, Observed] = {}
    for one in sorted(observed, key=lambda one: (one.key, one.known_from)):
        if one.known_from <= as_of:
            last[one.key] = one
    return tuple(last.values())


def vintage_table(observed: Sequence[Observed], as_of: date) -> pd.DataFrame:
    """Return every row with its state on a day.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. ``state``: counts, superseded, or not_yet_known; ``superseded_by``: day of the vintage that counts
        instead; ``revision``: value less that of the vintage before [unit], not a number for the first.
    """
    counts = {one.key: one for one in counting(observed, as_of)}
    before: dict[object, float] = {}
    rows = []
    for one in sorted(observed, key=lambda one: (one.key, one.known_from)):
        state = COUNTS if counts.get(one.key) is one else SUPERSEDED if one.known_from <= as_of else HIDDEN
        rows.append(
            {
                **{name: getattr(one, name) for name in COLUMNS if hasattr(one, name)},
                "period": str(one.period),
                "published": "" if one.published is None else one.published.isoformat(),
                "known_from": one.known_from.isoformat(),
                "state": state,
                "superseded_by": counts[one.key].known_from.isoformat() if state == SUPERSEDED else "",
                "revision": one.value - before.get(one.key, float("nan")),
            }
        )
        before[one.key] = one.value
    return pd.DataFrame(rows, columns=list(COLUMNS))
