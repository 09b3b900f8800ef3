"""A delivery's columns at a glance: types, blanks, distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from multicenter.intake.table import CellError, RawTable, written

COLUMNS = ["file", "sheet", "column", "header", "n", "blank", "text", "number", "date", "error", "distinct", "example"]


def profile(tables: Mapping[str, RawTable]) -> pd.DataFrame:
    """One row a source column: cells by type, blanks, distinct values and one example (columns: COLUMNS)."""
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
            len(values), example]  # fmt: skip


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, datetime):
        return "date"
    return "error" if isinstance(value, CellError) else "number"
