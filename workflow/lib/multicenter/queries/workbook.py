"""Writing a center's query workbook: instructions, the queries with their answer cells, what is closed, a record."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from multicenter.fixedzip import fix_zip
from multicenter.opencsv import is_formula
from multicenter.queries.instructions import (
    A_DATE,
    CHOOSE,
    HEADINGS,
    MORE,
    NOTHING_OPEN,
    SIMULATED,
    STATES,
    STEPS,
)  # fmt: skip
from multicenter.queries.layout import (
    ANSWER,
    CLOSED,
    CLOSED_SHEET,
    HEADER_ROW,
    INSTRUCTIONS,
    ON,
    QUERIES,
    QUERY_SHEET,
    RECORD,
    RECORD_COLUMNS,
    RECORD_MARK,
    TO_BE_ANSWERED,
    Column,
)  # fmt: skip
from multicenter.queries.ledger import RESOLVED
from multicenter.queries.words import WITHDRAWN, WORDS

LINE = 14.0  # points a line of text
TALLEST = 400.0  # points; Excel's limit is 409
PAPER_A4 = 9


@dataclass(frozen=True)
class Heading:
    """What a workbook says of itself: the study, its center, the day up to which is counted, simulated or not."""

    study: str
    title: str
    center: str
    name: str
    as_of: str
    simulated: bool

    @property
    def line(self) -> str:
        parts = [self.study, self.center, f"as of {self.as_of}"]
        return " · ".join([*parts, "SIMULATED DATA / 모의 자료"] if self.simulated else parts)


def write_workbook(
    path: Path, heading: Heading, open_: Sequence[Mapping[str, Any]], closed: Sequence[Mapping[str, Any]]
) -> None:
    """Write the workbook of one center; the same rows give the same bytes.

    open_: its open queries by rank, with the fields of QUERY_SHEET and RECORD_COLUMNS; the first TO_BE_ANSWERED are
    asked. closed: with those of CLOSED_SHEET and RECORD_COLUMNS.
    """
    shown = open_[:TO_BE_ANSWERED]
    book = Workbook()
    for style in _styles():
        book.add_named_style(style)
    answers = _instructions(book.active, heading, len(shown), len(open_))
    _answerable(book.create_sheet(QUERIES), heading, QUERY_SHEET, shown, answers)
    withdrawal = f'"{WITHDRAWN.choice}"'
    _answerable(book.create_sheet(CLOSED), heading, CLOSED_SHEET, closed[:TO_BE_ANSWERED], withdrawal)
    _record(book.create_sheet(RECORD), heading, [*shown, *closed[:TO_BE_ANSWERED]])
    for sheet in book.worksheets:
        _protect(sheet)
        _for_print(sheet, heading)
    book.security = WorkbookProtection(lockStructure=True)
    book.properties.title, book.properties.creator = heading.line, heading.study
    book.save(path)
    fix_zip(path)


def _styles() -> list[NamedStyle]:
    thin = Side(style="thin", color="BFBFBF")
    wrapped = Alignment(wrap_text=True, vertical="top")
    cell = {"alignment": wrapped, "border": Border(left=thin, right=thin, top=thin, bottom=thin)}
    yellow = cell | {"fill": PatternFill("solid", fgColor="FFF8D6"), "protection": Protection(locked=False)}
    centered = cell | {"alignment": Alignment(horizontal="center", vertical="top")}
    dark = cell | {"fill": PatternFill("solid", fgColor="1F3864")}
    return [
        NamedStyle("asked", font=_font(), **cell),
        NamedStyle("number", font=_font(), **centered),
        NamedStyle("urgent", font=_font(bold=True, color="9C0006"), **cell),
        NamedStyle("typed", font=_font(), **yellow),
        NamedStyle("typed_date", font=_font(), number_format="yyyy-mm-dd", **yellow),
        NamedStyle("heading", font=_font(bold=True, color="FFFFFF"), **dark),
        NamedStyle("first", font=_font(bold=True, size=12), alignment=Alignment(vertical="center")),
        NamedStyle("prose", font=_font(), alignment=wrapped),
        NamedStyle("strong", font=_font(bold=True), alignment=wrapped),
        NamedStyle("warning", font=_font(bold=True, color="C00000"), alignment=wrapped),
    ]


def _font(size: int = 10, **more: Any) -> Font:
    return Font(name="Malgun Gothic", size=size, **more)


def put(cell: Cell, value: object, style: str) -> None:
    """Write a value; a text is always a text, whatever it begins with, and never a formula."""
    cell.style = style
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value) or None
    if is_formula(value):
        cell.data_type = "s"
        cell.quotePrefix = True


def _instructions(sheet: Worksheet, heading: Heading, shown: int, all_open: int) -> str:
    """Fill the first sheet; return the cells that hold the answers to choose from, for the drop-down."""
    sheet.title = INSTRUCTIONS
    for letter, width in (("A", 4), ("B", 62), ("C", 62)):
        sheet.column_dimensions[letter].width = width
    rows: list[tuple[str, str, str, str]] = [("first", "", *HEADINGS["title"])]
    rows.append(("strong", "", f"{heading.study}: {heading.title}", f"{heading.center} · {heading.name}"))
    rows.append(("prose", "", f"As of {heading.as_of}: {all_open} open.", f"{heading.as_of} 기준: 미해결 {all_open}건"))
    rows += [("warning", "", *SIMULATED)] if heading.simulated else []
    rows += [("strong", "", *NOTHING_OPEN)] if not all_open else []
    rows += [("strong", "", *(text.format(shown=shown, all=all_open) for text in MORE))] if shown < all_open else []
    rows += [("prose", "", "", ""), ("strong", "", *HEADINGS["steps"])]
    rows += [("prose", str(number), *step) for number, step in enumerate(STEPS, start=1)]
    rows += [("prose", "", "", ""), ("strong", "", *HEADINGS["answers"])]
    first = len(rows) + 1
    rows += [("prose", "", word.choice, f"{word.does_english}\n{word.does_local}") for word in WORDS]
    last = len(rows)
    rows += [("prose", "", "", ""), ("strong", "", *HEADINGS["states"])]
    rows += [("prose", "", f"{state}: {english}", local) for state, english, local in STATES]
    rows += [("prose", "", *HEADINGS["closed"])]
    for number, (style, *texts) in enumerate(rows, start=1):
        for column, text in enumerate(texts, start=1):
            put(sheet.cell(number, column), text, style)
        sheet.row_dimensions[number].height = _height(zip(texts, (4, 62, 62), strict=True))
    return f"{INSTRUCTIONS}!$B${first}:$B${last}"


def _answerable(
    sheet: Worksheet, heading: Heading, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], answers: str
) -> None:
    """A table of queries with a drop-down in the column of answers, and a check of dates. answers: what it offers."""
    _table(sheet, heading, columns, rows)
    if not rows:
        return
    last = HEADER_ROW + len(rows)
    choice = DataValidation("list", formula1=answers, allow_blank=True, showErrorMessage=True)
    choice.errorTitle, choice.error = CHOOSE
    day = DataValidation("date", operator="greaterThan", formula1="DATE(2000,1,1)", showErrorMessage=True)
    day.errorTitle, day.error = A_DATE
    for rule, column in ((choice, ANSWER), (day, ON)):
        letter = get_column_letter(columns.index(column) + 1)
        rule.add(f"{letter}{HEADER_ROW + 1}:{letter}{last}")
        sheet.add_data_validation(rule)


def _table(sheet: Worksheet, heading: Heading, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    put(sheet.cell(1, 1), heading.line, "first")
    for number, column in enumerate(columns, start=1):
        put(sheet.cell(HEADER_ROW, number), column.heading, "heading")
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[1].height, sheet.row_dimensions[HEADER_ROW].height = 22, 3 * LINE
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        for place, column in enumerate(columns, start=1):
            blank = column.typed and columns is QUERY_SHEET
            put(sheet.cell(number, place), "" if blank else row[column.field], _style_of(column, row))
        texts = ((row[column.field], column.width) for column in columns if not column.typed)
        sheet.row_dimensions[number].height = _height(texts)
    if not rows:
        put(sheet.cell(HEADER_ROW + 1, 1), " / ".join(NOTHING_OPEN) if columns is QUERY_SHEET else "–", "strong")
        sheet.cell(HEADER_ROW + 1, 1).alignment = Alignment(wrap_text=False)
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, 2)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(columns))}{HEADER_ROW + max(len(rows), 1)}"
    sheet.print_title_rows = f"1:{HEADER_ROW}"


def _style_of(column: Column, row: Mapping[str, Any]) -> str:
    if column.typed and row["status"] != RESOLVED:
        return "typed_date" if column is ON else "typed"
    urgent = (column.field == "severity" and row["severity"] == "critical") or row.get(column.field) == "REOPENED"
    if urgent:
        return "urgent"
    return "number" if column.field in ("rank", "age_days") else "asked"


def _record(sheet: Worksheet, heading: Heading, rows: Iterable[Mapping[str, Any]]) -> None:
    """The hidden sheet by which a returned workbook is understood: what was asked, with each query's natural key."""
    sheet.sheet_state = "hidden"
    lines = [(RECORD_MARK, heading.study, heading.center, heading.as_of), RECORD_COLUMNS]
    lines += [tuple(row[name] for name in RECORD_COLUMNS) for row in rows]
    for number, line in enumerate(lines, start=1):
        for place, value in enumerate(line, start=1):
            put(sheet.cell(number, place), value, "prose")


def _protect(sheet: Worksheet) -> None:
    """Lock everything but the cells that are typed; filters and widths of columns stay free. There is no password."""
    sheet.protection.sheet = True
    sheet.protection.autoFilter = sheet.protection.formatColumns = sheet.protection.formatRows = False


def _for_print(sheet: Worksheet, heading: Heading) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", PAPER_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, int(sheet.title == INSTRUCTIONS)
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.3
    sheet.oddHeader.center.text = heading.line.replace("&", "&&")
    sheet.oddFooter.center.text = "&P / &N"


def _height(texts: Iterable[tuple[object, int]]) -> float:
    """The height in points that the texts need in columns of these widths."""
    lines = max(
        sum(ceil((_width(part) or 1) / (width * 1.1)) for part in str(text).split("\n")) for text, width in texts
    )
    return min(lines * LINE + 4, TALLEST)


def _width(text: str) -> int:
    """The width of a text in characters; those of East Asian scripts are wider."""
    return ceil(sum(1.7 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text))
