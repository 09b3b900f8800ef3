"""Identifiers are found wherever a file can hold them, and what is shown of them is masked."""

import csv
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import xlwt
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

HEADER = ["ID", "sex", "note"]
ROWS = [[f"X-{i:03d}", "MF"[i % 2], "외래 추적중"] for i in range(1, 13)]
RRN, PHONE, EMAIL, RECORD, NAME = "800101-1234560", "010-1234-5678", "gdhong@example.com", "MRN 1234567", "홍길동"
PROJECT = Path(__file__).resolve().parents[3]
SHOWN = {
    RRN: ("resident_number", "80****-*******"),
    PHONE: ("phone", "010-****-****"),
    EMAIL: ("email", "g*****@*******.***"),
    RECORD: ("record_number", "*******"),
    NAME: ("name", "홍*동"),
    "Hong Gil-dong": ("name", "H*** ***-****"),
}
CSV = {"format": "csv", "encoding": "utf-8"}


def book(change=None, rows=ROWS, header=HEADER) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.properties.creator = "openpyxl"
    sheet = workbook.active
    sheet.title = "Data"
    for row in [header, *rows]:
        sheet.append(row)
    if change:
        change(workbook, sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def text(rows=ROWS, header=HEADER, encoding="utf-8", separator=",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows([header, *rows])
    return stream.getvalue().encode(encoding)


def seen(hits):
    return {(hit.kind, hit.place) for hit in hits}


def test_a_clean_file_of_every_format_has_no_hit(scan, tmp_path):
    frame = pd.DataFrame(ROWS, columns=HEADER)
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"))
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"))
    pyreadstat.write_xport(frame, str(tmp_path / "a.xpt"))
    assert scan(book(), "a.xlsx") == []
    assert scan(text(), "a.csv", encoding="utf-8") == []
    assert [scan(tmp_path / name, name) for name in ("a.sav", "a.dta", "a.xpt")] == [[], [], []]


@pytest.mark.parametrize("planted", SHOWN)
@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16"])
def test_a_cell_of_a_text_file(scan, planted, encoding):
    rows = [list(row) for row in ROWS]
    rows[4][2] = rows[7][2] = planted
    (hit,) = scan(text(rows, encoding=encoding), "a.csv", encoding=encoding)
    assert (hit.kind, hit.shown) == SHOWN[planted]
    assert (hit.where, hit.count, hit.row) == ("a.csv, column note", 2, 6)
    assert planted not in repr(hit)


@pytest.mark.parametrize("declared", ["utf-8", "latin-1", "johab", "no-such-encoding", None])
def test_a_wrongly_declared_encoding_hides_nothing(scan, declared):
    source = {"encoding": declared} if declared else {}
    assert ("name", "cells") in seen(scan(text([["1", "M", NAME]], encoding="cp949"), "a.csv", **source))


def test_bytes_of_no_encoding_hide_nothing(scan):
    data = text([["1", "M", NAME], ["2", "F", RRN]], encoding="cp949") + b"\xff\xff\x81\r\n"
    assert {"name", "resident_number"} <= {hit.kind for hit in scan(data, "a.csv", encoding="cp949")}


@pytest.mark.parametrize("planted", SHOWN)
def test_a_title_a_comment_line_and_a_header(scan, planted):
    data = text(header=["ID", "sex", planted])
    (hit,) = scan(data, "a.csv", encoding="utf-8")
    assert (hit.kind, hit.place, hit.row) == (SHOWN[planted][0], "headers", 1)
    assert planted not in hit.where
    title = f"# made by {planted}\r\n".encode() + text()
    (hit,) = scan(title, "a.csv", encoding="utf-8", first_row=2)
    assert (hit.kind, hit.place, hit.row) == (SHOWN[planted][0], "headers", 1)


def test_a_second_header_row(scan):
    data = book(rows=[["", NAME, ""], *ROWS])
    (hit,) = scan(data, "a.xlsx", sheet="Data", header_rows=2)
    assert (hit.place, hit.row, hit.where) == ("headers", 2, "a.xlsx, sheet Data, column B")


@pytest.mark.parametrize("planted", SHOWN)
def test_a_cell_of_a_workbook_in_every_hiding_place(scan, planted):
    def visible(workbook, sheet):
        sheet["C5"] = planted

    def row(workbook, sheet):
        sheet["C5"] = planted
        sheet.row_dimensions[5].hidden = True

    def column(workbook, sheet):
        sheet["Z40"] = planted
        sheet.column_dimensions["Z"].hidden = True

    def hidden(workbook, sheet):
        workbook.create_sheet("list")["B2"] = planted
        workbook["list"].sheet_state = "hidden"

    def very_hidden(workbook, sheet):
        workbook.create_sheet("list")["B2"] = planted
        workbook["list"].sheet_state = "veryHidden"

    for change in (visible, row, column, hidden, very_hidden):
        (hit,) = scan(book(change), "a.xlsx", sheet="Data", ignore_sheets={"list": "not needed"})
        assert (hit.kind, hit.shown) == SHOWN[planted], change
        assert (hit.place, hit.row) == ("cells", {visible: 5, row: 5, column: 40}.get(change, 2))


@pytest.mark.parametrize("planted", SHOWN)
def test_a_workbook_beside_its_cells(scan, planted):
    def comment(workbook, sheet):
        sheet["B5"].comment = Comment(f"확인: {planted}", "PC")

    def author(workbook, sheet):
        sheet["B5"].comment = Comment("확인", planted)

    def footer(workbook, sheet):
        sheet.oddFooter.center.text = planted

    def validation(workbook, sheet):
        rule = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1=f'"{planted},기타"')
        sheet.add_data_validation(rule)
        rule.add("B2")

    def formula(workbook, sheet):
        sheet["C5"] = f'=IF(A1="","{planted}","")'

    def defined(workbook, sheet):
        workbook.defined_names["list"] = DefinedName("list", attr_text=f'"{planted}"')

    def title(workbook, sheet):
        workbook.properties.title = planted

    def link(workbook, sheet):
        sheet["A2"].hyperlink = f"mailto:{planted}" if "@" in planted else f"file:///{planted}.xlsx"

    places = {comment: "comments", author: "comments", title: "properties"}
    for change in (comment, author, footer, validation, formula, defined, title, link):
        hits = scan(book(change), "a.xlsx", sheet="Data")
        assert (SHOWN[planted][0], places.get(change, "elsewhere")) in seen(hits), change
        assert planted not in repr(hits)


@pytest.mark.parametrize("person", ["홍길동", "Hong Gil-dong", "Kim YS", "John Smith", "이영"])
@pytest.mark.parametrize("key", ["creator", "lastModifiedBy"])
def test_a_person_in_the_documents_properties(scan, person, key):
    (hit,) = scan(book(lambda workbook, sheet: setattr(workbook.properties, key, person)), "a.xlsx", sheet="Data")
    assert (hit.kind, hit.place, hit.where) == ("name", "properties", "a.xlsx, the document's properties (core.xml)")


@pytest.mark.parametrize("user", ["openpyxl", "user", "Microsoft Office User", "SNUH_PC01", ""])
def test_a_plain_user_in_the_documents_properties_is_no_person(scan, user):
    assert scan(book(lambda workbook, sheet: setattr(workbook.properties, "creator", user)), "a.xlsx") == []


def test_a_comment_is_named_by_its_cell_and_sheet(scan):
    def comment(workbook, sheet):
        sheet["B5"].comment = Comment(f"보호자 {NAME}", "PC")

    assert "a.xlsx, sheet Data, the comment at B5" in {hit.where for hit in scan(book(comment), "a.xlsx")}


def test_a_sheets_name_and_a_files_name(scan):
    def name(workbook, sheet):
        sheet.title = f"{NAME} 명단"

    hits = scan(book(name), "20220101_김철수.xlsx")
    assert ("name", "sheet name") in seen(hits) and ("name", "file name") in seen(hits)
    assert not any(word in hit.where + hit.shown for hit in hits for word in (NAME, "김철수"))


def repacked(data: bytes, **parts: bytes) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", ".", 1), part)
    return stream.getvalue()


def test_the_last_net_catches_whatever_else_is_in_the_zip(scan):
    thread = (
        '<ThreadedComments><threadedComment ref="C7"><text>보호자 김철수</text></threadedComment></ThreadedComments>'
    )
    person = '<personList><person displayName="Hong Gildong" id="{0}"/></personList>'
    drawing = "<xdr><a:p><a:r><a:t>홍</a:t></a:r><a:r><a:t>길동</a:t></a:r></a:p></xdr>"
    pivot = f'<pivotCacheRecords><r><s v="{RRN}"/></r></pivotCacheRecords>'
    custom = f"<Properties><property><vt:lpwstr>{PHONE}</vt:lpwstr></property></Properties>"
    inner = book(lambda workbook, sheet: sheet.append([NAME]))
    for parts, place in [
        ({"xl__threadedComments__threadedComment1_xml": thread.encode()}, "comments"),
        ({"xl__persons__person_xml": person.encode()}, "comments"),
        ({"xl__drawings__drawing1_xml": drawing.encode()}, "elsewhere"),
        ({"xl__pivotCache__records1_xml": pivot.encode()}, "elsewhere"),
        ({"docProps__custom_xml": custom.encode()}, "properties"),
        ({"xl__printerSettings__printerSettings1_bin": NAME.encode("utf-16-le")}, "elsewhere"),
        ({"xl__embeddings__oleObject1_bin": f"..{EMAIL}..".encode()}, "elsewhere"),
        ({"xl__embeddings__book_xlsx": inner}, "elsewhere"),
    ]:
        hits = scan(repacked(book(), **parts), "a.xlsx")
        assert {hit.place for hit in hits} == {place}, parts


def test_an_orphan_of_the_shared_strings(scan):
    data = (PROJECT / "resources/simulated/extracts/DAUH_MM.xlsx").read_bytes()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/sharedStrings.xml":
                part = part.replace(b"</sst>", "<si><r><t>홍</t></r><r><t>길동</t></r></si></sst>".encode())
            new.writestr(name, part)
    (hit,) = scan(stream.getvalue(), "a.xlsx")
    assert (hit.kind, hit.where) == ("name", "a.xlsx, the part xl/sharedStrings.xml")


def test_a_damaged_workbook_is_searched_as_far_as_it_can_be_read(scan):
    stream = io.BytesIO()
    data = book(lambda workbook, sheet: sheet.append([NAME]))
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"" if name == "xl/workbook.xml" else old.read(name))
    assert {hit.where for hit in scan(stream.getvalue(), "a.xlsx")} == {"a.xlsx, the part xl/worksheets/sheet1.xml"}


