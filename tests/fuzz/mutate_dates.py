"""Dates: other formats, orders and systems, parts of dates, single cells and whole columns."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from days import EPOCHS, percent, read_day, write_day
from mutate import NOTICE, RECOVER, TRUTH, Mutation, Typed, choose, first_target, kind, mapped, pick_cell, put

from extracts import Cell, Extract, NotApplicable, Page

TEXTUAL = ("csv", "tsv", "xlsx", "xls")


def is_day(value: Any, column: Any, page: Page) -> bool:
    header = column.header
    return not isinstance(value, bool) and read_day(value, page, header, first_target(column).dates) is not None


def day_cell(rng: np.random.Generator, extract: Extract, fits: Any = is_day) -> tuple[Page, int, int, Any, date]:
    page, row, i, column = pick_cell(rng, extract, ("date",), fits)
    return page, row, i, column, read_day(page.rows[row][i].value, page, column.header, first_target(column).dates)


def textual_day(value: Any, column: Any, page: Page) -> bool:
    return page.format in TEXTUAL and is_day(value, column, page)


@kind(TRUTH)
def other_date(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, column, day = day_cell(rng, extract)
    day += timedelta(days=int(choose(rng, [-400, -31, -7, -1, 1, 7, 31, 400])))
    return put(
        extract, page, row, i, write_day(day, page.rows[row][i].value, page, column.header, first_target(column).dates)
    )


@kind(RECOVER)
def date_as_iso_text(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _, day = day_cell(rng, extract, textual_day)
    text = choose(
        rng, [f"{day:%Y-%m-%d}", f"{day:%Y.%m.%d}", f"{day:%Y/%m/%d}", f"{day.year}년 {day.month}월 {day.day}일"]
    )
    return put(extract, page, row, i, text, look="@" if page.format == "xlsx" else "")


@kind(NOTICE)
def date_in_another_order(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, column, day = day_cell(rng, extract, textual_day)
    forms = [
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%m-%d-%Y",
        "%d %B %Y",
        "%b %d, %Y",
        "%y%m%d",
        "%d%m%Y",
        "%Y-%d-%m",
        "%Y%d%m",
    ]
    if any("YY-" in f or f.startswith("YY/") for f in first_target(column).dates.formats):
        forms = [form for form in forms if "y" not in form]
    return put(extract, page, row, i, day.strftime(choose(rng, forms)), look="@" if page.format == "xlsx" else "")


@kind(NOTICE)
def two_digit_year(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _, day = day_cell(rng, extract, textual_day)
    form = choose(rng, ["%y.%m.%d", "%y/%m/%d", "%y-%m-%d", "%d-%b-%y", "'%y.%m.%d", "%y년 %m월 %d일"])
    return put(extract, page, row, i, day.strftime(form), look="@" if page.format == "xlsx" else "")


@kind(TRUTH)
def day_and_month_swapped(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, column, day = day_cell(rng, extract)
    if day.day > 12 or day.day == day.month:
        raise NotApplicable("not another date")
    other = date(day.year, day.day, day.month)
    return put(
        extract,
        page,
        row,
        i,
        write_day(other, page.rows[row][i].value, page, column.header, first_target(column).dates),
    )


@kind(NOTICE)
def impossible_date(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Page) -> bool:
        return textual_day(value, column, page) and isinstance(value, str) and not value.isdigit()

    page, row, i, column, day = day_cell(rng, extract, fits)
    form = next(f for f in (*first_target(column).dates.formats, "YYYY-MM-DD", "YYYY.MM.DD", "YYYY/MM/DD") if "D" in f)
    y, m, d = choose(
        rng,
        [
            (day.year, 2, 30),
            (day.year, 13, 1),
            (day.year, 4, 31),
            (day.year, 0, 10),
            (day.year, 6, 0),
            (day.year, 7, 42),
        ],
    )
    month = calendar.month_abbr[m] if 0 < m < 13 else "Xyz"
    text = (
        percent(form)
        .replace("%Y", str(y))
        .replace("%y", f"{y % 100:02d}")
        .replace("%m", f"{m:02d}")
        .replace("%d", f"{d:02d}")
    )
    return put(extract, page, row, i, text.replace("%b", month))


@kind(NOTICE)
def partial_date(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _, day = day_cell(rng, extract, textual_day)
    forms = [
        f"{day.year}",
        f"{day.year}-{day.month:02d}",
        f"{day.year}.{day.month:02d}",
        f"{day.year}년",
        f"{day.year}년 {day.month}월",
        f"{day.year}-{day.month:02d}-?",
        f"{day.year}-??-??",
        f"{day.year}.{day.month:02d}.",
        f"{day.year} 봄",
        f"{day.year}-{day.month:02d}-00",
    ]
    return put(extract, page, row, i, choose(rng, forms), look="@" if page.format == "xlsx" else "")


@kind(NOTICE)
def partial_date_as_number(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Page) -> bool:
        return page.format in ("xlsx", "xls", "xpt") and is_day(value, column, page)

    page, row, i, _, day = day_cell(rng, extract, fits)
    return put(
        extract,
        page,
        row,
        i,
        float(choose(rng, [day.year, day.year * 100 + day.month])),
        look="General" if page.format == "xlsx" else "",
    )


@kind(NOTICE)
def date_with_a_time(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _, day = day_cell(rng, extract, textual_day)
    forms = [
        f"{day} 00:00:00",
        f"{day} 14:05",
        f"{day}T00:00:00",
        f"{day}T23:30:00Z",
        f"{day} 오후 3:10",
        f"{day}T00:00:00+09:00",
    ]
    return put(extract, page, row, i, choose(rng, forms), look="@" if page.format == "xlsx" else "")


@kind(NOTICE)
def date_as_a_serial(rng: np.random.Generator, extract: Extract) -> Mutation:
    """The number of days in one of the date systems, as a number or as text."""
    page, row, i, _, day = day_cell(rng, extract, textual_day)
    name = choose(rng, ["excel1900", "sas", "yyyymmdd"])
    number = day.year * 10000 + day.month * 100 + day.day if name == "yyyymmdd" else (day - EPOCHS[name]).days
    as_text = page.format in ("csv", "tsv") or rng.integers(2)
    return put(
        extract, page, row, i, str(number) if as_text else number, look="General" if page.format == "xlsx" else ""
    )


@kind(TRUTH)
def date_of_the_other_system(rng: np.random.Generator, extract: Extract) -> Mutation:
    """A serial or date cell as a workbook of the 1904 system would give it: 1462 days earlier or later."""

    def fits(value: Any, column: Any, page: Page) -> bool:
        return page.format == "xlsx" and not isinstance(value, str) and is_day(value, column, page)

    page, row, i, column, day = day_cell(rng, extract, fits)
    day += timedelta(days=int(choose(rng, [-1462, 1462])))
    return put(
        extract, page, row, i, write_day(day, page.rows[row][i].value, page, column.header, first_target(column).dates)
    )


def _dates(rng: np.random.Generator, extract: Extract) -> tuple[Page, int, str, Any]:
    options = [
        (page, i, header, column)
        for page in extract.pages
        for i, header, column in mapped(page)
        if not column.reader and column.targets[0].variable.type == "date" and page.format in TEXTUAL
    ]
    page, i, header, column = choose(rng, options)
    return page.copy(), i, header, column


def _column_of_dates(rng: np.random.Generator, extract: Extract, write: Any, told: str) -> Mutation:
    page, i, header, column = _dates(rng, extract)
    typed = []
    for row in page.body:
        old = page.rows[row][i] if len(page.rows[row]) == len(page.rows[page.deep - 1]) else Cell()
        day = read_day(old.value, page, header, first_target(column).dates) if not isinstance(old.value, bool) else None
        if day:
            page.rows[row][i] = Cell(*write(day, page))
            typed.append(Typed(page.source.name, page.number(row), header, page.rows[row][i].value))
    if not typed:
        raise NotApplicable("no dates")
    return Mutation(
        "", 0, extract, extract.render(page), f"{header}: {told}", page.file, page.sheet, None, header, typed
    )


@kind(NOTICE)
def column_of_dates_in_another_order(rng: np.random.Generator, extract: Extract) -> Mutation:
    form = choose(rng, ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%d-%m", "%d-%m-%Y"])
    return _column_of_dates(
        rng, extract, lambda day, page: (day.strftime(form), "@" if page.format == "xlsx" else ""), form
    )


@kind(NOTICE)
def column_of_dates_as_serials(rng: np.random.Generator, extract: Extract) -> Mutation:
    name = choose(rng, ["excel1900", "excel1904", "sas"])

    def write(day: date, page: Page) -> tuple[Any, str]:
        days = (day - EPOCHS[name]).days
        return (str(days) if page.format in ("csv", "tsv") else days), "General" if page.format == "xlsx" else ""

    return _column_of_dates(rng, extract, write, name)


@kind(RECOVER)
def column_of_dates_as_texts(rng: np.random.Generator, extract: Extract) -> Mutation:
    form = choose(rng, ["%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d"])
    return _column_of_dates(
        rng, extract, lambda day, page: (day.strftime(form), "@" if page.format == "xlsx" else ""), form
    )


@kind(RECOVER)
def column_of_dates_as_date_cells(rng: np.random.Generator, extract: Extract) -> Mutation:
    if extract.pages[0].format not in ("xlsx", "xls"):
        raise NotApplicable("no workbook")
    return _column_of_dates(
        rng, extract, lambda day, page: (datetime(day.year, day.month, day.day), "yyyy-mm-dd"), "cells"
    )
