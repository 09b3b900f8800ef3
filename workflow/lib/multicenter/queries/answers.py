"""Reading returned query workbooks. Whatever is wrong in one is a line of the log; nothing of it stops a run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from multicenter.errors import StudyError, did_you_mean
from multicenter.intake.guard import reading
from multicenter.queries.collect import KEY, shortened
from multicenter.queries.layout import (
    ANSWER,
    BY,
    HEADER_ROW,
    QUERIES,
    QUERY,
    QUERY_SHEET,
    RECORD,
    RECORD_COLUMNS,
    RECORD_MARK,
    Column,
)  # fmt: skip
from multicenter.queries.words import WORDS, Answer, word_of

LOG_COLUMNS = ["file", "sheet", "row", "query", "outcome", "what"]
READ, NOTED, REFUSED = "read", "noted", "refused"
NEEDED = (QUERY, ANSWER, BY)
TYPED = tuple(column for column in QUERY_SHEET if column.typed)
WHOLE = "Ask the center for the whole workbook"
LARGEST = 200_000_000  # bytes that a workbook may unpack to


@dataclass
class Returned:
    """What the returned workbooks hold.

    recorded: the queries that their hidden sheets remember (RECORD_COLUMNS). answers: one an answered row, with the
    query's natural key as recorded (None without a record). log: LOG_COLUMNS, one line a remark.
    """

    recorded: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[Answer, tuple[str, ...] | None, int]] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)

    def note(
        self, file: str, outcome: str, what: str, row: int | str = "", query: str = "", sheet: str = QUERIES
    ) -> None:
        self.log.append((file, sheet, row, query, outcome, what))

    def table(self) -> pd.DataFrame:
        """The log as a table of text."""
        return pd.DataFrame(self.log, columns=LOG_COLUMNS).astype(str)


class _Refused(Exception):
    """Why a whole workbook is not used."""


def read_answers(files: Iterable[Path], centers: Iterable[str], study: str) -> Returned:
    """Read every returned workbook; the center is the code that its file name begins with.

    A workbook that cannot be understood, of another study or of another center is refused as a whole, a row with an
    unknown answer, a formula or another center's query alone.
    """
    returned, codes = Returned(), sorted(centers, key=len, reverse=True)
    for path in sorted(files):
        try:
            _read_one(path, codes, study, returned)
        except _Refused as refused:
            returned.note(path.name, REFUSED, str(refused), sheet="")
        except StudyError as error:
            returned.note(path.name, REFUSED, str(error).removeprefix(f"{path.name}: "), sheet="")
    return returned


def match_answers(returned: Returned, ledger: Iterable[Mapping[str, str]]) -> dict[str, Answer]:
    """Return the answer to each query of the ledger (by its id): the latest, and of one day that of the last file.

    An answer belongs to the query with the natural key that its workbook remembers; without a record, to its id.
    Everything that is not used, or not as it stands, goes into the log.
    """
    rows = list(ledger)
    by_key, by_id = {tuple(row[name] for name in KEY): row for row in rows}, {row["query"]: row for row in rows}
    chosen: dict[str, Answer] = {}
    for answer, key, number in returned.answers:
        row = by_key.get(key) if key else by_id.get(answer.query)
        if row is None:
            near = did_you_mean(answer.query, by_id)
            returned.note(answer.file, REFUSED, f"there is no query {answer.query!r}.{near}", number, answer.query)
            continue
        if row["query"] != answer.query:
            what = f"this query is {row['query']} in the ledger; the answer is taken for that"
            returned.note(answer.file, NOTED, what, number, answer.query)
        before = chosen.get(row["query"])
        if before and before.answer != answer.answer:
            kept = before if before.on > answer.on else answer
            what = f"answered differently in {before.file}; the answer of {kept.file} counts ({kept.answer})"
            returned.note(answer.file, NOTED, what, number, answer.query)
        if before is None or answer.on >= before.on:
            # without a record the answer is about what the ledger says was asked
            about = {} if key else {"value": row["value"], "evidence": row["evidence"]}
            chosen[row["query"]] = Answer(**{**vars(answer), "query": row["query"], **about})
    return chosen


def _read_one(path: Path, codes: list[str], study: str, returned: Returned) -> None:
    center = next((code for code in codes if re.match(rf"{re.escape(code)}(?![A-Za-z0-9])", path.name)), "")
    if not center:
        raise _Refused("the file name begins with no center's code. Name it <CENTER>_<date>.xlsx")
    book = _open(path)
    if QUERIES not in book.sheetnames:
        raise _Refused(f"the sheet {QUERIES!r} is missing. {WHOLE}")
    record = _record(book, center, study, path.name, returned)
    at = _columns(book[QUERIES], path.name, returned)
    answered = 0
    for number, cells in enumerate(book[QUERIES].iter_rows(min_row=HEADER_ROW + 1), start=HEADER_ROW + 1):
        row = _Row(path.name, number, {name: cells[i] for name, i in at.items()}, returned)
        if row.is_filled_in():
            answered += row.read(center, codes, record)
    returned.note(path.name, READ, f"answers: {answered}, of {len(record)} queries", sheet="")


def _open(path: Path) -> Any:
    from openpyxl import load_workbook

    if path.suffix.lower() != ".xlsx":
        raise _Refused("is no .xlsx workbook. Ask the center to save it as an Excel workbook (.xlsx)")
    with reading(path.name), zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST:
        raise _Refused(f"unpacks to {size // 1_000_000} MB, more than a query workbook can hold. Ask the center")
    with reading(path.name):
        return load_workbook(path)


def _record(book: Any, center: str, study: str, file: str, returned: Returned) -> dict[str, dict[str, str]]:
    """What was asked, by query id, from the hidden sheet; {} (and a note) without a usable one."""
    if RECORD not in book.sheetnames:
        returned.note(file, NOTED, "the sheet is missing: answers are matched by query id alone", sheet=RECORD)
        return {}
    lines = [[_text(cell.value) for cell in line] for line in book[RECORD].iter_rows(max_col=len(RECORD_COLUMNS))]
    head = (lines or [[]])[0]
    if head[:1] != [RECORD_MARK] or len(lines) < 2 or lines[1] != list(RECORD_COLUMNS):
        returned.note(file, NOTED, "the sheet was changed: answers are matched by query id alone", sheet=RECORD)
        return {}
    if head[1] != study:
        raise _Refused(f"is a workbook of the study {head[1]!r}, not of {study!r}")
    if head[2] != center:
        raise _Refused(
            f"is the workbook of {head[2]}, but is named as one of {center}. Correct the name, or ask who sent it"
        )
    rows = [dict(zip(RECORD_COLUMNS, line, strict=True)) for line in lines[2:]]
    ours = re.compile(rf"{re.escape(center)}-\d{{4,6}}")
    whole = [r for r in rows if r["center"] == center and ours.fullmatch(r["query"]) and _is_day(r["first_asked"])]
    if len(whole) < len(rows):
        returned.note(file, NOTED, f"{len(rows) - len(whole)} rows are damaged and left out", sheet=RECORD)
    returned.recorded += whole
    return {row["query"]: row for row in whole}


def _columns(sheet: Any, file: str, returned: Returned) -> dict[str, int]:
    """Where each field's column is, by its heading; columns may have been moved, those of NEEDED must be there."""
    heads = {" ".join(_text(cell.value).split()): i for i, cell in enumerate(sheet[HEADER_ROW])}
    at = {column.field: heads[name] for column in QUERY_SHEET if (name := " ".join(column.heading.split())) in heads}
    gone = [column for column in QUERY_SHEET if column.field not in at]
    for column in NEEDED:
        if column in gone:
            raise _Refused(f"the column {_named(column)} of the sheet {QUERIES!r} is missing. {WHOLE}")
    if gone:
        returned.note(file, NOTED, f"columns are missing: {', '.join(map(_named, gone))}", HEADER_ROW)
    return at


