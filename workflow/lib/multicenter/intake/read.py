"""From a delivery's files to raw tables, and the receipt that says what came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.table import RawTable

FORMATS = ("csv", "tsv", "xlsx", "xls", "sav", "dta", "xpt", "sas7bdat")


def read_sources(files: Iterable[Path], sources: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, RawTable], dict]:
    """Read every declared source of a delivery; each file is read once from disk.

    Returns the raw tables by source name and the receipt. Raises DataError (the first one met) with file and place.
    """
    paths = [Path(f) for f in files]
    contents = {path: _bytes(path) for path in paths}
    tables = {}
    for name, source in sources.items():
        path = _file_of(source.get("file"), paths)
        tables[name] = read_table(contents[path], path.name, source)
    return tables, receipt(contents, tables)


def read_table(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read one source from a file's bytes with the reader of its declared format."""
    if not data:
        raise DataError(Place(file), "the file is empty", "Ask the center for the delivery again")
    kind = source["format"]
    if kind in ("csv", "tsv"):
        from multicenter.intake.delimited import read_delimited

        return read_delimited(data, file, source)
    if kind in ("xlsx", "xls"):
        from multicenter.intake.workbook import read_workbook

        return read_workbook(data, file, source)
    from multicenter.intake.statistical import read_statistical

    return read_statistical(data, file, source)


def receipt(contents: Mapping[Path, bytes], tables: Mapping[str, RawTable]) -> dict[str, Any]:
    """What came in: each file with its size and sha256, each source with its shape and what its reader noticed."""
    return {
        "files": [
            {"file": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for path, data in contents.items()
        ],
        "sources": [
            {
                "source": name,
                "file": table.file,
                "sheet": table.sheet,
                "rows": len(table.rows),
                "columns": len(table.cells.columns),
            }
            | {key: value for key, value in table.facts.items() if value not in (None, "", [], {})}
            for name, table in tables.items()
        ],
    }


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(Place(path.name), "the file is missing", "Put it where config.yaml says extracts lie") from None


def _file_of(pattern: str | None, paths: list[Path]) -> Path:
    fitting = [p for p in paths if pattern is None or fnmatch(p.name, pattern)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(p.name for p in paths)
    what = f"{len(fitting)} of the delivery's files ({names}) fit"
    raise DataError(Place(pattern or "(any file)"), what, "Name exactly one file with 'file' in the center's sources")
