"""What a hospital sends: sheets of columns, each cell knowing which canonical values it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from .fields import Cells, Encoder, objects

ITEM = {
    "patient": None,
    "transplant": "asct_no",
    "maintenance": "episode_no",
    "response": "timepoint",
    "malignancy": "spm_no",
    "assessment": "assess_date",
}


@dataclass
class Carry:
    """One canonical variable inside a column: per row the true value, what a reader gets, and how near they must be."""

    table: str
    variable: str
    item: np.ndarray
    value: np.ndarray
    sent: np.ndarray
    tolerance: np.ndarray
    status: np.ndarray


@dataclass
class Column:
    """One column of a sheet. `look` holds what the file format wants (hidden, group, labels, format)."""

    header: str
    raw: np.ndarray
    carries: list[Carry] = field(default_factory=list)
    look: dict = field(default_factory=dict)


@dataclass
class Sheet:
    """One sheet or file. `first_row` is the row of the first record as a person sees it; `letters` says how columns
    are named in findings. `repeat` is "" for a record, else the kind of duplicate that a careful reader drops."""

    file: str
    name: str
    first_row: int
    letters: bool
    ids: np.ndarray
    repeat: np.ndarray
    columns: list[Column] = field(default_factory=list)

    def column_name(self, index: int) -> str:
        """Return how findings name a column: its letter in a workbook, else its header."""
        return letter(index) if self.letters else self.columns[index].header


@dataclass
class Delivery:
    """One center's extract: its files, and the note that the data manager sent with it."""

    center: str
    sheets: list[Sheet]
    write: Callable[[Path, Delivery], None]
    codebook: str

    @property
    def files(self) -> list[str]:
        """Names of the files, in the order they are read."""
        return list(dict.fromkeys(sheet.file for sheet in self.sheets))


@dataclass
class Records:
    """One center's records: six canonical tables, transfers included, and what was changed in them to plant faults.

    repeats: {patient_id: kind of duplicate}. marks: {(patient_id, table, item, variable): kind} of changed cells.
    locked: patients to whom nothing more may happen. files: names of what was delivered.
    """

    center: str
    tables: dict[str, pd.DataFrame]
    cut: pd.Timestamp
    repeats: dict[str, str] = field(default_factory=dict)
    marks: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)

    def column(self, key: str) -> pd.Series:
        """Return one variable by patient id. `key` is `variable`, or `table.item.variable` for a keyed table."""
        if "." not in key:
            return self.tables["patient"].set_index("patient_id")[key]
        table, item, variable = key.split(".")
        rows = self.tables[table]
        rows = rows[rows[ITEM[table]].astype(str) == item]
        return rows.set_index("patient_id")[variable].reindex(self.tables["patient"]["patient_id"])


def base(code: str) -> str:
    """Return whose dialect a center writes: `SMC2` of a scaled study writes as SMC."""
    return code.rstrip("0123456789")


def read_note(code: str) -> str:
    """Return the template of the cover note of a center's data manager."""
    return (Path(__file__).parent / "notes" / f"{base(code).lower()}.md").read_text(encoding="utf-8")


def letter(index: int) -> str:
    """Return the spreadsheet letter of a column counted from 0."""
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


