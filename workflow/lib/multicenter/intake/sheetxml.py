"""What stands in the XML of a workbook's sheet and the fast reader does not tell."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

TRUE = ("1", "true")
CELL = re.compile(r"([A-Z]+)(\d+)")
NO_VALUE = "#NO VALUE"
LONGEST = 60


@dataclass
class SheetFacts:
    """hidden_columns: letters. hidden_rows: 1-based. errors: (row, column, code) of cells, 0-based. date_system: 1900
    or 1904."""

    hidden_columns: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
    date_system: int = 1900


def sheet_facts(data: bytes, sheet: str) -> SheetFacts:
    """Look inside one sheet of an xlsx: error cells, formulas that were saved without a value, hidden rows and columns.

    Raises what zipfile and expat raise for a damaged file, and KeyError if there is no such sheet.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        page = archive.read(_sheet_path(book, links, sheet))
    scan = _Scan()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.CharacterDataHandler = scan.text
    parser.Parse(page, True)
    properties = book.find("{*}workbookPr")
    if properties is not None and properties.get("date1904") in TRUE:
        scan.facts.date_system = 1904
    return scan.facts


def column_letter(index: int) -> str:
    """The spreadsheet's name of a 0-based column: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The 0-based column of a spreadsheet's letters: A → 0, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


class _Scan:
    """The handlers of one pass over a sheet's XML; `row` is 1-based, `column` 0-based."""

    def __init__(self) -> None:
        self.facts = SheetFacts()
        self.row, self.column = 0, -1
        self.kind: str | None = None
        self.inside = ""
        self.seen: dict[str, str] = {}

    def start(self, tag: str, at: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._cell(at)
        elif name in ("f", "v") and self.kind is not None:
            self.inside = name
            self.seen.setdefault(name, "")
        elif name == "row":
            self.row, self.column = int(at.get("r", self.row + 1)), -1
            if at.get("hidden") in TRUE:
                self.facts.hidden_rows.append(self.row)
        elif name == "col" and at.get("hidden") in TRUE:
            low, high = int(at["min"]), int(at["max"])
            self.facts.hidden_columns += [column_letter(i) for i in range(low - 1, min(high, low + 200))]

    def text(self, text: str) -> None:
        if self.inside:
            self.seen[self.inside] += text

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name in ("f", "v"):
            self.inside = ""
        elif name == "c" and self.kind is not None:
            code = _error(self.kind, self.seen)
            if code:
                self.facts.errors.append((self.row - 1, self.column, code))
            self.kind = None

    def _cell(self, at: dict[str, str]) -> None:
        self.kind, self.seen = at.get("t", "n"), {}
        place = CELL.fullmatch(at.get("r", ""))
        self.column = column_index(place[1]) if place else self.column + 1


def _error(kind: str, seen: dict[str, str]) -> str:
    """The error that a cell shows, or "". A formula whose result is the empty text is no error."""
    if kind == "e":
        return seen.get("v") or "#N/A"
    if "f" not in seen or seen.get("v") or (kind == "str" and "v" in seen):
        return ""
    formula = seen["f"].strip()
    formula = formula if len(formula) <= LONGEST else f"{formula[:LONGEST]}…"
    return f"{NO_VALUE}: ={formula}" if formula else NO_VALUE


def _sheet_path(book: Any, links: Any, sheet: str) -> str:
    for entry in book.findall(".//{*}sheet"):
        if entry.get("name") != sheet:
            continue
        link = next(value for key, value in entry.attrib.items() if key.endswith("}id"))
        for target in links.findall(".//{*}Relationship"):
            if target.get("Id") == link:
                path = target.get("Target", "")
                return path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"xl/{path}")
    raise KeyError(sheet)
