"""Below a header that announces identifiers nothing passes but missing codes, study ids and the patients' id itself."""

import io

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from multicenter.errors import DeliveryError
from multicenter.identifiers.quarantine import quarantine

UTF8 = {"encoding": "utf-8"}


def table(header: str, *values: object) -> bytes:
    rows = [f"X-{i},{value}" for i, value in enumerate(values, start=1)]
    return "\n".join([f"ID,{header}", *rows, ""]).encode()


@pytest.mark.parametrize(
    ("header", "value", "kind"),
    [
        ("성명", "KCS", "name"), ("이름", "김00", "name"), ("환자명", "홍**", "name"), ("Name", "J. S.", "name"),
        ("Patient Name", "ab12cd", "name"), ("주민번호", "80년 1월", "resident_number"),
        ("주민등록번호", "800101", "resident_number"), ("RRN", "A1", "resident_number"),
        ("차트번호", "12-3456/7", "record_number"), ("MRN", "ABCDEFGH", "record_number"),
        ("병원등록번호", "2019/12345", "record_number"), ("연락처", "딸에게", "phone"), ("전화번호", "5678", "phone"),
        ("phone", "1234-56", "phone"), ("E-mail", "gdhong at example", "email"), ("주소", "강남", "address"),
        ("성 명", "KCS", "name"),
        ("Last Name", "Kim", "name"), ("surname", "Hong", "name"),
        ("연락처 1", "x5678", "phone"), ("이름(영문)", "C.S.K", "name"),
    ],
)  # fmt: skip
def test_any_value_is_a_hit(scan, header, value, kind):
    (hit,) = scan(table(header, "", value, "-"), "a.csv", **UTF8)
    assert (hit.kind, hit.place, hit.count, hit.row) == (kind, "cells", 1, 3)
    assert value not in repr(hit) or len(value) < 3


@pytest.mark.parametrize("header", ["성명", "주민등록번호", "MRN", "전화번호", "e-mail", "주소"])
def test_missing_codes_are_none(scan, header):
    assert (
        scan(table(header, "", "-", ".", "NA", "없음", "미상", "9999", "N/A", "***", "비공개"), "a.csv", **UTF8) == []
    )


@pytest.mark.parametrize("header", ["성명", "이름", "MRN", "차트번호"])
def test_a_studys_own_ids_are_none(scan, header):
    assert scan(table(header, "KUA-001", "S001", "0012", "SMC_17", "x44822"), "a.csv", **UTF8) == []


def test_the_column_of_the_patients_ids_holds_what_it_held(scan):
    data = b"MRN,sex\nABCDEFGH,M\nIJKLMNOP,F\n"
    assert [hit.column for hit in scan(data, "a.csv", **UTF8)] == ["MRN"]
    assert scan(data, "a.csv", id="MRN", **UTF8) == []
    assert scan(data, "a.csv", id={"column": "MRN"}, **UTF8) == []
    record_numbers = b"MRN,sex\n12345678,M\n23456789,F\n"
    assert [hit.count for hit in scan(record_numbers, "a.csv", id="MRN", **UTF8)] == [2]


@pytest.mark.parametrize("header", ["PID", "PatientID", "Reg No"])
def test_a_header_that_studies_use_too_announces_record_numbers_unless_it_is_declared_as_the_patients_id(scan, header):
    data = f"{header},sex\n12345678,M\n23456789,F\n".encode()
    assert [(hit.kind, hit.count) for hit in scan(data, "a.csv", **UTF8)] == [("record_number", 2)]
    assert scan(data, "a.csv", id=header, **UTF8) == []


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("보호자", "아들 아버지 어머니 손자 남편 부인 사위 조카 동생 간병인 지인 모친 부친"),
        ("주치의", "전공의 전임의 전문의"), ("name", "VRd VTD"),
        ("연락처", "2019-03-05 20190305 2019.3.5"),
    ],
)  # fmt: skip
def test_what_else_stands_below_such_a_header(scan, header, values):
    assert scan(table(header, *values.split()), "a.csv", **UTF8) == []


def test_a_way_of_contact_is_no_header(scan):
    ways = ["phone", "visit", "letter", "phone", "visit"]
    assert scan(table("how", *ways), "a.csv", **UTF8) == []


def book(*rows: list) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.properties.creator = "openpyxl"
    for row in rows:
        workbook.active.append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def test_what_stands_above_the_header_is_not_below_it(scan):
    rows = [["list", "of May"], [], ["ID", "성명"], ["1", "KJH"]]
    (hit,) = scan(book(*rows), "a.xlsx")
    assert (hit.where, hit.count, hit.row, hit.shown) == ("a.xlsx, sheet Sheet, column B (of May)", 1, 4, "K**")
    assert scan(book(*rows[:3], ["1", None]), "a.xlsx") == []


def test_an_id_below_two_rows_of_headers(scan):
    data = book(["Patient", None], ["MRN", "Sex"], ["ABCDEFGH", "M"])
    assert scan(data, "a.xlsx", header_rows=2, id="Patient / MRN") == []
    assert len(scan(data, "a.xlsx", header_rows=2, id="Patient / Sex")) == 1


def test_numbers_and_dates_count_too(scan):
    (hit,) = scan(book(["ID", "연락처"], ["1", 5678], ["2", 99]), "a.xlsx", sheet="Sheet")
    assert (hit.kind, hit.count, hit.shown) == ("phone", 1, "567*")


def test_a_label_of_a_statistical_file(scan, tmp_path):
    frame = pd.DataFrame({"id": ["1", "2"], "v1": ["KCS", ""]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), column_labels=["", "환자명"])
    (hit,) = scan(tmp_path / "a.sav", "a.sav")
    assert (hit.kind, hit.column, hit.row) == ("name", "v1", 1)


def test_the_message(tmp_path, detector):
    path = tmp_path / "XX.csv"
    path.write_bytes(table("성명", "KCS", "LYH"))
    with pytest.raises(DeliveryError) as stop:
        quarantine("XX", [path], {"sources": {"main": {"format": "csv", "encoding": "utf-8"}}}, detector)
    assert str(stop.value).splitlines()[1] == (
        "XX.csv, column 성명: 2 cells with a person's name, first at row 2: K**. Have the hospital send it again "
        "without, or if it is none, say so under not_identifiers in config/centers/XX.yaml"
    )


def test_the_error_of_a_formula_is_no_header(scan):
    assert scan(table("ISS", "I", "#NAME?", "III", "II"), "a.csv", **UTF8) == []
