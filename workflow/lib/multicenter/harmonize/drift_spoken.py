"""What each column of a delivery says of the patients known before, beside what was accepted of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from multicenter.errors import Place
from multicenter.harmonize.accepted import Accepted
from multicenter.harmonize.columns import target_of
from multicenter.harmonize.delivery import Delivery, Sheet, Slot, shown_column
from multicenter.harmonize.drift_match import Matched
from multicenter.harmonize.drift_values import Pairs, rounding_of
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Target


@dataclass(frozen=True)
class Spoken:
    """One column and what it says of the records that it speaks of.

    address: the variable that it gives. sheet, slot: where it is read; None if no column gives the variable any more
    (header is then the one that did).
    """

    address: str
    header: str
    pairs: Pairs
    sheet: Sheet | None = None
    slot: Slot | None = None

    @property
    def target(self) -> Target:
        """What the column is read as."""
        return target_of(self.sheet, self.header, self.slot)

    def rounded(self, before: Accepted, units: Units) -> Spoken:
        """The same, with the numbers of both deliveries compared as far as both are written."""
        if self.sheet is None or self.target.variable.type != "number" or self.pairs.old.dtype.kind != "f":
            return self
        target = self.target
        factors = [units.factor(unit, target.variable) for unit in (before.units.get(self.slot, ""), target.unit)]
        return replace(self, pairs=replace(self.pairs, rounding=rounding_of(self.pairs, *factors)))

    def place(self, mapping: str) -> Place:
        """The column, or the center file (`mapping`) that no longer maps one."""
        if self.sheet is None:
            return Place(mapping, None, None, self.header or None)
        return self.sheet.raw.place(None, shown_column(self.sheet.raw, self.header))

    def why_gone(self) -> tuple[str, str]:
        """The kind of finding that most values met that are gone, and one such cell; empty if they are just blank."""
        gone = self.pairs.ids[self.pairs.changed & ~self.pairs.both]
        distinct = self.sheet.distinct[self.header]
        codes = distinct.codes[np.isin(self.sheet.ids, gone)]
        notes = self.sheet.outcomes[self.header][self.slot].notes
        noted = [code for code in codes.tolist() if code in notes]
        kinds = [notes[code].kind for code in noted]
        kind = max(dict.fromkeys(kinds), key=kinds.count, default="")
        if 2 * kinds.count(kind) <= len(gone):
            return "", ""
        return kind, distinct.text[noted[kinds.index(kind)]]


def spoken_columns(delivery: Delivery, matched: Matched, moved: tuple[str, ...]) -> list[Spoken]:
    """What each column says of a table's known records; those of `moved` patients, who are others now, left out."""
    table = matched.table
    names = [n for n in table.variables if n in matched.old and n not in table.key]
    if matched.old.empty:
        return []
    happened = _went_on(delivery.before, matched, names)
    ids = matched.old["patient_id"].to_numpy(dtype=object)
    stayed = (matched.at >= 0) & ~np.isin(ids, moved)
    found = []
    for name in names:
        old, new = matched.values(name)
        excused = happened | _moved_on(old, new, delivery.before)
        for (sheet, header, slot), rows in _groups(delivery, matched, name):
            rows = rows & stayed
            pairs = Pairs(ids[rows], old[rows], new[rows], excused[rows])
            found.append(Spoken(f"{table.name}.{name}", header, pairs, sheet, slot))
    return found


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
