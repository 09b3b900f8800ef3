"""From converted columns to canonical tables: wide to long, several sheets joined by patient and item."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary, Table
from multicenter.errors import Place
from multicenter.harmonize.cells import MAPPED, QUERY, Note
from multicenter.harmonize.delivery import Delivery, Sheet
from multicenter.harmonize.ids import without_zeros
from multicenter.harmonize.source_rows import POSITION, feeding_rows, position_columns


def assemble(delivery: Delivery, dictionary: Dictionary) -> dict[str, pd.DataFrame]:
    """Build every canonical table of a delivery.

    Besides the dictionary's columns the tables hold one hidden column a source (POSITION + name): the position of the
    row that fed it. Rows whose key is missing are left out; a patient of a later source that the first does not know,
    or contradicting values for the same cell, are problems.
    """
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in dictionary.tables}
    for name, sheet in delivery.sheets.items():
        for (table, item), slots in _groups(sheet).items():
            part = _part(delivery, name, sheet, dictionary.tables[table], item, slots)
            if len(part):
                parts[table].append(part)
    tables = {name: _combined(delivery, dictionary.tables[name], found) for name, found in parts.items()}
    _refuse_strangers(delivery)
    return tables


def _groups(sheet: Sheet) -> dict[tuple[str, str], list[tuple[str, str, Any]]]:
    """Slots by (table, item): [(variable, header, outcome)]; a constant has no header."""
    groups: dict[tuple[str, str], list[tuple[str, str, Any]]] = {}
    for (table, item, name), (header, outcome) in sheet.slots().items():
        groups.setdefault((table, item), []).append((name, header, outcome))
    groups.setdefault((sheet.source.row_is, ""), [])
    for (table, item, name), value in sheet.source.constants.items():
        if (table, item) in groups:
            groups[table, item].append((name, "", value))
    return groups


def _part(
    delivery: Delivery, source: str, sheet: Sheet, table: Table, item: str, slots: list[tuple[str, str, Any]]
) -> pd.DataFrame:
    """The rows that one source adds to a table for one item (or for the items that its rows are)."""
    columns: dict[str, Any] = {"patient_id": sheet.ids}
    n = len(sheet.ids)
    present = np.zeros(n, dtype=bool)
    for name, header, outcome in slots:
        if not header:
            columns[name] = np.full(n, np.datetime64(outcome) if table.variables[name].type == "date" else outcome)
            continue
        codes = sheet.distinct[header].codes
        columns[name] = outcome.take(codes)
        status = outcome.take_status(codes)
        if name != table.item:
            present |= (codes >= 0) & ((status == MAPPED) | (status == QUERY))
    frame = pd.DataFrame(columns)
    frame[POSITION + source] = np.arange(n)
    if table.item and item:
        frame[table.item] = int(item) if table.variables[table.item].type == "integer" else item
    keep = sheet.kept.copy()
    if table.item and (item or table.name != sheet.source.row_is):
        keep &= present
    frame = frame[keep]
    by = sheet.source.number.get(table.item)
    if table.item and not item and by:
        frame[table.item] = _numbered(frame, by)
    if table.item:
        known = frame[table.item].notna()
        _ask_for_keys(delivery, sheet, table, frame[POSITION + source][~known & present[keep]])
        frame = frame[known]
    sheet.left_out[table.name, item] = sheet.kept.copy()
    sheet.left_out[table.name, item][frame[POSITION + source]] = False
    return frame


def _ask_for_keys(delivery: Delivery, sheet: Sheet, table: Table, positions: pd.Series) -> None:
    """Report rows that say something but not which of the patient's rows they are, unless that cell has a query."""
    slot = (table.name, "", table.item)
    header = sheet.header_of(slot)
    for position in positions if header else ():
        code = sheet.distinct[header].codes[position]
        if code < 0 or sheet.outcomes[header][slot].status[code] != QUERY:
            sheet.override(header, int(position), QUERY, "row_without_key")
            delivery.find(sheet, header, int(position), table.name, table.item, Note("row_without_key"))


def _numbered(frame: pd.DataFrame, by: str) -> pd.Series:
    """Number the rows of each patient in the order of a date; rows without it come last, in the file's order."""
    order = frame.sort_values(by, kind="stable", na_position="last")
    return order.groupby("patient_id", sort=False).cumcount() + 1


def _combined(delivery: Delivery, table: Table, parts: list[pd.DataFrame]) -> pd.DataFrame:
    keys = [k for k in table.key if k != "center"]
    if not parts:
        return pd.DataFrame({k: pd.Series(dtype=object) for k in keys})
    whole = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)
    twice = whole.duplicated(keys, keep=False)
    if twice.any():
        _note_conflicts(delivery, table, whole[twice], keys)
        delivery.fed[table.name] = feeding_rows(parts, whole, keys)
        order = whole[keys].drop_duplicates()
        merged = whole[twice].groupby(keys, sort=False).first().reset_index()
        whole = pd.concat([whole[~twice], merged], ignore_index=True) if (~twice).any() else merged
        whole = order.merge(whole, on=keys, how="left", validate="one_to_one")
    return whole


def _note_conflicts(delivery: Delivery, table: Table, rows: pd.DataFrame, keys: list[str]) -> None:
    """Two rows that say different things about the same cell of the same record."""
    hidden = position_columns(rows)
    values = rows.drop(columns=hidden)
    records = values.groupby(keys, sort=False)
    distinct = records.nunique(dropna=True)
    differ = distinct > 1
    for record, row in differ[differ.any(axis=1)].iterrows():
        names = ", ".join(differ.columns[row.to_numpy()])
        ident = record if isinstance(record, tuple) else (record,)
        same = rows.iloc[records.indices[record if len(keys) > 1 else ident[0]]]
        place, where = _rows_of(delivery, same)
        what = f"{table.name} {' '.join(map(str, ident))}: {len(same)} rows or columns contradict each other in {names}"
        delivery.problem(place, what + where, "Ask the center which one is right.")


def _rows_of(delivery: Delivery, rows: pd.DataFrame) -> tuple[Place, str]:
    """Where the first of these rows stands, and a remark on the others."""
    places = []
    for column in position_columns(rows):
        raw = delivery.sheets[column.removeprefix(POSITION)].raw
        places += [raw.place(int(raw.rows[int(position)])) for position in rows[column].dropna()]
    others = ", ".join(str(place) for place in dict.fromkeys(places[1:]) if place != places[0])
    return places[0], f" (the other: {others})" if others else ""


def _refuse_strangers(delivery: Delivery) -> None:
    """Ids of other sources that the patients' own source does not know."""
    sheets = delivery.sheets.items()
    roster_name = next((name for name, sheet in sheets if any(slot[0] == "patient" for slot in sheet.slots())), "")
    if not roster_name:
        return
    roster = set(delivery.sheets[roster_name].ids)
    for name, sheet in delivery.sheets.items():
        strange = [i for i, ident in enumerate(sheet.ids) if ident not in roster]
        if name != roster_name and strange:
            ids = list(dict.fromkeys(sheet.ids[strange]))
            what = f"{len(ids)} id(s) are not among the patients of {roster_name!r}: {', '.join(ids[:5])}"
            near = next((known for known in roster if without_zeros(known) == without_zeros(ids[0])), "")
            if near:
                what += f" ({ids[0]!r} may be {near!r} with other leading zeros; declare id.pad)"
            place = sheet.raw.place(int(sheet.raw.rows[strange[0]]), sheet.source.id_column)
            delivery.problem(place, what, "Ask the center for the missing patients or correct the ids.")
