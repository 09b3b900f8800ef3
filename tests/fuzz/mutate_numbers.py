"""Numbers: other notations, other units, single cells and whole columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from mutate import NOTICE, RECOVER, TRUTH, Mutation, Typed, choose, first_target, kind, mapped, pick_cell, put

from extracts import Cell, Extract, NotApplicable, Page

NUMBERS = ("number", "integer")
TEXTUAL = ("csv", "tsv", "xlsx", "xls")
UNITS = [
    "g/dL",
    "g/L",
    "mg/dL",
    "mg/L",
    "umol/L",
    "%",
    "10^3/uL",
    "K/uL",
    "mmol/L",
    "U/L",
    "ng/mL",
    "mg/24h",
    "nmol/L",
    "cells",
    "/uL",
]


def as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def numeric(value: Any, column: Any, page: Page) -> bool:
    return as_number(value) is not None


def written_number(value: Any, column: Any, page: Page) -> bool:
    """A number in a format where a cell can also hold text."""
    return page.format in TEXTUAL and as_number(value) is not None


def shown(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:.10g}"


def like(value: Any, number: float) -> Any:
    """A number written as the cell `value` is."""
    return number if isinstance(value, float) else type(value)(shown(number)) if isinstance(value, str) else number


@kind(NOTICE)
def decimal_comma(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Page) -> bool:
        return written_number(value, column, page) and "." in shown(as_number(value))

    page, row, i, _ = pick_cell(rng, extract, ("number",), fits)
    return put(extract, page, row, i, shown(as_number(page.rows[row][i].value)).replace(".", ","))


@kind(NOTICE)
def thousands_mark(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, NUMBERS, written_number)
    number = as_number(page.rows[row][i].value) * choose(rng, [1, 10, 1000])
    return put(
        extract, page, row, i, choose(rng, [f"{number:,.0f}", f"{number:,.0f}".replace(",", "."), f"{number:,.1f}"])
    )


@kind(TRUTH)
def cell_times_ten(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, ("number",), numeric)
    value = page.rows[row][i].value
    return put(extract, page, row, i, like(value, as_number(value) * choose(rng, [10, 0.1, 100])))


@kind(NOTICE)
def cell_times_thousand(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Page) -> bool:
        return numeric(value, column, page) and as_number(value) > 0

    page, row, i, _ = pick_cell(rng, extract, ("number",), fits)
    value = page.rows[row][i].value
    return put(extract, page, row, i, like(value, as_number(value) * choose(rng, [1000, 1e6])))


def _whole(rng: np.random.Generator, extract: Extract, factor: float, fits: Any) -> Mutation:
    options = [
        (page, i, header)
        for page in extract.pages
        for i, header, column in mapped(page)
        if not column.reader and column.targets[0].variable.type == "number" and fits(column)
    ]
    page, i, header = choose(rng, options)
    page, typed = page.copy(), []
    for row in page.body:
        old = page.rows[row][i] if len(page.rows[row]) == len(page.rows[page.deep - 1]) else Cell()
        number = as_number(old.value)
        if number is not None:
            page.rows[row][i] = Cell(like(old.value, number * factor), old.look)
            typed.append(Typed(page.source.name, page.number(row), header, page.rows[row][i].value))
    if not typed:
        raise NotApplicable("no numbers")
    told = f"{len(typed)} numbers of {header} times {factor:g}"
    return Mutation("", 0, extract, extract.render(page), told, page.file, page.sheet, None, header, typed)


@kind(NOTICE)
def column_times_thousand(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _whole(rng, extract, choose(rng, [1000, 0.001]), lambda c: c.targets[0].variable.typical)


@kind(NOTICE)
def column_times_ten(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _whole(rng, extract, choose(rng, [10, 0.1]), lambda c: c.targets[0].variable.typical)


@kind(TRUTH)
def column_without_a_usual_value_times_ten(rng: np.random.Generator, extract: Extract) -> Mutation:
    return _whole(rng, extract, choose(rng, [10, 0.1]), lambda c: not c.targets[0].variable.typical)


@kind(NOTICE)
def unit_in_the_cell(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, NUMBERS, written_number)
    gap = choose(rng, ["", " "])
    return put(extract, page, row, i, f"{shown(as_number(page.rows[row][i].value))}{gap}{choose(rng, UNITS)}")


@kind(RECOVER)
def own_unit_in_the_cell(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Page) -> bool:
        return written_number(value, column, page) and bool(first_target(column).unit)

    page, row, i, column = pick_cell(rng, extract, ("number",), fits)
    return put(extract, page, row, i, f"{shown(as_number(page.rows[row][i].value))} {first_target(column).unit}")


@kind(NOTICE)
def number_with_a_mark(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, NUMBERS, written_number)
    text = shown(as_number(page.rows[row][i].value))
    forms = [
        f"<{text}",
        f">{text}",
        f"~{text}",
        f"{text}+",
        f"{text}*",
        f"-{text}",
        f"{text}-{text}9",
        f"({text})",
        f"≤ {text}",
        f"{text}↑",
        f"{text} H",
        f"'{text}",
        f"{text}.",
        f"{text}..5",
        f"{text}e3",
        f"{text}/2",
        f"{text}±1",
        f"약 {text}",
        f"{text} {text}",
        text.replace("0", "O").replace("1", "l") + "O",
        f"±{text}",
        "inf",
        "1e400",
        f"#{text}",
        f"{text} 이하",
    ]
    return put(extract, page, row, i, choose(rng, forms))
