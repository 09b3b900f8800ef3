"""Workbooks and text files: sheets of raw cells to xlsx, xls and csv, the same bytes for the same cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from .sheets import Column, Sheet

WRITTEN = datetime(2023, 9, 1)


@dataclass(frozen=True)
class Formula:
    """A formula cell: its text, and the value that the workbook keeps for it (an error such as `#REF!` too)."""

    text: str
    value: object


def write_xlsx(path: Path, sheets: list[Sheet], date_form: str = "yyyy-mm-dd") -> None:
    """Write an xlsx workbook. A column's `look` may hold group (first header row), hidden, width, text."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        book.set_properties({"created": WRITTEN, "author": "", "comments": ""})
        head = book.add_format({"bold": True, "align": "center", "bg_color": "#DDEBF7", "border": 1})
        date = book.add_format({"num_format": date_form})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            row = sheet.first_row - 2
            if row > 0:
                _group_headers(page, sheet.columns, head)
            for j, column in enumerate(sheet.columns):
                page.write_string(row, j, column.header, head)
                page.set_column(j, j, column.look.get("width", 11), None, {"hidden": column.look.get("hidden", False)})
                for i, value in enumerate(column.raw, row + 1):
                    _write_cell(page, i, j, value, date)
            page.freeze_panes(row + 1, 1)


def _group_headers(page: object, columns: list[Column], form: object) -> None:
    """Write the first header row: one merged cell over neighbors of the same group."""
    at = 0
    for name, block in groupby(columns, key=lambda c: c.look.get("group", "")):
        width = len(list(block))
        if width > 1:
            page.merge_range(0, at, 0, at + width - 1, name, form)
        elif name:
            page.write_string(0, at, name, form)
        at += width


def _write_cell(page: object, i: int, j: int, value: object, date: object) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(i, j, value)
    elif isinstance(value, Formula):
        page.write_formula(i, j, value.text, None, value.value)
    elif isinstance(value, pd.Timestamp):
        page.write_datetime(i, j, value.to_pydatetime(), date)
    else:
        page.write_number(i, j, value)


def write_xls(path: Path, sheets: list[Sheet]) -> None:
    """Write a workbook in the old binary format; beyond 65,535 rows a sheet is continued on a further one."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    for sheet in sheets:
        rows = len(sheet.ids)
        for part, start in enumerate(range(0, max(rows, 1), 65_000)):
            page = book.add_sheet(sheet.name if part == 0 else f"{sheet.name} ({part + 1})")
            for j, column in enumerate(sheet.columns):
                page.write(0, j, column.header)
                for i, value in enumerate(column.raw[start : start + 65_000], 1):
                    if value is not None:
                        page.write(i, j, value)
    book.save(str(path))


def write_csv(path: Path, sheet: Sheet, encoding: str, sep: str = ",", newline: str = "\r\n") -> None:
    """Write a text file. A field that holds the separator is quoted, unless its column's `look` says unquoted."""
    texts = [[column.header for column in sheet.columns]]
    columns = [_texts(column, sep) for column in sheet.columns]
    lines = [sep.join(texts[0]), *(sep.join(row) for row in zip(*columns, strict=True))]
    path.write_bytes((newline.join(lines) + newline).encode(encoding))


def _texts(column: Column, sep: str) -> list[str]:
    """Return the cells of a column as text, quoted where they must be."""
    out = ["" if value is None else str(value) for value in column.raw]
    if column.look.get("unquoted"):
        return out
    return ['"' + text.replace('"', '""') + '"' if sep in text or '"' in text or "\n" in text else text for text in out]


def numeric(raw: np.ndarray) -> np.ndarray:
    """Return raw cells as floats, NaN where nothing or text stands."""
    return np.array([np.nan if value is None or isinstance(value, str) else float(value) for value in raw])
