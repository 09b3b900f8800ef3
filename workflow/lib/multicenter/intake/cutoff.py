"""Whether a file of a statistical package is whole, as far as its own headers tell."""

from __future__ import annotations

import struct

from multicenter.errors import DataError, Place

AGAIN = "Ask the center to send it again"
RECORD = 80
HEADER = b"HEADER RECORD*******"
MANY = b"HEADER RECORD!!!!!!!"


def refuse_cut_off(data: bytes, file: str, kind: str) -> None:
    """Raise DataError if a transport file (xpt) or a Stata file (dta) ends before its headers say it should.

    The other formats tell their number of rows, which their reader compares. A transport file of version 5 does not:
    if it is cut exactly between two records, nothing shows it.
    """
    if kind == "xpt" and data.startswith(HEADER):
        _whole_transport(data, file)
    if kind == "dta" and data.startswith(b"<stata_dta>") and not data.rstrip().endswith(b"</stata_dta>"):
        raise _cut(file, "its end mark is missing")


def _whole_transport(data: bytes, file: str) -> None:
    """SAS TS-140: records of 80 bytes; the rows follow the OBS header without gaps, blanks fill the last record."""
    if len(data) % RECORD:
        raise _cut(file, f"its {len(data)} bytes are not whole records of {RECORD}")
    headers = _headers(data)
    names = headers.get("NAMESTR", headers.get("NAMSTV8"))
    rows_at = headers.get("OBS", headers.get("OBSV8"))
    if names is None or rows_at is None:
        raise _cut(file, "the header of its rows is missing")
    if headers["members"] > 1:
        what = f"it holds {headers['members']} data sets, and only one can be read"
        raise DataError(Place(file), what, "Ask the center for one file a data set")
    length = _row_length(data, names, headers.get("MEMBER", headers.get("MEMBV8", 0)))
    rows = data[rows_at + RECORD :]
    told = data[rows_at + 48 : rows_at + 63].strip() if "OBSV8" in headers else b""
    if told.isdigit() and int(told):
        if len(rows) < int(told) * length:
            raise _cut(file, f"it holds {len(rows) // length} of {int(told)} rows")
        return
    rest = rows[len(rows) - len(rows) % length :]
    if len(rest) >= RECORD or rest.strip(b" "):
        raise _cut(file, f"its row {len(rows) // length + 1} is not complete")


def _headers(data: bytes) -> dict[str, int]:
    """Where each header record begins, by its name; `members`: how many data sets there are."""
    found: dict[str, int] = {"members": 0}
    at = data.find(HEADER)
    while at >= 0:
        if at % RECORD == 0 and data[at + 28 : at + 48] == MANY:
            name = data[at + 20 : at + 28].decode("ascii", "replace").strip()
            found.setdefault(name, at)
            found["members"] += name in ("MEMBER", "MEMBV8")
        at = data.find(HEADER, at + 1)
    return found


def _row_length(data: bytes, names: int, member: int) -> int:
    """The bytes of a row: where its last variable ends."""
    count = int(data[names + 53 : names + 58])
    size = int(data[member + 74 : member + 78])
    ends = []
    for i in range(count):
        at = names + RECORD + i * size
        ends.append(struct.unpack_from(">H", data, at + 4)[0] + struct.unpack_from(">I", data, at + 84)[0])
    return max(ends)


def _cut(file: str, why: str) -> DataError:
    return DataError(Place(file), f"the file is cut off: {why}", AGAIN)
