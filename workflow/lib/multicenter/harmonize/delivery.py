"""One center's delivery while it is harmonized: its sources, what became of each cell, problems and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from multicenter.errors import DeliveryError, Place, did_you_mean
from multicenter.harmonize.cells import UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.spec import Source
from multicenter.intake.table import RawTable, written

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
]
Slot = tuple[str, str, str]


@dataclass
class Sheet:
    """One source with what its cells became.

    ids: (n,) patient ids as text. kept: (n,) rows that are not dropped. distinct and outcomes by header.
    overrides: header → {position: (status, reason)}, cells whose fate was decided after conversion.
    """

    source: Source
    raw: RawTable
    ids: np.ndarray
    kept: np.ndarray
    distinct: dict[str, Distinct] = field(default_factory=dict)
    outcomes: dict[str, dict[Slot, Outcome]] = field(default_factory=dict)
    overrides: dict[str, dict[int, tuple[int, str]]] = field(default_factory=dict)
    dropped: dict[int, str] = field(default_factory=dict)
    item_name: str = ""

    def header_of(self, slot: Slot) -> str:
        """The column that feeds a slot, or "" (a constant)."""
        for header, slots in self.outcomes.items():
            if slot in slots:
                return header
        return ""

    def slots(self) -> dict[Slot, tuple[str, Outcome]]:
        return {slot: (header, outcome) for header, slots in self.outcomes.items() for slot, outcome in slots.items()}

    def override(self, header: str, position: int, status: int, reason: str) -> None:
        self.overrides.setdefault(header, {})[position] = (status, reason)


class Delivery:
    """All sheets of one center, with the problems that stop it and the findings that do not."""

    def __init__(self, center: str, kinds: Mapping[str, Mapping[str, str]]):
        self.center = center
        self.kinds = kinds
        self.sheets: dict[str, Sheet] = {}
        self.problems: list[str] = []
        self._findings: list[tuple[Any, ...]] = []
        self._seen: set[tuple[Any, ...]] = set()

    def problem(self, place: Place, what: str, fix: str) -> None:
        """Note something that stops this center."""
        line = f"{place}: {what}. {fix}"
        if line not in self.problems:
            self.problems.append(line)

    def stop_if_problems(self) -> None:
        """Raise DeliveryError with everything that was noted so far."""
        if self.problems:
            raise DeliveryError(self.center, self.problems)

    def find(
        self,
        sheet: Sheet,
        header: str,
        position: int,
        table: str,
        variable: str,
        note: Note,
        message: str = "",
    ) -> None:
        """Report one cell (header "" for a whole row); the same cell and kind is reported once."""
        raw = sheet.raw
        column = raw.refs.get(header, "")
        spot = (raw.file, raw.sheet, int(raw.rows[position]), column, note.kind)
        if spot in self._seen:
            return
        self._seen.add(spot)
        kind = self.kinds[note.kind]
        value = written(raw.cells[header].iloc[position]) if header else ""
        text = message or kind["message_en"] + (f" ({note.detail})" if note.detail else "")
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
            )
        )

    def findings(self) -> pd.DataFrame:
        """All findings in the order of file, sheet, row and column (text columns, row Int64)."""
        frame = pd.DataFrame(self._findings, columns=FINDING_COLUMNS)
        frame = frame.sort_values(["file", "sheet", "row", "column", "kind"], kind="stable", ignore_index=True)
        return frame.astype({name: "Int64" if name == "row" else "string" for name in FINDING_COLUMNS})


def report_unmapped(delivery: Delivery) -> None:
    """Note every distinct value that nothing in the center file explains, with its count and the nearest known code."""
    for sheet in delivery.sheets.values():
        for header, slots in sheet.outcomes.items():
            told: set[int] = set()
            for outcome in slots.values():
                for i in np.flatnonzero(outcome.status == UNMAPPED):
                    if i not in told:
                        told.add(int(i))
                        _report_value(delivery, sheet, header, int(i), outcome.reasons.get(int(i), ""))


def _report_value(delivery: Delivery, sheet: Sheet, header: str, i: int, reason: str) -> None:
    distinct = sheet.distinct[header]
    at = np.flatnonzero(distinct.codes == i)
    column = sheet.source.columns[header]
    known: set[str] = set()
    for target in column.targets:
        known |= {*target.codes, *target.missing, *target.ambiguous}
    hint = did_you_mean(distinct.key[i], known)
    cells = "1 cell" if len(at) == 1 else f"{len(at)} cells"
    what = f"the value {distinct.text[i]!r} ({cells}) is not mapped" + (f": {reason}" if reason else "")
    place = sheet.raw.place(int(sheet.raw.rows[at[0]]), shown_column(sheet.raw, header))
    delivery.problem(place, what, f"Add it to this column in config/centers/{delivery.center}.yaml.{hint}")


def shown_column(raw: RawTable, header: str) -> str:
    """A column as a person finds it: its letter with its header, or the header alone."""
    ref = raw.refs.get(header, header)
    return header if ref == header else f"{ref} ({header})"


def check_columns(delivery: Delivery, source: Source, raw: RawTable) -> bool:
    """Note declared columns that are missing and columns of the file that are not declared; True if neither."""
    declared = [source.id_column, *source.columns]
    found = list(raw.cells.columns)
    missing = [name for name in declared if name not in found]
    extra = [name for name in found if name not in declared]
    for name in missing:
        hint = did_you_mean(name, extra)
        fix = f"Correct the name in config/centers/{delivery.center}.yaml or ask the center."
        delivery.problem(raw.place(None, name), "the column is missing", fix + hint)
    for name in extra:
        n = int(raw.cells[name].notna().sum())
        what = f"the column ({n} filled cells) is not mapped"
        fix = f"Map it or drop it with a reason in config/centers/{delivery.center}.yaml."
        delivery.problem(raw.place(None, shown_column(raw, name)), what, fix + did_you_mean(name, missing))
    return not missing and not extra
