"""Finding the tables in files that nobody has described: format, encoding, separator, title and header rows, sheets."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multicenter.errors import DataError, Place, StudyError
from multicenter.intake.biff import refuse_incomplete
from multicenter.intake.delimited import BOMS, decode
from multicenter.intake.guard import AGAIN, reading
from multicenter.intake.read import read_table
from multicenter.intake.table import RawTable, plain_cell

LOOKED_AT = 12  # rows among which the header is looked for
DEEPEST = 3  # rows of a header
SAMPLE = 60  # lines from which the separator is told
TEXT = ("utf-8", "cp949")
SEPARATORS = (",", "\t", ";", "|")
STATISTICAL = {
    "sav": (b"$FL2", b"$FL3"),
    "xpt": (b"HEADER RECORD*******",),
    "sas7bdat": (b"\0" * 12 + b"\xc2\xea\x81",),
}
OLD_STATA = range(0x66, 0x78)
OLE, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
LEFT_OUT = 0.2  # of the headers more must be known for a header row to be left out
FILLED = 0.5  # of the widest row's cells that a header row fills

Score = Callable[[list[str]], float]


@dataclass
class Found:
    """A table with how it is read: the keys of a source that say so."""

    raw: RawTable
    source: dict[str, Any]


def find_tables(path: Path, score: Score) -> list[Found]:
    """Read every table of a file whose layout is not known.

    score: how much a list of headers looks like headers of this study. Raises DataError for a file that cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror}). Correct the path") from None
    if not data:
        raise DataError(Place(path.name), "the file is empty", AGAIN)
    kind = file_format(data, path)
    if kind in ("csv", "tsv"):
        return [_delimited(data, path.name, score)]
    if kind in ("xlsx", "xls"):
        return list(_sheets(data, path.name, kind, score))
    return [_statistical(data, path.name, kind)]


def file_format(data: bytes, path: Path) -> str:
    """A file's format by its first bytes; the suffix decides only among texts and old Stata files."""
    if data.startswith(ZIP) and zipfile.is_zipfile(io.BytesIO(data)):
        return "xlsx"
    if data.startswith(OLE):
        return "xls" if path.suffix.casefold() == ".xls" else "xlsx"
    for kind, marks in STATISTICAL.items():
        if data.startswith(marks):
            return kind
    if data.startswith(b"<stata_dta>") or (path.suffix.casefold() == ".dta" and data[0] in OLD_STATA):
        return "dta"
    if data.lstrip()[:1] == b"<":
        raise DataError(
            Place(path.name), "the file is a web page or XML, whatever its name says", "Save it as xlsx or csv"
        )
    return "csv"


def find_encoding(data: bytes, file: str) -> str:
    """The encoding in which every byte makes sense: marked, UTF-16 without a mark, UTF-8, then CP949."""
    marked = next((name for mark, name in BOMS.items() if data.startswith(mark)), None)
    if marked:
        return marked
    high, low = data[0:4000:2].count(0), data[1:4000:2].count(0)
    if high + low > len(data[:4000]) // 8:
        return "utf-16-le" if low > high else "utf-16-be"
    for name in TEXT:
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    what = f"the bytes are neither {' nor '.join(TEXT)}"
    raise DataError(Place(file), what, "Ask the center in which encoding it exported the file")


def _statistical(data: bytes, file: str, kind: str) -> Found:
    """A file of a statistical package; one that does not know its encoding is tried in the usual ones."""
    problem: DataError | None = None
    for encoding in ("", *TEXT[1:]):
        source = {"format": kind, **({"encoding": encoding} if encoding else {})}
        try:
            return Found(read_table(data, file, source), source)
        except DataError as error:
            problem = problem or error
    raise problem


def _delimited(data: bytes, file: str, score: Score) -> Found:
    encoding = find_encoding(data, file)
    text, _ = decode(data, file, encoding)
    separator = _separator(text)
    lines, numbers = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    last = 0
    for record in reader:
        if record:
            lines.append(record)
            numbers.append(last + 1)
        last = reader.line_num
        if len(lines) > LOOKED_AT + DEEPEST:
            break
    source: dict[str, Any] = {"format": "tsv" if separator == "\t" else "csv", "encoding": encoding}
    if separator not in ",\t":
        source["separator"] = separator
    return _best(lines, numbers, source, score, lambda s: read_table(data, file, s), Place(file))


def _separator(text: str) -> str:
    """The character that cuts the largest share of lines into the same number of cells, more than one."""
    sample = "\n".join(text.splitlines()[:SAMPLE])
    best, most = ",", (0.0, 0)
    for mark in SEPARATORS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=mark) if row]
        except csv.Error:
            continue
        for width, n in Counter(width for width in widths if width > 1).items():
            even = (round(n / len(widths), 1), width * n)
            if even > most:
                best, most = mark, even
    return best


