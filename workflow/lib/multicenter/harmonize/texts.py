"""Free texts read phrase by phrase. What no phrase explains is left over, and stops the center."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from multicenter.harmonize.cells import MAPPED, MISSING, QUERY, UNMAPPED, Distinct, Note, Outcome
from multicenter.harmonize.convert import convert
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import PLACE, Pattern, Reader
from multicenter.harmonize.words import key

Slot = tuple[str, str, str]
# What may stand between phrases. A plus only joins two phrases and a minus never does: elsewhere they are results.
BETWEEN_PHRASES = re.compile(r"^(?:[\s,;:/·.&|()\[\]→>\x00]|->|(?<=\x00)\+(?=\s*\x00)|(?<=\x00\s)\+(?=\s*\x00))*$")
EDGE = " ,;:/·.&|"
NAMED = ("percent", "part", "whole")
# Percent of cells that is positive by any of the recommended cut-offs (10 to 20, Ross et al., Haematologica
# 2012;97:1272). Less than that, but not 0, is a query unless the column declares its own cut-off.
SURELY_POSITIVE = 20.0


@dataclass
class _Read:
    """One text: pieces still to be converted, values already canonical, queries, and what was not understood.

    said: what each slot was said to be, in canonical terms where they are known, to find contradictions.
    """

    pieces: dict[Slot, str] = field(default_factory=dict)
    values: dict[Slot, Any] = field(default_factory=dict)
    notes: dict[Slot, Note] = field(default_factory=dict)
    said: dict[Slot, Any] = field(default_factory=dict)
    trouble: str = ""

    def put(self, where: dict[Slot, Any], slot: Slot, value: Any, meaning: Any) -> None:
        """Keep a value; the same slot filled twice with different meanings is trouble."""
        known = self.said.setdefault(slot, meaning)
        if known != meaning:
            self.trouble = f"{slot[2]} is given twice, as {known!r} and {meaning!r}"
        where[slot] = value


def read_texts(distinct: Distinct, reader: Reader, units: Units) -> dict[Slot, Outcome]:
    """Read every distinct text; returns one Outcome a (table, item, variable) that any text fills.

    A text with something left over is UNMAPPED in every slot (its reason says what is left over).
    """
    status, notes, read = _settle_whole(distinct, reader)
    slots: dict[Slot, _Filled] = {}
    for i, text in read.items():
        for slot in dict.fromkeys((*text.pieces, *text.values, *text.notes)):
            _fill(slots.setdefault(slot, _Filled()), i, slot, text)
    if not slots:
        slots = {(reader.table, reader.item, n): _Filled() for table, n in reader.targets if table == reader.table}
    troubles = {i: text.trouble for i, text in read.items() if text.trouble}
    start = np.where(status == MAPPED, MISSING, status).astype("int8")
    return {slot: _outcome(slot, filled, reader, start, notes, troubles, units) for slot, filled in slots.items()}


@dataclass
class _Filled:
    """What fills one slot, by the number of the distinct text: pieces to convert, canonical values, queries."""

    pieces: dict[int, str] = field(default_factory=dict)
    values: dict[int, Any] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)


def _fill(filled: _Filled, i: int, slot: Slot, text: _Read) -> None:
    if text.trouble:
        return
    if slot in text.notes:
        filled.notes[i] = text.notes[slot]
    elif slot in text.values:
        filled.values[i] = text.values[slot]
    else:
        filled.pieces[i] = text.pieces[slot]


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
    filled: _Filled,
    reader: Reader,
    start: np.ndarray,
    notes: dict[int, Note],
    troubles: dict[int, str],
    units: Units,
) -> Outcome:
    """What each distinct text becomes in one slot; `start`: the status of texts that do not fill it."""
    pieces = Distinct(list(filled.pieces.values()))
    converted = convert(pieces, reader.targets[slot[0], slot[2]], units)
    out = Outcome.opened(len(start), "string" if converted.value.dtype == object else converted.value.dtype.name)
    out.status, out.notes, out.reasons = start.copy(), dict(notes), dict(troubles)
    at = np.fromiter(filled.pieces, dtype="int64", count=len(filled.pieces))
    out.value[at], out.status[at] = converted.take(pieces.codes), converted.take_status(pieces.codes)
    for i, j in zip(at, pieces.codes, strict=True) if converted.notes else ():
        if j in converted.notes:
            out.notes[int(i)] = converted.notes[j]
    for i in np.flatnonzero(out.status == UNMAPPED):
        out.reasons.setdefault(int(i), f"{filled.pieces.get(int(i), '')!r} in the text is not mapped")
    for i, note in filled.notes.items():
        out.query(i, note)
    for i, value in filled.values.items():
        out.value[i] = out.nothing() if value is None else value
        out.status[i] = MISSING if value is None else MAPPED
    out.by_class = out.status == MAPPED
    return out


def _read(text: str, reader: Reader) -> _Read:
    result = _Read()
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
            if slot not in result.pieces and slot not in result.notes:
                result.values.setdefault(slot, value)


def _store(match: re.Match[str], pattern: Pattern, item: str, reader: Reader, result: _Read) -> None:
    table = reader.table
    skip: frozenset[str] = frozenset()
    if pattern.item:
        table, item, skip = _place(match, pattern, reader)
    groups = match.groupdict()
    for name, value in pattern.set.items():
        result.put(result.values, (table, item, name), value, value)
    if pattern.positive and groups.get(pattern.positive) is None:
        slot = (table, item, pattern.positive)
        judged = _judge(groups, reader.positive_from)
        if isinstance(judged, Note):
            result.notes[slot] = judged
        else:
            result.put(result.values, slot, judged, judged)
    for name, piece in groups.items():
        if piece is not None and name not in NAMED and name not in skip:
            meaning = reader.targets[table, name].codes.get(key(piece), piece.strip())
            result.put(result.pieces, (table, item, name), piece.strip(), meaning)


def _judge(groups: Mapping[str, str | None], cut: float | None) -> int | Note:
    """Whether a phrase makes its flag positive: 1 or 0 by its percentage (1 without one), or the query that it is."""
    percent = _percent(groups)
    if percent is None:
        return 1
    if isinstance(percent, Note):
        return percent
    if cut is None and 0 < percent < SURELY_POSITIVE:
        return Note("ambiguous_code", detail=f"{percent:g} % without a cut-off; declare positive_from")
    return int(percent > 0 and percent >= (cut or 0))


def _percent(groups: Mapping[str, str | None]) -> float | Note | None:
    """The phrase's percentage (given, or a part of a whole), None if it has none, a query if it cannot be one."""
    try:
        if groups.get("part") is not None:
            percent = 100 * float(groups["part"]) / float(groups["whole"])
        elif groups.get("percent") is not None:
            percent = float(groups["percent"])
        else:
            return None
    except ValueError:
        return Note("not_numeric")
    except ZeroDivisionError:
        return Note("out_of_range", detail="a part of 0 cells")
    return percent if 0 <= percent <= 100 else Note("out_of_range", detail="0 to 100 %")


def _place(match: re.Match[str], pattern: Pattern, reader: Reader) -> tuple[str, str, frozenset[str]]:
    """The table and item that a phrase names; `{group}` in the item is looked up in that variable's codes."""
    table, item, used = _parts(pattern.item)
    for name in used:
        codes = reader.targets[table, name].codes
        word = match[name].strip().casefold()
        item = item.replace(f"{{{name}}}", str(codes.get(word, word)))
    return table, item, used


@lru_cache(maxsize=256)
def _parts(place: str) -> tuple[str, str, frozenset[str]]:
    """A phrase's place as its table, its item, and the groups that the item names."""
    parts = PLACE.match(place)
    item = parts["item"] or ""
    return parts["table"], item, frozenset(re.findall(r"\{([a-z0-9_]+)\}", item))
