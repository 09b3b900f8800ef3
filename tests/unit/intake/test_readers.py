from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import xlsxwriter
import xlwt

from multicenter.errors import DataError
from multicenter.intake.read import read_sources, read_table
from multicenter.intake.table import CellError

DAY = datetime(2019, 3, 5)


def workbook(write, **options) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, options)
    write(book)
    book.close()
    return stream.getvalue()


def two_headers(book) -> None:
    sheet = book.add_worksheet("S")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.merge_range(0, 0, 0, 1, "Patient")
    sheet.write_row(0, 2, ["Date"])
    sheet.write_row(1, 0, ["ID", "Sex", "x"])
    sheet.write_row(2, 0, ["a", 1])
    sheet.write_datetime(2, 2, DAY, day)
    sheet.write(4, 0, "b")
    sheet.write_formula(4, 1, "=#REF!", None, "#REF!")
    sheet.write_boolean(4, 2, True)
    sheet.set_column(1, 1, 5, None, {"hidden": True})
    sheet.set_row(4, None, None, {"hidden": True})


def test_xlsx_cells_with_coordinates():
    table = read_table(workbook(two_headers), "f.xlsx", {"format": "xlsx", "header_rows": 2})
    assert list(table.cells.columns) == ["Patient / ID", "Patient / Sex", "Date / x"]
    assert table.refs == {"Patient / ID": "A", "Patient / Sex": "B", "Date / x": "C"}
    assert table.rows.tolist() == [3, 5]
    assert table.cells["Patient / Sex"].tolist() == [1.0, CellError("#REF!")]
    assert table.cells["Date / x"].tolist() == [DAY, "TRUE"]
    assert (table.facts["hidden_columns"], table.facts["hidden_rows"], table.facts["blank_rows"]) == (["B"], [5], 1)


def test_both_date_systems_of_xlsx_give_the_same_day():
    for options in ({}, {"date_1904": True}):
        table = read_table(workbook(two_headers, **options), "f.xlsx", {"format": "xlsx", "header_rows": 2})
        assert table.cells["Date / x"].iloc[0] == DAY
    assert table.facts["date_system"] == 1904


def test_openpyxl_workbook_with_an_inline_error():
    book = openpyxl.Workbook()
    book.active.append(["id", "x"])
    book.active.append(["1", "#DIV/0!"])
    stream = io.BytesIO()
    book.save(stream)
    table = read_table(stream.getvalue(), "f.xlsx", {"format": "xlsx"})
    assert str(table.cells["x"].iloc[0]) == "#DIV/0!"


