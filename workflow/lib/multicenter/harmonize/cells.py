"""A column's distinct cells, and what becomes of each: the unit in which harmonization works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from multicenter.harmonize.words import plain
from multicenter.intake.table import ERROR_CODES, CellError, written

OPEN, MAPPED, MISSING, QUERY, UNMAPPED = range(5)
STATUS = {MAPPED: "mapped", MISSING: "missing", QUERY: "query"}


class Distinct:
    """The distinct values of a column of cells.

    codes: (n,) index of each cell's value, -1 for a blank. values, text (as written), plain, key: lists over values.
    number: (u,) float64, NaN where the cell is no number. stamp: (u,) datetime64[ns], NaT where it is no date.
    """

    def __init__(self, cells: Sequence[Any] | np.ndarray):
        array = np.asarray(cells, dtype=object)
        self.codes, values = pd.factorize(array, use_na_sentinel=True)
        self.values: list[Any] = list(values)
        self.text = [written(v) for v in self.values]
        self.plain = [plain(t) for t in self.text]
        self.key = [p.casefold() for p in self.plain]
        self.number = np.array([v if isinstance(v, (int, float)) else np.nan for v in self.values], dtype="float64")
        stamps = [v if isinstance(v, datetime) else None for v in self.values]
        self.is_stamp = np.array([s is not None for s in stamps], dtype=bool)
        self.is_error = np.array([isinstance(v, CellError) or v in ERROR_CODES for v in self.values], dtype=bool)
        self.stamps = stamps

    def __len__(self) -> int:
        return len(self.values)

    def counts(self) -> np.ndarray:
        """(u,) how many cells hold each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self))


@dataclass
class Note:
    """What is to be reported of a distinct value, or of a row.

    shown: what the message shows and what the finding depends on, by name. detail: a remark behind the message.
    """

    kind: str
    lo: str = ""
    hi: str = ""
    detail: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What each distinct value becomes.

    value: (u,) canonical values (object for texts and codes, float64 for numbers, datetime64[ns] for dates).
    status: (u,) one of OPEN … UNMAPPED. by_class: (u,) whether the account names the value's class, not the value.
    notes: findings by index. reasons: why missing, by index. blank: (value, status, reason) of blank cells.
    read: (u,) numbers in canonical units before any range set them missing; None for other types.
    """

    value: np.ndarray
    status: np.ndarray
    by_class: np.ndarray
    notes: dict[int, Note] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    blank: tuple[Any, int, str] = (None, MISSING, "blank")
    read: np.ndarray | None = None

    @classmethod
    def opened(cls, n: int, dtype: str) -> Outcome:
        if dtype == "datetime64[ns]":
            value = np.full(n, np.datetime64("NaT"), dtype="datetime64[ns]")
        elif dtype == "string":
            value = np.full(n, None, dtype=object)
        else:
            value = np.full(n, np.nan, dtype="float64")
        return cls(value, np.zeros(n, dtype="int8"), np.zeros(n, dtype=bool))

    def settle(self, i: int, value: Any, status: int = MAPPED, note: Note | None = None, reason: str = "") -> None:
        """Decide one distinct value."""
        self.value[i] = value
        self.status[i] = status
        if note:
            self.notes[i] = note
        if reason:
            self.reasons[i] = reason

    def query(self, i: int, note: Note) -> None:
        """Set one distinct value missing with a query."""
        self.settle(i, self.nothing(), QUERY, note)

    def take(self, codes: np.ndarray) -> np.ndarray:
        """(n,) canonical values of all cells; blanks as `blank` says."""
        blank = self.nothing() if self.blank[0] is None else self.blank[0]
        return _take(self.value, codes, blank)

    def take_status(self, codes: np.ndarray) -> np.ndarray:
        """(n,) the status of all cells."""
        return _take(self.status, codes, self.blank[1])

    def nothing(self) -> Any:
        """The missing value of this outcome's type."""
        if self.value.dtype.kind == "M":
            return np.datetime64("NaT")
        return None if self.value.dtype == object else np.nan


def _take(values: np.ndarray, codes: np.ndarray, blank: Any) -> np.ndarray:
    if not len(values):
        return np.full(len(codes), blank, dtype=values.dtype)
    out = values[codes]
    out[codes < 0] = blank
    return out
