"""How a hospital writes one canonical value: codes, numbers, dates, yes and no.

Every function here returns an encoder: from a column of canonical values (one a row of the sheet) to `Cells`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

# Days from each system's day 0 to 1970-01-01. 2019-03-05 is 43529, 42067, 21613 and (in seconds) 13771123200.
UNIX = pd.Timestamp("1970-01-01")
EXCEL_1900 = 25569
EXCEL_1904 = 24107
SAS = 3653
SPSS = 141428


@dataclass
class Cells:
    """One column of a sheet.

    raw: what is written, one a row. sent: the canonical value that a careful reader gets from it (None: missing).
    tolerance: half a unit of the last digit written, in canonical units; 0 where the value must be equal.
    """

    raw: np.ndarray
    sent: np.ndarray
    tolerance: float | np.ndarray = 0.0


Encoder = Callable[[pd.Series], Cells]


def objects(values: Sequence | pd.Series) -> np.ndarray:
    """Return `values` as an object array with None for whatever is missing."""
    series = pd.Series(values, dtype=object) if not isinstance(values, pd.Series) else values.astype(object)
    return series.where(series.notna(), None).to_numpy(dtype=object)


def fill(raw: Sequence | np.ndarray, known: np.ndarray, blank: object) -> np.ndarray:
    """Return `raw` as objects with the missing code `blank` where `known` is false."""
    out = np.empty(len(known), dtype=object)
    out[:] = raw
    out[~known] = blank
    return out


def coded(words: Mapping[object, object], blank: object = None) -> Encoder:
    """Write a level as the word of `words`; a list of words is used in turn. KeyError on a level without a word."""

    def encode(values: pd.Series) -> Cells:
        known = values.notna().to_numpy()
        raw = np.full(len(values), blank, dtype=object)
        levels = objects(values)
        for level in pd.unique(levels[known]):
            word = words[level]
            if blank is not None and blank in (word if isinstance(word, list) else [word]):
                raise ValueError(f"{level}: its word {blank!r} is the missing code")
            rows = np.flatnonzero(known & (levels == level))
            if isinstance(word, list):
                turn = np.array(word, dtype=object)
                raw[rows] = turn[np.arange(len(rows)) % len(turn)]
            else:
                raw[rows] = word
        return Cells(raw, objects(values))

    return encode


def number(
    digits: int = 1, factor: float = 1.0, blank: object = None, text: bool = False, cuts: Sequence[float] = ()
) -> Encoder:
    """Write a number times `factor` with `digits` decimals.

    A value whose rounding would carry it over one of `cuts` (canonical units: a staging limit) is written one unit of
    the last digit further, on its own side; its tolerance is then a whole unit.
    """

    def encode(values: pd.Series) -> Cells:
        known = values.notna().to_numpy()
        exact = pd.to_numeric(values).astype(float).to_numpy()
        unit = 10.0**-digits
        written = np.round(exact * factor, digits)
        tolerance = np.full(len(values), 0.5 * unit / factor + 1e-9)
        for cut in cuts:
            for _ in range(2):
                wrong = known & ((exact >= cut) != (written / factor >= cut))
                step = np.where(exact >= cut, unit, -unit)
                written = np.where(wrong, np.round(written + step, digits), written)
                tolerance = np.where(wrong, 1.5 * unit / factor, tolerance)
        if text:
            raw = np.array([f"{x:.{digits}f}" for x in np.where(known, written, 0.0)], dtype=object)
        elif digits == 0:
            raw = np.where(known, written, 0.0).astype("int64").astype(object)
        else:
            raw = written.astype(object)
        return Cells(fill(raw, known, blank), objects(pd.Series(written / factor).where(known)), tolerance)

    return encode


def integer(template: str = "", blank: object = None) -> Encoder:
    """Write a whole number as it is, or inside `template` (such as `"#{}"`)."""

    def encode(values: pd.Series) -> Cells:
        known = values.notna().to_numpy()
        whole = values.fillna(0).astype("int64")
        raw = [template.format(x) for x in whole] if template else whole.astype(object).to_numpy()
        return Cells(fill(raw, known, blank), objects(values))

    return encode


def as_text(blank: object = None) -> Encoder:
    """Write text as it is."""

    def encode(values: pd.Series) -> Cells:
        known = values.notna().to_numpy()
        return Cells(fill(values.astype(object).to_numpy(), known, blank), objects(values))

    return encode


def day(form: str | Sequence[str], blank: object = None) -> Encoder:
    """Write a date as text by a strftime form; several forms are used in turn."""
    forms = [form] if isinstance(form, str) else list(form)

    def encode(values: pd.Series) -> Cells:
        dates = pd.to_datetime(values).reset_index(drop=True)
        known = dates.notna().to_numpy()
        raw = np.full(len(dates), blank, dtype=object)
        rows = np.flatnonzero(known)
        for i, one in enumerate(forms):
            mine = rows[i :: len(forms)]
            raw[mine] = dates.iloc[mine].dt.strftime(one).to_numpy(dtype=object)
        return Cells(raw, objects(dates))

    return encode


def day_cell(blank: object = None) -> Encoder:
    """Write a date as a date cell of a workbook."""

    def encode(values: pd.Series) -> Cells:
        dates = pd.to_datetime(values)
        return Cells(fill(objects(dates), dates.notna().to_numpy(), blank), objects(dates))

    return encode


def day_count(system: int, seconds: bool = False, blank: object = None) -> Encoder:
    """Write a date as days (or seconds) of a date system, given by its day number of 1970-01-01."""

    def encode(values: pd.Series) -> Cells:
        dates = pd.to_datetime(values)
        known = dates.notna().to_numpy()
        count = ((dates - UNIX).dt.days.fillna(0).astype("int64") + system) * (86400 if seconds else 1)
        return Cells(fill(count.astype(object).to_numpy(), known, blank), objects(dates))

    return encode


def day_int(blank: object = None) -> Encoder:
    """Write a date as the whole number yyyymmdd."""

    def encode(values: pd.Series) -> Cells:
        dates = pd.to_datetime(values)
        known = dates.notna().to_numpy()
        count = (dates.dt.year * 10000 + dates.dt.month * 100 + dates.dt.day).fillna(0).astype("int64")
        return Cells(fill(count.astype(object).to_numpy(), known, blank), objects(dates))

    return encode
