"""All that a delivered file says, whether a source reads it or not: cells with their places, and every other text."""

from __future__ import annotations

import codecs
import csv
import html
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any
from unicodedata import normalize

from multicenter.intake.biff import MAGIC
from multicenter.intake.guard import refuse_deadly

BOMS = {  # that of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
LEAST_ASCII = 0.05  # separators, digits and line ends are more of a table; of one read by a wrong width they are less
SEALED = {
    b"\x1f\x8b": "packed (gzip)",
    b"BZh": "packed (bzip2)",
    b"\xfd7zXZ\0": "packed (xz)",
    b"(\xb5/\xfd": "packed (zstd)",
    b"7z\xbc\xaf'\x1c": "packed (7z)",
    b"Rar!": "packed (rar)",
}
PASSWORD = "EncryptedPackage".encode("utf-16-le")  # [MS-OFFCRYPTO] 2.3.4.4
ZIP = b"PK\x03\x04"
SEPARATORS = (",", "\t", ";", "|")
STATISTICAL = {
    "sav": "read_sav",
    "zsav": "read_sav",
    "dta": "read_dta",
    "xpt": "read_xport",
    "sas7bdat": "read_sas7bdat",
}
TAGS = re.compile(r"<(?:td|th|tr|table|html|cell|data|div|span|p|b|br)\b", re.IGNORECASE)
PAGE = re.compile(r"\s*<(?:[?!]|(?:html|head|body|meta|style|table)\b)", re.IGNORECASE)
TAG_OR_CUT = re.compile(r"<[^<>]*>|[\r\n\t,;|]")
PIECE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd]{3,}")
WIDE = re.compile(r"[ -~가-힣ㄱ-ㆎ\u3040-\u30ff\u4e00-\u9fff\uff01-\uff5e]{2,}")


@dataclass(frozen=True)
class Text:
    """A text beside the cells: where it stands (`where`, for people), of what kind the place is (`place`, for
    exceptions), and the name of the property that it fills, if any."""

    file: str
    place: str
    where: str
    text: str
    property: str = ""
    sheet: str = ""


@dataclass
class Grid:
    """The cells of a sheet or file, row by row.

    letters: how a person finds each column. numbers: the 1-based number of each row, as a person sees it. heads: so
    many first rows are titles and headers; `labels` are further headers of each column (of statistical packages).
    ids: the headers of the patients' ids, as the center's file declares them.
    """

    file: str
    sheet: str
    rows: Sequence[Sequence[object]]
    letters: list[str]
    numbers: Sequence[int]
    heads: int
    labels: list[list[str]] = field(default_factory=list)
    ids: frozenset[str] = frozenset()

    def values(self) -> set[object]:
        """Every distinct value below the header."""
        return set(chain.from_iterable(islice(self.rows, self.heads, None)))

    def column(self, i: int, start: int = 0, end: int | None = None) -> list[object]:
        """The cells of one column, from a row to another (0-based, None: the last); None where a row is too short."""
        return [row[i] if i < len(row) else None for row in islice(self.rows, start, end)]


@dataclass
class Contents:
    """What is inside one file."""

    grids: list[Grid] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def look_inside(
    path: Path,
    sources: Iterable[Mapping[str, Any]],
    encodings: Sequence[str],
    needs_a_closer_look: Callable[[list[str]], bool],
) -> Contents:
    """Read everything that a file says, as far as it can be read; never raises for what is in it.

    sources: the sources of the center's file; those that read this file tell its format, encoding, separator and how
    deep its header is. encodings: what is tried beside them. needs_a_closer_look: asked with all texts of an xlsx's
    cells, which are read one by one only if it says so.
    """
    data = path.read_bytes()
    mine = [source for source in sources if reads(source, path.name)]
    declared = [source["encoding"] for source in mine if _known(source.get("encoding", ""))]
    kind = next((source["format"] for source in mine), path.suffix.lstrip(".").lower())
    contents = Contents(texts=[Text(path.name, "file name", "the file's name", path.name)])
    if data.startswith((MAGIC, ZIP)) or zipfile.is_zipfile(io.BytesIO(data)):
        from multicenter.identifiers.workbook import look_inside_workbook

        look_inside_workbook(data, path.name, mine, encodings, needs_a_closer_look, contents)
    elif kind in STATISTICAL:
        _look_inside_statistical(data, path, kind, mine, declared, encodings, contents)
    else:
        _look_inside_text(data, path.name, mine, declared, encodings, contents)
    return contents


def reads(source: Mapping[str, Any], file: str) -> bool:
    """Whether a source reads the file of this name."""
    return fnmatchcase(normalize("NFC", file), normalize("NFC", source.get("file", "*")))


def sealed_by(path: Path) -> str:
    """How a file is made unreadable for whoever has no other program or password; "" if it is not."""
    with path.open("rb") as handle:
        start = handle.read(8)
        if start == MAGIC and PASSWORD in handle.read():
            return "protected by a password"
    return next((how for sign, how in SEALED.items() if start.startswith(sign)), "")


def pieces(data: bytes, encodings: Sequence[str]) -> Iterator[str]:
    """Whatever can be read in bytes of an unknown kind: as text of each encoding, and as UTF-16 at either alignment."""
    for encoding in encodings:
        if not encoding.replace("_", "-").lower().startswith("utf-16"):
            yield from PIECE.findall(data.decode(encoding, "replace"))
    for shift in (0, 1):
        yield from WIDE.findall(data[shift:].decode("utf-16-le", "replace"))


def heads_of(sources: Iterable[Mapping[str, Any]]) -> int:
    """How many first rows are titles or headers, as the sources say; 1 if none does."""
    return max((source.get("first_row", 1) - 1 + source.get("header_rows", 1) for source in sources), default=1)


