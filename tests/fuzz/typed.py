"""What a typed cell says, found out without the harmonizer's conversions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from days import read_day
from mutate import Typed

from extracts import Extract, Page, study
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.run import Harmonized
from multicenter.harmonize.spec import NOTHING, Target

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
Key = tuple[str, str, str, str]  # table, patient, item, variable


@dataclass
class Base:
    """What the unmutated delivery becomes: cells by key, which rows fed each record, what each column feeds."""

    done: Harmonized
    cells: dict[Key, str]
    rows: dict[tuple[str, str, str], set[tuple[str, int]]]
    feeds: dict[tuple[str, str], set[tuple[str, str, str]]]


def ident(page: Page, row: int) -> str:
    """The patient of a row, numbered as a person sees it."""
    value = page.rows[row - page.first + page.deep][page.id_column].value
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(value).strip().zfill(page.source.id_pad)


def same(got: str, want: str) -> bool:
    """Whether two canonical values are the same, numbers within twelve digits."""
    try:
        return abs(float(got) - float(want)) <= 1e-9 * abs(float(want)) + 1e-12
    except ValueError:
        return got == want


def comparable(value: Any) -> str:
    """A cell as codes are compared."""
    if isinstance(value, bool):
        value = str(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFKC", INVISIBLE.sub("", str(value))).split()).casefold()


def as_typed(typed: Typed, page: Page, slot: tuple[str, str, str], known: Base) -> str | None:
    """What a cell says now, for one variable; None if this judge cannot tell."""
    column, word = page.source.columns[typed.header], comparable("" if typed.value is None else typed.value)
    if column.reader is not None:
        return "" if word in ("", *column.reader.missing) else _donor(word, page, typed.header, slot, known)
    target = next(t for t in column.targets if t.slot == slot)
    if not word:
        return "" if target.empty is NOTHING or target.empty is None else text_of(target.empty)
    if word in target.codes:
        return text_of(target.codes[word])
    look = page.looks[page.column(typed.header)] if page.looks else {}
    if word in target.missing or word in map(comparable, look.get("missing", ())):
        return ""
    if target.otherwise is not NOTHING:
        return text_of(target.otherwise)
    if target.age_at or target.positive_from is not None:
        return None
    if target.pattern is not None:
        match = target.pattern.fullmatch(" ".join(unicodedata.normalize("NFKC", str(typed.value)).split()))
        word = comparable(next((g for g in match.groups() if g is not None), "")) if match else word
        if word in target.codes:
            return text_of(target.codes[word])
        return _plain_number(word, target)
    if target.variable.type == "date":
        day = None if isinstance(typed.value, bool) else read_day(typed.value, page, typed.header, target.dates)
        return day.isoformat() if day else None
    if target.variable.type in ("number", "integer"):
        return _plain_number(word, target)
    return str(typed.value).strip() if target.variable.type == "text" else None


def _plain_number(word: str, target: Target) -> str | None:
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?", word):
        word = word.replace(",", "")
    try:
        number = float(word)
    except ValueError:
        return None
    factor = Units(study()[0]).factor(target.unit, target.variable)
    return (
        repr(number * factor) if target.variable.type == "number" else str(int(number)) if number.is_integer() else None
    )


def _donor(word: str, page: Page, header: str, slot: tuple[str, str, str], known: Base) -> str | None:
    """What the same text became in another row."""
    table, item, variable = slot
    i = page.column(header)
    for row in page.body:
        if i < len(page.rows[row]) and comparable(page.rows[row][i].value) == word and (item or table == "patient"):
            key = (table, ident(page, page.number(row)), item)
            if key in known.rows:
                return known.cells.get((*key, variable), "")
    return None


def text_of(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def page_of(extract: Extract, source: str) -> Page:
    return next(p for p in extract.pages if p.source.name == source)
