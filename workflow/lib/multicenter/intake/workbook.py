"""Excel workbooks (xlsx and the older xls)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from multicenter.errors import DataError, Place, did_you_mean
from multicenter.intake import biff, sheetxml
from multicenter.intake.facts import column_letter
from multicenter.intake.footer import cut_footer
from multicenter.intake.guard import AGAIN, first_line, reading, silent
from multicenter.intake.table import CellError, RawTable, header_text, make_table, plain_cell, plain_cells

SHOWN = 20
HIDDEN = {"SheetVisibleEnum.Hidden": "hidden", "SheetVisibleEnum.VeryHidden": "very hidden"}
LOCKED = "EncryptedPackage".encode("utf-16-le")
Range = tuple[tuple[int, int], tuple[int, int]]


def read_workbook(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read one sheet.

    source: sheet (default: the only one), first_row, header_rows (a merged header's text counts for all its columns),
    ends_before, ignore_sheets. Raises DataError for a file that is no workbook, is damaged or truncated, lacks the
    sheet, has a duplicate header or merged cells below the header.
    """
    book = _open(data, file, source["format"])
    own_name = _sheet_name(book.sheet_names, source, file)
    sheet = header_text(own_name)
    grid, merged = _grid(book, own_name, file, source["format"])
    with reading(file, sheet):
        zipped = zipfile.is_zipfile(io.BytesIO(data))
        number = book.sheet_names.index(own_name)
        found = sheetxml.sheet_facts(data, own_name) if zipped else biff.sheet_facts(data, number)
    if found.uncalculated:
        what = f"the values of {found.formulas} formulas are old: {found.uncalculated}"
        raise DataError(Place(file, sheet), what, "Ask the center to open the workbook, let it calculate, and save it")
    _put_errors(grid, found.errors)
    first = source.get("first_row", 1) - 1
    deep = source.get("header_rows", 1)
    if len(grid) <= first + deep:
        raise DataError(Place(file, sheet), "holds no data rows", AGAIN)
    header = _header(grid[first : first + deep], merged, first)
    rows = range(first + deep + 1, len(grid) + 1)
    body, below = cut_footer(grid[first + deep :], rows, header, source, Place(file, sheet))
    rows = rows[: len(body)]
    _refuse_merged(grid[: first + deep + len(body)], merged, first + deep, Place(file, sheet))
    _refuse_half_header(grid, merged, first + deep, Place(file, sheet))
    columns = [plain_cells(column) for column in zip(*body, strict=True)] if body else [[] for _ in header]
    refs = [column_letter(i) for i in range(len(header))]
    facts = {
        "sheets": list(book.sheet_names),
        "hidden_sheets": {page.name: HIDDEN[str(page.visible)] for page in _hidden(book)},
        "ignored_sheets": dict(source.get("ignore_sheets", {})),
        "footer_rows": below,
        **{name: value for name, value in asdict(found).items() if name != "errors" and value},
    }
    table = make_table(file, sheet, header, columns, rows, refs, **facts)
    letters, numbers = set(table.refs.values()), set(table.rows.tolist())
    table.facts["hidden_columns"] = [letter for letter in found.hidden_columns if letter in letters]
    table.facts["hidden_rows"] = [row for row in found.hidden_rows if row in numbers]
    return table


def refuse_unread_sheets(data: bytes, file: str, kind: str, known: Iterable[str]) -> None:
    """Raise DataError if the workbook has a sheet with cells that is not among `known` (read, or ignored on purpose).

    Empty sheets and sheets that are only a chart are passed over.
    """
    import python_calamine

    book, known, unread = _open(data, file, kind), {header_text(name) for name in known}, {}
    for sheet in book.sheets_metadata:
        if header_text(sheet.name) in known or sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        grid, _ = _grid(book, sheet.name, file, kind)
        rows = sum(any(plain_cell(cell) is not None for cell in row) for row in grid)
        if rows:
            state = f"{HIDDEN[str(sheet.visible)]}, " if str(sheet.visible) in HIDDEN else ""
            unread[sheet.name] = f"{state}{rows} row{'s' if rows > 1 else ''}"
    if unread:
        names = ", ".join(f"{name!r} ({rows})" for name, rows in unread.items())
        what = f"no source reads the sheet{'s' if len(unread) > 1 else ''} {names}"
        fix = "Add a source for it, or list it under 'ignore_sheets' of a source of this file, with the reason"
        raise DataError(Place(file), what, fix)


def _hidden(book: Any) -> list[Any]:
    return [sheet for sheet in book.sheets_metadata if str(sheet.visible) in HIDDEN]


