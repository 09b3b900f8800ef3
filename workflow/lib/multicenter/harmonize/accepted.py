"""The delivery of a center that was accepted last: what a new one is compared with, and what was decided about that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multicenter.deliveries import SHORT, delivery_name, delivery_sha, read_receipt
from multicenter.dictionary import Dictionary
from multicenter.errors import DataError, Place
from multicenter.harmonize.check import BY_IDS
from multicenter.opencsv import read_csv

CHANGE_COLUMNS = ["table", "variable", "patient_id", "item", "old", "new"]


@dataclass(frozen=True)
class Limits:
    """From where on it is no patient's error but the delivery's.

    share, cells: how much of what a column said of the same patients may change: this share of it, or fewer cells.
    contradicted_share, contradicted_rows: in how many rows two columns may contradict each other, in the same way.
    """

    share: float = 0.2
    cells: int = 3
    contradicted_share: float = 0.5
    contradicted_rows: int = 3

    def exceeded(self, changed: int, known: int) -> bool:
        """Whether more of a column changed than may."""
        return changed >= self.cells and changed > self.share * known

    def contradicted(self, rows: int, asked: int) -> bool:
        """Whether a rule is broken in more rows than patients' errors explain."""
        return rows >= self.contradicted_rows and rows > self.contradicted_share * asked


USUAL = Limits()


@dataclass(frozen=True)
class Change:
    """One way in which a delivery is not as it was or as it should be, in some columns (headers) or patients (ids)."""

    kind: str
    place: Place
    what: str
    fix: str
    columns: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass
class Decisions:
    """What was decided of the changes of one delivery.

    mapping: the center file, as messages name it. sha: of the delivery. entries: the file's `accepted_changes`.
    stops: changes that nobody has accepted.
    """

    mapping: str
    sha: str = ""
    entries: Iterable[Mapping[str, Any]] = ()
    stops: list[Change] = field(default_factory=list)

    def allows(self, change: Change) -> bool:
        """Whether somebody has decided that just this change of just this delivery is right."""
        fitting = [d for d in self.entries if d["delivery"] == self.sha[:SHORT] and d["change"] == change.kind]
        ids = {ident for decision in fitting for ident in decision.get("ids", ())}
        columns = {header for decision in fitting for header in decision.get("columns", ())}
        return bool(fitting) and ids.issuperset(change.ids) and columns.issuperset(change.columns)

    def how_to_accept(self, before: Accepted | None) -> str:
        """The lines to paste into the center file if what stops the delivery is right; "" if nothing of it can be."""
        if not self.stops:
            return ""
        compared = f"Compared with the accepted {delivery_name(before.receipt)}. " if before else ""
        lines = [
            f"{compared}What is right after all can be accepted in {self.mapping} (one entry a "
            "decision; leave out what is not; say why, who and when):",
            "accepted_changes:",
        ]
        for kind in dict.fromkeys(change.kind for change in self.stops):
            what = "ids" if kind in BY_IDS else "columns"
            named = [word for change in self.stops if change.kind == kind for word in getattr(change, what)]
            listed = json.dumps(list(dict.fromkeys(named)), ensure_ascii=False)
            lines += [f'  - delivery: "{self.sha[:SHORT]}"', f"    change: {kind}", f"    {what}: {listed}"]
            lines += ["    reason:", "    decided_by:", "    decided_on:"]
        return "\n".join(lines)


