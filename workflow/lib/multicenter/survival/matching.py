"""Matching each exposed patient to the nearest others by propensity score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CALIPER = 0.2


@dataclass(frozen=True)
class Matches:
    """`exposed` and `partner`: rows of each pair; `unmatched`: exposed rows without any partner; the caliper used."""

    exposed: NDArray[np.int64]
    partner: NDArray[np.int64]
    unmatched: NDArray[np.int64]
    caliper: float

    def weights(self, size: int) -> NDArray[np.float64]:
        """Return 1 for a matched exposed row, 1/k for each of its k partners, 0 for who is not matched."""
        counts = np.bincount(self.exposed, minlength=size)
        out = np.zeros(size)
        out[self.exposed] = 1.0
        out[self.partner] = 1 / counts[self.exposed]
        return out

    def sets(self, size: int) -> NDArray[np.int64]:
        """Return the matched set of each row, named by the row of its exposed patient; −1 outside."""
        out = np.full(size, -1)
        out[self.exposed] = self.exposed
        out[self.partner] = self.exposed
        return out


def match_nearest(logit: ArrayLike, exposed: ArrayLike, ratio: int = 1, caliper: float | None = CALIPER) -> Matches:
    """Match greedily, without replacement, up to `ratio` others to each exposed patient, nearest in logit(score).

    Patients choose in descending order of the score (ties: first row first), one partner a round; a partner may lie at
    most `caliper` standard deviations of the logit away (of all patients). Austin, Pharm Stat 2011;10:150 (caliper
    0.2); Stat Med 2014;33:1057 (order of matching).
    """
    value, y = np.asarray(logit, dtype=float), np.asarray(exposed).astype(bool)
    if value.shape != y.shape or not np.isfinite(value).all():
        raise ValueError("logit must be finite, one a patient")
    if ratio < 1:
        raise ValueError("ratio must be 1 or more")
    width = np.inf if caliper is None else float(caliper * value.std(ddof=1))
    pool = _Pool(value, np.flatnonzero(~y))
    choosing = np.flatnonzero(y)[np.argsort(-value[y], kind="stable")].tolist()
    pairs: list[tuple[int, int]] = []
    for _ in range(ratio):
        found = [(row, pool.take_nearest(float(value[row]), width)) for row in choosing]
        served = [pair for pair in found if pair[1] >= 0]
        choosing = [row for row, _ in served]
        pairs += served
    table = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return Matches(table[:, 0], table[:, 1], np.setdiff1d(np.flatnonzero(y), table[:, 0]), width)


class _Pool:
    """Those who may still be chosen, sorted; who is taken points on to the next free one on either side."""

    def __init__(self, value: NDArray, rows: NDArray):
        order = rows[np.argsort(value[rows], kind="stable")]
        self._rows, self._values = order.tolist(), value[order]
        self._first_equal = np.searchsorted(self._values, self._values, "left").tolist()
        self._sorted = self._values.tolist()
        self._right = list(range(len(order) + 1))
        self._left = list(range(len(order) + 1))

    def take_nearest(self, value: float, width: float) -> int:
        """Return the row of the nearest free value, the first of equal ones, and take it; −1 without one in `width`."""
        position = int(np.searchsorted(self._values, value, "left"))
        above, below = _follow(self._right, position), _follow(self._left, position) - 1
        if below >= 0:
            below = _follow(self._right, self._first_equal[below])
        choices = [(abs(self._sorted[k] - value), self._rows[k], k) for k in (below, above) if 0 <= k < len(self._rows)]
        distance, row, chosen = min(choices, default=(np.inf, -1, -1))
        if chosen < 0 or distance > width:
            return -1
        self._right[chosen], self._left[chosen + 1] = chosen + 1, chosen
        return row


def _follow(links: list[int], position: int) -> int:
    """Follow the links to their end and shorten them on the way."""
    end = position
    while links[end] != end:
        end = links[end]
    while links[position] != end:
        links[position], position = end, links[position]
    return end
