"""How much of each variable each center has sent: complete, partial, or impossible, and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.actions import SET_MISSING
from multicenter.expression_syntax import names_in
from multicenter.expressions import is_true

COMPLETE, PARTIAL, IMPOSSIBLE, NONE = "complete", "partial", "impossible", "no rows"
COLUMNS = ["center", "table", "variable", "label", "n", "known", "emptied", "state", "reason", "source"]
PATIENT = "patient"


def center_completeness(
    center: str, folder: Path, tables: Mapping[str, Mapping[str, Any]], among: Mapping[str, str]
) -> pd.DataFrame:
    """Return one row a variable of the dictionary for one center's accepted delivery (columns: COLUMNS).

    tables: the dictionary's (label, key, variables). among: `table.variable` → the condition for a row to count; it may
    name variables of the row and of its patient. n: rows that count; known: with a value; emptied: values set missing
    by a query; source: the columns of the extract. Impossible: no column gives the variable.
    """
    column_map = pd.read_csv(folder / "column_map.csv", dtype=str, keep_default_na=False)
    sent = column_map.groupby(["table", "variable"])["header"].agg(lambda headers: ", ".join(dict.fromkeys(headers)))
    emptied = _emptied(folder)
    patients = pd.read_parquet(folder / f"{PATIENT}.parquet").set_index("patient_id")
    rows = []
    for name, table in tables.items():
        frame = patients.reset_index() if name == PATIENT else pd.read_parquet(folder / f"{name}.parquet")
        for variable, spec in table["variables"].items():
            if variable in ("center", "patient_id"):
                continue
            counted = _among(frame, patients, among.get(f"{name}.{variable}"))
            known = int(counted[variable].notna().sum())
            given = sent.get((name, variable), "") or (_numbered(table, variable, sent, name))
            lost = emptied.get((name, variable), 0)
            state, reason = _state(len(counted), known, given, lost)
            rows.append((center, name, variable, spec["label"], len(counted), known, lost, state, reason, given))
    return pd.DataFrame(rows, columns=COLUMNS)


def pooled_completeness(parts: pd.DataFrame) -> pd.DataFrame:
    """Return what all centers together know of each variable, indexed by table and variable: n, known (of the centers
    that have a column for it), centers (how many have)."""
    possible = parts[parts["state"] != IMPOSSIBLE]
    pooled = possible.groupby(["table", "variable"], sort=False)[["n", "known"]].sum()
    return pooled.assign(centers=possible.groupby(["table", "variable"]).size())


def overall(parts: pd.DataFrame) -> pd.DataFrame:
    """Return, by center: share (mean known share of its possible variables, percent), impossible (how many are not)."""
    possible = parts[parts["state"].isin([COMPLETE, PARTIAL])]
    share = (100 * possible["known"] / possible["n"]).groupby(possible["center"]).mean()
    impossible = (parts["state"] == IMPOSSIBLE).groupby(parts["center"]).sum()
    return pd.DataFrame({"share": share, "impossible": impossible})


def _among(frame: pd.DataFrame, patients: pd.DataFrame, condition: str | None) -> pd.DataFrame:
    """The rows for which a condition on the row and on its patient holds."""
    if condition is None:
        return frame
    asked = names_in(condition)
    known = frame[["patient_id", *(name for name in frame.columns if name in asked and name != "patient_id")]]
    of_patient = patients[[name for name in patients.columns if name in asked and name not in known.columns]]
    return frame[is_true(condition, known.join(of_patient, on="patient_id")).to_numpy()]


def _numbered(table: Mapping[str, Any], variable: str, sent: pd.Series, name: str) -> str:
    """A record's number needs no column of its own where the table has one at all."""
    item = table["key"][2] if len(table["key"]) > 2 else ""
    return "(the record's number)" if variable == item and name in sent.index.get_level_values("table") else ""


def _emptied(folder: Path) -> Mapping[tuple[str, str], int]:
    findings = pd.read_parquet(folder / "findings.parquet", columns=["table", "variable", "action"])
    lost = findings[findings["action"] == SET_MISSING]
    return lost.groupby(["table", "variable"]).size().to_dict()


def _state(n: int, known: int, given: str, lost: int) -> tuple[str, str]:
    if not given:
        return IMPOSSIBLE, "no such column in the extract"
    if not n:
        return NONE, "no row that could have it"
    if known == n:
        return COMPLETE, ""
    queried = f"; {lost} set missing by queries" if lost else ""
    return PARTIAL, f"{n - known} of {n} missing{queried}"
