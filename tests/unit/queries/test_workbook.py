"""A workbook as a hospital opens it: what can be written where, what a cell may hold, what is printed."""

import re
import zipfile

import pytest
from openpyxl import load_workbook

from multicenter.queries.layout import CLOSED, HEADER_ROW, INSTRUCTIONS, QUERIES, QUERY_SHEET, RECORD
from multicenter.queries.words import RIGHT, WITHDRAWN, WORDS

AT = {column.field: i for i, column in enumerate(QUERY_SHEET, start=1)}
TYPED = {"answer", "comment", "answered_by", "answered_on"}


def parts(path):
    """The XML of every part of a workbook by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def test_sheets_headings_and_a_row(write, row):
    book = load_workbook(write(row(1), row(2, status="REOPENED")))
    assert book.sheetnames == [INSTRUCTIONS, QUERIES, CLOSED, RECORD]
    sheet = book[QUERIES]
    assert [sheet.cell(HEADER_ROW, i).value for i in (AT["query"], AT["answer"])] == [
        "Query\n질의 번호",
        "Answer\n답변",
    ]
    shown = {name: sheet.cell(HEADER_ROW + 1, at).value for name, at in AT.items()}
    assert (shown["query"], shown["rank"], shown["age_days"], shown["patient_id"]) == (
        row(1)["query"], 1, 12, "1",
    )  # fmt: skip
    assert (shown["value"], shown["cell"]) == ("high", "aa.xlsx!Data!M17")
    assert {shown[name] for name in TYPED} == {None}
    assert sheet.cell(HEADER_ROW + 2, AT["status"]).value == "REOPENED"


def test_only_answer_cells_are_unlocked(write, row):
    closed = [row(3, status="WAIVED", answer=RIGHT.english, answered_by="Kim"), row(4, status="RESOLVED")]
    book = load_workbook(write(row(1), row(2), closed=closed))
    assert all(sheet.protection.sheet for sheet in book.worksheets)
    assert book.security.lockStructure
    free = [
        (sheet.title, cell.coordinate)
        for sheet in book.worksheets
        for line in sheet.iter_rows()
        for cell in line
        if not cell.protection.locked
    ]
    wanted = [(QUERIES, book[QUERIES].cell(HEADER_ROW + n, AT[name]).coordinate) for n in (1, 2) for name in TYPED]
    # what closed a query stands where it can be withdrawn
    wanted += [(CLOSED, f"{letter}3") for letter in "HIJK"]
    assert [book[CLOSED][f"{letter}3"].value for letter in "HJ"] == [RIGHT.english, "Kim"]
    assert sorted(free) == sorted(wanted)
    # what a protected sheet still allows is "not locked"
    assert not book[QUERIES].protection.autoFilter and not book[QUERIES].protection.formatColumns


def test_the_drop_down_lists_the_answers(write, row):
    book = load_workbook(write(row(1), row(2)))
    rules = {rule.type: rule for rule in book[QUERIES].data_validations.dataValidation}
    assert set(rules) == {"list", "date"}
    assert str(rules["list"].sqref) == "N3:N4" and str(rules["date"].sqref) == "Q3:Q4"
    sheet, cells = rules["list"].formula1.split("!")
    chosen = [cell.value for (cell,) in book[sheet][cells.replace("$", "")]]
    assert chosen == [word.choice for word in WORDS]
    assert rules["list"].showErrorMessage
    (closed, _) = load_workbook(write(closed=[row(3)]))[CLOSED].data_validations.dataValidation
    assert (str(closed.sqref), closed.formula1) == ("H3", f'"{WITHDRAWN.choice}"')


def test_header_is_frozen_filtered_and_printed_on_every_page(write, row):
    sheet = load_workbook(write(row(1)))[QUERIES]
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref == "A2:Q3"
    assert sheet.print_title_rows == "$1:$2"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert all(sheet.column_dimensions[letter].width >= 6 for letter in "ABCDEFGHIJKLMNOPQ")
    assert sheet.cell(3, AT["question_ko"]).alignment.wrap_text


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://x","y")', "+82-10", "-a", "＝1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"],
)
def test_text_that_looks_like_a_formula_stays_text(write, row, text):
    path = write(row(1, value=text, patient_id=text, question_en=text), closed=[row(2, value=text)])
    xml = parts(path)
    assert not [name for name, part in xml.items() if "worksheets/" in name and re.search(r"<f[ >/]", part)]
    book = load_workbook(path)
    cell = book[QUERIES].cell(HEADER_ROW + 1, AT["value"])
    assert cell.data_type == "s" and cell.quotePrefix
    assert str(cell.value).strip() == text.strip()
    assert 'quotePrefix="1"' in xml["xl/styles.xml"]


def test_characters_that_a_workbook_cannot_hold(write, row):
    cell = load_workbook(write(row(1, value="a\x00b\x1fc")))[QUERIES].cell(HEADER_ROW + 1, AT["value"])
    assert cell.value == "a\ufffdb\ufffdc"


def test_simulated_data_say_so_on_every_sheet_and_page(write, row):
    book = load_workbook(write(row(1)))
    assert "SIMULATED DATA" in book[QUERIES]["A1"].value and "SIMULATED DATA" in book[CLOSED]["A1"].value
    assert any("SIMULATED DATA" in str(cell.value) for line in book[INSTRUCTIONS].iter_rows() for cell in line)
    assert all("SIMULATED DATA" in sheet.oddHeader.center.text for sheet in book.worksheets)
    assert "SIMULATED" not in "".join(parts(write(row(1), name="AA_real.xlsx", simulated=False)).values())


def test_a_center_without_queries_gets_a_workbook_that_says_so(write):
    book = load_workbook(write())
    assert book[QUERIES]["A3"].value.startswith("There is no open query.")
    assert any(str(cell.value).startswith("There is no open query.") for line in book[INSTRUCTIONS] for cell in line)
    assert not book[QUERIES].data_validations.dataValidation


def test_instructions_stand_in_both_languages(write, row):
    texts = [cell.value or "" for line in load_workbook(write(row(1)))[INSTRUCTIONS].iter_rows() for cell in line]
    for word in WORDS:
        assert word.choice in texts
    assert any("yellow cells" in text for text in texts) and any("노란색 셀" in text for text in texts)


def test_the_same_queries_give_the_same_bytes(write, row):
    first = write(row(1), row(2), closed=[row(3)]).read_bytes()
    assert write(row(1), row(2), closed=[row(3)]).read_bytes() == first


def test_no_more_than_a_person_can_answer_and_the_rest_is_told(write, row, monkeypatch):
    monkeypatch.setattr("multicenter.queries.workbook.TO_BE_ANSWERED", 2)
    book = load_workbook(write(*(row(n) for n in (1, 2, 3))))
    assert book[QUERIES].max_row == HEADER_ROW + 2
    texts = [cell.value for line in book[INSTRUCTIONS].iter_rows() for cell in line]
    assert "2 of 3 open queries are in this workbook: the most important ones. The others follow." in texts


def test_hospitals_see_no_hazard_ratio(write, row):
    text = "".join(parts(write(row(1, hazard_ratio=0.6004, impact=0.0211))).values())
    assert "0.6004" not in text and "0.0211" not in text
