"""Patient ids as they stand in a delivery, and the rows that are no patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd

from multicenter.harmonize.delivery import Delivery
from multicenter.harmonize.spec import Source
from multicenter.harmonize.words import key, plain
from multicenter.intake.table import RawTable, written

SHARE = 0.95  # so many of a column's other ids of one shape make an id of another shape a stranger
FEWEST = 5  # fewer other ids have no shape in common that one could rely on
NO_ID = re.compile(r"[\s?/]")
EXPONENT = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
CHANGED = "is a date: a spreadsheet has changed it"
SHORTENED = "was shortened by a spreadsheet, its last digits are lost"
LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
LEADING_ZEROS = re.compile(r"0+(?=\d+\D*$)")
FOOTER = re.compile(
    r"^(?:[*※].*|(?:합|총|소|누)\s*계|계|평\s*균|비\s*고|주|(?:sub|grand )?total|sum|mean|average|notes?)\s*:?$"
)
NO_TEXT = ("the row has no patient id", "Fill the id in or remove the row.")
BELOW = "is a line below the data, no patient"
DECLARE = "Correct the id or remove the row; if such ids are right, declare their form as id.pattern."
ENDS = "Correct the id or remove the row, or say with ends_before in the center's file where the table ends."


def read_ids(delivery: Delivery, source: Source, raw: RawTable) -> np.ndarray:
    """(n,) patient ids as text, without what cannot be seen and without a spreadsheet's leading apostrophe.

    A row without an id is a problem, and so is an id that the declared form refuses. Without a declared form an id is
    refused that is a footer, holds a blank, `?` or `/`, or is formed unlike the column's other ids. Always refused is
    what a spreadsheet has made a date or shortened (1.2E+15), and ids of which some have lost their leading zeros.
    """
    codes, cells = pd.factorize(raw.cells[source.id_column].to_numpy(), use_na_sentinel=True)
    texts = [plain(written(cell)).lstrip("'‘’").strip() for cell in cells]
    refused = {} if source.id_pattern else _strangers(texts)
    refused |= {text: CHANGED for text, cell in zip(texts, cells, strict=True) if isinstance(cell, datetime)}
    refused |= {text: SHORTENED for text in texts if EXPONENT.fullmatch(text)}
    wrong = {-1: NO_TEXT}
    for i, text in enumerate(texts):
        match = source.id_pattern.fullmatch(text) if source.id_pattern else None
        if not text:
            wrong[i] = NO_TEXT
        elif source.id_pattern and not match:
            wrong[i] = (f"the id {text!r} does not have the declared form", "Correct the id.")
        elif text in refused:
            wrong[i] = (f"the id {text!r} {refused[text]}", ENDS if refused[text] == BELOW else DECLARE)
        text = match[1] if match else text
        texts[i] = text.zfill(source.id_pad) if source.id_pad else text
    for position in np.flatnonzero(np.isin(codes, list(wrong))):
        place = raw.place(int(raw.rows[position]), source.id_column)
        delivery.problem(place, *wrong[int(codes[position])])
    ids = np.array([*texts, "".zfill(source.id_pad)], dtype=object)[codes]
    _check_zeros(delivery, source, raw, ids)
    return ids


def without_zeros(ident: str) -> str:
    """An id as it is when a spreadsheet has taken the leading zeros of its last number."""
    return LEADING_ZEROS.sub("", ident)


def _check_zeros(delivery: Delivery, source: Source, raw: RawTable, ids: np.ndarray) -> None:
    """Ids with leading zeros beside shorter ids of the same kind: some zeros are lost, and 7 may be 007."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for position, ident in pd.Series(ids).drop_duplicates().items():
        number = LAST_NUMBER.search(ident)
        if number:
            kinds.setdefault(ident[: number.start()] + "9" + ident[number.end() :], []).append((position, number[0]))
    for alike in kinds.values():
        padded = {position: len(number) for position, number in alike if number.startswith("0")}
        width = max(padded.values(), default=0)
        longest = [position for position, size in padded.items() if size == width]
        short = [position for position, number in alike if len(number) < width]
        if short:
            odd = min(short, longest, key=len)[0]
            what = f"the id {ids[short[0]]!r} is shorter than {ids[longest[0]]!r}: leading zeros may be lost"
            fix = f"Declare their width as id.pad (such as {width}), or ask the center for the ids as texts."
            delivery.problem(raw.place(int(raw.rows[odd]), source.id_column), what, fix)


def shape(ident: str) -> str:
    """How an id is formed: each run of digits is 9, each run of letters a; everything else stands for itself."""
    return re.sub(r"[^\W\d_]+", "a", without_digits(ident))


def without_digits(ident: str) -> str:
    """An id with 9 for each run of digits."""
    return re.sub(r"\d+", "9", ident)


def _strangers(ids: list[str]) -> dict[str, str]:
    """Ids that cannot be a patient's, with what is wrong with each."""
    distinct = [ident for ident in dict.fromkeys(ids) if ident]
    refused = {}
    for ident in distinct:
        if FOOTER.match(key(ident)):
            refused[ident] = BELOW
        elif NO_ID.search(ident):
            refused[ident] = "holds a blank, ? or /"
    for formed in (without_digits, shape):
        for ident, example in _formed_unlike(distinct, formed).items():
            refused.setdefault(ident, f"is not formed like the column's others ({example!r})")
    return refused


def _formed_unlike(distinct: list[str], formed: Callable[[str], str]) -> dict[str, str]:
    """The ids that are formed unlike nearly all others, each with an example of these."""
    forms = [formed(ident) for ident in distinct]
    usual, count = Counter(forms).most_common(1)[0] if forms else ("", 0)
    others = len(distinct) - 1
    if others < FEWEST or count < SHARE * others:
        return {}
    example = distinct[forms.index(usual)]
    return {ident: example for ident, form in zip(distinct, forms, strict=True) if form != usual}
