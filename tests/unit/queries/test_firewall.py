"""Whatever identifies a person in a returned workbook refuses it as a whole, and is shown masked."""

from pathlib import Path

import pytest
from openpyxl.comments import Comment

from multicenter.identifiers.detect import Detector
from multicenter.queries.answers import read_answers
from multicenter.queries.firewall import Inbox
from multicenter.queries.layout import CLOSED, INSTRUCTIONS, QUERIES, RECORD
from multicenter.queries.words import RIGHT
from multicenter.yamlfile import read_yaml

DETECTOR = Detector(read_yaml(Path(__file__).parents[3] / "config" / "identifiers.yaml"))
FULL = {"answer": RIGHT.choice, "answered_by": "김철수", "answered_on": "2024-03-01"}
PLANTED = "홍길동"


def read(path, **decided):
    returned = read_answers(Inbox([path], decided=decided, detector=DETECTOR), ["AA"], "STUDY")
    return [(outcome, what) for *_, outcome, what in returned.log], returned


def put(sheet, cell, text=PLANTED):
    return lambda book: book[sheet].__setitem__(cell, text)


def comment(book):
    book[QUERIES]["N3"].comment = Comment("보호자 홍길동 통화", "PC")


def author(book):
    book.properties.lastModifiedBy = PLANTED


def sheet_name(book):
    book.create_sheet(PLANTED)


def hidden_sheet(book):
    book.create_sheet("list")["A1"] = PLANTED
    book["list"].sheet_state = "hidden"


SPOILED = {
    "an answer": put(QUERIES, "N3"),
    "a comment of the center": put(QUERIES, "O3", "보호자 홍길동 확인"),
    "a phone number beside the name": put(QUERIES, "P3", "Kim 010-1234-5678"),
    "a resident number as a patient": put(QUERIES, "F3", "800101-1234560"),
    "a cell far below": put(QUERIES, "S90"),
    "the closed queries": put(CLOSED, "I3"),
    "the hidden sheet": put(RECORD, "B9"),
    "the instructions": put(INSTRUCTIONS, "E9"),
    "a comment of a cell": comment,
    "the document's properties": author,
    "the name of a sheet": sheet_name,
    "a hidden sheet": hidden_sheet,
}


@pytest.mark.parametrize("case", SPOILED)
def test_an_identifier_refuses_the_workbook(write, row, answer, case):
    log, returned = read(answer(write(row(1)), {1: FULL}, SPOILED[case]))
    assert {outcome for outcome, _ in log} == {"refused"}
    assert all(what.startswith("it identifies persons: AA.xlsx, ") for _, what in log)
    assert not returned.answered and not returned.recorded
    everything = returned.table().to_csv()
    assert not [text for text in (PLANTED, "1234-5678", "1234560") if text in everything]


def test_who_answers_is_named(write, row, answer):
    closed = row(2, status="WAIVED", answer=RIGHT.english, answered_by="이영희", answered_on="2024-03-01")
    log, returned = read(answer(write(row(1), closed=[closed]), {1: FULL}))
    assert log == [("read", "answers: 1, of 2 queries")]
    assert returned.answered[0].shown["answered_by"] == "김철수"


def test_a_recorded_decision_of_the_center_holds_for_its_workbooks(write, row, answer):
    path = answer(write(row(1)), {1: FULL}, author)
    decision = {"kind": "name", "place": "properties", "reason": "the office's license", "decided_by": "x"}
    log, _ = read(path, AA=[decision])
    assert log == [("read", "answers: 1, of 1 queries")]
    assert read(path, BB=[decision])[0][0][0] == "refused"


def test_a_name_of_a_file_is_masked_even_if_it_comes_so_far(write, row, answer):
    path = answer(write(row(1)), {1: FULL}, name="AA_홍길동.xlsx")
    _, returned = read(path)
    assert {file for file, *_ in returned.log} == {"AA_홍*동.xlsx"} and PLANTED not in returned.table().to_csv()


def test_other_workbooks_go_on(write, row, answer):
    bad = answer(write(row(1)), {1: FULL}, author, name="AA_1.xlsx")
    good = answer(write(row(1)), {1: FULL}, name="AA_2.xlsx")
    returned = read_answers(Inbox([bad, good], detector=DETECTOR), ["AA"], "STUDY")
    assert [one.file for one in returned.answered] == ["AA_2.xlsx"]


def test_a_file_left_out_for_its_name_is_told(tmp_path):
    returned = read_answers(Inbox(unread=["AA_홍*동.xlsx"], detector=DETECTOR), ["AA"], "STUDY")
    what = "the name of the file identifies a person. Rename the file"
    assert returned.log == [("AA_홍*동.xlsx", "", "", "", "refused", what)]
