"""Files of statistical packages: SPSS sav, Stata dta, SAS xpt and sas7bdat."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from multicenter.errors import DataError, Place
from multicenter.intake.cutoff import refuse_cut_off
from multicenter.intake.guard import first_line, reading
from multicenter.intake.table import RawTable, make_table, plain_cell

READERS = {"sav": "read_sav", "dta": "read_dta", "xpt": "read_xport", "sas7bdat": "read_sas7bdat"}
AGAIN = "Ask the center to export the file again, or declare the encoding that it has"


def read_statistical(data: bytes, file: str, source: Mapping[str, Any]) -> RawTable:
    """Read one file; values stay codes (value labels go to `facts`).

    User-missing values (SPSS) stay the values that they are and are listed in facts["declared_missing"]; extended
    missings (Stata .a, SAS .A) stay text with their dot. Raises DataError for an unreadable file or wrong encoding.
    """
    frame, meta = _parse(data, file, source)
    columns = []
    declared = {name: ranges for name, ranges in (meta.missing_ranges or {}).items() if ranges}
    extended = _extended(meta, source["format"])
    for name in meta.column_names:
        columns.append([_cell(value, extended.get(name, ())) for value in frame[name].tolist()])
    labels = {name: {_code(k): str(v) for k, v in pairs.items()} for name, pairs in meta.variable_value_labels.items()}
    return make_table(
        file,
        "",
        list(meta.column_names),
        columns,
        range(1, len(frame) + 1),
        encoding=meta.file_encoding or "",
        value_labels=labels,
        column_labels={k: v for k, v in (meta.column_names_to_labels or {}).items() if v},
        declared_missing={
            name: [[_code(r["lo"]), _code(r["hi"])] for r in ranges] for name, ranges in declared.items()
        },
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
        what = f"the file cannot be read as {kind} ({first_line(error)}): it is cut off, damaged or no {kind} file"
        raise DataError(Place(file), what, AGAIN) from None
    if told is not None and told >= 0 and told != len(frame):
        what = f"the file is cut off: it holds {len(frame)} of {told} rows"
        raise DataError(Place(file), what, "Ask the center to send it again")
    return frame, meta


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
