"""Drift: how the canonical tables of a delivery differ from those of the accepted one, in the same patients.

New patients, new records and values that were missing before are what an update is for. So is a date that moves on to a
day after the accepted data cut, and what changes in a record in which such a date is new. What else changes is counted
for each column; more than the limits allow stops the center, unless its file says that just this change is right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from multicenter.harmonize.accepted import CHANGE_COLUMNS, Change, Limits, as_text
from multicenter.harmonize.delivery import ALIKE, Delivery
from multicenter.harmonize.drift_columns import AGREE, EXCHANGED, listed
from multicenter.harmonize.drift_lost import lost_patients, lost_rows
from multicenter.harmonize.drift_match import Matched, match_records
from multicenter.harmonize.drift_patients import find_strangers, moved_patients, reused_ids
from multicenter.harmonize.drift_spoken import Spoken, spoken_columns
from multicenter.harmonize.drift_values import Diagnosis, same, what_changed
from multicenter.harmonize.numbers import Units
from multicenter.intake.facts import NO_VALUE


def compare_with_accepted(
    delivery: Delivery, tables: dict[str, pd.DataFrame], units: Units, without: Collection[str] = ()
) -> pd.DataFrame:
    """Note every change that nobody has accepted as a problem; return what changed (columns: CHANGE_COLUMNS).

    tables: of the delivery, typed. without: columns that have a problem already; nothing is said of them. The returned
    rows are the cells of patients known before whose value is another one now: changed, gone (new "") or new (old "").
    """
    found = units.dictionary.tables.items()
    matched = [match_records(delivery.before, table, tables[name], tables["patient"]) for name, table in found]
    strangers = find_strangers(delivery, matched)
    changes = lost_patients(delivery, tables["patient"]["patient_id"]) + moved_patients(delivery, strangers)
    if 2 * len(strangers.moved) <= len(tables["patient"]):  # of other patients nothing else can be told
        changes += [change for one in matched for change in lost_rows(delivery, one, without)]
        columns = [spoken for one in matched for spoken in spoken_columns(delivery, one, strangers.moved)]
        changed = _changed_columns(delivery, columns, units)
        changes += _grouped([(change, why) for change, why in changed if change.place.column not in without])
        changes += [] if changed else reused_ids(delivery, strangers)
    delivery.note_changes(changes)
    cells = [part for one in matched for part in _changed_cells(one)]
    listed_cells = pd.concat(cells, ignore_index=True) if cells else pd.DataFrame(columns=CHANGE_COLUMNS)
    return listed_cells[CHANGE_COLUMNS]


def _changed_columns(delivery: Delivery, columns: list[Spoken], units: Units) -> list[tuple[Change, Diagnosis]]:
    """The changes of single columns, each with its diagnosis, those of exchanged columns first."""
    limits = delivery.limits
    changed = [s for s in columns if _is_exceeded(limits, s)]
    changed = [s for s in (s.rounded(delivery.before, units) for s in changed) if _is_exceeded(limits, s)]
    found, told = [], set()
    for one, other in combinations([s for s in changed if s.sheet], 2):
        if not told & {id(one), id(other)} and _are_exchanged(one, other):
            told |= {id(one), id(other)}
            what = f"the columns {one.header!r} ({one.address}) and {other.header!r} ({other.address}) are exchanged: "
            what += f"each says what the other said of {int(one.pairs.changed.sum())} known patients"
            change = Change("exchanged", one.place(delivery.mapping), what, EXCHANGED, (one.header, other.header))
            found.append((change, Diagnosis("exchanged", what, EXCHANGED)))
    for spoken in (s for s in changed if id(s) not in told):
        diagnosis = _removed(spoken) if spoken.sheet is None else _diagnosed(delivery, spoken, units)
        if diagnosis:
            what = f"{spoken.address}: {diagnosis.what}"
            place, headers = spoken.place(delivery.mapping), (spoken.header or spoken.address,)
            found.append((Change(diagnosis.kind, place, what, diagnosis.fix, headers), diagnosis))
    return found


def _is_exceeded(limits: Limits, spoken: Spoken) -> bool:
    return limits.exceeded(int(spoken.pairs.changed.sum()), int(spoken.pairs.known.sum()))


def _diagnosed(delivery: Delivery, spoken: Spoken, units: Units) -> Diagnosis | None:
    kind, cell = spoken.why_gone()
    why = f"{delivery.kinds[kind]['message_en']} ({cell})" if kind else ""
    if cell.startswith(NO_VALUE):
        why = "they are formulas that were saved without values; a spreadsheet program has to open and save the file"
    return what_changed(spoken.pairs, spoken.target, delivery.limits, units, why)


def _removed(spoken: Spoken) -> Diagnosis:
    n = int(spoken.pairs.changed.sum())
    what = f"no column gives it any more; {n} known values would be lost"
    return Diagnosis("removed", what, "Map a column to it, or ask the center.", "removed")


def _are_exchanged(one: Spoken, other: Spoken) -> bool:
    """Whether each of two columns says now what the other had said of the same records."""
    a, b = one.pairs, other.pairs
    if a.old.dtype != b.old.dtype or not np.array_equal(a.ids, b.ids):
        return False
    return all(same(then.old, now.new)[now.changed].mean() >= AGREE for now, then in ((a, b), (b, a)))


def _grouped(changes: list[tuple[Change, Diagnosis]]) -> list[Change]:
    """Changes that are alike in many columns of one sheet as one."""
    groups: dict[tuple, list[Change]] = {}
    for number, (change, why) in enumerate(changes):
        key = (change.place.file, change.place.sheet, why.kind, why.alike) if why.alike else (number,)
        groups.setdefault(key, []).append(change)
    found = []
    for group in groups.values():
        if len(group) <= ALIKE:
            found += group
            continue
        first, headers = group[0], tuple(dict.fromkeys(header for change in group for header in change.columns))
        what = f"{len(headers)} columns changed alike ({listed(list(headers))}). The first: {first.what}"
        found.append(replace(first, what=what, columns=headers))
    return found


def _changed_cells(matched: Matched) -> Iterator[pd.DataFrame]:
    """The cells of known patients that differ, of accepted records and of new ones."""
    table = matched.table
    old_keys, new_keys = (frame.reset_index(drop=True) for frame in (matched.old, matched.new))
    fresh = np.setdiff1d(np.arange(len(new_keys)), matched.at)
    for name in table.variables:
        if name in table.key[:2] or name not in old_keys:
            continue
        old, new = matched.values(name)  # of the item: whether the record is there
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
