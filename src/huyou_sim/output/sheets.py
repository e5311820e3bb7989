"""An Excel workbook of tidy tables, one a sheet, for results that are no run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from huyou_sim.output.labels import display_width
from huyou_sim.output.tables import localise
from huyou_sim.output.workbook import FONTS

if TYPE_CHECKING:
    import pandas as pd

_CREATED = datetime(2021, 12, 31, tzinfo=UTC).replace(tzinfo=None)  # fixed, so that equal tables give equal bytes
_WIDEST = 48


def sheets_bytes(tables: Mapping[str, pd.DataFrame], lang: str, *, title: str) -> bytes:
    """Return a workbook as bytes: a sheet per table under its name, headers in `lang`, frozen and filtered.

    Parameters
    ----------
    tables : mapping
        Name of the sheet in `lang` -> tidy table with English column names.
    lang : {"en", "zh"}
    title : str
        Of the file's properties.
    """
    import xlsxwriter

    stream = io.BytesIO()
    # Text that begins with = stays text: a name from a pack must never be run as a formula.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": title, "author": "huyou_sim", "created": _CREATED})
        body = book.add_format({"font_name": FONTS[lang], "font_size": 10})
        figures = {digits: book.add_format({"font_name": FONTS[lang], "font_size": 10,
                                            "num_format": "#,##0" + ("." + "0" * digits if digits else "")})
                   for digits in (0, 1, 2)}  # fmt: skip
        plain = book.add_format({"font_name": FONTS[lang], "font_size": 10, "num_format": "0"})
        head = book.add_format({"font_name": FONTS[lang], "font_size": 10, "bold": True, "bg_color": "#1F4E79",
                                "font_color": "#FFFFFF", "text_wrap": True})  # fmt: skip
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            shown = localise(table, lang)
            for at, header in enumerate(str(header) for header in shown.columns):
                sheet.write_string(0, at, header, head)
                cells = shown.iloc[:, at].tolist()
                year = "year" in str(table.columns[at]).split("_")
                for row, value in enumerate(cells, start=1):
                    if not isinstance(value, int | float | np.integer | np.floating):
                        sheet.write_string(row, at, str(value), body)
                    elif np.isfinite(float(value)):
                        # As many digits as a reader needs: places are whole, a ratio is not.
                        digits = 0 if abs(float(value)) >= 1000.0 else 1 if abs(float(value)) >= 100.0 else 2
                        whole = year or float(value).is_integer()
                        sheet.write_number(row, at, float(value), plain if year else figures[0 if whole else digits])
                widest = max([display_width(header) * 0.7, *(display_width(str(cell)[:_WIDEST]) for cell in cells[:200]
                                                             if isinstance(cell, str)), 8])  # fmt: skip
                sheet.set_column(at, at, min(widest + 2.5, _WIDEST))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(shown), 1), max(len(shown.columns) - 1, 0))
    return stream.getvalue()
