"""One center's delivery while it is harmonized: its sources, what became of each cell, problems and findings."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from multicenter.errors import DeliveryError, Place, did_you_mean
from multicenter.harmonize.accepted import USUAL, Accepted, Change, Decisions, Limits
from multicenter.harmonize.cells import MAPPED, UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.lost_text import FIX, WHAT, is_lost, lost_values, shown
from multicenter.harmonize.spec import Source
from multicenter.intake.table import RawTable, written
from multicenter.paths import mapping_of

FINDING_COLUMNS = [
    "center",
    "file",
    "sheet",
    "row",
    "column",
    "patient_id",
    "table",
    "variable",
    "value",
    "kind",
    "outcome",
    "action",
    "lo",
    "hi",
    "message",
    "remark",
    "values",
]
Slot = tuple[str, str, str]
MANY = 8  # more codes of a column that nobody knows are told in one line too
OTHER_VARIABLE = "the column may hold something else than it is mapped to"
ALIKE = 3  # more values of a column with one reason are told in one line
MISSING = "the column is missing"


@dataclass
class Sheet:
    """One source with what its cells became.

    ids: (n,) patient ids as text. kept: (n,) rows that are not dropped. distinct and outcomes by header.
    overrides: header → {position: (status, reason)}, cells whose fate was decided after conversion.
    left_out: (table, item) → (n,) kept rows that became no record there: nothing is said, or their key is missing.
    """

    source: Source
    raw: RawTable
    ids: np.ndarray
    kept: np.ndarray
    distinct: dict[str, Distinct] = field(default_factory=dict)
    outcomes: dict[str, dict[Slot, Outcome]] = field(default_factory=dict)
    overrides: dict[str, dict[int, tuple[int, str]]] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    left_out: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    item_name: str = ""

    def header_of(self, slot: Slot) -> str:
        """The column that feeds a slot, or "" (a constant)."""
        for header, slots in self.outcomes.items():
            if slot in slots:
                return header
        return ""

    def slots(self) -> dict[Slot, tuple[str, Outcome]]:
        return {slot: (header, outcome) for header, slots in self.outcomes.items() for slot, outcome in slots.items()}

    def row_that_says(self, slot: Slot, header: str, position: int) -> int:
        """The position of the row that gave a record its value: the record's own, or the patient's first that says it.

        A value of an item that only its row names stands in the record's own row.
        """
        codes, status = self.distinct[header].codes, self.outcomes[header][slot].status
        if self._says(codes[position], status) or not (slot[1] or slot[0] == "patient"):
            return position
        same = np.flatnonzero((self.ids == self.ids[position]) & self.kept)
        return next((int(i) for i in same if self._says(codes[i], status)), position)

    @staticmethod
    def _says(code: int, status: np.ndarray) -> bool:
        return code >= 0 and status[code] == MAPPED

    def override(self, header: str, position: int, status: int, reason: str) -> None:
        self.overrides.setdefault(header, {})[position] = (status, reason)


class Delivery:
    """All sheets of one center, with the problems that stop it and the findings that do not.

    before: the accepted delivery, if this one is another. blamed: columns that a problem names. fed: by table, the rows
    that fed records made of several rows (see `source_rows.feeding_rows`).
    """

    def __init__(
        self,
        center: str,
        kinds: Mapping[str, Mapping[str, str]],
        before: Accepted | None = None,
        decisions: Decisions | None = None,
        limits: Limits = USUAL,
    ):
        self.center = center
        self.kinds = kinds
        self.before = before
        self.decisions = decisions or Decisions(mapping_of(center))
        self.limits = limits
        self.blamed: set[str] = set()
        self.sheets: dict[str, Sheet] = {}
        self.fed: dict[str, pd.DataFrame] = {}
        self.problems: list[str] = []
        self._findings: list[tuple[Any, ...]] = []
        self._seen: set[tuple[Any, ...]] = set()

    @property
    def mapping(self) -> str:
        """The center file, as messages name it."""
        return self.decisions.mapping

    def problem(self, place: Place, what: str, fix: str) -> None:
        """Note something that stops this center."""
        line = f"{place}: {what}. {fix}"
        shown = place.column or ""
        self.blamed |= {shown, shown.partition(" (")[2].removesuffix(")")}
        if line not in self.problems:
            self.problems.append(line)

    def note_changes(self, changes: Iterable[Change]) -> None:
        """Make problems of the changes that nobody has accepted."""
        for change in changes:
            if not self.decisions.allows(change):
                self.problem(change.place, change.what, change.fix)
                self.decisions.stops.append(change)

    def stop_if_problems(self) -> None:
        """Raise DeliveryError with everything that was noted so far."""
        if self.problems:
            raise DeliveryError(self.center, self.problems, self.decisions.how_to_accept(self.before))

    def find(
        self,
        sheet: Sheet,
        header: str,
        position: int,
        table: str,
        variable: str,
        note: Note,
    ) -> None:
        """Report one cell (header "" for a whole row); the same cell and kind is reported once.

        The message shows the note's values and its remark, which stand beside it, too: the values as JSON.
        """
        raw = sheet.raw
        column = raw.refs.get(header, "")
        spot = (raw.file, raw.sheet, int(raw.rows[position]), column, note.kind)
        if spot in self._seen:
            return
        self._seen.add(spot)
        kind = self.kinds[note.kind]
        value = written(raw.cells[header].iloc[position]) if header else ""
        text = kind["message_en"].format_map(note.shown) + (f" ({note.detail})" if note.detail else "")
        self._findings.append(
            (
                self.center,
                *spot[:4],
                sheet.ids[position],
                table,
                variable,
                value,
                note.kind,
                kind["outcome"],
                kind["action"],
                note.lo,
                note.hi,
                text,
                note.detail,
                json.dumps(note.shown, ensure_ascii=False) if note.shown else "",
            )
        )

    def findings(self) -> pd.DataFrame:
        """All findings in the order of file, sheet, row and column (text columns, row Int64)."""
        frame = pd.DataFrame(self._findings, columns=FINDING_COLUMNS)
        frame = frame.sort_values(["file", "sheet", "row", "column", "kind"], kind="stable", ignore_index=True)
        return frame.astype({name: "Int64" if name == "row" else "string" for name in FINDING_COLUMNS})


def report_unmapped(delivery: Delivery, explained: Mapping[str, Collection[str]]) -> None:
    """Note every distinct value that nothing in the center file explains, with its count and the nearest known code.

    Of patients known before, what was accepted of them is the nearest known code by content. explained: source → the
    columns of which it is known what is wrong.
    """
    for name, sheet in delivery.sheets.items():
        for header, slots in sheet.outcomes.items():
            if header in explained[name]:
                continue
            reasons: dict[int, str] = {}
            lost = _report_lost(delivery, sheet, header) if slots else np.zeros(0, dtype=bool)
            for outcome in slots.values():
                for i in np.flatnonzero((outcome.status == UNMAPPED) & ~lost):
                    reasons.setdefault(int(i), outcome.reasons.get(int(i), ""))
            for reason in dict.fromkeys(reasons.values()):
                alike = [i for i, why in reasons.items() if why == reason]
                if len(alike) > (ALIKE if reason else MANY):
                    _report_values(delivery, sheet, header, alike, reason or OTHER_VARIABLE)
                    continue
                for i in alike:
                    _report_value(delivery, sheet, header, i, reason)


def _report_lost(delivery: Delivery, sheet: Sheet, header: str) -> np.ndarray:
    """Note the values of a column that a conversion lost; return which they are (u,)."""
    distinct, column = sheet.distinct[header], sheet.source.columns[header]
    is_text = column.reader is not None or all(target.variable.type == "text" for target in column.targets)
    lost = lost_values(distinct, sheet.outcomes[header].values(), is_text)
    if lost:
        what = f"{WHAT}: {shown(distinct, lost, sheet.raw.rows)}"
        fix = f"{FIX} Question marks that the center writes itself are declared under 'missing'."
        delivery.problem(sheet.raw.place(None, shown_column(sheet.raw, header)), what, fix)
    return np.isin(np.arange(len(distinct)), lost)


def _report_values(delivery: Delivery, sheet: Sheet, header: str, alike: list[int], reason: str) -> None:
    """One line for values of a column that all are unmapped for the same reason."""
    distinct = sheet.distinct[header]
    cells = np.isin(distinct.codes, alike)
    named = ", ".join(repr(distinct.text[i]) for i in alike[:ALIKE])
    what = f"{len(alike)} values ({named}, …; {int(cells.sum())} cells) are not mapped: {reason}"
    place = sheet.raw.place(int(sheet.raw.rows[np.flatnonzero(cells)[0]]), shown_column(sheet.raw, header))
    delivery.problem(place, what, f"Mend this column in {delivery.mapping}.")


def _report_value(delivery: Delivery, sheet: Sheet, header: str, i: int, reason: str) -> None:
    distinct = sheet.distinct[header]
    at = np.flatnonzero(distinct.codes == i)
    column = sheet.source.columns[header]
    known: set[str] = set()
    for target in column.targets:
        known |= {*target.codes, *target.missing, *target.ambiguous}
    hint = did_you_mean(distinct.key[i], known)
    if delivery.before:
        hint += delivery.before.said_of(sheet.ids[at], next(iter(sheet.outcomes[header])))
    cells = "1 cell" if len(at) == 1 else f"{len(at)} cells"
    what = f"the value {distinct.text[i]!r} ({cells}) is not mapped" + (f": {reason}" if reason else "")
    place = sheet.raw.place(int(sheet.raw.rows[at[0]]), shown_column(sheet.raw, header))
    delivery.problem(place, what, f"Add it to this column in {delivery.mapping}.{hint}")


def shown_column(raw: RawTable, header: str) -> str:
    """A column as a person finds it: its letter with its header, or the header alone."""
    ref = raw.refs.get(header, header)
    return header if ref == header else f"{ref} ({header})"


def check_columns(delivery: Delivery, source: Source, raw: RawTable, renamed: Mapping[str, tuple[str, str]]) -> None:
    """Note declared columns that are missing and columns of the file that are not declared.

    renamed: missing column → the new column that says the same, and how that is known.
    """
    declared = [source.id_column, *source.columns]
    found = list(raw.cells.columns)
    missing = [name for name in declared if name not in found]
    extra = [name for name in found if name not in declared]
    for name, (new, told) in renamed.items():
        what = f"column {name!r} is gone; new column {new!r} {told}"
        fix = f"If it is the same, write {new!r} for {name!r} in {delivery.mapping}."
        delivery.problem(raw.place(None, shown_column(raw, new)), what, fix)
        delivery.blamed.add(name)
    explained = {*renamed, *(new for new, _ in renamed.values())}
    for name in (name for name in missing if name not in explained):
        hint = did_you_mean(name, extra)
        fix = f"Correct the name in {delivery.mapping} or ask the center."
        filled = delivery.before.filled(source.name, name) if delivery.before else 0
        what = f"the column is missing; the accepted delivery has {filled} filled cells in it" if filled else MISSING
        delivery.problem(raw.place(None, name), what, fix + hint)
    for name in (name for name in extra if name not in explained):
        if is_lost(name):
            delivery.problem(raw.place(None, shown_column(raw, name)), f"in the header {WHAT}", FIX)
            continue
        n = int(raw.cells[name].notna().sum())
        what = f"the column ({n} filled cells) is not mapped"
        fix = f"Map it or drop it with a reason in {delivery.mapping}."
        delivery.problem(raw.place(None, shown_column(raw, name)), what, fix + did_you_mean(name, missing))
