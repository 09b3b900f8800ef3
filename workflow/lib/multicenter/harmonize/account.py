"""The account of a delivery: what became of every source cell, and where each variable comes from.

Every cell of every column counts once: mapped, dropped (its column, its row or its record, with the reason), missing,
or a query. That the counts add up to the cells is checked for each column and in total, each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from multicenter.errors import StudyError
from multicenter.harmonize.cells import MAPPED, MISSING, OPEN, QUERY, STATUS, Distinct, Outcome
from multicenter.harmonize.columns import target_of
from multicenter.harmonize.delivery import Delivery, Sheet, Slot, shown_column

COLUMNS = ["file", "sheet", "column", "header", "value", "n", "status", "to_table", "to_variable", "to_value", "reason"]
MAP_COLUMNS = ["table", "variable", "item", "file", "sheet", "column", "header", "source", "unit"]
BUG = "The account of the delivery does not add up: a mistake of the program, not of the delivery."
FATES = ("mapped", "dropped", "missing", "query")
RANK = {QUERY: 3, MAPPED: 2, MISSING: 1, OPEN: 0}


def build_account(delivery: Delivery) -> pd.DataFrame:
    """One row a source column and distinct value (numbers, dates and texts by class) and status (columns: COLUMNS).

    Raises StudyError, with the column and the difference, if the counts do not add up to the cells of the delivery.
    """
    rows: list[tuple[Any, ...]] = []
    for sheet in delivery.sheets.values():
        for header in sheet.raw.cells.columns:
            _account_column(sheet, header, rows)
    account = pd.DataFrame(rows, columns=COLUMNS)
    _check(delivery, account)
    return account


def account_totals(account: pd.DataFrame) -> dict[str, int]:
    """How many cells a delivery has, and how many of them met each fate: cells, mapped, dropped, missing, query."""
    n = account.groupby("status")["n"].sum()
    return {"cells": int(account["n"].sum())} | {fate: int(n.get(fate, 0)) for fate in FATES}


def _check(delivery: Delivery, account: pd.DataFrame) -> None:
    """Every cell has one fate: compare the account with the cells, column by column and in total."""
    counted = account.groupby(["file", "sheet", "column"])["n"].sum()
    wrong, cells = [], 0
    for sheet in delivery.sheets.values():
        raw = sheet.raw
        cells += raw.cells.size
        for header in raw.cells.columns:
            n = int(counted.get((raw.file, raw.sheet, raw.refs[header]), 0))
            if n != len(raw.rows):
                place = raw.place(None, shown_column(raw, header))
                wrong.append(f"{place}: {n} of {len(raw.rows)} cells are accounted for ({n - len(raw.rows):+d})")
    totals = account_totals(account)
    if not wrong and (cells != totals["cells"] or cells != sum(totals[fate] for fate in FATES)):
        wrong = [f"{delivery.center}: {totals['cells']} of {cells} cells are accounted for: {totals}"]
    if wrong:
        raise StudyError("\n".join([*wrong, f"{BUG} Report it with the lines above."]))


def build_column_map(delivery: Delivery) -> pd.DataFrame:
    """Which column feeds which variable (and item): with a record's row this is the cell (columns: MAP_COLUMNS).

    unit: the declared one of the column's numbers ("": the variable's own).
    """
    rows = []
    for name, sheet in delivery.sheets.items():
        raw = sheet.raw
        for (table, item, variable), (header, _) in sheet.slots().items():
            rows.append((table, variable, item, raw.file, raw.sheet, raw.refs[header], header, name,
                         target_of(sheet, header, (table, item, variable)).unit))  # fmt: skip
        for table, item, variable in sheet.source.constants:
            rows.append((table, variable, item, raw.file, raw.sheet, "", "(declared in the center file)", name, ""))
        rows.append(("patient", "patient_id", "", raw.file, raw.sheet, raw.refs[sheet.source.id_column],
                     sheet.source.id_column, name, ""))  # fmt: skip
    return pd.DataFrame(rows, columns=MAP_COLUMNS)


def _account_column(sheet: Sheet, header: str, rows: list[tuple[Any, ...]]) -> None:
    raw = sheet.raw
    start = (raw.file, raw.sheet, raw.refs[header], header)
    live = sheet.kept.copy()
    _count_dropped_rows(sheet, start, rows)
    if header == sheet.source.id_column:
        _add(rows, start, "<id>", int(live.sum()), "mapped", "patient", "patient_id", "<id>", "")
        return
    column = sheet.source.columns[header]
    distinct = sheet.distinct[header]
    if column.drop:
        blank = int((live & (distinct.codes < 0)).sum())
        _add(rows, start, "", blank, "missing", "", "", "", "blank")
        _add(rows, start, "<any>", int(live.sum()) - blank, "dropped", "", "", "", column.drop)
        return
    slots = sheet.outcomes[header]
    tables = "; ".join(dict.fromkeys(slot[0] for slot in slots))
    names = "; ".join(dict.fromkeys(_shown_slot(slot) for slot in slots))
    special = sheet.overrides.get(header, {})
    for position, (status, reason) in special.items():
        if live[position]:
            live[position] = False
            code = distinct.codes[position]
            value = distinct.text[code] if code >= 0 else ""
            _add(rows, start, value, 1, STATUS[status], tables, names, "", reason)
    lost = live & _without_record(sheet, slots)
    counted = distinct, slots, (start, tables, names)
    _count_values(counted, live & ~lost, "", rows)
    if lost.any():
        _count_values(counted, lost, f"the record has no {sheet.item_name}", rows)


def _without_record(sheet: Sheet, slots: Mapping[Slot, Outcome]) -> np.ndarray:
    """(n,) rows of which nothing in this column became part of a record."""
    lost = np.full(len(sheet.kept), bool(slots))
    for table, item, _ in slots:
        lost &= sheet.left_out.get((table, item), False)
    return lost


def _count_values(counted: tuple, rows_in: np.ndarray, lost: str, rows: list) -> None:
    """Account for a column's cells in some rows; `lost`: why mapped values are in no record ("": they are in one)."""
    distinct, slots, (start, tables, names) = counted
    codes = distinct.codes[rows_in]
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    for (value, status, to_value, reason), n in _lines(distinct, slots, counts).items():
        if lost and status == "mapped":
            status, to_value, reason = "dropped", "", lost
        _add(rows, start, value, n, status, tables, names, to_value, reason)
    _count_blanks({} if lost else slots, int((codes < 0).sum()), start, tables, names, rows)


