"""Findings, checks and a dictionary of an invented study with two centers."""

from __future__ import annotations

import pandas as pd
import pytest
from openpyxl import load_workbook

from multicenter.dictionary import build_dictionary
from multicenter.harmonize.delivery import FINDING_COLUMNS
from multicenter.queries.collect import Delivered, collect_queries
from multicenter.queries.ids import query_id
from multicenter.queries.layout import HEADER_ROW, QUERIES, QUERY_SHEET
from multicenter.queries.workbook import Heading, write_workbook

DICTIONARY = {
    "tables": {
        "patient": {
            "label": "One row a patient",
            "key": ["center", "patient_id"],
            "variables": {
                "patient_id": {"label": "Id", "type": "text"},
                "start": {"label": "Start", "type": "date"},
                "relapse": {"label": "Relapse", "type": "date"},
                "death": {"label": "Death", "type": "date"},
                "hb": {"label": "Hemoglobin", "type": "number"},
                "height": {"label": "Height", "type": "number"},
            },
        },
        "drug": {
            "label": "One row a drug",
            "key": ["center", "patient_id", "no"],
            "variables": {
                "no": {"label": "Number", "type": "integer"},
                "name": {"label": "Name", "type": "text"},
                "begin": {"label": "Begin", "type": "date"},
            },
        },
        "visit": {
            "label": "One row a visit",
            "key": ["center", "patient_id", "time"],
            "variables": {
                "time": {"label": "Time", "type": "category", "levels": {"before": "Before", "m3": "3 months"}},
                "result": {"label": "Result", "type": "text"},
            },
        },
    }
}
CHECKS = [
    ("not_numeric", "major", "set_missing", "", "", "", "", "", "a number is expected here", "숫자가 필요합니다"),
    ("unclear", "minor", "set_missing", "", "", "", "", "", "the code is unclear", "코드가 분명하지 않습니다"),
    ("duplicate_differs", "critical", "row_dropped", "", "", "", "", "", "another row differs", "다른 행이 있습니다"),
    (
        "relapse_before_start", "critical", "kept", "patient", "relapse", "", "known(start)", "relapse < start",
        "relapse ({relapse}) is before the start ({start})", "재발일({relapse})이 시작일({start})보다 빠릅니다",
    ),
    ("same_patient", "critical", "kept", "patient", "patient_id", "", "", "", "the same as {other}", "{other}와 같음"),
]  # fmt: skip
CHECK_NAMES = [
    "id", "severity", "action", "table", "blame", "join", "population", "expression", "message_en", "message_ko",
]  # fmt: skip
COMMON = {"outcome": "query", "category": "plausibility"}


@pytest.fixture
def dictionary():
    return build_dictionary(DICTIONARY)


@pytest.fixture
def checks() -> dict[str, dict[str, str]]:
    rows = [dict(zip(CHECK_NAMES, row, strict=True)) | COMMON for row in CHECKS]
    return {row["id"]: row for row in rows}


@pytest.fixture
def items(dictionary) -> dict[str, str]:
    return {name: table.item for name, table in dictionary.tables.items()}


def make_finding(patient="1", table="patient", variable="hb", value="high", kind="not_numeric", row=2, **more):
    blank = dict.fromkeys(FINDING_COLUMNS, "")
    told = {"center": "AA", "file": "aa.csv", "column": variable, "outcome": "query"}
    own = {"patient_id": patient, "table": table, "variable": variable, "value": value, "kind": kind, "row": row}
    return blank | told | own | {"message": "a number is expected here"} | more


def make_findings(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=FINDING_COLUMNS)
    return frame.astype({name: "Int64" if name == "row" else "string" for name in FINDING_COLUMNS})


def make_delivered(*rows, column_map=(), records=None, source_rows=(), patients=("1", "2", "3"), sha256="aaa"):
    names = ["table", "variable", "item", "file", "sheet", "column", "header", "source"]
    return Delivered(
        findings=make_findings(*rows),
        column_map=pd.DataFrame(column_map, columns=names).astype(str),
        source_rows=pd.DataFrame(source_rows, columns=["table", "patient_id", "item", "source", "row"]),
        records=records or {},
        patients=frozenset(patients),
        sha256=sha256,
    )


@pytest.fixture
def finding():
    """Return one finding of center AA; any column may be given."""
    return make_finding


@pytest.fixture
def delivered():
    """Return what is known of a delivery with the given findings."""
    return make_delivered


@pytest.fixture
def collect(checks, items):
    """Return the queries of deliveries and pooled findings."""

    def run(*parts: Delivered, pooled=()) -> pd.DataFrame:
        return collect_queries(dict(enumerate(parts)), make_findings(*pooled), checks, items)

    return run


ROW = {
    "rank": 1, "severity": "critical", "status": "OPEN", "age_days": 12, "field": "Hemoglobin\npatient.hb",
    "cell": "aa.xlsx!Data!M17", "question_en": "A number is expected. What is it?", "question_ko": "숫자가 필요합니다.",
    "can_change": "No endpoint", "remark": "", "answer": "", "comment": "", "answered_by": "", "answered_on": "",
    "status_since": "2024-01-31", "table": "patient", "item": "", "variable": "hb", "kind": "not_numeric", "which": "",
    "evidence": "", "first_asked": "2024-01-31", "asked_on": "2024-01-31", "round": "1",
}  # fmt: skip


@pytest.fixture
def row():
    """Return a query of the workbook by its number; any field may be given."""

    def one(number=1, center="AA", value="high", **more):
        own = {"center": center, "patient_id": str(number), "value": value, "rank": number}
        made = ROW | own | more
        return {"query": query_id(made)} | made

    return one


@pytest.fixture
def answer():
    """Fill in cells of a workbook: {row number from 1: {field: value}}; `edit` may do more to it."""

    def run(path, rows, edit=None, name=None):
        book = load_workbook(path)
        at = {column.field: i for i, column in enumerate(QUERY_SHEET, start=1)}
        for number, cells in rows.items():
            for field, value in cells.items():
                book[QUERIES].cell(HEADER_ROW + number, at[field]).value = value
        if edit:
            edit(book)
        target = path.with_name(name or path.name)
        book.save(target)
        return target

    return run


@pytest.fixture
def write(tmp_path):
    """Write a workbook of center AA with the given open and closed queries; returns its path."""

    def run(*rows, closed=(), name="AA.xlsx", simulated=True, center="AA", study="STUDY"):
        path = tmp_path / name
        heading = Heading(study, "A study & more", center, "Hospital A", "2024-02-12", simulated)
        write_workbook(path, heading, rows, list(closed))
        return path

    return run
