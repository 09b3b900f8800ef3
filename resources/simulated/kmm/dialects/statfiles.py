"""Files of statistics packages: SPSS sav in the Korean code page, SAS transport, Stata dta.

No Python package writes the first two as Korean hospitals send them (code page 949; the special missing `.A`), so
they are written here from their published layouts: PSPP's "System File Format", SAS's TS-140.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd

from .formats import numeric
from .sheets import Column, Sheet

SAV_MISSING = -np.finfo(float).max
SAV_FORMATS = {"number": 5, "date": 20, "text": 1}
STATA_EPOCH = pd.Timestamp("1960-01-01")


def _encode(raw: np.ndarray, encoding: str) -> list[bytes]:
    return [b"" if value is None else str(value).encode(encoding) for value in raw]


def _pad(size: int, unit: int) -> int:
    return -size % unit


def write_sav(path: Path, sheet: Sheet, label: str, encoding: str = "cp949", code: int = 949) -> None:
    """Write an uncompressed sav in a code page.

    A column's `look`: kind (number, date or text), digits, label, values ({code: label}), missing (up to three codes).
    """
    parts, indexes, arrays, slot = [], [], {}, 1
    for number, column in enumerate(sheet.columns, 1):
        kind = column.look.get("kind", "number")
        if kind == "text":
            texts = _encode(column.raw, encoding)
            width = max([8, *(len(text) for text in texts)])
            size = width + _pad(width, 8)
            arrays[f"v{number}"] = np.array([text.ljust(size) for text in texts], dtype=f"S{size}")
        else:
            width, size = 0, 8
            values = numeric(column.raw)
            arrays[f"v{number}"] = np.where(np.isnan(values), SAV_MISSING, values)
        parts.append(_sav_variable(number, column, kind, width, encoding))
        parts += [struct.pack("<iiiiii8s", 2, -1, 0, 0, 0, 0, b" " * 8)] * (size // 8 - 1)
        indexes.append(slot)
        slot += size // 8
    table = np.zeros(len(sheet.ids), dtype=[(name, values.dtype) for name, values in arrays.items()])
    for name, values in arrays.items():
        table[name] = values
    body = table.tobytes()
    if (slot - 1) * 8 * len(table) != len(body):
        raise ValueError(f"{path.name}: the case size does not fit")
    product = b"@(#) SPSS DATA FILE MS Windows 25.0".ljust(60)
    head = struct.pack("<4s60siiiiid", b"$FL2", product, 2, slot - 1, 0, 0, len(table), 100.0)
    head += b"01 Sep 23" + b"09:00:00" + label.encode(encoding).ljust(64) + b"\0" * 3
    labels = [_sav_labels(column, index, encoding) for column, index in zip(sheet.columns, indexes, strict=True)]
    names = "\t".join(f"V{i}={column.header}" for i, column in enumerate(sheet.columns, 1)).encode(encoding)
    codepage = encoding.upper().encode()
    info = struct.pack("<iiii8i", 7, 3, 4, 8, 25, 0, 0, -1, 1, 1, 2, code)
    limits = struct.pack("<iiii3d", 7, 4, 8, 3, SAV_MISSING, -SAV_MISSING, np.nextafter(SAV_MISSING, 0))
    names = struct.pack("<iiii", 7, 13, 1, len(names)) + names
    codepage = struct.pack("<iiii", 7, 20, 1, len(codepage)) + codepage
    path.write_bytes(b"".join([head, *parts, *labels, info, limits, names, codepage, struct.pack("<ii", 999, 0), body]))


def _sav_variable(number: int, column: Column, kind: str, width: int, encoding: str) -> bytes:
    """Return a sav variable record, with its label and its user-missing codes."""
    missing = column.look.get("missing", [])
    text = column.look.get("label", "").encode(encoding)
    shown = {"number": 8, "date": 11, "text": min(width, 255)}[kind]
    form = SAV_FORMATS[kind] << 16 | shown << 8 | (column.look.get("digits", 0) if kind == "number" else 0)
    record = struct.pack(
        "<iiiiii8s", 2, width, int(bool(text)), len(missing), form, form, f"V{number}".encode().ljust(8)
    )
    if text:
        record += struct.pack("<i", len(text)) + text + b" " * _pad(len(text), 4)
    return record + b"".join(struct.pack("<d", float(value)) for value in missing)


def _sav_labels(column: Column, index: int, encoding: str) -> bytes:
    """Return the two records that give a variable its value labels, or nothing."""
    values = column.look.get("values")
    if not values:
        return b""
    record = struct.pack("<ii", 3, len(values))
    for value, word in values.items():
        text = word.encode(encoding)
        record += struct.pack("<dB", float(value), len(text)) + text + b" " * _pad(len(text) + 1, 8)
    return record + struct.pack("<iii", 4, 1, index)


def ibm(values: np.ndarray) -> np.ndarray:
    """Return floats as 8-byte IBM hexadecimal floats (n × 8 bytes); NaN becomes SAS's ordinary missing value."""
    out = np.zeros((len(values), 8), dtype=np.uint8)
    missing = np.isnan(values)
    out[missing, 0] = 0x2E
    rows = np.flatnonzero(~missing & (values != 0))
    fraction, power = np.frexp(np.abs(values[rows]))
    sixteens = -(-power // 4)
    mantissa = np.ldexp(fraction, power - 4 * sixteens + 56).astype(np.uint64)
    out[rows] = mantissa.astype(">u8").view(np.uint8).reshape(-1, 8)
    out[rows, 0] = np.where(values[rows] < 0, 128, 0) + sixteens + 64
    return out


def write_xpt(path: Path, sheet: Sheet, name: str, encoding: str = "euc-kr") -> None:
    """Write a SAS transport file (version 5) without formats. The cell text `.A` becomes the special missing value."""
    n, columns, names, at = len(sheet.ids), [], [], 0
    for number, column in enumerate(sheet.columns, 1):
        text = column.look.get("kind") == "text"
        if text:
            texts = _encode(column.raw, encoding)
            size = max([1, *(len(one) for one in texts)])
            block = np.array([one.ljust(size) for one in texts], dtype=f"S{size}").view(np.uint8).reshape(n, size)
        else:
            size, block = 8, ibm(numeric(column.raw))
            block[[value == ".A" for value in column.raw], 0] = 0x41
        label = column.look.get("label", "").encode(encoding)[:40]
        names.append(
            struct.pack(
                ">hhhh8s40s8shhh2s8shhi52s",
                2 if text else 1,
                0,
                size,
                number,
                column.header.encode().ljust(8),
                label.ljust(40),
                b" " * 8,
                0,
                0,
                0,
                b"\0\0",
                b" " * 8,
                0,
                0,
                at,
                b"\0" * 52,
            )
        )
        columns.append(block)
        at += size
    stamp, system = b"01SEP23:09:00:00", b"9.4".ljust(8) + b"X64_10PR"
    described = b"".join(names)
    body = np.concatenate(columns, axis=1).tobytes()
    path.write_bytes(
        b"".join(
            [
                _card("LIBRARY"),
                b"SAS     SAS     SASLIB  " + system + b" " * 24 + stamp,
                stamp.ljust(80),
                _card("MEMBER ", "000000000000000001600000000140"),
                _card("DSCRPTR"),
                b"SAS     " + name.encode().ljust(8) + b"SASDATA " + system + b" " * 24 + stamp,
                stamp + b" " * 64,
                _card("NAMESTR", f"000000{len(names):04d}".ljust(30, "0")),
                described + b" " * _pad(len(described), 80),
                _card("OBS    "),
                body + b" " * _pad(len(body), 80),
            ]
        )
    )


def _card(kind: str, numbers: str = "0" * 30) -> bytes:
    return f"HEADER RECORD*******{kind} HEADER RECORD!!!!!!!{numbers}  ".encode()


def write_dta(path: Path, sheet: Sheet) -> None:
    """Write a Stata file (release 118). `.a` stands for itself; dates are `%td`; `look`: kind, label, values."""
    import pyreadstat

    frame, labels, values, formats, special = {}, {}, {}, {}, {}
    for column in sheet.columns:
        kind, raw = column.look.get("kind", "number"), column.raw
        labels[column.header] = column.look.get("label", column.header)
        if column.look.get("values"):
            values[column.header] = {float(code): word for code, word in column.look["values"].items()}
        if kind == "text":
            frame[column.header] = pd.Series(["" if value is None else str(value) for value in raw], dtype=object)
        elif kind == "date":
            formats[column.header] = "%td"
            # As day numbers: of dates, the writer would look at the first hundred cells only, and these may be empty.
            days = [np.nan if value is None else float((value - STATA_EPOCH).days) for value in raw]
            frame[column.header] = pd.Series(days, dtype=float)
        elif any(value == ".a" for value in raw):
            special[column.header] = ["a"]
            cells = ["a" if v == ".a" else (np.nan if v is None else float(v)) for v in raw]
            frame[column.header] = pd.Series(cells, dtype=object)
        else:
            frame[column.header] = pd.Series(numeric(raw))
    pyreadstat.write_dta(
        pd.DataFrame(frame),
        str(path),
        version=14,
        column_labels=labels,
        variable_value_labels=values,
        variable_format=formats,
        missing_user_values=special,
    )
    data = path.read_bytes()
    start = data.index(b"<timestamp>") + len(b"<timestamp>")
    end = data.index(b"</timestamp>")
    stamp = b"01 Sep 2023 09:00"
    size = 1 + data[start]
    if end - start != size:
        raise ValueError(f"{path.name}: unexpected time stamp")
    path.write_bytes(data[:start] + bytes([data[start]]) + stamp.ljust(size - 1)[: size - 1] + data[end:])
