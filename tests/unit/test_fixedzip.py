"""Office files: the same content gives the same bytes, whenever it was written."""

import zipfile

from openpyxl import Workbook, load_workbook

from multicenter.fixedzip import fix_zip


def workbook(path, created):
    book = Workbook()
    book.active["A1"] = "value"
    book.properties.created = created
    book.save(path)
    fix_zip(path)
    return path


def test_bytes_do_not_depend_on_when_it_was_written(tmp_path):
    from datetime import datetime

    first = workbook(tmp_path / "a.xlsx", datetime(2020, 1, 1))
    second = workbook(tmp_path / "b.xlsx", datetime(2024, 5, 6))
    assert first.read_bytes() == second.read_bytes()
    assert load_workbook(first).active["A1"].value == "value"


def test_order_and_times_are_fixed(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("z.xml", "a.xml", "[Content_Types].xml"):
            archive.writestr(name, name)
    fix_zip(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["[Content_Types].xml", "a.xml", "z.xml"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("z.xml") == b"z.xml"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]
