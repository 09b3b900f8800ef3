"""Cox's partial likelihood with Efron's ties, strata and delayed entry: its value, score and information, time by time.

Everything is a sum over distinct times, so one evaluation costs O(n log n) for the sort and O(n p²) for the sums,
without a matrix larger than the design. Where the risks of successive risk sets differ by more than a double can hold,
follow-up is cut in pieces, each with its own scale (a cut leaves every risk set as it is). Efron, JASA 1977;72:557.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from multicenter.survival.counts import Times

# how far the logarithms of the greatest risks of the risk sets of a piece may lie apart: sums over risk sets only grow
# backward in time, but under delayed entry patients leave them again, which costs the digits of those who stay
LOG_RANGE = 300.0
LOG_RANGE_ENTRY = 10.0


@dataclass(frozen=True)
class Contributions:
    """What each event time (of each stratum) adds: log-likelihood (T,), score (T, p), information (T, p, p)."""

    time: NDArray[np.float64]
    loglik: NDArray[np.float64]
    score: NDArray[np.float64]
    information: NDArray[np.float64]


def contributions(design: NDArray, data: Times, strata: NDArray, beta: NDArray) -> Contributions:
    """Evaluate Efron's partial likelihood of `beta` (p,) for `design` (n, p), one element a stratum and event time.

    `strata` (n,) are codes of any kind. Strata without an event add nothing.
    """
    eta = (design - design.mean(axis=0)) @ beta
    parts = []
    for layer in np.unique(strata[data.event]):
        rows = np.flatnonzero(strata == layer)
        for chosen, piece in _pieces(eta[rows], data.take(rows)):
            parts.append(_one_piece(design[rows[chosen]], piece, beta))
    return Contributions(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def ever_counted(data: Times, strata: NDArray) -> NDArray[np.bool_]:
    """Say who is at risk at some event of the own stratum; the others do not touch the likelihood."""
    counted = np.zeros(len(data), dtype=bool)
    for layer in np.unique(strata[data.event]):
        rows = np.flatnonzero(strata == layer)
        _, first, last = _windows(data.take(rows))
        counted[rows] = last > first
    return counted


def _windows(data: Times) -> tuple[NDArray, NDArray, NDArray]:
    """Return the event times, and per patient the positions first:last of those at which it is at risk."""
    when = np.unique(data.time[data.event])
    last = np.searchsorted(when, data.time, side="right")
    first = np.zeros_like(last) if data.entry is None else np.searchsorted(when, data.entry, side="right")
    return when, first, last


def _pieces(eta: NDArray, data: Times) -> Iterator[tuple[NDArray, Times]]:
    """Cut the follow-up of a stratum where the greatest risk changes too much; yield who is at risk, and its follow-up.

    Nearly always one piece.
    """
    when, first, last = _windows(data)
    limit = LOG_RANGE if data.entry is None else LOG_RANGE_ENTRY
    level = np.zeros(len(when))
    if np.ptp(eta[last > first]) > limit:
        top = _greatest(eta, first, last, len(when))
        level = np.floor((top - top.min()) / limit)
    edges = [0, *(np.flatnonzero(np.diff(level)) + 1), len(when)]
    for start, stop in pairwise(edges):
        rows = np.flatnonzero((last > start) & (first < stop) & (last > first))
        ends = np.minimum(data.time[rows], when[stop - 1])
        entry = None if data.entry is None else np.maximum(data.entry[rows], when[start - 1] if start else -np.inf)
        yield rows, Times(ends, data.event[rows] & (last[rows] <= stop), entry)


def _greatest(eta: NDArray, first: NDArray, last: NDArray, size: int) -> NDArray:
    """Return the greatest of `eta` among those at risk at each event time."""
    if first.any():
        return np.array([eta[(first <= k) & (last > k)].max() for k in range(size)])
    top = np.full(size, -np.inf)
    np.maximum.at(top, last[last > 0] - 1, eta[last > 0])
    return np.maximum.accumulate(top[::-1])[::-1]


def _one_piece(design: NDArray, data: Times, beta: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    x = design - design.mean(axis=0)
    eta = x @ beta
    top = eta.max()
    weight = np.exp(eta - top)
    sums = _RiskSums(data)
    dead = data.event
    d0, d1, d2 = (sums.of_events(moment) for moment in _moments(weight[dead], x[dead]))
    s0, s1, s2 = (sums.of_risk_set(moment) for moment in _moments(weight, x))
    ties = _EfronTies(sums.n_event, s0, d0)
    score = sums.of_events(x[dead]) - (s1 * ties.a[:, None] - d1 * ties.af[:, None])
    cross = s1[:, :, None] * d1[:, None, :]
    information = (
        s2 * ties.a[:, None, None]
        - d2 * ties.af[:, None, None]
        - s1[:, :, None] * s1[:, None, :] * ties.b[:, None, None]
        + (cross + cross.transpose(0, 2, 1)) * ties.bf[:, None, None]
        - d1[:, :, None] * d1[:, None, :] * ties.bff[:, None, None]
    )
    loglik = sums.of_events(eta[dead]) - ties.log - sums.n_event * top
    return sums.when, loglik, score, information


def _moments(weight: NDArray, x: NDArray):
    yield weight
    yield weight[:, None] * x
    yield _Squares(weight, x)


@dataclass(frozen=True)
class _Squares:
    """The products w·x_j·x_k of each patient, made a pair of columns at a time so that n × p × p is never held."""

    weight: NDArray
    x: NDArray


class _RiskSums:
    """Sums over events at, and over patients at risk at, each distinct event time of one stratum."""

    def __init__(self, data: Times):
        self.when, self._position = np.unique(data.time[data.event], return_inverse=True)
        self.n_event = np.bincount(self._position, minlength=len(self.when))
        self._last = np.searchsorted(self.when, data.time, side="right")
        self._late = None if data.entry is None else np.searchsorted(self.when, data.entry, side="right")

    def of_events(self, values: NDArray | _Squares) -> NDArray:
        return self._each(values, lambda column: _binned(self._position, column, len(self.when)))

    def of_risk_set(self, values: NDArray | _Squares) -> NDArray:
        return self._each(values, self._at_risk)

    def _at_risk(self, column: NDArray) -> NDArray:
        size = len(self.when) + 1
        change = _binned(self._last, column, size)
        if self._late is not None:
            change = change - _binned(self._late, column, size)
        return np.cumsum(change[::-1])[::-1][1:]

    def _each(self, values: NDArray | _Squares, reduce) -> NDArray:
        if not isinstance(values, _Squares):
            return reduce(values) if values.ndim == 1 else np.stack([reduce(c) for c in values.T], axis=1)
        width = values.x.shape[1]
        out = np.empty((len(self.when), width, width))
        for j in range(width):
            weighted = values.weight * values.x[:, j]
            for k in range(j + 1):
                out[:, j, k] = out[:, k, j] = reduce(weighted * values.x[:, k])
        return out


def _binned(position: NDArray, values: NDArray, size: int) -> NDArray:
    return np.bincount(position, weights=values, minlength=size)


class _EfronTies:
    """Sums over the d tied events, k = 0 … d−1, of 1/s, f/s, 1/s², f/s², f²/s² and log s; s = s0 − f·d0, f = k/d."""

    def __init__(self, n_event: NDArray, s0: NDArray, d0: NDArray):
        starts = np.concatenate([[0], np.cumsum(n_event)[:-1]])
        owner = np.repeat(np.arange(len(n_event)), n_event)
        f = (np.arange(len(owner)) - starts[owner]) / n_event[owner]
        s = s0[owner] - f * d0[owner]
        terms = (1 / s, f / s, 1 / s**2, f / s**2, f**2 / s**2, np.log(s))
        self.a, self.af, self.b, self.bf, self.bff, self.log = (np.add.reduceat(term, starts) for term in terms)
