"""Reading returned query workbooks. Whatever is wrong in one is a line of the log; nothing of it stops a run."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl.utils import get_column_letter

from multicenter.errors import DeliveryError, StudyError, did_you_mean
from multicenter.intake.guard import reading
from multicenter.queries.collect import shortened
from multicenter.queries.days import read_day
from multicenter.queries.firewall import Inbox
from multicenter.queries.ids import query_id
from multicenter.queries.layout import (
    ANSWER,
    BY,
    CLOSED,
    CLOSED_SHEET,
    HEADER_ROW,
    ON,
    QUERIES,
    QUERY,
    QUERY_SHEET,
    RECORD,
    RECORD_COLUMNS,
    RECORD_MARK,
    Column,
)  # fmt: skip
from multicenter.queries.ledger import is_day
from multicenter.queries.words import WITHDRAWN, WORDS, Word, word_of

LOG_COLUMNS = ["file", "sheet", "row", "query", "outcome", "what"]
READ, NOTED, REFUSED = "read", "noted", "refused"
NEEDED = (QUERY, ANSWER, BY)
WHOLE = "Ask the center for the whole workbook"
LARGEST = 200_000_000  # bytes that a workbook may unpack to
MOST_CELLS = 5_000_000  # from A1 to the last text of a sheet, empty ones included


@dataclass(frozen=True)
class Answered:
    """A row that a center filled in. shown: its texts by field. letters: the column of each. recorded: what the hidden
    sheet remembers of the query (RECORD_COLUMNS), None without one. on: ISO, "" without a date that can be read."""

    file: str
    sheet: str
    row: int
    query: str
    word: Word
    on: str
    shown: Mapping[str, str]
    letters: Mapping[str, str]
    recorded: Mapping[str, str] | None


@dataclass
class Returned:
    """What the returned workbooks hold: what they remember of queries, the rows filled in, and a log (LOG_COLUMNS)."""

    recorded: list[dict[str, str]] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)

    def note(
        self, file: str, outcome: str, what: str, row: int | str = "", query: str = "", sheet: str = QUERIES
    ) -> None:
        self.log.append((file, sheet, row, query, outcome, what))

    def table(self) -> pd.DataFrame:
        """The log as a table of text, file by file."""
        return pd.DataFrame(sorted(self.log, key=lambda line: line[0]), columns=LOG_COLUMNS).astype(str)


def read_answers(inbox: Inbox, centers: Iterable[str], study: str) -> Returned:
    """Read every returned workbook; the center is the code that its file name begins with.

    A workbook that identifies persons, cannot be understood, or is of another study or center is refused as a whole; a
    row with an unknown answer, a formula, an id that stands twice or another center's query alone.
    """
    returned, codes = Returned(), sorted(centers, key=len, reverse=True)
    for name in inbox.unread:
        returned.note(name, REFUSED, "the name of the file identifies a person. Rename the file", sheet="")
    for path in sorted(inbox.files):
        file = inbox.masked(path.name)
        try:
            _read_one(path, file, codes, study, inbox, returned)
        except DeliveryError as error:
            for problem in error.problems:
                returned.note(file, REFUSED, f"it identifies persons: {problem}", sheet="")
        except StudyError as error:
            returned.note(file, REFUSED, inbox.masked(str(error).removeprefix(f"{path.name}: ")), sheet="")
    return returned


def _read_one(path: Path, file: str, codes: list[str], study: str, inbox: Inbox, returned: Returned) -> None:
    center = next((code for code in codes if re.match(rf"{re.escape(code)}(?![A-Za-z0-9])", path.name)), "")
    if not center:
        raise StudyError("the file name begins with no center's code. Name it <CENTER>_<date>.xlsx")
    with reading(path.name):
        sheets, epoch = _read_sheets(path)
        inbox.check(path, center)
    if QUERIES not in sheets:
        raise StudyError(f"the sheet {QUERIES!r} is missing. {WHOLE}")
    record = _record(sheets.get(RECORD), center, study, file, returned)
    rows = [*_rows(sheets[QUERIES], QUERIES, QUERY_SHEET, file, returned)]
    rows += _rows(sheets[CLOSED], CLOSED, CLOSED_SHEET, file, returned) if CLOSED in sheets else []
    filled = [row for row in rows if row.is_filled_in()]
    times = Counter(row.text(QUERY) for row in filled)
    before = len(returned.answered)
    for row in filled:
        query, told = row.text(QUERY), (file, row.sheet, row.number)
        refused = _why_refused(row, center, codes, record, times[query])
        word = word_of(row.text(ANSWER))
        if refused or word is None:
            what = refused or "there is no answer beside the comment, name or date: the query stays as it is"
            returned.note(file, REFUSED if refused else NOTED, what, row.number, query, row.sheet)
            continue
        on = read_day(row.cells[ON.field].value, epoch) if row.text(ON) else ""
        if row.text(ON) and not on:
            what = f"the date {row.text(ON)!r} cannot be read without doubt (write YYYY-MM-DD) and is left out"
            returned.note(file, NOTED, what, row.number, query, row.sheet)
        shown = {name: shortened(text) for name, text in row.texts.items()}
        returned.answered.append(Answered(*told, query, word, on, shown, row.letters, record.get(query)))
    n = len(returned.answered) - before
    returned.note(file, READ, f"answers: {n}, of {len(record)} queries", sheet="")


def _read_sheets(path: Path) -> tuple[dict[str, list[tuple[int, list[Any]]]], Any]:
    """The rows that hold anything, with their numbers, of the sheets that are read; and the epoch of serial dates."""
    from openpyxl import load_workbook

    if path.suffix.lower() != ".xlsx":
        raise StudyError("is no .xlsx workbook. Ask the center to save it as an Excel workbook (.xlsx)")
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST:
        raise StudyError(f"unpacks to {size // 1_000_000} MB, more than a query workbook can hold. Ask the center")
    book = load_workbook(path, read_only=True)
    try:
        sheets = {sheet.title: list(_filled_rows(sheet)) for sheet in book.worksheets}
        return sheets, book.epoch
    finally:
        book.close()


def _filled_rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a sheet that hold anything, cut behind their last text. Formats reach as far as they like."""
    sheet.reset_dimensions()
    widest = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if not cells:
            continue
        last = max((i for i, cell in enumerate(cells, start=1) if cell.value is not None), default=0)
        widest = max(widest, last)
        if last and number * widest > MOST_CELLS:
            where = f"{sheet.title}!{get_column_letter(last)}{number}"
            raise StudyError(f"{where} holds a text far from all others. Ask the center to delete it")
        if last:
            yield number, list(cells[:last])


