"""Pooling: the harmonized tables of all centers as one, and what is known of each center's delivery."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from multicenter.cohort.sources import KEY


def pool_tables(folders: Mapping[str, Path], tables: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Return each canonical table with the rows of all centers, in the order of `folders` (center → folder), plus
    USUBJID."""
    pooled = {}
    for table in tables:
        rows = pd.concat(
            [pd.read_parquet(folder / f"{table}.parquet") for folder in folders.values()], ignore_index=True
        )
        pooled[table] = rows.assign(**{KEY: (rows["center"] + "-" + rows["patient_id"]).astype("string")})
    return pooled


def pool_findings(folders: Mapping[str, Path]) -> pd.DataFrame:
    """Return the findings of all centers."""
    return pd.concat([pd.read_parquet(folder / "findings.parquet") for folder in folders.values()], ignore_index=True)


def id_columns(folders: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """Return, by center, the source column of the patient's id: file, sheet, column."""
    found = {}
    for center, folder in folders.items():
        with open(folder / "column_map.csv", encoding="utf-8", newline="") as handle:
            rows = [r for r in csv.DictReader(handle) if r["table"] == "patient" and r["variable"] == "patient_id"]
        found[center] = {name: rows[0][name] for name in ("file", "sheet", "column")}
    return found


def simulated_centers(receipts: Mapping[str, Path], shipped: Path) -> set[str]:
    """Return the centers of whose delivery at least one file is a shipped simulated one, by sha256.

    `receipts`: center → receipt.json; `shipped`: a table with a column sha256.
    """
    known = set(pd.read_csv(shipped, dtype=str)["sha256"])
    return {
        center
        for center, path in receipts.items()
        if known & {file["sha256"] for file in json.loads(path.read_text(encoding="utf-8"))["files"]}
    }


def data_status(adsl: pd.DataFrame, centers: Mapping[str, Mapping[str, str]], simulated: set[str]) -> dict:
    """Return what a reader may know of the deliveries: by center its name, data cut, eligible patients, simulated or
    not."""
    counts = adsl["SITEID"].value_counts()
    return {
        "centers": [
            {**centers[code], "center": code, "patients": int(counts.get(code, 0)), "simulated": code in simulated}
            for code in centers
        ],
        "patients": len(adsl),
    }
