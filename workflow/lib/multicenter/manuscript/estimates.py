"""Reading the analysis-results table: one row by its names, never by its position."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from multicenter.errors import StudyError

NAMES = ("analysis", "style", "method", "group", "term", "statistic", "status", "reason")


def read_rows(path: str | Path) -> pd.DataFrame:
    """Read a tidy csv of a run: only an empty cell is missing; a level that is called `None` or `NA` stays text."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def named(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every name as text, "" where a csv reader made it missing."""
    names = [column for column in NAMES if column in estimates.columns]
    return estimates.astype(dict.fromkeys(names, "string")).fillna(dict.fromkeys(names, ""))


def find(
    estimates: pd.DataFrame, analysis: str, statistic: str, group: str = "", term: str = "", method: str = ""
) -> pd.Series | None:
    """Return the one row with these names (`method` "": whichever), or None. StudyError if there are several."""
    rows = estimates[
        (estimates["analysis"] == analysis)
        & (estimates["statistic"] == statistic)
        & (estimates["group"] == group)
        & (estimates["term"] == term)
    ]
    if method:
        rows = rows[rows["method"] == method]
    if len(rows) > 1:
        raise StudyError(
            f"estimates: {len(rows)} rows of {analysis}, {group!r}, {term!r}, {statistic}; name the method"
        )
    return rows.iloc[0] if len(rows) else None