def _record(
    rows: list[tuple[int, list[Any]]] | None, center: str, study: str, file: str, returned: Returned
) -> dict[str, dict[str, str]]:
    """What was asked, by query id, from the hidden sheet; {} (and a note) without a usable one."""
    if rows is None:
        returned.note(file, NOTED, "the sheet is missing: answers are matched by query id alone", sheet=RECORD)
        return {}
    width = len(RECORD_COLUMNS)
    lines = [([_text(cell) for cell in cells] + [""] * width)[:width] for _, cells in rows]
    head = (lines or [[""]])[0]
    if head[0] != RECORD_MARK or len(lines) < 2 or lines[1] != list(RECORD_COLUMNS):
        returned.note(file, NOTED, "the sheet was changed: answers are matched by query id alone", sheet=RECORD)
        return {}
    if head[1] != study:
        raise StudyError(f"is a workbook of the study {head[1]!r}, not of {study!r}")
    if head[2] != center:
        raise StudyError(
            f"is the workbook of {head[2]}, but is named as one of {center}. Correct the name, or ask who sent it"
        )
    known = [dict(zip(RECORD_COLUMNS, line, strict=True)) for line in lines[2:]]
    whole = [row for row in known if _is_whole(row, center)]
    if len(whole) < len(known):
        returned.note(file, NOTED, f"{len(known) - len(whole)} rows are damaged and left out", sheet=RECORD)
    returned.recorded += whole
    return {row["query"]: row for row in whole}


