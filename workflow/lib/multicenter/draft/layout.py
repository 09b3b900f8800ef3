"""Finding the tables in files that nobody has described: format, encoding, separator, title and header rows, sheets."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from multicenter.errors import DataError, Place, StudyError
from multicenter.harmonize.ids import FOOTER
from multicenter.harmonize.words import key
from multicenter.intake.biff import refuse_incomplete
from multicenter.intake.delimited import BOMS, decode
from multicenter.intake.footer import cell_text, first_filled, without_digits
from multicenter.intake.guard import AGAIN, reading
from multicenter.intake.read import read_table
from multicenter.intake.table import RawTable, plain_cell
from multicenter.intake.workbook import HIDDEN

LOOKED_AT = 12  # rows among which the header is looked for
LOWEST = 40  # last rows among which lines below the table are looked for
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
UNPACK = "Unpack it, and name the file inside"
EXPORT = "Ask the center for the data as xlsx or csv"
NO_TABLE = {
    b"\x1f\x8b": ("compressed (gzip)", UNPACK),
    b"7z\xbc\xaf": ("an archive (7z)", UNPACK),
    b"%PDF": ("a PDF", EXPORT),
}
LEFT_OUT = 0.2  # of the headers more must be known for a header row to be left out
FILLED = 0.5  # of the widest row's cells that a header row fills
SPARSE = 0.34  # of the cells that a note or a legend below the table fills at most
FORMS = 3  # ids are formed in a few ways; of more, another one says nothing

Score = Callable[[list[str]], float]


@dataclass
class Found:
    """A table with how it is read: the keys of a source that say so."""

    raw: RawTable
    source: dict[str, Any]


@dataclass
class Lines:
    """A table's filled lines: the first ones with the numbers of their rows, and the lowest as (number, cells)."""

    rows: list[list[Any]]
    numbers: list[int]
    lowest: list[tuple[int, list[Any]]]

    @property
    def width(self) -> int:
        return max(len(row) for row in self.rows)


class NoTable(DataError):
    """There is no table, or none that can be read."""


@dataclass(frozen=True, order=True)
class _Header:
    """Rows that may be the header; of two, the one of the higher rank is likelier."""

    rank: tuple[Any, ...]
    start: int
    depth: int


def find_tables(path: Path, score: Score) -> list[Found]:
    """Read every table of a file whose layout is not known.

    score: how much a list of headers looks like headers of this study. A sheet that holds no table comes without
    columns. Raises DataError for a file that cannot be read, or whose header has to be mended first.
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
        return _sheets(data, path.name, kind, score)
    return [_statistical(data, path.name, kind)]


def file_format(data: bytes, path: Path) -> str:
    """A file's format by its first bytes; the suffix decides only among texts and old Stata files."""
    place = Place(path.name)
    if data.startswith(ZIP):
        _refuse_archive(data, place)
        return "xlsx"
    if data.startswith(OLE):
        return "xls" if path.suffix.casefold() == ".xls" else "xlsx"
    for kind, marks in STATISTICAL.items():
        if data.startswith(marks):
            return kind
    if data.startswith(b"<stata_dta>") or (path.suffix.casefold() == ".dta" and data[0] in OLD_STATA):
        return "dta"
    for mark, (what, fix) in NO_TABLE.items():
        if data.startswith(mark):
            raise DataError(place, f"the file is {what}", fix)
    if data.lstrip()[:1] == b"<":
        raise DataError(place, "the file is a web page or XML, whatever its name says", "Save it as xlsx or csv")
    return "csv"


