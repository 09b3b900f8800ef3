"""A filled cell far from all others is named before a reader tries to lay the sheet out; formats may reach anywhere."""

from __future__ import annotations

import io

import openpyxl
import pytest
from openpyxl.styles import Font

from multicenter.errors import DataError
from multicenter.identifiers.contents import Contents
from multicenter.identifiers.workbook import look_inside_workbook


def look(**cells: str | None) -> Contents:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "data"
    sheet.append(["id", "hb"])
    sheet.append(["P1", 12.1])
    for at, text in cells.items():
        sheet[at].font = Font(bold=True)
        sheet[at] = text
    bytes_ = io.BytesIO()
    book.save(bytes_)
    contents = Contents()
    look_inside_workbook(bytes_.getvalue(), "a.xlsx", [], ["utf-8"], lambda texts: True, contents)
    return contents


@pytest.mark.parametrize("cell", ["XFD1048576", "XFD200000", "ZZ1048576"])
def test_a_far_cell_is_named(cell):
    with pytest.raises(DataError) as raised:
        look(**{cell: "x"})
    assert str(raised.value) == (
        f"a.xlsx, sheet data: the cell {cell} is filled, far from all others. "
        "Ask the center to delete what stands there, and to save the workbook"
    )


@pytest.mark.parametrize("cells", [{"XFD1": "x"}, {"A200000": "x"}, {"XFD1048576": None}, {"AB20000": "x"}])
def test_what_can_be_laid_out_is_read(cells):
    assert [grid.sheet for grid in look(**cells).grids] == ["data"]
