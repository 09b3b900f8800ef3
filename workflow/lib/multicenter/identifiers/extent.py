"""How far a worksheet's filled cells reach: readers of workbooks lay out every cell up to the farthest one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from multicenter.errors import DataError, Place
from multicenter.intake.facts import column_index

MOST_CELLS = 100_000_000
FILLED = rb"<(?:\w+:)?c\s[^<>]*?\br=[\"'](%s)(\d+)[\"'][^<>]*(?<!/)><"
FAR_RIGHT, ANYWHERE = re.compile(FILLED % rb"[A-Z]{3}"), re.compile(FILLED % rb"[A-Z]{1,3}")
BEFORE_AAA = column_index("AAA")
ROW = re.compile(rb"row\s[^<>]*?\br=[\"'](\d+)[\"']")


def refuse_far_cells(pages: Mapping[str, bytes], file: str) -> None:
    """Raise DataError, with its place, for a filled cell so far away that a sheet cannot be laid out in memory.

    pages: sheet → its XML. Only cells with content count: formats reach as far as they like.
    """
    for sheet, page in pages.items():
        rows = int((ROW.findall(page[max(page.rfind(b"row "), 0) :]) or [b"0"])[0])
        anywhere = rows * BEFORE_AAA > MOST_CELLS
        found = [
            (column_index(a.decode()) + 1, int(n), a + n)
            for a, n in (ANYWHERE if anywhere else FAR_RIGHT).findall(page)
        ]
        if not found:
            continue
        columns, low = max(found), max(found, key=lambda cell: cell[1])
        if columns[0] * (low[1] if anywhere else rows) > MOST_CELLS:
            cell = (columns if columns[0] > BEFORE_AAA else low)[2].decode()
            what = f"the cell {cell} is filled, far from all others"
            raise DataError(
                Place(file, sheet), what, "Ask the center to delete what stands there, and to save the workbook"
            )
