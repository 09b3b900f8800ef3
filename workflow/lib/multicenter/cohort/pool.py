"""Pooling: the harmonized tables of all centers as one, and what is known of each center's delivery."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from multicenter.cohort.sources import KEY
from multicenter.deliveries import SHORT

DELIVERY_COLUMNS = [
    "center", "name", "files", "sha256", "received", "data_cut", "rows", "patients", "simulated", "state", "reason",
    "replaces", "changed_values",
]  # fmt: skip


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


def list_deliveries(
    folders: Mapping[str, Path], centers: Mapping[str, Mapping[str, str]], shipped: Path, patients: pd.DataFrame
) -> pd.DataFrame:
    """Return which delivery each center stands at, one row a center (columns: DELIVERY_COLUMNS).

    `folders`: center → its accepted delivery; `centers`: center → name, and hold (a reason, or "" if it is current);
    `shipped`: a table with a column sha256 of simulated files: a center of whose delivery one is among them is
    simulated; `patients`: the pooled table of patients. What is known of a delivery is what its receipt says: of a
    center on hold also the data cut is the accepted delivery's, not that of a newer one. `replaces`, `changed_values`:
    the delivery accepted before ("": none) and how many of its known values are others now, or gone.
    """
    known = set(pd.read_csv(shipped, dtype=str)["sha256"])
    counts = patients["center"].value_counts()
    rows = []
    for center, folder in folders.items():
        receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
        sums = [file["sha256"] for file in receipt["files"]]
        hold = centers[center]["hold"]
        rows.append(
            {
                "center": center,
                "name": centers[center]["name"],
                "files": ";".join(file["file"] for file in receipt["files"]),
                "sha256": ";".join(sha[:SHORT] for sha in sums),
                "received": receipt["received"],
                "data_cut": receipt["data_cut"],
                "rows": sum(source["rows"] for source in receipt["sources"]),
                "patients": int(counts.get(center, 0)),
                "simulated": not known.isdisjoint(sums),
                "state": "held" if hold else "current",
                "reason": hold,
                "replaces": receipt.get("replaces", ""),
                "changed_values": receipt.get("changed_values", 0),
            }
        )
    return pd.DataFrame(rows, columns=DELIVERY_COLUMNS)


def simulated_centers(deliveries: pd.DataFrame) -> set[str]:
    """Return the centers whose delivery is a shipped simulated one."""
    return set(deliveries.loc[deliveries["simulated"], "center"])


def data_status(adsl: pd.DataFrame, deliveries: pd.DataFrame) -> dict:
    """Return what a reader may know of the deliveries: by center its name, data cut, when the delivery was received,
    whether it is current or held, eligible patients, simulated or not. No name of a file, no digest."""
    counts = adsl["SITEID"].value_counts()
    shown = deliveries[["name", "data_cut", "received", "state", "center"]].to_dict("records")
    return {
        "centers": [
            {**row, "patients": int(counts.get(row["center"], 0)), "simulated": bool(simulated)}
            for row, simulated in zip(shown, deliveries["simulated"], strict=True)
        ],
        "patients": len(adsl),
    }
