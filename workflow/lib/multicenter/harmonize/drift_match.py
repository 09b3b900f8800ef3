"""The records of the same patients in the accepted and in the new tables, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from multicenter.dictionary import Table
from multicenter.harmonize.accepted import Accepted, as_text


@dataclass
class Matched:
    """The records of the same patients in the accepted and the new table.

    old, new: the rows of patients who are in both deliveries. at: (len(old),) the row of `new` with the same key, or
    -1.
    """

    table: Table
    old: pd.DataFrame
    new: pd.DataFrame
    at: np.ndarray

    def values(self, variable: str) -> tuple[np.ndarray, np.ndarray]:
        """(len(old),) accepted and new values of a variable, missing where the record is gone."""
        old, new = (_plain(frame[variable]) for frame in (self.old, self.new))
        if old.dtype != new.dtype:  # the dictionary has another type for it since
            old, new = (_plain(as_text(frame[variable]).replace("", pd.NA)) for frame in (self.old, self.new))
        nothing = np.array([None if new.dtype == object else np.nan]).astype(new.dtype)
        return old, np.concatenate([new, nothing])[self.at]

    def items(self) -> np.ndarray:
        """(len(old),) the item of each accepted record as text ("" for one row a patient)."""
        if not self.table.item or self.old.empty:
            return np.full(len(self.old), "", dtype=object)
        return self.old[self.table.item].astype("string").to_numpy(dtype=object)


def match_records(before: Accepted, table: Table, new: pd.DataFrame, patients: pd.DataFrame) -> Matched:
    """Pair the records of a table: accepted and new, of the patients who are in both deliveries."""
    old = before.table(table.name)
    known = set(before.table("patient")["patient_id"]) & set(patients["patient_id"])
    old, new = (frame[frame["patient_id"].isin(known)].reset_index(drop=True) for frame in (old, new))
    keys = [_keys(frame, table.item) for frame in (old, new)]
    return Matched(table, old, new, pd.Index(keys[1]).get_indexer(pd.Index(keys[0])))


def _keys(frame: pd.DataFrame, item: str) -> pd.Series:
    if not item or item not in frame:
        return frame["patient_id"].astype(object)
    return (frame["patient_id"] + "\0" + frame[item].astype("string")).astype(object)


def _plain(values: pd.Series) -> np.ndarray:
    """Canonical values as float64, datetime64[ns] or object with None for missing."""
    if values.dtype.kind == "M":
        return values.to_numpy(dtype="datetime64[ns]")
    if values.dtype == "Int64" or values.dtype.kind == "f":
        return values.to_numpy(dtype="float64", na_value=np.nan)
    return values.to_numpy(dtype=object, na_value=None)
