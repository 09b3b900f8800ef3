"""Free texts read phrase by phrase. What no phrase explains is left over, and stops the center."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from multicenter.harmonize.cells import MAPPED, MISSING, QUERY, UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.convert import convert
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import PLACE, Pattern, Reader

Slot = tuple[str, str, str]
BETWEEN_PHRASES = re.compile(r"^[\s,;:/+·.&|()\[\]→>\x00-]*$")
EDGE = " ,;:/+·.&|"
NAMED = ("percent", "part", "whole")


@dataclass
class _Read:
    """One text: pieces still to be converted, values already canonical, and what was not understood."""

    pieces: dict[Slot, str]
    values: dict[Slot, Any]
    trouble: str = ""


def read_texts(distinct: Distinct, reader: Reader, units: Units) -> dict[Slot, Outcome]:
    """Read every distinct text; returns one Outcome a (table, item, variable) that any text fills.

    A text with something left over is UNMAPPED in every slot (its reason says what is left over).
    """
    status, notes, read = _settle_whole(distinct, reader)
    slots: dict[Slot, None] = {}
    for text in read.values():
        slots.update(dict.fromkeys((*text.pieces, *text.values)))
    if not slots:
        slots = {(reader.table, reader.item, name): None for table, name in reader.targets if table == reader.table}
    return {slot: _outcome(slot, distinct, reader, status, notes, read, units) for slot in slots}


def _settle_whole(distinct: Distinct, reader: Reader) -> tuple[np.ndarray, dict[int, Note], dict[int, _Read]]:
    status = np.full(len(distinct), MISSING, dtype="int8")
    notes: dict[int, Note] = {}
    read: dict[int, _Read] = {}
    for i, word in enumerate(distinct.key):
        if distinct.is_error[i]:
            status[i], notes[i] = QUERY, Note("formula_error")
        elif word in reader.missing:
            continue
        elif word in reader.ambiguous:
            status[i], notes[i] = QUERY, Note("ambiguous_code")
        else:
            read[i] = _read(distinct.plain[i], reader)
            status[i] = UNMAPPED if read[i].trouble else MAPPED
    return status, notes, read


def _outcome(
    slot: Slot,
    distinct: Distinct,
    reader: Reader,
    status: np.ndarray,
    notes: dict[int, Note],
    read: dict[int, _Read],
    units: Units,
) -> Outcome:
    target = reader.targets[slot[0], slot[2]]
    pieces = Distinct([read[i].pieces.get(slot) if i in read else None for i in range(len(distinct))])
    converted = convert(pieces, target, units)
    out = Outcome.opened(len(distinct), converted.value.dtype.name if converted.value.dtype != object else "string")
    out.value = converted.take(pieces.codes)
    out.status = status.copy()
    out.notes = dict(notes)
    for i, text in read.items():
        j = pieces.codes[i]
        if text.trouble:
            out.reasons[i] = text.trouble
        elif slot in text.values:
            value = text.values[slot]
            out.value[i] = out.nothing() if value is None else value
            out.status[i] = MISSING if value is None else MAPPED
        elif j >= 0:
            out.status[i] = converted.status[j]
            if j in converted.notes:
                out.notes[i] = converted.notes[j]
            if converted.status[j] == UNMAPPED:
                out.reasons[i] = f"{pieces.text[j]!r} in the text is not mapped"
        else:
            out.status[i] = MISSING
    out.by_class = out.status == MAPPED
    return out


def _read(text: str, reader: Reader) -> _Read:
    result = _Read({}, {})
    parts = reader.split.split(text) if reader.split else [text]
    for number, part in enumerate(parts, start=1):
        item = str(number) if reader.split and not reader.item else reader.item
        _read_part(part, item, reader, result)
        if result.trouble:
            break
    return result


def _read_part(part: str, item: str, reader: Reader, result: _Read) -> None:
    rest, alone, hits = part, False, 0
    for pattern in reader.patterns:
        for match in pattern.find.finditer(rest):
            hits += 1
            alone |= pattern.alone
            _store(match, pattern, item, reader, result)
        rest = pattern.find.sub("\0", rest)
    if not BETWEEN_PHRASES.match(rest):
        left = " … ".join(piece.strip(EDGE) for piece in rest.split("\0") if not BETWEEN_PHRASES.match(piece))
        result.trouble = result.trouble or f"{left!r} is not understood"
    elif hits and not alone:
        for name, value in reader.defaults.items():
            slot = (reader.table, item, name)
            if slot not in result.pieces:
                result.values.setdefault(slot, value)


def _store(match: re.Match[str], pattern: Pattern, item: str, reader: Reader, result: _Read) -> None:
    table = reader.table
    skip: set[str] = set()
    if pattern.item:
        table, item, skip = _place(match, pattern, reader)
    groups = match.groupdict()
    for name, value in pattern.set.items():
        _put(result, result.values, (table, item, name), value)
    if pattern.positive:
        percent = float(groups["percent"]) if groups.get("percent") else None
        if groups.get("part"):
            percent = 100 * float(groups["part"]) / float(groups["whole"])
        cut = reader.positive_from or 0
        _put(result, result.values, (table, item, pattern.positive), int(percent is None or percent >= cut))
    for name, piece in groups.items():
        if piece is not None and name not in NAMED and name not in skip:
            _put(result, result.pieces, (table, item, name), piece.strip())


def _place(match: re.Match[str], pattern: Pattern, reader: Reader) -> tuple[str, str, set[str]]:
    """The table and item that a phrase names; `{group}` in the item is looked up in that variable's codes."""
    place = PLACE.match(pattern.item)
    table, item = place["table"], place["item"] or ""
    used = set(re.findall(r"\{([a-z0-9_]+)\}", item))
    for name in used:
        codes = reader.targets[table, name].codes
        word = match[name].strip().casefold()
        item = item.replace(f"{{{name}}}", str(codes.get(word, word)))
    return table, item, used


def _put(result: _Read, where: dict[Slot, Any], slot: Slot, value: Any) -> None:
    """Keep a value; the same slot filled twice with different values is trouble."""
    known = result.values.get(slot, result.pieces.get(slot, value))
    if known != value:
        result.trouble = f"{slot[2]} is given twice, as {known!r} and {value!r}"
    where[slot] = value