class Form:
    """A sheet with one row a patient (and the repeated rows of `records.repeats`), filled column by column."""

    def __init__(self, records: Records, file: str, name: str = "", first_row: int = 2, letters: bool = False):
        ids = list(records.tables["patient"]["patient_id"].astype(object))
        order, repeat = [], []
        late = {pid: kind for pid, kind in records.repeats.items() if kind == "duplicate_exact"}
        for pid in ids:
            if records.repeats.get(pid) == "duplicate_differs":
                order.append(pid)
                repeat.append("duplicate_differs")
            order.append(pid)
            repeat.append("")
        order += list(late)
        repeat += list(late.values())
        self.records = records
        self.sheet = Sheet(
            file, name, first_row, letters, np.array(order, dtype=object), np.array(repeat, dtype=object)
        )

    def get(self, key: str) -> pd.Series:
        """Return one canonical variable, a value a row; a stale row has an earlier last contact."""
        values = self.records.column(key).reindex(self.sheet.ids).reset_index(drop=True)
        if key == "last_fu_date":
            stale = self.sheet.repeat == "duplicate_differs"
            values = values.where(~stale, values - pd.Timedelta(days=140))
        return values

    def put(self, header: str, key: str, encode: Encoder, **look: object) -> Column:
        """Add a column that carries one variable."""
        values = self.get(key)
        cells = encode(values)
        column = Column(header, cells.raw, [], look)
        self.sheet.columns.append(column)
        self.carry(column, key, values, cells)
        return column

    def carry(
        self, column: Column, key: str, values: pd.Series, cells: Cells, survives: np.ndarray | bool = True
    ) -> None:
        """Say that `column` carries `key`; where `survives` is false the value is lost on the way."""
        table, item, variable = key.split(".") if "." in key else ("patient", "", key)
        column.carries.append(make_carry(table, variable, item, values, cells, survives))

    def extra(self, header: str, raw: Sequence | np.ndarray, **look: object) -> Column:
        """Add a column of text made elsewhere, or one that carries nothing."""
        column = Column(header, np.array(list(raw), dtype=object), [], look)
        self.sheet.columns.append(column)
        return column

    def also(self, column: Column, keys: Mapping[str, np.ndarray | bool] | Sequence[str]) -> None:
        """Say that the text of `column` carries these variables exactly (where the mask is true)."""
        masks = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, True)
        for key, mask in masks.items():
            values = self.get(key)
            self.carry(column, key, values, Cells(column.raw, objects(values)), mask)

    def __len__(self) -> int:
        return len(self.sheet.ids)


def make_carry(
    table: str,
    variable: str,
    item: str | np.ndarray,
    values: pd.Series,
    cells: Cells,
    survives: np.ndarray | bool = True,
) -> Carry:
    """Return a carry of arrays of the length of `values`."""
    n = len(values)
    items = np.full(n, item, dtype=object) if isinstance(item, str) else np.asarray(item, dtype=object)
    kept = np.broadcast_to(np.asarray(survives, dtype=bool), (n,))
    status = np.where(kept, "sent", "not_sent").astype(object)
    sent = np.where(kept, cells.sent, None)
    return Carry(table, variable, items, objects(values), sent, np.broadcast_to(cells.tolerance, (n,)).copy(), status)


class Log(Form):
    """A sheet with one row a row of a keyed canonical table (responses, transplantations, visits)."""

    def __init__(
        self,
        records: Records,
        table: str,
        rows: pd.DataFrame,
        file: str,
        name: str = "",
        first_row: int = 2,
        letters: bool = False,
    ):
        self.records, self.table = records, table
        self.rows = rows.reset_index(drop=True)
        item = self.rows[ITEM[table]]
        self.item = (item.dt.strftime("%Y-%m-%d") if table == "assessment" else item.astype(str)).to_numpy(dtype=object)
        ids = self.rows["patient_id"].to_numpy(dtype=object)
        self.sheet = Sheet(file, name, first_row, letters, ids, np.full(len(ids), "", dtype=object))

    def get(self, key: str) -> pd.Series:
        """Return a variable of the sheet's own table; `patient.<variable>` looks it up by patient."""
        if key.startswith("patient."):
            return self.records.column(key.split(".")[1]).reindex(self.sheet.ids).reset_index(drop=True)
        return self.rows[key]

    def carry(
        self, column: Column, key: str, values: pd.Series, cells: Cells, survives: np.ndarray | bool = True
    ) -> None:
        """Say that `column` carries the variable `key` of the sheet's own table."""
        if not key.startswith("patient."):
            column.carries.append(make_carry(self.table, key, self.item, values, cells, survives))
