"""From a delivery's files to raw tables, and the receipt that says what came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unicodedata import normalize

from multicenter.errors import DataError, Place, did_you_mean
from multicenter.intake.guard import reading
from multicenter.intake.table import RawTable

FORMATS = ("csv", "tsv", "xlsx", "xls", "sav", "dta", "xpt", "sas7bdat")


def read_sources(files: Iterable[Path], sources: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, RawTable], dict]:
    """Read every declared source of a delivery; each file is read once from disk.

    Returns the raw tables by source name and the receipt. Raises DataError (the first one met) with file and place;
    so does a file that no source reads, and a sheet that none reads and no `ignore_sheets` names.
    """
    paths = [Path(f) for f in files]
    contents = {path: _bytes(path) for path in paths}
    reads = {name: _file_of(name, source.get("file"), paths) for name, source in sources.items()}
    _refuse_unread(paths, set(reads.values()))
    tables = {name: read_table(contents[reads[name]], reads[name].name, source) for name, source in sources.items()}
    for path in paths:
        _check_sheets(contents[path], path.name, [name for name in sources if reads[name] == path], sources, tables)
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
            | {key: _told(key, value) for key, value in table.facts.items() if value not in (None, "", [], {}, False)}
            for name, table in tables.items()
        ],
    }


def _told(fact: str, value: Any) -> Any:
    """A fact as the receipt tells it: long lists of rows as ranges."""
    return row_ranges(value) if fact in ("hidden_rows", "footer_rows") else value


def row_ranges(rows: Iterable[int]) -> str:
    """Ascending row numbers as a person writes them: 3-7, 12."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _bytes(path: Path) -> bytes:
    with reading(path.name):
        return path.read_bytes()


def _file_of(source: str, pattern: str | None, paths: list[Path]) -> Path:
    """The delivery's file that a source names; a name is the same however its accents and syllables are composed."""
    wanted = normalize("NFC", pattern or "*")
    fitting = [path for path in paths if fnmatchcase(normalize("NFC", path.name), wanted)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(path.name for path in fitting or paths)
    if pattern is None:
        what = f"the delivery has {len(paths)} files ({names}), and this source does not say which one it reads"
        raise DataError(Place(f"sources.{source}"), what, "Name it with 'file' in the center's file")
    if fitting:
        what = f"{len(fitting)} files of the delivery fit {pattern!r} ({names})"
        raise DataError(Place(f"sources.{source}.file"), what, "Write it so that exactly one file fits")
    what = f"no file of the delivery fits {pattern!r} (delivered: {names})"
    near = did_you_mean(pattern, (path.name for path in paths))
    raise DataError(Place(f"sources.{source}.file"), what, f"Correct 'file' or ask the center for the file.{near}")


def _refuse_unread(paths: list[Path], read: set[Path]) -> None:
    unread = [path.name for path in paths if path not in read]
    if unread:
        what = f"no source of the center's file reads {'this file' if len(unread) == 1 else 'these files'}"
        fix = "Add a source with this 'file', or take the file out of the center's extracts"
        raise DataError(Place(", ".join(unread)), what, fix)


def _check_sheets(
    data: bytes, file: str, names: list[str], sources: Mapping[str, Mapping[str, Any]], tables: Mapping[str, RawTable]
) -> None:
    """Refuse a workbook with a sheet that none of its sources (`names`) reads or ignores on purpose."""
    books = [name for name in names if sources[name]["format"] in ("xlsx", "xls")]
    if books:
        from multicenter.intake.workbook import refuse_unread_sheets

        ignored = {sheet for name in books for sheet in sources[name].get("ignore_sheets", {})}
        known = ignored | {tables[name].sheet for name in books}
        refuse_unread_sheets(data, file, sources[books[0]]["format"], known)
