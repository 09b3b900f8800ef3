"""The day on which a person answered, as it stands in a cell: read without doubt, or not at all."""

from __future__ import annotations

import re
from datetime import date, datetime
from unicodedata import normalize

from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel

DAY = re.compile(r"(\d{4}) ?[-./년] ?(\d{1,2}) ?[-./월] ?(\d{1,2}) ?[.일]?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
TOGETHER = re.compile(r"(\d{4})(\d\d)(\d\d)")
SERIAL = re.compile(r"\d{5}(?:\.0+)?")  # from 1927 to 2173


def read_day(value: object, epoch: datetime = CALENDAR_WINDOWS_1900) -> str:
    """Return the ISO date of a date cell, a serial number of the workbook's epoch, or a text with the year first in
    four digits (2024-03-04, 2024.3.4., 2024년 3월 4일, 20240304); "" for anything else, such as 24.3.4 or 3/4/2024."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = " ".join(normalize("NFKC", str(value)).split())
    if SERIAL.fullmatch(text):
        return from_excel(float(text), epoch).date().isoformat()
    parts = DAY.fullmatch(text) or TOGETHER.fullmatch(text)
    try:
        return date(*map(int, parts.groups())).isoformat() if parts else ""
    except ValueError:
        return ""