@pytest.mark.parametrize("spoil", [lambda data: data[:-200], lambda data: data.replace(b"PK\x01\x02", b"PK\x01\x03")])
def test_a_workbook_without_its_directory(scan, spoil):
    data = spoil(book(lambda workbook, sheet: sheet.append([NAME, RRN])))
    assert {hit.kind for hit in scan(data, "a.xlsx")} == {"name", "resident_number"}


def old_book(change=None) -> bytes:
    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("Data")
    for at, row in enumerate([HEADER, *ROWS]):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    if change:
        change(workbook, sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("planted", SHOWN)
def test_an_old_workbook(scan, planted):
    def cell(workbook, sheet):
        sheet.write(20, 5, planted)

    def hidden(workbook, sheet):
        other = workbook.add_sheet("list")
        other.write(0, 1, planted)
        other.visibility = 1

    def footer(workbook, sheet):
        sheet.footer_str = planted.encode()

    assert scan(old_book(), "a.xls") == []
    for change in (cell, hidden, footer) if planted.isascii() else (cell, hidden):  # xlwt writes no other footers
        hits = scan(old_book(change), "a.xls")
        assert SHOWN[planted][0] in {hit.kind for hit in hits}, change
        assert planted not in repr(hits)


@pytest.mark.parametrize("person", ["홍길동", "John Smith"])
def test_who_saved_an_old_workbook(scan, person):
    data = old_book()
    at = data.index(b"\x5c\x00\x70\x00") + 4
    record = struct.pack("<HB", len(person), 1) + person.encode("utf-16-le")
    data = data[:at] + record + b" " * (112 - len(record)) + data[at + 112 :]
    assert ("name", "properties") in seen(scan(data, "a.xls"))


def summary_information(**properties: str) -> bytes:
    """A property set of texts, as [MS-OLEPS] 2.21 says: header, one section, its properties."""
    numbers = {"title": 2, "author": 4, "last_author": 8}
    table, values = b"", b""
    for name, value in properties.items():
        raw = value.encode("cp949") + b"\0"
        raw += b"\0" * (-len(raw) % 4)
        table += struct.pack("<II", numbers[name], 8 + 8 * len(properties) + len(values))
        values += struct.pack("<II", 0x1E, len(raw)) + raw
    section = struct.pack("<II", 8 + len(table) + len(values), len(properties)) + table + values
    return b"\xfe\xff\0\0" + b"\0" * 20 + struct.pack("<I", 1) + b"\0" * 16 + struct.pack("<I", 48) + section


def test_the_property_set_of_an_old_workbook(scan, monkeypatch):
    from multicenter.identifiers import workbook

    streams = {"\x05SummaryInformation": summary_information(title="골수종", author="홍길동", last_author="John Smith")}
    read = workbook.stream
    monkeypatch.setattr(workbook, "stream", lambda data, names: streams.get(names[0]) or read(data, names))
    hits = scan(old_book(), "a.xls")
    assert {hit.where: hit.shown for hit in hits} == {
        "a.xls, the document's property author": "홍*동",
        "a.xls, the document's property last author": "J*** *****",
    }


@pytest.mark.parametrize("planted", SHOWN)
@pytest.mark.parametrize("kind", ["sav", "dta", "xpt"])
def test_a_statistical_file(scan, tmp_path, planted, kind):
    write = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport}[kind]
    frame = pd.DataFrame(ROWS, columns=HEADER)
    spoiled = frame.copy()
    spoiled.loc[3, "note"] = planted
    codes = pd.DataFrame({"ID": ["1", "2"], "sex": [1.0, 2.0]})
    made = {
        "cells": lambda path: write(spoiled, path),
        "headers": lambda path: write(frame, path, column_labels=["", "", planted]),
        "properties": lambda path: write(frame, path, file_label=planted),
        "labels": lambda path: write(codes, path, variable_value_labels={"sex": {1: planted, 2: "F"}}),
    }
    if kind == "xpt":
        del made["labels"]
    for place, make in made.items():
        path = tmp_path / f"{place}.{kind}"
        make(str(path))
        hits = scan(path, path.name)
        assert (SHOWN[planted][0], place) in seen(hits), place
        assert planted not in repr(hits)


