"""What a column's values say about a variable: read as the harmonizer reads them, every doubt as a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from multicenter.dictionary import Dictionary, Variable
from multicenter.draft.facts import Facts, keys_of
from multicenter.draft.headers import Header
from multicenter.draft.vocabulary import Hints, Slot, Vocabulary
from multicenter.harmonize.cells import QUERY, Distinct, Outcome
from multicenter.harmonize.convert import convert
from multicenter.harmonize.numbers import Units
from multicenter.harmonize.spec import Column, build_sources
from multicenter.harmonize.texts import read_texts

ALL = 0.97  # so many of a column's cells make "all", slips apart
MOST = 0.8  # a rival reading that explains less is none


@dataclass
class Fit:
    """How a column's values fit a variable. score: 0 to 1. spec: the column as a center file would say it.

    why: what speaks for it. ask: questions that only people can answer; with one, the column stays open. words: the
    distinct values among dates that are words. others: further ways to say it, as likely. units: which it may have.
    """

    score: float
    spec: dict[str, Any]
    why: list[str] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    units: list[str] = field(default_factory=list)


class Reader:
    """Reads a column as a center file's column would be read."""

    def __init__(self, dictionary: Dictionary, codes: Mapping[str, Any], vocabulary: Vocabulary, kind: str = ""):
        self.dictionary = dictionary
        self.codes = codes
        self.lists: Mapping[str, Any] = codes.get("lists", {})
        self.vocabulary = vocabulary
        self.units = Units(dictionary)
        self.missing = keys_of(vocabulary.spec.get("missing", []))
        self.below = keys_of(vocabulary.spec.get("below_detection", []))
        self.kind = kind

    def hints(self, variable: Variable) -> Hints:
        return self.vocabulary.hints[variable.address]

    def column(self, spec: Any, row_is: str) -> Column:
        """A column's specification as the harmonizer's object."""
        source = {"id": "", "row_is": row_is, "columns": {"x": spec}}
        return build_sources({"sources": {"s": source}}, self.dictionary, self.codes)["s"].columns["x"]

    def read(self, facts: Facts, spec: Any, row_is: str) -> dict[Slot, Outcome]:
        """What each slot of a column becomes under a specification."""
        column = self.column(spec, row_is)
        if column.reader is not None:
            return read_texts(facts.distinct, column.reader, self.units)
        return {target.slot: convert(facts.distinct, target, self.units) for target in column.targets}

    def idle(self, facts: Facts) -> list[int]:
        """The distinct values that say that nothing is known, by their word or by what the file declares."""
        texts = [key.casefold() for key in facts.texts]
        return [
            i
            for i in range(len(facts.distinct))
            if facts.distinct.key[i] in self.missing or texts[i] in self.missing or facts.is_declared_missing(i)
        ]


@dataclass
class Question:
    """A column, and the slot that it may fill."""

    facts: Facts
    header: Header
    variable: Variable
    slot: Slot
    row_is: str
    status: bool = False

    @property
    def address(self) -> str:
        table, item, name = self.slot
        if item:
            return f"{table}[{item}].{name}"
        return name if table == self.row_is else f"{table}.{name}"


def place(slot: Slot) -> str:
    """`table` or `table[item]` of a slot."""
    return f"{slot[0]}[{slot[1]}]" if slot[1] else slot[0]


def words_for_missing(facts: Facts, idle: list[int]) -> list[str]:
    """The missing codes to declare: the words, without what the file declares itself."""
    return [facts.distinct.text[i].strip() for i in idle if not facts.is_declared_missing(i)]


def queried(outcome: Outcome, counts: np.ndarray) -> dict[str, int]:
    """Cells that become a query, by kind."""
    found: dict[str, int] = {}
    for i in np.flatnonzero(outcome.status == QUERY):
        note = outcome.notes.get(int(i))
        if note:
            found[note.kind] = found.get(note.kind, 0) + int(counts[i])
    return found


def part(facts: Facts, at: np.ndarray | list[int]) -> Facts:
    """The facts of some of a column's distinct values."""
    at = list(at)
    distinct = Distinct([facts.distinct.values[i] for i in at])
    return replace(facts, distinct=distinct, counts=facts.counts[at], as_dates={})
