"""The landmark data set: who is event-free and observed at a day, by what had happened by then, timed from there.

Anderson, Cain & Gelber, J Clin Oncol 1983;1:710. Equal to R's `subset(data, time > day)` with `time - day`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.censoring import CENSORED, COMPETING, EVENT


@dataclass(frozen=True)
class LandmarkSet:
    """`included` and `time` (days after the landmark; NaN for the others) in the order of the patients, and counts.

    `not_reached`: the patients without a landmark day (what it is counted from did not happen).
    """

    included: NDArray[np.bool_]
    time: NDArray[np.float64]
    events: int
    competing: int
    censored: int
    not_reached: int


def landmark_set(time: ArrayLike, status: ArrayLike, day: ArrayLike) -> LandmarkSet:
    """Keep the patients with time > day: at risk, free of any event and still observed just after the landmark.

    `time` in days; `status` as CNSR (0 event, 1 censored, 2 competing); `day`: the landmark, one for all or one a
    patient (NaN: none). Who has the event, or is last seen, on the landmark day itself is excluded.
    """
    times, statuses = np.asarray(time, dtype=float), np.asarray(status)
    days = np.broadcast_to(np.asarray(day, dtype=float), times.shape)
    if np.isnan(times).any():
        raise ValueError("a time is missing")
    if (days < 0).any():
        raise ValueError("a landmark lies before time zero")
    included = times > days
    over = times <= days
    return LandmarkSet(
        included=included,
        time=np.where(included, times - days, np.nan),
        events=int((over & (statuses == EVENT)).sum()),
        competing=int((over & (statuses == COMPETING)).sum()),
        censored=int((over & (statuses == CENSORED)).sum()),
        not_reached=int(np.isnan(days).sum()),
    )


def happened_by(date: ArrayLike, day: ArrayLike) -> NDArray[np.bool_]:
    """Say what had happened by a day (on it counts); `date` in days, NaN for never."""
    with np.errstate(invalid="ignore"):
        return np.asarray(date, dtype=float) <= np.asarray(day, dtype=float)
