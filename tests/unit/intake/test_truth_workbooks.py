"""What a workbook hides, and what its formulas and merged cells do not say. Item by item, both kinds of workbook."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
import xlwt

from multicenter.intake.read import read_table, row_ranges

DAY = datetime(2019, 3, 5)
HB = {"Hb": "hb"}
ROWS = [["id", "Hb"], ["p1", 10.5], ["p2", 11], ["p3", 9.5], ["p4", 12]]


def xlsx(fill, **options) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, options)
    fill(book)
    book.close()
    return stream.getvalue()


def xls(fill) -> bytes:
    stream = io.BytesIO()
    book = xlwt.Workbook()
    fill(book)
    book.save(stream)
    return stream.getvalue()


def filled(book, rows=ROWS, name="S"):
    """A sheet with rows, of either writer."""
    page = book.add_worksheet(name) if hasattr(book, "add_worksheet") else book.add_sheet(name)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            page.write(i, j, cell)
    return page


def with_part(data: bytes, part: str, change) -> bytes:
    """A workbook with one of its parts changed (None: left out)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            content = change(content) if name == part else content
            if content is not None:
                after.writestr(name, content)
    return out.getvalue()


def hide_in_xlsx(book) -> None:
    page = filled(book)
    page.set_row(2, None, None, {"hidden": True})
    page.set_row(4, 0)
    page.set_column(1, 1, None, None, {"hidden": True})


def hide_in_xls(book) -> None:
    page = filled(book)
    page.row(2).hidden = True
    page.row(4).hidden = True
    page.col(1).hidden = True


@pytest.fixture(params=["xlsx", "xls"])
def hidden(request) -> tuple[bytes, str]:
    """A workbook that hides rows 3 and 5 and column B."""
    data = xlsx(hide_in_xlsx) if request.param == "xlsx" else xls(hide_in_xls)
    return data, f"f.{request.param}"


def test_hidden_rows_are_read_and_asked_about_and_hidden_columns_are_named(harmonize, hidden):
    data, file = hidden
    done = harmonize(data, HB, file=file)
    assert done.tables["patient"]["hb"].tolist() == [10.5, 11, 9.5, 12]
    found = done.findings[["row", "patient_id", "kind", "outcome", "action", "message"]].to_numpy().tolist()
    message = "the sheet hides this row (or a filter does); it was read: does it belong to the delivery?"
    assert found == [[row, who, "hidden_row", "query", "kept", message] for row, who in ((3, "p2"), (5, "p4"))]
    told = done.receipt["sources"][0]
    assert (told["hidden_rows"], told["hidden_columns"]) == ("3, 5", ["B"])


@pytest.mark.parametrize(("decision", "ids"), [("read", ["p1", "p2", "p3", "p4"]), ("drop", ["p1", "p3"])])
def test_hidden_rows_by_decision(harmonize, hidden, decision, ids):
    data, file = hidden
    done = harmonize(data, HB, file=file, source={"hidden_rows": decision})
    assert done.tables["patient"]["patient_id"].tolist() == ids
    assert len(done.findings) == 0
    assert done.receipt["sources"][0]["hidden_rows"] == "3, 5"
    dropped = done.account[done.account["status"] == "dropped"][["header", "n", "reason"]].to_numpy().tolist()
    reason = "row dropped: hidden_row"
    assert dropped == ([["id", 2, reason], ["Hb", 2, reason]] if decision == "drop" else [])
    assert done.account.groupby("header")["n"].sum().to_dict() == {"Hb": 4, "id": 4}


def test_a_hidden_row_that_is_left_out_repeats_no_other(harmonize):
    def fill(book) -> None:
        filled(book, [["id", "Hb"], ["p1", 10.5], ["p1", 10.5]]).set_row(1, None, None, {"hidden": True})

    done = harmonize(xlsx(fill), HB, file="f.xlsx", source={"hidden_rows": "drop"})
    assert done.tables["patient"]["src_row"].tolist() == [3]


def test_a_decision_about_rows_of_a_text_file_is_a_mistake(study):
    from multicenter.harmonize.check import check_center

    source = {"format": "csv", "encoding": "utf-8", "id": "id", "hidden_rows": "read", "columns": {"Hb": "hb"}}
    assert check_center({"center": "XX", "sources": {"main": source}}, *study[:2]) == [
        "sources.main.hidden_rows: a csv hides no rows; leave it out."
    ]


def test_filtered_rows_are_hidden_rows(harmonize):
    def fill(book) -> None:
        page = filled(book)
        page.autofilter(0, 0, 4, 1)
        page.filter_column("B", "x < 11")
        for row in (2, 4):
            page.set_row(row, None, None, {"hidden": True})

    done = harmonize(xlsx(fill), HB, file="f.xlsx")
    assert done.findings["kind"].tolist() == ["hidden_row"] * 2
    assert (done.receipt["sources"][0]["filtered"], done.receipt["sources"][0]["hidden_rows"]) == (True, "3, 5")


