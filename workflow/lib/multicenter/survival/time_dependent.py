"""Rows for what changes during follow-up: one a patient and spell (start, stop], as R's `tmerge` makes them.

What changes on a day counts from the next moment on: an event on the day of a start is an event before it. Of a value
that is read with a lag of d days, the row that starts at t shows what was at t − d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.durations import DAYS_PER_MONTH


@dataclass(frozen=True)
class Spells:
    """Rows by patient and time: whose it is (a position), (start, stop], whether it is the patient's last."""

    patient: NDArray[np.int64]
    start: NDArray[np.float64]
    stop: NDArray[np.float64]
    last: NDArray[np.bool_]


def split_spells(time: ArrayLike, patient: ArrayLike, cut: ArrayLike) -> Spells:
    """Cut the follow-up (0, time] of each patient at its days `cut` (one element a cut, with its patient's position).

    Cuts outside the follow-up, missing or repeated ones change nothing. O(n log n).
    """
    times = np.asarray(time, dtype=float)
    who, when = np.asarray(patient, dtype=np.int64), np.asarray(cut, dtype=float)
    if not (times > 0).all():
        raise ValueError("a time is not positive")
    with np.errstate(invalid="ignore"):
        inside = (when > 0) & (when < times[who])
    who = np.concatenate([np.arange(len(times)), who[inside]])
    start = np.concatenate([np.zeros(len(times)), when[inside]])
    order = np.lexsort((start, who))
    who, start = who[order], start[order]
    new = np.concatenate([[True], (np.diff(who) > 0) | (np.diff(start) > 0)]) if len(who) else np.zeros(0, dtype=bool)
    who, start = who[new], start[new]
    last = np.concatenate([np.diff(who) > 0, [True]]) if len(who) else np.zeros(0, dtype=bool)
    stop = np.where(last, times[who], np.concatenate([start[1:], [0.0]])) if len(who) else start
    return Spells(who, start, stop, last)


def on_status(begin: ArrayLike, end: ArrayLike, at: ArrayLike) -> NDArray[np.bool_]:
    """Say who is on treatment just after the days `at`: begin <= at < end (NaN: never begun; not yet ended)."""
    begins, ends, moments = (np.asarray(values, dtype=float) for values in (begin, end, at))
    with np.errstate(invalid="ignore"):
        return (begins <= moments) & ~(ends <= moments)


def completed_months(begin: ArrayLike, end: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Return the whole months on treatment until the days `at`; 0 before it begins and without it."""
    begins, ends, moments = (np.asarray(values, dtype=float) for values in (begin, end, at))
    days = np.fmin(moments, ends) - begins
    return np.floor(np.maximum(np.nan_to_num(days, nan=0.0), 0) / DAYS_PER_MONTH + 1e-9)


def month_days(begin: ArrayLike, end: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the days on which a month on treatment is completed, with their patients' positions."""
    begins, ends = np.asarray(begin, dtype=float), np.asarray(end, dtype=float)
    total = np.maximum(np.nan_to_num((ends - begins) / DAYS_PER_MONTH, nan=0.0), 0)
    count = np.floor(total + 1e-9).astype(np.int64)
    patient = np.repeat(np.arange(len(begins)), count)
    nth = np.arange(len(patient)) - np.repeat(np.cumsum(count) - count, count) + 1
    return patient, begins[patient] + np.ceil(nth * DAYS_PER_MONTH - 1e-9)
