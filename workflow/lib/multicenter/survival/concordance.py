"""Concordance of a risk score with survival, within strata, under delayed entry, with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from multicenter.errors import NotEstimable
from multicenter.survival.counts import Times, follow_up, stratum_codes


@dataclass(frozen=True)
class Concordance:
    """Share of comparable pairs in which the higher score fails first (ties in the score count one half)."""

    value: float
    std_error: float
    concordant: int
    discordant: int
    tied: int


def concordance(
    score: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    strata: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Concordance:
    """Compare each event with everybody at risk then who outlives it, within strata; a higher `score` is a higher risk.

    As R's `survival::concordance` of a Cox fit (time weights "n"): pairs of events at one time are not compared, a
    censoring at the time of an event outlives it. The variance is the infinitesimal jackknife, summed by `cluster` if
    given. Therneau & Watson, Mayo Clinic technical report 85, 2015. O(n log² n). Raises NotEstimable without a pair.
    """
    data = follow_up(time, event, entry)
    scores = _ranks(np.asarray(score, dtype=float))
    layers = stratum_codes(strata, len(data))
    better, worse, tied = (np.zeros(len(data)) for _ in range(3))
    totals = np.zeros(3)
    for layer in np.unique(layers):
        rows = layers == layer
        counted, total = _one_stratum(scores[rows], data.take(rows))
        better[rows], worse[rows], tied[rows] = counted
        totals += total
    pairs = totals.sum()
    if not pairs:
        raise NotEstimable("no comparable pair of patients")
    somers = (totals[0] - totals[1]) / pairs
    influence = (better - worse) / pairs - somers / pairs * (better + worse + tied)
    if cluster is not None:
        influence = np.bincount(np.unique(np.asarray(cluster), return_inverse=True)[1], weights=influence)
    std_error = float(np.sqrt((influence**2).sum()) / 2)
    return Concordance(float((somers + 1) / 2), std_error, *(int(total) for total in totals))


def _ranks(score: NDArray) -> NDArray[np.int64]:
    """Rank scores, those equal to 12 digits of the largest being tied (a matrix product rounds equal rows apart)."""
    scale = np.abs(score).max(initial=0) or 1.0
    return np.unique(np.round(score / scale, 12), return_inverse=True)[1]


def _one_stratum(rank: NDArray, data: Times) -> tuple[tuple, NDArray]:
    """Return per patient the pairs (concordant, discordant, tied) it is part of, and the three totals."""
    when, position = np.unique(data.time, return_inverse=True)
    end = 2 * position + ~data.event
    dead = data.event
    below, equal, above = _count_beyond(end, rank, 2 * position[dead], rank[dead])
    as_survivor = np.stack(_count_beyond(-2 * position[dead], rank[dead], -end, rank))
    if data.entry is not None:
        late = 2 * np.searchsorted(when, data.entry, side="left")
        late = late - (when[np.minimum(late // 2, len(when) - 1)] != data.entry)
        below_, equal_, above_ = _count_beyond(late, rank, 2 * position[dead] - 1, rank[dead])
        below, equal, above = below - below_, equal - equal_, above - above_
        as_survivor = as_survivor - np.stack(_count_beyond(-2 * position[dead], rank[dead], -late - 1, rank))
    # an event is concordant with survivors of lower score; a survivor with events of higher score
    better, tied, worse = as_survivor[2].copy(), as_survivor[1].copy(), as_survivor[0].copy()
    better[dead] += below
    worse[dead] += above
    tied[dead] += equal
    return (better, worse, tied), np.array([below.sum(), above.sum(), equal.sum()], dtype=float)


def _count_beyond(key: NDArray, rank: NDArray, query_key: NDArray, query_rank: NDArray) -> tuple[NDArray, ...]:
    """Count, for each query, the points with key > its key and a rank below, equal to and above its rank.

    Points sorted by falling key: a query asks about a prefix. The prefix is cut in blocks of powers of two, each sorted
    by rank once, so that a query is one binary search a block.
    """
    order = np.argsort(-key, kind="stable")
    points = rank[order].astype(np.int64)
    prefix = np.searchsorted(-key[order], -query_key, side="left")
    below, not_above = np.zeros(len(query_key)), np.zeros(len(query_key))
    span = int(max(points.max(initial=0), query_rank.max(initial=0))) + 2
    index = np.arange(len(points))
    for bit in range(len(points).bit_length()):
        size = 1 << bit
        asked = np.flatnonzero(prefix & size)
        if not len(asked):
            continue
        blocks = np.sort((index // size) * span + points)
        block = (prefix[asked] >> (bit + 1)) << 1
        start = block * size
        base = block * span + query_rank[asked]
        below[asked] += np.searchsorted(blocks, base, side="left") - start
        not_above[asked] += np.searchsorted(blocks, base, side="right") - start
    return below, not_above - below, prefix - not_above