def test_rows_are_told_as_ranges():
    assert row_ranges([3, 4, 5, 9, 11, 12]) == "3-5, 9, 11-12"


@pytest.mark.parametrize("state", ["hidden", "very hidden"])
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_hidden_sheets_are_named_and_never_skipped(harmonize, refused, kind, state):
    def fill(book) -> None:
        filled(book)
        page = filled(book, [["id", "x"], ["p1", 1], ["p2", 2]], "비밀")
        if kind == "xls":
            page.visibility = 1 if state == "hidden" else 2
        else:
            page.hide() if state == "hidden" else page.very_hidden()

    data, file = xlsx(fill) if kind == "xlsx" else xls(fill), f"f.{kind}"
    assert refused(data, HB, file=file, source={"sheet": "S"}) == (
        f"{file}: no source reads the sheet '비밀' ({state}, 3 rows). Add a source for it, or list it under "
        "'ignore_sheets' of a source of this file, with the reason"
    )
    done = harmonize(data, HB, file=file, source={"sheet": "S", "ignore_sheets": {"비밀": "old notes"}})
    told = done.receipt["sources"][0]
    assert (told["hidden_sheets"], told["ignored_sheets"]) == ({"비밀": state}, {"비밀": "old notes"})


def test_a_header_over_two_rows_that_is_declared_as_one_stops(refused):
    def fill(book) -> None:
        page = filled(book, [["id", "Labs", ""], ["", "Hb", "Alb"], ["p1", 10.5, 3.5]])
        page.merge_range(0, 1, 0, 2, "Labs")

    assert refused(xlsx(fill), {"Labs": "hb"}, file="f.xlsx") == (
        "f.xlsx, sheet S: the header 'Labs' is merged over B to C. "
        "If the columns' names stand below it, set header_rows in the center's file; else unmerge it"
    )


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_a_merged_header_over_two_rows(harmonize, kind):
    def fill(book) -> None:
        page = filled(book, [["id"], ["", "Hb", "Alb"], ["p1", 10.5, 3.5]])
        if kind == "xls":
            page.write_merge(0, 0, 1, 2, "Labs")
        else:
            page.merge_range(0, 1, 0, 2, "Labs")

    data = xlsx(fill) if kind == "xlsx" else xls(fill)
    columns = {"Labs / Hb": "hb", "Labs / Alb": "alb"}
    done = harmonize(data, columns, file=f"f.{kind}", source={"header_rows": 2})
    assert done.tables["patient"][["hb", "alb"]].to_numpy().tolist() == [[10.5, 3.5]]


def test_a_text_and_a_serial_among_date_cells(harmonize, refused):
    def fill(book) -> None:
        page = filled(book, [["id", "x"], ["p1"], ["p2"], ["p3", "2019.03.05"], ["p4", 43529]])
        for row in (1, 2):
            page.write_datetime(row, 1, DAY, book.add_format({"num_format": "yyyy-mm-dd"}))

    told = refused(xlsx(fill), {"x": "dx_date"}, file="f.xlsx")
    assert told == (
        "f.xlsx, sheet S, row 5, column B (x): the value '43529' (1 cell) is not mapped: a number in a date column; "
        "declare dates.system (excel1900: 2019-03-05). Add it to this column in config/centers/XX.yaml."
    )
    done = harmonize(xlsx(fill), {"x": "dx_date"}, file="f.xlsx", dates={"system": "excel1900"})
    assert done.tables["patient"]["dx_date"].tolist() == [pd.Timestamp(DAY)] * 4
    assert done.findings[["row", "kind"]].to_numpy().tolist() == [[4, "date_text"]]


def test_year_and_month_typed_into_a_number_cell(harmonize):
    def fill(book) -> None:
        filled(book, [["id", "x"], ["p1", 2019.03], ["p2", 2019.12], ["p3", 2019.1], ["p4", 2019], ["p5", 201903]])

    done = harmonize(xlsx(fill), {"x": "dx_date"}, file="f.xlsx")
    assert done.tables["patient"]["dx_date"].dropna().dt.date.tolist() == [
        date(2019, 3, 15), date(2019, 12, 15), date(2019, 3, 15),
    ]  # fmt: skip
    assert done.findings["kind"].tolist() == [
        "date_month_only", "date_month_only", "date_month_query", "date_year_only", "date_month_only",
    ]  # fmt: skip


def test_an_id_that_has_become_a_date(refused):
    def fill(book) -> None:
        page = filled(book, [["id", "Hb"], ["1-2", 10.5], ["", 11]])
        page.write_datetime(2, 0, datetime(2019, 1, 3), book.add_format({"num_format": "d-m"}))

    assert refused(xlsx(fill), HB, file="f.xlsx") == (
        "f.xlsx, sheet S, row 3, column id: the id '2019-01-03' is a date: a spreadsheet has changed it. "
        "Correct the id or remove the row; if such ids are right, declare their form as id.pattern."
    )