def ids_of(sources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The headers of the columns that the sources declare as the patients' ids."""
    declared = [source.get("id", "") for source in sources]
    return frozenset(str(name.get("column", "")) if isinstance(name, Mapping) else str(name) for name in declared)


def _known(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _look_inside_text(
    data: bytes,
    file: str,
    sources: list[Mapping[str, Any]],
    declared: list[str],
    encodings: Sequence[str],
    contents: Contents,
) -> None:
    """A delimited file, in every encoding that it may be in."""
    separators = [source["separator"] for source in sources if source.get("separator")]
    heads = heads_of(sources)
    for text in _decoded(data, declared, encodings):
        contents.texts += [Text(file, "elsewhere", "what stands between its tags", said) for said in _untagged(text)]
        if PAGE.match(text):
            continue
        lines, numbers = _records(text, _separator(text, separators))
        header = _header_line(lines, numbers, sources)
        width = max(map(len, lines), default=0)
        names = [header[i] if i < len(header) and header[i] else f"number {i + 1}" for i in range(width)]
        titles = sum(number <= heads for number in numbers)
        contents.grids.append(Grid(file, "", lines, names, numbers, titles, ids=ids_of(sources)))


def _untagged(text: str) -> set[str]:
    """The texts of a page or an XML file that is delivered as a table; none of other files."""
    if "&#" not in text and not PAGE.match(text) and not TAGS.search(text):
        return set()
    return {said.strip() for said in TAG_OR_CUT.split(html.unescape(text))} - {""}


def _decoded(data: bytes, declared: list[str], encodings: Sequence[str]) -> list[str]:
    """The text of a file; in several readings if the declared encoding reads any bytes, or none fits.

    Bytes that are zero are seldom text: then every width of letters is tried, and what reads them as letters is left.
    """
    marked = next((name for mark, name in BOMS.items() if data.startswith(mark)), "")
    zeros = b"\0" in data
    found: list[str] = []
    tried = list(dict.fromkeys([*([marked] if marked else []), *declared, *encodings, *(UNMARKED if zeros else ())]))
    for encoding in tried:
        wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")) and encoding != marked
        if wide and not zeros:
            continue
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if wide and len(text.encode("ascii", "ignore")) < LEAST_ASCII * len(text):
            continue
        if text not in found:
            found.append(text)
        if encoding == marked or (not zeros and (encoding in encodings or text.isascii())):
            return found
    found = [text for text in found if "\0" not in text] or found
    return found or [data.decode(encoding, "replace") for encoding in tried]


def _separator(text: str, declared: list[str]) -> str:
    """The declared separator if the text has it, else the most frequent one of its beginning."""
    beginning = text[:20000]
    if any(separator in beginning for separator in declared):
        return next(separator for separator in declared if separator in beginning)
    return max(SEPARATORS, key=beginning.count)


def _records(text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """All records with the line on which each begins; a text that is no table is split line by line."""
    reader = csv.reader(io.StringIO(text.replace("\0", " "), newline=""), delimiter=separator)
    lines, numbers, last = [], [], 0
    try:
        for record in reader:
            lines.append(record)
            numbers.append(last + 1)
            last = reader.line_num
    except csv.Error:
        lines = [line.split(separator) for line in text.splitlines()]
        numbers = list(range(1, len(lines) + 1))
    return lines, numbers


def _header_line(lines: list[list[str]], numbers: list[int], sources: list[Mapping[str, Any]]) -> list[str]:
    first = min((source.get("first_row", 1) for source in sources), default=1)
    return next((line for line, number in zip(lines, numbers, strict=True) if number >= first), [])


def _look_inside_statistical(
    data: bytes,
    path: Path,
    kind: str,
    sources: list[Mapping[str, Any]],
    declared: list[str],
    encodings: Sequence[str],
    contents: Contents,
) -> None:
    """A file of a statistical package: values, names, labels, value labels, notes, and its bare header."""
    import pyreadstat

    file, options = path.name, {"encoding": declared[0]} if declared else {}
    read = partial(getattr(pyreadstat, STATISTICAL[kind]), str(path), output_format="dict", **options)
    try:
        refuse_deadly(file, read, len(data))
        values, meta = read()
    except Exception:  # whatever is wrong with it, the reader of the delivery will say so
        contents.texts += [
            Text(file, "elsewhere", "what can be read of it", text) for text in set(pieces(data, encodings))
        ]
        return
    names, labels = meta.column_names, meta.column_names_to_labels or {}
    rows = list(zip(*(values[name] for name in names), strict=True))
    said = [[name, labels.get(name) or ""] for name in names]
    contents.grids.append(Grid(file, "", rows, list(names), range(1, len(rows) + 1), 0, said, ids_of(sources)))
    for name, pairs in (meta.variable_value_labels or {}).items():
        for code, label in pairs.items():
            contents.texts += [Text(file, "labels", f"a value label of {name}", str(text)) for text in (code, label)]
    notes = [*(meta.notes or ()), meta.file_label or "", meta.table_name or ""]
    contents.texts += [Text(file, "properties", "the file's label or notes", str(note)) for note in notes if note]
    bare = set(pieces(_header_bytes(data, kind), encodings))
    contents.texts += [Text(file, "properties", "the file's header", text) for text in sorted(bare)]


def _header_bytes(data: bytes, kind: str) -> bytes:
    """What stands before (and, in Stata files, after) the rows."""
    ends = {"xpt": b"HEADER RECORD*******OBS", "dta": b"<data>", "sav": b"\xe7\x03\0\0\0\0\0\0"}
    end = data.find(ends.get(kind, b"\0no such mark"))
    if end < 0:
        return b""
    return data[:end] + (data[data.find(b"</data>") :] if kind == "dta" else b"")
