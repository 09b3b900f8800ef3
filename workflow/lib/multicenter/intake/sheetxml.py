"""What stands in the XML of a workbook's sheet and the fast reader does not tell."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from multicenter.intake.facts import SheetFacts, column_index, column_letter, no_value

TRUE, FALSE = ("1", "true"), ("0", "false")
CELL = re.compile(r"([A-Z]+)(\d+)")
# Pages that are not written the usual way are read whole: comments, prefixed names, blanks within tags, UTF-16.
UNUSUAL = (b"<!", b":sheetData", b" =", b"= ", b"</c ", b"\0")
FORMULA = rb"<c\s[^>]*>\s*<f[\s/>].*?</c>"
ERROR = rb"""<c\s[^>]*?\bt=["']e["'][^>]*>.*?</c>"""
HIDDEN = rb"""<(?:row|col)\s[^>]*?\b(?:hidden|(?:ht|width)=["']0)[^>]*>"""
FILTER = rb"<(?:filterColumn|sheetPr)\s[^>]*>"
PLACED = re.compile(rb"""<(?:col\s|filterColumn\s|sheetPr\s|[^>]*\sr=["'])""")


def sheet_facts(data: bytes, sheet: str) -> SheetFacts:
    """Look inside one sheet of an xlsx: error cells, formulas, hidden rows and columns.

    A formula that was saved without a value is an error cell; so is every formula of a sheet in which all are 0 and
    which no spreadsheet program has calculated (a writing library puts 0 for what it does not know). Raises what
    zipfile and expat raise for a damaged file, and KeyError if there is no such sheet.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        page = archive.read(_sheet_path(book, links, sheet))
        chained = "xl/calcChain.xml" in archive.namelist()
    scan = _scanned(page)
    properties = book.find("{*}workbookPr")
    if properties is not None and properties.get("date1904") in TRUE:
        scan.facts.date_system = 1904
    if scan.facts.formulas:
        _judge_formulas(scan, book.find("{*}calcPr"), chained)
    return scan.facts


def _judge_formulas(scan: _Scan, settings: Any, chained: bool) -> None:
    """What the workbook says about the age of its formulas' values (ECMA-376 18.2.2)."""
    at = dict(settings.attrib) if settings is not None else {}
    facts, asked = scan.facts, at.get("fullCalcOnLoad") in TRUE
    if at.get("calcCompleted") in FALSE:
        facts.uncalculated = "the workbook was saved before they were calculated"
    elif at.get("calcMode") == "manual" and at.get("calcOnSave") in FALSE:
        facts.uncalculated = "the workbook calculates by hand alone, and not when it is saved"
    said = ["the workbook asks to be calculated when it is opened"] if asked else []
    facts.calculation = "; ".join(said if chained else [*said, "no spreadsheet program has calculated it"])
    if facts.calculation and len(scan.zeros) == facts.formulas:
        facts.errors += [(row, column, no_value(formula)) for row, column, formula in scan.zeros]


def _scanned(page: bytes) -> _Scan:
    """What a sheet's XML tells: from its telling elements alone where it is written the usual way, which is faster."""
    telling = _telling(page)
    if telling is None:
        return _parsed(page, _Scan())
    _parsed(page, None)
    return _parsed(telling, _Scan())


def _parsed(xml: bytes, scan: _Scan | None) -> _Scan | None:
    """Run the handlers over the XML; without any it is only checked to be well-formed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    if scan:
        parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
        parser.CharacterDataHandler = scan.text
    parser.Parse(xml, True)
    return scan


def _telling(page: bytes) -> bytes | None:
    """A small document of what tells something in a page: formula and error cells, what is hidden or filtered.

    None if the page is not written the usual way, or if one of them does not say its place.
    """
    head = page[:200].lower()
    if any(mark in page for mark in UNUSUAL) or (b"encoding" in head and b"utf-8" not in head):
        return None
    patterns = [FORMULA] * (b"<f" in page) + [ERROR] * (b't="e"' in page or b"t='e'" in page)
    patterns += [HIDDEN, FILTER]
    found = [match[0] for match in re.finditer(b"|".join(patterns), page, re.DOTALL)]
    if not all(PLACED.match(part) for part in found):
        return None
    whole = [part if part.endswith((b"</c>", b"/>")) else part[:-1] + b"/>" for part in found]
    return b"".join([b"<page>", *whole, b"</page>"])


class _Scan:
    """The handlers of one pass over a sheet's XML; `row` is 1-based, `column` 0-based."""

    def __init__(self) -> None:
        self.facts = SheetFacts()
        self.zeros: list[tuple[int, int, str]] = []
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
            if at.get("hidden") in TRUE or _is_zero(at.get("ht")):
                self.facts.hidden_rows.append(self.row)
        elif name == "filterColumn" or (name == "sheetPr" and at.get("filterMode") in TRUE):
            self.facts.filtered = True
        elif name == "col" and (at.get("hidden") in TRUE or _is_zero(at.get("width"))):
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
            if "f" in self.seen:
                self.facts.formulas += 1
                if self.kind == "n" and _is_zero(self.seen.get("v")):
                    self.zeros.append((self.row - 1, self.column, self.seen["f"]))
            self.kind = None

    def _cell(self, at: dict[str, str]) -> None:
        self.kind, self.seen = at.get("t", "n"), {}
        place = CELL.fullmatch(at.get("r", ""))
        self.column = column_index(place[1]) if place else self.column + 1
        self.row = int(place[2]) if place else self.row
        self.row = int(place[2]) if place else self.row


def _error(kind: str, seen: dict[str, str]) -> str:
    """The error that a cell shows, or "". A formula whose result is the empty text is no error."""
    if kind == "e":
        return seen.get("v") or "#N/A"
    if "f" not in seen or seen.get("v") or (kind == "str" and "v" in seen):
        return ""
    return no_value(seen["f"])


def _is_zero(text: str | None) -> bool:
    """Whether a number is given and is 0."""
    try:
        return text is not None and float(text) == 0
    except ValueError:
        return False


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
