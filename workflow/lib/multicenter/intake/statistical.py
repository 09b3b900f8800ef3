"""Files of statistical packages: SPSS sav, Stata dta, SAS xpt and sas7bdat."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.cutoff import refuse_cut_off
from multicenter.intake.guard import first_line, reading, refuse_deadly
from multicenter.intake.table import RawTable, header_text, make_table, plain_cell

READERS = {"sav": "read_sav", "dta": "read_dta", "xpt": "read_xport", "sas7bdat": "read_sas7bdat"}
AGAIN = "Ask the center to export the file again, or declare the encoding that it has"


def read_statistical(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read one file; values stay codes (value labels go to `facts`).

    User-missing values (SPSS) stay the values that they are and are listed in facts["declared_missing"]; extended
    missings (Stata .a, SAS .A) stay text with their dot and are listed in facts["extended_missing"]. Raises DataError
    for an unreadable file or a wrong encoding (the offending bytes and their cell).
    """
    frame, meta = _parse(data, file, source)
    columns = []
    declared = {name: ranges for name, ranges in (meta.missing_ranges or {}).items() if ranges}
    extended = _extended(meta, source["format"])
    for name in meta.column_names:
        columns.append([_cell(value, extended.get(name, ())) for value in frame[name].tolist()])
    by_header = {header_text(name): name for name in meta.column_names}
    labels = {name: {_code(k): str(v) for k, v in pairs.items()} for name, pairs in meta.variable_value_labels.items()}
    ranges = {name: [[_code(r["lo"]), _code(r["hi"])] for r in found] for name, found in declared.items()}
    special = {
        name: sorted({v for v in column if isinstance(v, str) and v[1:] in extended.get(name, ()) and v[0] == "."})
        for name, column in zip(meta.column_names, columns, strict=True)
    }
    titles = meta.column_names_to_labels or {}
    facts = {"value_labels": labels, "column_labels": titles, "declared_missing": ranges, "extended_missing": special}
    return make_table(
        file,
        "",
        list(meta.column_names),
        columns,
        range(1, len(frame) + 1),
        encoding=meta.file_encoding or "",
        **{fact: {h: told[name] for h, name in by_header.items() if told.get(name)} for fact, told in facts.items()},
    )


def _parse(data: bytes, file: str, source: Mapping[str, Any]) -> tuple[Any, Any]:
    kind = source["format"]
    options: dict[str, Any] = {}
    if source.get("encoding"):
        options["encoding"] = source["encoding"]
    if kind in ("sav", "dta", "sas7bdat"):
        options["user_missing"] = True
    with reading(file):
        refuse_cut_off(data, file, kind)
    handle, path = tempfile.mkstemp(suffix=f".{kind}")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        with reading(file):
            refuse_deadly(file, lambda: _read(path, file, kind, options), len(data))
            return _read(path, file, kind, options)
    finally:
        os.unlink(path)


def _read(path: str, file: str, kind: str, options: Mapping[str, Any]) -> tuple[Any, Any]:
    """The rows and what the header says; as many rows as the header says, if it says it."""
    import pyreadstat

    reader = getattr(pyreadstat, READERS[kind])
    try:
        frame, meta = reader(path, **options)
        told = reader(path, metadataonly=True, **options)[1].number_rows
    except (pyreadstat.ReadstatError, UnicodeDecodeError, ValueError) as error:
        _refuse_bytes(reader, path, file, kind, options)
        what = f"the file cannot be read as {kind} ({first_line(error)}): it is cut off, damaged or no {kind} file"
        raise DataError(Place(file), what, AGAIN) from None
    if told is not None and told >= 0 and told != len(frame):
        what = f"the file is cut off: it holds {len(frame)} of {told} rows"
        raise DataError(Place(file), what, "Ask the center to send it again")
    return frame, meta


def _refuse_bytes(reader: Any, path: str, file: str, kind: str, options: Mapping[str, Any]) -> None:
    """Say which bytes of which cell are not text in the file's encoding, if that is why it cannot be read."""
    try:
        frame, meta = reader(path, **{**options, "encoding": "latin1"})
    except Exception:  # the file is damaged in another way
        return
    encoding = options.get("encoding") or "utf-8"
    for name in meta.column_names:
        for row, value in enumerate(frame[name], start=1):
            if not isinstance(value, str):
                continue
            try:
                value.encode("latin1").decode(encoding)
            except UnicodeDecodeError as error:
                bad = error.object[error.start : error.start + 4].hex(" ")
                fix = "Declare the encoding that the file has, or ask for the file in the declared one"
                raise DataError(Place(file, None, row, name), f"the bytes {bad} are not {encoding}", fix) from None
            except (UnicodeEncodeError, LookupError):
                return


def _extended(meta: Any, kind: str) -> dict[str, set[str]]:
    """The letters of extended missings by column, as far as the file's metadata tell."""
    values = meta.missing_user_values or {}
    letters = {name: {str(v) for v in codes} for name, codes in values.items()}
    if kind in ("dta", "sas7bdat", "xpt"):
        for name, kind_ in (meta.readstat_variable_types or {}).items():
            if kind_ != "string":
                letters.setdefault(name, set()).update("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
    return letters


def _cell(value: object, extended: set[str] | tuple[()]) -> object:
    if value is not None and not isinstance(value, (str, float, int)) and value != value:
        return None
    if isinstance(value, str) and value in extended:
        return f".{value}"
    return plain_cell(value)


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
