"""How right a draft is: each column's proposal against what the column means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from multicenter.harmonize.spec import parse_address

Slot = tuple[str, str, str]


@dataclass
class Score:
    """Counts over columns. mappable: those that mean something; wrong_sure: sure, and not what the column means."""

    mappable: int = 0
    sure_right: int = 0
    first_right: int = 0
    useless_open: int = 0
    useless: int = 0
    wrong_sure: list[str] = field(default_factory=list)
    wrong_first: list[str] = field(default_factory=list)

    @property
    def right(self) -> float:
        return (self.sure_right + self.first_right) / self.mappable

    def __str__(self) -> str:
        return (
            f"{self.mappable} mappable: {self.sure_right} sure and right, {self.first_right} open with the right first "
            f"candidate ({self.right:.1%}), {len(self.wrong_sure)} sure and wrong; "
            f"{self.useless_open} of {self.useless} useless columns left open"
        )


def slots_of(spec: Any, row_is: str) -> list[Slot]:
    """The slots that a column's specification fills by its own words; of a reader the place alone."""
    if isinstance(spec, list):
        return [slot for part in spec for slot in slots_of(part, row_is)]
    if isinstance(spec, dict) and "read" in spec:
        place, _, item = spec.get("to", row_is).rstrip("]").partition("[")
        return [(place, item, "")]
    return [parse_address(spec["to"] if isinstance(spec, dict) else spec, row_is)]


def judge(score: Score, header: str, spec: Any, row_is: str, primary: Iterable[Slot], allowed: Iterable[Slot]) -> None:
    """Count one column of a draft. primary: what its first slot may be (none: a useless column)."""
    primary, allowed = set(primary), set(allowed)
    still_open = isinstance(spec, dict) and "open" in spec
    first = spec["open"][0] if still_open else spec
    if first == {"drop": "why?"}:
        first = None
    found = slots_of(first, row_is) if first is not None else []
    right = bool(found) and _in(found[0], primary) and all(_in(slot, allowed | primary) for slot in found)
    if not primary:
        score.useless += 1
        score.useless_open += still_open
        if not still_open:
            score.wrong_sure.append(f"{header}: {spec}")
        return
    score.mappable += 1
    if right and not still_open:
        score.sure_right += 1
    elif right:
        score.first_right += 1
    elif still_open:
        score.wrong_first.append(f"{header}: {first}, means {sorted(primary)}")
    else:
        score.wrong_sure.append(f"{header}: {spec}, means {sorted(primary)}")


def _in(slot: Slot, known: set[Slot]) -> bool:
    """A reader's place counts if any of its variables is meant."""
    return slot in known or (not slot[2] and any(slot[:2] == other[:2] for other in known))


def columns_of(document: Mapping[str, Any]) -> Iterable[tuple[str, str, str, Any, Mapping[str, Any]]]:
    """(source, row_is, header, spec, source document) of every column of a center file."""
    for name, source in document["sources"].items():
        for header, spec in source["columns"].items():
            yield name, source.get("row_is", "patient"), header, spec, source
