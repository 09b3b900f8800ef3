"""Delimited text files in a declared encoding and with a declared separator."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.table import RawTable, make_table

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_delimited(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read a csv or tsv.

    source: encoding (required), separator, first_row, header_rows, ragged {into: header}.
    Raises DataError for a wrong or lossy encoding (the offending bytes and line), a ragged line, a duplicate header.
    """
    text, encoding = decode(data, file, source["encoding"])
    separator = source.get("separator", "\t" if source["format"] == "tsv" else ",")
    lines, numbers = _records(text, separator, file)
    first = source.get("first_row", 1)
    deep = source.get("header_rows", 1)
    start = next((i for i, n in enumerate(numbers) if n >= first), len(lines))
    if len(lines) < start + deep:
        raise DataError(Place(file), "holds no header", "Ask the center for the delivery again")
    header = _joined([lines[start + i] for i in range(deep)])
    body, at = lines[start + deep :], numbers[start + deep :]
    body = _squared(body, at, header, file, source.get("ragged"), separator)
    columns = [[cell if cell.strip() else None for cell in column] for column in zip(*body, strict=True)]
    if not body:
        columns = [[] for _ in header]
    return make_table(file, "", header, columns, at, encoding=encoding, separator=separator)


def decode(data: bytes, file: str, encoding: str) -> tuple[str, str]:
    """Decode strictly; a byte order mark wins over a declared UTF-8 and is no data. Returns (text, encoding used)."""
    marked = next((name for mark, name in BOMS.items() if data.startswith(mark)), None)
    declared = codecs.lookup(encoding).name
    used = marked if marked and declared.startswith("utf") else declared
    try:
        text = data.decode("utf-8-sig" if used == "utf-8" else used)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        bad = data[error.start : error.start + 4].hex(" ")
        what = f"the bytes {bad} are not {encoding}"
        fix = "Declare the encoding that the file has, or ask for the file in the declared one"
        raise DataError(Place(file, None, line), what, fix) from None
    if "\ufffd" in text:
        at = text.index("\ufffd")
        what = f"the text was damaged before it came here (U+FFFD after {text[max(0, at - 12) : at]!r})"
        line = text.count("\n", 0, at) + 1
        raise DataError(Place(file, None, line), what, "Ask the center to export the file again")
    return text, used


def _records(text: str, separator: str, file: str) -> tuple[list[list[str]], list[int]]:
    """All records with the line on which each begins; empty lines are no records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines, numbers, last = [], [], 0
    try:
        for record in reader:
            if record:
                lines.append(record)
                numbers.append(last + 1)
            last = reader.line_num
    except csv.Error as error:
        what = f"the line cannot be split into cells ({error})"
        raise DataError(Place(file, None, last + 1), what, "Look for an unmatched quotation mark") from None
    return lines, numbers


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
    square = []
    for row, line in zip(body, at, strict=True):
        surplus = len(row) - width
        if surplus > 0 and into is not None:
            joined = separator.join(row[into : into + surplus + 1])
            row = [*row[:into], joined, *row[into + surplus + 1 :]]
        elif surplus:
            what = f"the line has {len(row)} cells where the header has {width}"
            fix = "Quote the text that holds the separator, or declare 'ragged' with the free-text column"
            raise DataError(Place(file, None, line), what, fix)
        square.append(row)
    return square
