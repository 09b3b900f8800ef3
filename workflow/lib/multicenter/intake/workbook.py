"""Excel workbooks (xlsx and the older xls)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from multicenter.errors import DataError, Place, did_you_mean
from multicenter.intake.biff import error_cells
from multicenter.intake.table import CellError, RawTable, make_table, plain_cell

AGAIN = "Ask the center to save and send the file again"


def read_workbook(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read one sheet.

    source: sheet (default: the only one), first_row, header_rows (a merged header's text counts for all its columns).
    Raises DataError for a file that is no workbook, is truncated, lacks the sheet, or has a duplicate header.
    """
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = _sheet_name(book.sheet_names, source.get("sheet"), file)
        page = book.get_sheet_by_name(sheet)
        grid = page.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError) as error:
        what = f"the workbook cannot be opened ({_first_line(error)}): it is truncated or no {source['format']} file"
        raise DataError(Place(file), what, AGAIN) from None
    facts: dict[str, Any] = {"sheets": list(book.sheet_names)}
    errors = error_cells(data, book.sheet_names.index(sheet))
    if zipfile.is_zipfile(io.BytesIO(data)):
        seen = _look_inside(data, sheet)
        errors = seen.pop("errors")
        facts |= seen
    for row, column, code in errors:
        if row < len(grid) and column < len(grid[row]):
            grid[row][column] = CellError(code)
    first = source.get("first_row", 1) - 1
    deep = source.get("header_rows", 1)
    if len(grid) <= first + deep:
        raise DataError(Place(file, sheet), "holds no data rows", AGAIN)
    header = _header(grid[first : first + deep], page.merged_cell_ranges or [], first)
    body = grid[first + deep :]
    columns = [[plain_cell(value) for value in column] for column in zip(*body, strict=True)]
    rows = range(first + deep + 1, first + deep + 1 + len(body))
    refs = [column_letter(i) for i in range(len(header))]
    return make_table(file, sheet, header, columns, rows, refs, **facts)


def column_letter(index: int) -> str:
    """The spreadsheet's name of a 0-based column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The 0-based column of a spreadsheet's letters: A → 0, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def _sheet_name(names: list[str], wanted: str | None, file: str) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return wanted
    if wanted is None:
        raise DataError(Place(file), f"has {len(names)} sheets ({', '.join(names)})", "Name one with 'sheet'")
    what = f"the sheet {wanted!r} is missing; the file has {', '.join(names)}"
    raise DataError(Place(file), what, f"Rename the sheet or correct the center's file.{did_you_mean(wanted, names)}")


def _header(rows: list[list[object]], merged: list[Any], first: int) -> list[str]:
    """Header texts; several rows are joined by " / ", a horizontally merged text counts for all its columns."""
    text = [["" if plain_cell(v) is None else str(v).strip() for v in row] for row in rows]
    for (top, left), (bottom, right) in merged:
        for row in range(max(top, first), min(bottom, first + len(rows) - 1) + 1):
            if row == top:
                for column in range(left, right + 1):
                    text[row - first][column] = text[top - first][left]
    names = []
    for parts in zip(*text, strict=True):
        seen: list[str] = []
        for part in parts:
            if part and part not in seen:
                seen.append(part)
        names.append(" / ".join(seen))
    return names


def _look_inside(data: bytes, sheet: str) -> dict[str, Any]:
    """What the fast reader does not tell: error cells, hidden rows and columns, the date system."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
        links = archive.read("xl/_rels/workbook.xml.rels").decode()
        page = archive.read(_sheet_path(book, links, sheet)).decode()
    hidden_columns: list[str] = []
    for tag in re.findall(r"<col [^>]*>", page):
        if re.search(r'hidden="(1|true)"', tag):
            low, high = (int(re.search(rf'{k}="(\d+)"', tag).group(1)) for k in ("min", "max"))
            hidden_columns += [column_letter(i) for i in range(low - 1, min(high, low + 200))]
    hidden_rows = [
        int(m.group(1))
        for m in re.finditer(r'<row [^>]*?r="(\d+)"[^>]*>', page)
        if re.search(r'hidden="(1|true)"', m[0])
    ]
    errors = []
    for match in re.finditer(r'<c r="([A-Z]+)(\d+)"[^>]*? t="e"[^>]*>.*?<v>([^<]*)</v>', page):
        errors.append((int(match.group(2)) - 1, column_index(match.group(1)), match.group(3)))
    system = 1904 if re.search(r'date1904="(1|true)"', book) else 1900
    return {"hidden_columns": hidden_columns, "hidden_rows": hidden_rows, "errors": errors, "date_system": system}


def _sheet_path(book: str, links: str, sheet: str) -> str:
    from html import unescape

    for tag in re.findall(r"<sheet [^>]*>", book):
        if unescape(re.search(r'name="([^"]*)"', tag).group(1)) == sheet:
            link = re.search(r'r:id="([^"]*)"', tag).group(1)
            for target in re.findall(r"<Relationship [^>]*>", links):
                if f'Id="{link}"' in target:
                    path = re.search(r'Target="([^"]*)"', target).group(1)
                    return path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    raise KeyError(sheet)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