def test_truncated_xlsx():
    data = workbook(two_headers)
    with pytest.raises(
        DataError, match=r"^f\.xlsx: the workbook cannot be opened \(.*\): it is truncated or no xlsx file\. Ask"
    ):
        read_table(data[: len(data) // 2], "f.xlsx", {"format": "xlsx"})


def test_missing_sheet():
    with pytest.raises(DataError, match=r"^f\.xlsx: the sheet 'T' is missing; the file has S\. Rename the sheet"):
        read_table(workbook(two_headers), "f.xlsx", {"format": "xlsx", "sheet": "T"})


def test_xls():
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for i, value in enumerate(["id", "n", "d"]):
        sheet.write(0, i, value)
    sheet.write(1, 0, "A")
    sheet.write(1, 1, 20190305)
    sheet.write(1, 2, DAY, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    stream = io.BytesIO()
    book.save(stream)
    table = read_table(stream.getvalue(), "f.xls", {"format": "xls"})
    assert table.cells.iloc[0].tolist() == ["A", 20190305.0, DAY]
    assert table.rows.tolist() == [2]


@pytest.mark.parametrize("rows", [1, 2000])
def test_error_cells_of_xls_are_not_blanks(rows):
    book = xlwt.Workbook()
    book.add_sheet("other").row(1).set_cell_error(0, "#N/A!")
    sheet = book.add_sheet("S")
    sheet.write(0, 0, "id")
    sheet.write(0, 1, "n")
    for i in range(1, rows + 1):
        sheet.write(i, 0, f"patient {i}")
        sheet.write(i, 1, i)
    sheet.write(rows + 1, 0, "last")
    sheet.row(rows + 1).set_cell_error(1, "#REF!")
    stream = io.BytesIO()
    book.save(stream)
    table = read_table(stream.getvalue(), "f.xls", {"format": "xls", "sheet": "S"})
    assert table.cells["n"].tolist() == [*map(float, range(1, rows + 1)), CellError("#REF!")]


def test_csv_lines_are_counted_as_a_person_sees_them():
    data = b'id;x\n1;"two\nlines"\n\n2;b\n'
    table = read_table(data, "f.csv", {"format": "csv", "encoding": "ascii", "separator": ";"})
    assert table.rows.tolist() == [2, 5]
    assert table.refs == {"id": "id", "x": "x"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16"])
def test_encodings_give_the_same_cells(encoding):
    data = "번호\t성별\n1\t남\n".encode(encoding)
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    table = read_table(data, "f.tsv", {"format": "tsv", "encoding": declared})
    assert table.cells.to_dict("list") == {"번호": ["1"], "성별": ["남"]}


def test_euc_kr_refuses_what_only_cp949_holds():
    with pytest.raises(DataError, match=r"^f\.csv, row 2: the bytes .* are not euc-kr"):
        read_table("id,x\n1,똠\n".encode("cp949"), "f.csv", {"format": "csv", "encoding": "euc-kr"})


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"ID": [1.0, 2.0, 3.0], "SEX": [1.0, 9.0, None], "T": ["a", "", "남"]})


def test_sav_keeps_user_missing_and_labels(tmp_path, frame):
    path = tmp_path / "f.sav"
    pyreadstat.write_sav(frame, path, missing_ranges={"SEX": [9]}, variable_value_labels={"SEX": {1: "여자"}})
    table = read_table(path.read_bytes(), "f.sav", {"format": "sav"})
    assert table.cells["SEX"].tolist() == [1.0, 9.0, None]
    assert table.cells["T"].tolist() == ["a", None, "남"]
    assert table.facts["declared_missing"] == {"SEX": [["9", "9"]]}
    assert table.facts["value_labels"] == {"SEX": {"1": "여자"}}
    assert table.rows.tolist() == [1, 2, 3]


def test_dta_keeps_extended_missings(tmp_path):
    path = tmp_path / "f.dta"
    frame = pd.DataFrame({"ID": [1.0, 2.0, 3.0], "X": [1.5, "a", None], "T": ["a", "b", ""]})
    pyreadstat.write_dta(frame, path, missing_user_values={"X": ["a"]})
    table = read_table(path.read_bytes(), "f.dta", {"format": "dta"})
    assert table.cells["X"].tolist() == [1.5, ".a", None]
    assert table.cells["T"].tolist() == ["a", "b", None]


def test_xpt(tmp_path, frame):
    path = tmp_path / "f.xpt"
    pyreadstat.write_xport(frame, path, file_format_version=5)
    table = read_table(path.read_bytes(), "f.xpt", {"format": "xpt"})
    assert table.cells["SEX"].tolist() == [1.0, 9.0, None]


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(DataError, match=r"^f\.sav: the file cannot be read as sav"):
        read_table(b"not a sav file at all", "f.sav", {"format": "sav"})


def test_receipt(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"id,x\n1,a\n")
    _, receipt = read_sources([path], {"main": {"format": "csv", "encoding": "utf-8"}})
    assert receipt["files"][0]["bytes"] == 9
    assert len(receipt["files"][0]["sha256"]) == 64
    assert receipt["sources"][0] | {"rows": 1, "columns": 2, "encoding": "utf-8"} == receipt["sources"][0]


def test_sas7bdat_as_sas_wrote_it():
    path = Path(__file__).parents[2] / "data" / "iris.sas7bdat"
    table = read_table(path.read_bytes(), path.name, {"format": "sas7bdat"})
    assert list(table.cells.columns) == ["Sepal_Length", "Sepal_Width", "Petal_Length", "Petal_Width", "Species"]
    assert len(table.cells) == 150
    assert table.cells.iloc[0].tolist() == [5.1, 3.5, 1.4, 0.2, "setosa"]
