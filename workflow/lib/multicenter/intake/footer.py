"""Lines below a table: a total, a note, a legend. A center file says with `ends_before` where they begin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.table import plain_cell, written

FULL = 0.5  # of a table's columns: a line that fills more of them, with an id like the others', is a patient's


def table_end(lines: Sequence[Sequence[Any]], pattern: str) -> int:
    """How many lines stand above the first one whose first filled cell, as a whole, fits a regular expression."""
    fits = re.compile(pattern).fullmatch
    return next((i for i, line in enumerate(lines) if fits(first_filled(line)[1])), len(lines))


def cut_footer(
    lines: Sequence[Sequence[Any]], rows: Sequence[int], header: Sequence[str], source: Mapping[str, Any], place: Place
) -> tuple[Sequence[Sequence[Any]], list[int]]:
    """The lines of the table, and the rows of those below it.

    source: ends_before, id. Raises DataError for a line below that looks like one of the table's.
    """
    if "ends_before" not in source:
        return lines, []
    end = table_end(lines, source["ends_before"])
    ident = source.get("id", "")
    ident = ident["column"] if isinstance(ident, Mapping) else ident
    if end < len(lines) and ident in header:
        _refuse_patients(lines, rows, list(header).index(ident), end, replace(place, column=ident))
    below = [row for line, row in zip(lines[end:], rows[end:], strict=True) if first_filled(line)[1]]
    return lines[:end], below


def first_filled(line: Sequence[Any]) -> tuple[int, str]:
    """Position and text of a line's first filled cell; "" if there is none."""
    return next(((i, text) for i, text in enumerate(map(cell_text, line)) if text), (0, ""))


def cell_text(cell: Any) -> str:
    """A cell's text, visible on one line; "" for a blank."""
    return " ".join(written(plain_cell(cell)).split())


def without_digits(text: str) -> str:
    """How a text is formed: 9 for each run of digits."""
    return re.sub(r"\d+", "9", text)


def _refuse_patients(lines: Sequence[Sequence[Any]], rows: Sequence[int], at: int, end: int, place: Place) -> None:
    formed = {without_digits(cell_text(line[at])) for line in lines[:end] if at < len(line)}
    for line, row in zip(lines[end:], rows[end:], strict=True):
        ident = cell_text(line[at]) if at < len(line) else ""
        full = sum(bool(cell_text(cell)) for cell in line) > FULL * len(line)
        if ident and full and without_digits(ident) in formed:
            what = (
                f"the line stands below row {rows[end]}, where 'ends_before' ends the table, but has an id like others"
            )
            raise DataError(replace(place, row=row), what, "Correct 'ends_before', or ask the center to mend the file")
