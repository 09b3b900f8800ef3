"""Returned workbooks, answered and damaged: one line each in the log, and never a crash."""

import zipfile
from datetime import datetime

import pytest
from openpyxl import load_workbook

from multicenter.queries.answers import match_answers, read_answers
from multicenter.queries.collect import KEY
from multicenter.queries.layout import HEADER_ROW, QUERIES, QUERY_SHEET, RECORD
from multicenter.queries.words import CORRECTED, RIGHT

AT = {column.field: i for i, column in enumerate(QUERY_SHEET, start=1)}


@pytest.fixture
def answer():
    """Fill in cells of a workbook: {row number from 1: {field: value}}; `edit` may do more to it."""

    def run(path, rows, edit=None, name=None):
        book = load_workbook(path)
        for number, cells in rows.items():
            for field, value in cells.items():
                book[QUERIES].cell(HEADER_ROW + number, AT[field], value)
        if edit:
            edit(book)
        target = path.with_name(name or path.name)
        book.save(target)
        return target

    return run


def read(*paths):
    """What the log says of the files (outcome, row, query, text), and what was answered by query."""
    returned = read_answers(paths, ["AA", "AAB", "BB"], "STUDY")
    log = [(outcome, row, query, what) for _, _, row, query, outcome, what in returned.log]
    return log, {answer.query: answer for answer, _, _ in returned.answers}


FULL = {"answer": RIGHT.choice, "comment": "checked", "answered_by": "Dr Kim", "answered_on": datetime(2024, 3, 1)}


def test_an_answer_with_what_it_is_about(write, row, answer):
    path = answer(write(row(1, evidence="start=2020-01-01"), row(2)), {1: FULL}, name="AA_2024-03.xlsx")
    log, answers = read(path)
    assert log == [("read", "", "", "answers: 1, of 2 queries")]
    got = answers["AA-0001"]
    assert (got.answer, got.by, got.on, got.comment) == (RIGHT.english, "Dr Kim", "2024-03-01", "checked")
    assert (got.value, got.evidence, got.file) == ("high", "start=2020-01-01", "AA_2024-03.xlsx")


@pytest.mark.parametrize("text", [RIGHT.choice, RIGHT.english, RIGHT.local])
def test_an_answer_may_be_written_in_either_language(write, row, answer, text):
    _, answers = read(answer(write(row(1)), {1: FULL | {"answer": f" {text.upper()} "}}))
    assert answers["AA-0001"].answer == RIGHT.english


@pytest.mark.parametrize("text", ["2024-03-01", "2024.3.1", "2024. 3. 1.", "2024/03/01"])
def test_dates_as_text(write, row, answer, text):
    _, answers = read(answer(write(row(1)), {1: FULL | {"answered_on": text}}))
    assert answers["AA-0001"].on == "2024-03-01"


def test_an_untouched_workbook_answers_nothing(write, row):
    assert read(write(row(1))) == ([("read", "", "", "answers: 0, of 1 queries")], {})


def test_sorted_rows_and_moved_columns_are_read(write, row, answer):
    def swap(book):
        sheet = book[QUERIES]
        for number in range(HEADER_ROW, HEADER_ROW + 3):
            first, last = sheet.cell(number, AT["rank"]), sheet.cell(number, AT["answer"])
            first.value, last.value = last.value, first.value

    _, answers = read(answer(write(row(2), row(1)), {2: FULL}, swap))
    assert list(answers) == ["AA-0001"]


ROWS = {
    "an unknown answer": (
        {"answer": "Value is rigth"},
        ("refused", "the answer 'Value is rigth' is not one of the list (Corrected in the re-extract; Value is right "
         "as it stands; Not known, cannot be obtained; Not our patient; See comment)"),
    ),
    "a formula": (
        {"answered_by": '=HYPERLINK("x")'},
        ("refused", "'Answered by / 답변자' holds a formula. Ask the center to type it"),
    ),
    "an unknown query": (
        {"query": "AA-0011"},
        ("refused", "the workbook was not sent with a query 'AA-0011'. Did you mean 'AA-0001'?"),
    ),
    "another center's query": ({"query": "BB-0001"}, ("refused", "BB-0001 is a query of BB, not of AA")),
    "no answer": (
        {"answer": None},
        ("noted", "there is no answer beside the comment, name or date: the query stays as it is"),
    ),
    "no name": ({"answered_by": None}, ("noted", "answered without a name: it does not close the query")),
    "no date": (
        {"answered_on": "yesterday"},
        ("noted", "the date 'yesterday' is no date (YYYY-MM-DD) and is left out"),
    ),
    "an edited question": (
        {"question_en": "Is it right?"},
        ("noted", "'Question / 질의 (영어)' was changed in the workbook; the answer is taken for what was asked"),
    ),
    "an edited value": (
        {"value": "12.5"},
        ("noted", "'Value as delivered / 제출된 값' was changed in the workbook; the answer is taken for what was "
         "asked"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ROWS)
def test_a_row_with_a_problem(write, row, answer, case):
    change, (outcome, what) = ROWS[case]
    log, answers = read(answer(write(row(1), row(2)), {1: FULL | change}))
    query = change.get("query", "AA-0001")
    assert log[0] == (outcome, HEADER_ROW + 1, query, what)
    taken = outcome == "noted" and case != "no answer"
    assert list(answers) == (["AA-0001"] if taken else [])
    assert not taken or answers["AA-0001"].value == "high"


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
    assert list(answers) == ["AA-0001"]


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


def ledger_row(number, patient, value="high"):
    key = dict(zip(KEY, ("AA", patient, "patient", "", "hb", "not_numeric", ""), strict=True))
    return key | {"query": f"AA-{number:04d}", "value": value, "evidence": ""}


def matched(ledger, *paths):
    returned = read_answers(paths, ["AA"], "STUDY")
    before = len(returned.log)
    return match_answers(returned, ledger), [line[5] for line in returned.log[before:]]


def test_answers_go_by_the_natural_key(write, row, answer):
    path = answer(write(row(1)), {1: FULL})
    chosen, log = matched([ledger_row(1, "9"), ledger_row(7, "1")], path)
    assert list(chosen) == ["AA-0007"] and chosen["AA-0007"].value == "high"
    assert log == ["this query is AA-0007 in the ledger; the answer is taken for that"]


def test_without_a_record_the_answer_is_about_what_the_ledger_asked(write, row, answer):
    path = answer(write(row(1)), {1: FULL}, drop_sheet(RECORD))
    chosen, _ = matched([ledger_row(1, "1", value="low")], path)
    assert chosen["AA-0001"].value == "low"
    assert matched([ledger_row(2, "1")], path)[1] == ["there is no query 'AA-0001'. Did you mean 'AA-0002'?"]


def test_the_later_of_two_answers_counts(write, row, answer):
    path = write(row(1))
    late = answer(path, {1: FULL | {"answered_on": "2024-04-01"}}, name="AA_1.xlsx")
    early = answer(path, {1: FULL | {"answer": CORRECTED.choice}}, name="AA_2.xlsx")
    chosen, log = matched([ledger_row(1, "1")], late, early)
    assert chosen["AA-0001"].file == "AA_1.xlsx"
    assert log == ["answered differently in AA_1.xlsx; the answer of AA_1.xlsx counts (Value is right as it stands)"]
