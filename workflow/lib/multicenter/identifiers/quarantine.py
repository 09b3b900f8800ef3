"""Stopping a delivery that identifies persons before it is read for its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from multicenter.errors import DeliveryError
from multicenter.identifiers.detect import Detector
from multicenter.identifiers.hit import AGAIN, EXCEPT, Hit, is_excepted, what_it_is
from multicenter.identifiers.scan import scan_files
from multicenter.paths import mapping_of


def quarantine(
    center: str, files: Iterable[Path], config: Mapping[str, Any], detector: Detector, mapping: str = ""
) -> None:
    """Raise DeliveryError with every place, masked, in which a delivery identifies persons; else do nothing.

    config: the center's file; its `not_identifiers` are the recorded decisions on what only looks like an identifier.
    mapping: that file's path, if it is not the usual one.
    """
    exceptions, mapping = config.get("not_identifiers", ()), mapping or mapping_of(center)
    hits = scan_files(files, config["sources"].values(), detector)
    problems = [_line(hit, mapping, detector) for hit in hits if not any(is_excepted(hit, e) for e in exceptions)]
    if problems:
        summary = (
            f"{center}: this delivery is quarantined: {len(problems)} place{'s' if len(problems) > 1 else ''} in it "
            f"identif{'y' if len(problems) > 1 else 'ies'} persons; nothing of it was written"
        )
        raise DeliveryError(center, problems, summary=summary)


def _line(hit: Hit, mapping: str, detector: Detector) -> str:
    cells = "" if hit.place != "cells" else f"{hit.count} cell{'s' if hit.count > 1 else ''} with "
    several = f" ({hit.count} times)" if hit.place != "cells" and hit.count > 1 else ""
    first = f", first at row {hit.row}" if hit.place == "cells" and hit.row else f", row {hit.row}" if hit.row else ""
    return (
        f"{hit.where}: {cells}{what_it_is(hit, detector)}{several}{first}: {hit.shown}. {AGAIN}, "
        f"or {EXCEPT} in {mapping}"
    )