@dataclass
class Accepted:
    """The accepted delivery of a center that sends a new one, in a folder, with its receipt."""

    dictionary: Dictionary
    folder: Path
    receipt: Mapping[str, Any]
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """A canonical table as it was accepted; without rows if there was no such table."""
        if name not in self._tables:
            path = self.folder / f"{name}.parquet"
            empty = pd.DataFrame({"patient_id": pd.Series(dtype="string")})
            self._tables[name] = pd.read_parquet(path) if path.is_file() else empty
        return self._tables[name]

    @cached_property
    def headers(self) -> dict[tuple[str, str, str], str]:
        """(table, item, variable) → the column that fed it."""
        rows = _read_csv(self.folder / "column_map.csv")
        return {(r["table"], r["item"], r["variable"]): r["header"] for r in rows.to_dict("records")}

    @cached_property
    def units(self) -> dict[tuple[str, str, str], str]:
        """(table, item, variable) → the unit in which its column was read ("": the variable's own)."""
        rows = _read_csv(self.folder / "column_map.csv")
        return {(r["table"], r["item"], r["variable"]): r.get("unit", "") for r in rows.to_dict("records")}

    @cached_property
    def columns(self) -> dict[tuple[str, str], dict[str, str]]:
        """(source, header) → the column's profile: cells by type, blanks, file."""
        sources = {(s["file"], s["sheet"]): s["source"] for s in self.receipt["sources"]}
        rows = _read_csv(self.folder / "profile.csv").to_dict("records")
        return {(sources[r["file"], r["sheet"]], r["header"]): r for r in rows if (r["file"], r["sheet"]) in sources}

    def filled(self, source: str, header: str) -> int:
        """How many cells of a column were filled; 0 if there was no such column."""
        row = self.columns.get((source, header))
        return int(row["n"]) - int(row["blank"]) if row else 0

    @cached_property
    def data_cut(self) -> np.datetime64:
        return np.datetime64(self.receipt["data_cut"], "ns")

    def per_patient(self, slot: tuple[str, str, str]) -> pd.Series:
        """What was accepted of each patient in a slot (table, item, variable): patient_id → sorted tuple of texts."""
        table, at, variable = slot
        rows, item = self.table(table), self.dictionary.tables[table].item
        if variable not in rows:
            return pd.Series(dtype=object)
        if item and at:
            rows = rows[rows[item].astype("string") == at]
        return by_patient(rows["patient_id"].to_numpy(dtype=object), rows[variable])

    def of_patients(self, slot: tuple[str, str, str], ids: Iterable[str]) -> pd.Series:
        """patient_id → the text that was accepted, of those of the given patients of whom there is just one."""
        known = self.per_patient(slot)
        known = known[known.index.isin(set(ids))]
        return known[known.map(len) == 1].map(lambda texts: texts[0])

    def said_of(self, ids: Iterable[str], slot: tuple[str, str, str]) -> str:
        """A sentence on what was accepted of some patients in a slot; "" if nothing."""
        known = self.of_patients(slot, ids)
        if known.empty:
            return ""
        level, n = next(iter(known.value_counts().items()))
        return f" The accepted delivery has {level!r} for {n} of the {len(known)} patients with it who are known there."


def find_accepted(folder: Path | None, receipt: Mapping[str, Any], dictionary: Dictionary) -> Accepted | None:
    """Return the accepted delivery in a folder; None if there is none, or if it is the very one that came in now.

    receipt: of the delivery that came in. The same files mapped otherwise are no change of it. Raises DataError if the
    accepted delivery is not complete.
    """
    before = read_receipt(folder) if folder else None
    if before is None or delivery_sha(before) == delivery_sha(receipt):
        return None
    needed = ["column_map.csv", "profile.csv", *(f"{name}.parquet" for name in before["tables"])]
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        what = f"{', '.join(missing)} of the accepted {delivery_name(before)} is missing"
        raise DataError(Place(str(folder)), what, "Bring it back, or remove the folder to accept without comparing")
    return Accepted(dictionary, folder, before)


def earlier_changes(folder: Path | None, receipt: Mapping[str, Any]) -> tuple[pd.DataFrame, str]:
    """What an unchanged delivery had changed when it was accepted, and which delivery it replaced ("" for none)."""
    before = read_receipt(folder) if folder else None
    if before is None or delivery_sha(before) != delivery_sha(receipt) or not (folder / "changes.csv").is_file():
        return pd.DataFrame(columns=CHANGE_COLUMNS), ""
    return read_csv(folder / "changes.csv"), before.get("replaces", "")


def by_patient(ids: np.ndarray, values: pd.Series | np.ndarray) -> pd.Series:
    """patient id → sorted tuple of the filled values as texts; patients without any are left out."""
    texts = as_text(pd.Series(values)).to_numpy(dtype=object)
    frame = pd.DataFrame({"id": ids, "text": texts})[texts != ""]
    if not frame["id"].duplicated().any():
        return pd.Series([(text,) for text in frame["text"]], index=pd.Index(frame["id"]), dtype=object)
    return frame.groupby("id", sort=False)["text"].agg(lambda texts: tuple(sorted(texts)))


def as_text(values: pd.Series) -> pd.Series:
    """Canonical values as they are shown to people: ISO dates, numbers without needless digits, "" for missing."""
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d").fillna("").astype("string")
    if values.dtype.kind in "fiu" or values.dtype == "Int64":
        numbers = values.astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
        codes, distinct = pd.factorize(numbers)
        texts = np.array([*(f"{n:.12g}" for n in distinct), ""], dtype=object)
        return pd.Series(texts[codes], index=values.index, dtype="string")
    return values.astype("string").fillna("")


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)
