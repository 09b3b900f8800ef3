"""Which rows of a delivery fed a record, where the record's own row does not say it all.

A record that one row fed is found by its src_file, src_sheet and src_row and needs no line here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary
from multicenter.harmonize.delivery import Delivery

POSITION = "\0at "  # a part's hidden columns: the position of its row in each source
COLUMNS = {
    "table": "string",
    "patient_id": "string",
    "item": "string",
    "variable": "string",
    "source": "string",
    "row": "int64",
}
FED = ["record", "variable", "source", "position"]


def position_columns(table: pd.DataFrame) -> list[str]:
    """The hidden columns of a table that say which row of which source fed it."""
    return [c for c in table.columns if c.startswith(POSITION)]


def feeding_rows(parts: list[pd.DataFrame], rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return which rows fed the records that several rows of the delivery make together (columns: FED).

    parts: what each source adds to a table; rows: all of them, one below the other; keys: what tells records apart.
    `record` numbers the records in the order of their first row. Each row that fed such a record has a line with an
    empty variable; a variable whose value does not come from the first row that could hold it has one with its name.
    """
    record = rows.groupby(keys, sort=False).ngroup().to_numpy()
    shared = np.bincount(record)[record] > 1
    if not shared.any():
        return pd.DataFrame(columns=FED)
    source, position = _fed_by(rows)
    part = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    found = [_lines(record, source, position, np.flatnonzero(shared), "")]
    for name in rows.columns.difference([*keys, *position_columns(rows)], sort=False):
        could = np.flatnonzero(shared & np.array([name in p.columns for p in parts])[part])
        did = could[rows[name].notna().to_numpy()[could]]
        first, used = _first_each(record, could), _first_each(record, did)
        found.append(_lines(record, source, position, np.setdiff1d(used, first), name))
    return pd.concat(found, ignore_index=True)


def build_source_rows(delivery: Delivery, tables: Mapping[str, pd.DataFrame], dictionary: Dictionary) -> pd.DataFrame:
    """Return the lines of source_rows.parquet (columns: COLUMNS).

    Listed are the rows of every record of a table that several sources fed, and of every record that several rows fed.
    A line with a variable says that this variable's value stands in that row, and not in the first that could hold it.
    """
    found = [pd.DataFrame(columns=list(COLUMNS))]
    for name, table in tables.items():
        lines = delivery.fed.get(name, pd.DataFrame(columns=FED))
        if len(position_columns(table)) > 1:
            alone = table.drop(index=table.index[lines["record"].astype("int64").unique()])
            source, position = _fed_by(alone)
            lines = pd.concat([_lines(alone.index.to_numpy(), source, position, np.arange(len(alone)), ""), lines])
        if lines.empty:
            continue
        lines = lines.sort_values("record", kind="stable")
        records = table.loc[lines["record"].astype("int64")]
        item = dictionary.tables[name].item
        found.append(
            pd.DataFrame(
                {
                    "table": name,
                    "patient_id": records["patient_id"].to_numpy(),
                    "item": records[item].astype("string").to_numpy() if item else "",
                    "variable": lines["variable"].to_numpy(),
                    "source": lines["source"].to_numpy(),
                    "row": _rows(delivery, lines),
                }
            )
        )
    return pd.concat(found, ignore_index=True).astype(COLUMNS)


def _rows(delivery: Delivery, lines: pd.DataFrame) -> np.ndarray:
    """(n,) the row, as a person counts it, at each line's position in its source."""
    rows = np.zeros(len(lines), dtype="int64")
    for source, sheet in delivery.sheets.items():
        here = (lines["source"] == source).to_numpy()
        rows[here] = sheet.raw.rows[lines["position"].to_numpy()[here].astype("int64")]
    return rows


def _fed_by(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the source of each row and (n,) its position there; a row that has not been merged has one source."""
    source, position = np.full(len(rows), "", dtype=object), np.zeros(len(rows), dtype="int64")
    for column in position_columns(rows):
        known = rows[column].notna().to_numpy() & (source == "")
        source[known] = column.removeprefix(POSITION)
        position[known] = rows[column].to_numpy()[known].astype("int64")
    return source, position


def _first_each(record: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The first of the positions `at` of each record."""
    return at[np.unique(record[at], return_index=True)[1]]


def _lines(record: np.ndarray, source: np.ndarray, position: np.ndarray, at: np.ndarray, name: str) -> pd.DataFrame:
    return pd.DataFrame({"record": record[at], "variable": name, "source": source[at], "position": position[at]})
