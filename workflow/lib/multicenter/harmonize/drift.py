"""Drift: how the canonical tables of a delivery differ from those of the accepted one, in the same patients.

New patients, new records and values that were missing before are what an update is for. So is a date that moves on to a
day after the accepted data cut, and what changes in a record in which such a date is new. What else changes is counted
for each column; more than the limits allow stops the center, unless its file says that just this change is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from multicenter.dictionary import Table
from multicenter.errors import Place
from multicenter.harmonize.accepted import CHANGE_COLUMNS, Accepted, Change, as_text
from multicenter.harmonize.columns import target_of
from multicenter.harmonize.delivery import Delivery, shown_column
from multicenter.harmonize.drift_columns import listed
from multicenter.harmonize.drift_values import Pairs, same, what_changed
from multicenter.harmonize.numbers import Units

ASK = "Ask the center for them."
BARE = r"^\D*0*"  # what ids may have lost or gained: letters and zeros in front


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


def compare_with_accepted(delivery: Delivery, tables: dict[str, pd.DataFrame], units: Units) -> pd.DataFrame:
    """Note every change that nobody has accepted as a problem; return what changed (columns: CHANGE_COLUMNS).

    tables: of the delivery, typed. The returned rows are the cells of patients known before whose value is another one
    now: changed, gone (new "") or new (old "").
    """
    before = delivery.before
    changes = _lost_patients(delivery, tables["patient"]["patient_id"])
    cells = []
    for name, table in units.dictionary.tables.items():
        matched = _match(before, table, tables[name], tables["patient"])
        changes += _lost_rows(delivery, matched)
        changes += _changed_values(delivery, matched, units)
        cells += list(_changed_cells(matched))
    note_changes(delivery, changes)
    found = pd.concat(cells, ignore_index=True) if cells else pd.DataFrame(columns=CHANGE_COLUMNS)
    return found[CHANGE_COLUMNS]


def note_changes(delivery: Delivery, changes: list[Change]) -> None:
    """Make problems of the changes that nobody has accepted."""
    for change in changes:
        if not delivery.before.allows(change):
            delivery.problem(change.place, change.what, change.fix)
            delivery.before.stops.append(change)


def _lost_patients(delivery: Delivery, patients: pd.Series) -> list[Change]:
    old = delivery.before.table("patient")["patient_id"]
    lost = old[~old.isin(set(patients))].tolist()
    if not lost:
        return []
    what = f"{len(lost)} of the {len(old)} accepted patients {'is' if len(lost) == 1 else 'are'} gone: {listed(lost)}"
    return [Change("lost_patients", _roster(delivery), what, ASK + _other_ids(lost, old, patients), ids=tuple(lost))]


def _roster(delivery: Delivery) -> Place:
    """Where the patients stand: the first source that fills their table."""
    sheets = delivery.sheets.values()
    sheet = next((s for s in sheets if any(slot[0] == "patient" for slot in s.slots())), next(iter(sheets)))
    return sheet.raw.place(None, shown_column(sheet.raw, sheet.source.id_column))


def _other_ids(lost: list[str], old: pd.Series, patients: pd.Series) -> str:
    """A hint if the ids that are gone are there in another form."""
    new = patients[~patients.isin(set(old))]
    bare = {text: ident for ident, text in zip(new, new.str.replace(BARE, "", regex=True), strict=True)}
    ends = pd.Series(lost, dtype="string").str.replace(BARE, "", regex=True)
    found = [(ident, bare[end]) for ident, end in zip(lost, ends, strict=True) if end and end in bare]
    if 2 * len(found) < len(lost):
        return ""
    first = f"{found[0][0]} as {found[0][1]}"
    return f" Or are the ids written in another way ({first})? Then declare id.pattern or id.pad."


def _match(before: Accepted, table: Table, new: pd.DataFrame, patients: pd.DataFrame) -> Matched:
    old = before.table(table.name)
    known = set(before.table("patient")["patient_id"]) & set(patients["patient_id"])
    old, new = (frame[frame["patient_id"].isin(known)].reset_index(drop=True) for frame in (old, new))
    keys = [_keys(frame, table.item) for frame in (old, new)]
    return Matched(table, old, new, pd.Index(keys[1]).get_indexer(pd.Index(keys[0])))


def _keys(frame: pd.DataFrame, item: str) -> pd.Series:
    if not item or item not in frame:
        return frame["patient_id"].astype(object)
    return (frame["patient_id"] + "\0" + frame[item].astype("string")).astype(object)


def _groups(delivery: Delivery, matched: Matched, variable: str) -> Iterator[tuple[tuple, np.ndarray]]:
    """(sheet, header, slot) of each column that feeds a variable, and the accepted records that it is to speak of.

    The records that no column speaks of any more come last, with (None, header before, None).
    """
    items, left = matched.items(), np.ones(len(matched.old), dtype=bool)
    slots = [
        (sheet, header, slot)
        for sheet in delivery.sheets.values()
        for slot, (header, _) in sheet.slots().items()
        if slot[0] == matched.table.name and slot[2] == variable
    ]
    for sheet, header, slot in sorted(slots, key=lambda found: found[2][1] in ("", "*")):
        rows = left & (items == slot[1]) if slot[1] not in ("", "*") else left.copy()
        left &= ~rows
        yield (sheet, header, slot), rows
    constant = any(
        slot[0] == matched.table.name and slot[2] == variable
        for sheet in delivery.sheets.values()
        for slot in sheet.source.constants
    )
    if left.any() and not constant:
        headers = delivery.before.headers
        for item in dict.fromkeys(items[left]):
            header = headers.get((matched.table.name, item, variable), "")
            header = header or headers.get((matched.table.name, "", variable), "")
            yield (None, header, None), left & (items == item)


def _changed_values(delivery: Delivery, matched: Matched, units: Units) -> list[Change]:
    table, limits = matched.table, delivery.before.limits
    names = [n for n in table.variables if n in matched.old and n not in table.key]
    if matched.old.empty:
        return []
    happened, found = _went_on(delivery.before, matched, names), []
    for name in names:
        old, new = matched.values(name)
        for (sheet, header, slot), rows in _groups(delivery, matched, name):
            rows = rows & (matched.at >= 0)
            excused = happened[rows] | _moved_on(old[rows], new[rows], delivery.before)
            pairs = Pairs(matched.old["patient_id"].to_numpy(dtype=object)[rows], old[rows], new[rows], excused)
            target = target_of(sheet, header, slot) if sheet else None
            kind, what, fix = what_changed(pairs, target, limits, units)
            if kind and sheet:
                place = sheet.raw.place(None, shown_column(sheet.raw, header))
                found.append(Change(kind, place, f"{table.name}.{name}: {what}", fix, (header,)))
            elif kind:
                found.append(_removed(delivery, f"{table.name}.{name}", header, pairs))
    return found


def _removed(delivery: Delivery, address: str, header: str, pairs: Pairs) -> Change:
    n = int(pairs.changed.sum())
    what = f"{address}: no column gives it any more; {n} known values would be lost"
    place = Place(f"config/centers/{delivery.center}.yaml", None, None, header or None)
    return Change("removed", place, what, "Map a column to it, or ask the center.", (header or address,))


def _went_on(before: Accepted, matched: Matched, names: list[str]) -> np.ndarray:
    """(len(old),) records in which a date after the accepted data cut is new: something has happened since."""
    happened = np.zeros(len(matched.old), dtype=bool)
    for name in names:
        if matched.table.variables[name].type == "date":
            old, new = matched.values(name)
            if old.dtype.kind == "M":
                happened |= np.isnat(old) & (new > before.data_cut)
    return happened


def _moved_on(old: np.ndarray, new: np.ndarray, before: Accepted) -> np.ndarray:
    """(n,) dates that are later now, and after the accepted data cut: a last contact, for instance."""
    return (new > old) & (new > before.data_cut) if old.dtype.kind == "M" else np.zeros(len(old), dtype=bool)


def _lost_rows(delivery: Delivery, matched: Matched) -> list[Change]:
    """Records of known patients that are gone, by item if the columns are."""
    gone, items, table = matched.at < 0, matched.items(), matched.table
    if not table.item or not gone.any():
        return []
    slots = [slot for sheet in delivery.sheets.values() for slot in sheet.slots()]
    fixed = {slot[1] for slot in (*slots, *delivery.before.headers) if slot[0] == table.name}
    groups = pd.Series(items, dtype=object)
    groups = groups.where(groups.isin(fixed), "").to_numpy(dtype=object)
    found = []
    for item in dict.fromkeys(groups):
        rows = groups == item
        n, of = int((rows & gone).sum()), int(rows.sum())
        if delivery.before.limits.exceeded(n, of):
            lost = matched.old[rows & gone]
            ids = tuple(dict.fromkeys(lost["patient_id"]))
            name = f"{table.name}[{item}]" if item else table.name
            what = f"{n} of {of} records {name} of known patients are gone, of {listed(list(ids))}"
            found.append(Change("lost_rows", _home(delivery, table.name, item), what, ASK, ids=ids))
    return found


def _home(delivery: Delivery, table: str, item: str) -> Place:
    """The source whose columns fill a table (for an item)."""
    for sheet in delivery.sheets.values():
        if any(slot[0] == table and slot[1] in (item, "", "*") for slot in sheet.slots()):
            return sheet.raw.place()
    return next(iter(delivery.sheets.values())).raw.place()


def _changed_cells(matched: Matched) -> Iterator[pd.DataFrame]:
    """The cells of known patients that differ, of accepted records and of new ones."""
    table = matched.table
    old_keys, new_keys = (frame.reset_index(drop=True) for frame in (matched.old, matched.new))
    fresh = np.setdiff1d(np.arange(len(new_keys)), matched.at)
    for name in table.variables:
        if name in table.key or name not in old_keys:
            continue
        old, new = matched.values(name)
        differ = np.flatnonzero(~same(old, new))
        added = fresh[new_keys[name].iloc[fresh].notna().to_numpy()]
        if not len(differ) and not len(added):
            continue
        keys = pd.concat([old_keys.iloc[differ], new_keys.iloc[added]], ignore_index=True)
        now = [as_text(pd.Series(new[differ])), as_text(new_keys[name].iloc[added])]
        yield pd.DataFrame(
            {
                "table": table.name,
                "variable": name,
                "patient_id": keys["patient_id"],
                "item": keys[table.item].astype("string") if table.item else "",
                "old": [*as_text(pd.Series(old[differ])), *[""] * len(added)],
                "new": [text for part in now for text in part],
            }
        )


def _plain(values: pd.Series) -> np.ndarray:
    """Canonical values as float64, datetime64[ns] or object with None for missing."""
    if values.dtype.kind == "M":
        return values.to_numpy(dtype="datetime64[ns]")
    if values.dtype == "Int64" or values.dtype.kind == "f":
        return values.to_numpy(dtype="float64", na_value=np.nan)
    return values.to_numpy(dtype=object, na_value=None)
