"""Returned workbooks, answered and damaged: one line each in the log, and never a crash."""

import time
import zipfile
from datetime import datetime

import pytest
from openpyxl.styles import Font

from multicenter.queries.answers import read_answers
from multicenter.queries.firewall import Inbox
from multicenter.queries.layout import CLOSED, CLOSED_SHEET, HEADER_ROW, QUERIES, QUERY_SHEET, RECORD
from multicenter.queries.words import RIGHT, WITHDRAWN

AT = {column.field: i for i, column in enumerate(QUERY_SHEET, start=1)}


def read(*paths):
    """What the log says of the files (outcome, row, query, text), and what was answered by query."""
    returned = read_answers(Inbox(paths), ["AA", "AAB", "BB"], "STUDY")
    log = [(outcome, row, query, what) for _, _, row, query, outcome, what in returned.log]
    return log, {one.query: one for one in returned.answered}


FULL = {"answer": RIGHT.choice, "comment": "checked", "answered_by": "Dr Kim", "answered_on": datetime(2024, 3, 1)}


def test_an_answer_with_what_it_is_about(write, row, answer):
    path = answer(write(row(1, evidence="start=2020-01-01"), row(2)), {1: FULL}, name="AA_2024-03.xlsx")
    log, answers = read(path)
    assert log == [("read", "", "", "answers: 1, of 2 queries")]
    (got,) = answers.values()
    assert (got.word, got.on, got.shown["answered_by"], got.shown["comment"]) == (
        RIGHT, "2024-03-01", "Dr Kim", "checked",
    )  # fmt: skip
    assert (got.recorded["value"], got.recorded["evidence"]) == ("high", "start=2020-01-01")
    assert (got.file, got.sheet, got.row, got.letters["answer"]) == ("AA_2024-03.xlsx", QUERIES, 3, "N")


@pytest.mark.parametrize("text", [RIGHT.choice, RIGHT.english, RIGHT.local])
def test_an_answer_may_be_written_in_either_language(write, row, answer, text):
    _, answers = read(answer(write(row(1)), {1: FULL | {"answer": f" {text.upper()} "}}))
    assert answers[row(1)["query"]].word is RIGHT


@pytest.mark.parametrize("text", ["2024-03-01", "2024년 3월 1일", 45352])
def test_dates_as_text_and_as_a_number_that_lost_its_format(write, row, answer, text):
    _, answers = read(answer(write(row(1)), {1: FULL | {"answered_on": text}}))
    assert answers[row(1)["query"]].on == "2024-03-01"


def test_an_untouched_workbook_answers_nothing(write, row):
    assert read(write(row(1))) == ([("read", "", "", "answers: 0, of 1 queries")], {})


def test_sorted_rows_and_moved_columns_are_read(write, row, answer):
    def swap(book):
        sheet = book[QUERIES]
        for number in range(HEADER_ROW, HEADER_ROW + 3):
            first, last = sheet.cell(number, AT["rank"]), sheet.cell(number, AT["answer"])
            first.value, last.value = last.value, first.value

    _, answers = read(answer(write(row(2), row(1)), {2: FULL}, swap))
    assert list(answers) == [row(1)["query"]]


def test_of_closed_queries_only_a_withdrawal_is_an_answer(write, row, answer):
    closed = row(1, status="WAIVED", answer=RIGHT.english, answered_by="Kim", answered_on="2024-03-01")
    path = write(closed=[closed, closed | row(2)])
    assert read(path) == ([("read", "", "", "answers: 0, of 2 queries")], {})

    def withdraw(book):
        book[CLOSED].cell(HEADER_ROW + 1, [c.field for c in CLOSED_SHEET].index("answer") + 1, WITHDRAWN.choice)

    log, answers = read(answer(path, {}, withdraw))
    assert log == [("read", "", "", "answers: 1, of 2 queries")]
    assert [(one.word, one.sheet, one.on) for one in answers.values()] == [(WITHDRAWN, CLOSED, "2024-03-01")]


def test_a_format_far_away_costs_nothing(write, row, answer):
    def far(book):
        book[QUERIES]["XFD1048576"].font = Font(bold=True)

    start = time.perf_counter()
    log, answers = read(answer(write(row(1)), {1: FULL}, far))
    assert log == [("read", "", "", "answers: 1, of 1 queries")] and len(answers) == 1
    assert time.perf_counter() - start < 30, "seconds, not hours"


def test_a_text_far_away_is_refused_before_anything_reads_it(write, row, answer):
    path = answer(write(row(1)), {1: FULL}, lambda book: book[QUERIES].__setitem__("XFD1048576", "x"))
    what = "Queries!XFD1048576 holds a text far from all others. Ask the center to delete it"
    assert read(path) == ([("refused", "", "", what)], {})


def test_a_query_on_two_rows_is_refused_on_both(write, row, answer):
    path = answer(write(row(1), row(2)), {1: FULL, 2: FULL | {"query": row(1)["query"]}})
    log, answers = read(path)
    query = row(1)["query"]
    what = f"{query} was filled in on 2 rows; none of them is used. Ask the center which is right"
    assert log[:2] == [("refused", 3, query, what), ("refused", 4, query, what)] and answers == {}


