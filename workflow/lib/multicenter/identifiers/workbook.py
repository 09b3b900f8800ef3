"""Every text of a workbook: cells of all its sheets, and whatever stands in the parts of the file beside them."""

from __future__ import annotations

import codecs
import html
import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from multicenter.identifiers.contents import ZIP, Contents, Grid, Text, heads_of, ids_of, pieces
from multicenter.identifiers.detect import QUOTED
from multicenter.identifiers.extent import refuse_far_cells
from multicenter.intake.biff import MAGIC, stream
from multicenter.intake.guard import silent
from multicenter.intake.sheetxml import column_letter
from multicenter.intake.table import written

RUNS = re.compile(
    r"</?(?:\w+:)?(?:r|t|rPr|rFont|b|i|u|sz|color|family|charset|scheme|vertAlign|strike)(?:\s[^<>]*)?/?>"
)
ELEMENT = re.compile(r"<(?:\w+:)?(\w+)[^<>]*>([^<]+)")
ATTRIBUTE = re.compile(r"(?<!\w)(\w+)=(?:\"([^\"<]*)\"|'([^'<]*)')")
FORMULA = re.compile(r"<f[^<>]*>([^<]+)</f>")
COMMENT = re.compile(r"<(?:threadedC|c)omment\b[^<>]*?\bref=\"(\w+)\".*?</(?:threadedC|c)omment>", re.DOTALL)
RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^<>]*>")
SHEET = re.compile(r"<(?:\w+:)?sheet\b[^<>]*>")
STRINGS = "xl/sharedStrings.xml"
IN_CELL = (b"inlineStr", b't="str"', b"t='str'")
LONG_NUMBER = re.compile(rb"<v>(\d{10,13}(?:\.\d*)?|\d\.\d+[eE]\+?(?:9|1[0-2]))</v>")
XML = (".xml", ".rels", ".vml")
BOOK = "xl/workbook.xml"
CHUNK = 4096
WITHIN, DEEPEST = " / ", 2
PRINT_CODE = re.compile(r"&(?:\"[^\"]*\"|K[0-9A-Fa-f]{6}|\d+|[A-Za-z])")  # of headers and footers, such as &C
AUTHOR_OF_XLS = b"\x5c\x00\x70\x00"  # the record WRITEACCESS, always of 112 bytes ([MS-XLS] 2.4.349)
FORMULA_OF_XLS, TEXT_OF_FORMULA = 0x0006, b"\x17"
# The records ROW, BLANK, NUMBER, BOOLERR, INDEX, RK, MULRK, MULBLANK, LABELSST, DBCELL, XF, EXTSST ([MS-XLS] 2.3.2)
NUMBERS = {0x0208, 0x0201, 0x0203, 0x0205, 0x020B, 0x027E, 0x00BD, 0x00BE, 0x00FD, 0x00D7, 0x00E0, 0x00FF}
SUMMARY = {  # [MS-OLEPS] 2.25.1 and [MS-OSHARED] 2.3.3.2.1.1: the numbers of properties that are texts
    "\x05SummaryInformation": {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "comments", 8: "last author"},
    "\x05DocumentSummaryInformation": {2: "category", 14: "manager", 15: "company"},
}


def look_inside_workbook(
    data: bytes,
    file: str,
    sources: list[Mapping[str, Any]],
    encodings: Sequence[str],
    needs_a_closer_look: Callable[[list[str]], bool],
    contents: Contents,
) -> None:
    """Add the cells of all worksheets, hidden ones too, and all other texts of an xlsx or xls to `contents`."""
    if data.startswith(MAGIC):
        contents.grids += _grids(data, file, sources)[0]
        contents.texts += _old_workbook(data, file, encodings)
    else:
        parts = _unzipped(data)
        refuse_far_cells({name: parts[page] for page, name in _sheets(parts).items() if page in parts}, file)
        texts = _texts_of_cells(parts)
        cells_are_known = True
        if texts is None or needs_a_closer_look(texts):
            grids, cells_are_known = _grids(data, file, sources)
            contents.grids += grids
        else:
            del parts[STRINGS]
        contents.texts += _parts(parts, file, encodings, cells_are_known)
    contents.texts += [Text(file, "sheet name", "the name of a sheet", g.sheet, sheet=g.sheet) for g in contents.grids]


