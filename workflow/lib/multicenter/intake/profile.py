"""A delivery's columns at a glance: types, blanks, distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from multicenter.intake.table import CellError, RawTable, written

COLUMNS = ["file", "sheet", "column", "header", "n", "blank", "text", "number", "date", "error", "distinct", "example",
           "hidden"]  # fmt: skip


def profile(tables: Mapping[str, RawTable]) -> pd.DataFrame:
    """One row a source column: cells by type, blanks, distinct values, one example, what is hidden (columns: COLUMNS).

    hidden: "column" if the sheet hides it, else how many of its rows it hides ("3 rows"), or "".
    """
    rows = []
    for table in tables.values():
        for header in table.cells.columns:
            rows.append(_column(table, header))
    return pd.DataFrame(rows, columns=COLUMNS)


def _column(table: RawTable, header: str) -> list[object]:
    codes, values = pd.factorize(table.cells[header].to_numpy(), use_na_sentinel=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(values)).tolist()
    kinds = {"text": 0, "number": 0, "date": 0, "error": 0}
    for value, count in zip(values, counts, strict=True):
        kinds[_kind(value)] += count
    example = written(values[0]) if len(values) else ""
    return [table.file, table.sheet, table.refs[header], header, len(codes), int((codes < 0).sum()), *kinds.values(),
            len(values), example, _hidden(table, header)]  # fmt: skip


def _hidden(table: RawTable, header: str) -> str:
    if table.refs[header] in table.facts.get("hidden_columns", ()):
        return "column"
    n = len(set(table.facts.get("hidden_rows", ())) & set(table.rows.tolist()))
    return f"{n} row{'s' if n > 1 else ''}" if n else ""


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, datetime):
        return "date"
    return "error" if isinstance(value, CellError) else "number"