def _sheets(data: bytes, file: str, kind: str, score: Score) -> Iterator[Found]:
    """Every sheet with cells. A sheet without data rows cannot hold patients and is passed over."""
    import python_calamine

    with reading(file):
        refuse_incomplete(data)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    for sheet, grid in grids.items():
        rows = [
            ["" if plain_cell(c) is None else plain_cell(c) for c in row] for row in grid[: LOOKED_AT + DEEPEST + 1]
        ]
        filled = [(i + 1, row) for i, row in enumerate(rows) if any(str(cell).strip() for cell in row)]
        if len(filled) < 2:
            continue
        source = {"format": kind, **({"sheet": sheet} if len(book.sheet_names) > 1 else {})}
        lines, numbers = [row for _, row in filled], [n for n, _ in filled]

        def read(keys: dict[str, Any], sheet: str = sheet) -> RawTable:
            return read_table(data, file, {**keys, "sheet": sheet})

        yield _best(lines, numbers, source, score, read, Place(file, sheet))


def _best(
    lines: list[list[Any]],
    numbers: list[int],
    source: dict[str, Any],
    score: Score,
    read: Callable[[dict[str, Any]], RawTable],
    place: Place,
) -> Found:
    """Read the table below the header rows whose texts look most like headers; the shallowest and first of equals."""
    width = max(len(line) for line in lines)
    tried = []
    for start in range(min(LOOKED_AT, len(lines))):
        filled = [cell for cell in lines[start] if str(cell).strip()]
        if not filled or not all(isinstance(cell, str) and not _numeric(cell) for cell in filled):
            continue
        for depth in range(1, DEEPEST + 1):
            if start + depth < len(lines) and numbers[start + depth - 1] == numbers[start] + depth - 1:
                names = _joined(lines[start : start + depth], width)
                groups = start > 0 and numbers[start - 1] == numbers[start] - 1 and _is_group_row(lines[start - 1])
                worth = score(names) - (LEFT_OUT * width if groups else 0)
                tried.append(((worth, len(filled) / width >= FILLED, -depth, -start), start, depth))
    problem: DataError | None = None
    for _, start, depth in sorted(tried, reverse=True):
        keys = {**source}
        if numbers[start] > 1:
            keys["first_row"] = numbers[start]
        if depth > 1:
            keys["header_rows"] = depth
        try:
            return Found(read(keys), keys)
        except DataError as error:
            problem = problem or error
            joined = _ragged(read, keys, lines[start], width) if width > len(lines[start]) else None
            if joined:
                return joined
    raise problem or DataError(place, "no row looks like a header", "Ask the center for a table with a header")


def _ragged(
    read: Callable[[dict[str, Any]], RawTable], keys: dict[str, Any], header: list[str], width: int
) -> Found | None:
    """Read a table with too many cells in some lines: they are joined where the other columns then stay most alike."""
    tried = []
    for name in dict.fromkeys(" ".join(text.split()) for text in header if text.strip()):
        try:
            raw = read({**keys, "ragged": {"into": name}})
        except DataError:
            continue
        tried.append(
            (sum(_strange(raw.cells[c].tolist()) for c in raw.cells.columns if c != name), len(tried), name, raw)
        )
    if not tried:
        return None
    _, _, name, raw = min(tried, key=lambda entry: entry[:2])
    return Found(raw, {**keys, "ragged": {"open": [{"into": name}]}})


def _strange(cells: list[Any]) -> int:
    """The cells of a column that are not formed as most of it: a number among texts, a text among dates."""
    kinds = Counter("9" if _numeric(str(c)) else "a" if str(c)[:1].isalpha() else "" for c in cells if c is not None)
    return sum(kinds.values()) - max(kinds.values(), default=0)


def _is_group_row(line: list[Any]) -> bool:
    """Whether a row above may be an upper header row: several texts, where a title is one."""
    filled = [cell for cell in line if str(cell).strip()]
    return len(filled) > 1 and all(isinstance(cell, str) and not _numeric(cell) for cell in filled)


def _joined(rows: list[list[Any]], width: int) -> list[str]:
    """The headers that several rows make, near enough to judge them; an empty upper cell repeats its left neighbor."""
    texts = [[str(cell).strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    for row in texts[:-1]:
        for i in range(1, width):
            row[i] = row[i] or row[i - 1]
    return [" / ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*texts, strict=True)]


def _numeric(text: str) -> bool:
    return text.strip().replace(".", "", 1).replace("-", "").replace("/", "").isdigit()
