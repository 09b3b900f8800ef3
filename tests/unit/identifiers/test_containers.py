"""What a file is made of hides nothing: widths of letters, packing, pages, formulas that join texts."""

import bz2
import gzip
import io
import lzma

import openpyxl
import pytest
import xlwt

from multicenter.errors import DataError

NAME, PHONE, RRN = "홍길동", "010-1234-5678", "800101-1234560"
TABLE = f"ID,memo\nX-1,{NAME}\nX-2,{PHONE}\n"
BOTH = {"name", "phone"}


def found(hits):
    return {hit.kind for hit in hits}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-16"])
@pytest.mark.parametrize("declared", ["utf-8", "cp949", "utf-16"])
def test_letters_of_any_width_with_or_without_a_mark(scan, encoding, declared):
    hits = scan(TABLE.encode(encoding), "a.csv", encoding=declared)
    assert found(hits) == BOTH
    assert {hit.where for hit in hits} == {"a.csv, column memo"}
    assert found(scan(f"ID,memo\nX-1,{PHONE}\n".encode(encoding), "a.csv", encoding=declared)) == {"phone"}


def test_a_stray_zero_does_not_make_a_file_wide(scan):
    clean = ("ID,memo\n" + "X-1,외래 추적중\n" * 50).encode() + b"X-2,\0\n"
    assert scan(clean, "a.csv", encoding="utf-8") == []
    assert found(scan(TABLE.encode() + b"X-3,\0\n", "a.csv", encoding="utf-8")) == BOTH


@pytest.mark.parametrize(
    ("pack", "name", "how"),
    [
        (gzip.compress, "a.csv", "packed (gzip)"),
        (gzip.compress, "a.csv.gz", "packed (gzip)"),
        (bz2.compress, "a.csv", "packed (bzip2)"),
        (lzma.compress, "a.csv", "packed (xz)"),
        (lambda data: b"7z\xbc\xaf\x27\x1c" + data, "a.7z", "packed (7z)"),
        (lambda data: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx",
         "protected by a password"),
    ],
)  # fmt: skip
def test_what_nobody_can_look_into_is_refused(scan, pack, name, how):
    with pytest.raises(DataError) as stop:
        scan(pack(TABLE.encode()), name, format="csv")
    assert str(stop.value) == (
        f"{name}: the file is {how}, so that nobody can look for identifiers in it. Ask the center to send it as it "
        "is: neither packed nor protected"
    )


def test_a_person_in_the_name_of_a_refused_file_is_masked(scan):
    with pytest.raises(DataError, match=r"^홍\*동\.csv: the file is packed"):
        scan(gzip.compress(b"x"), f"{NAME}.csv")


def entities(text: str, base: str = "") -> str:
    return "".join(f"&#{base}{ord(letter):{base}};" for letter in text)


@pytest.mark.parametrize("written", [NAME, entities(NAME), entities(NAME, "x")])
@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>\n", "<!DOCTYPE html>", "\ufeff"])
def test_a_page_that_is_called_a_workbook(scan, written, before):
    page = f"{before}<html><table><tr><td>ID</td><td>memo</td></tr><tr><td>1</td><td>{written}</td></tr></table></html>"
    hits = scan(page.encode(), "a.xls")
    assert "name" in found(hits)
    assert not any(shown in hit.where + hit.shown for hit in hits for shown in (NAME, written))


def test_tags_and_entities_in_cells_of_a_text_file(scan):
    data = f"ID,memo\nX-1,<b>{NAME}</b>\nX-2,{entities(PHONE)}\n".encode()
    assert found(scan(data, "a.csv", encoding="utf-8")) == BOTH
    assert scan(b"ID,memo\nX-1,PLT <50 & Hb > 8\n", "a.csv", encoding="utf-8") == []


JOINED = ['="010-"&"1234-5678"', '=CONCATENATE("홍","길동")', f'="{NAME}"', f'="{RRN[:7]}" & "{RRN[7:]}"']


@pytest.mark.parametrize("formula", JOINED)
def test_a_formula_that_joins_texts(scan, formula):
    workbook = openpyxl.Workbook()
    workbook.active.append(["ID", "memo"])
    workbook.active["B2"] = formula
    stream = io.BytesIO()
    workbook.save(stream)
    (hit,) = [hit for hit in scan(stream.getvalue(), "a.xlsx") if hit.place == "elsewhere"]
    assert hit.where == "a.xlsx, a formula in xl/worksheets/sheet1.xml"
    old = xlwt.Workbook()
    old.add_sheet("Data").write(1, 1, xlwt.Formula(formula[1:]))
    stream = io.BytesIO()
    old.save(stream)
    assert ("a formula", hit.kind) in {
        (old.where.removeprefix("a.xls, "), old.kind) for old in scan(stream.getvalue(), "a.xls")
    }


@pytest.mark.parametrize("cell", ['"=""홍길동"""', "'홍길동", '="홍"&"길동"', '="010-"&"1234-5678"'])
def test_a_cell_of_a_text_file_with_the_signs_of_a_spreadsheet(scan, cell):
    (hit,) = scan(f"ID,memo\nX-1,{cell}\n".encode(), "a.csv", encoding="utf-8")
    assert (hit.place, hit.row) == ("cells", 2)


def test_the_signs_in_a_shared_string(scan):
    workbook = openpyxl.Workbook()
    workbook.active.append(["ID", "memo"])
    workbook.active.append(["1", f"'{NAME}"])
    stream = io.BytesIO()
    workbook.save(stream)
    assert ("name", 2) in {(hit.kind, hit.row) for hit in scan(stream.getvalue(), "a.xlsx")}