def _is_whole(row: Mapping[str, str], center: str) -> bool:
    """Whether a line of the record is as it was written, as far as can be seen: its id is that of what was asked."""
    days = is_day(row["first_asked"]) and is_day(row["asked_on"])
    return row["center"] == center and row["query"] == query_id(row) and days and row["round"].isdigit()


@dataclass(frozen=True)
class _Row:
    """One row of a returned sheet: its cells and texts by field, and the letters of its columns."""

    sheet: str
    number: int
    columns: tuple[Column, ...]
    cells: Mapping[str, Any]
    texts: Mapping[str, str]
    letters: Mapping[str, str]

    def text(self, column: Column) -> str:
        return self.texts.get(column.field, "")

    def is_filled_in(self) -> bool:
        """Whether the center wrote something. Closed queries were sent with their answers: only a withdrawal is new."""
        if self.sheet == CLOSED:
            return word_of(self.text(ANSWER)) is WITHDRAWN
        return any(self.text(column) for column in self.columns if column.typed)


def _rows(
    rows: list[tuple[int, list[Any]]], name: str, columns: tuple[Column, ...], file: str, returned: Returned
) -> Iterator[_Row]:
    """The rows below the headings; columns may have been moved, and on the sheet of queries those of NEEDED must be
    there."""
    heads = {_plain(_text(cell)): i for number, cells in rows if number == HEADER_ROW for i, cell in enumerate(cells)}
    at = {column.field: heads[_plain(column.heading)] for column in columns if _plain(column.heading) in heads}
    gone = [column for column in columns if column.field not in at]
    for column in NEEDED if name == QUERIES else ():
        if column in gone:
            raise StudyError(f"the column {named(column)} of the sheet {QUERIES!r} is missing. {WHOLE}")
    if gone:
        returned.note(file, NOTED, f"columns are missing: {', '.join(map(named, gone))}", HEADER_ROW, sheet=name)
    letters = {field_: get_column_letter(i + 1) for field_, i in at.items()}
    for number, cells in rows:
        if number > HEADER_ROW:
            own = {field_: cells[i] for field_, i in at.items() if i < len(cells)}
            yield _Row(name, number, columns, own, {f: _text(cell) for f, cell in own.items()}, letters)


def _why_refused(row: _Row, center: str, codes: list[str], record: Mapping[str, Any], times: int) -> str:
    """Why a row is not used, "" if it is."""
    for column in row.columns:
        if column.typed and column.field in row.cells and row.cells[column.field].data_type == "f":
            return f"{named(column)} holds a formula. Ask the center to type it"
    query = row.text(QUERY)
    if not query:
        return "the row was filled in, but has no query"
    owner = next((code for code in codes if query.startswith(f"{code}-")), center)
    if owner != center:
        return f"{query} is a query of {owner}, not of {center}"
    if record and query not in record:
        return f"the workbook was not sent with a query {query!r}.{did_you_mean(query, record)}"
    if times > 1:
        return f"{query} was filled in on {times} rows; none of them is used. Ask the center which is right"
    if row.text(ANSWER) and word_of(row.text(ANSWER)) is None:
        known = "; ".join(word.english for word in WORDS)
        return f"the answer {row.text(ANSWER)!r} is not one of the list ({known})"
    return ""


def named(column: Column) -> str:
    """A column's heading on one line, in quotation marks."""
    return repr(" / ".join(column.heading.split("\n")))


def _text(cell: Any) -> str:
    value = cell.value
    return "" if value is None else str(value).strip()


def _plain(heading: str) -> str:
    return " ".join(heading.split())
