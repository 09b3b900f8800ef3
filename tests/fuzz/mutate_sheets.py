"""What only a workbook can do: sheets, merged cells, comments, hidden parts; and the files of a delivery."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from mutate import NOTICE, RECOVER, Mutation, choose, kind, mapped, workbook

from extracts import Extract, NotApplicable, Page


def edited(rng: np.random.Generator, extract: Extract, edit: Callable[[Any, Page], str], **where: Any) -> Mutation:
    """The mutation that an edit of an opened workbook is."""
    page = choose(rng, workbook(extract).pages)
    told = []
    files = extract.render(page, lambda book: told.append(edit(book, page)))
    return Mutation("", 0, extract, files, told[0], page.file, **where)


@kind(NOTICE)
def sheet_renamed(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        name = choose(
            rng, [f"{page.sheet} (2)", f"{page.sheet} ", page.sheet[:-1] or "x", "Sheet9", page.sheet.swapcase() + "_"]
        )
        book[page.sheet].title = name
        return f"sheet {page.sheet!r} -> {name!r}"

    return edited(rng, extract, edit)


@kind(NOTICE)
def sheet_added(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        sheet = book.create_sheet(choose(rng, ["Sheet2x", "코드표", "Backup"]), int(rng.integers(2)))
        sheet.append(["a", "b"])
        sheet.append([1, 2])
        return f"sheet {sheet.title!r} added"

    return edited(rng, extract, edit)


@kind(RECOVER)
def empty_sheet_added(rng: np.random.Generator, extract: Extract) -> Mutation:
    if len({p.sheet for p in extract.pages}) == 1:
        raise NotApplicable("which of two sheets is read must be declared")

    def edit(book: Any, page: Page) -> str:
        return f"empty sheet {book.create_sheet('Sheet9', int(rng.integers(2))).title!r} added"

    return edited(rng, extract, edit)


@kind(NOTICE)
def sheet_deleted(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        if len(book.sheetnames) == 1:
            raise NotApplicable("the only sheet")
        del book[page.sheet]
        return f"sheet {page.sheet!r} deleted"

    return edited(rng, extract, edit)


@kind(RECOVER)
def sheets_reordered(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        if len(book.sheetnames) == 1:
            raise NotApplicable("the only sheet")
        book.move_sheet(page.sheet, offset=int(choose(rng, [-1, 1, 2])))
        return f"sheets now {book.sheetnames}"

    return edited(rng, extract, edit)


@kind(RECOVER)
def sheet_hidden(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        if len(book.sheetnames) == 1:
            book.create_sheet("front")
        book[page.sheet].sheet_state = choose(rng, ["hidden", "veryHidden"])
        return f"sheet {page.sheet!r} hidden"

    if len(extract.pages) == 1:
        raise NotApplicable("the only sheet")
    return edited(rng, extract, edit)


@kind(RECOVER)
def comments_added(rng: np.random.Generator, extract: Extract) -> Mutation:
    from openpyxl.comments import Comment

    def edit(book: Any, page: Page) -> str:
        sheet = book[page.sheet]
        for _ in range(3):
            row, column = int(rng.integers(page.deep, sheet.max_row)) + 1, int(rng.integers(sheet.max_column)) + 1
            sheet.cell(row, column).comment = Comment("확인 필요", "CRC")
        return "three comments"

    return edited(rng, extract, edit)


@kind(RECOVER)
def columns_hidden(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        from openpyxl.utils import get_column_letter

        columns = rng.choice([i for i, _, _ in mapped(page)], 3)
        for i in columns:
            book[page.sheet].column_dimensions[get_column_letter(int(i) + 1)].hidden = True
        return f"columns {columns} hidden"

    return edited(rng, extract, edit)


@kind(NOTICE)
def rows_hidden(rng: np.random.Generator, extract: Extract) -> Mutation:
    def edit(book: Any, page: Page) -> str:
        row = int(rng.integers(page.deep, len(page.rows))) + 1
        book[page.sheet].row_dimensions[row].hidden = True
        return f"row {row} hidden"

    return edited(rng, extract, edit)


@kind(NOTICE)
def cells_merged(rng: np.random.Generator, extract: Extract) -> Mutation:
    page = choose(rng, workbook(extract).pages)
    i = choose(rng, [i for i, _, _ in mapped(page)])
    row = int(rng.integers(page.deep, max(page.deep + 1, len(page.rows) - 2)))

    def finish(book: Any) -> None:
        book[page.sheet].merge_cells(start_row=row + 1, end_row=row + 2, start_column=i + 1, end_column=i + 1)

    told = f"{page.headers[i]!r}: rows {row + 1} and {row + 2} merged"
    if page.rows[row][i].value in (None, ""):
        raise NotApplicable("an empty cell")
    return Mutation("", 0, extract, extract.render(page, finish), told, page.file, page.sheet)


@kind(RECOVER)
def styles_changed(rng: np.random.Generator, extract: Extract) -> Mutation:
    from openpyxl.styles import Font, PatternFill

    def edit(book: Any, page: Page) -> str:
        sheet = book[page.sheet]
        for cell in sheet[int(rng.integers(page.deep, sheet.max_row)) + 1]:
            cell.fill, cell.font = PatternFill("solid", fgColor="FFFF00"), Font(bold=True, strike=True)
        sheet.freeze_panes, sheet.auto_filter.ref = "B2", sheet.dimensions
        return "a row in color"

    return edited(rng, extract, edit)


@kind(NOTICE)
def date_system_of_the_book(rng: np.random.Generator, extract: Extract) -> Mutation:
    """The book's 1904 flag is switched on while the serials stay: every date cell moves by 1462 days."""
    name = workbook(extract).pages[0].file
    data, hits = extract.files[name], 0
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            page = old.read(item)
            if item == "xl/workbook.xml":
                page, hits = re.subn(rb"<workbookPr\b", b'<workbookPr date1904="1"', page)
            new.writestr(item, page)
    cells = any(type(c.value).__name__ == "datetime" for p in extract.pages for row in p.rows for c in row)
    if not hits or not cells:
        raise NotApplicable("no date cells")
    return Mutation("", 0, extract, {**extract.files, name: stream.getvalue()}, "date1904 switched on", name)


