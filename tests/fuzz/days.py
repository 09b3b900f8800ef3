"""Dates as they are typed: read and written without the library, so that a judge can compare."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from extracts import Page
from multicenter.harmonize.spec import Dates

EPOCHS = {"excel1900": date(1899, 12, 30), "excel1904": date(1904, 1, 1), "sas": date(1960, 1, 1),
          "stata": date(1960, 1, 1), "spss": date(1582, 10, 14)}  # fmt: skip
ALWAYS = ("YYYY-MM-DD", "YYYY.MM.DD", "YYYY/MM/DD", "YYYY년 MM월 DD일")
TOKENS = {"YYYY": "%Y", "YY": "%y", "Mon": "%b", "MM": "%m", "DD": "%d", "M": "%m", "D": "%d"}


def percent(form: str) -> str:
    """A declared format as strptime knows it."""
    return re.sub(r"YYYY|YY|Mon|MM|DD|M|D", lambda m: TOKENS[m[0]], form)


def system(page: Page, header: str, dates: Dates) -> str:
    """The date system of bare numbers: of the file itself in statistical files, else as declared."""
    look = page.looks[page.column(header)] if page.looks else {}
    if look.get("kind") == "date":
        return {"sav": "spss", "dta": "stata"}.get(page.format, dates.system)
    return dates.system


def read_day(value: Any, page: Page, header: str, dates: Dates) -> date | None:
    """The day that a cell says, or None."""
    found = _read(value, page, header, dates)
    return found[0] if found else None


def write_day(day: date, like: Any, page: Page, header: str, dates: Dates) -> Any:
    """A day written as the cell `like` is."""
    found = _read(like, page, header, dates)
    if not found:
        raise ValueError(like)
    form = found[1]
    if form == "cell":
        return datetime(day.year, day.month, day.day)
    if form == "yyyymmdd":
        return type(like)(day.year * 10000 + day.month * 100 + day.day)
    if form in EPOCHS:
        days = (day - EPOCHS[form]).days
        return type(like)(days * 86400 if form == "spss" else days)
    return day.strftime(form)


def _read(value: Any, page: Page, header: str, dates: Dates) -> tuple[date, str] | None:
    if isinstance(value, datetime):
        return value.date(), "cell"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(float(value), system(page, header, dates))
    text = str(value or "").strip()
    for form in (*dates.formats, *ALWAYS):
        try:
            day = datetime.strptime(text, percent(form)).date()
        except ValueError:
            continue
        if "D" not in form:
            continue
        if "YYYY" not in form:
            first = dates.two_digit_years or 2000
            day = day.replace(year=first + (day.year - first) % 100)
        return day, percent(form)
    if re.fullmatch(r"\d+(\.0)?", text):
        return _number(float(text), dates.system)
    return None


def _number(value: float, name: str) -> tuple[date, str] | None:
    if name == "yyyymmdd":
        whole = int(value)
        try:
            return date(whole // 10000, whole // 100 % 100, whole % 100), name
        except ValueError:
            return None
    if name not in EPOCHS:
        return None
    try:
        return EPOCHS[name] + timedelta(days=value // 86400 if name == "spss" else int(value // 1)), name
    except OverflowError:
        return None
