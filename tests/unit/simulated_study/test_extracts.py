"""The shipped extracts are what their hospitals' dialects say, read back without the project's own intake."""

import codecs
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import python_calamine

from kmm.dialects.sheets import Column, Sheet
from kmm.dialects.statfiles import write_dta

STUDY = Path(__file__).parents[3] / "resources" / "simulated"
EXTRACTS = STUDY / "extracts"


def data(name: str) -> bytes:
    return (EXTRACTS / name).read_bytes()


def lines(name: str, encoding: str) -> list[str]:
    return data(name).decode(encoding).splitlines()


def page(name: str, sheet: str) -> list[list[object]]:
    return python_calamine.CalamineWorkbook.from_path(EXTRACTS / name).get_sheet_by_name(sheet).to_python()


@pytest.mark.parametrize(
    "name, encoding",
    [
        ("CNUHH_myeloma.csv", "cp949"),
        ("JBUH_data.csv", "cp949"),
        ("WKUH_list.csv", "cp949"),
        ("HPH_mm.csv", "cp949"),
        ("CNUH_MM.txt", "euc-kr"),
    ],
)
def test_korean_code_pages_are_not_utf8(name, encoding):
    assert any("\uac00" <= letter <= "\ud7a3" for letter in data(name).decode(encoding))
    with pytest.raises(UnicodeDecodeError):
        data(name).decode("utf-8")


def test_utf8_with_and_without_a_mark():
    for name in ("SNUH_patients.csv", "SNUH_response.csv", "SNUH_visits.csv"):
        assert data(name).startswith(codecs.BOM_UTF8)
    assert "Ⅲ" in data("SNUH_patients.csv").decode("utf-8-sig")
    assert not data("KUGH_maintenance.csv").startswith(codecs.BOM_UTF8)


def test_separators_and_the_unquoted_comma():
    assert lines("JBUH_data.csv", "cp949")[0].count(";") > 50
    assert lines("CNUH_MM.txt", "euc-kr")[0].count("\t") > 50
    head, *body = lines("HPH_mm.csv", "cp949")
    assert any(line.split('"')[0].count(",") > head.count(",") for line in body)


def test_smc_has_three_sheets_a_merged_header_and_a_hidden_column():
    book = openpyxl.load_workbook(EXTRACTS / "SMC_KMM_VTD.xlsx")
    assert book.sheetnames == ["Baseline", "2nd ASCT", "Response"]
    sheet = book["Baseline"]
    assert {str(block) for block in sheet.merged_cells.ranges} >= {"A1:E1", "F1:L1"}
    assert sheet["D2"].value == "Chart_key" and sheet.column_dimensions["D"].hidden
    assert {type(cell.value).__name__ for cell in sheet["G"][2:]} == {"datetime"}
    assert any(isinstance(cell.value, str) for cell in sheet["AK"][2:])


def test_sav_is_in_code_page_949_with_labels_and_user_missing():
    frame, meta = pyreadstat.read_sav(EXTRACTS / "SSMH_myeloma.sav", user_missing=True)
    assert meta.file_encoding.upper() == "CP949"
    assert meta.variable_value_labels["SEX"] == {1: "여자", 2: "남자"}
    assert meta.missing_ranges["ISS"] == [{"lo": 9.0, "hi": 9.0}]
    assert meta.original_variable_types["DXDATE"].startswith("DATE")
    assert (frame["DEL17P"] == 9).any() and frame["ALB"].replace(999, float("nan")).median() > 20


def test_xpt_has_no_formats_and_special_missing_values():
    frame, meta = pyreadstat.read_xport(EXTRACTS / "NCC_maint.xpt", encoding="EUC-KR")
    assert not any(meta.original_variable_types.values())
    assert frame["DXDT"].between(18_000, 23_000).all()
    assert b"A\x00\x00\x00\x00\x00\x00\x00" in data("NCC_maint.xpt")
    assert b".\x00\x00\x00\x00\x00\x00\x00" in data("NCC_maint.xpt")


def test_dta_is_release_118_with_labels_dates_and_extended_missing_values():
    frame, meta = pyreadstat.read_dta(EXTRACTS / "SNUBH_cohort.dta", user_missing=True)
    assert data("SNUBH_cohort.dta")[:60].startswith(b"<stata_dta><header><release>118</release>")
    assert meta.variable_value_labels["sex"] == {0: "male", 1: "female"}
    assert meta.original_variable_types["dxdate"] == "%td" and (frame["del17p"] == "a").any()
    assert frame["creat"].median() > 50


def test_serial_numbers_and_korean_dates():
    header, *rows = page("KUAH_data.xlsx", "Data")
    dates = [row[header.index("Dx date")] for row in rows]
    assert all(41_000 < x < 45_000 for x in dates if x != "unknown")
    header, *rows = page("DAUH_MM.xlsx", "환자")
    assert pd.Series([row[header.index("진단일")] for row in rows]).str.fullmatch(r"20\d\d년 \d+월 \d+일").all()
    header, *rows = page("DSMC_MM.xls", "MM")
    assert all(20_120_101 < row[header.index("Dx_date")] < 20_221_231 for row in rows)
    assert data("DSMC_MM.xls").startswith(b"\xd0\xcf\x11\xe0")


def test_formulas_keep_their_values_and_errors():
    with zipfile.ZipFile(EXTRACTS / "KUASH_KMM.xlsx") as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="D2"' in xml and "<f>ROUND(" in xml
    assert xml.count("<v>#REF!</v>") == 2


def test_wide_digits_mixed_dates_and_two_missing_words():
    text = data("WKUH_list.csv").decode("cp949")
    assert "１" in text and "미상" in text and "없음" in text
    assert len({form for form in ("-", ".", "/", "년") if f"2018{form}" in text or f"2019{form}" in text}) >= 3


def test_narrative_phrases():
    header, *rows = page("DSMC_MM.xls", "MM")
    course = " / ".join(row[header.index("Course")] for row in rows)
    for phrase in (" ASCT (MEL200)", "post-ASCT: ", "thal ", "로 중단", " PD (clinical)", "no PD", " next Tx "):
        assert phrase in course


def test_a_stata_date_that_is_missing_in_the_first_hundred_rows_is_still_a_date(tmp_path):
    days = np.array([None] * 150 + [pd.Timestamp("2019-03-05")], dtype=object)
    sheet = Sheet("x.dta", "", 1, False, np.arange(151).astype(str).astype(object), np.full(151, ""))
    sheet.columns.append(Column("pddate", days, look={"kind": "date"}))
    write_dta(tmp_path / "x.dta", sheet)
    frame, meta = pyreadstat.read_dta(tmp_path / "x.dta", disable_datetime_conversion=True)
    assert frame["pddate"].iloc[-1] == 21613
    assert frame["pddate"].iloc[:150].isna().all()
    assert meta.original_variable_types["pddate"] == "%td"
