"""The same forty invented patients as hospitals would send them: every file format, each with its center file.

What a cell says is a value of its own kind (a day, a number, a text, nothing); each writer puts it down in the manner
of its format. The center files say no more than a data manager would have to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from pathlib import Path
from unicodedata import normalize

import pandas as pd
import pyreadstat
import xlsxwriter
import xlwt

ISS = ["Ⅰ", "II", "3", "Ⅲ", "stage Ⅱ", "미상", None, "i"]
HB = [10.5, "１１．２", "105 g/L", "9.8 g/dL", None, "<6", 12, "미상"]
FLC = [350.2, "<0.5", ">5,000", "80-90", "1,250", "35 mg/dL", None, "120 mg/L"]
FISH = ["del(17p) 35%, t(4;14) 40%", "음성", "1q gain", None, "미시행"]
NEXT = ["VRD, 이후 KRd", 'D-Rd; "2차"', None, "포말리도마이드", "Kd"]
RESPONSE = ["sCR", "CR", "VGPR", "부분관해", "SD", "-", None]
CODES = {
    "성별": "sex", "ISS": "stage", "재발": "yes_no", "사망": "yes_no", "R3M": "response", "R6M": "response",
}  # fmt: skip


class Month(str):
    """A date of which only year and month are known, as YYYY-MM."""


class Year(str):
    """A date of which only the year is known."""


def patients() -> list[dict[str, object]]:
    """The forty patients: header → day (date), Month, Year, number, text or None."""
    rows = []
    for i in range(40):
        treated = date(2016, 1, 4) + timedelta(days=37 * i)
        diagnosed: object = treated - timedelta(days=200 + i)
        if i % 8 == 3:
            diagnosed = Month(f"{diagnosed:%Y-%m}")
        elif i == 20:
            diagnosed = Year(f"{diagnosed:%Y}")
        relapsed = i % 3 == 0
        rows.append(
            {
                "등록번호": f"{7 + 23 * i:04d}",
                "성별": "남" if i % 2 else "여",
                "생년월일": date(1955 + i % 20, 1 + i % 12, 1 + i % 28),
                "진단일": diagnosed,
                "ECOG": 9 if i % 9 == 4 else i % 3,
                "Hb": HB[i % 8],
                "Alb": round(2.5 + 0.07 * i, 2) if i % 6 else None,
                "FLC": FLC[(i // 2) % 8],
                "LDH": 150 + 3 * i if i % 7 else None,
                "ISS": ISS[(i // 3) % 8],
                "FISH": FISH[i % 5],
                "이식일": treated,
                "R3M": RESPONSE[i % 7],
                "D3M": treated + timedelta(days=91) if i % 7 not in (5, 6) else None,
                "R6M": RESPONSE[(i + 2) % 7],
                "재발": "예" if relapsed else "아니오",
                "재발일": treated + timedelta(days=400 + i) if relapsed else None,
                "다음치료": NEXT[i % 5] if relapsed else None,
                "사망": "예" if i % 10 == 9 else "아니오",
                "사망일": treated + timedelta(days=900) if i % 10 == 9 else None,
                "최종추적일": treated + timedelta(days=900),
                "비고": None if i % 4 else "자유 서술, 사용하지 않음",
            }
        )
    return rows


COLUMNS: dict[str, object] = {
    "성별": {"to": "sex", "codes": "sex"},
    "생년월일": "birth_date",
    "진단일": "dx_date",
    "ECOG": {"to": "ecog", "missing": [9]},
    "Hb": {"to": "hb", "unit": "g/dL"},
    "Alb": {"to": "alb", "unit": "g/dL"},
    "FLC": {"to": "flc_kappa", "unit": "mg/L"},
    "LDH": {"to": "ldh", "unit": "U/L"},
    "ISS": {"to": "iss", "codes": "stage"},
    "FISH": {"read": ["fish_words", "fish_main", "fish_other"]},
    "이식일": "transplant[1].asct_date",
    "R3M": {"to": "response[m3].response", "codes": "response"},
    "D3M": "response[m3].response_date",
    "R6M": {"to": "response[m6].response", "codes": "response"},
    "재발": {"to": "pd_yn", "codes": "yes_no"},
    "재발일": "pd_date",
    "다음치료": "next_tx",
    "사망": {"to": "death_yn", "codes": "yes_no"},
    "사망일": "death_date",
    "최종추적일": "last_fu_date",
    "비고": {"drop": "free remarks"},
}
DAYS = [header for header, value in patients()[9].items() if isinstance(value, date) and header != "진단일"]
MIXED = ["진단일", "Hb", "FLC", "ISS", "FISH", "R3M", "R6M", "다음치료", "비고"]


def center(source: dict, columns: dict | None = None, **delivery: object) -> dict:
    """A center file of one source; `columns` replaces what differs from COLUMNS."""
    mapped = {**deepcopy(COLUMNS), **(columns or {})}
    main = {"id": "등록번호", "columns": mapped, **source}
    return {"center": "XX", "missing": ["미상", "-"], **delivery, "sources": {"main": main}}


def words(day: Callable[[date], str], month: Callable[[str], str], swap: Callable[[str], str] = str) -> list[list[str]]:
    """Header and rows as texts."""

    def text(value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, date):
            return day(value)
        return month(value) if isinstance(value, Month) else swap(str(value))

    rows = patients()
    return [[swap(header) for header in rows[0]], *([text(value) for value in row.values()] for row in rows)]


def delimited(rows: list[list[str]], separator: str, encoding: str) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode(encoding)


def points(day: date) -> str:
    return f"{day:%Y.%m.%d}"


def korean(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"


def csv_cp949(folder: Path) -> tuple[Path, dict]:
    """Code page 949, as Excel saves it in Korea: dates with points."""
    path = folder / "cp949.csv"
    path.write_bytes(delimited(words(points, lambda m: m.replace("-", ".")), ",", "cp949"))
    return path, center({"format": "csv", "encoding": "cp949"})


def csv_utf8_bom(folder: Path) -> tuple[Path, dict]:
    """UTF-8 with a byte order mark, from a Mac: every syllable decomposed, in headers, codes and the file's name."""
    path = folder / normalize("NFD", "환자.csv")
    rows = words(date.isoformat, str, lambda text: normalize("NFD", text))
    path.write_bytes(delimited(rows, ",", "utf-8-sig"))
    return path, center({"format": "csv", "encoding": "utf-8", "file": "환자.csv"})


