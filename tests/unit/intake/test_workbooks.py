"""Cells and sheets of a workbook that would get lost: formulas without values, merged cells, sheets nobody reads."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt

from multicenter.errors import DataError
from multicenter.intake.read import read_sources, read_table
from multicenter.intake.table import CellError

XLSX = {"format": "xlsx"}


def saved(fill, title: str = "S") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rows(book, *lines) -> None:
    for line in lines:
        book.active.append(line)


def rewritten(stream: io.BytesIO, old: bytes, new: bytes) -> bytes:
    """A workbook with its sheet's XML changed (Excel marks an empty text as text, the writer here does not)."""
    changed = io.BytesIO()
    with zipfile.ZipFile(stream) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            page = before.read(name)
            assert "sheet1.xml" not in name or old in page
            after.writestr(name, page.replace(old, new))
    return changed.getvalue()


def test_a_formula_without_a_value_is_an_error_and_no_blank():
    data = saved(lambda book: rows(book, ["id", "x"], ["1", "=9+1"], ["2", 5], ["3", "=A1&" + '"' + "y" * 99 + '"']))
    cells = read_table(data, "f.xlsx", XLSX).cells["x"].tolist()
    assert cells == [CellError("#NO VALUE: =9+1"), 5, CellError('#NO VALUE: =A1&"' + "y" * 56 + "…")]


def test_formulas_beyond_the_last_filled_cell_are_seen():
    data = saved(lambda book: rows(book, ["id", "x"], ["1", 2], [None, None], [None, "=1"]))
    table = read_table(data, "f.xlsx", XLSX)
    assert table.cells["x"].tolist() == [2, CellError("#NO VALUE: =1")]
    assert table.rows.tolist() == [2, 4]


def test_formulas_with_a_value_are_their_value():
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("S")
    sheet.write_row(0, 0, ["id", "n", "t", "e", "r"])
    sheet.write(1, 0, "a")
    sheet.write_formula(1, 1, "=9+1", None, 10)
    sheet.write_formula(1, 2, '=IF(1,"","x")', None, "")
    sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
    sheet.write_formula(1, 4, '="x"', None, "x")
    book.close()
    table = read_table(rewritten(stream, b'<c r="C2">', b'<c r="C2" t="str">'), "f.xlsx", XLSX)
    assert table.cells.iloc[0].tolist() == ["a", 10, None, CellError("#DIV/0!"), "x"]


def merge(*ranges: str):
    def fill(book) -> None:
        rows(book, ["id", "x", "y"], ["1", "a", "c"], ["2", "b", "d"], ["3", "e", "f"], ["4", None, None])
        for where in ranges:
            book.active.merge_cells(where)

    return fill


@pytest.mark.parametrize("ranges", [["B2:B4"], ["B3:C3"], ["A2:A3", "B2:B3"], ["B1:B2"]])
def test_merged_cells_in_the_data_stop(ranges):
    with pytest.raises(DataError) as error:
        read_table(saved(merge(*ranges)), "f.xlsx", XLSX)
    assert str(error.value) == (
        f"f.xlsx, sheet S: merged cells {', '.join(ranges)} reach into the data: only the first cell holds the value. "
        "Unmerge them and fill in the value of every cell"
    )


def test_merged_blanks_and_merged_cells_above_the_header_do_not_matter():
    assert len(read_table(saved(merge("B5:C5")), "f.xlsx", XLSX).cells) == 4

    def titled(book) -> None:
        rows(book, ["Title", None], [None, None], ["id", "x"], ["1", 2])
        book.active.merge_cells("A1:B2")

    assert read_table(saved(titled), "f.xlsx", {**XLSX, "first_row": 3}).cells["x"].tolist() == [2]


def test_merged_cells_of_an_old_workbook_stop():
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    sheet.write(0, 0, "id")
    sheet.write(0, 1, "x")
    sheet.write_merge(1, 3, 0, 0, "a")
    sheet.write(1, 1, 3)
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(DataError, match=r"^f\.xls, sheet S: merged cells A2:A4 reach into the data"):
        read_table(stream.getvalue(), "f.xls", {"format": "xls"})


@pytest.fixture
def several(tmp_path: Path) -> Path:
    def fill(book) -> None:
        rows(book, ["id", "x"], ["1", 2])
        book.create_sheet("Visits").append(["id", "day"])
        book["Visits"].append(["1", 3])
        book.create_sheet("Legend").append(["x: something"])
        book.create_sheet("Sheet4")

    path = tmp_path / "f.xlsx"
    path.write_bytes(saved(fill))
    return path


def test_a_sheet_that_no_source_reads_stops(several):
    with pytest.raises(DataError) as error:
        read_sources([several], {"main": {**XLSX, "sheet": "S"}})
    assert str(error.value) == (
        "f.xlsx: no source reads the sheets 'Visits' (2 rows), 'Legend' (1 row). Add a source for it, "
        "or list it under 'ignore_sheets' of a source of this file, with the reason"
    )


def test_a_sheet_that_is_ignored_on_purpose_is_in_the_receipt(several):
    sources = {
        "main": {**XLSX, "sheet": "S", "ignore_sheets": {"Legend": "explains x"}},
        "visits": {**XLSX, "sheet": "Visits"},
    }
    tables, receipt = read_sources([several], sources)
    assert list(tables) == ["main", "visits"]
    assert receipt["sources"][0]["ignored_sheets"] == {"Legend": "explains x"}
    assert "ignored_sheets" not in receipt["sources"][1]


@pytest.fixture
def delivered(tmp_path: Path) -> list[Path]:
    names = ["A_labs.csv", "A_patients.csv"]
    for name in names:
        (tmp_path / name).write_bytes(b"id,x\n1,2\n")
    return [tmp_path / name for name in names]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (
            {"main": {"file": "*_patients.csv"}},
            "A_labs.csv: no source of the center's file reads this file. "
            "Add a source with this 'file', or take the file out of the center's extracts",
        ),
        (
            {"main": {"file": "A_patient.csv"}, "labs": {"file": "*_labs.csv"}},
            "sources.main.file: no file of the delivery fits 'A_patient.csv' (delivered: A_labs.csv, A_patients.csv). "
            "Correct 'file' or ask the center for the file. Did you mean 'A_patients.csv'?",
        ),
        (
            {"main": {"file": "A_*"}},
            "sources.main.file: 2 files of the delivery fit 'A_*' (A_labs.csv, A_patients.csv). "
            "Write it so that exactly one file fits",
        ),
        (
            {"main": {}},
            "sources.main: the delivery has 2 files (A_labs.csv, A_patients.csv), and this source does not say which "
            "one it reads. Name it with 'file' in the center's file",
        ),
    ],
)
def test_every_file_has_its_source_and_every_source_its_file(delivered, sources, expected):
    whole = {name: {"format": "csv", "encoding": "utf-8", **source} for name, source in sources.items()}
    with pytest.raises(DataError) as error:
        read_sources(delivered, whole)
    assert str(error.value) == expected


def test_a_file_name_is_the_same_however_its_syllables_are_composed(tmp_path):
    from unicodedata import normalize

    path = tmp_path / normalize("NFD", "환자.csv")
    path.write_bytes(b"id,x\n1,2\n")
    tables, _ = read_sources([path], {"main": {"format": "csv", "encoding": "utf-8", "file": "환자.csv"}})
    assert len(tables["main"].rows) == 1
