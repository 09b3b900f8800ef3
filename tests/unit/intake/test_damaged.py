"""Files that are cut off or damaged stop with one line that says so; nothing vanishes silently."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from multicenter.errors import DataError
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.scan import scan_files
from multicenter.intake.read import read_sources, read_table
from multicenter.yamlfile import read_yaml

CLONE = Path(__file__).resolve().parents[3]
EXTRACTS = CLONE / "resources" / "simulated" / "extracts"
NCC = {"format": "xpt", "encoding": "euc-kr"}
AGAIN = "Ask the center to send it again"


def message(data: bytes, file: str, source: dict) -> str:
    with pytest.raises(DataError) as error:
        read_table(data, file, source)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("share", "why"),
    [
        (0.50, "its row 14 is not complete"),
        (0.90, "its 43344 bytes are not whole records of 80"),
        (0.99, "its 47678 bytes are not whole records of 80"),
    ],
)
def test_a_transport_file_that_is_cut_off(share, why):
    data = (EXTRACTS / "NCC_maint.xpt").read_bytes()
    told = message(data[: int(len(data) * share)], "NCC_maint.xpt", NCC)
    assert told == f"NCC_maint.xpt: the file is cut off: {why}. {AGAIN}"


@pytest.mark.parametrize("wide", [1, 30])
@pytest.mark.parametrize("version", [5, 8])
def test_a_transport_file_of_any_version_and_width_is_whole_or_refused(tmp_path, version, wide):
    path, n = tmp_path / "f.xpt", 13
    frame = pd.DataFrame({"ID": [f"p{i}" for i in range(n)], **{f"V{j}": [float(j + 1)] * n for j in range(wide)}})
    pyreadstat.write_xport(frame, path, file_format_version=version)
    data = path.read_bytes()
    assert len(read_table(data, "f.xpt", {"format": "xpt"}).cells) == n
    for size in range(80, len(data) - 80, 80):
        told = message(data[:size], "f.xpt", {"format": "xpt"})
        assert "cut off" in told or "holds no data rows" in told


def test_a_transport_file_that_tells_its_rows(tmp_path):
    path = tmp_path / "f.xpt"
    pyreadstat.write_xport(pd.DataFrame({"ID": ["x" * 80] * 4}), path, file_format_version=8)
    data = path.read_bytes()
    at = data.index(b"OBSV8   ") - 20
    data = data[: at + 48] + b"4".rjust(15) + data[at + 63 :]
    assert len(read_table(data, "f.xpt", {"format": "xpt"}).cells) == 4
    assert (
        message(data[:-80], "f.xpt", {"format": "xpt"}) == f"f.xpt: the file is cut off: it holds 3 of 4 rows. {AGAIN}"
    )


def test_a_transport_file_with_two_data_sets(tmp_path):
    path = tmp_path / "f.xpt"
    pyreadstat.write_xport(pd.DataFrame({"ID": [1.0]}), path, file_format_version=5)
    data = path.read_bytes()
    assert message(data + data[240:], "f.xpt", {"format": "xpt"}) == (
        "f.xpt: it holds 2 data sets, and only one can be read. Ask the center for one file a data set"
    )


def test_a_stata_file_that_is_cut_off_in_its_labels():
    data = (EXTRACTS / "SNUBH_cohort.dta").read_bytes()
    told = message(data[: int(len(data) * 0.99)], "SNUBH_cohort.dta", {"format": "dta"})
    assert told == f"SNUBH_cohort.dta: the file is cut off: its end mark is missing. {AGAIN}"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("path", [EXTRACTS / "SSMH_myeloma.sav", CLONE / "tests" / "data" / "iris.sas7bdat"])
def test_other_statistical_files_that_are_cut_off(path, share):
    data, kind = path.read_bytes(), path.suffix[1:]
    told = message(data[: int(len(data) * share)], path.name, {"format": kind})
    assert told.startswith(f"{path.name}: the file cannot be read as {kind} (")
    assert f"): it is cut off, damaged or no {kind} file. Ask the center to export the file again" in told


def test_fewer_rows_than_the_header_tells(monkeypatch, tmp_path):
    path = tmp_path / "f.sav"
    pyreadstat.write_sav(pd.DataFrame({"ID": [1.0, 2.0, 3.0]}), path)
    whole = pyreadstat.read_sav

    def short(*args, **kwargs):
        frame, meta = whole(*args, **kwargs)
        return frame.iloc[:2], meta

    monkeypatch.setattr(pyreadstat, "read_sav", short)
    told = message(path.read_bytes(), "f.sav", {"format": "sav"})
    assert told == f"f.sav: the file is cut off: it holds 2 of 3 rows. {AGAIN}"


@pytest.mark.parametrize("size", [5000, 15000, 21000, 21795])
def test_an_old_workbook_that_is_cut_off(size):
    data = (EXTRACTS / "DSMC_MM.xls").read_bytes()
    told = message(data[:size], "DSMC_MM.xls", {"format": "xls", "sheet": "MM"})
    assert told.startswith("DSMC_MM.xls: the file is damaged or cut off (")
    assert told.endswith("). Ask the center to save and send the file again")


def test_a_panic_of_the_reading_library_is_one_line(monkeypatch):
    from multicenter.intake import biff

    class Panic(BaseException):
        pass

    def panic(data):
        raise Panic("range end index 9 out of range\nfor slice of length 3")

    monkeypatch.setattr(biff, "refuse_incomplete", panic)
    assert message(b"x", "f.xls", {"format": "xls"}) == (
        "f.xls: the file is damaged or cut off (Panic: range end index 9 out of range). "
        "Ask the center to save and send the file again"
    )


def test_bytes_of_a_sheet_that_are_no_text():
    book = openpyxl.Workbook()
    book.active.append(["id", "x"])
    book.active.append(["1", "QQQQ"])
    stream = io.BytesIO()
    book.save(stream)
    broken = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            page = old.read(name)
            new.writestr(name, page.replace(b'<c r="B2"', b'<c \xff="B2"') if "sheet1" in name else page)
    told = message(broken.getvalue(), "f.xlsx", {"format": "xlsx"})
    assert told.startswith("f.xlsx")
    assert told.endswith("Ask the center to save and send the file again")


def test_a_workbook_with_a_password():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    told = message(data, "f.xlsx", {"format": "xlsx"})
    assert told == "f.xlsx: the workbook is locked with a password. Ask the center to save it without one"


CSV = {"format": "csv", "encoding": "utf-8"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"id,x,y\n1,2,3\n4,5",
            f"f.csv, row 3: the file is cut off: its last line has 2 of 3 cells and no line end. {AGAIN}",
        ),
        ("id,x\n1,남".encode()[:-1], f"f.csv, row 2: the file is cut off in the middle of a character. {AGAIN}"),
        (
            b"id,x\n1,2,3\n4\n5,6\n7,8,9,0\n",
            "f.csv: 3 lines do not have the header's 2 cells: row 2 has 3, row 3 has 1, row 5 has 4. "
            "Quote the text that holds the separator, or declare 'ragged' with the free-text column",
        ),
        (
            b"sep=;\nid;x\n1;2\n",
            "f.csv, row 1: the line 'sep=;' is a note to Excel and not the header. "
            "Set first_row: 2 and separator: ';' in the center's file",
        ),
        (
            b"Registry 2022\nid,x,y\n1,2,3\n",
            "f.csv, row 1: the line 'Registry 2022' is one cell and the next line has 3: a title, not the header. "
            "Set first_row to the line of the header in the center's file",
        ),
        (
            b"Registry 2022,,\nid,x,y\n1,2,3\n",
            "f.csv, row 1: the line 'Registry 2022' is one cell and the next line has 3: a title, not the header. "
            "Set first_row to the line of the header in the center's file",
        ),
        (
            b"id;x;y\n1;2,5;3\n",
            "f.csv, row 1: the header is one cell, with 2 times ';' in it. Set separator: ';' in the center's file",
        ),
    ],
)
def test_lines_that_are_not_what_they_should_be(data, expected):
    assert message(data, "f.csv", CSV) == expected


def test_many_uneven_lines_are_counted():
    told = message(b"id,x\n" + b"1,2,3\n" * 25, "f.csv", CSV)
    assert "25 lines do not have the header's 2 cells: row 2 has 3, " in told
    assert "row 21 has 3 and 5 more. Quote" in told


def test_a_last_line_without_an_end_is_read_and_noted():
    table = read_table(b"id,x\n1,2", "f.csv", CSV)
    assert table.cells["x"].tolist() == ["2"]
    assert table.facts["open_end"] is True


def test_an_encoding_that_does_not_exist():
    told = message(b"id,x\n1,2\n", "f.csv", {"format": "csv", "encoding": "utf9"})
    assert told == "f.csv: there is no encoding 'utf9'. Correct it in the center's file"


def test_a_missing_file_is_not_called_damaged(tmp_path):
    detector = Detector(read_yaml(CLONE / "config" / "identifiers.yaml"))
    for look in (lambda files: read_sources(files, {}), lambda files: scan_files(files, [], detector)):
        with pytest.raises(DataError) as error:
            look([tmp_path / "SMC.xlsx"])
        assert str(error.value) == "SMC.xlsx: the file is missing. Put it where config.yaml says extracts lie"
        with pytest.raises(DataError) as error:
            look([tmp_path])
        assert str(error.value) == f"{tmp_path.name}: the file cannot be opened (Is a directory). Mend that first"