def test_notes_of_a_sav(scan, tmp_path):
    pyreadstat.write_sav(pd.DataFrame(ROWS, columns=HEADER), str(tmp_path / "a.sav"), note=f"입력자 {NAME}")
    assert ("name", "properties") in seen(scan(tmp_path / "a.sav", "a.sav"))


def test_numbers_in_cells_that_are_numbers(scan, tmp_path):
    frame = pd.DataFrame({"a": [8001011234560.0, 5.0], "b": [1.0, 2.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"))
    (hit,) = scan(tmp_path / "a.sav", "a.sav")
    assert (hit.kind, hit.shown, hit.row) == ("resident_number", "80***********", 1)
    data = book(lambda workbook, sheet: sheet.append(["X", "M", 8001011234560]))
    (hit,) = scan(data, "a.xlsx", sheet="Data")
    assert (hit.kind, hit.where, hit.row) == ("resident_number", "a.xlsx, sheet Data, column C (note)", 14)


def test_a_header_announces_what_does_not_speak_for_itself(scan):
    rows = [[f"{20000000 + i}", 1012345678, "Kim YS", "8001011"] for i in range(30)]
    header = ["등록번호", "휴대폰", "Patient Name", "주민번호"]
    hits = scan(book(rows=rows, header=header), "a.xlsx", sheet="Data")
    assert {(hit.kind, hit.column, hit.count) for hit in hits} == {
        ("record_number", "A", 30), ("phone", "B", 30), ("name", "C", 30), ("resident_number", "D", 30),
    }  # fmt: skip
    assert scan(book(rows=rows, header=["ID", "a", "b", "c"]), "a.xlsx", sheet="Data") == []


def test_numbers_that_lost_a_zero_count_if_they_are_most_of_a_column(scan):
    # 0505053123453 and its like: born in May 2005, the serial runs and the check digit with it
    lost = [505053123453, 505053133451, 505053143450, 505053153458, 505053163456]
    (hit,) = scan(book(rows=[[value] for value in [*lost, 7]], header=["code"]), "a.xlsx", sheet="Data")
    assert (hit.kind, hit.count) == ("resident_number", 5)
    assert scan(book(rows=[[value] for value in [*lost[:4], *range(9)]], header=["code"]), "a.xlsx") == []


def test_a_pseudonym_of_four_digits_under_a_record_numbers_header_passes(scan):
    assert scan(text([["0001", "M", "-"]], header=["등록번호", "성별", "비고"]), "a.csv", encoding="utf-8") == []