def _unzipped(data: bytes) -> dict[str, bytes]:
    """The parts of a zip by name; those of a damaged one as far as they can be had."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return dict(_salvaged(data))


def _salvaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The parts of a zip without its directory: whatever stands behind each local header (APPNOTE 4.3.7)."""
    for header in re.finditer(re.escape(ZIP), data):
        try:
            method, _, _, _, _, _, named, extra = struct.unpack_from("<HHHIIIHH", data, header.start() + 8)
        except struct.error:
            return
        name = data[header.start() + 30 :][:named].decode("utf-8", "replace")
        part = data[header.start() + 30 + named + extra :]
        if method == zipfile.ZIP_DEFLATED:
            inflate, found = zlib.decompressobj(-15), []
            with suppress(zlib.error):
                for at in range(0, len(part), CHUNK):
                    found.append(inflate.decompress(part[at : at + CHUNK]))
            part = b"".join(found)
        else:
            part = part[: max(part.find(b"PK"), 0) or None]
        yield name, part


def _texts_of_cells(parts: Mapping[str, bytes]) -> list[str] | None:
    """All texts and long numbers of an xlsx's cells without their places; None if some stand in the cells."""
    pages = [part for name, part in parts.items() if name.startswith("xl/worksheets/")]
    if STRINGS not in parts or any(own in page for page in pages for own in IN_CELL):
        return None
    strings = RUNS.sub("", parts[STRINGS].decode("utf-8", "replace"))
    numbers = {number.decode() for page in pages for number in LONG_NUMBER.findall(page)}
    return [*{html.unescape(text) for _, text in ELEMENT.findall(strings)}, *map(written, map(float, numbers))]


def _grids(data: bytes, file: str, sources: list[Mapping[str, Any]]) -> tuple[list[Grid], bool]:
    """The worksheets that can be read, and whether these are all."""
    import python_calamine

    try:
        with silent():
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
    except BaseException:  # a panic of compiled code is no Exception; the reader of the delivery says what is wrong
        return [], False
    grids, complete = [], True
    for name in names:
        try:
            with silent():
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except BaseException:
            rows, complete = [], False
        reading = [source for source in sources if source.get("sheet", name) == name]
        letters = [column_letter(i) for i in range(max(map(len, rows), default=0))]
        numbers = range(1, len(rows) + 1)
        grids.append(Grid(file, name, rows, letters, numbers, heads_of(reading), ids=ids_of(reading)))
    return grids, complete