def test_ids_as_numbers_get_their_zeros_back_where_the_width_is_declared(harmonize):
    data = xlsx(lambda book: filled(book, [["id", "Hb"], [7, 10.5], ["0012", 11]]))
    done = harmonize(data, HB, file="f.xlsx", source={"id": {"column": "id", "pad": 4}})
    assert done.tables["patient"]["patient_id"].tolist() == ["0007", "0012"]


def formulas(book, values) -> None:
    page = filled(book, [["id", "Hb"], ["p1"], ["p2"], ["p3"]])
    for row, value in enumerate(values, start=1):
        page.write_formula(row, 1, "=C1+1", None, value)


def test_the_receipt_says_how_old_a_formulas_value_may_be(harmonize):
    data = xlsx(lambda book: formulas(book, [10.5, 11, "#DIV/0!"]))
    done = harmonize(data, HB, file="f.xlsx")
    assert done.findings[["row", "value", "kind"]].to_numpy().tolist() == [[4, "#DIV/0!", "formula_error"]]
    told = done.receipt["sources"][0]
    assert told["formulas"] == 3
    assert told["calculation"] == (
        "the workbook asks to be calculated when it is opened; no spreadsheet program has calculated it"
    )


def test_formulas_that_nothing_has_calculated_have_no_value(harmonize):
    """A writing library that does not calculate puts 0 for every formula."""
    done = harmonize(xlsx(lambda book: formulas(book, [0, 0, 0])), HB, file="f.xlsx")
    assert done.tables["patient"]["hb"].isna().all()
    assert done.findings["value"].tolist() == ["#NO VALUE: =C1+1"] * 3
    assert set(done.findings["kind"]) == {"formula_error"}


def test_formulas_of_an_old_workbook_that_nothing_has_calculated(harmonize):
    def fill(book) -> None:
        page = filled(book, [["id", "Hb"], ["p1"], ["p2", 11]])
        page.write(1, 1, xlwt.Formula("10+1"))

    done = harmonize(xls(fill), HB, file="f.xls")
    assert done.findings[["row", "column", "value"]].to_numpy().tolist() == [[2, "B", "#NO VALUE"]]


def test_a_sheet_that_a_spreadsheet_program_has_calculated_may_hold_zeros(harmonize):
    def calculated(part: bytes) -> bytes:
        return part.replace(b' fullCalcOnLoad="1"', b"")

    data = with_part(xlsx(lambda book: formulas(book, [0, 0, 0])), "xl/workbook.xml", calculated)
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/calcChain.xml", b"<calcChain/>")
    done = harmonize(out.getvalue(), {"Hb": "mprot_serum"}, file="f.xlsx")
    assert done.tables["patient"]["mprot_serum"].tolist() == [0, 0, 0]
    assert "calculation" not in done.receipt["sources"][0]


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        (b'calcCompleted="0"', "the workbook was saved before they were calculated"),
        (
            b'calcMode="manual" calcOnSave="0"',
            "the workbook calculates by hand alone, and not when it is saved",
        ),
    ],
)
def test_formulas_whose_values_are_old_stop(refused, setting, why):
    def settle(part: bytes) -> bytes:
        return re.sub(rb"<calcPr[^>]*>", b"<calcPr " + setting + b"/>", part)

    data = with_part(xlsx(lambda book: formulas(book, [10.5, 11, 12])), "xl/workbook.xml", settle)
    assert refused(data, HB, file="f.xlsx") == (
        f"f.xlsx, sheet S: the values of 3 formulas are old: {why}. "
        "Ask the center to open the workbook, let it calculate, and save it"
    )


def test_a_formula_that_was_saved_without_a_value(harmonize):
    book = openpyxl.Workbook()
    for row in (["id", "Hb"], ["p1", 10.5], ["p2", "=9+1"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    done = harmonize(stream.getvalue(), HB, file="f.xlsx")
    assert done.findings[["row", "value", "kind"]].to_numpy().tolist() == [[3, "#NO VALUE: =9+1", "formula_error"]]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_date_cells_of_the_1904_system(kind):
    def fill(book) -> None:
        if kind == "xls":
            book.dates_1904 = True
            filled(book, [["id", "x"], ["p1"]]).write(1, 1, DAY, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
        else:
            page = filled(book, [["id", "x"], ["p1"]])
            page.write_datetime(1, 1, DAY, book.add_format({"num_format": "yyyy-mm-dd"}))

    data = xls(fill) if kind == "xls" else xlsx(fill, date_1904=True)
    table = read_table(data, f"f.{kind}", {"format": kind})
    assert (table.cells["x"].tolist(), table.facts["date_system"]) == ([DAY], 1904)
