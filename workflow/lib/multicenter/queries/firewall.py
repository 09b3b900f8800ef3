"""Returned workbooks pass the same scan as deliveries, before anything of them is used or named anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from multicenter.identifiers.detect import Detector
from multicenter.identifiers.mask import mask_lines
from multicenter.identifiers.quarantine import quarantine
from multicenter.queries.layout import BY, CLOSED, HEADER_ROW, PATIENT, QUERIES, RECORD, Column

SOURCES = {name: {"format": "xlsx", "sheet": name, "first_row": HEADER_ROW} for name in (QUERIES, CLOSED, RECORD)}


@dataclass(frozen=True)
class Inbox:
    """The returned workbooks. unread: masked names of files that are not even opened for their names. decided: center →
    its `not_identifiers`. detector: finds what identifies persons; None looks for nothing."""

    files: Sequence[Path] = ()
    unread: Sequence[str] = ()
    decided: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    detector: Detector | None = None

    def check(self, path: Path, center: str) -> None:
        """Raise DeliveryError, masked, if a workbook holds what identifies a person.

        Two columns may hold what elsewhere is a hit: the name of who answers, and the patient's id as it was sent.
        """
        if not self.detector:
            return
        allowed = [*self.decided.get(center, ()), *_allowed(self.detector)]
        quarantine(center, [path], {"sources": SOURCES, "not_identifiers": allowed}, self.detector)

    def masked(self, text: str) -> str:
        """Return a text with what identifies persons hidden."""
        return mask_lines(text, self.detector) if self.detector else text


def _allowed(detector: Detector) -> list[dict[str, str]]:
    """The decisions that hold for every workbook."""
    names = detector.properties("creator")  # what the author of a document is: a person's name
    numbers = detector.announcing([PATIENT.english, PATIENT.local, PATIENT.heading, PATIENT.field])
    return [
        {"kind": kind, "place": "cells", "sheet": sheet, "column": column}
        for kinds, allowed in ((names, BY), (numbers, PATIENT))
        for kind in sorted(kinds)
        for sheet, column in ((QUERIES, _header(allowed)), (CLOSED, _header(allowed)), (RECORD, allowed.field))
    ]


def _header(column: Column) -> str:
    """A column's heading as the scan reads it, behind the line above the headings."""
    return " ".join(column.heading.split())