def tsv_utf16(folder: Path) -> tuple[Path, dict]:
    """Excel's Unicode text: UTF-16 with tabs, dates in words."""
    path = folder / "utf16.tsv"
    rows = words(korean, lambda m: f"{m[:4]}년 {int(m[5:])}월")
    path.write_bytes(delimited(rows, "\t", "utf-16"))
    return path, center({"format": "tsv", "encoding": "utf-16"})


def csv_semicolons(folder: Path) -> tuple[Path, dict]:
    """Semicolons, and dates that begin with the day: the order is declared."""
    path = folder / "semicolons.csv"
    rows = words(lambda day: f"{day:%d/%m/%y}", lambda m: f"{m[5:]}/{m[:4]}")
    path.write_bytes(delimited(rows, ";", "utf-8"))
    dates = {"formats": ["DD/MM/YY", "MM/YYYY"], "two_digit_years": 1950}
    return path, center({"format": "csv", "encoding": "utf-8", "separator": ";"}, dates=dates)


def xlsx(folder: Path, mac: bool) -> tuple[Path, dict]:
    """Date cells with a few texts among them, an id that has become a number, a sheet name from a Mac."""
    path = folder / f"{'1904' if mac else '1900'}.xlsx"
    name = normalize("NFD" if mac else "NFC", "환자")
    book = xlsxwriter.Workbook(str(path), {"date_1904": mac})
    page, shown = book.add_worksheet(name), book.add_format({"num_format": "yyyy-mm-dd"})
    for i, row in enumerate(patients()):
        for j, (header, value) in enumerate(row.items()):
            page.write_string(0, j, header)
            if header == "진단일" and isinstance(value, date) and i % 8 == 4:
                page.write_string(i + 1, j, korean(value))  # a text among date cells
            elif isinstance(value, date):
                page.write_datetime(i + 1, j, datetime(value.year, value.month, value.day), shown)
            elif header == "등록번호":
                page.write_number(i + 1, j, int(str(value)))
            elif isinstance(value, int | float):
                page.write_number(i + 1, j, value)
            elif value is not None:
                page.write_string(i + 1, j, str(value).replace("-", ".") if isinstance(value, Month) else str(value))
    book.close()
    return path, center({"format": "xlsx", "sheet": "환자", "id": {"column": "등록번호", "pad": 4}})


