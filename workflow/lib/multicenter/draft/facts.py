"""What can be said about a column before it means anything; never more of its values than a reader needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from multicenter.draft.headers import BETWEEN
from multicenter.harmonize.cells import Distinct, Outcome
from multicenter.harmonize.words import key
from multicenter.intake.table import RawTable

FEWEST = 3  # a value of fewer cells is shown as its shape only
FEW_LEVELS = 30  # a text with more distinct values, or values that hardly repeat, is free text or an id
LONGEST = 40
DATED = re.compile(r"^\d{1,4}\s*[-./년]\s*(?:\d{1,2}|[A-Za-z]{3})\b.*\d|^(?:19|20)\d{6}(?!\d)")
LEGEND = re.compile(r"(?<![\w.])(\d{1,2})\s*[:=.)→]\s*([^\W\d_][^,;:=/()\[\]{}\d·|]*)")  # `1:male`, `2 = female`
# `male=1`: behind a bracket or a separator it may be several words
TURNED = re.compile(
    r"(?:(?<=[(\[{,;:/|·])\s*([^\W\d_][^,;:=/()\[\]{}\d·|→]*)|(?<!\S)([^\W\d_][^\s,;:=/()\[\]{}\d·|→]*))"
    r"\s*[:=→]\s*(\d{1,2})(?![\w.])"
)
ROWS = re.compile(rf"{BETWEEN}(?![^()\[\]{{}}]*[)\]}}])")  # in brackets it joins no rows
EMPTIED = re.compile(r"[(\[{][\s,;:/·|]*[)\]}]|[\s,;:/·|]+$")
REPEATS = 2.0  # cells a level, on average, of what is no free text


@dataclass
class Facts:
    """One column: its distinct values with counts and what the file says of it.

    name: the header without the code book that it may hold. labels: code → value label, of the file or the header.
    declared: low and high ends of codes that the file declares missing. as_dates: the values read as dates, by the way
    to read them.
    """

    header: str
    ref: str
    name: str
    label: str
    distinct: Distinct
    counts: np.ndarray
    n: int
    labels: dict[str, str] = field(default_factory=dict)
    declared: list[list[str]] = field(default_factory=list)
    as_dates: dict[str, Outcome] = field(default_factory=dict, repr=False)

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    @property
    def texts(self) -> list[str]:
        """What each distinct value says: its value label if it has one."""
        return [self.labels.get(text, text) for text in self.distinct.text]

    @property
    def are_levels(self) -> bool:
        """Whether the values repeat as codes do."""
        return len(self.distinct) <= FEW_LEVELS and (
            len(self.distinct) <= 3 or self.filled >= REPEATS * len(self.distinct)
        )

    def is_declared_missing(self, i: int) -> bool:
        """Whether the file itself declares a distinct value missing."""
        word, number = self.distinct.key[i], self.distinct.number[i]
        for low, high in self.declared:
            if word == str(low).casefold() or (not np.isnan(number) and float(low) <= number <= float(high)):
                return True
        return False

    def kinds(self) -> dict[str, int]:
        """Filled cells by type: text, number, date, error."""
        d = self.distinct
        text = ~(d.is_stamp | d.is_error | ~np.isnan(d.number))
        masks = {"text": text, "number": ~np.isnan(d.number), "date": d.is_stamp, "error": d.is_error}
        return {name: int(self.counts[mask].sum()) for name, mask in masks.items()}


def table_facts(raw: RawTable) -> list[Facts]:
    """The facts of every column of a table."""
    found = []
    for header in raw.cells.columns:
        distinct = Distinct(raw.cells[header].to_numpy())
        name, legend = split_legend(header)
        label, spoken = split_legend(raw.facts.get("column_labels", {}).get(header, ""))
        found.append(
            Facts(
                header,
                raw.refs[header],
                name,
                label,
                distinct,
                distinct.counts() if len(distinct) else np.zeros(0, dtype="int64"),
                len(raw.rows),
                raw.facts.get("value_labels", {}).get(header, {}) or spoken or legend,
                raw.facts.get("declared_missing", {}).get(header, []),
            )
        )
    return found


def split_legend(header: str) -> tuple[str, dict[str, str]]:
    """A header without the code book that it holds, and the code book; {} if it has none.

    It may say the code first or last (`sex (1:male, 2:female)`, `sex (male=1/female=2)`): what makes more pairs counts.
    """
    *above, own = ROWS.split(header)
    coded = LEGEND.findall(own)
    turned = [(code, long or short) for long, short, code in TURNED.findall(own)]
    found, form = (turned, TURNED) if len(turned) > len(coded) else (coded, LEGEND)
    pairs = {code: word.strip(" -") for code, word in found}
    if len(pairs) < max(2, len(found)) or len(set(pairs.values())) < len(pairs):
        return header, {}
    return BETWEEN.join([*above, EMPTIED.sub(" ", form.sub(" ", own)).strip()]), pairs


def shape(text: str) -> str:
    """How a value is formed: digits 9, Latin letters A, Hangul 가; a run of several has a plus."""
    text = re.sub(r"[가-힣]", "가", re.sub(r"[A-Za-z]", "A", re.sub(r"\d", "9", text)))
    return re.sub(r"([9A가])\1+", r"\1+", text)[:LONGEST]


def shown_values(facts: Facts, at: list[int] | None = None, fewest: int = FEWEST) -> list[str]:
    """Values with counts, most frequent first: `IgG (31)`; rare ones, ids and free texts as shapes only."""
    at = list(range(len(facts.distinct))) if at is None else at
    at = sorted(at, key=lambda i: (-int(facts.counts[i]), facts.distinct.text[i]))
    return [*_levels(facts, at, fewest), *_shapes(facts, at, fewest)]


def may_be_shown(facts: Facts, i: int, fewest: int = FEWEST) -> bool:
    """Whether a distinct value may leave the extract as it stands: a level of enough cells, and no date."""
    if facts.distinct.is_stamp[i] or DATED.match(facts.distinct.plain[i]):
        return False
    return facts.are_levels and int(facts.counts[i]) >= fewest and len(facts.distinct.text[i]) <= LONGEST


def _levels(facts: Facts, at: list[int], fewest: int) -> Iterator[str]:
    for i in at:
        if may_be_shown(facts, i, fewest):
            label = facts.labels.get(facts.distinct.text[i])
            yield f"{facts.distinct.text[i]}{f' = {label}' if label else ''} ({int(facts.counts[i])})"


def _shapes(facts: Facts, at: list[int], fewest: int) -> Iterator[str]:
    shapes: dict[str, int] = {}
    for i in at:
        if not may_be_shown(facts, i, fewest):
            form = shape(facts.distinct.text[i])
            shapes[form] = shapes.get(form, 0) + int(facts.counts[i])
    most = sorted(shapes.items(), key=lambda pair: (-pair[1], pair[0]))
    yield from (f"like {form} ({n})" for form, n in most[:4])
    if len(most) > 4:
        yield f"and {len(most) - 4} other forms"


def keys_of(words: list[str]) -> set[str]:
    """Words in the form in which codes are compared."""
    return {key(word) for word in words}
