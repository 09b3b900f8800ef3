"""Office files with the same bytes whenever they are made: entries in a fixed order, with fixed times."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
CONTENT_TYPES = "[Content_Types].xml"  # readers of Office files expect it first
PROPERTIES = "docProps/core.xml"
WRITTEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def fix_zip(path: Path) -> None:
    """Rewrite a zip (xlsx, docx) in place: entries by name, [Content_Types].xml first, all of 1980-01-01.

    The times at which an Office file says it was created and modified become that day too.
    """
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    if PROPERTIES in entries:
        entries[PROPERTIES] = WRITTEN.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", entries[PROPERTIES])
    partial = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(entries, key=lambda name: (name != CONTENT_TYPES, name)):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            archive.writestr(info, entries[name])
    partial.replace(path)