def _count_dropped_rows(sheet: Sheet, start: tuple, rows: list[tuple[Any, ...]]) -> None:
    reasons = pd.Series([reason.split(":")[0] for reason in sheet.dropped.values()], dtype=object).value_counts()
    for reason, n in reasons.items():
        rows.append((*start, "<any>", int(n), "dropped", "", "", "", f"row dropped: {reason}"))


def _lines(
    distinct: Distinct, slots: Mapping[Slot, Outcome], counts: np.ndarray
) -> dict[tuple[str, str, str, str], int]:
    """Cells by (value or its class, status, canonical value, reason)."""
    outcomes = list(slots.values())
    status = np.zeros(len(distinct), dtype="int8")
    for outcome in outcomes:
        better = np.array([RANK.get(s, 0) for s in range(5)])
        status = np.where(better[outcome.status] > better[status], outcome.status, status)
    plain = np.all([o.by_class | (o.status == MISSING) for o in outcomes], axis=0) & (status == MAPPED)
    noted = {i for o in outcomes for i in o.notes}
    lines: dict[tuple[str, str, str, str], int] = {}
    if plain.any():
        kinds = _classes(distinct)
        quiet = plain.copy()
        quiet[list(noted)] = False
        for kind in np.unique(kinds[quiet]):
            lines[kind, "mapped", kind, ""] = int(counts[quiet & (kinds == kind)].sum())
        loud = np.flatnonzero(~quiet)
    else:
        loud = np.arange(len(distinct))
    for i in loud:
        n = int(counts[i])
        if n:
            reason = "; ".join(dict.fromkeys(_reason(o, int(i)) for o in outcomes if _reason(o, int(i))))
            to = "; ".join(dict.fromkeys(_shown(o.value[i]) for o in outcomes if o.status[i] == MAPPED))
            line = (distinct.text[i], STATUS[int(status[i])], to, reason if status[i] != MAPPED or i in noted else "")
            lines[line] = lines.get(line, 0) + n
    return {line: n for line, n in lines.items() if n}


def _classes(distinct: Distinct) -> np.ndarray:
    kinds = np.full(len(distinct), "<text>", dtype=object)
    kinds[~np.isnan(distinct.number)] = "<number>"
    kinds[distinct.is_stamp] = "<date>"
    return kinds


def _count_blanks(slots: Mapping[Slot, Outcome], n: int, start: tuple, tables: str, names: str, rows: list) -> None:
    filled = [o.blank for o in slots.values() if o.blank[1] == MAPPED]
    if filled:
        value, _, reason = filled[0]
        _add(rows, start, "", n, "mapped", tables, names, _shown(value), reason)
    else:
        _add(rows, start, "", n, "missing", tables, names, "", "blank")


def _add(rows: list, start: tuple, value: str, n: int, status: str, table: str, name: str, to: str, why: str) -> None:
    if n:
        rows.append((*start, value, n, status, table, name, to, why))


def _reason(outcome: Outcome, i: int) -> str:
    if i in outcome.notes:
        return outcome.notes[i].kind
    return outcome.reasons.get(i, "")


def _shown_slot(slot: Slot) -> str:
    return f"{slot[2]}[{slot[1]}]" if slot[1] else slot[2]


def _shown(value: object) -> str:
    if isinstance(value, np.datetime64):
        return str(value)[:10]
    return f"{value:.12g}" if isinstance(value, float) else str(value)
