"""Where each center stands: its accepted delivery, and what it is still asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.queries.ledger import ASKED

AGES = ((30, "up to 30"), (90, "31–90"), (180, "91–180"), (365, "181–365"), (None, "over 365"))


def read_deliveries(path: Path) -> list[dict[str, Any]]:
    """Return the rows of deliveries.csv: center, name, files (list), received, data_cut, rows, patients, simulated,
    state, reason, replaces, changed_values."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = frame.to_dict("records")
    for row in rows:
        row |= {"files": row["files"].split(";"), "rows": int(row["rows"]), "patients": int(row["patients"])}
        row |= {"simulated": row["simulated"] == "True", "changed_values": int(row["changed_values"])}
    return rows


def read_open_queries(path: Path) -> pd.DataFrame:
    """Return the open queries: center, severity, kind, category, age_days (whole days; missing where not known)."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame = frame[frame["status"].isin(ASKED)]
    ages = pd.to_numeric(frame["age_days"], errors="coerce").astype("Int64")
    return frame[["center", "severity", "kind", "category"]].assign(age_days=ages)


def count_by(queries: pd.DataFrame, column: str, centers: Sequence[str]) -> pd.DataFrame:
    """Counts of open queries: a row a value of the column (most frequent first), a column a center."""
    table = pd.crosstab(queries[column], queries["center"]).reindex(columns=list(centers), fill_value=0)
    order = sorted(table.index, key=lambda name: (-int(table.loc[name].sum()), name))
    return table.loc[order]


def count_ages(queries: pd.DataFrame, centers: Sequence[str]) -> pd.DataFrame:
    """Counts of open queries by age: a row an age group, youngest first, a column a center."""
    known = queries.dropna(subset="age_days")
    groups = known["age_days"].map(age_group)
    labels = [label for _, label in AGES]
    return pd.crosstab(groups, known["center"]).reindex(index=labels, columns=list(centers), fill_value=0)


def age_group(days: int) -> str:
    """The group of an age in days."""
    return next(label for limit, label in AGES if limit is None or days <= limit)


def oldest(queries: pd.DataFrame) -> Mapping[str, int]:
    """The age in days of each center's oldest open query."""
    return {center: int(age) for center, age in queries.groupby("center")["age_days"].max().dropna().items()}
