"""Concordance of a risk score with survival, within strata, under delayed entry, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival.counts import Times, follow_up, stratum_codes


@dataclass(frozen=True)
class Concordance:
    """Share of comparable pairs in which the higher score fails first (ties in the score count one half).

    `concordant`, `discordant` and `tied` are numbers of pairs, or with case weights sums of products of their weights.
    """

    value: float
    std_error: float
    concordant: float
    discordant: float
    tied: float


def concordance(
    score: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Concordance:
    """Compare each event with everybody at risk then who outlives it, within strata; a higher `score` is a higher risk.

    As R's `survival::concordance` of a Cox fit (time weights "n", case `weights`): pairs of events at one time are not
    compared, a censoring at the time of an event outlives it. The variance is the infinitesimal jackknife, summed by
    `cluster` if given. Therneau & Watson, Mayo Clinic technical report 85, 2015. O(n log² n). Raises NotEstimable
    without a pair.
    """
    data = follow_up(time, event, entry)
    scores = _ranks(np.asarray(score, dtype=float))
    weight = np.ones(len(data)) if weights is None else np.asarray(weights, dtype=float)
    layers = stratum_codes(strata, len(data))
    pairs = np.zeros((3, len(data)))
    order = np.argsort(layers, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(layers[order])) + 1):
        pairs[:, rows] = _one_stratum(scores[rows], data.take(rows), weight[rows], weights is not None)
    totals = (pairs * weight).sum(axis=1) / 2
    every = totals.sum()
    if not every:
        raise NotEstimable("no comparable pair of patients")
    better, worse, tied = pairs
    somers = (totals[0] - totals[1]) / every
    influence = weight * (better - worse - somers * (better + worse + tied)) / every
    if cluster is not None:
        influence = np.bincount(np.unique(np.asarray(cluster), return_inverse=True)[1], weights=influence)
    std_error = float(np.sqrt((influence**2).sum()) / 2)
    return Concordance(float((somers + 1) / 2), std_error, *map(float, totals))


def _ranks(score: NDArray) -> NDArray[np.int64]:
    """Rank scores, those equal to 12 digits of the largest being tied (a matrix product rounds equal rows apart)."""
    scale = np.abs(score).max(initial=0) or 1.0
    return np.unique(np.round(score / scale, 12), return_inverse=True)[1]


def _one_stratum(rank: NDArray, data: Times, weight: NDArray, weighted: bool) -> NDArray:
    """Return for each patient (a column) the weights of those that make a concordant, discordant, tied pair with it."""
    when, position = np.unique(data.time, return_inverse=True)
    end = 2 * position + ~data.event
    dead = data.event
    own = weight if weighted else None
    dead_own = weight[dead] if weighted else None
    as_event = _count_beyond(end, rank, own, 2 * position[dead], rank[dead])
    as_survivor = _count_beyond(-2 * position[dead], rank[dead], dead_own, -end, rank)
    if data.entry is not None:
        late = 2 * np.searchsorted(when, data.entry, side="left")
        late = late - (when[np.minimum(late // 2, len(when) - 1)] != data.entry)
        as_event -= _count_beyond(late, rank, own, 2 * position[dead] - 1, rank[dead])
        as_survivor -= _count_beyond(-2 * position[dead], rank[dead], dead_own, -late - 1, rank)
    # an event is concordant with survivors of lower score; a survivor with events of higher score
    pairs = as_survivor[[2, 0, 1]]
    pairs[:, dead] += as_event[[0, 2, 1]]
    return pairs


def _count_beyond(
    key: NDArray, rank: NDArray, weight: NDArray | None, query_key: NDArray, query_rank: NDArray
) -> NDArray:
    """Count, for each query, the points with key > its key and a rank below, equal to and above its rank.

    With `weight` the points' weights are summed. Points sorted by falling key: a query asks about a prefix. The prefix
    is cut in blocks of powers of two, each sorted by rank once, so that a query is one binary search a block.
    """
    order = np.argsort(-key, kind="stable")
    points = rank[order].astype(np.int64)
    weight = None if weight is None else weight[order]
    prefix = np.searchsorted(-key[order], -query_key, side="left")
    below, not_above = np.zeros(len(query_key)), np.zeros(len(query_key))
    span = int(max(points.max(initial=0), query_rank.max(initial=0))) + 2
    index = np.arange(len(points))
    for bit in range(len(points).bit_length()):
        size = 1 << bit
        asked = np.flatnonzero(prefix & size)
        if not len(asked):
            continue
        blocks, total = _sorted((index // size) * span + points, weight)
        block = (prefix[asked] >> (bit + 1)) << 1
        start = total[block * size]
        base = block * span + query_rank[asked]
        below[asked] += total[np.searchsorted(blocks, base, side="left")] - start
        not_above[asked] += total[np.searchsorted(blocks, base, side="right")] - start
    return np.stack([below, not_above - below, _running(weight, len(points))[prefix] - not_above])


def _sorted(values: NDArray, weight: NDArray | None) -> tuple[NDArray, NDArray]:
    """Return values in order, and the weight of those before each place."""
    if weight is None:
        return np.sort(values), _running(None, len(values))
    order = np.argsort(values, kind="stable")
    return values[order], _running(weight[order], len(values))


def _running(weight: NDArray | None, size: int) -> NDArray:
    return np.arange(size + 1) if weight is None else np.concatenate([[0.0], np.cumsum(weight)])
