"""Delimited text files in a declared encoding and with a declared separator."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.footer import cut_footer
from multicenter.intake.mojibake import REPLACED, find_damage
from multicenter.intake.table import RawTable, make_table, plain_cells

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CUT = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")
AGAIN = "Ask the center to send it again"
SEPARATORS = ";\t|,"
SHOWN = 20


def read_delimited(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read a csv or tsv.

    source: encoding (required), separator, first_row, header_rows, ends_before, ragged {into: header}.
    Raises DataError for a wrong or lossy encoding (the offending bytes and line), ragged lines, a last line that is cut
    off, a title in the header's place, a duplicate header.
    """
    text, encoding = decode(data, file, source["encoding"])
    separator = source.get("separator", "\t" if source["format"] == "tsv" else ",")
    lines, numbers = _records(text, separator, file)
    first = source.get("first_row", 1)
    deep = source.get("header_rows", 1)
    start = next((i for i, n in enumerate(numbers) if n >= first), len(lines))
    if len(lines) < start + deep:
        raise DataError(Place(file), "holds no header", "Ask the center for the delivery again")
    _refuse_no_header(lines[start : start + 2], numbers[start], file, separator)
    header = _joined([lines[start + i] for i in range(deep)])
    body, at = lines[start + deep :], numbers[start + deep :]
    body, below = cut_footer(body, at, header, source, Place(file))
    at = at[: len(body)]
    open_end = not below and not text.endswith(("\n", "\r"))
    if body and open_end and len(body[-1]) < len(header):
        what = f"the file is cut off: its last line has {len(body[-1])} of {len(header)} cells and no line end"
        raise DataError(Place(file, None, at[-1]), what, AGAIN)
    body = _squared(body, at, header, file, source.get("ragged"), separator)
    columns = [plain_cells(column) for column in zip(*body, strict=True)]
    if not body:
        columns = [[] for _ in header]
    facts = {"encoding": encoding, "separator": separator, "open_end": open_end or None, "footer_rows": below}
    return make_table(file, "", header, columns, at, **facts)


def decode(data: bytes, file: str, encoding: str) -> tuple[str, str]:
    """Decode strictly; a byte order mark wins over a declared UTF-8 and is no data. Returns (text, encoding used)."""
    marked = next((name for mark, name in BOMS.items() if data.startswith(mark)), None)
    try:
        declared = codecs.lookup(encoding).name
    except LookupError:
        raise DataError(Place(file), f"there is no encoding {encoding!r}", "Correct it in the center's file") from None
    used = marked if marked and declared.startswith("utf") else declared
    try:
        text = data.decode("utf-8-sig" if used == "utf-8" else used)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if error.end >= len(data) and error.reason in CUT:
            what = "the file is cut off in the middle of a character"
            raise DataError(Place(file, None, line), what, AGAIN) from None
        bad = data[error.start : error.start + 4].hex(" ")
        what = f"the bytes {bad} are not {encoding}"
        fix = "Declare the encoding that the file has, or ask for the file in the declared one"
        raise DataError(Place(file, None, line), what, fix) from None
    text = text.rstrip("\x1a")  # the end of a text file in DOS, and in what is still exported from there
    damage = find_damage(text) if REPLACED in text else None
    if damage:
        line = text.count("\n", 0, damage.at) + 1
        raise DataError(Place(file, None, line), damage.what, "Ask the center to export the file again")
    return text, used


def _records(text: str, separator: str, file: str) -> tuple[list[list[str]], list[int]]:
    """All records with the line on which each begins; empty lines are no records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines, numbers, last = [], [], 0
    try:
        for record in reader:
            if len(record) > 1 or any(cell.strip() for cell in record):
                lines.append(record)
                numbers.append(last + 1)
            last = reader.line_num
    except csv.Error as error:
        what = f"the line cannot be split into cells ({error})"
        raise DataError(Place(file, None, last + 1), what, "Look for an unmatched quotation mark") from None
    return lines, numbers


def _refuse_no_header(lines: list[list[str]], number: int, file: str, separator: str) -> None:
    """Say so if the header's line (the first of `lines`) is something else, or is split by another character."""
    cells = [cell.strip() for cell in lines[0] if cell.strip()]
    below = [cell for cell in (lines[1] if len(lines) > 1 else []) if cell.strip()]
    place, told = Place(file, None, number), cells[0] if cells else ""
    if told.casefold().startswith("sep="):
        used = told[4:5] or separator
        what = f"the line 'sep={used}' is a note to Excel and not the header"
        raise DataError(place, what, f"Set first_row: {number + 1} and separator: {used!r} in the center's file")
    if len(cells) != 1:
        return
    for other in SEPARATORS.replace(separator, ""):
        if told.count(other) and separator.join(lines[-1]).count(other) >= told.count(other):
            what = f"the header is one cell, with {told.count(other)} times {other!r} in it"
            raise DataError(place, what, f"Set separator: {other!r} in the center's file")
    if len(below) > 1:
        what = f"the line {told!r} is one cell and the next line has {len(below)}: a title, not the header"
        raise DataError(place, what, "Set first_row to the line of the header in the center's file")


def _joined(rows: list[list[str]]) -> list[str]:
    """The header of several rows: each row's text, joined by " / "; an empty upper cell repeats its left neighbor."""
    width = max(map(len, rows))
    filled = []
    for depth, row in enumerate(rows):
        row = [cell.strip() for cell in row] + [""] * (width - len(row))
        if depth < len(rows) - 1:
            for i in range(1, width):
                row[i] = row[i] or row[i - 1]
        filled.append(row)
    return [" / ".join(part for part in parts if part) for parts in zip(*filled, strict=True)]


def _squared(
    body: list[list[str]],
    at: list[int],
    header: list[str],
    file: str,
    ragged: Mapping[str, str] | None,
    separator: str,
) -> list[list[str]]:
    """Rows of the header's width; surplus cells go into the declared free-text column, anything else is refused."""
    width = len(header)
    if all(len(row) == width for row in body):
        return body
    into = header.index(ragged["into"]) if ragged and ragged["into"] in header else None
    square, uneven = [], []
    for row, line in zip(body, at, strict=True):
        surplus = len(row) - width
        if surplus > 0 and into is not None:
            joined = separator.join(row[into : into + surplus + 1])
            row = [*row[:into], joined, *row[into + surplus + 1 :]]
        elif surplus:
            uneven.append((line, len(row)))
        square.append(row)
    if uneven:
        raise _uneven(uneven, width, file)
    return square


def _uneven(uneven: list[tuple[int, int]], width: int, file: str) -> DataError:
    """The error that lists the lines (line, cells) that are not as wide as the header."""
    fix = "Quote the text that holds the separator, or declare 'ragged' with the free-text column"
    line, cells = uneven[0]
    if len(uneven) == 1:
        what = f"the line has {cells} cells where the header has {width}"
        return DataError(Place(file, None, line), what, fix)
    listed = ", ".join(f"row {line} has {cells}" for line, cells in uneven[:SHOWN])
    more = f" and {len(uneven) - SHOWN} more" if len(uneven) > SHOWN else ""
    what = f"{len(uneven)} lines do not have the header's {width} cells: {listed}{more}"
    return DataError(Place(file), what, fix)