def _files(extract: Extract, files: dict[str, bytes], told: str, name: str) -> Mutation:
    return Mutation("", 0, extract, files, told, name)


@kind(NOTICE)
def file_missing(rng: np.random.Generator, extract: Extract) -> Mutation:
    if len(extract.files) == 1:
        raise NotApplicable("the only file")
    name = choose(rng, extract.files)
    return _files(extract, {n: d for n, d in extract.files.items() if n != name}, f"{name} missing", name)


@kind(NOTICE)
def file_added(rng: np.random.Generator, extract: Extract) -> Mutation:
    name = choose(rng, ["codebook.docx", "~$lock.xlsx", "SNUH_patients (1).csv", "old.csv"])
    data = choose(rng, [b"", b"x,y\n1,2\n", next(iter(extract.files.values()))])
    return _files(extract, {**extract.files, name: data}, f"{name} added", name)


@kind(NOTICE)
def file_of_another_center(rng: np.random.Generator, extract: Extract) -> Mutation:
    from extracts import centers, load

    other = load(choose(rng, [c for c in centers().index if c != extract.center]))
    name = choose(rng, extract.files)
    return _files(
        extract, {**extract.files, name: choose(rng, other.files.values())}, f"{name} is of {other.center}", name
    )


@kind(NOTICE)
def file_emptied(rng: np.random.Generator, extract: Extract) -> Mutation:
    name = choose(rng, extract.files)
    data = choose(rng, [b"", b"\n", b"\xef\xbb\xbf", b" ", b"\0" * 4096, b"<html><body>Error 500</body></html>"])
    return _files(extract, {**extract.files, name: data}, f"{name} holds {data[:20]!r}", name)
