"""Single cells: spelling, slips, missing codes, spreadsheet errors, types."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
from mutate import (
    NOTICE,
    RECOVER,
    TRUTH,
    Mutation,
    choose,
    column_type,
    delimited,
    kind,
    mapped,
    once,
    pick_cell,
    put,
    workbook,
)

from extracts import Extract, NotApplicable

CODED = ("category", "flag", "reader")
READ = ("category", "flag", "integer", "number", "date", "reader")
SPREADSHEET = ("xlsx", "xls")
MISSING = [
    ".",
    "-",
    "NA",
    "N/A",
    "unknown",
    "미상",
    "-9",
    "999",
    "9999",
    "?",
    "x",
    "none",
    "null",
    "ND",
    "해당없음",
    "#N/A",
    "모름",
    "..",
    "--",
    "*",
    "no data",
    "nan",
    "NaN",
    "None",
    "9",
    "99",
]
ERRORS = ["#REF!", "#DIV/0!", "#N/A", "#NAME?", "#NUM!", "#VALUE!"]
WORDS = [
    "hemolyzed",
    "검사오류",
    "see note",
    "QNS",
    "repeat",
    "측정불가",
    "high",
    "정상",
    "positive?",
    "약 3",
    "5 or 6",
    "++",
]
BLANKS = [" ", "  ", "\u00a0", "\u3000", "\u2009", "\t", " \u00a0"]
INVISIBLE = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"]
NEAR = {
    "CR": ["CRu", "nCR", "sCR?"],
    "PR": ["VPR", "PR?", "PRR"],
    "VGPR": [">=VGPR", "VGRP"],
    "Y": ["U", "Y?"],
    "N": ["M", "NN"],
    "II": ["IIa", "2-3"],
    "M": ["X", "MF"],
    "F": ["G", "F?"],
    "I": ["l", "I-II"],
    "III": ["IIII", "III?"],
}


def is_text(value: Any, *_: Any) -> bool:
    return isinstance(value, str)


@kind(RECOVER)
def blanks_around(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ, is_text)
    left, right = choose(rng, ["", *BLANKS]), choose(rng, BLANKS)
    return put(extract, page, row, i, f"{left}{page.rows[row][i].value}{right}")


@kind(RECOVER)
def invisible_characters(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ, is_text)
    text = page.rows[row][i].value
    at = int(rng.integers(len(text) + 1))
    return put(extract, page, row, i, text[:at] + choose(rng, INVISIBLE) + text[at:])


@kind(RECOVER)
def full_width(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ, is_text)
    text = page.rows[row][i].value
    return put(extract, page, row, i, "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text))


@kind(RECOVER)
def decomposed(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, *_: Any) -> bool:
        return isinstance(value, str) and unicodedata.normalize("NFD", value) != value

    page, row, i, _ = pick_cell(rng, extract, READ, fits)
    return put(extract, page, row, i, unicodedata.normalize("NFD", page.rows[row][i].value))


@kind(RECOVER)
def other_case(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, *_: Any) -> bool:
        return isinstance(value, str) and value.swapcase() != value and value.isascii()

    page, row, i, _ = pick_cell(rng, extract, ("category", "flag", "number", "integer", "date"), fits)
    return put(extract, page, row, i, page.rows[row][i].value.swapcase())


@kind(RECOVER)
def number_as_text(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Any) -> bool:
        return page.format in SPREADSHEET and isinstance(value, (int, float)) and not isinstance(value, bool)

    page, row, i, _ = pick_cell(rng, extract, READ, fits)
    value = page.rows[row][i].value
    text = str(int(value)) if float(value).is_integer() else repr(float(value))
    return put(extract, page, row, i, text, look="@" if page.format == "xlsx" else "")


@kind(NOTICE)
def typo(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ, is_text)
    return put(extract, page, row, i, mistyped(rng, page.rows[row][i].value))


def mistyped(rng: np.random.Generator, text: str) -> str:
    """A text with one slip: two characters exchanged, one left out, doubled or replaced."""
    at = int(rng.integers(len(text)))
    how = int(rng.integers(4))
    if how == 0 and len(text) > 1:
        at = min(at, len(text) - 2)
        slip = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    elif how == 1 and len(text) > 1:
        slip = text[:at] + text[at + 1 :]
    elif how == 2:
        slip = text[:at] + text[at] + text[at:]
    else:
        slip = text[:at] + choose(rng, "abcxyzNPRVI0157;/.,-가나무유") + text[at + 1 :]
    if slip.strip() == text.strip():
        raise NotApplicable("the same")
    return slip


@kind(NOTICE)
def near_miss(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, CODED, is_text)
    text = page.rows[row][i].value
    options = [*NEAR.get(text.strip(), []), f"{text}?", f"{text}/{text}s", f"({text})", f"{text}1", f"not {text}"]
    return put(extract, page, row, i, choose(rng, options))


@kind(TRUTH)
def other_code(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, ("category", "flag"))
    now = page.rows[row][i].value
    others = {page.rows[r][i].value for r in page.body if i < len(page.rows[r])} - {now, None, ""}
    return put(extract, page, row, i, choose(rng, sorted(others, key=str)))


@kind(NOTICE)
def word_for_a_number(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, ("number", "integer", "date"))
    return put(extract, page, row, i, choose(rng, WORDS))


@kind(TRUTH)
def emptied(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ)
    return put(extract, page, row, i, "" if page.format in ("csv", "tsv") else None)


@kind(NOTICE)
def missing_code(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ)
    return put(extract, page, row, i, choose(rng, MISSING))


@kind(NOTICE)
def missing_number(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, *_: Any) -> bool:
        return isinstance(value, (int, float))

    page, row, i, _ = pick_cell(rng, extract, READ, fits)
    return put(extract, page, row, i, choose(rng, [-9.0, -99.0, 99.0, 999.0, 9999.0, 9.0, -1.0, 88.0, 0.0]))


@kind(NOTICE)
def formula_error(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ)
    return put(extract, page, row, i, choose(rng, ERRORS))


@kind(NOTICE)
def formula_without_value(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, workbook(extract), READ)
    return put(extract, page, row, i, choose(rng, ["=A2", "=IF(1,2,3)", "=VLOOKUP(A2,Z:Z,1,0)", "=TODAY()", "=1/0"]))


@kind(NOTICE)
def formula_as_text(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, delimited(extract), READ)
    return put(extract, page, row, i, choose(rng, ["=A2+1", '=HYPERLINK("x","y")', "+82-2", "@SUM(A1)", "=2018-04-23"]))


@kind(NOTICE)
def truth_value(rng: np.random.Generator, extract: Extract) -> Mutation:
    def fits(value: Any, column: Any, page: Any) -> bool:
        return page.format in SPREADSHEET

    page, row, i, _ = pick_cell(rng, extract, READ, fits)
    return put(extract, page, row, i, bool(rng.integers(2)))


@kind(NOTICE)
def strange_text(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, READ, is_text)
    text = page.rows[row][i].value
    options = [
        f"{text}\n{text}",
        f'"{text}',
        f"{text}'",
        f"{text}😀",
        f"<b>{text}</b>",
        text * 800,
        f"{text} (r/o)",
        f"{text}*",
        f"{text}\u202e",
        f"?{text}",
        f"{text}, {text}",
        f"{text}->{text}",
        "\\N",
        f"{text};",
        f"[{text}]",
    ]
    return put(extract, page, row, i, choose(rng, options))


@kind(TRUTH)
def swapped_between_patients(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, _ = pick_cell(rng, extract, ("category", "flag", "number", "integer", "date"))
    other = int(rng.choice(page.body))
    idc, ids = page.rows[other][page.id_column].value, page.rows[row][page.id_column].value
    mine, theirs = page.rows[row][i], page.rows[other][i] if i < len(page.rows[other]) else None
    if (
        theirs is None
        or idc == ids
        or theirs.value in (None, "")
        or mine.value == theirs.value
        or not once(page, other)
    ):
        raise NotApplicable("no other cell")
    if len(page.rows[other]) != len(page.rows[page.deep - 1]):
        raise NotApplicable("a ragged row")
    first = put(extract, page, row, i, theirs.value, look=theirs.look)
    second = put(extract, page, other, i, mine.value, look=mine.look)
    second.typed, second.told = (
        first.typed + second.typed,
        f"rows {first.row} and {second.row}: {mine.value!r}, {theirs.value!r}",
    )
    return second


@kind(NOTICE)
def value_of_another_column(rng: np.random.Generator, extract: Extract) -> Mutation:
    page, row, i, column = pick_cell(rng, extract, ("category", "flag", "date", "reader", "integer"))
    options = [j for j, _, c in mapped(page) if column_type(c) != column_type(column) and j < len(page.rows[row])]
    options = [j for j in options if page.rows[row][j].value not in (None, "")]
    other = page.rows[row][choose(rng, options)]
    if page.looks and isinstance(other.value, str) != (page.looks[i]["kind"] == "text"):
        raise NotApplicable("another type of column")
    return put(extract, page, row, i, other.value, look=other.look)
