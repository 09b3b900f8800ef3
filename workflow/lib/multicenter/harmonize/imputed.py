"""Dates of which a part was filled in: the bounds that the center gave, and what was filled in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from multicenter.dictionary import Dictionary
from multicenter.harmonize.dates import IMPUTED
from multicenter.harmonize.delivery import Delivery, Sheet
from multicenter.harmonize.source_rows import POSITION

KEY = ["table", "patient_id", "item", "variable"]
DTYPES = {
    **dict.fromkeys(KEY, "string"), "value": "datetime64[ns]", "flag": "string", "lo": "datetime64[ns]",
    "hi": "datetime64[ns]",
}  # fmt: skip


def imputed_dates(delivery: Delivery, tables: dict[str, pd.DataFrame], dictionary: Dictionary) -> pd.DataFrame:
    """One row a date in the tables of which the day (flag D) or month and day (M) were filled in.

    Columns: table, patient_id, item (of the record, "" for one record a patient), variable, value (the date in the
    table), flag, lo and hi (the first and the last day that the cell allows). Dates set missing later are left out.
    """
    found = [
        _of_column(sheet, name, header, slot, tables[slot[0]], dictionary.tables[slot[0]].item)
        for name, sheet in delivery.sheets.items()
        for header, slots in sheet.outcomes.items()
        for slot, outcome in slots.items()
        if any(note.kind in IMPUTED for note in outcome.notes.values())
    ]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(DTYPES))
    return frame.astype(DTYPES).drop_duplicates(KEY).sort_values(KEY, kind="stable", ignore_index=True)


def _of_column(
    sheet: Sheet, source: str, header: str, slot: tuple[str, str, str], table: pd.DataFrame, item_name: str
) -> pd.DataFrame:
    """The imputed dates of one variable that one column feeds."""
    name, item, variable = slot
    notes = {i: note for i, note in sheet.outcomes[header][slot].notes.items() if note.kind in IMPUTED}
    at = table.get(POSITION + source, pd.Series(np.nan, index=table.index))
    rows = table[at.notna() & table[variable].notna()]
    if item:
        rows = rows[rows[item_name].astype("string") == item]
    codes = pd.Series(sheet.distinct[header].codes[at[rows.index].astype("int64")], index=rows.index)
    rows, codes = rows[codes.isin(notes)], codes[codes.isin(notes)]
    return pd.DataFrame(
        {
            "table": name,
            "patient_id": rows["patient_id"],
            "item": rows[item_name].astype("string") if item_name else "",
            "variable": variable,
            "value": rows[variable],
            "flag": codes.map(lambda i: IMPUTED[notes[i].kind]),
            "lo": pd.to_datetime(codes.map(lambda i: notes[i].lo)),
            "hi": pd.to_datetime(codes.map(lambda i: notes[i].hi)),
        }
    )
