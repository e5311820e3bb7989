"""An answer to an inverse question, before it is shown or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from huyou_sim.planning.solve import Asked


@dataclass(frozen=True, eq=False)
class Found:
    """A package that answers a question.

    Parameters
    ----------
    key : str
        Name of its scenario file.
    kind : str
        Key of the label that says what it is.
    settings : mapping of lever key to value [unit of the lever]
        On top of the base.
    amount : str
        Of its budget in millions of yuan, where the label asks for it.
    """

    key: str
    kind: str
    settings: Mapping[str, float]
    amount: str = ""


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer to an inverse question.

    Parameters
    ----------
    asked : Asked
    said : str
        The answer as text.
    tables : mapping of name to DataFrame
        The first is the one that a single file holds.
    packages : tuple of Found
    curve : DataFrame, optional
        Cost curve of the best package.
    """

    asked: Asked
    said: str
    tables: Mapping[str, pd.DataFrame]
    packages: tuple[Found, ...]
    curve: pd.DataFrame | None = None

    @property
    def table(self) -> pd.DataFrame:
        """Return the table that a single file holds."""
        return next(iter(self.tables.values()))
