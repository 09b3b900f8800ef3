"""Lines below a table: left out where the center file says that the table ends, and never a patient among them."""

from __future__ import annotations

import io

import openpyxl
import pytest

from multicenter.errors import DataError
from multicenter.intake.read import read_table

ROWS = [["ID", "sex", "Hb"], ["P1", "M", "9.5"], ["P2", "F", "10"], ["P30", "F", "11"]]
BELOW = [["이상 3명"], ["", "Total", "30.5"], ["1 = 남"]]
ENDS = r"이상 \d+명"


def text(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode()


def workbook(rows: list[list[str]], merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


CSV = {"format": "csv", "encoding": "utf-8", "id": "ID", "ends_before": ENDS}
XLSX = {"format": "xlsx", "id": {"column": "ID"}, "ends_before": ENDS}


@pytest.mark.parametrize(
    ("data", "source"), [(text(ROWS + BELOW), CSV), (workbook(ROWS + BELOW, "A5:C5"), XLSX)], ids=["csv", "xlsx"]
)
def test_lines_below_are_left_out_and_listed(data, source):
    table = read_table(data, "x", source)
    assert (list(table.cells["ID"]), list(table.rows)) == (["P1", "P2", "P30"], [2, 3, 4])
    assert table.facts["footer_rows"] == [5, 6, 7]


@pytest.mark.parametrize(("data", "source"), [(text(ROWS) + b"\n", CSV), (workbook(ROWS), XLSX)], ids=["csv", "xlsx"])
def test_an_extract_without_such_a_line_is_read_to_its_end(data, source):
    table = read_table(data, "x", source)
    assert len(table.rows) == 3
    assert table.facts["footer_rows"] == []


def test_a_patient_below_the_declared_end_is_refused():
    with pytest.raises(DataError) as stop:
        read_table(text([*ROWS, *BELOW, ["P4", "M", "9"]]), "x.csv", CSV)
    assert str(stop.value) == (
        "x.csv, row 8, column ID: the line stands below row 5, where 'ends_before' ends the table, but has an id like "
        "others. Correct 'ends_before', or ask the center to mend the file"
    )
