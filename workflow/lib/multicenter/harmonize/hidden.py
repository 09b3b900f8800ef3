"""Rows that a spreadsheet does not show: read and asked about, unless the center file has decided."""

from __future__ import annotations

import numpy as np

from multicenter.harmonize.cells import Note
from multicenter.harmonize.delivery import Delivery, Sheet

LEFT_OUT = "hidden_row: left out as declared"


def settle_hidden_rows(delivery: Delivery, sheet: Sheet) -> None:
    """Ask about every hidden (or filtered) row, or leave them out (`hidden_rows: drop`), or take them as any other."""
    hidden = np.flatnonzero(np.isin(sheet.raw.rows, sheet.raw.facts.get("hidden_rows", [])))
    for position in map(int, hidden):
        if sheet.source.hidden_rows == "drop":
            sheet.kept[position] = False
            sheet.dropped[position] = LEFT_OUT
        elif not sheet.source.hidden_rows:
            delivery.find(sheet, "", position, sheet.source.row_is, "", Note("hidden_row"))
