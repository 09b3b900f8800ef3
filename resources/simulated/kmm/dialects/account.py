"""What survives a dialect: from the cells that were sent to one row a canonical cell, with coordinates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .formats import Formula
from .sheets import ITEM, Delivery, Records

KEYS = ["patient_id", "table", "item", "variable"]
EXPECTED = ["center", *KEYS, "value", "tolerance", "status"]


def text(value: object) -> str:
    """Return a canonical value as text: ISO date, level, whole number, repr of a float; "" if missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)


def written(raw: object) -> str:
    """Return a cell as it is written, for the list of faults."""
    if isinstance(raw, Formula):
        return str(raw.value)
    return text(raw)


def received(delivery: Delivery, only: set[str] | None = None) -> pd.DataFrame:
    """Return the long table of all canonical cells that the records (or `only` these patients' records) carry.

    Columns: patient_id, table, item, variable, value (true, or after a fault's action), sent (what a reader gets),
    tolerance, status, and the place: s (sheet), r (row), c (column), k (carry), counted from 0.
    """
    parts = []
    for s, sheet in enumerate(delivery.sheets):
        headers = [column.header for column in sheet.columns]
        if len(set(headers)) < len(headers):
            raise ValueError(
                f"{sheet.file}: a header stands twice: {sorted({h for h in headers if headers.count(h) > 1})}"
            )
        known = sheet.repeat == ""
        rows = np.flatnonzero(known if only is None else known & pd.Series(sheet.ids).isin(only).to_numpy())
        for c, column in enumerate(sheet.columns):
            for k, carry in enumerate(column.carries):
                parts.append(
                    pd.DataFrame(
                        {
                            "patient_id": sheet.ids[rows],
                            "table": carry.table,
                            "item": carry.item[rows],
                            "variable": carry.variable,
                            "value": carry.value[rows],
                            "sent": carry.sent[rows],
                            "tolerance": carry.tolerance[rows],
                            "status": carry.status[rows],
                            "s": s,
                            "r": rows,
                            "c": c,
                            "k": k,
                        }
                    )
                )
    cells = pd.concat(parts, ignore_index=True)
    cells = cells[cells["status"] != "elsewhere"].reset_index(drop=True)
    twice = cells.duplicated(KEYS, keep=False)
    if twice.any():
        raise ValueError(f"{delivery.center}: sent twice: {cells.loc[twice, KEYS].head(3).to_dict('records')}")
    return cells


def template(records: Records) -> pd.DataFrame:
    """Return one row for every canonical cell of every record: the keys, in the dictionary's order."""
    parts = []
    for table, rows in records.tables.items():
        variables = [name for name in rows.columns if not name.startswith("x_")]
        if table == "patient":
            item = np.full(len(rows), "", dtype=object)
        elif table == "assessment":
            item = rows["assess_date"].dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
        else:
            item = rows[ITEM[table]].astype(str).to_numpy(dtype=object)
        n = len(variables)
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": np.repeat(rows["patient_id"].to_numpy(dtype=object), n),
                    "table": table,
                    "item": np.repeat(item, n),
                    "variable": np.tile(np.array(variables, dtype=object), len(rows)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def expected(records: Records, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the expected values of one center (CONTRACT: value, tolerance and status of every canonical cell)."""
    out = template(records).merge(cells[[*KEYS, "value", "tolerance", "status"]], on=KEYS, how="left", sort=False)
    out["status"] = out["status"].fillna("not_sent")
    centers = out["variable"] == "center"
    out.loc[centers, "value"] = records.center
    keys = out["variable"].isin(["center", "patient_id"])
    seen = out["status"].eq("fault") | (out["status"].ne("not_sent") & out["value"].notna())
    for table, item in ITEM.items():
        if item:
            mine = out["table"] == table
            some = (
                seen[mine]
                .groupby([out["patient_id"], out["item"]])
                .transform("any")
                .reindex(out.index, fill_value=False)
            )
            rows = some & (out["variable"] == item)
            out.loc[rows, "value"] = out["item"]
            out.loc[rows, "status"] = "sent"
            out.loc[mine & keys & ~some, "status"] = "lost"
    out.loc[keys & (out["variable"] == "patient_id"), "value"] = out["patient_id"]
    out.loc[keys & (out["status"] != "lost"), "status"] = "sent"
    out.loc[out["status"] == "lost", "status"] = "not_sent"
    out["value"] = [text(value) for value in out["value"]]
    out.loc[out["status"] == "not_sent", "value"] = ""
    out["tolerance"] = out["tolerance"].astype(float).fillna(0.0).where(out["value"] != "", 0.0)
    out.insert(0, "center", records.center)
    return out[EXPECTED].astype({name: "string" for name in EXPECTED if name != "tolerance"})
