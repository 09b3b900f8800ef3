"""Names of the files that a run leaves behind, where more than one rule or program needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

RESTRICTED = "results/restricted"
RELEASE = "results/release"
ACCEPTED_DELIVERIES = f"{RESTRICTED}/harmonized"
COHORT_TABLES = ("adsl", "adtte", "adrs")
EXTRAS = (
    "receipt.json", "profile.csv", "findings.parquet", "findings.csv", "account.csv", "column_map.csv",
    "source_rows.parquet", "imputed.parquet", "changes.csv",
)  # fmt: skip


def mapping_of(center: str) -> str:
    """Return where a center's mapping usually lies."""
    return f"config/centers/{center}.yaml"


def harmonized_files(tables: Iterable[str]) -> list[str]:
    """Return the files of a center's harmonized folder: one parquet a canonical table, what came in, findings,
    account, maps, and what changed since the delivery before."""
    return [*(f"{table}.parquet" for table in tables), *EXTRAS]


def figure_files(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the files of the protocol's figures: the pictures, the table behind each and the numbers below it."""
    endings = (".pdf", ".svg", ".png", ".csv", "_numbers.csv")
    return [f"figures/{figure['id']}{ending}" for figure in figures for ending in endings]


def table_files(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the files of the protocol's tables."""
    return [f"tables/{table['id']}.{suffix}" for table in tables for suffix in ("csv", "html")]