ROWS = {
    "an unknown answer": (
        {"answer": "Value is rigth"},
        ("refused", "the answer 'Value is rigth' is not one of the list (Corrected in the re-extract; Value is right "
         "as it stands; Not known, cannot be obtained; Not our patient; See comment; Earlier answer withdrawn)"),
    ),
    "a formula": (
        {"answered_by": '=HYPERLINK("x")'},
        ("refused", "'Answered by / 답변자' holds a formula. Ask the center to type it"),
    ),
    "an unknown query": (
        {"query": "AA-22222-33333"},
        ("refused", "the workbook was not sent with a query 'AA-22222-33333'."),
    ),
    "another center's query": ({"query": "BB-22222-33333"}, ("refused", "BB-22222-33333 is a query of BB, not of AA")),
    "no query": ({"query": None}, ("refused", "the row was filled in, but has no query")),
    "no answer": (
        {"answer": None},
        ("noted", "there is no answer beside the comment, name or date: the query stays as it is"),
    ),
    "no date": (
        {"answered_on": "24.3.1"},
        ("noted", "the date '24.3.1' cannot be read without doubt (write YYYY-MM-DD) and is left out"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ROWS)
def test_a_row_with_a_problem(write, row, answer, case):
    change, (outcome, what) = ROWS[case]
    log, answers = read(answer(write(row(1), row(2)), {1: FULL | change}))
    query = change.get("query", row(1)["query"]) or ""
    assert log[0] == (outcome, HEADER_ROW + 1, query, what)
    assert list(answers) == ([query] if case == "no date" else [])


def drop_column(field):
    return lambda book: book[QUERIES].delete_cols(AT[field])


def drop_sheet(name):
    return lambda book: book.remove(book[name])


def set_record(cell, value):
    return lambda book: book[RECORD].__setitem__(cell, value)


def merged(book):
    book[QUERIES].merge_cells("A3:C4")


WHOLE = {
    "another study": (
        {"study": "OTHER"}, None, "is a workbook of the study 'OTHER', not of 'STUDY'",
    ),
    "another center": (
        {"center": "BB", "name": "AA.xlsx"}, None,
        "is the workbook of BB, but is named as one of AA. Correct the name, or ask who sent it",
    ),
    "no center": (
        {"name": "queries.xlsx"}, None, "the file name begins with no center's code. Name it <CENTER>_<date>.xlsx",
    ),
    "a longer code": (
        {"name": "AAC.xlsx"}, None, "the file name begins with no center's code. Name it <CENTER>_<date>.xlsx",
    ),
    "no sheet": ({}, drop_sheet(QUERIES), "the sheet 'Queries' is missing. Ask the center for the whole workbook"),
    "no query column": (
        {}, drop_column("query"),
        "the column 'Query / 질의 번호' of the sheet 'Queries' is missing. Ask the center for the whole workbook",
    ),
    "no answer column": (
        {}, drop_column("answer"),
        "the column 'Answer / 답변' of the sheet 'Queries' is missing. Ask the center for the whole workbook",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_a_workbook_that_is_refused(write, row, answer, case):
    written, edit, what = WHOLE[case]
    log, answers = read(answer(write(row(1), **written), {1: FULL}, edit))
    assert log == [("refused", "", "", what)]
    assert answers == {}


PARTLY = {
    "no record": (drop_sheet(RECORD), "", "the sheet is missing: answers are matched by query id alone"),
    "a spoiled record": (set_record("A1", "x"), "", "the sheet was changed: answers are matched by query id alone"),
    "a spoiled line": (set_record("A3", "AA-x"), "", "1 rows are damaged and left out"),
    "no question": (drop_column("question_en"), HEADER_ROW, "columns are missing: 'Question / 질의 (영어)'"),
    "no date": (drop_column("answered_on"), HEADER_ROW, "columns are missing: 'Date / 답변일'"),
}


@pytest.mark.parametrize("case", PARTLY)
def test_a_workbook_that_is_read_all_the_same(write, row, answer, case):
    edit, number, what = PARTLY[case]
    log, answers = read(answer(write(row(1)), {1: FULL}, edit))
    assert log[0][:2] == ("noted", number) and log[0][3] == what
    assert list(answers) == [row(1)["query"]]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"], ids=["empty", "text", "cut off"])
def test_a_file_that_is_no_workbook(tmp_path, content):
    path = tmp_path / "AA.xlsx"
    path.write_bytes(content)
    ((outcome, _, _, what),), answers = read(path)
    assert outcome == "refused" and what.startswith("the file is damaged or cut off (BadZipFile")
    assert what.endswith("Ask the center to save and send the file again") and answers == {}


def test_another_kind_of_file(tmp_path):
    path = tmp_path / "AA.csv"
    path.write_text("Query,Answer\n")
    what = "is no .xlsx workbook. Ask the center to save it as an Excel workbook (.xlsx)"
    assert read(path) == ([("refused", "", "", what)], {})


def test_a_workbook_that_unpacks_without_end(tmp_path):
    path = tmp_path / "AA.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 201_000_000)
    ((outcome, _, _, what),), _ = read(path)
    assert (outcome, what) == ("refused", "unpacks to 201 MB, more than a query workbook can hold. Ask the center")
