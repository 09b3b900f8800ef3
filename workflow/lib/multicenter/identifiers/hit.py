"""What was found in one place, and whether a recorded decision lets it pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from unicodedata import normalize

from multicenter.identifiers.detect import Detector

AGAIN = "Have the hospital send it again without"
EXCEPT = "if it is none, say so under not_identifiers"


@dataclass(frozen=True)
class Hit:
    """Identifiers of one kind in one place; nothing of them is kept but `shown`, the first one masked.

    place: cells, headers, comments, sheet name, file name, properties, labels or elsewhere. where: the place for
    people, masked. file, sheet, column, header: to compare with exceptions. row: 1-based, of the first.
    """

    kind: str
    file: str = field(repr=False)
    sheet: str = field(repr=False)
    place: str
    where: str
    count: int
    shown: str
    probable: bool
    column: str = field(default="", repr=False)
    header: str = field(default="", repr=False)
    row: int | None = None


def what_it_is(hit: Hit, detector: Detector) -> str:
    """What was found, as a message says it."""
    return f"{'probably ' if hit.probable else ''}{detector.kinds[hit.kind].label}"


def is_excepted(hit: Hit, entry: Mapping[str, Any]) -> bool:
    """Whether a recorded decision covers a hit; what it leaves out is any."""
    same = {
        "kind": entry["kind"] == hit.kind,
        "file": fnmatchcase(normalize("NFC", hit.file), normalize("NFC", entry.get("file", "*"))),
        "sheet": entry.get("sheet", hit.sheet) == hit.sheet,
        "column": entry.get("column", hit.column) in (hit.column, hit.header),
        "place": entry.get("place", hit.place) == hit.place,
    }
    return all(same.values())