def xls(folder: Path) -> tuple[Path, dict]:
    """The old format; two date cells were typed as serial numbers."""
    path = folder / "old.xls"
    book = xlwt.Workbook()
    page, shown = book.add_sheet("환자", cell_overwrite_ok=True), xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for i, row in enumerate(patients()):
        for j, (header, value) in enumerate(row.items()):
            page.write(0, j, header)
            if isinstance(value, date) and i in (5, 6) and header == "최종추적일":
                page.write(i + 1, j, (value - date(1899, 12, 30)).days)
            elif isinstance(value, date):
                page.write(i + 1, j, datetime(value.year, value.month, value.day), shown)
            elif value is not None:
                page.write(i + 1, j, value if isinstance(value, int | float) else str(value))
    book.save(str(path))
    return path, center({"format": "xls"}, dates={"system": "excel1900"})


def frame(coded: dict[str, dict[str, float]], names: dict[str, str]) -> pd.DataFrame:
    """The patients as a statistical package holds them: a type a column, words as codes where `coded` says so."""
    columns: dict[str, list[object]] = {}
    for header in patients()[0]:
        values = [row[header] for row in patients()]
        if header in coded:
            values = [coded[header].get(str(value)) if value is not None else None for value in values]
        elif header in MIXED:
            values = ["" if value is None else str(value) for value in values]
        columns[names[header]] = values
    return pd.DataFrame(columns, dtype=object).infer_objects()


SEX = {"남": 1.0, "여": 2.0}
YES = {"예": 1.0, "아니오": 0.0}
CODED = {"성별": SEX, "재발": YES, "사망": YES}
LABELS = {header: {code: word for word, code in codes.items()} for header, codes in CODED.items()}
AS_CODES = {
    "성별": {"to": "sex", "codes": {"1": "M", "2": "F"}},
    "재발": "pd_yn",
    "사망": "death_yn",
}
# Names that old formats allow.
LATIN = dict(zip(patients()[0], [f"V{i}" for i in range(len(patients()[0]))], strict=True))


def latin(columns: dict) -> dict:
    return {LATIN[header]: spec for header, spec in {**deepcopy(COLUMNS), **columns}.items()}


def sav(folder: Path) -> tuple[Path, dict]:
    """SPSS: codes with labels, a user-missing value declared in the file."""
    path = folder / "spss.sav"
    same = {header: header for header in LATIN}
    pyreadstat.write_sav(
        frame(CODED, same), str(path), variable_value_labels=LABELS, missing_ranges={"ECOG": [{"lo": 8, "hi": 9}]}
    )
    return path, center({"format": "sav"}, {**AS_CODES, "ECOG": "ecog"})


def dta(folder: Path) -> tuple[Path, dict]:
    """Stata: codes with labels, .a for not known, the id a number."""
    path = folder / "stata.dta"
    table = frame(CODED, LATIN)
    table[LATIN["ECOG"]] = pd.Series(
        ["a" if value == 9 else float(value) for value in table[LATIN["ECOG"]]], dtype=object
    )
    table[LATIN["등록번호"]] = table[LATIN["등록번호"]].astype(float)
    labels = {LATIN[header]: {int(code): word for code, word in codes.items()} for header, codes in LABELS.items()}
    pyreadstat.write_dta(table, str(path), variable_value_labels=labels, missing_user_values={LATIN["ECOG"]: ["a"]})
    whole = center({"format": "dta", "id": {"column": LATIN["등록번호"], "pad": 4}})
    whole["sources"]["main"]["columns"] = latin({**AS_CODES, "ECOG": "ecog"})
    return path, whole


def xpt(folder: Path) -> tuple[Path, dict]:
    """SAS transport: formats lost, so that dates are numbers of days whose system is declared."""
    path = folder / "sas.xpt"
    table = frame({}, LATIN)
    for header in DAYS:
        table[LATIN[header]] = [
            (value - date(1960, 1, 1)).days if isinstance(value, date) else None for value in table[LATIN[header]]
        ]
        table[LATIN[header]] = table[LATIN[header]].astype(float)
    pyreadstat.write_xport(table, str(path), file_format_version=5)
    whole = center({"format": "xpt", "id": LATIN["등록번호"], "encoding": "utf-8"}, dates={"system": "sas"})
    whole["sources"]["main"]["columns"] = latin({})
    return path, whole


WRITERS: dict[str, Callable[[Path], tuple[Path, dict]]] = {
    "csv, CP949": csv_cp949,
    "csv, UTF-8 with BOM, decomposed": csv_utf8_bom,
    "tsv, UTF-16": tsv_utf16,
    "csv with semicolons": csv_semicolons,
    "xlsx, 1900": lambda folder: xlsx(folder, mac=False),
    "xlsx, 1904": lambda folder: xlsx(folder, mac=True),
    "xls": xls,
    "sav": sav,
    "dta": dta,
    "xpt": xpt,
}
