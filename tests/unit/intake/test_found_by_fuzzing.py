"""What mutated extracts once did to the readers."""

from __future__ import annotations

import io
import os
import signal
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from multicenter.errors import DataError
from multicenter.intake import guard, sheetxml
from multicenter.intake.guard import refuse_deadly
from multicenter.intake.read import read_table

CLONE = Path(__file__).resolve().parents[3]
EXTRACTS = CLONE / "resources" / "simulated" / "extracts"
CSV = {"format": "csv", "encoding": "utf-8"}


def test_a_reader_that_dies_is_an_error_of_the_file():
    with pytest.raises(DataError) as error:
        refuse_deadly("f.sav", lambda: os.kill(os.getpid(), signal.SIGSEGV), 1)
    assert str(error.value) == (
        "f.sav: the file is damaged or cut off (the reader dies of it (signal 11)). "
        "Ask the center to save and send the file again"
    )


def test_a_reader_without_an_end_is_an_error_of_the_file(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"\(no end after 0 s\)"):
        refuse_deadly("f.sav", lambda: time.sleep(60), 1)
    assert time.monotonic() - start < 10


def test_what_a_reader_raises_is_left_to_the_reading():
    def broken() -> None:
        raise ValueError("never seen")

    assert refuse_deadly("f.sav", broken, 1) is None
    assert refuse_deadly("f.sav", lambda: None, 1) is None


def test_bytes_of_a_sav_that_kill_its_reader():
    data = bytearray((EXTRACTS / "SSMH_myeloma.sav").read_bytes())
    data[205], data[532] = 224, 225
    with pytest.raises(DataError, match=r"^SSMH_myeloma\.sav: the file is damaged or cut off \("):
        read_table(bytes(data), "SSMH_myeloma.sav", {"format": "sav"})


def test_cells_under_no_header_are_told_with_their_row_and_column():
    with pytest.raises(DataError) as error:
        read_table(b"id,x,\n1,2,\n3,4,5\n", "f.csv", CSV)
    assert str(error.value) == (
        "f.csv, row 3, column no. 3: the column holds values but has no header. "
        "Name it, or move cells that slipped there back"
    )


def test_what_cannot_be_seen_is_no_part_of_a_header():
    table = read_table("id\u200b,\ufeffx\u00ad\n1,2\n".encode(), "f.csv", CSV)
    assert list(table.cells.columns) == ["id", "x"]


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\n \n", "\n\u3000\r\n\n"])
def test_what_may_follow_the_last_line(end):
    assert read_table(f"id,x\n1,2{end}".encode(), "f.csv", CSV).cells["x"].tolist() == ["2"]


def pages() -> list[bytes]:
    """Sheets as the shipped workbooks have them, and one with all that tells something."""
    found = []
    for path in sorted(EXTRACTS.glob("*.xlsx")):
        with zipfile.ZipFile(path) as archive:
            found += [archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name]
    book = openpyxl.Workbook()
    page = book.active
    page.append(["id", "=1+1", "#REF!", None, "a <b> & 'c'"])
    page.append(["=IF(A1>2,4,3)", 4, True])
    page.row_dimensions[2].hidden = True
    page.row_dimensions[3].height = 0
    page.column_dimensions["B"].hidden = True
    page.column_dimensions["D"].width = 0
    page.auto_filter.ref = "A1:C2"
    page.auto_filter.add_filter_column(0, ["x"])
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        found.append(archive.read("xl/worksheets/sheet1.xml"))
    return found


@pytest.mark.parametrize("page", pages())
def test_the_fast_scan_of_a_sheet_finds_what_the_whole_one_finds(page):
    fast, whole = sheetxml._scanned(page), sheetxml._parsed(page, sheetxml._Scan())
    assert fast.facts == whole.facts
    assert fast.zeros == whole.zeros
    assert sheetxml._telling(page) is None or len(sheetxml._telling(page)) < len(page)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<c r=", b"<c s='0' r="),
        (b'"', b"'"),
        (b"<c ", b"<c\n"),
        (b"</c>", b"</c >"),
        (b' r="', b' r = "'),
        (b"<row ", b"<row\t"),
    ],
)
def test_a_sheet_that_is_written_another_way_says_the_same(old, new):
    page = pages()[-1]
    told = sheetxml._parsed(page, sheetxml._Scan()).facts
    assert sheetxml._scanned(page.replace(old, new)).facts == told


def test_a_panic_prints_nothing_on_the_terminal(monkeypatch, capfd):
    import python_calamine

    class Panic(BaseException):
        pass

    def panic(_):
        os.write(2, b"thread panicked at cfb.rs")
        raise Panic("range end index 124 out of range")

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", type("Book", (), {"from_filelike": staticmethod(panic)}))
    with pytest.raises(DataError, match=r"\(Panic: range end index 124 out of range\)"):
        read_table((EXTRACTS / "DSMC_MM.xls").read_bytes(), "DSMC_MM.xls", {"format": "xls", "sheet": "MM"})
    assert capfd.readouterr().err == ""
