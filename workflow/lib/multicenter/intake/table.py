"""A sheet as it was delivered: every cell as it stands, with its coordinates, before any meaning is given to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from multicenter.errors import DataError, Place
from multicenter.intake.characters import INVISIBLE
from multicenter.intake.mojibake import find_damage


@dataclass(frozen=True)
class CellError:
    """A spreadsheet's error value, such as #REF!."""

    code: str

    def __str__(self) -> str:
        return self.code


ERROR_CODES = ("#REF!", "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#VALUE!")


@dataclass
class RawTable:
    """One sheet or file.

    cells: object columns named by header; a cell is None (blank), str, int/float, datetime or CellError.
    rows: the 1-based row of each record as a person sees it. refs: header → column coordinate (letter or header).
    facts: what else the file says (encoding, hidden columns, value labels, declared missing codes).
    """

    file: str
    sheet: str
    cells: pd.DataFrame
    rows: np.ndarray
    refs: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)

    def place(self, row: int | None = None, column: str | None = None) -> Place:
        return Place(self.file, self.sheet or None, row, column)


def written(value: object) -> str:
    """A cell's value as text, the way a person would type it: 1 for 1.0, ISO for dates, "" for a blank."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    return str(value)


def header_text(name: object) -> str:
    """A header as center files write it: visible, single blanks, accents and syllables composed (Unicode NFC)."""
    return " ".join(normalize("NFC", INVISIBLE.sub("", str(name))).split())


def make_table(
    file: str,
    sheet: str,
    header: Sequence[str],
    columns: Sequence[Sequence[object]],
    rows: Sequence[int],
    refs: Sequence[str] | None = None,
    **facts: Any,
) -> RawTable:
    """Build a RawTable from a header and columns of cells; blank rows are left out.

    Raises DataError for a duplicate header, a column of values without one, no rows, or damaged text.

    refs: the coordinate of each column (spreadsheet letters); None: the header's own name.
    """
    names = [header_text(h) for h in header]
    refs = list(refs) if refs is not None else [name or f"no. {i}" for i, name in enumerate(names, start=1)]
    keep = [i for i, name in enumerate(names) if name or any(v is not None for v in columns[i])]
    for i in keep:
        if not names[i]:
            at = next(row for row, value in zip(rows, columns[i], strict=True) if value is not None)
            what = "the column holds values but has no header"
            raise DataError(
                Place(file, sheet or None, at, refs[i]), what, "Name it, or move cells that slipped there back"
            )
    _refuse_headers(file, sheet, [names[i] for i in keep], [refs[i] for i in keep])
    for i in keep:
        _refuse_damage(Place(file, sheet or None, None, refs[i]), names[i], columns[i], rows)
    cells = {names[i]: _object_array(columns[i]) for i in keep}
    blank = np.ones(len(rows), dtype=bool)
    for values in cells.values():
        blank &= values == None  # noqa: E711
    frame = pd.DataFrame({name: values[~blank] for name, values in cells.items()}, dtype=object)
    kept = np.asarray(rows, dtype="int64")[~blank]
    if not len(kept):
        raise DataError(Place(file, sheet or None), "holds no data rows", "Ask the center for the delivery again")
    facts["blank_rows"] = int(blank.sum())
    return RawTable(file, sheet, frame, kept, {names[i]: refs[i] for i in keep}, facts)


def _refuse_damage(place: Place, name: str, values: Sequence[object], rows: Sequence[int]) -> None:
    """Refuse a column whose header or cells are text that was read in the wrong encoding, at the first such cell."""
    distinct = dict.fromkeys(values)
    texts = [name, *(value for value in distinct if isinstance(value, str) and not value.isascii())]
    damage = find_damage("\n".join(texts))
    if not damage:
        return
    text = next(text for text in texts if damage.run in text)
    at = next((row for row, value in zip(rows, values, strict=True) if value == text), None)
    raise DataError(replace(place, row=at), damage.what, "Ask the center to export the file again")


def _object_array(values: Sequence[object]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _refuse_headers(file: str, sheet: str, names: list[str], refs: list[str]) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        where = ", ".join(ref for name, ref in zip(names, refs, strict=True) if name == twice[0])
        what = f"the header {twice[0]!r} stands {names.count(twice[0])} times"
        raise DataError(Place(file, sheet or None, None, where), what, "Rename one of the columns in the file")


def plain_cell(value: object) -> object:
    """One cell of a reader's output as RawTable keeps it: blanks None, booleans as text, dates as datetime."""
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (str, int, float, datetime, CellError)):
        return value if not isinstance(value, str) or value.strip() else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return str(value)


PLAIN = {str, int, float, datetime, CellError, type(None)}


def plain_cells(values: Sequence[object]) -> list[object]:
    """A column of cells as `plain_cell` keeps each."""
    kinds = set(map(type, values))
    if date in kinds and kinds <= {*PLAIN, date}:
        values = [plain_cell(value) if type(value) is date else value for value in values]
    elif not kinds <= PLAIN:
        return [plain_cell(value) for value in values]
    distinct = set(values)
    blank = {value for value in distinct if (isinstance(value, str) and not value.strip()) or value != value}
    if not blank:
        return list(values)
    return [None if value in blank or value != value else value for value in values]
