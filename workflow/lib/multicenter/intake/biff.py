"""What stands in an old Excel workbook (xls) and the fast reader does not tell: errors, formulas, what is hidden."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from multicenter.intake.facts import SheetFacts, column_letter, no_value

ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BOOLERR, FORMULA, BOUNDSHEET, BOF, EOF = 0x0205, 0x0006, 0x0085, 0x0809, 0x000A
ROW, COLINFO, FILTERMODE, UNCALCED, DATEMODE = 0x0208, 0x007D, 0x009B, 0x005E, 0x0022
ROW_HIDDEN, ERROR_VALUE, EMPTY_TEXT = 0x20, 2, 3
STREAMS = ("Workbook", "Book")
FREE, UNUSED = 0xFFFFFFF0, 0xFFFFFFFF


def sheet_facts(data: bytes, sheet_number: int) -> SheetFacts:
    """Look inside one sheet of an old workbook: error cells, formulas, hidden rows and columns (none in other files).

    sheet_number: the place of the sheet in the workbook, 0-based. Where no formula of the sheet has a value, each is an
    error cell. Formats: [MS-CFB] 2.2-2.6; [MS-XLS] 2.4 (BoolErr, Formula, Row, ColInfo, FilterMode, Uncalced).
    Raises ValueError or struct.error if the file ends too early.
    """
    facts, empty = SheetFacts(), []
    if not data.startswith(MAGIC):
        return facts
    book = _workbook_stream(data)
    starts = []
    for kind, body, _ in _records(book, 0):
        if kind == BOUNDSHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == DATEMODE and body[0]:
            facts.date_system = 1904
    for kind, body, depth in _records(book, starts[sheet_number]) if sheet_number < len(starts) else ():
        if depth != 1:
            continue
        if kind in (BOOLERR, FORMULA):
            _add_cell(facts, empty, kind, body)
        elif kind == ROW and body[12] & ROW_HIDDEN:
            facts.hidden_rows.append(struct.unpack_from("<H", body)[0] + 1)
        elif kind == COLINFO:
            first, last, width, _, flags = struct.unpack_from("<5H", body)
            facts.hidden_columns += [column_letter(i) for i in range(first, last + 1) if flags & 1 or not width]
        elif kind == FILTERMODE:
            facts.filtered = True
        elif kind == UNCALCED:
            facts.uncalculated = "the workbook was saved before they were calculated"
    if facts.formulas == len(empty):
        facts.errors += [(row, column, no_value()) for row, column in empty]
    facts.uncalculated = facts.uncalculated if facts.formulas else ""
    return facts


def _add_cell(facts: SheetFacts, empty: list[tuple[int, int]], kind: int, body: bytes) -> None:
    """Take notice of an error cell, of a formula, and of a formula whose value is the empty text."""
    row, column = struct.unpack_from("<HH", body)
    if kind == BOOLERR:
        if body[7]:
            facts.errors.append((row, column, ERRORS.get(body[6], "#N/A")))
        return
    facts.formulas += 1
    if body[12:14] == b"\xff\xff" and body[6] == ERROR_VALUE:
        facts.errors.append((row, column, ERRORS.get(body[8], "#N/A")))
    elif body[12:14] == b"\xff\xff" and body[6] == EMPTY_TEXT:
        empty.append((row, column))


def refuse_incomplete(data: bytes) -> None:
    """Raise ValueError or struct.error if an old workbook's sectors are not all there (the fast reader panics then)."""
    if data.startswith(MAGIC):
        size = 1 << struct.unpack_from("<H", data, 30)[0]
        used = [i for i, sector in enumerate(_allocation(data, size)) if sector != UNUSED]
        if not used or size * (used[-1] + 1) >= len(data):
            raise ValueError("its last sectors are missing")
        for _ in _records(_workbook_stream(data), 0):
            pass


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """The records of one substream, from its beginning to its end, with how deep it is nested (charts are deeper)."""
    depth = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        depth += kind == BOF
        yield kind, book[at + 4 : at + 4 + size], depth
        depth -= kind == EOF
        if depth == 0:
            return
        at += 4 + size
    raise ValueError("the sheet has no end")


def _workbook_stream(data: bytes) -> bytes:
    return stream(data, STREAMS)


def stream(data: bytes, names: tuple[str, ...]) -> bytes:
    """The first stream of one of these names (the sheets stand in STREAMS), put together from the file's sectors.

    Raises ValueError or struct.error if there is none or the file ends too early.
    """
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    mini_size = 1 << struct.unpack_from("<H", data, 32)[0]
    directory_at, _, cutoff, mini_at = struct.unpack_from("<IIII", data, 48)
    table = _allocation(data, size)
    directory = _chain(data, directory_at, table, size)
    root = directory[:128]
    for at in range(0, len(directory), 128):
        entry = directory[at : at + 128]
        length = struct.unpack_from("<H", entry, 64)[0]
        if entry[: max(length - 2, 0)].decode("utf-16-le", "ignore") not in names:
            continue
        start, total = struct.unpack_from("<II", entry, 116)
        if total >= cutoff:
            return _whole(_chain(data, start, table, size), total)
        minis = _chain(data, struct.unpack_from("<I", root, 116)[0], table, size)
        mini_table = _numbers(_chain(data, mini_at, table, size))
        return _whole(_pieces(minis, start, mini_table, mini_size, 0), total)
    raise ValueError("there is no workbook in the file")


def _whole(stream: bytes, total: int) -> bytes:
    if len(stream) < total:
        raise ValueError(f"{total - len(stream)} bytes are missing")
    return stream[:total]


def _allocation(data: bytes, size: int) -> list[int]:
    listed = list(struct.unpack_from("<109I", data, 76))
    more, count = struct.unpack_from("<II", data, 68)
    for _ in range(count):
        block = _numbers(data[size * (more + 1) : size * (more + 2)])
        listed += block[:-1]
        more = block[-1]
    table: list[int] = []
    for sector in listed:
        if sector < FREE:
            table += _numbers(data[size * (sector + 1) : size * (sector + 2)])
    return table


def _chain(data: bytes, start: int, table: list[int], size: int) -> bytes:
    return _pieces(data, start, table, size, size)


def _pieces(data: bytes, start: int, table: list[int], size: int, offset: int) -> bytes:
    parts, sector, seen = [], start, 0
    while sector < FREE and sector < len(table) and seen <= len(table):
        parts.append(data[offset + size * sector : offset + size * (sector + 1)])
        sector, seen = table[sector], seen + 1
    return b"".join(parts)


def _numbers(block: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))