def _parts(
    parts: Mapping[str, bytes], file: str, encodings: Sequence[str], cells_are_known: bool, inside: str = ""
) -> Iterator[Text]:
    """The texts of every part of a zip: XML as text (without cells that are known), zips in turn, the rest as bytes.

    inside: the zip that this one is part of, for people.
    """
    comments_of = _comments_of(parts)
    for name, part in parts.items():
        where = f"{inside}{name}"
        yield Text(file, "elsewhere", "the name of a part of the file", where)
        if name.endswith(XML):
            wide = part[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            xml = part.decode("utf-16" if wide else "utf-8", "replace")
            if cells_are_known and "<sheetData" in xml:
                yield from _formulas(xml, file, where)
                xml = xml[: xml.index("<sheetData")] + xml[max(xml.find("</sheetData>"), 0) :]
            yield from _xml_part(xml, file, where, comments_of.get(name, ""))
        elif part[:2] == b"PK" and where.count(WITHIN) < DEEPEST and zipfile.is_zipfile(io.BytesIO(part)):
            yield from _parts(_unzipped(part), file, encodings, False, f"{where}{WITHIN}")
        else:
            yield from (Text(file, "elsewhere", f"the part {where}", text) for text in set(pieces(part, encodings)))


def _formulas(xml: str, file: str, part: str) -> Iterator[Text]:
    texts = {QUOTED.sub("", html.unescape(text)) for text in FORMULA.findall(xml)}
    return (Text(file, "elsewhere", f"a formula in {part}", text) for text in sorted(texts))


def _xml_part(xml: str, file: str, part: str, sheet: str) -> Iterator[Text]:
    """The texts and attributes of a part."""
    base = posixpath.basename(part)
    place, where = "elsewhere", f"the part {part}"
    if part.startswith("docProps/"):
        place, where = "properties", f"the document's properties ({base})"
    elif "omment" in part or base == "person.xml":
        place = "comments"
    for comment in COMMENT.finditer(xml):
        yield Text(file, "comments", f"the comment at {comment[1]}", _plain(comment[0]), sheet=sheet)
    xml = RUNS.sub("", COMMENT.sub("", xml))
    for name, text in set(ELEMENT.findall(xml)):
        said = PRINT_CODE.sub(" ", html.unescape(text)) if name.endswith(("Header", "Footer")) else html.unescape(text)
        yield Text(file, place, where, said, name, sheet)
    for name, text, other in set(ATTRIBUTE.findall(xml)):
        yield Text(file, place, where, html.unescape(text or other), name, sheet)


def _plain(xml: str) -> str:
    return html.unescape(re.sub(r"<[^<>]*>", " ", RUNS.sub("", xml))).strip()


def _comments_of(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The parts with comments → the name of their sheet, as the workbook's relations tell."""
    return {part: sheet for page, sheet in _sheets(parts).items() for part in _relations(parts, page).values()}


def _sheets(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The parts that are sheets → their names, as the workbook's relations tell."""
    names = {}
    pages = _relations(parts, BOOK)
    for tag in SHEET.findall(parts.get(BOOK, b"").decode("utf-8", "replace")):
        attributes = {name: html.unescape(one or two) for name, one, two in ATTRIBUTE.findall(tag)}
        names[pages.get(attributes.get("id", ""), "")] = attributes.get("name", "")
    return names


def _relations(parts: Mapping[str, bytes], part: str) -> dict[str, str]:
    """What a part points to: id → path of the other part."""
    folder = posixpath.dirname(part)
    xml = parts.get(f"{folder}/_rels/{posixpath.basename(part)}.rels", b"").decode("utf-8", "replace")
    found = [{name: one or two for name, one, two in ATTRIBUTE.findall(tag)} for tag in RELATION.findall(xml)]
    return {
        tag.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, tag.get("Target", ""))).lstrip("/")
        for tag in found
    }


def _old_workbook(data: bytes, file: str, encodings: Sequence[str]) -> Iterator[Text]:
    """What an xls says beside its cells: its properties, who saved it, and every text in its bytes."""
    for name, numbers in SUMMARY.items():
        for key, text in _properties(_stream(data, (name,)), numbers, encodings):
            yield Text(file, "properties", f"the document's property {key}", text, key)
    book = _stream(data, ("Workbook", "Book"))
    at = book.find(AUTHOR_OF_XLS, 0, 512)
    if at >= 0:
        letters, flags = struct.unpack_from("<HB", book, at + 4)
        name = book[at + 7 : at + 7 + min(letters * (1 + flags % 2), 109)]
        text = name.decode("utf-16-le" if flags % 2 else encodings[0], "replace").strip(" \0\ufffd")
        yield Text(file, "properties", "who saved the workbook", text, "author")
    for text in sorted({"".join(_quoted(body)) for kind, body in _records(book) if kind == FORMULA_OF_XLS} - {""}):
        yield Text(file, "elsewhere", "a formula", text)
    rest = _without_numbers(book) if book else data
    yield from (Text(file, "elsewhere", "the file's bytes", text) for text in set(pieces(rest, encodings)))


def _without_numbers(book: bytes) -> bytes:
    """The records of a workbook's stream ([MS-XLS] 2.1.4) but those of cells that hold no text of their own."""
    return b"\0\0".join(body for kind, body in _records(book) if kind not in NUMBERS)


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _quoted(formula: bytes) -> Iterator[str]:
    """The texts in a formula: PtgStr, [MS-XLS] 2.5.198.89."""
    at = formula.find(TEXT_OF_FORMULA)
    while 0 <= at < len(formula) - 3:
        letters, wide = formula[at + 1], formula[at + 2] & 1
        text = formula[at + 3 : at + 3 + letters * (1 + wide)]
        yield text.decode("utf-16-le" if wide else "latin-1", "replace")
        at = formula.find(TEXT_OF_FORMULA, at + 3 + len(text))


def _stream(data: bytes, names: tuple[str, ...]) -> bytes:
    try:
        return stream(data, names)
    except (ValueError, struct.error, IndexError):
        return b""


def _properties(data: bytes, numbers: Mapping[int, str], encodings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts of a property set: [MS-OLEPS] 2.21, strings of one or two bytes a letter."""
    try:
        start = struct.unpack_from("<I", data, 44)[0]
        count = struct.unpack_from("<I", data, start + 4)[0]
        for i in range(count):
            number, offset = struct.unpack_from("<II", data, start + 8 + 8 * i)
            kind, size = struct.unpack_from("<II", data, start + offset)
            if number not in numbers or kind not in (0x1E, 0x1F):
                continue
            raw = data[start + offset + 8 :][: size * (2 if kind == 0x1F else 1)]
            for encoding in ["utf-16-le"] if kind == 0x1F else encodings:
                yield numbers[number], raw.decode(encoding, "replace").strip("\0 \ufffd")
    except struct.error:
        return
