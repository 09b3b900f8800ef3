"""An identifier in a delivery stops its center, and afterwards stands nowhere in what the run has written."""

import gzip
import io
import re
import shutil
import zipfile
import zlib

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from openpyxl.comments import Comment

WRITTEN = ("results", "logs", ".snakemake")
ENCODINGS = ("utf-8", "utf-16-le", "cp949")


def rewritten(path, change):
    """Replace parts of a workbook's zip: `change` gets and returns its parts by name."""
    with zipfile.ZipFile(path) as old:
        parts = change({name: old.read(name) for name in old.namelist()})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)


def with_openpyxl(path, change):
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def in_text(path, old, new, encoding, count=1):
    text = path.read_bytes().decode(encoding)
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode(encoding))


def spoil_smc(path):  # a comment, the properties, a hidden sheet, an ignored sheet
    def change(book):
        book["Baseline"]["F7"].comment = Comment("보호자 박철수 통화", "PC")
        book.properties.creator = "Kim Young-hee"
        book.create_sheet("list")["A1"] = "MRN 20481632"
        book["list"].sheet_state = "hidden"
        book.create_sheet("notes")["C3"] = "한미영"

    with_openpyxl(path, change)


def spoil_kuah(path):  # the name of a sheet
    with_openpyxl(path, lambda book: setattr(book["Data"], "title", "최영숙"))


def spoil_dauh(path):  # a resident number that is a number, an orphan of the shared strings
    def change(parts):
        strings = parts["xl/sharedStrings.xml"].decode()
        parts["xl/sharedStrings.xml"] = strings.replace("</sst>", "<si><t>윤정희 님</t></si></sst>").encode()
        sheet = parts["xl/worksheets/sheet1.xml"].decode()
        number = re.compile(r'(<c r="[A-Z]+\d+"(?: s="\d+")?><v>)[\d.]+</v>')
        assert number.search(sheet)
        parts["xl/worksheets/sheet1.xml"] = number.sub(r"\g<1>7205151234567</v>", sheet, count=1).encode()
        return parts

    rewritten(path, change)


def spoil_cnuhh(path):  # a dropped column of a CP949 csv
    in_text(path, "외래 추적중", "보호자 김순자(010-2345-6789) 연락", "cp949")
    in_text(path, "외래 추적중", "차트 30481632", "cp949")
    in_text(path, "외래 추적중", "720515/1234567", "cp949")
    in_text(path, "외래 추적중", "서 영 춘", "cp949")


def spoil_jbuh(path):  # a header twice, and a name: the reader's own message would quote it; letters of two bytes
    in_text(path, "성별;출생연도", "홍길동;홍길동", "cp949")
    path.write_bytes(path.read_bytes().decode("cp949").encode("utf-16-le"))


def spoil_snuh(path):  # a header that announces what no pattern knows
    path = path.with_name("SNUH_visits.csv")
    lines = path.read_bytes().decode("utf-8-sig").splitlines()
    lines = [f"{line},{'환자명' if at == 0 else 'LeafSeven' if at == 5 else ''}" for at, line in enumerate(lines)]
    path.write_text("\n".join(lines), encoding="utf-8")


def spoil_dsmc(path):  # a page that is called a workbook
    name = "".join(f"&#{ord(letter)};" for letter in "박명수")
    path.write_text(f"<html><table><tr><td>No</td></tr><tr><td>{name}</td></tr></table></html>", encoding="utf-8")


def spoil_kuash(path):  # a formula that joins texts, a comment's author, a property
    def change(book):
        sheet = book.worksheets[0]
        sheet["AZ2"] = '="010-"&"7777-1212"'
        sheet["B3"].comment = Comment("?", "조영남")
        book.properties.title = "문희준 명단"

    with_openpyxl(path, change)


def spoil_hph(path):  # a code that nothing explains, and bytes of no encoding
    in_text(path, "신경병증", "이명희", "cp949")
    path.write_bytes(path.read_bytes() + b"\xff\xff\r\n")


def spoil_wkuh(path):
    in_text(path, "보호자 연락", "gdhong77@example.com", "cp949")


def spoil_ssmh(path):  # labels of a sav
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    labels = dict(zip(meta.column_names, meta.column_labels, strict=True)) | {"SEX": "입력자 서민정"}
    values = meta.variable_value_labels | {"DX": {1: "800101-1234560"}}
    pyreadstat.write_sav(frame, str(path), column_labels=labels, variable_value_labels=values)


def spoil_kugh(path):  # a line above the header
    path.write_bytes("작성자: 장영수\n".encode() + path.read_bytes())


SPOILED = {
    "SMC": (spoil_smc, ["박철수", "Kim Young-hee", "20481632", "한미영"]),
    "KUAH": (spoil_kuah, ["최영숙"]),
    "DAUH": (spoil_dauh, ["윤정희", "7205151234567"]),
    "CNUHH": (spoil_cnuhh, ["김순자", "010-2345-6789", "30481632", "720515/1234567", "서 영 춘"]),
    "SNUH": (spoil_snuh, ["LeafSeven"]),
    "DSMC": (spoil_dsmc, ["박명수"]),
    "KUASH": (spoil_kuash, ["010-7777-1212", "조영남", "문희준"]),
    "JBUH": (spoil_jbuh, ["홍길동"]),
    "HPH": (spoil_hph, ["이명희"]),
    "WKUH": (spoil_wkuh, ["gdhong77@example.com"]),
    "SSMH": (spoil_ssmh, ["서민정", "800101-1234560"]),
    "KUGH": (spoil_kugh, ["장영수"]),
}