class _Row:
    """One row of a returned sheet: its cells by field."""

    def __init__(self, file: str, number: int, cells: Mapping[str, Any], returned: Returned):
        self.file, self.number, self.cells, self.returned = file, number, cells, returned
        self.text = {name: _text(cell.value) for name, cell in cells.items()}
        self.query = self.text["query"]

    def note(self, outcome: str, what: str) -> None:
        self.returned.note(self.file, outcome, what, self.number, self.query)

    def is_filled_in(self) -> bool:
        return any(self.text.get(column.field) for column in TYPED)

    def read(self, center: str, codes: list[str], record: Mapping[str, dict[str, str]]) -> bool:
        """Take the row's answer, or note why not."""
        refused = self._refused(center, codes, record)
        if refused:
            self.note(REFUSED, refused)
            return False
        word = word_of(self.text["answer"])
        if word is None:
            self.note(NOTED, "there is no answer beside the comment, name or date: the query stays as it is")
            return False
        asked = record.get(self.query)
        self._note_changes(asked or {})
        if word.closes and not self.text["answered_by"]:
            self.note(NOTED, "answered without a name: it does not close the query")
        answer = Answer(
            query=self.query,
            answer=word.english,
            value=asked["value"] if asked else "",
            evidence=asked["evidence"] if asked else "",
            comment=shortened(self.text.get("comment", "")),
            by=shortened(self.text["answered_by"]),
            on=self._day(),
            file=self.file,
        )
        key = tuple(asked[name] for name in KEY) if asked else None
        self.returned.answers.append((answer, key, self.number))
        return True

    def _refused(self, center: str, codes: list[str], record: Mapping[str, dict[str, str]]) -> str:
        """Why the row is not used, "" if it is."""
        for column in TYPED:
            if column.field in self.cells and self.cells[column.field].data_type == "f":
                return f"{_named(column)} holds a formula. Ask the center to type it"
        owner = next((code for code in codes if self.query.startswith(f"{code}-")), center)
        if owner != center:
            return f"{self.query} is a query of {owner}, not of {center}"
        if record and self.query not in record:
            return f"the workbook was not sent with a query {self.query!r}.{did_you_mean(self.query, record)}"
        if self.text["answer"] and word_of(self.text["answer"]) is None:
            known = "; ".join(word.english for word in WORDS)
            return f"the answer {self.text['answer']!r} is not one of the list ({known})"
        return ""

    def _note_changes(self, asked: Mapping[str, str]) -> None:
        shown = {column.field: column for column in QUERY_SHEET if column.field in asked and column.field in self.text}
        for name, column in shown.items():
            if shortened(self.text[name]) != shortened(asked[name]):
                what = f"{_named(column)} was changed in the workbook; the answer is taken for what was asked"
                self.note(NOTED, what)

    def _day(self) -> str:
        text = self.text.get("answered_on", "")
        day = _day(text)
        if text and not day:
            self.note(NOTED, f"the date {text!r} is no date (YYYY-MM-DD) and is left out")
        return day


def _named(column: Column) -> str:
    return repr(" / ".join(column.heading.split("\n")))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return "" if value is None else str(value).strip()


def _day(value: object) -> str:
    """An ISO date, or "" for what is no date."""
    text = _text(value).replace(".", "-").replace("/", "-").rstrip("-").replace("- ", "-")
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts) or len(parts[0]) != 4:
        return ""
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return ""


def _is_day(text: str) -> bool:
    return _day(text) == text != ""
