"""Who is at risk, and what happens, at each distinct time: the counts under every estimator of this package.

Conventions, those of R's survival package: a patient is at risk at t when entry < t <= time; an event comes before a
censoring at the same time; times closer than a relative 1.5e-8 are one time (R's `timefix`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

TIME_TOLERANCE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class Times:
    """Checked follow-up: `entry` < `time`, in days (or any one unit), and `event`, true where it ends in the event."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    entry: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray) -> Times:
        """Return the rows of a boolean mask or an index array."""
        return Times(self.time[rows], self.event[rows], None if self.entry is None else self.entry[rows])


@dataclass(frozen=True)
class Counts:
    """One element a distinct time: numbers at risk just before it, and of events and censorings at it."""

    time: NDArray[np.float64]
    n_risk: NDArray[np.int64]
    n_event: NDArray[np.int64]
    n_censor: NDArray[np.int64]


def follow_up(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> Times:
    """Check follow-up times and merge those that differ only by rounding.

    `time` > 0 and finite, `event` 0/1 (or bool), `entry` (delayed entry) < `time`. Raises ValueError otherwise.
    """
    times = np.asarray(time, dtype=float)
    happened = np.asarray(event)
    if times.ndim != 1 or happened.shape != times.shape:
        raise ValueError("time and event must be one-dimensional and of equal length")
    if not np.isfinite(times).all():
        raise ValueError("a time is missing or not finite")
    if not np.isin(happened, (0, 1)).all():
        raise ValueError("event must be 0 or 1")
    if entry is None:
        if (times <= 0).any():
            raise ValueError("a time is not positive")
        return Times(merge_close(times), happened.astype(bool))
    entries = np.asarray(entry, dtype=float)
    if entries.shape != times.shape or not np.isfinite(entries).all():
        raise ValueError("entry must be finite and as long as time")
    merged = merge_close(np.concatenate([entries, times]))
    entries, times = merged[: len(times)], merged[len(times) :]
    if (entries >= times).any():
        raise ValueError("an entry is not before its time")
    return Times(times, happened.astype(bool), entries)


def stratum_codes(strata: ArrayLike | None, size: int) -> NDArray[np.int64]:
    """Return one code a patient for its stratum, all 0 without strata. Raises ValueError where one is missing."""
    if strata is None:
        return np.zeros(size, dtype=np.int64)
    labels = np.asarray(strata)
    if labels.shape != (size,):
        raise ValueError("strata and time differ in length")
    if pd.isna(labels).any():
        raise ValueError("a stratum is missing")
    return np.unique(labels, return_inverse=True)[1]


def merge_close(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give values that differ by rounding one common value, the smallest (as R's `aeqSurv`)."""
    distinct, position = np.unique(values, return_inverse=True)
    if len(distinct) < 2:
        return values
    gaps = np.diff(distinct)
    close = (gaps <= TIME_TOLERANCE) | (gaps / np.abs(distinct).mean() <= TIME_TOLERANCE)
    if not close.any():
        return values
    first_of_run = np.concatenate([[0], np.cumsum(~close)])
    return distinct[np.concatenate([[True], ~close])][first_of_run][position]


def at_risk(data: Times, when: ArrayLike) -> NDArray[np.int64]:
    """Count the patients with entry < t <= time at each t of `when`."""
    moments = np.asarray(when, dtype=float)
    n_risk = len(data) - np.searchsorted(np.sort(data.time), moments, side="left")
    if data.entry is not None:
        n_risk = n_risk - (len(data) - np.searchsorted(np.sort(data.entry), moments, side="left"))
    return n_risk.astype(np.int64)


def count(data: Times) -> Counts:
    """Count at each distinct end of follow-up (times of events and of censorings), in ascending order."""
    distinct, position = np.unique(data.time, return_inverse=True)
    events = np.bincount(position, weights=data.event, minlength=len(distinct)).astype(np.int64)
    ends = np.bincount(position, minlength=len(distinct)).astype(np.int64)
    return Counts(distinct, at_risk(data, distinct), events, ends - events)