def _refuse_archive(data: bytes, place: Place) -> None:
    """Raise DataError for a workbook that is cut off, and for an archive of other files."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise DataError(place, "the workbook (or archive) is cut off", AGAIN)
    with reading(place.file), zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    if "[Content_Types].xml" not in names:
        raise DataError(place, "the file is an archive of other files and no workbook", UNPACK)


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
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(Place(file, None, line), "the text holds zero bytes: it is damaged, or no text file", AGAIN)
    separator = _separator(text)
    first: list[tuple[int, list[Any]]] = []
    lowest: deque[tuple[int, list[Any]]] = deque(maxlen=LOWEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    last = 0
    for record in reader:
        if any(cell.strip() for cell in record):
            lowest.append((last + 1, record))
            if len(first) <= LOOKED_AT + DEEPEST:
                first.append(lowest[-1])
        last = reader.line_num
    source: dict[str, Any] = {"format": "tsv" if separator == "\t" else "csv", "encoding": encoding}
    if separator not in ",\t":
        source["separator"] = separator
    lines = Lines([row for _, row in first], [n for n, _ in first], list(lowest))
    return _best(lines, source, score, lambda s: read_table(data, file, s), Place(file))


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


def _sheets(data: bytes, file: str, kind: str, score: Score) -> list[Found]:
    """Every sheet with cells; one without a table only says how many rows it has."""
    import python_calamine

    with reading(file):
        refuse_incomplete(data)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
        hidden = {page.name: HIDDEN[str(page.visible)] for page in book.sheets_metadata if str(page.visible) in HIDDEN}
    found, problems = [], []
    for sheet, grid in grids.items():
        filled = [(i + 1, row) for i, row in enumerate(grid) if first_filled(row)[1]]
        source = {"format": kind, **({"sheet": sheet} if len(book.sheet_names) > 1 else {})}

        def read(keys: dict[str, Any], sheet: str = sheet) -> RawTable:
            return read_table(data, file, {**keys, "sheet": sheet})

        first = [
            (n, ["" if plain_cell(c) is None else plain_cell(c) for c in row])
            for n, row in filled[: LOOKED_AT + DEEPEST + 1]
        ]
        lines = Lines([row for _, row in first], [n for n, _ in first], filled[-LOWEST:])
        try:
            found += [_best(lines, source, score, read, Place(file, sheet))] if filled else []
        except NoTable as problem:
            problems.append(problem)
            rows = np.array([n for n, _ in filled])
            empty = pd.DataFrame(index=range(len(rows)))
            found.append(Found(RawTable(file, sheet, empty, rows, {}, {"hidden_sheets": hidden}), source))
    if len(problems) == len(found):
        raise problems[0] if problems else DataError(Place(file), "all sheets are empty", AGAIN)
    return found


def _best(
    lines: Lines, source: dict[str, Any], score: Score, read: Callable[[dict[str, Any]], RawTable], place: Place
) -> Found:
    """Read the table below the header rows whose texts look most like headers; the shallowest and first of equals.

    A header that cannot be read is the header all the same: only other depths of it are tried.
    """
    order = _headers(lines, score)
    if not order:
        raise NoTable(place, "no row looks like a header", "Ask the center for a table with a header")
    top = order[0]
    if top.start + top.depth >= len(lines.rows):
        raise NoTable(replace(place, row=lines.numbers[top.start]), "no data rows stand below the header", AGAIN)
    if lines.width < 2:
        what = f"each line is one cell ({cell_text(lines.rows[top.start][0])[:40]!r})"
        raise NoTable(
            replace(place, row=lines.numbers[top.start]), what, f"{EXPORT}, with a comma, tab or ; between cells"
        )
    below = _footer(lines, top)
    ends = {"ends_before": below} if below else {}
    problem: DataError | None = None
    for header in order:
        if not header.start <= top.start < header.start + header.depth or header.rank[0] < top.rank[0] / 2:
            continue
        keys = {**source}
        if lines.numbers[header.start] > 1:
            keys["first_row"] = lines.numbers[header.start]
        if header.depth > 1:
            keys["header_rows"] = header.depth
        try:
            raw, ragged = _read(read, {**keys, **ends}, lines.rows[header.start], lines.width)
        except DataError as error:
            problem = problem or error
            continue
        _refuse_data_row(raw, header, lines.numbers[header.start + header.depth - 1], place)
        return Found(raw, keys | ragged | {key: {"open": [value]} for key, value in ends.items()})
    raise problem if top.rank[0] >= 1 else NoTable(place, "no table can be read", str(problem))


def _headers(lines: Lines, score: Score) -> list[_Header]:
    """Rows that may be the header, the likeliest first."""
    tried = []
    for start, row in enumerate(lines.rows[:LOOKED_AT]):
        filled = [cell for cell in row if cell_text(cell)]
        texts = sum(isinstance(cell, str) and not _numeric(cell) for cell in filled)
        if texts <= len(filled) / 2:
            continue
        above = lines.rows[start - 1] if start and lines.numbers[start - 1] == lines.numbers[start] - 1 else []
        for depth in range(1, DEEPEST + 1):
            if (
                start + depth <= len(lines.rows)
                and lines.numbers[start + depth - 1] == lines.numbers[start] + depth - 1
            ):
                worth = score(_joined(lines.rows[start : start + depth], lines.width))
                worth -= LEFT_OUT * lines.width if _is_group_row(above) else 0
                rank = (worth, len(filled) / lines.width >= FILLED, texts == len(filled), -depth, -start)
                tried.append(_Header(rank, start, depth))
    return sorted(tried, reverse=True)


def _refuse_data_row(raw: RawTable, header: _Header, row: int, place: Place) -> None:
    """Raise NoTable if more of the header stands again as values of its columns than is known: it is a row of data."""
    again = [name for name in raw.cells.columns if (raw.cells[name] == name.split(" / ")[-1]).any()]
    if len(again) > header.rank[0]:
        what = f"no row looks like a header; the likeliest holds {again[0]!r}, which stands in its column again"
        raise NoTable(replace(place, row=row), what, "Ask the center for a table with a header")


def _footer(lines: Lines, header: _Header) -> str:
    """A regular expression for the first line below the table ("": there is none).

    Such a line is a total or a note, or it is formed unlike the table's lines where its first filled cell stands.
    """
    body = [
        row for n, row in zip(lines.numbers, lines.rows, strict=True) if n >= lines.numbers[header.start] + header.depth
    ]
    first = ""
    for n, row in reversed(lines.lowest):
        at, text = first_filled(row)
        formed = {without_digits(cell_text(other[at])) for other in body if at < len(other)}
        sparse = sum(bool(cell_text(cell)) for cell in row) <= max(SPARSE * lines.width, 1)
        strange = sparse and len(formed) <= FORMS and without_digits(text) not in formed
        if n < lines.numbers[header.start] + header.depth or not (strange or FOOTER.match(key(text))):
            break
        first = text
    return re.sub(r"\d+", r"\\d+", re.escape(first)).replace("\\ ", " ")


def _read(
    read: Callable[[dict[str, Any]], RawTable], keys: dict[str, Any], header: list[str], width: int
) -> tuple[RawTable, dict[str, Any]]:
    """Read a table; surplus cells of its lines are joined where the other columns then stay most alike."""
    try:
        return read(keys), {}
    except DataError:
        if width <= len(header):
            raise
        tried = []
        for name in dict.fromkeys(cell_text(text) for text in header if cell_text(text)):
            try:
                raw = read({**keys, "ragged": {"into": name}})
            except DataError:
                continue
            strange = sum(_strange(raw.cells[c].tolist()) for c in raw.cells.columns if c != name)
            tried.append((strange, len(tried), name, raw))
        if not tried:
            raise
    _, _, name, raw = min(tried, key=lambda entry: entry[:2])
    return raw, {"ragged": {"open": [{"into": name}]}}


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
