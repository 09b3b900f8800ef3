"""Patients and records of the accepted delivery that are gone."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from multicenter.errors import Place
from multicenter.harmonize.accepted import Change
from multicenter.harmonize.delivery import Delivery, shown_column
from multicenter.harmonize.drift_columns import listed
from multicenter.harmonize.drift_match import Matched

ASK = "Ask the center for them."
BARE = r"^\D*0*"  # what ids may have lost or gained: letters and zeros in front


def lost_patients(delivery: Delivery, patients: pd.Series) -> list[Change]:
    """Patients of the accepted delivery who are gone."""
    old = delivery.before.table("patient")["patient_id"]
    lost = old[~old.isin(set(patients))].tolist()
    if not lost:
        return []
    what = f"{len(lost)} of the {len(old)} accepted patients {'is' if len(lost) == 1 else 'are'} gone: {listed(lost)}"
    return [Change("lost_patients", roster(delivery), what, ASK + _other_ids(lost, old, patients), ids=tuple(lost))]


def roster(delivery: Delivery) -> Place:
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


def lost_rows(delivery: Delivery, matched: Matched, without: Collection[str] = ()) -> list[Change]:
    """Records of known patients that are gone, by item if the columns are; not those of the columns `without`."""
    gone, items, table = matched.at < 0, matched.items(), matched.table
    if not table.item or not gone.any():
        return []
    slots = [slot for sheet in delivery.sheets.values() for slot in sheet.slots()]
    fixed = {slot[1] for slot in (*slots, *delivery.before.headers) if slot[0] == table.name}
    groups = pd.Series(items, dtype=object)
    groups = groups.where(groups.isin(fixed), "").to_numpy(dtype=object)
    headers = delivery.before.headers.items()
    silent = {slot[1] for slot, header in headers if slot[0] == table.name and header in without}
    found = []
    for item in (item for item in dict.fromkeys(groups) if item not in silent):
        rows = groups == item
        n, of = int((rows & gone).sum()), int(rows.sum())
        if delivery.limits.exceeded(n, of):
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