def _open(data: bytes, file: str, kind: str) -> Any:
    import python_calamine

    if LOCKED in data and not zipfile.is_zipfile(io.BytesIO(data)):
        raise DataError(Place(file), "the workbook is locked with a password", "Ask the center to save it without one")
    with reading(file), silent():
        biff.refuse_incomplete(data)
        try:
            return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        except (python_calamine.CalamineError, OSError) as error:
            raise _unreadable(error, file, kind) from None


def _grid(book: Any, sheet: str, file: str, kind: str) -> tuple[list[list[Any]], list[Range]]:
    """All cells of a sheet from A1 on, and its merged ranges (0-based, both ends included)."""
    import python_calamine

    with reading(file, sheet), silent():
        try:
            page = book.get_sheet_by_name(sheet)
            return page.to_python(skip_empty_area=False), list(page.merged_cell_ranges or [])
        except (python_calamine.CalamineError, OSError) as error:
            raise _unreadable(error, file, kind) from None


def _unreadable(error: BaseException, file: str, kind: str) -> DataError:
    what = f"the workbook cannot be opened ({first_line(error)}): it is truncated or no {kind} file"
    return DataError(Place(file), what, AGAIN)


def _sheet_name(names: list[str], source: Mapping[str, Any], file: str) -> str:
    wanted = source.get("sheet")
    ignored = {header_text(name) for name in source.get("ignore_sheets", {})}
    open_ = [name for name in names if header_text(name) not in ignored]
    if wanted is None and len(open_) == 1:
        return open_[0]
    for name in names:
        if wanted is not None and header_text(name) == header_text(wanted):
            return name
    if wanted is None:
        raise DataError(Place(file), f"has {len(open_)} sheets ({', '.join(open_)})", "Name one with 'sheet'")
    what = f"the sheet {wanted!r} is missing; the file has {', '.join(names)}"
    raise DataError(Place(file), what, f"Rename the sheet or correct the center's file.{did_you_mean(wanted, names)}")


def _put_errors(grid: list[list[Any]], errors: list[tuple[int, int, str]]) -> None:
    """Write the error cells into the grid (in place); it grows where they stand beyond its last row or column."""
    width = max([len(row) for row in grid] + [column + 1 for _, column, _ in errors], default=0)
    height = max([len(grid)] + [row + 1 for row, _, _ in errors])
    if errors:
        for row in grid:
            row += [""] * (width - len(row))
        grid += [[""] * width for _ in range(height - len(grid))]
    for row, column, code in errors:
        grid[row][column] = CellError(code)


def _refuse_merged(grid: list[list[Any]], merged: list[Range], body: int, place: Place) -> None:
    """Merged cells below the header (row `body` on) show one value for many cells but hold it only in the first."""
    found = []
    for (top, left), (bottom, right) in sorted(merged):
        inside = top < len(grid) and left < len(grid[top])
        if bottom >= body and inside and plain_cell(grid[top][left]) is not None:
            found.append(f"{column_letter(left)}{top + 1}:{column_letter(right)}{bottom + 1}")
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        what = f"merged cells {', '.join(found[:SHOWN])}{more} reach into the data: only the first cell holds the value"
        raise DataError(place, what, "Unmerge them and fill in the value of every cell")


def _refuse_half_header(grid: list[list[Any]], merged: list[Range], body: int, place: Place) -> None:
    """A text over several columns in the header's last row: the names of the columns stand below it."""
    for (top, left), (bottom, right) in sorted(merged):
        text = plain_cell(grid[top][left]) if top < len(grid) and left < len(grid[top]) else None
        if bottom == body - 1 and left < right and text is not None:
            what = f"the header {str(text)!r} is merged over {column_letter(left)} to {column_letter(right)}"
            fix = "If the columns' names stand below it, set header_rows in the center's file; else unmerge it"
            raise DataError(place, what, fix)


def _header(rows: list[list[object]], merged: list[Range], first: int) -> list[str]:
    """Header texts; several rows are joined by " / ", a horizontally merged text counts for all its columns."""
    text = [["" if plain_cell(v) is None else str(v).strip() for v in row] for row in rows]
    for (top, left), (bottom, right) in merged:
        for row in range(max(top, first), min(bottom, first + len(rows) - 1) + 1):
            if row == top:
                for column in range(left, min(right, len(text[row - first]) - 1) + 1):
                    text[row - first][column] = text[top - first][left]
    names = []
    for parts in zip(*text, strict=True):
        seen: list[str] = []
        for part in parts:
            if part and part not in seen:
                seen.append(part)
        names.append(" / ".join(seen))
    return names
