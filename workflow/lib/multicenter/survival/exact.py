"""Fisher's exact test for an r × 2 table, by complete enumeration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ..errors import NotEstimable

MAX_TABLES = 5_000_000
RELATIVE_ERROR = 1e-7


def fisher_exact(table: ArrayLike, max_tables: int = MAX_TABLES) -> float:
    """Return the two-sided p of independence in `table`, counts of shape (r, 2) or (2, c).

    The sum of the hypergeometric probabilities, given the margins, of all tables no more likely than the observed one
    (within a relative 1e-7), as R's `fisher.test`. Rows and columns of zeros are left out. Raises NotEstimable when a
    margin leaves one possible table, or the tables are more than `max_tables`.
    """
    counts = np.asarray(table)
    if counts.ndim != 2 or 2 not in counts.shape or (counts < 0).any() or (counts != np.floor(counts)).any():
        raise ValueError("the table must hold counts in two rows or two columns")
    counts = counts.astype(np.int64)
    counts = counts if counts.shape[1] == 2 else counts.T
    counts = counts[counts.sum(axis=1) > 0]
    if len(counts) < 2 or (counts.sum(axis=0) == 0).any():
        raise NotEstimable("a margin of the table is zero")
    column = int(np.argmin(counts.sum(axis=0)))
    sizes, observed = counts.sum(axis=1), counts[:, column]
    order = np.argsort(sizes)[::-1]
    log_p = _all_tables(sizes[order], int(observed.sum()), max_tables)
    mine = _log_choose(sizes, observed).sum() - _log_choose(sizes.sum(), observed.sum())
    return float(min(np.exp(log_p[log_p <= mine + np.log1p(RELATIVE_ERROR)]).sum(), 1.0))


def _all_tables(sizes: NDArray, total: int, max_tables: int) -> NDArray:
    """Return the log probability of every way to draw `total` from groups of `sizes`."""
    left, log_p = np.array([total]), np.array([-_log_choose(sizes.sum(), total)])
    capacity = np.cumsum(sizes[::-1])[::-1]
    for i, size in enumerate(sizes):
        rest = capacity[i + 1] if i + 1 < len(sizes) else 0
        low, high = np.maximum(left - rest, 0), np.minimum(left, size)
        repeats = high - low + 1
        if repeats.sum() > max_tables:
            raise NotEstimable(f"Fisher's exact test would need more than {max_tables} tables")
        starts = np.concatenate([[0], np.cumsum(repeats)[:-1]])
        drawn = np.arange(repeats.sum()) - np.repeat(starts, repeats) + np.repeat(low, repeats)
        left = np.repeat(left, repeats) - drawn
        log_p = np.repeat(log_p, repeats) + _log_choose(size, drawn)
    return log_p


def _log_choose(n: ArrayLike, k: ArrayLike) -> NDArray:
    return gammaln(np.add(n, 1)) - gammaln(np.add(k, 1)) - gammaln(np.subtract(n, k) + 1)