def extract_of(workspace, center):
    rows = (workspace.folder / "config/centers.tsv").read_text(encoding="utf-8").splitlines()
    name = next(row.split("\t")[2] for row in rows if row.startswith(f"{center}\t")).split(";")[0]
    return workspace.folder / "resources/simulated/extracts" / name


def everything_written(folder):
    """(file, bytes) of every file below, and of whatever is compressed in it."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path, str(path).encode() + path.read_bytes()
        if path.suffix == ".parquet":
            yield path, pd.read_parquet(path).to_csv().encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield path, name.encode() + archive.read(name)
        elif path.suffix in (".gz", ".z"):
            yield path, zlib.decompress(path.read_bytes(), 47)


def leaks(workspace, planted, said=""):
    needles = {text: {text.encode(e) for e in ENCODINGS} for text in planted}
    # a file of Snakemake's memory is named after the path of an output, in base64; Python escapes what is not ASCII
    for text in planted:
        needles[text] |= {text.encode("unicode_escape"), text.replace("-", "").encode()}
        needles[text] |= {"".join(f"&#{ord(letter)};" for letter in text).encode()}
    found = [
        (str(path), text)
        for part in WRITTEN
        for path, data in everything_written(workspace.folder / part)
        for text, forms in needles.items()
        if any(form in data for form in forms)
    ]
    return found + [("terminal", text) for text in planted if text in said]


def test_no_planted_identifier_is_anywhere_after_the_run(fresh):
    for center, (spoil, _) in SPOILED.items():
        spoil(extract_of(fresh, center))
    fresh.edit(
        "config/centers/SMC.yaml", "    sheet: Baseline\n", "    sheet: Baseline\n    ignore_sheets: {notes: none}\n"
    )
    packed = extract_of(fresh, "NCC")
    packed.write_bytes(gzip.compress("환자,나훈석\n".encode()))
    targets = [f"results/restricted/harmonized/{center}/account.csv" for center in [*SPOILED, "NCC", "CNUH"]]
    result = fresh.snakemake("--keep-going", *targets)
    assert result.returncode != 0
    assert "Traceback" not in result.stdout
    planted = ["나훈석", *(text for _, planted in SPOILED.values() for text in planted)]
    assert leaks(fresh, planted, result.stdout) == []
    assert f"{packed.name}: the file is packed (gzip)" in result.stdout
    results = fresh.folder / "results/restricted"
    assert [path.name for path in (results / "harmonized").iterdir() if any(path.iterdir())] == ["CNUH"]
    for center, (_, planted) in SPOILED.items():
        assert f"{center}: this delivery is quarantined" in result.stdout
        assert not [path for path in (results / "intake" / center).rglob("*") if path.is_file()]
        log = (fresh.folder / f"logs/harmonize_center/{center}.log").read_text(encoding="utf-8")
        assert "the part xl/worksheets/sheet1.xml" not in log, "a cell is named by its column"
        told = re.findall(r"(?:(\d+) cells with .*)?Have the hospital send it again without", log)
        assert sum(int(cells or 1) for cells in told) >= len(planted), center


@pytest.mark.parametrize(
    ("where", "planted", "shown"),
    [
        ("file", "홍길동", "홍*동"),
        ("file", "hong_gildong", "h***_*******"),
        ("file", "010 23456789", "010 ********"),
        ("header", "홍길동", "홍*동"),
    ],
)
def test_a_name_of_a_file_or_a_mapped_header_stops_before_the_first_job(fresh, where, planted, shown):
    if where == "file":
        old = extract_of(fresh, "HPH")
        old.rename(old.with_name(f"HPH_{planted}.csv"))
        fresh.edit("config/centers.tsv", old.name, f"HPH_{planted}.csv")
    else:
        fresh.edit("config/centers/HPH.yaml", "      비고:", f"      {planted}:")
    result = fresh.snakemake("results/restricted/harmonized/HPH/account.csv")
    assert result.returncode != 0
    assert shown in result.stdout
    assert "nothing was run" in result.stdout
    assert leaks(fresh, [planted], result.stdout) == []


def test_the_search_finds_what_is_there(tmp_path, fresh):
    """The test's own search is one: in plain bytes, in a zip and in a table."""
    folder = fresh.folder / "results"
    folder.mkdir()
    (folder / "a.bin").write_bytes("..홍길동..".encode("utf-16-le"))
    pd.DataFrame({"a": ["김순자"]}).to_parquet(folder / "a.parquet")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", "이명희")
    (folder / "a.xlsx").write_bytes(stream.getvalue())
    shutil.copy(folder / "a.bin", folder / "박철수.txt")
    planted = ["홍길동", "김순자", "이명희", "박철수", "최영숙"]
    assert {text for _, text in leaks(fresh, planted)} == set(planted[:4])
