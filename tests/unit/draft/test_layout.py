"""Finding tables nobody has described: encodings, separators, titles, header rows, sheets, formats by content."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from multicenter.draft.layout import file_format, find_encoding, find_tables
from multicenter.draft.yamltext import center_file
from multicenter.errors import DataError, StudyError

ROWS = [["등록번호", "성별", "진단일"], *([f"P{i}", "남" if i % 2 else "여", f"2019-01-{i:02d}"] for i in range(1, 21))]


def text(separator: str, rows: list[list[str]] = ROWS) -> str:
    return "".join(separator.join(row) + "\r\n" for row in rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp949", "cp949"), ("utf-16", "utf-16")]
)
def test_text_files(desk, tmp_path, separator, encoding, found):
    path = tmp_path / "extract.dat"
    path.write_bytes(text(separator).encode(encoding))
    (table,) = desk.read([path])
    assert table.source["encoding"] == found
    assert table.source["format"] == ("tsv" if separator == "\t" else "csv")
    assert table.source.get("separator", separator) == separator
    assert list(table.raw.cells.columns) == ROWS[0]
    assert len(table.raw.rows) == 20


def test_utf_16_without_a_mark():
    assert find_encoding(text(",").encode("utf-16-le"), "x.csv") == "utf-16-le"


def test_bytes_of_no_known_encoding(tmp_path, desk):
    path = tmp_path / "x.csv"
    path.write_bytes(b"id,\xff\xfe\xff\n1,\xff\n")
    with pytest.raises(DataError) as stop:
        desk.read([path])
    what = "x.csv: the bytes are neither utf-8 nor cp949. Ask the center in which encoding it exported the file"
    assert str(stop.value) == what


def test_a_title_and_a_note_above_the_header(desk, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("골수종 자료\n추출일 2022-12-01\n" + text(","), encoding="utf-8")
    (table,) = desk.read([path])
    assert table.source["first_row"] == 3
    assert list(table.raw.cells.columns) == ROWS[0]


def test_two_header_rows_and_the_groups_above_them(desk, tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["자료"])
    page.append(["환자", None, "진단", None])
    page.append(["번호", "성별", "진단일", "ISS"])
    page.merge_cells("A2:B2")
    page.merge_cells("C2:D2")
    for i in range(12):
        page.append([f"P{i}", "남", "2019-02-03", "II"])
    book.create_sheet("empty")
    path = tmp_path / "x.xlsx"
    book.save(path)
    (table,) = desk.read([path])
    assert table.source == {"format": "xlsx", "sheet": "Sheet", "first_row": 2, "header_rows": 2}
    assert list(table.raw.cells.columns) == ["환자 / 번호", "환자 / 성별", "진단 / 진단일", "진단 / ISS"]


def test_a_first_row_of_words_is_no_second_header_row(desk, tmp_path):
    path = tmp_path / "x.csv"
    rows = [["ID", "sex", "diagnosis"], *([f"P{chr(65 + i)}", "M", "MM"] for i in range(10))]
    path.write_text(text(",", rows), encoding="utf-8")
    (table,) = desk.read([path])
    assert "header_rows" not in table.source
    assert len(table.raw.rows) == 10


def test_the_format_is_told_by_the_content(tmp_path):
    frame = pd.DataFrame({"ID": [1.0, 2.0], "SEX": [1.0, 2.0]})
    writers = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport}
    for kind, write in writers.items():
        path = tmp_path / f"x.{kind}"
        write(frame, str(path))
        assert file_format(path.read_bytes(), tmp_path / "renamed.bin") == kind


def archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr("a.csv", "id,sex\nP1,M\n")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.csv: the file is empty. Ask the center to save and send the file again"),
        (
            b"\n \n",
            "x.csv: no row looks like a header. Ask the center for a table with a header",
        ),
        (
            b"id\nP1\nP2\n",
            "x.csv, row 1: each line is one cell ('id'). Ask the center for the data as xlsx or csv, with a comma, tab "
            "or ; between cells",
        ),
        (
            b"id,sex\nP1,M\nP2,\0\n",
            "x.csv, row 3: the text holds zero bytes: it is damaged, or no text file. Ask the center to save and send "
            "the file again",
        ),
        (b"\x1f\x8b\x08\0", "x.csv: the file is compressed (gzip). Unpack it, and name the file inside"),
        (
            b"PK\x03\x04 half a workbook",
            "x.csv: the workbook (or archive) is cut off. Ask the center to save and send the file again",
        ),
        (
            archive(),
            "x.csv: the file is an archive of other files and no workbook. Unpack it, and name the file inside",
        ),
        (
            b"id,sex,sex\nP1,M,F\nP2,M,F\n",
            "x.csv, column sex, sex: the header 'sex' stands 2 times. Rename one of the columns in the file",
        ),
        (
            b"id,,sex\nP1,M,F\nP2,M,F\n",
            "x.csv, row 2, column no. 2: the column holds values but has no header. Name it, or move cells that "
            "slipped there back",
        ),
        (
            b"P1,M,IgG\nP2,F,IgA\nP3,M,IgG\n",
            "x.csv, row 1: no row looks like a header; the likeliest holds 'M', which stands in its column again. Ask "
            "the center for a table with a header",
        ),
        (
            b"<html><table></table></html>",
            "x.csv: the file is a web page or XML, whatever its name says. Save it as xlsx or csv",
        ),
        (
            b"id,sex\n",
            "x.csv, row 1: no data rows stand below the header. Ask the center to save and send the file again",
        ),
    ],
)
def test_files_that_hold_no_table(tmp_path, data, message):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(DataError) as stop:
        find_tables(path, lambda headers: len({"id", "sex"} & set(headers)))
    assert str(stop.value) == message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StudyError) as stop:
        find_tables(tmp_path / "x.csv", len)
    assert str(stop.value) == f"{tmp_path / 'x.csv'}: cannot be read (No such file or directory). Correct the path"


def test_ragged_lines_are_joined_where_the_rest_stays_alike_and_asked(desk, tmp_path):
    rows = [
        ["No", "성별", "비고", "진단일", "Hb"],
        *([f"P{i}", "남", "외래 추적", f"2019-01-{i:02d}", "9.5"] for i in range(1, 21)),
    ]
    rows[4][2] = "재발, 입원, 퇴원"
    path = tmp_path / "x.csv"
    path.write_text(text(",", rows), encoding="utf-8")
    (table,) = desk.read([path])
    assert table.source["ragged"] == {"open": [{"into": "비고"}]}
    assert set(table.raw.cells["Hb"]) == {"9.5"}


def test_a_long_sheet_is_told_by_what_differs_within_an_id(drafted):
    lines = ["ID,timepoint,date,response"]
    lines += [
        f"P{i},{when},2019-{m:02d}-11,{'CR' if i % 2 else 'VGPR'}"
        for i in range(12)
        for m, when in ((3, "3M"), (6, "6M"), (9, "12M"))
    ]
    source = drafted("\n".join(lines) + "\n").sources[0]
    assert source.row_is == "response"
    assert {h: p.candidates[0].slot[2] for h, p in source.proposals.items()} == {
        "timepoint": "timepoint", "date": "response_date", "response": "response",
    }  # fmt: skip


def test_rows_that_stand_twice_are_no_records(drafted):
    row = "P{},M,2019-01-{:02d},2020-05-{:02d}"
    lines = ["ID,sex,Date of diagnosis,last F/U", *(row.format(i, 1 + i, 1 + i) for i in range(20))]
    lines += [row.format(i, 1 + i, 2 + i) for i in range(4)]
    source = drafted("\n".join(lines) + "\n").sources[0]
    assert (source.row_is, source.repeats) == ("patient", 4)


@pytest.mark.parametrize(
    ("below", "ends"),
    [
        (["이상 20명"], r"이상 \d+명"),
        (["Total,20,"], "Total"),
        (["* 남 = 1", "작성: 통계팀"], r"\* 남 = \d+"),
    ],
)
def test_lines_below_the_table_are_no_patients_and_are_asked(drafted, below, ends):
    delivery = drafted(text(",") + "\n".join(below) + "\n")
    found = delivery.sources[0].found
    assert found.source["ends_before"] == {"open": [ends]}
    assert len(found.raw.rows) == 20
    assert "# open: are the lines from this one on no patients?" in center_file(delivery)


def test_a_patient_of_whom_little_is_known_is_no_line_below(drafted):
    assert "ends_before" not in drafted(text(",") + "P21,,\n").sources[0].found.source


def test_sheets_without_a_table_are_named(desk, tmp_path):
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("메모")["A1"] = "확인 완료"
    book["메모"].sheet_state = "hidden"
    book.create_sheet("empty")
    path, out = tmp_path / "x.xlsx", tmp_path / "XX.yaml"
    book.save(path)
    desk.write(desk.draft("XX", desk.read([path])), out)
    ignored = "      메모: {open: []}  # open: hidden: 1 row and no table; a note?"
    assert ignored in out.read_text(encoding="utf-8").split("\n")


def test_a_file_without_patients_is_named(desk, tmp_path):
    (tmp_path / "x.csv").write_text(text(","), encoding="utf-8")
    (tmp_path / "codes.csv").write_text("code,meaning\n1,a\n2,b\n3,b\n", encoding="utf-8")
    delivery = desk.draft("XX", desk.read([tmp_path / "x.csv", tmp_path / "codes.csv"]))
    what = "3 rows without this delivery's patients; a code book? Map it, or take it out of the extracts."
    assert f"# open: codes.csv: {what}" in center_file(delivery)


@pytest.mark.parametrize("form", ["{y}-{m:02d}-{d:02d}", "{d:02d}/{m:02d}/{y}", "{d:02d}MAR{y}", "{y}{m:02d}{d:02d}"])
def test_dates_are_no_ids(drafted, form):
    days = [form.format(y=2012 + i // 12, m=1 + i % 12, d=1 + i % 28) for i in range(40)]
    lines = ["contact,key,sex", *(f"{day},K{100 + 3 * i},M" for i, day in enumerate(days))]
    source = drafted("\n".join(lines) + "\n").sources[0]
    assert (source.id_column, source.id_others) == ("key", [])
