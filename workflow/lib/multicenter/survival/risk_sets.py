"""Who is at risk at each event time of each stratum, and sums over them: what all of Cox's estimators are made of.

Rows stand in the order of their last event time, events before censorings, so that a sum over the risk sets is a sum by
segments and a running total: O(n) for each, after one sort. Numbers of a row are (m,) or (p, m): a row is a column.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from multicenter.survival.counts import Times

# how far the logarithms of the greatest risks of the risk sets of a block may lie apart: sums over risk sets only grow
# backward in time, but under delayed entry patients leave them again, which costs the digits of those who stay
LOG_RANGE = 300.0
LOG_RANGE_ENTRY = 10.0
RADIX = 1 << 16


class RiskSets:
    """K event points, one a stratum and distinct event time, in blocks `edges` (one a stratum); and the m rows counted.

    A row is at risk at the points first <= k <= end of its block; `event` says that it ends in the event, at `end`.
    `rows` are its positions in the data: rows that are at risk at no event are left out.
    """

    def __init__(
        self,
        time: NDArray,
        stratum: NDArray,
        edges: NDArray,
        rows: NDArray,
        first: NDArray,
        end: NDArray,
        event: NDArray,
    ):
        order = _order(2 * end + ~event, 2 * len(time))
        self.time, self.stratum, self.edges, self.order = time, stratum, edges, order
        self.rows, self.first, self.end, self.event = (column[order] for column in (rows, first, end, event))
        self.n_event = np.bincount(self.end[self.event], minlength=len(time))
        ends = np.bincount(self.end, minlength=len(time))
        start = np.cumsum(ends) - ends
        cuts = np.column_stack([start, start + self.n_event]).ravel()
        self._cuts = cuts[cuts < len(order)]
        self._with_censored = np.flatnonzero(ends > self.n_event)
        sizes = np.diff(edges)
        self.late = np.flatnonzero(self.first > np.repeat(edges[:-1], sizes)[self.end])
        self._entered = self.first[self.late] - 1
        self.row_edges = np.append(start[edges[:-1]], len(order))

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """The event point of each event, in the order of the points."""
        return np.repeat(np.arange(len(self.time)), self.n_event)

    @cached_property
    def tie_starts(self) -> NDArray[np.int64]:
        return np.cumsum(self.n_event) - self.n_event

    @cached_property
    def tied_fraction(self) -> NDArray[np.float64]:
        """Of d events at one point, 0/d … (d − 1)/d."""
        return (np.arange(len(self.owner)) - self.tie_starts[self.owner]) / self.n_event[self.owner]

    def sums(self, values: NDArray) -> tuple[NDArray, NDArray]:
        """Return the sums of row values over those at risk, and over those with the event, at each point."""
        ends = np.add.reduceat(values, self._cuts, axis=-1)
        dead = ends[..., 0::2]
        change = dead.copy()
        change[..., self._with_censored] += ends[..., 2 * self._with_censored + 1]
        if len(self.late):
            change -= self._binned(values[..., self.late])
        return self._running(change, backward=True), dead

    def events(self, values: NDArray) -> NDArray:
        """Return the sums of row values over those with the event at each point."""
        return np.add.reduceat(values, self._cuts, axis=-1)[..., 0::2]

    def spread(self, per_point: NDArray) -> NDArray:
        """Return for each row the sum of `per_point` over the points at which it is at risk."""
        total = self._running(per_point)
        out = total[..., self.end]
        if len(self.late):
            out[..., self.late] -= total[..., self._entered]
        return out

    def own(self, per_point: NDArray) -> NDArray:
        """Return for each row `per_point` at its event, 0 for a row without."""
        return np.where(self.event, per_point[..., self.end], 0.0)

    def centered(self, values: NDArray) -> NDArray:
        """Return row values less their mean in the block (in place): no sum over a risk set is changed by a level."""
        starts, sizes = self.row_edges[:-1], np.diff(self.row_edges)
        means = np.add.reduceat(values, starts, axis=-1) / sizes
        values -= means if len(sizes) == 1 else np.repeat(means, sizes, axis=-1)
        return values

    def block_max(self, values: NDArray) -> NDArray:
        """Return the greatest value of the rows of each block."""
        return np.maximum.reduceat(values, self.row_edges[:-1])

    def by_row(self, per_block: NDArray) -> NDArray:
        """Return for each row the value of its block."""
        return per_block if len(per_block) == 1 else np.repeat(per_block, np.diff(self.row_edges))

    def too_wide(self, eta: NDArray) -> bool:
        """Say whether the log risks of a block differ by more than its sums can hold."""
        limit = LOG_RANGE_ENTRY if len(self.late) else LOG_RANGE
        starts = self.row_edges[:-1]
        return bool((np.maximum.reduceat(eta, starts) - np.minimum.reduceat(eta, starts)).max() > limit)

    def cut(self, eta: NDArray) -> tuple[RiskSets, NDArray[np.int64]]:
        """Return the same risk sets in more blocks, cut where the greatest risk changes too much, and whose rows stand.

        A row stands in each block in which it is at risk; the second value is its position here.
        """
        limit = LOG_RANGE_ENTRY if len(self.late) else LOG_RANGE
        edges, chosen = [], []
        for k in range(len(self.edges) - 1):
            start, stop = self.edges[k], self.edges[k + 1]
            rows = np.arange(self.row_edges[k], self.row_edges[k + 1])
            top = self._greatest(eta, rows, start, stop)
            level = np.floor((top - top.min()) / limit)
            inner = [start, *(start + 1 + np.flatnonzero(np.diff(level))), stop]
            for a, b in pairwise(inner):
                inside = rows[(self.end[rows] >= a) & (self.first[rows] < b)]
                event = self.event[inside] & (self.end[inside] < b)
                chosen.append((inside, np.maximum(self.first[inside], a), np.minimum(self.end[inside], b - 1), event))
            edges.extend(inner[:-1])
        inside, first, end, event = (np.concatenate(column) for column in zip(*chosen, strict=True))
        found = RiskSets(
            self.time, self.stratum, np.append(edges, len(self.time)), self.rows[inside], first, end, event
        )
        return found, inside[found.order]

    def _greatest(self, eta: NDArray, rows: NDArray, start: int, stop: int) -> NDArray:
        """Return the greatest of `eta` among those at risk at the points of one block."""
        first, end = self.first[rows], self.end[rows]
        if (first > start).any():
            return np.array([eta[rows[(first <= k) & (end >= k)]].max() for k in range(start, stop)])
        top = np.full(stop - start, -np.inf)
        np.maximum.at(top, end - start, eta[rows])
        return np.maximum.accumulate(top[::-1])[::-1]

    def _running(self, values: NDArray, backward: bool = False) -> NDArray:
        """Return running totals along the points of each block, from its first point or from its last."""
        if len(self.edges) == 2:
            return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1] if backward else np.cumsum(values, axis=-1)
        out = np.empty_like(values)
        step = -1 if backward else 1
        edges = self.edges.tolist()
        for start, stop in pairwise(edges):
            np.cumsum(values[..., start:stop][..., ::step], axis=-1, out=out[..., start:stop][..., ::step])
        return out

    def _binned(self, values: NDArray) -> NDArray:
        size = len(self.time)
        if values.ndim == 1:
            return np.bincount(self._entered, weights=values, minlength=size)
        return np.stack([np.bincount(self._entered, weights=row, minlength=size) for row in values])


def risk_sets(data: Times, strata: NDArray[np.int64], counted: NDArray[np.bool_] | None = None) -> RiskSets:
    """Find the risk sets of follow-up `data` in `strata` (codes 0, 1, …); `counted` says which rows there are at all.

    Strata without an event, and rows that are at risk at no event, have no part. Needs at least one event.
    """
    event = data.event if counted is None else data.event & counted
    ticks = np.unique(data.time[event])
    width = len(ticks)
    base = strata * width
    tick = np.searchsorted(ticks, data.time, side="right")
    points = np.unique((base + tick)[event]) - 1
    number = _counter(points, int(strata.max()) + 1, width)
    end = number(base + tick - 1) - 1
    begin = base - 1 if data.entry is None else base + np.searchsorted(ticks, data.entry, side="right") - 1
    first = number(begin)
    at_risk = end >= first if counted is None else (end >= first) & counted
    rows = np.flatnonzero(at_risk)
    stratum = points // width
    edges = np.append(np.flatnonzero(np.diff(stratum, prepend=-1)), len(points))
    time = ticks[points - stratum * width]
    return RiskSets(time, stratum, edges, rows, first[rows], end[rows], event[rows])


def _counter(points: NDArray, layers: int, width: int):
    """Return the function that counts the points <= its argument (-1 is before all of them)."""
    size = layers * width
    if size > max(4 * len(points), 1 << 22):
        return lambda keys: np.searchsorted(points, keys, side="right")
    table = np.zeros(size + 1, dtype=np.int64)
    table[points + 1] = 1
    table = np.cumsum(table)
    return lambda keys: table[keys + 1]


def _order(keys: NDArray, size: int) -> NDArray[np.int64]:
    """Sort stably; small keys by numpy's radix sort."""
    return np.argsort(keys.astype(np.uint16) if size <= RADIX else keys, kind="stable")
