"""Text that is not what it was: wrong encodings, lossy exports, decomposed Hangul; item by item, exact messages."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pyreadstat
import pytest

from multicenter.centers import CENTER_COLUMNS, read_centers
from multicenter.intake.mojibake import find_damage

SEX = {"성별": {"to": "sex", "codes": "sex"}}
TEXT = "id,성별\n1,남자\n2,여자\n"
DECLARE = "Declare the encoding that the file has, or ask for the file in the declared one"
AGAIN = "Ask the center to export the file again"

REFUSED = [
    ("CP949 declared as UTF-8: the offending bytes", TEXT.encode("cp949"), "utf-8",
     f"f.csv, row 1: the bytes bc ba ba b0 are not utf-8. {DECLARE}"),
    ("UTF-8 declared as CP949", TEXT.encode(), "cp949",
     f"f.csv, row 1: the bytes ec 84 b1 eb are not cp949. {DECLARE}"),
    ("CP949 letters in a file declared as EUC-KR", "id,성별\n1,똠\n".encode("cp949"), "euc-kr",
     f"f.csv, row 2: the bytes 8c 63 0a are not euc-kr. {DECLARE}"),
    ("CP949 declared as Latin-1, which takes any byte", TEXT.encode("cp949"), "latin-1",
     f"f.csv, column ¼ºº°: the text '¼ºº°' is '성별' in euc-kr: it was read in another encoding. {AGAIN}"),
    ("CP949 read as Windows-1252 at the hospital and saved as UTF-8", "id,성별\n1,남자\n2,³²ÀÚ\n".encode(), "utf-8",
     f"f.csv, row 3, column 성별: the text '³²ÀÚ' is '남자' in euc-kr: it was read in another encoding. {AGAIN}"),
    ("UTF-8 read as Latin-1 at the hospital and saved as UTF-8",
     ("id,성별\n1," + "여자".encode().decode("latin-1") + "\n").encode(), "utf-8",
     "f.csv, row 2, column 성별: the text 'ì\\x97¬ì\\x9e\\x90' is '여자' in utf-8: it was read in another encoding. "
     + AGAIN),
    ("characters replaced by U+FFFD", "id,성별\n1,남\ufffd\n".encode(), "utf-8",
     f"f.csv, row 2: the text was damaged before it came here (U+FFFD after 'id,성별\\n1,남'). {AGAIN}"),
    ("U+FFFD that was read as CP949 once more", "id,성별\n1,占쏙옙\n".encode("cp949"), "cp949",
     f"f.csv, row 2, column 성별: the text was damaged before it came here ('占쏙옙' was U+FFFD once). {AGAIN}"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "encoding", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(refused, what, data, encoding, message):
    assert refused(data, SEX, source={"encoding": encoding}) == message


@pytest.mark.parametrize(
    "text",
    ["Müller", "naïve façade", "25 °C ± 2", "10³/µL", "m²³", "“quoted” – yes…", "ÅÄÖ åäö", "β2M ≥ 5", "남자 ±3", "½²"],
)
def test_text_that_is_right_is_taken(text):
    assert find_damage(text) is None


def test_damage_in_a_workbook_is_found_at_its_cell(refused):
    import io

    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    page = book.add_worksheet("S")
    for i, row in enumerate([["id", "성별"], ["1", "남"], ["2", "¿©ÀÚ"]]):
        page.write_row(i, 0, row)
    book.close()
    assert refused(stream.getvalue(), SEX, file="f.xlsx") == (
        "f.xlsx, sheet S, row 3, column B: the text '¿©ÀÚ' is '여자' in euc-kr: it was read in another encoding. "
        "Ask the center to export the file again"
    )


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        (None, f"f.xpt, row 2, column SEX: the bytes b3 b2 are not utf-8. {DECLARE}"),
        ("utf-8", f"f.xpt, row 2, column SEX: the bytes b3 b2 are not utf-8. {DECLARE}"),
        ("latin1", None),
    ],
)
def test_a_statistical_file_in_another_encoding(tmp_path, refused, encoding, message):
    import pandas as pd

    path = tmp_path / "made.xpt"
    frame = pd.DataFrame({"ID": ["1", "2", "3"], "SEX": ["F", "남", "여자"]})
    pyreadstat.write_xport(frame, str(path), file_format_version=5)
    data = path.read_bytes()
    for word in ("남", "여자"):
        data = data.replace(word.encode(), word.encode("cp949") + b" " * len(word))
    source = {"id": "ID"} | ({"encoding": encoding} if encoding else {})
    told = refused(data, {"SEX": {"to": "sex", "codes": "sex"}}, file="f.xpt", source=source)
    damaged = f"f.xpt, row 3, column SEX: the text '¿©ÀÚ' is '여자' in euc-kr: it was read in another encoding. {AGAIN}"
    assert told == (message or damaged)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("file", ["f.csv", "f.xlsx"])
def test_hangul_is_the_same_however_it_is_composed(harmonize, form, file):
    import io

    import xlsxwriter

    rows = [["id", "성별", "다음치료"], ["1", "남자", "포말리도마이드"]]
    rows = [[normalize(form, cell) for cell in row] for row in rows]
    if file == "f.csv":
        data, source = "\n".join(map(",".join, rows)).encode(), {}
    else:
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream)
        for name in ("환자", "메모"):
            page = book.add_worksheet(normalize(form, name))
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
        book.close()
        data, source = stream.getvalue(), {"sheet": "환자", "ignore_sheets": {"메모": "remarks"}}
    done = harmonize(data, {**SEX, "다음치료": "next_tx"}, file=file, source=source)
    assert done.tables["patient"][["sex", "next_tx"]].to_numpy().tolist() == [["M", "포말리도마이드"]]


def test_a_delivery_is_found_however_its_name_is_composed(tmp_path):
    extracts, maps = tmp_path / "extracts", tmp_path / "maps"
    extracts.mkdir()
    maps.mkdir()
    (extracts / normalize("NFD", "환자.csv")).write_text("id\n1\n")
    (maps / "XX.yaml").write_text("center: XX\nsources: {a: {format: csv, encoding: utf-8, id: id, columns: {x: sex}}}")
    table = tmp_path / "centers.tsv"
    row = "XX\tX\t환자.csv\t2022-12-31\t2023-01-31\t\t1"
    table.write_text("\t".join(CENTER_COLUMNS) + f"\n{row}\n", encoding="utf-8")
    schemas = Path(__file__).parents[3] / "workflow" / "schemas"
    centers, problems = read_centers(table, maps, extracts, schemas, None, None)
    assert problems == []
    assert centers["XX"].extracts[0].read_text() == "id\n1\n"


def test_a_center_file_may_be_decomposed_too(tmp_path):
    from multicenter.yamlfile import read_yaml

    (tmp_path / "a.yaml").write_text(normalize("NFD", "columns: {성별: sex}"), encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml") == {"columns": {"성별": "sex"}}
