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
    """One element a distinct time: numbers at risk just before it, and of events and censorings at it.

    Integers; floats where they are sums of weights.
    """

    time: NDArray[np.float64]
    n_risk: NDArray
    n_event: NDArray
    n_censor: NDArray


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


def stratum_codes(strata: ArrayLike | None, size: int, name: str = "stratum") -> NDArray[np.int64]:
    """Return one code a patient for its stratum, all 0 without strata. Raises ValueError where one is missing."""
    if strata is None:
        return np.zeros(size, dtype=np.int64)
    labels = np.asarray(strata)
    if labels.shape != (size,):
        raise ValueError(f"{name} and time differ in length")
    if pd.isna(labels).any():
        raise ValueError(f"a {name} is missing")
    return np.unique(labels, return_inverse=True)[1]


def distinct_values(values: NDArray) -> tuple[NDArray, NDArray[np.int64]]:
    """Return the distinct values in ascending order and the position of each value among them.

    As `np.unique(values, return_inverse=True)`, in O(n) where distinct values are few (days, months).
    """
    position, distinct = pd.factorize(values, sort=True)
    return distinct, position


def weighted_follow_up(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> tuple[Times, NDArray[np.float64], NDArray[np.int64] | None]:
    """Check follow-up, case weights (all 1 without any) and clusters; rows of weight 0 are left out.

    Raises ValueError on what `follow_up` and `case_weights` refuse, a missing cluster, and where nobody is left.
    """
    data = follow_up(time, event, entry)
    weight = case_weights(weights, len(data))
    members = None if cluster is None else stratum_codes(cluster, len(data), "cluster")
    kept = weight > 0
    if not kept.any():
        raise ValueError("no patients" if not len(data) else "all weights are 0")
    if kept.all():
        return data, weight, members
    return data.take(kept), weight[kept], None if members is None else members[kept]


def case_weights(weights: ArrayLike | None, size: int) -> NDArray[np.float64]:
    """Check case weights, all 1 without any. Raises ValueError where one is negative or not finite."""
    if weights is None:
        return np.ones(size)
    checked = np.asarray(weights, dtype=float)
    if checked.shape != (size,):
        raise ValueError("weights and time differ in length")
    wrong = ~(np.isfinite(checked) & (checked >= 0))
    if wrong.any():
        number = f"{wrong.sum()} weights are" if wrong.sum() > 1 else "a weight is"
        raise ValueError(f"{number} missing, negative or not finite: {checked[wrong][0]:g}")
    return checked


def merge_close(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give values that differ by rounding one common value, the smallest (as R's `aeqSurv`)."""
    distinct, position = distinct_values(values)
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


def count(data: Times, weights: NDArray[np.float64] | None = None) -> Counts:
    """Count, or sum `weights`, at each distinct end of follow-up (of events and of censorings), in ascending order."""
    distinct, position = distinct_values(data.time)

    def total(rows: NDArray, where: NDArray = position, size: int = len(distinct)) -> NDArray:
        return np.bincount(where[rows], None if weights is None else weights[rows], size)

    everybody = np.arange(len(data))
    n_risk = _from_here_on(total(everybody))
    if data.entry is not None:
        n_risk = n_risk - _from_here_on(total(everybody, first_at_risk(distinct, data), len(distinct) + 1))[1:]
    return Counts(distinct, n_risk, total(data.event), total(~data.event))


def _from_here_on(values: NDArray) -> NDArray:
    return np.cumsum(values[::-1])[::-1]


def first_at_risk(distinct: NDArray, data: Times) -> NDArray[np.int64]:
    """Return the position among `distinct` times of the first at which each patient can be at risk."""
    if data.entry is None:
        return np.zeros(len(data), dtype=np.int64)
    return np.searchsorted(distinct, data.entry, side="right")
